"""The targets that a person types."""
from __future__ import annotations

import re
import subprocess

import pytest

from tools.machine import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE)


def test_help_lists_every_target() -> None:
    listed = subprocess.run(["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.findall(r"^  make ([a-z-]+) +\S", listed, re.MULTILINE) == TARGETS


def test_no_target_is_taken_for_a_file() -> None:
    phony = re.search(r"^\.PHONY:((?:.*\\\n)*.*)$", MAKEFILE, re.MULTILINE)
    assert phony is not None
    assert set(phony[1].replace("\\", "").split()) == set(TARGETS)


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_is_a_thin_call(target: str) -> None:
    planned = subprocess.run(
        ["make", "--dry-run", "INVENTORY=mine", target], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert len(planned.splitlines()) == 1
    if target in ("site", "validate", "plan", "status", "verify"):
        assert "--inventory mine" in planned


def test_integration_runs_make_test() -> None:
    assert (ROOT / ".ci/run").read_text(encoding="utf-8").rstrip().endswith("exec make test")
