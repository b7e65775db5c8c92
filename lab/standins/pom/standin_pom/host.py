"""Lab only. The host that a stand-in runs on: paths, configuration, the Experience Portal beside it, programs of the system."""

from __future__ import annotations

import configparser
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

ROOT = os.environ.get("STANDIN_ROOT", "").rstrip("/")
OWNER, GROUP = "avayavp", "avayavpgroup"
EP_HOME = "/opt/Avaya/VoicePortal"
UNIT_DIRECTORY = "/usr/lib/systemd/system"
COMMAND_DIRECTORY = "/usr/local/bin"
PROFILE = "/etc/profile.d/pom.sh"

# Everything that the documents leave open. A section is a program; a test writes only what it wants otherwise.
DEFAULTS = """
[all]
# columns at which long lines are wrapped; 0 = never
wrap = 0
# passwords are typed blind
hidden_password = yes
# one more question than the documents have: never | start | end
extra_question = never

[stores]
password = changeit

[installPOM]
version = POM.04.00.02.00.00.100
# what the installer says to vpms being down: refuse | start
vpms_down = refuse
# versions of Experience Portal that it takes, by their beginning
ep_versions = 8.
# seconds that each stage takes; delay.<stage> overrides one of them
delay = 0
# the stage that fails with an error, or in which the program is killed:
# none | packages | programs | units | certificates | appserver | logs
fail_at = none
die_at = none
# who leaves by the keys finds vpms started again
quit_starts_vpms = no
# the services start with the host from the beginning
enable_units = no
# the installer restarts the host at its end
reboot = no
# one prompt with address:port for the primary, or two (the documents allow both readings)
primary_prompts = two

[installDB.sh]
# prompts of the chapter on the database, or of the chapter on geo-redundancy: main | geo
wording = main
# option 2 where the schema exists: refuse | recreate
second_schema = refuse
# option 3 asks before it saves
save_asks = no
delay = 0
fail_at = none
die_at = none

[database]
# engines that the lab does not have (Oracle, MSSQL) answer so:
# success | no_database | no_connection | pg_hba | password | port | user | privileges
outcome = success
schema_exists = no

[enabledKafkaHA.sh]
outcome = success

[import]
# spelling of the script that imports into the trust store: Pom | POM
spelling = Pom

[uninstallPOM.sh]
confirm = yes

[setConnectorMode.sh]
# the mode that POM has is chosen: refuse | nothing
same_mode = refuse

[enablenonTeleMode.sh]
delay = 0
fail_at = none
die_at = none

[updateAgentManagerMemory.sh]
# a value that breaks the rule: refuse | ask (again)
wrong_value = refuse

[eventSettingOperation.sh]
# after an operation, or the program ends
menu_comes_back = yes

[migrateCustomToSystemAttr.sh]
stopped_only = yes
# the attributes and contact lists that there are, separated by commas; none named: every one
attributes =
lists =
delay = 0
fail_at = none
die_at = none

[setNonEnglishFontForPOMReports.sh]
asks = yes

[insert_POM_Apps.sh]
port = 7443

[getOrgID]
# where the primary looks: portal | database (the copy made when POM last started)
source = portal
# words | number
answer = words

[POMSecurityManagementTool.sh]
# after a result, or the program ends
menu_comes_back = yes

[POM]
# words of the status: modes (MASTER, DORMANT, RUNNING, STOPPED) | plain (running, stopped)
status_words = modes
# which services the status names: documented (seven) | all
status_services = documented
# whether start and stop take pomkafka and pomzookeeper along
kafka = yes

[pomkafka]
heap_mb = 160
zookeeper_heap_mb = 64
"""


class Refused(Exception):
    """The program cannot go on; the message is what it prints."""


def pom_home() -> Path:
    """The real place of the installed tree."""
    return Path(__file__).resolve().parents[2]


def real(path: str) -> Path:
    """Where an absolute path of the host really is."""
    return Path(f"{ROOT}{path}")


def shown(path: Path) -> str:
    """A path as the host's people know it."""
    text = str(path)
    return text[len(ROOT) :] if ROOT and text.startswith(f"{ROOT}/") else text


def settings() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(DEFAULTS)
    parser.read(real("/etc/standin/pom.conf"), encoding="utf-8")
    return parser


def setting(section: str, name: str) -> str:
    return settings().get(section, name)


def switched_on(section: str, name: str) -> bool:
    return settings().getboolean(section, name)


def experience_portal() -> configparser.SectionProxy | None:
    """What is installed of Experience Portal: `kind` (primary or auxiliary), `version`; nothing where there is none."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(real("/etc/standin/ep.conf"), encoding="utf-8")
    if not parser.has_option("ep", "kind") or parser["ep"]["kind"] not in ("primary", "auxiliary"):
        return None
    return parser["ep"]


def require_root(user_id: int | None = None) -> None:
    effective = os.geteuid() if user_id is None else user_id
    if effective != 0 and not ROOT:
        raise Refused("This program must be run as root.")


def run(command: Sequence[str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            list(command), input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
    except FileNotFoundError:
        return subprocess.CompletedProcess(list(command), 127, f"{command[0]}: command not found\n")


def must(command: Sequence[str], stdin: str = "") -> str:
    result = run(command, stdin)
    if result.returncode:
        raise Refused(result.stdout.strip() or f"{command[0]} ended with {result.returncode}")
    return result.stdout


def systemctl(*arguments: str) -> bool:
    return run(["systemctl", *arguments]).returncode == 0


def active(unit: str) -> bool:
    return systemctl("is-active", "--quiet", unit)


@contextmanager
def secret_file(secret: str) -> Iterator[str]:
    """A file that holds a secret while another program reads it."""
    with tempfile.NamedTemporaryFile("w", prefix="standin-", encoding="utf-8") as file:
        file.write(secret)
        file.flush()
        yield file.name


def own(path: Path, mode: int | None = None) -> None:
    if mode is not None:
        path.chmod(mode)
    if not ROOT and os.geteuid() == 0:
        must(["chown", "--recursive", "--no-dereference", f"{OWNER}:{GROUP}", str(path)])


class Log:
    """A program's log file: time and text."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def write(self, text: str) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            for line in text.splitlines():
                file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}\n")

    def assumption(self, text: str) -> None:
        self.write(f"# stand-in assumption: {text}")


def stage(program: str, name: str, log: Log) -> None:
    """One stage of a long program: it takes its time, and fails or dies where the configuration says so."""
    values = settings()[program]
    log.write(f"stage {name}")
    time.sleep(float(values.get(f"delay.{name}", values["delay"])))
    if values["die_at"] == name:
        os.kill(os.getpid(), signal.SIGKILL)
    if values["fail_at"] == name:
        raise Refused(f"Server error: stage {name} failed.")


def finish(status: int) -> NoReturn:
    sys.stdout.flush()
    sys.exit(status)
