# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.module_utils import dialogue
from ansible_collections.dialtone.contact_center.plugins.module_utils.dialogue import (
    LEAVE_SILENCES,
    SETTLE_SECONDS,
    WORKING_SILENCES,
    End,
    Engine,
    Send,
    ends_with,
    literal_pattern,
    menu_number,
    prompt_pattern,
)

SILENCE, STEP, TOTAL = 8, 120, 3600


def step(step_id, prompt, text=None, **more):
    answer = more.pop("answer", None) or {"text": text or ""}
    return {
        "id": step_id,
        "prompt": prompt,
        "pattern": prompt_pattern(prompt),
        "answer": answer,
        "optional": False,
        "repeat": 1,
        **more,
    }


def script(*steps, **more):
    return {
        "name": "example",
        "program": "example.sh",
        "limits": {"silence_seconds": SILENCE, "step_seconds": STEP, "total_seconds": TOTAL},
        "steps": list(steps),
        "success": [{"words": words, "pattern": literal_pattern(words)} for words in more.get("success", [])],
        "failure": [{"pattern": pattern, "trouble": trouble} for pattern, trouble in more.get("failure", [])],
        "exit_codes": [0],
        "abort": more.get("abort", []),
        "no_return": {"after": more.get("after", []), "until": more.get("until", ""), "why": "it writes"},
    }


class Talk:
    """An engine on a clock that goes only when it is told."""

    def __init__(self, described, secrets=None):
        self.now = 0.0
        self.engine = Engine(described, secrets or {}, self.now)
        self.actions = []

    def prints(self, text, waiting=True):
        self.engine.feed(text.encode(), self.now)
        return self.waits(0.0, waiting)

    def waits(self, seconds, waiting=True):
        """The actions of this time, tick by tick."""
        done = []
        until = self.now + seconds
        while True:
            done += self.engine.tick(self.now, waiting)
            if self.now >= until:
                break
            self.now = min(until, self.now + 0.5)
        self.actions += done
        return done

    def ends(self, code=0):
        self.engine.ended(code, self.now)
        return self.engine.state

    @property
    def typed(self):
        return [action.text for action in self.actions if isinstance(action, Send)]


class TestPrompts:
    @pytest.mark.parametrize(
        ("prompt", "screen"),
        [
            ("Do you like to continue? (y/n)", "This script can\nDo you like to\ncontinue? (y/n)"),
            ("Do you like to continue? (y/n)", "do you like to continue?(y/n) : "),
            ("Please select (y/n)", "  Please select(y/n)\n"),
            ("Database Name", "Database Name [pomdb]: "),
            ("Database Name:", "Database Name (default: pomdb) > "),
            ("0 entries failed", "0\nentries failed"),
            ("Choose one of:", "Choose one of:\n\n 1. Yes\n 2. No\n"),
            ("Choose one of:", "Choose one of:\n1 Yes\n2 No\nEnter your choice: "),
            ("Choose one of:", "Choose one of:\n1 Yes, with\nall of: it\n2 No, with\nnothing\n"),
            ("Choose one of:", "Choose one of:\n[x] 1 Yes\n[ ] 2 No\n"),
        ],
    )
    def test_is_shown(self, prompt, screen):
        assert ends_with(screen, re.compile(prompt_pattern(prompt), re.MULTILINE))

    @pytest.mark.parametrize(
        ("prompt", "screen"),
        [
            ("Password", "Confirm Password:"),
            ("Database name", "Database name is case-sensitive. Go on? (y/n)"),
            ("Database name", "Database name:\nDo you want to drop it? (y/n)"),
            ("Choose one of:", "Choose one of:\n1 Yes\n2 No\nDelete everything? "),
            ("Choose one of:", "Choose one of:\n1 Yes\n2 No\n   Delete everything"),
            ("Choose one of:", "Choose one of:\n1 Yes\n2 No\n   Delete everything?\n"),
            ("User", "Username:"),
            ("Do you want", "Do youwant"),
        ],
    )
    def test_is_not_shown(self, prompt, screen):
        assert not ends_with(screen, re.compile(prompt_pattern(prompt), re.MULTILINE))

    @pytest.mark.parametrize("screen", ["Choose one of:" + "\n" * 20000, "Database Name " + " [" * 5000, ": " * 20000 + "x"])
    def test_a_long_screen_takes_no_long_time(self, screen):
        for prompt in ("Choose one of:", "Database Name"):
            ends_with(screen, re.compile(prompt_pattern(prompt), re.MULTILINE))


