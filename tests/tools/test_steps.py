"""What a person sees of the steps."""
from __future__ import annotations

import io
import sys
import threading
from pathlib import Path

import pytest

from tools import steps
from tools.machine import MachineError
from tools.steps import Plan, Runner, StepFailed, tells_errors


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.setattr(steps, "LOGS", tmp_path)
    return Plan(stream=io.StringIO())


def shown(plan: Plan) -> list[str]:
    assert isinstance(plan.stream, io.StringIO)
    return plan.stream.getvalue().splitlines()


def speak(text: str, code: int = 0) -> list[str]:
    return [sys.executable, "-c", f"import sys; print({text!r}); sys.exit({code})"]


def test_a_step_says_its_number_what_it_does_and_what_remains(plan: Plan) -> None:
    plan.add("Host image", lambda run: None, "Debian 12")
    plan.add("Lab", lambda run: "8 hosts")
    plan.add("Roll-out", lambda run: None)
    plan.run()
    lines = shown(plan)
    assert lines[0] == "[1/3] Host image: Debian 12  (then: Lab, Roll-out)"
    assert lines[1].strip() == "0.0 s"
    assert lines[3].strip() == "0.0 s, 8 hosts"
    assert lines[4] == "[3/3] Roll-out"


def test_a_failure_stops_the_rest_and_shows_the_end_of_the_log(plan: Plan) -> None:
    later: list[str] = []

    def fail(run: Runner) -> None:
        run(speak("mirror not reachable", 7))

    plan.add("Host image", fail)
    plan.add("Lab", lambda run: later.append("ran"))
    with pytest.raises(StepFailed) as error:
        plan.run()
    assert "Host image: " in str(error.value)
    assert "ended with 7" in str(error.value)
    assert "    mirror not reachable" in str(error.value)
    assert later == []


def test_a_step_that_may_fail_does_not_stop_the_rest(plan: Plan) -> None:
    later: list[str] = []

    def fail(run: Runner) -> None:
        raise StepFailed("ruff FAILED")

    plan.add("ruff", fail, may_fail=True)
    plan.add("mypy", lambda run: later.append("ran"))
    plan.run()
    assert [str(failure) for failure in plan.failures] == ["ruff FAILED"]
    assert plan.steps[0].failed
    assert later == ["ran"]


def test_a_defect_of_the_tools_is_never_kept_as_a_failed_check(plan: Plan) -> None:
    def defect(run: Runner) -> None:
        raise ZeroDivisionError

    plan.add("ruff", defect, may_fail=True)
    with pytest.raises(ZeroDivisionError):
        plan.run()


def test_steps_beside_each_other_run_at_the_same_time_and_count_as_one(plan: Plan) -> None:
    meet = threading.Barrier(2, timeout=10)
    plan.add("Environment", lambda run: meet.wait() and None)
    plan.add("Image", lambda run: meet.wait() and None, beside=True)
    plan.add("Lab", lambda run: None)
    plan.run()
    lines = shown(plan)
    assert lines[:3] == ["[1/2] side by side  (then: Lab)", "      Environment", "      Image"]
    assert {line.strip() for line in lines[3:5]} == {"Environment: 0.0 s", "Image: 0.0 s"}


def test_a_command_gives_back_what_it_said_and_leaves_it_in_the_log(plan: Plan) -> None:
    said: list[str] = []

    def ask(run: Runner) -> None:
        run(speak("first"))
        said.append(run(speak("second")).stdout)

    step = plan.add("Ask", ask)
    plan.run()
    assert said == ["second\n"]
    log = step.log.read_text(encoding="utf-8")
    assert "first\n" in log
    assert "second\n" in log


def test_a_long_step_shows_that_it_lives(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "HEARTBEAT", 0.2)

    def work(run: Runner) -> None:
        run([sys.executable, "-c", "import time; print('unpacking', flush=True); time.sleep(1.2)"])

    plan.add("Image", work)
    plan.run()
    assert any("…" in line and "unpacking" in line for line in shown(plan))


def test_of_long_steps_beside_each_other_each_shows_that_it_lives(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "HEARTBEAT", 0.2)
    for number, title in enumerate(("Image", "Environment")):
        said = f"import time; print('at {title}', flush=True); time.sleep(1.2)"
        plan.add(title, lambda run, said=said: run([sys.executable, "-c", said]) and None, beside=number > 0)
    plan.run()
    for title in ("Image", "Environment"):
        assert any("…" in line and f"{title} at {title}" in line for line in shown(plan)), shown(plan)


def test_a_terminal_shows_the_step_that_spoke_last(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan.stream, "isatty", lambda: True)
    quiet = "import time; print('quiet', flush=True); time.sleep(1.2)"
    busy = "import time\nfor number in range(6): print('busy', number, flush=True); time.sleep(0.2)"
    plan.add("First", lambda run: run([sys.executable, "-c", quiet]) and None)
    plan.add("Second", lambda run: run([sys.executable, "-c", busy]) and None, beside=True)
    plan.run()
    assert any("Second busy" in line for line in shown(plan))


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (StepFailed("Lab: ended with 7"), 1, "error: Lab: ended with 7"),
        (MachineError("no KVM"), 1, "error: no KVM"),
        (KeyboardInterrupt(), 130, "error: interrupted"),
    ],
)
def test_what_a_person_can_mend_is_told_without_a_traceback(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int, words: str
) -> None:
    @tells_errors
    def main(argv: list[str]) -> int:
        raise error

    assert main([]) == code
    assert capsys.readouterr().err.strip().startswith(words)


def test_a_defect_of_a_program_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        tells_errors(lambda: 1 // 0)()
