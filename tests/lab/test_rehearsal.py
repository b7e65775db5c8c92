"""How the tests of the scenarios call playbooks, hold a run up and kill it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import rehearsal
from lab.rehearsal import HOSTS, KilledRun, Playbook, Site

# Like ansible-playbook: a main process, and a worker in a session of its own.
CONTROLLER = """\
import os, sys, time
worker = os.fork()
if not worker:
    os.setsid()
else:
    print(worker, flush=True)
time.sleep(30)
"""


class LocalSite(Site):
    """`start` runs a program of this machine in place of a playbook."""

    def command(self, playbook: str, *arguments: str) -> list[str]:
        return [sys.executable, "-c", *arguments]


@pytest.fixture
def run() -> Iterator[subprocess.Popen[str]]:
    started = LocalSite("none").start("site.yml", CONTROLLER)
    yield started
    if started.poll() is None:
        rehearsal.kill_with_workers(started)


def state(pid: int) -> str:
    """The letter of ps, or nothing where there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""


def becomes(pid: int, *wanted: str) -> bool:
    deadline = time.monotonic() + 5
    while state(pid) not in wanted and time.monotonic() < deadline:
        time.sleep(0.01)
    return state(pid) in wanted


def worker_of(run: subprocess.Popen[str]) -> int:
    assert run.stdout is not None
    return int(run.stdout.readline())


def test_a_run_is_held_up_with_its_workers_and_lives(run: subprocess.Popen[str]) -> None:
    worker = worker_of(run)
    rehearsal.hold_up(run)
    assert becomes(run.pid, "T")
    assert becomes(worker, "T")
    assert run.poll() is None


def test_a_run_that_is_held_up_is_killed_with_its_workers(run: subprocess.Popen[str]) -> None:
    worker = worker_of(run)
    rehearsal.hold_up(run)
    rehearsal.kill_with_workers(run)
    assert run.returncode == -9
    assert becomes(worker, "", "Z")


def test_what_a_test_leaves_running_is_killed() -> None:
    with rehearsal.run_until(LocalSite("none"), [CONTROLLER], lambda: True, 0.1) as run:
        assert run.poll() is None
    assert run.returncode == -9


def test_a_run_that_ends_before_its_moment_is_not_waited_for() -> None:
    started = time.monotonic()
    with rehearsal.run_until(LocalSite("none"), ["pass"], lambda: False, 30) as run:
        assert run.returncode == 0
    assert time.monotonic() - started < 15


def test_words_and_secrets_of_a_lab_are_handed_to_every_command() -> None:
    site = Site("mine", "ansible-playbook")
    command = site.command("site.yml", "--check")
    lab = str(site.directory)
    assert command[:5] == ["ansible-playbook", "-i", "molecule/shared/inventory", "-i", f"{lab}/inventory"]
    assert command[5:] == ["--vault-password-file", f"{lab}/vault-password", "playbooks/site.yml", "--check"]
    assert "inventories/lab" in Site("mine", inventory="inventories/lab").command("site.yml")


def test_a_killed_run_that_is_not_finished_or_not_left_alone_is_a_fault() -> None:
    unchanged = "\n".join(f"{host} : ok=9 changed=0 unreachable=0" for host in HOSTS)
    assert KilledRun(True, 1, Playbook(0, ""), Playbook(0, unchanged)).faults == []
    again = Playbook(0, unchanged.replace("epm2 : ok=9 changed=0", "epm2 : ok=9 changed=1"))
    not_finished, changed = KilledRun(True, 1, Playbook(2, ""), again).faults
    assert "did not finish the work" in not_finished
    assert "'epm2': 1" in changed
