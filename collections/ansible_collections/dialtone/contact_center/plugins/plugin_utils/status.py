# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The status of a site: what the probes of every host saw, held against the site model. Pure.

One row is one fact. Facts of a cluster (leader, controller, under-replicated partitions) are told once, not once per host.
"""

from __future__ import annotations

import posixpath
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.module_utils import pom_services
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.licences import NOT_OBSERVABLE
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import is_managed

OK, WARN, FAIL, UNKNOWN = "ok", "warn", "fail", "unknown"

# Worst first. A service that is known to be down outranks one that nobody could ask.
SEVERITY = (FAIL, UNKNOWN, WARN, OK)
EXIT_CODES = {OK: 0, WARN: 1, FAIL: 2, UNKNOWN: 3}
WORDS = {OK: "OK", WARN: "WARNING", FAIL: "CRITICAL", UNKNOWN: "UNKNOWN"}

FAIL_ON = {
    "warn": (FAIL, UNKNOWN, WARN),
    "unknown": (FAIL, UNKNOWN),
    "fail": (FAIL,),
    "never": (),
}

POM_SERVERS = ("epm_primary", "epm_auxiliary")
WHOLE_CLUSTER = ""
NOT_ASKED = "not asked"

TABLE_WIDTH = 100


@dataclass(frozen=True)
class Row:
    """host is '' where the fact belongs to the data center as a whole."""

    data_center: str
    host: str
    component: str
    what: str
    desired: str
    observed: str
    state: str
    since: str = ""
    detail: str = ""
    next_step: str = ""
    log: tuple[str, ...] = ()


@dataclass(frozen=True)
class HostStatus:
    name: str
    fqdn: str
    address: str
    data_center: str
    components: tuple[str, ...]
    state: str
    reachable: bool
    roles_held: tuple[str, ...] = ()
    certificate_days_left: int | None = None


@dataclass(frozen=True)
class Cluster:
    """The numbers of one data center. None: nobody could tell."""

    data_center: str
    ensemble_members: int = 0
    ensemble_serving: int | None = None
    leader: str | None = None
    brokers: int = 0
    brokers_registered: int | None = None
    controller: str | None = None
    topics: int | None = None
    partitions: int | None = None
    under_replicated: int | None = None
    under_min_in_sync: int | None = None
    certificate_days_left: int | None = None
    database_clients: int = 0
    database_reachable_from: tuple[str, ...] = ()


@dataclass(frozen=True)
class Status:
    site: str
    generated_at: str
    rows: tuple[Row, ...]
    hosts: tuple[HostStatus, ...]
    clusters: tuple[Cluster, ...]
    not_asked: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def state(self) -> str:
        return worst(row.state for row in self.rows)

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.state]

    @property
    def summary(self) -> str:
        told = {FAIL: "wrong", UNKNOWN: "unknown", WARN: "to watch", OK: "as they should be"}
        counted = ", ".join(f"{self.counts[state]} {told[state]}" for state in SEVERITY if self.counts.get(state))
        unreachable = [host.name for host in self.hosts if not host.reachable]
        lost = f"; unreachable: {', '.join(unreachable)}" if unreachable else ""
        return f"{WORDS[self.state]}: of {len(self.rows)} facts {counted}{lost}"

    def reaches(self, fail_on: str) -> bool:
        return self.state in FAIL_ON[fail_on]

    def to_dict(self) -> dict[str, Any]:
        return {
            "site": self.site,
            "generated_at": self.generated_at,
            "state": self.state,
            "exit_code": self.exit_code,
            "summary": self.summary,
            "counts": {state: self.counts.get(state, 0) for state in SEVERITY},
            "not_asked": list(self.not_asked),
            "advice": list(self.advice),
            "clusters": [asdict(cluster) for cluster in self.clusters],
            "hosts": [asdict(host) for host in self.hosts],
            "rows": [asdict(row) for row in self.rows],
        }


def worst(states: Iterable[str]) -> str:
    return min(states, key=SEVERITY.index, default=UNKNOWN)


def aggregate(
    model: Mapping[str, Any],
    observed: Mapping[str, Mapping[str, Any] | None],
    now: datetime,
    asked: Iterable[str] | None = None,
) -> Status:
    """observed: each host's result of node_probe, None or without 'probes' where there is none; asked: the hosts of --limit."""
    hosts = model["hosts"]
    asked_hosts = [name for name in hosts if asked is None or name in set(asked)]
    answers = {name: answers_of(observed.get(name)) for name in asked_hosts}
    rows: list[Row] = []
    clusters = []
    for data_center in model["data_centers"]:
        members = [name for name in asked_hosts if hosts[name]["data_center"] == data_center]
        if not members:
            continue
        cluster_rows, cluster = judge_cluster(model, data_center, {name: answers[name] for name in members})
        host_rows = [row for name in members for row in rows_of_host(hosts[name], observed.get(name), answers[name])]
        clusters.append(cluster)
        rows += sorted(cluster_rows + host_rows, key=lambda row: SEVERITY.index(row.state))
    return Status(
        site=model["site"],
        generated_at=now.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC"),
        rows=tuple(rows),
        hosts=tuple(describe_host(hosts[name], observed.get(name), answers[name], rows, clusters) for name in asked_hosts),
        clusters=tuple(clusters),
        not_asked=tuple(name for name in hosts if name not in answers and is_managed(hosts[name])),
        advice=(*(advice_of(warning) for warning in model.get("warnings", ())), *licences_advice(model)),
        counts=dict(Counter(row.state for row in rows)),
    )


