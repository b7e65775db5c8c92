# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a roll-out of a site will keep where, in which order, and what others must do for it.

Pure: from the site model alone, no host is asked.
"""

from __future__ import annotations

import csv
import io
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_layout import GROUP, OWNER, PomLayout
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.guided_steps import hand_rows, steps_of_model
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.licences import NOT_OBSERVABLE
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import is_managed
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.sizing import QUANTITIES

WIDTH = 100
MOST_HOSTS_NAMED = 8
PORT_COLUMNS = ("from", "from_address", "to", "to_address", "port", "protocol", "purpose", "source")

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
class Certificate:
    """What the certificate of a host must say, and the stores that it is handed to."""

    host: str
    subject: str
    dns_names: tuple[str, ...]
    ip_addresses: tuple[str, ...]
    stores: tuple[str, ...]


@dataclass(frozen=True)
class HandStep:
    """What a person does, with the values to type or to hand over."""

    number: int
    team: str
    data_center: str
    what: str
    values: dict[str, Any]
    source: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """The rows of ports, rt_sockets, licences, sizing, storage and kafka_disk are those of the model."""

    site: str
    data_centers: tuple[str, ...]
    steps: tuple[Step, ...]
    hosts: tuple[HostPlan, ...]
    ports: tuple[dict[str, Any], ...]
    certificates: tuple[Certificate, ...]
    by_hand: tuple[HandStep, ...]
    rt_sockets: tuple[dict[str, Any], ...]
    licences: tuple[dict[str, Any], ...]
    sizing: tuple[dict[str, Any], ...]
    storage: tuple[dict[str, Any], ...]
    kafka_disk: tuple[dict[str, Any], ...]
    checked_in_preflight: tuple[dict[str, Any], ...]
    warnings: tuple[Any, ...]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def carries(*components: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda host: any(
        component in host["components"] and component not in host.get("described", ()) for component in components
    )


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
        File(export["path"], export_purpose(export))
        for export in inputs.get("trust_exports", ())
    ]


def export_purpose(export: Mapping[str, str]) -> str:
    if export["format"] == "pkcs12":
        return "key, certificate and CA, which POM's installer imports"
    return f"{export['format'].replace('_', ' ')} for {export['owner']}"


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


def pom_server_files(inputs: Inputs) -> list[File]:
    layout = PomLayout(inputs["pom_server_home"])
    files = [
        File(f"{layout.home}/", f"POM, by the vendor's installer: {', '.join(inputs['pom_server_packages'])}"),
        File(layout.keystore, "POM's key and certificate, imported by the vendor's installer"),
        File(layout.truststore, "whom POM trusts: the site's CA and what the inventory names"),
    ]
    if inputs["pom_server_create_schema"]:
        files.append(File(layout.database, "how POM reaches its database, saved by the vendor's program"))
    return files


def nfs_server_files(inputs: Inputs) -> list[File]:
    purpose = "shared by the POM servers, owned by POM's account"
    shared = [File(f"{export['path']}/", purpose) for export in inputs["nfs_server_exports"]]
    return [File("exports of the NFS server", "to exactly the POM servers"), *shared]


def pom_directories_files(inputs: Inputs) -> list[File]:
    mounts = [File(mount["path"], f"mounted from {mount['export']}") for mount in inputs["pom_directories_mounts"]]
    owner, mode = f"{OWNER}:{GROUP}", inputs["pom_directories_splitter_mode"]
    sources = [File(f"{path}/", f"read by the splitter: {owner}, {mode}") for path in inputs["pom_directories_splitter_sources"]]
    return ([File("/etc/fstab", "an entry for each mount")] if mounts else []) + mounts + sources


def app_server_files(inputs: Inputs) -> list[File]:
    return [
        File("Tomcat's webapps/ and lib/", f"applications and libraries of POM, from {inputs['app_server_primary']}"),
        File("Tomcat's conf/server.xml", "the HTTPS connector; the rest of the file stays"),
        File("keystore of the connector", "key and certificate of the host, and whom the applications trust"),
        File("Tomcat's bin/catalina.sh", "marked block: TLS 1.2 of outgoing connections"),
    ]


ROLES = (
    Role("host", "names, time and limits are what every later step relies on", is_managed, host_files, "nothing"),
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
        "pom_database",
        "needs its certificate; POM makes its schema there",
        carries("pom_database"),
        pom_database_files,
        "only where a parameter needs it, and never under running POM services (POM-DB-13)",
    ),
    Role(
        "pom_server",
        "imports the certificate, and lays down the tree of Kafka; the primary first (POM-AUX-01)",
        lambda host: "pom_server_kind" in host["inputs"],
        pom_server_files,
        "POM once its installation is whole; then one server at a time, the primary first (POM-SVC-04)",
    ),
    Role(
        "nfs_server",
        "the POM servers mount from it",
        carries("nfs_server"),
        nfs_server_files,
        "the NFS server where its exports change; clients wait meanwhile",
    ),
    Role(
        "pom_directories",
        "imports of several servers meet in one archive; before POM starts, so that nothing lies below a mount (POM-DIR-07)",
        lambda host: "pom_directories_home" in host["inputs"],
        pom_directories_files,
        "nothing",
    ),
    Role(
        "app_server",
        "its applications come with POM's installation on the primary (POM-APP-01, POM-APP-03)",
        lambda host: "app_server_primary" in host["inputs"],
        app_server_files,
        "one application server at a time, each until its applications answer",
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
)


def build_plan(model: Mapping[str, Any]) -> Plan:
    hosts = model["hosts"]
    steps: list[Step] = []
    for role in ROLES:
        members = tuple(name for name in hosts if role.for_host(hosts[name]))
        if members:
            steps.append(Step(len(steps) + 1, role.name, members, role.why, role.restarts))
    tables = model.get("tables", {})
    ports = tuple(port_rows(model))
    arriving: dict[str, list[Mapping[str, Any]]] = {}
    for row in ports:
        arriving.setdefault(row["to"], []).append(row)
    return Plan(
        site=model["site"],
        data_centers=tuple(model["data_centers"]),
        steps=tuple(steps),
        hosts=tuple(plan_of_host(host, arriving.get(name, [])) for name, host in hosts.items()),
        ports=ports,
        certificates=tuple(certificates_of(hosts)),
        by_hand=tuple(hand_steps([*tables.get("prerequisites", ()), *hand_rows(steps_of_model(model))])),
        rt_sockets=tuple(tables.get("rt_sockets", ())),
        licences=tuple(tables.get("licences", ())),
        sizing=tuple(tables.get("sizing", ())),
        storage=tuple(tables.get("storage", ())),
        kafka_disk=tuple(tables.get("kafka_disk", ())),
        checked_in_preflight=tuple(model.get("checked_in_preflight", ())),
        warnings=tuple(model.get("warnings", ())),
    )


def port_rows(model: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Who opens a connection to whom, and where to: what a firewall request asks for."""
    hosts = model["hosts"]
    for connection in model["connections"]:
        yield {
            "from": connection["from"],
            "from_address": hosts[connection["from"]]["address"],
            "to": connection["to"],
            "to_address": connection["address"],
            "port": connection["port"],
            "protocol": connection["protocol"],
            "purpose": connection["purpose"],
            "source": list(connection["source"]),
        }
    tables = model.get("tables", {})
    for row in tables.get("outside", ()):
        yield {column: row[column] for column in PORT_COLUMNS}
    for row in tables.get("rt_sockets", ()):
        if row["port"] is None:  # no campaign needs it, so nobody had to state it
            continue
        yield {
            "from": row["cms"],
            "from_address": row["cms_address"],
            "to": row["pom_server"],
            "to_address": row["pom_server_address"],
            "port": row["port"],
            "protocol": "tcp",
            "purpose": row["purpose"],
            "source": list(row["source"]),
        }


