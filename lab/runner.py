"""A playbook as AWX and its execution nodes run it: by ansible-runner, with the repository as its project. For tests."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import ansible_runner

from lab.state import REPOSITORY

NOT_HANDED_ON = ("ANSIBLE_", "MOLECULE_")


def run(
    playbook: str,
    inventories: Sequence[Path | str],
    private_data_dir: Path,
    *arguments: str,
    extra_variables: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> ansible_runner.Runner:
    """Run it to its end; nothing of the settings in which a test runs reaches it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_HANDED_ON)}
    kept["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', os.defpath)}"
    private_data_dir.mkdir(parents=True, exist_ok=True)
    with mock.patch.dict(os.environ, kept, clear=True):
        return ansible_runner.run(
            private_data_dir=str(private_data_dir),
            project_dir=str(REPOSITORY),
            playbook=playbook,
            inventory=[str(Path(REPOSITORY, inventory)) for inventory in inventories],
            extravars=dict(extra_variables or {}),
            envvars=dict(environment or {}),
            cmdline=shlex.join(arguments) or None,
            quiet=True,
        )
