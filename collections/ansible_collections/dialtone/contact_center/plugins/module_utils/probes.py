# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Probes: one question to one service of this node, and what the answer means. They only look."""

from __future__ import annotations

import difflib
import glob
import ipaddress
import os
import re
import socket
import ssl
import struct
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable

from ansible_collections.dialtone.contact_center.plugins.module_utils import (
    app_server,
    data_directory,
    java_keystore,
    kafka_cluster,
    kafka_protocol,
    libnfs,
    nfs_mounts,
    pom_directories,
    pom_services,
    postgresql_wire,
    properties,
    restart,
    zookeeper_admin,
)
from ansible_collections.dialtone.contact_center.plugins.module_utils.host_state import (
    DIGESTS_PATH,
    READS_DIRECTORY,
    Host,
    StateError,
)
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_layout import PomLayout
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_observer import Observer
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_server import PomServerError
from ansible_collections.dialtone.contact_center.plugins.module_utils.tls_client import (
    Identity,
    TlsError,
    connect,
    days_left,
    open_tcp,
)

LOG_LINES = 15
# A service that dies again and again says why before its last lines.
LOG_LINES_SEARCHED = 400
CAUSES_NAMED = 8
CAUSE = re.compile(r"\b(?:ERROR|FATAL|[\w.]*Exception|[\w.]*Error):?(?=[\s:])|Unrecognized VM option|Caused by:")
PAUSE_SECONDS = 0.5

Run = Callable[[Sequence[str]], tuple[int, str, str]]


class ProbeError(Exception):
    """A probe that cannot be asked as it is written."""


@dataclass(frozen=True)
class Context:
    """What every probe needs: the node's identity, a way to run programs, a time limit for one connection.

    The files of a node are below another root only in tests.
    """

    identity: Identity
    run: Run
    timeout: float = 5.0
    now: Callable[[], float] = time.time
    root: str = "/"


@dataclass(frozen=True)
class Observation:
    """What was seen. final: waiting cannot change it."""

    ok: bool
    state: str
    facts: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    warning: str = ""
    next_step: str = ""
    final: bool = False
    unit: str = ""  # whose journal explains it, where the probe names none


@dataclass(frozen=True)
class Kind:
    observe: Callable[[Mapping[str, Any], Context], Observation]
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    identity: tuple[str, ...] = ()


COMMON_KEYS = ("id", "kind", "component", "unit")


def check_probes(probes: Sequence[Mapping[str, Any]], identity: Identity) -> None:
    """Refuse what cannot be asked: an unknown kind, a missing or unknown key, the id of another probe, no identity."""
    seen = set()
    for number, probe in enumerate(probes, 1):
        name = str(probe.get("id") or f"number {number}")
        kind = probe.get("kind")
        if kind not in KINDS:
            raise ProbeError(f"probe {name}: kind {kind!r} is none of {', '.join(sorted(KINDS))}")
        allowed = set(KINDS[kind].required + KINDS[kind].optional + COMMON_KEYS)
        missing = [key for key in ("id", *KINDS[kind].required) if probe.get(key) in (None, "")]
        if missing:
            raise ProbeError(f"probe {name} of kind {kind} needs {', '.join(missing)}")
        for key in sorted(set(probe) - allowed):
            nearest = difflib.get_close_matches(key, sorted(allowed), 1)
            hint = f"; did you mean {nearest[0]}?" if nearest else f"; it may have: {', '.join(sorted(allowed))}"
            raise ProbeError(f"probe {name} of kind {kind} has the unknown key {key}{hint}")
        for option in KINDS[kind].identity:
            if not getattr(identity, option):
                raise ProbeError(f"probe {name} of kind {kind} connects over TLS and needs identity.{option}")
        if probe["id"] in seen:
            raise ProbeError(f"two probes have the id {probe['id']}")
        seen.add(probe["id"])


def observe(probe: Mapping[str, Any], context: Context) -> Observation:
    try:
        return KINDS[probe["kind"]].observe(probe, context)
    except TlsError as error:
        return Observation(
            ok=False,
            state=TLS_STATES.get(error.kind, error.kind),
            reason=str(error),
            next_step=TLS_NEXT_STEPS.get(error.kind, ""),
            final=error.kind == "identity",
        )
    except (kafka_protocol.KafkaError, zookeeper_admin.ZookeeperError, postgresql_wire.PostgresqlError) as error:
        return Observation(ok=False, state="unexpected_answer", reason=str(error))


def observe_all(
    probes: Sequence[Mapping[str, Any]],
    context: Context,
    wait_seconds: float = 0,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Observation]:
    """Ask every probe once, then again those that failed, until all are well, one of them cannot become so, or the time is up.

    Units are asked again too: one that had just started may have died meanwhile, and then waiting for its port is idle.
    """
    deadline = clock() + wait_seconds
    seen = [observe(probe, context) for probe in probes]
    while True:
        failing = [index for index, observation in enumerate(seen) if not observation.ok]
        if not failing or any(seen[index].final for index in failing) or clock() + PAUSE_SECONDS > deadline:
            return seen
        sleep(PAUSE_SECONDS)
        for index, probe in enumerate(probes):
            if index in failing or probe.get("kind") == "unit":
                seen[index] = observe(probe, context)


