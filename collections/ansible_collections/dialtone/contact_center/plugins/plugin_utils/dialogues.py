# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The dialogues of dialogues/: loaded, changed by what a site says, and made into the script that runs on a host.

A dialogue is what a person reads; a script is the same with its answers put in and its texts as regular expressions. Secrets are
only named in it.
"""

from __future__ import annotations

import copy
import difflib
import functools
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.dialtone.contact_center.plugins.module_utils.dialogue import START, literal_pattern, prompt_pattern
from ansible_collections.dialtone.contact_center.plugins.plugin_utils import troubleshooting
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import dialogue_directory, schema_directory

ANSWERS = ("answer", "answer_from", "menu", "menu_from")
DEFAULT_LIMITS = {"step_seconds": 120.0, "silence_seconds": 8.0, "total_seconds": 3600.0}
OVERLAY_KEYS = ("limits", "success", "failure", "trouble", "exit_codes", "abort", "point_of_no_return", "capture")


class DialogueError(Exception):
    """A dialogue cannot be used. Says which, where in it, and what to write.

    path: the same place as keys, steps by their id; as far as it is known.
    """

    def __init__(self, message: str, path: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.path = tuple(path)


def names() -> list[str]:
    """All dialogues that there are."""
    return sorted(path.stem for path in dialogue_directory().glob("*.yml") if path.name != troubleshooting.FILE_NAME)


@functools.cache
def _loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def load(name: str, overlay: Mapping[str, Any] | None = None, directory: Path | None = None) -> dict[str, Any]:
    """The dialogue of this name, with what the site changes of it, checked."""
    directory = directory or dialogue_directory()
    path = directory / f"{name}.yml"
    if "/" in name or not path.is_file():
        known = [entry.stem for entry in directory.glob("*.yml") if entry.name != troubleshooting.FILE_NAME]
        raise DialogueError(f"no dialogue is called {name}{_nearest(name, known)}; there are {', '.join(sorted(known))}")
    dialogue = copy.deepcopy(_loaded(path))
    check(name, dialogue)
    if overlay:
        dialogue = overlaid(name, dialogue, overlay)
        check(f"{name} with site_dialogues.{name}", dialogue)
    return dialogue


def overlaid(name: str, dialogue: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """The dialogue as this site has it. Steps have ids; one that is null is gone, and a new one says what it comes `after`."""
    unknown = sorted(set(overlay) - {"steps", *OVERLAY_KEYS})
    if unknown:
        raise DialogueError(
            f"site_dialogues.{name}.{unknown[0]}: a site may change steps, {', '.join(OVERLAY_KEYS)} of a dialogue"
            f"{_nearest(unknown[0], ['steps', *OVERLAY_KEYS])}",
            [unknown[0]],
        )
    result = copy.deepcopy(dict(dialogue))
    steps: list[dict[str, Any]] = result.get("steps") or []
    for step_id, change in (overlay.get("steps") or {}).items():
        place = next((number for number, step in enumerate(steps) if step["id"] == step_id), None)
        if change is None:
            if place is None:
                raise DialogueError(_no_step(name, step_id, steps), ["steps", step_id])
            del steps[place]
        elif place is not None:
            steps[place] = _changed(steps[place], change)
        else:
            after = next((number for number, step in enumerate(steps) if step["id"] == change.get("after")), None)
            if after is None and change.get("after") != START:
                raise DialogueError(
                    f"{_no_step(name, step_id, steps)}. A new step says `after: <id of a step>`, or `after: start`",
                    ["steps", step_id],
                )
            new = {key: value for key, value in change.items() if key != "after"}
            steps.insert(0 if after is None else after + 1, {"id": step_id, **new})
    result["steps"] = steps
    if "limits" in overlay:
        result["limits"] = {**(result.get("limits") or {}), **overlay["limits"]}
    for key in OVERLAY_KEYS[1:]:
        if key in overlay:
            result[key] = overlay[key]
    return result


def _changed(step: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """What the site words is no longer assumed; of what excludes each other the site's stays."""
    words_it = bool({"prompt", "pattern"} & set(change))
    dropped: set[str] = set()
    if words_it:
        dropped |= {"prompt", "pattern", "assumed"}
    if set(ANSWERS) & set(change):
        dropped |= {*ANSWERS, "secret", "labels"}
    return {**{key: value for key, value in step.items() if key not in dropped}, **change}


