"""Lab only. Stand-in for eventSettingOperation.sh (LAB-eventSettingOperation.sh): levels, intervals and alarms of events."""

from __future__ import annotations

from collections.abc import Sequence

from . import database, host, properties
from .terminal import ask, ask_one_of, extra_question, main, menu, say

PROGRAM = "eventSettingOperation.sh"
HEADING = "Available Options for Event Setting"
EXIT, DEFAULT, SHOW = "Exit EventSetting Operation", "Update to Default New Event Setting", "Show All Available Operations"
LEVEL, INTERVAL = "Update POM Event Level based on EventCode", "Update ThrottleInterval based on EventCode"
SEVERITY, ALARM = "Update EP Alarm Severity based on EventCode", "ON/OFF Alarm based on EventCode"
MENU = (EXIT, DEFAULT, LEVEL, INTERVAL, SEVERITY, ALARM, SHOW)
# entry: (column, question, words that it takes; none: a whole number)
CHANGES = {
    LEVEL: ("event_level", "Enter the event level (INFO/WARN/ERROR/FATAL):", ("info", "warn", "error", "fatal")),
    INTERVAL: ("throttle_interval", "Enter the throttle interval in seconds:", ()),
    SEVERITY: ("ep_alarm_severity", "Enter the alarm severity (MINOR/MAJOR/CRITICAL):", ("minor", "major", "critical")),
    ALARM: ("alarm_on", "Enter ON or OFF:", ("on", "off")),
}
NEED_RESTART = (SEVERITY, ALARM)
COLUMNS = "event_code, event_level, throttle_interval, ep_alarm_severity, alarm_on"


def run(arguments: Sequence[str]) -> int:
    host.require_root()
    home = host.pom_home()
    log = host.Log(home / f"logs/{PROGRAM}.log")
    log.assumption("the prompt below the menu, the questions of options 3 to 6, every answer, the columns, the menu coming back")
    if properties.read(home / "config/version.properties").get("kind") != "primary":
        raise host.Refused("Event settings are changed on the primary POM server only.")
    if not database.settings_file().exists():
        raise host.Refused("The POM database is not configured.")
    settings = database.load(database.settings_file())
    while True:
        choice = menu(HEADING, MENU)
        if choice == EXIT:
            return 0
        if choice == SHOW:
            continue
        try:
            change(settings, choice)
        except database.Failure as failure:
            log.write(f"ERROR {choice}: {failure}")
            raise host.Refused(str(failure)) from None
        log.write(choice)
        if choice in NEED_RESTART:
            say("Restart the vpms service for the change to take effect.")
        if not host.switched_on(PROGRAM, "menu_comes_back"):
            return 0


def change(settings: database.Settings, choice: str) -> None:
    if choice == DEFAULT:
        extra_question("end")
        reset(settings)
        say("Event settings are updated to the default.")
        return
    column, question, words = CHANGES[choice]
    code = ask("Enter the EventCode:")
    where = f"WHERE event_code = {database.literal(code)}"
    if settings.type == "Postgres" and not database.psql(settings, f"SELECT 1 AS found FROM pim_event_setting {where}"):
        say(f"EventCode {code} is not found.")
        return
    value = ask_one_of(question, words).upper() if words else ask(question)
    if not words and not value.isdigit():
        say("The interval is a whole number.")
        return
    if choice == ALARM:
        value = str(value == "ON").lower()
    write(settings, f"UPDATE pim_event_setting SET {column} = {database.literal(value)} {where}")
    say(f"EventCode {code} is updated.")


def reset(settings: database.Settings) -> None:
    copied = f"INSERT INTO pim_event_setting ({COLUMNS}) SELECT {COLUMNS} FROM pim_event_code_type"
    write(settings, f"BEGIN; DELETE FROM pim_event_setting; {copied}; COMMIT;")


def write(settings: database.Settings, statement: str) -> None:
    if settings.type == "Postgres":
        database.psql(settings, statement, rows=False)


if __name__ == "__main__":
    main(run)
