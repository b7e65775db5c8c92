# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.module_utils import (
    dialogue_job,
    dialogue_supervisor,
    dialogue_text,
)
from ansible_collections.dialtone.contact_center.plugins.module_utils.dialogue import ENDS, WAITING_FOR_PERSON
from ansible_collections.dialtone.contact_center.plugins.module_utils.dialogue_job import (
    ALWAYS,
    ATTACH,
    ATTACH_ONLY,
    BEFORE_NO_RETURN,
    NEVER,
    REPORT,
    RESTARTS,
    START,
    Found,
    JobError,
    Request,
    interrupted,
    plan_start,
    spelt_here,
)

SAME = "fingerprint"


def found(state, alive=False, collected=False, reached=False, fingerprint=SAME, captures=()):
    told = {"state": state, "reached_no_return": reached, "fingerprint": fingerprint, "captures": captures}
    return Found(told, alive, collected)


class TestPlan:
    @pytest.mark.parametrize(
        ("seen", "plan"),
        [
            (Found({}), START),
            (found("ready"), START),
            (found("ready", alive=True), ATTACH),
            (found("running", alive=True), ATTACH),
            (found("running", alive=True, fingerprint="other"), ATTACH),
            (found(WAITING_FOR_PERSON, alive=True), ATTACH),
            (found("succeeded", reached=True), REPORT),
            (found("succeeded", alive=True), REPORT),
            (found("succeeded", collected=True), START),
            (found("succeeded", fingerprint="other"), START),
            (found("failed", reached=True), REPORT),
            (found("failed", reached=False), START),
            (found("aborted"), START),
            (found("interrupted"), REPORT),
            (found("succeeded", captures=["result"]), START),
            (found("succeeded", alive=True, captures=["result"]), START),
            (found("running", alive=True, captures=["result"]), ATTACH),
        ],
    )
    def test_what_becomes_of_a_request(self, seen, plan):
        assert plan_start(seen, SAME, NEVER) == plan

    @pytest.mark.parametrize(
        ("restart", "reached", "plan"),
        [
            (NEVER, False, REPORT),
            (NEVER, True, REPORT),
            (BEFORE_NO_RETURN, False, START),
            (BEFORE_NO_RETURN, True, REPORT),
            (ALWAYS, False, START),
            (ALWAYS, True, START),
        ],
    )
    def test_an_interrupted_one_is_started_again_only_where_that_is_allowed(self, restart, reached, plan):
        assert plan_start(found("interrupted", reached=reached), SAME, restart) == plan

    @given(st.sampled_from(["ready", "running", WAITING_FOR_PERSON]), st.booleans(), st.booleans(), st.sampled_from(RESTARTS))
    def test_beside_one_that_lives_none_is_ever_started(self, state, reached, collected, restart):
        assert plan_start(found(state, True, collected, reached), "any", restart) == ATTACH

    @given(st.sampled_from(ENDS), st.booleans(), st.booleans(), st.booleans(), st.sampled_from([SAME, "other"]))
    def test_who_only_attaches_is_told_of_every_end_and_starts_nothing(self, state, alive, collected, reached, fingerprint):
        assert plan_start(found(state, alive, collected, reached, fingerprint), SAME, ATTACH_ONLY) == REPORT

    @pytest.mark.parametrize("seen", [Found({}), found("ready")])
    def test_who_only_attaches_is_refused_where_nothing_was_started(self, seen):
        with pytest.raises(JobError, match="this request starts none"):
            plan_start(seen, SAME, ATTACH_ONLY)

    @given(st.booleans(), st.booleans(), st.booleans(), st.sampled_from([NEVER, BEFORE_NO_RETURN]))
    def test_one_that_was_interrupted_past_its_point_of_no_return_is_never_started_by_itself(self, a, b, same, restart):
        seen = found("interrupted", collected=a, reached=True, fingerprint=SAME if same else "other")
        assert plan_start(seen, SAME, restart) == REPORT


def test_an_interruption_is_told_with_its_place_and_its_cause():
    state = {"state": "running", "boot_id": "a", "step": "summary"}
    assert interrupted(state, "b")["reason"] == "was interrupted at the step summary: its host was restarted"
    assert interrupted({**state, "step": ""}, "a")["reason"] == (
        "was interrupted after its last question: its supervisor was killed"
    )


def test_what_is_asked_otherwise_has_another_fingerprint():
    asked = Request("job", {"name": "x"}, ["a"], "/", {"A": "1"})
    others = [
        Request("job", {"name": "y"}, ["a"], "/", {"A": "1"}),
        Request("job", {"name": "x"}, ["b"], "/", {"A": "1"}),
        Request("job", {"name": "x"}, ["a"], "/tmp", {"A": "1"}),
        Request("job", {"name": "x"}, ["a"], "/", {"A": "2"}),
    ]
    assert len({asked.fingerprint, *(other.fingerprint for other in others)}) == 5
    assert asked.fingerprint == Request("another", {"name": "x"}, ["a"], "/", {"A": "1"}).fingerprint


