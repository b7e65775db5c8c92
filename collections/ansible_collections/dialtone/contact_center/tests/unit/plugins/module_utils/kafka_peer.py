# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A peer that gives the answers of a real broker: broker 1, the controller of three brokers, with one topic."""

from __future__ import annotations

import json
import ssl
import struct
from collections.abc import Callable
from pathlib import Path

from ansible_collections.dialtone.contact_center.plugins.module_utils.kafka_protocol import (
    BROKER_RESOURCE,
    DESCRIBE_CONFIGS,
    LIST_REASSIGNMENTS,
    METADATA,
)

RECORDED = {
    name: bytes.fromhex("".join(lines))
    for name, lines in json.loads((Path(__file__).parent / "recorded" / "kafka-3.2.0-responses.json").read_text()).items()
}


def broker_one(**instead: str) -> Callable[[ssl.SSLSocket], None]:
    """Serves recorded answers by kind of request; `metadata`, `broker`, `topics` and `reassignments` name others."""
    names = {
        "metadata": "metadata-7",
        "broker": "describe-configs-1-broker",
        "topics": "describe-configs-1",
        "reassignments": "list-partition-reassignments-0-none",
        **instead,
    }

    def answer(request: bytes) -> bytes:
        api, _version, correlation, client_id = struct.unpack(">hhih", request[:10])
        if api == LIST_REASSIGNMENTS:
            content = b"\0" + RECORDED[names["reassignments"]]
        elif api == METADATA:
            content = RECORDED[names["metadata"]]
        else:
            assert api == DESCRIBE_CONFIGS
            resource_type = request[10 + client_id + 4]
            content = RECORDED[names["broker" if resource_type == BROKER_RESOURCE else "topics"]]
        return struct.pack(">ii", len(content) + 4, correlation) + content

    def serve(connection: ssl.SSLSocket) -> None:
        while header := connection.recv(4):
            (size,) = struct.unpack(">i", header)
            request = b""
            while len(request) < size:
                request += connection.recv(size - len(request))
            connection.sendall(answer(request))

    return serve
