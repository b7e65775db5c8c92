# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The conversation with a vendor program: what it prints goes in, what is to be typed or done comes out.

Pure: no terminal, no clock, no process. `feed` takes output, `tick` says what to do now. A script is a dialogue with its answers,
as plugin_utils/dialogues.py makes it; secrets are only named in it.

An answer is sent where the program shows a prompt that may come now, and shows nothing after it. What else it shows when it waits
for its terminal is an unknown prompt, and is never answered: before the point of no return the documented keys leave, then a
signal ends the program; past it the program stays as it is, and a person goes on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Union

from ansible_collections.dialtone.contact_center.plugins.module_utils.dialogue_text import EchoRemoval, PlainText

RUNNING, WAITING_FOR_PERSON = "running", "waiting_for_person"
SUCCEEDED, FAILED, ABORTED, INTERRUPTED = "succeeded", "failed", "aborted", "interrupted"
ENDS = (SUCCEEDED, FAILED, ABORTED, INTERRUPTED)

START = "start"
# Where nobody can tell whether the program waits for its terminal: how long it must be silent before a prompt is answered.
SETTLE_SECONDS = 0.3
# Past the point of no return: how many silences make an unknown prompt of a screen on which nothing stands before the cursor.
# Some programs always have a thread that reads the terminal, also while they work.
WORKING_SILENCES = 5
# How many silences documented keys, and then a signal, may take to end the program.
LEAVE_SILENCES = 2

_PIECE = 4096
_SCREEN_CHARACTERS = 32768
_MARKER_CHARACTERS = 8192

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_DECORATION = re.compile(r"(?:[\s:>?.*_\]]|\[[^\]\n]{0,80}\]|\([^)\n]{0,80}\)|<[^>\n]{0,80}>)*")
_BOX = r"(?:[\[(<][^\])>\n]?[\])>][ \t]*)?"
_CHOICE = re.compile(r"[ \t]*%s(?P<number>\d{1,2})[ \t]*[.):\-]?[ \t]*%s(?P<label>\S.*)" % (_BOX, _BOX))
# The rest of a choice that was wrapped, which asks nothing.
_WRAPPED = re.compile(r"[^?:]*")
_CALL_TO_CHOOSE = re.compile(
    r".{0,60}\b(?:enter|select|choose|choice|option|press|type|number|selection|input)\b.{0,60}", re.IGNORECASE
)


@dataclass(frozen=True)
class Send:
    """Type this, and Enter. `shown` is what may be told of it."""

    text: str
    shown: str
    step: str = ""


@dataclass(frozen=True)
class End:
    """End the program by this signal."""

    signal: str


Action = Union[Send, End]


def literal_pattern(text: str) -> str:
    """The text as a regular expression: white space of any kind between words, and any or none beside punctuation.

    >>> bool(re.search(literal_pattern("continue? (y/n)"), "continue?\\n(y/n)")), bool(re.search(literal_pattern("a b"), "ab"))
    (True, False)
    """
    pattern, before = "", ""
    for token in (token for token in _TOKEN.findall(text.strip()) if not token.isspace()):
        if before:
            pattern += r"\s+" if _is_word(token) and _is_word(before) else r"\s*"
        else:
            pattern += r"(?<!\w)" if _is_word(token) else ""
        pattern += re.escape(token)
        before = token
    return pattern + (r"(?!\w)" if _is_word(before) else "")


def _is_word(token: str) -> bool:
    return re.fullmatch(r"\w+", token) is not None


def prompt_pattern(text: str) -> str:
    """A prompt begins a line, in capitals or not. Its colon is the program's to print."""
    return r"(?i)^[ \t]*" + literal_pattern(text.rstrip(" :\n"))


def ends_with(screen: str, pattern: re.Pattern[str]) -> bool:
    """Whether the screen ends with this prompt: nothing after it but its menu and what decorates a prompt."""
    return any(_belongs_to_prompt(screen[found.end() :]) for found in pattern.finditer(screen))


