# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter kept_paths."""

from __future__ import annotations

DOCUMENTATION = r"""
name: kept_paths
short_description: What a backup keeps of a role's desired state
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - Takes what a role keeps on a host, in the words of M(dialtone.contact_center.host_state), and gives the paths of
    M(dialtone.contact_center.host_backup). So a role has one list of what it keeps, and not a second one for backups.
options:
  _input:
    description: The desired state.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Backup | Archive what the role keeps on the host
  dialtone.contact_center.host_backup:
    state: present
    set: 20260131T235959Z
    role: kafka
    paths: "{{ __kafka_desired | dialtone.contact_center.kept_paths }}"
"""

RETURN = r"""
_value:
  description: The paths, each with C(follow), C(secret) and C(restore).
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.backup_sets import kept_paths


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"kept_paths": kept_paths}
