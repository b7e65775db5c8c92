"""docs/coverage.yml says the truth about what is done where."""
from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = yaml.safe_load((ROOT / "docs" / "coverage.yml").read_text(encoding="utf-8"))["requirements"]
DONE = {name: entry for name, entry in REQUIREMENTS.items() if entry["state"] != "open"}
# The catalogue: 492 requirements, of which the numbers of an area run from 1 without a gap.
TOTAL = 492


def text_below(path: Path) -> str:
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return "\n".join(file.read_text(encoding="utf-8") for file in files if file.suffix in (".py", ".yml", ".j2", ".json", ".md"))


def test_every_requirement_has_an_entry():
    assert len(REQUIREMENTS) == TOTAL
    numbers: dict[str, list[int]] = {}
    for name in REQUIREMENTS:
        area, number = re.fullmatch(r"((?:POM|CMS|OCN)-[A-Z]+)-(\d+)", name).groups()
        numbers.setdefault(area, []).append(int(number))
    assert [area for area, found in numbers.items() if found != list(range(1, len(found) + 1))] == []


@pytest.mark.parametrize("name", DONE)
def test_what_is_done_names_code_that_knows_it_and_a_test(name):
    entry = DONE[name]
    assert entry["state"] in ("automated", "guided", "checked", "advised")
    for kind in ("code", "test"):
        assert entry[kind], f"{name} has no {kind}"
        assert [path for path in entry[kind] if not (ROOT / path).exists()] == []
    assert any(name in text_below(ROOT / path) for path in entry["code"]), f"no code of {name} names it"