def certificates_of(hosts: Mapping[str, Mapping[str, Any]]) -> Iterator[Certificate]:
    for host in hosts.values():
        inputs = host["inputs"]
        if "trust_subject" in inputs:
            yield Certificate(
                host["name"],
                inputs["trust_subject"],
                tuple(inputs["trust_dns_names"]),
                tuple(inputs["trust_ip_addresses"]),
                tuple(export["path"] for export in inputs.get("trust_exports", ())),
            )


def hand_steps(rows: Iterable[Mapping[str, Any]]) -> Iterator[HandStep]:
    """What others do beforehand, then what is done in the console while the site is rolled out."""
    for number, row in enumerate(rows, start=1):
        yield HandStep(
            number, row["team"], row["data_center"], row["subject"], dict(row["values"]), tuple(row["source"])
        )


def plan_of_host(host: Mapping[str, Any], arriving: Sequence[Mapping[str, Any]]) -> HostPlan:
    roles = [role for role in ROLES if role.for_host(host)]
    units = [probe["unit"] for probe in host["probes"] if probe["kind"] == "unit"]
    units += [service["unit"] for probe in host["probes"] if probe["kind"] == "pom_service" for service in probe["services"]]
    ports = sorted({(row["port"], row["protocol"], row["purpose"]) for row in arriving})
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
        services=tuple(dict.fromkeys(units)),
        listens=tuple(f"{port}/{protocol} {purpose}" for port, protocol, purpose in ports),
    )


