# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: progress
type: stdout
short_description: Plays and tasks with how far they are and how long they take
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - In a terminal the task under way is one line that is written over, with its number, how many hosts have done it and the
    elapsed time. What a person wants to keep stays - plays, changes, failures, unreachable hosts, messages, warnings, diffs.
  - Where no terminal is, there are plain lines, one a play and one a change, failure or message, without cursor control.
  - Failures, diffs, warnings and the recap are those of P(ansible.builtin.default#callback), whose options it takes.
  - With C(-v) and above it is P(ansible.builtin.default#callback).
extends_documentation_fragment:
  - default_callback
  - result_format_callback
requirements:
  - Set as stdout callback in the configuration (C(stdout_callback = dialtone.contact_center.progress)).
"""

import atexit
import os
import shutil
import sys
import threading
import time
from typing import Any

from ansible import constants as C
from ansible.executor.task_result import CallbackTaskResult
from ansible.playbook.play import Play
from ansible.playbook.task import Task
from ansible.plugins.callback.default import CallbackModule as DefaultCallback

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import progress
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.plays import (
    hosts_of,
    number_of_tasks,
    place_of,
)

# What is typed would be written over.
ASKING_ACTIONS = ("pause",)
HIDDEN_WHERE_NOTHING_HAPPENED = ("display_ok_hosts", "display_skipped_hosts")


def is_terminal() -> bool:
    """ansible-runner gives its playbooks a terminal that nobody sees, and reads what is written there."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb" and "AWX_ISOLATED_DATA_DIR" not in os.environ


class CallbackModule(DefaultCallback):
    """The default callback, less what did not happen, with numbers and time."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "dialtone.contact_center.progress"

    def __init__(self) -> None:
        super().__init__()
        self._is_verbose = self._display.verbosity > 0
        self._started = time.monotonic()
        self._plays: list[Play] = []
        self._current = progress.Play(0, 0, "")
        self._heading_due = False
        self._task = progress.Task()
        self._line: progress.TransientLine | None = None
        self._ticker: progress.Ticker | None = None
        self._is_asking = False

    def get_option(self, k: str, hostvars: Any = None) -> Any:
        if not self._is_verbose and k in HIDDEN_WHERE_NOTHING_HAPPENED:
            return False
        return super().get_option(k, hostvars)

    def _elapsed(self) -> float:
        return time.monotonic() - self._started

    def _show_progress(self) -> None:
        if self._line is not None and self._task.number and not self._is_asking:
            self._line.show(lambda width: self._task.line(self._elapsed(), width))

    def _print_heading(self) -> None:
        if self._heading_due:
            self._heading_due = False
            self._display.display(self._current.heading(self._elapsed()))

    def _print_task_banner(self, task: Task) -> None:
        if self._is_verbose:
            super()._print_task_banner(task)
            return
        self._print_heading()
        prefix = self._task_type_cache.get(task._uuid, "TASK")
        name = self._last_task_name or task.get_name().strip()
        self._display.display(f"{prefix} [{name}]{progress.SEPARATOR}{progress.elapsed(self._elapsed())}")
        self._last_task_banner = task._uuid

    def v2_playbook_on_start(self, playbook: Any) -> None:
        super().v2_playbook_on_start(playbook)
        if self._is_verbose:
            return
        self._started = time.monotonic()
        self._plays = playbook.get_plays()
        if is_terminal() and self._ticker is None:
            # Ansible starts its workers under this lock. Without it nothing may be drawn beside the main thread.
            lock = getattr(self._display, "_lock", None)
            self._line = progress.TransientLine(
                sys.stdout, lock or threading.RLock(), lambda: shutil.get_terminal_size().columns
            )
            self._line.erases_before(sys.stdout)
            self._line.erases_before(sys.stderr)
            if lock is not None:
                self._ticker = progress.Ticker(self._show_progress)
                self._ticker.start()
            # A run that is interrupted has no recap.
            atexit.register(self._stop_drawing)

    def v2_playbook_on_play_start(self, play: Play) -> None:
        if self._is_verbose:
            super().v2_playbook_on_play_start(play)
            return
        self._print_heading()
        self._play = play
        number = place_of(play, self._plays)
        hosts, batch = hosts_of(play)
        begun_before = self._current.hosts_before + len(self._current.hosts) if number == self._current.number else 0
        name = play.get_name().strip() or "play"
        mode = " [CHECK MODE]" if play.check_mode and self.get_option("check_mode_markers") else ""
        self._current = progress.Play(number, len(self._plays), name + mode, tuple(batch), len(hosts), begun_before)
        self._task = progress.Task(total=number_of_tasks(play))
        # A play for what this site lacks, or for what has nothing to do, leaves no line.
        self._heading_due = bool(hosts)

    def v2_playbook_on_no_hosts_matched(self) -> None:
        if self._is_verbose:
            super().v2_playbook_on_no_hosts_matched()

    def _task_start(self, task: Task, prefix: str | None = None) -> None:
        super()._task_start(task, prefix)
        if self._is_verbose:
            return
        self._print_heading()
        self._task = self._task.next(task.get_name().strip(), 1 if task.run_once else len(self._current.hosts))
        self._is_asking = str(task.action).rpartition(".")[2] in ASKING_ACTIONS
        self._show_progress()

    def _done(self, result: CallbackTaskResult) -> None:
        self._task = self._task.done_on(result.host.get_name())
        self._show_progress()

    def _print_change(self, result: CallbackTaskResult, item: str = "") -> None:
        self._print_heading()
        name = self._last_task_name or result.task.get_name().strip()
        self._display.display(
            f"changed: [{self.host_label(result)}]{item} {name}{progress.SEPARATOR}{progress.elapsed(self._elapsed())}",
            color=C.COLOR_CHANGED,
        )

    def _print_message(self, result: CallbackTaskResult, item: str = "") -> None:
        self._clean_results(result.result, result.task.action)
        message = result.result.get("msg")
        text = message if isinstance(message, str) else self._dump_results(result.result)
        self._print_heading()
        self._display.display(f"ok: [{self.host_label(result)}]{item} => {text}", color=C.COLOR_OK)

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        if self._is_verbose:
            super().v2_runner_on_ok(result)
            return
        self._handle_warnings_and_exception(result)
        is_loop = bool(result.task.loop) and "results" in result.result
        if not is_loop:
            if result.task.action in C._ACTION_DEBUG:
                self._print_message(result)
            elif result.result.get("changed", False):
                self._print_change(result)
        self._done(result)

    def v2_runner_item_on_ok(self, result: CallbackTaskResult) -> None:
        if self._is_verbose:
            super().v2_runner_item_on_ok(result)
            return
        self._handle_warnings_and_exception(result)
        item = f" => (item={self._get_item_label(result.result)})"
        if result.task.action in C._ACTION_DEBUG:
            self._print_message(result, item)
        elif result.result.get("changed", False):
            self._print_change(result, item)

    def v2_runner_on_skipped(self, result: CallbackTaskResult) -> None:
        super().v2_runner_on_skipped(result)
        if not self._is_verbose:
            self._handle_warnings_and_exception(result)
            self._done(result)

    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:
        super().v2_runner_on_failed(result, ignore_errors)
        if not self._is_verbose:
            self._done(result)

    def v2_runner_on_unreachable(self, result: CallbackTaskResult) -> None:
        super().v2_runner_on_unreachable(result)
        if not self._is_verbose:
            self._done(result)

    def v2_runner_retry(self, result: CallbackTaskResult) -> None:
        """A try that is followed by another is no failure; the elapsed time tells that it takes long."""
        if self._is_verbose:
            super().v2_runner_retry(result)

    def v2_playbook_on_include(self, included_file: Any) -> None:
        if self._is_verbose:
            super().v2_playbook_on_include(included_file)

    def v2_playbook_on_vars_prompt(self, *arguments: Any, **words: Any) -> None:
        self._task = progress.Task()
        super().v2_playbook_on_vars_prompt(*arguments, **words)

    def _stop_drawing(self) -> None:
        if self._ticker is not None:
            self._ticker.stop()
            self._ticker = None
        if self._line is not None:
            self._task = progress.Task()
            self._line.erase()

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._stop_drawing()
        self._print_heading()
        super().v2_playbook_on_stats(stats)
