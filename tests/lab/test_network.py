from __future__ import annotations

import pytest

from lab import network, topology, wan
from lab.errors import LabError
from lab.state import Lab

HOSTS = topology.HOSTS.values()


def test_nothing_cut_leaves_no_table():
    assert network.ruleset([], HOSTS).splitlines() == [
        "table bridge lab", "delete table bridge lab", "table ip lab", "delete table ip lab",
    ]


def test_a_host_is_cut_at_its_port_in_all_directions():
    rules = network.ruleset(["epm1", "kafka3"], HOSTS)
    ports = '{ "vb-epm1", "vb-kafka3" }'
    assert f"hook input priority 0; iifname {ports} drop;" in rules
    assert f"hook forward priority 0; iifname {ports} drop; oifname {ports} drop;" in rules
    assert f"hook output priority 0; oifname {ports} drop;" in rules
    assert "chain" not in rules.split("table bridge lab {")[0]
    assert "ip saddr" not in rules


@pytest.mark.parametrize("data_center", ["dc1", "dc2"])
def test_a_data_center_is_cut_where_the_lab_routes_only(data_center):
    rules = network.ruleset([data_center], HOSTS)
    assert "ip saddr 10.88.1.0/24 ip daddr 10.88.2.0/24 drop;" in rules
    assert "ip saddr 10.88.2.0/24 ip daddr 10.88.1.0/24 drop;" in rules
    assert "ifname" not in rules


def test_only_what_exists_can_be_cut():
    with pytest.raises(LabError, match="no host or data center 'dc3'; it has dc1, dc2, epm1"):
        network.cut(Lab("nosuchlab"), "dc3")


@pytest.mark.parametrize(("milliseconds", "jitter"), [(-1, 0), (5, 6), (20_000, 0)])
def test_impossible_delays_are_refused(milliseconds, jitter):
    with pytest.raises(LabError, match="is not possible: 0 ≤ jitter ≤ delay ≤ 10000"):
        network.delay(Lab("nosuchlab"), milliseconds, jitter)


def test_only_what_passes_between_data_centers_is_slow():
    assert wan.rules() == ["iif br-dc1 to 10.88.2.0/24 lookup 100", "iif br-dc2 to 10.88.1.0/24 lookup 100"]
