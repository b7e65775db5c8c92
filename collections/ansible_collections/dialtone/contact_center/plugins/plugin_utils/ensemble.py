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


def peer_probes(servers: Sequence[Mapping[str, Any]], own_id: int, client_port: int) -> list[dict[str, Any]]:
    """Probes of every other server of the ensemble, for the question whether this one may stop."""
    return [
        {
            "id": f"zookeeper.{server['id']}",
            "kind": "zookeeper",
            "host": server["address"],
            "port": int(client_port),
            "expect_members": len(servers),
        }
        for server in servers
        if int(server["id"]) != int(own_id)
    ]


def stop_refusal(servers: Sequence[Mapping[str, Any]], peers: Sequence[Mapping[str, Any]]) -> str:
    """Why stopping this server would cost the ensemble its quorum; empty where it would not.

    A single server has no quorum to lose: its restart is an interruption that nobody can avoid.
    """
    needed = len(servers) // 2 + 1
    serving = [peer for peer in peers if peer["state"] in ("leader", "follower")]
    if len(servers) < 2 or len(serving) >= needed:
        return ""
    silent = ", ".join(f"{peer['id']} ({peer['state']})" for peer in peers if peer not in serving)
    return f"{len(serving)} other servers serve and the quorum needs {needed}; not serving: {silent}"
