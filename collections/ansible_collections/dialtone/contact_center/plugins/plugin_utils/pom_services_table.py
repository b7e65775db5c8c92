# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""POM's services of every server as a table, for a person at a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

HEADER = ("HOST", "SERVICE", "UNIT", "STATE", "SHOULD BE", "")


def table(answers: Iterable[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """One line a service and server; then what cannot be told."""
    rows, remarks = [HEADER], []
    for host, answer in sorted(answers, key=lambda row: row[0]):
        services = answer.get("facts", {}).get("services", ())
        if not services:
            remarks.append(f"{host}: {answer.get('reason') or 'no answer'}")
        for one in services:
            mark = "" if one["well"] else "WRONG"
            rows.append((host, one["service"], one["unit"], one["state"], " or ".join(one["expected"]), mark))
        hidden = [one["service"] for one in services if not one["role_observed"]]
        if hidden:
            remarks.append(f"{host}: whether it is master of {', '.join(hidden)} is not observable; running is taken for right")
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    return [*(lines if len(rows) > 1 else []), *remarks]
