# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a running service needs a restart, and why: decided from what it was started with and what is on disk now. Pure.

The start record is written by `record-start` of the role host at each start of the service:

    start INVOCATION SALT       systemd's id of this start, and the salt of the digests of lines
    DIGEST  PATH                as sha256sum writes it, for every file that the service reads
    lines PATH                  of a file that is lines of words, followed by, in the order of its lines,
    DIGEST KEY                  the digest of salt and line, and the line's key in clear

A record of an earlier Dialtone holds nothing but the second kind.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

RUNNING_STATES = ("active", "activating", "reloading")
# The characters that begin a comment, by the ending of a file that is lines of words.
COMMENTS = {".properties": b"#!", ".service": b"#;", ".conf": b"#;"}
# Causes that leave open what the service was started with.
WITHOUT_RECORD = ("unrecorded", "other_start")
FILES_NAMED = 3
FILES_LISTED = 5

_LINE_END = re.compile(rb"[\r\n\0]")
_BLANKS = b" \t\n\r\v\f"
_KEY_END = re.compile(rb"[=: \t\n\r\v\f]")
_VARIABLE = re.compile(rb"(Environment=)[\"']?([A-Za-z0-9_]+)=")
_START = re.compile(r"start (\S+) ([0-9a-f]+)")
_ENTRY = re.compile(r"(?P<escaped>\\?)(?P<digest>[0-9a-f]{64})(?P<blanks> {1,2})(?P<rest>.*)")


@dataclass(frozen=True)
class Line:
    """One line of a file, without its words: its key, and a salted digest."""

    key: str
    digest: str


@dataclass(frozen=True)
class Content:
    """One file, without its words. `lines` is None where the file is no list of lines, or nobody recorded them."""

    digest: str
    lines: tuple[Line, ...] | None = None


@dataclass(frozen=True)
class Record:
    """What a service was started with. `invocation` is empty where nobody recorded it."""

    files: Mapping[str, Content]
    invocation: str = ""
    salt: str = ""


@dataclass(frozen=True)
class Unit:
    """What systemd and the start record say of one service, and what it would read if it started now."""

    name: str
    exists: bool = False
    active: str = "inactive"
    enabled: str = ""
    needs_reload: bool = False
    invocation: str = ""
    record: Record | None = None
    present: Mapping[str, Content] = field(default_factory=dict)

    @property
    def running(self) -> bool:
        return self.active in RUNNING_STATES


@dataclass(frozen=True)
class Cause:
    """One difference between what a service was started with and what is on disk; without a key, of the file as a whole."""

    what: str  # unrecorded | other_start | changed | new | gone | reordered
    path: str = ""
    key: str = ""


def _is_properties(path: str) -> bool:
    return path.endswith(".properties")


def comment_characters(path: str) -> bytes:
    """Empty for a file that is no list of lines."""
    return next((characters for ending, characters in COMMENTS.items() if path.endswith(ending)), b"")


def lines_of(path: str, data: bytes, salt: str) -> tuple[Line, ...]:
    """The lines that are neither blank nor comment, exactly as `record-start` writes them."""
    comments = comment_characters(path)
    pieces = _LINE_END.split(data)
    if not pieces[-1]:
        pieces.pop()
    lines = []
    key, continued = b"", False
    for piece in pieces:
        text = piece.lstrip(_BLANKS)
        # To Java, what follows a backslash at the end of a line is never a comment; to systemd it can be one.
        if text and text[:1] in comments and not (continued and _is_properties(path)):
            continue
        if not continued:
            if not text:
                continue
            variable = _VARIABLE.match(text)
            key = b"".join(variable.groups()) if variable else _KEY_END.split(text, 1)[0]
        lines.append(Line(key.decode("utf-8", "replace"), hashlib.sha256(salt.encode("ascii") + text).hexdigest()))
        continued = text.endswith(b"\\") or (continued and not text)
    return tuple(lines)


def content_of(path: str, data: bytes, salt: str) -> Content:
    """A file as a record with this salt describes it."""
    lines = lines_of(path, data, salt) if salt and comment_characters(path) else None
    return Content(hashlib.sha256(data).hexdigest(), lines)


def parse_record(text: str) -> Record:
    """The start record; lines that are none of its kinds are skipped."""
    digests: dict[str, str] = {}
    lines: dict[str, list[Line]] = {}
    invocation = salt = path = ""
    # Not splitlines: a key may hold a character at which Python ends a line, and no shell does.
    for line in text.split("\n"):
        start, entry = _START.fullmatch(line), _ENTRY.fullmatch(line)
        if start:
            invocation, salt = start.group(1).strip("-"), start.group(2)
        elif line.startswith("lines "):
            path = line[len("lines ") :]
            lines[path] = []
        elif entry and entry.group("blanks") == "  ":
            digests[_unescaped(entry.group("rest")) if entry.group("escaped") else entry.group("rest")] = entry.group("digest")
        elif entry and path:
            lines[path].append(Line(entry.group("rest"), entry.group("digest")))
    files = {name: Content(digest, tuple(lines[name]) if name in lines else None) for name, digest in digests.items()}
    return Record(files, invocation, salt)


