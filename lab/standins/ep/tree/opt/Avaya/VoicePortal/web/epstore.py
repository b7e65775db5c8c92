"""What Experience Portal keeps of its pages: applications, organizations, MPP servers, licensing. Stand-in of the lab.

Lab only; nothing in it reaches a site. The vendor keeps these in a database of its own; here they are files of JSON in
`$VP_HOME/data`, which programs of POM read and write too.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent.parent / "data"
DEFAULT_ZONE = DEFAULT_ORGANIZATION = "Default"
FIRST_ORGANIZATION_ID = 1001

Row = dict[str, Any]


def read(name: str) -> list[Row]:
    """The rows of a table, in the order in which they were made."""
    file = DATA / f"{name}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else []


@contextlib.contextmanager
def changed(name: str) -> Iterator[list[Row]]:
    """The rows of a table, to be changed in place; nothing is written where the block raises."""
    DATA.mkdir(mode=0o755, parents=True, exist_ok=True)
    with (DATA / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        rows = read(name)
        yield rows
        partial = DATA / f".{name}.partial"
        partial.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        partial.chmod(0o644)
        partial.rename(DATA / f"{name}.json")


def organizations() -> list[str]:
    """The names of all organizations, the default one first."""
    return [DEFAULT_ORGANIZATION, *(row["name"] for row in read("organizations") if row["name"] != DEFAULT_ORGANIZATION)]


def key(application: Row) -> tuple[str, str, str]:
    """What an application is known by."""
    organization = application.get("organization") or DEFAULT_ORGANIZATION
    return application["name"].lower(), application.get("zone") or DEFAULT_ZONE, organization
