# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A vendor program as a job of the host: started once, found again by whoever asks next.

A job has a directory with what was asked, the supervisor's program, its state and the transcript. `plan_start` is pure and alone
decides what becomes of a request; everything else finds out or does it.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import hashlib
import inspect
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable

from ansible_collections.dialtone.contact_center.plugins.module_utils import (
    dialogue,
    dialogue_supervisor,
    dialogue_terminal,
    dialogue_text,
    files,
    lease,
)
from ansible_collections.dialtone.contact_center.plugins.module_utils.dialogue import ENDS, INTERRUPTED, SUCCEEDED
from ansible_collections.dialtone.contact_center.plugins.module_utils.dialogue_supervisor import (
    JOB,
    LOCK,
    READY,
    SECRET_ARGUMENT,
    STATE,
    TRANSCRIPT,
)

DIRECTORY = "/var/lib/dialtone/jobs"
PROGRAM = "supervisor.py"
NEVER, BEFORE_NO_RETURN, ALWAYS, ATTACH_ONLY = "never", "if_before_no_return", "always", "attach_only"
RESTARTS = (NEVER, BEFORE_NO_RETURN, ALWAYS, ATTACH_ONLY)

Run = Callable[[Sequence[str]], "tuple[int, str, str]"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,47}")
_COLLECTED, _ATTEMPTS, _LIBRARY = "collected", "attempts", "lib"
_PACKAGES = ("ansible_collections", "dialtone", "contact_center", "plugins", "module_utils")
_PARTS = (files, lease, dialogue, dialogue_supervisor, dialogue_terminal, dialogue_text)
_ATTEMPTS_KEPT = 5
_START_SECONDS = 30.0
_LAUNCH_SECONDS = 30
_LAUNCHES = 3
_READ_BYTES = 65536

_PROGRAM_TEXT = """# Started by Dialtone: `{python} {path} attach` connects a terminal to the program of this job.
import os
import sys

DIRECTORY = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(DIRECTORY, "lib"))

from ansible_collections.dialtone.contact_center.plugins.module_utils.dialogue_supervisor import main

sys.exit(main(DIRECTORY, sys.argv[1:]))
"""


class JobError(Exception):
    """The job cannot be started or read. Says what, where, and what to do."""


@dataclass(frozen=True)
class Request:
    """What is to run. Holds no secret: an element `secret:<name>` of argv is put in where the program is started."""

    job: str
    script: Mapping[str, Any]
    argv: Sequence[str]
    chdir: str = "/"
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        content = json.dumps([self.script, list(self.argv), self.chdir, dict(self.environment)], sort_keys=True)
        return hashlib.sha256(content.encode("utf-8")).hexdigest()


@dataclass(frozen=True)
class Found:
    """What a job's directory tells. `state` is empty where there was no job."""

    state: Mapping[str, Any]
    is_alive: bool = False
    is_collected: bool = False

    @property
    def name(self) -> str:
        return str(self.state.get("state", ""))


START, ATTACH, REPORT = "start", "attach", "report"


def plan_start(found: Found, fingerprint: str, restart: str) -> str:
    """What becomes of a request: a new start, the one that runs, or the end of the last one.

    A job that ended while nobody looked is told once, where it did something; one that hands something back is run again, because
    nobody knows of what data its result is. One that did not end is told until `restart` allows another one: nobody but who looks
    at what it left can know.
    """
    if found.is_alive and found.name not in ENDS:
        return ATTACH
    if restart == ATTACH_ONLY and found.name in ENDS:
        return REPORT
    if restart == ATTACH_ONLY:
        raise JobError("no job of this name runs on the host or has run there, and this request starts none")
    if found.name in ("", READY):
        return START
    if found.name in ENDS and found.name != INTERRUPTED:
        did_something = found.name == SUCCEEDED or bool(found.state.get("reached_no_return"))
        is_same = found.state.get("fingerprint") == fingerprint
        is_told_again = not found.is_collected and not found.state.get("captures")
        return REPORT if did_something and is_same and is_told_again else START
    if restart == ALWAYS or (restart == BEFORE_NO_RETURN and not found.state.get("reached_no_return")):
        return START
    return REPORT


