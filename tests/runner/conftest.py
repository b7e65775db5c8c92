"""Playbooks as a person starts them in this repository, on hosts that are all this machine."""
from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROLL = Path(__file__).resolve().parent / "plays/roll.yml"
ANSIBLE_PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
SECRET = "c4n4ry-of-the-store"


@dataclass(frozen=True)
class Site:
    """An inventory that the contract accepts, and where its runs leave what they leave."""

    directory: Path

    @property
    def inventory(self) -> Path:
        return self.directory / "inventory"

    @property
    def build(self) -> Path:
        return self.directory / "build"

    @property
    def target(self) -> Path:
        return self.directory / "target"

    def command(self, playbook: Path, *arguments: str) -> list[str]:
        # Relative where a person would write it so: the program and the playbook are part of what is told again.
        words = {"dialtone_build_directory": str(self.build), "trust_store_password": SECRET}
        return [str(ANSIBLE_PLAYBOOK), "-i", str(self.inventory), str(playbook), "-e", json.dumps(words), *arguments]

    def environment(self, **variables: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        return {**kept, "TARGET": str(self.target), "COLUMNS": "80", **variables}

    def play(self, playbook: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(playbook, *arguments),
            cwd=ROOT,
            env=self.environment(**variables),
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def runs(self, site: str = "main") -> list[Path]:
        return sorted((self.build / site / "runs").iterdir())

    def record(self) -> Path:
        (record,) = self.runs()
        return record


def read(record: Path, name: str) -> Any:
    return json.loads((record / name).read_text(encoding="utf-8"))


def events(record: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (record / "events.jsonl").read_text(encoding="utf-8").splitlines()]


def make_site(directory: Path) -> Site:
    shutil.copytree(ROOT / "tests/contract/base", directory / "inventory")
    (directory / "target").mkdir()
    return Site(directory)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return make_site(tmp_path)


@dataclass(frozen=True)
class Finished:
    """A run that several tests look at."""

    site: Site
    arguments: tuple[str, ...]
    rc: int
    stdout: str
    stderr: str


def finished(directory: Path, *arguments: str, **variables: str) -> Finished:
    site = make_site(directory)
    done = site.play(ROLL, *arguments, **variables)
    return Finished(site, arguments, done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def succeeded(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return finished(tmp_path_factory.mktemp("succeeded"), "--diff")


@pytest.fixture(scope="session")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The second of three brokers does not come back."""
    return finished(
        tmp_path_factory.mktemp("failed"), "--limit", "all:localhost", "-e", "site=main", FAILING_HOST="epm2"
    )


def left_behind(folder: Path) -> str:
    """Everything that a run has left in a folder, as one text."""
    return "".join(path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*")) if path.is_file())
