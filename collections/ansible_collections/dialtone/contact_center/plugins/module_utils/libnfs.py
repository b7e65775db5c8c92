# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An NFS export asked without mounting it, by the library libnfs: for hosts whose kernel has no NFS client.

Its programs can neither delete a file nor say whose account they ask as, so the library is called itself.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable

from ansible_collections.dialtone.contact_center.plugins.module_utils.nfs_mounts import split_export

# In later versions of the interface, read and write take their arguments in another order.
LIBRARIES = ("libnfs.so.13", "libnfs.so.14")
TIMEOUT_MS = 10_000
MOST_BYTES = 4096

POINTER, INTEGER, TEXT = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "nfs_init_context": (POINTER, ()),
    "nfs_destroy_context": (None, (POINTER,)),
    "nfs_get_error": (TEXT, (POINTER,)),
    "nfs_set_version": (INTEGER, (POINTER, INTEGER)),
    "nfs_set_uid": (None, (POINTER, INTEGER)),
    "nfs_set_gid": (None, (POINTER, INTEGER)),
    "nfs_set_timeout": (None, (POINTER, INTEGER)),
    "nfs_mount": (INTEGER, (POINTER, TEXT, TEXT)),
    "nfs_umount": (INTEGER, (POINTER,)),
    "nfs_open": (INTEGER, (POINTER, TEXT, INTEGER, ctypes.POINTER(POINTER))),
    "nfs_close": (INTEGER, (POINTER, POINTER)),
    "nfs_read": (INTEGER, (POINTER, POINTER, ctypes.c_uint64, POINTER)),
    "nfs_write": (INTEGER, (POINTER, POINTER, ctypes.c_uint64, POINTER)),
    "nfs_unlink": (INTEGER, (POINTER, TEXT)),
    "nfs_access": (INTEGER, (POINTER, TEXT, INTEGER)),
}


class NfsError(Exception):
    """The export does not do what was asked, or cannot be asked."""


def load(find: Callable[[str], Any] = ctypes.CDLL) -> Any:
    """The library, or None where the host has none."""
    for name in LIBRARIES:
        try:
            library = find(name)
        except OSError:
            continue
        for function, (result, arguments) in FUNCTIONS.items():
            if hasattr(library, function):
                getattr(library, function).restype = result
                getattr(library, function).argtypes = arguments
        return library
    return None


class Export:
    """An export as one account sees it. Paths are below the export."""

    def __init__(self, library: Any, export: str, uid: int, gid: int) -> None:
        self.library, self.export = library, export
        self.context = POINTER(library.nfs_init_context())
        library.nfs_set_version(self.context, 4)
        library.nfs_set_uid(self.context, uid)
        library.nfs_set_gid(self.context, gid)
        library.nfs_set_timeout(self.context, TIMEOUT_MS)

    def _checked(self, returned: int, what: str) -> int:
        if returned < 0:
            said = (self.library.nfs_get_error(self.context) or b"").decode("utf-8", "replace")
            raise NfsError(f"{self.export} cannot be {what}: {said or os.strerror(-returned)}")
        return returned

    def mount(self) -> None:
        server, path = split_export(self.export)
        self._checked(self.library.nfs_mount(self.context, server.encode(), path.encode()), "reached over NFS")

    def close(self) -> None:
        self.library.nfs_umount(self.context)
        self.library.nfs_destroy_context(self.context)

    @contextmanager
    def _open(self, path: str, flags: int, what: str) -> Iterator[ctypes.c_void_p]:
        handle = POINTER()
        self._checked(self.library.nfs_open(self.context, path.encode(), flags, ctypes.byref(handle)), what)
        try:
            yield handle
        finally:
            self.library.nfs_close(self.context, handle)

    def writable(self) -> None:
        self._checked(self.library.nfs_access(self.context, b"/", os.R_OK | os.W_OK | os.X_OK), "written by POM's account")

    def write(self, path: str, content: bytes) -> None:
        with self._open(path, os.O_WRONLY | os.O_CREAT, f"written to ({path})") as handle:
            written = self._checked(self.library.nfs_write(self.context, handle, len(content), content), f"written to ({path})")
        if written != len(content):
            raise NfsError(f"{self.export} took {written} of {len(content)} bytes of {path}")

    def read(self, path: str) -> bytes:
        buffer = ctypes.create_string_buffer(MOST_BYTES)
        with self._open(path, os.O_RDONLY, f"read ({path})") as handle:
            count = self._checked(self.library.nfs_read(self.context, handle, MOST_BYTES, buffer), f"read ({path})")
        return buffer.raw[:count]

    def remove(self, path: str) -> None:
        self._checked(self.library.nfs_unlink(self.context, path.encode()), f"cleared of {path}")


@contextmanager
def opened(library: Any, export: str, uid: int, gid: int) -> Iterator[Export]:
    found = Export(library, export, uid, gid)
    try:
        found.mount()
        yield found
    finally:
        found.close()
