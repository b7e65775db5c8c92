# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter measured_sizing."""

from __future__ import annotations

DOCUMENTATION = r"""
name: measured_sizing
short_description: What a host lacks of the vendor's minimum
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - Holds what the preflight's command measured on a host against the same sizing tables that the contract uses on paper.
  - Memory and disks are allowed to measure somewhat less than they were sold with, because firmware, kernel, boot and swap
    partitions and the filesystems' own tables keep some of it.
  - A laboratory (sizing_purpose) is not judged, nor is a host that no table knows.
options:
  _input:
    description: Standard output of the preflight's command, with lines such as C(dialtone_cpu_cores=24), C(dialtone_memory_kb=),
      C(dialtone_disk_bytes=) and C(dialtone_root_disk_bytes=). What is not in it was not measured, and is not judged.
    type: str
    required: true
  tables:
    description: The sizing tables of the site model (C(site_model.tables.sizing)).
    type: list
    elements: dict
    required: true
  host:
    description: Name of the host.
    type: str
    required: true
  waivers:
    description: The host's C(site_waivers). What one of them covers today is told as waived.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Preflight | Refuse a host that is too small
  ansible.builtin.assert:
    that: sizing.refused | length == 0
    fail_msg: "{{ sizing.refused | join('; ') }}"
  vars:
    sizing: "{{ probe.stdout | dialtone.contact_center.measured_sizing(site_model.tables.sizing, inventory_hostname) }}"
"""

RETURN = r"""
_value:
  description:
    - C(refused) has one sentence for each thing that is too small, with what to change.
    - C(waived) has what a waiver sets aside, with its reason and its end. Both are empty where the host is large enough.
  type: dict
"""

from datetime import date
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.sizing import measured_faults


def measured_sizing(
    output: str, tables: list[dict[str, Any]], host: str, waivers: list[dict[str, Any]] | None = None
) -> dict[str, list[str]]:
    """measured_faults of today, in the order of a filter's arguments."""
    return measured_faults(tables, str(host), str(output), waivers or [], date.today())


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"measured_sizing": measured_sizing}
