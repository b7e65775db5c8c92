# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter backup_set."""

from __future__ import annotations

DOCUMENTATION = r"""
name: backup_set
short_description: The backup set that is restored
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - The named set, or the newest one that is complete on every host. A set that a host lacks is refused, in words that say which
    hosts lack it.
positional: wanted
options:
  _input:
    description: Pairs of a host and the sets that M(dialtone.contact_center.host_backup) found on it.
    type: list
    elements: list
    required: true
  wanted:
    description: Name of the set, or V(latest).
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show | The set
  ansible.builtin.debug:
    msg: "{{ hosts | zip(sets) | dialtone.contact_center.backup_set('latest') }}"
"""

RETURN = r"""
_value:
  description: C(name) of the set; C(refusal), empty where there is one.
  type: dict
"""

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.backup_sets import SetError, chosen_set


def backup_set(sets: list[Any], wanted: str) -> dict[str, str]:
    """chosen_set as a dictionary."""
    try:
        return {"name": chosen_set(str(wanted), dict(sets)), "refusal": ""}
    except SetError as error:
        return {"name": "", "refusal": str(error)}


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"backup_set": backup_set}
