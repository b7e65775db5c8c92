"""What `make test` makes of what its checks say."""
from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

import pytest

from lab.state import Lab
from tools import steps, test
from tools.environment import Environment
from tools.machine import ROOT, Interpreter


@pytest.mark.parametrize(
    ("output", "counts"),
    [
        ("==== 812 passed in 3.21s ====", {"passed": 812}),
        (
            "==== 1 failed, 2 passed, 3 skipped, 2 errors in 61.00s (0:01:01) ====",
            {"failed": 1, "passed": 2, "skipped": 3, "error": 2},
        ),
        ("==== 4 passed, 1 warning in 0.10s ====", {"passed": 4, "warning": 1}),
        ("==== short test summary info ====\n", {}),
    ],
)
def test_the_closing_line_of_pytest_is_read(output: str, counts: dict[str, int]) -> None:
    assert test.counts_of(output) == Counter(counts)


def test_the_closing_line_is_pytests_own() -> None:
    line = test.closing_line(Counter({"passed": 812, "failed": 2, "skipped": 3}), 61.5)
    assert line.strip("= ") == "2 failed, 812 passed, 3 skipped in 61.50s"
    assert test.counts_of(line) == Counter({"passed": 812, "failed": 2, "skipped": 3})


@pytest.fixture
def checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> test.Tests:
    monkeypatch.setattr(steps, "LOGS", tmp_path)
    return test.Tests([Environment(Interpreter((3, 13, 0), Path("/usr/bin/python3")), "ansible-14")], [], [])


def ended(code: int, output: str) -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess([], code, output)


def test_a_program_that_passes_counts_as_one(checks: test.Tests) -> None:
    assert checks.judge("ruff", ended(0, ""), counted=False) is None
    assert checks.counts == Counter({"passed": 1})


def test_a_program_that_fails_shows_its_words(checks: test.Tests) -> None:
    with pytest.raises(steps.StepFailed, match=r"ruff FAILED \(ended with 1\)\nE501 too long"):
        checks.judge("ruff", ended(1, "E501 too long"), counted=False)
    assert checks.counts == Counter({"failed": 1})


def test_pytest_that_dies_before_it_counts_is_an_error(checks: test.Tests) -> None:
    with pytest.raises(steps.StepFailed):
        checks.judge("unit", ended(4, "ImportError while loading conftest"), counted=True)
    assert checks.counts == Counter({"error": 1})


def test_one_failed_check_makes_the_whole_fail(checks: test.Tests, capsys: pytest.CaptureFixture[str]) -> None:
    checks.plan.stream = open("/dev/null", "w", encoding="utf-8")  # noqa: SIM115 (closed with the process)
    checks.add("wrong", ["false"])
    checks.add("right", ["true"])
    assert checks.run() == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines if line.startswith(("wrong ", "right "))] == ["FAILED", "ok"]
    assert lines[-1].strip("= ").startswith("1 failed, 1 passed in ")


def test_the_two_slow_linters_share_the_machine_and_each_runs_alone_where_it_is_asked_for(checks: test.Tests) -> None:
    checks.sanity()
    checks.lint()
    checks.sanity()
    grouped = [[step.title for step in group] for group in checks.plan.groups]
    assert grouped == [["ansible-test sanity"], ["ruff"], ["yamllint"], ["mypy"], ["ansible-lint", "ansible-test sanity"]]


def test_an_unknown_scenario_is_refused_by_name(checks: test.Tests) -> None:
    checks.scenarios = ["no_such_scenario", "pom"]
    with pytest.raises(test.MachineError, match="there is no scenario no_such_scenario; there are: "):
        checks.molecule()


def test_scenarios_that_run_at_the_same_time_have_labs_and_sites_of_their_own(checks: test.Tests) -> None:
    checks.molecule()
    pairs = [[step.title for step in group] for group in checks.plan.groups if len(group) > 1]
    assert pairs == [["molecule pom", "molecule small"]]
    sites = [(ROOT / "molecule" / name / "inventory").is_dir() for name in ("pom", "small")]
    assert sites == [False, True], "one of them has an inventory of its own"
    names = [scenario.removeprefix("molecule ") for group in checks.plan.groups for scenario in [step.title for step in group]]
    assert len({Lab(test.lab_of(name)).directory for name in names}) == len(names)


@pytest.fixture
def no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test.machine, "missing_packages", lambda programs: ["chromium"] if "chromium" in programs else [])


def test_programs_that_unit_tests_need_are_a_step_of_their_own(
    checks: test.Tests, no_browser: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(test.machine, "can_install", lambda: True)
    checks.unit()
    assert [step.title for step in checks.plan.steps] == ["Programs of the unit tests", "unit tests py3.13"]
    assert checks.plan.steps[0].detail == "apt-get install chromium"


def test_programs_that_cannot_be_installed_are_named_and_stop_nothing(
    checks: test.Tests, no_browser: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(test.machine, "can_install", lambda: False)
    checks.unit()
    assert [step.title for step in checks.plan.steps] == ["unit tests py3.13"]
    assert capsys.readouterr().err.startswith("missing on this machine: chromium; ")
