"""Hosts, addresses and bridges of a lab: the only place they are written. Lab only; nothing in it reaches a site."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lab.errors import LabError

DOMAIN = "lab.test"
ADMINISTRATOR = "deploy"
PORTAL_ADMINISTRATOR = "epadmin"


@dataclass(frozen=True)
class DataCenter:
    name: str
    number: int

    @property
    def bridge(self) -> str:
        return f"br-{self.name}"

    @property
    def prefix(self) -> str:
        return f"10.88.{self.number}"

    @property
    def network(self) -> str:
        return f"{self.prefix}.0/24"

    @property
    def gateway(self) -> str:
        return f"{self.prefix}.1"


@dataclass(frozen=True)
class Host:
    name: str
    data_center: DataCenter
    number: int
    by_default: bool = True
    portal: str = ""  # what it is of Experience Portal before POM comes: primary, auxiliary or nothing

    @property
    def address(self) -> str:
        return f"{self.data_center.prefix}.{self.number}"

    @property
    def fqdn(self) -> str:
        return f"{self.name}.{self.data_center.name}.{DOMAIN}"

    @property
    def interface(self) -> str:
        """Name of the host's cable on its bridge, as systemd-nspawn gives it."""
        return f"vb-{self.name}"


DC1 = DataCenter("dc1", 1)
DC2 = DataCenter("dc2", 2)
DATA_CENTERS = {dc.name: dc for dc in (DC1, DC2)}

HOSTS = {
    host.name: host
    for host in (
        Host("epm1", DC1, 11, portal="primary"),
        Host("epm2", DC1, 12, portal="auxiliary"),
        Host("kafka3", DC1, 13),
        Host("db1", DC1, 14),
        Host("app1", DC1, 15),
        Host("cms1", DC1, 16),
        Host("epm3", DC2, 11, by_default=False, portal="primary"),
        Host("kafka4", DC2, 13, by_default=False),
        Host("db2", DC2, 14, by_default=False),
        Host("cms2", DC2, 16),
    )
}


def default_hosts() -> list[Host]:
    return [host for host in HOSTS.values() if host.by_default]


def primary_portal(data_center: DataCenter) -> Host:
    return next(host for host in HOSTS.values() if host.data_center == data_center and host.portal == "primary")


def host(name: str) -> Host:
    if name not in HOSTS:
        raise LabError(f"the lab has no host '{name}'; its hosts are {', '.join(HOSTS)} (lab/topology.py)")
    return HOSTS[name]


def hosts(names: Iterable[str]) -> list[Host]:
    """The named hosts, each once, in the order of the topology."""
    wanted = {host(name).name for name in names}
    return [entry for entry in HOSTS.values() if entry.name in wanted]
