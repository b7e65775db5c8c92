# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest

from ansible_collections.dialtone.contact_center.plugins.modules import site_ledger

from ..module_utils.test_ledger import record


@pytest.fixture
def keep(run_module, tmp_path):
    def kept(*records, check=False):
        return run_module(site_ledger, {"records": list(records), "directory": str(tmp_path / "ledger")}, check)

    return kept


def test_a_second_run_changes_nothing(keep):
    first = keep(record())
    assert (first["changed"], first["written"]) == (True, ["outcall_user.epm1"])
    assert first["diff"] == {
        "before": "",
        "after": "outcall_user.epm1: confirmed by eva at 2026-11-21T20:00:00Z (revision 1)\n",
    }
    second = keep(record())
    assert (second["changed"], second["written"], second["records"]) == (False, [], first["records"])


def test_an_older_record_takes_no_place(keep):
    keep(record(revision=3, by="tom"))
    answer = keep(record(revision=2))
    assert answer["changed"] is False
    assert answer["records"]["outcall_user.epm1"]["by"] == "tom"


def test_check_mode_says_what_would_be_kept_and_keeps_nothing(keep):
    assert keep(record(), check=True)["written"] == ["outcall_user.epm1"]
    assert keep()["records"] == {}


def test_a_damaged_file_is_told_and_replaced(keep, tmp_path):
    (tmp_path / "ledger").mkdir()
    path = tmp_path / "ledger" / "outcall_user.epm1.json"
    path.write_text("{")
    assert keep()["damaged"] == [str(path)]
    assert keep(record())["damaged"] == []


def test_a_directory_that_cannot_be_made_is_named_with_what_helps(keep, tmp_path):
    (tmp_path / "ledger").write_text("a file")
    failed = keep(record())
    assert failed["failed"] is True
    assert f"{tmp_path}/ledger cannot be kept" in failed["msg"]
    assert "become: true" in failed["msg"]


def test_what_is_no_record_is_refused(keep):
    assert "lacks or mistypes digest" in keep(record(digest=None))["msg"]
