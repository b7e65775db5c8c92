"""Run a vendor program once by hand, and write the draft of its dialogue.

    .venv/py3.13/bin/python -m tools.record_dialogue --source POM-DB-12 --output draft.yml -- ssh -t epm1 /opt/x/bin/installDB.sh

What is typed goes to the program, on a terminal like the one that it has under Dialtone. An answer that the program did not
repeat on the screen is a secret, and is not written.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import select
import sys
import termios
import tty
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tools.machine import ROOT

sys.path.insert(0, str(ROOT / "collections"))

from ansible_collections.dialtone.contact_center.plugins.module_utils.dialogue import choices_at_end, last_lines
from ansible_collections.dialtone.contact_center.plugins.module_utils.dialogue_terminal import Terminal
from ansible_collections.dialtone.contact_center.plugins.module_utils.dialogue_text import PlainText

WORDS_IN_AN_ID = 3
REMINDER = """\
# A draft, from one course of the program. What one course cannot tell is yours to add, as schemas/dialogue.schema.json says:
# other courses (when, optional), what the program prints when it fails (failure), how it is left (abort), and from where on
# it must never be ended (point_of_no_return). Answers that differ from site to site become answer_from.
---
"""


@dataclass(frozen=True)
class Line:
    """A line that was typed: how much had been printed when its first key was pressed, and all keys, corrected ones too."""

    at: int
    text: str
    keys: str

    def is_repeated_in(self, printed: str) -> bool:
        return "".join(printed[self.at :].split()).startswith("".join(self.keys.split()))


class Keyboard:
    """Keys as lines, with what a terminal corrects."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._typed = self._keys = ""
        self._at: int | None = None

    def pressed(self, keys: str, printed: int) -> None:
        for key in keys:
            if self._at is None:
                self._at = printed
            if key in "\r\n":
                self.lines.append(Line(self._at, self._typed, self._keys))
                self._typed, self._keys, self._at = "", "", None
            elif key in "\x7f\b":
                self._typed = self._typed[:-1]
            elif key == "\x15":
                self._typed = ""
            elif key.isprintable():
                self._typed += key
                self._keys += key


def step_of(number: int, before: str, line: Line, is_repeated: bool) -> dict[str, Any]:
    """The step for one answer: `before` is what the program had printed since the one before it."""
    choices = choices_at_end(before)
    shown = last_lines(before, 20)
    prompt = shown[-1] if shown else ""
    if line.text in choices:
        first = next(place for place, text in enumerate(shown) if choices_at_end(text))
        prompt = shown[first - 1] if first else prompt
    words = re.findall(r"[a-z]+", prompt.lower())[:WORDS_IN_AN_ID]
    name = "_".join(words) or "step"
    step: dict[str, Any] = {"id": f"{name}_{number}", "prompt": prompt or "(it printed nothing before this answer)"}
    if line.text and not is_repeated:
        return {**step, "answer_from": name, "secret": True}
    if line.text in choices:
        return {**step, "menu": choices[line.text]}
    return {**step, "answer": line.text}


def draft(program: str, source: Sequence[str], printed: str, lines: Sequence[Line]) -> dict[str, Any]:
    """The dialogue that this course was."""
    steps = []
    begin = 0
    for number, line in enumerate(lines, 1):
        is_repeated = line.is_repeated_in(printed)
        steps.append(step_of(number, printed[begin : line.at], line, is_repeated))
        begin = printed.find("\n", line.at) + 1 if is_repeated else line.at
    end = last_lines(printed[begin:], 1)
    return {
        "program": program,
        "about": f"Recorded from one course of {program}.",
        "source": list(source),
        "steps": steps,
        "success": end,
        "failure": [],
    }


@contextlib.contextmanager
def every_key(descriptor: int) -> Iterator[None]:
    """Keys as they are pressed, where a person's terminal is there."""
    if not os.isatty(descriptor):
        yield
        return
    before = termios.tcgetattr(descriptor)
    tty.setraw(descriptor)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def record(argv: Sequence[str], keyboard: int, screen: int) -> tuple[str, list[Line], int]:
    """Run it: what it printed, what was typed, and its exit code."""
    terminal = Terminal(argv, os.environ, os.getcwd())
    plain, keys, printed = PlainText(), Keyboard(), ""
    watched = [terminal.descriptor, keyboard]
    with every_key(keyboard):
        while True:
            ready = select.select(watched, [], [], 0.2)[0]
            if keyboard in ready:
                pressed = os.read(keyboard, 1024)
                if pressed:
                    keys.pressed(pressed.decode("utf-8", "replace"), len(printed))
                    terminal.write(pressed)
                else:
                    watched.remove(keyboard)
            code = terminal.exit_code()
            while data := terminal.read():
                os.write(screen, data)
                printed += plain.feed(data)
            if code is not None:
                return printed, keys.lines, code


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0], prog="record_dialogue")
    parser.add_argument("--source", required=True, nargs="+", help="requirement ids of the program, such as POM-DB-12")
    parser.add_argument("--output", required=True, type=Path, help="file for the draft; it must not be there yet")
    parser.add_argument("--program", help="name of the program; by default the last word of the command")
    parser.add_argument("command", nargs="+", help="the program and its arguments, behind --")
    options = parser.parse_args(arguments)
    if options.output.exists():
        parser.error(f"{options.output} is there already; a draft overwrites nothing")
    program = options.program or Path(options.command[-1].split()[-1]).name
    printed, lines, code = record(options.command, sys.stdin.fileno(), sys.stdout.fileno())
    words = yaml.safe_dump(draft(program, options.source, printed, lines), sort_keys=False, allow_unicode=True, width=120)
    options.output.write_text(REMINDER + words, encoding="utf-8")
    print(f"\n{program} ended with {code}. {len(lines)} answers are in the draft {options.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
