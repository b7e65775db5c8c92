# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Backup sets on a host: one archive a role with a manifest beside it, complete only when its last file says so.

<directory>/<set>/<role>.tar      what the role keeps on the host
<directory>/<set>/<role>.json     manifest: path, kind, mode, owner, group and digest of each entry, the archive's digest
<directory>/<set>/complete.json   digest of each manifest; written last, so that an interrupted backup never counts
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import tarfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.module_utils import files
from ansible_collections.dialtone.contact_center.plugins.module_utils.host_state import (
    Change,
    Host,
    plan_content,
    plan_directory,
    plan_link,
)

COMPLETE = "complete.json"
PARTIAL = ".partial"
DISCARDED = ".discarded-"
SET_NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z(-[a-z][a-z0-9-]*)?")
ROLE_NAME = re.compile(r"[a-z][a-z0-9_]*")
ENTRY_WORDS = ("path", "kind", "mode", "owner", "group", "size", "sha256", "target", "secret", "follow", "restore")


class BackupError(Exception):
    """Something that must not be backed up or restored as it is. Says what, where, and what to do."""


@dataclass(frozen=True)
class Wanted:
    """A path that a role keeps, and how it is treated."""

    path: str
    tree: bool = False
    follow: bool = False
    secret: bool = False
    restore: bool = True


@dataclass(frozen=True)
class Entry:
    """One thing in an archive. `content` is there for files only, and only in memory."""

    path: str
    kind: str  # file | directory | link
    mode: str = ""
    owner: str = ""
    group: str = ""
    sha256: str = ""
    size: int = 0
    target: str = ""
    secret: bool = False
    follow: bool = False
    restore: bool = True
    content: bytes = b""

    def described(self) -> dict[str, Any]:
        """The entry as the manifest has it: never with content."""
        return {word: getattr(self, word) for word in ENTRY_WORDS}


@dataclass(frozen=True)
class Set:
    """A backup set as it lies on the host."""

    name: str
    complete: bool
    roles: tuple[str, ...]


# --- what is backed up ------------------------------------------------------------------------------------------------


def collect(host: Host, wanted: Iterable[Wanted], excluded: str) -> tuple[list[Entry], list[str]]:
    """(entries by path, paths that are not there). Nothing below `excluded`, the sets themselves, is ever taken."""
    found: dict[str, Entry] = {}
    missing = []
    for item in wanted:
        paths = _below(host, item.path) if item.tree else [item.path]
        for path in paths:
            if path == excluded or path.startswith(excluded + "/"):
                continue
            entry = _entry(host, path, item)
            if entry is None:
                missing.append(path)
            elif path not in found:
                found[path] = entry
    return sorted(found.values(), key=lambda entry: entry.path), sorted(set(missing))


def _below(host: Host, path: str) -> list[str]:
    real = host.real(path)
    paths = [path]
    for directory, directories, names in os.walk(real):
        for name in sorted(directories + names):
            paths.append(os.path.join(path, os.path.relpath(os.path.join(directory, name), real)))
    return paths


def _entry(host: Host, path: str, item: Wanted) -> Entry | None:
    observed = host.observe_path(path, read=True, follow=item.follow)
    if observed.kind == "missing":
        return None
    if observed.kind == "other":
        raise BackupError(f"{path} is neither a file, a directory nor a link, and cannot be backed up: remove it, then run again")
    content = observed.content or b""
    is_file = observed.kind == "file"
    return Entry(
        path=path,
        kind=observed.kind,
        mode="" if observed.kind == "link" else f"{observed.mode:04o}",
        owner=observed.owner,
        group=observed.group,
        sha256=hashlib.sha256(content).hexdigest() if is_file else "",
        size=len(content) if is_file else 0,
        target=observed.target,
        secret=item.secret,
        follow=item.follow,
        restore=item.restore,
        content=content,
    )


# --- archive and manifest ---------------------------------------------------------------------------------------------


def manifest_of(name: str, role: str, entries: Sequence[Entry], archive_sha256: str) -> dict[str, Any]:
    return {
        "set": name,
        "role": role,
        "archive_sha256": archive_sha256,
        "files": sum(1 for entry in entries if entry.kind == "file"),
        "bytes": sum(entry.size for entry in entries),
        "entries": [entry.described() for entry in entries],
    }


