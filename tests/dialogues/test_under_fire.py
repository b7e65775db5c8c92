"""The dialogue engine with real programs on real terminals that behave as badly as programs do."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils import dialogue_supervisor
from ansible_collections.dialtone.contact_center.plugins.module_utils.dialogue import ENDS, RUNNING, WAITING_FOR_PERSON
from ansible_collections.dialtone.contact_center.plugins.module_utils.dialogue_job import (
    ALWAYS,
    BEFORE_NO_RETURN,
    NEVER,
    JobError,
    Request,
)
from tests.dialogues.local_jobs import LocalJobs, Outcome, script

SECRET = "c4nary-Pa55word"
ASK = """
import sys, time, os, getpass
def say(text, end=""):
    sys.stdout.write(text + end); sys.stdout.flush()
def ask(text):
    say(text)
    line = sys.stdin.readline()
    if not line: sys.exit(3)
    return line.rstrip("\\n")
"""

DIALOGUE: dict[str, Any] = {
    "program": "example",
    "about": "Asks a name, a choice and a password, and writes then.",
    "source": ["POM-INST-02"],
    "steps": [
        {"id": "name", "prompt": "Please enter the name of the database", "answer_from": "name"},
        {"id": "menu", "prompt": "Please select from one of the following choices:", "menu": "Create schema"},
        {"id": "password", "prompt": "Password:", "answer_from": "password", "secret": True},
        {"id": "go", "prompt": "Go on? (y/n)", "answer": "y"},
        {"id": "last", "prompt": "Show it? (y/n)", "answer": "n", "optional": True},
    ],
    "success": ["Installation was successful."],
    "failure": [{"match": "password authentication failed.*", "trouble": "POM-TROUBLE-08"}],
    "abort": [{"send": "4", "expect": "Do you want to exit? [2]"}, {"send": "1"}],
    "point_of_no_return": {"after": "go", "why": "it writes", "source": ["POM-INST-07"]},
}
NAME = 'name = ask("Please enter the name of the database: ")\n'
MENU = 'choice = ask("Please select from one of the following choices:\\n 1. Test\\n 2. Create schema\\n 3. Exit\\n")\n'
PASSWORD = 'password = getpass.getpass("Password: ")\n'
GO = 'assert ask("Go on? (y/n) ") == "y"\n'
DONE = 'say("Installation was successful.", "\\n")\n'
ASSERTS = 'assert (name, choice, password) == ("pomdb", "2", %r), (name, choice)\n' % SECRET
LEAVES = """
def leave(text):
    if ask(text) == "4" and ask("1 Yes\\n2 No\\nDo you want to exit? [2] ") == "1":
        say("left by its keys", "\\n"); sys.exit(1)
"""

Run = Callable[..., Outcome]


@pytest.fixture
def run(run_dialogue: Run) -> Run:
    def run_program(program: str, **more: Any) -> Outcome:
        options = {"answers": {"name": "pomdb"}, "secrets": {"password": SECRET}, **more}
        return run_dialogue(DIALOGUE, [sys.executable, "-c", ASK + LEAVES + program], **options)

    return run_program


def test_the_usual_course(run: Run) -> None:
    outcome = run(NAME + MENU + PASSWORD + ASSERTS + GO + DONE)
    assert (outcome.name, outcome.reason) == ("succeeded", "")
    assert outcome.answered == ["name", "menu", "password", "go"]
    assert outcome.state["exit_code"] == 0


def test_prompts_split_over_writes(run: Run) -> None:
    letter_by_letter = """
def say(text, end=""):
    for letter in text + end:
        sys.stdout.write(letter); sys.stdout.flush(); time.sleep(0.003)
