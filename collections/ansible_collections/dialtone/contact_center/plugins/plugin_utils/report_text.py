# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The findings of a contract as text for a terminal: grouped by file, worst first."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import SEVERITIES, Finding

WIDTH = 110
LABELS = {"refuse": "refused", "preflight": "preflight", "warn": "advised"}
COLOURS = {"refuse": "\033[31m", "preflight": "\033[36m", "warn": "\033[33m"}
RESET = "\033[0m"
MOST_HOSTS_NAMED = 8


def render_findings(findings: Iterable[Finding], *, colour: bool = False) -> str:
    """Every finding; the file that holds the worst comes first, and in a file the worst finding."""
    by_file: dict[str, list[Finding]] = {}
    for finding in findings:
        by_file.setdefault(finding.location.file or "", []).append(finding)
    files = sorted(by_file, key=lambda file: (min(_badness(finding) for finding in by_file[file]), file))
    blocks = ["\n".join(_lines(finding, colour)) for file in files for finding in sorted(by_file[file], key=_within_file)]
    return "\n".join(blocks)


def summary(findings: Iterable[Finding]) -> str:
    found = list(findings)
    counts = [(LABELS[severity], sum(finding.severity == severity for finding in found)) for severity in SEVERITIES]
    words = [f"{count} {label}" for label, count in counts if count]
    return ", ".join(words) if words else "nothing refused, nothing advised"


def _badness(finding: Finding) -> int:
    return SEVERITIES.index(finding.severity)


def _within_file(finding: Finding) -> tuple[int, int, int, str]:
    return (_badness(finding), finding.location.line or 0, finding.location.column or 0, finding.path)


def _lines(finding: Finding, colour: bool) -> list[str]:
    label = LABELS[finding.severity]
    if colour:
        label = f"{COLOURS[finding.severity]}{label}{RESET}"
    where = str(finding.location) or "inventory"
    lines = [f"{where}  {label}  {finding.path}{_hosts(finding)}"]
    details = [
        ("found", finding.found),
        ("expected", finding.expected),
        ("fix", finding.fix),
        ("source", ", ".join(finding.source)),
    ]
    for name, text in details:
        if text:
            wrapper = textwrap.TextWrapper(
                WIDTH, initial_indent=f"    {name:9} ", subsequent_indent=" " * 14, break_long_words=False, break_on_hyphens=False
            )
            lines.append(wrapper.fill(text))
    return lines


def _hosts(finding: Finding) -> str:
    if not finding.hosts:
        return ""
    named = ", ".join(finding.hosts[:MOST_HOSTS_NAMED])
    rest = len(finding.hosts) - MOST_HOSTS_NAMED
    return f"  ({named}{f' and {rest} more' if rest > 0 else ''})"
