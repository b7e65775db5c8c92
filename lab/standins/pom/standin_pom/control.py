"""Lab only. Stand-in for the wrapper `POM` and the short status commands (LAB-POM (wrapper), LAB-service units)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from . import host, layout
from .terminal import main, say

STATES = "/run/standin/pom/states.json"
USAGE = "Usage: POM start|stop|restart|status"


def run(arguments: Sequence[str]) -> int:
    host.require_root()
    if len(arguments) != 1:
        raise host.Refused(USAGE)
    if arguments[0] in layout.SERVICES:
        return status_of(arguments[0])
    actions = {"start": [start], "stop": [stop], "restart": [stop, start], "status": [status]}
    if arguments[0] not in actions:
        raise host.Refused(USAGE)
    return max(action() for action in actions[arguments[0]])


def wrapped() -> list[str]:
    return [unit for unit in layout.SERVICES if unit not in layout.OF_KAFKA or host.switched_on("POM", "kafka")]


def start() -> int:
    failed = 0
    for unit in wrapped():
        started = host.active(unit) or host.systemctl("start", unit)
        say(f"Starting {layout.SERVICES[unit]}: {'[OK]' if started else '[FAILED]'}")
        failed += not started
    return min(failed, 1)


def stop() -> int:
    failed = 0
    for unit in reversed(wrapped()):
        stopped = host.systemctl("stop", unit)
        say(f"Stopping {layout.SERVICES[unit]}: {'[OK]' if stopped else '[FAILED]'}")
        failed += not stopped
    return min(failed, 1)


def states() -> dict[str, str]:
    """What the services say of themselves, where they say it; of the others whether their unit is active."""
    path = Path(host.real(STATES))
    told = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    found = {}
    for unit in layout.SERVICES:
        active = host.active(unit)
        found[unit] = (told.get(unit) or "RUNNING") if active else "STOPPED"
        if active and found[unit] == "STOPPED":
            # Its unit was started a moment ago and it has not said so yet.
            found[unit] = "RUNNING"
    return found


def words(state: str) -> str:
    if host.setting("POM", "status_words") == "modes":
        return state
    return "stopped" if state == "STOPPED" else "running"


def status() -> int:
    found = states()
    every = host.setting("POM", "status_services") == "all"
    shown = [unit for unit in layout.SERVICES if every or unit not in layout.NOT_NAMED_IN_STATUS]
    for unit in shown:
        say(f"{layout.SERVICES[unit]} is {words(found[unit])}")
    return int(any(found[unit] == "STOPPED" for unit in shown))


def status_of(unit: str) -> int:
    state = states()[unit]
    say(f"{layout.SERVICES[unit]} is {words(state)}")
    return int(state == "STOPPED")


if __name__ == "__main__":
    main(run)
