#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only: the action plugin of the same name does the work on the controller.
from __future__ import annotations

DOCUMENTATION = r"""
module: site_announce
short_description: Say what a run is about to change, before it changes anything
version_added: 0.1.0
author: [Dialtone maintainers (@dialtone)]
description:
  - Reads what the roles observed on the hosts of the play, and prints what will change, which nodes are restarted and why,
    how long that takes, what of it has no way back, and the command that goes back.
  - The plays that change something run on the hosts of RV(due).
  - Runs on the controller and contacts no host.
options:
  playbook:
    description: Name of the playbook that is about to change something.
    type: str
    required: true
  going_back:
    description: How a person takes the change back, in words with the command.
    type: str
    required: true
  irreversible:
    description: Steps of this playbook that cannot be taken back.
    type: list
    elements: str
    default: []
  restart_all:
    description: Whether every observed node of ZooKeeper and Kafka is restarted, whatever it was started with.
    type: bool
    default: false
  restart_all_pom:
    description: Whether POM is restarted on every observed server, whatever it was started with.
    type: bool
    default: false
extends_documentation_fragment:
  - dialtone.contact_center.controller
  - dialtone.contact_center.controller.model
attributes:
  check_mode:
    description: The words say that the run would change something.
  diff_mode:
    description: The changes are shown by the modules that make them.
"""

EXAMPLES = r"""
- name: Announce | Say what this run changes
  dialtone.contact_center.site_announce:
    model: "{{ site_model }}"
    playbook: site.yml
    going_back: put the former words back into the inventory, and run site.yml again
  register: announced
  run_once: true
"""

RETURN = r"""
due:
  description: Hosts on which there is something to do.
  returned: always
  type: list
  elements: str
  sample: [epm1, epm2]
memberships:
  description: The hosts of the data centers in which something is to be done, with the groups that later plays address.
  returned: always
  type: list
  elements: dict
  sample: [{name: epm1, groups: [dialtone_changing, dialtone_due]}]
changes:
  description: What changes, one entry an item and host.
  returned: always
  type: list
  elements: dict
  sample: [{host: epm1, role: kafka, what: /opt/kafka_server/config/server.properties, reasons: ["num.io.threads: 8 becomes 16"]}]
restarts:
  description: Which nodes are restarted, and why.
  returned: always
  type: list
  elements: dict
  sample:
    - {host: epm1, component: kafka, reasons: [pomKeyStore differs from what broker 1 was started with]}
"""
