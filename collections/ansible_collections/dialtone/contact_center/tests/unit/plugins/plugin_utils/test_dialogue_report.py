# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import dialogue_report
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.dialogue_report import Lines

DIALOGUE = {"program": "installDB.sh", "steps": [{"id": "host", "assumed": True}, {"id": "port"}]}
SCRIPT = {
    "name": "installDB",
    "program": "installDB.sh",
    "trouble": "POM-TROUBLE-14",
    "no_return": {"why": "the schema is created"},
    "capture": [],
}
ATTACH = "python3 /var/lib/dialtone/jobs/installDB/supervisor.py attach"


def told(state: str, transcript: tuple[str, ...] = (), plan: str = "start", **more: Any) -> dict[str, Any]:
    kept = {"state": state, "job": "installDB", "seconds": 72.0, "reason": "", "step": "port", "screen": "", "answered": []}
    answer = {"state": {**kept, **more}, "plan": plan, "attach": ATTACH}
    return dialogue_report.result("epm1", DIALOGUE, SCRIPT, answer, list(transcript))


def test_a_success() -> None:
    result = told("succeeded", answered=[{"step": "host"}, {"step": "port"}], exit_code=0, reached_no_return=True)
    assert "failed" not in result
    assert (result["changed"], result["again"], result["assumed"]) == (True, False, ["host"])
    assert result["msg"] == "installDB.sh on epm1 succeeded after 1 min 12 s"


def test_a_failure_has_cause_and_remedy() -> None:
    line = 'FATAL: no pg_hba.conf entry for host "192.0.2.7", user "pom", database "pomdb", SSL off'
    failures = [{"trouble": "POM-TROUBLE-16", "line": "FAILURE"}]
    result = told("failed", ("FAILURE", line), reason='printed "FAILURE"', failures=failures, screen=f"FAILURE\n{line}\n")
    assert (result["failed"], result["changed"]) == (True, False)
    assert [trouble["id"] for trouble in result["trouble"]] == ["POM-TROUBLE-07"]
    assert 'printed "FAILURE"' in result["msg"]
    assert "Cause: " in result["msg"]
    assert "192.0.2.7" in result["msg"] + result["next_step"]
    assert result["log_lines"][-1] == line


def test_a_mark_of_failure_tells_its_trouble_where_no_words_do() -> None:
    result = told("failed", ("Something else",), failures=[{"trouble": "POM-TROUBLE-04", "line": "x"}])
    assert [trouble["id"] for trouble in result["trouble"]] == ["POM-TROUBLE-04"]


@pytest.mark.parametrize("state", ["failed", "interrupted"])
def test_where_nothing_tells_it_the_dialogue_does(state: str) -> None:
    result = told(state, ("Unpacking",))
    assert [trouble["id"] for trouble in result["trouble"]] == ["POM-TROUBLE-14"]
    assert result["trouble"][0]["remedy"] in result["next_step"]
    assert told("aborted", ("Unpacking",))["trouble"] == []


def test_who_waits_for_a_person_says_how_to_go_on() -> None:
    result = told("waiting_for_person", reason='asks "Drop it?"', screen="Menu\nDrop it? ", reached_no_return=True)
    assert result["changed"]
    assert "the schema is created" in result["msg"]
    assert "On its screen: Menu / Drop it?" in result["msg"]
    assert f"{ATTACH}, as root on epm1" in result["next_step"]


def test_an_unknown_prompt_says_where_to_word_it() -> None:
    result = told("aborted", reason='asks "Listen port?"')
    assert not result["changed"]
    assert "site_dialogues: {installDB: {steps: {port: {prompt: '…'}}}}" in result["next_step"]


@pytest.mark.parametrize(("reached", "words"), [(True, "past its point of no return"), (False, "before its point of no return")])
def test_an_interruption_says_where_it_was(reached: bool, words: str) -> None:
    result = told("interrupted", job="installDB", reason="was interrupted", plan="report", reached_no_return=reached)
    assert words in result["msg"]
    assert "run the same command with -e pom_server_repeat_job=installDB" in result["next_step"]
    assert (result["again"], result["failed"], result["changed"]) == (True, True, reached)


def test_one_that_goes_on_is_not_ended() -> None:
    result = told("running")
    assert "Nothing was ended" in result["msg"]
    assert "Run the same command again" in result["next_step"]


@pytest.mark.parametrize(("key", "words"), [("lease_lost", "another run took the lease"), ("overdue", "took longer than")])
def test_what_a_person_has_to_know_beside_the_end(key: str, words: str) -> None:
    (warning,) = told("succeeded", **{key: True})["warnings"]
    assert words in warning
    assert "warnings" not in told("succeeded", **{key: False})


def test_other_answers_than_those_of_the_one_that_runs_are_told() -> None:
    answer = {"state": {"state": "succeeded", "seconds": 1}, "plan": "attach", "attach": "", "asked_otherwise": True}
    assert "with other answers" in dialogue_report.result("epm1", DIALOGUE, SCRIPT, answer, [])["warnings"][0]


@given(st.text("ab \n", max_size=60), st.lists(st.integers(0, 60), max_size=6))
def test_lines_are_the_same_for_any_cut(text: str, places: list[int]) -> None:
    bounds = sorted({min(place, len(text)) for place in places} | {0, len(text)})
    lines = Lines()
    for begin, end in zip(bounds, bounds[1:]):
        lines.add(text[begin:end])
    lines.add("", at_end=True)
    assert lines.all == [line.rstrip() for line in text.split("\n") if line.strip()]


class TestCaptured:
    SCRIPT = {"name": "tool", "capture": [{"name": "result", "after": "Decrypted Data:", "secret": True}]}

    def test_a_secret_is_handed_back_in_a_result_that_is_not_shown(self) -> None:
        result = dialogue_report.with_captured(told("succeeded"), self.SCRIPT, {"result": "c4nary"})
        assert (result["captured"], result["_ansible_no_log"]) == ({"result": "c4nary"}, True)
        assert "failed" not in result

    def test_what_is_no_secret_hides_nothing(self) -> None:
        script = {"name": "tool", "capture": [{"name": "version", "after": "Version:", "secret": False}]}
        result = dialogue_report.with_captured(told("succeeded"), script, {"version": "4"})
        assert (result["captured"], "_ansible_no_log" in result) == ({"version": "4"}, False)

    def test_a_success_that_hands_back_nothing_is_a_failure_with_its_words(self) -> None:
        result = dialogue_report.with_captured(told("succeeded"), self.SCRIPT, {})
        assert result["failed"]
        assert 'nothing after the words "Decrypted Data:"' in result["msg"]
        assert "site_dialogues: {tool: {capture: …}}" in result["next_step"]

    def test_a_failure_stays_as_it_is(self) -> None:
        failed = told("failed", reason="x")
        assert dialogue_report.with_captured(failed, self.SCRIPT, {}) == failed
