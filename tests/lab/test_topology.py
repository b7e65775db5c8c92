from __future__ import annotations

import ipaddress

import pytest

from lab import topology
from lab.errors import LabError


def test_names_and_addresses_are_unique():
    hosts = list(topology.HOSTS.values())
    assert len({host.address for host in hosts}) == len(hosts)
    assert len({host.fqdn for host in hosts}) == len(hosts)


def test_a_host_is_in_the_network_of_its_data_center():
    for host in topology.HOSTS.values():
        assert ipaddress.ip_address(host.address) in ipaddress.ip_network(host.data_center.network)
        assert host.address != host.data_center.gateway


def test_interface_names_fit_the_kernel():
    names = [host.interface for host in topology.HOSTS.values()] + [dc.bridge for dc in topology.DATA_CENTERS.values()]
    assert all(len(name) <= 15 for name in names)


def test_the_second_data_center_has_room_that_is_not_used_by_default():
    default = [host.name for host in topology.default_hosts()]
    assert default == ["epm1", "epm2", "kafka3", "db1", "app1", "cms1", "cms2"]
    assert {"epm3", "kafka4", "db2"} == set(topology.HOSTS) - set(default)


def test_hosts_come_once_and_in_the_order_of_the_topology():
    assert [host.name for host in topology.hosts(["cms2", "epm1", "cms2"])] == ["epm1", "cms2"]


def test_an_unknown_host_is_refused_with_the_known_ones():
    with pytest.raises(LabError, match=r"no host 'epm9'; its hosts are epm1, epm2"):
        topology.hosts(["epm1", "epm9"])
