# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The findings of a contract as text for a terminal: grouped by file, worst first, one screen of each kind."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import (
    PREFLIGHT,
    SEVERITIES,
    WAIVED,
    Finding,
)

WIDTH = 110
ONE_SCREEN = 10  # findings of a rule that are shown unless all are asked for
LABELS = {"refuse": "refused", "waived": "waived", "preflight": "preflight", "warn": "advised"}
COLOURS = {"refuse": "\033[31m", "waived": "\033[35m", "preflight": "\033[36m", "warn": "\033[33m"}
RESET = "\033[0m"
MOST_HOSTS_NAMED = 8
WAIVED_HEADING = "Waived: refused, and set aside by site_waivers"
PREFLIGHT_HEADING = "Checked in preflight, since nothing on paper can tell:"


def render_findings(findings: Iterable[Finding], *, colour: bool = False, most: int | None = ONE_SCREEN) -> str:
    """The file that holds the worst comes first, and in a file the worst finding; then what is waived, then what waits.

    most: how many findings of one rule are shown; None for all. What is waived is always shown.
    """
    found = list(findings)
    judged = [finding for finding in found if finding.severity not in (WAIVED, PREFLIGHT)]
    parts = [
        "\n".join(_blocks(judged, colour, most)),
        _section(WAIVED_HEADING, _blocks([finding for finding in found if finding.severity == WAIVED], colour, None)),
        _section(PREFLIGHT_HEADING, _waiting([finding for finding in found if finding.severity == PREFLIGHT], most)),
    ]
    return "\n\n".join(part for part in parts if part)


def summary(findings: Iterable[Finding]) -> str:
    found = list(findings)
    counts = [(LABELS[severity], sum(finding.severity == severity for finding in found)) for severity in SEVERITIES]
    words = [f"{count} {label}" for label, count in counts if count]
    return ", ".join(words) if words else "nothing refused, nothing advised"


def _section(heading: str, lines: Iterable[str]) -> str:
    body = "\n".join(lines)
    return f"{heading}\n{body}" if body else ""


def _blocks(findings: list[Finding], colour: bool, most: int | None) -> Iterator[str]:
    by_file: dict[str, list[Finding]] = {}
    for finding in findings:
        by_file.setdefault(finding.location.file or "", []).append(finding)
    files = sorted(by_file, key=lambda file: (min(_badness(finding) for finding in by_file[file]), file))
    ordered = [finding for file in files for finding in sorted(by_file[file], key=_within_file)]
    for finding in _first_of_each(ordered, most):
        yield "\n".join(_lines(finding, colour))
    yield from _left_out(ordered, most)


def _waiting(findings: list[Finding], most: int | None) -> Iterator[str]:
    for finding in _first_of_each(findings, most):
        yield f"    {_where(finding)}  {finding.path}{_hosts(finding)}: {finding.found}"
    yield from _left_out(findings, most)


def _first_of_each(findings: list[Finding], most: int | None) -> Iterator[Finding]:
    shown: Counter[str] = Counter()
    for finding in findings:
        shown[finding.rule] += 1
        if most is None or shown[finding.rule] <= most:
            yield finding


def _left_out(findings: list[Finding], most: int | None) -> Iterator[str]:
    for rule, count in Counter(finding.rule for finding in findings).items():
        if most is not None and count > most:
            yield f"    … and {count - most} more of {rule}: --all shows them, and contract.json holds them"


def _badness(finding: Finding) -> int:
    return SEVERITIES.index(finding.severity)


def _within_file(finding: Finding) -> tuple[int, int, int, str]:
    return (_badness(finding), finding.location.line or 0, finding.location.column or 0, finding.path)


def _lines(finding: Finding, colour: bool) -> list[str]:
    label = LABELS[finding.severity]
    if colour:
        label = f"{COLOURS[finding.severity]}{label}{RESET}"
    lines = [f"{_where(finding)}  {label}  {finding.path}{_hosts(finding)}"]
    details = [
        ("found", finding.found),
        ("expected", finding.expected),
        ("fix", finding.fix),
        ("waived", _waived(finding)),
        ("rule", f"{finding.rule} ({', '.join(finding.source)})" if finding.source else finding.rule),
    ]
    for name, text in details:
        if text:
            wrapper = textwrap.TextWrapper(
                WIDTH, initial_indent=f"    {name:9} ", subsequent_indent=" " * 14, break_long_words=False, break_on_hyphens=False
            )
            lines.append(wrapper.fill(text))
    return lines


def _where(finding: Finding) -> str:
    return str(finding.location) or "inventory"


def _waived(finding: Finding) -> str:
    waiver = finding.waiver
    if waiver is None:
        return ""
    where = f" ({waiver.location})" if str(waiver.location) else ""
    return f"until {waiver.until}: {waiver.reason}{where}"


def _hosts(finding: Finding) -> str:
    if not finding.hosts:
        return ""
    named = ", ".join(finding.hosts[:MOST_HOSTS_NAMED])
    rest = len(finding.hosts) - MOST_HOSTS_NAMED
    return f"  ({named}{f' and {rest} more' if rest > 0 else ''})"
