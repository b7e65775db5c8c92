"""What code hosts are handed: SARIF 2.1.0, held against a closed subset of the standard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.sarif import sarif_log

from .conftest import HERE, Case, load_case, prepare

SUBSET = Draft202012Validator(json.loads((HERE / "sarif_subset.schema.json").read_text(encoding="utf-8")))


@pytest.fixture
def log(tmp_path: Path, run: Any) -> Any:
    def of(name: str) -> dict[str, Any]:
        case = load_case(HERE / "cases" / f"{name}.yml") if name else Case("valid", {"findings": []})
        result = run(
            prepare(case, tmp_path), vault_password=case.data.get("vault_password"), extra_vars=case.data.get("extra_vars")
        )
        found = sarif_log(result.findings, tool_version="0.1.0", exit_code=result.exit_code)
        SUBSET.validate(found)
        assert json.loads(json.dumps(found)) == found
        return found["runs"][0]

    return of


def test_nothing_refused_is_a_run_without_results(log: Any) -> None:
    run = log("")
    assert run["results"] == []
    assert run["invocations"] == [{"executionSuccessful": True, "exitCode": 0}]


def test_refusal_stands_at_its_line(log: Any) -> None:
    run = log("duplicate_broker_id")
    (result,) = run["results"]
    physical = result["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == "host_vars/kafka3.yml"
    assert physical["region"]["startLine"] == 5
    assert (result["kind"], result["level"]) == ("fail", "error")
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "duplicate-broker-id"
    assert "suppressions" not in result


def test_waived_refusal_is_a_suppressed_result(log: Any) -> None:
    (result,) = log("waiver")["results"]
    (suppression,) = result["suppressions"]
    assert suppression["status"] == "accepted"
    assert "until 2999-01-31" in suppression["justification"]
    assert suppression["location"]["physicalLocation"]["region"]["startLine"] == 9


def test_what_waits_for_the_preflight_is_open(log: Any) -> None:
    results = log("value_needs_facts")["results"]
    assert {(result["kind"], result["level"]) for result in results} == {("open", "none")}


def test_command_line_is_no_file(log: Any) -> None:
    (result,) = log("unknown_extra_variable")["results"]
    (location,) = result["locations"]
    assert "physicalLocation" not in location
    assert location["message"]["text"] == "the command line (-e)"


@pytest.mark.parametrize("break_it", ["kind", "level", "uri", "version", "key"])
def test_subset_is_not_toothless(log: Any, break_it: str) -> None:
    run = log("duplicate_broker_id")
    whole = {"version": "2.1.0", "runs": [run]}
    result = run["results"][0]
    if break_it == "kind":
        result["kind"] = "open"
    elif break_it == "level":
        result["level"] = "refuse"
    elif break_it == "uri":
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] = "host vars/epm2.yml"
    elif break_it == "version":
        whole["version"] = "2.0.0"
    else:
        result["host"] = "epm2"
    assert not SUBSET.is_valid(whole)
