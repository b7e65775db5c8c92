"""The playbooks as a person runs them on the lab's site, and a controller that dies in the middle. For tests and the soak.

Lab only; nothing in it reaches a site.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from lab.state import REPOSITORY

INVENTORY = "molecule/shared/inventory"
BROKERS = ("epm1", "epm2", "kafka3")
HOSTS = (*BROKERS, "db1", "app1", "cms1", "cms2")
KAFKA = "/opt/kafka_server"
PROPERTIES = f"{KAFKA}/config/server.properties"
CLIENT_PROPERTIES = f"{KAFKA}/config/dialtone-client.properties"
BOOTSTRAP = "epm1.dc1.lab.test:9093,epm2.dc1.lab.test:9093,kafka3.dc1.lab.test:9093"
# The distribution's command-line tools take a gigabyte of heap each by default.
JAVA_OPTIONS = "KAFKA_HEAP_OPTS=-Xmx192m KAFKA_JVM_PERFORMANCE_OPTS='-XX:+UseSerialGC -XX:TieredStopAtLevel=1'"
RECAP = re.compile(r"^(\w+)\s+: ok=\d+\s+changed=(\d+)", re.MULTILINE)


class RehearsalError(Exception):
    """The rehearsal itself did not go as it has to."""


@dataclass(frozen=True)
class Playbook:
    """A finished run of ansible-playbook."""

    rc: int
    output: str

    def changed(self) -> dict[str, int]:
        return {host: int(number) for host, number in RECAP.findall(self.output)}

    @property
    def words(self) -> str:
        """The output as running text: where a line was wrapped does not matter."""
        return " ".join(self.output.split())


@dataclass(frozen=True)
class Site:
    """The site on the hosts of one lab."""

    lab: str
    ansible_playbook: str = str(Path(sys.executable).with_name("ansible-playbook"))
    # From the repository's top. This one describes brokers that have a tree of their own on every host.
    inventory: str = INVENTORY

    @property
    def directory(self) -> Path:
        return REPOSITORY / ".lab" / self.lab

    @property
    def inventories(self) -> list[str]:
        """The words of the site, and what the lab adds: addresses, logins and secrets."""
        return [self.inventory, str(self.directory / "inventory")]

    @property
    def options(self) -> list[str]:
        """What every command of Ansible needs to reach the site."""
        inventories = [word for path in self.inventories for word in ("-i", path)]
        return [*inventories, "--vault-password-file", str(self.directory / "vault-password")]

    def command(self, playbook: str, *arguments: str) -> list[str]:
        return [self.ansible_playbook, *self.options, f"playbooks/{playbook}", *arguments]

    @staticmethod
    def environment() -> dict[str, str]:
        """Molecule's own settings of Ansible stay out: the playbooks run as a person runs them."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "MOLECULE_"))}
        return {**kept, "ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}

    def play(self, playbook: str, *arguments: str) -> Playbook:
        done = subprocess.run(
            self.command(playbook, *arguments),
            cwd=REPOSITORY,
            env=self.environment(),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        return Playbook(done.returncode, done.stdout + done.stderr)

    def start(self, playbook: str, *arguments: str) -> subprocess.Popen[str]:
        """The run in the background, in a session of its own, with its output in a pipe."""
        return subprocess.Popen(
            self.command(playbook, *arguments),
            cwd=REPOSITORY,
            env=self.environment(),
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def exec(self, host: str, *argv: str) -> str:
        """The output of a command on a host, past the network; a command that fails gives an empty one."""
        done = subprocess.run(
            [sys.executable, "-m", "lab", "--name", self.lab, "exec", host, "--", *argv],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        return done.stdout if done.returncode == 0 else ""

    def fault(self, *words: str) -> None:
        """A word of the lab's own command line: poweroff, freeze, cut, fill, …"""
        subprocess.run(
            [sys.executable, "-m", "lab", "--name", self.lab, *words], cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL
        )

    def processes(self, hosts: Sequence[str] = BROKERS, unit: str = "kafka") -> dict[str, str]:
        return {host: self.exec(host, "systemctl", "show", "--property=MainPID", "--value", unit).strip() for host in hosts}

    def written(self, host: str, lines: Sequence[str]) -> Callable[[], bool]:
        """Whether one of these lines stands in the properties of a host by now."""
        patterns = [word for line in lines for word in ("-e", line)]
        return lambda: bool(self.exec(host, "sh", "-c", f"grep -rhx {shlex.join(patterns)} {KAFKA}/config; true"))


def kill_with_workers(run: subprocess.Popen[str]) -> None:
    """SIGKILL for the controller, as when its machine loses power: no worker may go on, each has a session of its own."""
    signal_with_workers(run, signal.SIGKILL)
    run.wait()


def hold_up(run: subprocess.Popen[str]) -> None:
    """The controller hangs: it lives, and does nothing."""
    signal_with_workers(run, signal.SIGSTOP)


def signal_with_workers(run: subprocess.Popen[str], number: signal.Signals) -> None:
    subprocess.run(["pkill", f"-{number.name[3:]}", "--parent", str(run.pid)], check=False)
    os.killpg(run.pid, number)


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RehearsalError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.1)


@dataclass(frozen=True)
class KilledRun:
    """What became of one run that was killed, where it had not ended before, and of the two after it."""

    killed: bool
    brokers_restarted_before: int
    finished: Playbook
    again: Playbook

    @property
    def faults(self) -> list[str]:
        found = []
        if self.finished.rc:
            found.append(f"the next run did not finish the work: it ended with {self.finished.rc}")
        if self.again.rc:
            found.append(f"the run after it ended with {self.again.rc}")
        if self.again.changed() != dict.fromkeys(HOSTS, 0):
            found.append(f"the run after it changed something: {self.again.changed()}")
        return found


@contextmanager
def run_until(
    site: Site, arguments: Sequence[str], written: Callable[[], bool], seconds: float
) -> Iterator[subprocess.Popen[str]]:
    """site.yml so many seconds after it wrote the first file, or ended before. What still runs at the end is killed."""
    run = site.start("site.yml", *arguments)
    try:
        wait_for(lambda: written() or run.poll() is not None, "nothing was written")
        with suppress(subprocess.TimeoutExpired):
            run.wait(timeout=seconds)
        yield run
    finally:
        if run.poll() is None:
            kill_with_workers(run)


def kill_a_run(site: Site, words: Mapping[str, object], written: Callable[[], bool], seconds: float) -> KilledRun:
    """Start site.yml with other words, kill it so many seconds after the first file was written, run it twice more."""
    arguments = ("-e", json.dumps(words))
    before = site.processes()
    with run_until(site, arguments, written, seconds) as run:
        killed = run.poll() is None
    restarted = sum(before[host] != now for host, now in site.processes().items())
    finished = site.play("site.yml", *arguments)
    return KilledRun(killed, restarted, finished, site.play("site.yml", *arguments))