TLS_STATES = {
    "refused": "not_listening",
    "timeout": "timed_out",
    "name": "unresolved",
    "verify": "untrusted",
    "alert": "tls_refused",
    "identity": "no_identity",
}
TLS_NEXT_STEPS = {
    "refused": "See whether the service runs and on which port: systemctl status, ss -tlnp.",
    "timeout": "See whether the host answers, and whether a firewall lets this port through.",
    "silent": "The service hangs, or waits for another: a broker without ZooKeeper does. Read its log.",
    "verify": "The server's certificate is of another CA, has expired, or lacks this name: run the trust role for that host.",
    "alert": "The server refuses this node's certificate, or the two share no cipher suite: run the trust role on both hosts.",
    "identity": "The node's own identity is made by the trust role: run it for this host.",
    "name": "The name must be in /etc/hosts of this node: run the host role.",
}


# --- systemd unit -----------------------------------------------------------------------------------------------------

UNIT_PROPERTIES = (
    "LoadState",
    "ActiveState",
    "SubState",
    "Result",
    "ExecMainStatus",
    "ExecMainStartTimestamp",
    "ExecMainStartTimestampMonotonic",
    "ActiveEnterTimestamp",
    "NRestarts",
    "UnitFileState",
    "MainPID",
)


def parse_unit(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def judge_unit(unit: str, properties: Mapping[str, str]) -> Observation:
    """systemd's word alone: a unit that is active may still not serve, which is for the other probes to see."""
    active, sub = properties.get("ActiveState", "unknown"), properties.get("SubState", "unknown")
    enabled, exit_status = properties.get("UnitFileState", ""), properties.get("ExecMainStatus", "?")
    facts: dict[str, Any] = {
        "active_state": active,
        "sub_state": sub,
        "since": properties.get("ExecMainStartTimestamp") or properties.get("ActiveEnterTimestamp", ""),
        "started_monotonic": _number(properties.get("ExecMainStartTimestampMonotonic")),
        "restarts": _number(properties.get("NRestarts")),
        "enabled": enabled,
        "pid": _number(properties.get("MainPID")),
    }
    if properties.get("LoadState") != "loaded":
        state = properties.get("LoadState", "unknown").replace("-", "_")
        return Observation(
            ok=False,
            state=state,
            facts=facts,
            final=True,
            reason=f"there is no usable unit {unit} on this host (LoadState={state})",
            next_step=f"Run the role that installs {unit}, or correct the unit's name.",
        )
    if active == "active" and sub in ("running", "exited"):
        warning = ""
        if enabled in ("disabled", "masked"):
            warning = f"{unit} is {enabled}: it will not start at the next boot"
        return Observation(ok=True, state="running" if sub == "running" else "active", facts=facts, warning=warning)
    if active == "failed":
        return Observation(
            ok=False,
            state="failed",
            facts=facts,
            final=True,
            reason=f"{unit} has failed: result {properties.get('Result', '?')}, exit status {exit_status}",
            next_step=f"Read why: journalctl -u {unit}. Then: systemctl restart {unit}",
        )
    if sub == "auto-restart":
        return Observation(
            ok=False,
            state="restarting",
            facts=facts,
            reason=f"{unit} dies and is started again by systemd ({facts['restarts']} times, last exit status {exit_status})",
            next_step=f"Read why: journalctl -u {unit}",
        )
    state = {"inactive": "stopped", "activating": "starting", "deactivating": "stopping"}.get(active, active)
    return Observation(
        ok=False,
        state=state,
        facts=facts,
        reason=f"{unit} is {state} (systemd: {active}, {sub})",
        next_step=f"systemctl start {unit}",
    )


def observe_unit(probe: Mapping[str, Any], context: Context) -> Observation:
    unit = str(probe["unit"])
    rc, out, err = context.run(["systemctl", "show", "--property=" + ",".join(UNIT_PROPERTIES), "--", unit])
    if rc != 0:
        return Observation(ok=False, state="unknown", reason=f"systemctl show {unit} ended with {rc}: {err.strip()}")
    return judge_unit(unit, parse_unit(out))


# --- what a service was started with ----------------------------------------------------------------------------------

BROKER_KEYS = ("properties", "host", "port", "broker_id")


def observe_started_with(probe: Mapping[str, Any], context: Context) -> Observation:
    """Whether the running service needs a restart, and why. It serves either way, so a restart that is due is a warning."""
    name, label = str(probe["unit"]), str(probe["label"])
    host = Host(run=context.run, root=context.root)
    reads_path = os.path.join(READS_DIRECTORY, name)
    try:
        host.recall(DIGESTS_PATH)
        reads = host.observe_path(reads_path, read=True).content
        patterns = (reads or b"").decode("utf-8", "replace").splitlines()
        ((_item, unit),) = host.observe_units([{"name": name, "reads": patterns}])
        if not unit.running:
            return Observation(ok=True, state="stopped", facts={"reasons": []})
        if reads is None:
            return Observation(
                ok=True,
                state="unrecorded",
                facts={"reasons": []},
                warning=f"{reads_path} is missing: nobody knows what {label} reads, and whether it runs on what is on disk",
                next_step="Run playbooks/site.yml: it writes that list, and has each start recorded.",
            )
        wanted = _broker_properties(probe, host)
    except (StateError, OSError) as error:
        return Observation(ok=False, state="unreadable", reason=f"what {label} was started with cannot be seen: {error}")
    found = restart.causes(unit)
    if not wanted or any(cause.what in restart.WITHOUT_RECORD for cause in found):
        return judge_started_with(restart.in_words(found, unit, label), [], "not compared", restarting_playbook(name))
    try:
        running = _ask_broker_for(wanted, probe, context)
    except (TlsError, kafka_protocol.KafkaError) as error:
        return judge_started_with(restart.in_words(found, unit, label), [], f"not compared: {error}")
    path = str(probe["properties"])
    found = restart.without_online(found, path, kafka_cluster.runs_as_wanted(wanted, running))
    explained = {cause.key for cause in found if cause.path == path}
    # A difference of the file as a whole, from a record without lines, explains every key.
    unexplained = {} if "" in explained else {key: value for key, value in wanted.items() if key not in explained}
    online = _keys_set_online(running)
    overridden = {key: value for key, value in unexplained.items() if key in online}
    started_otherwise = {key: value for key, value in unexplained.items() if key not in online}
    return judge_started_with(
        restart.in_words(found, unit, label) + kafka_cluster.differs_in_words(started_otherwise, running, label),
        kafka_cluster.differs_in_words(overridden, running, label),
        "compared",
    )


def restarting_playbook(unit: str) -> str:
    if unit == app_server.UNIT:
        return "site.yml"
    return "pom_restart.yml" if unit in pom_services.OWN_UNITS else "kafka_restart.yml"


def judge_started_with(
    reasons: Sequence[str], overrides: Sequence[str], running_values: str, playbook: str = "kafka_restart.yml"
) -> Observation:
    """`overrides` are values that were set online and are not the file's: no restart ends them."""
    warnings = []
    if reasons:
        warnings.append(f"needs a restart: {'; '.join(reasons)}; playbooks/{playbook} restarts it")
    if overrides:
        warnings.append(f"set online, against the file: {'; '.join(overrides)}; no restart ends that")
    return Observation(
        ok=True,
        state="stale" if reasons else "current",
        facts={"reasons": list(reasons), "overrides": list(overrides), "running_values": running_values},
        warning="; ".join(warnings),
        next_step="Run playbooks/site.yml; a key that is set online still: kafka-configs.sh --alter --entity-type brokers "
        "--entity-name ID (or --entity-default) --delete-config KEY"
        if overrides
        else "",
    )


def _broker_properties(probe: Mapping[str, Any], host: Host) -> dict[str, str]:
    """What the file of the broker that is to be asked says, secrets left out."""
    if any(probe.get(key) is None for key in BROKER_KEYS):
        return {}
    content = host.observe_path(str(probe["properties"]), read=True, follow=True).content
    values = properties.parse((content or b"").decode("utf-8", "replace"))
    return {key: value for key, value in values.items() if not re.search(SECRET_WORD, key, re.IGNORECASE)}


def _keys_set_online(running: Mapping[str, kafka_protocol.Config]) -> set[str]:
    overrides = (kafka_protocol.PER_BROKER_OVERRIDE, kafka_protocol.DEFAULT_OVERRIDE)
    keys = {key for key, config in running.items() if config.source in overrides}
    retention = set(kafka_cluster.RETENTION_IN_MS)
    return keys | retention if keys & retention else keys


def _ask_broker_for(keys: Iterable[str], probe: Mapping[str, Any], context: Context) -> dict[str, kafka_protocol.Config]:
    with connect(
        str(probe["host"]), int(probe["port"]), context.identity, str(probe.get("server_name") or ""), context.timeout
    ) as connection:
        return kafka_protocol.KafkaClient(connection).broker_configs(int(probe["broker_id"]), kafka_cluster.keys_to_ask(keys))


# --- ZooKeeper --------------------------------------------------------------------------------------------------------


def observe_zookeeper(probe: Mapping[str, Any], context: Context) -> Observation:
    member = _ask_zookeeper(probe, context, "mntr", zookeeper_admin.parse_mntr)
    readiness = zookeeper_admin.judge(member, int(probe["expect_members"]))
    facts: dict[str, Any] = {
        "mode": member.mode,
        "version": member.version,
        "members": member.quorum_size,
        "followers": member.learners,
        "synced_followers": member.synced_followers,
        "outstanding_requests": member.outstanding_requests,
        "nodes": member.nodes,
        "id": probe.get("expect_id"),
    }
    if member.serving:
        facts["zxid"] = _ask_zookeeper(probe, context, "srvr", zookeeper_admin.parse_srvr).zxid
    return Observation(
        ok=readiness.ready,
        state=readiness.state,
        facts=facts,
        reason=readiness.reason,
        next_step=""
        if readiness.ready
        else "Compare server.N, myid and the ports 2888 and 3888 on all members; then read the service's log.",
    )


def _ask_zookeeper(
    probe: Mapping[str, Any],
    context: Context,
    word: str,
    parse: Callable[[str], zookeeper_admin.Member],
) -> zookeeper_admin.Member:
    with connect(
        str(probe["host"]), int(probe["port"]), context.identity, str(probe.get("server_name") or ""), context.timeout
    ) as connection:
        return parse(zookeeper_admin.ask(connection, word))


# --- Kafka ------------------------------------------------------------------------------------------------------------

BROKER_CONFIGS = (
    kafka_protocol.MIN_IN_SYNC,
    "unclean.leader.election.enable",
    "default.replication.factor",
    "log.retention.hours",
)


def judge_kafka(state: kafka_protocol.ClusterState, broker: int, expected: Sequence[int]) -> tuple[str, str]:
    """(state, reason): 'in_sync' and no reason where this broker may be counted on."""
    if broker not in state.broker_ids:
        known = ", ".join(str(number) for number in state.broker_ids) or "none"
        return "not_registered", f"broker {broker} is not registered in the cluster (registered: {known})"
    missing = sorted(set(expected) - set(state.broker_ids))
    if missing:
        return "brokers_missing", f"not registered in the cluster: {_list(missing)} (expected: {_list(expected)})"
    strangers = sorted(set(state.broker_ids) - set(expected)) if expected else []
    if strangers:
        return (
            "unknown_brokers",
            f"registered in the cluster, but not described by the site: {_list(strangers)} (expected: {_list(expected)})",
        )
    leaderless = [p for p in state.without_leader() if broker in p.replicas]
    if leaderless:
        return "offline_partitions", f"{len(leaderless)} partitions have no leader: {kafka_cluster.names_of(leaderless)}"
    behind = state.under_replicated(broker)
    if behind:
        return (
            "under_replicated",
            f"{len(behind)} partitions with a replica on broker {broker} are under-replicated: {kafka_cluster.names_of(behind)}",
        )
    return "in_sync", ""


def observe_kafka(probe: Mapping[str, Any], context: Context) -> Observation:
    broker = int(probe["broker_id"])
    expected = sorted(int(number) for number in probe.get("expect_brokers") or ())
    with connect(
        str(probe["host"]), int(probe["port"]), context.identity, str(probe.get("server_name") or ""), context.timeout
    ) as connection:
        client = kafka_protocol.KafkaClient(connection)
        cluster = kafka_protocol.ClusterClient(
            client, broker, lambda host, port: connect(host, port, context.identity, "", context.timeout)
        ).state()
        try:
            configs = {name: config.value for name, config in client.broker_configs(broker, BROKER_CONFIGS).items()}
        except kafka_protocol.KafkaError as error:
            return Observation(
                ok=False,
                state="wrong_identity",
                reason=f"{probe['host']}:{probe['port']} does not answer as broker {broker}: {error}",
                next_step="Compare kafka_broker_id with broker.id in server.properties and in the data's meta.properties.",
            )
        peer = connection.peer
    state, reason = judge_kafka(cluster, broker, expected)
    under_replicated, under_min = cluster.under_replicated(), cluster.under_min_in_sync()
    facts: dict[str, Any] = {
        "cluster_id": cluster.cluster_id,
        "controller_id": cluster.controller_id,
        "brokers": list(cluster.broker_ids),
        "expected_brokers": expected,
        "topics": len(cluster.topics),
        "partitions": len(cluster.partitions),
        "under_replicated": len(under_replicated),
        "under_replicated_partitions": [p.name for p in under_replicated[: kafka_cluster.PARTITIONS_NAMED]],
        "under_min_in_sync": len(under_min),
        "under_min_in_sync_partitions": [p.name for p in under_min[: kafka_cluster.PARTITIONS_NAMED]],
        "without_leader": len(cluster.without_leader()),
        "endangered_by_stopping": [p.name for p in cluster.endangered_by_stopping(broker)[: kafka_cluster.PARTITIONS_NAMED]],
        "stop_refusal": kafka_cluster.stop_refusal(cluster, broker, expected),
        "reassigning": None if cluster.reassigning is None else list(cluster.reassigning[: kafka_cluster.PARTITIONS_NAMED]),
        "leader_of": sum(1 for p in cluster.partitions if p.leader == broker),
        "listeners": {str(one.id): f"{one.host}:{one.port}" for one in cluster.brokers},
        "replicas": data_directory.replicas_by_broker(cluster),
        "configs": configs,
        "cipher": peer.cipher,
        "certificate_days_left": peer.days_left(context.now()),
    }
    return Observation(
        ok=state == "in_sync",
        state=state,
        facts=facts,
        reason=reason,
        next_step=""
        if state == "in_sync"
        else "See whether the other brokers run and reach each other on 9093; then read the broker's log.",
    )


# --- certificate and program files ------------------------------------------------------------------------------------


def parse_certificate(text: str) -> dict[str, Any]:
    """The output of openssl x509 -noout -subject -issuer -startdate -enddate -serial -ext subjectAltName."""
    facts: dict[str, Any] = {"names": []}
    for line in text.splitlines():
        key, mark, value = line.partition("=")
        if mark and key in ("subject", "issuer", "notBefore", "notAfter", "serial"):
            facts[{"notBefore": "not_before", "notAfter": "not_after"}.get(key, key)] = value.strip()
        elif "DNS:" in line or "IP Address:" in line:
            facts["names"] = [name.split(":", 1)[1].strip() for name in line.split(",") if ":" in name]
    return facts


def judge_certificate(path: str, facts: Mapping[str, Any], warn_days: int, now: float) -> Observation:
    if "not_after" not in facts:
        return Observation(ok=False, state="unreadable", reason=f"{path} holds no certificate that openssl can read", final=True)
    left = days_left(ssl.cert_time_to_seconds(str(facts["not_after"])), now)
    observed = dict(facts, days_left=left, path=path)
    if left < 0:
        return Observation(
            ok=False,
            state="expired",
            facts=observed,
            final=True,
            reason=f"the certificate {path} expired {-left} days ago ({facts['not_after']})",
            next_step="Run the trust role for this host: it makes a new one and the services follow.",
        )
    if left <= warn_days:
        return Observation(
            ok=True,
            state="expiring",
            facts=observed,
            warning=f"the certificate {path} expires in {left} days ({facts['not_after']}); renewal is due at {warn_days} days",
        )
    return Observation(ok=True, state="valid", facts=observed)


def observe_certificate(probe: Mapping[str, Any], context: Context) -> Observation:
    path = str(probe["path"])
    if not os.path.exists(path):
        return Observation(
            ok=False,
            state="missing",
            reason=f"there is no certificate {path}",
            next_step="Run the trust role for this host.",
            final=True,
        )
    rc, out, err = context.run(
        [
            "openssl",
            "x509",
            "-in",
            path,
            "-noout",
            "-subject",
            "-issuer",
            "-startdate",
            "-enddate",
            "-serial",
            "-ext",
            "subjectAltName",
        ]
    )
    if rc != 0:
        return Observation(ok=False, state="unreadable", reason=f"openssl cannot read {path}: {_first_line(err)}", final=True)
    return judge_certificate(path, parse_certificate(out), int(probe.get("warn_days") or 60), context.now())


JAR_NAMES = {"kafka": r"kafka_([\d.]+)-([\w.]+)\.jar", "zookeeper": r"zookeeper-()(\d[\w.]*)\.jar"}


def parse_jar_versions(product: str, names: Sequence[str]) -> list[str]:
    found = (re.fullmatch(JAR_NAMES[product], name) for name in names)
    return sorted(match.group(2) for match in found if match)


def observe_jar_version(probe: Mapping[str, Any], _context: Context) -> Observation:
    product = str(probe.get("product") or "kafka")
    if product not in JAR_NAMES:
        raise ProbeError(f"probe {probe['id']}: product {product!r} is none of {', '.join(sorted(JAR_NAMES))}")
    library = os.path.join(str(probe["home"]), "libs")
    names = [os.path.basename(path) for path in glob.glob(os.path.join(glob.escape(library), "*.jar"))]
    versions = parse_jar_versions(product, names)
    expected = str(probe["expect"])
    facts = {"product": product, "version": ", ".join(versions), "expected": expected}
    if not versions:
        return Observation(ok=False, state="missing", facts=facts, reason=f"there is no {product} jar in {library}", final=True)
    if versions != [expected]:
        return Observation(
            ok=False,
            state="other_version",
            facts=facts,
            final=True,
            reason=f"{library} holds {product} {', '.join(versions)}, and the site wants {expected}",
        )
    return Observation(ok=True, state="present", facts=facts)


# --- PostgreSQL and ports ---------------------------------------------------------------------------------------------


def observe_postgresql(probe: Mapping[str, Any], context: Context) -> Observation:
    host, port = str(probe["host"]), int(probe["port"])
    user, database = str(probe["user"]), str(probe["database"])
    ca_only = Identity(ca=context.identity.ca)
    answer, peer = postgresql_wire.knock(
        host, port, ca_only, user, database, str(probe.get("server_name") or ""), context.timeout
    )
    facts = {
        "host": host,
        "port": port,
        "database": database,
        "user": user,
        "method": answer.method,
        "sqlstate": answer.sqlstate,
        "protocol": peer.protocol,
        "cipher": peer.cipher,
        "certificate_days_left": peer.days_left(context.now()),
        "connections": established_connections(host, port, context),
    }
    if answer.accepted and answer.method == "trust":
        return Observation(
            ok=True,
            state="reachable",
            facts=facts,
            warning=f"the server at {host}:{port} lets {user} into {database} without a password (pg_hba method trust)",
        )
    if answer.accepted:
        return Observation(ok=True, state="reachable", facts=facts)
    if answer.sqlstate == "28000" and "pg_hba.conf" in answer.message:
        return Observation(
            ok=False,
            state="rejected",
            facts=facts,
            reason=f"the server at {host}:{port} does not let this host in: {answer.message}",
            next_step="Run the pom_database role on the server: pg_hba.conf names exactly the POM servers (POM-TROUBLE-07).",
        )
    state = "starting" if answer.sqlstate == "57P03" else "refused"
    return Observation(
        ok=False,
        state=state,
        facts=facts,
        reason=f"the server at {host}:{port} refuses {user} on {database}: {answer.message} (SQLSTATE {answer.sqlstate})",
    )


ESTABLISHED = "01"
TCP_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")


def established_connections(host: str, port: int, context: Context) -> int:
    """How many connections of this host to a server are open: whether it is in use is seen without a password.

    The kernel writes an address as hexadecimal words in the order of its own bytes.
    """
    addresses = {str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    remotes = {f"{kernel_address(address)}:{port:04X}" for address in addresses}
    remotes |= {f"{kernel_address('::ffff:' + address)}:{port:04X}" for address in addresses if ":" not in address}
    count = 0
    for table in TCP_TABLES:
        try:
            with open(os.path.join(context.root, table.lstrip("/")), encoding="ascii") as lines:
                fields = [line.split()[2:4] for line in lines]
        except FileNotFoundError:
            continue
        count += sum(len(row) == 2 and row[0] in remotes and row[1] == ESTABLISHED for row in fields)
    return count


def kernel_address(address: str) -> str:
    """The words of an address as /proc/net/tcp prints them: each in the machine's own byte order, here a little-endian one's.

    >>> kernel_address("127.0.0.1")
    '0100007F'
    """
    packed = ipaddress.ip_address(address).packed
    return "".join(f"{word:08X}" for word in struct.unpack(f"={len(packed) // 4}I", packed))


def observe_tcp_closed(probe: Mapping[str, Any], context: Context) -> Observation:
    host, port = str(probe["host"]), int(probe["port"])
    try:
        open_tcp(host, port, context.timeout).close()
    except TlsError as error:
        if error.kind in ("refused", "timeout", "unreachable"):
            return Observation(ok=True, state="closed", facts={"host": host, "port": port})
        raise
    return Observation(
        ok=False,
        state="open",
        facts={"host": host, "port": port},
        reason=f"{host}:{port} accepts connections, and must not be open",
        next_step=f"See what listens there: ss -tlnp 'sport = :{port}'",
    )


def observe_anonymous_refused(probe: Mapping[str, Any], context: Context) -> Observation:
    """A client without a certificate must be refused by the service, not merely fail to reach it."""
    host, port = str(probe["host"]), int(probe["port"])
    facts = {"host": host, "port": port}
    try:
        with connect(
            host, port, Identity(ca=context.identity.ca), str(probe.get("server_name") or ""), context.timeout
        ) as connection:
            connection.send(b"ruok")
            connection.receive_until_closed(16)
    except TlsError as error:
        if error.kind in ("alert", "closed"):
            return Observation(ok=True, state="refused", facts=dict(facts, words=str(error)))
        raise
    return Observation(
        ok=False,
        state="accepted",
        facts=facts,
        reason=f"{host}:{port} accepts a client that shows no certificate",
        next_step="Run the role of that service: ZooKeeper needs ssl.clientAuth=need, Kafka ssl.client.auth=required.",
    )


# --- applications -----------------------------------------------------------------------------------------------------

MAXIMUM_HEAD_BYTES = 65536
STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5]\d\d)\b")