"""
    assert run(letter_by_letter + NAME + MENU + PASSWORD + ASSERTS + GO + DONE).name == "succeeded"


def test_wrapped_lines_and_colours(run: Run) -> None:
    name = 'name = ask("\\x1b[1mPlease enter the\\n   name of\\tthe \\x1b[0m\\r\\ndatabase :")\n'
    menu = 'choice = ask("\\x1b[2J\\x1b[HPlease select from one of\\nthe following choices:\\n1 Test\\n2 Create\\n  schema\\n")\n'
    assert run(name + menu + PASSWORD + ASSERTS + GO + DONE).name == "succeeded"


def test_a_reordered_menu(run: Run) -> None:
    menu = 'choice = ask("Please select from one of the following choices:\\n 1) Create schema\\n 2) Test\\nYour choice: ")\n'
    outcome = run(
        NAME + menu + PASSWORD + 'assert choice == "1"\n' + GO + DONE,
        overlay={"steps": {"menu": {"pattern": r"Please select from one of the following choices:[\s\S]*Your choice: "}}},
    )
    assert outcome.name == "succeeded"


def test_an_unknown_question_before_the_point_of_no_return_is_left_by_the_keys(run: Run) -> None:
    outcome = run(NAME + 'leave("What is your favourite colour? ")\n' + MENU + PASSWORD + GO + DONE)
    assert outcome.name == "aborted"
    assert 'asks "What is your favourite colour?"' in outcome.reason
    assert "left by its keys" in outcome.transcript
    assert outcome.answered == ["name"]


def test_a_program_that_knows_no_keys_is_ended_by_a_signal(run: Run) -> None:
    outcome = run('while True: ask("What is your favourite colour? ")\n', overlay={"abort": []})
    assert (outcome.name, outcome.state["exit_code"]) == ("aborted", -signal.SIGTERM)


def test_an_unknown_question_past_the_point_of_no_return_waits_for_a_person(run: Run, local_jobs: LocalJobs) -> None:
    colour = 'say("colour is " + ask("What is your favourite colour? "), "\\n")\n'
    last = 'assert ask("Show it? (y/n) ") == "n"\n'
    outcome = run(NAME + MENU + PASSWORD + GO + colour + last + DONE)
    assert outcome.name == WAITING_FOR_PERSON
    assert outcome.state["screen"].endswith("What is your favourite colour? ")
    assert os.path.exists(f"/proc/{outcome.state['pid']}")

    assert attach_and_type(outcome.directory, "blue\r\x1d").endswith("What is your favourite colour? ")
    outcome = local_jobs.wait(local_jobs.job(), ends=ENDS)
    assert outcome.name == "succeeded"
    assert "colour is blue" in outcome.transcript
    assert outcome.answered == ["name", "menu", "password", "go", "last"]


def attach_and_type(directory: Path, keys: str) -> str:
    """What a person sees who attaches, and types when the screen has come."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, str(directory / "supervisor.py"), "attach"])
    seen = b""
    try:
        while not seen.rstrip(b" ").endswith(b"?"):
            seen += os.read(terminal, 4096)
        os.write(terminal, keys.encode())
        os.waitpid(pid, 0)
    finally:
        os.close(terminal)
    return seen.decode().replace("\r\n", "\n")


def test_a_slow_program_is_waited_for(run: Run) -> None:
    work = 'say("Please be patient", "\\n"); time.sleep(2.5)\n'
    assert run(work + NAME + work.replace("2.5", "1.5") + MENU + PASSWORD + ASSERTS + GO + DONE).name == "succeeded"


def test_a_step_that_does_not_come_in_time(run: Run) -> None:
    outcome = run(NAME + "time.sleep(30)\n", limits={"step_seconds": 1})
    assert outcome.name == "aborted"
    assert outcome.reason == "did not come to the step menu within 1 s"


def test_past_the_point_of_no_return_no_time_limit_ends_it(run: Run) -> None:
    outcome = run(NAME + MENU + PASSWORD + GO + "time.sleep(3)\n" + DONE, limits={"step_seconds": 1, "total_seconds": 1.5})
    assert (outcome.name, outcome.state["overdue"]) == ("succeeded", True)


def test_a_wrong_password(run: Run) -> None:
    check = 'if password != "right": say("FATAL: password authentication failed for user x", "\\n"); sys.exit(2)\n'
    outcome = run(NAME + MENU + PASSWORD + check + GO + DONE)
    assert outcome.name == "failed"
    assert outcome.reason == 'printed "FATAL: password authentication failed for user x"'
    assert outcome.state["failures"][0]["trouble"] == "POM-TROUBLE-08"


def test_a_password_that_is_asked_again(run: Run) -> None:
    outcome = run(NAME + MENU + PASSWORD + 'leave("Password: ")\n')
    assert outcome.name == "aborted"
    assert outcome.reason == 'asks again "Password:" (step password): it did not take the answer'


def test_a_program_that_dies(run: Run) -> None:
    outcome = run(NAME + 'say("writing", "\\n"); os.kill(os.getpid(), 9)\n')
    assert outcome.name == "failed"
    assert outcome.reason.startswith('ended with signal 9 and without printing "Installation was successful."')


def test_a_program_that_cannot_be_started(local_jobs: LocalJobs) -> None:
    with pytest.raises(JobError, match="no program that this host can run"):
        local_jobs.job().start(Request("job", script(DIALOGUE, {"name": "x"}, {"password": "x"}), ["./absent"]), {}, NEVER, {})


