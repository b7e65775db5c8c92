# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.ensemble import (
    EnsembleError,
    peer_probes,
    server_properties,
    stop_refusal,
)


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


def test_the_others_are_asked_before_a_server_stops():
    probes = peer_probes([server(1), server(2), server(3)], 2, 2182)
    assert [(probe["host"], probe["port"], probe["expect_members"]) for probe in probes] == [
        ("192.0.2.1", 2182, 3),
        ("192.0.2.3", 2182, 3),
    ]


@pytest.mark.parametrize(
    ("count", "states", "refused"),
    [
        pytest.param(3, ["leader", "follower"], False, id="both others serve"),
        pytest.param(3, ["leader", "no_quorum"], True, id="one other is missing"),
        pytest.param(5, ["leader", "follower", "follower", "refused"], False, id="five bear one loss and a stop"),
        pytest.param(5, ["leader", "follower", "refused", "refused"], True, id="five do not bear two losses and a stop"),
        pytest.param(2, ["leader"], True, id="two never bear a stop"),
        pytest.param(1, [], False, id="one has no quorum to lose"),
    ],
)
def test_a_stop_that_costs_the_quorum_is_refused(count, states, refused):
    servers = [server(number) for number in range(1, count + 1)]
    peers = [{"id": f"zookeeper.{number}", "state": state} for number, state in enumerate(states, 2)]
    reason = stop_refusal(servers, peers)
    assert bool(reason) == refused
    assert all(peer["id"] in reason for peer in peers if refused and peer["state"] not in ("leader", "follower"))
