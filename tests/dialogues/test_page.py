"""The page names every dialogue and every assumed prompt, because its tables are made from the files."""

from __future__ import annotations

import re

import yaml

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import dialogues
from tools import dialogue_tables


def test_the_tables_of_the_page_are_current() -> None:
    page = dialogue_tables.PAGE.read_text(encoding="utf-8")

    assert dialogue_tables.render(page, dialogue_tables.load(dialogue_tables.ROOT / "dialogues")) == page, (
        "run `python tools/dialogue_tables.py`"
    )


def test_an_assumed_prompt_stands_in_the_table_and_a_documented_one_does_not() -> None:
    steps = [
        {"id": "guessed", "pattern": "a|b", "answer": "1", "assumed": True, "source": ["POM-DB-12"]},
        {"id": "printed", "prompt": "Continue?", "answer": "y", "source": ["POM-DB-12"]},
    ]
    success = ["documented", {"match": "well done", "assumed": True}]
    dialogue = {"program": "p.sh", "about": "P.", "source": ["POM-DB-12"], "steps": steps, "success": success, "failure": []}

    rows = dialogue_tables.assumed({"p": dialogue}).splitlines()[2:]

    assert rows == ["| `p` | `guessed` | `a\\|b` | POM-DB-12 |", "| `p` | `success` | `well done` | POM-DB-12 |"]


def test_the_overlay_that_the_page_shows_is_one() -> None:
    page = dialogue_tables.PAGE.read_text(encoding="utf-8")
    [shown] = re.findall(r"```yaml\n([^`]*\nsite_dialogues:[^`]*)```", page)
    overlays = yaml.safe_load(shown)["site_dialogues"]

    changed = {name: dialogues.load(name, overlay) for name, overlay in overlays.items()}

    steps = {step["id"]: step for step in changed["installDB"]["steps"]}
    assert steps["database_name"]["prompt"] == "Please type the SID or the name:"
    assert "assumed" not in steps["database_name"]
    assert list(steps).index("terms") == list(steps).index("continue") + 1
    assert changed["enabledKafkaHA"]["success"] == ["HA configuration done"]
