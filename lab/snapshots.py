"""Snapshots of all hosts of a lab. What a host has written becomes a read-only layer below a new, empty one, so taking and
restoring cost a restart of the hosts and no copying. Lab only; nothing in it reaches a site."""
from __future__ import annotations

import json
import re
import secrets
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from lab import disk, faults, inventory, lifecycle, namespaces, roster
from lab.errors import LabError
from lab.shell import say, step
from lab.state import Lab
from lab.topology import Host


@dataclass(frozen=True)
class Snapshot:
    taken: str
    # Hosts by the names that they were made with.
    layers: dict[str, list[str]]
    running: list[str]
    renamed: dict[str, Any] = field(default_factory=dict)


def snapshots(lab: Lab) -> dict[str, Snapshot]:
    path = lab.snapshots_file
    if not path.exists():
        return {}
    return {name: Snapshot(**values) for name, values in json.loads(path.read_text(encoding="utf-8")).items()}


def save(lab: Lab, known: dict[str, Snapshot]) -> None:
    text = json.dumps({name: asdict(snapshot) for name, snapshot in known.items()}, indent=2)
    inventory.write(lab.snapshots_file, text + "\n", 0o600)


def made_hosts(lab: Lab) -> list[Host]:
    return [host for host in roster.hosts(lab).values() if lab.host_directory(host.key).joinpath("disk.img").exists()]


def take(lab: Lab, name: str, replace: bool = False) -> None:
    """Keep the state of all hosts. They are shut down cleanly first, so that services have written what they hold.

    The caller holds the lock.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9_.-]{0,63}", name):
        raise LabError(f"'{name}' is no name for a snapshot: lower-case letters, digits, '_', '-' and '.'")
    known = snapshots(lab)
    if name in known and not replace:
        raise LabError(
            f"lab '{lab.name}' has a snapshot '{name}' of {known[name].taken}; "
            f"replace it with: python3 -m lab --name {lab.name} snapshot --replace {name}"
        )
    lab.require_running()
    hosts = made_hosts(lab)
    on = [host for host in hosts if lifecycle.running(lab, host)]
    with step(f"shut down {len(on)} hosts"):
        lifecycle.power_off(lab, on)
    layer = secrets.token_hex(4)
    namespaces.inside(lab, ["add-layer", layer, *(host.key for host in hosts)])
    layers = {host.key: disk.layers(lab.host_directory(host.key)) for host in hosts}
    taken = time.strftime("%Y-%m-%d %H:%M:%S")
    known[name] = Snapshot(taken, layers, [host.key for host in on], roster.encoded(roster.renamed(lab)))
    save(lab, known)
    collect(lab)
    lifecycle.power_on(lab, on)


def restore(lab: Lab, name: str) -> None:
    """Put all hosts back: they are as they were, with their names and addresses; faults are gone, hosts made later are removed.

    The caller holds the lock."""
    known = snapshots(lab)
    if name not in known:
        raise LabError(f"lab '{lab.name}' has no snapshot '{name}'; it has: {', '.join(known) or 'none'}")
    snapshot = known[name]
    lab.require_running()
    hosts = made_hosts(lab)
    with step(f"put {len(hosts)} hosts back to '{name}' of {snapshot.taken}"):
        lifecycle.power_off(lab, hosts, hard=True)
        faults.clear(lab, hosts)
        for host in hosts:
            if host.key not in snapshot.layers:
                namespaces.inside(lab, ["detach", host.key])
                disk.remove(lab, host.key)
                say(f"lab: {host.name} did not exist in '{name}' and is removed")
        for made_as, layers in snapshot.layers.items():
            disk.set_layers(lab.host_directory(made_as), layers)
        namespaces.inside(lab, ["reset", *snapshot.layers])
        roster.save(lab, roster.decoded(snapshot.renamed))
        collect(lab)
    inventory.write_all(lab, lifecycle.known_hosts(lab))
    lifecycle.power_on(lab, [host for host in roster.hosts(lab).values() if host.key in snapshot.running])


def collect(lab: Lab) -> None:
    """Remove layers that neither a snapshot nor a host stands on."""
    kept = snapshots(lab).values()
    used = {host.key: {layer for snapshot in kept for layer in snapshot.layers.get(host.key, [])} for host in made_hosts(lab)}
    for name, layers in used.items():
        layers.update(disk.layers(lab.host_directory(name)))
    namespaces.inside(lab, ["keep-layers", *(f"{name}={','.join(sorted(layers))}" for name, layers in used.items())])


def describe(lab: Lab) -> str:
    lines = [f"{name:24} {snapshot.taken}  {' '.join(snapshot.layers)}" for name, snapshot in snapshots(lab).items()]
    return "\n".join(lines or ["no snapshots"])
