# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils.dialogue import Engine, Send
from ansible_collections.dialtone.contact_center.plugins.plugin_utils import dialogues, troubleshooting
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.dialogues import DialogueError

DIALOGUE: dict[str, Any] = {
    "program": "example.sh",
    "about": "An example.",
    "source": ["POM-DB-12", "T-025", "LAB-installDB.sh"],
    "answers": {"mode": "The mode", "host": "The host", "password": "Its password", "geo": "Whether geo is on"},
    "limits": {"step_seconds": 60},
    "steps": [
        {"id": "mode", "prompt": "Please select a mode:", "menu_from": "mode", "labels": {"AACC": "AACC [blending]"}},
        {"id": "geo_yes", "prompt": "Geo? (y/n)", "answer": "y", "when": {"geo": True}},
        {"id": "host", "pattern": r"(?i)^host[^\n]*", "answer_from": "host", "assumed": True},
        {"id": "password", "prompt": "Password:", "answer_from": "password", "secret": True},
        {"id": "save", "prompt": "Choose:", "menu": "Save", "optional": True, "repeat": 2, "seconds": 300},
    ],
    "success": ["Saved.", {"match": r"^geo is on$", "when": {"geo": [True, "yes"]}}],
    "failure": [{"trouble": "POM-TROUBLE-05"}, {"match": "^FAILURE", "when": {"geo": False}}],
    "abort": [{"at": "Choose:", "menu": "Exit", "expect": "Really? [2]"}, {"send": "1"}],
    "point_of_no_return": {"after": "save", "until": "mode", "why": "it saves", "source": ["POM-DB-12"]},
}
ANSWERS = {"mode": "AACC", "host": "192.0.2.7", "geo": False}


def changed(**change: Any) -> dict[str, Any]:
    return {**copy.deepcopy(DIALOGUE), **change}


def with_step(number: int, **change: Any) -> dict[str, Any]:
    dialogue = copy.deepcopy(DIALOGUE)
    dialogue["steps"][number].update(change)
    return dialogue


class TestResolve:
    def test_answers_are_put_in_and_secrets_only_named(self) -> None:
        script = dialogues.resolve("example", DIALOGUE, ANSWERS, {"password"})
        assert [(step["id"], step["answer"]) for step in script["steps"]] == [
            ("mode", {"menu": "AACC [blending]"}),
            ("host", {"text": "192.0.2.7"}),
            ("password", {"secret": "password"}),
            ("save", {"menu": "Save"}),
        ]
        assert (script["steps"][3]["optional"], script["steps"][3]["repeat"], script["steps"][3]["seconds"]) == (True, 2, 300)

    def test_limits_have_defaults(self) -> None:
        limits = dialogues.resolve("example", DIALOGUE, ANSWERS, {"password"})["limits"]
        assert limits == {"step_seconds": 60, "silence_seconds": 8.0, "total_seconds": 3600.0}

    @pytest.mark.parametrize(("geo", "steps", "marks"), [(True, 5, 2), (False, 4, 1), ("yes", 4, 2)])
    def test_what_holds_only_with_an_answer(self, geo: Any, steps: int, marks: int) -> None:
        script = dialogues.resolve("example", DIALOGUE, {**ANSWERS, "geo": geo}, {"password"})
        assert (len(script["steps"]), len(script["success"])) == (steps, marks)
        assert any(failure["pattern"] == "^FAILURE" for failure in script["failure"]) is (geo is False)

    def test_an_answer_that_was_not_handed_over_has_no_value(self) -> None:
        script = dialogues.resolve("example", DIALOGUE, {"mode": "x", "host": "y"}, {"password"})
        assert [step["id"] for step in script["steps"]] == ["mode", "host", "password", "save"]

    def test_a_failure_without_an_expression_has_those_of_its_trouble(self) -> None:
        script = dialogues.resolve("example", DIALOGUE, ANSWERS, {"password"})
        known = troubleshooting.by_id(troubleshooting.load())["POM-TROUBLE-05"].match
        assert [failure["pattern"] for failure in script["failure"] if failure["trouble"]] == list(known)

    @pytest.mark.parametrize(
        ("answers", "secrets", "words"),
        [
            ({**ANSWERS, "hots": "x"}, {"password"}, "asks for no hots (did you mean host?)"),
            ({"mode": "x"}, {"password"}, "needs the answer host (step host): hand it over in `answers`"),
            (ANSWERS, set(), "needs the secret password (step password)"),
            ({"mode": "x"}, {"password", "host"}, "was handed over as a secret, and this step shows it"),
            ({**ANSWERS, "host": "two\nlines"}, {"password"}, "it is typed as one line"),
            ({**ANSWERS, "host": True}, {"password"}, "so it is a text or a number"),
        ],
    )
    def test_answers_that_do_not_fit(self, answers: Any, secrets: set[str], words: str) -> None:
        with pytest.raises(DialogueError) as error:
            dialogues.resolve("example", DIALOGUE, answers, secrets)
        assert words in str(error.value)

    def test_a_number_is_typed_as_a_text(self) -> None:
        script = dialogues.resolve("example", DIALOGUE, {**ANSWERS, "host": 5432}, {"password"})
        assert script["steps"][1]["answer"] == {"text": "5432"}

    def test_the_engine_takes_the_script(self) -> None:
        script = dialogues.resolve("example", DIALOGUE, ANSWERS, {"password"})
        engine = Engine(script, {"password": "x"}, 0.0)
        engine.feed(b"Please select a mode:\n1 CCElite\n2 AACC [blending]\n", 0.0)
        assert engine.tick(0.0, True) == [Send("2", "2 (AACC [blending])", "mode")]


