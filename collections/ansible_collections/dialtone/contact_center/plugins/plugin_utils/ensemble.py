# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Properties that describe a whole ZooKeeper ensemble on each of its nodes."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class EnsembleError(ValueError):
    """The list of servers is not one that an ensemble can be made of."""


def server_properties(servers: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """`server.N` lines, the same on every node (POM-ZK-01), and the TLS switch of the quorum.

    A single server is no ensemble: ZooKeeper ignores one lonely `server.N` line with an error in its log, so there is none.
    """
    identifiers = [int(server["id"]) for server in servers]
    if not servers:
        raise EnsembleError("zookeeper_servers is empty: the data center has no host in the group zookeeper")
    if len(set(identifiers)) != len(identifiers):
        raise EnsembleError(f"zookeeper_servers holds an id twice: {sorted(identifiers)}")
    if len(servers) == 1:
        return {}
    lines = {
        f"server.{server['id']}": f"{server['address']}:{server['peer_port']}:{server['election_port']}"
        for server in sorted(servers, key=lambda server: int(server["id"]))
    }
    return {"sslQuorum": "true", **lines}
