# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import socket
import ssl
import struct
import sys

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils import pom_services, probes, restart
from ansible_collections.dialtone.contact_center.plugins.module_utils.kafka_protocol import (
    DEFAULT_OVERRIDE,
    PER_BROKER_OVERRIDE,
    Broker,
    ClusterState,
    Config,
    Partition,
)
from ansible_collections.dialtone.contact_center.plugins.module_utils.probes import (
    Context,
    Observation,
    ProbeError,
    check_probes,
    describe_failures,
    established_connections,
    judge_certificate,
    judge_kafka,
    judge_unit,
    last_words,
    observe,
    observe_all,
    parse_certificate,
    parse_jar_versions,
    parse_unit,
    redact,
    unit_of,
)
from ansible_collections.dialtone.contact_center.plugins.module_utils.tls_client import Identity
from ansible_collections.dialtone.contact_center.tests.unit.plugins.module_utils.kafka_peer import broker_one
from ansible_collections.dialtone.contact_center.tests.unit.plugins.module_utils.tls_peers import (
    Authority,
    free_port,
    listening,
    server_context,
    tls_listening,
)

IDENTITY = Identity(ca="ca.crt", key="node.key", certificate="node.crt")

# systemctl show of systemd 252.
RUNNING = """\
MainPID=812
NRestarts=0
Result=success
ExecMainStartTimestamp=Sat 2026-11-21 13:00:07 UTC
ExecMainStartTimestampMonotonic=61526073
ExecMainStatus=0
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=enabled
ActiveEnterTimestamp=Sat 2026-11-21 13:00:07 UTC
"""


def unit(**changed):
    return judge_unit("kafka", {**parse_unit(RUNNING), **changed})


def test_running_unit():
    seen = unit()
    assert (seen.ok, seen.state, seen.warning) == (True, "running", "")
    assert seen.facts["pid"] == 812
    assert seen.facts["started_monotonic"] == 61526073


@pytest.mark.parametrize(
    ("changed", "state", "final", "words"),
    [
        pytest.param(
            {"LoadState": "not-found", "ActiveState": "inactive", "SubState": "dead"},
            "not_found",
            True,
            "no usable unit kafka",
            id="no unit",
        ),
        pytest.param({"LoadState": "masked"}, "masked", True, "no usable unit", id="masked"),
        pytest.param(
            {"ActiveState": "failed", "SubState": "failed", "Result": "exit-code", "ExecMainStatus": "1"},
            "failed",
            True,
            "exit status 1",
            id="failed",
        ),
        pytest.param(
            {"ActiveState": "activating", "SubState": "auto-restart", "NRestarts": "7"},
            "restarting",
            False,
            "7 times",
            id="dies again and again",
        ),
        pytest.param({"ActiveState": "activating", "SubState": "start"}, "starting", False, "is starting", id="starting"),
        pytest.param({"ActiveState": "inactive", "SubState": "dead"}, "stopped", False, "is stopped", id="stopped"),
    ],
)
def test_units_that_do_not_run(changed, state, final, words):
    seen = unit(**changed)
    assert (seen.ok, seen.state, seen.final) == (False, state, final)
    assert words in seen.reason
    assert seen.next_step


def test_unit_that_will_not_start_at_boot():
    seen = unit(UnitFileState="disabled")
    assert seen.ok
    assert "will not start at the next boot" in seen.warning


def test_oneshot_unit_counts_as_active():
    assert unit(SubState="exited").state == "active"


# --- what a service was started with

SALT, START = "5a" * 16, "c0ffee"
SERVER = "/opt/kafka/config/server.properties"
STARTED_WITH = "broker.id=2\nnum.io.threads=8\nssl.key.password=hunter2\nlog.retention.hours=168\n"
OF_KAFKA = {"id": "s", "kind": "started_with", "unit": "kafka", "label": "broker 2"}
OF_BROKER = {**OF_KAFKA, "properties": SERVER, "host": "127.0.0.1", "port": 9093, "broker_id": 0}


