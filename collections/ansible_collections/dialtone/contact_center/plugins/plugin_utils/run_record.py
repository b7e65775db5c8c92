# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a run of a playbook was asked, did and left undone: as data, and as files below build/<site>/runs.

A Run knows nothing of Ansible: the callback run_record tells it what happens. RunFolder keeps it on disk, line by line, so that a
run that is killed leaves everything up to its last event; that it did not end is told by `ended` missing in run.json.
"""

from __future__ import annotations

import datetime
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.build_files import write_json, write_text

EVENTS = "events.jsonl"
RUNS_KEPT = 50
FOLDER_NAME = re.compile(r"\d{8}T\d{6}Z-.+")


@dataclass
class Request:
    """What was asked, by whom, and with what."""

    playbook: str
    inventories: list[str]
    command: str
    user: str
    controller: str
    versions: dict[str, str]
    limit: str = ""
    tags: list[str] = field(default_factory=list)
    skip_tags: list[str] = field(default_factory=list)
    check: bool = False
    diff: bool = False
    extra_variables: list[dict[str, Any]] = field(default_factory=list)
    inventory_revisions: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return Path(self.playbook).stem


@dataclass(frozen=True)
class Event:
    """One task on one host, in the words that may be kept."""

    time: datetime.datetime
    play: int
    play_name: str
    task: str
    action: str
    host: str
    status: str
    seconds: float | None = None
    message: str = ""
    changes: tuple[Any, ...] = ()
    items: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    restarted: tuple[str, ...] = ()

    def as_dict(self, plays: int) -> dict[str, Any]:
        words: dict[str, Any] = {
            "time": timestamp(self.time),
            "play": self.play,
            "plays": plays,
            "play_name": self.play_name,
            "task": self.task,
            "action": self.action,
            "host": self.host,
            "status": self.status,
        }
        optional = {
            "seconds": None if self.seconds is None else round(self.seconds, 3),
            "message": self.message,
            "changes": list(self.changes),
            "items": list(self.items),
            "warnings": list(self.warnings),
            "restarted": list(self.restarted),
        }
        return words | _without_empty(optional)

    @property
    def number_of_changes(self) -> int:
        return (len(self.changes) or len(self.items) or 1) if self.status == "changed" else 0


@dataclass(frozen=True)
class Failure:
    """Why a host stopped."""

    host: str
    play: int
    play_name: str
    task: str
    message: str
    log: tuple[str, ...] = ()
    next_step: str = ""
    is_unreachable: bool = False

    @property
    def reason(self) -> str:
        return f"does not answer over SSH: {self.message}" if self.is_unreachable else self.message

    @property
    def what_next(self) -> str:
        if self.next_step:
            return self.next_step
        if self.is_unreachable:
            return f"Bring {self.host} back, or what stands between it and this controller, then run the command again."
        return "Remedy what the message says, then run the command again: it does only what is left."

    def as_text(self, command: str) -> str:
        log = "".join(f"    {line}\n" for line in self.log)
        return (
            f"{self.host}, play {self.play} ({self.play_name}), task {self.task}\n\n{self.reason}\n"
            + (f"\nLast lines of its log:\n{log}" if log else "")
            + f"\nNext: {self.what_next}\n    {command}\n"
        )


@dataclass
class PlayRun:
    """A play that began: its hosts, and how far its batches are."""

    number: int
    name: str
    hosts: list[str]
    stops_for_all: bool
    batches: list[list[str]] = field(default_factory=list)

    @property
    def begun(self) -> set[str]:
        return {host for batch in self.batches for host in batch}


@dataclass(frozen=True)
class Outcome:
    """Where the hosts are after a run that failed."""

    failed: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    stopped: tuple[str, ...] = ()
    not_touched: tuple[str, ...] = ()
    plays_left: tuple[str, ...] = ()


@dataclass
class Run:
    """One run of one playbook."""

    request: Request
    started: datetime.datetime
    play_names: list[str]
    site: str = ""
    findings: list[dict[str, Any]] = field(default_factory=list)
    is_refused: bool = False
    ended: datetime.datetime | None = None
    plays: list[PlayRun] = field(default_factory=list)
    failures: dict[str, Failure] = field(default_factory=dict)
    changed: list[Event] = field(default_factory=list)
    restarted: list[str] = field(default_factory=list)
    # What the run said beforehand that it changes.
    announced: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    def play_begins(self, number: int, name: str, hosts: list[str], batch: list[str], stops_for_all: bool) -> None:
        if not self.plays or self.plays[-1].number != number:
            self.plays.append(PlayRun(number, name, hosts, stops_for_all))
        if batch:
            self.plays[-1].batches.append(batch)

    def happened(self, event: Event) -> None:
        if event.status == "changed":
            self.changed.append(event)
        self.restarted += [f"{event.host} {name}" for name in event.restarted]

    def failed(self, failure: Failure) -> None:
        self.failures[failure.host] = failure

    def ends(self, at: datetime.datetime, counts: Mapping[str, Mapping[str, int]]) -> None:
        """What Ansible counted decides who failed: a failure that a block rescued is none."""
        self.ended = at
        self.counts = {host: dict(count) for host, count in counts.items()}
        self.failures = {host: failure for host, failure in self.failures.items() if self._has_failed(host)}

    def _has_failed(self, host: str) -> bool:
        count = self.counts.get(host, {})
        return bool(count.get("failures") or count.get("unreachable"))

    @property
    def seconds(self) -> float:
        return ((self.ended or self.started) - self.started).total_seconds()

    @property
    def failed_hosts(self) -> list[str]:
        return [host for host in self.counts if self._has_failed(host)]

    @property
    def result(self) -> str:
        if self.is_refused:
            return "refused"
        return "failed" if self.failed_hosts else "succeeded"

    @property
    def number_of_changes(self) -> int:
        return sum(event.number_of_changes for event in self.changed)

    @property
    def foretold(self) -> list[dict[str, Any]]:
        """In check mode, what no task can try: a program of the vendor's is led or not."""
        return self.announced if self.request.check and not self.changed else []

    @property
    def has_stopped(self) -> bool:
        """Whether the failure ended the run, and did not only take a host out of it."""
        if not self.plays or not set(self.failed_hosts) & self.plays[-1].begun:
            return False
        last = self.plays[-1]
        return last.stops_for_all or last.number < len(self.play_names) or not last.begun.issuperset(last.hosts)

    def outcome(self) -> Outcome:
        """The last play tells where the run stopped; what it did not reach is not touched."""
        failed = self.failed_hosts
        if not self.has_stopped:
            seen = {host: None for play in self.plays for batch in play.batches for host in batch}
            return Outcome(tuple(failed), tuple(host for host in seen if host not in failed and host != "localhost"))
        last = self.plays[-1]
        return Outcome(
            failed=tuple(failed),
            done=tuple(host for batch in last.batches[:-1] for host in batch if host not in failed),
            stopped=tuple(host for host in last.batches[-1] if host not in failed),
            not_touched=tuple(host for host in last.hosts if host not in last.begun and host not in failed),
            plays_left=tuple(f"{number} {name}" for number, name in enumerate(self.play_names, 1) if number > last.number),
        )

    def host_state(self, host: str, outcome: Outcome) -> str:
        if host in outcome.failed:
            return "unreachable" if self.counts[host].get("unreachable") else "failed"
        if host in outcome.stopped:
            return "stopped"
        if host in outcome.not_touched:
            return "not reached"
        return "changed" if any(event.host == host for event in self.changed) else "ok"

    def hosts(self) -> dict[str, dict[str, Any]]:
        outcome = self.outcome()
        names = dict.fromkeys([*self.counts, *outcome.not_touched])
        return {
            name: {
                "state": self.host_state(name, outcome),
                **self.counts.get(name, {}),
                "changes": [
                    _without_empty({"task": event.task, "changes": list(event.changes), "items": list(event.items)})
                    for event in self.changed
                    if event.host == name
                ],
            }
            for name in names
        }

    def as_dict(self) -> dict[str, Any]:
        request = self.request
        words: dict[str, Any] = {
            "playbook": request.playbook,
            "site": self.site or None,
            "started": timestamp(self.started),
            "command": request.command,
            "inventories": request.inventories,
            "inventory_revisions": request.inventory_revisions,
            "limit": request.limit or None,
            "tags": request.tags,
            "skip_tags": request.skip_tags,
            "check": request.check,
            "diff": request.diff,
            "extra_variables": request.extra_variables,
            "user": request.user,
            "controller": request.controller,
            "versions": request.versions,
            "plays": self.play_names,
        }
        if self.ended is not None:
            words.update(
                ended=timestamp(self.ended),
                seconds=round(self.seconds, 1),
                result=self.result,
                changes=self.number_of_changes,
                restarted=self.restarted,
                failed=self.failed_hosts,
            )
        return words


