# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Ansible's own objects tell a callback of a play: which one it is, on which hosts, and of how many tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible.playbook.block import Block
from ansible.playbook.play import Play
from ansible.playbook.task import Task
from ansible.playbook.task_include import TaskInclude


def place_of(play: Play, plays: Sequence[Play]) -> int:
    """The number of a play in its playbook, from 1. A batch is a copy of its play and keeps its identity."""
    return next((at for at, one in enumerate(plays, 1) if one._uuid == play._uuid), 0)


def hosts_of(play: Play) -> tuple[list[str], list[str]]:
    """All hosts of a play, and those of the batch that begins. No call that Ansible promises tells the first."""
    inventory = play.get_variable_manager()._inventory
    everyone = [str(host.name) for host in inventory.get_hosts(play.hosts, ignore_restrictions=True, order=play.order)]
    batch = {str(host.name) for host in inventory.get_hosts(play.hosts)}
    return everyone, [name for name in everyone if name in batch]


def number_of_tasks(play: Play) -> int | None:
    """How many tasks a play has, or None where it includes files at run time: then nobody knows yet."""
    count = 0
    for block in play.compile():
        tasks = _tasks_of(block)
        if any(isinstance(task, TaskInclude) for task in tasks):
            return None
        count += sum(not task.implicit for task in tasks)
    return count


def _tasks_of(block: Block) -> list[Task]:
    tasks: list[Task] = []
    for entry in [*block.block, *block.always]:
        tasks += _tasks_of(entry) if isinstance(entry, Block) else [entry]
    return tasks


def is_rescued(task: Any) -> bool:
    """Whether a failure of this task is caught: it stands in a block, or in what a block includes, that has a rescue."""
    child, parent = task, task._parent
    while parent is not None:
        if isinstance(parent, Block) and parent.rescue and any(entry._uuid == child._uuid for entry in parent.block):
            return True
        child, parent = parent, parent._parent
    return False
