"""The recorder of dialogues, with a person who types at a terminal."""

from __future__ import annotations

import os
import pty
import sys
from pathlib import Path

import pytest
import yaml

from tools import record_dialogue
from tools.record_dialogue import Keyboard, Line, draft

PROGRAM = """
import getpass
input("Do you like to continue? (y/n) ")
print("Please select from one of the following choices:")
print(" 1. Test DB Connection")
print(" 2. Exit")
input()
getpass.getpass("Password: ")
print("SUCCESS")
"""


def type_when_asked(terminal: int, answers: list[tuple[bytes, bytes]]) -> bytes:
    """Types each answer when what comes before it is on the screen."""
    seen = b""
    for shown, keys in answers:
        while shown not in seen:
            seen += os.read(terminal, 1024)
        seen = b""
        for number in range(len(keys)):
            os.write(terminal, keys[number : number + 1])
    rest = b""
    while True:
        try:
            data = os.read(terminal, 1024)
        except OSError:
            return rest
        if not data:
            return rest
        rest += data


def test_a_course_becomes_a_draft(tmp_path: Path) -> None:
    output = tmp_path / "draft.yml"
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(record_dialogue.ROOT)
        command = ["-m", "tools.record_dialogue", "--source", "POM-DB-12", "--output", str(output), "--program", "example"]
        os.execv(sys.executable, [sys.executable, *command, "--", sys.executable, "-c", PROGRAM])
    rest = type_when_asked(terminal, [(b"(y/n)", b"x\x7fy\r"), (b"2. Exit", b"1\r"), (b"Password:", b"s3cret\r")])
    os.waitpid(pid, 0)
    assert b"3 answers are in the draft" in rest
    text = output.read_text(encoding="utf-8")
    assert "s3cret" not in text
    recorded = yaml.safe_load(text)
    assert recorded["steps"] == [
        {"id": "do_you_like_1", "prompt": "Do you like to continue? (y/n)", "answer": "y"},
        {
            "id": "please_select_from_2",
            "prompt": "Please select from one of the following choices:",
            "menu": "Test DB Connection",
        },
        {"id": "password_3", "prompt": "Password:", "answer_from": "password", "secret": True},
    ]
    assert recorded["success"] == ["SUCCESS"]


def test_a_draft_is_a_dialogue() -> None:
    from ansible_collections.dialtone.contact_center.plugins.plugin_utils import dialogues

    recorded = draft("example", ["POM-DB-12"], "Name: x\nPassword:\nDone.\n", [Line(6, "x", "x"), Line(17, "hidden", "hidden")])
    dialogues.check("example", recorded)
    script = dialogues.resolve("example", recorded, {}, {"password"})
    assert [step["answer"] for step in script["steps"]] == [{"text": "x"}, {"secret": "password"}]


@pytest.mark.parametrize(("keys", "typed"), [("abc\r", "abc"), ("ab\x7fc\r", "ac"), ("no\x15yes\r", "yes"), ("\r", "")])
def test_a_line_is_what_the_terminal_makes_of_the_keys(keys: str, typed: str) -> None:
    keyboard = Keyboard()
    keyboard.pressed(keys, 7)
    assert [(line.at, line.text) for line in keyboard.lines] == [(7, typed)]


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "draft.yml"
    output.write_text("mine")
    with pytest.raises(SystemExit):
        record_dialogue.main(["--source", "POM-DB-12", "--output", str(output), "--", "true"])
    assert "overwrites nothing" in capsys.readouterr().err
    assert output.read_text() == "mine"
