# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.module_utils.kafka_cluster import (
    DYNAMIC_KEYS,
    THREAD_POOLS,
    ClusterError,
    Desired,
    Observed,
    differs_in_words,
    keys_to_ask,
    plan,
    plan_broker,
    plan_elections,
    plan_reassignment,
    plan_topics,
    runs_as_wanted,
    same,
    speaks_for_cluster,
    stop_refusal,
    text,
)
from ansible_collections.dialtone.contact_center.plugins.module_utils.kafka_protocol import (
    BROKER_RESOURCE,
    DEFAULT,
    DEFAULT_OVERRIDE,
    PER_BROKER_OVERRIDE,
    STATIC,
    TOPIC_RESOURCE,
    Broker,
    ClusterState,
    Config,
    ConfigChange,
    Partition,
    Reassignment,
    Synonym,
)


def running(key: str, started_with: str, override: str | None = None, for_all: str | None = None) -> dict[str, Config]:
    """A key as a broker describes it, with what was set online for it alone and for all brokers."""
    layers = [(override, PER_BROKER_OVERRIDE), (for_all, DEFAULT_OVERRIDE), (started_with, STATIC), ("-7", DEFAULT)]
    synonyms = tuple(Synonym(key, value, source) for value, source in layers if value is not None)
    return {key: Config(synonyms[0].value, synonyms[0].source, synonyms)}


def cluster(*partitions: Partition, brokers=(1, 2, 3), min_in_sync=2, reassigning: tuple[str, ...] | None = ()) -> ClusterState:
    topics = {partition.topic for partition in partitions}
    return ClusterState(
        "id",
        brokers[0],
        tuple(Broker(number, "h", 9093) for number in brokers),
        partitions,
        dict.fromkeys(topics, min_in_sync),
        reassigning,
    )


def partition(
    *replicas: int, isr: tuple[int, ...] | None = None, index: int = 0, leader: int | None = None, topic: str = "t"
) -> Partition:
    in_sync = replicas if isr is None else isr
    return Partition(topic, index, leader if leader is not None else (in_sync[0] if in_sync else -1), replicas, in_sync)


# --- values


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("16", "16", True),
        ("016", "16", True),
        ("0.50", "0.5", True),
        ("True", "true", True),
        ("a, b", "a,b", True),
        ("a,b", "b,a", False),
        ("PKIX", "pkix", False),
        ("8", "16", False),
        ("", "0", False),
    ],
)
def test_same(one, other, equal):
    assert same(one, other) is equal


def test_yaml_in_the_notation_of_properties():
    assert [text(value) for value in (True, 16, 0.5, " x ")] == ["true", "16", "0.5", "x"]


def test_what_runs_as_wanted():
    values = {**running("num.io.threads", "8", "16"), **running("min.insync.replicas", "2")}
    values["ssl.key.password"] = Config(None, STATIC)
    wanted = {"num.io.threads": "16", "min.insync.replicas": "1", "ssl.key.password": "x", "own.plugin": "1"}
    assert runs_as_wanted(wanted, values) == {"num.io.threads"}


RETENTION_ONLINE = {
    "log.retention.ms": Config(
        "172800000",
        PER_BROKER_OVERRIDE,
        (
            Synonym("log.retention.ms", "172800000", PER_BROKER_OVERRIDE),
            Synonym("log.retention.hours", "72", STATIC),
            Synonym("log.retention.hours", "168", DEFAULT),
        ),
    ),
    "log.retention.minutes": Config(None, DEFAULT),
    # What a real broker says of its 72 hours while log.retention.ms is set online.
    "log.retention.hours": Config("168", STATIC, (Synonym("log.retention.hours", "72", STATIC),)),
}


@pytest.mark.parametrize(("hours", "as_wanted"), [("48", True), ("72", False), ("168", False)])
def test_retention_is_what_is_in_effect(hours, as_wanted):
    assert runs_as_wanted({"log.retention.hours": hours}, RETENTION_ONLINE) == ({"log.retention.hours"} if as_wanted else set())