def advice_of(warning: Any) -> str:
    if not isinstance(warning, Mapping):
        return str(warning)
    place = warning.get("host") or ", ".join(warning.get("hosts", ())) or warning.get("path", "")
    return ": ".join(str(part) for part in (place, warning.get("found") or warning.get("rule"), warning.get("fix")) if part)


def licences_advice(model: Mapping[str, Any]) -> list[str]:
    needed = [f"{row['total']} {row['licence']}" for row in model.get("tables", {}).get("licences", ())]
    return [f"licences: {', '.join(needed)} needed; {NOT_OBSERVABLE}"] if needed else []


def answers_of(result: Mapping[str, Any] | None) -> dict[str, Mapping[str, Any]]:
    return {probe["id"]: probe for probe in (result or {}).get("probes") or ()}


def describe_host(
    host: Mapping[str, Any],
    result: Mapping[str, Any] | None,
    answers: Mapping[str, Mapping[str, Any]],
    rows: Sequence[Row],
    clusters: Sequence[Cluster],
) -> HostStatus:
    cluster = next(cluster for cluster in clusters if cluster.data_center == host["data_center"])
    held = (("leader", cluster.leader), ("controller", cluster.controller))
    return HostStatus(
        name=host["name"],
        fqdn=host["fqdn"],
        address=host["address"],
        data_center=host["data_center"],
        components=tuple(host["components"]),
        state=worst(row.state for row in rows if row.host == host["name"]),
        reachable=is_reachable(result),
        roles_held=tuple(role for role, holder in held if holder == host["name"]),
        certificate_days_left=min(days_left(answers.values()), default=None),
    )


def is_reachable(result: Mapping[str, Any] | None) -> bool:
    return result is not None and not result.get("unreachable")


def days_left(probes: Iterable[Mapping[str, Any]]) -> list[int]:
    return [probe["facts"]["days_left"] for probe in probes if "days_left" in probe.get("facts", {})]


# --- one host -----------------------------------------------------------------------------------------------------


def rows_of_host(
    host: Mapping[str, Any], result: Mapping[str, Any] | None, answers: Mapping[str, Mapping[str, Any]]
) -> list[Row]:
    probes = host["probes"]
    if result is None or "probes" not in result:
        return [unanswered(host, result), *(row_of(host, probe, state=UNKNOWN, observed=NOT_ASKED) for probe in probes)]
    reached = Row(host["data_center"], host["name"], "host", "reachable", "yes", "yes", OK)
    return [reached] + [row_of_answer(host, probe, answers.get(probe["id"])) for probe in probes]


def unanswered(host: Mapping[str, Any], result: Mapping[str, Any] | None) -> Row:
    if is_reachable(result):
        observed, next_step = "no answer", "Read the message; run the same with -vvv."
        detail = str((result or {}).get("msg") or "the probes could not be run on this host")
    else:
        observed, next_step = "UNREACHABLE", f"Try: ansible {host['name']} -m ansible.builtin.ping; then the host's console."
        detail = str((result or {}).get("msg") or "the run lost this host before it could be asked")
    return Row(
        host["data_center"],
        host["name"],
        "host",
        "reachable",
        "yes",
        observed,
        UNKNOWN,
        detail=first_lines(detail),
        next_step=next_step,
    )


