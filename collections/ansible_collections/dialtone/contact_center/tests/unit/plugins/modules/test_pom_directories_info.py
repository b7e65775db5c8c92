# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import grp
import os
import pwd

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils import nfs_mounts, pom_directories
from ansible_collections.dialtone.contact_center.plugins.modules import pom_directories_info

EXPORT = "db1:/srv/pom/archive"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(pom_directories, "OWNER", pwd.getpwuid(os.getuid())[0])
    monkeypatch.setattr(pom_directories, "GROUP", grp.getgrgid(os.getgid())[0])
    account = pom_directories.Account(os.getuid(), os.getgid())
    monkeypatch.setattr(pom_directories, "account_of", lambda: account)
    monkeypatch.setattr(nfs_mounts, "has_nfs_client", lambda run: True)
    found = tmp_path / "POManager"
    found.joinpath("bin").mkdir(parents=True)
    return found


@pytest.fixture
def look(run_module, home):
    def run(**options):
        return run_module(pom_directories_info, {"home": str(home), **options})

    return run


def mount(home):
    return {"path": str(home / "archive"), "export": EXPORT, "options": "defaults", "directories": ["default"]}


def test_a_mount_that_is_due_is_told_with_its_path(look, home):
    result = look(mounts=[mount(home)])
    assert not result["changed"]
    assert result["due"] == {"mount": [str(home / "archive")], "skeleton": [], "splitter": []}
    assert result["mounted"] == {str(home / "archive"): False}
    assert result["account"] == {"uid": os.getuid(), "gid": os.getgid()}


def test_what_would_be_hidden_is_refused_before_anything_changes(look, home):
    home.joinpath("archive").mkdir()
    home.joinpath("archive/list.csv").touch()
    failure = look(mounts=[mount(home)])
    assert failure["failed"]
    assert "Nothing is changed" in failure["msg"]
    assert "would hide 1 entry" in failure["msg"]
    assert look(mounts=[mount(home)], refuse=False)["refusals"]


def test_ids_become_a_fact(look, home):
    program = home / "bin/getOrgID"
    program.write_text('#!/bin/sh\necho "The id of $1 is 1001"\n')
    program.chmod(0o755)
    result = look(organizations=[{"name": "CC"}])
    assert result["organizations"] == {"CC": 1001}
    assert "write `id: 1001`" in result["advice"][0]
    assert "says 7" in look(organizations=[{"name": "CC", "id": 7}])["msg"]


def test_tree_and_splitter(look, home, tmp_path):
    lists = tmp_path / "lists"
    result = look(tree=[str(home / "bin"), str(home / "public")], splitter_sources=[str(lists)])
    assert str(home / "public") in result["advice"][0]
    assert result["due"]["splitter"] == [str(lists)]
    lists.mkdir(mode=0o770)
    lists.chmod(0o770)
    assert look(splitter_sources=[str(lists)])["due"]["splitter"] == []


def test_findmnt_that_fails_ends_the_task_in_words(look, home, monkeypatch):
    monkeypatch.setattr(nfs_mounts, "FINDMNT", ("false",))
    assert "findmnt ended with 1" in look(mounts=[mount(home)])["msg"]
