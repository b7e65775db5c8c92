# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the playbooks do that change a POM once: the plan of each, what forbids it, and that it ends."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.module_utils import pom_one_off, pom_services
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_one_off import HOME_PAGE_TEXT, lists_left, marker_name
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_server import (
    PARTIAL,
    Desired,
    Installation,
    Observed,
    OneOff,
    Table,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.announce import Item, no_way_back
from ansible_collections.dialtone.contact_center.tests.unit.plugins.module_utils.test_pom_server import DONE, HOME

SITE = Desired(kind="primary", home=HOME, mode="AACC", non_telephony=True, servers=("epm1", "epm2"))
STOPPED = tuple(
    pom_services.judge(pom_services.expected_services(2), pom_services.Status({}), dict.fromkeys(pom_services.UNITS, "inactive"))
)
EVENT = "P_POMCM002"
FONT = "/usr/share/fonts/ja/example.ttf"
ASKED = {
    "mode": OneOff("mode"),
    "non_telephony": OneOff("non_telephony"),
    "event_settings": OneOff("event_settings"),
    "copy_attribute": OneOff("copy_attribute", attribute="Agent", lists=("A", "B")),
    "report_fonts": OneOff("report_fonts", fonts=(FONT,)),
    "single_events": OneOff("single_events", events={EVENT: {"level": "ERROR", "alarm": True}}),
}
# Each change is due here.
READY = replace(
    DONE,
    markers={**DONE.markers, "mode": {"words": {"mode": "None", "restart_pending": False}}},
    conversion_program=f"{HOME}/bin/enablenonTeleMode.sh",
    event_settings=Table(3, "aa"),
    fonts={FONT: "f1"},
    events={EVENT: "e1"},
)


def found(name: str, observed: Observed = READY, desired: Desired = SITE, **asked: object):
    return pom_one_off.plan(observed, desired, replace(ASKED[name], **asked))


def due(name: str, observed: Observed = READY, desired: Desired = SITE, **asked: object) -> list[str]:
    return [action.name for action in found(name, observed, desired, **asked).actions]


def refusal(name: str, observed: Observed = READY, desired: Desired = SITE, **asked: object) -> str:
    return "; ".join(found(name, observed, desired, **asked).refusals)


def recorded(observed: Observed, **markers: dict[str, object]) -> Observed:
    return replace(observed, markers={**observed.markers, **{name: {"words": words} for name, words in markers.items()}})


# --- what holds for all of them -----------------------------------------------------------------------------------


def test_every_change_is_asked_for_here():
    assert set(ASKED) == set(pom_one_off.CHANGES)


@pytest.mark.parametrize("name", ASKED)
def test_each_is_due_on_the_primary_of_the_active_data_center_alone(name):
    assert due(name)[0] == name
    assert due(name, desired=replace(SITE, kind="auxiliary")) == []
    assert due(name, desired=replace(SITE, creates_schema=False)) == [], "a standby data center"


@pytest.mark.parametrize("name", ASKED)
def test_only_an_installed_pom_is_changed(name):
    partial = replace(READY, installation=Installation(PARTIAL, ("bin",), ("units",)))
    assert "POM is partial on this host" in refusal(name, partial)
    assert "an installation of POM runs" in refusal(name, replace(READY, job_running=True))
    assert due(name, partial) == []


@given(st.sampled_from(sorted(ASKED)), st.sets(st.sampled_from(["trust", "state", "schema"])))
def test_nothing_of_a_roll_out_is_done_with_it(name, drift):
    observed = READY
    if "trust" in drift:
        observed = replace(observed, truststore=replace(READY.truststore, fingerprints={}))
    if "state" in drift:
        observed = replace(observed, state_changes=({"path": "/x", "reasons": []},))
    if "schema" in drift:
        observed = replace(observed, database=None)
    assert due(name, observed) == due(name)


@pytest.mark.parametrize("name", [name for name, change in pom_one_off.CHANGES.items() if change.stops])
def test_what_a_run_left_stopped_is_started_by_the_next_one(name):
    done = recorded(READY, non_telephony={"by": "x"}, **{marker_name("attribute", "Agent"): {"lists": ["*"]}})
    assert due(name, done) == []
    assert due(name, replace(done, services=STOPPED)) == ["service"]
    assert due(name, replace(done, services=STOPPED), replace(SITE, kind="auxiliary")) == ["service"]


@pytest.mark.parametrize("name", ASKED)
def test_what_has_no_way_back_is_announced(name):
    announced = no_way_back([Item("pom_server", "epm1", action.what, action.reasons) for action in found(name).actions])
    assert bool(announced) is (name not in ("report_fonts", "single_events"))


# --- the mode -----------------------------------------------------------------------------------------------------


def test_the_mode_and_the_restart_of_all_servers_behind_it():
    actions = found("mode").actions
    assert [action.name for action in actions] == ["mode", "mode_restart"]
    assert actions[0].what == "the mode of POM is changed from None to AACC"
    assert actions[1].what == "vpms and POM are restarted on epm1, epm2"


def test_the_program_is_never_called_for_the_mode_that_pom_has():
    assert due("mode", recorded(READY, mode={"mode": "AACC", "restart_pending": False})) == []
    assert due("mode", replace(READY, markers={}), replace(SITE, installed_mode="AACC")) == []


def test_a_run_that_ended_before_the_restarts_is_finished_without_the_program():
    assert due("mode", recorded(READY, mode={"mode": "AACC", "restart_pending": True})) == ["mode_restart"]


def test_a_forbidden_change_is_refused_with_the_documented_words():
    words = refusal("mode", recorded(READY, mode={"mode": "CCElite"}))
    assert "requires re-installing and re-configuring the POM database" in words
    assert "no change leads away from CCElite" in words


def test_the_record_goes_before_what_a_person_says():
    assert refusal("mode", recorded(READY, mode={"mode": "CCElite"}), replace(SITE, installed_mode="None"))


def test_without_any_record_the_program_decides_and_that_is_said():
    action = found("mode", replace(READY, markers={})).actions[0]
    assert action.what == "the mode of POM is changed to AACC"
    assert action.reasons[0].endswith("the vendor's program decides")


# --- manual dialling ----------------------------------------------------------------------------------------------


def test_a_conversion_that_is_not_wanted_or_cannot_be_reverted_is_refused():
    not_wanted = replace(SITE, non_telephony=False)
    assert "pom_nontelephony is false" in refusal("non_telephony", desired=not_wanted)
    assert "cannot be reverted" in refusal("non_telephony", recorded(READY, non_telephony={}), not_wanted)
    assert refusal("non_telephony", recorded(READY, non_telephony={})) == ""


def test_a_conversion_by_hand_is_recorded_and_never_repeated():
    by_hand = replace(READY, conversion_log=True)
    words = refusal("non_telephony", by_hand)
    assert HOME_PAGE_TEXT in words
    assert "pom_non_telephony_seen" in words
    seen = found("non_telephony", by_hand, conversion_seen=True)
    assert ([action.name for action in seen.actions], seen.refusals) == (["non_telephony_record"], ())


def test_a_conversion_of_dialtone_s_that_was_interrupted_goes_on():
    assert refusal("non_telephony", replace(READY, conversion_log=True, conversion_led=True)) == ""


def test_a_missing_program_is_told_with_its_place():
    assert f"no enablenonTeleMode.sh, in any spelling, is in {HOME}/bin" in refusal(
        "non_telephony", replace(READY, conversion_program="")
    )


# --- settings of events -------------------------------------------------------------------------------------------


def test_settings_that_are_as_the_last_run_left_them_stay():
    assert due("event_settings", recorded(READY, event_settings={"digest": "aa"})) == []
    changed = found("event_settings", recorded(READY, event_settings={"digest": "bb"})).actions[0]
    assert changed.reasons == ("they are others than the program left",)


def test_settings_that_nobody_can_read_are_set_each_time():
    unseen = replace(recorded(READY, event_settings={"digest": ""}), event_settings=Table(problem="no client of oracle"))
    assert "no client of oracle" in found("event_settings", unseen).actions[0].reasons[0]


def set_before(settings: dict[str, object], row: str) -> Observed:
    return recorded(READY, **{marker_name("event", EVENT): {"settings": settings, "row": row}})


def test_an_event_says_what_it_gets_and_what_waits_for_vpms():
    action = found("single_events").actions[0]
    assert (action.what, action.key) == (f"the event {EVENT} gets level ERROR, alarm ON", EVENT)
    assert action.reasons == ("vpms has to be restarted for alarm",)
    assert found("single_events", events={EVENT: {"throttle_interval": 60}}).actions[0].reasons == ()


def test_an_event_is_set_once_for_each_content_of_its_row():
    settings = {"level": "ERROR", "alarm": True}
    assert due("single_events", set_before(settings, "e1")) == []
    changed = found("single_events", set_before(settings, "e0")).actions[0]
    assert "the table says something else of it than the program left" in changed.reasons
    assert due("single_events", set_before({"level": "ERROR"}, "e1")) == ["single_events"]
    assert due("single_events", events={}) == []


def test_an_event_that_the_table_does_not_have_is_refused():
    words = refusal("single_events", events={EVENT: {"alarm": True}, "P_OTHER": {"alarm": True}, "P_LAST": {"level": "WARN"}})
    assert "no row of pim_event_setting in the POM database names P_LAST, P_OTHER: correct" in words


def test_of_a_table_that_nobody_can_read_the_record_alone_counts():
    unseen = {"events": {}, "events_problem": "no client of oracle is on this host"}
    first = replace(READY, **unseen)
    assert refusal("single_events", first) == ""
    assert "what it has now cannot be seen: no client of oracle" in "; ".join(found("single_events", first).actions[0].reasons)
    assert due("single_events", replace(set_before({"level": "ERROR", "alarm": True}, ""), **unseen)) == []


# --- utilities ----------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["A", "B", "C", "D"])


@given(st.sets(NAMES), st.sets(NAMES, min_size=1))
def test_an_attribute_is_copied_once_for_each_list(before, wanted):
    observed = recorded(READY, **{marker_name("attribute", "Agent"): {"attribute": "Agent", "lists": sorted(before)}})
    left = lists_left(before, wanted)
    assert set(left) == wanted - before
    actions = found("copy_attribute", observed, lists=tuple(sorted(wanted))).actions
    assert [action.key for action in actions] == ([",".join(left)] if left else [])


def test_all_lists_are_one_answer():
    action = found("copy_attribute", lists=("*",)).actions[0]
    assert (action.key, "all contact lists that use it" in action.what) == ("*", True)


def test_an_attribute_without_its_name_or_its_lists_is_refused():
    assert "pom_copy_attribute_name" in refusal("copy_attribute", attribute="")
    assert "pom_copy_attribute_all_lists" in refusal("copy_attribute", lists=())


def test_a_font_is_set_once_for_each_content():
    record = marker_name("font", FONT)
    assert due("report_fonts", recorded(READY, **{record: {"sha256": "f1"}})) == []
    assert due("report_fonts", recorded(READY, **{record: {"sha256": "f0"}})) == ["report_fonts"]
    assert due("report_fonts", fonts=()) == []


def test_a_missing_font_and_a_pom_that_does_not_run_are_refused():
    assert f"{FONT} is not on this host" in refusal("report_fonts", replace(READY, fonts={}))
    assert "POM must run while fonts are set: Campaign Manager (cmpmgr) is STOPPED" in refusal(
        "report_fonts", replace(READY, services=STOPPED)
    )


def test_records_of_two_objects_have_two_names():
    assert marker_name("font", "/a.ttf") != marker_name("font", "/b.ttf")
