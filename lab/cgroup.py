"""Control groups of hosts: what runs, freezing, killing. Lab only; nothing in it reaches a site."""
from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from lab.shell import wait_until


def events(group: Path) -> dict[str, str]:
    try:
        return dict(line.split() for line in group.joinpath("cgroup.events").read_text(encoding="utf-8").splitlines())
    except OSError:
        return {}


def populated(group: Path) -> bool:
    return events(group).get("populated") == "1"


def frozen(group: Path) -> bool:
    return events(group).get("frozen") == "1"


def freeze(group: Path, on: bool) -> None:
    group.joinpath("cgroup.freeze").write_text("1" if on else "0", encoding="utf-8")
    wait_until(lambda: frozen(group) == on, 5, lambda: f"{group.name} does not {'freeze' if on else 'thaw'} within 5 s")


def join(group: Path) -> None:
    """Move the calling process into the group."""
    group.joinpath("cgroup.procs").write_text("0", encoding="utf-8")


def kill(group: Path) -> None:
    """Kill every process of the group at once, frozen ones too."""
    if group.is_dir():
        group.joinpath("cgroup.kill").write_text("1", encoding="utf-8")
        wait_until(lambda: not populated(group), 20, lambda: f"processes of {group} do not end")


def remove(group: Path) -> None:
    """Kill what is left in the group and remove its directories."""
    if not group.is_dir():
        return
    kill(group)
    for directory, _, _ in os.walk(group, topdown=False):
        os.rmdir(directory)


def processes(group: Path) -> Iterator[int]:
    for directory, _, files in os.walk(group):
        if "cgroup.procs" in files:
            try:
                yield from map(int, Path(directory, "cgroup.procs").read_text(encoding="utf-8").split())
            except OSError:
                continue


def leader(group: Path) -> int | None:
    """The process that is process 1 of the container in this group."""
    for pid in processes(group / "payload"):
        try:
            status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        except OSError:
            continue
        ids = next((line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:")), [])
        if len(ids) > 1 and ids[-1] == "1":
            return pid
    return None


def memory(group: Path) -> int:
    """Bytes in use by the group's processes, shared pages counted once (sum of their proportional set sizes)."""
    total = 0
    for pid in processes(group):
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8")
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))
    return total
