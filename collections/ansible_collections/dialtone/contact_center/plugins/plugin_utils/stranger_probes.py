# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What must be refused: probes derived from those of the site model. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# The ports that the products open when nobody tells them otherwise.
PLAIN_PORTS = {"zookeeper": 2181, "kafka": 9092}


def stranger_probes(probes: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """For each ZooKeeper server and broker: a client without certificate is refused, and there is no listener without TLS."""
    found: list[dict[str, Any]] = []
    for probe in probes:
        kind = probe["kind"]
        if kind not in PLAIN_PORTS:
            continue
        place = {"component": probe.get("component", kind), "host": probe["host"]}
        name = {"server_name": probe["server_name"]} if probe.get("server_name") else {}
        found.append({"id": f"{kind}.anonymous", "kind": "anonymous_refused", "port": probe["port"], **place, **name})
        if probe["port"] != PLAIN_PORTS[kind]:
            found.append({"id": f"{kind}.plain", "kind": "tcp_closed", "port": PLAIN_PORTS[kind], **place})
    return found