@pytest.fixture
def node(tmp_path):
    """A node whose kafka was started with STARTED_WITH, and still runs."""

    class Node:
        shown = f"Id=kafka.service\nLoadState=loaded\nActiveState=active\nInvocationID={START}\n"

        def write(self, path: str, text: str) -> None:
            (tmp_path / path.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path.lstrip("/")).write_text(text)

        def remove(self, path: str) -> None:
            (tmp_path / path.lstrip("/")).unlink()

        def observe(self, probe) -> Observation:
            check_probes([probe], IDENTITY)
            return observe(probe, Context(IDENTITY, lambda argv: (0, self.shown, ""), root=str(tmp_path)))

    made = Node()
    made.write(SERVER, STARTED_WITH)
    made.write("/etc/dialtone/reads/kafka", SERVER + "\n")
    content = restart.content_of(SERVER, STARTED_WITH.encode(), SALT)
    lines = "".join(f"{line.digest} {line.key}\n" for line in content.lines)
    made.write("/var/lib/dialtone/starts/kafka", f"start {START} {SALT}\n{content.digest}  {SERVER}\nlines {SERVER}\n{lines}")
    return made


def runs(monkeypatch, **values: tuple[str | None, int]) -> None:
    """What the broker answers: value and source by key, the dots of a key written as underscores."""
    configs = {key.replace("_", "."): Config(*config) for key, config in values.items()}
    monkeypatch.setattr(probes, "_ask_broker_for", lambda keys, probe, context: configs)


THREADS = "num.io.threads in server.properties differs from what broker 2 was started with"


def test_a_service_that_runs_on_what_is_on_disk(node):
    seen = node.observe(OF_KAFKA)
    assert (seen.ok, seen.state, seen.facts["reasons"], seen.warning) == (True, "current", [], "")


def test_a_restart_that_is_due_is_a_warning_with_its_reason(node):
    node.write(SERVER, STARTED_WITH.replace("=8", "=16"))
    seen = node.observe(OF_KAFKA)
    assert (seen.ok, seen.state, seen.facts["reasons"]) == (True, "stale", [THREADS])
    assert seen.warning == f"needs a restart: {THREADS}; playbooks/kafka_restart.yml restarts it"


def test_a_service_that_does_not_run_needs_no_restart(node):
    node.shown = "Id=kafka.service\nLoadState=loaded\nActiveState=failed\n"
    node.write(SERVER, "broker.id=3\n")
    seen = node.observe(OF_BROKER)
    assert (seen.ok, seen.state, seen.facts["reasons"], seen.warning) == (True, "stopped", [], "")


def test_what_nobody_keeps_a_list_of_cannot_be_judged(node):
    node.remove("/etc/dialtone/reads/kafka")
    seen = node.observe(OF_KAFKA)
    assert (seen.ok, seen.state, seen.facts["reasons"]) == (True, "unrecorded", [])
    assert "/etc/dialtone/reads/kafka is missing" in seen.warning
    assert "playbooks/site.yml" in seen.next_step


def test_a_service_without_a_record_needs_a_restart(node):
    node.remove("/var/lib/dialtone/starts/kafka")
    assert node.observe(OF_BROKER).facts["reasons"] == ["there is no record of what broker 2 was started with"]


def test_a_host_whose_systemd_does_not_answer(node):
    seen = observe(OF_KAFKA, context(run=lambda argv: (1, "", "Failed to connect to bus")))
    assert (seen.ok, seen.state) == (False, "unreadable")
    assert "Failed to connect to bus" in seen.reason


def test_what_kafka_changed_online_needs_no_restart(node, monkeypatch):
    node.write(SERVER, STARTED_WITH.replace("=8", "=16").replace("168", "24"))
    runs(monkeypatch, num_io_threads=("16", 2), log_retention_ms=("86400000", 2), log_retention_hours=("168", 4))
    seen = node.observe(OF_BROKER)
    assert (seen.state, seen.facts["reasons"], seen.warning) == ("current", [], "")
    assert seen.facts["running_values"] == "compared"


def test_a_changed_secret_needs_a_restart_whatever_the_broker_says(node, monkeypatch):
    node.write(SERVER, STARTED_WITH.replace("hunter2", "hunter3"))
    runs(monkeypatch, ssl_key_password=(None, 4))
    seen = node.observe(OF_BROKER)
    assert seen.facts["reasons"] == ["ssl.key.password in server.properties differs from what broker 2 was started with"]
    assert "hunter" not in str(seen)


