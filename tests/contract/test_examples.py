"""Every example inventory is accepted as it is, without a word of advice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .conftest import EXAMPLES, Case, prepare

SITES = sorted(path for path in EXAMPLES.iterdir() if path.is_dir())


@pytest.mark.parametrize("path", SITES, ids=lambda path: path.name)
def test_example_is_accepted(path: Path, tmp_path: Path, run: Any) -> None:
    result = run(prepare(Case(path.name, {"base": path.name, "findings": []}), tmp_path))
    assert result.findings == []
    assert result.model is not None


def test_there_is_an_example_for_every_scenario() -> None:
    scenarios = {"geo_redundant", "multiple_with_zones", "multiple_without_zones", "non_telephony", "single_server"}
    assert scenarios <= {path.name for path in SITES}
