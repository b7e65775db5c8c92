# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter machine_advice."""

from __future__ import annotations

DOCUMENTATION = r"""
name: machine_advice
short_description: What a person should know of a host's machine
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - Holds what the preflight's command measured on a host against what is stated of its virtual machine - whether it runs on
    VMware (POM-VM-02), whether the root filesystem uses the whole disk (POM-VM-01), whether its processors carry the reservation
    (POM-VM-02), and whether a snapshot was left (POM-VM-05).
  - Nothing of it stops a run. What only vCenter knows is not judged.
options:
  _input:
    description: Standard output of the preflight's command, with lines such as C(dialtone_virtualization=vmware),
      C(dialtone_cpu_mhz=2400), C(dialtone_root_source=/dev/sda2) and C(dialtone_block=sda disk 536870912000). What is not in it
      was not measured, and is not judged.
    type: str
    required: true
  tables:
    description: The tables of the site model (C(site_model.tables)).
    type: dict
    required: true
  host:
    description: Name of the host.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Preflight | Say what a person should know of the machine
  ansible.builtin.debug:
    msg: "{{ probe.stdout | dialtone.contact_center.machine_advice(site_model.tables, inventory_hostname) }}"
"""

RETURN = r"""
_value:
  description: One sentence for each thing, with what to do.
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.virtual_machines import advice


def machine_advice(output: str, tables: dict[str, Any], host: str) -> list[str]:
    """advice, in the order of a filter's arguments."""
    return advice(tables, str(host), str(output))


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"machine_advice": machine_advice}
