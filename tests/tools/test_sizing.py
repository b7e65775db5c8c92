"""The sizing command: what it says, what it writes, and what it never overwrites."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tools import sizing
from tools.machine import ROOT


def test_it_names_hosts_and_sources(capsys: pytest.CaptureFixture[str]) -> None:
    assert sizing.main(["--agents", "700", "--jobs", "100", "--mode", "CCElite"]) == 0
    said = capsys.readouterr().out
    assert "profile 501-1000 (POM-SIZE-06)" in said
    assert "kafka3    zookeeper, kafka: no figure is documented" in said
    assert "at least 1750 (POM-SIZE-08)" in said


def test_it_explains_what_it_cannot_recommend(capsys: pytest.CaptureFixture[str]) -> None:
    assert sizing.main(["--agents", "2001"]) == 1
    assert "at most 2000 in a data center" in capsys.readouterr().err


def test_it_writes_an_inventory_with_secrets_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = tmp_path / "bank"
    assert sizing.main(["--agents", "300", "--inventory", str(directory), "--site", "bank"]) == 0
    path = directory / sizing.SECRETS_FILE
    secrets = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    said = capsys.readouterr().out
    assert not [name for name, secret in secrets.items() if secret in said]
    assert f"ansible-vault encrypt {path}" in said
    assert f"pom_server_accept_eula in {directory / sizing.EULA_FILE}" in said
    command = [sys.executable, str(ROOT / "tools" / "validate.py"), "-i", str(directory)]
    judged = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert judged.returncode == 1, judged.stdout + judged.stderr
    assert judged.stdout.count("licence-agreement") == 1


def test_a_person_accepts_the_licence_agreement(tmp_path: Path) -> None:
    directory = tmp_path / "bank"
    assert sizing.main(["--agents", "300", "--inventory", str(directory), "--accept-eula"]) == 0
    command = [sys.executable, str(ROOT / "tools" / "validate.py"), "-i", str(directory)]
    judged = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_it_never_writes_over_an_inventory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "hosts.yml").write_text("all:\n", encoding="utf-8")
    assert sizing.main(["--agents", "300", "--inventory", str(tmp_path)]) == 1
    assert "not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["hosts.yml"]
