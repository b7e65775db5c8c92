# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a Kafka cluster needs to be as desired, and whether a broker may go. Decides from what was observed; asks nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.module_utils.kafka_protocol import (
    BROKER_RESOURCE,
    PER_BROKER_OVERRIDE,
    TOPIC_RESOURCE,
    ClusterState,
    Config,
    ConfigChange,
    Partition,
    Reassignment,
    Synonym,
)

PARTITIONS_NAMED = 10

# Kafka resizes these online to no less than half and no more than double of what runs.
THREAD_POOLS = frozenset({"num.io.threads", "num.network.threads", "num.recovery.threads.per.data.dir"})
# The first that has a value is in effect. Only the first can be changed online.
RETENTION_IN_MS = {"log.retention.ms": 1, "log.retention.minutes": 60 * 1000, "log.retention.hours": 60 * 60 * 1000}
RETENTION = "log.retention.ms"
# The keys of server.properties that Dialtone has words for and Kafka 3.2 changes online. TLS is not among them: Kafka takes its
# keys online without using them before the listener is made again.
DYNAMIC_KEYS = THREAD_POOLS | {
    "log.retention.hours",
    "log.segment.bytes",
    "min.insync.replicas",
    "unclean.leader.election.enable",
}


class ClusterError(Exception):
    """The cluster is not such that what is desired can be done, or was not done."""


# --- values -----------------------------------------------------------------------------------------------------------


def text(value: Any) -> str:
    """A value of YAML in the notation of server.properties."""
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


def same(one: str, other: str) -> bool:
    return _canonical(one) == _canonical(other)


def _canonical(value: str) -> Any:
    for number in (int, float):
        try:
            return number(value)
        except ValueError:
            continue
    if value.strip().lower() in ("true", "false"):
        return value.strip().lower()
    return [item.strip() for item in value.split(",")]


def keys_to_ask(wanted: Iterable[str]) -> list[str]:
    """With one of log.retention.* all of them: while the finest is set online, Kafka describes the others by their defaults."""
    keys = set(wanted)
    return sorted(keys | set(RETENTION_IN_MS) if keys & set(RETENTION_IN_MS) else keys)


def running_values(running: Mapping[str, Config]) -> dict[str, Config]:
    """What is known, with the effective retention as log.retention.ms in place of its three keys."""
    known = {key: config for key, config in running.items() if config.value is not None}
    effective = next((known[key] for key in RETENTION_IN_MS if key in known), None)
    values = {key: config for key, config in known.items() if key not in RETENTION_IN_MS}
    if effective is not None:
        key = next(key for key in RETENTION_IN_MS if key in known)
        values[RETENTION] = Config(
            _retention(key, effective.value),
            effective.source,
            tuple(Synonym(RETENTION, _retention(name, value), source) for name, value, source in effective.synonyms),
        )
    return values


def wanted_values(wanted: Mapping[str, str]) -> dict[str, str]:
    """The same of what server.properties says."""
    values = {key: value for key, value in wanted.items() if key not in RETENTION_IN_MS}
    key = _retention_key(wanted)
    if key:
        values[RETENTION] = str(_retention(key, wanted[key]))
    return values


def runs_as_wanted(wanted: Mapping[str, str], running: Mapping[str, Config]) -> set[str]:
    """The keys whose running value is known and is the wanted one."""
    values, wished = running_values(running), wanted_values(wanted)
    return {key for key in wanted if _online(key) in values and same(wished[_online(key)], str(values[_online(key)].value))}


def differs_in_words(wanted: Mapping[str, str], running: Mapping[str, Config], label: str) -> list[str]:
    """Where a broker runs other values than the file says. Keys that it does not know or keeps secret are skipped."""
    values, wished = running_values(running), wanted_values(wanted)
    words = []
    for key in sorted(wished):
        if key in values and not same(wished[key], str(values[key].value)):
            written = _retention_key(wanted) if key == RETENTION else key
            says = wanted[written] if written == key else f"{written}={wanted[written]}"
            words.append(f"{label} runs with {key}={values[key].value}, server.properties says {says}")
    return words


def _online(key: str) -> str:
    """The key that changes this one online."""
    return RETENTION if key in RETENTION_IN_MS else key


def _retention_key(wanted: Mapping[str, str]) -> str:
    return next((key for key in RETENTION_IN_MS if key in wanted), "")


def _retention(key: str, value: str | None) -> str | None:
    """In milliseconds; a negative number is no limit."""
    try:
        number = int(value or "")
    except ValueError:
        return value
    return str(number * RETENTION_IN_MS[key] if number >= 0 else -1)


def named(names: Sequence[str]) -> str:
    more = len(names) - PARTITIONS_NAMED
    return ", ".join(names[:PARTITIONS_NAMED]) + (f" and {more} more" if more > 0 else "")


