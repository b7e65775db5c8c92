"""The lab's site, and the playbooks as a person calls them."""
from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
LAB_DIRECTORY = REPOSITORY / ".lab" / os.environ.get("DIALTONE_LAB", "molecule")
BROKERS = ("epm1", "epm2", "kafka3")
HOSTS = (*BROKERS, "db1", "app1", "cms1", "cms2")
JAVA_OPTIONS = "KAFKA_HEAP_OPTS=-Xmx192m KAFKA_JVM_PERFORMANCE_OPTS='-XX:+UseSerialGC -XX:TieredStopAtLevel=1'"


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
