"""What no file of the project may hold."""
from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tools.machine import ROOT

# Spelt in two parts, so that this file passes its own test.
MACHINE_PATHS = re.compile(
    "|".join((r"(?<![\w.-])/work" + r"/(main|shared)", r"(?<![\w.-])/root" + r"/(\.|work)", r"/tmp/" + "brief"))
)
REGISTRIES = re.compile("|".join(rf"\b{name}" + rf"\.{domain}\b" for name, domain in (
    ("repo1?.maven", "org"), ("repo.maven.apache", "org"), ("pypi", "org"), ("files.pythonhosted", "org"), ("deb.debian", "org"),
    ("security.debian", "org"), ("registry.npmjs", "org"), ("galaxy.ansible", "com"),
)))  # fmt: skip
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")


def project_files() -> list[Path]:
    """Every file that git has or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True
    )
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file() and path.name != "LICENSE"]


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        pytest.param(MACHINE_PATHS, "a path of one machine", id="machine paths"),
        pytest.param(
            REGISTRIES, "the host name of a registry: the machine's own configuration knows where they are", id="registries"
        ),
        pytest.param(UNFINISHED, "work that was left for later", id="unfinished"),
    ],
)
def test_no_file_holds(pattern: re.Pattern[str], what: str) -> None:
    found = []
    for path in project_files():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        found += [
            f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
            for number, line in enumerate(lines, 1)
            if pattern.search(line)
        ]
    assert not found, f"{what}:\n" + "\n".join(found)


def test_no_secret_of_a_lab_is_in_the_repository() -> None:
    names = [path.relative_to(ROOT).as_posix() for path in project_files()]
    assert not [name for name in names if name.startswith((".lab/", ".cache/", ".venv/", "build/")) or "vault-password" in name]


def test_the_readme_names_what_the_person_who_runs_it_has_to_know() -> None:
    """POM-MODE-04: knowledge and skills that the vendor asks for."""
    [profile] = [part for part in (ROOT / "README.md").read_text(encoding="utf-8").split("\n\n") if "POM-MODE-04" in part]
    for skill in ("Experience Portal", "databases", "shell scripts", "command line", "log", "error message"):
        assert skill in " ".join(profile.split()), skill
