# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waivers: a named refusal is set aside for a reason, until a day, and is printed every time. Pure.

They serve what the contract finds on paper and what the preflight finds on hosts alike.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import (
    NOWHERE,
    REFUSE,
    WAIVED,
    WARN,
    Finding,
    Location,
    Waiver,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.spelling import nearest

WORD = "site_waivers"
JUDGED_IN_PREFLIGHT = frozenset({"measured-too-small"})  # on paper nobody knows whether a waiver of these is needed
EXPIRED, IMPOSSIBLE, UNUSED = "waiver-expired", "waiver-not-possible", "waiver-unused"

UNREAD = "what cannot be read cannot be judged"
UNNOTICED = "nothing reads what is written there, so it would be ignored without a word"
NO_VALUE = "without a valid value nothing can be computed from it"
NO_SITE = "without one site there is nothing to roll out"
OWN = "a waiver is not prolonged by another one"

# Refusals that stand before the rules of rules*.py, and why none of them can be set aside.
NEVER_WAIVED: Mapping[str, str] = {
    "ansible-setting": UNREAD,
    "inventory-missing": UNREAD,
    "inventory-unreadable": UNREAD,
    "yaml-syntax": UNREAD,
    "yaml-not-a-mapping": UNREAD,
    "vault-closed": UNREAD,
    "file-ignored": UNNOTICED,
    "unknown-variable": UNNOTICED,
    "unknown-host": UNNOTICED,
    "unknown-group": UNNOTICED,
    "group-name": UNNOTICED,
    "computed-variable": UNNOTICED,
    "foreign-prefix": UNNOTICED,
    "required-missing": NO_VALUE,
    "needs-facts": NO_VALUE,
    "lookup": NO_VALUE,
    "template": NO_VALUE,
    "value": NO_VALUE,
    "value-key": NO_VALUE,
    "value-type": NO_VALUE,
    "value-range": NO_VALUE,
    "value-choice": NO_VALUE,
    "value-pattern": NO_VALUE,
    "value-format": NO_VALUE,
    "value-length": NO_VALUE,
    "value-items": NO_VALUE,
    "no-hosts": NO_SITE,
    "unknown-site": NO_SITE,
    "site-not-chosen": NO_SITE,
    EXPIRED: OWN,
    IMPOSSIBLE: OWN,
}


def collect(written: Iterable[tuple[str, list[Mapping[str, Any]], Callable[[int], Location]]]) -> list[Waiver]:
    """The waivers of all hosts: (host, its site_waivers, where the item of an index stands). The same item counts once."""
    hosts: dict[Waiver, set[str]] = {}
    for host, items, locate in written:
        for index, item in enumerate(items):
            words = {key: str(value) for key, value in item.items()}
            waiver = Waiver(
                words["finding"],
                words["reason"],
                words["until"],
                host=words.get("host", ""),
                variable=words.get("variable", ""),
                location=locate(index),
            )
            hosts.setdefault(waiver, set()).add(host)
    return [dataclasses.replace(waiver, hosts=frozenset(names)) for waiver, names in hosts.items()]


def from_words(items: Iterable[Mapping[str, Any]], host: str) -> list[Waiver]:
    """The waivers of one host, where only their values are at hand."""
    return collect([(host, list(items), lambda _index: NOWHERE)])


def in_force(items: Iterable[Mapping[str, Any]], rule: str, host: str, variable: str, today: date) -> Waiver | None:
    """The waiver of a host, by its `site_waivers`, that sets aside what a rule found of a variable: for the preflight."""
    found = Finding(rule, REFUSE, variable, "", "", "", hosts=(host,))
    return apply_waivers([found], from_words(items, host), today)[0].waiver


def covers(waiver: Waiver, finding: Finding) -> bool:
    return (
        waiver.finding == finding.rule
        and (not waiver.host or set(finding.hosts) == {waiver.host})
        and (not waiver.variable or finding.path == waiver.variable or finding.path.startswith(f"{waiver.variable}."))
        and waiver.hosts.issuperset(finding.hosts)
    )


def is_over(waiver: Waiver, today: date) -> bool:
    return date.fromisoformat(waiver.until) < today


def apply_waivers(
    findings: Iterable[Finding], waivers: Iterable[Waiver], today: date, never_waived: Collection[str] = frozenset(NEVER_WAIVED)
) -> list[Finding]:
    """The same findings; a refusal that a waiver covers today is set aside and says by which."""
    in_force = [waiver for waiver in waivers if not is_over(waiver, today) and waiver.finding not in never_waived]
    return [_set_aside(finding, in_force) for finding in findings]


def _set_aside(finding: Finding, in_force: list[Waiver]) -> Finding:
    if not finding.refused:
        return finding
    waiver = next((waiver for waiver in in_force if covers(waiver, finding)), None)
    return dataclasses.replace(finding, severity=WAIVED, waiver=waiver) if waiver else finding


def judge_waivers(
    findings: Iterable[Finding],
    waivers: Iterable[Waiver],
    today: date,
    *,
    known: Mapping[str, str],
    judged_later: Collection[str] = (),
) -> Iterator[Finding]:
    """What is wrong with the waivers themselves.

    known: every rule's name, and why it is never waived (empty: it may be). judged_later: rules that speak in the preflight.
    """
    refusals = [finding for finding in findings if finding.severity in (REFUSE, WAIVED)]
    for waiver in waivers:
        is_needed = any(covers(waiver, finding) for finding in refusals)
        if why := known.get(waiver.finding):
            yield _finding(
                waiver,
                IMPOSSIBLE,
                REFUSE,
                found=f"a waiver of {waiver.finding}",
                expected=f"a finding that can be waived: {why}",
                fix="remove the waiver, and correct what the finding names",
            )
        elif is_needed and is_over(waiver, today):
            yield _finding(
                waiver,
                EXPIRED,
                REFUSE,
                found=f"a waiver of {waiver.finding} until {waiver.until} ({waiver.reason})",
                expected=f"a waiver that is in force on {today.isoformat()}: its finding is refused again",
                fix="correct what the finding names; or decide anew, and write a later day behind `until`",
            )
        elif not is_needed and waiver.finding not in judged_later:
            near = None if waiver.finding in known else nearest(waiver.finding, [name for name, why in known.items() if not why])
            yield _finding(
                waiver,
                UNUSED,
                WARN,
                found=f"a waiver of {waiver.finding}, which is not refused{_narrowed(waiver)}",
                expected="waivers of refusals that this inventory has: one that is left over hides the next",
                fix=f"write finding: {near}" if near else "remove it",
            )


def _narrowed(waiver: Waiver) -> str:
    narrowing = [f"{name} {value}" for name, value in (("host", waiver.host), ("variable", waiver.variable)) if value]
    return f" for {' and '.join(narrowing)}" if narrowing else ""


def _finding(waiver: Waiver, rule: str, severity: str, *, found: str, expected: str, fix: str) -> Finding:
    return Finding(rule, severity, WORD, found, expected, fix, waiver.location)
