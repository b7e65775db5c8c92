# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The little of Kafka's binary protocol that tells the state of a cluster, and changes it. Standard library only, no JVM.

Of each request the version is the simplest that a broker from 2.4 on understands: without the flexible encoding (compact
strings and arrays, tagged fields) where there is such a version.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Callable, NamedTuple, Protocol, TypeVar

from ansible_collections.dialtone.contact_center.plugins.module_utils.tls_client import TlsError

CLIENT_ID = "dialtone"
RESPONSE_LIMIT = 64 * 1024 * 1024
VARINT_BITS = 35
# How long the controller may take over a request.
REQUEST_TIMEOUT_MS = 20000
# How long the brokers may take to agree on a controller.
CONTROLLER_MOVES_SECONDS = 15
PAUSE_SECONDS = 0.5

METADATA, METADATA_VERSION = 3, 7
API_VERSIONS, API_VERSIONS_VERSION = 18, 0
DESCRIBE_CONFIGS, DESCRIBE_CONFIGS_VERSION = 32, 1
ELECT_LEADERS, ELECT_LEADERS_VERSION = 43, 1
INCREMENTAL_ALTER_CONFIGS, INCREMENTAL_ALTER_CONFIGS_VERSION = 44, 0
ALTER_REASSIGNMENTS, ALTER_REASSIGNMENTS_VERSION = 45, 0
LIST_REASSIGNMENTS, LIST_REASSIGNMENTS_VERSION = 46, 0

TOPIC_RESOURCE = 2
BROKER_RESOURCE = 4

# Where a value comes from, as the broker says it.
PER_BROKER_OVERRIDE = 2
DEFAULT_OVERRIDE = 3
STATIC = 4
DEFAULT = 5

PREFERRED_ELECTION = 0

MIN_IN_SYNC = "min.insync.replicas"

NOT_CONTROLLER = 41
INVALID_REQUEST = 42
PREFERRED_LEADER_NOT_AVAILABLE = 80
ELECTION_NOT_NEEDED = 84
ERRORS = {
    3: "UNKNOWN_TOPIC_OR_PARTITION",
    5: "LEADER_NOT_AVAILABLE",
    7: "REQUEST_TIMED_OUT",
    9: "REPLICA_NOT_AVAILABLE",
    29: "TOPIC_AUTHORIZATION_FAILED",
    31: "CLUSTER_AUTHORIZATION_FAILED",
    35: "UNSUPPORTED_VERSION",
    39: "INVALID_REPLICA_ASSIGNMENT",
    40: "INVALID_CONFIG",
    NOT_CONTROLLER: "NOT_CONTROLLER",
    INVALID_REQUEST: "INVALID_REQUEST",
    60: "REASSIGNMENT_IN_PROGRESS",
    72: "LISTENER_NOT_FOUND",
    PREFERRED_LEADER_NOT_AVAILABLE: "PREFERRED_LEADER_NOT_AVAILABLE",
    83: "ELIGIBLE_LEADERS_NOT_AVAILABLE",
    ELECTION_NOT_NEEDED: "ELECTION_NOT_NEEDED",
    85: "NO_REASSIGNMENT_IN_PROGRESS",
}
# A partition that misses a replica or its leader is a state to report, not a failed request.
STATE_ERRORS = (0, 5, 9, 72)

Value = TypeVar("Value")


