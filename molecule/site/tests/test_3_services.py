"""The services as their clients see them."""

from __future__ import annotations

import re

import pytest

from lab.rehearsal import BROKERS, JAVA_OPTIONS

KAFKA = "/opt/kafka_server"
CLIENT = f"{KAFKA}/config/dialtone-client.properties"
BOOTSTRAP = "epm1.dc1.lab.test:9093,epm2.dc1.lab.test:9093,kafka3.dc1.lab.test:9093"
IDENTITY = "-cert /etc/dialtone/tls/node.crt -key /etc/dialtone/tls/node.key"
MESSAGES = 10_000


def ask(host, address: str, port: int, identity: str, send: str = "") -> str:
    """What openssl, which is no program of ours, is told by the service."""
    return host.run(
        f"(printf '{send}'; sleep 1) | timeout 10 openssl s_client -connect {address}:{port} -CAfile /etc/dialtone/tls/ca.crt "
        f"-verify_return_error -verify_ip {address} -tls1_2 {identity} 2>&1"
    ).stdout


def modes(lab) -> list[str]:
    return [
        re.search(r"^Mode: (\w+)", ask(lab(host), f"10.88.1.{number}", 2182, IDENTITY, "srvr"), re.MULTILINE)[1]
        for number, host in enumerate(BROKERS, 11)
    ]


def test_one_leader_and_two_followers(lab):
    assert sorted(modes(lab)) == ["follower", "follower", "leader"]


@pytest.mark.parametrize(
    "port", [pytest.param(2182, id="zookeeper"), pytest.param(9093, id="kafka"), pytest.param(3888, id="election")]
)
def test_a_client_without_a_certificate_is_refused(lab, port):
    answer = ask(lab("epm2"), "10.88.1.11", port, "", "srvr")
    assert "Mode:" not in answer
    assert re.search(r"alert (handshake failure|bad certificate|certificate required)|handshake failure", answer), answer[-800:]


def test_kafka_refuses_older_tls(lab):
    answer = (
        lab("epm2")
        .run(f"openssl s_client -connect 10.88.1.11:9093 -tls1_1 -cipher ALL:@SECLEVEL=0 {IDENTITY} </dev/null 2>&1")
        .stdout
    )
    assert "Cipher is (NONE)" in answer or "alert protocol version" in answer, answer[-500:]


def test_ten_thousand_messages_are_written_with_all_acknowledgements_and_read_back(lab):
    host = lab("epm1")
    host.run_expect(
        [0],
        f"{JAVA_OPTIONS} {KAFKA}/bin/kafka-topics.sh --bootstrap-server {BOOTSTRAP} --command-config {CLIENT} "
        "--create --if-not-exists --topic rollout --partitions 3",
    )
    produced = host.run(
        f"seq -f 'message %.0f' 1 {MESSAGES} | {JAVA_OPTIONS} {KAFKA}/bin/kafka-console-producer.sh "
        f"--bootstrap-server {BOOTSTRAP} --producer.config {CLIENT} --producer-property acks=all --topic rollout"
    )
    assert produced.rc == 0, produced.stderr[-2000:]
    consumed = lab("kafka3").run(
        f"{JAVA_OPTIONS} {KAFKA}/bin/kafka-console-consumer.sh --bootstrap-server {BOOTSTRAP} "
        f"--consumer.config {CLIENT} --topic rollout --from-beginning --max-messages {MESSAGES} --timeout-ms 60000"
    )
    assert consumed.rc == 0, consumed.stderr[-2000:]
    assert sorted(consumed.stdout.split("\n")[:-1]) == sorted(f"message {number}" for number in range(1, MESSAGES + 1))


def test_a_new_topic_loses_nothing_by_default(lab):
    described = lab("epm1").check_output(
        f"{JAVA_OPTIONS} {KAFKA}/bin/kafka-topics.sh --bootstrap-server {BOOTSTRAP} --command-config {CLIENT} "
        "--describe --topic rollout"
    )
    assert "ReplicationFactor: 3" in described
    for line in described.splitlines():
        if "Isr:" in line:
            assert len(re.search(r"Isr: ([\d,]+)", line)[1].split(",")) == 3, line
    configured = lab("epm1").check_output(
        f"{JAVA_OPTIONS} {KAFKA}/bin/kafka-configs.sh --bootstrap-server {BOOTSTRAP} --command-config {CLIENT} --describe --all "
        "--entity-type topics --entity-name rollout"
    )
    assert "min.insync.replicas=2" in configured
    assert "unclean.leader.election.enable=false" in configured


def test_every_broker_runs_the_version_that_pom_requires(lab):
    for host in BROKERS:
        assert lab(host).file(f"{KAFKA}/libs/kafka_2.13-3.2.0.jar").exists
        assert lab(host).file(f"{KAFKA}/libs/zookeeper-3.6.3.jar").exists
