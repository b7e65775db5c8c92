# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter kafka_peer_probes."""

from __future__ import annotations

DOCUMENTATION = r"""
name: kafka_peer_probes
short_description: Probes of the other brokers of a cluster
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - For M(dialtone.contact_center.node_probe), asked before a broker starts.
options:
  _input:
    description: Listeners of all brokers, as V(host:port).
    type: list
    elements: str
    required: true
  broker_ids:
    description: Their ids, in the same order.
    type: list
    elements: int
    required: true
  own_id:
    description: The id of the broker that asks; it is left out.
    type: int
    required: true
"""

EXAMPLES = r"""
- name: Show | The others
  ansible.builtin.debug:
    msg: "{{ kafka_bootstrap_servers | dialtone.contact_center.kafka_peer_probes(kafka_expected_brokers, 1) }}"
"""

RETURN = r"""
_value:
  description: One probe a broker, named by its listener.
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.brokers import peer_probes


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"kafka_peer_probes": peer_probes}
