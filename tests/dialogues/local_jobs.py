"""Jobs of this machine for tests: the whole of a dialogue but systemd and SSH."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.module_utils.dialogue import ENDS, WAITING_FOR_PERSON
from ansible_collections.dialtone.contact_center.plugins.module_utils.dialogue_job import NEVER, PROGRAM, Job, Request
from ansible_collections.dialtone.contact_center.plugins.plugin_utils import dialogues

# A test waits for no program as long as a site does.
QUICK = {"silence_seconds": 0.8, "step_seconds": 20, "total_seconds": 60}


@dataclass(frozen=True)
class Outcome:
    """How it ended: `state` is what the job keeps, `transcript` what the program printed, masked."""

    state: Mapping[str, Any]
    transcript: str
    directory: Path

    @property
    def name(self) -> str:
        return str(self.state["state"])

    @property
    def reason(self) -> str:
        return str(self.state["reason"])

    @property
    def answered(self) -> list[str]:
        return [answer["step"] for answer in self.state["answered"]]


class LocalJobs:
    """Jobs of this machine. Their supervisors end with the test."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.supervisors: list[subprocess.Popen[bytes]] = []

    def launch(self, directory: str, job: str) -> None:
        argv = [sys.executable, "-I", str(Path(directory) / PROGRAM), "run"]
        self.supervisors.append(subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True))

    def job(self, name: str = "job") -> Job:
        return Job(name, str(self.base), self.launch)

    def run(
        self,
        name: str | Mapping[str, Any],
        argv: Sequence[str],
        answers: Mapping[str, Any] | None = None,
        secrets: Mapping[str, str] | None = None,
        overlay: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
        chdir: str = "/",
        limits: Mapping[str, float] | None = None,
        restart: str = NEVER,
        seconds: float = 30,
        ends: Sequence[str] = (*ENDS, WAITING_FOR_PERSON),
    ) -> Outcome:
        """Start it, and wait until it has ended or needs a person. The limits are those of a test, where none are given."""
        request = Request("job", script(name, answers, secrets, overlay, limits), argv, chdir, environment or {})
        job = self.job()
        job.start(request, secrets or {}, restart, {})
        return self.wait(job, seconds, ends)

    def wait(self, job: Job, seconds: float = 30, ends: Sequence[str] = (*ENDS, WAITING_FOR_PERSON)) -> Outcome:
        until = time.monotonic() + seconds
        while True:
            state = job.find().state
            if state.get("state") in ends or time.monotonic() > until:
                transcript = Path(job.directory) / "transcript"
                text = transcript.read_text(encoding="utf-8") if transcript.exists() else ""
                return Outcome(state, text, Path(job.directory))
            time.sleep(0.05)

    def end_all(self) -> None:
        for supervisor in self.supervisors:
            supervisor.terminate()
            try:
                supervisor.wait(10)
            except subprocess.TimeoutExpired:
                supervisor.kill()
                supervisor.wait()


def script(
    name: str | Mapping[str, Any],
    answers: Mapping[str, Any] | None = None,
    secrets: Mapping[str, str] | None = None,
    overlay: Mapping[str, Any] | None = None,
    limits: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """The script of one of dialogues/, or of a dialogue itself."""
    changed = {**(overlay or {}), "limits": {**QUICK, **(limits or {})}}
    if isinstance(name, str):
        return dialogues.resolve(name, dialogues.load(name, changed), answers or {}, secrets or {})
    called = str(name["program"])
    dialogue = dialogues.overlaid(called, name, changed)
    dialogues.check(called, dialogue)
    return dialogues.resolve(called, dialogue, answers or {}, secrets or {})
