"""Lab only. Stand-ins for migrateCustomToSystemAttr.sh and setNonEnglishFontForPOMReports.sh (LAB sections of these names)."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence

from . import host, layout, properties
from .terminal import ask, ask_one_of, extra_question, main, say

COPY, FONT = "migrateCustomToSystemAttr.sh", "setNonEnglishFontForPOMReports.sh"


def now() -> str:
    return time.strftime("%a %b %d %H:%M:%S %Z %Y")


def copy_attribute(arguments: Sequence[str]) -> int:
    host.require_root()
    log = host.Log(host.pom_home() / f"logs/{COPY}.log")
    log.assumption("that it refuses beside running services, which attributes and lists there are, and the words for another one")
    running = [unit for unit in layout.SERVICES if unit not in layout.OF_KAFKA and host.active(unit)]
    if running and host.switched_on(COPY, "stopped_only"):
        raise host.Refused(f"Stop all POM services first: {' '.join(running)}")
    attribute = ask(
        f"Started with Migration Script - {now()}. Please enter below details for Migration of Custom Attribute "
        "to System Attribute - Custom attribute name:"
    )
    if not is_known("attributes", attribute):
        raise host.Refused(f"Custom attribute {attribute or '(empty)'} is not found.")
    extra_question("start")
    everywhere = ask_one_of("Do you want to migrate this attribute for all Contact lists? (Y/N):", ("yes", "no", "y", "n"))
    lists = ["(all)"]
    if everywhere.startswith("n"):
        typed = ask("Please provide Contact list names using this attribute separated by comma(,):")
        lists = [name.strip() for name in typed.split(",")]
        unknown = [name for name in lists if not is_known("lists", name)]
        if unknown:
            raise host.Refused(f"Contact list {unknown[0] or '(empty)'} is not found.")
    say("Migration is in progress now....")
    host.stage(COPY, "migration", log)
    log.write(f"{attribute} of {', '.join(lists)} into AgentId")
    say(f"Migration is completed now - {now()}")
    return 0


def is_known(setting: str, name: str) -> bool:
    """Any name, where the configuration names none."""
    names = [known.strip() for known in host.setting(COPY, setting).split(",") if known.strip()]
    return name in names if names else bool(name)


def set_font(arguments: Sequence[str]) -> int:
    host.require_root()
    home = host.pom_home()
    log = host.Log(home / f"logs/{FONT}.log")
    log.assumption("what it asks, prints and writes")
    if properties.read(home / "config/version.properties").get("kind") != "primary":
        raise host.Refused("Run this script on the primary POM server only.")
    if len(arguments) != 1:
        raise host.Refused(f"Usage: {FONT} <absolute path of a .ttf file>")
    font = host.real(arguments[0])
    if not arguments[0].startswith("/") or not font.is_file():
        raise host.Refused(f"Font file {arguments[0]} does not exist.")
    if font.suffix.lower() != ".ttf":
        raise host.Refused(f"Font file {arguments[0]} is not a TrueType font.")
    if not host.active("vpms"):
        raise host.Refused("The vpms service is not running.")
    question = "Do you want to use this font in POM reports? (y/n)"
    if host.switched_on(FONT, "asks") and ask_one_of(question, ("y", "n")) == "n":
        return 1
    fonts = home / "config/fonts"
    fonts.mkdir(exist_ok=True)
    shutil.copy(font, fonts / font.name)
    host.own(fonts)
    log.write(f"{arguments[0]} is the font of the reports")
    say("Font is set for POM reports.")
    return 0


PROGRAMS = {"attribute": copy_attribute, "font": set_font}


def run(arguments: Sequence[str]) -> int | None:
    return PROGRAMS[arguments[0]](arguments[1:])


if __name__ == "__main__":
    main(run)
