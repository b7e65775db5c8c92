# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the contract has to say: one finding for each thing that is wrong, with the place where it was written."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

REFUSE, WAIVED, PREFLIGHT, WARN = SEVERITIES = ("refuse", "waived", "preflight", "warn")


@dataclass(frozen=True)
class Location:
    """A place in a file. Without a line it is the file as a whole; without a file, the command line or nothing."""

    file: str | None = None
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


NOWHERE = Location()
COMMAND_LINE = Location("the command line (-e)")


@dataclass(frozen=True)
class Waiver:
    """A refusal that a person sets aside until a day, for a reason. `hosts` are the hosts that it was written for."""

    finding: str
    reason: str
    until: str
    host: str = ""
    variable: str = ""
    location: Location = NOWHERE
    hosts: frozenset[str] = frozenset()

    def as_dict(self) -> dict[str, Any]:
        return {"reason": self.reason, "until": self.until, "file": self.location.file, "line": self.location.line}


@dataclass(frozen=True)
class Finding:
    """One thing that the contract refuses, advises, or leaves to the preflight; a refusal with a waiver is set aside."""

    rule: str
    severity: str
    path: str
    found: str
    expected: str
    fix: str
    location: Location = NOWHERE
    hosts: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    at_declaration: bool = False  # nobody wrote the word: the location is the line that declares the host
    waiver: Waiver | None = None

    @property
    def refused(self) -> bool:
        return self.severity == REFUSE

    def as_dict(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "severity": self.severity,
            "host": self.hosts[0] if self.hosts else None,
            "hosts": list(self.hosts),
            "path": self.path,
            "file": self.location.file,
            "line": self.location.line,
            "column": self.location.column,
            "found": self.found,
            "expected": self.expected,
            "fix": self.fix,
            "source": list(self.source),
            "waiver": self.waiver.as_dict() if self.waiver else None,
        }


def merge_over_hosts(findings: Iterable[Finding]) -> list[Finding]:
    """The same finding on several hosts is one finding that names them; without a common line it stands at the file."""
    alike: dict[Finding, list[Finding]] = {}
    for finding in findings:
        location = Location(finding.location.file) if finding.at_declaration else finding.location
        alike.setdefault(dataclasses.replace(finding, hosts=(), location=location), []).append(finding)
    return sort_findings(_merged(same) for same in alike.values())


def _merged(same: list[Finding]) -> Finding:
    hosts = tuple(sorted({name for finding in same for name in finding.hosts}))
    locations = {finding.location for finding in same}
    location = locations.pop() if len(locations) == 1 else Location(same[0].location.file)
    return dataclasses.replace(same[0], hosts=hosts, location=location)


def sort_findings(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=_reading_order)


def _reading_order(finding: Finding) -> tuple[Any, ...]:
    location = finding.location
    return (
        SEVERITIES.index(finding.severity),
        location.file or "",
        location.line or 0,
        location.column or 0,
        finding.path,
        finding.rule,
        finding.hosts,
        finding.found,
        finding.at_declaration,
    )