def write_archive(path: str, entries: Sequence[Entry]) -> str:
    """Write, flush, read back, and only then give the archive its name. Returns its SHA-256."""
    partial = path + PARTIAL
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
                for entry in entries:
                    archive.addfile(_member(entry), io.BytesIO(entry.content) if entry.kind == "file" else None)
            stream.flush()
            os.fsync(stream.fileno())
        digest = files.sha256(partial)
        verify_entries(partial, read_archive(partial), [entry.described() for entry in entries])
        os.replace(partial, path)
    except BaseException:
        if os.path.lexists(partial):
            os.unlink(partial)
        raise
    return digest


def _member(entry: Entry) -> tarfile.TarInfo:
    member = tarfile.TarInfo(entry.path.lstrip("/"))
    member.type = {"file": tarfile.REGTYPE, "directory": tarfile.DIRTYPE, "link": tarfile.SYMTYPE}[entry.kind]
    member.size = len(entry.content) if entry.kind == "file" else 0
    member.mode = int(entry.mode or "0777", 8)
    member.uname, member.gname = entry.owner, entry.group
    member.uid, member.gid = (max(number, 0) for number in files.ids(entry.owner, entry.group))
    member.linkname = entry.target
    return member


def read_archive(path: str) -> dict[str, tuple[str, str, bytes]]:
    """(kind, target, content) by absolute path; nothing is ever unpacked by the names that an archive holds."""
    found = {}
    try:
        with tarfile.open(path, mode="r:") as archive:
            for member in archive:
                kind = "directory" if member.isdir() else "link" if member.issym() else "file" if member.isreg() else "other"
                stream = archive.extractfile(member) if kind == "file" else None
                found["/" + member.name] = (kind, member.linkname, stream.read() if stream is not None else b"")
    except (tarfile.TarError, EOFError) as error:
        raise BackupError(f"{path} cannot be read as an archive: {error}") from error
    return found


def verify_entries(path: str, found: Mapping[str, tuple[str, str, bytes]], described: Sequence[Mapping[str, Any]]) -> None:
    """Refuse an archive that holds anything else than its manifest says."""
    wanted = {entry["path"]: entry for entry in described}
    wrong = sorted(set(found) ^ set(wanted))
    for name in sorted(set(found) & set(wanted)):
        kind, target, content = found[name]
        entry = wanted[name]
        same = kind == entry["kind"] and (kind != "link" or target == entry["target"])
        if not same or (kind == "file" and hashlib.sha256(content).hexdigest() != entry["sha256"]):
            wrong.append(name)
    if wrong:
        raise BackupError(f"{path} does not hold what its manifest says: {', '.join(wrong)}. Nothing is restored from it")


# --- sets -------------------------------------------------------------------------------------------------------------


