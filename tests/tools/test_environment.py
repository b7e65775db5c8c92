"""Which ansible goes with which Python, and when an environment counts as complete."""
from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools import environment
from tools.environment import Environment
from tools.machine import ROOT, Interpreter, MachineError


def interpreter(text: str, complete: bool = True) -> Interpreter:
    major, minor = map(int, text.split("."))
    return Interpreter((major, minor, 1), Path(f"/opt/python{text}"), complete)


@pytest.mark.parametrize(
    ("present", "chosen"),
    [
        pytest.param(["3.13", "3.12", "3.11"], [("py3.13", "ansible-14"), ("py3.11", "ansible-12")], id="one of each release"),
        pytest.param(["3.11", "3.9"], [("py3.11", "ansible-12")], id="Debian 12 alone"),
        pytest.param(["3.15", "3.12"], [("py3.12", "ansible-14")], id="a Python that the release does not know is left alone"),
        pytest.param(["3.10", "3.9"], [], id="too old"),
    ],
)
def test_the_newest_fitting_python_gets_the_newest_release(present: list[str], chosen: list[tuple[str, str]]) -> None:
    found = environment.suitable([interpreter(text) for text in present])
    assert [(item.interpreter.name, item.release) for item in found] == chosen


def test_a_python_that_can_make_environments_is_preferred() -> None:
    found = environment.suitable([interpreter("3.13", complete=False), interpreter("3.12")])
    assert found[0].interpreter.name == "py3.12"


def test_no_suitable_python_says_what_was_found_and_what_is_supported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHON", raising=False)
    monkeypatch.setattr(environment.machine, "interpreters", lambda: [interpreter("3.9")])
    with pytest.raises(MachineError) as error:
        environment.available()
    assert str(error.value) == (
        "no suitable Python on this machine (found: Python 3.9.1 (/opt/python3.9)); "
        "supported: 3.12 to 3.14 (ansible 14), 3.11 (ansible 12); PYTHON=/path/to/python names one"
    )


def test_a_named_python_that_does_not_run_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON", "/no/such/python")
    with pytest.raises(MachineError, match=r"^PYTHON=/no/such/python is not a Python that runs here"):
        environment.available()


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """An environment of a project that has a lock file and nothing else."""
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/ansible-14.txt").write_text("ansible==14.5.0\n", encoding="utf-8")
    return Environment(interpreter("3.13"), "ansible-14")


def make(where: Environment) -> list[list[str]]:
    commands: list[list[str]] = []

    def run(command: list[str], **options: object) -> None:
        commands.append(command)
        where.python.parent.mkdir(parents=True, exist_ok=True)
        where.python.touch()

    where.ensure(run)
    return commands


def test_an_environment_is_made_once_from_hashes_only(where: Environment) -> None:
    install = next(command for command in make(where) if "install" in command)
    assert "--require-hashes" in install
    assert install[-1] == str(where.lock)
    assert make(where) == []


def test_a_changed_lock_file_makes_the_environment_anew(where: Environment) -> None:
    make(where)
    where.lock.write_text("ansible==14.6.0\n", encoding="utf-8")
    assert not where.is_current()
    assert make(where)


def test_an_installation_that_broke_off_is_not_taken_for_complete(where: Environment) -> None:
    def break_off(command: list[str], **options: object) -> None:
        if "install" in command:
            raise RuntimeError("network")

    with pytest.raises(RuntimeError):
        where.ensure(break_off)
    assert not where.is_current()


def test_programs_run_with_byte_code(where: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    variables = where.variables()
    assert "PYTHONDONTWRITEBYTECODE" not in variables
    assert variables["PATH"].startswith(str(where.directory / "bin"))


RELEASES = [release for release, _, _ in environment.RELEASES]


@pytest.mark.parametrize("release", RELEASES)
def test_every_locked_requirement_has_a_version_and_a_hash_and_no_index(release: str) -> None:
    text = (ROOT / f"requirements/{release}.txt").read_text(encoding="utf-8")
    blocks = re.findall(r"^(?![#\s])(.+(?:\n[ ].*)*)", text, re.MULTILINE)
    assert len(blocks) > 20
    for block in blocks:
        assert re.match(r"[A-Za-z0-9._-]+==\S+", block), block
        assert "--hash=sha256:" in block, block
    assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host", text)


@pytest.mark.parametrize("release", RELEASES)
def test_everything_wanted_is_locked(release: str) -> None:
    def names(suffix: str) -> set[str]:
        lines = (ROOT / f"requirements/{release}.{suffix}").read_text(encoding="utf-8").splitlines()
        return {re.split(r"[=\s]", line)[0].lower().replace("_", "-") for line in lines if re.match(r"[A-Za-z]", line)}

    assert names("in") <= names("txt")
