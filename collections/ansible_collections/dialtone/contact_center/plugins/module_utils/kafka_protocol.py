# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The little of Kafka's binary protocol that tells the state of a cluster. Standard library only, no JVM.

Of each request the version is one that every broker from 2.1 on understands, and older than the flexible encoding:
ApiVersions 0, Metadata 7, DescribeConfigs 1.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Callable, TypeVar

from ansible_collections.dialtone.contact_center.plugins.module_utils.tls_client import TlsConnection

CLIENT_ID = "dialtone"
RESPONSE_LIMIT = 64 * 1024 * 1024

METADATA, METADATA_VERSION = 3, 7
API_VERSIONS, API_VERSIONS_VERSION = 18, 0
DESCRIBE_CONFIGS, DESCRIBE_CONFIGS_VERSION = 32, 1

TOPIC_RESOURCE = 2
BROKER_RESOURCE = 4

MIN_IN_SYNC = "min.insync.replicas"

ERRORS = {
    3: "UNKNOWN_TOPIC_OR_PARTITION",
    5: "LEADER_NOT_AVAILABLE",
    9: "REPLICA_NOT_AVAILABLE",
    29: "TOPIC_AUTHORIZATION_FAILED",
    31: "CLUSTER_AUTHORIZATION_FAILED",
    35: "UNSUPPORTED_VERSION",
    41: "NOT_CONTROLLER",
    72: "LISTENER_NOT_FOUND",
}
# A partition that misses a replica or its leader is a state to report, not a failed request.
STATE_ERRORS = (0, 5, 9, 72)

Value = TypeVar("Value")


class KafkaError(Exception):
    """The broker answered with an error code, or with something that is no answer to the request."""


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

    @property
    def broker_ids(self) -> tuple[int, ...]:
        return tuple(sorted(broker.id for broker in self.brokers))

    @property
    def topics(self) -> tuple[str, ...]:
        return tuple(sorted({partition.topic for partition in self.partitions}))

    def under_replicated(self, broker: int | None = None) -> tuple[Partition, ...]:
        """Partitions with fewer in-sync replicas than replicas; of one broker: those that it holds."""
        return tuple(p for p in self.partitions if p.under_replicated and (broker is None or broker in p.replicas))

    def without_leader(self) -> tuple[Partition, ...]:
        return tuple(p for p in self.partitions if p.without_leader)

    def under_min_in_sync(self) -> tuple[Partition, ...]:
        """Partitions that refuse a producer with acks=all."""
        return tuple(p for p in self.partitions if len(p.isr) < self._required(p))

    def at_or_under_min_in_sync(self) -> tuple[Partition, ...]:
        """Partitions that refuse a producer with acks=all, or would if one more replica went."""
        return tuple(p for p in self.partitions if len(p.isr) <= self._required(p))

    def endangered_by_stopping(self, broker: int) -> tuple[Partition, ...]:
        """Partitions that this broker's stop would bring under min.insync.replicas, or further under it."""
        return tuple(p for p in self.partitions if broker in p.isr and len(p.isr) - 1 < self._required(p))

    def _required(self, partition: Partition) -> int:
        return self.min_in_sync.get(partition.topic, 1)


@dataclass(frozen=True)
class Config:
    value: str | None
    source: int


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
        count = self.int32()
        if count > len(self._data):
            raise KafkaError(f"the answer announces {count} items in {len(self._data)} bytes")
        return tuple(read() for _item in range(max(count, 0)))

    def int32_array(self) -> tuple[int, ...]:
        return self.array(self.int32)

    def finish(self) -> None:
        if self._at != len(self._data):
            raise KafkaError(f"{len(self._data) - self._at} bytes follow the end of the answer")

    def _take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if count < 0 or len(taken) != count:
            raise KafkaError(f"the answer ends after {len(self._data)} bytes, in the middle of a value")
        self._at += count
        return taken


def encode_request(api: int, version: int, correlation: int, body: bytes) -> bytes:
    header = Writer().int16(api).int16(version).int32(correlation).string(CLIENT_ID)
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


def encode_describe_configs_request(resources: Iterable[tuple[int, str]], keys: Iterable[str]) -> bytes:
    writer = Writer()
    wanted = list(keys)

    def resource(item: tuple[int, str]) -> None:
        writer.int8(item[0]).string(item[1]).array(wanted, writer.string)

    writer.array(resources, resource).boolean(False)
    return bytes(writer.data)


def decode_describe_configs(data: bytes) -> dict[tuple[int, str], dict[str, Config]]:
    reader = Reader(data)
    reader.int32()  # throttle time

    def synonym() -> None:
        reader.string()
        reader.string()
        reader.int8()

    def config() -> tuple[str, Config]:
        name, value = reader.text(), reader.string()
        reader.boolean()  # read-only
        source = reader.int8()
        sensitive = reader.boolean()
        reader.array(synonym)
        return name, Config(None if sensitive else value, source)

    def result() -> tuple[tuple[int, str], dict[str, Config]]:
        error, message = reader.int16(), reader.string()
        resource = (reader.int8(), reader.text())
        configs = dict(reader.array(config))
        if error:
            raise KafkaError(
                f"the broker does not describe {resource[1] or resource[0]}: {error_name(error)} {message or ''}".rstrip()
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


def error_name(code: int) -> str:
    return ERRORS.get(code, f"error {code}")


class KafkaClient:
    """One connection to one broker. Every method is one request."""

    def __init__(self, connection: TlsConnection) -> None:
        self._connection = connection
        self._correlation = 0

    def api_versions(self) -> dict[int, tuple[int, int]]:
        return decode_api_versions(self._request(API_VERSIONS, API_VERSIONS_VERSION, b""))

    def metadata(self) -> ClusterState:
        return decode_metadata(self._request(METADATA, METADATA_VERSION, encode_metadata_request()))

    def describe_configs(
        self, resources: Iterable[tuple[int, str]], keys: Iterable[str]
    ) -> dict[tuple[int, str], dict[str, Config]]:
        body = encode_describe_configs_request(resources, keys)
        return decode_describe_configs(self._request(DESCRIBE_CONFIGS, DESCRIBE_CONFIGS_VERSION, body))

    def broker_configs(self, broker: int, keys: Iterable[str]) -> dict[str, Config]:
        """A broker describes nobody but itself."""
        return self.describe_configs([(BROKER_RESOURCE, str(broker))], keys)[(BROKER_RESOURCE, str(broker))]

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

    def _request(self, api: int, version: int, body: bytes) -> bytes:
        self._correlation += 1
        self._connection.send(encode_request(api, version, self._correlation, body))
        (size,) = struct.unpack(">i", self._connection.receive_exactly(4))
        if not 4 <= size <= RESPONSE_LIMIT:
            raise KafkaError(f"the answer announces {size} bytes: this is no Kafka broker")
        answer = self._connection.receive_exactly(size)
        (correlation,) = struct.unpack(">i", answer[:4])
        if correlation != self._correlation:
            raise KafkaError(f"the answer belongs to request {correlation}, not to {self._correlation}")
        return answer[4:]