class TestSpelling:
    """The documents spell some names in several ways."""

    SCRIPT = {"name": "enabledKafkaHA", "program": "enabledKafkaHA.sh", "spellings": ["*nable*KafkaHA*.sh"]}

    @pytest.fixture
    def programs(self, tmp_path):
        def made(*names):
            for name in names:
                (tmp_path / name).touch()
            return tmp_path

        return made

    def test_a_program_that_is_there_is_run_whatever_else_is(self, programs):
        directory = programs("enabledKafkaHA.sh", "enableKafkaHA.sh")
        argv = ["bash", f"{directory}/enabledKafkaHA.sh", "-v"]
        assert spelt_here(argv, self.SCRIPT, "/") == argv

    @pytest.mark.parametrize("word", ["{directory}/enabledKafkaHA.sh", "./enabledKafkaHA.sh"])
    def test_the_one_file_that_fits_is_run_in_its_place(self, programs, word):
        directory = programs("enableKafkaHA.sh", "other.sh")
        argv = ["bash", word.format(directory=directory), "-v"]
        ran = spelt_here(argv, self.SCRIPT, str(directory))
        assert (ran[0], Path(ran[1]), ran[2]) == ("bash", directory / "enableKafkaHA.sh", "-v")

    def test_several_that_fit_are_refused_by_name(self, programs):
        directory = programs("enableKafkaHA.sh", "EnabledKafkaHA_v2.sh")
        with pytest.raises(JobError, match=r"EnabledKafkaHA_v2\.sh, .*enableKafkaHA\.sh\. Overlay `spellings`"):
            spelt_here([f"{directory}/enabledKafkaHA.sh"], self.SCRIPT, "/")

    def test_where_none_fits_the_documented_name_stays(self, programs):
        argv = [f"{programs()}/enabledKafkaHA.sh"]
        assert spelt_here(argv, self.SCRIPT, "/") == argv


@given(st.text(max_size=20), st.integers(0, 80))
def test_only_whole_characters_are_read(text, size):
    data = text.encode()[:size]
    whole = data[: len(data) - dialogue_job._unfinished(data)]
    assert text.startswith(whole.decode("utf-8"))
    assert len(data) - len(whole) < 4


def test_the_supervisor_is_laid_down_with_all_that_it_imports():
    """It runs without Ansible: what it imports is the standard library, or laid down too."""
    parts = {part.__name__.rpartition(".")[2] for part in dialogue_job._PARTS}
    for part in dialogue_job._PARTS:
        for node in ast.walk(ast.parse(Path(part.__file__).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert all(name.name.split(".")[0] in sys.stdlib_module_names for name in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module.startswith("ansible_collections"):
                last = node.module.rpartition(".")[2]
                assert {last} <= parts or {name.name for name in node.names} <= parts, ast.dump(node)
            elif isinstance(node, ast.ImportFrom):
                assert node.module.split(".")[0] in sys.stdlib_module_names


class TestSupervisor:
    @pytest.fixture
    def supervisor(self, tmp_path):
        job = {"job": "x", "script": {"program": "x", "name": "x", "capture": []}, "fingerprint": "", "boot_id": "", "argv": []}
        (tmp_path / dialogue_supervisor.JOB).write_text(json.dumps(job))
        return dialogue_supervisor.Supervisor(str(tmp_path))

    def test_the_last_run_that_asks_keeps_its_lease(self, supervisor, monkeypatch):
        events = []

        class Kept:
            def __init__(self, *names):
                self.names = names

            def __enter__(self):
                events.append(("held", *self.names))
                return self

            def __exit__(self, *_):
                events.append(("over", *self.names))

        monkeypatch.setattr(dialogue_supervisor.lease, "KeptAlive", Kept)
        supervisor._keep_lease({"site": "main", "data_center": "dc1", "run": "one"})
        supervisor._keep_lease({"site": "main", "data_center": "dc1", "run": "two"})
        supervisor._keep_lease({})
        assert [(word, run) for word, _site, _dc, run in events] == [
            ("held", "one"),
            ("over", "one"),
            ("held", "two"),
            ("over", "two"),
        ]

    def test_an_error_of_its_own_leaves_the_program_to_a_person(self, supervisor):
        class Broken:
            words = ""

            def tick(self, now, waiting):
                raise ValueError("nonsense")

            def hand_over(self, words):
                self.words = words

        engine = Broken()
        assert supervisor._actions(engine, True) == []
        assert engine.words == "cannot be driven any more: ValueError: nonsense"

    def test_of_one_job_there_is_one_supervisor(self, supervisor, monkeypatch):
        monkeypatch.setattr(dialogue_supervisor.time, "sleep", lambda _seconds: None)
        with pytest.raises(SystemExit, match="held by another supervisor"):
            dialogue_supervisor.Supervisor(supervisor.directory)

    def test_a_full_disk_ends_nothing(self, supervisor, monkeypatch):
        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(dialogue_supervisor.files, "write", full)
        supervisor._write_state()
        transcript = dialogue_supervisor.Transcript(supervisor.directory + "/t", dialogue_text.Masker(()))
        monkeypatch.setattr(dialogue_supervisor.os, "write", full)
        assert transcript.add("text") == "text"
