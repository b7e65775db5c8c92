from __future__ import annotations

import os
from pathlib import Path

import pytest

from lab import cli, disk, inside, machine, state
from lab.errors import LabError
from lab.state import Lab

HYBRID = """\
24 22 0:21 / /sys/fs/cgroup rw - tmpfs tmpfs rw
25 24 0:22 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
26 24 0:23 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
"""
PURE = "24 22 0:21 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n"


@pytest.fixture
def lab(tmp_path, monkeypatch):
    monkeypatch.setattr(state, "REPOSITORY", tmp_path)
    lab = Lab("example")
    lab.directory.mkdir(parents=True)
    return lab


def test_the_cgroup_tree_is_found_where_the_machine_has_it():
    assert state.cgroup2_mount(HYBRID) == Path("/sys/fs/cgroup/unified")
    assert state.cgroup2_mount(PURE) == Path("/sys/fs/cgroup")
    assert state.cgroup2_mount(HYBRID + PURE) == Path("/sys/fs/cgroup"), "inside a lab, the one mounted last"
    with pytest.raises(LabError, match="no cgroup v2 tree"):
        state.cgroup2_mount("")


@pytest.mark.parametrize("name", ["", "Site", "../x", "a-b", "1a", "a" * 17])
def test_names_that_could_be_paths_or_too_long_are_refused(name):
    with pytest.raises(LabError, match="no name for a lab"):
        Lab(name)


def test_the_same_name_in_another_checkout_is_another_lab(monkeypatch):
    one = Lab("site").cgroup_name
    monkeypatch.setattr(state, "REPOSITORY", Path("/elsewhere"))
    assert Lab("site").cgroup_name != one


@pytest.mark.parametrize(
    "content", ["", "no number", "999999999\n", f"{os.getpid()}\n"], ids=["empty", "no number", "gone", "another process"]
)
def test_a_stale_process_id_is_not_the_lab(lab, content):
    lab.init_pid_file.write_text(content)
    assert lab.init_pid is None
    with pytest.raises(LabError, match="python3 -m lab --name example up"):
        lab.require_running()


def test_a_command_for_a_lab_that_is_not_there_leaves_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(state, "REPOSITORY", tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert cli.main(["--name", "absent", "cut", "epm1"]) == 1
    assert "lab 'absent' is not running" in capsys.readouterr().err
    assert cli.main(["--name", "absent", "down"]) == 0
    assert list(tmp_path.iterdir()) == []


def test_who_is_not_root_is_told_so_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert cli.main(["check"]) == 1
    assert capsys.readouterr().err == "lab: this user does not suit the lab: namespaces and mounts need root; run it with sudo\n"


def test_another_system_is_told_so_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(machine, "os_release", lambda text: {"VERSION_CODENAME": "noble", "PRETTY_NAME": "Ubuntu 24.04"})
    assert cli.main(["check"]) == 1
    answer = capsys.readouterr().err
    assert answer.count("\n") == 1
    assert "does not suit the lab: it runs Ubuntu 24.04" in answer


def test_exec_without_a_command_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert cli.main(["exec", "epm1"]) == 1
    assert "exec needs a command" in capsys.readouterr().err


def test_the_kernel_release_is_read():
    assert machine.kernel_release("6.1.0-37-amd64") == (6, 1)
    assert machine.kernel_release("5.14+rt") == (5, 14)


def test_only_the_administrators_password_changes(tmp_path):
    shadow = tmp_path / "shadow"
    shadow.write_text("root:*:19000:0:99999:7:::\ndeploy:!:19000:0:99999:7:::\ndeployer:!:1::::::\n")
    inside.set_password_hash(shadow, "deploy", "$6$salt$hash")
    assert shadow.read_text() == "root:*:19000:0:99999:7:::\ndeploy:$6$salt$hash:19000:0:99999:7:::\ndeployer:!:1::::::\n"


def test_layers_are_kept_topmost_first(tmp_path):
    assert disk.layers(tmp_path) == []
    disk.set_layers(tmp_path, ["new", "old"])
    assert disk.layers(tmp_path) == ["new", "old"]
