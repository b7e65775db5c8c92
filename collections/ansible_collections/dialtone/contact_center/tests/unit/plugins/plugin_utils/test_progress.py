# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The words of the progress lines, and the line of a terminal that is written over."""

from __future__ import annotations

import doctest
import io
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import progress
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.progress import Play, Task, Ticker, TransientLine


def test_examples_hold():
    assert doctest.testmod(progress).failed == 0


@pytest.mark.parametrize(
    ("play", "heading"),
    [
        (Play(3, 14, "Kafka", ("epm1", "epm2"), 2), "[3/14] Kafka · 1 min 12 s"),
        (Play(9, 14, "Kafka, one by one", ("epm2",), 3, 1), "[9/14] Kafka, one by one · epm2 (2 of 3) · 1 min 12 s"),
        (Play(9, 14, "By four", ("a", "b", "c", "d"), 8, 4), "[9/14] By four · 4 hosts (5 to 8 of 8) · 1 min 12 s"),
        (Play(9, 14, "By two", ("c", "d"), 5, 2), "[9/14] By two · c, d (3 to 4 of 5) · 1 min 12 s"),
    ],
)
def test_heading(play, heading):
    assert play.heading(72) == heading


def test_task_counts_hosts_once_and_starts_anew_with_the_next_task():
    task = Task(total=12).next("configure | Write", 3).done_on("epm1").done_on("epm1").done_on("epm2")
    assert task.line(72, 80) == "  configure | Write · task 1/12 · 2/3 hosts · 1 min 12 s"
    assert task.next("restart | Wait", 1).line(73, 80) == "  restart | Wait · task 2/12 · 1 min 13 s"


def test_number_of_tasks_that_nobody_knows_is_not_shown():
    assert Task().next("Wait", 1).line(1, 80) == "  Wait · task 1 · 1 s"
    assert Task(number=12, total=12).next("of a handler", 1).line(1, 80) == "  of a handler · task 13 · 1 s"


@given(st.text(max_size=200), st.integers(1, 400), st.integers(0, 10_000), st.floats(0, 200_000), st.integers(0, 250))
def test_line_fits_whatever_the_width(name, number, hosts, seconds, width):
    line = Task(number=number, total=400, name=name, hosts=hosts).line(seconds, width)
    assert len(line) <= width
    if width >= 40:
        assert progress.elapsed(seconds) in line
        assert f"task {number}/400" in line


class Terminal(io.StringIO):
    """What a person sees: a carriage return goes to the beginning of the line, and ESC[K erases from there."""

    def lines(self) -> list[str]:
        return [line.rpartition(progress.ERASE_LINE)[2] for line in self.getvalue().split("\n")]


def test_whatever_is_written_finds_a_clean_line():
    terminal = Terminal()
    line = TransientLine(terminal, threading.RLock(), lambda: 40)
    line.erases_before(terminal)
    line.show(lambda width: "task 1")
    terminal.write("changed: [epm1]\n")
    line.show(lambda width: "task 2")
    line.show(lambda width: "task 3")
    assert terminal.lines() == ["changed: [epm1]", "task 3"]
    line.erase()
    assert terminal.lines() == ["changed: [epm1]", ""]


def test_warning_on_the_other_stream_erases_the_line_first():
    terminal, errors = Terminal(), io.StringIO()
    line = TransientLine(terminal, threading.RLock(), lambda: 40)
    line.erases_before(errors)
    line.show(lambda width: "task 1")
    errors.write("[WARNING]: look\n")
    assert terminal.lines() == [""]
    assert errors.getvalue() == "[WARNING]: look\n"


def test_last_column_stays_free():
    widths = []
    TransientLine(io.StringIO(), threading.RLock(), lambda: 40).show(lambda width: widths.append(width) or "")
    assert widths == [39]


def test_ticker_calls_until_it_is_stopped_and_survives_a_terminal_that_is_gone():
    called = threading.Event()
    ticker = Ticker(called.set, 0.01)
    ticker.start()
    assert called.wait(5)
    ticker.stop()
    called.clear()
    assert not called.wait(0.05)

    def fail() -> None:
        raise ValueError("I/O operation on closed file")

    gone = Ticker(fail, 0.01)
    gone.start()
    gone.stop()