def interrupted(state: Mapping[str, Any], boot_id: str) -> dict[str, Any]:
    """The last state of a supervisor that is gone without having written an end."""
    words = "its host was restarted" if state.get("boot_id") != boot_id else "its supervisor was killed"
    at = f"at the step {state['step']}" if state.get("step") else "after its last question"
    return {**state, "state": INTERRUPTED, "reason": f"was interrupted {at}: {words}"}


def system_unit(job: str) -> str:
    return f"dialtone-job-{job}"


def launch_detached(run: Run, directory: str, job: str) -> None:
    """A unit of its own, in nobody's session. `KillMode=process`: what the program leaves running stays when the unit ends.

    Type `simple`, because the systemd of RHEL 8 knows no `exec`; that it started is seen at the socket.
    """
    argv = ["timeout", str(_LAUNCH_SECONDS), "systemd-run", "--unit", system_unit(job), "--description", f"Dialtone: {job}"]
    argv += ["--collect", "--quiet"]
    argv += ["--property", "KillMode=process", "--property", "OOMScoreAdjust=-900", "--property", "UMask=0077"]
    argv += [sys.executable, "-I", os.path.join(directory, PROGRAM), "run"]
    for attempt in range(_LAUNCHES):
        # The unit of a former attempt may be unloaded only now.
        time.sleep(attempt)
        status, _output, errors = run(argv)
        if status == 0:
            return
    why = " ".join(errors.split()) or f"it ended with {status}"
    raise JobError(f"systemd-run cannot start the job {job}, which is to be a unit of systemd: {why}")


