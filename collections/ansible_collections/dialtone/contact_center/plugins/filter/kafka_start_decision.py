# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter kafka_start_decision."""

from __future__ import annotations

DOCUMENTATION = r"""
name: kafka_start_decision
short_description: Whether a stopped broker may start on its data directory
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - A broker whose directory is empty forgets everything. It may start where the others have all of it, or where nobody has
    anything.
options:
  _input:
    description: The directory, as M(dialtone.contact_center.data_directory) found it.
    type: dict
    required: true
  broker_id:
    description: Id of the broker.
    type: int
    required: true
  listener:
    description: Its own listener, as V(host:port).
    type: str
    required: true
  peers:
    description: Results of the probes of all other brokers.
    type: list
    elements: dict
    required: true
  empty_peers:
    description: Names, as in the listeners, of the hosts whose directory was seen empty in this run.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Start | Decide
  ansible.builtin.debug:
    msg: "{{ found.data | dialtone.contact_center.kafka_start_decision(1, 'kafka1.example.com:9093', peers.probes, []) }}"
"""

RETURN = r"""
_value:
  description: C(refusal), empty where it may start; C(words), what it does when it starts empty.
  type: dict
"""

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.module_utils.data_directory import kafka_start


def decision(found: dict[str, Any], broker_id: int, listener: str, peers: list[Any], empty_peers: list[str]) -> dict[str, str]:
    """kafka_start as a dictionary."""
    refusal, words = kafka_start(int(broker_id), listener, found, peers, empty_peers)
    return {"refusal": refusal, "words": words}


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"kafka_start_decision": decision}