def test_a_broker_that_runs_another_value_than_its_file_needs_a_restart(node, monkeypatch):
    runs(monkeypatch, broker_id=("2", 4), num_io_threads=("4", 4))
    seen = node.observe(OF_BROKER)
    assert seen.facts["reasons"] == ["broker 2 runs with num.io.threads=4, server.properties says 8"]


@pytest.mark.parametrize("source", [PER_BROKER_OVERRIDE, DEFAULT_OVERRIDE])
def test_what_was_set_online_against_the_file_is_told_and_no_restart_asked_for(node, monkeypatch, source):
    runs(monkeypatch, num_io_threads=("4", source), log_retention_ms=("3600000", source), log_retention_hours=("168", 4))
    seen = node.observe(OF_BROKER)
    assert (seen.state, seen.facts["reasons"]) == ("current", [])
    assert len(seen.facts["overrides"]) == 2
    assert "broker 2 runs with num.io.threads=4, server.properties says 8" in seen.warning
    assert "needs a restart" not in seen.warning
    assert "--delete-config" in seen.next_step


def test_a_broker_that_does_not_answer_leaves_the_decision_to_the_record(node):
    node.write(SERVER, STARTED_WITH.replace("=8", "=16"))
    port = free_port()
    seen = node.observe({**OF_BROKER, "port": port})
    assert (seen.ok, seen.state, seen.facts["reasons"]) == (True, "stale", [THREADS])
    assert seen.facts["running_values"].startswith("not compared: ")


# openssl x509 of OpenSSL 3.0.
CERTIFICATE = """\
subject=CN = epm1.dc1.example.test, O = Dialtone site main
issuer=CN = site CA
notBefore=Nov 21 13:58:00 2026 GMT
notAfter=Feb 20 13:58:00 2030 GMT
serial=2B196E36069B64A16A87312F83236CFCE70BA716
X509v3 Subject Alternative Name:
    DNS:epm1.dc1.example.test, DNS:epm1, IP Address:192.0.2.11
"""
END = ssl.cert_time_to_seconds("Feb 20 13:58:00 2030 GMT")


def test_certificate_facts():
    facts = parse_certificate(CERTIFICATE)
    assert facts["names"] == ["epm1.dc1.example.test", "epm1", "192.0.2.11"]
    assert facts["issuer"] == "CN = site CA"
    assert facts["not_after"] == "Feb 20 13:58:00 2030 GMT"


@pytest.mark.parametrize(
    ("days", "ok", "state"),
    [(61, True, "valid"), (60, True, "expiring"), (0, True, "expiring"), (-1, False, "expired")],
)
def test_certificate_state(days, ok, state):
    seen = judge_certificate("/etc/dialtone/tls/node.crt", parse_certificate(CERTIFICATE), 60, END - days * 86400)
    assert (seen.ok, seen.state, seen.facts["days_left"]) == (ok, state, days)
    assert bool(seen.warning) is (state == "expiring")


def test_certificate_file_that_is_missing(tmp_path):
    seen = observe({"id": "c", "kind": "certificate", "path": str(tmp_path / "node.crt")}, context())
    assert (seen.state, seen.final) == ("missing", True)


@pytest.mark.parametrize(
    ("product", "names", "versions"),
    [
        ("kafka", ["kafka_2.13-3.2.0.jar", "kafka-clients-3.2.0.jar", "kafka-tools-3.2.0.jar"], ["3.2.0"]),
        ("zookeeper", ["zookeeper-3.6.3.jar", "zookeeper-jute-3.6.3.jar"], ["3.6.3"]),
        ("kafka", ["kafka_2.13-3.2.0.jar", "kafka_2.13-3.4.0.jar"], ["3.2.0", "3.4.0"]),
        ("kafka", [], []),
    ],
)
def test_jar_versions(product, names, versions):
    assert parse_jar_versions(product, names) == versions