def _belongs_to_prompt(after: str) -> bool:
    """What stands in the line of the cursor is judged most strictly: there an unknown prompt would be."""
    first, *lines = after.split("\n")
    choices = [number for number, line in enumerate(lines) if _CHOICE.fullmatch(line)]
    if not all(_DECORATION.fullmatch(line) for line in (first, *lines[: choices[0] if choices else None])):
        return False
    below = lines[choices[-1] + 1 :] if choices else []
    return all(
        _DECORATION.fullmatch(line) or _CALL_TO_CHOOSE.fullmatch(line) or (_WRAPPED.fullmatch(line) and number < len(below))
        for number, line in enumerate(below, 1)
    )


def choices_at_end(screen: str) -> dict[str, str]:
    """The choices that the screen shows last, by their number.

    >>> choices_at_end("Choose:\\n 1. Yes\\n 2) No\\n")
    {'1': 'Yes', '2': 'No'}
    """
    entries = (_CHOICE.fullmatch(line) for line in last_lines(screen, 20))
    return {entry["number"]: entry["label"].strip() for entry in entries if entry}


def menu_number(screen: str, label: str) -> str | None:
    """The number before this entry on the screen. None where it is not there, or stands there with two numbers.

    >>> menu_number("1 Yes\\n2 No\\n", "No"), menu_number("1.SID 2.Service Name", "SID"), menu_number("1 Yes", "Maybe")
    ('2', '1', None)
    """
    entry = re.compile(
        r"(?i)(?<![\w.])(\d{1,2})[ \t]*[.):\-]?\s*%s%s(?P<whole>\s*(?:\n|\Z)|[ \t]{2,}|\s+\d{1,2}[.)])?"
        % (_BOX, literal_pattern(label))
    )
    found = list(entry.finditer(screen))
    whole = {match.group(1) for match in found if match.group("whole") is not None}
    numbers = whole or {match.group(1) for match in found}
    return numbers.pop() if len(numbers) == 1 else None


class _Step:
    """A prompt of the script, with how often it came."""

    def __init__(self, described: Mapping[str, Any], default_seconds: float) -> None:
        self.id: str = described["id"]
        self.prompt: str = described["prompt"]
        self.pattern = re.compile(described["pattern"], re.MULTILINE)
        self.answer: Mapping[str, str] = described["answer"]
        self.is_optional: bool = described["optional"]
        self.repeat: int = described["repeat"]
        self.seconds: float = described.get("seconds") or default_seconds
        self.times = 0

    @property
    def may_be_passed_over(self) -> bool:
        return self.is_optional or self.times > 0

    def is_shown(self, screen: str) -> bool:
        return ends_with(screen, self.pattern)


class _Leaving:
    """The way out of a program: its documented keys, each where its prompt is shown; then a signal, then a harder one."""

    def __init__(self, keys: Sequence[Mapping[str, Any]], now: float, patience: float) -> None:
        self._keys = list(keys)
        self._patience = patience
        self._expected = ""
        self._since = now
        self._next_key = now
        self._signals = [(now, "TERM"), (now + patience, "KILL")]

    def next(self, now: float, waiting: bool | None, screen: str) -> str | End | None:
        """The text to type, the end to make, or nothing yet."""
        if self._keys:
            is_late = now - self._since >= self._patience
            if not is_late and (waiting is False or now < self._next_key):
                return None
            is_expected = not self._expected or ends_with(screen, re.compile(self._expected, re.MULTILINE))
            if not is_expected and not is_late:
                return None
            while self._keys and is_expected and waiting is not False:
                key = self._keys.pop(0)
                text = self._text(key, screen)
                if text is not None:
                    self._expected = key.get("expect") or ""
                    self._wait(now)
                    return text
            # The program knows none of the documented keys now.
            self._keys = []
            self._signals = [(now, "TERM"), (now + self._patience, "KILL")]
        if self._signals and now >= self._signals[0][0]:
            return End(self._signals.pop(0)[1])
        return None

    def _wait(self, now: float) -> None:
        self._since = now
        self._next_key = now + SETTLE_SECONDS
        self._signals = [(now + self._patience, "TERM"), (now + 2 * self._patience, "KILL")]

    @staticmethod
    def _text(key: Mapping[str, Any], screen: str) -> str | None:
        """None where it is documented for another prompt, or its entry is not on the screen."""
        if key.get("at") and not ends_with(screen, re.compile(key["at"], re.MULTILINE)):
            return None
        return menu_number(screen, key["menu"]) if "menu" in key else str(key["send"])


