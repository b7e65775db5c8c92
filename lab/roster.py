"""The hosts of a lab by the names and addresses that they have now: those of the topology, and what `rename` changed.

A host keeps its disk, its cable and its control group under the name that it was made with, as a virtual machine keeps its
place in a hypervisor. Lab only; nothing in it reaches a site.
"""
from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

from lab import topology
from lab.errors import LabError
from lab.state import Lab
from lab.topology import Host

HOST_NUMBERS = range(2, 255)
HOST_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}[a-z0-9]")


@dataclass(frozen=True)
class Renamed:
    """What a host is now, and the names that it has had since it was made, oldest first."""

    name: str
    number: int
    former_names: tuple[str, ...]


def renamed(lab: Lab) -> dict[str, Renamed]:
    """By the name with which a host was made."""
    if not lab.renamed_file.exists():
        return {}
    return decoded(json.loads(lab.renamed_file.read_text(encoding="utf-8")))


def decoded(values: dict[str, dict]) -> dict[str, Renamed]:
    return {made_as: Renamed(one["name"], one["number"], tuple(one["former_names"])) for made_as, one in values.items()}


def encoded(changes: dict[str, Renamed]) -> dict[str, dict]:
    return {made_as: asdict(change) for made_as, change in changes.items()}


def save(lab: Lab, changes: dict[str, Renamed]) -> None:
    partial = lab.renamed_file.with_name(lab.renamed_file.name + ".partial")
    partial.write_text(json.dumps(encoded(changes), indent=2) + "\n", encoding="utf-8")
    partial.rename(lab.renamed_file)


def hosts(lab: Lab) -> dict[str, Host]:
    """By its present name, every host that the lab has or can have, in the order of the topology."""
    return named(renamed(lab))


def named(changes: dict[str, Renamed]) -> dict[str, Host]:
    present = [replace(made, name=changes[made.name].name, number=changes[made.name].number, made_as=made.name)
               if made.name in changes else made for made in topology.HOSTS.values()]
    return {host.name: host for host in present}


def host(lab: Lab, name: str) -> Host:
    found = hosts(lab)
    if name not in found:
        now = [change.name for change in renamed(lab).values() if name in change.former_names]
        hint = f"; the one of that name is {now[0]} now" if now else ""
        raise LabError(f"the lab has no host '{name}'; its hosts are {', '.join(found)}{hint}")
    return found[name]


def select(lab: Lab, names: Iterable[str]) -> list[Host]:
    """The named hosts, each once, in the order of the topology."""
    wanted = {host(lab, name).name for name in names}
    return [entry for entry in hosts(lab).values() if entry.name in wanted]


def now(lab: Lab, made: Host) -> Host:
    """What became of a host of the topology."""
    return next(entry for entry in hosts(lab).values() if entry.key == made.name)


def default_hosts(lab: Lab) -> list[Host]:
    return [host for host in hosts(lab).values() if host.by_default]


def number(host: Host, address: str) -> int:
    """The last part of an address in the network of the host's data center."""
    prefix, _, last = address.rpartition(".")
    if prefix != host.data_center.prefix or not last.isdecimal() or str(int(last)) != last or int(last) not in HOST_NUMBERS:
        raise LabError(
            f"{address} is no address for a host in {host.data_center.name}: "
            f"{host.data_center.prefix}.{HOST_NUMBERS.start} to {host.data_center.prefix}.{HOST_NUMBERS.stop - 1} are"
        )
    return int(last)


def change(changes: dict[str, Renamed], old: str, new: str, address: str = "") -> dict[str, Renamed]:
    """The changes with one more: the host named old is named new, at this address or where it was.

    What has happened already makes no difference, so that a repeated command finds its work done."""
    present = named(changes)
    if old not in present and new in present and old in changes.get(present[new].key, Renamed("", 0, ())).former_names:
        old = new
    if old not in present:
        raise LabError(f"the lab has no host '{old}'; its hosts are {', '.join(present)}")
    host = present[old]
    others = [other for other in present.values() if other.key != host.key]
    if not HOST_NAME.fullmatch(new) or new in topology.DATA_CENTERS:
        raise LabError(f"'{new}' is no name for a host: lower-case letters, digits and '-', at most 32, beginning with a letter")
    if new in {name for other in others for name in (other.name, other.key)}:
        raise LabError(f"'{new}' is no name for {old}: the lab has a host of that name")
    wanted = number(host, address) if address else host.number
    for other in others:
        if (other.data_center, other.number) == (host.data_center, wanted):
            raise LabError(f"{address} is no address for {old}: it is that of {other.name}")
    if (new, wanted) == (host.name, host.number):
        return changes
    former = [name for name in (*(changes[host.key].former_names if host.key in changes else ()), host.name) if name != new]
    return {**changes, host.key: Renamed(new, wanted, tuple(dict.fromkeys(former)))}
