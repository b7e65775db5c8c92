"""The site of these tests is the one with POM; what they share beside that is in molecule/conftest.py."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from pom_canary import Watch
from pom_site import PomSite, canaries

from lab import testing
from lab.rehearsal import Playbook


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
