# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a person is told of a vendor program: the lines while it runs, and in the end what happened and what to do. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.module_utils.dialogue import (
    ABORTED,
    FAILED,
    INTERRUPTED,
    SUCCEEDED,
    WAITING_FOR_PERSON,
    last_lines,
)
from ansible_collections.dialtone.contact_center.plugins.module_utils.dialogue_job import ATTACH, REPORT
from ansible_collections.dialtone.contact_center.plugins.plugin_utils import troubleshooting
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.progress import elapsed

MOST_LINES_SHOWN = 12
MOST_LINES_KEPT = 400
LOG_LINES = 12


class Lines:
    """A stream cut into whole lines with something on them."""

    def __init__(self) -> None:
        self._rest = ""
        self.all: list[str] = []

    def add(self, text: str, at_end: bool = False) -> list[str]:
        *lines, self._rest = (self._rest + text).split("\n")
        if at_end:
            lines, self._rest = [*lines, self._rest], ""
        new = [line.rstrip() for line in lines if line.strip()]
        self.all = [*self.all, *new][-MOST_LINES_KEPT:]
        return new


def shown_lines(lines: Sequence[str]) -> list[str]:
    """The lines of one answer, as many as a person reads.

    >>> shown_lines([str(number) for number in range(50)])[:2]
    ['… 38 lines, in the transcript', '38']
    """
    left_out = len(lines) - MOST_LINES_SHOWN
    return [f"… {left_out} lines, in the transcript", *lines[left_out:]] if left_out > 0 else list(lines)


def result(
    host: str, dialogue: Mapping[str, Any], script: Mapping[str, Any], answer: Mapping[str, Any], transcript: Sequence[str]
) -> dict[str, Any]:
    """The result of the task: `answer` is the job's last one, `transcript` what it printed."""
    state: Mapping[str, Any] = answer["state"]
    name, seconds = state.get("state", ""), state.get("seconds", 0.0)
    trouble = [] if name == SUCCEEDED else troubles(script, state, transcript)
    assumed = {step["id"] for step in dialogue.get("steps") or [] if step.get("assumed")}
    words, next_step = _words(host, script, answer, trouble)
    told = {
        "changed": name == SUCCEEDED or bool(state.get("reached_no_return")),
        "state": name,
        "job": state.get("job", ""),
        "step": state.get("step", ""),
        "reason": state.get("reason", ""),
        "seen": list(state.get("seen", [])),
        "answered": list(state.get("answered", [])),
        "assumed": [one["step"] for one in state.get("answered", []) if one["step"] in assumed],
        "past_no_return": bool(state.get("reached_no_return")),
        "exit_code": state.get("exit_code"),
        "seconds": seconds,
        "trouble": trouble,
        "transcript": list(transcript),
        "attach": answer["attach"],
        "again": answer["plan"] in (ATTACH, REPORT),
        "msg": words,
    }
    if name != SUCCEEDED:
        told |= {"failed": True, "next_step": next_step, "log_lines": list(transcript[-LOG_LINES:])}
    subject = f"{script['program']} on {host}"
    warnings = {
        f"{subject} is the one of an earlier run, with other answers than those of this run": answer.get("asked_otherwise"),
        f"another run took the lease of this run's data center while {subject} was under way": state.get("lease_lost"),
        f"{subject} took longer than its dialogue expects; past its point of no return nobody ends it": state.get("overdue"),
    }
    if any(warnings.values()):
        told["warnings"] = [words for words, holds in warnings.items() if holds]
    return told


def with_captured(told: Mapping[str, Any], script: Mapping[str, Any], captured: Mapping[str, str]) -> dict[str, Any]:
    """The result with what the program handed back. A secret one censors the result, which a failure does not hold."""
    if told["state"] != SUCCEEDED or not script["capture"]:
        return dict(told)
    missing = [entry["after"] for entry in script["capture"] if entry["name"] not in captured]
    if missing:
        return {
            **told,
            "failed": True,
            "msg": f'{told["msg"]}, and handed back nothing after the words "{missing[0]}"',
            "next_step": "Run the same command again. Where its transcript has other words before the result, give them in "
            f"site_dialogues: {{{script['name']}: {{capture: …}}}}.",
        }
    is_secret = any(entry["secret"] for entry in script["capture"])
    return {**told, "captured": dict(captured), **({"_ansible_no_log": True} if is_secret else {})}


def troubles(script: Mapping[str, Any], state: Mapping[str, Any], transcript: Sequence[str]) -> list[dict[str, Any]]:
    """Cause and remedy of what it printed; where its words tell nothing, those of its mark of failure, or of its dialogue."""
    text = "\n".join([str(state.get("screen", "")), *transcript[-MOST_LINES_SHOWN:]])
    told = troubleshooting.explain(text)
    if told:
        return told
    known = troubleshooting.by_id(troubleshooting.load())
    marked = [failure["trouble"] for failure in state.get("failures", [])]
    if not any(one in known for one in marked) and state.get("state") in (FAILED, INTERRUPTED):
        marked = [script.get("trouble", "")]
    return [known[one].explained({}) for one in dict.fromkeys(marked) if one in known]


def _words(
    host: str, script: Mapping[str, Any], answer: Mapping[str, Any], trouble: Iterable[Mapping[str, Any]]
) -> tuple[str, str]:
    """What happened, and what to do."""
    state: Mapping[str, Any] = answer["state"]
    name, reason = state.get("state", ""), state.get("reason", "")
    subject = f"{script['program']} on {host}"
    after = f"after {elapsed(state.get('seconds', 0.0))}"
    why = script["no_return"]["why"]
    attach = f"{answer['attach']}, as root on {host}"
    causes = "".join(f" Cause: {one['cause']}" for one in trouble)
    remedies = " ".join(one["remedy"] for one in trouble)
    if name == SUCCEEDED:
        return f"{subject} succeeded {after}", ""
    if name == WAITING_FOR_PERSON:
        return (
            f"{subject} {reason}. It is past the point from which nobody ends it ({why}), and no answer is guessed, so it waits. "
            f"On its screen: {' / '.join(last_lines(str(state.get('screen', '')), 4)) or 'nothing'}.{causes}",
            f"Answer it by {attach}. Then run the same command again: it goes on with what comes next.",
        )
    if name == ABORTED:
        return (
            f"{subject} {reason}. It was left before its point of no return, {after}",
            "Where it asked something that its dialogue does not know, word it in the inventory: "
            f"site_dialogues: {{{script['name']}: {{steps: {{{state.get('step') or 'ID'}: {{prompt: '…'}}}}}}}}. "
            "Then run the same command again.",
        )
    if name == INTERRUPTED:
        far = f"past its point of no return ({why})" if state.get("reached_no_return") else "before its point of no return"
        return (
            f"{subject} {reason}. It was {far}, and is not started again by itself",
            f"Judge what it left on {host}. What it printed is there, in the file transcript of the job {state.get('job', '')}. "
            f"{remedies}".rstrip()
            + f" To have it run again, run the same command with -e pom_server_repeat_job={state.get('job', '')}.",
        )
    if name == FAILED:
        return (
            f"{subject} {reason}, {after}.{causes}",
            remedies or "Remedy what its last lines say, then run the same command again.",
        )
    return (
        f"{subject} still runs {after}, and this run does not wait any longer. Nothing was ended: it goes on",
        f"Run the same command again to watch it. To look at it: {attach}.",
    )