class TestCheck:
    def test_the_example_is_right(self) -> None:
        dialogues.check("example", DIALOGUE)

    @pytest.mark.parametrize(
        ("dialogue", "words"),
        [
            (changed(sucess=["x"]), "'sucess' was unexpected"),
            (with_step(2, prompt="Host:"), "dialogue example, step host: it says exactly one of prompt, pattern"),
            (with_step(0, menu="x"), "dialogue example, step mode: it says exactly one of answer, answer_from, menu, menu_from"),
            (with_step(1, secret=True), "dialogue example, step geo_yes: 'answer_from' is a required property"),
            (with_step(4, id="host"), "several steps are called host"),
            (with_step(2, pattern="(host"), "step host: '(host' is no regular expression"),
            (changed(failure=[{"match": "["}]), "failure: '[' is no regular expression"),
            (changed(answers={"mode": "x"}), "the answer geo is used, and `answers` does not say what it is"),
            (
                changed(point_of_no_return={**DIALOGUE["point_of_no_return"], "after": ["saev"]}),
                "has no step saev (did you mean save?)",
            ),
        ],
    )
    def test_what_is_wrong_is_said_with_its_place(self, dialogue: Any, words: str) -> None:
        with pytest.raises(DialogueError) as error:
            dialogues.check("example", dialogue)
        assert words in str(error.value)

    def test_a_trouble_that_is_not_known(self) -> None:
        with pytest.raises(DialogueError, match="has no POM-TROUBLE-98"):
            dialogues.resolve("example", changed(failure=[{"trouble": "POM-TROUBLE-98"}]), ANSWERS, {"password"})


