# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter zookeeper_peer_probes."""
from __future__ import annotations

DOCUMENTATION = r"""
name: zookeeper_peer_probes
short_description: Probes of the other servers of an ensemble
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - For M(dialtone.contact_center.node_probe), asked before a server is stopped.
options:
  _input:
    description: The servers of the ensemble, each with C(id) and C(address).
    type: list
    elements: dict
    required: true
  own_id:
    description: The id of the server that asks; it is left out.
    type: int
    required: true
  client_port:
    description: TLS client port of every server.
    type: int
    required: true
"""

EXAMPLES = r"""
- name: Show | The others
  ansible.builtin.debug:
    msg: "{{ zookeeper_servers | dialtone.contact_center.zookeeper_peer_probes(1, 2182) }}"
"""

RETURN = r"""
_value:
  description: One probe a server.
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.ensemble import peer_probes


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"zookeeper_peer_probes": peer_probes}