def observe_https(probe: Mapping[str, Any], context: Context) -> Observation:
    """Whether each page answers, over TLS with a certificate of a trusted authority and of the name that is called.

    With `truststore` that of POM says who is trusted, as when POM itself calls; else the site's authority.
    """
    host, port, name = str(probe["host"]), int(probe["port"]), str(probe.get("server_name") or "")
    identity = Identity(ca=context.identity.ca)
    store = probe.get("truststore")
    try:
        if store:
            identity = Identity(ca=str(store), anchors=_anchors(str(store), context))
        elif not identity.ca:
            raise ProbeError(f"probe {probe['id']} of kind https needs truststore, or identity.ca")
        answers, days = _ask_pages(host, port, name, [str(path) for path in probe["paths"]], identity, context)
    except java_keystore.KeystoreError as error:
        return Observation(
            ok=False,
            state="no_identity",
            reason=f"{store}: {error}; what POM trusts cannot be seen",
            next_step="Compare the store with its backups, or have POM make it anew (POM-TROUBLE-18).",
        )
    where = f"https://{name or host}:{port}"
    facts = {"host": host, "port": port, "pages": answers, "days_left": days}
    wrong = {path: status for path, status in answers.items() if not 200 <= status < 400}
    if wrong:
        words = ", ".join(f"{path} {status or 'no HTTP answer'}" for path, status in wrong.items())
        return Observation(
            ok=False,
            state="not_deployed",
            facts=facts,
            reason=f"{where} does not serve {len(wrong)} of {len(answers)} pages: {words}",
            next_step="See logs/catalina.*.log and logs/localhost.*.log of that Tomcat: an application did not start.",
        )
    return Observation(ok=True, state="serving", facts=facts)


