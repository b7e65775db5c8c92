# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is mounted on a host, what its /etc/fstab says, and whether its kernel can mount NFS at all."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Callable

Run = Callable[[Sequence[str]], "tuple[int, str, str]"]
NFS_TYPES = ("nfs", "nfs4")
FINDMNT = ("findmnt", "--json", "--list", "--output", "TARGET,SOURCE,FSTYPE,OPTIONS")


class MountError(Exception):
    """What is mounted cannot be seen."""


@dataclass(frozen=True)
class Mount:
    """A line of findmnt or of /etc/fstab."""

    target: str
    source: str
    fstype: str
    options: str = ""

    @property
    def is_nfs(self) -> bool:
        return self.fstype in NFS_TYPES

    @property
    def server_address(self) -> str:
        """What the kernel says it is connected to."""
        found = re.search(r"(?:^|,)addr=([^,]+)", self.options)
        return found[1] if found else ""


def parse_findmnt(text: str) -> dict[str, Mount]:
    """The mount that is seen at each place: of several over each other, the last."""
    try:
        rows = json.loads(text)["filesystems"]
    except (ValueError, KeyError, TypeError) as error:
        raise MountError(f"findmnt printed what cannot be read: {text.strip()[:200]!r}") from error
    mounts = (Mount(row["target"], row.get("source") or "", row.get("fstype") or "", row.get("options") or "") for row in rows)
    return {mount.target: mount for mount in mounts}


def parse_fstab(text: str) -> dict[str, Mount]:
    """The entries by their place; mount takes the first of several."""
    found: dict[str, Mount] = {}
    for line in text.splitlines():
        words = [] if line.lstrip().startswith("#") else line.split()
        if len(words) >= 3:
            source, target, fstype = words[:3]
            place = os.path.normpath(_unescaped(target)) if target.startswith("/") else target
            found.setdefault(place, Mount(place, _unescaped(source), fstype, words[3] if len(words) > 3 else "defaults"))
    return found


def _unescaped(word: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), word)


def split_export(export: str) -> tuple[str, str]:
    server, _colon, path = export.partition(":")
    return server, os.path.normpath(path or "/")


def is_mounted_from(mount: Mount | None, export: str, addresses: Sequence[str] = ()) -> bool:
    """Whether NFS is mounted from this export: under this name, or under another of the server that it is connected to."""
    if mount is None or not mount.is_nfs:
        return False
    (server, path), (named, mounted_path) = split_export(export), split_export(mount.source)
    return path == mounted_path and (named.lower() == server.lower() or mount.server_address in addresses)


def addresses_of(server: str) -> list[str]:
    try:
        return sorted({str(entry[4][0]) for entry in socket.getaddrinfo(server, None)})
    except OSError:
        return []


def mounted(run: Run) -> dict[str, Mount]:
    rc, out, err = run(FINDMNT)
    if rc != 0:
        raise MountError(f"findmnt ended with {rc}: {err.strip()}")
    return parse_findmnt(out)


def has_nfs_client(run: Run, filesystems: str = "/proc/filesystems") -> bool:
    """Whether the kernel can mount NFS, its module loaded first where it is one."""
    if _lists_nfs(filesystems):
        return True
    # A container has neither modules nor the program.
    if shutil.which("modprobe") is None:
        return False
    run(["modprobe", "--quiet", "nfs"])
    return _lists_nfs(filesystems)


def _lists_nfs(filesystems: str) -> bool:
    with open(filesystems, encoding="utf-8") as stream:
        return any(line.split()[-1:] == ["nfs4"] for line in stream)


def entry_reasons(entry: Mount | None, wanted: Mapping[str, Any]) -> list[str]:
    """Why the entry in /etc/fstab is not the wanted one, in words."""
    if entry is None:
        return ["has no entry in /etc/fstab"]
    pairs = (
        ("export", entry.source, wanted["export"]),
        ("type", entry.fstype, wanted["fstype"]),
        ("options", entry.options, wanted["options"]),
    )
    return [f"{word} {found} in /etc/fstab becomes {desired}" for word, found, desired in pairs if found != desired]
