# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter snapshot_refusal."""

from __future__ import annotations

DOCUMENTATION = r"""
name: snapshot_refusal
short_description: Why a snapshot of a virtual machine cannot be taken or removed now
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - A snapshot of an EPM server is refused while Experience Portal or POM runs on it (POM-VM-05).
  - Where a person takes and removes the snapshots, says what to do there, until it is said who did it.
options:
  _input:
    description: The machine, as the filter P(dialtone.contact_center.snapshot_machine#filter) gives it.
    type: dict
    required: true
  action:
    description: What is wanted, C(take), C(remove) or C(list).
    type: str
    required: true
  services:
    description: C(ansible_facts.services), as M(ansible.builtin.service_facts) leaves them.
    type: dict
    required: true
  by:
    description: Who did it, where a person does.
    type: str
    default: ''
"""

EXAMPLES = r"""
- name: Snapshots | Refuse what would harm
  ansible.builtin.fail:
    msg: "{{ refusal }}"
  vars:
    refusal: "{{ snapshot_machine | dialtone.contact_center.snapshot_refusal('take', ansible_facts.services) }}"
  when: refusal | length > 0
"""

RETURN = r"""
_value:
  description: What was seen, why it is refused, and what to do; empty where it can be done.
  type: str
"""

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import virtual_machines


def snapshot_refusal(machine: dict[str, Any], action: str, services: dict[str, Any], by: str = "") -> str:
    """The function of the same name, with plain words."""
    return virtual_machines.snapshot_refusal(machine, str(action), services, str(by))


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"snapshot_refusal": snapshot_refusal}
