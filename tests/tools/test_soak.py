"""What the soak runs and what it writes down; no lab is needed for that."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lab import seeded
from lab.rehearsal import HOSTS, KilledRun, Playbook, Site
from tools import soak
from tools.soak import Soak
from tools.steps import StepFailed, run_plainly

UNCHANGED = Playbook(0, "\n".join(f"{host} : ok=9 changed=0" for host in HOSTS))


def killed(*faulty: int) -> Any:
    return lambda _site, kill: KilledRun(True, 1, Playbook(int(kill.number in faulty), ""), UNCHANGED)


def written(one: Soak, tmp_path: Path) -> dict[str, Any]:
    one.write(tmp_path / "soak.json")
    return json.loads((tmp_path / "soak.json").read_text(encoding="utf-8"))


def test_a_seed_repeats_its_kills_and_another_has_others() -> None:
    assert list(soak.kills(7, 20)) == list(soak.kills(7, 20))
    assert list(soak.kills(7, 20)) != list(soak.kills(8, 20))
    assert all(0 <= kill.seconds <= soak.LONGEST and kill.lines for kill in soak.kills(7, 20))


def test_all_cases_run_on_the_lab_of_the_soak_with_its_seed() -> None:
    asked: list[tuple[Sequence[str], dict[str, str]]] = []

    def run(command: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
        asked.append((command, options["env"]))
        return subprocess.CompletedProcess(command, 0, "")

    one = Soak(4711, 1, Site("soak"))
    one.run_cases(run, Path("/python"), {"PATH": "/bin"})
    ((command, variables),) = asked
    assert command[-1] == soak.CASES
    assert variables == {"PATH": "/bin", seeded.REHEARSAL: "all", seeded.SEED: "4711", "DIALTONE_LAB": "soak"}
    assert one.cases == "passed"


def test_cases_that_fail_make_the_soak_fail_though_every_kill_was_finished(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(soak, "perform", killed())

    def fail(*_arguments: Any, **_options: Any) -> subprocess.CompletedProcess[str]:
        raise StepFailed("pytest ended with 1")

    one = Soak(4711, 2, Site("soak"))
    with pytest.raises(StepFailed):
        one.run_cases(fail, Path("/python"), {})
    one.run(run_plainly)
    report = written(one, tmp_path)
    assert (report["result"], report["cases"], len(report["runs"])) == ("failed", "failed", 2)


def test_the_first_kill_that_is_not_finished_ends_the_soak_and_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(soak, "perform", killed(2))
    one = Soak(4711, 3, Site("soak"))
    with pytest.raises(StepFailed, match="kill 2 of seed 4711: the next run did not finish the work"):
        one.run(run_plainly)
    report = written(one, tmp_path)
    assert report["result"] == "failed"
    assert [run["number"] for run in report["runs"] if run["faults"]] == [2]
    assert written(Soak(1, 0, Site("soak")), tmp_path)["result"] == "passed"