class Engine:
    """One conversation."""

    def __init__(self, script: Mapping[str, Any], secrets: Mapping[str, str], now: float) -> None:
        limits = script["limits"]
        self._silence: float = limits["silence_seconds"]
        self._total: float = limits["total_seconds"]
        self._steps = [_Step(step, limits["step_seconds"]) for step in script["steps"]]
        self._success = [(item["words"], re.compile(item["pattern"], re.MULTILINE)) for item in script["success"]]
        self._failure = [(item, re.compile(item["pattern"], re.MULTILINE)) for item in script["failure"]]
        self._exit_codes: Sequence[int] = script["exit_codes"]
        self._abort: Sequence[Mapping[str, Any]] = script["abort"]
        self._no_return: Sequence[str] = script["no_return"]["after"]
        self._harmless_again: str = script["no_return"]["until"]
        self._secrets = secrets

        self._plain = PlainText()
        self._echo = EchoRemoval()
        self._screen = ""
        self._markers = ""
        self._started = now
        self._last_output = now
        self._last_answer = now
        self._pointer = 0
        self._last_step: _Step | None = None
        self._after_person = False
        self._is_unknown = False

        self._leaving: _Leaving | None = None
        self._gave_up = ""

        self.state = RUNNING
        self.reason = ""
        self.failures: list[dict[str, str]] = []
        self.seen: list[str] = []
        self.answered: list[dict[str, Any]] = []
        self.is_overdue = False
        self.is_past_no_return = START in self._no_return
        self.reached_no_return = self.is_past_no_return
        self.exit_code: int | None = None

    # what happens

    def feed(self, data: bytes, now: float) -> str:
        """Take output. Returns it as the text that a person would read."""
        text = ""
        for begin in range(0, len(data), _PIECE):
            piece = self._plain.feed(data[begin : begin + _PIECE])
            text += piece
            self._take(self._echo.feed(piece))
        if data:
            self._last_output = now
            self._is_unknown = False
            if self.state == WAITING_FOR_PERSON:
                # It goes on, by itself or because a person types.
                self.state, self.reason = RUNNING, ""
        return text

    def tick(self, now: float, waiting: bool | None) -> list[Action]:
        """What to do now. `waiting` says whether the program waits for its terminal; None where nobody can tell."""
        if self.state in ENDS:
            return []
        if now - self._last_output >= SETTLE_SECONDS:
            self._take(self._echo.release())
        if self._leaving is not None:
            return self._leave(self._leaving, now, waiting)
        complete = self._is_complete(now, waiting)
        if self.failures:
            return self._after_failure(now, waiting, complete)
        if complete:
            step = self._step_shown()
            if step is not None:
                return self._answer(step, now)
        if self._shows_unknown(now, waiting):
            return self._give_up(self._unknown_words(), now, waiting)
        return self._check_time(now, waiting)

    def typed(self, now: float) -> None:
        """A person has answered what the screen showed."""
        self._screen = ""
        self._last_answer = now
        self._after_person = True
        self._is_unknown = False
        if self.state == WAITING_FOR_PERSON:
            self.state, self.reason = RUNNING, ""

    def ended(self, exit_code: int, now: float) -> None:
        """The program has ended, and all of its output was fed."""
        self._take(self._echo.release())
        self.exit_code = exit_code
        missing = [words for words, _pattern in self._success if words not in self.seen]
        unasked = [step.id for step in self._steps[self._pointer :] if not step.may_be_passed_over]
        code = f"exit code {exit_code}" if exit_code >= 0 else f"signal {-exit_code}"
        if self.failures:
            self.state, self.reason = FAILED, self._failure_words()
        elif self._gave_up:
            self.state, self.reason = ABORTED, self._gave_up
        elif missing:
            self.state = FAILED
            self.reason = f"ended with {code} and without printing " + " and ".join(f'"{words}"' for words in missing)
            if unasked:
                self.reason += f"; it did not ask for the step {unasked[0]}"
        elif exit_code not in self._exit_codes:
            self.state, self.reason = FAILED, f"ended with {code}"
        elif not self._success and unasked:
            self.state, self.reason = FAILED, f"ended with {code} before it asked for the step {unasked[0]}"
        else:
            self.state, self.reason = SUCCEEDED, ""

    @property
    def step(self) -> str:
        """Id of the step that is awaited; empty where nothing more is asked."""
        return self._steps[self._pointer].id if self._pointer < len(self._steps) else ""

    @property
    def last_event(self) -> float:
        return max(self._last_output, self._last_answer)

    @property
    def is_leaving(self) -> bool:
        return self._leaving is not None

    def hand_over(self, reason: str) -> None:
        """Leave the program as it is, for a person."""
        self.state, self.reason = WAITING_FOR_PERSON, reason

    # output

    def _take(self, text: str) -> None:
        if not text:
            return
        self._screen = (self._screen + text)[-_SCREEN_CHARACTERS:]
        self._markers = (self._markers + text)[-_MARKER_CHARACTERS:]
        for words, pattern in self._success:
            if words not in self.seen and pattern.search(self._markers):
                self.seen.append(words)
        found = [(match.end(), item, match) for item, pattern in self._failure if (match := pattern.search(self._markers))]
        for _end, item, match in sorted(found, key=lambda entry: entry[0]):
            line = {"match": item["pattern"], "line": _line_at(self._markers, match), "trouble": item.get("trouble") or ""}
            known = next((failure for failure in self.failures if failure["match"] == line["match"]), None)
            if known is None:
                self.failures.append(line)
            elif line["line"].startswith(known["line"]):
                # The rest of the line came with a later write.
                known.update(line)

    def _is_complete(self, now: float, waiting: bool | None) -> bool:
        """Whether the program has said all that it says before it is answered."""
        if waiting:
            return True
        quiet = now - self._last_output
        return quiet >= (SETTLE_SECONDS if waiting is None else self._silence)

    # steps

    def _window(self) -> list[_Step]:
        """What may come now: all up to and including the next step that must. A person may have answered that one already."""
        window: list[_Step] = []
        due = 2 if self._after_person else 1
        for step in self._steps[self._pointer :]:
            window.append(step)
            due -= not step.may_be_passed_over
            if due == 0:
                break
        return window

    def _step_shown(self) -> _Step | None:
        return next((step for step in self._window() if step.is_shown(self._screen)), None)

    def _answer(self, step: _Step, now: float) -> list[Action]:
        if step.id == self._harmless_again:
            self.is_past_no_return = False
        answer, shown = self._typed_for(step)
        if answer is None:
            if self._is_unknown or now - self._last_output < self._silence:
                return []
            menu = step.answer["menu"]
            words = f'asks "{step.prompt}" (step {step.id}), and its menu has no entry "{menu}" with one number'
            return self._give_up(words, now, waiting=True)
        step.times += 1
        at = self._steps.index(step)
        self._pointer = at if step.times < step.repeat else at + 1
        self._last_step = step
        self._after_person = self.is_overdue = False
        if step.id in self._no_return:
            self.is_past_no_return = self.reached_no_return = True
        self.state, self.reason = RUNNING, ""
        self.answered.append({"step": step.id, "answer": shown, "seconds": round(now - self._started, 1)})
        return [self._send(answer, shown, now, step.id)]

    def _typed_for(self, step: _Step) -> tuple[str | None, str]:
        if "secret" in step.answer:
            return self._secrets[step.answer["secret"]], "(secret)"
        if "menu" in step.answer:
            number = menu_number(self._screen, step.answer["menu"])
            return number, f"{number} ({step.answer['menu']})"
        return step.answer["text"], step.answer["text"]

    def _send(self, text: str, shown: str, now: float, step: str = "") -> Send:
        self._screen = ""
        self._markers += "\n"
        self._last_answer = self._last_output = now
        self._is_unknown = False
        self._echo.sent(text)
        return Send(text, shown, step)

    # what was not expected

    def _shows_unknown(self, now: float, waiting: bool | None) -> bool:
        quiet = now - self._last_output
        if self._is_unknown or quiet < self._silence:
            return False
        if self._last_line().strip():
            return waiting is not False
        return bool(waiting) and (not self.is_past_no_return or quiet >= WORKING_SILENCES * self._silence)

    def _last_line(self) -> str:
        return self._screen.rsplit("\n", 1)[-1]

    def _unknown_words(self) -> str:
        shown = last_lines(self._screen, 3)
        if not shown:
            return "waits for its terminal without having asked anything"
        if self._last_step is not None and self._last_step.is_shown(self._screen):
            return f'asks again "{self._last_step.prompt}" (step {self._last_step.id}): it did not take the answer'
        expected = " or ".join(f'"{step.prompt}" (step {step.id})' for step in self._window()) or "no further question"
        return f'asks "{" / ".join(shown)}", which its dialogue does not know; expected was {expected}'

    def _check_time(self, now: float, waiting: bool | None) -> list[Action]:
        if self.state == WAITING_FOR_PERSON:
            return []
        window = self._window()
        longest = max((step.seconds for step in window), default=self._total)
        if now - self._started > self._total:
            words = f"took longer than the {self._total:.0f} s that its dialogue allows it"
        elif window and now - self._last_answer > longest:
            words = f"did not come to the step {' or '.join(step.id for step in window)} within {longest:.0f} s"
        else:
            return []
        if self.is_past_no_return:
            self.is_overdue = True
            return []
        return self._give_up(words, now, waiting)

    def _after_failure(self, now: float, waiting: bool | None, complete: bool) -> list[Action]:
        """Nothing more is answered. A program that goes on by itself may end by itself."""
        until = next((step for step in self._steps if step.id == self._harmless_again), None)
        if complete and until is not None and until.is_shown(self._screen):
            self.is_past_no_return = False
        asks = complete and (waiting or (waiting is None and bool(self._last_line().strip())))
        is_stuck = now - self.last_event > (1 + LEAVE_SILENCES) * self._silence
        if asks or (is_stuck and not self.is_past_no_return):
            return self._give_up(self._failure_words(), now, waiting)
        return []

    def _failure_words(self) -> str:
        return f'printed "{self.failures[0]["line"]}"'

    def _give_up(self, reason: str, now: float, waiting: bool | None) -> list[Action]:
        self._is_unknown = True
        if self.is_past_no_return:
            self.hand_over(reason)
            return []
        self._gave_up = reason
        self._leaving = _Leaving(self._abort, now, LEAVE_SILENCES * self._silence)
        return self._leave(self._leaving, now, waiting)

    def _leave(self, leaving: _Leaving, now: float, waiting: bool | None) -> list[Action]:
        action = leaving.next(now, waiting, self._screen)
        if isinstance(action, str):
            return [self._send(action, action, now)]
        return [] if action is None else [action]


def last_lines(text: str, number: int) -> list[str]:
    """The last lines with something on them."""
    return [line.strip() for line in text.splitlines() if line.strip()][-number:]


def _line_at(text: str, found: re.Match[str]) -> str:
    begin = text.rfind("\n", 0, found.start()) + 1
    end = text.find("\n", found.end())
    return " ".join(text[begin : end if end >= 0 else len(text)].split())