def test_retention_without_limit():
    assert runs_as_wanted({"log.retention.hours": "-1"}, running("log.retention.ms", "-1")) == {"log.retention.hours"}


def test_the_finest_retention_that_is_written_is_in_effect():
    wanted = {"log.retention.hours": "72", "log.retention.ms": "172800000"}
    assert runs_as_wanted(wanted, RETENTION_ONLINE) == set(wanted)


def test_all_of_retention_is_asked():
    assert keys_to_ask(["log.retention.hours", "b"]) == ["b", "log.retention.hours", "log.retention.minutes", "log.retention.ms"]
    assert keys_to_ask(["b"]) == ["b"]


def test_differences_in_words():
    wanted = {"num.io.threads": "16", "log.retention.hours": "72", "unknown": "1", "min.insync.replicas": "2"}
    values = {**running("num.io.threads", "8"), **RETENTION_ONLINE, **running("min.insync.replicas", "2")}
    assert differs_in_words(wanted, values, "broker 2") == [
        "broker 2 runs with log.retention.ms=172800000, server.properties says log.retention.hours=72",
        "broker 2 runs with num.io.threads=8, server.properties says 16",
    ]


@given(st.dictionaries(st.sampled_from(sorted(DYNAMIC_KEYS)), st.integers(1, 9).map(str)), st.data())
def test_a_key_runs_as_wanted_or_differs_or_is_unknown(wanted, data):
    values = {}
    for key in wanted:
        values.update(running(key, data.draw(st.integers(1, 9).map(str))))
    differing = differs_in_words(wanted, values, "b")
    assert len(runs_as_wanted(wanted, values)) + len(differing) == len(wanted)


# --- may a broker go?


def test_a_healthy_cluster_spares_any_broker():
    state = cluster(partition(1, 2, 3), partition(2, 3, 1, index=1))
    assert [stop_refusal(state, broker, [1, 2, 3]) for broker in (1, 2, 3)] == ["", "", ""]


@pytest.mark.parametrize(
    ("state", "broker", "words"),
    [
        (cluster(partition(1, 2, 3, isr=(1, 2))), 1, "fewer in-sync replicas than min.insync.replicas, and refuse"),
        (cluster(partition(1, 2, 3, isr=(1,))), 1, "holds the last in-sync replica of t-0"),
        (cluster(partition(1, 2, 3, isr=(1,)), min_in_sync=1), 1, "holds the last in-sync replica of t-0"),
        (cluster(partition(1), min_in_sync=1), 1, "no replica to spare, and one on broker 1: t-0."),
        (cluster(partition(1), min_in_sync=1), 1, "kafka_raise_replication"),
        (cluster(partition(1, 2)), 2, "no replica to spare"),
        (cluster(partition(1, 2, 3), reassigning=("t-0",)), 1, "partitions are being reassigned: t-0."),
        (cluster(partition(1, 2, 3), reassigning=None), 2, "controller (broker 1) cannot be asked"),
        (cluster(partition(1, 2, 3), brokers=(1, 2)), 1, "broker 3 is not registered in the cluster (registered: 1, 2)"),
    ],
)
def test_why_a_broker_must_stay(state, broker, words):
    assert words in stop_refusal(state, broker, [1, 2, 3])


@pytest.mark.parametrize(
    ("state", "broker", "expected"),
    [
        (cluster(partition(1, 2, 3, isr=(2, 3)), min_in_sync=3), 1, [1, 2, 3]),
        (cluster(partition(2), min_in_sync=1), 1, [1, 2, 3]),
        (cluster(partition(1), brokers=(1,), min_in_sync=1), 1, [1]),
        (cluster(partition(2, 3), brokers=(2, 3)), 1, [1, 2, 3]),
    ],
    ids=["not in sync itself", "a replica elsewhere", "a cluster of one", "not registered itself"],
)
def test_a_broker_that_keeps_nothing_up_may_go(state, broker, expected):
    assert stop_refusal(state, broker, expected) == ""


def test_a_cluster_of_one_that_should_be_three_is_no_cluster_of_one():
    assert "broker 2, 3 is not registered" in stop_refusal(cluster(brokers=(1,)), 1, [1, 2, 3])


