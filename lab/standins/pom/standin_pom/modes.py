"""Lab only. Stand-ins for setConnectorMode.sh and enablenonTeleMode.sh (the LAB sections of these names).

Where POM keeps its mode is not documented: config/mode.properties is a stand-in assumption.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from . import host, properties
from .terminal import ask_one_of, extra_question, main, menu, say

PROGRAM, CONVERSION = "setConnectorMode.sh", "enablenonTeleMode.sh"
MODES = (
    "CCElite",
    "AACC-SBP [Skills-Based Pacing for Agentless POM]",
    "None",
    "AACC [Integrated & Blending]",
    "Oceana",
)
CHANGES = {"AACC-SBP": ("AACC",), "None": ("CCElite", "AACC", "AACC-SBP", "Oceana")}
QUESTIONS = (
    "Have you stopped all running campaigns?",
    "Have you stopped Campaign manager and Agent Manager on all the POM servers including Data centers connected to this setup?",
    "This script will enable Manual Dialing mode. Are you sure you want to convert the dialer into the non-telephony mode?",
)
MANUAL = "The system is converted to manual mode."


def mode_file() -> Path:
    return host.pom_home() / "config/mode.properties"


def short(label: str) -> str:
    """
    >>> short("AACC [Integrated & Blending]")
    'AACC'
    """
    return label.split(" [")[0]


def recorded(key: str) -> str:
    return properties.read(mode_file()).get(key, "") if mode_file().exists() else ""


def record(key: str, value: str) -> None:
    if not mode_file().exists():
        properties.write(mode_file(), {}, "# stand-in assumption")
    properties.change(mode_file(), {key: value})
    host.own(mode_file())


def set_connector_mode(arguments: Sequence[str]) -> int:
    host.require_root()
    log = host.Log(host.pom_home() / f"logs/{PROGRAM}.log")
    log.assumption("where the mode is kept, the words of a refusal, the question about vpms, and what n and the present mode do")
    current = recorded("mode")
    if not current:
        raise host.Refused("The Contact Center Configuration mode is not set. Configure the POM database first.")
    wanted = short(menu("Please select Contact Center Configuration mode from the following options:", MODES))
    extra_question("start")
    if wanted == current and host.setting(PROGRAM, "same_mode") == "nothing":
        say(f"Current Contact Center Configuration mode is {current}.")
        return 0
    if wanted not in CHANGES.get(current, ()):
        raise host.Refused(
            f"Contact Center Configuration mode cannot change from {current} to {wanted}. "
            "Re-install POM and reconfigure the POM database."
        )
    say(f"Current Contact Center Configuration mode is {current}.")
    question = f"Contact Center Configuration mode will change from {current} to {wanted}. Do you want to continue(y/n)?"
    if ask_one_of(question, ("y", "n")) == "n":
        return 1
    record("mode", wanted)
    log.write(f"mode changed from {current} to {wanted}")
    extra_question("end")
    if ask_one_of("Do you want to restart the vpms service now (y/n)?", ("y", "n")) == "n":
        return 0
    if not host.systemctl("restart", "vpms"):
        raise host.Refused("VPMS Start Status: [FAILED]")
    say("VPMS Start Status: [OK]")
    return 0


def enable_manual_dialing(arguments: Sequence[str]) -> int:
    host.require_root()
    home = host.pom_home()
    log = host.Log(home / "logs/enableNonTeleMode.log")
    log.assumption("words of its progress, what n does, that it refuses beside running services, on an auxiliary and twice")
    if properties.read(home / "config/version.properties").get("kind") != "primary":
        raise host.Refused("Run this script on the primary POM server only.")
    if recorded("manual") == "yes":
        raise host.Refused(MANUAL)
    for question in QUESTIONS:
        if ask_one_of(f"{question} (y/n)", ("y", "n")) == "n":
            return 1
    for unit, name in (("cmpmgr", "Campaign Manager"), ("agtmgr", "Agent Manager")):
        if host.active(unit):
            raise host.Refused(f"{name} is running. Stop it on all POM servers, then run this script again.")
    for text in ("Disabling telephony channels", "Updating the POM configuration"):
        say(f"{text}...")
        log.write(text)
        host.stage(CONVERSION, text.split()[0].lower(), log)
    record("manual", "yes")
    host.own(log.path)
    log.write(MANUAL)
    say(MANUAL)
    return 0


PROGRAMS = {"connector": set_connector_mode, "manual": enable_manual_dialing}


def run(arguments: Sequence[str]) -> int | None:
    return PROGRAMS[arguments[0]](arguments[1:])


if __name__ == "__main__":
    main(run)