def check(name: str, dialogue: Any) -> None:
    """Raises DialogueError for what no script can be made of."""
    errors = sorted(_validator().iter_errors(dialogue), key=lambda error: [str(part) for part in error.absolute_path])
    if errors:
        error = errors[0]
        path = _path(list(error.absolute_path), dialogue)
        raise DialogueError(f"{_place(name, path)}: {_fault(error)}", path)
    steps: list[dict[str, Any]] = dialogue.get("steps") or []
    ids = [step["id"] for step in steps]
    twice = sorted({step_id for step_id in ids if ids.count(step_id) > 1})
    if twice:
        raise DialogueError(f"dialogue {name}: several steps are called {twice[0]}. An id names one step")
    no_return = dialogue.get("point_of_no_return") or {}
    known = [*ids, START]
    for step_id in [*_as_list(no_return.get("after")), *_as_list(no_return.get("until"))]:
        if step_id not in known:
            place = "point_of_no_return"
            raise DialogueError(f"dialogue {name}, {place}: {_no_step(name, step_id, steps)}", [place])
    if "answers" in dialogue:
        undescribed = sorted(answer_names(dialogue) - set(dialogue["answers"]))
        if undescribed:
            raise DialogueError(f"dialogue {name}: the answer {undescribed[0]} is used, and `answers` does not say what it is")
    for path, pattern in _expressions(dialogue):
        try:
            re.compile(pattern, re.MULTILINE)
        except re.error as error:
            raise DialogueError(f"{_place(name, path)}: {pattern!r} is no regular expression: {error}", path) from None
    for entry in dialogue.get("failure") or []:
        _failure_patterns(name, entry)


def answer_names(dialogue: Mapping[str, Any]) -> set[str]:
    """All answers and secrets that it names anywhere."""
    steps = dialogue.get("steps") or []
    found = {step[key] for step in steps for key in ("answer_from", "menu_from") if key in step}
    conditional = [*steps, *(dialogue.get("failure") or []), *(dialogue.get("success") or [])]
    found.update(name for entry in conditional if isinstance(entry, dict) for name in entry.get("when", {}))
    return found


def assumed_steps(dialogue: Mapping[str, Any]) -> list[str]:
    """The steps whose prompt the documents do not give."""
    return [step["id"] for step in dialogue.get("steps") or [] if step.get("assumed")]


def resolve(name: str, dialogue: Mapping[str, Any], answers: Mapping[str, Any], secret_names: Iterable[str]) -> dict[str, Any]:
    """The script: what runs with these answers. Raises DialogueError for an answer that is missing, or that it does not know."""
    secrets = set(secret_names)
    known = answer_names(dialogue) | set(dialogue.get("answers", {}))
    for given in sorted(set(answers) - known):
        raise DialogueError(
            f"the dialogue {name} asks for no {given}{_nearest(given, known)}; it knows {', '.join(sorted(known)) or 'none'}"
        )
    chosen = [step for step in dialogue.get("steps") or [] if _holds(step, answers)]
    steps = [_resolved(name, step, answers, secrets) for step in chosen]
    no_return = dialogue.get("point_of_no_return") or {}
    return {
        "name": name,
        "program": dialogue["program"],
        "spellings": list(dialogue.get("spellings") or []),
        "limits": {**DEFAULT_LIMITS, **(dialogue.get("limits") or {})},
        "steps": steps,
        "success": [_success(entry) for entry in dialogue.get("success") or [] if _holds(entry, answers)],
        "failure": [
            {"pattern": pattern, "trouble": entry.get("trouble", "")}
            for entry in dialogue.get("failure") or []
            if _holds(entry, answers)
            for pattern in _failure_patterns(name, entry)
        ],
        "capture": [{"secret": False, **entry} for entry in dialogue.get("capture") or []],
        "trouble": dialogue.get("trouble", ""),
        "exit_codes": list(dialogue.get("exit_codes") or [0]),
        "abort": [_abort(entry) for entry in dialogue.get("abort") or []],
        "no_return": {
            "after": _as_list(no_return.get("after")),
            "until": no_return.get("until", ""),
            "why": no_return.get("why", ""),
        },
    }


