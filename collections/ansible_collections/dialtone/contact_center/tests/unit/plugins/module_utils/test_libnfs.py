# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The calls to libnfs, against a library of the same interface that keeps files in memory."""

from __future__ import annotations

import ctypes
import os
from typing import Any

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils import libnfs

EXPORT = "db1:/srv/pom/archive"


class Library:
    """Files of one export by name. `refuse` is the function that fails, with the server's words."""

    def __init__(self, refuse: str = "") -> None:
        self.files: dict[bytes, bytes] = {}
        self.handles: dict[int, bytes] = {}
        self.calls: list[tuple[Any, ...]] = []
        self.refuse = refuse

    def _called(self, name: str, *arguments: Any) -> int:
        self.calls.append((name, *arguments))
        return -13 if name == self.refuse else 0

    def nfs_init_context(self) -> int:
        return 1

    def nfs_get_error(self, context: Any) -> bytes:
        return b"NFS4ERR_ACCESS"

    def nfs_set_version(self, context: Any, version: int) -> int:
        return self._called("version", version)

    def nfs_set_uid(self, context: Any, uid: int) -> None:
        self._called("uid", uid)

    def nfs_set_gid(self, context: Any, gid: int) -> None:
        self._called("gid", gid)

    def nfs_set_timeout(self, context: Any, milliseconds: int) -> None:
        self._called("timeout", milliseconds)

    def nfs_mount(self, context: Any, server: bytes, path: bytes) -> int:
        return self._called("mount", server, path)

    def nfs_umount(self, context: Any) -> int:
        return self._called("umount")

    def nfs_destroy_context(self, context: Any) -> None:
        self._called("destroy")

    def nfs_open(self, context: Any, path: bytes, flags: int, handle: Any) -> int:
        if flags & os.O_CREAT:
            self.files.setdefault(path, b"")
        if path not in self.files:
            return -2
        number = len(self.handles) + 1
        self.handles[number] = path
        handle._obj.value = number
        return self._called("open", path)

    def nfs_close(self, context: Any, handle: Any) -> int:
        return self._called("close")

    def nfs_write(self, context: Any, handle: Any, count: int, content: bytes) -> int:
        self.files[self.handles[handle.value]] = content[:count]
        return self._called("write") or count

    def nfs_read(self, context: Any, handle: Any, count: int, buffer: Any) -> int:
        content = self.files[self.handles[handle.value]]
        ctypes.memmove(buffer, content, len(content))
        return len(content)

    def nfs_unlink(self, context: Any, path: bytes) -> int:
        return -2 if self.files.pop(path, None) is None else 0

    def nfs_access(self, context: Any, path: bytes, mode: int) -> int:
        return self._called("access", path)


def test_a_file_is_written_read_and_removed_as_the_account() -> None:
    library = Library()
    with libnfs.opened(library, EXPORT, 996, 995) as export:
        export.writable()
        export.write("/probe", b"content")
        assert export.read("/probe") == b"content"
        export.remove("/probe")
    assert library.files == {}
    assert {("version", 4), ("uid", 996), ("gid", 995), ("mount", b"db1", b"/srv/pom/archive")} <= set(library.calls)
    assert library.calls[-2:] == [("umount",), ("destroy",)]
    assert library.calls.count(("close",)) == 2


@pytest.mark.parametrize("function", ["mount", "write", "access"])
def test_a_failure_names_the_export_and_the_server_s_words(function: str) -> None:
    library = Library(function)

    def use() -> None:
        with libnfs.opened(library, EXPORT, 1, 1) as export:
            export.writable()
            export.write("/probe", b"x")

    with pytest.raises(libnfs.NfsError, match=f"{EXPORT}.*NFS4ERR_ACCESS"):
        use()
    assert library.calls[-1] == ("destroy",)


def test_a_missing_file_is_a_failure() -> None:
    with libnfs.opened(Library(), EXPORT, 1, 1) as export:
        with pytest.raises(libnfs.NfsError, match="read"):
            export.read("/none")
        with pytest.raises(libnfs.NfsError, match="cleared"):
            export.remove("/none")


def test_a_host_without_the_library_has_none() -> None:
    def find(name: str) -> Any:
        raise OSError(name)

    assert libnfs.load(find) is None


def test_only_versions_with_this_interface_are_taken() -> None:
    asked = []

    def find(name: str) -> Any:
        asked.append(name)
        if name == "libnfs.so.13":
            raise OSError(name)
        return type("Found", (), {})()

    assert libnfs.load(find) is not None
    assert asked == ["libnfs.so.13", "libnfs.so.14"]