def _anchors(path: str, context: Context) -> tuple[bytes, ...]:
    content = Host(run=context.run, root=context.root).observe_path(path, read=True, follow=True).content
    if content is None:
        raise java_keystore.KeystoreError("there is no such file")
    certificates = tuple(java_keystore.read(content, None).certificates.values())
    if not certificates:
        raise java_keystore.KeystoreError("it holds no trusted certificate")
    return certificates


def _ask_pages(
    host: str, port: int, name: str, paths: Sequence[str], identity: Identity, context: Context
) -> tuple[dict[str, int], int]:
    """HTTP status of each page, 0 for an answer that is none; and how long the certificate is valid."""
    answers, days = {}, 0
    for path in paths:
        with connect(host, port, identity, name, context.timeout) as connection:
            days = connection.peer.days_left(context.now())
            request = f"GET {path} HTTP/1.1\r\nHost: {name or host}:{port}\r\nConnection: close\r\n\r\n"
            connection.send(request.encode("ascii"))
            status = STATUS_LINE.match(connection.receive_until_closed(MAXIMUM_HEAD_BYTES))
        answers[path] = int(status.group(1)) if status else 0
    return answers, days


# --- POM --------------------------------------------------------------------------------------------------------------

POM_SERVICE_KEYS = ("service", "unit", "states")