class KafkaError(Exception):
    """The broker answered with an error code, or with something that is no answer to the request (code 0)."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class Connection(Protocol):
    def send(self, data: bytes) -> None: ...

    def receive_exactly(self, count: int) -> bytes: ...


@dataclass(frozen=True)
class Broker:
    id: int
    host: str
    port: int


@dataclass(frozen=True)
class Partition:
    topic: str
    index: int
    leader: int
    replicas: tuple[int, ...]
    isr: tuple[int, ...]
    offline: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.topic}-{self.index}"

    @property
    def preferred_leader(self) -> int:
        return self.replicas[0]

    @property
    def under_replicated(self) -> bool:
        return len(self.isr) < len(self.replicas)

    @property
    def without_leader(self) -> bool:
        return self.leader < 0


@dataclass(frozen=True)
class ClusterState:
    cluster_id: str
    controller_id: int
    brokers: tuple[Broker, ...]
    partitions: tuple[Partition, ...]
    min_in_sync: dict[str, int] = field(default_factory=dict)
    # Names of the partitions that the controller is reassigning; None where it could not be asked.
    reassigning: tuple[str, ...] | None = ()

    @property
    def broker_ids(self) -> tuple[int, ...]:
        return tuple(sorted(broker.id for broker in self.brokers))

    @property
    def topics(self) -> tuple[str, ...]:
        return tuple(sorted({partition.topic for partition in self.partitions}))

    @property
    def controller(self) -> Broker | None:
        return next((broker for broker in self.brokers if broker.id == self.controller_id), None)

    def under_replicated(self, broker: int | None = None) -> tuple[Partition, ...]:
        """Partitions with fewer in-sync replicas than replicas; of one broker: those that it holds."""
        return tuple(p for p in self.partitions if p.under_replicated and (broker is None or broker in p.replicas))

    def without_leader(self) -> tuple[Partition, ...]:
        return tuple(p for p in self.partitions if p.without_leader)

    def under_min_in_sync(self) -> tuple[Partition, ...]:
        """Partitions that refuse a producer with acks=all."""
        return tuple(p for p in self.partitions if len(p.isr) < self.required(p))

    def at_or_under_min_in_sync(self) -> tuple[Partition, ...]:
        """Partitions that refuse a producer with acks=all, or would if one more replica went."""
        return tuple(p for p in self.partitions if len(p.isr) <= self.required(p))

    def endangered_by_stopping(self, broker: int) -> tuple[Partition, ...]:
        """Partitions that this broker's stop would bring under min.insync.replicas, or further under it."""
        return tuple(p for p in self.partitions if broker in p.isr and len(p.isr) - 1 < self.required(p))

    def required(self, partition: Partition) -> int:
        """In-sync replicas without which the partition refuses a producer with acks=all."""
        return self.min_in_sync.get(partition.topic, 1)


class Synonym(NamedTuple):
    """One of the values that stand for a configuration key; the first of them is in effect."""

    name: str
    value: str | None
    source: int


@dataclass(frozen=True)
class Config:
    """value is None for a secret and for a key without a value."""

    value: str | None
    source: int
    synonyms: tuple[Synonym, ...] = ()


class ConfigChange(NamedTuple):
    """value None deletes what was set online."""

    resource: tuple[int, str]
    key: str
    value: str | None


@dataclass(frozen=True)
class Reassignment:
    topic: str
    index: int
    replicas: tuple[int, ...]


class PartitionAnswer(NamedTuple):
    name: str
    code: int
    message: str


class Writer:
    def __init__(self) -> None:
        self.data = bytearray()

    def int8(self, value: int) -> Writer:
        self.data += struct.pack(">b", value)
        return self

    def int16(self, value: int) -> Writer:
        self.data += struct.pack(">h", value)
        return self

    def int32(self, value: int) -> Writer:
        self.data += struct.pack(">i", value)
        return self

    def boolean(self, value: bool) -> Writer:
        return self.int8(1 if value else 0)

    def string(self, value: str | None) -> Writer:
        if value is None:
            return self.int16(-1)
        encoded = value.encode("utf-8")
        self.int16(len(encoded))
        self.data += encoded
        return self

    def array(self, values: Iterable[Value] | None, write: Callable[[Value], object]) -> Writer:
        if values is None:
            return self.int32(-1)
        items = list(values)
        self.int32(len(items))
        for item in items:
            write(item)
        return self

    def unsigned_varint(self, value: int) -> Writer:
        while value > 0x7F:
            self.data.append(value & 0x7F | 0x80)
            value >>= 7
        self.data.append(value)
        return self

    def compact_string(self, value: str | None) -> Writer:
        if value is None:
            return self.unsigned_varint(0)
        encoded = value.encode("utf-8")
        self.unsigned_varint(len(encoded) + 1)
        self.data += encoded
        return self

    def compact_array(self, values: Iterable[Value] | None, write: Callable[[Value], object]) -> Writer:
        if values is None:
            return self.unsigned_varint(0)
        items = list(values)
        self.unsigned_varint(len(items) + 1)
        for item in items:
            write(item)
        return self

    def no_tagged_fields(self) -> Writer:
        return self.unsigned_varint(0)