def test_ten_partitions_are_named_and_the_rest_counted():
    words = stop_refusal(cluster(*(partition(1, 2, 3, isr=(1, 2), index=n) for n in range(25))), 1, [1, 2, 3])
    assert "t-9 and 15 more." in words
    assert "t-10" not in words


isrs = st.permutations([1, 2, 3]).flatmap(lambda order: st.integers(0, 3).map(lambda count: tuple(order[:count])))


@given(st.lists(isrs, max_size=5), st.integers(1, 3), st.sampled_from([1, 2, 3]))
def test_a_broker_that_may_go_leaves_every_partition_that_was_served_above_its_minimum(in_sync, minimum, broker):
    state = cluster(*(partition(1, 2, 3, isr=isr, index=n) for n, isr in enumerate(in_sync)), min_in_sync=minimum)
    endangered = any(broker in isr and len(isr) - 1 < minimum for isr in in_sync)
    assert bool(stop_refusal(state, broker, [1, 2, 3])) is endangered


# --- settings


@pytest.mark.parametrize(
    ("wanted", "started_with", "override", "for_all", "change"),
    [
        ("8", "8", None, None, "nothing"),
        ("8", "8", "8", None, "delete"),
        ("16", "8", "16", None, "nothing"),
        ("8", "8", "16", None, "delete"),
        ("16", "8", None, None, "set"),
        ("16", "8", "12", None, "set"),
        ("8", "8", None, "12", "set"),
        ("8", "8", "8", "12", "nothing"),
        ("12", "8", "16", "12", "delete"),
    ],
)
def test_a_setting_of_the_broker(wanted, started_with, override, for_all, change):
    settings, left = plan_broker(3, {"num.io.threads": wanted}, running("num.io.threads", started_with, override, for_all))
    expected = {
        "nothing": [],
        "set": [ConfigChange((BROKER_RESOURCE, "3"), "num.io.threads", wanted)],
        "delete": [ConfigChange((BROKER_RESOURCE, "3"), "num.io.threads", None)],
    }[change]
    assert [setting.change for setting in settings] == expected
    assert left == ()


values = st.sampled_from(["4", "5", "6", "7", "8"])


@given(values, values, st.none() | values, st.none() | values)
def test_what_is_planned_makes_the_broker_run_as_wanted_with_no_needless_override(wanted, started_with, override, for_all):
    key = "num.io.threads"
    settings, _left = plan_broker(3, {key: wanted}, running(key, started_with, override, for_all))
    for setting in settings:
        override = setting.change.value
    after = running(key, started_with, override, for_all)
    assert runs_as_wanted({key: wanted}, after) == {key}
    assert plan_broker(3, {key: wanted}, after) == ((), ())
    assert override is None or override != (for_all or started_with)


@pytest.mark.parametrize(
    ("key", "wanted", "left"),
    [
        ("num.io.threads", "17", True),
        ("num.io.threads", "16", False),
        ("num.io.threads", "4", False),
        ("num.io.threads", "3", True),
        ("log.segment.bytes", "1000000", False),
    ],
)
def test_a_thread_pool_is_at_most_doubled_or_halved_online(key, wanted, left):
    settings, words = plan_broker(3, {key: wanted}, running(key, "8"))
    assert bool(words) is left
    assert bool(settings) is not left
    assert all(f"{key} of broker 3 stays 8 until the broker is restarted" in line for line in words)


def test_thread_pools_are_changed_online():
    assert THREAD_POOLS < DYNAMIC_KEYS


def test_what_needs_a_restart_or_is_secret_or_unknown_is_left_alone():
    wanted = {"num.partitions": "4", "min.insync.replicas": "2", "log.segment.bytes": "5"}
    values = {**running("num.partitions", "1"), "min.insync.replicas": Config(None, STATIC)}
    assert plan_broker(1, wanted, values) == ((), ())


