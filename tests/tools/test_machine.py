"""Which interpreters are found, and which packages are missing."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools import machine
from tools.machine import Interpreter, MachineError


def fake_python(path: Path, version: tuple[int, int, int], *, final: bool = True, environment: bool = False) -> Path:
    """An executable that answers the probe as this interpreter would."""
    answer = {"version": version, "final": final, "executable": str(path), "environment": environment, "complete": True}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(answer)}\nEND\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_interpreters_are_found_in_path_pyenv_and_uv_newest_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_python(tmp_path / "path/python3", (3, 11, 2))
    fake_python(tmp_path / "pyenv/versions/3.13.0/bin/python3.13", (3, 13, 0))
    fake_python(tmp_path / "uv/cpython-3.12/bin/python3", (3, 12, 4))
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/usr/bin:/bin")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))
    candidates = [path for path in machine.candidates() if tmp_path in path.parents]
    assert [item.version for item in machine.interpreters(candidates)] == [(3, 13, 0), (3, 12, 4), (3, 11, 2)]


def test_pre_releases_virtual_environments_and_what_does_not_run_are_left_out(tmp_path: Path) -> None:
    good = fake_python(tmp_path / "good", (3, 12, 1))
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    broken.chmod(0o755)
    paths = [
        good,
        broken,
        fake_python(tmp_path / "beta", (3, 14, 0), final=False),
        fake_python(tmp_path / "venv", (3, 13, 0), environment=True),
        tmp_path / "absent",
    ]
    assert machine.interpreters(paths) == [Interpreter((3, 12, 1), good)]


def test_an_interpreter_that_two_names_lead_to_is_listed_once(tmp_path: Path) -> None:
    real = fake_python(tmp_path / "python3.12", (3, 12, 1))
    alias = tmp_path / "python3"
    alias.symlink_to(real)
    assert len(machine.interpreters([real, alias])) == 1


def test_only_missing_programs_are_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.missing_packages({"sh": "dash", "no-such-program": "no-such-package"}) == ["no-such-package"]
    commands: list[list[str]] = []
    monkeypatch.setattr(machine.os, "geteuid", lambda: 0)
    monkeypatch.setattr(machine.shutil, "which", lambda name, path=None: "/usr/bin/apt-get")
    machine.install_packages(["socat"], lambda command, env: commands.append(command))
    assert [command[:2] for command in commands] == [["apt-get", "update"], ["apt-get", "install"]]
    assert commands[1][-1] == "socat"


def test_missing_packages_without_root_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.os, "geteuid", lambda: 1000)
    with pytest.raises(MachineError, match=r"^missing on this machine: maven, socat; install them, or run as root$"):
        machine.install_packages(["maven", "socat"], lambda command, env: None)


def test_programs_of_a_database_server_are_found_where_debian_keeps_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "postgresql/15/bin/initdb"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(machine, "OUT_OF_PATH", ())
    assert machine.missing_packages({"initdb": "postgresql"}) == ["postgresql"]
    monkeypatch.setattr(machine, "OUT_OF_PATH", (str(tmp_path / "postgresql/*/bin"),))
    assert machine.missing_packages({"initdb": "postgresql"}) == []


def test_no_cluster_is_made_while_programs_are_installed_and_the_setting_goes_with_it(tmp_path: Path) -> None:
    settings = tmp_path / "createcluster.d/ours.conf"

    def install() -> None:
        assert settings.read_text(encoding="utf-8") == "create_main_cluster = false\n"
        raise OSError("apt-get died")

    with pytest.raises(OSError, match="apt-get died"), machine.no_database_cluster(settings):
        install()
    assert not settings.exists()