def test_a_program_that_leaves_something_running(run: Run) -> None:
    """What a service leaves behind keeps the terminal open, and is waited for only shortly."""
    daemon = 'import subprocess; child = subprocess.Popen(["sleep", "30"], start_new_session=True); print(child.pid)\n'
    started = time.monotonic()
    outcome = run(NAME + MENU + PASSWORD + GO + DONE + daemon)
    assert outcome.name == "succeeded"
    assert time.monotonic() - started < 10
    pid = int(outcome.transcript.split()[-1])
    assert os.path.exists(f"/proc/{pid}")
    os.kill(pid, signal.SIGKILL)


def test_a_flood_of_output(run: Run) -> None:
    flood = 'for _ in range(60): say(("all work and no play " * 10 + "\\n") * 500)\n'
    outcome = run(NAME + MENU + flood + PASSWORD + GO + flood.replace("60", "10") + DONE, seconds=60)
    assert outcome.name == "succeeded"
    assert 4 * 1024 * 1024 < len(outcome.transcript) < 5 * 1024 * 1024
    assert "bytes are left out here" in outcome.transcript
    assert outcome.transcript.endswith("Installation was successful.\n")


def test_binary_noise(run: Run) -> None:
    noise = 'os.write(1, bytes(range(256)) * 20 + b"\\xff\\xfe\\x1b]\\x1b[\\x18\\n")\n'
    assert run(noise + NAME + noise + MENU + noise + PASSWORD + ASSERTS + GO + noise + DONE).name == "succeeded"


class Watcher(threading.Thread):
    """Looks at the arguments and the environment of every process while it runs."""

    def __init__(self, word: str) -> None:
        super().__init__(daemon=True)
        self.word = word.encode()
        self.over = threading.Event()
        self.found: list[str] = []

    def run(self) -> None:
        while not self.over.wait(0.02):
            for pid in filter(str.isdigit, os.listdir("/proc")):
                for name in ("cmdline", "environ"):
                    try:
                        content = Path(f"/proc/{pid}/{name}").read_bytes()
                    except OSError:
                        continue
                    if self.word in content:
                        self.found.append(f"{pid} {name} {content[:200]!r}")


def assert_sees(watcher: Watcher) -> None:
    """What finds nothing must be able to find something."""
    watcher.start()
    with subprocess.Popen(["sleep", "10"], env={"WORD": watcher.word.decode()}) as shows_it:
        until = time.monotonic() + 10
        while not watcher.found and time.monotonic() < until:
            time.sleep(0.02)
        shows_it.kill()
    watcher.over.set()
    assert watcher.found


def test_no_secret_is_anywhere(run: Run, tmp_path: Path) -> None:
    shown = 'say("you said " + password, "\\n"); say("wrapped " + password[:5] + "\\n  " + password[5:], "\\n")\n'
    split = "for letter in password: say(letter); time.sleep(0.01)\nsay('', '\\n')\n"
    colour = 'ask("Colour of " + password + "? ")\n'
    program = NAME + MENU + PASSWORD + shown + split + GO + colour
    watcher = Watcher(SECRET)
    watcher.start()
    outcome = run(program)
    watcher.over.set()
    watcher.join()
    assert outcome.name == WAITING_FOR_PERSON
    assert outcome.transcript.count("********") == 4
    assert watcher.found == []
    assert_sees(Watcher(SECRET))
    for path in outcome.directory.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path
            assert path.stat().st_mode & 0o077 == 0, path
    assert "Colour of ********?" in outcome.reason
    assert outcome.directory.stat().st_mode & 0o777 == 0o700


def test_a_secret_that_the_vendor_takes_as_an_argument_is_in_no_file(run_dialogue: Run) -> None:
    program = 'import sys; print("got", sys.argv[1]); print("Installation was successful.")'
    dialogue = {**DIALOGUE, "steps": [], "point_of_no_return": {"after": "start", "why": "x", "source": ["POM-CERT-06"]}}
    outcome = run_dialogue(dialogue, [sys.executable, "-c", program, "secret:password"], secrets={"password": SECRET})
    assert (outcome.name, outcome.transcript) == ("succeeded", "got ********\nInstallation was successful.\n")
    assert "secret:password" in (outcome.directory / "job.json").read_text()
    assert all(SECRET.encode() not in path.read_bytes() for path in outcome.directory.rglob("*") if path.is_file())


