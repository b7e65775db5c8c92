# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter zookeeper_server_properties."""

from __future__ import annotations

DOCUMENTATION = r"""
name: zookeeper_server_properties
short_description: The properties that name the servers of an ensemble
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - V(server.N) for each server and V(sslQuorum=true), in the order of the ids (POM-ZK-01).
  - One server gives no property at all, because a single ZooKeeper is no ensemble. No server, or an id that stands twice, is an
    error.
options:
  _input:
    description: The servers, each with C(id), C(address), C(peer_port) and C(election_port).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show | The lines of a three-node ensemble
  ansible.builtin.debug:
    msg: "{{ zookeeper_servers | dialtone.contact_center.zookeeper_server_properties }}"
"""

RETURN = r"""
_value:
  description: Properties by key.
  type: dict
"""

from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.ensemble import EnsembleError, server_properties


def wrapped(servers: list[dict[str, Any]]) -> dict[str, str]:
    """server_properties with the filter's own error."""
    try:
        return server_properties(servers)
    except EnsembleError as error:
        raise AnsibleFilterError(f"zookeeper_server_properties: {error}") from error


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"zookeeper_server_properties": wrapped}
