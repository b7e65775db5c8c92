# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import (
    PREFLIGHT,
    REFUSE,
    WAIVED,
    WARN,
    Finding,
    Location,
    Waiver,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.report_text import (
    ONE_SCREEN,
    PREFLIGHT_HEADING,
    WAIVED_HEADING,
    render_findings,
    summary,
)


def finding(rule: str = "port-clash", severity: str = REFUSE, file: str = "b.yml", line: int = 1, **more) -> Finding:
    return Finding(rule, severity, "kafka_listener_port", "9093", "another", "write another", Location(file, line, 1), **more)


def headlines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith(" ")]


def test_worst_file_first_and_in_it_the_worst_finding() -> None:
    text = render_findings([finding("advice", WARN, "a.yml"), finding("advice", WARN, "b.yml", 1), finding(file="b.yml", line=9)])
    assert [line.split("  ")[:2] for line in headlines(text)] == [
        ["b.yml:9:1", "refused"],
        ["b.yml:1:1", "advised"],
        ["a.yml:1:1", "advised"],
    ]


def test_one_screen_of_each_rule_unless_all_are_asked_for() -> None:
    many = [finding(line=line) for line in range(1, 31)] + [finding("other", line=50)]
    text = render_findings(many)
    assert len(headlines(text)) == ONE_SCREEN + 1
    assert "b.yml:50:1" in text
    assert f"{30 - ONE_SCREEN} more of port-clash: --all" in text
    assert len(headlines(render_findings(many, most=None))) == 31
    assert "more of" not in render_findings(many[:ONE_SCREEN])


def test_rule_is_named_so_that_it_can_be_waived() -> None:
    assert "rule      port-clash (POM-NET-02)" in render_findings([finding(source=("POM-NET-02",))])
    assert render_findings([finding()]).endswith("rule      port-clash")


def test_waivers_stand_apart_and_are_never_left_out() -> None:
    waiver = Waiver("port-clash", "Agreed with the vendor", "2027-01-31", location=Location("all.yml", 3, 5))
    waived = [finding(severity=WAIVED, line=line, waiver=waiver) for line in range(1, 31)]
    text = render_findings([*waived, finding("other")])
    judged, apart = text.split(WAIVED_HEADING)
    assert len(headlines(judged)) == 1
    assert len(headlines(apart)) == 30
    assert "waived    until 2027-01-31: Agreed with the vendor (all.yml:3:5)" in apart


def test_what_waits_for_the_preflight_is_a_list_at_the_end() -> None:
    text = render_findings([finding("checked-in-preflight", PREFLIGHT, hosts=("epm1",)), finding()])
    assert text.splitlines()[-2:] == [PREFLIGHT_HEADING, "    b.yml:1:1  kafka_listener_port  (epm1): 9093"]


def test_summary_counts_each_kind() -> None:
    assert summary([]) == "nothing refused, nothing advised"
    assert summary([finding(), finding(severity=WAIVED), finding(severity=WARN)]) == "1 refused, 1 waived, 1 advised"
