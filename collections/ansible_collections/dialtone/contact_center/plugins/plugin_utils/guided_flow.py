# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which guided steps are done, which is next, and what a person is told.

Pure: from the steps, what the hosts saw, and the ledger.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.module_utils.guided_proof import OPEN, PROVEN, UNKNOWN
from ansible_collections.dialtone.contact_center.plugins.module_utils.ledger import merged
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.guided_actions import instructions, values_of
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.guided_console import PHASES, RECORD
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.guided_steps import digest_of

RECORDED, WAITING, REFUSED = "recorded", "waiting", "refused"
DONE = (PROVEN, RECORDED)
CANNOT_BE_SEEN = "it cannot be seen whether it was done"
CONFIRMED_BY = "NAME"

Step = Mapping[str, Any]
Record = Mapping[str, Any]


@dataclass(frozen=True)
class Seen:
    """What the hosts of a site answered, brought together.

    Verdicts and records by step, POM's certificates by host, the certificates that other servers present by step.
    """

    asked: Collection[str]
    proofs: Mapping[str, Mapping[str, str]]
    records: Mapping[str, Record]
    fingerprints: Mapping[str, str]
    presented: Mapping[str, str]
    damaged: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Judged:
    """A step and where it stands.

    state: proven (it is seen) | recorded (a person confirmed it, with these values) | open (it is the next to do) |
    waiting (another comes first) | refused (it was done with other values and must not be done again)
    by_word: whether a person's word counts, because nothing can be observed, or not from here.
    """

    step: Step
    state: str
    why: str
    digest: str
    by_word: bool

    @property
    def id(self) -> str:
        return str(self.step["id"])

    @property
    def is_done(self) -> bool:
        return self.state in DONE


def seen(answers: Mapping[str, Mapping[str, Any]]) -> Seen:
    """`answers`: what guided_proof returned, by host; a host that gave none is left out."""
    return Seen(
        asked=frozenset(answers),
        proofs={step: verdict for answer in answers.values() for step, verdict in answer["proofs"].items()},
        records=merged(*(answer["records"].values() for answer in answers.values())),
        fingerprints={host: answer["fingerprint"] for host, answer in answers.items() if answer["fingerprint"]},
        presented={step: found for answer in answers.values() for step, found in answer["presented"].items() if found},
        damaged={host: answer["damaged"] for host, answer in answers.items() if answer["damaged"]},
    )


def with_records(found: Seen, records: Iterable[Record]) -> Seen:
    """The same, with what is about to be recorded."""
    return replace(found, records=merged(found.records.values(), records))


def judge(steps: Iterable[Step], found: Seen) -> list[Judged]:
    """Where each step stands. What is done stays done, whatever its predecessors have become meanwhile."""
    judged: list[Judged] = []
    done: set[str] = set()
    for step in steps:
        result = judge_step(step, found, done)
        judged.append(result)
        done |= {result.id} if result.is_done else set()
    return judged


def judge_step(step: Step, found: Seen, done: Collection[str]) -> Judged:
    fingerprint = found.fingerprints.get(step["fingerprint_of"], "") or found.presented.get(step["id"], "")
    record = next((found.records[name] for name in (step["id"], *step["formerly"]) if name in found.records), None)
    state, why = proof_state(step, found)
    by_word = state == UNKNOWN
    silent = silent_words(step, found)
    if by_word:
        state, why = record_state(step, record, fingerprint, bool(silent)) if record else (OPEN, why)
    missing = [before for before in step["after"] if before not in done]
    if state == OPEN and missing:
        state, why = WAITING, f"comes after {', '.join(missing)}"
    elif state == OPEN and silent:
        state, why = WAITING, silent
    return Judged(step, state, why, digest_of(step, fingerprint), by_word)


def silent_words(step: Step, found: Seen) -> str:
    """Which server did not show the certificate that is handed over."""
    if step["fingerprint_of"] not in ("", *found.asked):
        return f"waits for an answer of {step['fingerprint_of']}, whose certificate it is about: leave out --limit"
    if step["presented_at"] and step["id"] not in found.presented:
        return "waits for {host}:{port} to answer, whose certificate it is about".format(**step["presented_at"])
    return ""


