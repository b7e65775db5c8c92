# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A run in words: what the terminal says at its end, and the summary for a change ticket."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.command_line import HIDDEN
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.progress import elapsed
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.run_record import Run, safe_name, timestamp

MOST_NAMED = 8
MOST_MESSAGE_LINES = 12


def named(names: Sequence[str], most: int = MOST_NAMED) -> str:
    """
    >>> named(["epm1", "epm2", "kafka3"], 2)
    'epm1, epm2 and 1 more'
    """
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def changes_in_words(run: Run) -> str:
    changed = [event.host for event in run.changed] + [change["host"] for change in run.foretold]
    if not changed:
        return "nothing would change" if run.request.check else "nothing changed"
    would = " would be made" if run.request.check else ""
    number = run.number_of_changes + len(run.foretold)
    return f"{_counted(number, 'change')} on {_counted(len(set(changed)), 'host')}{would}"


def last_words(run: Run, folder: str) -> str:
    """What the terminal says at the end."""
    if run.is_refused:
        return "\n".join(
            (
                "Refused by the contract: no host was contacted. The findings stand above.",
                f"  Run again    {run.request.command}",
                f"  Record       {folder}",
            )
        )
    if not run.failed_hosts:
        words = [elapsed(run.seconds), changes_in_words(run)]
        if run.restarted:
            words.append(f"restarted: {named(run.restarted)}")
        return f"Record: {folder} ({', '.join(words)})"
    return "\n".join(_failure_lines(run, folder))


def _failure_lines(run: Run, folder: str) -> Iterable[str]:
    outcome = run.outcome()
    where = f"on {_counted(len(outcome.failed), 'host')}"
    if run.has_stopped:
        where = f"in play {run.plays[-1].number} of {len(run.play_names)} ({run.plays[-1].name})"
    yield f"FAILED {where} after {elapsed(run.seconds)}, {changes_in_words(run)}"
    if outcome.done:
        yield f"  Done         {named(outcome.done)}"
    for host in outcome.failed:
        failure = run.failures.get(host)
        if failure is None:
            yield f"  Failed       {host}"
            continue
        lines = failure.reason.splitlines()
        yield f"  Failed       {host}, at {failure.task}: {lines[0]}"
        yield from (f"                 {line}" for line in lines[1:MOST_MESSAGE_LINES])
        if len(lines) > MOST_MESSAGE_LINES:
            yield f"                 … all of it: {folder}failures/{safe_name(host)}.txt"
        if failure.log:
            yield "               last lines of its log:"
            yield from (f"                 {line}" for line in failure.log)
    if outcome.stopped:
        yield f"  Stopped      {named(outcome.stopped)}: together with it, before the play was done"
    if outcome.not_touched:
        yield f"  Not touched  {named(outcome.not_touched)}: their turn in this play had not come"
    if outcome.plays_left:
        yield f"  Not begun    {named(outcome.plays_left)}"
    if run.restarted:
        yield f"  Restarted    {named(run.restarted)}"
    for step in dict.fromkeys(failure.what_next for failure in run.failures.values()):
        yield f"  Next         {step}"
    yield f"  Resume       {run.request.command}"
    if HIDDEN in run.request.command:
        yield f"               (give anew what stands there as {HIDDEN}: it may be a secret)"
    yield f"  Record       {folder}"


def summary_markdown(run: Run) -> str:
    """The run for a change ticket."""
    request = run.request
    mode = " (check mode: nothing was changed)" if request.check else ""
    asked = [
        ("Playbook", f"`{request.playbook}`{mode}"),
        ("Site", run.site or "not known"),
        ("Inventory", ", ".join(f"`{name}`" for name in request.inventories)),
        ("Revision", ", ".join(f"{name}: {revision}" for name, revision in request.inventory_revisions.items())),
        ("Limit", request.limit),
        ("Tags", ", ".join([*request.tags, *(f"not {tag}" for tag in request.skip_tags)])),
        ("Words", ", ".join(_word(variable) for variable in request.extra_variables)),
        ("By", f"{request.user} on {request.controller}"),
        ("Started", f"{timestamp(run.started)}, took {elapsed(run.seconds)}"),
        ("With", ", ".join(f"{name} {version}" for name, version in request.versions.items())),
        ("Result", f"**{run.result}**, {changes_in_words(run)}"),
    ]
    parts = [
        f"# {request.name}: {run.site or 'no site'}, {run.result}",
        "\n".join(f"- {name}: {text}" for name, text in asked if text),
    ]
    if run.findings:
        parts += ["## What the contract said", "\n".join(_finding_line(finding) for finding in run.findings)]
    if not run.is_refused:
        parts += ["## Hosts", _host_table(run)]
    if run.changed or run.foretold:
        parts += ["## What would change" if request.check else "## What changed", "\n".join(_change_lines(run))]
    if run.restarted:
        parts += ["## Restarted, in this order", "\n".join(f"{at}. {name}" for at, name in enumerate(run.restarted, 1))]
    if run.failures and not run.is_refused:
        parts.append("## What failed")
        for failure in run.failures.values():
            where = f"{failure.host}, play {failure.play} ({failure.play_name}), at {failure.task}"
            parts.append(f"{where}:\n\n{_fenced(failure.reason)}")
            if failure.log:
                parts.append("Last lines of its log:\n\n" + _fenced("\n".join(failure.log)))
            parts.append(f"Next: {failure.what_next}")
        outcome = run.outcome()
        if outcome.plays_left:
            parts.append(f"Not begun: {', '.join(outcome.plays_left)}.")
    if run.result != "succeeded":
        parts += ["## The command that resumes", _fenced(request.command)]
    return "\n\n".join(parts) + "\n"


def _word(variable: Mapping[str, Any]) -> str:
    return f"`{variable['name']}={variable['value']}`" if "value" in variable else f"`{variable['name']}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _fenced(text: str) -> str:
    longest = max((len(found) for found in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def _finding_line(finding: Mapping[str, Any]) -> str:
    place = ":".join(str(finding[name]) for name in ("file", "line", "column") if finding.get(name))
    words = [str(finding[name]) for name in ("found", "expected", "fix") if finding.get(name)]
    return f"- {finding.get('severity')}: {finding.get('path')} ({place or 'inventory'}): {_cell('; '.join(words))}"


def _host_table(run: Run) -> str:
    rows = ["| host | state | ok | changed | failed | unreachable |", "|---|---|---:|---:|---:|---:|"]
    for name, host in run.hosts().items():
        counts = [host.get(word, 0) for word in ("ok", "changed", "failures", "unreachable")]
        rows.append(f"| {_cell(name)} | {host['state']} | " + " | ".join(map(str, counts)) + " |")
    return "\n".join(rows)


def _change_lines(run: Run) -> Iterable[str]:
    for event in run.changed:
        yield f"- {event.host}, {event.task}" + (f": {_cell(named(event.items))}" if event.items else "")
        for change in event.changes:
            yield f"  - {_cell(_change_in_words(change))}"
    for foretold in run.foretold:
        what = _cell(_change_in_words({**foretold, "name": foretold["what"]}))
        yield f"- {foretold['host']}, {foretold['role']}: {what}"


def _change_in_words(change: Any) -> str:
    if isinstance(change, str):
        return change
    what = str(change.get("path") or change.get("name") or change.get("kind") or "")
    reasons = change.get("reasons") or []
    return f"{what}: {'; '.join(map(str, reasons))}" if reasons else what