class TestMenus:
    MENU = " 4 Configure database settings\n 5 Configure database settings for reports (Optional)\n 6 Exit from this utility\n"

    @pytest.mark.parametrize(
        ("screen", "label", "number"),
        [
            (MENU, "Configure database settings", "4"),
            (MENU, "Configure database settings for reports", "5"),
            (MENU, "exit from this\nutility", "6"),
            ("1.SQLServer\n2.Windows\nEnter an option (1/2):", "Windows", "2"),
            ("1) Yes  2) No", "No", "2"),
            ("3 [x] Orchestration Designer\n", "Orchestration Designer", "3"),
            ("[x] 12 - Orchestration Designer", "Orchestration Designer", "12"),
            ("1 AACC-SBP [pacing]\n2 AACC [Integrated & Blending]\n", "AACC [Integrated & Blending]", "2"),
            ("1 Yes\n2 No\n", "Maybe", None),
            ("1 Yes\n2 Yes\n", "Yes", None),
            ("1 AACC-SBP [pacing]\n2 AACC [blending]\n", "AACC", None),
            ("version 1.2 Exit now", "Exit", None),
        ],
    )
    def test_the_number_is_the_one_on_the_screen(self, screen, label, number):
        assert menu_number(screen, label) == number

    @given(st.permutations(["Create schema", "Test connection", "Save", "Exit"]))
    def test_a_reordered_menu_changes_the_number_only(self, labels):
        menu = "".join(f" {number}. {label}\n" for number, label in enumerate(labels, 1))
        talk = Talk(script(step("menu", "Choose one of:", answer={"menu": "Test connection"})))
        (action,) = talk.prints(f"Choose one of:\n{menu}")
        assert action.text == str(labels.index("Test connection") + 1)
        assert talk.engine.answered[0]["answer"] == f"{action.text} (Test connection)"

    def test_an_entry_that_is_missing_is_an_unknown_prompt(self):
        talk = Talk(script(step("menu", "Choose one of:", answer={"menu": "Test"})))
        assert talk.prints("Choose one of:\n1 Exit\n") == []
        assert talk.waits(SILENCE) == [End("TERM")]
        assert 'no entry "Test"' in talk.engine._gave_up


class TestAnswers:
    def test_in_their_order(self):
        talk = Talk(script(step("a", "Name:", "x"), step("b", "Port:", "5432"), success=["Done."]))
        talk.prints("Name: ")
        talk.prints("x\nPort: ")
        talk.prints("5432\nDone.\n", waiting=False)
        assert talk.typed == ["x", "5432"]
        assert talk.ends() == dialogue.SUCCEEDED
        assert [answer["step"] for answer in talk.engine.answered] == ["a", "b"]

    def test_a_secret_is_never_told(self):
        talk = Talk(script(step("password", "Password:", answer={"secret": "pw"})), {"pw": "s3cret"})
        (action,) = talk.prints("Password: ")
        assert (action.text, action.shown) == ("s3cret", "(secret)")
        assert "s3cret" not in str(talk.engine.answered)

    def test_not_while_the_program_still_works(self):
        talk = Talk(script(step("a", "Name:", "x")))
        assert talk.prints("Name: ", waiting=False) == []
        assert talk.waits(SILENCE - 1, waiting=False) == []
        assert talk.waits(0.5) == [Send("x", "x", "a")]

    def test_where_nobody_sees_whether_it_waits_after_a_short_silence(self):
        talk = Talk(script(step("a", "Name:", "x")))
        assert talk.prints("Name: ", waiting=None) == []
        assert talk.waits(SETTLE_SECONDS, waiting=None) == [Send("x", "x", "a")]

    def test_an_optional_step_may_be_passed_over(self):
        described = script(step("a", "Overwrite?", "y", optional=True), step("b", "Port:", "1"))
        passed, asked = Talk(described), Talk(described)
        passed.prints("Port:")
        asked.prints("Overwrite?")
        asked.prints("y\nPort:")
        assert (passed.typed, asked.typed) == (["1"], ["y", "1"])

    def test_a_step_that_must_come_is_not_passed_over(self):
        talk = Talk(script(step("a", "Name:", "x"), step("b", "Port:", "1")))
        assert talk.prints("Port:") == []
        assert talk.waits(SILENCE) == [End("TERM")]

    def test_a_step_that_repeats_is_answered_so_often(self):
        talk = Talk(script(step("more", "More?", "", repeat=2), step("b", "Port:", "1")))
        for _time in range(3):
            talk.prints("\nMore?")
        assert talk.typed == ["", ""]
        talk.prints("\nPort:")
        assert talk.typed == ["", "", "1"]

    def test_its_own_echo_is_no_prompt(self):
        """The answer to the first step is the text of the second one."""
        talk = Talk(script(step("a", "Name:", "Port:"), step("b", "Port:", "1")))
        talk.prints("Name: ")
        assert talk.prints("Port:\r\n") == []
        assert talk.prints("\nPort: ") == [Send("1", "1", "b")]


