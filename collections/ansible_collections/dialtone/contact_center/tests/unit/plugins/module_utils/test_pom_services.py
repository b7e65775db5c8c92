# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_services import (
    BY_UNIT,
    DORMANT,
    MASTER,
    OWN_UNITS,
    RUNNING,
    SERVICES,
    STATES,
    STOPPED,
    UNKNOWN,
    Status,
    UnknownService,
    expected_services,
    in_words,
    judge,
    parse_status,
    service_of,
)

NAMES = [(service, name) for service in SERVICES for name in (service.unit, service.name, *service.aliases)]


@pytest.mark.parametrize(("service", "name"), [pytest.param(*row, id=row[1]) for row in NAMES])
def test_every_name_of_a_service_is_its_own(service, name):
    assert service_of(name) is service
    assert service_of(name.upper()) is service


def test_unknown_name_is_refused():
    with pytest.raises(UnknownService, match="Load Monitor is none of POM's services"):
        service_of("Load Monitor")


@given(
    st.sampled_from(NAMES), st.sampled_from(STATES), st.sampled_from([" is ", ": ", "   ", " ... ", " service status: ", " ["])
)
def test_whatever_stands_between_a_name_and_a_documented_state_it_is_read(row, state, between):
    service, name = row
    assert parse_status(f"{name}{between}{state}").states == {service.unit: state}


@given(st.permutations([f"{service.name} is {state}" for service, state in zip(SERVICES, STATES * 2)]))
def test_order_of_the_lines_means_nothing(lines):
    assert parse_status("\n".join(lines)).states == {service.unit: state for service, state in zip(SERVICES, STATES * 2)}


@pytest.mark.parametrize(
    ("line", "unit", "state"),
    [
        ("Campaign Manager is running", "cmpmgr", RUNNING),
        ("Campaign  Manager is RUNNING", "cmpmgr", RUNNING),
        ("\x1b[32mCampaign Director\x1b[0m is \x1b[1mMASTER\x1b[0m", "cmpdir", MASTER),
        ("Campaign Director is RUNNING (DORMANT)", "cmpdir", DORMANT),
        ("Warning: Agent Manager process is NOT running!", "agtmgr", STOPPED),
        ("Rule Server stopped", "ruleeng", STOPPED),
        ("Agent SDK Service is FAILOVER", "pomagentsdk", UNKNOWN),
        ("Kafka Server is paused", "pomkafka", UNKNOWN),
        ("advlistmgmt (pid 812) is running...", "advlistmgmt", RUNNING),
        ("Agent Manager REMASTERED", "agtmgr", UNKNOWN),
    ],
)
def test_states_that_are_no_column(line, unit, state):
    assert parse_status(line).states == {unit: state}


@pytest.mark.parametrize("line", ["Checking Campaign Manager...", "POM status of epm1", "", "Load Monitor is RUNNING"])
def test_lines_that_say_nothing_of_a_service(line):
    assert parse_status(line).states == {}


def test_a_later_word_ends_an_unknown_one_and_not_the_other_way_round():
    assert parse_status("cmpmgr: REBUILDING\ncmpmgr: RUNNING").states == {"cmpmgr": RUNNING}
    assert parse_status("cmpmgr: RUNNING\ncmpmgr: REBUILDING").states == {"cmpmgr": RUNNING}


def states_of(**expected):
    return {item["unit"]: item["states"] for item in expected_services(**expected)}


def test_states_of_a_single_server():
    single = states_of()
    assert single["cmpmgr"] == [RUNNING]
    assert {unit for unit, states in single.items() if states == [MASTER]} == {"cmpdir", "agtmgr", "pomactmq", "ruleeng"}
    assert all(MASTER not in states or DORMANT in states for states in states_of(servers=2).values())


def test_of_a_standby_only_kafka_may_run():
    standby = states_of(active=False)
    assert {unit for unit, states in standby.items() if RUNNING in states} == {"pomkafka", "pomzookeeper"}
    assert all(STOPPED in states for states in standby.values())