def test_retention_goes_online_in_milliseconds_and_comes_back():
    settings, _left = plan_broker(2, {"log.retention.hours": "24"}, RETENTION_ONLINE)
    assert settings[0].change == ConfigChange((BROKER_RESOURCE, "2"), "log.retention.ms", "86400000")
    settings, _left = plan_broker(2, {"log.retention.hours": "72"}, RETENTION_ONLINE)
    assert settings[0].change == ConfigChange((BROKER_RESOURCE, "2"), "log.retention.ms", None)
    assert plan_broker(2, {"log.retention.hours": "48"}, RETENTION_ONLINE) == ((), ())


def test_settings_of_topics():
    described = {"t": {"retention.ms": Config("1000", STATIC), "preallocate": Config("false", DEFAULT)}}
    settings = plan_topics({"t": {"retention.ms": "2000", "preallocate": "False"}, "gone": {"retention.ms": "1"}}, described)
    assert [setting.change for setting in settings] == [ConfigChange((TOPIC_RESOURCE, "t"), "retention.ms", "2000")]


def test_a_setting_that_no_topic_has():
    with pytest.raises(ClusterError, match=r"sets retention\.hours of topic t, and this version of Kafka knows no such setting"):
        plan_topics({"t": {"retention.hours": "2"}}, {"t": {}})


# --- replicas

broker_sets = st.lists(st.integers(0, 9), min_size=1, max_size=6, unique=True).map(lambda ids: tuple(sorted(ids)))
clusters = broker_sets.flatmap(
    lambda brokers: st.lists(
        st.lists(st.sampled_from(brokers), min_size=1, max_size=len(brokers), unique=True).map(tuple), max_size=20
    ).map(lambda rows: cluster(*(partition(*row, index=n) for n, row in enumerate(rows)), brokers=brokers))
)


def reassigned(state: ClusterState, wanted: tuple[Reassignment, ...]) -> ClusterState:
    new = {(one.topic, one.index): one.replicas for one in wanted}
    return cluster(
        *(partition(*new.get((p.topic, p.index), p.replicas), index=p.index) for p in state.partitions), brokers=state.broker_ids
    )


@given(clusters, st.data())
def test_replicas_are_added_and_nothing_else(state, data):
    factor = data.draw(st.integers(0, len(state.brokers)))
    wanted = plan_reassignment(state, factor, state.broker_ids)
    before = {(p.topic, p.index): p.replicas for p in state.partitions}
    for one in wanted:
        old = before[one.topic, one.index]
        assert one.replicas[: len(old)] == old
        assert len(set(one.replicas)) == len(one.replicas) == factor
        assert set(one.replicas) <= set(state.broker_ids)
    after = reassigned(state, wanted)
    assert all(len(p.replicas) >= factor for p in after.partitions)
    assert plan_reassignment(after, factor, state.broker_ids) == ()
    assert plan_reassignment(state, factor, state.broker_ids) == wanted


@given(clusters, st.data())
def test_no_new_replica_has_a_broker_with_two_fewer_to_go_to(state, data):
    wanted = plan_reassignment(state, data.draw(st.integers(0, len(state.brokers))), state.broker_ids)
    load = Counter(broker for p in reassigned(state, wanted).partitions for broker in p.replicas)
    before = {(p.topic, p.index): p.replicas for p in state.partitions}
    for one in wanted:
        for broker in set(one.replicas) - set(before[one.topic, one.index]):
            assert all(load[broker] - load[other] <= 1 for other in set(state.broker_ids) - set(one.replicas))


def test_internal_topics_are_raised_too():
    state = cluster(partition(2, topic="__consumer_offsets"), partition(3, topic="__transaction_state"), partition(1, 2, 3))
    assert plan_reassignment(state, 3, [1, 2, 3]) == (
        Reassignment("__consumer_offsets", 0, (2, 1, 3)),
        Reassignment("__transaction_state", 0, (3, 1, 2)),
    )


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (cluster(partition(1), brokers=(1, 2)), "broker 3 is not registered (registered: 1, 2)"),
        (cluster(partition(1), reassigning=("u-1",)), "a reassignment is under way (u-1)"),
        (cluster(partition(1), reassigning=None), "cannot be asked"),
        (cluster(partition(9, 1)), "t-0 has a replica on broker 9, which is not registered"),
    ],
)
def test_when_replicas_are_not_added(state, words):
    with pytest.raises(ClusterError) as refused:
        plan_reassignment(state, 3, [1, 2, 3])
    assert "The partitions t-0 have fewer than 3 replicas" in str(refused.value)
    assert words in str(refused.value)


