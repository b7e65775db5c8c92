# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.ensemble import EnsembleError, server_properties


def server(number: int) -> dict:
    return {"id": number, "address": f"192.0.2.{number}", "peer_port": 2888, "election_port": 3888}


def test_three_servers_in_the_order_of_their_ids():
    assert list(server_properties([server(10), server(2), server(1)]).items()) == [
        ("sslQuorum", "true"),
        ("server.1", "192.0.2.1:2888:3888"),
        ("server.2", "192.0.2.2:2888:3888"),
        ("server.10", "192.0.2.10:2888:3888"),
    ]


def test_one_server_is_no_ensemble():
    assert server_properties([server(1)]) == {}


@pytest.mark.parametrize(("servers", "message"), [([], "is empty"), ([server(1), server(1)], "holds an id twice")])
def test_what_is_no_ensemble_is_refused(servers, message):
    with pytest.raises(EnsembleError, match=message):
        server_properties(servers)