def names_of(partitions: Iterable[Partition]) -> str:
    return named([partition.name for partition in partitions])


def _numbers(numbers: Iterable[int]) -> str:
    return ", ".join(str(number) for number in numbers)


# --- may a broker go? -------------------------------------------------------------------------------------------------


def stop_refusal(state: ClusterState, broker: int, expected_brokers: Sequence[int]) -> str:
    """Why this broker must not be stopped now; empty where it may. A cluster of one has nobody to keep it up meanwhile."""
    if broker not in state.broker_ids or {*state.broker_ids, *expected_brokers} == {broker}:
        return ""
    reasons = []
    missing = sorted({*expected_brokers} - {*state.broker_ids})
    if missing:
        reasons.append(
            f"broker {_numbers(missing)} is not registered in the cluster (registered: {_numbers(state.broker_ids)}), and "
            f"stopping broker {broker} would take down a second one. Start broker {_numbers(missing)} first."
        )
    if state.reassigning is None:
        reasons.append(
            f"the controller (broker {state.controller_id}) cannot be asked whether partitions are being reassigned, and no "
            "broker is stopped in the middle of that. playbooks/status.yml shows which broker does not answer."
        )
    elif state.reassigning:
        reasons.append(
            f"partitions are being reassigned: {named(state.reassigning)}. Stopping a broker would hold that up. "
            "Wait until it is over: kafka-reassign-partitions.sh --list shows it."
        )
    endangered = state.endangered_by_stopping(broker)
    never_spared = [p for p in endangered if len(p.replicas) <= state.required(p)]
    last = [p for p in endangered if p not in never_spared and len(p.isr) == 1]
    short = [p for p in endangered if p not in never_spared and p not in last]
    if last:
        reasons.append(
            f"broker {broker} holds the last in-sync replica of {names_of(last)}: without it they have no leader. "
            "Bring their other replicas back in sync (playbooks/status.yml names what is wrong)."
        )
    if short:
        reasons.append(
            f"without broker {broker} these partitions would have fewer in-sync replicas than min.insync.replicas, and refuse "
            f"messages: {names_of(short)}. Bring their other replicas back in sync (playbooks/status.yml names what is wrong)."
        )
    if never_spared:
        reasons.append(
            f"these partitions have no replica to spare, and one on broker {broker}: {names_of(never_spared)}. "
            "playbooks/site.yml raises them to kafka_default_replication_factor where kafka_raise_replication is true; that has "
            "to be more than kafka_min_insync_replicas."
        )
    return " ".join(reasons)


# --- what is desired, what is, what is to be done ---------------------------------------------------------------------


@dataclass(frozen=True)
class Desired:
    broker_id: int
    expected_brokers: tuple[int, ...] = ()
    broker_properties: Mapping[str, str] = field(default_factory=dict)
    topic_configs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    replication_factor: int = 0
    preferred_leaders: bool = False


@dataclass(frozen=True)
class Observed:
    state: ClusterState
    broker_configs: Mapping[str, Config] = field(default_factory=dict)
    topic_configs: Mapping[str, Mapping[str, Config]] = field(default_factory=dict)

    @property
    def broker_overrides(self) -> dict[str, str]:
        """What was set online for this broker alone, secrets left out."""
        return {
            key: config.value
            for key, config in sorted(self.broker_configs.items())
            if config.source == PER_BROKER_OVERRIDE and config.value is not None
        }


@dataclass(frozen=True)
class Setting:
    """One key that is set online, or goes back to what it is without that."""

    change: ConfigChange
    running: str
    wanted: str

    @property
    def owner(self) -> str:
        kind, name = self.change.resource
        return f"{'topic' if kind == TOPIC_RESOURCE else 'broker'} {name}"


@dataclass(frozen=True)
class Action:
    """A step in words; before and after are the lines of the diff."""

    subject: object
    words: str
    before: str
    after: str


@dataclass(frozen=True)
class Plan:
    settings: tuple[Setting, ...] = ()
    reassignments: tuple[Reassignment, ...] = ()
    elections: tuple[Partition, ...] = ()
    # Partitions whose reassignment has to be over before replication is looked at.
    waits_for: tuple[str, ...] = ()
    missing_topics: tuple[str, ...] = ()
    left_to_restart: tuple[str, ...] = ()
    not_preferred: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()

    def still_to_do(self, now: Plan) -> tuple[Action, ...]:
        """What of this plan is in that of now."""
        subjects = {action.subject for action in self.actions}
        return tuple(action for action in now.actions if action.subject in subjects)


def speaks_for_cluster(state: ClusterState, broker: int) -> bool:
    """One broker's host changes what belongs to all of them: that of the lowest id."""
    return state.broker_ids[:1] == (broker,)