def recorded_units(host: Mapping[str, Any]) -> list[str]:
    return [probe["unit"] for probe in host["probes"] if probe["kind"] == "started_with"]


def start_record(unit: str) -> File:
    return File(f"/etc/systemd/system/{unit}.service.d/50-dialtone.conf", "records what the service was started with")


# --- text ---------------------------------------------------------------------------------------------------------


def render_plan(plan: Plan, width: int = WIDTH) -> str:
    """The whole plan."""
    sections = [
        [f"Plan for site {plan.site}: {_counted(len(plan.hosts), 'host')}. No host was asked."],
        ["Order", *(line for step in plan.steps for line in _step(step, width))],
        ["Hosts", *(line for host in plan.hosts for line in _host(host, width))],
        ["Connections", *_or_none(line for group in grouped_ports(plan.ports) for line in paragraph(*group, width))],
        ["By hand and by others", *_or_none(line for step in plan.by_hand for line in _hand_step(step, width))],
        ["RT sockets", *_or_none(line for row in plan.rt_sockets for line in _rt_socket(row, width))],
        ["Certificates", *_or_none(line for certificate in plan.certificates for line in _certificate(certificate, width))],
        ["Licences", *_or_none(_licences(plan.licences, width))],
        ["Sizing", *_or_none(line for table in plan.sizing for line in _sizing(table, width))],
        ["Storage of the database", *_or_none(line for table in plan.storage for line in _storage(table, width))],
        ["Disk of Kafka", *_or_none(line for table in plan.kafka_disk for line in _kafka_disk(table, width))],
        *([["Advice and waivers", *_notes(plan.warnings, width)]] if plan.warnings else []),
        *([["Checked in preflight", *_notes(plan.checked_in_preflight, width)]] if plan.checked_in_preflight else []),
    ]
    return "\n\n".join("\n".join(line.rstrip() for line in lines) for lines in sections)


def render_summary(plan: Plan, width: int = WIDTH) -> str:
    """What fits a terminal: the order, a line a host, and how much of everything else there is."""
    lines = [f"Plan for site {plan.site}: {_counted(len(plan.hosts), 'host')}. No host was asked.", "", "Order"]
    for step in plan.steps:
        on = ", ".join(step.hosts) if len(step.hosts) <= MOST_HOSTS_NAMED else _counted(len(step.hosts), "host")
        lines += paragraph(f"{step.number}. {step.role}", f"on {on}; restarts {step.restarts}", width)
    lines += ["", "Hosts"]
    for host in plan.hosts:
        components = ", ".join(host.components) or "no component"
        lines += paragraph(host.name, f"{host.data_center}  {host.address}  {components}", width)
    lines += ["", "Also in the plan", *(line for name, words in overview(plan) for line in paragraph(name, words, width))]
    return "\n".join(line.rstrip() for line in lines)


