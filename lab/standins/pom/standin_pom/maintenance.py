"""Lab only. Stand-ins for uninstallPOM.sh, vpUpgrade.sh, updateVPMSConf.sh, updatePOMConfig and updateAgentManagerMemory.sh
(the LAB sections of these names)."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from . import host, identity, layout, properties
from .terminal import ask, ask_one_of, main, say

RULE = "must be a positive integer, greater than 1 and must be less than current available RAM on the system."
AMOUNT = "Number of GB memory to be allocated to Agent Manager:"


def log_file(name: str) -> host.Log:
    return host.Log(host.pom_home() / f"logs/{name}.log")


def uninstall(arguments: Sequence[str]) -> int:
    host.require_root()
    home = host.pom_home()
    log = host.Log(host.real("/PomUnInstall.log"))
    log.assumption("the question before it, and that POM_HOME and the settings of POM are removed and the database is left alone")
    question = "Are you sure that you want to uninstall POM? (y/n)"
    if host.switched_on("uninstallPOM.sh", "confirm") and ask_one_of(question, ("y", "n")) == "n":
        return 1
    units = layout.unit_files(host.real(host.UNIT_DIRECTORY))
    templates = home / "services/units"
    if templates.is_dir():
        more = (host.real(host.UNIT_DIRECTORY) / path.name for path in sorted(templates.glob("*.service")))
        units += [path for path in more if path.exists() and path not in units]
    for unit in reversed(units):
        host.systemctl("stop", unit.name)
        host.systemctl("disable", "--quiet", unit.name)
    for unit in units:
        unit.unlink()
        log.write(f"deleted {host.shown(unit)}")
    host.systemctl("daemon-reload")
    for command in host.real(host.COMMAND_DIRECTORY).glob("*"):
        if command.is_symlink() and home in command.resolve().parents:
            command.unlink()
    host.real(host.PROFILE).unlink(missing_ok=True)
    shutil.rmtree(host.real(f"{host.EP_HOME}/plugins/pom"), ignore_errors=True)
    shutil.rmtree(home)
    if not any(home.parent.iterdir()):
        home.parent.rmdir()
    say("POM UNINSTALLATION complete. Please restart the system now!")
    return 0


def require_stopped(*units: str) -> None:
    running = [unit for unit in units if host.active(unit)]
    if running:
        raise host.Refused(f"Stop these services first: {' '.join(running)}")


def upgrade_portal(arguments: Sequence[str]) -> int:
    """vpUpgrade.sh: POM takes note of the Experience Portal's version, and of its own host."""
    host.require_root()
    log = log_file("vpUpgrade")
    log.assumption("words and effects of vpUpgrade.sh, and that it refuses to work beside running services")
    require_stopped("vpms", "httpd", *layout.SERVICES)
    portal = host.experience_portal()
    if portal is None:
        raise host.Refused("Primary or auxiliary EPM is not installed on this server.")
    values = {"ep_version": portal.get("version", ""), **identity.present()}
    properties.change(host.pom_home() / "config/version.properties", values)
    if portal["kind"] == "auxiliary" and identity.tell_portal():
        log.write(f"Experience Portal knows this server as {values['host_name']} now")
    say("vpUpgrade completed successfully.")
    return 0


def update_vpms_configuration(arguments: Sequence[str]) -> int:
    host.require_root()
    log = log_file("updateVPMSConf")
    log.assumption("words and effects of updateVPMSConf.sh")
    require_stopped("vpms", "httpd")
    if not properties.read(host.pom_home() / "config/version.properties").get("ep_version"):
        raise host.Refused("Run vpUpgrade.sh first.")
    say("updateVPMSConf completed successfully.")
    return 0


def update_configuration(arguments: Sequence[str]) -> int:
    """updatePOMConfig CallForbidden true"""
    host.require_root()
    log = log_file("updatePOMConfig")
    log.assumption("words and file of updatePOMConfig, and every use of it but 'CallForbidden true'")
    if len(arguments) != 2 or arguments[0] != "CallForbidden" or arguments[1] not in ("true", "false"):
        raise host.Refused("Usage: updatePOMConfig CallForbidden true")
    path = host.pom_home() / "config/pom.properties"
    path.touch()
    properties.change(path, {arguments[0]: arguments[1]})
    host.own(path)
    say(f"{arguments[0]} is set to {arguments[1]}.")
    return 0


def available_gigabytes() -> float:
    text = Path("/proc/meminfo").read_text(encoding="utf-8")
    found = re.search(r"^MemAvailable:\s+(\d+) kB", text, re.MULTILINE)
    return int(found.group(1)) / 1024**2 if found else 0.0


def update_agent_manager_memory(arguments: Sequence[str]) -> int:
    host.require_root()
    log = log_file("updateAgentManagerMemory")
    log.assumption("answer n, the words for a wrong value, and the file with the value")
    say("This utility will modify the amount of RAM memory to be used by Agent Manager.")
    say("User needs to provide number of GB memory to be allocated to Agent Manager.")
    say(f"The value provided by user {RULE}")
    say("(Recommended value is 3 GB.)")
    if ask_one_of("Do you wish to continue? [Y/n]", ("y", "n"), "y") == "n":
        return 1
    value = ask(AMOUNT)
    while not value.isdigit() or int(value) <= 1 or int(value) >= available_gigabytes():
        if host.setting("updateAgentManagerMemory.sh", "wrong_value") == "refuse":
            raise host.Refused(f"The value provided by user {RULE}")
        say(f"The value provided by user {RULE}")
        value = ask(AMOUNT)
    path = host.pom_home() / "config/agtmgr.properties"
    path.touch()
    properties.change(path, {"memory.gb": value})
    host.own(path)
    say("Agent Manager service needs to be restarted in order to apply the changes.")
    if ask_one_of("Do you want to restart Agent Manager service now? [Y/n]", ("y", "n"), "y") == "n":
        return 0
    say("Restarting Agent Manager service...")
    say("Stopping Agent Manager:")
    if not host.active("agtmgr"):
        say("Warning: Agent Manager process is NOT running!")
    host.systemctl("stop", "agtmgr")
    say("Starting Agent Manager:")
    if not host.systemctl("start", "agtmgr"):
        raise host.Refused("Agent Manager could not be started.")
    log.write(f"{value} GB at {time.strftime('%H:%M:%S')}")
    say("Agent Manager restarted successfully.")
    return 0


PROGRAMS = {
    "uninstall": uninstall,
    "upgrade": upgrade_portal,
    "vpms": update_vpms_configuration,
    "configuration": update_configuration,
    "memory": update_agent_manager_memory,
}


def run(arguments: Sequence[str]) -> int:
    return PROGRAMS[arguments[0]](arguments[1:])


if __name__ == "__main__":
    main(run)