def row_of_answer(host: Mapping[str, Any], probe: Mapping[str, Any], answer: Mapping[str, Any] | None) -> Row:
    if answer is None:
        return row_of(host, probe, state=UNKNOWN, observed=NOT_ASKED)
    state = FAIL if not answer["ok"] else WARN if answer.get("warning") else OK
    facts = answer.get("facts") or {}
    return row_of(
        host,
        probe,
        state=state,
        observed=observed_words(probe, answer, facts),
        since=moment(facts.get("since", "")),
        detail=answer.get("reason") or answer.get("warning") or "",
        next_step=answer.get("next_step") or "",
        log=tuple(answer.get("log") or ()),
    )


def row_of(host: Mapping[str, Any], probe: Mapping[str, Any], **seen: Any) -> Row:
    what, desired = describe_probe(probe)
    return Row(host["data_center"], host["name"], probe.get("component") or probe["kind"], what, desired, **seen)


def describe_probe(probe: Mapping[str, Any]) -> tuple[str, str]:
    """(what, desired) of one probe of the site model."""
    return DESCRIPTIONS[probe["kind"]](probe)


def describe_zookeeper(probe: Mapping[str, Any]) -> tuple[str, str]:
    members = probe["expect_members"]
    identity = f"server {probe['expect_id']}" if probe.get("expect_id") else "server"
    return identity, "standalone" if members == 1 else f"one of {members}, in sync"


DESCRIPTIONS: Mapping[str, Callable[[Mapping[str, Any]], tuple[str, str]]] = {
    "unit": lambda probe: (f"service {probe['unit']}", "running"),
    "started_with": lambda probe: ("runs on what is on disk", "current"),
    "zookeeper": describe_zookeeper,
    "kafka": lambda probe: (f"broker {probe['broker_id']}", "in sync"),
    "certificate": lambda probe: ("certificate", f"over {probe.get('warn_days') or 60} days left"),
    "jar_version": lambda probe: (f"{probe.get('product') or 'kafka'} version", str(probe["expect"])),
    "postgresql": lambda probe: (f"database {probe['database']}", f"lets {probe['user']} in"),
    "pom_service": lambda probe: ("POM's services", f"{len(probe['services'])} as they should be"),
    "https": lambda probe: (f"applications of {probe.get('server_name') or probe['host']}", f"{len(probe['paths'])} answer"),
    "pom_directories": lambda probe: ("POM's directories", f"{len(probe['directories'])} as POM makes them"),
    "nfs_mount": lambda probe: (f"shared {posixpath.basename(probe['path'])}", f"from {probe['export']}"),
    "tcp_closed": lambda probe: (f"port {probe['port']}", "closed"),
    "anonymous_refused": lambda probe: (f"client without certificate on {probe['port']}", "refused"),
}


