# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lease as the controller sees it: who this run is, whether another one still lives, and what a person is told."""

from __future__ import annotations

import getpass
import hashlib
import multiprocessing
import os
import socket
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

PROC = Path("/proc")
MACHINE_ID = Path("/etc/machine-id")
TAKE_OVER = """-e '{"dialtone_take_over_lease": true}'"""
# Under this name the answers to `state: held` are registered.
ANSWERS_VARIABLE = "site_lease_answer"
ENDED_STATES = ("Z", "X", "x")  # a process that only waits for its parent to notice, or not even that
SAME_MOMENT_SECONDS = 60

HOLDS = ("acquired", "renewed", "taken_over", "kept")
NEWLY_HELD = ("acquired", "taken_over")
REFUSALS = ("held_by_another", "lost")

Answer = Mapping[str, Any]


# --- who this run is ----------------------------------------------------------------------------------------------


def main_process() -> int:
    """The process of ansible-playbook itself: a task runs in a worker that it forked."""
    parent = multiprocessing.parent_process()
    return os.getpid() if parent is None or parent.pid is None else parent.pid


def process_started(pid: int, proc: Path = PROC) -> int | None:
    """Clock ticks between the machine's start and the process's; None where it has ended or may not be seen."""
    try:
        text = (proc / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name stands in parentheses, and may itself hold blanks and parentheses.
    state, *fields = text.rpartition(")")[2].split()
    return None if state in ENDED_STATES else int(fields[18])


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def controller_id(proc: Path = PROC, machine_id: Path = MACHINE_ID) -> str:
    """One start of one machine, and in it one numbering of processes: only there does a process id say who lives."""
    parts = [
        machine_id.read_text(encoding="ascii").strip() if machine_id.exists() else "",
        (proc / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip(),
        os.readlink(proc / "self/ns/pid"),
    ]
    return digest(*parts)


def digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8")).hexdigest()[:32]


def user_name() -> str:
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = f"uid {os.getuid()}"
    behind = os.environ.get("SUDO_USER")
    return f"{name} (sudo by {behind})" if behind else name


@dataclass(frozen=True)
class Run:
    """`token` is the same in every worker and play of a run, and in no other run: it follows from the main process."""

    token: str
    holder: dict[str, Any]


def this_run(playbook: str) -> Run:
    pid, controller = main_process(), controller_id()
    started = process_started(pid)
    since = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    holder = {
        "user": user_name(),
        "host": socket.gethostname(),
        "controller": controller,
        "pid": pid,
        "started": started,
        "playbook": playbook,
        "since": since,
    }
    return Run(digest(controller, str(pid), str(started)), holder)


def has_died_here(holder: Mapping[str, Any], controller: str, proc: Path = PROC) -> bool:
    """Whether that run was one of this controller and is certainly over. In doubt it lives."""
    pid, started = holder.get("pid"), holder.get("started")
    if holder.get("controller") != controller or not isinstance(pid, int) or not isinstance(started, int) or pid <= 0:
        return False
    if not exists(pid):
        return True
    try:
        (proc / str(pid) / "stat").read_bytes()
    except OSError:
        # Ended this moment, or of another user where /proc hides those.
        return not exists(pid)
    return process_started(pid, proc) != started


def boot_seconds() -> float:
    """Of the controller, a closed lid included: the leases on the hosts ran on meanwhile."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def is_due(asked: float, now: float, ttl: float) -> bool:
    """A third of the time is over: two more renewals may fail before the lease ends."""
    return not 0 <= now - asked < ttl / 3


# --- what a person is told ----------------------------------------------------------------------------------------


def duration(seconds: float) -> str:
    """
    >>> duration(42), duration(725), duration(7260)
    ('42 s', '12 min', '121 min')
    """
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def describe(holder: Mapping[str, Any]) -> str:
    """
    >>> describe({"user": "eva", "host": "laptop7", "playbook": "site.yml", "since": "2026-11-21 16:40 UTC", "pid": 4711})
    'eva on laptop7 (site.yml, since 2026-11-21 16:40 UTC, process 4711)'
    """
    known = {key: holder.get(key, "unknown") for key in ("user", "host", "playbook", "since", "pid")}
    return "{user} on {host} ({playbook}, since {since}, process {pid})".format(**known)


def describe_state(other: Mapping[str, Any]) -> str:
    return (
        f"last renewed {duration(other['renewed_seconds_ago'])} ago, and without renewal it ends in "
        f"{duration(other['expires_in_seconds'])}"
    )


def held_words(data_center: str, other: Mapping[str, Any], hosts: Iterable[str]) -> str:
    return (
        f"Data center {data_center} is being changed by another run: {describe(other['holder'])}. "
        f"Its lease on {', '.join(hosts)} was {describe_state(other)}."
    )


def lost_words(data_center: str, other: Mapping[str, Any], hosts: Iterable[str]) -> str:
    begin = f"This run has lost the lease of data center {data_center} on {', '.join(hosts)}: "
    if other:
        return begin + f"it is now held by {describe(other['holder'])}, and was {describe_state(other)}."
    return begin + "it is no longer there, so another run had it after it had ended, or a person removed it."


def take_over_words() -> str:
    return (
        f"Wait until that run ends. Only where it is certain that it no longer works: repeat with {TAKE_OVER}, which takes the "
        "lease away from it. It then stops at its next renewal; until then both runs would change the site."
    )


def displaced_words(data_center: str, other: Mapping[str, Any], died: bool) -> str:
    if died:
        return f"Took over the lease of {data_center}: the run that held it, {describe(other['holder'])}, died on this machine."
    return (
        f"Took the lease of {data_center} away from {describe(other['holder'])}, as dialtone_take_over_lease asks; it was "
        f"{describe_state(other)}. That run stops at its next renewal."
    )


def expired_words(data_center: str, other: Mapping[str, Any]) -> str:
    why = (
        f"was last renewed {duration(other['renewed_seconds_ago'])} ago and had ended"
        if other["boot_is_present"]
        else "had ended with a restart of the host"
    )
    return (
        f"The lease of {data_center} of {describe(other['holder'])} {why}: that run did not end in order. This run goes on from "
        "what it finds."
    )


def not_given_back_words(data_center: str, minutes: int) -> str:
    return (
        f"The lease of {data_center} on this host could not be given back: the host does not answer. It keeps runs of other "
        f"machines out until it ends by itself, at most {minutes} min after its last renewal; a run of this machine takes it "
        "over at once."
    )


def torn_words(path: str) -> str:
    return f"{path} was there and is no lease, as after a write that a power cut ended: it was held by nobody and is replaced."


# --- one decision for the whole play ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Decision:
    """`msg` says why the run is refused; `words` what has to be known of one that goes on."""

    refused: bool
    msg: str
    words: list[str]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def decide(model: Mapping[str, Any], answers: Mapping[str, Answer | None], limited: bool) -> Decision:
    """From what the hosts of the play answered; None is a host that was never asked, because it had not answered before."""
    by_data_center = {
        name: {host: answers[host] for host in described["hosts"] if host in answers}
        for name, described in sorted(model["data_centers"].items())
    }
    present = {name: found for name, found in by_data_center.items() if found}
    refusals = [words for name, found in present.items() for words in refusals_of(name, found)]
    if refusals:
        return Decision(True, refusal_message(model["site"], refusals, by_data_center), [])
    words = []
    for name, found in present.items():
        words += words_of(name, found)
        outside = [host for host in model["data_centers"][name]["hosts"] if host not in answers]
        if limited and outside and any(outcome(answer) in NEWLY_HELD for answer in found.values()):
            words.append(
                f"{name} is locked on the hosts of --limit only: a run on {', '.join(outside)} alone would not be kept out."
            )
    return Decision(False, "", words)


def outcome(answer: Answer | None) -> str:
    if answer is None or answer.get("unreachable"):
        return "unreachable"
    if answer.get("skipped"):
        return "skipped"
    return answer.get("outcome", "failed")


def refusals_of(data_center: str, found: Mapping[str, Answer | None]) -> list[str]:
    refusals = []
    for kind, words in (("held_by_another", held_words), ("lost", lost_words)):
        by_run: dict[str, list[str]] = {}
        others: dict[str, Mapping[str, Any]] = {}
        for host, answer in found.items():
            if answer is not None and outcome(answer) == kind:
                other = answer["other"]
                by_run.setdefault(other.get("run", ""), []).append(host)
                others.setdefault(other.get("run", ""), other)
        refusals += [words(data_center, others[run], hosts) for run, hosts in by_run.items()]
    refusals += [
        f"{host}: {answer.get('msg', 'the lease could not be asked for')}."
        for host, answer in found.items()
        if answer is not None and outcome(answer) == "failed"
    ]
    return refusals


def refusal_message(site: str, refusals: list[str], by_data_center: Mapping[str, Mapping[str, Answer | None]]) -> str:
    answers = [answer for found in by_data_center.values() for answer in found.values() if answer is not None]
    met = [answer["other"] for answer in answers if outcome(answer) == "held_by_another"]
    rule = f"One run at a time changes a data center of {site}: this one stops here and gives back what it had locked."
    lines = [*refusals, rule]
    if any(outcome(answer) == "lost" for answer in answers):
        lines.append("Look at what the other run did (playbooks/status.yml), then run again: a run goes on from what it finds.")
    if met:
        if any(other["held_seconds"] <= SAME_MOMENT_SECONDS for other in met) and any(
            outcome(answer) in NEWLY_HELD for answer in answers
        ):
            lines.append("Both runs began in the same minute: if the other one was refused as well, start one of them again.")
        lines.append(take_over_words())
    return "\n".join(lines)


def words_of(data_center: str, found: Mapping[str, Answer | None]) -> list[str]:
    words: list[str] = []
    for answer in found.values():
        if answer is not None and outcome(answer) in NEWLY_HELD:
            words += [text for text in answer.get("words", []) if text not in words]
    silent = [host for host, answer in found.items() if outcome(answer) == "unreachable"]
    if silent and len(silent) == len(found):
        words.append(f"{data_center} could not be locked: none of its hosts answers ({', '.join(silent)}).")
    elif silent and any(outcome(answer) in NEWLY_HELD for answer in found.values()):
        holding = [host for host, answer in found.items() if outcome(answer) in HOLDS]
        words.append(f"{data_center} is locked on {', '.join(holding)}; {', '.join(silent)} could not be locked: no answer.")
    return words