class TestUnknownPrompts:
    LEAVE = [{"send": "4", "expect": prompt_pattern("Do you want to exit? [2]")}, {"send": "1"}]

    def talk(self, **more):
        return Talk(script(step("a", "Name:", "x"), step("b", "Port:", "1"), abort=self.LEAVE, **more))

    def test_the_documented_keys_leave(self):
        talk = self.talk()
        talk.prints("Name:")
        assert talk.prints("x\nFavourite colour: ") == []
        assert talk.waits(SILENCE - 1) == []
        assert [action.text for action in talk.waits(1)] == ["4"]
        assert [action.text for action in talk.prints("4\n1 Yes\n2 No\nDo you want to exit? [2]")] == []
        assert [action.text for action in talk.waits(0.5)] == ["1"]
        assert talk.ends(1) == dialogue.ABORTED
        assert 'asks "Favourite colour:"' in talk.engine.reason
        assert 'expected was "Port:" (step b)' in talk.engine.reason

    def test_where_the_keys_do_not_lead_out_a_signal_does_and_then_a_harder_one(self):
        talk = self.talk()
        talk.prints("Favourite colour: ")
        talk.waits(SILENCE)
        talk.prints("4\nNo such colour. Favourite colour: ")
        assert talk.typed == ["4"]
        actions = talk.waits(3 * LEAVE_SILENCES * SILENCE)
        assert actions == [End("TERM"), End("KILL")]

    def test_past_the_point_of_no_return_it_waits_for_a_person(self):
        talk = self.talk(after=["a"])
        talk.prints("Name:")
        talk.prints("x\nFavourite colour: ")
        assert talk.waits(TOTAL * 2) == []
        assert talk.engine.state == dialogue.WAITING_FOR_PERSON
        assert 'asks "Favourite colour:"' in talk.engine.reason

    def test_after_a_person_answered_it_goes_on(self):
        talk = self.talk(after=["a"])
        talk.prints("Name:")
        talk.prints("x\nFavourite colour: ")
        talk.waits(SILENCE)
        talk.engine.typed(talk.now)
        assert talk.engine.state == dialogue.RUNNING
        assert talk.prints("\nPort: ") == [Send("1", "1", "b")]

    def test_a_person_may_have_answered_the_step_that_was_awaited(self):
        talk = Talk(script(step("a", "Name:", "x"), step("b", "Port:", "1"), after=["start"]))
        talk.prints("What is it called? ")
        talk.waits(SILENCE)
        talk.engine.typed(talk.now)
        assert talk.prints("\nPort: ") == [Send("1", "1", "b")]

    def test_the_same_question_again_means_that_the_answer_was_not_taken(self):
        talk = self.talk(after=["start"])
        talk.prints("Name:")
        talk.prints("x\nName:")
        talk.waits(SILENCE)
        assert talk.engine.reason == 'asks again "Name:" (step a): it did not take the answer'

    def test_a_slow_program_is_no_unknown_prompt(self):
        talk = self.talk()
        talk.prints("Name:")
        talk.prints("x\nworking on it, please be patient ", waiting=False)
        assert talk.waits(STEP - 1, waiting=False) == []
        talk.prints("\nPort:")
        assert talk.typed == ["x", "1"]

    def test_where_nobody_sees_whether_it_waits_an_unfinished_line_is_a_prompt(self):
        asks, works = self.talk(), self.talk()
        asks.prints("Favourite colour: ", waiting=None)
        works.prints("still working\n", waiting=None)
        assert asks.waits(SILENCE, waiting=None)
        assert works.waits(SILENCE, waiting=None) == []

    def test_a_program_that_always_reads_its_terminal_may_work_silently(self):
        talk = self.talk(after=["start"])
        talk.prints("Unpacking\n")
        assert talk.waits(2 * SILENCE) == []
        assert talk.engine.state == dialogue.RUNNING
        talk.waits(WORKING_SILENCES * SILENCE)
        assert talk.engine.state == dialogue.WAITING_FOR_PERSON
        talk.prints("Unpacked\n")
        assert talk.engine.state == dialogue.RUNNING

    def test_keys_are_not_sent_where_their_prompt_is_not_shown(self):
        at_menu = [{"at": prompt_pattern("Choose one of:"), "menu": "Exit"}]
        described = script(step("a", "Name:", "x"), abort=at_menu)
        elsewhere, there = Talk(described), Talk(described)
        elsewhere.prints("Favourite colour: ")
        assert elsewhere.waits(SILENCE) == [End("TERM")]
        there.prints("Choose one of:\n1 Go on\n2 Exit\n")
        assert [action.text for action in there.waits(SILENCE)] == ["2"]


