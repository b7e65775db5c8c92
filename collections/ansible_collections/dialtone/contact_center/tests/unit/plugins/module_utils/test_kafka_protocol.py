# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import contextlib
import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.module_utils.kafka_protocol import (
    ALTER_REASSIGNMENTS,
    BROKER_RESOURCE,
    DESCRIBE_CONFIGS,
    ELECT_LEADERS,
    INCREMENTAL_ALTER_CONFIGS,
    LIST_REASSIGNMENTS,
    METADATA,
    MIN_IN_SYNC,
    NOT_CONTROLLER,
    PER_BROKER_OVERRIDE,
    STATIC,
    TOPIC_RESOURCE,
    Broker,
    ClusterClient,
    ClusterState,
    ConfigChange,
    KafkaClient,
    KafkaError,
    Partition,
    Reader,
    Reassignment,
    Writer,
    decode_alter_configs,
    decode_alter_reassignments,
    decode_api_versions,
    decode_describe_configs,
    decode_elect_leaders,
    decode_list_reassignments,
    decode_metadata,
    encode_alter_configs_request,
    encode_alter_reassignments_request,
    encode_describe_configs_request,
    encode_elect_leaders_request,
    encode_list_reassignments_request,
    encode_metadata_request,
    encode_request,
)
from ansible_collections.dialtone.contact_center.plugins.module_utils.tls_client import TlsError
from ansible_collections.dialtone.contact_center.tests.unit.plugins.module_utils.kafka_peer import RECORDED


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
    assert versions[ELECT_LEADERS][0] <= 1 <= versions[ELECT_LEADERS][1]
    for api in (INCREMENTAL_ALTER_CONFIGS, ALTER_REASSIGNMENTS, LIST_REASSIGNMENTS):
        assert versions[api][0] == 0


def test_describe_configs_of_a_broker_with_what_it_was_started_with():
    configs = decode_describe_configs(RECORDED["describe-configs-1-broker"])[BROKER_RESOURCE, "1"]
    threads = configs["num.io.threads"]
    assert (threads.value, threads.source) == ("16", PER_BROKER_OVERRIDE)
    assert threads.synonyms[:2] == (
        ("num.io.threads", "16", PER_BROKER_OVERRIDE),
        ("num.io.threads", "8", STATIC),
    )
    assert configs["ssl.key.password"].value is None


def test_changed_settings():
    decode_alter_configs(RECORDED["incremental-alter-configs-0"])
    with pytest.raises(KafkaError, match=r"settings of topic t1: INVALID_REQUEST .*Invalid value abc for configuration"):
        decode_alter_configs(RECORDED["incremental-alter-configs-0-refused"])


def test_elected_leaders():
    answers = decode_elect_leaders(RECORDED["elect-leaders-1"])
    assert {answer.name: answer.code for answer in answers} == {"t1-0": 0, "t1-1": 84, "t1-2": 84}
    with pytest.raises(KafkaError, match="NOT_CONTROLLER") as refused:
        decode_elect_leaders(RECORDED["elect-leaders-1-not-controller"])
    assert refused.value.code == NOT_CONTROLLER


def test_reassignments():
    decode_alter_reassignments(RECORDED["alter-partition-reassignments-0"])
    with pytest.raises(KafkaError, match=r"does not reassign partition t4-0: INVALID_REPLICA_ASSIGNMENT .*not alive"):
        decode_alter_reassignments(RECORDED["alter-partition-reassignments-0-refused"])
    assert decode_list_reassignments(RECORDED["list-partition-reassignments-0"]) == ("t4-0",)
    assert decode_list_reassignments(RECORDED["list-partition-reassignments-0-none"]) == ()
    with pytest.raises(KafkaError, match="NOT_CONTROLLER") as refused:
        decode_list_reassignments(RECORDED["list-partition-reassignments-0-not-controller"])
    assert refused.value.code == NOT_CONTROLLER


def test_request_bytes():
    assert encode_request(3, 7, 5, encode_metadata_request()) == bytes.fromhex(
        "0000001700030007000000050008" + b"dialtone".hex() + "ffffffff00"
    )
    assert encode_describe_configs_request([(2, "t1")], ["k"]) == bytes.fromhex("0000000102000274310000000100016b00")


def test_bytes_of_requests_that_change():
    changes = [ConfigChange((BROKER_RESOURCE, "1"), "k", "v"), ConfigChange((TOPIC_RESOURCE, "t"), "k", None)]
    assert encode_alter_configs_request(changes) == bytes.fromhex(
        "00000002 04000131 00000001 00016b00000176 02000174 00000001 00016b01ffff 00"
    )
    partitions = [Partition("t", index, 1, (1, 2), (1, 2)) for index in (0, 1)]
    assert encode_elect_leaders_request(partitions, 20000) == bytes.fromhex(
        "00 00000001 000174 00000002 00000000 00000001 00004e20"
    )
    assert encode_alter_reassignments_request([Reassignment("t", 0, (1, 2))], 20000) == bytes.fromhex(
        "00004e20 02 0274 02 00000000 03 00000001 00000002 00 00 00"
    )
    assert encode_list_reassignments_request(20000) == bytes.fromhex("00004e20 00 00")
    assert encode_request(46, 0, 5, b"", flexible=True) == bytes.fromhex(
        "00000013002e0000000000050008" + b"dialtone".hex() + "00"
    )


