# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.module_utils import ledger
from ansible_collections.dialtone.contact_center.plugins.module_utils.ledger import Ledger, LedgerError, file_name, merged, plan


def record(step="outcall_user.epm1", revision=1, at="2026-11-21T20:00:00Z", **more):
    words = {"site": "main", "data_center": "dc1", "title": "Give POM a user", "digest": "d", "by": "eva"}
    words |= {"controller": "laptop7", "values": {"User Name": "outcall"}}
    return {**words, "step": step, "revision": revision, "at": at, **more}


RECORDS = st.builds(
    record,
    step=st.sampled_from(["a.epm1", "b.epm1", "c"]),
    revision=st.integers(1, 4),
    at=st.sampled_from(["2026-11-21T20:00:00Z", "2026-11-22T08:00:00Z", "2031-01-01T00:00:00Z"]),
    by=st.sampled_from(["eva", "tom"]),
)
LEDGERS = st.lists(RECORDS, max_size=8)


@given(LEDGERS, LEDGERS, LEDGERS)
def test_copies_come_together_in_any_order(one, two, three):
    assert merged(one, two) == merged(two, one)
    assert merged(merged(one, two).values(), three) == merged(one, merged(two, three).values())


@given(LEDGERS, LEDGERS)
def test_a_copy_read_again_changes_nothing(one, two):
    both = merged(one, two)
    assert merged(both.values(), one) == both
    assert merged(both.values(), both.values()) == both


@given(LEDGERS, LEDGERS)
def test_no_step_is_lost_and_none_goes_back(one, two):
    both = merged(one, two)
    assert set(both) == {entry["step"] for entry in [*one, *two]}
    assert all(both[entry["step"]]["revision"] >= entry["revision"] for entry in [*one, *two])


@given(LEDGERS, LEDGERS)
def test_what_is_planned_brings_the_host_to_the_merged_ledger_and_then_nothing_is_due(found, wanted):
    due = plan(found, wanted)
    after = merged(found, due)
    assert after == merged(found, wanted)
    assert plan(after.values(), wanted) == []
    assert all(merged(found).get(entry["step"]) != entry for entry in due)


def test_a_clock_that_runs_ahead_decides_nothing():
    wrong_clock = record(revision=1, at="2031-01-01T00:00:00Z", by="tom")
    assert merged([wrong_clock], [record(revision=2)])["outcall_user.epm1"]["by"] == "eva"


def test_a_ledger_is_read_as_it_was_written_and_by_root_only(tmp_path):
    held = Ledger(str(tmp_path / "lib" / "ledger"))
    assert held.read() == ({}, [])
    held.write([record(), record(step="b.epm1")])
    assert held.read() == (merged([record(), record(step="b.epm1")]), [])
    assert stat.S_IMODE(os.stat(held.directory).st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "lib" / "ledger").iterdir()} == {0o600}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"step": "outcall_user.epm1"}', "\x00"])
def test_a_damaged_record_counts_as_absent_and_is_named(tmp_path, content):
    held = Ledger(str(tmp_path))
    held.write([record(step="b.epm1")])
    path = tmp_path / "outcall_user.epm1.json"
    path.write_text(content)
    assert held.read() == (merged([record(step="b.epm1")]), [str(path)])


def test_a_record_under_another_name_is_none(tmp_path):
    held = Ledger(str(tmp_path))
    held.write([record()])
    (tmp_path / "outcall_user.epm1.json").rename(tmp_path / "outcall_user.epm2.json")
    assert held.read() == ({}, [str(tmp_path / "outcall_user.epm2.json")])


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"revision": 0}, "revision"),
        ({"revision": True}, "revision"),
        ({"by": None}, "by"),
        ({"values": []}, "values"),
        ({"step": ""}, "step"),
    ],
)
def test_what_is_no_record_is_never_written(tmp_path, changed, named):
    with pytest.raises(LedgerError, match=named):
        Ledger(str(tmp_path)).write([record(**changed)])
    assert list(tmp_path.iterdir()) == []


@given(st.text(min_size=1, max_size=60).filter(lambda text: "\0" not in text and text.isprintable()))
def test_every_step_has_a_file_of_its_own_in_the_directory(step):
    name = file_name(step)
    assert "/" not in name
    assert not name.startswith(".")
    assert file_name(step + "x") != name


def test_unknown_words_of_a_record_are_left_out():
    assert "note" not in ledger.checked(record(note="typed by hand"))