DOCUMENTED = "\n".join(
    [
        "Kafka Server is RUNNING",
        "Rule Engine is MASTER",
        "Campaign Manager is RUNNING",
        "Campaign Director is DORMANT",
        "Agent Manager is DORMANT",
        "Advance List Management is RUNNING",
        "Agent SDK Service is RUNNING",
    ]
)
ALL_ACTIVE = dict.fromkeys(BY_UNIT, "active")


def test_services_that_the_text_leaves_out_are_told_by_systemd():
    seen = {one.unit: one for one in judge(expected_services(2), parse_status(DOCUMENTED), ALL_ACTIVE)}
    assert all(one.well for one in seen.values())
    assert (seen["pomactmq"].state, seen["pomactmq"].role_observed) == (RUNNING, False)
    assert (seen["cmpdir"].state, seen["cmpdir"].role_observed) == (DORMANT, True)


def test_where_the_text_tells_roles_running_alone_is_not_enough():
    text = DOCUMENTED.replace("Director is DORMANT", "Director is RUNNING")
    seen = judge(expected_services(2), parse_status(text), ALL_ACTIVE)
    assert in_words(seen) == ["Campaign Director (cmpdir) is RUNNING, must be MASTER or DORMANT"]


def test_where_the_text_tells_no_role_running_is_taken_for_right_and_said_so():
    plain = DOCUMENTED.replace("MASTER", "running").replace("DORMANT", "running").replace("RUNNING", "running")
    seen = judge(expected_services(2), parse_status(plain), ALL_ACTIVE)
    assert in_words(seen) == []
    assert {one.unit for one in seen if not one.role_observed} == {"cmpdir", "agtmgr", "pomactmq", "ruleeng"}


def test_a_dormant_service_of_a_single_server_is_wrong():
    assert "Campaign Director (cmpdir) is DORMANT, must be MASTER" in in_words(
        judge(expected_services(1), parse_status(DOCUMENTED), ALL_ACTIVE)
    )


def test_an_unknown_word_is_never_taken_for_right_whatever_systemd_says():
    seen = judge(expected_services(1), Status({"cmpmgr": UNKNOWN}), ALL_ACTIVE)
    assert "Campaign Manager (cmpmgr) is unknown, must be RUNNING" in in_words(seen)


@pytest.mark.parametrize(
    ("systemd", "state"),
    [("active", RUNNING), ("inactive", STOPPED), ("failed", STOPPED), ("", UNKNOWN), ("activating", UNKNOWN)],
)
def test_states_of_systemd(systemd, state):
    (seen,) = judge([{"service": "Campaign Manager", "unit": "cmpmgr", "states": [RUNNING]}], Status({}), {"cmpmgr": systemd})
    assert (seen.state, seen.well) == (state, state == RUNNING)


@pytest.mark.parametrize("down", ["failed", "inactive"])
def test_a_unit_that_is_down_is_down_whatever_the_text_says(down):
    seen = judge(expected_services(2), parse_status(DOCUMENTED), {**ALL_ACTIVE, "cmpmgr": down, "cmpdir": down})
    assert in_words(seen) == [
        "Campaign Manager (cmpmgr) is STOPPED, must be RUNNING",
        "Campaign Director (cmpdir) is STOPPED, must be MASTER or DORMANT",
    ]


@pytest.mark.parametrize("said", STATES)
@pytest.mark.parametrize("systemd", ["", "active", "activating"])
def test_of_a_unit_that_is_not_down_or_that_systemd_does_not_list_the_text_is_taken(said, systemd):
    (seen,) = judge(
        [{"service": "Campaign Director", "unit": "cmpdir", "states": [MASTER]}], Status({"cmpdir": said}), {"cmpdir": systemd}
    )
    assert seen.state == said


def test_kafka_and_zookeeper_are_not_pom_s_own():
    assert not {"pomkafka", "pomzookeeper"} & set(OWN_UNITS)
    assert set(OWN_UNITS) | {"pomkafka", "pomzookeeper"} == set(BY_UNIT)
