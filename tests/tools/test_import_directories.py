"""POM alone moves and archives the files of imports (POM-DIR-03 to POM-DIR-05): nothing of Dialtone touches them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.state import REPOSITORY

TASK_FILES = sorted([*REPOSITORY.glob("roles/*/tasks/*.yml"), *REPOSITORY.glob("playbooks/**/*.yml")])
OF_POM = ("POManager/Upload", "home }}/Upload", "home }}/public", "home }}/archive")
DELETES_OR_COMES_BACK = ("cron", "absent", "tmpfiles", "synchronize")


def parts(found: Any) -> Iterator[str]:
    if isinstance(found, dict):
        for key, value in found.items():
            yield str(key)
            yield from parts(value)
    elif isinstance(found, list):
        for value in found:
            yield from parts(value)
    else:
        yield str(found)


def tasks(found: Any) -> Iterator[dict[str, Any]]:
    for one in found if isinstance(found, list) else []:
        if isinstance(one, dict):
            yield one
            for block in ("tasks", "pre_tasks", "post_tasks", "block", "rescue", "always"):
                yield from tasks(one.get(block))


def touches(task: dict[str, Any]) -> bool:
    words = list(parts({key: value for key, value in task.items() if key not in ("block", "rescue", "always", "tasks")}))
    return any(place in word for word in words for place in OF_POM) and any(
        verb in word for word in words for verb in DELETES_OR_COMES_BACK
    )


@pytest.mark.parametrize("path", TASK_FILES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_no_task_deletes_or_moves_what_lies_in_the_directories_of_imports(path: Path):
    assert [task.get("name") for task in tasks(yaml.safe_load(path.read_text(encoding="utf-8"))) if touches(task)] == []


def test_one_that_did_would_be_seen():
    assert touches({"name": "x", "ansible.builtin.file": {"path": "{{ pom_server_home }}/archive/default", "state": "absent"}})
