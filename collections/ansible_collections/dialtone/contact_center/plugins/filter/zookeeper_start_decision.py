# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter zookeeper_start_decision."""

from __future__ import annotations

DOCUMENTATION = r"""
name: zookeeper_start_decision
short_description: Whether a stopped ZooKeeper server may start on its data directory
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - A server whose directory is empty forgets everything. It may start where the others have a quorum without it, or where nobody
    has anything.
options:
  _input:
    description: The directory, as M(dialtone.contact_center.data_directory) found it.
    type: dict
    required: true
  own_id:
    description: Id of the server.
    type: int
    required: true
  servers:
    description: The servers of the ensemble, each with C(id) and C(host).
    type: list
    elements: dict
    required: true
  peers:
    description: Results of the probes of all other servers.
    type: list
    elements: dict
    required: true
  empty_servers:
    description: Hosts whose directory was seen empty in this run.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Start | Decide
  ansible.builtin.debug:
    msg: "{{ found.data | dialtone.contact_center.zookeeper_start_decision(1, zookeeper_servers, peers.probes, []) }}"
"""

RETURN = r"""
_value:
  description: C(refusal), empty where it may start; C(words), what it does when it starts empty.
  type: dict
"""

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.module_utils.data_directory import zookeeper_start


def decision(
    found: dict[str, Any], own_id: int, servers: list[Any], peers: list[Any], empty_servers: list[str]
) -> dict[str, str]:
    """zookeeper_start as a dictionary."""
    refusal, words = zookeeper_start(int(own_id), found, servers, peers, empty_servers)
    return {"refusal": refusal, "words": words}


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"zookeeper_start_decision": decision}