def observed_words(probe: Mapping[str, Any], answer: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    state = str(answer["state"]).replace("_", " ")
    kind = probe["kind"]
    if kind == "unit" and facts.get("restarts"):
        return f"{state}, restarted {facts['restarts']}x by systemd"
    if kind == "zookeeper" and facts.get("synced_followers") is not None:
        return f"{state}, {facts['synced_followers']} followers in sync"
    if kind == "certificate" and "days_left" in facts:
        return f"{facts['days_left']} days left" if facts["days_left"] >= 0 else f"expired {-facts['days_left']} days ago"
    if kind == "jar_version":
        return facts.get("version") or state
    if kind == "postgresql" and facts.get("method"):
        return f"{state} ({facts['method']})"
    if kind == "pom_service" and facts:
        return pom_words(facts)
    return state


def pom_words(facts: Mapping[str, Any]) -> str:
    """MASTER/RUNNING, as the page of POM Manager has it; a server with both roles is told how many it has of each."""
    well = sum(bool(one["well"]) for one in facts["services"])
    counted = f"{well} of {facts['of']} as they should be"
    roles = Counter(facts["roles"].values())
    if not roles:
        return f"{counted}, role not observable"
    if len(roles) > 1:
        said = ", ".join(f"{state} of {roles[state]}" for state in pom_services.ROLES)
    else:
        said = next(iter(roles))
        if any(one["state"] == pom_services.RUNNING for one in facts["services"]):
            said += f"/{pom_services.RUNNING}"
    return f"{said}, {counted}"


# --- what belongs to a data center as a whole ---------------------------------------------------------------------


def judge_cluster(
    model: Mapping[str, Any],
    data_center: str,
    answers: Mapping[str, Mapping[str, Mapping[str, Any]]],
) -> tuple[list[Row], Cluster]:
    components = model["data_centers"][data_center]["components"]
    parts = (
        judge_ensemble(data_center, components.get("zookeeper", ()), answers),
        judge_brokers(model, data_center, components.get("kafka", ()), answers),
        judge_certificates(data_center, answers),
        judge_database(model, data_center, components, answers),
        judge_pom(data_center, components, answers),
    )
    rows = [row for part, _numbers in parts for row in part]
    numbers: dict[str, Any] = {}
    for _rows, found in parts:
        numbers.update(found)
    return rows, Cluster(data_center=data_center, **numbers)


def answers_by_kind(
    answers: Mapping[str, Mapping[str, Mapping[str, Any]]],
    kind: str,
    hosts: Sequence[str],
) -> dict[str, Mapping[str, Any]]:
    return {host: answer for host in hosts for answer in answers.get(host, {}).values() if answer["kind"] == kind}


def judge_ensemble(
    data_center: str,
    members: Sequence[str],
    answers: Mapping[str, Mapping[str, Mapping[str, Any]]],
) -> tuple[list[Row], dict[str, Any]]:
    """answers holds the hosts asked: with --limit, what only the others could tell is left out."""
    asked = [host for host in members if host in answers]
    if not asked:
        return [], {}
    seen = answers_by_kind(answers, "zookeeper", asked)
    serving = [host for host, answer in seen.items() if answer["facts"].get("mode")]
    leaders = [host for host in serving if seen[host]["facts"]["mode"] in ("leader", "standalone")]
    silent = [host for host in asked if host not in seen]
    rows = []
    if asked == list(members):
        rows.append(judge_ensemble_size(data_center, members, serving, silent))
    if leaders or asked == list(members):
        rows.append(judge_leader(data_center, leaders, silent))
    return rows, {
        "ensemble_members": len(members),
        "ensemble_serving": len(serving) if asked == list(members) else None,
        "leader": leaders[0] if len(leaders) == 1 else None,
    }


def judge_ensemble_size(data_center: str, members: Sequence[str], serving: Sequence[str], silent: Sequence[str]) -> Row:
    lost = [host for host in members if host not in serving]
    return Row(
        data_center,
        WHOLE_CLUSTER,
        "zookeeper",
        "ensemble",
        f"{len(members)} serving",
        f"{len(serving)} serving",
        state=OK if not lost else UNKNOWN if lost == silent else FAIL,
        detail=f"not serving: {', '.join(lost)}; a quorum needs {len(members) // 2 + 1} of {len(members)}" if lost else "",
    )


def judge_leader(data_center: str, leaders: Sequence[str], silent: Sequence[str]) -> Row:
    def row(observed: str, state: str, detail: str = "", next_step: str = "") -> Row:
        return Row(data_center, WHOLE_CLUSTER, "zookeeper", "leader", "one", observed, state, detail=detail, next_step=next_step)

    if len(leaders) == 1:
        return row(leaders[0], OK)
    if leaders:
        return row(
            ", ".join(leaders),
            FAIL,
            f"{len(leaders)} servers each say that they lead: the ensemble is split",
            "Compare the server.N lines of all members.",
        )
    if silent:
        return row("none seen", UNKNOWN, f"no answer from {', '.join(silent)}")
    return row("none", FAIL, "no server leads: the ensemble serves no requests")


def judge_brokers(
    model: Mapping[str, Any],
    data_center: str,
    members: Sequence[str],
    answers: Mapping[str, Mapping[str, Mapping[str, Any]]],
) -> tuple[list[Row], dict[str, Any]]:
    asked = [host for host in members if host in answers]
    if not asked:
        return [], {}
    seen = {
        host: answer["facts"]
        for host, answer in answers_by_kind(answers, "kafka", members).items()
        if "controller_id" in answer["facts"]
    }

    def row(what: str, desired: str, observed: str, state: str, detail: str = "") -> Row:
        return Row(data_center, WHOLE_CLUSTER, "kafka", what, desired, observed, state, detail=detail)

    if not seen:
        state = FAIL if answers_by_kind(answers, "kafka", asked) else UNKNOWN
        return [row("cluster", f"{len(members)} in it", "no answer", state, f"no answer from {', '.join(asked)}")], {
            "brokers": len(members)
        }
    broker_hosts = {
        probe["broker_id"]: host for host in members for probe in model["hosts"][host]["probes"] if probe["kind"] == "kafka"
    }
    facts = next(
        (found for host, found in seen.items() if broker_hosts.get(found["controller_id"]) == host), next(iter(seen.values()))
    )
    registered = facts["brokers"]
    missing = sorted(set(broker_hosts) - set(registered))
    controllers = sorted({found["controller_id"] for found in seen.values()})
    names = [broker_hosts.get(broker, f"broker {broker}") for broker in controllers]
    counts = (
        ("under-replicated partitions", "under_replicated", "under_replicated_partitions"),
        ("under min.insync.replicas", "under_min_in_sync", "under_min_in_sync_partitions"),
        ("partitions without leader", "without_leader", ""),
    )
    rows = [
        row(
            "brokers",
            f"{len(broker_hosts)} registered",
            f"{len(registered)} registered",
            FAIL if missing else OK,
            f"not registered: {', '.join(broker_hosts[broker] for broker in missing)}" if missing else "",
        ),
        row(
            "controller",
            "one",
            ", ".join(names) if controllers[0] >= 0 else "none",
            OK if len(controllers) == 1 and controllers[0] >= 0 else FAIL,
            "the brokers name different controllers" if len(controllers) > 1 else "",
        ),
    ]
    for what, number, named in counts:
        found = facts[number]
        rows.append(row(what, "0", str(found), FAIL if found else OK, ", ".join(facts.get(named) or ()) if found else ""))
    return rows, {
        "brokers": len(members),
        "brokers_registered": len(registered),
        "controller": broker_hosts.get(controllers[0]) if len(controllers) == 1 else None,
        "topics": facts["topics"],
        "partitions": facts["partitions"],
        "under_replicated": facts["under_replicated"],
        "under_min_in_sync": facts["under_min_in_sync"],
    }


def judge_certificates(
    data_center: str,
    answers: Mapping[str, Mapping[str, Mapping[str, Any]]],
) -> tuple[list[Row], dict[str, Any]]:
    left = {host: min(found) for host, probes in answers.items() if (found := days_left(probes.values()))}
    if not left:
        return [], {}
    soonest = min(left, key=lambda host: left[host])
    judged = [probe for probe in answers[soonest].values() if probe["kind"] == "certificate"]
    state = FAIL if any(not probe["ok"] for probe in judged) else WARN if any(probe.get("warning") for probe in judged) else OK
    row = Row(
        data_center,
        WHOLE_CLUSTER,
        "trust",
        "first certificate to end",
        "not soon",
        f"{left[soonest]} days left ({soonest})",
        state,
    )
    return [row], {"certificate_days_left": left[soonest]}


def judge_database(
    model: Mapping[str, Any],
    data_center: str,
    components: Mapping[str, Sequence[str]],
    answers: Mapping[str, Mapping[str, Mapping[str, Any]]],
) -> tuple[list[Row], dict[str, Any]]:
    clients = [
        host
        for component in POM_SERVERS
        for host in components.get(component, ())
        if host in answers and any(probe["kind"] == "postgresql" for probe in model["hosts"][host]["probes"])
    ]
    if not clients:
        return [], {}
    seen = answers_by_kind(answers, "postgresql", clients)
    reached = [host for host in clients if host in seen and seen[host]["ok"]]
    cut_off = [host for host in clients if host not in reached]
    row = Row(
        data_center,
        WHOLE_CLUSTER,
        "pom_database",
        "reachable from POM servers",
        f"{len(clients)} of {len(clients)}",
        f"{len(reached)} of {len(clients)}",
        OK if not cut_off else FAIL if any(host in seen for host in cut_off) else UNKNOWN,
        detail=f"not from {', '.join(cut_off)}" if cut_off else "",
    )
    rows = [row, *judge_database_use(data_center, seen, answers_by_kind(answers, "pom_service", clients))]
    return rows, {"database_clients": len(clients), "database_reachable_from": tuple(reached)}


def judge_database_use(
    data_center: str, databases: Mapping[str, Mapping[str, Any]], services: Mapping[str, Mapping[str, Any]]
) -> list[Row]:
    """Whether the POM servers that run hold connections to the database: it may be reachable, and POM configured for another."""
    running = [host for host in databases if services.get(host, {}).get("ok")]
    if not running:
        return []
    counts = {host: int(databases[host]["facts"].get("connections", 0)) for host in running}
    idle = [host for host, count in counts.items() if not count]
    row = Row(
        data_center,
        WHOLE_CLUSTER,
        "pom_database",
        "in use by POM servers",
        f"{len(running)} of {len(running)}",
        f"{len(running) - len(idle)} of {len(running)}, {sum(counts.values())} connections",
        WARN if idle else OK,
        detail=f"POM runs on {', '.join(idle)} without a connection to the database" if idle else "",
    )
    return [row]


def judge_pom(
    data_center: str, components: Mapping[str, Sequence[str]], answers: Mapping[str, Mapping[str, Mapping[str, Any]]]
) -> tuple[list[Row], dict[str, Any]]:
    """Whether each elected service has one master: of those whose role every POM server of the data center tells."""
    servers = [host for component in POM_SERVERS for host in components.get(component, ())]
    seen = answers_by_kind(answers, "pom_service", servers)
    if not seen or len(seen) < len(servers):
        return [], {}
    roles = [answer["facts"].get("roles", {}) for answer in seen.values()]
    told = [name for name in roles[0] if all(name in of_host for of_host in roles)]
    masters = Counter(name for of_host in roles for name in told if of_host[name] == pom_services.MASTER)
    wrong = [f"{name}: {masters[name] or 'none'}" for name in told if masters[name] != 1]
    row = Row(
        data_center,
        WHOLE_CLUSTER,
        "pom_server",
        "master of each elected service",
        "one",
        "one" if not wrong else ", ".join(wrong),
        FAIL if wrong else OK,
        detail=f"number of masters of {', '.join(wrong)}" if wrong else "",
    )
    return [row] if told else [], {}


# --- text ---------------------------------------------------------------------------------------------------------


def moment(text: str) -> str:
    """systemd's 'Sat 2026-11-21 13:00:00 UTC' without the day of the week."""
    day, _space, rest = text.partition(" ")
    return rest if day.isalpha() else text


def first_lines(text: str, count: int = 3) -> str:
    return " ".join(line.strip() for line in text.strip().splitlines()[:count])


TABLE_COMPONENTS = {"kafka_distribution": "kafka"}
COLUMNS = (("STATE", 7), ("HOST", 14), ("COMPONENT", 18), ("WHAT", 28), ("OBSERVED", 30), ("DESIRED", 24))
STATE_WORDS = {OK: "ok", WARN: "warn", FAIL: "FAIL", UNKNOWN: "unknown"}


def render_table(status: Status, width: int = TABLE_WIDTH) -> str:
    """The status for a terminal, worst first in each data center; never wider than width."""
    lines = [*textwrap.wrap(f"Site {status.site}, {status.generated_at}", width), *textwrap.wrap(status.summary, width)]
    for cluster in status.clusters:
        rows = [row for row in status.rows if row.data_center == cluster.data_center]
        lines += ["", f"Data center {cluster.data_center}", *render_rows(rows, width)]
    if status.not_asked:
        lines += ["", *textwrap.wrap(f"Not asked (--limit): {', '.join(status.not_asked)}", width)]
    for advice in status.advice:
        lines += textwrap.wrap(f"Advice: {advice}", width, subsequent_indent="  ")
    return "\n".join(line.rstrip() for line in lines)


def render_rows(rows: Sequence[Row], width: int) -> list[str]:
    """A fact that nobody could ask is told by the row of its host alone."""
    rows = [row for row in rows if row.observed != NOT_ASKED]
    cells = [
        (
            STATE_WORDS[row.state],
            row.host or "-",
            TABLE_COMPONENTS.get(row.component, row.component),
            row.what,
            row.observed,
            row.desired,
        )
        for row in rows
    ]
    widths = fit(
        [max(len(line[column]) for line in [tuple(name for name, _most in COLUMNS), *cells]) for column in range(len(COLUMNS))],
        width,
    )
    lines = format_line([name for name, _most in COLUMNS], widths)
    for row, cell in zip(rows, cells):
        lines += format_line(cell, widths)
        if row.state != OK:
            for text in (row.detail, row.next_step and f"Next: {row.next_step}"):
                if text:
                    lines += textwrap.wrap(text, width, initial_indent="          ", subsequent_indent="          ")
    return lines


def fit(wanted: Sequence[int], width: int) -> list[int]:
    """Shrink the widest columns until all fit beside each other, two blanks between them and two in front."""
    widths = [min(most, want) for want, (_name, most) in zip(wanted, COLUMNS)]
    room = width - 2 * len(widths)
    while sum(widths) > room:
        widths[widths.index(max(widths))] -= 1
    return widths


def format_line(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    wrapped = [textwrap.wrap(cell, size) or [""] for cell, size in zip(cells, widths)]
    return [
        "  " + "  ".join((part[number] if number < len(part) else "").ljust(size) for part, size in zip(wrapped, widths))
        for number in range(max(len(part) for part in wrapped))
    ]
