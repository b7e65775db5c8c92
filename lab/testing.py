"""Testinfra on the lab's hosts, as root and past the network: a test judges a host without Ansible.

Lab only; nothing in it reaches a site.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from testinfra.backend.base import BaseBackend, CommandResult
from testinfra.host import Host

from lab.state import REPOSITORY


class LabBackend(BaseBackend):
    """Runs testinfra's commands by `python3 -m lab exec`."""

    NAME = "lab"

    def __init__(self, host: str, lab: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(host, *args, **kwargs)
        self.lab = lab

    def run(self, command: str, *args: str, **kwargs: Any) -> CommandResult:
        inside = ["/bin/sh", "-c", self.get_command(command, *args)]
        argv = [sys.executable, "-m", "lab", "--name", self.lab, "exec", self.hostname, "--", *inside]
        done = subprocess.run(argv, cwd=REPOSITORY, capture_output=True, stdin=subprocess.DEVNULL, check=False)
        return self.result(done.returncode, self.encode(command), done.stdout, done.stderr)


def lab_name() -> str:
    """The lab that the tests of this run use."""
    return os.environ.get("DIALTONE_LAB", "molecule")


def host(name: str) -> Host:
    """A testinfra host of the lab."""
    return Host(LabBackend(name, lab_name()))
