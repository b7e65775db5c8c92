# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import os

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils import pom_directories, shared_directory
from ansible_collections.dialtone.contact_center.plugins.modules import shared_directory_probe

EXPORT = "db1:/a"


@pytest.fixture
def probe(run_module, tmp_path, monkeypatch):
    """Two hosts see the directory `shared`; a test may have one of them see another."""
    shared = tmp_path / "shared"
    shared.mkdir()
    account = pom_directories.Account(os.getuid(), os.getgid())
    places = {"seen": shared}

    def find(run, directories, _account):
        return [
            shared_directory.SharedDirectory(str(places["seen"]), one["export"], shared_directory.MOUNTED, account, run)
            for one in directories
        ]

    monkeypatch.setattr(shared_directory_probe, "find", find)

    def run(action, host="epm1", check=False, **options):
        directories = [{"path": str(shared), "export": EXPORT}]
        return run_module(shared_directory_probe, {"directories": directories, "action": action, "host": host, **options}, check)

    run.places, run.shared = places, shared
    return run


def test_what_one_host_wrote_the_other_reads_and_nothing_is_left(probe):
    written = probe("write")
    assert not written["changed"]
    assert len(written["content"]) == 32
    assert written["ways"] == {str(probe.shared): "mounted"}
    assert not probe("read", content=written["content"]).get("failed")
    probe("remove")
    assert list(probe.shared.iterdir()) == []


def test_a_host_that_sees_another_directory_is_found(probe, tmp_path):
    content = probe("write")["content"]
    probe.places["seen"] = tmp_path / "local"
    probe.places["seen"].mkdir()
    assert "No such file" in probe("read", content=content)["msg"]
    probe("write")
    assert "do not see the same directory" in probe("read", content=content)["msg"]


def test_a_file_that_a_broken_run_left_is_replaced(probe):
    first = probe("write")["content"]
    second = probe("write")["content"]
    assert first != second
    assert probe("read", content=first)["failed"]
    assert not probe("read", content=second).get("failed")


def test_check_mode_touches_nothing(probe):
    assert not probe("write", check=True)["changed"]
    assert list(probe.shared.iterdir()) == []