def observe_pom_service(probe: Mapping[str, Any], context: Context) -> Observation:
    """POM's services, by `POM status` and by systemd, held against the states that are right on this server."""
    for item in probe["services"]:
        if any(key not in item for key in POM_SERVICE_KEYS):
            raise ProbeError(f"probe {probe['id']}: each of services needs {', '.join(POM_SERVICE_KEYS)}")
    observer = Observer(context.run, PomLayout(str(probe.get("home") or PomLayout().home)), context.root)
    try:
        units = observer.units().states
    except PomServerError as error:
        return Observation(ok=False, state="unknown", reason=str(error))
    if not any(str(item["unit"]) in units for item in probe["services"]):
        return Observation(
            ok=False,
            state="not_installed",
            final=True,
            reason="systemd knows none of POM's services",
            next_step="Run playbooks/site.yml: it installs POM on this server.",
        )
    return judge_pom_service(pom_services.judge(probe["services"], observer.status(), units))


def judge_pom_service(seen: Sequence[pom_services.Seen]) -> Observation:
    up = [one for one in seen if one.state in pom_services.UP]
    wrong = [one for one in seen if not one.well]
    roles = {one.service: one.state for one in seen if one.state in pom_services.ROLES}
    facts = {
        "services": [one.as_dict() for one in seen],
        "up": len(up),
        "of": len(seen),
        "roles": roles,
    }
    if not wrong:
        return Observation(ok=True, state="serving" if up else "stopped", facts=facts)
    down = [one for one in wrong if one.state not in pom_services.UP]
    return Observation(
        ok=False,
        state="stopped" if not up else "degraded",
        facts=facts,
        reason="; ".join(pom_services.in_words(seen)),
        next_step=f"journalctl -u {(down or wrong)[0].unit}; then the newest log of that service in $POM_HOME/logs. "
        "A service stays stopped without its database, its trust, or Kafka.",
        unit=(down or wrong)[0].unit,
    )


