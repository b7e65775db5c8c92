# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: run_record
type: notification
short_description: Keeps what a run was asked, did and left undone, and says at its end how to go on
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - Every run of a playbook leaves C(build/SITE/runs/TIME-PLAYBOOK/) with C(run.json) (what was asked, by whom, with what),
    C(findings.json) (what the contract said), C(events.jsonl) (one line a task and host), C(hosts.json), C(diffs/HOST.diff),
    C(failures/HOST.txt) and C(summary.md), which can be pasted into a change ticket.
  - It is written line by line from the moment that the contract has told the site's name. A run that was killed has no C(ended)
    in C(run.json).
  - Never kept are full results, anything of a task with C(no_log), and values of extra variables that are not known words.
  - Where a run fails, the last words say which hosts are done, which failed and why, which were not touched, and the command that
    resumes. Where it succeeds, one line says what changed and where the record is.
  - The last 50 runs of a site stay. An error of its own is one warning, and never fails a run.
  - The directory is that of C(dialtone_build_directory), as for the contract.
requirements:
  - Enabled in the configuration (C(callbacks_enabled = dialtone.contact_center.run_record)).
"""

import datetime
import functools
import getpass
import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from ansible import context
from ansible.executor.task_result import CallbackTaskResult
from ansible.playbook.play import Play
from ansible.plugins.callback import CallbackBase
from ansible.release import __version__ as ansible_version

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import command_line
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.build_files import plain, site_directory
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.plays import hosts_of, is_rescued, place_of
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.run_record import Event, Failure, Request, Run, RunFolder
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.run_summary import last_words, summary_markdown
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import load_catalogue
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.task_results import (
    changes_of,
    is_censored,
    items_of,
    log_of,
    message_of,
    next_step_of,
    restarted_by,
)

COLOUR_CODE = re.compile(r"\x1b\[[0-9;]*m")
BUILD_DIRECTORY = "dialtone_build_directory"
CONTRACT_ACTION = "site_contract"
ANNOUNCING_ACTION = "site_announce"
GIT_SECONDS = 5

Method = TypeVar("Method", bound=Callable[..., None])


def never_fails_a_run(method: Method) -> Method:
    """The record serves the run: where it breaks, it says so once, and the run goes on."""

    @functools.wraps(method)
    def guarded(self: CallbackModule, *arguments: Any, **words: Any) -> None:
        try:
            method(self, *arguments, **words)
        except Exception as error:
            self.complain(error)

    return guarded  # type: ignore[return-value]


def utc_now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def is_public(name: str) -> bool:
    """Words of the contract that are no secrets are shown with their values; of other variables nobody knows what they hold."""
    word = load_catalogue().words.get(name)
    return word is not None and not word.is_secret


def collection_version() -> str:
    """From the file that the collection has where it runs: installed, or a checkout."""
    collection = Path(__file__).resolve().parents[2]
    manifest = collection / "MANIFEST.json"
    if manifest.is_file():
        return str(json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"])
    found = re.search(r"^version: *(\S+)$", (collection / "galaxy.yml").read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else "unknown"


def git_revision(path: str) -> str:
    """The commit of an inventory that git knows, and whether the inventory differs from it."""
    directory = path if os.path.isdir(path) else os.path.dirname(path) or "."
    try:
        commit = _git(directory, "rev-parse", "HEAD")
        if not commit or not _git(directory, "ls-files", "--", os.path.abspath(path)):
            return ""
        changed = _git(directory, "status", "--porcelain", "--", os.path.abspath(path))
    except (OSError, subprocess.SubprocessError):
        return ""
    return commit + (", with changes that are not committed" if changed else "")


def _git(directory: str, *arguments: str) -> str:
    command = ["git", "-C", directory, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=GIT_SECONDS, check=True).stdout.strip()


def user_name() -> str:
    name, before = getpass.getuser(), os.environ.get("SUDO_USER")
    return f"{name} (sudo by {before})" if before and before != name else name


def from_here(path: str | Path) -> str:
    relative = os.path.relpath(path)
    return str(path) if relative.startswith(os.pardir) else relative


class CallbackModule(CallbackBase):
    """Translates what Ansible tells into what the record keeps."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "dialtone.contact_center.run_record"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._plays: list[Play] = []
        self._run: Run | None = None
        self._folder = RunFolder()
        self._build_directory = "build"
        self._task_begun: dict[tuple[str, str], float] = {}
        self._has_complained = False

    def complain(self, error: Exception) -> None:
        if not self._has_complained:
            self._has_complained = True
            self._display.warning(f"the record of this run is not complete ({type(error).__name__}: {error}); the run goes on")

    @never_fails_a_run
    def v2_playbook_on_start(self, playbook: Any) -> None:
        self._plays = playbook.get_plays()
        self._folder = RunFolder()
        self._task_begun = {}
        arguments = context.CLIARGS
        inventories = [from_here(name) if os.path.exists(name) else name for name in arguments.get("inventory") or ()]
        request = Request(
            playbook=from_here(playbook._file_name),
            inventories=inventories,
            command=command_line.shown(sys.argv, is_public),
            user=user_name(),
            controller=platform.node(),
            versions={"Dialtone": collection_version(), "ansible-core": ansible_version, "Python": platform.python_version()},
            limit=arguments.get("subset") or "",
            tags=[tag for tag in arguments.get("tags") or () if tag != "all"],
            skip_tags=list(arguments.get("skip_tags") or ()),
            check=bool(arguments.get("check")),
            diff=bool(arguments.get("diff")),
            inventory_revisions={name: revision for name in inventories if (revision := git_revision(name))},
        )
        self._run = Run(request, utc_now(), [play.get_name().strip() for play in self._plays])

    @never_fails_a_run
    def v2_playbook_on_play_start(self, play: Play) -> None:
        if self._run is None:
            return
        extra_variables = play.get_variable_manager().extra_vars
        is_first = not self._run.plays
        hosts, batch = hosts_of(play)
        self._run.play_begins(place_of(play, self._plays), play.get_name().strip(), hosts, batch, bool(play.any_errors_fatal))
        if is_first:
            self._run.request.extra_variables = [
                {"name": str(name), "value": plain(value)}
                if is_public(name) and isinstance(value, (bool, int, float, str))
                else {"name": str(name)}
                for name, value in extra_variables.items()
            ]
            self._build_directory = str(extra_variables.get(BUILD_DIRECTORY) or "build")
        elif self._folder.path is None:
            # The contract is the first play of every playbook of Dialtone; this one has none.
            self._open()

    @never_fails_a_run
    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        self._task_begun[(host.get_name(), task._uuid)] = time.monotonic()

    @never_fails_a_run
    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        if self._run is None:
            return
        self._keep(result, "changed" if result.result.get("changed") else "ok")
        if self._action(result) == CONTRACT_ACTION and "contract" in result.result:
            self._run.site = str(result.result["contract"]["site"])
            self._run.findings = plain(result.result["contract"]["findings"])
            self._open(Path(str(result.result["build_directory"])))
        if self._action(result) == ANNOUNCING_ACTION:
            self._run.announced = plain(result.result["changes"])

    @never_fails_a_run
    def v2_runner_on_skipped(self, result: CallbackTaskResult) -> None:
        self._keep(result, "skipped")

    @never_fails_a_run
    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:
        if self._run is None:
            return
        status = "ignored" if ignore_errors else "rescued" if is_rescued(result.task) else "failed"
        if status == "failed":
            self._run.failed(failure_of(self._run, result, is_unreachable=False))
        self._keep(result, status, message_of(result.result))
        if self._action(result) == CONTRACT_ACTION:
            self._read_refusal(self._run, message_of(result.result))

    @never_fails_a_run
    def v2_runner_on_unreachable(self, result: CallbackTaskResult) -> None:
        if self._run is None:
            return
        if not result.task.ignore_unreachable:
            self._run.failed(failure_of(self._run, result, is_unreachable=True))
        self._keep(result, "unreachable", message_of(result.result))

    @never_fails_a_run
    def v2_on_file_diff(self, result: CallbackTaskResult) -> None:
        if is_censored(result.result):
            return
        loop = result.result.get("results")
        for one in loop if isinstance(loop, list) else [result.result]:
            if isinstance(one, dict) and one.get("diff") and one.get("changed") and not is_censored(one):
                text = COLOUR_CODE.sub("", self._get_diff(one["diff"]))
                if text:
                    self._folder.diff(result.host.get_name(), result.task.get_name().strip(), text)

    @never_fails_a_run
    def v2_playbook_on_stats(self, stats: Any) -> None:
        run = self._run
        if run is None:
            return
        run.ends(utc_now(), {host: stats.summarize(host) for host in sorted(stats.processed)})
        try:
            if self._folder.path is None:
                self._open()
            self._folder.finish(run, summary_markdown(run))
        except OSError as error:
            self.complain(error)
        folder = f"{from_here(self._folder.path)}/" if self._folder.path is not None else "none: it could not be written"
        self._display.display(last_words(run, folder))

    def _open(self, directory: Path | None = None) -> None:
        if self._run is None or self._folder.path is not None:
            return
        if directory is None:
            inventories = self._run.request.inventories
            name = self._run.site or (Path(inventories[0].rstrip(",")).stem if inventories else "") or "unknown-site"
            directory = site_directory(self._build_directory, name)
        self._folder.open(directory / "runs", self._run)
        self._folder.findings(self._run)

    def _read_refusal(self, run: Run, message: str) -> None:
        """A contract that refuses hands nothing on but the file that its message names."""
        for path in Path(self._build_directory).glob("*/contract.json"):
            if str(path) in message:
                contract = json.loads(path.read_text(encoding="utf-8"))
                run.is_refused = bool(contract["refused"])
                run.site = contract["site"] or ""
                run.findings = contract["findings"]

    @staticmethod
    def _action(result: CallbackTaskResult) -> str:
        return str(result.task.action).rpartition(".")[2]

    def _keep(self, result: CallbackTaskResult, status: str, message: str = "") -> None:
        if self._run is None or not self._run.plays:
            return
        host = result.host.get_name()
        begun = self._task_begun.pop((host, result.task._uuid), None)
        play = self._run.plays[-1]
        has_acted = status in ("changed", "failed", "rescued")
        event = Event(
            time=utc_now(),
            play=play.number,
            play_name=play.name,
            task=result.task.get_name().strip(),
            action=str(result.task.action),
            host=host,
            status=status,
            seconds=None if begun is None else time.monotonic() - begun,
            message=message,
            changes=changes_of(result.result) if has_acted else (),
            items=items_of(result.result) if has_acted else (),
            warnings=() if is_censored(result.result) else tuple(_warning(one) for one in result.warnings),
            restarted=restarted_by(str(result.task.action), result.result, result.task.args),
        )
        self._run.happened(event)
        self._folder.event(event, len(self._plays))


def failure_of(run: Run, result: CallbackTaskResult, is_unreachable: bool) -> Failure:
    play = run.plays[-1]
    return Failure(
        host=result.host.get_name(),
        play=play.number,
        play_name=play.name,
        task=result.task.get_name().strip(),
        message=message_of(result.result),
        log=log_of(result.result),
        next_step=next_step_of(result.result),
        is_unreachable=is_unreachable,
    )


def _warning(warning: Any) -> str:
    event = getattr(warning, "event", None)
    return str(getattr(event, "msg", warning))
