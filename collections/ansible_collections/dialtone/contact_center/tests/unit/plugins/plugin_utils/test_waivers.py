# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract import rules
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import (
    REFUSE,
    WAIVED,
    WARN,
    Finding,
    Location,
    Waiver,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.waivers import (
    EXPIRED,
    IMPOSSIBLE,
    NEVER_WAIVED,
    UNUSED,
    apply_waivers,
    collect,
    covers,
    from_words,
    in_force,
    judge_waivers,
)

TODAY = date(2026, 11, 21)
KNOWN = {"too-small": "", "too-slow": "", "unknown-variable": "nothing reads it"}
EVERYONE = frozenset({"epm1", "epm2"})
REFUSAL = Finding("too-small", REFUSE, "sizing_memory_mb", "8192", "16384", "more", Location("x.yml", 1, 1), ("epm1",))


def waiver(finding: str = "too-small", until: str = "2027-01-31", **more: str) -> Waiver:
    return Waiver(finding, "agreed with the vendor", until, hosts=EVERYONE, **more)


def judged(*waivers: Waiver, findings: tuple[Finding, ...] = (REFUSAL,), **more) -> list[tuple[str, str]]:
    return [(found.rule, found.severity) for found in judge_waivers(findings, waivers, TODAY, known=KNOWN, **more)]


def test_refusal_is_set_aside_and_says_by_which_waiver() -> None:
    (found,) = apply_waivers([REFUSAL], [waiver()], TODAY)
    assert (found.severity, found.waiver) == (WAIVED, waiver())
    assert not found.refused
    assert found.as_dict()["waiver"]["until"] == "2027-01-31"
    assert judged(waiver(), findings=(found,)) == []


@pytest.mark.parametrize(
    ("narrowed", "fits"),
    [
        (waiver(host="epm1"), True),
        (waiver(host="epm2"), False),
        (waiver(variable="sizing_memory_mb"), True),
        (waiver(variable="sizing_memory"), False),
        (waiver("too-slow"), False),
        (Waiver("too-small", "agreed with the vendor", "2027-01-31", hosts=frozenset({"epm2"})), False),
    ],
)
def test_waiver_covers_no_more_than_it_says(narrowed: Waiver, fits: bool) -> None:
    assert covers(narrowed, REFUSAL) is fits
    assert apply_waivers([REFUSAL], [narrowed], TODAY)[0].refused is not fits


@given(st.integers(-500, 500))
def test_last_day_counts(days: int) -> None:
    until = (TODAY + timedelta(days)).isoformat()
    (found,) = apply_waivers([REFUSAL], [waiver(until=until)], TODAY)
    assert found.refused is (days < 0)
    assert judged(waiver(until=until), findings=(found,)) == ([(EXPIRED, REFUSE)] if days < 0 else [])


def test_waiver_that_is_left_over_is_advised_whatever_its_day() -> None:
    assert judged(waiver("too-slow"), waiver("too-slow", "2020-01-01")) == [(UNUSED, WARN)] * 2
    assert judged(waiver("too-slow"), judged_later={"too-slow"}) == []


def test_some_refusals_are_never_waived() -> None:
    typo = Finding("unknown-variable", REFUSE, "kafak", "a variable", "none", "remove it", hosts=("epm1",))
    (found,) = apply_waivers([typo], [waiver("unknown-variable")], TODAY, {"unknown-variable"})
    assert found.refused
    assert judged(waiver("unknown-variable"), findings=(typo,)) == [(IMPOSSIBLE, REFUSE)]


def test_same_item_of_several_hosts_is_one_waiver() -> None:
    item = {"finding": "too-small", "reason": "agreed with the vendor", "until": "2027-01-31"}
    both = collect([(host, [item], lambda index: Location("all.yml", index + 3)) for host in sorted(EVERYONE)])
    assert [(found.hosts, found.location) for found in both] == [(EVERYONE, Location("all.yml", 3))]
    assert from_words([item], "epm1")[0].hosts == {"epm1"}


def test_preflight_asks_by_the_words_of_a_host() -> None:
    item = {"finding": "measured-too-small", "reason": "more is ordered", "until": "2027-01-31"}
    items = [item | {"variable": "sizing_memory_mb"}]
    found = in_force(items, "measured-too-small", "epm1", "sizing_memory_mb", TODAY)
    assert found is not None
    assert found.reason == "more is ordered"
    assert in_force(items, "measured-too-small", "epm1", "sizing_disk_gb", TODAY) is None
    assert in_force(items, "measured-too-small", "epm1", "sizing_memory_mb", date(2027, 2, 1)) is None


def test_every_refusal_that_is_no_rule_says_why_it_is_never_waived() -> None:
    directory = Path(rules.__file__).parent
    engine = [path for path in directory.glob("*.py") if not path.name.startswith("rule")]
    literal = re.compile(r'(?:rule=|Finding\(|return |, severity, found, expected\n)f?"([a-z][a-z-]+)"', re.MULTILINE)
    spoken = {name for path in engine for name in literal.findall(path.read_text(encoding="utf-8"))}
    advice_or_later = {"host-outside", "checked-in-preflight"}
    unknown = {name for name in spoken if "-" in name} - advice_or_later - set(NEVER_WAIVED)
    assert unknown == set()
    assert {"yaml-syntax", "unknown-variable", "value-type", "vault-closed"} <= spoken & set(NEVER_WAIVED)


def test_rule_names_are_unique_and_none_is_the_engines() -> None:
    names = [rule.name for rule in rules.RULES]
    assert len(names) == len(set(names))
    assert not set(names) & set(NEVER_WAIVED)