MUTUAL_TLS = ("ca", "key", "certificate")

# --- POM's directories ------------------------------------------------------------------------------------------------

ANSWER_SECONDS = "10"


def observe_pom_directories(probe: Mapping[str, Any], context: Context) -> Observation:
    """The directories that POM makes and keeps, which nobody else may make for it (POM-DIR-01)."""
    looker = pom_directories.Looker(context.run, context.root)
    if not looker.is_installed(str(probe["home"])):
        return Observation(ok=False, state="not_installed", final=True, reason=f"there is no POM in {probe['home']}")
    missing, foreign = pom_directories.tree_faults(looker.directory(str(path)) for path in probe["directories"])
    facts = {"of": len(probe["directories"]), "missing": missing, "foreign": [one.path for one in foreign]}
    if not missing and not foreign:
        return Observation(ok=True, state="present", facts=facts)
    warnings = [f"missing: {pom_directories.named(missing)}"] if missing else []
    if foreign:
        owned = pom_directories.named([f"{one.path} ({one.owner})" for one in foreign])
        warnings.append(f"not owned by {pom_directories.OWNER}:{pom_directories.GROUP}: {owned}")
    return Observation(
        ok=True,
        state="incomplete",
        facts=facts,
        warning="; ".join(warnings),
        next_step="POM makes them when it is installed and when an organization is made: look for the organization on Experience "
        "Portal; in a shared directory playbooks/site.yml makes them.",
    )


