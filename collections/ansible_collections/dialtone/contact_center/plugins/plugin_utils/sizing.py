# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the hosts of a data center have to be made of, and whether they are: on paper, or measured.

The figures stand in schemas/sizing and nowhere else. They are minimum configurations (POM-SIZE-01 to POM-SIZE-10).
"""

from __future__ import annotations

import functools
import itertools
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import REFUSE, WARN
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import schema_directory
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.waivers import in_force

MB_IN_GB = 1024
KB_IN_GB = 1024 * 1024
BYTES_IN_GB = 10**9

# Firmware and kernel keep some of the memory that a host was given: MemTotal of 32 GB is between 30 and 31.5 GB.
MEASURED_MEMORY_SHARE = 15 / 16
# Of a disk of 500 GB, boot and swap partitions and the filesystem's own tables are not seen as size of the filesystems.
MEASURED_DISK_SHARE = 0.9

EPM, MPP, DATABASE, APPLICATION = "epm", "mpp", "pom_database", "app_server"
KIND_OF_COMPONENT = {
    "epm_primary": EPM,
    "epm_auxiliary": EPM,
    "pom_database": DATABASE,
    "app_server": APPLICATION,
}
KIND_NAMES = {
    EPM: "EPM/POM server",
    MPP: "media processing platform",
    DATABASE: "database server",
    APPLICATION: "application server",
}
LARGEST_LOCAL = 100  # up to here the database and the application server stand on the EPM server


@dataclass(frozen=True)
class Quantity:
    """What is counted of a machine: the word that a person states it with, and how many of the word's units make one."""

    noun: str
    unit: str
    word: str
    units: int = 1

    def words(self, amount: float) -> str:
        return f"{amount:g} {self.unit}"


QUANTITIES: Mapping[str, Quantity] = {
    "cpu_cores": Quantity("logical CPUs", "logical CPUs", "sizing_cpu_cores"),
    "cpu_mhz": Quantity("clock", "MHz", "sizing_cpu_mhz"),
    "memory_gb": Quantity("memory", "GB of memory", "sizing_memory_mb", MB_IN_GB),
    "disk_gb": Quantity("disk", "GB of disk", "sizing_disk_gb"),
    "root_disk_gb": Quantity("root filesystem", "GB of root filesystem", "sizing_root_disk_gb"),
    "reserved_cpu_mhz": Quantity("reserved processor", "MHz reserved", "vmware_cpu_reservation_mhz"),
    "reserved_memory_gb": Quantity("reserved memory", "GB of memory reserved", "vmware_memory_reservation_mb", MB_IN_GB),
    "ports": Quantity("ports", "ports", "sizing_mpp_servers"),
}
MEASURABLE = ("cpu_cores", "memory_gb", "disk_gb", "root_disk_gb")
ADVISED = ("cpu_mhz", "ports")  # a faster generation has a lower clock; what counts of ports is their sum


@dataclass(frozen=True)
class Load:
    """What a data center has to carry."""

    agents: int
    notification_ports: int = 0
    jobs: int | None = None
    telephony: bool = True
    email_campaigns: bool = False
    local_mpp_ports: int = 0
    ports_override: bool = False

    @property
    def capacity(self) -> int:
        return self.agents + self.notification_ports

    @property
    def row(self) -> dict[str, int]:
        """The sum is read as agents where both are stated: no table has a row for both (T-011)."""
        if self.agents:
            return {"agents": self.capacity, "notification_ports": 0}
        return {"agents": 0, "notification_ports": self.notification_ports}

    def words(self) -> str:
        parts = [f"{self.agents} agents"] if self.agents else []
        if self.notification_ports:
            parts.append(f"{self.notification_ports} notification ports")
        return " and ".join(parts) or "no agents and no ports"


@dataclass(frozen=True)
class Machine:
    """A server as it was stated; what is not in `amounts` was not stated."""

    name: str
    kinds: tuple[str, ...]
    amounts: Mapping[str, float] = field(default_factory=dict)

    def __getitem__(self, quantity: str) -> float | None:
        return self.amounts.get(quantity)


