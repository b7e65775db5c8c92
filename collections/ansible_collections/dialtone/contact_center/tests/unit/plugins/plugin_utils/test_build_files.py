# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.build_files import (
    plain,
    site_directory,
    write_json,
    write_text,
)


def test_files_are_readable_and_replaced_whole(tmp_path):
    directory = site_directory(str(tmp_path / "build"), "main")
    write_text(directory, "status.html", "old")
    path = write_text(directory, "status.html", "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o644
    assert [entry.name for entry in directory.iterdir()] == ["status.html"]


def test_nothing_is_left_of_a_write_that_fails(tmp_path):
    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path, "status.html", "\ud800")
    assert list(tmp_path.iterdir()) == []


def test_json(tmp_path):
    assert json.loads(write_json(tmp_path, "a.json", {"name": "Zürich"}).read_text()) == {"name": "Zürich"}


def test_relative_directory_becomes_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert site_directory("build", "main") == tmp_path / "build" / "main"


def test_plain():
    class Tagged(str):
        __slots__ = ()

    found = plain({Tagged("a"): [Tagged("b"), (1, None)]})
    assert found == {"a": ["b", [1, None]]}
    assert not isinstance(found["a"][0], Tagged)