def overview(plan: Plan) -> list[tuple[str, str]]:
    """How much of everything there is, for the summary and the head of the page."""
    teams = list(dict.fromkeys(step.team for step in plan.by_hand))
    short = below_minimum(plan)
    sized = sum(len(table["hosts"]) for table in plan.sizing)
    found = [
        ("connections", f"{_counted(len(plan.ports), 'row')} for the firewall request"),
        ("certificates", f"{_counted(len(plan.certificates), 'certificate')} to be issued"),
        ("by hand", f"{_counted(len(plan.by_hand), 'step')}: {', '.join(teams)}" if teams else "nothing"),
        ("RT sockets", f"{_counted(len(plan.rt_sockets), 'session')}" if plan.rt_sockets else ""),
        ("licences", "; ".join(f"{row['total']} {row['licence']}" for row in plan.licences)),
        ("sizing", f"{_counted(sized, 'server')}, {_counted(short, 'figure')} below the minimum" if sized else ""),
        ("advice", f"{_counted(len(plan.warnings), 'finding')} advised or waived" if plan.warnings else ""),
    ]
    return [(name, words) for name, words in found if words]


def below_minimum(plan: Plan) -> int:
    """How many stated figures are below what the tables ask for, ports included."""
    of_hosts = [amount for table in plan.sizing for row in table["hosts"] for amount in row["headroom"].values()]
    of_ports = [table["ports"]["headroom"] for table in plan.sizing if table["ports"]]
    return sum(amount < 0 for amount in of_hosts + of_ports)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _or_none(lines: Iterator[str]) -> list[str]:
    return list(lines) or ["  none"]


def _step(step: Step, width: int) -> Iterator[str]:
    yield from paragraph(f"{step.number}. {step.role}", f"on {', '.join(step.hosts)}", width)
    yield from paragraph("", f"Why here: {step.why}.", width)
    yield from paragraph("", f"Restarts: {step.restarts}.", width)


def _host(host: HostPlan, width: int) -> Iterator[str]:
    yield from paragraph(
        host.name,
        f"{host.fqdn}, {host.address}, data center {host.data_center}: {', '.join(host.components) or 'no component'}",
        width,
    )
    yield from paragraph("  roles", ", ".join(host.roles), width)
    if host.services:
        yield from paragraph("  services", ", ".join(host.services), width)
    for number, listening in enumerate(host.listens):
        yield from paragraph("" if number else "  listens", listening, width)
    for number, file in enumerate(host.files):
        yield from paragraph("" if number else "  files", f"{file.path}  ({file.purpose})", width)


def _hand_step(step: HandStep, width: int) -> Iterator[str]:
    yield from paragraph(f"{step.number}. {step.team}", f"[ ] {step.what} ({step.data_center})", width)
    for name, value in step.values.items():
        yield from paragraph("", f"    {name}: {value_words(value)}", width)


def _rt_socket(row: Mapping[str, Any], width: int) -> Iterator[str]:
    role = f" ({row['cms_role']})" if row["cms_role"] else ""
    to = f"{row['pom_server']} {row['pom_server_address']}, {session_words(row)}"
    yield from paragraph(row["cms"], f"{row['cms_address']}{role} to {to}", width)


def session_words(row: Mapping[str, Any]) -> str:
    return f"{'no port stated' if row['port'] is None else row['port']}, format {row['format']}"


def _certificate(certificate: Certificate, width: int) -> Iterator[str]:
    names = ", ".join((*certificate.dns_names, *certificate.ip_addresses))
    yield from paragraph(certificate.host, f"{certificate.subject} for {names}", width)
    for store in certificate.stores:
        yield from paragraph("", store, width)