class TestOverlay:
    def overlaid(self, **overlay: Any) -> dict[str, Any]:
        result = dialogues.overlaid("example", DIALOGUE, overlay)
        dialogues.check("example", result)
        return result

    def step(self, step_id: str, **overlay: Any) -> dict[str, Any]:
        return next(step for step in self.overlaid(**overlay)["steps"] if step["id"] == step_id)

    def test_a_prompt_that_the_site_words_is_not_assumed_any_more(self) -> None:
        step = self.step("host", steps={"host": {"prompt": "Server:"}})
        assert step == {"id": "host", "prompt": "Server:", "answer_from": "host"}
        assert dialogues.assumed_steps(DIALOGUE) == ["host"]

    def test_an_answer_takes_the_place_of_the_one_that_was_there(self) -> None:
        assert self.step("mode", steps={"mode": {"answer": "3"}}) == {
            "id": "mode",
            "prompt": "Please select a mode:",
            "answer": "3",
        }

    def test_a_step_goes_and_another_comes(self) -> None:
        ids = [
            step["id"]
            for step in self.overlaid(
                steps={
                    "geo_yes": None,
                    "first": {"after": "start", "prompt": "Ready?", "answer": "y"},
                    "schema": {"after": "host", "prompt": "Schema:", "answer": "pom"},
                }
            )["steps"]
        ]
        assert ids == ["first", "mode", "host", "schema", "password", "save"]

    def test_limits_are_merged_and_all_else_is_replaced(self) -> None:
        result = self.overlaid(limits={"silence_seconds": 30}, success=["Ready."], exit_codes=[0, 3])
        assert (result["limits"], result["success"], result["exit_codes"]) == (
            {"step_seconds": 60, "silence_seconds": 30},
            ["Ready."],
            [0, 3],
        )

    def test_the_dialogue_itself_stays_as_it_is(self) -> None:
        before = copy.deepcopy(DIALOGUE)
        self.overlaid(steps={"host": {"prompt": "x"}, "geo_yes": None, "save": {"answer": "1"}}, limits={"step_seconds": 1})
        assert before == DIALOGUE

    @pytest.mark.parametrize(
        ("overlay", "words"),
        [
            ({"step": {}}, "site_dialogues.example.step: a site may change steps"),
            ({"steps": {"hots": {"prompt": "x"}}}, "has no step hots (did you mean host?)"),
            ({"steps": {"hots": None}}, "has no step hots (did you mean host?)"),
        ],
    )
    def test_what_does_not_fit(self, overlay: Any, words: str) -> None:
        with pytest.raises(DialogueError) as error:
            dialogues.overlaid("example", DIALOGUE, overlay)
        assert words in str(error.value)


class TestLoad:
    @pytest.mark.parametrize("name", dialogues.names())
    def test_every_dialogue_is_right(self, name: str) -> None:
        dialogues.load(name)

    def test_one_that_is_not_there(self) -> None:
        with pytest.raises(DialogueError, match=r"no dialogue is called instalDB \(did you mean installDB\?\)"):
            dialogues.load("instalDB")

    def test_a_name_is_no_path(self) -> None:
        with pytest.raises(DialogueError):
            dialogues.load("../dialogues/installDB")

    def test_an_overlay_is_checked(self) -> None:
        with pytest.raises(DialogueError, match=r"dialogue installDB with site_dialogues\.installDB, step mode: it says"):
            dialogues.load("installDB", {"steps": {"mode": {"answer": "1", "menu": "x"}}})

    @pytest.mark.parametrize(
        ("overlay", "path"),
        [
            ({"step": {}}, ("step",)),
            ({"steps": {"mods": None}}, ("steps", "mods")),
            ({"steps": {"mode": {"repeat": "x"}}}, ("steps", "mode", "repeat")),
            ({"steps": {"mode": {"pattern": "("}}}, ("steps", "mode")),
            ({"point_of_no_return": {"after": "mods", "why": "it writes"}}, ("point_of_no_return",)),
            ({"failure": [{"trouble": "POM-TROUBLE-99"}]}, ("failure",)),
        ],
    )
    def test_the_place_of_what_does_not_fit_is_known(self, overlay: Any, path: tuple[str, ...]) -> None:
        with pytest.raises(DialogueError) as error:
            dialogues.load("installDB", overlay)
        assert error.value.path == path
