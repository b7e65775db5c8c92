"""Numbered steps that say what they do, how long it takes and what remains.

A step's commands write to a log file of its own; while it runs, the elapsed time and the last line of the log are shown; where it
fails, the end of the log. A step that streams writes straight to the terminal.
"""
from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Optional

from tools.machine import ROOT, MachineError

LOGS = ROOT / "build" / "log"
HEARTBEAT = 20.0
LINES_SHOWN = 40

Runner = Callable[..., "subprocess.CompletedProcess[str]"]
Action = Callable[[Runner], Optional[str]]


class StepFailed(Exception):
    """A step did not do what it says."""


def tells_errors(main: Callable[..., int]) -> Callable[..., int]:
    """The edge of a program: what a person can mend is told in words, everything else is a fault and keeps its traceback."""

    @functools.wraps(main)
    def told(*arguments: Any) -> int:
        try:
            return main(*arguments)
        except (MachineError, StepFailed) as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("\nerror: interrupted; the same command may be repeated", file=sys.stderr)
            return 130

    return told


def seconds(value: float) -> str:
    """
    >>> seconds(3.21), seconds(192.4)
    ('3.2 s', '3 min 12 s')
    """
    return f"{value:.1f} s" if value < 60 else f"{int(value // 60)} min {int(value % 60)} s"


def run_plainly(command: Sequence[str], *, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command whose output the person sees as it comes."""
    result = subprocess.run(list(command), text=True, check=False, cwd=options.pop("cwd", ROOT), **options)
    if check and result.returncode:
        raise StepFailed(f"{Path(command[0]).name} ended with {result.returncode}")
    return result


@dataclass
class Step:
    title: str
    action: Action
    detail: str = ""
    streams: bool = False
    may_fail: bool = False
    failed: bool = False
    elapsed: float = 0.0
    outcome: str = ""
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def log(self) -> Path:
        return LOGS / (re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-") + ".log")

    def perform(self) -> None:
        started = time.monotonic()
        try:
            if not self.streams:
                LOGS.mkdir(parents=True, exist_ok=True)
                self.log.write_bytes(b"")
            self.outcome = self.action(run_plainly if self.streams else self.run) or ""
        except BaseException:
            self.failed = True
            raise
        finally:
            self.elapsed = time.monotonic() - started

    def run(self, command: Sequence[str], *, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command with its output in the step's log; return what it said."""
        with self.log.open("ab") as log:
            start = log.tell()
            log.write(f"$ {' '.join(command)}\n".encode())
            log.flush()
            self.process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=options.pop("cwd", ROOT),
                **options,
            )
            try:
                code = self.process.wait()
            except BaseException:
                self.process.terminate()
                raise
        with self.log.open("rb") as log:
            log.seek(start)
            output = log.read().decode(errors="replace").partition("\n")[2]
        if check and code:
            shown = "\n".join("    " + line for line in output.splitlines()[-LINES_SHOWN:])
            raise StepFailed(
                f"{self.title}: {Path(command[0]).name} ended with {code}\n{shown}\n    (all of it: {relative(self.log)})"
            )
        return subprocess.CompletedProcess(list(command), code, output)

    def last_spoke(self) -> float:
        try:
            return self.log.stat().st_mtime
        except OSError:
            return 0.0

    def last_line(self) -> str:
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, self.log.stat().st_size - 400))
                lines = log.read().decode(errors="replace").replace("\r", "\n").split("\n")
        except OSError:
            return ""
        return next((line.strip() for line in reversed(lines) if line.strip()), "")


@dataclass
class Plan:
    """Steps in their order. Those added as a tuple run side by side and count as one."""

    stream: IO[str] = field(default_factory=lambda: sys.stdout)
    groups: list[list[Step]] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)

    def add(
        self, title: str, action: Action, detail: str = "", *, streams: bool = False, beside: bool = False, may_fail: bool = False
    ) -> Step:
        """Add a step. With `beside` it runs together with the one before; with `may_fail` its failure stops none after it."""
        step = Step(title, action, detail, streams, may_fail)
        if beside:
            self.groups[-1].append(step)
        else:
            self.groups.append([step])
        return step

    @property
    def steps(self) -> list[Step]:
        return [step for group in self.groups for step in group]

    def run(self) -> float:
        """Run all steps; a failure stops those after it, unless its step may fail: then it is kept. Returns the seconds taken."""
        started = time.monotonic()
        for number, group in enumerate(self.groups, 1):
            self.announce(number, group)
            self.run_group(group)
        return time.monotonic() - started

    def announce(self, number: int, group: list[Step]) -> None:
        remaining = [step.title for later in self.groups[number:] for step in later]
        then = f"  (then: {', '.join(remaining)})" if remaining else ""
        shown = [f"{step.title}: {step.detail}" if step.detail else step.title for step in group]
        if len(group) == 1:
            self.say(f"[{number}/{len(self.groups)}] {shown[0]}{then}")
        else:
            self.say(f"[{number}/{len(self.groups)}] side by side{then}")
            for line in shown:
                self.say(f"      {line}")

    def run_group(self, group: list[Step]) -> None:
        failures: list[BaseException] = []

        def perform(step: Step) -> None:
            try:
                step.perform()
            except BaseException as error:  # raised again by the thread that waits
                failures.append(error)
            else:
                name = f"{step.title}: " if len(group) > 1 else ""
                self.say(f"      {name}{seconds(step.elapsed)}" + (f", {step.outcome}" if step.outcome else ""))

        if len(group) == 1 and group[0].streams:
            perform(group[0])
        else:
            threads = [threading.Thread(target=perform, args=(step,), daemon=True) for step in group]
            for thread in threads:
                thread.start()
            try:
                self.watch(group, threads)
            except KeyboardInterrupt:
                for step in group:
                    if step.process and step.process.poll() is None:
                        step.process.terminate()
                raise
        fatal = [error for error in failures if not isinstance(error, StepFailed)]
        if fatal or any(step.failed and not step.may_fail for step in group):
            raise (fatal or failures)[0]
        for failure in failures:
            self.say(f"      {failure}")
        self.failures += failures

    def watch(self, group: list[Step], threads: list[threading.Thread]) -> None:
        """Show that something goes on: a line that is rewritten on a terminal, a line now and then in a log."""
        terminal = self.stream.isatty()
        started = shown = time.monotonic()
        while any(thread.is_alive() for thread in threads):
            for thread in threads:
                thread.join(0.25 / len(threads))
            now = time.monotonic()
            running = [step for step, thread in zip(group, threads) if thread.is_alive()]
            if not running or not (terminal or now - shown >= HEARTBEAT):
                continue
            shown = now
            # One line holds one of them: the one that spoke last.
            for step in [max(running, key=Step.last_spoke)] if terminal else running:
                text = f"      {seconds(now - started)} … {step.title if len(group) > 1 else ''} {step.last_line()}"
                if terminal:
                    self.stream.write(f"\r\033[K{text[: columns() - 1]}")
                    self.stream.flush()
                else:
                    self.say(text[:130])
        if terminal:
            self.stream.write("\r\033[K")

    def say(self, text: str) -> None:
        self.stream.write(("\r\033[K" if self.stream.isatty() else "") + text + "\n")
        self.stream.flush()


def columns() -> int:
    try:
        return os.get_terminal_size().columns
    except OSError:
        return 80


def relative(path: Path) -> str:
    try:
        return str(path.relative_to(ROOT))
    except ValueError:
        return str(path)