class Job:
    """One job of this host."""

    def __init__(self, job: str, base: str, launch: Callable[[str, str], None]) -> None:
        if not _NAME.fullmatch(job):
            raise JobError(f"{job!r} is no name of a job: letters, digits, '_', '.' and '-', at most 48, a letter or digit first")
        self.job = job
        self.base = base
        self.directory = os.path.join(base, job)
        self._launch = launch

    @property
    def attach_command(self) -> str:
        return f"{sys.executable} {os.path.join(self.directory, PROGRAM)} attach"

    def find(self) -> Found:
        is_alive = self._is_alive()
        try:
            state = dialogue_supervisor.read_json(self._path(STATE))
        except (FileNotFoundError, ValueError):
            state = {"state": READY} if is_alive else {}
        if state and not is_alive and state["state"] not in (*ENDS, READY):
            state = interrupted(state, lease.present().boot_id)
        return Found(state, is_alive, os.path.exists(self._path(_COLLECTED)))

    def start(self, request: Request, secrets: Mapping[str, str], restart: str, held: Mapping[str, str]) -> dict[str, Any]:
        """Start it, or find it again. One request at a time: of two, the second finds what the first started."""
        check_argv(request, secrets)
        os.makedirs(self.directory, mode=0o700, exist_ok=True)
        os.chmod(self.directory, 0o700)
        with self._locked():
            found = self.find()
            plan = plan_start(found, request.fingerprint, restart)
            if plan == START:
                self._wait_for_former()
                self._lay_down(request)
                self._launch(self.directory, self.job)
            if plan != REPORT:
                self._begin(secrets, held)
        differs = plan != START and found.state.get("fingerprint", request.fingerprint) != request.fingerprint
        return {"plan": plan, "asked_otherwise": differs, **self.read(0)}

    def read(self, offset: int, seconds: float = 0) -> dict[str, Any]:
        """The state, and what was printed since. Waits so long for a state that is worth an answer."""
        until = time.monotonic() + seconds
        while True:
            found = self.find()
            if time.monotonic() >= until or not found.is_alive or found.name in (*ENDS, dialogue.WAITING_FOR_PERSON):
                break
            time.sleep(0.1)
        if not found.is_alive and found.name in ("", READY):
            raise JobError(
                f"the job {self.job} has no program that was started: its supervisor in {self.directory} has ended before that. "
                f"`journalctl -u {system_unit(self.job)}` tells why"
            )
        text, end = self._printed(offset)
        return {
            "state": dict(found.state),
            "text": text,
            "offset": end,
            "is_told": found.name in ENDS and end >= self._size(),
            "attach": self.attach_command,
        }

    def collect(self) -> dict[str, Any]:
        """Its end was told: the next request starts it anew. Returns what the program handed back."""
        found = self.find()
        captured = self._captured() if found.name in ENDS and found.is_alive else {}
        if found.name in ENDS and not found.is_collected:
            files.write(self._path(_COLLECTED), b"", 0o600)
        return {"captured": captured}

    def _captured(self) -> dict[str, str]:
        """Held by the supervisor alone, which goes once it has told."""
        try:
            captured: dict[str, str] = dialogue_supervisor.ask(self.directory, {"do": "captured"}).get("captured", {})
        except (OSError, ValueError):
            return {}
        return captured

    def _path(self, name: str) -> str:
        return os.path.join(self.directory, name)

    def _size(self) -> int:
        try:
            return os.stat(self._path(TRANSCRIPT)).st_size
        except FileNotFoundError:
            return 0

    def _printed(self, offset: int) -> tuple[str, int]:
        """From this byte on, or its end where that is too much to be read by anybody."""
        size = self._size()
        begin = max(offset, size - _READ_BYTES)
        if begin >= size:
            return "", offset
        with open(self._path(TRANSCRIPT), "rb") as stream:
            stream.seek(begin)
            data = stream.read(size - begin)
        # Whole characters only: the rest of one comes with the next answer.
        whole = data[: len(data) - _unfinished(data)]
        return whole.decode("utf-8", "replace"), begin + len(whole)

    def _is_alive(self) -> bool:
        """The kernel gives the lock back with the process, whatever ended it."""
        try:
            descriptor = os.open(self._path(LOCK), os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        descriptor = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _wait_for_former(self) -> None:
        """A supervisor that has written its end is about to go; one that still has something to hand back is let go."""
        if self._is_alive():
            self._captured()
        until = time.monotonic() + _START_SECONDS
        while self._is_alive() and time.monotonic() < until:
            time.sleep(0.05)

    def _lay_down(self, request: Request) -> None:
        self._put_away()
        library = self._path(_LIBRARY)
        shutil.rmtree(library, ignore_errors=True)
        package = library
        for name in _PACKAGES:
            package = os.path.join(package, name)
            os.makedirs(package, mode=0o700)
            files.write(os.path.join(package, "__init__.py"), b"", 0o600)
        for part in _PARTS:
            # Works too where this runs from the archive in which Ansible sends a module.
            source = inspect.getsource(part).encode("utf-8")
            files.write(os.path.join(package, part.__name__.rpartition(".")[2] + ".py"), source, 0o600)
        program = _PROGRAM_TEXT.format(python=sys.executable, path=self._path(PROGRAM))
        files.write(self._path(PROGRAM), program.encode("utf-8"), 0o700)
        asked = {
            "job": self.job,
            "script": request.script,
            "argv": list(request.argv),
            "chdir": request.chdir,
            "environment": {**base_environment(), **request.environment},
            "fingerprint": request.fingerprint,
            "boot_id": lease.present().boot_id,
        }
        files.write(self._path(JOB), json.dumps(asked, indent=1, ensure_ascii=False).encode("utf-8") + b"\n", 0o600)

    def _put_away(self) -> None:
        """The former attempt's files, for who wants to read them."""
        kept = [name for name in (JOB, STATE, TRANSCRIPT) if os.path.exists(self._path(name))]
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path(_COLLECTED))
        if not kept:
            return
        attempts = self._path(_ATTEMPTS)
        os.makedirs(attempts, mode=0o700, exist_ok=True)
        numbers = sorted(int(name) for name in os.listdir(attempts) if name.isdigit())
        target = os.path.join(attempts, str(numbers[-1] + 1 if numbers else 1))
        os.mkdir(target, 0o700)
        for name in kept:
            os.rename(self._path(name), os.path.join(target, name))
        for number in numbers[: max(0, len(numbers) + 1 - _ATTEMPTS_KEPT)]:
            shutil.rmtree(os.path.join(attempts, str(number)), ignore_errors=True)

    def _begin(self, secrets: Mapping[str, str], held: Mapping[str, str]) -> None:
        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                answer = dialogue_supervisor.ask(self.directory, {"do": "begin", "secrets": dict(secrets), "lease": dict(held)})
                break
            except (OSError, ValueError) as error:
                if self.find().name in ENDS:
                    return
                if time.monotonic() > until:
                    raise JobError(
                        f"the job {self.job} was started and its supervisor does not answer at {self.directory}: {error}. "
                        f"`journalctl -u {system_unit(self.job)}` tells why"
                    ) from None
                time.sleep(0.1)
        if answer.get("has_other_secrets"):
            raise JobError(
                f"the job {self.job} is under way with other data than it was handed now, so what it hands back would belong to "
                "the other. Run the same command again when it has ended"
            )


