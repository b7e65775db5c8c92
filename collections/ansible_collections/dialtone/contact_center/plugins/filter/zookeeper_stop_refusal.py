# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter zookeeper_stop_refusal."""
from __future__ import annotations

DOCUMENTATION = r"""
name: zookeeper_stop_refusal
short_description: Why a ZooKeeper server may not stop now
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - Empty where the ensemble keeps its quorum without the server, or where there is only one.
options:
  _input:
    description: The servers of the ensemble, each with C(id) and C(address).
    type: list
    elements: dict
    required: true
  peers:
    description: Results of the probes of all other servers.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Restart | Refuse to cost the ensemble its quorum
  ansible.builtin.assert:
    that: not (zookeeper_servers | dialtone.contact_center.zookeeper_stop_refusal(peers.probes))
"""

RETURN = r"""
_value:
  description: The reason in words, or an empty text.
  type: str
"""

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.ensemble import stop_refusal


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"zookeeper_stop_refusal": stop_refusal}
