"""What Kafka changes while it runs: settings without a restart, topics, replicas, leaders."""

from __future__ import annotations

import json
import re

import yaml
from kafka_facts import leaders, replicas, tool

from lab.rehearsal import BROKERS, HOSTS, PROPERTIES


def running_value(lab, broker: int, key: str) -> str:
    described = tool(lab, "kafka-configs.sh", "--describe", "--all", "--entity-type", "brokers", "--entity-name", str(broker))
    return re.findall(rf"^\s+{re.escape(key)}=(\S*) ", described, re.MULTILINE)[0]


def test_a_setting_that_kafka_changes_online_restarts_nothing_and_stays(play, site, lab):
    before = site.processes()
    words = ("-e", '{"kafka_num_io_threads": 6, "kafka_retention_hours": 48}')
    run = play("site.yml", *words)
    assert run.rc == 0, run.output[-3000:]
    assert site.processes() == before
    assert [running_value(lab, broker, "num.io.threads") for broker in (1, 2, 3)] == ["6", "6", "6"]
    assert running_value(lab, 1, "log.retention.ms") == str(48 * 3600 * 1000)
    assert all(site.exec(host, "grep", "-x", "num.io.threads=6", PROPERTIES) for host in BROKERS), "the next start reads it too"
    again = play("site.yml", *words)
    assert again.changed() == dict.fromkeys(HOSTS, 0), again.output[-3000:]
    assert play("status.yml").rc == 0, "a broker whose settings were changed online is not stale"

    restarted = play("kafka_restart.yml", *words, "-e", '{"kafka_restart_all": true}')
    assert restarted.rc == 0, restarted.output[-3000:]
    assert running_value(lab, 1, "num.io.threads") == "6"
    overrides = tool(lab, "kafka-configs.sh", "--describe", "--entity-type", "brokers", "--entity-name", "1")
    assert "num.io.threads=6" not in overrides, "once the file says it, nothing shadows the file"
    assert play("site.yml", *words).changed() == dict.fromkeys(HOSTS, 0)
    assert play("site.yml").rc == 0
    assert running_value(lab, 2, "num.io.threads") == "8"


def test_a_setting_changed_by_hand_behind_dialtones_back_is_taken_back(play, lab):
    tool(
        lab, "kafka-configs.sh", "--alter", "--entity-type", "brokers", "--entity-name", "2", "--add-config", "num.io.threads=11"
    )
    assert running_value(lab, 2, "num.io.threads") == "11"
    status = play("status.yml")
    assert status.rc != 0
    assert "num.io.threads" in status.words
    run = play("site.yml")
    assert run.rc == 0, run.output[-3000:]
    assert running_value(lab, 2, "num.io.threads") == "8"


def test_topics_that_exist_are_brought_to_the_replication_of_the_site(play, lab):
    tool(lab, "kafka-topics.sh", "--create", "--topic", "old", "--partitions", "3", "--replication-factor", "1")
    assert [len(one) for one in replicas(lab, "old")] == [1, 1, 1]
    status = play("status.yml", "-e", "status_fail_on=never")
    assert status.rc == 0
    words = ("-e", json.dumps({"kafka_topic_configs": {"old": {"retention.ms": 86400000}}}))
    run = play("site.yml", *words)
    assert run.rc == 0, run.output[-3000:]
    assert [sorted(one) for one in replicas(lab, "old")] == [[1, 2, 3]] * 3
    assert [one[0] for one in replicas(lab, "old")] == leaders(lab, "old"), "each partition is led by its preferred replica"
    described = tool(lab, "kafka-configs.sh", "--describe", "--entity-type", "topics", "--entity-name", "old")
    assert "retention.ms=86400000" in described
    assert play("site.yml", *words).changed() == dict.fromkeys(HOSTS, 0)
    tool(lab, "kafka-topics.sh", "--delete", "--topic", "old")


def test_a_property_of_one_host_restarts_that_host_alone(play, site, tmp_path):
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": {"epm2": {}}}}), encoding="utf-8")
    (tmp_path / "host_vars").mkdir()
    (tmp_path / "host_vars" / "epm2.yml").write_text("kafka_heap_mb: 168\n", encoding="utf-8")
    before = {**site.processes(), "zookeeper": site.processes(unit="zookeeper")}
    run = play("site.yml", "-i", str(tmp_path))
    assert run.rc == 0, run.output[-3000:]
    after = {**site.processes(), "zookeeper": site.processes(unit="zookeeper")}
    assert [name for name in before if before[name] != after[name]] == ["epm2"]
    command = site.exec("epm2", "sh", "-c", "tr '\\0' ' ' </proc/$(systemctl show --property=MainPID --value kafka)/cmdline")
    assert "-Xmx168m" in command
    assert play("site.yml", "-i", str(tmp_path)).changed() == dict.fromkeys(HOSTS, 0)
    assert play("site.yml").rc == 0
