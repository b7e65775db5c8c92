"""What is cut and slow in the lab's network. Lab only; nothing in it reaches a site."""
from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from lab import namespaces, roster
from lab.errors import LabError
from lab.shell import run
from lab.state import Lab
from lab.topology import DATA_CENTERS, Host


@dataclass(frozen=True)
class NetworkFaults:
    """What is wrong with the lab's network now. It ends with the lab's init, and so does the file that holds it."""

    cut: tuple[str, ...] = ()
    delay_ms: float = 0
    jitter_ms: float = 0


def faults(lab: Lab) -> NetworkFaults:
    path = lab.network_faults_file
    if not path.exists():
        return NetworkFaults()
    values = json.loads(path.read_text(encoding="utf-8"))
    return NetworkFaults(tuple(values["cut"]), values["delay_ms"], values["jitter_ms"])


def remember(lab: Lab, current: NetworkFaults) -> None:
    lab.network_faults_file.write_text(json.dumps(asdict(current)), encoding="utf-8")


def ruleset(cut: Iterable[str], hosts: Iterable[Host]) -> str:
    """nftables rules that cut hosts at their port of the bridge, and data centers where the lab routes between them."""
    wanted = set(cut)
    ports = ", ".join(f'"{host.interface}"' for host in hosts if host.name in wanted)
    lines = ["table bridge lab", "delete table bridge lab", "table ip lab", "delete table ip lab"]
    if ports:
        lines.append("table bridge lab {")
        for hook, directions in (("input", ("iifname",)), ("forward", ("iifname", "oifname")), ("output", ("oifname",))):
            rules = " ".join(f"{direction} {{ {ports} }} drop;" for direction in directions)
            lines.append(f"  chain {hook} {{ type filter hook {hook} priority 0; {rules} }}")
        lines.append("}")
    routes = [(one.network, other.network) for one in DATA_CENTERS.values() for other in DATA_CENTERS.values()
              if one != other and wanted & {one.name, other.name}]
    if routes:
        rules = " ".join(f"ip saddr {source} ip daddr {target} drop;" for source, target in routes)
        lines.append(f"table ip lab {{\n  chain forward {{ type filter hook forward priority 0; {rules} }}\n}}")
    return "\n".join(lines) + "\n"


def interfaces(lab: Lab) -> set[str]:
    """Names of the interfaces in the lab's network."""
    lines = Path(f"/proc/{lab.require_running()}/net/dev").read_text(encoding="ascii").splitlines()
    return {line.partition(":")[0].strip() for line in lines if ":" in line}


def place(lab: Lab, name: str) -> str:
    """A host or data center by name."""
    hosts = roster.hosts(lab)
    if name not in hosts and name not in DATA_CENTERS:
        raise LabError(f"the lab has no host or data center '{name}'; it has {', '.join([*DATA_CENTERS, *hosts])}")
    return name


def set_cut(lab: Lab, cut: set[str]) -> None:
    if sorted(cut) == sorted(faults(lab).cut):
        return
    run([*namespaces.entry(lab), "nft", "--file", "-"], stdin=ruleset(cut, roster.hosts(lab).values()))
    remember(lab, replace(faults(lab), cut=tuple(sorted(cut))))


def cut(lab: Lab, name: str) -> None:
    set_cut(lab, {*faults(lab).cut, place(lab, name)})


def heal(lab: Lab, name: str) -> None:
    set_cut(lab, set() if name == "all" else set(faults(lab).cut) - {place(lab, name)})


def delay(lab: Lab, milliseconds: float, jitter: float) -> None:
    """Delay what passes between data centers by so much each way; 0 takes the delay away."""
    if not 0 <= jitter <= milliseconds <= 10_000:
        raise LabError(f"a delay of {milliseconds:g} ms with {jitter:g} ms of jitter is not possible: 0 ≤ jitter ≤ delay ≤ 10000")
    if (milliseconds, jitter) == (faults(lab).delay_ms, faults(lab).jitter_ms):
        return
    namespaces.inside(lab, ["delay", f"{milliseconds:g}", f"{jitter:g}"])
    remember(lab, replace(faults(lab), delay_ms=milliseconds, jitter_ms=jitter))