def _resolved(name: str, step: Mapping[str, Any], answers: Mapping[str, Any], secrets: set[str]) -> dict[str, Any]:
    resolved: dict[str, Any] = {
        "id": step["id"],
        "prompt": step.get("prompt") or step["pattern"],
        "pattern": prompt_pattern(step["prompt"]) if "prompt" in step else step["pattern"],
        "answer": _answer(name, step, answers, secrets),
        "optional": step.get("optional", False),
        "repeat": step.get("repeat", 1),
    }
    if "seconds" in step:
        resolved["seconds"] = step["seconds"]
    return resolved


def _answer(name: str, step: Mapping[str, Any], answers: Mapping[str, Any], secrets: set[str]) -> dict[str, str]:
    if "answer" in step:
        return {"text": step["answer"]}
    if "menu" in step:
        return {"menu": step["menu"]}
    wanted = step.get("answer_from") or step["menu_from"]
    if step.get("secret"):
        if wanted not in secrets:
            raise DialogueError(f"the dialogue {name} needs the secret {wanted} (step {step['id']}): hand it over in `secrets`")
        return {"secret": wanted}
    if wanted not in answers:
        hint = "it was handed over as a secret, and this step shows it" if wanted in secrets else "hand it over in `answers`"
        raise DialogueError(f"the dialogue {name} needs the answer {wanted} (step {step['id']}): {hint}")
    value = answers[wanted]
    if isinstance(value, bool) or not isinstance(value, (str, int)) or "\n" in str(value):
        raise DialogueError(
            f"the answer {wanted} of the dialogue {name} is {value!r}: it is typed as one line, so it is a text or a number"
        )
    if "menu_from" in step:
        return {"menu": str(step.get("labels", {}).get(value, value))}
    return {"text": str(value)}


def _holds(entry: Any, answers: Mapping[str, Any]) -> bool:
    conditions = entry.get("when", {}) if isinstance(entry, Mapping) else {}
    return all(name in answers and answers[name] in _as_list(wanted) for name, wanted in conditions.items())


def _success(entry: str | Mapping[str, Any]) -> dict[str, str]:
    if isinstance(entry, str):
        return {"words": entry, "pattern": literal_pattern(entry)}
    return {"words": entry["match"], "pattern": entry["match"]}


def _failure_patterns(name: str, entry: Mapping[str, Any]) -> tuple[str, ...]:
    if "match" in entry:
        return (entry["match"],)
    known = troubleshooting.by_id(troubleshooting.load())
    if entry["trouble"] not in known:
        raise DialogueError(
            f"dialogue {name}, failure: {troubleshooting.FILE_NAME} has no {entry['trouble']}{_nearest(entry['trouble'], known)}",
            ["failure"],
        )
    return known[entry["trouble"]].match


def _abort(entry: Mapping[str, Any]) -> dict[str, str]:
    key = {"menu": entry["menu"]} if "menu" in entry else {"send": entry["send"]}
    return key | {name: prompt_pattern(entry[name]) for name in ("at", "expect") if name in entry}


def _expressions(dialogue: Mapping[str, Any]) -> Iterable[tuple[list[str], str]]:
    yield from ((["steps", step["id"]], step["pattern"]) for step in dialogue.get("steps") or [] if "pattern" in step)
    for key in ("success", "failure"):
        yield from (([key], entry["match"]) for entry in dialogue.get(key) or [] if isinstance(entry, dict) and "match" in entry)


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _no_step(name: str, step_id: str, steps: Iterable[Mapping[str, Any]]) -> str:
    ids = [step["id"] for step in steps]
    return f"the dialogue {name} has no step {step_id}{_nearest(step_id, ids)}; its steps are {', '.join(ids) or 'none'}"


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _path(path: list[str | int], dialogue: Any) -> list[str]:
    """Where in the file: a step by its id, not by its number."""
    if path[:1] == ["steps"] and len(path) > 1:
        step = dialogue["steps"][path[1]]
        path = ["steps", step.get("id", path[1]) if isinstance(step, dict) else path[1], *path[2:]]
    return [str(part) for part in path]


def _place(name: str, path: list[str]) -> str:
    words = [f"step {path[1]}", *path[2:]] if path[:1] == ["steps"] and len(path) > 1 else path
    return ", ".join([f"dialogue {name}", *words])


def _fault(error: Any) -> str:
    """jsonschema has no words for alternatives."""
    if error.validator == "oneOf":
        alternatives = ", ".join(choice["required"][0] for choice in error.validator_value)
        return f"it says exactly one of {alternatives}"
    return str(error.message)


@functools.cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads((schema_directory() / "dialogue.schema.json").read_text(encoding="utf-8")))
