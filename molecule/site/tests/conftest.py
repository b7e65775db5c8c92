"""Fixtures: the lab's hosts as testinfra sees them, and the playbooks as a person calls them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest
import yaml

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[3])]

from lab_site import LAB_DIRECTORY, REPOSITORY, Playbook, command, environment  # noqa: E402

from lab import testing  # noqa: E402


@pytest.fixture(scope="session")
def lab() -> Callable[[str], object]:
    """lab('epm1') -> testinfra host, as root."""
    return testing.host


@pytest.fixture(scope="session")
def secrets() -> dict[str, str]:
    """Every secret of the lab, in clear text."""
    shown = subprocess.run(
        [
            Path(sys.executable).with_name("ansible-vault"),
            "view",
            "--vault-password-file",
            LAB_DIRECTORY / "vault-password",
            LAB_DIRECTORY / "inventory" / "group_vars" / "all" / "secrets.yml",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return yaml.safe_load(shown.stdout)


@pytest.fixture(scope="session")
def play() -> Callable[..., Playbook]:
    """play('site.yml', '--check') -> Playbook."""

    def run(playbook: str, *arguments: str) -> Playbook:
        return Playbook(
            subprocess.run(
                command(playbook, *arguments),
                cwd=REPOSITORY,
                env=environment(),
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
            )
        )

    return run
