"""Lab only. Java properties files: read as Java does where the stand-ins need it, changed line by line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

LINE = re.compile(r"^\s*([^#!\s=:][^\s=:]*)\s*[=:]?\s*(.*)$")


def read(path: Path) -> dict[str, str]:
    found = (LINE.match(line) for line in path.read_text(encoding="utf-8").splitlines())
    return {match.group(1): match.group(2).strip() for match in found if match}


def write(path: Path, values: Mapping[str, str], comment: str = "") -> None:
    lines = [f"# {comment}"] if comment else []
    path.write_text("\n".join([*lines, *(f"{key}={value}" for key, value in values.items())]) + "\n", encoding="utf-8")


def change(path: Path, values: Mapping[str, str]) -> None:
    """Set keys where they stand, and at the end where they are new; every other line stays."""
    left = dict(values)
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        match = LINE.match(line)
        lines.append(f"{match.group(1)}={left.pop(match.group(1))}" if match and match.group(1) in left else line)
    path.write_text("\n".join([*lines, *(f"{key}={value}" for key, value in left.items())]) + "\n", encoding="utf-8")
