"""Running programs, and saying what is being done. Lab only; nothing in it reaches a site."""
from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lab.errors import LabError


def run(command: Sequence[str], stdin: str | None = None, directory: Path | None = None) -> str:
    """Run a program to its end and return what it wrote; a failure becomes a LabError with the program's own words."""
    try:
        result = subprocess.run(
            list(command), input="" if stdin is None else stdin, cwd=directory, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise LabError(f"the program '{command[0]}' is missing on this machine; install it with: python3 -m lab tools") from None
    if result.returncode != 0:
        words = (result.stderr.strip() or result.stdout.strip() or "no message").splitlines()
        raise LabError(f"'{' '.join(command[:6])}' ended with {result.returncode}: " + "\n  ".join(words[-8:]))
    return result.stdout


def wait_until(condition: Callable[[], bool], seconds: float, failure: Callable[[], str], interval: float = 0.03) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise LabError(failure())
        time.sleep(interval)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say what starts, and how long it took; quick steps take one line."""
    started = time.monotonic()
    terminal = sys.stderr.isatty()
    sys.stderr.write(f"lab: {what} …" if terminal else "")
    sys.stderr.flush()
    try:
        yield
    except BaseException:
        sys.stderr.write("\n" if terminal else f"lab: {what} … failed after {time.monotonic() - started:.1f} s\n")
        raise
    elapsed = f"{time.monotonic() - started:.1f} s"
    say(f" {elapsed}" if terminal else f"lab: {what} … {elapsed}")
