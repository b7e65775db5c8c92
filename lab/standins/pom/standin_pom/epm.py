"""Lab only. What POM's programs see of the Experience Portal beside them: what it keeps, and stand-ins for insert_POM_Apps.sh and
getOrgID (the LAB sections of these names)."""

from __future__ import annotations

import configparser
import hmac
import importlib
import ipaddress
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType

from . import database, host, layout, properties
from .terminal import ask, ask_secret, extra_question, main, say

PROGRAM = "insert_POM_Apps.sh"
DEFAULT_NUMBER = 1
# name: (path, type, direction)
APPLICATIONS = {
    "PomDriverApp": ("/PomDriverApp/ccxml/start.jsp", "POM:Driver", "Outbound"),
    "Nailer": ("/Nailer/ccxml/start.jsp", "POM:Nailer", "Outbound"),
    "AvayaPOMNotifier": ("/AvayaPOMNotifier/Start", "POM:Application/VXML", "Outbound"),
    "AvayaPOMAnnouncement": ("/AvayaPOMAnnouncement/Start", "POM:Application/VXML", "Outbound"),
    "AvayaPOMAgent": ("/AvayaPOMAgent/Start", "POM:Application/VXML", "Outbound"),
    "AvayaPOMSMS": ("/AvayaPOMSMS/Start", "SMS", "Inbound"),
    "AvayaPOMEmail": ("/AvayaPOMEmail/Start", "Email", "Inbound"),
}


def store() -> ModuleType:
    """What the EPM keeps; its own module reads and writes it."""
    directory = str(host.real(host.EP_HOME) / "web")
    if directory not in sys.path:
        sys.path.append(directory)
    return importlib.import_module("epstore")


def insert_applications(arguments: Sequence[str]) -> int:
    host.require_root()
    home = host.pom_home()
    log = host.Log(home / f"logs/{PROGRAM}.log")
    log.assumption("prompts and words, port, zone and organization of the applications, a second run leaves what is there")
    if properties.read(home / "config/version.properties").get("kind") != "primary":
        raise host.Refused("The applications are registered only on the primary EPM.")
    user = ask("Enter the EPM web administrator user name:")
    password = ask_secret("Enter the password:")
    if ask_secret("Enter the password again:") != password:
        raise host.Refused("The passwords do not match.")
    if not known(user, password):
        raise host.Refused("Invalid user name or password.")
    extra_question("start")
    address = ask("Enter the IP address of the EPM application server:")
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise host.Refused(f"Invalid IP address: {address}") from None
    epstore = store()
    with epstore.changed("applications") as rows:
        taken = [epstore.key(row) for row in rows]
        for row in applications(address):
            if epstore.key(row) in taken:
                say(f"{row['name']} is registered already.")
                continue
            rows.append(row)
            say(f"{row['name']} is registered.")
            log.write(f"{row['name']}: {row['url']}")
    return 0


def applications(address: str) -> list[dict[str, object]]:
    base = f"https://{address}:{host.setting(PROGRAM, 'port')}"
    return [
        {
            "name": name,
            "type": kind,
            "direction": direction,
            "url": base + path,
            "zone": "Default",
            "organization": "",
            "enable_tts": False,
            "speech_server": "",
            "voice": "",
            "alternate_urls": [],
        }
        for name, (path, kind, direction) in APPLICATIONS.items()
    ]


def known(user: str, password: str) -> bool:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(host.real("/etc/standin/ep.conf"), encoding="utf-8")
    web = parser["web"]
    return hmac.compare_digest(f"{user}\n{password}".encode(), f"{web['user']}\n{web['password']}".encode())


def organizations() -> dict[str, int]:
    """Name and id, as the primary EPM keeps them."""
    return {"Default": DEFAULT_NUMBER, **{row["name"]: row["id"] for row in store().read("organizations")}}


def copied_organizations() -> dict[str, int]:
    """As they were copied into the POM database when POM last started (POM-ORG-02)."""
    settings = database.load(database.settings_file())
    rows = database.psql(settings, "SELECT organization_id, name FROM pim_organization")
    return {row["name"]: row["organization_id"] for row in rows}


def copy_organizations(settings: database.Settings) -> None:
    """On the primary, as its Campaign Manager starts."""
    rows = ", ".join(f"({number}, {database.literal(name)})" for name, number in organizations().items())
    if rows and settings.type == "Postgres":
        statement = f"INSERT INTO pim_organization (organization_id, name) VALUES {rows} ON CONFLICT DO NOTHING"
        database.psql(settings, statement, rows=False)


def make_directories(home: Path, numbers: Iterable[int]) -> None:
    """Of each organization but the default one, whose come with the installation. Stand-in assumption: as POM starts."""
    for number in numbers:
        if number != DEFAULT_NUMBER:
            for directory in layout.OF_AN_ORGANIZATION:
                (home / directory.format(number)).mkdir(parents=True, exist_ok=True)
            for top in ("public", "archive"):
                host.own(home / top / str(number))


def organization_id(arguments: Sequence[str]) -> int:
    host.require_root()
    home = host.pom_home()
    log = host.Log(home / "logs/getOrgID.log")
    log.assumption("words of its answer, and where it looks: at the primary in Experience Portal, elsewhere in the POM database")
    if len(arguments) != 1 or not arguments[0].strip():
        raise host.Refused("Usage: getOrgID <orgname>")
    is_primary = properties.read(home / "config/version.properties").get("kind") == "primary"
    in_database = host.setting("getOrgID", "source") == "database" or not is_primary
    try:
        found = (copied_organizations() if in_database else organizations()).get(arguments[0])
    except (database.Failure, OSError) as error:
        raise host.Refused(f"The organizations cannot be read: {error}") from None
    if found is None:
        raise host.Refused("The organization is not found.")
    say(str(found) if host.setting("getOrgID", "answer") == "number" else f"Organization ID of {arguments[0]} is {found}")
    return 0


PROGRAMS = {"applications": insert_applications, "organization": organization_id}


def run(arguments: Sequence[str]) -> int | None:
    return PROGRAMS[arguments[0]](arguments[1:])


if __name__ == "__main__":
    main(run)
