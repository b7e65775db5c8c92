# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a roll-out of a site will keep where, and in which order. Pure: from the site model alone, no host is asked."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

WIDTH = 100

Inputs = Mapping[str, Any]


@dataclass(frozen=True)
class File:
    path: str
    purpose: str


@dataclass(frozen=True)
class Role:
    """for_host: whether the role runs there; why: why at this place of the order."""

    name: str
    why: str
    for_host: Callable[[Mapping[str, Any]], bool]
    files: Callable[[Inputs], list[File]]
    restarts: str


@dataclass(frozen=True)
class Step:
    number: int
    role: str
    hosts: tuple[str, ...]
    why: str
    restarts: str


@dataclass(frozen=True)
class HostPlan:
    name: str
    fqdn: str
    address: str
    data_center: str
    components: tuple[str, ...]
    roles: tuple[str, ...]
    files: tuple[File, ...]
    services: tuple[str, ...]
    listens: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    site: str
    steps: tuple[Step, ...]
    hosts: tuple[HostPlan, ...]
    connections: tuple[dict[str, Any], ...]
    by_hand: tuple[str, ...]
    warnings: tuple[Any, ...]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def carries(*components: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda host: any(component in host["components"] for component in components)


def host_files(inputs: Inputs) -> list[File]:
    files = [File("/etc/hosts", "marked block: names of the site's hosts"), File("/etc/localtime", "time zone of the site")]
    if "chrony" in inputs.get("host_packages", ()):
        files.append(File("chrony's configuration", "time sources"))
    if "firewall" in inputs.get("host_packages", ()):
        files.append(File("firewall rules", "openings for exactly the connections below"))
    return files


def kafka_distribution_files(inputs: Inputs) -> list[File]:
    if not inputs.get("kafka_distribution_archive", True):
        return []
    return [File(f"{inputs['kafka_distribution_home']}/", "program tree of Kafka and ZooKeeper, unpacked once")]


def trust_files(inputs: Inputs) -> list[File]:
    directory = inputs["trust_directory"]
    own = [
        File(f"{directory}/node.key", "private key, made on the host, never leaves it"),
        File(f"{directory}/node.crt", "certificate, signed by the site's CA"),
        File(f"{directory}/ca.crt", "certificate of the site's CA"),
    ]
    return own + [
        File(export["path"], f"{export['format'].replace('_', ' ')} for {export['owner']}")
        for export in inputs.get("trust_exports", ())
    ]


def zookeeper_files(inputs: Inputs) -> list[File]:
    return [
        File(f"{inputs['zookeeper_home']}/config/zookeeper.properties", "properties of the ZooKeeper server"),
        File(f"{inputs['zookeeper_data_directory']}/myid", "identity of the server, from host_vars"),
    ]


def kafka_files(inputs: Inputs) -> list[File]:
    return [
        File(f"{inputs['kafka_distribution_home']}/config/server.properties", "properties of the broker"),
        File(f"{inputs['kafka_data_directory']}/", "partitions; made empty, never emptied"),
    ]


def pom_database_files(_inputs: Inputs) -> list[File]:
    return [
        File("PostgreSQL's parameters", "memory, autovacuum, TLS, pg_stat_statements"),
        File("pg_hba.conf", "entries for exactly the POM servers"),
    ]


ROLES = (
    Role("host", "names, time and limits are what every later step relies on", lambda _host: True, host_files, "nothing"),
    Role(
        "kafka_distribution",
        "makes the service account that will own the stores",
        carries("zookeeper", "kafka"),
        kafka_distribution_files,
        "nothing",
    ),
    Role(
        "trust",
        "no service starts without its key and its stores",
        lambda host: "trust_directory" in host["inputs"],
        trust_files,
        "nothing; who reads a new certificate is restarted by its own role",
    ),
    Role(
        "zookeeper",
        "brokers register in ZooKeeper, so the ensemble comes first (POM-KAFKA-07)",
        carries("zookeeper"),
        zookeeper_files,
        "one node at a time, the leader last",
    ),
    Role(
        "kafka",
        "needs the ensemble in quorum (POM-KAFKA-07)",
        carries("kafka"),
        kafka_files,
        "one broker at a time, the controller last",
    ),
    Role(
        "pom_database",
        "needs its certificate; independent of Kafka",
        carries("pom_database"),
        pom_database_files,
        "only where a parameter needs it, and never under running POM services (POM-DB-13)",
    ),
)


def build_plan(model: Mapping[str, Any]) -> Plan:
    hosts = model["hosts"]
    steps: list[Step] = []
    for role in ROLES:
        members = tuple(name for name in hosts if role.for_host(hosts[name]))
        if members:
            steps.append(Step(len(steps) + 1, role.name, members, role.why, role.restarts))
    return Plan(
        site=model["site"],
        steps=tuple(steps),
        hosts=tuple(plan_of_host(host, model["connections"]) for host in hosts.values()),
        connections=tuple(dict(connection) for connection in model["connections"]),
        by_hand=(),
        warnings=tuple(model.get("warnings", ())),
    )


def plan_of_host(host: Mapping[str, Any], connections: Sequence[Mapping[str, Any]]) -> HostPlan:
    roles = [role for role in ROLES if role.for_host(host)]
    units = tuple(probe["unit"] for probe in host["probes"] if probe["kind"] == "unit")
    ports = sorted(
        {
            (connection["port"], connection["protocol"], connection["purpose"])
            for connection in connections
            if connection["to"] == host["name"]
        }
    )
    return HostPlan(
        name=host["name"],
        fqdn=host["fqdn"],
        address=host["address"],
        data_center=host["data_center"],
        components=tuple(host["components"]),
        roles=tuple(role.name for role in roles),
        files=(
            *(file for role in roles for file in role.files(host["inputs"])),
            *(start_record(unit) for unit in recorded_units(host)),
        ),
        services=units,
        listens=tuple(f"{port}/{protocol} {purpose}" for port, protocol, purpose in ports),
    )


def recorded_units(host: Mapping[str, Any]) -> list[str]:
    return [probe["unit"] for probe in host["probes"] if probe["kind"] == "unit" and probe["component"] in ("zookeeper", "kafka")]


def start_record(unit: str) -> File:
    return File(f"/etc/systemd/system/{unit}.service.d/50-dialtone.conf", "records what the service was started with")


# --- text ---------------------------------------------------------------------------------------------------------


def render_plan(plan: Plan, width: int = WIDTH) -> str:
    lines = [f"Plan for site {plan.site}: {len(plan.hosts)} hosts. No host was asked."]
    lines += ["", "Order"]
    for step in plan.steps:
        lines += paragraph(f"{step.number}. {step.role}", f"on {', '.join(step.hosts)}", width)
        lines += paragraph("", f"Why here: {step.why}.", width)
        lines += paragraph("", f"Restarts: {step.restarts}.", width)
    lines += ["", "Hosts"]
    for host in plan.hosts:
        lines += paragraph(
            host.name,
            f"{host.fqdn}, {host.address}, data center {host.data_center}: {', '.join(host.components) or 'no component'}",
            width,
        )
        lines += paragraph("  roles", ", ".join(host.roles), width)
        if host.services:
            lines += paragraph("  services", ", ".join(host.services), width)
        for number, listening in enumerate(host.listens):
            lines += paragraph("" if number else "  listens", listening, width)
        for number, file in enumerate(host.files):
            lines += paragraph("" if number else "  files", f"{file.path}  ({file.purpose})", width)
    lines += ["", "Connections between hosts"]
    lines += [line for group in grouped_connections(plan.connections) for line in paragraph(*group, width)] or ["  none"]
    lines += ["", "By hand"]
    lines += [f"  {step}" for step in plan.by_hand] or ["  nothing"]
    return "\n".join(line.rstrip() for line in lines)


def grouped_connections(connections: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """One line for each target and port: who connects there, and what for."""
    sources: dict[tuple[str, str, int, str, str], list[str]] = {}
    for connection in connections:
        key = (connection["to"], connection["address"], connection["port"], connection["protocol"], connection["purpose"])
        sources.setdefault(key, []).append(connection["from"])
    return [
        (f"{target}:{port}", f"{address} {protocol}  from {', '.join(names)}  ({purpose})")
        for (target, address, port, protocol, purpose), names in sorted(sources.items())
    ]


def paragraph(name: str, words: str, width: int) -> list[str]:
    indent = 24
    return textwrap.wrap(
        words,
        width,
        initial_indent=f"  {name}".ljust(indent - 1) + " ",
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
