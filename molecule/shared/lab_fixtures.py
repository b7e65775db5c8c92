"""Fixtures of the scenarios: the lab's hosts as testinfra sees them, and the playbooks as a person calls them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest
import yaml

from lab import testing
from lab.rehearsal import Playbook, Site


@pytest.fixture(scope="session")
def site() -> Site:
    return Site(testing.lab_name())


@pytest.fixture(scope="session")
def lab() -> Callable[[str], object]:
    """lab('epm1') -> testinfra host, as root."""
    return testing.host


@pytest.fixture(scope="session")
def play(site: Site) -> Callable[..., Playbook]:
    """play('site.yml', '--check') -> Playbook."""
    return site.play


@pytest.fixture(scope="session")
def secrets(site: Site) -> dict[str, str]:
    """Every secret of the lab, in clear text."""
    shown = subprocess.run(
        [
            Path(sys.executable).with_name("ansible-vault"),
            "view",
            "--vault-password-file",
            site.directory / "vault-password",
            site.directory / "inventory" / "group_vars" / "all" / "secrets.yml",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return yaml.safe_load(shown.stdout)
