#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only: the action plugin of the same name judges on the controller; guided_proof and site_ledger work on the host.
from __future__ import annotations

DOCUMENTATION = r"""
module: guided_steps
short_description: Ask for, wait for or record what exists only as a page of a web console
version_added: 0.1.0
author: [Dialtone maintainers (@dialtone)]
description:
  - A guided step is done by a person in a web console. Dialtone knows its page, its values and what proves that it was done, and
    never does it itself.
  - Runs on the host of the console, the primary EPM server of a data center, behind M(dialtone.contact_center.guided_proof) on
    all hosts that keep the ledger.
  - A step whose proof can be seen is done when it is seen. A step that nothing observable proves is done when a person has
    confirmed it; the ledger keeps who, when and with which values. A changed value opens such a step again.
  - A step that is proven or recorded is not asked again.
options:
  model:
    description: The site model, the fact C(site_model) that C(playbooks/validate.yml) sets.
    type: dict
    required: true
  mode:
    description:
      - V(observe) only says where the steps stand.
      - V(ask) shows one step after the other to the person at the terminal, and goes on as each is seen or confirmed. Where no
        terminal is, it is V(stop).
      - V(stop) fails with the whole list of open steps.
      - V(wait) prints the list, and goes on by itself as the steps are done, for O(wait_minutes) at most.
      - V(confirm) records O(confirm_step) as done by O(confirm_by).
      - V(checklist) prints the checklist of the data center, each item with what is open of it.
      - In check mode the open steps are listed, and nothing is asked or recorded.
    type: str
    choices: [observe, ask, stop, wait, confirm, checklist]
    default: ask
  phases:
    description:
      - Which steps, those before POM is started, those after it, or those after its conversion to manual mode.
      - V(confirm) and V(checklist) know them all.
    type: list
    elements: str
    choices: [before_start, after_start, after_conversion]
    default: [before_start, after_start]
  results_variable:
    description: Variable of the hosts that holds what M(dialtone.contact_center.guided_proof) returned there.
    type: str
    default: guided_steps_observed
  pom_home:
    description: POM_HOME of this host, for looking again.
    type: str
    default: ''
  keystore_password:
    description: Password of POM's key store, for looking again.
    type: str
    default: ''
  truststore_password:
    description: Password of POM's trust store, for looking again.
    type: str
    default: ''
  database_password:
    description: Password of POM's user of the database, for looking again.
    type: str
    default: ''
  wait_minutes:
    description: How long V(wait) waits for all of them together.
    type: int
    default: 20
  poll_seconds:
    description: How long V(wait) pauses between two looks.
    type: int
    default: 5
  confirm_step:
    description: Id of the step that a person did, for V(confirm). Several are separated by commas, in the order of the list.
    type: str
    default: ''
  confirm_by:
    description: Who did it, for V(confirm).
    type: str
    default: ''
  build_directory:
    description: Directory below which the directory of the site is made, relative to the current one.
    type: str
    default: build
  ledger_directory:
    description: Directory of the ledger on the host.
    type: path
    default: /var/lib/dialtone/ledger
seealso:
  - module: dialtone.contact_center.guided_proof
  - module: dialtone.contact_center.site_ledger
attributes:
  check_mode:
    support: full
    description: Lists the open steps; asks, records and fails for none of them.
  diff_mode:
    support: none
    description: What is written is the ledger's, see M(dialtone.contact_center.site_ledger).
  platform:
    support: full
    description: Linux hosts, and a controller with Linux.
    platforms: posix
"""

EXAMPLES = r"""
- name: Guided steps | Go on when the steps before the start of POM are done
  dialtone.contact_center.guided_steps:
    model: "{{ site_model }}"
    mode: "{{ guided_steps_mode | default('ask') }}"
    phases: [before_start]
    pom_home: /opt/Avaya/avpom/POManager
    truststore_password: "{{ certificates_truststore_password }}"
    database_password: "{{ pom_database_password }}"
"""

RETURN = r"""
open:
  description: Steps that are not done, in their order - C(id), C(title), C(state) (V(open), V(waiting) or V(refused)) and C(why).
  returned: always
  type: list
  elements: dict
done:
  description: Steps that are done - C(id), C(state) (V(proven) or V(recorded)) and C(why).
  returned: always
  type: list
  elements: dict
copies:
  description: By host, the records of the ledger that it lacks or holds older, for M(dialtone.contact_center.site_ledger).
  returned: always
  type: dict
words:
  description: What a person has to know of a ledger, such as a damaged file.
  returned: always
  type: list
  elements: str
files:
  description: The list of open steps for a person and for a program, open-steps.txt and open-steps.json.
  returned: always
  type: list
  elements: str
msg:
  description: How many are done; on failure why the run cannot go on, with the whole list.
  returned: always
  type: str
"""