def plan(observed: Observed, desired: Desired) -> Plan:
    state = observed.state
    settings, left_to_restart = plan_broker(desired.broker_id, desired.broker_properties, observed.broker_configs)
    reassignments: tuple[Reassignment, ...] = ()
    waits_for: tuple[str, ...] = ()
    missing_topics: tuple[str, ...] = ()
    if speaks_for_cluster(state, desired.broker_id):
        settings += plan_topics(desired.topic_configs, observed.topic_configs)
        missing_topics = tuple(sorted({*desired.topic_configs} - {*state.topics}))
        if desired.replication_factor and state.reassigning:
            waits_for = state.reassigning
        else:
            reassignments = plan_reassignment(state, desired.replication_factor, desired.expected_brokers)
    elections, not_preferred = plan_elections(state) if desired.preferred_leaders else ((), ())
    partitions = {(partition.topic, partition.index): partition for partition in state.partitions}
    return Plan(
        settings,
        reassignments,
        elections,
        waits_for,
        missing_topics,
        left_to_restart,
        not_preferred,
        (
            *(_reassignment_action(partitions[wanted.topic, wanted.index], wanted) for wanted in reassignments),
            *(_setting_action(setting) for setting in settings),
            *(_election_action(partition) for partition in elections),
        ),
    )


def plan_broker(
    broker: int, wanted: Mapping[str, str], running: Mapping[str, Config]
) -> tuple[tuple[Setting, ...], tuple[str, ...]]:
    """The broker's own settings that are changed online, and in words those that only a restart changes.

    An override is set only where the broker was started with another value than is wanted, and goes when it is needed no more.
    """
    values = running_values(running)
    settings, left = [], []
    for key, value in sorted(wanted_values({key: wanted[key] for key in wanted if key in _changeable(wanted)}).items()):
        config = values.get(key)
        if config is None or config.value is None:
            continue
        resource = (BROKER_RESOURCE, str(broker))
        overridden = config.source == PER_BROKER_OVERRIDE
        beneath = next((s.value for s in config.synonyms if s.source != PER_BROKER_OVERRIDE), None)
        without_override = beneath is not None and same(beneath, value)
        to_do = overridden if without_override else not same(config.value, value)
        if not to_do:
            continue
        if key in THREAD_POOLS and not _resizable(config.value, value):
            left.append(
                f"{key} of broker {broker} stays {config.value} until the broker is restarted: Kafka changes it online to no "
                f"less than half and no more than double, and {value} is wanted"
            )
        else:
            settings.append(Setting(ConfigChange(resource, key, None if without_override else value), config.value, value))
    return tuple(settings), tuple(left)


def without_restart(wanted: Mapping[str, str], running: Mapping[str, Config], settings: Iterable[Setting]) -> list[str]:
    """The keys of the file that run as they are written, or will once these settings are changed."""
    changed = {setting.change.key for setting in settings if setting.change.resource[0] == BROKER_RESOURCE}
    online = changed | (set(RETENTION_IN_MS) if changed & set(RETENTION_IN_MS) else set())
    return sorted((online & set(wanted)) | runs_as_wanted(wanted, running))


def _changeable(wanted: Mapping[str, str]) -> set[str]:
    """With one key of the retention all of them, because the finest that is written is in effect."""
    return {key for key in wanted if key in DYNAMIC_KEYS or key in RETENTION_IN_MS}


def _resizable(running: str, wanted: str) -> bool:
    return int(running) // 2 <= int(wanted) <= int(running) * 2


def plan_topics(
    wanted: Mapping[str, Mapping[str, str]], described: Mapping[str, Mapping[str, Config]]
) -> tuple[Setting, ...]:
    """Settings of the topics that are there."""
    settings = []
    for topic in sorted({*wanted} & {*described}):
        for key, value in sorted(wanted[topic].items()):
            if key not in described[topic]:
                raise ClusterError(
                    f"kafka_topic_configs sets {key} of topic {topic}, and this version of Kafka knows no such setting of a "
                    "topic. Nothing was changed. Take it out"
                )
            running = described[topic][key].value or ""
            if not same(running, value):
                settings.append(Setting(ConfigChange((TOPIC_RESOURCE, topic), key, value), running, value))
    return tuple(settings)


def plan_reassignment(state: ClusterState, factor: int, expected_brokers: Sequence[int] = ()) -> tuple[Reassignment, ...]:
    """Brings partitions with fewer replicas than factor to it; never lowers.

    The replicas that are there stay, in their order, so the preferred leader does too. New ones go to the least loaded brokers.
    """
    short = [partition for partition in state.partitions if len(partition.replicas) < factor]
    if not short:
        return ()
    _refuse_reassignment(state, factor, expected_brokers, short)
    load = Counter(dict.fromkeys(state.broker_ids, 0))
    load.update(broker for partition in state.partitions for broker in partition.replicas)
    added: list[list[int]] = []
    for partition in short:
        candidates = sorted((b for b in state.broker_ids if b not in partition.replicas), key=lambda b: (load[b], b))
        chosen = candidates[: factor - len(partition.replicas)]
        load.update(chosen)
        added.append(chosen)
    _level(short, added, load, state.broker_ids)
    return tuple(Reassignment(p.topic, p.index, (*p.replicas, *new)) for p, new in zip(short, added))


