"""Makes the lab importable, and what the scenarios share; the site is the one with POM."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "molecule" / "shared"), str(Path(__file__).parent)]

from lab_fixtures import (  # noqa: E402, F401
    lab,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_report_header,
)
from pom_canary import Watch  # noqa: E402
from pom_site import PomSite, canaries  # noqa: E402

from lab import testing  # noqa: E402
from lab.rehearsal import Playbook  # noqa: E402


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> PomSite:
    return PomSite(testing.lab_name(), said=tmp_path_factory.mktemp("said"))


@pytest.fixture(scope="session")
def play(site: PomSite) -> Callable[..., Playbook]:
    """play('site.yml', '--check') -> Playbook."""
    return site.play


@pytest.fixture(scope="session", autouse=True)
def watch(site: PomSite) -> Iterator[Watch]:
    """From the first test on, what every process of the lab and of the controller was started with."""
    with Watch(canaries(site.lab)) as watching:
        yield watching