class TestTime:
    def test_a_step_that_does_not_come(self):
        talk = Talk(script(step("a", "Name:", "x", seconds=30)))
        assert talk.waits(30, waiting=False) == []
        assert talk.waits(2 * LEAVE_SILENCES * SILENCE, waiting=False) == [End("TERM"), End("KILL")]
        assert talk.ends(-15) == dialogue.ABORTED
        assert talk.engine.reason == "did not come to the step a within 30 s"

    def test_past_the_point_of_no_return_nothing_ends_it(self):
        talk = Talk(script(step("a", "Name:", "x"), step("b", "Port:", "1"), after=["a"]))
        talk.prints("Name:")
        assert talk.waits(TOTAL * 3, waiting=False) == []
        assert talk.engine.is_overdue
        assert talk.engine.state == dialogue.RUNNING
        assert talk.prints("Port:") == [Send("1", "1", "b")]


class TestEnds:
    def test_a_program_that_dies(self):
        talk = Talk(script(step("a", "Name:", "x"), success=["Done."]))
        assert talk.ends(139) == dialogue.FAILED
        assert talk.engine.reason == ('ended with exit code 139 and without printing "Done."; it did not ask for the step a')

    def test_success_is_more_than_an_exit_code(self):
        talk = Talk(script(success=["Done.", "Restart now!"]))
        talk.prints("Done.\n")
        assert talk.ends(0) == dialogue.FAILED
        assert "Restart now!" in talk.engine.reason

    def test_an_exit_code_is_judged_too(self):
        talk = Talk(script(success=["Done."]))
        talk.prints("Done.\n")
        assert talk.ends(1) == dialogue.FAILED

    def test_without_marks_of_success_all_steps_must_have_come(self):
        assert Talk(script(step("a", "Name:", "x"))).ends(0) == dialogue.FAILED
        assert Talk(script(step("a", "Name:", "x", optional=True))).ends(0) == dialogue.SUCCEEDED

    def test_a_word_that_only_contains_the_mark_is_none(self):
        talk = Talk(script(success=["SUCCESS"]))
        talk.prints("UNSUCCESSFUL, no success\n")
        assert talk.engine.seen == []


