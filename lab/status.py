"""What runs in a lab, and what it takes. Lab only; nothing in it reaches a site."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lab import cgroup, lifecycle, network
from lab.state import Lab
from lab.topology import Host


@dataclass(frozen=True)
class HostStatus:
    name: str
    fqdn: str
    address: str
    data_center: str
    state: str
    memory_bytes: int


def state(lab: Lab, host: Host, faults: network.NetworkFaults) -> str:
    if not lifecycle.running(lab, host):
        return "off"
    if cgroup.frozen(lab.cgroup / host.key):
        return "frozen"
    return "cut" if host.name in faults.cut else "running"


def hosts(lab: Lab) -> list[HostStatus]:
    faults = network.faults(lab)
    return [
        HostStatus(
            name=host.name, fqdn=host.fqdn, address=host.address, data_center=host.data_center.name,
            state=state(lab, host, faults), memory_bytes=cgroup.memory(lab.cgroup / host.key),
        )
        for host in lifecycle.known_hosts(lab)
    ]


def memory(lab: Lab) -> int:
    """Bytes in use by all processes of the lab."""
    return cgroup.memory(lab.cgroup)


def table(lab: Lab, rows: Sequence[HostStatus]) -> str:
    faults = network.faults(lab)
    lines = [f"{'HOST':8} {'NAME':22} {'ADDRESS':12} {'STATE':8} {'MEMORY':>7}"]
    lines += [f"{row.name:8} {row.fqdn:22} {row.address:12} {row.state:8} {row.memory_bytes // 1024**2:4} MB" for row in rows]
    lines.append(f"lab '{lab.name}' is {'up' if lab.running else 'down'}, {memory(lab) // 1024**2} MB of memory in use")
    data_centers = [name for name in faults.cut if name.startswith("dc")]
    if data_centers:
        lines.append(f"cut from the other data center: {', '.join(data_centers)}")
    if faults.delay_ms:
        lines.append(f"delay between data centers: {faults.delay_ms:g} ms each way, jitter {faults.jitter_ms:g} ms")
    return "\n".join(lines)
