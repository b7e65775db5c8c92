# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
import stat

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils import pom_server
from ansible_collections.dialtone.contact_center.plugins.modules import pom_server_marker


@pytest.fixture
def record(run_module, tmp_path, monkeypatch):
    monkeypatch.setattr(pom_server, "FINGERPRINT_ROUNDS", 1)
    directory = tmp_path / "pom"

    def run(check=False, **options):
        return run_module(pom_server_marker, {"name": "database", "directory": str(directory), **options}, check)

    run.path = directory / "database.json"
    return run


def test_a_record_is_written_once_readable_to_root_only(record):
    assert record(words={"host": "db1"}, secret="canary-secret")["changed"]
    assert not record(words={"host": "db1"}, secret="canary-secret")["changed"]
    assert stat.S_IMODE(record.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(record.path.parent.stat().st_mode) == 0o700
    assert "canary" not in record.path.read_text()


@pytest.mark.parametrize("other", [{"words": {"host": "db2"}, "secret": "s1"}, {"words": {"host": "db1"}, "secret": "s2"}])
def test_another_word_or_another_secret_is_another_record(record, other):
    record(words={"host": "db1"}, secret="s1")
    assert record(**other)["changed"]
    assert not record(**other)["changed"]


def test_check_mode_writes_nothing(record):
    assert record(check=True, words={"a": 1})["changed"]
    assert not record.path.exists()


def test_a_record_is_taken_away(record):
    record(words={"a": 1})
    assert record(state="absent")["changed"]
    assert not record(state="absent")["changed"]


def test_a_damaged_record_is_written_anew(record):
    record(words={"a": 1})
    record.path.write_text("{")
    assert record(words={"a": 1})["changed"]
    assert json.loads(record.path.read_text()) == {"words": {"a": 1}}


@pytest.mark.parametrize("name", ["../x", "A", "", "a.json"])
def test_a_name_that_is_no_file_name_is_refused(record, name):
    failure = record(name=name)
    assert failure["failed"]
    assert "lower case letters" in failure["msg"]