@pytest.mark.parametrize(
    ("jars", "state"),
    [(["kafka_2.13-3.2.0.jar"], "present"), (["kafka_2.13-3.1.0.jar"], "other_version"), ([], "missing")],
)
def test_jar_probe(tmp_path, jars, state):
    (tmp_path / "libs").mkdir()
    for jar in jars:
        (tmp_path / "libs" / jar).touch()
    seen = observe({"id": "j", "kind": "jar_version", "home": str(tmp_path), "expect": "3.2.0"}, context())
    assert (seen.state, seen.ok) == (state, state == "present")


def cluster(*partitions, brokers=(1, 2, 3)):
    return ClusterState("id", 1, tuple(Broker(number, "h", 9093) for number in brokers), partitions, {})


WHOLE = Partition("t", 0, 1, (1, 2, 3), (1, 2, 3))
BEHIND = Partition("t", 1, 2, (2, 3), (2,))
HEADLESS = Partition("t", 2, -1, (1,), ())


@pytest.mark.parametrize(
    ("state", "broker", "expected", "word", "reason"),
    [
        (cluster(WHOLE), 1, [1, 2, 3], "in_sync", ""),
        (cluster(WHOLE, BEHIND), 1, [1, 2, 3], "in_sync", ""),
        (cluster(WHOLE, BEHIND), 3, [1, 2, 3], "under_replicated", "t-1"),
        (cluster(HEADLESS), 1, [1, 2, 3], "offline_partitions", "t-2"),
        (cluster(brokers=(1,)), 1, [1, 2, 3], "brokers_missing", "2, 3"),
        (cluster(brokers=(1, 9)), 1, [1], "unknown_brokers", "9"),
        (cluster(brokers=(2,)), 1, [1, 2, 3], "not_registered", "registered: 2"),
        (cluster(brokers=()), 1, [], "not_registered", "none"),
        (cluster(brokers=(1,)), 1, [], "in_sync", ""),
    ],
)
def test_judge_kafka(state, broker, expected, word, reason):
    told, why = judge_kafka(state, broker, expected)
    assert told == word
    assert reason in why


def test_many_partitions_are_counted_not_listed():
    _state, why = judge_kafka(cluster(*(Partition("t", n, 1, (1, 2), (1,)) for n in range(25))), 1, [])
    assert "25 partitions" in why
    assert "and 15 more" in why


def context(identity=IDENTITY, run=None, root="/"):
    return Context(identity=identity, run=run or (lambda arguments: (0, "", "")), timeout=1, root=root)


@pytest.mark.parametrize(
    ("probe", "words"),
    [
        ({"id": "x", "kind": "kafak"}, "'kafak' is none of"),
        ({"kind": "unit", "unit": "kafka"}, "needs id"),
        ({"id": "k", "kind": "kafka", "host": "h", "port": 9093}, "needs broker_id"),
        (
            {"id": "k", "kind": "kafka", "host": "h", "port": 9093, "broker_id": 1, "expect_broker": [1]},
            "did you mean expect_brokers",
        ),
        ({"id": "u", "kind": "unit", "unit": "kafka", "port": 1}, "unknown key port"),
    ],
)
def test_probes_that_are_refused(probe, words):
    with pytest.raises(ProbeError, match=words):
        check_probes([probe], IDENTITY)


def test_two_probes_of_one_id():
    with pytest.raises(ProbeError, match="two probes have the id u"):
        check_probes([{"id": "u", "kind": "unit", "unit": "a"}, {"id": "u", "kind": "unit", "unit": "b"}], IDENTITY)


def test_tls_probe_without_identity():
    with pytest.raises(ProbeError, match=r"identity\.key"):
        check_probes([{"id": "z", "kind": "zookeeper", "host": "h", "port": 1, "expect_members": 1}], Identity(ca="ca.crt"))


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def waiting(monkeypatch, answers, wait, kinds=None):
    """Ask one probe per list of answers; returns what was seen last, how often each was asked, and how long it took."""
    asked = dict.fromkeys(answers, 0)

    def fake(probe, _context):
        asked[probe["id"]] += 1
        remaining = answers[probe["id"]]
        return remaining.pop(0) if len(remaining) > 1 else remaining[0]

    monkeypatch.setattr(probes, "observe", fake)
    clock = Clock()
    seen = observe_all([{"id": name, "kind": (kinds or {}).get(name)} for name in answers], context(), wait, clock, clock.sleep)
    return [observation.ok for observation in seen], asked, clock.now


