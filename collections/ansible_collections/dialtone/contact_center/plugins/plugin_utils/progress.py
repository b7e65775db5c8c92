# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a person sees while a playbook runs: the words of the progress lines, and the one line that is written over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import IO

SEPARATOR = " · "
ELLIPSIS = "…"
MOST_HOSTS_NAMED = 3
ERASE_LINE = "\r\033[K"


def elapsed(seconds: float) -> str:
    """
    >>> elapsed(0.4), elapsed(72), elapsed(7384)
    ('0 s', '1 min 12 s', '2 h 3 min')
    """
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def shortened(text: str, width: int) -> str:
    """
    >>> shortened("kafka : restart", 15), shortened("kafka : restart", 9), shortened("kafka", 0)
    ('kafka : restart', 'kafka : …', '')
    """
    if len(text) <= width:
        return text
    return text[: width - 1] + ELLIPSIS if width > 0 else ""


@dataclass(frozen=True)
class Play:
    """A play, or one batch of a play that goes over its hosts in batches."""

    number: int
    total: int
    name: str
    hosts: tuple[str, ...] = ()
    hosts_of_play: int = 0
    hosts_before: int = 0

    @property
    def is_batch(self) -> bool:
        return 0 < len(self.hosts) < self.hosts_of_play

    def heading(self, seconds: float) -> str:
        words = [f"[{self.number}/{self.total}] {self.name}"]
        if self.is_batch:
            last = self.hosts_before + len(self.hosts)
            which = str(last) if len(self.hosts) == 1 else f"{self.hosts_before + 1} to {last}"
            named = ", ".join(self.hosts) if len(self.hosts) <= MOST_HOSTS_NAMED else f"{len(self.hosts)} hosts"
            words.append(f"{named} ({which} of {self.hosts_of_play})")
        return SEPARATOR.join([*words, elapsed(seconds)])


@dataclass(frozen=True)
class Task:
    """The task under way: which one, how many there are where that is known, and how many hosts have done it."""

    number: int = 0
    total: int | None = None
    name: str = ""
    hosts: int = 0
    done: frozenset[str] = field(default_factory=frozenset)

    def next(self, name: str, hosts: int) -> Task:
        return replace(self, number=self.number + 1, name=name, hosts=hosts, done=frozenset())

    def done_on(self, host: str) -> Task:
        return replace(self, done=self.done | {host})

    def line(self, seconds: float, width: int) -> str:
        """One line that fits: the name gives way first, then the counts, and the elapsed time last."""
        of = f"/{self.total}" if self.total is not None and self.number <= self.total else ""
        counts = [f"task {self.number}{of}"]
        if self.hosts > 1:
            counts.append(f"{len(self.done)}/{self.hosts} hosts")
        tail = SEPARATOR.join([*counts, elapsed(seconds)])
        room = width - len(tail) - len(SEPARATOR) - 2
        if room >= 8:
            return "  " + shortened(" ".join(self.name.split()), room) + SEPARATOR + tail
        for text in (tail, SEPARATOR.join([counts[0], elapsed(seconds)]), elapsed(seconds)):
            if len(text) <= width:
                return text
        return ""


class TransientLine:
    """The last line of a terminal, written over again and again, and gone before anything else is written.

    Everything else goes through `sys.stdout` and `sys.stderr`: their `write` is replaced by one that erases this line first. The
    lock is the one under which Ansible writes and starts its workers, so that no worker is born while this line is drawn.
    """

    def __init__(self, stream: IO[str], lock: AbstractContextManager[object], width: Callable[[], int]) -> None:
        self._stream = stream
        self._lock = lock
        self._width = width
        self._write = stream.write
        self._shown = False

    def erases_before(self, other: IO[str]) -> None:
        """From now on, this line is erased before the other stream is written to."""
        write = other.write

        def write_on_a_clean_line(text: str) -> int:
            with self._lock:
                self.erase()
                return write(text)

        other.write = write_on_a_clean_line  # type: ignore[method-assign]

    def show(self, line: Callable[[int], str]) -> None:
        with self._lock:
            # The last column stays free: a terminal may wrap there.
            self._write(ERASE_LINE + line(max(0, self._width() - 1)))
            self._stream.flush()
            self._shown = True

    def erase(self) -> None:
        with self._lock:
            if self._shown:
                self._write(ERASE_LINE)
                self._stream.flush()
                self._shown = False


class Ticker:
    """Calls every second until it is stopped, so that a task that waits shows that time goes on."""

    def __init__(self, call: Callable[[], None], interval: float = 1.0) -> None:
        self._call = call
        self._interval = interval
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dialtone-progress", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(2 * self._interval)

    def _run(self) -> None:
        while not self._stopped.wait(self._interval):
            try:
                self._call()
            except (OSError, ValueError):
                return  # the terminal is gone
