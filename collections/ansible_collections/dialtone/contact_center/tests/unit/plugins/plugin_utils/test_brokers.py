# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.brokers import peer_probes


def test_a_broker_asks_every_other_one():
    assert peer_probes(["a.example:9093", "b.example:9094"], [1, 2], 1) == [
        {"id": "b.example:9094", "kind": "kafka", "host": "b.example", "port": 9094, "broker_id": 2}
    ]


def test_listeners_and_ids_belong_together():
    with pytest.raises(ValueError, match="zip"):
        peer_probes(["a.example:9093"], [1, 2], 1)
