# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a terminal prints, as text: without control sequences, without what was typed, and without a secret.

Each class takes a stream piece by piece, and gives the same for any cut of the same stream.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

MASK = "********"

_TO_A_NEW_PLACE = "HJf"
_SEQUENCE = re.compile(
    "\x1b(?:\\[[0-?]{0,64}[ -/]{0,8}([@-~])"  # CSI; the last letter says what it does
    "|[\\]PX^_][^\x07\x1b\n]{0,256}(?:\x07|\x1b\\\\)"  # titles and the like, with their end
    "|[ -/]{1,8}[0-~]|[0-OQ-WYZ\\\\`-~])"  # character sets, keypad, reset
)
_UNFINISHED = re.compile("\x1b(?:\\[[0-?]{0,64}[ -/]{0,8}|[\\]PX^_][^\x07\x1b\n]{0,256}\x1b?|[ -/]{0,8})?\\Z")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_LINE_END = re.compile("\r+\n?")

# A wrap in the middle of a secret is a line end and an indentation, not more.
_MOST_WHITE_SPACE = 256
# What the end of the output still hides of a secret that was begun.
_LEAST_BEGINNING = 4


class PlainText:
    """Bytes of a terminal as text: a carriage return begins a new line, and so does a jump of the cursor."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._sequence = ""
        self._returns = ""

    def feed(self, data: bytes) -> str:
        text = self._sequence + self._decoder.decode(data)
        unfinished = _UNFINISHED.search(text)
        end = unfinished.start() if unfinished else len(text)
        text, self._sequence = text[:end], text[end:]
        text = _SEQUENCE.sub(lambda found: "\r" if (found.group(1) or "-") in _TO_A_NEW_PLACE else "", text)
        text = self._returns + _CONTROL.sub("", text)
        end = len(text.rstrip("\r"))
        text, self._returns = text[:end], text[end:]
        return _LINE_END.sub("\n", text)


class EchoRemoval:
    """Takes out what a terminal repeats of an answer: it must never be read as what the program says."""

    def __init__(self) -> None:
        self._expected = ""
        self._held = ""

    def sent(self, answer: str) -> None:
        self._held = ""
        self._expected = answer + "\n"

    def feed(self, text: str) -> str:
        if not self._expected:
            return text
        self._held += text
        if self._held.startswith(self._expected):
            text = self._held[len(self._expected) :]
        elif self._expected.startswith(self._held):
            return ""
        else:
            text = self._held
        self._expected = self._held = ""
        return text

    def release(self) -> str:
        """What began like the answer and went no further was said by the program."""
        text, self._held = self._held, ""
        if text:
            self._expected = ""
        return text


class Masker:
    """Replaces secrets in a stream, also one that is wrapped, split over writes, or part of a longer one."""

    def __init__(self, secrets: Iterable[str]) -> None:
        cores = {"".join(secret.split()) for secret in secrets} - {""}
        self._cores = sorted(cores, key=len, reverse=True)
        self._first = re.compile("[%s]" % re.escape("".join(sorted({core[0] for core in cores})))) if cores else None
        self._pending = ""
        self._covered = 0
        self._in_mask = False

    def whole(self, text: str) -> str:
        """A text that stands by itself."""
        masker = Masker(self._cores)
        return masker.feed(text) + masker.end()

    def feed(self, text: str) -> str:
        if self._first is None:
            return text
        self._pending += text
        hold = len(self._pending)
        spans = []
        for found in self._first.finditer(self._pending):
            end, is_open = self._longest_at(found.start())
            if end:
                spans.append((found.start(), end))
            if is_open:
                hold = found.start()
                break
        return self._emit(hold, spans)

    def end(self) -> str:
        """The rest. A secret that was begun and broken off counts as one."""
        if self._first is None:
            return ""
        spans = []
        for found in self._first.finditer(self._pending):
            end, is_open = self._longest_at(found.start())
            if is_open and len("".join(self._pending[found.start() :].split())) >= _LEAST_BEGINNING:
                end = len(self._pending)
            if end:
                spans.append((found.start(), end))
        return self._emit(len(self._pending), spans)

    def _longest_at(self, start: int) -> tuple[int, bool]:
        """Where the longest secret that begins here ends, 0 without one, and whether a longer one may still come."""
        longest, is_open = 0, False
        for core in self._cores:
            end, finished = self._walk(start, core)
            if finished:
                longest = max(longest, end)
            elif end:
                is_open = True
        return longest, is_open

    def _walk(self, start: int, core: str) -> tuple[int, bool]:
        """How far the secret goes from here: its end and True, the end of what is there and False, or 0 where it is none."""
        text, place, size = self._pending, start, len(self._pending)
        for number, letter in enumerate(core):
            if number:
                begin = place
                while place < size and text[place].isspace():
                    place += 1
                if place - begin > _MOST_WHITE_SPACE:
                    return 0, False
            if place == size:
                return size, False
            if text[place] != letter:
                return 0, False
            place += 1
        return place, True

    def _emit(self, hold: int, spans: Iterable[tuple[int, int]]) -> str:
        out = []
        place, covered = 0, self._covered
        for start, end in [*spans, (hold, hold)]:
            if start > hold:
                break
            stop = min(max(covered, place), hold)
            if stop > place:
                out.append("" if self._in_mask else MASK)
                self._in_mask, place = True, stop
            if start > place:
                out.append(self._pending[place:start])
                self._in_mask, place = False, start
            covered = max(covered, end)
        self._covered = max(0, covered - hold)
        self._pending = self._pending[hold:]
        return "".join(out)


class Captures:
    """Takes out of a stream what stands after known words, to the end of the line. A secret one is masked before anybody sees it.

    >>> captures = Captures([{"name": "result", "after": "Decrypted Data:", "secret": True}])
    >>> captures.feed("Decrypted Da") + captures.feed("ta: open ses") + captures.feed("ame\\n1. Encrypt"), captures.values
    ('Decrypted Data: ********\\n1. Encrypt', {'result': 'open sesame'})
    """

    def __init__(self, described: Sequence[Mapping[str, Any]]) -> None:
        self.values: dict[str, str] = {}
        self._described = {one["after"]: one for one in described}
        words = "|".join(re.escape(after) for after in self._described)
        self._pattern = re.compile(r"(?P<after>%s)[ \t]*(?P<value>[^\n]*)" % words) if words else None
        self._held = ""

    @property
    def secrets(self) -> list[str]:
        return [self.values[one["name"]] for one in self._described.values() if one["secret"] and one["name"] in self.values]

    def feed(self, text: str) -> str:
        if self._pattern is None:
            return text
        self._held += text
        shown = ""
        while True:
            found = self._pattern.search(self._held)
            if found is None:
                return shown + self._release(len(self._held) - self._begun())
            if found.end() == len(self._held):
                # The rest of the line may still come.
                return shown + self._release(found.start())
            shown += self._taken(found)

    def end(self) -> str:
        """The rest; the last line may have no end."""
        found = self._pattern.search(self._held) if self._pattern is not None else None
        return (self._taken(found) if found is not None else "") + self._release(len(self._held))

    def _taken(self, found: re.Match[str]) -> str:
        described = self._described[found["after"]]
        value = found["value"].rstrip()
        if value:
            self.values[described["name"]] = value
        if not (described["secret"] and value):
            return self._release(found.end())
        shown = self._release(found.start("value")) + MASK
        self._release(len(found["value"]))
        return shown

    def _begun(self) -> int:
        """How many characters at the end may be the beginning of the words."""
        return max(
            (length for after in self._described for length in range(1, len(after)) if self._held.endswith(after[:length])),
            default=0,
        )

    def _release(self, length: int) -> str:
        text, self._held = self._held[:length], self._held[length:]
        return text
