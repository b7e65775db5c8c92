"""One wrong thing at a time, some thousand times: never a traceback, and the finding names what was touched.

The valid inventory stands once in memory; each mutation changes one file of it, or adds one.
"""

from __future__ import annotations

import datetime
import itertools
import math
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import Word, load_catalogue

from .conftest import BASE, Case, prepare

WORDS = {name: word for name, word in load_catalogue().words.items() if not word.is_computed}
ADDED = "host_vars/epm1/zz_mutation.yml"  # wins over every other file for one host
OWN = "host_vars/epm1/main.yml"
FILES = sorted(
    str(path.relative_to(BASE))
    for kind in ("group_vars", "host_vars")
    for path in (BASE / kind).rglob("*.yml")
    if path.stem != "epm1"
)
VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    10**30,
    2.5,
    math.nan,
    math.inf,
    "",
    " ",
    "ä\u200b\n",
    datetime.date(2027, 1, 31),
    b"\x00\xff",
    [],
    [None],
    [[{"a": []}]],
    {},
    {"a": {"b": None}},
    {1: 2},
)
EXPRESSIONS = {
    "undefined": "{{ nowhere_defined }}",
    "of itself": "{{ NAME }}",
    "lookup": "{{ lookup('pipe', 'id') }}",
    "broken": "{{ 1 +",
    "fact": "{{ ansible_facts.memtotal_mb }}",
    "error": "{{ 1 / 0 }}",
}


@dataclass(frozen=True)
class Mutation:
    """A file with other text; where the finding must stand, and what it must name."""

    name: str
    file: str
    text: str
    path: str
    is_refused: bool = True
    line: int | None = None


def wrong_values() -> Iterator[Mutation]:
    """Values of every kind for every word; which of them are wrong says the schema alone."""
    for word, value in itertools.product(WORDS.values(), VALUES):
        text = yaml.safe_dump({word.name: value}, allow_unicode=True)
        if not is_valid(word, value):
            yield Mutation(f"{word.name} = {value!r}", ADDED, text, word.name)


def is_valid(word: Word, value: Any) -> bool:
    schema = {key: rule for key, rule in word.schema.items() if key != "format"}
    return isinstance(value, dict) or Draft202012Validator(schema).is_valid(value)


def expressions() -> Iterator[Mutation]:
    for word in WORDS.values():
        for name, expression in EXPRESSIONS.items():
            text = yaml.safe_dump({word.name: expression.replace("NAME", word.name)})
            later = name == "fact" or (name == "lookup" and word.is_secret)
            yield Mutation(f"{word.name}: {name}", ADDED, text, word.name, is_refused=not later, line=1)


def misspelt() -> Iterator[Mutation]:
    for name in WORDS:
        middle = len(name) // 2
        for slip in {name[:middle] + name[middle + 1 :], name[:middle] + name[middle] + name[middle:], name.replace("_", "-", 1)}:
            if slip not in WORDS:
                yield Mutation(f"{name} as {slip}", ADDED, f"{slip}: 1\n", slip, line=1)


def broken_lines() -> Iterator[Mutation]:
    """Every line of every file: unreadable, or with its name misspelt."""
    for file in FILES:
        lines = (BASE / file).read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            broken = "\n".join([*lines[:number], "}: [", *lines[number:]])
            yield Mutation(f"{file}:{number + 1} does not parse", file, broken, Path(file).name)
            if match := re.match(r"([a-z]\w+):", line):
                slip = match[1].replace("_", "__", 1)
                renamed = "\n".join([*lines[:number], slip + line[len(match[1]) :], *lines[number + 1 :]])
                if not slip.startswith("zabbix_"):
                    yield Mutation(f"{file}:{number + 1} misspelt", file, renamed, slip, line=number + 1)


# A sample that is the same in every run; all of them take minutes.
POSSIBLE = [*wrong_values(), *expressions(), *misspelt()]
MUTATIONS = [*random.Random("contract").sample(POSSIBLE, 1100), *broken_lines()]
BATCHES = 8


def test_there_are_enough_of_them() -> None:
    assert len(MUTATIONS) >= 1000


@pytest.mark.parametrize("batch", [0, *(pytest.param(batch, marks=pytest.mark.slow) for batch in range(1, BATCHES))])
def test_finding_names_what_was_touched(batch: int, tmp_path: Path, run: Any) -> None:
    case = Case("valid", {"findings": [], "rename": {"host_vars/epm1.yml": "host_vars/epm1_main.yml"}})
    inventory = prepare(case, tmp_path)
    (inventory / OWN).parent.mkdir()
    (inventory / "host_vars/epm1_main.yml").rename(inventory / OWN)
    assert run(inventory).findings == []
    for mutation in MUTATIONS[batch::BATCHES]:
        touched = inventory / mutation.file
        before = touched.read_text(encoding="utf-8") if touched.exists() else None
        touched.write_text(mutation.text, encoding="utf-8")
        try:
            result = run(inventory)
        except Exception as error:
            raise AssertionError(f"{mutation.name}: a traceback instead of a finding") from error
        there = [
            finding
            for finding in result.findings
            if finding.location.file == mutation.file and re.split(r"[.]", finding.path)[0] == mutation.path.split(".")[0]
        ]
        told = [(finding.rule, str(finding.location), finding.path) for finding in result.findings]
        assert there, f"{mutation.name}: nothing names {mutation.path} in {mutation.file}; found {told}"
        assert any(finding.refused for finding in there) or not mutation.is_refused, f"{mutation.name}: {told}"
        assert mutation.line in (None, there[0].location.line), f"{mutation.name}: {told}"
        if before is None:
            touched.unlink()
        else:
            touched.write_text(before, encoding="utf-8")
