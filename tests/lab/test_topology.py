from __future__ import annotations

import ipaddress

from lab import topology


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
