# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter restore_announcement."""

from __future__ import annotations

DOCUMENTATION = r"""
name: restore_announcement
short_description: What restoring a backup set is about to change
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - One line a difference, what is never restored, and the command that goes back.
options:
  _input:
    description: Pairs of a host and the results of M(dialtone.contact_center.host_backup), one a role, in check mode.
    type: list
    elements: list
    required: true
  name:
    description: The set that is restored.
    type: str
    required: true
  going_back:
    description: The set that keeps what is replaced.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show | What is restored
  ansible.builtin.debug:
    msg: "{{ hosts | zip(results) | dialtone.contact_center.restore_announcement(restore_set, backup_set) }}"
"""

RETURN = r"""
_value:
  description: The lines.
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.backup_sets import announcement


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"restore_announcement": announcement}