@dataclass(frozen=True)
class Verdict:
    """One thing that does not fit. Without a machine it is about the data center."""

    rule: str
    severity: str
    word: str
    found: str
    expected: str
    fix: str
    source: tuple[str, ...]
    machine: str = ""


# --- the tables ---------------------------------------------------------------------------------------------------


@functools.cache
def table(name: str) -> Mapping[str, Any]:
    path = schema_directory() / "sizing" / f"{name}.schema.json"
    return json.loads(path.read_text(encoding="utf-8"))


def _errors(schema: Mapping[str, Any], instance: Any) -> Iterator[Any]:
    from jsonschema import Draft202012Validator

    yield from Draft202012Validator(schema).iter_errors(instance)


def _fits(schema: Mapping[str, Any], instance: Any) -> bool:
    return next(_errors(schema, instance), None) is None


def row_of(table_name: str, instance: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    """The row of a table whose condition the instance meets: its name and its schema."""
    schema = table(table_name)
    for entry in schema["allOf"]:
        reference = entry["then"].get("$ref")
        if reference and _fits(entry["if"], instance):
            name = reference.rsplit("/", 1)[1]
            return name, schema["$defs"][name]
    return None


def mpp_location(load: Load) -> str:
    return "local" if load.local_mpp_ports and load.capacity <= LARGEST_LOCAL else "external"


@functools.lru_cache(maxsize=1024)
def profile_of(load: Load) -> tuple[str, Mapping[str, Any]] | None:
    return row_of("profiles", {"capacity": load.capacity, "mpp_location": mpp_location(load)})


@functools.lru_cache(maxsize=1024)
def hardware_of(kind: str, load: Load) -> Mapping[str, Any] | None:
    """The row for a database or application server in the table of its own."""
    found = row_of(kind, load.row)
    return found[1]["properties"] if found else None


def largest_capacity(load: Load) -> int:
    limits = table("profiles")["properties"]["capacity"]
    consented = load.ports_override and not load.agents
    return limits["x-maximum-with-consent"] if consented else limits["maximum"]


def figures(machine_schema: Mapping[str, Any]) -> list[dict[str, float]]:
    """The alternatives of a machine in a table, each as its minimum amounts."""
    if "anyOf" in machine_schema:
        return [amounts for alternative in machine_schema["anyOf"] for amounts in figures(alternative)]
    return [{name: limit["minimum"] for name, limit in machine_schema["properties"].items()}]


@functools.lru_cache(maxsize=1024)
def alternatives_for(kind: str, load: Load) -> Sequence[Mapping[str, float]]:
    """Minimum amounts of one machine of a kind; several where the tables offer several. Empty where no table knows the kind."""
    found = profile_of(load)
    if found is None:
        return []
    in_profile = found[1]["properties"].get(kind)
    if kind == APPLICATION and (row := hardware_of(kind, load)):
        in_row = figures(in_profile["items"])[0] if in_profile else {}
        reserved = {name: amount for name, amount in in_row.items() if name.startswith("reserved_")}
        alternatives = figures(row["server"])
        for amounts in alternatives if reserved else ():
            # No more memory can be reserved than the smaller alternative has.
            amounts |= {**reserved, "reserved_memory_gb": min(reserved["reserved_memory_gb"], amounts["memory_gb"])}
        return alternatives
    if kind == DATABASE and in_profile is None and (row := hardware_of(kind, load)):
        return figures(row["server"])
    if in_profile is None or "items" not in in_profile:
        return []
    amounts = figures(in_profile["items"])[0]
    if kind == EPM:
        amounts |= figures(table("root_disk"))[0]
    return [amounts]


def source_of(kind: str, load: Load) -> tuple[str, ...]:
    found = profile_of(load)
    in_profile = found is not None and kind in found[1]["properties"]
    sources = list(found[1]["x-source"]) if found and in_profile else []
    if kind in (DATABASE, APPLICATION):
        sources += table(kind)["x-source"]
    if kind == EPM:
        sources += table("root_disk")["x-source"]
    return tuple(sources)


def count_of(kind: str, load: Load) -> int:
    """How many machines of a kind a data center needs at least."""
    found = profile_of(load)
    if found is None or (kind == MPP and not load.telephony) or (kind == APPLICATION and not needs_app_servers(load)):
        return 0
    return found[1]["properties"].get(kind, {}).get("minItems", 0)


def needs_app_servers(load: Load) -> bool:
    return load.telephony or load.email_campaigns


# --- what is required ---------------------------------------------------------------------------------------------


def required(load: Load, hosts: Mapping[str, Sequence[str]]) -> dict[str, dict[str, Any]]:
    """For each host, by its components: alternatives of minimum amounts, what they are for, and the requirement ids.

    A host of several kinds needs the larger amount of each; up to 100 the EPM server's row holds all that is local to it.
    """
    found = profile_of(load)
    needed = {}
    for name, components in hosts.items():
        kinds = judged_kinds(kinds_of(components), load)
        if found is None or not kinds:
            continue
        combinations = itertools.product(*(alternatives_for(kind, load) for kind in kinds))
        needed[name] = {
            "profile": found[0],
            "kinds": list(kinds),
            "alternatives": [_largest(combination) for combination in combinations],
            "source": sorted({source for kind in kinds for source in source_of(kind, load)}),
        }
    return needed


def kinds_of(components: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(KIND_OF_COMPONENT[component] for component in components if component in KIND_OF_COMPONENT))


def judged_kinds(kinds: Sequence[str], load: Load) -> tuple[str, ...]:
    is_local = EPM in kinds and load.capacity <= LARGEST_LOCAL
    return (EPM,) if is_local else tuple(kinds)


def _largest(combination: Iterable[Mapping[str, float]]) -> dict[str, float]:
    amounts: dict[str, float] = {}
    for part in combination:
        for name, amount in part.items():
            amounts[name] = max(amount, amounts.get(name, 0))
    return amounts


def ports_needed(load: Load) -> int:
    return math.ceil(table("mpp_ports")["x-ports-per-agent"] * load.agents) + load.notification_ports


def usable_ports(mpp: Mapping[str, float]) -> int:
    """The ports of a platform that count: no more than its hardware carries."""
    schema = table("mpp_ports")
    branch = schema["then" if _fits(schema["if"], dict(mpp)) else "else"]
    limits = (branch["properties"]["ports"]["maximum"], schema["properties"]["ports"]["maximum"])
    return int(min(mpp.get("ports", 0), *limits))


def port_arithmetic(load: Load, mpps: Iterable[Machine]) -> dict[str, Any]:
    """The ports of a data center, with the arithmetic shown."""
    per_agent = table("mpp_ports")["x-ports-per-agent"]
    counted = {mpp.name: usable_ports(mpp.amounts) for mpp in mpps}
    usable = sum(counted.values()) + load.local_mpp_ports
    needed = ports_needed(load)
    terms = [str(ports) for ports in (*counted.values(), *([load.local_mpp_ports] if load.local_mpp_ports else []))]
    return {
        "needed": needed,
        "usable": usable,
        "headroom": usable - needed,
        "needed_arithmetic": f"{per_agent} × {load.agents} agents + {load.notification_ports} notification ports = {needed}",
        "usable_arithmetic": f"{' + '.join(terms)} = {usable}" if len(terms) > 1 else str(usable),
        "usable_per_mpp": counted,
        "source": table("mpp_ports")["x-source"],
    }


# --- judging what was stated --------------------------------------------------------------------------------------


def judge_described(load: Load, machines: Sequence[Machine]) -> list[Verdict]:
    """Everything that does not fit between the load of a data center and its machines as they were stated."""
    verdicts = judge_load(load)
    if not any(verdict.rule == "no-profile" for verdict in verdicts):
        verdicts += _judge_counts(load, machines)
        verdicts += _judge_hardware(load, machines)
        verdicts += _judge_placement(load, machines)
        if load.telephony:
            verdicts += _judge_ports(load, [machine for machine in machines if MPP in machine.kinds])
    return verdicts


def judge_load(load: Load) -> list[Verdict]:
    return [*_judge_capacity(load), *_judge_jobs(load)]


def _judge_capacity(load: Load) -> Iterator[Verdict]:
    profile = table("profiles")["properties"]["capacity"]
    largest = largest_capacity(load)
    if load.capacity < profile["minimum"]:
        yield Verdict(
            "no-profile", REFUSE, "sizing_agents", "0 agents and 0 notification ports",
            "agents or notification ports: without a load there is no profile",
            "write sizing_agents or sizing_notification_ports, or sizing_purpose: lab", ("POM-SIZE-01",),
        )  # fmt: skip
    elif load.capacity > largest:
        consent = f" (up to {profile['x-maximum-with-consent']} notification ports with sizing_ports_override: true)"
        may_consent = not load.agents and load.capacity <= profile["x-maximum-with-consent"]
        yield Verdict(
            "no-profile", REFUSE, "sizing_agents" if load.agents else "sizing_notification_ports", load.words(),
            f"at most {profile['maximum']} in a data center: no larger profile is documented" + (consent if may_consent else ""),
            "lower the number, or spread the load over further POM systems"
            + (", or consent with sizing_ports_override: true" if may_consent else ""),
            ("POM-SIZE-07", "T-009"),
        )  # fmt: skip
    elif load.agents and load.notification_ports:
        yield Verdict(
            "mixed-load", WARN, "sizing_notification_ports", load.words(),
            f"agents or ports: no table has a row for both, so Dialtone judges by their sum, {load.capacity}",
            "nothing, if the sum is what you want to be sized for; else ask the vendor's sizing tool", ("T-011",),
        )  # fmt: skip


def _judge_jobs(load: Load) -> Iterator[Verdict]:
    """Two tables give two limits: between them it is a warning, above both a refusal (T-006)."""
    profile, hardware = profile_of(load), hardware_of(DATABASE, load)
    if load.jobs is None or profile is None or hardware is None:
        return
    limits = sorted((profile[1]["properties"]["jobs"]["maximum"], hardware["jobs"]["maximum"]))
    if load.jobs > limits[0]:
        yield Verdict(
            "too-many-jobs", REFUSE if load.jobs > limits[1] else WARN, "sizing_jobs", str(load.jobs),
            f"at most {limits[0]} jobs at the same time with {load.words()}"
            + (f" (another table allows {limits[1]})" if limits[1] > limits[0] else ""),
            f"write sizing_jobs: {limits[0]} and run no more, or size for a larger profile",
            (*profile[1]["x-source"], "POM-SIZE-01", "T-006"),
        )  # fmt: skip


GROUP_OF_KIND = {EPM: "epm_auxiliary", DATABASE: "pom_database", APPLICATION: "app_server", MPP: "sizing_mpp_servers"}


def _judge_counts(load: Load, machines: Sequence[Machine]) -> Iterator[Verdict]:
    found = profile_of(load)
    if found is None:
        return
    name, profile = found
    for kind in KIND_NAMES:
        there = [machine for machine in machines if kind in machine.kinds]
        least, most = count_of(kind, load), profile["properties"].get(kind, {}).get("maxItems")
        where = GROUP_OF_KIND[kind]
        if most is not None and len(there) > most:
            yield Verdict(
                "beyond-profile", REFUSE, where, f"{_number(len(there), kind)} with {load.words()} and a local MPP",
                f"{most or 'none'}: the profile {name} is one server with everything on it",
                "write sizing_local_mpp_ports: 0 and the platforms in sizing_mpp_servers, or take the further servers out",
                tuple(profile["x-source"]),
            )  # fmt: skip
        elif len(there) < least:
            replaced = kind == MPP and _ports_make_up(profile, machines)
            yield Verdict(
                "too-few-servers", WARN if replaced else REFUSE, where, _number(len(there), kind),
                f"at least {least} for {load.words()} (profile {name})" + _or_ports(kind),
                f"add {least - len(there)} to {where}, or lower the load (sizing_agents, sizing_notification_ports)",
                tuple(profile["x-source"]),
            )  # fmt: skip


def _or_ports(kind: str) -> str:
    return ", or as many ports as they have" if kind == MPP else ""


def _number(count: int, kind: str) -> str:
    return f"{count} {KIND_NAMES[kind]}{'' if count == 1 else 's'}"


def _ports_make_up(profile: Mapping[str, Any], machines: Sequence[Machine]) -> bool:
    row = profile["properties"][MPP]
    ports = sum(usable_ports(machine.amounts) for machine in machines if MPP in machine.kinds)
    return ports >= row["minItems"] * row["items"]["properties"]["ports"]["minimum"]


def _judge_hardware(load: Load, machines: Sequence[Machine]) -> Iterator[Verdict]:
    for machine in machines:
        for kind in judged_kinds(machine.kinds, load):
            if kind == MPP and not load.telephony:
                continue
            yield from _judge_machine(load, machine, kind)


def _judge_machine(load: Load, machine: Machine, kind: str) -> Iterator[Verdict]:
    alternatives = alternatives_for(kind, load)
    if not alternatives:
        return
    needed = nearest_alternative(machine.amounts, alternatives)
    for name, amount in needed.items():
        stated = machine[name]
        if stated is None or stated >= amount:
            continue
        what = QUANTITIES[name]
        yield Verdict(
            "host-too-small", _severity(load, kind, name, stated), what.word, what.words(stated),
            f"at least {what.words(amount)} for {_article(KIND_NAMES[kind])} with {load.words()}{_other(alternatives, needed)}",
            _fix(machine, name, amount), source_of(kind, load), machine.name,
        )  # fmt: skip


def nearest_alternative(amounts: Mapping[str, float], alternatives: Sequence[Mapping[str, float]]) -> Mapping[str, float]:
    """The alternative that lacks the fewest things; where they are equal the last, which is the newer hardware."""
    return min(
        reversed(alternatives),
        key=lambda needed: sum(amounts[name] < least for name, least in needed.items() if name in amounts),
    )


def _severity(load: Load, kind: str, quantity: str, stated: float) -> str:
    if quantity in ADVISED:
        return WARN
    if kind == DATABASE and quantity == "memory_gb" and (row := hardware_of(kind, load)):
        older = figures(row["server"])[0]["memory_gb"]
        return WARN if stated >= older else REFUSE  # the two tables differ for up to 500 agents (T-007)
    separate_database_of_a_small_site = kind in (DATABASE, APPLICATION) and load.capacity <= LARGEST_LOCAL
    return WARN if separate_database_of_a_small_site else REFUSE


def _other(alternatives: Sequence[Mapping[str, float]], needed: Mapping[str, float]) -> str:
    others = [other for other in alternatives if other is not needed]
    return "".join(
        "; or " + " and ".join(QUANTITIES[name].words(other[name]) for name in ("cpu_cores", "memory_gb")) for other in others
    )


def _fix(machine: Machine, quantity: str, least: float) -> str:
    what = QUANTITIES[quantity]
    if MPP in machine.kinds:
        return f"give {machine.name} {what.words(least)} and write it in sizing_mpp_servers"
    if quantity == "root_disk_gb":
        return f"grow the disk and the root filesystem of {machine.name} (POM-VM-01), then write {what.word}: {least:g}"
    return f"give {machine.name} {what.words(least)} and write {what.word}: {least * what.units:g}, or lower sizing_agents"


def _article(noun: str) -> str:
    return ("an " if noun[0] in "aeiouE" else "a ") + noun


def _judge_placement(load: Load, machines: Sequence[Machine]) -> Iterator[Verdict]:
    if load.capacity <= LARGEST_LOCAL:
        return
    for machine in machines:
        if EPM not in machine.kinds:
            continue
        if DATABASE in machine.kinds:
            yield Verdict(
                "local-database", REFUSE, "pom_database", f"the database on the EPM server {machine.name} with {load.words()}",
                f"a server of its own above {LARGEST_LOCAL} agents or ports; on the POM server it is for laboratories",
                f"put another host into the group pom_database in place of {machine.name}", ("POM-DB-02", "T-015"), machine.name,
            )  # fmt: skip
        if APPLICATION in machine.kinds:
            yield Verdict(
                "local-app-server", WARN, "app_server",
                f"an application server on the EPM server {machine.name}, with {load.words()}",
                f"servers of their own above {LARGEST_LOCAL} agents or ports, as the profiles have them",
                f"put another host into the group app_server in place of {machine.name}",
                source_of(APPLICATION, load), machine.name,
            )  # fmt: skip
    if load.local_mpp_ports:
        yield Verdict(
            "local-mpp", WARN, "sizing_local_mpp_ports", f"{load.local_mpp_ports} with {load.words()}",
            f"platforms of their own above {LARGEST_LOCAL} agents or ports, as the profiles have them",
            "write sizing_local_mpp_ports: 0 and the platforms in sizing_mpp_servers", source_of(MPP, load),
        )  # fmt: skip


def _judge_ports(load: Load, mpps: Sequence[Machine]) -> Iterator[Verdict]:
    arithmetic = port_arithmetic(load, mpps)
    absolute = table("mpp_ports")["properties"]["ports"]["maximum"]
    for mpp in mpps:
        usable, configured = arithmetic["usable_per_mpp"][mpp.name], mpp["ports"] or 0
        if configured > usable:
            yield Verdict(
                "unusable-ports", WARN, "sizing_mpp_servers", f"{configured:g} ports on {mpp.name}",
                f"{usable}, what its hardware carries (500; 750 with 24 × 2900 MHz and 32 GB; never more than {absolute})",
                f"count on {usable} ports of {mpp.name}, or state its larger hardware", ("POM-SIZE-08", "T-013"), mpp.name,
            )  # fmt: skip
    if (mpps or load.local_mpp_ports) and arithmetic["headroom"] < 0:
        yield Verdict(
            "too-few-ports", REFUSE, "sizing_mpp_servers", f"{arithmetic['usable_arithmetic']} usable ports",
            f"at least {arithmetic['needed_arithmetic']}",
            f"add platforms with {-arithmetic['headroom']} ports to sizing_mpp_servers, or lower sizing_agents",
            ("POM-SIZE-08", "T-013"),
        )  # fmt: skip


# --- judging what was measured ------------------------------------------------------------------------------------


def judge_measured(host: str, requirement: Mapping[str, Any], facts: Mapping[str, float]) -> list[Verdict]:
    """Hold what the preflight measured against a host's requirement (an item of `required`).

    facts: cpu_cores, memory_kb (MemTotal), disk_bytes and root_disk_bytes (sizes of the filesystems); each may be absent.
    """
    measured = measured_amounts(facts)
    given = {name: amount / _share(name) for name, amount in measured.items()}
    needed = nearest_alternative(given, requirement["alternatives"])
    return [
        Verdict(
            "measured-too-small", REFUSE, QUANTITIES[name].word,
            f"{measured[name]:.1f} {QUANTITIES[name].unit}, measured on {host}",
            f"at least {QUANTITIES[name].words(needed[name])} (as measured: {needed[name] * _share(name):.1f})",
            f"give {host} {QUANTITIES[name].words(needed[name])}; for a laboratory write sizing_purpose: lab",
            tuple(requirement["source"]), host,
        )
        for name in MEASURABLE
        if name in needed and name in given and given[name] < needed[name]
    ]  # fmt: skip


def measured_faults(
    tables: Iterable[Mapping[str, Any]], host: str, output: str, waivers: Iterable[Mapping[str, Any]], today: date
) -> dict[str, list[str]]:
    """What the preflight's command printed of a host, held against the sizing tables of the site model, as sentences.

    `refused` is what is too small, `waived` what the site's site_waivers set aside today. A laboratory is not judged, nor is a
    host that no table knows. See `measured_facts` for the lines that are read.
    """
    facts, written = measured_facts(output), list(waivers)
    found: dict[str, list[str]] = {"refused": [], "waived": []}
    rows = [row for data_center in tables if data_center["purpose"] == "production" for row in data_center["hosts"]]
    for verdict in (verdict for row in rows if row["host"] == host for verdict in judge_measured(host, row, facts)):
        words = f"{verdict.found}; {verdict.expected}"
        waiver = in_force(written, verdict.rule, host, verdict.word, today)
        if waiver is None:
            found["refused"].append(f"{words}. {verdict.fix[0].upper()}{verdict.fix[1:]} ({', '.join(verdict.source)})")
        else:
            found["waived"].append(f"{words} ({', '.join(verdict.source)}): waived until {waiver.until}, because {waiver.reason}")
    return found


def measured_facts(output: str) -> dict[str, float]:
    """Lines such as dialtone_cpu_cores=24; what is not there, or not a number, was not measured."""
    words = dict(line.strip().split("=", 1) for line in output.splitlines() if line.startswith("dialtone_") and "=" in line)
    names = ("cpu_cores", "memory_kb", "disk_bytes", "root_disk_bytes")
    return {name: int(words[f"dialtone_{name}"]) for name in names if words.get(f"dialtone_{name}", "").isdigit()}


def measured_amounts(facts: Mapping[str, float]) -> dict[str, float]:
    units = {
        "cpu_cores": ("cpu_cores", 1),
        "memory_gb": ("memory_kb", KB_IN_GB),
        "disk_gb": ("disk_bytes", BYTES_IN_GB),
        "root_disk_gb": ("root_disk_bytes", BYTES_IN_GB),
    }
    return {name: facts[fact] / unit for name, (fact, unit) in units.items() if fact in facts}


def _share(quantity: str) -> float:
    shares = {"memory_gb": MEASURED_MEMORY_SHARE, "disk_gb": MEASURED_DISK_SHARE, "root_disk_gb": MEASURED_DISK_SHARE}
    return shares.get(quantity, 1)


# --- rows for the plan --------------------------------------------------------------------------------------------


def describe(load: Load, machines: Sequence[Machine], components: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The sizing of a data center for the plan: its profile, the ports, and a row for each host and platform."""
    found = profile_of(load)
    needed = required(load, components)
    mpps = [machine for machine in machines if MPP in machine.kinds]
    if load.telephony and (alternatives := alternatives_for(MPP, load)):
        row = {"kinds": [MPP], "alternatives": alternatives, "source": list(source_of(MPP, load))}
        needed |= {mpp.name: row for mpp in mpps}
    return {
        "load": load.words(),
        "profile": found[0] if found else "",
        "jobs_at_most": found[1]["properties"]["jobs"]["maximum"] if found else None,
        "ports": port_arithmetic(load, mpps) if load.telephony else None,
        "hosts": [_row(machine, needed[machine.name]) for machine in machines if machine.name in needed],
    }


def _row(machine: Machine, requirement: Mapping[str, Any]) -> dict[str, Any]:
    least = nearest_alternative(machine.amounts, requirement["alternatives"])
    return {
        "host": machine.name,
        "kinds": [KIND_NAMES[kind] for kind in requirement["kinds"]],
        "required": dict(least),
        "stated": dict(machine.amounts),
        "headroom": {name: machine.amounts[name] - amount for name, amount in least.items() if name in machine.amounts},
        "alternatives": [dict(amounts) for amounts in requirement["alternatives"]],
        "source": list(requirement["source"]),
    }


# --- from the words of an inventory -------------------------------------------------------------------------------


def load_of(words: Mapping[str, Any]) -> Load | None:
    """The load that the words of a data center state; None where no one stated how many agents there are."""
    if "sizing_agents" not in words:
        return None
    return Load(
        agents=words["sizing_agents"],
        notification_ports=words.get("sizing_notification_ports", 0),
        jobs=words.get("sizing_jobs"),
        telephony=not words.get("pom_nontelephony", False),
        email_campaigns="email" in words.get("pom_campaign_channels", ()),
        local_mpp_ports=words.get("sizing_local_mpp_ports", 0),
        ports_override=words.get("sizing_ports_override", False),
    )


def machine_of(name: str, components: Iterable[str], words: Mapping[str, Any]) -> Machine:
    stated = {
        quantity: words[what.word] / what.units
        for quantity, what in QUANTITIES.items()
        if quantity != "ports" and what.word in words
    }
    return Machine(name, kinds_of(components), stated)


def mpps_of(words: Mapping[str, Any]) -> list[Machine]:
    return [
        Machine(
            mpp["name"],
            (MPP,),
            {name: mpp[name] for name in ("cpu_cores", "cpu_mhz", "disk_gb", "ports") if name in mpp}
            | ({"memory_gb": mpp["memory_mb"] / MB_IN_GB} if "memory_mb" in mpp else {}),
        )
        for mpp in words.get("sizing_mpp_servers", [])
    ]
