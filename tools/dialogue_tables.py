#!/usr/bin/env python3
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Write the tables of docs/dialogues.md from dialogues/: which there are, and which of their prompts are assumed.

python tools/dialogue_tables.py            writes the page where it is stale
python tools/dialogue_tables.py --check    writes nothing; ends with 1 where it is stale
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/dialogues.md"
Dialogues = dict[str, dict[str, Any]]


def load(directory: Path) -> Dialogues:
    paths = sorted(directory.glob("*.yml"), key=lambda path: path.stem.lower())
    return {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in paths if path.stem != "troubleshooting"}


def overview(dialogues: Dialogues) -> str:
    rows = [(f"[`{name}`](../dialogues/{name}.yml)", f"`{has['program']}`", has["about"]) for name, has in dialogues.items()]
    return table(("dialogue", "program", "what it does"), rows)


def assumed(dialogues: Dialogues) -> str:
    rows = []
    for name, dialogue in dialogues.items():
        for step in dialogue["steps"]:
            if step.get("assumed"):
                prompt = step.get("prompt") or step["pattern"]
                rows.append((f"`{name}`", f"`{step['id']}`", f"`{prompt}`", ", ".join(step["source"])))
        for item in dialogue["success"]:
            if isinstance(item, dict) and item.get("assumed"):
                rows.append((f"`{name}`", "`success`", f"`{item['match']}`", ", ".join(dialogue["source"])))
    return table(("dialogue", "step", "what Dialtone takes for its prompt", "source"), rows)


def table(heading: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    def line(cells: Iterable[str]) -> str:
        return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"

    columns = list(heading)
    return "\n".join([line(columns), f"|{'---|' * len(columns)}", *(line(row) for row in rows)])


def render(page: str, dialogues: Dialogues) -> str:
    """The page with both tables as they are now."""
    for name, rows in (("dialogues", overview(dialogues)), ("assumed", assumed(dialogues))):
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        page = pattern.sub(lambda _found, text=f"{begin}\n{rows}\n{end}": text, page)  # type: ignore[misc]
    return page


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 where the page is stale")
    arguments = parser.parse_args(argv)
    current = PAGE.read_text(encoding="utf-8")
    wanted = render(current, load(ROOT / "dialogues"))
    if wanted == current:
        return 0
    print(f"{PAGE.relative_to(ROOT)} is stale" if arguments.check else f"wrote {PAGE.relative_to(ROOT)}")
    if not arguments.check:
        PAGE.write_text(wanted, encoding="utf-8")
    return int(arguments.check)


if __name__ == "__main__":
    sys.exit(main())