class Reader:
    """Reads one response; data that ends too early or goes on too long is a KafkaError, never a wrong value."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def int8(self) -> int:
        return int(struct.unpack(">b", self._take(1))[0])

    def int16(self) -> int:
        return int(struct.unpack(">h", self._take(2))[0])

    def int32(self) -> int:
        return int(struct.unpack(">i", self._take(4))[0])

    def boolean(self) -> bool:
        return self.int8() != 0

    def string(self) -> str | None:
        length = self.int16()
        return None if length < 0 else self._take(length).decode("utf-8", "replace")

    def text(self) -> str:
        return self.string() or ""

    def array(self, read: Callable[[], Value]) -> tuple[Value, ...]:
        return self._items(self.int32(), read)

    def int32_array(self) -> tuple[int, ...]:
        return self.array(self.int32)

    def unsigned_varint(self) -> int:
        value = 0
        for shift in range(0, VARINT_BITS, 7):
            byte = self._take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise KafkaError(f"the answer holds a number of more than {VARINT_BITS} bits")

    def compact_string(self) -> str | None:
        length = self.unsigned_varint() - 1
        return None if length < 0 else self._take(length).decode("utf-8", "replace")

    def compact_text(self) -> str:
        return self.compact_string() or ""

    def compact_array(self, read: Callable[[], Value]) -> tuple[Value, ...]:
        return self._items(self.unsigned_varint() - 1, read)

    def compact_int32_array(self) -> tuple[int, ...]:
        return self.compact_array(self.int32)

    def skip_tagged_fields(self) -> None:
        for _field in range(self.unsigned_varint()):
            self.unsigned_varint()  # tag
            self._take(self.unsigned_varint())

    def finish(self) -> None:
        if self._at != len(self._data):
            raise KafkaError(f"{len(self._data) - self._at} bytes follow the end of the answer")

    def rest(self) -> bytes:
        return self._take(len(self._data) - self._at)

    def _items(self, count: int, read: Callable[[], Value]) -> tuple[Value, ...]:
        if count > len(self._data):
            raise KafkaError(f"the answer announces {count} items in {len(self._data)} bytes")
        return tuple(read() for _item in range(max(count, 0)))

    def _take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if count < 0 or len(taken) != count:
            raise KafkaError(f"the answer ends after {len(self._data)} bytes, in the middle of a value")
        self._at += count
        return taken


def encode_request(api: int, version: int, correlation: int, body: bytes, flexible: bool = False) -> bytes:
    header = Writer().int16(api).int16(version).int32(correlation).string(CLIENT_ID)
    if flexible:
        header.no_tagged_fields()
    return struct.pack(">i", len(header.data) + len(body)) + bytes(header.data) + body


def encode_metadata_request(topics: Iterable[str] | None = None) -> bytes:
    """All topics by default; never creates one."""
    writer = Writer()
    writer.array(topics, writer.string).boolean(False)
    return bytes(writer.data)


def decode_metadata(data: bytes) -> ClusterState:
    reader = Reader(data)
    reader.int32()  # throttle time

    def broker() -> Broker:
        found = Broker(id=reader.int32(), host=reader.text(), port=reader.int32())
        reader.string()  # rack
        return found

    def partition(topic: str) -> Partition:
        error = reader.int16()
        if error not in STATE_ERRORS:
            raise KafkaError(f"the broker answers for a partition of topic {topic}: {error_name(error)}")
        index, leader = reader.int32(), reader.int32()
        reader.int32()  # leader epoch
        return Partition(topic, index, leader, reader.int32_array(), reader.int32_array(), reader.int32_array())

    def topic() -> tuple[Partition, ...]:
        error = reader.int16()
        name = reader.text()
        reader.boolean()  # internal
        if error not in STATE_ERRORS:
            raise KafkaError(f"the broker answers for topic {name}: {error_name(error)}")
        return reader.array(lambda: partition(name))

    brokers = reader.array(broker)
    cluster_id = reader.text()
    controller_id = reader.int32()
    topics = reader.array(topic)
    reader.finish()
    partitions = sorted((p for partitions in topics for p in partitions), key=lambda p: (p.topic, p.index))
    return ClusterState(cluster_id, controller_id, tuple(sorted(brokers, key=lambda b: b.id)), tuple(partitions))


def encode_describe_configs_request(
    resources: Iterable[tuple[int, str]], keys: Iterable[str] | None, synonyms: bool = False
) -> bytes:
    """Without keys: all of them."""
    writer = Writer()
    wanted = None if keys is None else list(keys)

    def resource(item: tuple[int, str]) -> None:
        writer.int8(item[0]).string(item[1]).array(wanted, writer.string)

    writer.array(resources, resource).boolean(synonyms)
    return bytes(writer.data)


def decode_describe_configs(data: bytes) -> dict[tuple[int, str], dict[str, Config]]:
    reader = Reader(data)
    reader.int32()  # throttle time

    def synonym() -> Synonym:
        return Synonym(reader.text(), reader.string(), reader.int8())

    def config() -> tuple[str, Config]:
        name, value = reader.text(), reader.string()
        reader.boolean()  # read-only
        source = reader.int8()
        sensitive = reader.boolean()
        synonyms = reader.array(synonym)
        return name, Config(None, source) if sensitive else Config(value, source, synonyms)

    def result() -> tuple[tuple[int, str], dict[str, Config]]:
        error, message = reader.int16(), reader.string()
        resource = (reader.int8(), reader.text())
        configs = dict(reader.array(config))
        if error:
            raise KafkaError(
                f"the broker does not describe {resource[1] or resource[0]}: {error_name(error)} {message or ''}".rstrip(), error
            )
        return resource, configs

    results = dict(reader.array(result))
    reader.finish()
    return results


def decode_api_versions(data: bytes) -> dict[int, tuple[int, int]]:
    reader = Reader(data)
    error = reader.int16()
    if error:
        raise KafkaError(f"the broker does not tell its protocol versions: {error_name(error)}")
    return {api: (low, high) for api, low, high in reader.array(lambda: (reader.int16(), reader.int16(), reader.int16()))}


def encode_alter_configs_request(changes: Iterable[ConfigChange], validate_only: bool = False) -> bytes:
    by_resource: dict[tuple[int, str], list[ConfigChange]] = {}
    for change in changes:
        by_resource.setdefault(change.resource, []).append(change)
    writer = Writer()

    def config(change: ConfigChange) -> None:
        writer.string(change.key).int8(1 if change.value is None else 0).string(change.value)

    def resource(item: tuple[tuple[int, str], list[ConfigChange]]) -> None:
        (kind, name), wanted = item
        writer.int8(kind).string(name).array(wanted, config)

    writer.array(by_resource.items(), resource).boolean(validate_only)
    return bytes(writer.data)


def decode_alter_configs(data: bytes) -> None:
    reader = Reader(data)
    reader.int32()  # throttle time
    answers = reader.array(lambda: (reader.int16(), reader.text(), reader.int8(), reader.text()))
    reader.finish()
    for error, message, kind, name in answers:
        if error:
            what = {TOPIC_RESOURCE: "topic", BROKER_RESOURCE: "broker"}.get(kind, "resource")
            raise KafkaError(f"the broker refuses the settings of {what} {name}: {error_name(error)} {message}".rstrip(), error)


def encode_elect_leaders_request(partitions: Iterable[Partition], timeout_ms: int) -> bytes:
    by_topic: dict[str, list[int]] = {}
    for partition in partitions:
        by_topic.setdefault(partition.topic, []).append(partition.index)
    writer = Writer().int8(PREFERRED_ELECTION)

    def topic(item: tuple[str, list[int]]) -> None:
        writer.string(item[0]).array(item[1], writer.int32)

    writer.array(by_topic.items(), topic).int32(timeout_ms)
    return bytes(writer.data)


def decode_elect_leaders(data: bytes) -> tuple[PartitionAnswer, ...]:
    reader = Reader(data)
    reader.int32()  # throttle time
    error = reader.int16()

    def topic() -> tuple[PartitionAnswer, ...]:
        name = reader.text()
        return reader.array(lambda: PartitionAnswer(f"{name}-{reader.int32()}", reader.int16(), reader.text()))

    topics = reader.array(topic)
    reader.finish()
    answers = tuple(answer for answers in topics for answer in answers)
    # A broker that is not the controller says so of every partition, and not of the request.
    if not error and any(answer.code == NOT_CONTROLLER for answer in answers):
        error = NOT_CONTROLLER
    if error:
        raise KafkaError(f"the controller elects no leaders: {error_name(error)}", error)
    return answers


def encode_alter_reassignments_request(reassignments: Iterable[Reassignment], timeout_ms: int) -> bytes:
    by_topic: dict[str, list[Reassignment]] = {}
    for reassignment in reassignments:
        by_topic.setdefault(reassignment.topic, []).append(reassignment)
    writer = Writer().int32(timeout_ms)

    def partition(wanted: Reassignment) -> None:
        writer.int32(wanted.index).compact_array(wanted.replicas, writer.int32).no_tagged_fields()

    def topic(item: tuple[str, list[Reassignment]]) -> None:
        writer.compact_string(item[0]).compact_array(item[1], partition).no_tagged_fields()

    writer.compact_array(by_topic.items(), topic).no_tagged_fields()
    return bytes(writer.data)


def decode_alter_reassignments(data: bytes) -> None:
    reader = Reader(data)
    reader.int32()  # throttle time
    error, message = reader.int16(), reader.compact_text()

    def partition(topic_name: str) -> PartitionAnswer:
        answer = PartitionAnswer(f"{topic_name}-{reader.int32()}", reader.int16(), reader.compact_text())
        reader.skip_tagged_fields()
        return answer

    def topic() -> tuple[PartitionAnswer, ...]:
        name = reader.compact_text()
        answers = reader.compact_array(lambda: partition(name))
        reader.skip_tagged_fields()
        return answers

    topics = reader.compact_array(topic)
    reader.skip_tagged_fields()
    reader.finish()
    if error:
        raise KafkaError(f"the controller reassigns nothing: {error_name(error)} {message}".rstrip(), error)
    for name, code, words in (answer for answers in topics for answer in answers):
        if code:
            raise KafkaError(f"the controller does not reassign partition {name}: {error_name(code)} {words}".rstrip(), code)


def encode_list_reassignments_request(timeout_ms: int) -> bytes:
    """Of all topics."""
    return bytes(Writer().int32(timeout_ms).compact_array(None, id).no_tagged_fields().data)


def decode_list_reassignments(data: bytes) -> tuple[str, ...]:
    """Names of the partitions that are being reassigned."""
    reader = Reader(data)
    reader.int32()  # throttle time
    error, message = reader.int16(), reader.compact_text()

    def partition(topic_name: str) -> str:
        name = f"{topic_name}-{reader.int32()}"
        for _group in ("replicas", "adding", "removing"):
            reader.compact_int32_array()
        reader.skip_tagged_fields()
        return name

    def topic() -> tuple[str, ...]:
        name = reader.compact_text()
        partitions = reader.compact_array(lambda: partition(name))
        reader.skip_tagged_fields()
        return partitions

    topics = reader.compact_array(topic)
    reader.skip_tagged_fields()
    reader.finish()
    if error:
        raise KafkaError(f"the controller does not tell its reassignments: {error_name(error)} {message}".rstrip(), error)
    return tuple(sorted(name for partitions in topics for name in partitions))


def error_name(code: int) -> str:
    return ERRORS.get(code, f"error {code}")


class KafkaClient:
    """One connection to one broker. Every method is one request."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._correlation = 0

    def api_versions(self) -> dict[int, tuple[int, int]]:
        return decode_api_versions(self._request(API_VERSIONS, API_VERSIONS_VERSION, b""))

    def metadata(self) -> ClusterState:
        return decode_metadata(self._request(METADATA, METADATA_VERSION, encode_metadata_request()))

    def describe_configs(
        self, resources: Iterable[tuple[int, str]], keys: Iterable[str] | None, synonyms: bool = False
    ) -> dict[tuple[int, str], dict[str, Config]]:
        body = encode_describe_configs_request(resources, keys, synonyms)
        return decode_describe_configs(self._request(DESCRIBE_CONFIGS, DESCRIBE_CONFIGS_VERSION, body))

    def broker_configs(self, broker: int, keys: Iterable[str] | None) -> dict[str, Config]:
        """A broker describes nobody but itself."""
        resource = (BROKER_RESOURCE, str(broker))
        return self.describe_configs([resource], keys, synonyms=True)[resource]

    def alter_configs(self, changes: Iterable[ConfigChange], validate_only: bool = False) -> None:
        """A broker changes nobody's settings but its own and the topics'."""
        body = encode_alter_configs_request(changes, validate_only)
        decode_alter_configs(self._request(INCREMENTAL_ALTER_CONFIGS, INCREMENTAL_ALTER_CONFIGS_VERSION, body))

    def elect_preferred_leaders(self, partitions: Iterable[Partition]) -> tuple[PartitionAnswer, ...]:
        """Asks the controller; any other broker answers NOT_CONTROLLER."""
        body = encode_elect_leaders_request(partitions, REQUEST_TIMEOUT_MS)
        return decode_elect_leaders(self._request(ELECT_LEADERS, ELECT_LEADERS_VERSION, body))

    def alter_reassignments(self, reassignments: Iterable[Reassignment]) -> None:
        """Asks the controller; any other broker answers NOT_CONTROLLER."""
        body = encode_alter_reassignments_request(reassignments, REQUEST_TIMEOUT_MS)
        decode_alter_reassignments(self._request(ALTER_REASSIGNMENTS, ALTER_REASSIGNMENTS_VERSION, body, flexible=True))

    def reassigning(self) -> tuple[str, ...]:
        """Asks the controller; any other broker answers NOT_CONTROLLER."""
        body = encode_list_reassignments_request(REQUEST_TIMEOUT_MS)
        return decode_list_reassignments(self._request(LIST_REASSIGNMENTS, LIST_REASSIGNMENTS_VERSION, body, flexible=True))

    def cluster_state(self) -> ClusterState:
        """Metadata with min.insync.replicas of every topic."""
        state = self.metadata()
        if not state.topics:
            return state
        configs = self.describe_configs([(TOPIC_RESOURCE, topic) for topic in state.topics], [MIN_IN_SYNC])
        min_in_sync = {
            topic: int(found[MIN_IN_SYNC].value or 1) for (_type, topic), found in configs.items() if MIN_IN_SYNC in found
        }
        return ClusterState(state.cluster_id, state.controller_id, state.brokers, state.partitions, min_in_sync)

    def _request(self, api: int, version: int, body: bytes, flexible: bool = False) -> bytes:
        self._correlation += 1
        self._connection.send(encode_request(api, version, self._correlation, body, flexible))
        (size,) = struct.unpack(">i", self._connection.receive_exactly(4))
        if not 4 <= size <= RESPONSE_LIMIT:
            raise KafkaError(f"the answer announces {size} bytes: this is no Kafka broker")
        answer = self._connection.receive_exactly(size)
        (correlation,) = struct.unpack(">i", answer[:4])
        if correlation != self._correlation:
            raise KafkaError(f"the answer belongs to request {correlation}, not to {self._correlation}")
        if not flexible:
            return answer[4:]
        reader = Reader(answer[4:])
        reader.skip_tagged_fields()
        return reader.rest()