def test_more_replicas_than_brokers():
    with pytest.raises(ClusterError, match="Set kafka_default_replication_factor to at most 2"):
        plan_reassignment(cluster(partition(1), brokers=(1, 2)), 3, [1, 2])


def test_nothing_to_raise_is_never_refused():
    state = cluster(partition(1, 2, 3), brokers=(1, 2), reassigning=("t-0",))
    assert plan_reassignment(state, 3, [1, 2, 3]) == ()


# --- leaders


def test_preferred_leaders():
    home, away, gone = partition(1, 2, 3), partition(2, 1, 3, index=1, leader=1), partition(3, 1, 2, isr=(1, 2), index=2)
    elections, stay = plan_elections(cluster(home, away, gone))
    assert elections == (away,)
    assert stay == ("t-2 is led by broker 1: its preferred leader, broker 3, is not in sync",)


def test_a_partition_without_a_leader_in_words():
    assert plan_elections(cluster(partition(3, isr=())))[1] == (
        "t-0 is led by nobody: its preferred leader, broker 3, is not in sync",
    )


# --- the whole plan


def test_only_one_broker_speaks_for_the_cluster():
    state = cluster(partition(1), brokers=(1, 2, 3))
    desired = {"expected_brokers": (1, 2, 3), "replication_factor": 3, "topic_configs": {"t": {"retention.ms": "2"}, "n": {}}}
    observed = Observed(state, {}, {"t": {"retention.ms": Config("1", STATIC)}})
    plans = {broker: plan(observed, Desired(broker, **desired)) for broker in (1, 2, 3)}
    assert [action.words for action in plans[1].actions] == [
        "raise t-0 from 1 to 3 replicas (brokers 1 to 1, 2, 3)",
        "set retention.ms of topic t to 2 (was 1)",
    ]
    assert plans[1].missing_topics == ("n",)
    assert plans[2].actions == plans[3].actions == ()
    assert [speaks_for_cluster(state, broker) for broker in (1, 2, 3)] == [True, False, False]


def test_a_reassignment_under_way_is_waited_for_before_replicas_are_looked_at():
    state = cluster(partition(1), reassigning=("u-0",))
    assert plan(Observed(state), Desired(1, replication_factor=3)).waits_for == ("u-0",)
    assert plan(Observed(state), Desired(1)).waits_for == ()
    assert plan(Observed(state), Desired(2, replication_factor=3)).waits_for == ()


def test_words_and_diff_of_settings():
    observed = Observed(cluster(), {**running("num.io.threads", "8", "16"), **running("log.segment.bytes", "1")})
    found = plan(observed, Desired(2, broker_properties={"num.io.threads": "8", "log.segment.bytes": "2"}))
    assert [(action.words, action.before, action.after) for action in found.actions] == [
        ("set log.segment.bytes of broker 2 to 2 (was 1)", "broker 2: log.segment.bytes=1", "broker 2: log.segment.bytes=2"),
        (
            "take back num.io.threads=16, set online for broker 2: without that it is 8, as wanted",
            "broker 2: num.io.threads=16 (set online)",
            "broker 2: num.io.threads=8",
        ),
    ]
    assert observed.broker_overrides == {"num.io.threads": "16"}


def test_what_is_still_to_do_is_what_was_planned():
    planned = plan(Observed(cluster(partition(2, 1, leader=1))), Desired(3, preferred_leaders=True))
    later = plan(
        Observed(cluster(partition(2, 1, leader=1), partition(2, 1, index=1, leader=1))), Desired(3, preferred_leaders=True)
    )
    assert planned.still_to_do(later) == planned.actions
    assert planned.still_to_do(plan(Observed(cluster()), Desired(3))) == ()
