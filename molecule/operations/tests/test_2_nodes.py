"""Nodes in a site's life: a failed one replaced by an empty host with the same id, a data directory that moves."""

from __future__ import annotations

import json

import pytest
from kafka_facts import replicas, tool

from lab.rehearsal import BOOTSTRAP, BROKERS, CLIENT_PROPERTIES, HOSTS, JAVA_OPTIONS, KAFKA, PROPERTIES

MESSAGES = 2000
DATA = f"{KAFKA}/kafka-store/kafka"

pytestmark = pytest.mark.one_of("nothing is lost in what a site's life brings")


@pytest.fixture(scope="module")
def kept(lab) -> int:
    """Messages that must be there after everything."""
    tool(lab, "kafka-topics.sh", "--create", "--if-not-exists", "--topic", "kept", "--partitions", "3")
    lab("epm1").check_output(
        f"seq 1 {MESSAGES} | {JAVA_OPTIONS} {KAFKA}/bin/kafka-console-producer.sh --bootstrap-server {BOOTSTRAP} "
        f"--producer.config {CLIENT_PROPERTIES} --producer-property acks=all --topic kept"
    )
    return MESSAGES


def read_back(lab) -> list[int]:
    text = lab("epm1").run(
        f"{JAVA_OPTIONS} {KAFKA}/bin/kafka-console-consumer.sh --bootstrap-server {BOOTSTRAP} "
        f"--consumer.config {CLIENT_PROPERTIES} --topic kept --from-beginning --max-messages {MESSAGES} --timeout-ms 60000"
    )
    return sorted(int(line) for line in text.stdout.split())


def test_a_broker_that_lost_its_disk_joins_empty_and_copies_from_the_others(kept: int, play, lab):
    lab("epm2").check_output("systemctl stop kafka && rm -rf %s && rm -rf %s/kafka-store/zookeeper/version-2", DATA, KAFKA)
    run = play("site.yml")
    assert run.rc == 0, run.output[-3000:]
    assert "joins empty" in run.words
    assert all(2 in one for one in replicas(lab, "kept"))
    assert tool(lab, "kafka-topics.sh", "--describe", "--under-replicated-partitions").strip() == ""
    assert read_back(lab) == list(range(1, kept + 1))


def test_an_empty_broker_that_holds_the_only_copy_is_not_started(kept: int, play, lab):
    tool(lab, "kafka-topics.sh", "--create", "--topic", "single", "--replica-assignment", "2")
    lab("epm2").check_output("systemctl stop kafka && mv %s %s.away && install -d -o kafka -g kafka -m 0750 %s", DATA, DATA, DATA)
    run = play("site.yml")
    assert run.rc != 0
    assert "single-0" in run.words
    assert lab("epm2").run("systemctl is-active kafka").stdout.strip() != "active"
    lab("epm2").check_output("rm -rf %s && mv %s.away %s", DATA, DATA, DATA)
    run = play("site.yml")
    assert run.rc == 0, run.output[-3000:]
    tool(lab, "kafka-topics.sh", "--delete", "--topic", "single")
    assert read_back(lab) == list(range(1, kept + 1))


def test_a_data_directory_that_moves_is_copied_node_by_node_and_nothing_is_lost(kept: int, play, site, lab):
    words = ("-e", json.dumps({"kafka_data_directory": f"{KAFKA}/kafka-store/moved"}))
    refused = play("site.yml", *words)
    assert refused.rc != 0
    assert "kafka_move_data.yml" in refused.words
    assert all(site.exec(host, "grep", "-x", f"log.dirs={DATA}", PROPERTIES) for host in BROKERS), (
        "refused before anything is written"
    )

    moved = play("kafka_move_data.yml", *words)
    assert moved.rc == 0, moved.output[-3000:]
    assert all(site.exec(host, "test", "-f", f"{KAFKA}/kafka-store/moved/meta.properties") == "" for host in BROKERS)
    assert all(site.exec(host, "grep", "-x", f"log.dirs={KAFKA}/kafka-store/moved", PROPERTIES) for host in BROKERS)
    assert read_back(lab) == list(range(1, kept + 1))
    assert play("site.yml", *words).changed() == dict.fromkeys(HOSTS, 0)
    assert play("kafka_move_data.yml", *words).changed() == dict.fromkeys(HOSTS, 0)
    for host in BROKERS:
        lab(host).check_output("rm -rf %s", DATA)
    back = play("kafka_move_data.yml")
    assert back.rc == 0, back.output[-3000:]
    assert read_back(lab) == list(range(1, kept + 1))
    for host in BROKERS:
        lab(host).check_output("rm -rf %s/kafka-store/moved", KAFKA)
