"""Hosts, addresses and bridges of a lab: the only place they are written. Lab only; nothing in it reaches a site."""
from __future__ import annotations

from dataclasses import dataclass

DOMAIN = "lab.test"
ADMINISTRATOR = "deploy"
PORTAL_ADMINISTRATOR = "epadmin"
EXPORTED = "/srv/pom"


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
    exports: bool = False  # whether it has a directory that an NFS server can export
    portal: str = ""  # what it is of Experience Portal before POM comes: primary, auxiliary or nothing
    made_as: str = ""  # the name that it was made with, where it has another one now

    @property
    def key(self) -> str:
        """By what its disk, its cable and its control group are named, for as long as it is there."""
        return self.made_as or self.name

    @property
    def address(self) -> str:
        return f"{self.data_center.prefix}.{self.number}"

    @property
    def fqdn(self) -> str:
        return f"{self.name}.{self.data_center.name}.{DOMAIN}"

    @property
    def interface(self) -> str:
        """Name of the host's cable on its bridge, as systemd-nspawn gives it."""
        return f"vb-{self.key}"


DC1 = DataCenter("dc1", 1)
DC2 = DataCenter("dc2", 2)
DATA_CENTERS = {dc.name: dc for dc in (DC1, DC2)}

HOSTS = {
    host.name: host
    for host in (
        Host("epm1", DC1, 11, portal="primary"),
        Host("epm2", DC1, 12, portal="auxiliary"),
        Host("kafka3", DC1, 13),
        Host("db1", DC1, 14, exports=True),
        Host("app1", DC1, 15),
        Host("cms1", DC1, 16),
        Host("epm3", DC2, 11, by_default=False, portal="primary"),
        Host("kafka4", DC2, 13, by_default=False),
        Host("db2", DC2, 14, by_default=False, exports=True),
        Host("cms2", DC2, 16),
    )
}


def primary_portal(data_center: DataCenter) -> Host:
    return next(host for host in HOSTS.values() if host.data_center == data_center and host.portal == "primary")
