# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a role may ask host_state for: the closed set of kinds and words, checked before anything is sent to a host."""
from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any


class DesiredStateError(ValueError):
    """A role asked for something that host_state does not know."""


_ATTRIBUTES = {"owner", "group", "mode"}
_WRITTEN = {*_ATTRIBUTES, "path", "backup", "secret", "follow"}

# kind -> (required words, optional words)
KINDS: Mapping[str, tuple[set[str], set[str]]] = {
    "directory": ({"path"}, {*_ATTRIBUTES, "follow"}),
    "file": ({"path"}, {*_WRITTEN, "content", "template", "keep_existing"}),
    "properties": ({"path", "values"}, {*_WRITTEN, "owned", "header", "absent_keys", "secret_keys"}),
    "block": ({"path", "name", "content"}, {*_WRITTEN, "comment", "position", "create", "unless"}),
    "connector": ({"path", "attributes"}, {*_WRITTEN, "secret_keys"}),
    "link": ({"path", "target"}, {"replace"}),
    "absent": ({"path"}, set()),
    "group": ({"name"}, set()),
    "user": ({"name"}, {"group", "home", "shell"}),
    "package": ({"name"}, set()),
    "tree": ({"path", "marker", "digest"}, set()),
    "unit": ({"name"}, {"state", "enabled", "reads", "label"}),
}
_CHOICES = {"owned": {"file", "keys"}, "position": {"start", "after_shebang", "end"}, "state": {"started", "stopped"}}


def _near(word: str, known: set[str]) -> str:
    match = difflib.get_close_matches(word, sorted(known), n=1)
    return f" (did you mean {match[0]}?)" if match else f" (known: {', '.join(sorted(known))})"


def _plain(value: Any) -> Any:
    """The value without Ansible's lazy containers, so that it can be serialised."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value


def _checked_item(kind: str, item: Any, index: int) -> dict[str, Any]:
    where = f"{kind}[{index}]"
    if not isinstance(item, Mapping):
        raise DesiredStateError(f"{where} is a {type(item).__name__}, must be a dictionary")
    required, optional = KINDS[kind]
    for word in item:
        if word not in required | optional:
            raise DesiredStateError(f"{where}: unknown word {word}{_near(str(word), required | optional)}")
    missing = sorted(word for word in required if item.get(word) in (None, ""))
    if missing and not (kind == "block" and missing == ["content"]):
        raise DesiredStateError(f"{where}: {', '.join(missing)} is missing")
    if kind == "file" and not item.get("keep_existing") and ("content" in item) == ("template" in item):
        raise DesiredStateError(f"{where} ({item['path']}): exactly one of content and template is needed")
    for word, choices in _CHOICES.items():
        if item.get(word) is not None and item[word] not in choices:
            raise DesiredStateError(f"{where}: {word} is {item[word]!r}, must be one of {', '.join(sorted(choices))}")
    path = item.get("path")
    if path is not None and not str(path).startswith("/"):
        raise DesiredStateError(f"{where}: path {path} must be absolute")
    return {str(word): _plain(value) for word, value in item.items() if value is not None}


def checked(desired: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """A copy of the desired state with every kind and word known; two items for one path are refused."""
    result: dict[str, list[dict[str, Any]]] = {}
    for kind, items in desired.items():
        if kind not in KINDS:
            raise DesiredStateError(f"unknown kind {kind}{_near(str(kind), set(KINDS))}")
        if not isinstance(items, list):
            raise DesiredStateError(f"{kind} is a {type(items).__name__}, must be a list")
        result[kind] = [_checked_item(kind, item, index) for index, item in enumerate(items)]
    seen: dict[tuple[str, str], str] = {}
    for kind in ("directory", "file", "properties", "block", "connector", "link", "absent"):
        for item in result.get(kind, []):
            key = (item["path"], item.get("name", ""))
            if key in seen:
                raise DesiredStateError(f"{item['path']} is kept twice, as {seen[key]} and as {kind}")
            seen[key] = kind
    return result