GOOD, BAD, HOPELESS = Observation(True, "running"), Observation(False, "starting"), Observation(False, "failed", final=True)


def test_without_waiting_everything_is_asked_once(monkeypatch):
    assert waiting(monkeypatch, {"a": [GOOD], "b": [BAD]}, 0) == ([True, False], {"a": 1, "b": 1}, 0)


def test_only_what_fails_is_asked_again(monkeypatch):
    assert waiting(monkeypatch, {"a": [GOOD], "b": [BAD, BAD, GOOD]}, 60) == ([True, True], {"a": 1, "b": 3}, 1.0)


def test_a_unit_that_dies_while_its_port_is_waited_for_ends_the_waiting(monkeypatch):
    answers = {"kafka_unit": [GOOD, GOOD, HOPELESS], "kafka": [BAD]}
    assert waiting(monkeypatch, answers, 60, kinds={"kafka_unit": "unit"})[2] == 1.0


def test_waiting_ends_at_the_deadline(monkeypatch):
    assert waiting(monkeypatch, {"a": [BAD]}, 2) == ([False], {"a": 5}, 2.0)


def test_waiting_ends_at_what_it_cannot_cure(monkeypatch):
    assert waiting(monkeypatch, {"a": [BAD], "b": [BAD, HOPELESS]}, 60) == ([False, False], {"a": 2, "b": 2}, 0.5)


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("ssl.keystore.password = hunter2secret", "ssl.keystore.password = ***"),
        ('{"storePassword": "hunter2secret", "port": 1}', '{"storePassword": ***, "port": 1}'),
        ("-Dpassphrase=hunter2secret -Xmx64m", "-Dpassphrase=*** -Xmx64m"),
        ("jdbc:postgresql://pom:hunter2secret@db1/pomdb", "jdbc:postgresql://pom:***@db1/pomdb"),
        ("client_secret: 'hunter2secret'", "client_secret: ***"),
        ("the broker passes the word on", "the broker passes the word on"),
    ],
)
def test_redact(line, masked):
    assert redact(line) == masked
    assert "hunter2secret" not in redact(line)


def test_last_words_are_masked_and_few():
    calls = []

    def run(arguments):
        calls.append(arguments)
        return 0, "\n".join([*(f"line {n}" for n in range(40)), "password=hunter2secret"]), ""

    words = last_words("kafka", context(run=run))
    assert len(words) == 15
    assert words[-1] == "password=***"
    assert "--unit=kafka" in calls[0]
    assert last_words("", context(run=run)) == []


def test_what_killed_a_service_is_told_once_even_where_it_died_again_and_again():
    once = ["ERROR [1] java.net.BindException: Address already in use", *(f"INFO line {n}" for n in range(10))]
    words = last_words("kafka", context(run=lambda _arguments: (0, "\n".join(once * 5), "")))
    assert len([word for word in words[:-15] if "Address already in use" in word]) == 1
    assert len(words) == 16


def test_unit_of_a_component():
    asked = [
        {"id": "kafka.unit", "kind": "unit", "unit": "pomkafka", "component": "kafka"},
        {"id": "kafka.ready", "kind": "kafka", "component": "kafka"},
        {"id": "other", "kind": "kafka"},
    ]
    assert [unit_of(probe, asked) for probe in asked] == ["pomkafka", "pomkafka", ""]


def test_failures_are_told_with_reason_log_and_next_step():
    told = describe_failures(
        [
            {
                "id": "kafka",
                "ok": False,
                "reason": "nothing listens there",
                "state": "refused",
                "log": ["last line"],
                "next_step": "look",
            },
            {"id": "zookeeper", "ok": True},
        ],
        12.34,
    )
    assert (
        told == "kafka: nothing listens there (state refused, after 12.3 s).\n"
        "  From the unit's journal:\n    last line\n  Next: look"
    )