class Store:
    """The directory of all sets of a host."""

    def __init__(self, directory: str) -> None:
        self.directory = directory

    def path(self, *names: str) -> str:
        return os.path.join(self.directory, *names)

    def _json(self, *names: str) -> Any:
        try:
            with open(self.path(*names), "rb") as stream:
                return json.loads(stream.read().decode("utf-8"))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise BackupError(f"{self.path(*names)} is damaged: {error}. Choose another set") from error

    def _write_json(self, content: Any, *names: str) -> None:
        files.write(self.path(*names), (json.dumps(content, indent=1, sort_keys=True) + "\n").encode("utf-8"), 0o600)

    def sets(self) -> list[Set]:
        """All sets, oldest first."""
        if not os.path.isdir(self.directory):
            return []
        return [self._set(name) for name in sorted(os.listdir(self.directory)) if SET_NAME.fullmatch(name)]

    def _set(self, name: str) -> Set:
        try:
            complete = self._json(name, COMPLETE)
        except BackupError:
            complete = None
        manifests = [file for file in os.listdir(self.path(name)) if file.endswith(".json") and file != COMPLETE]
        roles = sorted(os.path.splitext(file)[0] for file in manifests)
        listed = sorted(complete["roles"]) if complete else []
        is_whole = bool(listed) and listed == roles and all(os.path.isfile(self.path(name, f"{role}.tar")) for role in roles)
        return Set(name, is_whole, tuple(roles))

    def manifest(self, name: str, role: str) -> dict[str, Any] | None:
        manifest: dict[str, Any] | None = self._json(name, f"{role}.json")
        return manifest

    def make(self, name: str) -> None:
        for path in (self.directory, self.path(name)):
            if not os.path.isdir(path):
                os.makedirs(path, mode=0o700)
            os.chmod(path, 0o700)

    def add(self, name: str, role: str, entries: Sequence[Entry]) -> dict[str, Any]:
        """Archive first, manifest last: an archive without a manifest does not count."""
        self.make(name)
        digest = write_archive(self.path(name, f"{role}.tar"), entries)
        manifest = manifest_of(name, role, entries, digest)
        self._write_json(manifest, name, f"{role}.json")
        return manifest

    def verified(self, name: str, role: str) -> tuple[dict[str, Any], dict[str, tuple[str, str, bytes]]]:
        """The manifest and the contents of a role's archive, refused where they do not belong together."""
        manifest = self.manifest(name, role)
        path = self.path(name, f"{role}.tar")
        if manifest is None or not os.path.isfile(path):
            raise BackupError(f"{path} or its manifest is missing: choose another set")
        digest = files.sha256(path)
        if digest != manifest["archive_sha256"]:
            raise BackupError(
                f"{path} is not the archive that was backed up: its SHA-256 is {digest}, the manifest says "
                f"{manifest['archive_sha256']}. Nothing is restored from it: choose another set"
            )
        contents = read_archive(path)
        verify_entries(path, contents, manifest["entries"])
        return manifest, contents

    def complete(self, name: str, act: bool) -> tuple[dict[str, Any], bool]:
        """Prove every archive of the set and say that it is whole. Returns (what was written, whether it is new)."""
        found = next((one for one in self.sets() if one.name == name), None)
        if found is None or not found.roles:
            raise BackupError(f"{self.path(name)} holds no archive: nothing was backed up into set {name}")
        for role in found.roles:
            self.verified(name, role)
        content = {"set": name, "roles": {role: files.sha256(self.path(name, f"{role}.json")) for role in found.roles}}
        changed = self._json(name, COMPLETE) != content
        if changed and act:
            self._write_json(content, name, COMPLETE)
        return content, changed

    def require_complete(self, name: str) -> None:
        """Refuse a set that was interrupted, or whose manifests are not those that completed it."""
        sets = {one.name: one for one in self.sets()}
        if name not in sets:
            whole = [one.name for one in sets.values() if one.complete]
            raise BackupError(f"there is no set {name} in {self.directory}; complete sets: {', '.join(whole) or 'none'}")
        if not sets[name].complete:
            raise BackupError(f"set {name} in {self.directory} is not complete: its backup was interrupted. Choose another set")
        for role, digest in self._json(name, COMPLETE)["roles"].items():
            if files.sha256(self.path(name, f"{role}.json")) != digest:
                raise BackupError(f"{self.path(name, role)}.json was changed after its set was completed: choose another set")

    def discard(self, names: Iterable[str]) -> None:
        """Out of the way at once, then removed: a set that is half removed is none."""
        for name in names:
            os.rename(self.path(name), self.path(DISCARDED + name))
        for name in os.listdir(self.directory):
            if name.startswith(DISCARDED):
                shutil.rmtree(self.path(name))


def expired(sets: Sequence[Set], keep: int, protected: Iterable[str] = ()) -> list[str]:
    """Complete sets beyond the newest `keep`. An incomplete one may still be in the making, and is never among them."""
    whole = sorted(one.name for one in sets if one.complete)
    return [name for name in whole[: max(len(whole) - keep, 0)] if name not in set(protected)]


# --- restore ----------------------------------------------------------------------------------------------------------


def plan_restore(
    host: Host, described: Sequence[Mapping[str, Any]], contents: Mapping[str, tuple[str, str, bytes]]
) -> list[Change]:
    """What differs on disk from the set, directories before what lies in them."""
    order: Mapping[str, Callable[..., Change | None]] = {
        "directory": lambda entry, observed: plan_directory(_item(entry), observed),
        "file": lambda entry, observed: plan_content("file", _item(entry), observed, contents[entry["path"]][2]),
        "link": lambda entry, observed: plan_link({"path": entry["path"], "target": entry["target"], "replace": True}, observed),
    }
    changes = []
    for kind, plan in order.items():
        entries = [entry for entry in described if entry["kind"] == kind and entry["restore"]]
        for entry in sorted(entries, key=lambda one: str(one["path"])):
            change = plan(entry, host.observe_path(entry["path"], read=kind == "file", follow=entry["follow"]))
            if change is not None:
                changes.append(change)
    return changes


def _item(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {word: entry[word] for word in ("path", "mode", "owner", "group", "secret", "follow")}


def left_alone(host: Host, wanted: Iterable[Wanted], described: Iterable[Mapping[str, Any]], excluded: str) -> list[str]:
    """Files and links that a role keeps now, and the set does not have: they stay."""
    known = {entry["path"] for entry in described}
    entries, _missing = collect(host, wanted, excluded)
    return [entry.path for entry in entries if entry.kind != "directory" and entry.restore and entry.path not in known]
