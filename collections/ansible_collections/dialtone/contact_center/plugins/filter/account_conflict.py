# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter account_conflict."""

from __future__ import annotations

DOCUMENTATION = r"""
name: account_conflict
short_description: Why POM servers cannot share files over NFS
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - Takes what the role C(pom_directories) observed, and says which servers have POM's account with other numbers (POM-DIR-07).
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
- name: Refuse numbers that differ
  ansible.builtin.assert:
    that: hostvars | dialtone.contact_center.account_conflict(['epm1', 'epm2']) == ''
"""

RETURN = r"""
_value:
  description: The sentence, empty where the numbers are the same.
  type: str
"""

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.service_accounts import account_conflict


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"account_conflict": account_conflict}
