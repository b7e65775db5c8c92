# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils import guided_proof
from ansible_collections.dialtone.contact_center.plugins.modules import identity_search

DATABASE = {"host": "db1", "address": "", "port": 5432, "database": "pomdb", "user": "pom", "root_certificate": ""}


@pytest.fixture
def look(run_module, tmp_path, monkeypatch):
    """The module over a directory instead of the whole host."""
    original = identity_search.Search
    monkeypatch.setattr(identity_search, "Search", lambda identities, exempt: original(identities, exempt, root=str(tmp_path)))

    def run(former=("epm2",), present=("epm4",), **options):
        return run_module(identity_search, {"former": list(former), "present": list(present), **options})

    run.root = tmp_path
    return run


def rows(monkeypatch, status, output, errors=""):
    monkeypatch.setattr(guided_proof, "ask", lambda *_arguments: (status, output, errors))


def test_places_are_told_and_nothing_is_changed(look):
    (look.root / "etc").mkdir()
    (look.root / "etc/hosts").write_text("192.0.2.12 epm2 canary\n")
    result = look()
    assert not result["changed"]
    assert result["hits"] == [{"path": "/etc/hosts", "line": 1, "name": "epm2", "where": "/etc/hosts:1"}]
    assert "canary" not in json.dumps(result["hits"])


def test_the_sites_own_exemptions_hold(look):
    (look.root / "etc").mkdir()
    (look.root / "etc/hosts").write_text("epm2\n")
    assert look(exempt=[{"path": "/etc/h*", "reason": "of the test"}])["hits"] == []


def test_rows_are_asked_for_and_judged(look, monkeypatch):
    lines = ['"pim_server"', '{"server_name": "epm2", "server_address": "epm2.example.com"}', '{"server_name": "epm4"}']
    rows(monkeypatch, 0, "\n".join(lines))
    assert [hit["where"] for hit in look(database=DATABASE)["hits"]] == ["table pim_server, row:1"]


def test_a_database_that_does_not_answer_is_no_proof(look, monkeypatch):
    rows(monkeypatch, 2, "", "FATAL: password authentication failed for canary-secret")
    result = look(database=DATABASE, database_password="canary-secret")
    assert result["failed"]
    assert "pom_database_password" in result["msg"]
    assert "canary-secret" not in result["msg"]


def test_before_a_change_a_silent_database_is_only_told(look, monkeypatch):
    rows(monkeypatch, 2, "", "server certificate for epm2 does not match host name epm4")
    result = look(database=DATABASE, strict=False)
    assert "failed" not in result
    assert "does not match host name" in result["unread"][0]


def test_without_a_former_name_nothing_is_asked(look, monkeypatch):
    rows(monkeypatch, 2, "", "not reached")
    assert look(former=[], database=DATABASE)["hits"] == []