class TestAgain:
    """Whoever asks next finds what there is."""

    PROGRAM = ASK + NAME + MENU + PASSWORD + GO + 'open(sys.argv[1], "a").write("x")\ntime.sleep(1)\n' + DONE

    @pytest.fixture
    def counter(self, tmp_path: Path) -> Path:
        return tmp_path / "starts"

    def start(self, jobs: LocalJobs, counter: Path, restart: str = NEVER) -> dict[str, Any]:
        secrets = {"password": SECRET}
        asked = Request("job", script(DIALOGUE, {"name": "pomdb"}, secrets), [sys.executable, "-c", self.PROGRAM, str(counter)])
        return jobs.job().start(asked, secrets, restart, {})

    def test_a_second_start_finds_the_first(self, local_jobs: LocalJobs, counter: Path) -> None:
        plans = [self.start(local_jobs, counter)["plan"], self.start(local_jobs, counter)["plan"]]
        local_jobs.wait(local_jobs.job())
        assert (plans, counter.read_text()) == (["start", "attach"], "x")

    def test_two_at_the_same_moment_start_one(self, local_jobs: LocalJobs, counter: Path) -> None:
        plans: list[str] = []
        threads = [threading.Thread(target=lambda: plans.append(self.start(local_jobs, counter)["plan"])) for _number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        local_jobs.wait(local_jobs.job())
        assert (sorted(plans), counter.read_text()) == (["attach"] * 3 + ["start"], "x")

    def test_an_end_that_nobody_saw_is_reported_once(self, local_jobs: LocalJobs, counter: Path) -> None:
        self.start(local_jobs, counter)
        local_jobs.wait(local_jobs.job())
        reported = self.start(local_jobs, counter)
        assert (reported["plan"], reported["state"]["state"], reported["is_told"]) == ("report", "succeeded", True)
        assert "Installation was successful." in reported["text"]
        local_jobs.job().collect()
        assert self.start(local_jobs, counter)["plan"] == "start"
        local_jobs.wait(local_jobs.job())
        assert counter.read_text() == "xx"

    def test_what_was_printed_is_told_piece_by_piece(self, local_jobs: LocalJobs, counter: Path) -> None:
        answer = self.start(local_jobs, counter)
        text = answer["text"]
        while not answer["is_told"]:
            answer = local_jobs.job().read(answer["offset"], 0.2)
            text += answer["text"]
        assert text == (Path(local_jobs.job().directory) / "transcript").read_text()

    def test_after_a_restart_of_the_host_it_is_interrupted(self, local_jobs: LocalJobs, counter: Path) -> None:
        """As a power cut leaves it: the processes are gone, the boot id is another one."""
        self.start(local_jobs, counter)
        while counter.exists() is False:
            time.sleep(0.05)
        outcome = local_jobs.wait(local_jobs.job(), 5, [RUNNING])
        self.kill(outcome, local_jobs)
        path = outcome.directory / "state.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "boot_id": "another"}))
        for restart in (NEVER, BEFORE_NO_RETURN):
            reported = self.start(local_jobs, counter, restart)
            assert (reported["plan"], reported["state"]["state"]) == ("report", "interrupted")
            assert "its host was restarted" in reported["state"]["reason"]
            assert "Go on? (y/n)" in reported["text"]
        assert self.start(local_jobs, counter, ALWAYS)["plan"] == "start"
        local_jobs.wait(local_jobs.job())
        assert counter.read_text() == "xx"
        assert "Go on?" in (outcome.directory / "attempts" / "1" / "transcript").read_text()

    def test_a_supervisor_that_was_killed_before_the_point_of_no_return(self, local_jobs: LocalJobs, counter: Path) -> None:
        program = ASK + NAME + "time.sleep(30)\n"
        asked = Request("job", script(DIALOGUE, {"name": "x"}, {"password": "x"}), [sys.executable, "-c", program])
        local_jobs.job().start(asked, {"password": "x"}, NEVER, {})
        self.kill(local_jobs.wait(local_jobs.job(), 5, [RUNNING]), local_jobs)
        assert local_jobs.job().read(0)["state"]["reason"].endswith("its supervisor was killed")
        assert self.start(local_jobs, counter, BEFORE_NO_RETURN)["plan"] == "start"

    @staticmethod
    def kill(outcome: Outcome, jobs: LocalJobs) -> None:
        for pid in (outcome.state["supervisor_pid"], outcome.state["pid"]):
            os.kill(pid, signal.SIGKILL)
        for supervisor in jobs.supervisors:
            supervisor.wait(10)

    def test_a_stop_of_its_unit_is_told_as_interrupted(self, local_jobs: LocalJobs, counter: Path) -> None:
        self.start(local_jobs, counter)
        local_jobs.supervisors[0].terminate()
        outcome = local_jobs.wait(local_jobs.job(), 10, ENDS)
        assert outcome.name == "interrupted"

    def test_nobody_else_may_talk_to_it(self, local_jobs: LocalJobs, counter: Path) -> None:
        self.start(local_jobs, counter)
        socket_path = Path(local_jobs.job().directory) / dialogue_supervisor.SOCKET
        assert socket_path.stat().st_mode & 0o777 == 0o600
        assert dialogue_supervisor.ask(local_jobs.job().directory, {"do": "nothing"}) == {}
