# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import base64
import json
import zlib

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils.restart import Record, Unit
from ansible_collections.dialtone.contact_center.plugins.modules import host_state_remote


def arguments(desired: dict, apply: bool = True) -> dict:
    payload = base64.b64encode(zlib.compress(json.dumps(desired).encode("utf-8"))).decode("ascii")
    return {"payload": payload, "apply": apply}


@pytest.fixture
def desired(tmp_path):
    root = tmp_path / "host"
    (root / "vendor").mkdir(parents=True)
    (root / "vendor" / "server.properties").write_text("# vendor\nbroker.id=0\nkept=yes\n")
    (root / "hosts").write_text("127.0.0.1 localhost\n")
    return {
        "directory": [{"path": str(root / "data"), "mode": "0750"}],
        "file": [{"path": str(root / "data" / "myid"), "content": "1\n", "mode": "0640"}],
        "properties": [{"path": str(root / "vendor" / "server.properties"), "owned": "keys", "values": {"broker.id": "3"}}],
        "block": [{"path": str(root / "hosts"), "name": "SITE", "content": "192.0.2.1 a\n", "position": "start"}],
        "link": [{"path": str(root / "link"), "target": "data"}],
    }


def test_observing_changes_nothing(run_module, desired, tmp_path):
    result = run_module(host_state_remote, arguments(desired, apply=False))
    assert result["changed"] is False
    assert len(result["changes"]) == 5
    assert not (tmp_path / "host" / "data").exists()


def test_check_mode_foretells_exactly_what_a_run_does(run_module, desired, tmp_path):
    foretold = run_module(host_state_remote, arguments(desired), check=True)
    assert not (tmp_path / "host" / "data").exists()
    done = run_module(host_state_remote, arguments(desired))
    assert foretold["changed"]
    assert done["changed"]
    assert foretold["changes"] == done["changes"]
    assert foretold["diff"] == done["diff"]


def test_a_run_writes_everything_and_a_second_one_nothing(run_module, desired, tmp_path):
    root = tmp_path / "host"
    result = run_module(host_state_remote, arguments(desired))
    assert (root / "data" / "myid").read_text() == "1\n"
    assert (root / "data").stat().st_mode & 0o777 == 0o750
    assert (root / "data" / "myid").stat().st_mode & 0o777 == 0o640
    assert (root / "vendor" / "server.properties").read_text() == "# vendor\nbroker.id=3\nkept=yes\n"
    assert (root / "hosts").read_text().endswith("# END DIALTONE SITE\n127.0.0.1 localhost\n")
    assert (root / "link").readlink().name == "data"
    assert len(result["backups"]) == 2
    again = run_module(host_state_remote, arguments(desired))
    assert (again["changed"], again["changes"]) == (False, [])


def test_drift_of_other_kinds_is_listed_in_check_mode_only(run_module):
    desired = {"user": [{"name": "nobody-of-this-name"}]}
    foretold = run_module(host_state_remote, arguments(desired), check=True)
    assert [(item["kind"], item["path"]) for item in foretold["changes"]] == [("user", "nobody-of-this-name")]
    done = run_module(host_state_remote, arguments(desired))
    assert (done["changed"], done["changes"], done["drift"]["user"]) == (False, [], ["nobody-of-this-name"])


@pytest.fixture
def started(monkeypatch):
    """A service that was started with the files as they were when it was first observed."""
    salt, records = "5a" * 16, []

    def observe_units(host, items):
        (item,) = items
        present = host.contents(item["reads"], salt)
        records.append(Record(present, "", salt))
        return [(item, Unit(item["name"], True, "active", "enabled", record=records[0], present=present))]

    monkeypatch.setattr(host_state_remote.Host, "observe_units", observe_units)


@pytest.fixture
def with_a_unit(started, desired, tmp_path):
    path = str(tmp_path / "host" / "vendor" / "server.properties")
    return {**desired, "unit": [{"name": "kafka", "label": "broker 3", "state": "started", "reads": [path]}]}


REASONS = ["broker.id in server.properties differs from what broker 3 was started with"]


def test_observing_foretells_the_restart_that_the_changes_will_need(run_module, with_a_unit):
    observed = run_module(host_state_remote, arguments(with_a_unit, apply=False))
    assert (observed["units"]["kafka"]["stale"], observed["units"]["kafka"]["stale_after"]) == ([], REASONS)
    assert "unit" not in {change["kind"] for change in observed["changes"]}


def test_check_mode_lists_that_restart(run_module, with_a_unit):
    foretold = run_module(host_state_remote, arguments(with_a_unit), check=True)
    assert foretold["changes"][-1] == {"kind": "unit", "path": "kafka", "reasons": REASONS}


def test_after_writing_the_service_is_observed_to_be_stale(run_module, with_a_unit):
    done = run_module(host_state_remote, arguments(with_a_unit))
    assert (done["units"]["kafka"]["stale"], done["units"]["kafka"]["stale_after"]) == (REASONS, REASONS)


def test_a_failure_in_the_middle_says_what_was_written(run_module, desired, tmp_path):
    desired["file"].append({"path": str(tmp_path / "host" / "x"), "content": "x", "owner": "nobody-of-this-name"})
    result = run_module(host_state_remote, arguments(desired))
    assert result["failed"]
    assert "nobody-of-this-name" in result["msg"]
    assert "2 of 6 items were written before it" in result["msg"]
    assert (tmp_path / "host" / "data" / "myid").exists()
    assert not (tmp_path / "host" / "x").exists()
    assert (tmp_path / "host" / "hosts").read_text() == "127.0.0.1 localhost\n"


def test_what_stands_in_the_way_is_refused_before_anything_is_written(run_module, desired, tmp_path):
    (tmp_path / "host" / "link").mkdir()
    result = run_module(host_state_remote, arguments(desired))
    assert result["failed"]
    assert "where a link to data belongs" in result["msg"]
    assert not (tmp_path / "host" / "data").exists()


def test_secrets_do_not_leave_the_host(run_module, tmp_path):
    desired = {"properties": [{"path": str(tmp_path / "p"), "values": {"ssl.key.password": "hunter2-hunter2"},
                               "secret_keys": ["ssl.key.password"]}]}
    result = run_module(host_state_remote, arguments(desired))
    assert result["changed"]
    assert "hunter2" not in json.dumps(result)
