"""The schemas are the one definition: everything generated from them is current, complete and true."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from tools import generate

ROOT = Path(__file__).resolve().parents[2]
AREAS = generate.load_areas(ROOT / "schemas" / "variables")
ROLE_AREAS = {area: schema for area, schema in AREAS.items() if "x-role" in schema}
PROPERTIES = [(area, name, prop) for area, schema in AREAS.items() for name, prop in schema["properties"].items()]
KEYWORDS = {
    "x-computed", "x-computed-from", "x-contract-only", "x-identity", "x-on-pom-server", "x-required-in", "x-scope", "x-secret",
    "x-source", "x-unit", "x-why",
}  # fmt: skip
COMPONENTS = {"epm_primary", "epm_auxiliary", "zookeeper", "kafka", "pom_database", "nfs_server", "app_server", "cms"}


def test_nothing_generated_is_stale() -> None:
    assert generate.stale(generate.render(AREAS), ROOT) == [], "run `python tools/generate.py`"


@pytest.mark.parametrize("area", AREAS)
def test_schema_is_a_closed_draft_2020_12_schema(area: str) -> None:
    Draft202012Validator.check_schema(AREAS[area])
    assert AREAS[area]["additionalProperties"] is False


@pytest.mark.parametrize(("area", "name", "prop"), PROPERTIES, ids=[name for _area, name, _prop in PROPERTIES])
def test_variable_is_fully_described(area: str, name: str, prop: dict[str, Any]) -> None:
    # A word for one run carries the name of its playbook, of what several playbooks (*_identity.yml) do, or of Dialtone.
    prefixes = ["dialtone", "identity", *(path.stem for path in (ROOT / "playbooks").glob("*.yml"))] if area == "run" else [area]
    own = (*(f"{prefix}_" for prefix in prefixes), "site", "data_center")
    assert name.startswith(own), "a variable carries the name of its area"
    assert prop["description"].endswith((".", "`")) or "`" in prop["description"]
    assert {key for key in prop if key.startswith("x-")} <= KEYWORDS
    assert ("x-computed" in prop) is ("x-computed-from" in prop)
    required = prop.get("x-required-in", [])
    assert required == "all" or set(required) <= COMPONENTS
    assert not ("default" in prop and required), "what has a default is not required"
    assert prop.get("x-scope", "site") in ("site", "data_center")
    if prop.get("x-secret"):
        assert "x-scope" not in prop, "a secret is never compared over hosts: the finding would show it"
        assert prop["type"] == "string"
        assert "enum" not in prop
        assert prop.get("default", "") == ""
        assert "examples" not in prop


def test_the_contract_knows_every_word_that_a_playbook_takes_from_a_person() -> None:
    taken = {
        word
        for path in (ROOT / "playbooks").rglob("*.yml")
        for word in re.findall(r"{{ \(?(\w+) \| default\(", path.read_text(encoding="utf-8"))
    }
    given_by_playbooks = {"guided_steps_phases", "guided_steps_task_mode", "preflight_ignore_unreachable", "site_platform"}
    assert taken - given_by_playbooks <= {name for _area, name, _prop in PROPERTIES}
    assert {"status_fail_on", "verify_wait_seconds", "kafka_restart_all"} <= taken


def test_a_name_is_defined_once() -> None:
    names = [name for _area, name, _prop in PROPERTIES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("area", ROLE_AREAS)
def test_role_defaults_are_the_schemas_defaults(area: str) -> None:
    schema = ROLE_AREAS[area]
    text = (ROOT / "roles" / schema["x-role"] / "defaults" / "main.yml").read_text(encoding="utf-8")
    inputs = {name: prop for name, prop in schema["properties"].items() if not prop.get("x-contract-only")}
    assert yaml.safe_load(text) == {name: prop["default"] for name, prop in inputs.items() if "default" in prop}
    for name in inputs:
        assert text.count(f"\n{name}:") + text.count(f"\n# {name}:") == 1, f"{name} stands once in the defaults"


@pytest.mark.parametrize("area", ROLE_AREAS)
def test_argument_specs_are_the_schemas(area: str) -> None:
    schema = ROLE_AREAS[area]
    specs = yaml.safe_load((ROOT / "roles" / schema["x-role"] / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    options = specs["argument_specs"]["main"]["options"]
    assert set(options) == {name for name, prop in schema["properties"].items() if not prop.get("x-contract-only")}
    for name, option in options.items():
        prop = schema["properties"][name]
        assert option.get("default") == prop.get("default")
        assert option.get("required", False) is (
            "default" not in prop and bool(prop.get("x-required-in") or prop.get("x-computed"))
        )
        if prop.get("x-secret"):
            assert (option["type"], option["no_log"], "choices" in option) == ("str", True, False)


def test_check_names_what_is_stale(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    assert generate.main(["--root", str(tmp_path)]) == 0
    assert generate.main(["--root", str(tmp_path), "--check"]) == 0
    path = tmp_path / "schemas" / "variables" / "kafka.schema.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    schema["properties"]["kafka_heap_mb"]["default"] = 999
    path.write_text(json.dumps(schema), encoding="utf-8")
    capsys.readouterr()
    assert generate.main(["--root", str(tmp_path), "--check"]) == 1
    said = capsys.readouterr().err
    for name in ("roles/kafka/defaults/main.yml", "roles/kafka/meta/argument_specs.yml", "docs/reference/kafka.md"):
        assert name in said
    assert generate.main(["--root", str(tmp_path)]) == 0
    assert "kafka_heap_mb: 999" in (tmp_path / "roles/kafka/defaults/main.yml").read_text(encoding="utf-8")


def test_a_verb_is_an_entry_point() -> None:
    schema = {
        "title": "Kafka",
        "description": "The broker.",
        "x-role": "kafka",
        "x-entry-points": {"restart": {"title": "Restart", "description": "One node.", "inputs": ["kafka_unit"]}},
        "properties": {"kafka_unit": {"type": "string", "description": "Unit.", "default": "kafka"}},
    }
    specs = yaml.safe_load(generate.role_argument_specs("kafka", schema))["argument_specs"]
    assert set(specs) == {"main", "restart"}
    assert set(specs["restart"]["options"]) == {"kafka_unit"}


EXAMPLES = sorted((ROOT / "schemas" / "tests").glob("*/*/*.yml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: "/".join(path.parts[-3:]).removesuffix(".yml"))
def test_example(path: Path) -> None:
    """A valid example has no fault; an invalid one exactly the faults that it carries itself."""
    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.validate import Validator
    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import load_catalogue

    example = yaml.safe_load(path.read_text(encoding="utf-8"))
    words = load_catalogue().words
    faults = {
        ".".join(map(str, (name, *fault.steps))): f"{fault.rule}: {fault.found}"
        for name, value in example["variables"].items()
        for fault in Validator().faults(words[name], value)
    }
    assert all(words[name].area == path.parts[-3] for name in example["variables"])
    assert faults == example.get("faults", {})
    assert bool(faults) is (path.parts[-2] == "invalid")


def test_every_area_has_examples_of_both_kinds() -> None:
    kinds = {(path.parts[-3], path.parts[-2]) for path in EXAMPLES}
    assert kinds == {(area, kind) for area in AREAS for kind in ("valid", "invalid")}
