# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import itertools
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils.kafka_cluster import ClusterError, Desired
from ansible_collections.dialtone.contact_center.plugins.module_utils.kafka_protocol import (
    BROKER_RESOURCE,
    DEFAULT,
    PER_BROKER_OVERRIDE,
    STATIC,
    Broker,
    ClusterState,
    Config,
    Partition,
    PartitionAnswer,
    Synonym,
)
from ansible_collections.dialtone.contact_center.plugins.modules import kafka_cluster
from ansible_collections.dialtone.contact_center.tests.unit.plugins.module_utils.kafka_peer import broker_one
from ansible_collections.dialtone.contact_center.tests.unit.plugins.module_utils.tls_peers import (
    Authority,
    free_port,
    server_context,
    tls_listening,
)


class Cluster:
    """A cluster of three brokers that does what it is asked, a little later; it stands for itself and its own client."""

    def __init__(self, *partitions: Partition) -> None:
        self.own = self
        self.partitions = list(partitions)
        self.started_with = {"num.io.threads": "8", "log.segment.bytes": "1000"}
        self.overrides: dict[str, str] = {}
        self.topic_settings: dict[str, str] = {}
        self.asked: list[str] = []
        self.obeys = True
        self.reassigns_for = 0
        self.election_code = 0

    def state(self) -> ClusterState:
        left = self.reassigns_for
        self.reassigns_for = max(0, left - 1)
        brokers = tuple(Broker(number, "h", 9093) for number in (1, 2, 3))
        return ClusterState("id", 2, brokers, tuple(self.partitions), reassigning=("t-0",) if left else ())

    def broker_configs(self, broker: int, keys: object) -> dict[str, Config]:
        def config(key: str) -> Config:
            layers = [(self.overrides.get(key), PER_BROKER_OVERRIDE), (self.started_with[key], STATIC)]
            synonyms = tuple(Synonym(key, value, source) for value, source in layers if value is not None)
            return Config(synonyms[0].value, synonyms[0].source, synonyms)

        return {key: config(key) for key in self.started_with}

    def describe_configs(self, resources: Any, keys: object) -> dict[tuple[int, str], dict[str, Config]]:
        settings = {"retention.ms": Config(self.topic_settings.get("retention.ms", "7"), DEFAULT)}
        return dict.fromkeys(resources, settings)

    def ask_controller(self, ask: Any) -> Any:
        return ask(self)

    def alter_configs(self, changes: Any) -> None:
        for (kind, _name), key, value in changes:
            self.asked.append(f"{key}={value}")
            settings = self.overrides if kind == BROKER_RESOURCE else self.topic_settings
            if self.obeys and value is None:
                del settings[key]
            elif self.obeys:
                settings[key] = value

    def alter_reassignments(self, wanted: Any) -> None:
        self.asked.append("reassign")
        new = {(one.topic, one.index): one.replicas for one in wanted}
        self.reassigns_for = 3
        self.partitions = [
            replace(p, replicas=new[p.topic, p.index], isr=new[p.topic, p.index]) if (p.topic, p.index) in new else p
            for p in self.partitions
        ]

    def elect_preferred_leaders(self, wanted: Any) -> tuple[PartitionAnswer, ...]:
        self.asked.append("elect")
        if self.obeys and not self.election_code:
            self.partitions = [replace(p, leader=p.preferred_leader) if p in wanted else p for p in self.partitions]
        return tuple(PartitionAnswer(p.name, self.election_code, "no such luck") for p in wanted)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second passes whenever somebody looks at the clock."""
    clock = itertools.count()
    monkeypatch.setattr(kafka_cluster, "time", SimpleNamespace(sleep=lambda seconds: None, monotonic=lambda: float(next(clock))))


def run(cluster: Cluster, broker: int = 1, wait: float = 100, check: bool = False, **desired: Any) -> dict[str, Any]:
    return kafka_cluster.run(cluster, Desired(broker, (1, 2, 3), **desired), wait, check)


ONE_COPY = Partition("t", 0, 2, (2,), (2,))
AWAY = Partition("t", 1, 3, (1, 3, 2), (1, 3, 2))
EVERYTHING: dict[str, Any] = {
    "broker_properties": {"num.io.threads": "16", "log.segment.bytes": "1000"},
    "topic_configs": {"t": {"retention.ms": "9"}, "n": {"retention.ms": "9"}},
    "replication_factor": 3,
    "preferred_leaders": True,
}


def test_everything_is_done_once():
    cluster = Cluster(ONE_COPY, AWAY)
    result = run(cluster, **EVERYTHING)
    assert cluster.asked == ["reassign", "num.io.threads=16", "retention.ms=9", "elect"]
    assert result["changed"] is True
    assert result["actions"] == [
        "raise t-0 from 1 to 3 replicas (brokers 2 to 2, 1, 3)",
        "set num.io.threads of broker 1 to 16 (was 8)",
        "set retention.ms of topic t to 9 (was 7)",
        "make broker 1 leader of t-1 (is 3)",
    ]
    assert result["broker_overrides"] == {"num.io.threads": "16"}
    assert result["missing_topics"] == ["n"]
    assert result["reassignment"]["partitions"] == 1
    assert (result["controller_id"], result["brokers"], result["speaks_for_cluster"]) == (2, [1, 2, 3], True)
    assert "t-0: replicas on 2\n" in result["diff"]["before"]
    assert "t-0: replicas on 2, 1, 3\n" in result["diff"]["after"]

    again = run(cluster, **EVERYTHING)
    assert (again["changed"], again["actions"], again["diff"]) == (False, [], {"before": "", "after": ""})


def test_check_mode_foretells_the_same_and_does_nothing():
    cluster = Cluster(ONE_COPY, AWAY)
    foretold = run(cluster, check=True, **EVERYTHING)
    assert cluster.asked == []
    done = run(cluster, **EVERYTHING)
    assert foretold["actions"] == done["actions"]
    assert foretold["diff"] == done["diff"]


def test_the_other_brokers_leave_to_the_speaker_what_belongs_to_all():
    cluster = Cluster(ONE_COPY)
    result = run(cluster, broker=2, **EVERYTHING)
    assert cluster.asked == ["num.io.threads=16"]
    assert (result["speaks_for_cluster"], result["missing_topics"]) == (False, [])


def test_an_override_goes_after_the_restart():
    cluster = Cluster()
    cluster.overrides = {"num.io.threads": "16"}
    cluster.started_with["num.io.threads"] = "16"
    assert run(cluster, broker_properties={"num.io.threads": "16"})["changed"] is True
    assert cluster.overrides == {}


def test_a_reassignment_under_way_is_waited_for():
    cluster = Cluster(ONE_COPY)
    cluster.reassigns_for = 4
    assert run(cluster, replication_factor=3, check=True)["waits_for"] == ["t-0"]
    result = run(cluster, replication_factor=3)
    assert (result["changed"], result["waits_for"]) == (True, [])
    assert cluster.asked == ["reassign"]


def test_a_reassignment_that_takes_too_long_is_left_to_kafka():
    cluster = Cluster(ONE_COPY)
    cluster.reassigns_for = 1000
    with pytest.raises(ClusterError, match="1 of 1 partitions are still being reassigned after 20 s: t-0"):
        run(cluster, replication_factor=3, wait=20)
    assert cluster.asked == []


def test_what_kafka_accepts_and_does_not_do_is_a_failure():
    cluster = Cluster(AWAY)
    cluster.obeys = False
    with pytest.raises(ClusterError, match=r"accepted the changes, and 30 s later .*set num\.io\.threads of broker 1 to 16"):
        run(cluster, broker_properties={"num.io.threads": "16"})
    with pytest.raises(ClusterError, match="make broker 1 leader of t-1"):
        run(cluster, preferred_leaders=True)


def test_an_election_that_the_controller_refuses():
    cluster = Cluster(AWAY)
    cluster.election_code = 29
    with pytest.raises(ClusterError, match="does not make the preferred leader of t-1 their leader: no such luck"):
        run(cluster, preferred_leaders=True)


def test_a_preferred_leader_that_is_not_in_sync_is_told_and_no_failure():
    result = run(Cluster(Partition("t", 0, 2, (1, 2), (2,))), preferred_leaders=True)
    assert result["changed"] is False
    assert result["not_preferred"] == ["t-0 is led by broker 2: its preferred leader, broker 1, is not in sync"]


# --- as Ansible runs it, against a peer that gives a real broker's answers


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"), "site-ca")


def arguments(authority: Authority, port: int, **options: Any) -> dict[str, Any]:
    node = authority.issue("kafka1")
    return {
        "host": "127.0.0.1",
        "port": port,
        "identity": {"key": node.key, "certificate": node.certificate, "ca": authority.certificate},
        "broker_id": 1,
        "timeout_seconds": 5,
        **options,
    }


def test_check_mode_against_a_peer(run_module, authority):
    context = server_context(authority.issue("broker"), authority, client_certificate=True)
    with tls_listening(context, broker_one()) as port:
        options = arguments(authority, port, broker_properties={"num.io.threads": 8, "log.retention.hours": 72})
        result = run_module(kafka_cluster, options, check=True)
    assert result["actions"] == [
        "take back log.retention.ms=172800000, set online for broker 1: without that it is 259200000, as wanted",
        "take back num.io.threads=16, set online for broker 1: without that it is 8, as wanted",
    ]
    assert result["broker_overrides"] == {"log.retention.ms": "172800000", "num.io.threads": "16"}
    assert result["brokers"] == [1, 2, 3]


def test_another_broker_answers(run_module, authority):
    context = server_context(authority.issue("broker"), authority, client_certificate=True)
    with tls_listening(context, broker_one(broker="describe-configs-1-other-broker")) as port:
        result = run_module(kafka_cluster, arguments(authority, port, broker_id=9), check=True)
    assert result["failed"] is True
    assert "Unexpected broker id, expected 1 or empty string, but received 9" in result["msg"]
    assert "Compare kafka_broker_id with broker.id" in result["msg"]


def test_nobody_answers(run_module, authority):
    port = free_port()
    result = run_module(kafka_cluster, arguments(authority, port))
    assert result["msg"] == f"Broker 1 at 127.0.0.1:{port}: 127.0.0.1:{port} refuses connections: nothing listens there"


def test_a_topic_without_settings(run_module, authority):
    context = server_context(authority.issue("broker"), authority, client_certificate=True)
    with tls_listening(context, broker_one()) as port:
        result = run_module(kafka_cluster, arguments(authority, port, topic_configs={"t1": "retention.ms"}))
    assert "topic_configs holds no settings for topic t1" in result["msg"]