@given(st.integers(0, 2**32 - 1), st.none() | st.text(max_size=300), st.lists(st.text(max_size=5), max_size=200) | st.none())
def test_flexible_encoding_is_read_as_written(number, word, items):
    writer = Writer().unsigned_varint(number).compact_string(word)
    writer.compact_array(items, writer.compact_string)
    writer.unsigned_varint(1).unsigned_varint(7).unsigned_varint(2).int16(5)  # an unknown tagged field of two bytes
    reader = Reader(bytes(writer.data))
    assert reader.unsigned_varint() == number
    assert reader.compact_string() == word
    assert reader.compact_array(reader.compact_string) == tuple(items or ())
    reader.skip_tagged_fields()
    reader.finish()


def test_varint_without_end():
    with pytest.raises(KafkaError, match="more than 35 bits"):
        Reader(b"\xff" * 6).unsigned_varint()


DECODERS = {
    "metadata-7": decode_metadata,
    "describe-configs-1": decode_describe_configs,
    "incremental-alter-configs-0": decode_alter_configs,
    "elect-leaders-1": decode_elect_leaders,
    "alter-partition-reassignments-0": decode_alter_reassignments,
    "list-partition-reassignments-0": decode_list_reassignments,
}


@pytest.mark.parametrize("name", DECODERS)
def test_every_truncation_is_an_error_and_so_is_a_tail(name):
    decode = DECODERS[name]
    for length in range(len(RECORDED[name])):
        with pytest.raises(KafkaError):
            decode(RECORDED[name][:length])
    with pytest.raises(KafkaError, match="1 bytes follow"):
        decode(RECORDED[name] + b"\0")


@given(st.binary(max_size=300))
def test_noise_gives_an_answer_or_a_kafka_error(noise):
    for decode in (*DECODERS.values(), decode_api_versions):
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


def framed_flexible(correlation: int, body: bytes) -> bytes:
    return framed(correlation, b"\0" + body)


HEALTHY = decode_metadata(RECORDED["metadata-7"])
NOBODY_REASSIGNS = RECORDED["list-partition-reassignments-0-none"]


def client_of(broker: int, own: Recording, others: dict[tuple[str, int], Recording]) -> ClusterClient:
    @contextlib.contextmanager
    def connect(host, port):
        if (host, port) not in others:
            raise TlsError("refused", f"{host}:{port} refuses connections")
        yield others[host, port]

    return ClusterClient(KafkaClient(own), broker, connect)


def state_answers() -> tuple[bytes, bytes]:
    return framed(1, RECORDED["metadata-7"]), framed(2, RECORDED["describe-configs-1"])


def test_a_broker_that_is_the_controller_is_asked_itself():
    own = Recording(*state_answers(), framed_flexible(3, RECORDED["list-partition-reassignments-0"]))
    state = client_of(HEALTHY.controller_id, own, {}).state()
    assert state == replace(HEALTHY, min_in_sync={"t1": 2}, reassigning=("t4-0",))


def test_the_controller_is_asked_where_it_listens():
    controller = HEALTHY.controller
    there = Recording(framed_flexible(1, NOBODY_REASSIGNS))
    other = next(broker for broker in HEALTHY.broker_ids if broker != controller.id)
    state = client_of(other, Recording(*state_answers()), {(controller.host, controller.port): there}).state()
    assert state.reassigning == ()
    assert len(there.sent) == 1


def test_a_controller_that_cannot_be_asked_leaves_reassignments_unknown():
    other = next(broker for broker in HEALTHY.broker_ids if broker != HEALTHY.controller_id)
    assert client_of(other, Recording(*state_answers()), {}).state().reassigning is None


def test_a_controller_that_has_moved_is_asked_again():
    refused, answered = (RECORDED[f"list-partition-reassignments-0{suffix}"] for suffix in ("-not-controller", ""))
    own = Recording(
        framed(1, RECORDED["metadata-7"]),
        framed_flexible(2, refused),
        framed(3, RECORDED["metadata-7"]),
        framed_flexible(4, answered),
    )
    assert client_of(HEALTHY.controller_id, own, {}).ask_controller(KafkaClient.reassigning) == ("t4-0",)


def test_another_refusal_of_the_controller_is_final():
    own = Recording(
        framed(1, RECORDED["metadata-7"]), framed_flexible(2, RECORDED["alter-partition-reassignments-0-refused"])
    )
    with pytest.raises(KafkaError, match="INVALID_REPLICA_ASSIGNMENT"):
        client_of(HEALTHY.controller_id, own, {}).ask_controller(
            lambda controller: controller.alter_reassignments([Reassignment("t4", 0, (1, 2, 9))])
        )
