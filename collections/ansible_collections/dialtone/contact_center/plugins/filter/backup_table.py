# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter backup_table."""

from __future__ import annotations

DOCUMENTATION = r"""
name: backup_table
short_description: The table at the end of a backup
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - One line a host, with the name of the set, its files and their size; then what was removed and what was never completed.
options:
  _input:
    description: Pairs of a host and what M(dialtone.contact_center.host_backup) returned when it completed a set there.
    type: list
    elements: list
    required: true
"""

EXAMPLES = r"""
- name: Show | The table
  ansible.builtin.debug:
    msg: "{{ hosts | zip(results) | dialtone.contact_center.backup_table }}"
"""

RETURN = r"""
_value:
  description: The lines.
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.backup_sets import table


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"backup_table": table}
