"""The schema for editors: it knows every word, marks what the contract would refuse, and none of what it would accept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import load_catalogue

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "schemas/inventory.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft7Validator(SCHEMA)
WORDS = load_catalogue().words
NEWER_THAN_DRAFT_7 = {"prefixItems", "dependentRequired", "dependentSchemas", "unevaluatedProperties", "unevaluatedItems"}
INVENTORIES = [
    ROOT / "inventories/lab",
    ROOT / "molecule/shared/inventory",
    ROOT / "tests/contract/base",
    *sorted((ROOT / "inventories/examples").glob("*/")),
]
VARIABLE_FILES = [
    (directory, path)
    for directory in INVENTORIES
    for kind in ("group_vars", "host_vars")
    for path in sorted((directory / kind).rglob("*.yml"))
]


class _Loader(yaml.SafeLoader):
    """As an editor is told to read an inventory: `!vault` is text, and a day is text."""


_Loader.add_constructor("!vault", lambda loader, node: loader.construct_scalar(node))
_Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node))


def faults(variables: Any) -> list[str]:
    return [".".join(map(str, error.absolute_path)) or error.message for error in VALIDATOR.iter_errors(variables)]


def test_it_is_a_schema_that_editors_read() -> None:
    Draft7Validator.check_schema(SCHEMA)

    def keys(schema: Any) -> set[str]:
        if isinstance(schema, dict):
            return set(schema).union(*map(keys, schema.values()))
        return set().union(*map(keys, schema)) if isinstance(schema, list) else set()

    assert not keys(SCHEMA) & NEWER_THAN_DRAFT_7
    assert not {key for key in keys(SCHEMA) if key.startswith("x-")}


def test_every_word_of_a_person_is_offered_and_no_computed_one() -> None:
    offered = {name for name in SCHEMA["properties"] if not name.startswith("ansible_")}
    assert offered == {name for name, word in WORDS.items() if not word.is_computed}


@pytest.mark.parametrize("name", [name for name, word in WORDS.items() if not word.is_computed])
def test_hover_text_says_what_the_reference_says(name: str) -> None:
    word, offered = WORDS[name], SCHEMA["properties"][name]
    assert offered["description"].startswith(word.schema["description"])
    assert offered.get("default") == word.schema.get("default")
    assert offered.get("examples") == word.schema.get("examples")
    for source in word.sources:
        assert source in offered["description"]
    if unit := word.schema.get("x-unit"):
        assert f"({unit})" in offered["description"]


@pytest.mark.parametrize(("inventory", "path"), VARIABLE_FILES, ids=[str(file.relative_to(ROOT)) for _, file in VARIABLE_FILES])
def test_file_of_an_inventory_is_accepted(inventory: Path, path: Path) -> None:
    foreign = tuple(prefix for file in inventory.rglob("*.yml") for prefix in load(file).get("site_foreign_prefixes", []))
    assert faults({name: value for name, value in load(path).items() if not name.startswith(foreign)}) == []


def load(path: Path) -> dict[str, Any]:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader) or {}


@pytest.mark.parametrize(
    ("variables", "marked"),
    [
        ({"kafka_heap_mb": "2048"}, ["kafka_heap_mb"]),
        ({"kafka_heap_mb": "{{ heap_of_all }}"}, []),
        ({"kafka_store_type": "pkcs13"}, ["kafka_store_type"]),
        ({"ansible_host": "192.0.2.1", "ansible_python_interpreter": "/usr/bin/python3"}, []),
        ({"trust_store_password": "$ANSIBLE_VAULT;1.1;AES256\n6263"}, []),
        ({"site_waivers": [{"finding": "port-clash", "until": "2027-01-31"}]}, ["site_waivers"]),
    ],
)
def test_what_an_editor_marks(variables: dict[str, Any], marked: list[str]) -> None:
    assert faults(variables) == marked


def test_misspelt_and_computed_words_are_marked() -> None:
    assert len(faults({"kafak_heap_mb": 2048})) == 1
    computed = next(name for name, word in WORDS.items() if word.is_computed)
    assert len(faults({computed: []})) == 1
