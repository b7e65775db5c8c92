"""Run a dialogue against a program of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.dialogues.local_jobs import LocalJobs, Outcome


@pytest.fixture
def local_jobs(tmp_path: Path) -> Iterator[LocalJobs]:
    # The collection cannot be imported yet when pytest reads this file.
    from tests.dialogues.local_jobs import LocalJobs

    jobs = LocalJobs(tmp_path / "jobs")
    yield jobs
    jobs.end_all()


@pytest.fixture
def run_dialogue(local_jobs: LocalJobs) -> Callable[..., Outcome]:
    """run_dialogue(name, argv, answers={…}, secrets={…}, overlay={…}, environment={…}, chdir="/", limits={…}) -> Outcome

    `name` is one of dialogues/, or a dialogue itself.
    """
    return local_jobs.run
