# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest

from ansible_collections.dialtone.contact_center.plugins.modules import data_directory


@pytest.fixture
def node(tmp_path):
    """A broker whose data lies in `old`, and whose inventory says `new`."""
    old = tmp_path / "old"
    (old / "events-0").mkdir(parents=True)
    (old / "meta.properties").write_text("version=0\nbroker.id=2\ncluster.id=abc\n")
    (old / "events-0" / "00000000000000000000.log").write_bytes(b"message")
    (tmp_path / "server.properties").write_text(f"broker.id=2\nlog.dirs={old}\n")
    return tmp_path


def arguments(node, state="observed", **words):
    return {
        "state": state,
        "kind": "kafka",
        "path": str(node / "new"),
        "identity": 2,
        "properties_path": str(node / "server.properties"),
        **words,
    }


def test_a_service_is_never_pointed_at_an_empty_directory(run_module, node):
    result = run_module(data_directory, arguments(node))
    assert result["failed"]
    assert "playbooks/kafka_move_data.yml" in result["msg"]


def test_where_the_data_lies_is_no_move(run_module, node):
    result = run_module(data_directory, arguments(node, path=str(node / "old")))
    assert (result["move"], result["data"]["state"], result["data"]["broker_id"]) == ({}, "in_use", 2)


def test_a_first_installation_has_no_properties_file(run_module, node):
    (node / "server.properties").unlink()
    result = run_module(data_directory, arguments(node))
    assert (result["move"], result["data"]["state"]) == ({}, "missing")


def test_a_move_is_foretold_done_once_and_finished(run_module, node):
    seen = run_module(data_directory, arguments(node, on_move="report"))
    assert (seen["changed"], seen["move"]["files"]) == (False, 2)
    foretold = run_module(data_directory, arguments(node, "moved"), check=True)
    assert foretold["changed"]
    assert not (node / "new").exists()
    done = run_module(data_directory, arguments(node, "moved"))
    assert (done["changed"], done["data"]["state"]) == (True, "in_use")
    assert (node / "new" / "events-0" / "00000000000000000000.log").read_bytes() == b"message"
    assert (node / "old" / "events-0").exists()
    again = run_module(data_directory, arguments(node, "moved"))
    assert (again["changed"], again["move"]["target"]) == (False, str(node / "new"))


@pytest.mark.parametrize("where", ["old", "new"])
def test_a_directory_of_another_broker_is_refused_wherever_it_is(run_module, node, where):
    (node / where).mkdir(exist_ok=True)
    (node / where / "meta.properties").write_text("broker.id=7\ncluster.id=abc\n")
    result = run_module(data_directory, arguments(node, "moved"))
    assert f"{node / where} holds the data of broker 7" in result["msg"]
    assert sorted(path.name for path in (node / "new").glob("*")) == (["meta.properties"] if where == "new" else [])


def test_two_directories_with_data_need_a_person(run_module, node):
    (node / "new").mkdir()
    (node / "new" / "meta.properties").write_text("broker.id=2\ncluster.id=abc\n")
    assert "both hold data" in run_module(data_directory, arguments(node))["msg"]
    assert "is not that of" in run_module(data_directory, arguments(node, "moved"))["msg"]


def test_a_file_is_no_directory(run_module, node):
    (node / "new").write_text("")
    assert "is no directory" in run_module(data_directory, arguments(node))["msg"]
