"""The table for reading reports: whoever looks a code up finds one answer (POM-MAP-01)."""

from __future__ import annotations

from collections import Counter

import yaml

from lab.state import REPOSITORY

ROWS = yaml.safe_load((REPOSITORY / "docs/call_results.yml").read_text(encoding="utf-8"))["call_results"]


def test_each_code_of_sip_mpp_and_ccxml_stands_in_one_row():
    sip = Counter(code for row in ROWS for code in row["sip"])
    assert len(sip) == 35
    for counted in (sip, Counter(row["mpp"] for row in ROWS), Counter(row["ccxml"] for row in ROWS)):
        assert [code for code, number in counted.items() if number > 1] == []


def test_every_row_is_whole_and_every_code_is_spelt_as_its_kind_is():
    for row in ROWS:
        assert row["sip"]
        assert row["mpp"].startswith("VP_")
        assert row["ccxml"] == row["ccxml"].lower()
        assert all(code.startswith("UA_") for code in row["sip"])
        assert all("_" in code and " " not in code for code in row["completion"])
