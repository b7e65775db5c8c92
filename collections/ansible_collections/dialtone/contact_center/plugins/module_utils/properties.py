# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Java properties files: read them as Java does, change only the keys that are ours, keep every other line as it is."""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_KEY_END = re.compile(r"(?<!\\)(?:\\\\)*(?:\s*[=:]|\s)\s*")
_ODD_BACKSLASHES = re.compile(r"(?<!\\)(?:\\\\)*\\$")


class PropertiesError(ValueError):
    """A key or value that a properties file cannot hold."""


@dataclass(frozen=True)
class _Entry:
    """A logical line: its physical text, and key and value where it has them."""

    text: str
    key: str | None = None
    value: str = ""


def _unescape(text: str) -> str:
    out = []
    index = 0
    while index < len(text):
        char = text[index]
        if char != "\\" or index + 1 >= len(text):
            out.append(char)
            index += 1
            continue
        following = text[index + 1]
        code = text[index + 2:index + 6]
        if following == "u" and re.fullmatch("[0-9a-fA-F]{4}", code):
            out.append(chr(int(code, 16)))
            index += 6
            continue
        out.append(_ESCAPES.get(following, following))
        index += 2
    # A character beyond the basic plane stands as two escapes; Python wants it as one.
    return "".join(out).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _lines(text: str) -> list[str]:
    # str.splitlines would also split where Java does not, at a vertical tab for example.
    lines = re.split(r"\r\n|\r|\n", text)
    return lines[:-1] if lines and not lines[-1] else lines


def _escape(text: str, is_key: bool) -> str:
    if "\n" in text or "\r" in text or "\0" in text:
        raise PropertiesError("a line break or NUL cannot stand in a property")
    out = []
    for index, char in enumerate(text):
        if char == "\\":
            out.append("\\\\")
        elif char == "\t":
            out.append("\\t")
        elif char == "\f":
            out.append("\\f")
        elif (is_key and char in "=: ") or (index == 0 and (char == " " or (is_key and char in "#!"))):
            out.append("\\" + char)
        elif " " <= char <= "~":
            out.append(char)
        else:
            units = char.encode("utf-16-be")
            out.extend(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
    return "".join(out)


def format_property(key: str, value: str) -> str:
    """One line `key=value`, escaped so that Java reads exactly these two strings."""
    if not key:
        raise PropertiesError("a property needs a key")
    return _escape(key, is_key=True) + "=" + _escape(value, is_key=False)


def _entries(text: str) -> list[_Entry]:
    entries = []
    lines = _lines(text)
    index = 0
    while index < len(lines):
        line = lines[index]
        stripped = line.lstrip(" \t\f")
        index += 1
        if not stripped or stripped[0] in "#!":
            entries.append(_Entry(line))
            continue
        physical = [line]
        logical = stripped
        while _ODD_BACKSLASHES.search(logical) and index < len(lines):
            physical.append(lines[index])
            logical = logical[:-1] + lines[index].lstrip(" \t\f")
            index += 1
        end = _KEY_END.search(logical)
        if end is None:
            key, value = logical, ""
        else:
            # Backslashes that the pattern consumed before the separator are pairs of the key itself.
            lead = len(end.group(0)) - len(end.group(0).lstrip("\\"))
            key, value = logical[:end.start() + lead], logical[end.end():]
        entries.append(_Entry("\n".join(physical), _unescape(key), _unescape(value)))
    return entries


def parse(text: str) -> dict[str, str]:
    """Keys and values as java.util.Properties loads them: the last of several equal keys wins."""
    return {entry.key: entry.value for entry in _entries(text) if entry.key is not None}


def render(values: Mapping[str, str], header: str = "") -> str:
    """A whole file that is ours: the header as comment lines, then the properties in the given order."""
    comment = ["# " + line if line else "#" for line in header.splitlines()]
    return "\n".join(comment + [format_property(key, value) for key, value in values.items()]) + "\n"


def merge(text: str, values: Mapping[str, str], absent: Iterable[str] = ()) -> str:
    """The text with our keys set and the absent ones removed; every other line stays to the letter.

    A key that stands several times is left once, at its last place (the one that Java reads). New keys are appended.
    """
    unwanted = set(absent)
    overlap = unwanted.intersection(values)
    if overlap:
        raise PropertiesError("both set and absent: {}".format(", ".join(sorted(overlap))))
    entries = _entries(text)
    last = {entry.key: index for index, entry in enumerate(entries) if entry.key is not None}
    lines = []
    for index, entry in enumerate(entries):
        if entry.key in unwanted:
            continue
        if entry.key is None or entry.key not in values:
            lines.append(entry.text)
        elif index == last[entry.key]:
            wanted = values[entry.key]
            lines.append(entry.text if entry.value == wanted else format_property(entry.key, wanted))
    lines.extend(format_property(key, value) for key, value in values.items() if key not in last)
    return "\n".join(lines) + "\n" if lines else ""
