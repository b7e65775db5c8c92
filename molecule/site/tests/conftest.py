"""The lab's hosts as testinfra sees them, and the playbooks as a person calls them."""
from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(REPOSITORY))

from lab import testing  # noqa: E402

LAB_DIRECTORY = REPOSITORY / ".lab" / testing.lab_name()
BROKERS = ("epm1", "epm2", "kafka3")
HOSTS = (*BROKERS, "db1", "app1", "cms1", "cms2")
JAVA_OPTIONS = "KAFKA_HEAP_OPTS=-Xmx192m KAFKA_JVM_PERFORMANCE_OPTS='-XX:+UseSerialGC -XX:TieredStopAtLevel=1'"


@pytest.fixture(scope="session")
def lab() -> Callable[[str], object]:
    """lab('epm1') -> testinfra host, as root."""
    return testing.host


@pytest.fixture(scope="session")
def secrets() -> dict[str, str]:
    """Every secret of the lab, in clear text."""
    shown = subprocess.run(
        [Path(sys.executable).with_name("ansible-vault"), "view", "--vault-password-file", LAB_DIRECTORY / "vault-password",
         LAB_DIRECTORY / "inventory" / "group_vars" / "all" / "secrets.yml"],
        capture_output=True, text=True, check=True,
    )
    return yaml.safe_load(shown.stdout)


class Playbook:
    """A finished run of ansible-playbook."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.rc, self.output = done.returncode, done.stdout + done.stderr

    def changed(self) -> dict[str, int]:
        return {host: int(number) for host, number in re.findall(r"^(\w+)\s+: ok=\d+\s+changed=(\d+)", self.output, re.MULTILINE)}


def command(playbook: str, *arguments: str) -> list[str]:
    return [
        str(Path(sys.executable).with_name("ansible-playbook")), "-i", "inventories/lab", "-i", str(LAB_DIRECTORY / "inventory"),
        "--vault-password-file", str(LAB_DIRECTORY / "vault-password"), f"playbooks/{playbook}", *arguments,
    ]


def environment() -> dict[str, str]:
    """Molecule's own settings of Ansible stay out: the playbooks run as a person runs them."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "MOLECULE_"))}
    return {**kept, "ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}


@pytest.fixture(scope="session")
def play() -> Callable[..., Playbook]:
    """play('site.yml', '--check') -> Playbook."""

    def run(playbook: str, *arguments: str) -> Playbook:
        return Playbook(subprocess.run(
            command(playbook, *arguments), cwd=REPOSITORY, env=environment(), capture_output=True, text=True, stdin=subprocess.DEVNULL,
        ))

    return run
