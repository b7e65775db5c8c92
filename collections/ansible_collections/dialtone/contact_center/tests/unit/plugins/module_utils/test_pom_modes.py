# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_modes import (
    MODE_CHANGES,
    UNDOCUMENTED_MODE,
    can_change,
    changes_from,
    forbidden_change,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import load_catalogue

MODES = load_catalogue().words["pom_mode"].schema["enum"]
# The whole table of POM-MODECHG-01.
ALLOWED = {("AACC-SBP", "AACC"), ("None", "CCElite"), ("None", "AACC"), ("None", "AACC-SBP"), ("None", "Oceana")}


@pytest.mark.parametrize(("present", "wanted"), list(itertools.product(MODES, MODES)))
def test_each_pair_is_allowed_refused_or_no_change(present, wanted):
    assert can_change(present, wanted) is ((present, wanted) in ALLOWED)
    refusal = forbidden_change(present, wanted)
    assert bool(refusal) is (present != wanted and (present, wanted) not in ALLOWED)
    if refusal:
        assert "re-installing and re-configuring the POM database" in refusal
        assert f"Write pom_mode: {present}" in refusal
        assert all(mode in refusal for mode in changes_from(present))


@given(st.sampled_from(MODES))
def test_nothing_leads_to_or_from_the_undocumented_mode(mode):
    assert not can_change(mode, UNDOCUMENTED_MODE)
    assert not can_change(UNDOCUMENTED_MODE, mode)


def test_no_change_has_a_way_back():
    steps = {(present, wanted) for present, changes in MODE_CHANGES.items() for wanted in changes}
    assert not any((wanted, present) in steps for present, wanted in steps)


def test_of_an_unknown_mode_the_vendor_s_program_decides_unless_no_change_leads_there():
    assert forbidden_change("", "AACC") == ""
    assert "no change leads to None" in forbidden_change("", "None")
    assert forbidden_change("", UNDOCUMENTED_MODE)
