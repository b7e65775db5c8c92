"""Lab only. The states of POM's services, in the words and colours that the documents give them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from .. import host, layout

MASTER, DORMANT, RUNNING, STOPPED, STOPPING = "MASTER", "DORMANT", "RUNNING", "STOPPED", "STOPPING"
COLOURS = {MASTER: "green", RUNNING: "green", STOPPED: "red"}
UNITS = tuple(layout.SERVICES)
# unit: its name on the page POM Manager. What Load Monitor is, is not documented: it is listed, and shows no state.
PAGE_NAMES = {
    "cmpmgr": "Campaign Manager",
    "cmpdir": "Campaign Director",
    "agtmgr": "Agent Manager",
    "pomactmq": "ActiveMQ",
    "ruleeng": "Rule Server",
    "pomkafka": "Kafka Server",
    "advlistmgmt": "Advance List Management",
    "pomagentsdk": "Agent SDK Service",
    "pomdashboard": "Dashboard service",
    "loadmonitor": "Load Monitor",
}
WITH_MASTER = ("cmpdir", "agtmgr", "pomactmq", "ruleeng")
OF_PROBE = tuple(unit for unit in UNITS if unit not in layout.OF_KAFKA)
OF_SYSTEMD = {"active": RUNNING, "reloading": RUNNING, "deactivating": STOPPING}


def run_directory() -> Path:
    return host.real("/run/standin/pom")


def systemd_words(units: tuple[str, ...]) -> dict[str, str]:
    """What systemd says of each unit; a unit that it does not know is inactive."""
    done = subprocess.run(["systemctl", "is-active", *units], capture_output=True, text=True, check=False)
    return dict(zip(units, [*done.stdout.split(), *["inactive"] * len(units)]))


def shown(systemd: dict[str, str], roles: dict[str, str]) -> dict[str, str]:
    """The documented word for each unit: what systemd says, and which server is master where the services have settled that.

    >>> shown({"cmpdir": "active", "cmpmgr": "active", "ruleeng": "failed"}, {"cmpdir": "DORMANT", "ruleeng": "MASTER"})
    {'cmpdir': 'DORMANT', 'cmpmgr': 'RUNNING', 'ruleeng': 'STOPPED'}
    """
    words = {unit: OF_SYSTEMD.get(word, STOPPED) for unit, word in systemd.items()}
    return {unit: roles.get(unit, word) if word == RUNNING else word for unit, word in words.items()}


def written_roles() -> dict[str, str]:
    try:
        written: dict[str, str] = json.loads((run_directory() / "states.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {unit: word for unit, word in written.items() if word in (MASTER, DORMANT)}


def current() -> dict[str, str]:
    return shown(systemd_words(UNITS), written_roles())