def proof_state(step: Step, found: Seen) -> tuple[str, str]:
    if step["proof"]["kind"] == RECORD:
        return UNKNOWN, "nobody has confirmed it"
    verdict = found.proofs.get(step["id"])
    if verdict is None:
        return UNKNOWN, f"{CANNOT_BE_SEEN}: {step['console']} was not asked"
    why = verdict["why"]
    return verdict["state"], f"{CANNOT_BE_SEEN}: {why}" if verdict["state"] == UNKNOWN else why


def record_state(step: Step, record: Record, fingerprint: str, is_certificate_unknown: bool) -> tuple[str, str]:
    by = f"{record['by']} confirmed it at {record['at']}"
    changed = changed_values(record["values"], values_of(step))
    if record["digest"] == digest_of({**step, "id": record["step"]}, fingerprint) or (is_certificate_unknown and not changed):
        return RECORDED, by
    changes = "; ".join(changed) or "another certificate is to be handed over"
    if step["once"]:
        return REFUSED, f"{by}, and it must not be done again: {changes}"
    return OPEN, f"{by}, and since then {changes}"


def changed_values(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """
    >>> changed_values({"Name": "epm1", "Type": "application"}, {"Name": "epm9", "Type": "application"})
    ['Name was epm1 and is now epm9']
    """
    labels = dict.fromkeys([*before, *now])
    return [
        f"{label} was {before.get(label, 'not given')} and is now {now.get(label, 'not given')}"
        for label in labels
        if before.get(label) != now.get(label)
    ]


def of(judged: Iterable[Judged], data_center: str = "", phases: Collection[str] = PHASES) -> list[Judged]:
    return [
        result
        for result in judged
        if result.step["phase"] in phases and data_center in ("", result.step["data_center"])
    ]


def undone(judged: Iterable[Judged]) -> list[Judged]:
    return [result for result in judged if not result.is_done]


def next_step(judged: Iterable[Judged]) -> Judged | None:
    return next((result for result in judged if result.state == OPEN), None)


# --- records ------------------------------------------------------------------------------------------------------


def confirmation(result: Judged, site: str, by: str, at: str, controller: str, former: Record | None) -> dict[str, Any]:
    """The record of a step that a person did. It counts on from the one it takes the place of."""
    return {
        "step": result.id,
        "site": site,
        "data_center": result.step["data_center"],
        "title": result.step["title"],
        "digest": result.digest,
        "values": values_of(result.step),
        "by": by,
        "at": at,
        "controller": controller,
        "revision": (former["revision"] if former else 0) + 1,
    }


def copies(
    steps: Iterable[Step], records: Mapping[str, Record], answers: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[Record]]:
    """The records that a keeper of the ledger does not hold, or holds older; only of hosts that answered."""
    wanted: dict[str, list[Record]] = {}
    for step in steps:
        record = records.get(step["id"])
        for keeper in step["keepers"]:
            if record and keeper in answers and answers[keeper]["records"].get(step["id"]) != record:
                wanted.setdefault(keeper, []).append(record)
    return wanted


# --- words --------------------------------------------------------------------------------------------------------


def sentence(judged: Sequence[Judged]) -> str:
    """
    >>> sentence([])
    'no guided step'
    """
    if not judged:
        return "no guided step"
    rest = undone(judged)
    return f"{len(judged) - len(rest)} of {count(len(judged), 'guided step')} done" + (
        f", open: {', '.join(result.id for result in rest)}" if rest else ""
    )


def count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def confirm_command(step: str, command: str) -> str:
    """`command`: how playbooks/guided_confirm.yml is run for this inventory."""
    return f"{command} -e guided_confirm_step={step} -e guided_confirm_by={CONFIRMED_BY}"


def playbook_command(playbook: str, arguments: Mapping[str, Any]) -> str:
    """How another playbook is run as this one was: `arguments` are those of the command line."""
    words = ["ansible-playbook"]
    for option, given in (("-i", "inventory"), ("--vault-id", "vault_ids"), ("--vault-password-file", "vault_password_files")):
        words += [word for value in arguments.get(given) or () for word in (option, from_here(value))]
    words.append(playbook)
    for value in arguments.get("extra_vars") or ():
        words += ["-e", str(value)] if str(value).startswith("site=") else []
    return shlex.join(words)


def from_here(path: str) -> str:
    """As short as a person can give it."""
    beneath = os.path.isabs(path) and not os.path.relpath(path).startswith(os.pardir)
    return os.path.relpath(path) if beneath else path


def described(result: Judged, command: str, number: int | None = None) -> list[str]:
    """All that a person needs to do the step."""
    step = result.step
    head = f"{number}. " if number is not None else ""
    lines = [
        f"{head}{step['title']}  [{result.id}]",
        f"   Where: {step['place']}, {step['url']}, logged in as {step['user'] or 'administrator'}",
        *(f"   - {line}" for line in instructions(step)),
        f"   Why: {step['why']} ({', '.join(step['source'])})",
    ]
    if result.by_word:
        lines.append(f"   Then: {confirm_command(result.id, command)}")
    else:
        lines.append("   Then: nothing; Dialtone sees it")
    lines.append(f"   State: {result.state}; {result.why}")
    return lines


def open_list(judged: Sequence[Judged], site: str, command: str) -> str:
    """The text of build/<site>/open-steps.txt."""
    rest = undone(judged)
    if not rest:
        return f"No guided step of site {site} is open."
    lines = [f"Open guided steps of site {site}: {len(rest)} of {len(judged)}. A person does them in the console, in this order:"]
    for number, result in enumerate(rest, start=1):
        lines += ["", *described(result, command, number)]
    by_word = [result.id for result in rest if result.by_word]
    if len(by_word) > 1:
        lines += ["", f"When all are done, one command tells it: {confirm_command(','.join(by_word), command)}"]
    return "\n".join(lines)


def document(judged: Sequence[Judged], site: str, command: str, written: str) -> dict[str, Any]:
    """build/<site>/open-steps.json: the same for programs, in the order in which the steps are done."""
    return {
        "site": site,
        "written": written,
        "steps": [
            {
                "id": result.id,
                "state": result.state,
                "why": result.why,
                "title": result.step["title"],
                "data_center": result.step["data_center"],
                "phase": result.step["phase"],
                "source": list(result.step["source"]),
                "console": result.step["console"],
                "place": result.step["place"],
                "url": result.step["url"],
                "user": result.step["user"],
                "actions": list(result.step["actions"]),
                "values": values_of(result.step),
                "instructions": instructions(result.step),
                "reason": result.step["why"],
                "after": list(result.step["after"]),
                "proof": result.step["proof"]["kind"],
                "digest": result.digest,
                "confirm": confirm_command(result.id, command) if result.by_word else "",
            }
            for result in undone(judged)
        ],
    }


def stop_words(judged: Sequence[Judged], site: str, files: Iterable[str]) -> str:
    """Why a run ends here, and how it goes on; what there is to do on the pages is in the list."""
    rest = undone(judged)
    steps = "\n".join(f"  {number}. {result.step['title']}  [{result.id}]" for number, result in enumerate(rest, start=1))
    return (
        f"{count(len(rest), 'guided step')} of site {site} {'is' if len(rest) == 1 else 'are'} open:\n{steps}\n"
        "The run stops here, because what follows needs them. Do them as the list above says, then run the same command "
        "again; it goes on from here. "
        f"Or let a run wait while they are done: -e guided_steps_mode=wait. The list is also in {' and '.join(files)}."
    )


def refused_words(results: Iterable[Judged]) -> str:
    return " ".join(
        f"{result.step['title']} ({', '.join(result.step['source'])}): {result.why}. Put the former value back."
        for result in results
    )


def damaged_words(damaged: Mapping[str, Sequence[str]]) -> list[str]:
    return [
        f"{path} on {host} is no record of the ledger and counts as absent: its step is asked again, unless another host has its "
        "record. Remove the file."
        for host, paths in sorted(damaged.items())
        for path in paths
    ]


def unknown_step_words(step: str, judged: Sequence[Judged]) -> str:
    known = ", ".join(result.id for result in judged) or "none"
    return f"guided_confirm_step={step!r} is no guided step of this site. Its steps: {known}."


def cannot_confirm_words(result: Judged) -> str:
    """Why a person's word does not count for a step."""
    if result.state == WAITING:
        return f"{result.id} cannot be confirmed yet: it {result.why}, which playbooks/guided_steps.yml shows."
    if result.state == REFUSED:
        return refused_words([result])
    return (
        f"{result.id} needs no word, because it can be seen when it is done, and it is not: {result.why}. Do it as "
        "playbooks/guided_steps.yml says; the next run sees it."
    )
