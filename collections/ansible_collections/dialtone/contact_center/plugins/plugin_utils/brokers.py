# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What one broker asks the others of its cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def peer_probes(listeners: Sequence[str], broker_ids: Sequence[int], own_id: int) -> list[dict[str, Any]]:
    """Probes of every other broker; listeners (`host:port`) and ids stand in the same order. A probe's id is the listener."""
    return [
        {
            "id": listener,
            "kind": "kafka",
            "host": listener.rpartition(":")[0],
            "port": int(listener.rpartition(":")[2]),
            "broker_id": int(broker_id),
        }
        for listener, broker_id in zip(listeners, broker_ids, strict=True)
        if int(broker_id) != int(own_id)
    ]