def observe_nfs_mount(probe: Mapping[str, Any], context: Context) -> Observation:
    """Whether POM's directory is the export's. Past a kernel that cannot mount, only the export is asked."""
    path, export = str(probe["path"]), str(probe["export"])
    try:
        mount = nfs_mounts.mounted(context.run).get(path)
        client = nfs_mounts.has_nfs_client(context.run)
    except (nfs_mounts.MountError, OSError) as error:
        return Observation(ok=False, state="unknown", reason=str(error))
    addresses = nfs_mounts.addresses_of(nfs_mounts.split_export(export)[0])
    if nfs_mounts.is_mounted_from(mount, export, addresses):
        # A hard mount waits for its server for ever; so must the status not.
        rc, _out, _err = context.run(["timeout", ANSWER_SECONDS, "test", "-d", path])
        if rc == 0:
            return Observation(ok=True, state="mounted", facts={"source": export})
        return Observation(
            ok=False,
            state="no_answer",
            reason=f"{path} is mounted from {export}, and did not answer for {ANSWER_SECONDS} s",
            next_step="Look at the NFS server and at the network in between; imports wait until it answers.",
        )
    if mount is not None:
        return Observation(
            ok=False,
            state="other_source",
            facts={"source": mount.source},
            final=True,
            reason=f"{path} is mounted from {mount.source} ({mount.fstype}), not from {export}",
            next_step=f"Stop imports, umount {path}, and run playbooks/site.yml.",
        )
    if client or probe.get("mounted", True):
        return Observation(
            ok=False,
            state="not_mounted",
            final=True,
            reason=f"{path} is not mounted from {export}: what this server imports, the others do not see",
            next_step=f"mount {path}, or playbooks/site.yml." if client else "The kernel of this host has no NFS client.",
        )
    return ask_export(export)