def test_port_that_must_be_closed():
    port = free_port()
    assert observe({"id": "p", "kind": "tcp_closed", "host": "127.0.0.1", "port": port}, context()).ok
    with listening(lambda connection: None) as port:
        seen = observe({"id": "p", "kind": "tcp_closed", "host": "127.0.0.1", "port": port}, context())
    assert (seen.ok, seen.state) == (False, "open")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"), "site-ca")


@pytest.mark.parametrize(("client_certificate", "ok", "state"), [(True, True, "refused"), (False, False, "accepted")])
def test_client_without_certificate(authority, client_certificate, ok, state):
    server = server_context(authority.issue("zk.example.test"), authority, client_certificate)
    with tls_listening(server, lambda connection: connection.sendall(connection.recv(4))) as port:
        probe = {"id": "a", "kind": "anonymous_refused", "host": "127.0.0.1", "port": port}
        seen = observe(probe, context(Identity(ca=authority.certificate)))
    assert (seen.ok, seen.state) == (ok, state)


@pytest.mark.parametrize(
    ("answers", "reassigning", "refusal"),
    [
        ({}, [], ""),
        ({"reassignments": "list-partition-reassignments-0"}, ["t4-0"], "partitions are being reassigned: t4-0."),
        ({"reassignments": "list-partition-reassignments-0-not-controller"}, None, "cannot be asked"),
        ({"metadata": "metadata-7-broker-2-gone"}, [], "broker 2 is not registered"),
    ],
)
def test_whether_a_broker_may_go_is_a_fact(authority, answers, reassigning, refusal):
    node = authority.issue("kafka1.example.test")
    identity = Identity(authority.certificate, node.key, node.certificate)
    server = server_context(authority.issue("kafka2.example.test"), authority, client_certificate=True)
    with tls_listening(server, broker_one(**answers)) as port:
        probe = {"id": "k", "kind": "kafka", "host": "127.0.0.1", "port": port, "broker_id": 1, "expect_brokers": [1, 2, 3]}
        facts = observe(probe, context(identity)).facts
    assert facts["reassigning"] == reassigning
    assert refusal in facts["stop_refusal"]
    assert bool(refusal) is bool(facts["stop_refusal"])


def test_service_that_is_down_has_refused_nobody(authority):
    probe = {"id": "a", "kind": "anonymous_refused", "host": "127.0.0.1", "port": free_port()}
    seen = observe(probe, context(Identity(ca=authority.certificate)))
    assert (seen.ok, seen.state) == (False, "not_listening")


@pytest.mark.parametrize(
    ("kind", "body", "ok", "state"),
    [
        (b"R", struct.pack(">i", 10) + b"SCRAM-SHA-256\0\0", True, "reachable"),
        (
            b"E",
            b'SFATAL\0C28000\0Mno pg_hba.conf entry for host "192.0.2.11", user "pom", database "pomdb"\0\0',
            False,
            "rejected",
        ),
        (b"E", b"SFATAL\0C57P03\0Mthe database system is starting up\0\0", False, "starting"),
    ],
)
def test_postgresql(authority, kind, body, ok, state):
    server = server_context(authority.issue("db.example.test"), authority, client_certificate=False)

    def serve(connection):
        connection.settimeout(5)
        connection.recv(8)
        connection.sendall(b"S")
        with server.wrap_socket(connection, server_side=True) as secured:
            secured.recv(1000)
            secured.sendall(kind + struct.pack(">i", len(body) + 4) + body)

    with listening(serve) as port:
        probe = {"id": "d", "kind": "postgresql", "host": "127.0.0.1", "port": port, "database": "pomdb", "user": "pom"}
        seen = observe(probe, context(Identity(ca=authority.certificate)))
    assert (seen.ok, seen.state) == (ok, state)
    if state == "rejected":
        assert "POM-TROUBLE-07" in seen.next_step


def test_open_connections_to_a_server_are_counted_and_no_others():
    here, address = context(), "127.0.0.1"
    with socket.create_server((address, 0)) as server:
        port = server.getsockname()[1]
        assert established_connections(address, port, here) == 0
        with socket.create_connection((address, port)) as client:
            assert established_connections(address, port, here) == 1
            assert established_connections(address, client.getsockname()[1], here) == 1, "the server's end of it"