class ClusterClient:
    """The cluster as one of its brokers shows it. What only the controller answers is asked of the controller."""

    def __init__(
        self, own: KafkaClient, own_id: int, connect: Callable[[str, int], AbstractContextManager[Connection]]
    ) -> None:
        self.own = own
        self._own_id = own_id
        self._connect = connect

    def state(self) -> ClusterState:
        """With what is being reassigned, as far as the controller can be asked."""
        state = self.own.cluster_state()
        try:
            return replace(state, reassigning=self._ask(state, KafkaClient.reassigning))
        except (KafkaError, TlsError):
            return replace(state, reassigning=None)

    def ask_controller(self, ask: Callable[[KafkaClient], Value]) -> Value:
        """Asks again where the controller has moved meanwhile."""
        deadline = time.monotonic() + CONTROLLER_MOVES_SECONDS
        while True:
            try:
                return self._ask(self.own.metadata(), ask)
            except KafkaError as error:
                if error.code != NOT_CONTROLLER or time.monotonic() > deadline:
                    raise
            time.sleep(PAUSE_SECONDS)

    def _ask(self, state: ClusterState, ask: Callable[[KafkaClient], Value]) -> Value:
        controller = state.controller
        if controller is None:
            raise KafkaError("the cluster has no controller at the moment", NOT_CONTROLLER)
        if controller.id == self._own_id:
            return ask(self.own)
        with self._connect(controller.host, controller.port) as connection:
            return ask(KafkaClient(connection))
