#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only: the action plugin of the same name does the work on the controller.
from __future__ import annotations

DOCUMENTATION = r"""
module: site_status
short_description: Report the status of a site from what its hosts answered
version_added: 0.1.0
author:
  - Dialtone maintainers (@dialtone)
description:
  - Holds the results of M(dialtone.contact_center.node_probe) of all hosts of the play against the site model.
  - Prints a table, worst first in each data center, and writes C(status.json) and C(status.html) below C(build/<site>).
  - A host that could not be reached is reported as such, and does not hide the others.
  - Hosts outside C(--limit) are named as not asked, and what only they could tell is left out.
  - Runs on the controller and contacts no host. Run it once, with C(run_once).
options:
  results_variable:
    description: Name of the variable under which each host's result of M(dialtone.contact_center.node_probe) was registered.
    type: str
    default: site_observed
  fail_on:
    description:
      - From which state on the task fails, so that C(ansible-playbook) ends with 2.
      - V(warn) fails on warnings, on unknown and on wrong facts, V(unknown) on the latter two, V(fail) on wrong facts only.
    type: str
    choices: [warn, unknown, fail, never]
    default: warn
seealso:
  - module: dialtone.contact_center.node_probe
extends_documentation_fragment:
  - dialtone.contact_center.controller
  - dialtone.contact_center.controller.model
  - dialtone.contact_center.controller.build_directory
"""

EXAMPLES = r"""
- name: Report
  dialtone.contact_center.site_status:
    model: "{{ site_model }}"
    results_variable: site_observed
    fail_on: fail
  run_once: true
"""

RETURN = r"""
state:
  description: The worst state of all facts.
  returned: always
  type: str
  sample: ok
exit_code:
  description:
    - V(0) all is well, V(1) something to watch, V(2) something is wrong, V(3) something is unknown, as monitoring plugins count.
  returned: always
  type: int
msg:
  description: One line for a person.
  returned: always
  type: str
files:
  description: The files written on the controller.
  returned: always
  type: list
  elements: str
"""