def timestamp(at: datetime.datetime) -> str:
    """
    >>> timestamp(datetime.datetime(2026, 11, 21, 17, 2, 1, 250000, datetime.timezone.utc))
    '2026-11-21T17:02:01.250Z'
    """
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _without_empty(words: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in words.items() if value not in (None, "", [])}


def safe_name(host: str) -> str:
    """
    >>> safe_name("epm1"), safe_name("../a b")
    ('epm1', '_.._a_b')
    """
    name = re.sub(r"[^A-Za-z0-9._-]", "_", host)
    return f"_{name}" if name.startswith(".") else name


class RunFolder:
    """The files of one run. What comes before the folder is open waits in memory."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self._waiting: list[tuple[str, str]] = []

    def open(self, runs: Path, run: Run) -> None:
        """Take a name that no other run has, and let go of the oldest."""
        runs.mkdir(mode=0o755, parents=True, exist_ok=True)
        name = f"{run.started:%Y%m%dT%H%M%SZ}-{safe_name(run.request.name)}"
        for candidate in [name, *(f"{name}-{number}" for number in range(2, 1000))]:
            path = runs / candidate
            try:
                path.mkdir(mode=0o755)
            except FileExistsError:
                continue
            break
        else:
            raise FileExistsError(f"{runs / name} and its 998 successors exist already")
        self.path = path
        write_json(path, "run.json", run.as_dict())
        waiting, self._waiting = self._waiting, []
        for file, text in waiting:
            self.append(file, text)
        forget_old_runs(runs, path)

    def append(self, file: str, text: str) -> None:
        """Written when this returns: a run that is killed then has lost nothing of it."""
        if self.path is None:
            self._waiting.append((file, text))
            return
        target = self.path / file
        target.parent.mkdir(mode=0o755, exist_ok=True)
        with target.open("a", encoding="utf-8") as stream:
            stream.write(text)

    def event(self, event: Event, plays: int) -> None:
        self.append(EVENTS, json.dumps(event.as_dict(plays), ensure_ascii=False, default=str) + "\n")

    def diff(self, host: str, task: str, text: str) -> None:
        self.append(f"diffs/{safe_name(host)}.diff", f"# {task}\n{text}")

    def findings(self, run: Run) -> None:
        if self.path is not None:
            write_json(self.path, "findings.json", run.findings)

    def finish(self, run: Run, summary: str) -> None:
        if self.path is None:
            return
        for failure in run.failures.values():
            self.append(f"failures/{safe_name(failure.host)}.txt", failure.as_text(run.request.command))
        self.findings(run)
        write_json(self.path, "hosts.json", run.hosts())
        write_text(self.path, "summary.md", summary)
        write_json(self.path, "run.json", run.as_dict())


def forget_old_runs(runs: Path, own: Path, kept: int = RUNS_KEPT) -> None:
    """The names begin with the time: the oldest are the first."""
    others = sorted(path for path in runs.iterdir() if FOLDER_NAME.fullmatch(path.name) and path.is_dir() and path != own)
    for path in others[: max(0, len(others) + 1 - kept)]:
        shutil.rmtree(path, ignore_errors=True)