class TestFailures:
    DESCRIBED = script(
        step("password", "Password:", answer={"secret": "pw"}),
        step("menu", "Choose one of:", answer={"menu": "Create"}),
        success=["Created."],
        failure=[(r"^FAILURE\b", "POM-TROUBLE-16"), (r"password authentication failed", "POM-TROUBLE-08")],
        abort=[{"menu": "Exit"}],
    )

    def test_a_wrong_password_leaves_and_answers_nothing_more(self):
        talk = Talk(self.DESCRIBED, {"pw": "wrong"})
        talk.prints("Password:")
        talk.prints("\nFAILURE: FATAL: password authentication failed for user x\n", waiting=False)
        talk.prints("Choose one of:\n1 Create\n2 Exit\n")
        assert talk.typed == ["wrong", "2"]
        assert talk.ends(0) == dialogue.FAILED
        assert talk.engine.reason == 'printed "FAILURE: FATAL: password authentication failed for user x"'
        assert [failure["trouble"] for failure in talk.engine.failures] == ["POM-TROUBLE-16", "POM-TROUBLE-08"]

    def test_past_the_point_of_no_return_a_program_that_failed_and_asks_waits_for_a_person(self):
        talk = Talk({**self.DESCRIBED, "no_return": {"after": ["start"], "until": "", "why": ""}}, {"pw": "x"})
        talk.prints("FAILURE\nTry to repair the schema? (y/n)")
        assert talk.waits(TOTAL) == []
        assert talk.engine.state == dialogue.WAITING_FOR_PERSON

    def test_where_leaving_is_harmless_again_it_leaves(self):
        described = {**self.DESCRIBED, "no_return": {"after": ["password"], "until": "menu", "why": ""}}
        talk = Talk(described, {"pw": "x"})
        talk.prints("Password:")
        talk.prints("FAILURE\nChoose one of:\n1 Create\n2 Exit\n")
        assert talk.typed == ["x", "2"]
        assert talk.engine.reached_no_return


# What goes in is bytes at any time: the same bytes must give the same answers, however they are cut.

OUTPUT = (
    "\x1b[2J*** Starting ***\r\nName [x]: ",
    "Größe\r\nPlease choose\r\n  one of:\r\n 1. Save\r\n 2. Test\r\n",
    "2\r\nSUCC",
    "ESS\r\nPass\x1b[1mword: ",
)
CONVERSATION = script(
    step("name", "Name", "Größe"),
    step("menu", "Please choose one of:", answer={"menu": "Test"}),
    step("password", "Password:", answer={"secret": "pw"}),
    success=["SUCCESS"],
)


@given(st.lists(st.tuples(st.integers(0, 400), st.sampled_from([False, None])), max_size=30))
def test_any_split_of_the_output_gives_the_same_actions(cuts):
    talk = Talk(CONVERSATION, {"pw": "s3cret"})
    at = 0
    for part in OUTPUT:
        data = part.encode()
        places = sorted({place - at: waiting for place, waiting in cuts if 0 < place - at < len(data)}.items())
        at += len(data)
        begin = 0
        for place, waiting in places:
            talk.engine.feed(data[begin:place], talk.now)
            # Time goes on between the pieces, and the program does not wait for its terminal.
            talk.now += 0.01
            talk.actions += talk.engine.tick(talk.now, waiting)
            begin = place
        talk.engine.feed(data[begin:], talk.now)
        talk.waits(0.5, waiting=not part.endswith("SUCC"))
    assert talk.typed == ["Größe", "2", "s3cret"]
    assert talk.engine.seen == ["SUCCESS"]


@given(st.binary(max_size=400))
def test_binary_noise_is_answered_by_nothing_and_breaks_nothing(noise):
    talk = Talk(CONVERSATION, {"pw": "s3cret"})
    talk.engine.feed(noise, 0.0)
    assert talk.waits(1) == []
    talk.engine.feed(b"\x18\r\n" + b"\n" * 300 + b"Name:", talk.now)
    assert talk.waits(1) == [Send("Größe", "Größe", "name")]


def test_a_flood_is_kept_within_bounds():
    talk = Talk(script(step("a", "Name:", "x"), success=["Installation was successful."]))
    for _piece in range(100):
        talk.engine.feed(b"all work and no play\n" * 3000, talk.now)
    talk.engine.feed(b"Installation was successful.\n" + b"more\n" * 20000, talk.now)
    assert len(talk.engine._screen) <= 32768
    assert talk.engine.seen == ["Installation was successful."]
    talk.prints("Name: ")
    assert talk.typed == ["x"]
