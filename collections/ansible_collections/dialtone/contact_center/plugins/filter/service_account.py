# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter service_account."""

from __future__ import annotations

DOCUMENTATION = r"""
name: service_account
short_description: Numbers of POM's account that the POM servers share
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - Takes what the role C(pom_directories) observed, and gives C(uid) and C(gid) of POM's account, for an NFS server.
options:
  _input:
    description: Variables of the hosts, C(hostvars).
    type: dict
    required: true
  servers:
    description: Names of the POM servers of a data center.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Show whose the exports are
  ansible.builtin.debug:
    msg: "{{ hostvars | dialtone.contact_center.service_account(['epm1', 'epm2']) }}"
"""

RETURN = r"""
_value:
  description: C(uid) and C(gid), empty where no server was looked at in this run.
  type: dict
"""

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.service_accounts import service_account


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"service_account": service_account}
