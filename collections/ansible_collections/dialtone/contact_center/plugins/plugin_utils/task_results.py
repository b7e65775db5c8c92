# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What of a task's result may be kept: the words that modules made public, and nothing of a task with no_log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.build_files import plain

MOST_LOG_LINES = 20
LOG_KEYS = ("log_lines", "log", "stderr_lines", "stdout_lines", "module_stderr", "module_stdout")
CHANGE_WORDS = ("kind", "path", "name", "reasons")
SERVICE_MODULES = ("systemd_service", "systemd", "service")


def is_censored(result: Mapping[str, Any]) -> bool:
    return "censored" in result or bool(result.get("_ansible_no_log"))


def _loop_results(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    results = result.get("results")
    return [one for one in results if isinstance(one, dict)] if isinstance(results, list) else []


def message_of(result: Mapping[str, Any]) -> str:
    """The words of a failure; of a loop, those of the items that failed."""
    if is_censored(result):
        return "its result is hidden (no_log)"
    items = [one for one in _loop_results(result) if one.get("failed") or one.get("unreachable")]
    messages = [message_of(one) for one in items] or [result.get("msg", "")]
    words = [message if isinstance(message, str) else json.dumps(plain(message), default=str) for message in messages]
    return "\n".join(dict.fromkeys(word.strip() for word in words if word.strip())) or "no reason was given"


def log_of(result: Mapping[str, Any]) -> tuple[str, ...]:
    """The last lines of the log that a failed result holds: what the module read for it, or what its program wrote."""
    if is_censored(result):
        return ()
    for one in [result, *(item for item in _loop_results(result) if item.get("failed") and not is_censored(item))]:
        for key in LOG_KEYS:
            lines = _lines(one.get(key))
            if lines:
                return tuple(lines[-MOST_LOG_LINES:])
    return ()


def _lines(value: Any) -> list[str]:
    if isinstance(value, str):
        value = value.splitlines()
    if not isinstance(value, list):
        return []
    return [str(line).rstrip() for line in value if str(line).strip()]


def next_step_of(result: Mapping[str, Any]) -> str:
    step = result.get("next_step")
    return step if isinstance(step, str) and not is_censored(result) else ""


def changes_of(result: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a module says that it changed, in the words that it made public."""
    if is_censored(result):
        return ()
    found = result.get("changes")
    public: list[Any] = []
    for change in found if isinstance(found, list) else ():
        if isinstance(change, str):
            public.append(str(change))
        elif isinstance(change, dict):
            public.append({word: plain(change[word]) for word in CHANGE_WORDS if word in change})
    return tuple(public)


def items_of(result: Mapping[str, Any]) -> tuple[str, ...]:
    """The labels of a loop's items that changed or failed. Only text is a label: a structure may hold anything."""
    labels = []
    for one in _loop_results(result):
        label = one.get("_ansible_item_label", one.get("item"))
        if isinstance(label, str) and not is_censored(one) and (one.get("changed") or one.get("failed")):
            labels.append(str(label))
    return tuple(labels)


def restarted_by(action: str, result: Mapping[str, Any], arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """The units that a task restarted: as its module names them, or the one unit of a service module that was asked for it."""
    if not result.get("changed"):
        return ()
    named = result.get("restarted")
    if isinstance(named, list):
        return tuple(str(name) for name in named)
    if action.rpartition(".")[2] not in SERVICE_MODULES:
        return ()
    invocation = result.get("invocation")
    given = invocation.get("module_args", {}) if isinstance(invocation, dict) else {}
    if "restarted" not in (given.get("state"), arguments.get("state")):
        return ()
    name = result.get("name") or given.get("name")
    return (str(name).removesuffix(".service"),) if name else ()
