# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter snapshot_machine."""

from __future__ import annotations

DOCUMENTATION = r"""
name: snapshot_machine
short_description: How the snapshots of a host's virtual machine are taken
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - Reads the host's row of the virtual machines from the tables of the site model (POM-VM-05).
options:
  _input:
    description: The tables of the site model (C(site_model.tables)).
    type: dict
    required: true
  host:
    description: Name of the host.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Snapshots | Know how they are taken
  ansible.builtin.set_fact:
    snapshot_machine: "{{ site_model.tables | dialtone.contact_center.snapshot_machine(inventory_hostname) }}"
"""

RETURN = r"""
_value:
  description: C(host) and C(method), and with the method C(vcenter) what finds the machine there. The method of a host that is no
    virtual machine of VMware is C(none).
  type: dict
"""

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.virtual_machines import machine_of


def snapshot_machine(tables: dict[str, Any], host: str) -> dict[str, Any]:
    """machine_of, with plain words."""
    return machine_of(tables, str(host))


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"snapshot_machine": snapshot_machine}