def _licences(rows: Sequence[Mapping[str, Any]], width: int) -> Iterator[str]:
    for row in rows:
        yield from paragraph(str(row["total"]), f"{row['licence']}: {row['arithmetic']}", width)
    if rows:
        yield from paragraph("", f"{NOT_OBSERVABLE[0].upper()}{NOT_OBSERVABLE[1:]}.", width)


def _sizing(table: Mapping[str, Any], width: int) -> Iterator[str]:
    yield from paragraph(table["data_center"], f"{table['load']}; profile {table['profile'] or 'none'}", width)
    if table["ports"]:
        ports = table["ports"]
        yield from paragraph("  ports", f"needed {ports['needed_arithmetic']}; usable {ports['usable_arithmetic']}", width)
    for row in table["hosts"]:
        figures = ", ".join(_figure(row, name) for name in row["required"])
        yield from paragraph(f"  {row['host']}", f"at least {figures}{'' if row['headroom'] else '; none of it stated'}", width)


def _figure(row: Mapping[str, Any], name: str) -> str:
    least = QUANTITIES[name].words(row["required"][name])
    return f"{least} ({row['stated'][name]:g} stated)" if name in row["stated"] else least


def _storage(table: Mapping[str, Any], width: int) -> Iterator[str]:
    about = f"{table['engine']} on {table['platform']}, {table['size_gb']} GB"
    yield from paragraph(table["host"] or table["data_center"], about, width)
    for volume in table["volumes"]:
        yield from paragraph("", f"{volume['volume']}  {volume['size_gb']:g} GB  {volume['purpose']} ({volume['rule']})", width)


def _kafka_disk(table: Mapping[str, Any], width: int) -> Iterator[str]:
    yield from paragraph(table["data_center"], f"{table['per_broker_gb']:g} GB a broker: {table['arithmetic']}", width)
    for estimate in table["estimates"]:
        yield from paragraph("", f"{estimate['name']}: {estimate['arithmetic']}", width)


def _notes(notes: Sequence[Any], width: int) -> Iterator[str]:
    for note in notes:
        yield from paragraph(note_place(note), note_words(note), width)


def note_place(note: Any) -> str:
    return str(note.get("path", "")) if isinstance(note, Mapping) else ""


def note_words(note: Any) -> str:
    """A finding in one sentence; one that is waived says until when and why."""
    if not isinstance(note, Mapping):
        return str(note)
    waiver = note.get("waiver")
    hosts = f" on {', '.join(note['hosts'])}" if note.get("hosts") else ""
    waived = f" Waived until {waiver['until']}: {waiver['reason']}" if waiver else ""
    return f"{note.get('found', '')}{hosts}; expected {note.get('expected', '')}.{waived}"


def value_words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def grouped_ports(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """One line for each target and port: who connects there, and what for."""
    sources: dict[tuple[str, str, int, str, str], list[str]] = {}
    for row in rows:
        key = (row["to"], row["to_address"], row["port"], row["protocol"], row["purpose"])
        sources.setdefault(key, []).append(row["from"])
    return [
        (f"{target}:{port}", f"{address} {protocol}  from {', '.join(names)}  ({purpose})")
        for (target, address, port, protocol, purpose), names in sorted(sources.items())
    ]


def ports_csv(plan: Plan) -> str:
    """Ready to paste into a firewall request: one row for each pair of hosts and port."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(PORT_COLUMNS)
    for row in plan.ports:
        writer.writerow(" ".join(row[column]) if column == "source" else row[column] for column in PORT_COLUMNS)
    return stream.getvalue()


def paragraph(name: str, words: str, width: int) -> list[str]:
    """A name in the margin and its words beside it; a name that is too long for the margin stands on a line of its own."""
    indent = 24
    heading = f"  {name}"
    wrapped = textwrap.wrap(
        words,
        width,
        initial_indent=" " * indent,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    if len(heading) >= indent:
        return [heading, *wrapped]
    return [heading.ljust(indent) + wrapped[0][indent:], *wrapped[1:]] if wrapped else [heading]
