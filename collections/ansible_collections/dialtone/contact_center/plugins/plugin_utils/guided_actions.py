# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a person does on a page, as data: one verb an action, with the words that the page shows. Pure.

open (words of the menu) | press (with the `row` it stands in, `or` what it may be called, `else` where it is missing) | tick |
select (row of a table, `or` what it may be called) | remove (row, where there is one) | fill, choose (label, value) |
fill (label, secret: variable that holds it) | pick (any entry of a list) | keep (file that the page hands out) |
upload (label, file) | see (text that the page shows) | type (command, `on` whose command line, as root) |
do (in words, where no page is documented)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Action = dict[str, Any]


def opened(*menu: str) -> Action:
    return {"open": list(menu)}


def pressed(button: str, *others: str) -> Action:
    return {"press": button, **({"or": list(others)} if others else {})}


def pressed_in_row(link: str, row: Sequence[str], otherwise: str) -> Action:
    return {"press": link, "row": list(row), "else": otherwise}


def ticked(box: str) -> Action:
    return {"tick": box}


def selected(row: str, *others: str) -> Action:
    return {"select": row, **({"or": list(others)} if others else {})}


def removed(row: str, *others: str) -> Action:
    return {"remove": row, **({"or": list(others)} if others else {})}


def filled(label: str, value: str) -> Action:
    return {"fill": label, "value": value}


def chosen(label: str, value: str) -> Action:
    return {"choose": label, "value": value}


def picked(label: str) -> Action:
    return {"pick": label}


def secret(label: str, variable: str) -> Action:
    return {"fill": label, "secret": variable}


def kept(file: str) -> Action:
    return {"keep": file}


def uploaded(label: str, file: str) -> Action:
    return {"upload": label, "file": file}


def seen(text: str) -> Action:
    return {"see": text}


def typed(command: str, host: str) -> Action:
    return {"type": command, "on": host}


def in_words(words: str) -> Action:
    return {"do": words}


def values_of(step: Mapping[str, Any]) -> dict[str, Any]:
    """What is typed or chosen, by the label that the page shows. A secret is shown by the name of its variable."""
    found: dict[str, Any] = {}
    for action in step["actions"]:
        if "value" in action:
            found[action.get("fill") or action["choose"]] = action["value"]
        elif "secret" in action:
            found[action["fill"]] = f"variable {action['secret']}"
        elif "tick" in action:
            found[action["tick"]] = "ticked"
        elif "upload" in action:
            found[action["upload"]] = action["file"]
        elif "see" in action:
            found[action["see"]] = "shown"
    return found


def page_of(step: Mapping[str, Any]) -> str:
    """
    >>> page_of({"actions": [{"open": ["Security", "Certificates"]}, {"press": "Upload"}]})
    'Security > Certificates'
    """
    return " > ".join(next((action["open"] for action in step["actions"] if "open" in action), ()))


def instructions(step: Mapping[str, Any]) -> list[str]:
    """The actions in words, one a line."""
    return [action_words(action) for action in step["actions"]]


def action_words(action: Mapping[str, Any]) -> str:
    if "open" in action:
        return f"Open {' > '.join(action['open'])}"
    if "secret" in action:
        return f"{action['fill']}: what the variable {action['secret']} holds (ansible-vault)"
    if "fill" in action:
        return f"{action['fill']}: {action['value']}"
    if "choose" in action:
        return f"{action['choose']}: choose {action['value']}"
    if "pick" in action:
        return f"{action['pick']}: choose one of the list"
    if "keep" in action:
        return f"Save the file as {action['keep']}"
    if "upload" in action:
        return f"{action['upload']}: the file {action['file']}"
    if "else" in action:
        row = ", ".join(dict.fromkeys(action["row"]))
        return f"Press {action['press']} in the row of {row}; where there is none, press {action['else']}"
    if "type" in action:
        return f"As root on {action['on']}: {action['type']}"
    if "do" in action:
        return str(action["do"])
    verb = next(iter(action))
    words = {
        "press": "Press {}",
        "tick": "Tick {}",
        "select": "Select the row {}",
        "remove": "Where there is a row {}, select it and press Delete",
        "see": "See that the page shows: {}",
    }
    return words[verb].format(" or ".join([action[verb], *action.get("or", ())]))
