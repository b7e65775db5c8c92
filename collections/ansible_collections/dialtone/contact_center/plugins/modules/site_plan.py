#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only: the action plugin of the same name does the work on the controller.
from __future__ import annotations

DOCUMENTATION = r"""
module: site_plan
short_description: Print what a roll-out of a site will keep where, and in which order
version_added: 0.1.0
author:
  - Dialtone maintainers (@dialtone)
description:
  - Lists roles in their order with the reason for it and what they restart, files and services of each host, who connects to
    whom, what other teams must do beforehand with its values, RT sockets, licences, sizing, storage and certificates.
  - Prints a summary, and writes C(plan.html), C(plan.txt), C(plan.json) and C(ports.csv) below C(build/<site>).
  - Runs on the controller and contacts no host. Run it once, with C(run_once).
seealso:
  - module: dialtone.contact_center.site_status
extends_documentation_fragment:
  - dialtone.contact_center.controller
  - dialtone.contact_center.controller.model
  - dialtone.contact_center.controller.build_directory
"""

EXAMPLES = r"""
- name: Plan
  dialtone.contact_center.site_plan:
    model: "{{ site_model }}"
  run_once: true
"""

RETURN = r"""
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