def ask_export(export: str, load: Callable[[], Any] = libnfs.load) -> Observation:
    """Whether an export lets POM's account write, asked without a mount."""
    library, account = load(), pom_directories.account_of()
    if library is None or account is None:
        lacking = "NFS client and no library libnfs" if library is None else f"account {pom_directories.OWNER}"
        return Observation(ok=True, state="not_asked", warning=f"{export} could not be asked: this host has no {lacking}")
    try:
        with libnfs.opened(library, export, account.uid, account.gid) as found:
            found.writable()
    except libnfs.NfsError as error:
        return Observation(
            ok=False,
            state="not_served",
            reason=str(error),
            next_step="Look at the NFS server: its service, its exports, its firewall.",
        )
    return Observation(ok=True, state="served", facts={"source": export})


KINDS: dict[str, Kind] = {
    "unit": Kind(observe_unit, ("unit",)),
    "started_with": Kind(observe_started_with, ("unit", "label"), (*BROKER_KEYS, "server_name")),
    "zookeeper": Kind(observe_zookeeper, ("host", "port", "expect_members"), ("server_name", "expect_id"), MUTUAL_TLS),
    "kafka": Kind(observe_kafka, ("host", "port", "broker_id"), ("server_name", "expect_brokers", "expect_version"), MUTUAL_TLS),
    "certificate": Kind(observe_certificate, ("path",), ("warn_days",)),
    "jar_version": Kind(observe_jar_version, ("home", "expect"), ("product",)),
    "postgresql": Kind(observe_postgresql, ("host", "port", "database", "user"), ("server_name",), ("ca",)),
    "pom_service": Kind(observe_pom_service, ("services",), ("home",)),
    "https": Kind(observe_https, ("host", "port", "paths"), ("server_name", "truststore")),
    "pom_directories": Kind(observe_pom_directories, ("home", "directories")),
    "nfs_mount": Kind(observe_nfs_mount, ("path", "export"), ("mounted",)),
    "tcp_closed": Kind(observe_tcp_closed, ("host", "port")),
    "anonymous_refused": Kind(observe_anonymous_refused, ("host", "port"), ("server_name",), ("ca",)),
}


# --- what a person reads of a failure ---------------------------------------------------------------------------------

SECRET_WORD = r"(?:pass(?:word|wd|phrase)?|secret|token|credential)s?"
SECRET = re.compile(r"(?i)([\w.\-]*" + SECRET_WORD + r"[\w.\-]*\"?'?\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s,;]+)")
URL_SECRET = re.compile(r"(://[^/\s:@]+:)[^@\s/]+(@)")


def redact(line: str) -> str:
    return URL_SECRET.sub(r"\1***\2", SECRET.sub(r"\1***", line))


def unit_of(probe: Mapping[str, Any], probes: Sequence[Mapping[str, Any]]) -> str:
    """The probe's own unit, else the one that another probe names for the same component."""
    if probe.get("unit") or not probe.get("component"):
        return str(probe.get("unit") or "")
    return next(
        (str(other["unit"]) for other in probes if other.get("unit") and other.get("component") == probe["component"]), ""
    )


def last_words(unit: str, context: Context) -> list[str]:
    """The last lines of the unit's journal, and before them those that name a cause, each once."""
    if not unit:
        return []
    rc, out, _err = context.run(
        ["journalctl", "--no-pager", "--quiet", "--output=short-iso", f"--lines={LOG_LINES_SEARCHED}", f"--unit={unit}"]
    )
    lines = out.splitlines() if rc == 0 else []
    causes: dict[str, str] = {}
    for line in lines[:-LOG_LINES]:
        if CAUSE.search(line):
            # The same words at another time, or of another process, are the same cause.
            same = re.sub(r"\d+", "", line)
            causes.pop(same, None)
            causes[same] = line
    return [redact(line) for line in [*list(causes.values())[-CAUSES_NAMED:], *lines[-LOG_LINES:]]]


def describe_failures(results: Sequence[Mapping[str, Any]], waited: float) -> str:
    """Every failing probe with its reason, the service's last words and the next step."""
    lines = []
    for result in (result for result in results if not result["ok"]):
        lines.append(f"{result['id']}: {result['reason']} (state {result['state']}, after {waited:.1f} s).")
        if result["log"]:
            lines.append("  From the unit's journal:")
            lines.extend("    " + line for line in result["log"])
        if result["next_step"]:
            lines.append("  Next: " + result["next_step"])
    return "\n".join(lines)


def _list(numbers: Sequence[int]) -> str:
    return ", ".join(str(number) for number in numbers)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None


def _first_line(text: str) -> str:
    return (text.strip().splitlines() or ["no message"])[0]