def _unescaped(path: str) -> str:
    """A path that sha256sum marked with a backslash, because it holds one or a line end."""
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "r": "\r"}.get(found.group(1), found.group(1)), path)


# --- the decision -----------------------------------------------------------------------------------------------------


def causes(unit: Unit) -> list[Cause]:
    """Every difference that a restart would end; none for a service that does not run.

    Contents decide, never times: a touched file is none, a replaced store with an old time is one. For the same reason systemd's
    NeedDaemonReload does not count: a unit file that was changed and changed back is what the service was started with.
    """
    if not unit.running:
        return []
    if unit.record is None:
        return [Cause("unrecorded")] if unit.present else []
    if unit.invocation and unit.record.invocation and unit.invocation != unit.record.invocation:
        return [Cause("other_start")]
    recorded, present = unit.record.files, unit.present
    found = []
    for path in sorted(set(recorded) & set(present)):
        found += _causes_of_file(path, recorded[path], present[path])
    found += [Cause("new", path) for path in sorted(set(present) - set(recorded))]
    found += [Cause("gone", path) for path in sorted(set(recorded) - set(present))]
    return found


def _causes_of_file(path: str, recorded: Content, present: Content) -> list[Cause]:
    if recorded.digest == present.digest:
        return []
    if recorded.lines is None or present.lines is None:
        return [Cause("changed", path)]
    before, after = _by_key(recorded.lines), _by_key(present.lines)
    found = []
    for key in sorted(set(before) | set(after)):
        if key not in before:
            found.append(Cause("new", path, key))
        elif key not in after:
            found.append(Cause("gone", path, key))
        elif before[key] != after[key]:
            found.append(Cause("changed", path, key))
    # In properties only the order of lines with one key tells, and that is compared above; elsewhere a section may have changed.
    if not found and not _is_properties(path) and recorded.lines != present.lines:
        found.append(Cause("reordered", path))
    return found


def _by_key(lines: Iterable[Line]) -> dict[str, list[str]]:
    digests: dict[str, list[str]] = {}
    for line in lines:
        digests.setdefault(line.key, []).append(line.digest)
    return digests


def without_online(found: Iterable[Cause], path: str, keys: Iterable[str]) -> list[Cause]:
    """The causes without those keys of a file that the running service has taken over already."""
    taken = set(keys)
    return [cause for cause in found if cause.path != path or cause.key not in taken]


# --- in words ---------------------------------------------------------------------------------------------------------


def reasons(unit: Unit, label: str) -> list[str]:
    """Why the service, called `label`, needs a restart; empty when it needs none."""
    return in_words(causes(unit), unit, label)


def keys_of_reasons(unit: Unit, label: str) -> dict[str, str]:
    """For each reason that is one key of a properties file, that key: what a service may take over while it runs."""
    keyed = [cause for cause in causes(unit) if cause.key and _is_properties(cause.path)]
    return {words: cause.key for cause in keyed for words in in_words([cause], unit, label)}


def in_words(found: Iterable[Cause], unit: Unit, label: str) -> list[str]:
    """The causes as a person reads them; many files of one directory in one sentence."""
    names = _short_names({*unit.present, *(unit.record.files if unit.record else ())})
    alike: dict[tuple[str, str, str], list[Cause]] = {}
    for cause in found:
        place = cause.path if cause.key else os.path.dirname(cause.path)
        alike.setdefault((cause.what, cause.key, place), []).append(cause)
    words = []
    for (what, _key, place), group in alike.items():
        if len(group) <= FILES_LISTED or what not in _PLURAL:
            words += [_sentence(cause, names.get(cause.path, cause.path), label) for cause in group]
        else:
            first = ", ".join(os.path.basename(cause.path) for cause in group[:FILES_NAMED])
            subject = f"{len(group)} files of {place} ({first} and {len(group) - FILES_NAMED} more)"
            words.append(f"{subject} {_PLURAL[what]} {_ENDINGS[what].format(label)}")
    return words


_SINGULAR = {"changed": "differs", "new": "is new", "gone": "is gone"}
_PLURAL = {"changed": "differ", "new": "are new", "gone": "are gone"}
_ENDINGS = {"changed": "from what {} was started with", "new": "since {} was started", "gone": "since {} was started"}


def _sentence(cause: Cause, name: str, label: str) -> str:
    if cause.what == "unrecorded":
        return f"there is no record of what {label} was started with"
    if cause.what == "other_start":
        return f"{label} was started without a record of what it read (invocation differs)"
    if cause.what == "reordered":
        return f"the order of the lines in {name} differs from what {label} was started with"
    subject = f"{cause.key} in {name}" if cause.key else name
    return f"{subject} {_SINGULAR[cause.what]} {_ENDINGS[cause.what].format(label)}"


def _short_names(paths: Iterable[str]) -> dict[str, str]:
    """The last name of each path, where it is the only one with it."""
    everything = list(paths)
    count = Counter(os.path.basename(path) for path in everything)
    return {path: os.path.basename(path) if count[os.path.basename(path)] == 1 else path for path in everything}
