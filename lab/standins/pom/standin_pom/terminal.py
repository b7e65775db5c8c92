"""Lab only. How the stand-ins talk: lines, prompts without an end of line, menus. The end of the input ends the program."""

from __future__ import annotations

import sys
import termios
import textwrap
from collections.abc import Callable, Sequence

from . import host


class InputEnded(Exception):
    """There is nobody left to answer."""


def wrapped(text: str) -> str:
    columns = int(host.setting("all", "wrap"))
    if not columns:
        return text
    return "\n".join(textwrap.fill(line, columns, drop_whitespace=True, break_long_words=False) for line in text.split("\n"))


def say(text: str = "", *, whole: bool = False) -> None:
    print(text if whole else wrapped(text), flush=True)


def read_line(prompt: str) -> str:
    sys.stdout.write(wrapped(prompt) + " ")
    sys.stdout.flush()
    line = sys.stdin.readline()
    if not line:
        raise InputEnded
    return line.rstrip("\r\n")


def ask(prompt: str, default: str = "") -> str:
    """Print a prompt and read the answer to it; Enter alone means the default."""
    return read_line(prompt).strip() or default


def ask_secret(prompt: str) -> str:
    """The answer to the letter, with the echo off from before the prompt until after it."""
    if not (host.switched_on("all", "hidden_password") and sys.stdin.isatty()):
        return read_line(prompt)
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    blind = [*before]
    blind[3] = before[3] & ~termios.ECHO
    try:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, blind)
        return read_line(prompt)
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        print(flush=True)


def ask_one_of(
    prompt: str, answers: Sequence[str], default: str = "", complaint: str = "Invalid option. Please try again."
) -> str:
    """Ask until one of the answers comes, upper or lower case."""
    while True:
        answer = ask(prompt, default).lower()
        if answer in answers:
            return answer
        say(complaint)


def menu(heading: str, entries: Sequence[str], prompt: str = "Enter an option:") -> str:
    """Show numbered entries and return the one that is chosen."""
    say(heading)
    for number, entry in enumerate(entries, 1):
        say(f"{number}. {entry}")
    numbers = [str(number) for number in range(1, len(entries) + 1)]
    return entries[int(ask_one_of(prompt, numbers)) - 1]


def extra_question(where: str) -> None:
    """A question that no document knows."""
    if host.setting("all", "extra_question") == where:
        ask_one_of("Do you want to send usage data to the vendor? (y/n)", ("y", "n"))


def main(program: Callable[[Sequence[str]], int | None], arguments: Sequence[str] | None = None) -> None:
    """Run a program: 0 where it succeeded, 1 where it was refused, failed or left alone."""
    try:
        status = program(sys.argv[1:] if arguments is None else arguments) or 0
    except host.Refused as error:
        say(str(error))
        status = 1
    except (InputEnded, KeyboardInterrupt):
        say()
        status = 1
    host.finish(status)
