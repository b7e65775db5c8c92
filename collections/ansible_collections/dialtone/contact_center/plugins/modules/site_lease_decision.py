#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only: the action plugin of the same name does the work on the controller.
from __future__ import annotations

DOCUMENTATION = r"""
module: site_lease_decision
short_description: Decide from the answers of all hosts whether this run may change the site
version_added: 0.1.0
author: [Dialtone maintainers (@dialtone)]
description:
  - Reads what M(dialtone.contact_center.site_lease) answered for every host of the play. One refusal refuses the run.
  - A data center of which no host answers does not hold the run up. It is named, as are single hosts that do not answer, and the
    hosts outside C(--limit), because a run on these alone would not be kept out.
  - Runs on the controller and contacts no host. Run it once, with C(run_once).
options:
  answers_variable:
    description: Name of the variable under which each host's answer was registered.
    type: str
    default: site_lease_answer
seealso:
  - module: dialtone.contact_center.site_lease
extends_documentation_fragment:
  - dialtone.contact_center.controller
  - dialtone.contact_center.controller.model
"""

EXAMPLES = r"""
- name: Lease | Decide for the whole run
  dialtone.contact_center.site_lease_decision:
    model: "{{ site_model }}"
  register: site_lease_decision
  run_once: true
"""

RETURN = r"""
refused:
  description: Whether any host refused the lease.
  returned: always
  type: bool
msg:
  description: All refusals with what to do. Empty where there is none.
  returned: always
  type: str
words:
  description: What has to be known of a run that goes on; printed too.
  returned: always
  type: list
  elements: str
"""
