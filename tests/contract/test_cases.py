"""Every fault of tests/contract/cases, found where it was written, with the right words and without noise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .conftest import CASES, Case, load_case, prepare

CANARY = "canary"
TEXTS = ("found", "expected", "fix")


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_fault_is_found(path: Path, tmp_path: Path, run: Any) -> None:
    case = load_case(path)
    result = run(prepare(case, tmp_path), vault_password=case.data.get("vault_password"), extra_vars=case.data.get("extra_vars"))
    found = [finding.as_dict() for finding in result.findings]
    unmatched = list(found)
    for wanted in case.findings:
        match = next((finding for finding in unmatched if fits(wanted, finding)), None)
        assert match is not None, f"{case.name}: nothing fits {wanted}; found {unmatched}"
        unmatched.remove(match)
    assert not unmatched, f"{case.name}: also found {unmatched}"
    assert_no_secret(case, found)
    refused = any(wanted.get("severity", "refuse") == "refuse" for wanted in case.findings)
    assert result.refused is refused
    assert (result.model is None) is refused


def fits(wanted: dict[str, Any], finding: dict[str, Any]) -> bool:
    if finding["severity"] != wanted.get("severity", "refuse"):
        return False
    for name, value in wanted.items():
        if name in TEXTS:
            if value not in finding[name]:
                return False
        elif name == "source":
            if value not in finding["source"]:
                return False
        elif name != "severity" and finding[name] != value:
            return False
    return True


def assert_no_secret(case: Case, findings: list[dict[str, Any]]) -> None:
    text = str(findings)
    for secret in [CANARY, *case.data.get("never", [])]:
        assert secret not in text.replace("canary_file", ""), f"{case.name}: a secret is in the findings"


def test_valid_inventory(tmp_path: Path, run: Any) -> None:
    result = run(prepare(Case("valid", {"findings": []}), tmp_path))
    assert result.findings == []
    assert result.site == "main"
    assert result.model["site"] == "main"
    assert CANARY not in str(result.model)


def test_every_rule_is_broken_by_a_case() -> None:
    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.rules import RULES

    broken = {finding["rule"] for path in CASES for finding in load_case(path).findings}
    assert {rule.name for rule in RULES} <= broken
