"""Fixtures of the scenarios: the lab's hosts as testinfra sees them, and the playbooks as a person calls them.

Tests marked `one_of("a promise")` are cases of that promise: `make test` runs a seeded one of them, `make soak` all.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest
import yaml

from lab import seeded, testing
from lab.rehearsal import Playbook, Site


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "one_of(promise): a case of a promise, of which a seeded one runs")


def pytest_report_header() -> str:
    return seeded.header()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What does not run is deselected, behind what -k and -m leave: it is no skip, for nothing is missing."""
    marks = [item.get_closest_marker("one_of") for item in items]
    runs = seeded.chosen([mark.args[0] if mark else None for mark in marks])
    config.hook.pytest_deselected(items=[item for item, one in zip(items, runs) if not one])
    items[:] = [item for item, one in zip(items, runs) if one]


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
