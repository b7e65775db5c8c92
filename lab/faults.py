"""Faults of hosts, for tests: frozen, disk full, service killed. Lab only; nothing in it reaches a site."""
from __future__ import annotations

from collections.abc import Sequence

from lab import cgroup, lifecycle, namespaces, network
from lab.errors import LabError
from lab.state import Lab
from lab.topology import Host


def freeze(lab: Lab, host: Host) -> None:
    lifecycle.require_host_running(lab, host)
    cgroup.freeze(lab.cgroup / host.key, True)


def thaw(lab: Lab, host: Host) -> None:
    lab.require_running()
    if cgroup.frozen(lab.cgroup / host.key):
        cgroup.freeze(lab.cgroup / host.key, False)


def fill(lab: Lab, host: Host, path: str) -> None:
    """Leave no free byte on the disk that holds a path of the host. The file that does so is not visible in the host."""
    mount = lifecycle.run_in_host(lab, host, ["df", "--output=target", "--", path]).split()[-1]
    if mount != "/":
        raise LabError(f"{path} on {host.name} is on {mount}, a filesystem of its own; fill can fill the host's disk only")
    namespaces.inside(lab, ["fill", host.key])


def unfill(lab: Lab, host: Host) -> None:
    lab.require_running()
    namespaces.inside(lab, ["unfill", host.key])


def kill_service(lab: Lab, host: Host, unit: str) -> None:
    """Kill every process of a unit with SIGKILL, as a crash would."""
    if lifecycle.run_in_host(lab, host, ["systemctl", "show", "--property=ActiveState", "--value", unit]).strip() != "active":
        raise LabError(f"unit {unit} is not active on {host.name}, so there is nothing to kill")
    lifecycle.run_in_host(lab, host, ["systemctl", "kill", "--signal=KILL", unit])


def clear(lab: Lab, hosts: Sequence[Host]) -> None:
    """No fault at all any more."""
    network.heal(lab, "all")
    network.delay(lab, 0, 0)
    for host in hosts:
        thaw(lab, host)
