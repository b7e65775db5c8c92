"""When a service of the stand-in may start and when it ends: the pure part."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest

from lab.standins.pom.standin_pom import layout
from lab.standins.pom.standin_pom.services import needs, probe, states
from lab.standins.pom.standin_pom.services.channel import NO_TRUSTED_CERTIFICATE

UNITS = Path(probe.__file__).resolve().parents[2] / "services/units"
UNTRUSTED = f"javax.net.ssl.SSLHandshakeException: {NO_TRUSTED_CERTIFICATE}"
NOW = 1000.0


def verdicts(**broken: str) -> needs.Verdicts:
    found = needs.Verdicts()
    found.take({need: broken.get(need, "") for need in needs.ALL}, NOW)
    return found


@pytest.mark.parametrize("service", states.OF_PROBE)
def test_a_service_starts_where_all_its_needs_hold(service):
    wanted = needs.needs_of(service)
    assert verdicts().broken(wanted) is None
    for need in wanted:
        assert verdicts(**{need: "wrong"}).broken(wanted) == need


def test_what_was_never_looked_at_does_not_hold():
    assert needs.Verdicts().broken(needs.COMMON) == "configuration"


@pytest.mark.parametrize(
    ("need", "words", "waits"),
    [
        ("kafka", "Kafka at epm1:9093: Timed out", True),
        ("kafka", "Kafka at epm1:9093: SSL handshake failed: PKIX path building failed", False),
        ("epm", "the EPM at 192.0.2.1:443 answers 503", True),
        ("epm", UNTRUSTED, False),
        ("database", "The connection attempt failed: db1:5432", True),
        ("database", "Login failed. FATAL: password authentication failed for user", False),
        ("server", "this POM server is not in the table pim_server", False),
        ("stores", "keystore password was incorrect", False),
    ],
)
def test_only_what_may_come_by_itself_is_waited_for(need, words, waits):
    assert verdicts(**{need: words}).may_pass(needs.ALL) == waits


def test_one_lasting_fault_beside_a_passing_one_ends_the_waiting():
    assert not verdicts(epm="the EPM at 192.0.2.1:443 answers 503", server="not in the table").may_pass(needs.ALL)


def test_a_running_service_bears_a_fault_for_its_grace_and_a_fault_that_passed_is_forgotten():
    found = verdicts(kafka="Timed out")
    found.take({"kafka": "Timed out again"}, NOW + 20)
    assert found.broken_too_long(needs.ALL, NOW + 30, 30) is None
    assert found.broken_too_long(needs.ALL, NOW + 31, 30) == "kafka"
    assert found.broken_too_long(needs.needs_of("ruleeng"), NOW + 31, 30) is None
    found.take({"kafka": ""}, NOW + 32)
    found.take({"kafka": "Timed out"}, NOW + 33)
    assert found.broken_too_long(needs.ALL, NOW + 60, 30) is None


def test_an_epm_that_is_away_ends_nothing_and_one_that_is_not_trusted_does():
    assert verdicts(epm="the EPM at 192.0.2.1:443 does not answer").broken_too_long(needs.ALL, NOW + 999, 30) is None
    assert verdicts(epm=UNTRUSTED).broken_too_long(needs.ALL, NOW + 999, 30) == "epm"


def test_the_documented_line_is_the_one_of_the_troubleshooting_chapter():
    line = needs.log_line("cmpmgr", "epm", UNTRUSTED, "epm1")
    assert line == (
        "|P_POMCM002|INFO|POMCM|||Out Call Web Service returned fault: Connection has been shut down: "
        "javax.net.ssl.SSLHandshakeException: sun.security.validator.ValidatorException: No trusted certificate found|epm1####"
    )
    assert re.search("P_POMCM002.*No trusted certificate found", needs.log_line("cmpmgr", "peers", f"epm2: {UNTRUSTED}", "epm1"))
    assert "P_POMCM002" not in needs.log_line("cmpmgr", "kafka", "Timed out", "epm1")


@pytest.mark.parametrize(
    ("systemd", "role", "word"),
    [
        ("active", "MASTER", "MASTER"),
        ("active", "", "RUNNING"),
        ("inactive", "MASTER", "STOPPED"),
        ("failed", "", "STOPPED"),
        ("activating", "", "STOPPED"),
        ("deactivating", "MASTER", "STOPPING"),
        ("unknown", "", "STOPPED"),
    ],
)
def test_states_are_the_five_documented_words(systemd, role, word):
    assert states.shown({"cmpdir": systemd}, {"cmpdir": role} if role else {}) == {"cmpdir": word}


def test_where_the_configuration_elects_the_primary_is_master():
    running = ["cmpmgr", "cmpdir"]
    assert needs.roles({"role.cmpdir": "DORMANT"}, running, "primary", "primary") == {"cmpdir": "MASTER"}
    assert needs.roles({"role.cmpdir": "MASTER"}, running, "primary", "auxiliary") == {"cmpdir": "DORMANT"}


@pytest.mark.parametrize(
    ("properties", "protocol", "brokers"),
    [
        ("listeners=PLAINTEXT://:9092\nzookeeper.connect=localhost:2181\n", "PLAINTEXT", "localhost:9092"),
        ("zookeeper.connect=localhost:2181/kafka\n", "PLAINTEXT", "localhost:9092"),
        (
            "listeners = SSL://epm1:9093\nzookeeper.connect=epm1:2182,epm2:2182, kafka3:2182\n",
            "SSL",
            "epm1:9093,epm2:9093,kafka3:9093",
        ),
        ("listeners=SSL://0.0.0.0:9093\nzookeeper.connect=epm1:2182\n", "SSL", "epm1:9093"),
    ],
)
def test_kafka_is_reached_as_the_servers_own_broker_is_configured(tmp_path, properties, protocol, brokers):
    (tmp_path / "kafka_server/config").mkdir(parents=True)
    (tmp_path / "kafka_server/config/server.properties").write_text(properties)
    assert probe.kafka_access(tmp_path) == {"kafka_protocol": protocol, "brokers": brokers}


def test_an_auxiliary_turns_to_its_own_epm_where_the_primarys_is_away():
    parser = configparser.ConfigParser()
    parser.read_string("[ep]\nprimary = 192.0.2.1\naddress = 192.0.2.2\n")
    assert probe.epms(parser["ep"]) == "192.0.2.1:443,192.0.2.2:443"
    parser.read_string("[ep]\naddress = 192.0.2.1\n")
    assert probe.epms(parser["ep"]) == "192.0.2.1:443"


def test_every_service_has_a_unit_that_asks_the_probe_before_it_starts():
    assert {path.stem for path in UNITS.glob("*.service")} == {*states.OF_PROBE, "pomprobe"}
    for service in states.OF_PROBE:
        text = (UNITS / f"{service}.service").read_text()
        assert f"ExecStartPre=@POM_HOME@/lib/standin services.client may {service}\n" in text
        assert "Wants=pomprobe.service\n" in text


def test_the_page_pom_manager_lists_ten_services():
    assert len(states.PAGE_NAMES) == 10
    assert set(states.PAGE_NAMES) - {"loadmonitor"} == set(layout.SERVICES) - {"pomzookeeper"}