@pytest.mark.skipif(sys.byteorder == "big", reason="the kernel's table below is one of a little-endian host")
@pytest.mark.parametrize(
    ("address", "remote", "state", "count"),
    [
        ("192.0.2.14", "0000000000000000FFFF00000E0200C0:1538", "01", 1),  # a Java program's socket is one of IPv6
        ("2001:db8::e", "B80D012000000000000000000E000000:1538", "01", 1),
        ("2001:db8::e", "B80D012000000000000000000E000000:1538", "06", 0),
        ("192.0.2.15", "0000000000000000FFFF00000E0200C0:1538", "01", 0),
    ],
)
def test_connections_over_ipv6_are_counted(tmp_path, address, remote, state, count):
    table = tmp_path / "proc/net/tcp6"
    table.parent.mkdir(parents=True)
    table.write_text(f"  sl  local_address remote_address st\n   0: 00:9C40 {remote} {state} rest\n")
    assert established_connections(address, 5432, context(root=str(tmp_path))) == count


# --- POM ----------------------------------------------------------------------------------------------------------------

POM_PROBE = {"id": "pom", "kind": "pom_service", "services": pom_services.expected_services(2)}


def pom_context(tmp_path, states, status):
    """A host with the command POM and units in these states."""
    command = tmp_path / "usr/local/bin/POM"
    command.parent.mkdir(parents=True)
    command.touch(mode=0o755)

    def run(argv):
        if argv[0] == "systemctl":
            names = argv[argv.index("--") + 1 :]
            known = {name: states.get(name.partition(".")[0]) for name in names}
            texts = {
                name: f"LoadState={'loaded' if state else 'not-found'}\nActiveState={state}" for name, state in known.items()
            }
            return 0, "\n\n".join(f"Id={name}\n{text}" for name, text in texts.items()), ""
        return 1, status, ""

    return Context(identity=IDENTITY, run=run, root=str(tmp_path))


def test_pom_serves_and_tells_its_roles(tmp_path):
    seen = observe(POM_PROBE, pom_context(tmp_path, dict.fromkeys(pom_services.UNITS, "active"), "Campaign Director is MASTER\n"))
    assert (seen.ok, seen.state, seen.facts["roles"]) == (True, "serving", {"Campaign Director": "MASTER"})
    assert (seen.facts["up"], seen.facts["of"]) == (10, 10)


def test_a_service_that_is_down_is_named_with_its_unit(tmp_path):
    states = {**dict.fromkeys(pom_services.UNITS, "active"), "agtmgr": "failed"}
    seen = observe(POM_PROBE, pom_context(tmp_path, states, ""))
    assert (seen.ok, seen.state, seen.unit) == (False, "degraded", "agtmgr")
    assert seen.reason == "Agent Manager (agtmgr) is STOPPED, must be MASTER or DORMANT"
    assert "journalctl -u agtmgr" in seen.next_step


def test_a_standby_is_well_when_it_is_stopped(tmp_path):
    probe = {**POM_PROBE, "services": pom_services.expected_services(2, active=False)}
    seen = observe(probe, pom_context(tmp_path, dict.fromkeys(pom_services.UNITS, "inactive"), ""))
    assert (seen.ok, seen.state) == (True, "stopped")


def test_a_host_without_pom_is_not_waited_for(tmp_path):
    seen = observe(POM_PROBE, pom_context(tmp_path, {}, ""))
    assert (seen.ok, seen.state, seen.final) == (False, "not_installed", True)


def test_services_that_are_badly_described_are_refused():
    with pytest.raises(ProbeError, match="each of services needs service, unit, states"):
        observe({**POM_PROBE, "services": [{"unit": "cmpmgr"}]}, Context(IDENTITY, lambda _argv: (0, "", "")))


@pytest.mark.parametrize(
    ("unit", "playbook"), [("cmpmgr", "pom_restart.yml"), ("pomkafka", "kafka_restart.yml"), ("kafka", "kafka_restart.yml")]
)
def test_who_restarts_a_stale_service(unit, playbook):
    assert probes.restarting_playbook(unit) == playbook
