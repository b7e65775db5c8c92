"""What Kafka changes while it runs: settings without a restart, topics, replicas, leaders; and what somebody changed by hand."""

from __future__ import annotations

import json
import re

import yaml
from kafka_facts import leaders, replicas, tool

from lab.rehearsal import BROKERS, HOSTS, PROPERTIES

ONLINE = {"kafka_num_io_threads": 6, "kafka_retention_hours": 48}
WORDS = ("-e", json.dumps({**ONLINE, "kafka_topic_configs": {"old": {"retention.ms": 86400000}}}))


def running_value(lab, broker: int, key: str) -> str:
    described = tool(lab, "kafka-configs.sh", "--describe", "--all", "--entity-type", "brokers", "--entity-name", str(broker))
    return re.findall(rf"^\s+{re.escape(key)}=(\S*) ", described, re.MULTILINE)[0]


def overrides(lab, entity_type: str, name: str) -> str:
    return tool(lab, "kafka-configs.sh", "--describe", "--entity-type", entity_type, "--entity-name", name)


def test_settings_topics_and_replicas_are_changed_online_and_nothing_is_restarted(play, site, lab):
    tool(lab, "kafka-topics.sh", "--create", "--topic", "old", "--partitions", "3", "--replication-factor", "1")
    assert [len(one) for one in replicas(lab, "old")] == [1, 1, 1]
    before = site.processes()
    run = play("site.yml", *WORDS)
    assert run.rc == 0, run.output[-3000:]
    assert site.processes() == before
    assert [running_value(lab, broker, "num.io.threads") for broker in (1, 2, 3)] == ["6", "6", "6"]
    assert running_value(lab, 1, "log.retention.ms") == str(48 * 3600 * 1000)
    assert all(site.exec(host, "grep", "-x", "num.io.threads=6", PROPERTIES) for host in BROKERS), "the next start reads it too"

    assert [sorted(one) for one in replicas(lab, "old")] == [[1, 2, 3]] * 3
    assert [one[0] for one in replicas(lab, "old")] == leaders(lab, "old"), "each partition is led by its preferred replica"
    assert "retention.ms=86400000" in overrides(lab, "topics", "old")

    again = play("site.yml", *WORDS)
    assert again.changed() == dict.fromkeys(HOSTS, 0), again.output[-3000:]
    assert site.processes() == before, "a broker whose settings were changed online is not stale"


def test_a_property_of_one_host_restarts_that_host_alone_and_from_then_on_its_file_says_all(play, site, lab, tmp_path):
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": {"epm2": {}}}}), encoding="utf-8")
    (tmp_path / "host_vars").mkdir()
    (tmp_path / "host_vars" / "epm2.yml").write_text("kafka_heap_mb: 168\n", encoding="utf-8")
    assert "num.io.threads=6" in overrides(lab, "brokers", "2")
    before = {**site.processes(), "zookeeper": site.processes(unit="zookeeper")}
    run = play("site.yml", "-i", str(tmp_path), *WORDS)
    assert run.rc == 0, run.output[-3000:]
    after = {**site.processes(), "zookeeper": site.processes(unit="zookeeper")}
    assert [name for name in before if before[name] != after[name]] == ["epm2"]
    command = site.exec("epm2", "sh", "-c", "tr '\\0' ' ' </proc/$(systemctl show --property=MainPID --value kafka)/cmdline")
    assert "-Xmx168m" in command
    assert running_value(lab, 2, "num.io.threads") == "6"
    assert "num.io.threads=6" not in overrides(lab, "brokers", "2"), "once the file says it, nothing shadows the file"


def test_a_setting_changed_by_hand_behind_dialtones_back_is_taken_back(play, lab):
    tool(
        lab, "kafka-configs.sh", "--alter", "--entity-type", "brokers", "--entity-name", "2", "--add-config", "num.io.threads=11"
    )
    assert running_value(lab, 2, "num.io.threads") == "11"
    status = play("status.yml", *WORDS)
    assert status.rc != 0
    assert "num.io.threads" in status.words
    run = play("site.yml")
    assert run.rc == 0, run.output[-3000:]
    assert running_value(lab, 2, "num.io.threads") == "8"
    tool(lab, "kafka-topics.sh", "--delete", "--topic", "old")