def _level(short: Sequence[Partition], added: list[list[int]], load: Counter[int], brokers: Sequence[int]) -> None:
    """Moves new replicas until none could go to a broker with two replicas fewer; a later partition may have crowded one."""
    moved = True
    while moved:
        moved = False
        for partition, new in zip(short, added):
            for place, broker in enumerate(new):
                others = [b for b in brokers if b not in partition.replicas and b not in new]
                least = min(others, key=lambda b: (load[b], b), default=broker)
                if load[least] + 1 < load[broker]:
                    new[place] = least
                    load[broker] -= 1
                    load[least] += 1
                    moved = True


def _refuse_reassignment(
    state: ClusterState, factor: int, expected_brokers: Sequence[int], short: Sequence[Partition]
) -> None:
    raising = f"The partitions {names_of(short)} have fewer than {factor} replicas, and are not raised"
    missing = sorted({*expected_brokers} - {*state.broker_ids})
    if missing:
        raise ClusterError(
            f"{raising}: broker {_numbers(missing)} is not registered (registered: {_numbers(state.broker_ids)}), and would get "
            f"no share of them. Start broker {_numbers(missing)}, then run again"
        )
    if state.reassigning is None:
        raise ClusterError(
            f"{raising}: the controller (broker {state.controller_id}) cannot be asked whether a reassignment is under way. "
            "playbooks/status.yml shows which broker does not answer"
        )
    if state.reassigning:
        raise ClusterError(
            f"{raising}: a reassignment is under way ({named(state.reassigning)}). Wait until it is over, then run again"
        )
    if factor > len(state.brokers):
        raise ClusterError(
            f"{raising}: the cluster has {len(state.brokers)} brokers ({_numbers(state.broker_ids)}), and each holds a partition "
            f"once. Set kafka_default_replication_factor to at most {len(state.brokers)}, or add brokers"
        )
    strangers = {p.name: sorted({*p.replicas} - {*state.broker_ids}) for p in short}
    for name, gone in strangers.items():
        if gone:
            raise ClusterError(
                f"{raising}: {name} has a replica on broker {_numbers(gone)}, which is not registered, and Kafka reassigns only "
                "to brokers that are. Start it, or take the replica away with kafka-reassign-partitions.sh, then run again"
            )


def plan_elections(state: ClusterState) -> tuple[tuple[Partition, ...], tuple[str, ...]]:
    """The partitions that get their preferred leader, and in words those that cannot."""
    displaced = [p for p in state.partitions if p.replicas and p.leader != p.preferred_leader]
    return (
        tuple(p for p in displaced if p.preferred_leader in p.isr),
        tuple(
            f"{p.name} is led by {f'broker {p.leader}' if p.leader >= 0 else 'nobody'}: its preferred leader, broker "
            f"{p.preferred_leader}, is not in sync"
            for p in displaced
            if p.preferred_leader not in p.isr
        ),
    )


def _setting_action(setting: Setting) -> Action:
    key = setting.change.key
    deleted = setting.change.value is None
    return Action(
        (setting.change.resource, key),
        f"take back {key}={setting.running}, set online for {setting.owner}: without that it is {setting.wanted}, as wanted"
        if deleted
        else f"set {key} of {setting.owner} to {setting.wanted} (was {setting.running})",
        f"{setting.owner}: {key}={setting.running}" + (" (set online)" if deleted else ""),
        f"{setting.owner}: {key}={setting.wanted}",
    )


def _reassignment_action(partition: Partition, wanted: Reassignment) -> Action:
    return Action(
        (partition.topic, partition.index, "replicas"),
        f"raise {partition.name} from {len(partition.replicas)} to {len(wanted.replicas)} replicas "
        f"(brokers {_numbers(partition.replicas)} to {_numbers(wanted.replicas)})",
        f"{partition.name}: replicas on {_numbers(partition.replicas)}",
        f"{partition.name}: replicas on {_numbers(wanted.replicas)}",
    )


def _election_action(partition: Partition) -> Action:
    return Action(
        (partition.topic, partition.index, "leader"),
        f"make broker {partition.preferred_leader} leader of {partition.name} (is {partition.leader})",
        f"{partition.name}: leader {partition.leader}",
        f"{partition.name}: leader {partition.preferred_leader}",
    )
