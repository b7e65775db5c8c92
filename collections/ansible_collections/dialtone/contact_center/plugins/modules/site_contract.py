#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: site_contract
short_description: Judge the inventory of a site and compute its model
version_added: 0.1.0
author:
  - Dialtone maintainers (@dialtone)
description:
  - Validates the merged variables of every host of the inventory against the schemas, and the rules across hosts.
  - Reports every finding at once, with file, line and column, and fails when one of them refuses. A secret's value is never
    shown. Of each rule one screen is printed, all with C(-v); C(contract.json) always holds all.
  - Sets aside what the variable C(site_waivers) names, and prints it every time.
  - Computes the site model where nothing is refused.
  - Runs on the controller and contacts no host; templated values are rendered with lookups that only read.
options:
  site:
    description:
      - The site to work on. Needed only where the inventory has several; the extra variable C(site) is used when it is not given.
      - It selects a site, it never changes the site of a host.
    type: str
  build_directory:
    description:
      - Directory on the controller in which C(<site>/contract.json) and C(<site>/model.json) are written, relative to the
        current directory.
    type: path
    default: build
attributes:
  check_mode:
    support: full
    description: Does the same in check mode, because it changes nothing but files below O(build_directory).
  diff_mode:
    support: none
    description: Nothing on a host is changed.
"""

EXAMPLES = r"""
- name: Judge the inventory
  dialtone.contact_center.site_contract:
  run_once: true

- name: Hand the site model to what follows, with or without inject_facts_as_vars
  ansible.builtin.set_fact:
    site_model: "{{ ansible_facts.site_model }}"
  run_once: true
"""

RETURN = r"""
ansible_facts:
  description: The fact C(site_model), everything that Dialtone computes from the inventory. It holds no secret.
  returned: success
  type: dict
  contains:
    site_model:
      description: The site model, as docs/shape.md describes it.
      type: dict
      returned: success
contract:
  description: The site, and what the contract advises.
  returned: success
  type: dict
memberships:
  description: Each host of the site with the groups that the plays that follow select it by.
  returned: success
  type: list
  elements: dict
  sample:
    - name: kafka3
      groups: [dialtone_site, dialtone_zookeeper, dialtone_kafka, dialtone_trust]
build_directory:
  description: Where contract.json and model.json were written.
  returned: success
  type: str
  sample: build/main
"""
