# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The findings of a contract as SARIF 2.1.0, which code hosts and editors show beside the lines. Pure."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import (
    COMMAND_LINE,
    PREFLIGHT,
    REFUSE,
    WAIVED,
    WARN,
    Finding,
    Location,
)

VERSION = "2.1.0"
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
# A result that is not a failure has no level (SARIF 2.1.0, 3.27.10); what waits for the preflight is open.
LEVELS = {REFUSE: "error", WAIVED: "error", WARN: "warning", PREFLIGHT: "none"}
KINDS = {PREFLIGHT: "open"}


def sarif_log(findings: Iterable[Finding], *, tool_version: str, exit_code: int) -> dict[str, Any]:
    """One run; the rules that spoke are listed once, with the requirements that they come from."""
    found = list(findings)
    rules = {finding.rule: finding for finding in reversed(found)}
    index = {name: number for number, name in enumerate(sorted(rules))}
    return {
        "$schema": SCHEMA,
        "version": VERSION,
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "Dialtone contract",
                        "semanticVersion": tool_version,
                        "rules": [_rule(rules[name]) for name in index],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "invocations": [{"executionSuccessful": True, "exitCode": exit_code}],
                "results": [_result(finding, index) for finding in found],
            }
        ],
    }


def _rule(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.rule,
        "shortDescription": {"text": finding.rule.replace("-", " ").capitalize()},
        "properties": {"tags": list(finding.source)},
    }


def _result(finding: Finding, index: Mapping[str, int]) -> dict[str, Any]:
    hosts = f" on {', '.join(finding.hosts)}" if finding.hosts else ""
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "kind": KINDS.get(finding.severity, "fail"),
        "level": LEVELS[finding.severity],
        "message": {
            "text": f"{finding.path}{hosts}: found {finding.found}; expected {finding.expected}. To correct it: {finding.fix}."
        },
        "locations": [_location(finding)],
        "properties": {"severity": finding.severity, "hosts": list(finding.hosts), "tags": list(finding.source)},
    }
    if finding.waiver:
        waiver = finding.waiver
        result["suppressions"] = [
            {
                "kind": "external",
                "status": "accepted",
                "justification": f"{waiver.reason} (until {waiver.until})",
                **({"location": {"physicalLocation": _physical(waiver.location)}} if _is_file(waiver.location) else {}),
            }
        ]
    return result


def _location(finding: Finding) -> dict[str, Any]:
    named = {"logicalLocations": [{"name": finding.path, "kind": "variable"}]}
    if _is_file(finding.location):
        return {"physicalLocation": _physical(finding.location), **named}
    return named | ({"message": {"text": str(finding.location)}} if finding.location.file else {})


def _is_file(location: Location) -> bool:
    return location.file is not None and location != COMMAND_LINE


def _physical(location: Location) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(location.file or "")}}
    if location.line:
        region = {"startLine": location.line}
        if location.column:
            region["startColumn"] = location.column
        physical["region"] = region
    return physical


def _uri(path: str) -> str:
    """Relative as it is shown, so that a code host finds the file in its repository."""
    return Path(path).as_uri() if os.path.isabs(path) else quote(path)
