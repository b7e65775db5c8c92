# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import (
    SEVERITIES,
    Finding,
    Location,
    merge_over_hosts,
)

FINDING = Finding("rule", "refuse", "word", "found", "expected", "fix", Location("hosts.yml", 3, 1), ("epm1",), ("POM-ZK-01",))
FINDINGS = st.builds(
    Finding,
    rule=st.sampled_from(["a", "b"]),
    severity=st.sampled_from(SEVERITIES),
    path=st.just("word"),
    found=st.just("found"),
    expected=st.just("expected"),
    fix=st.just("fix"),
    location=st.builds(Location, st.sampled_from([None, "x.yml", "y.yml"]), st.sampled_from([None, 1, 2]), st.none()),
    hosts=st.sampled_from([(), ("epm1",), ("epm2",)]),
    at_declaration=st.booleans(),
)


def test_same_finding_on_two_hosts_is_one() -> None:
    other = dataclasses.replace(FINDING, hosts=("db1",))
    assert merge_over_hosts([FINDING, other, FINDING]) == [dataclasses.replace(FINDING, hosts=("db1", "epm1"))]


def test_another_line_is_another_finding() -> None:
    other = dataclasses.replace(FINDING, location=Location("hosts.yml", 4, 1))
    assert merge_over_hosts([other, FINDING]) == [FINDING, other]


def test_what_nobody_wrote_stands_at_the_file_when_several_hosts_lack_it() -> None:
    lacking = [
        dataclasses.replace(FINDING, location=Location("hosts.yml", line, 1), hosts=(host,), at_declaration=True)
        for line, host in ((3, "epm1"), (4, "epm2"))
    ]
    (merged,) = merge_over_hosts(lacking)
    assert merged.location == Location("hosts.yml")
    assert merged.hosts == ("epm1", "epm2")


@given(st.lists(FINDINGS, max_size=8))
def test_merging_is_stable_and_loses_no_host(findings: list[Finding]) -> None:
    merged = merge_over_hosts(findings)
    assert merge_over_hosts(reversed(findings)) == merged
    assert merge_over_hosts(merged) == merged
    assert {host for finding in merged for host in finding.hosts} == {host for finding in findings for host in finding.hosts}
    assert [finding.severity for finding in merged] == sorted((finding.severity for finding in merged), key=SEVERITIES.index)
