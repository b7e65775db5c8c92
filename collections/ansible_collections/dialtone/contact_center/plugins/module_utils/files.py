# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writing files so that a reader, a kill or a power cut never meets a half-written or too widely readable one; their digests."""
from __future__ import annotations

import grp
import hashlib
import os
import pwd
import shutil
import tempfile
import time
from typing import Any, Callable

CHUNK = 1 << 20


def ids(owner: str, group: str) -> tuple[int, int]:
    """Numeric owner and group; -1 leaves the one that is there. Raises KeyError for a name that does not exist."""
    return (
        _number(owner, lambda name: pwd.getpwnam(name).pw_uid),
        _number(group, lambda name: grp.getgrnam(name).gr_gid),
    )


def _number(name: str, look_up: Callable[[str], int]) -> int:
    if not name:
        return -1
    try:
        return look_up(name)
    except KeyError:
        # What belongs to a number without a name is observed as that number.
        if name.isdigit():
            return int(name)
        raise


def set_attributes(path: str, mode: int | None, owner: str, group: str) -> None:
    """Owner first, then mode: chown clears set-id bits."""
    uid, gid = ids(owner, group)
    if (uid, gid) != (-1, -1):
        os.chown(path, uid, gid)
    if mode is not None:
        os.chmod(path, mode)


def label(module: Any, written: str, path: str) -> None:
    """Give what was written the SELinux context that the policy has for `path`, where SELinux is on."""
    if module.selinux_enabled():
        module.set_context_if_different(written, module.selinux_default_context(path), False)


def sha256(path: str) -> str:
    """Digest of a file that may be larger than memory."""
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        for chunk in iter(lambda: stream.read(CHUNK), b""):
            digest.update(chunk)
    return digest.hexdigest()


def back_up(path: str) -> str:
    """A copy beside the file, with its owner and mode; returns its path."""
    status = os.stat(path)
    copy = "{}.{}~".format(path, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()))
    number = 0
    while os.path.lexists(copy):
        number += 1
        copy = "%s.%s.%d~" % (path, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()), number)
    descriptor = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as target, open(path, "rb") as source:
        shutil.copyfileobj(source, target)
    os.chown(copy, status.st_uid, status.st_gid)
    os.chmod(copy, status.st_mode & 0o7777)
    return copy


def write(
    path: str, content: bytes, mode: int, owner: str = "", group: str = "", before_rename: Callable[[str], None] | None = None
) -> None:
    """Replace the file at once: written, owned and flushed under another name, then renamed."""
    directory = os.path.dirname(path)
    descriptor, temporary = tempfile.mkstemp(prefix=".dialtone-", dir=directory)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        set_attributes(temporary, mode, owner, group)
        if before_rename is not None:
            before_rename(temporary)
        os.replace(temporary, path)
    except BaseException:
        if os.path.lexists(temporary):
            os.unlink(temporary)
        raise
    parent = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)
