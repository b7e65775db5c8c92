"""Lab only. Stand-in for installDB.sh (LAB-installDB.sh): settings, test and schema of POM's database; the reports' database.

Both sequences of prompts that the documents print are here, told by `[installDB.sh] wording`: `main` and `geo`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from . import database, host, modes, stores
from .terminal import ask, ask_one_of, ask_secret, extra_question, main, menu, say

PROGRAM = "installDB.sh"
MODES = (*modes.MODES, "CCaaS-Outbound")
TEST, CREATE, SAVE = "Test DB Connection", "Create POM Schema on the given DB", "Save database configuration"
CONFIGURE, REPORTS = "Configure database settings", "Configure database settings for reports (Optional)"
EXIT = "Exit from this utility"
SAVE_VALUES = "Do you want to save the values on the config file(y/n)?"
MENU = (TEST, CREATE, SAVE, CONFIGURE, REPORTS, EXIT)


def run(arguments: Sequence[str]) -> int:
    host.require_root()
    home = host.pom_home()
    session = Session(host.Log(home / "logs/installDB.log"))
    session.log.assumption("texts of the prompts for type, host, port, name, user and password")
    geo = host.setting(PROGRAM, "wording") == "geo"
    session.mode = menu(f"Please select Contact Center Configuration mode from {'' if geo else 'the '}following options:", MODES)
    if geo:
        session.settings = ask_geo_settings()
    else:
        say("This script can modify $POM_HOME/config/PIMHibernate.cfg.xml or Test the DB connection.")
        if ask_one_of("Do you like to continue? (y/n)", ("y", "n")) == "n":
            session.log.assumption("n at the first question ends the program")
            return 1
    extra_question("start")
    while True:
        choice = menu("Please select from one of the following choices:", MENU)
        if choice == EXIT:
            return 0
        session.do(choice)


class Session:
    """What one run of the program knows: the settings typed, or else those stored."""

    def __init__(self, log: host.Log) -> None:
        self.log = log
        self.home = host.pom_home()
        self.mode = ""
        stored = database.settings_file()
        self.settings = database.load(stored) if stored.exists() else None

    def do(self, choice: str) -> None:
        if choice == CONFIGURE:
            self.settings = ask_settings()
            return
        try:
            if self.settings is None:
                self.log.assumption(f"'{choice}' before there are settings is a FAILURE")
                raise database.Failure("The database settings are not configured.")
            if choice == TEST:
                database.test(self.settings)
                say("SUCCESS")
            elif choice == CREATE:
                self.create(self.settings)
            elif choice == SAVE:
                self.save(self.settings)
            else:
                self.reports(self.settings)
        except (database.Failure, host.Refused) as error:
            say("FAILURE")
            say(str(error))
            self.log.write(f"ERROR {choice}: {error}")
            if self.settings:
                self.log.write(f"java.sql.SQLException: {error} at {self.settings.url}")

    def create(self, settings: database.Settings) -> None:
        if ask_one_of(SAVE_VALUES, ("y", "n")) == "y":
            database.save(settings)
        database.test(settings)
        if database.schema_exists(settings):
            self.log.assumption("second creation of the schema")
            if host.setting(PROGRAM, "second_schema") == "refuse":
                raise database.Failure("The POM schema already exists on the given DB.")
            database.drop_schema(settings)
        say("Creating POM schema, please wait...")
        host.stage(PROGRAM, "schema", self.log)
        database.create_schema(settings)
        extra_question("end")
        say("POM schema is created successfully.")

    def save(self, settings: database.Settings) -> None:
        if host.switched_on(PROGRAM, "save_asks") and ask_one_of(SAVE_VALUES, ("y", "n")) == "n":
            return
        database.save(settings)
        modes.record("mode", modes.short(self.mode))
        say("Database configuration is saved successfully.")
        self.restart_vpms()

    def reports(self, settings: database.Settings) -> None:
        reports = ask_settings(reports=True)
        database.test(reports)
        say("SUCCESS")
        if ask_one_of("Do you want to save the values in Database (y/n)?", ("y", "n")) == "n":
            return
        if reports.type != settings.type:
            self.log.assumption("a reports database of another type is a FAILURE")
            raise database.Failure("The type of the reports database differs from that of the POM database.")
        if settings.type == "Postgres":
            # Where the values lie in the database is not documented; the password is kept as in the settings' file.
            values = ", ".join(
                f"({database.literal(f'reports.{name}')}, {database.literal(value)})"
                for name, value in (
                    ("url", reports.url),
                    ("user", reports.user),
                    ("password", stores.scrambled(reports.password)),
                )
            )
            database.psql(
                settings,
                (f"INSERT INTO pim_config (name, value) VALUES {values} ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value"),
                rows=False,
            )
        say("The values are saved in Database.")
        self.restart_vpms()

    def restart_vpms(self) -> None:
        say("Restarting vpms service, please wait...")
        if not host.systemctl("restart", "vpms"):
            raise database.Failure("vpms could not be restarted.")
        say("VPMS Start Status: [OK]")
        self.log.write(f"vpms restarted at {time.strftime('%H:%M:%S')}")


def ask_settings(*, reports: bool = False) -> database.Settings:
    """The prompts of the chapter on the database; that of the reports' database has no question about geo-redundancy."""
    kind = ask("Enter the database type (Oracle, Postgres, MSSQL):")
    geo = False
    if kind == "MSSQL" and not reports:
        geo = ask_one_of("Do you want to enable the POM Geo configuration? Please select (y/n)", ("y", "n")) == "y"
    address = ask(
        "Enter the Availability Group Listener FQDN:" if geo else "Enter the IP address or host name of the database server:"
    )
    standard = database.PORTS.get(kind, "")
    port = ask(f"Enter the port [{standard}]:", standard)
    second = False
    if kind == "MSSQL":
        second = (
            menu(
                "Please select an option connecting to MSSQL DB using SQL Server or Windows Authentication.",
                ("SQLServer", "Windows"),
                "Enter an option (1/2):",
            )
            == "Windows"
        )
    elif kind == "Oracle":
        second = (
            menu(
                "Please select an option connecting to Oracle DB using SID or Service Name.",
                ("SID", "Service Name"),
                "Enter an option (1/2):",
            )
            == "Service Name"
        )
    name = ask("Enter the database name:")
    user = ask("Enter the user name:")
    password = ask_secret("Enter the password:")
    secured = ask_one_of("Does Database require secured connection (Y/N):", ("y", "n")) == "y"
    return database.Settings(kind, address, port, name, user, password, secured, geo, second)


def ask_geo_settings() -> database.Settings:
    """The prompts of the chapter on geo-redundancy: another order, other words, no question about authentication."""
    kind = ask("Please enter the database configuration")
    geo = ask_one_of("Do you want to enable the POM Geo configuration? Please select (y/n) :", ("y", "n")) == "y"
    settings = database.Settings(
        kind,
        ask("FQDN of MSSQL Domain Controller"),
        ask("Database Port"),
        ask("Database Name"),
        ask("User"),
        ask_secret("Password"),
    )
    secured = ask_one_of("Does Database require secured connection (Y/N)", ("y", "n")) == "y"
    return replace(settings, geo=geo, secured=secured)


if __name__ == "__main__":
    main(run)
