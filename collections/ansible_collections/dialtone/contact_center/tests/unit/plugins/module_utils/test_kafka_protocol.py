# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.module_utils.kafka_protocol import (
    DESCRIBE_CONFIGS,
    METADATA,
    MIN_IN_SYNC,
    TOPIC_RESOURCE,
    Broker,
    ClusterState,
    KafkaClient,
    KafkaError,
    Partition,
    Writer,
    decode_api_versions,
    decode_describe_configs,
    decode_metadata,
    encode_describe_configs_request,
    encode_metadata_request,
    encode_request,
)

RECORDED = {
    name: bytes.fromhex("".join(lines))
    for name, lines in json.loads((Path(__file__).parent / "recorded" / "kafka-3.2.0-responses.json").read_text()).items()
}


def test_metadata_of_a_healthy_cluster():
    state = decode_metadata(RECORDED["metadata-7"])
    assert state.broker_ids == (1, 2, 3)
    assert state.controller_id in state.broker_ids
    assert state.brokers[0] == Broker(1, "127.0.0.1", 9093)
    assert [p.name for p in state.partitions] == ["t1-0", "t1-1", "t1-2", "t1-3"]
    assert all(sorted(p.isr) == [1, 2, 3] for p in state.partitions)
    assert state.under_replicated() == ()


def test_metadata_while_a_broker_is_gone():
    state = decode_metadata(RECORDED["metadata-7-broker-2-gone"])
    assert state.broker_ids == (1, 3)
    assert len(state.under_replicated(1)) == 4
    assert all(sorted(p.isr) == [1, 3] for p in state.partitions)


def test_describe_configs():
    configs = decode_describe_configs(RECORDED["describe-configs-1"])
    assert configs[TOPIC_RESOURCE, "t1"][MIN_IN_SYNC].value == "2"


def test_api_versions_reach_what_is_used():
    versions = decode_api_versions(RECORDED["api-versions-0"])
    assert versions[METADATA][0] <= 7 <= versions[METADATA][1]
    assert versions[DESCRIBE_CONFIGS][0] <= 1 <= versions[DESCRIBE_CONFIGS][1]


def test_request_bytes():
    assert encode_request(3, 7, 5, encode_metadata_request()) == bytes.fromhex(
        "0000001700030007000000050008" + b"dialtone".hex() + "ffffffff00"
    )
    assert encode_describe_configs_request([(2, "t1")], ["k"]) == bytes.fromhex("0000000102000274310000000100016b00")


@pytest.mark.parametrize("name", ["metadata-7", "describe-configs-1"])
def test_every_truncation_is_an_error_and_so_is_a_tail(name):
    decode = decode_metadata if name == "metadata-7" else decode_describe_configs
    for length in range(len(RECORDED[name])):
        with pytest.raises(KafkaError):
            decode(RECORDED[name][:length])
    with pytest.raises(KafkaError, match="1 bytes follow"):
        decode(RECORDED[name] + b"\0")


@given(st.binary(max_size=300))
def test_noise_gives_an_answer_or_a_kafka_error(noise):
    for decode in (decode_metadata, decode_describe_configs, decode_api_versions):
        try:
            decode(noise)
        except KafkaError:
            continue


ids = st.integers(0, 2**31 - 1)
id_lists = st.lists(ids, max_size=4).map(tuple)
names = st.text(min_size=1, max_size=20)
brokers = st.builds(Broker, id=ids, host=names, port=st.integers(1, 65535))
topics = st.dictionaries(names, st.lists(st.tuples(st.integers(-1, 9), id_lists, id_lists, id_lists), max_size=3), max_size=3)


@given(st.lists(brokers, max_size=4, unique_by=lambda broker: broker.id), names, ids, topics)
def test_metadata_decodes_what_was_encoded(brokers, cluster_id, controller, topics):
    writer = Writer().int32(0)
    writer.array(brokers, lambda b: writer.int32(b.id).string(b.host).int32(b.port).string(None))
    writer.string(cluster_id).int32(controller)

    def partition(numbered):
        index, (leader, replicas, isr, offline) = numbered
        writer.int16(0).int32(index).int32(leader).int32(0)
        for group in (replicas, isr, offline):
            writer.array(group, writer.int32)

    def topic(name):
        writer.int16(0).string(name).boolean(False)
        writer.array(enumerate(topics[name]), partition)

    writer.array(topics, topic)
    state = decode_metadata(bytes(writer.data))
    assert state == ClusterState(
        cluster_id,
        controller,
        tuple(sorted(brokers, key=lambda b: b.id)),
        tuple(Partition(name, index, *values) for name in sorted(topics) for index, values in enumerate(topics[name])),
    )


def cluster(*partitions: Partition, min_in_sync: int = 2) -> ClusterState:
    return ClusterState("id", 1, (), partitions, {"t": min_in_sync})


@pytest.mark.parametrize(
    ("isr", "under_replicated", "under", "at_or_under", "endangered_by_1"),
    [
        ((1, 2, 3), False, False, False, False),
        ((1, 2), True, False, True, True),
        ((2, 3), True, False, True, False),
        ((1,), True, True, True, True),
        ((), True, True, True, False),
    ],
)
def test_what_a_partition_can_bear(isr, under_replicated, under, at_or_under, endangered_by_1):
    state = cluster(Partition("t", 0, 1, (1, 2, 3), isr))
    assert bool(state.under_replicated()) is under_replicated
    assert bool(state.under_min_in_sync()) is under
    assert bool(state.at_or_under_min_in_sync()) is at_or_under
    assert bool(state.endangered_by_stopping(1)) is endangered_by_1


def test_partition_without_leader():
    assert cluster(Partition("t", 0, -1, (1,), ())).without_leader()


class Recording:
    """A connection that answers with prepared bytes."""

    def __init__(self, *answers: bytes) -> None:
        self.sent: list[bytes] = []
        self._pending = b"".join(answers)

    def send(self, data: bytes) -> None:
        self.sent.append(data)

    def receive_exactly(self, count: int) -> bytes:
        taken, self._pending = self._pending[:count], self._pending[count:]
        return taken


def framed(correlation: int, body: bytes) -> bytes:
    return struct.pack(">ii", len(body) + 4, correlation) + body


def test_cluster_state_joins_metadata_and_topic_configs():
    connection = Recording(framed(1, RECORDED["metadata-7"]), framed(2, RECORDED["describe-configs-1"]))
    state = KafkaClient(connection).cluster_state()
    assert state.min_in_sync == {"t1": 2}
    assert len(connection.sent) == 2


def test_answer_to_another_request():
    with pytest.raises(KafkaError, match="belongs to request 7"):
        KafkaClient(Recording(framed(7, RECORDED["metadata-7"]))).metadata()


def test_answer_of_something_else():
    with pytest.raises(KafkaError, match="no Kafka broker"):
        KafkaClient(Recording(b"HTTP/1.1 400")).metadata()


def test_error_code_of_a_resource():
    writer = Writer().int32(0)
    writer.array([0], lambda _item: writer.int16(31).string("not for you").int8(2).string("t1").array([], writer.string))
    with pytest.raises(KafkaError, match="t1: CLUSTER_AUTHORIZATION_FAILED not for you"):
        decode_describe_configs(bytes(writer.data))