def spelt_here(argv: Sequence[str], script: Mapping[str, Any], chdir: str) -> list[str]:
    """The arguments with the program's name as this host has it, where the documents spell it in several ways (T-042, T-105)."""
    for index, word in enumerate(argv):
        path = os.path.normpath(os.path.join(chdir, word))
        if os.path.basename(word) != script["program"] or os.path.exists(path):
            continue
        patterns = [os.path.join(glob.escape(os.path.dirname(path)), spelling) for spelling in script["spellings"]]
        found = {one for pattern in patterns for one in glob.glob(pattern) if os.path.isfile(one)}
        if len(found) > 1:
            raise JobError(
                f"{path} is not there, and several others could be it: {', '.join(sorted(found))}. Overlay `spellings` of the "
                f"dialogue {script['name']} in site_dialogues with the name of the one that is meant"
            )
        return [*argv[:index], *(found or {word}), *argv[index + 1 :]]
    return list(argv)


def check_argv(request: Request, secrets: Mapping[str, str]) -> None:
    """Raises JobError for what could only end in a program that does not start."""
    if not request.argv:
        raise JobError(f"the job {request.job} has an empty argv")
    if not os.path.isdir(request.chdir):
        raise JobError(f"the job {request.job} runs in {request.chdir}, which is no directory on this host")
    path = {**base_environment(), **request.environment}["PATH"]
    program = os.path.join(request.chdir, request.argv[0]) if "/" in request.argv[0] else request.argv[0]
    if shutil.which(program, path=path) is None:
        raise JobError(f"{request.argv[0]} is no program that this host can run (from {request.chdir}, PATH {path})")
    named = {word[len(SECRET_ARGUMENT) :] for word in request.argv if word.startswith(SECRET_ARGUMENT)}
    named |= {step["answer"]["secret"] for step in request.script["steps"] if "secret" in step["answer"]}
    missing = sorted(named - set(secrets))
    if missing:
        raise JobError(f"the job {request.job} needs the secrets {', '.join(missing)}, and was handed none of these names")


def base_environment() -> dict[str, str]:
    """What a login of root has, and texts in the wording that dialogues know."""
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "USER": "root",
        "LOGNAME": "root",
        "SHELL": "/bin/bash",
        "TERM": "dumb",
        "LC_ALL": "C.UTF-8",
    }


def _unfinished(data: bytes) -> int:
    """How many bytes at the end begin a character without ending it."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte & 0xC0 == 0x80:
            continue
        length = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1
        return back if length > back else 0
    return 0
