# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils import files


def test_write_replaces_content_and_mode_at_once(tmp_path):
    path = tmp_path / "store"
    path.write_text("old")
    files.write(str(path), b"new", 0o640)
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o7777 == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == ["store"]


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "store"
    path.write_text("old")
    with pytest.raises(KeyError):
        files.write(str(path), b"new", 0o640, owner="no-such-user-anywhere")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["store"]


def test_the_new_content_is_never_wider_readable_than_asked(tmp_path):
    path = tmp_path / "secret"
    seen = []
    files.write(str(path), b"x", 0o600, before_rename=lambda temporary: seen.append(os.stat(temporary).st_mode & 0o7777))
    assert seen == [0o600]


@pytest.mark.parametrize("size", [0, 1, files.CHUNK, 2 * files.CHUNK + 1])
def test_the_digest_is_of_the_whole_file(tmp_path, size):
    content = os.urandom(size)
    (tmp_path / "archive").write_bytes(content)
    assert files.sha256(str(tmp_path / "archive")) == hashlib.sha256(content).hexdigest()


def test_back_up_keeps_content_and_mode_and_never_overwrites(tmp_path):
    path = tmp_path / "hosts"
    path.write_text("a")
    path.chmod(0o640)
    first, second = files.back_up(str(path)), files.back_up(str(path))
    assert first != second
    for copy in (first, second):
        assert Path(copy).read_text(encoding="utf-8") == "a"
        assert os.stat(copy).st_mode & 0o7777 == 0o640


def test_an_owner_without_a_name_is_its_number():
    assert files.ids("4294900", "") == (4294900, -1)
    with pytest.raises(KeyError):
        files.ids("no-such-user-anywhere", "")
