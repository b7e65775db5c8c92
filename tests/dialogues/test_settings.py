"""The dialogues that change an installed POM, driven against their stand-ins: mode, memory, events, applications, host."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils.dialogue_job import JobError
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.troubleshooting import explain
from lab import standins as stand_ins
from tests.standins import conftest as standins
from tests.standins import postgresql

if TYPE_CHECKING:
    from tests.dialogues.local_jobs import LocalJobs

pytestmark = pytest.mark.slow
pom_media, installed_once, installed = standins.pom_media, standins.installed_once, standins.installed
Host = standins.Host
Run = Callable[..., Any]

EP = Path(stand_ins.__file__).with_name("ep") / "tree"
PORTAL = "opt/Avaya/VoicePortal"
MODE_FILE = "config/mode.properties"
EVERY_WIDTH = pytest.mark.parametrize("wrap", [0, 40])


@pytest.fixture
def portal(installed: Host) -> Host:
    shutil.copytree(EP / "opt", installed.root / "opt", dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    name = socket.gethostname()
    installed.write(
        "/etc/standin/ep.conf",
        f"[ep]\nkind = primary\nversion = 8.1.2.0\nhost = {name}\nfqdn = {name}\naddress = 127.0.0.1\n"
        "[web]\nuser = epadmin\npassword = it's\n",
    )
    return installed


@pytest.fixture
def run_program(portal: Host, run_dialogue: Run) -> Run:
    def run(name: str, program: str, *arguments: str, **options: Any) -> Any:
        argv = [str(portal.home / "bin" / program), *arguments]
        return run_dialogue(name, argv, environment=portal.environment, **options)

    return run


def has_mode(host: Host, mode: str) -> None:
    (host.home / MODE_FILE).write_text(f"mode={mode}\n", encoding="utf-8")


# Mode


@EVERY_WIDTH
def test_the_mode_changes_and_vpms_is_restarted(portal: Host, run_program: Run, wrap: int) -> None:
    portal.configure(f"[all]\nwrap = {wrap}\n")
    has_mode(portal, "AACC-SBP")

    outcome = run_program("setConnectorMode", "setConnectorMode.sh", answers={"mode": "AACC"})

    assert (outcome.name, outcome.reason) == ("succeeded", "")
    assert outcome.answered == ["mode", "continue", "restart_vpms"]
    assert (portal.home / MODE_FILE).read_text(encoding="utf-8") == "mode=AACC\n"
    assert portal.calls[-1] == "restart vpms"
    assert explain(outcome.transcript) == []


@EVERY_WIDTH
@pytest.mark.parametrize(("current", "wanted"), [("AACC", "CCElite"), ("Oceana", "None"), ("CCElite", "CCElite")])
def test_a_change_that_is_not_documented_is_told(portal: Host, run_program: Run, current: str, wanted: str, wrap: int) -> None:
    portal.configure(f"[all]\nwrap = {wrap}\n")
    has_mode(portal, current)

    outcome = run_program("setConnectorMode", "setConnectorMode.sh", answers={"mode": wanted})

    assert outcome.name == "failed"
    assert [told["id"] for told in explain(outcome.transcript)] == ["POM-MODECHG-01"]
    assert not outcome.state["reached_no_return"]


def test_a_program_that_only_tells_the_present_mode_has_changed_nothing(portal: Host, run_program: Run) -> None:
    portal.configure("[setConnectorMode.sh]\nsame_mode = nothing\n")
    has_mode(portal, "AACC")

    outcome = run_program("setConnectorMode", "setConnectorMode.sh", answers={"mode": "AACC"})

    assert "Current Contact Center Configuration mode is" in outcome.transcript
    assert outcome.name == "failed"
    assert "it did not ask for the step continue" in outcome.reason


def test_a_mode_without_a_change_is_no_success(portal: Host, run_program: Run) -> None:
    portal.configure("[all]\nextra_question = start\n")
    has_mode(portal, "None")

    outcome = run_program("setConnectorMode", "setConnectorMode.sh", answers={"mode": "CCElite"})

    assert (outcome.name, outcome.answered) == ("aborted", ["mode"])
    assert "mode=None" in (portal.home / MODE_FILE).read_text(encoding="utf-8")


@EVERY_WIDTH
def test_pom_is_converted_to_manual_dialing(portal: Host, run_program: Run, wrap: int) -> None:
    portal.configure(f"[all]\nwrap = {wrap}\n")

    outcome = run_program("enablenonTeleMode", "enablenonTeleMode.sh")

    assert (outcome.name, outcome.reason) == ("succeeded", "")
    assert outcome.answered == ["campaigns_stopped", "services_stopped", "convert"]
    assert explain(outcome.transcript) == []


def test_a_service_that_still_runs_is_told(portal: Host, run_program: Run) -> None:
    portal.start("agtmgr")

    outcome = run_program("enablenonTeleMode", "enablenonTeleMode.sh")

    assert outcome.name == "failed"
    assert [told["id"] for told in explain(outcome.transcript)] == ["POM-NONTEL-02"]


# Memory


@pytest.mark.parametrize("runs", [True, False])
def test_the_agent_manager_gets_its_memory(portal: Host, run_program: Run, runs: bool) -> None:
    if runs:
        portal.start("agtmgr")

    outcome = run_program("updateAgentManagerMemory", "updateAgentManagerMemory.sh", answers={"memory_gb": "2"})

    assert (outcome.name, outcome.reason) == ("succeeded", "")
    assert outcome.answered == ["continue", "memory", "restart"]
    assert explain(outcome.transcript) == []


@pytest.mark.parametrize(("answer", "ends"), [("refuse", "failed"), ("ask", "aborted")])
def test_an_amount_that_is_not_taken_changes_nothing(portal: Host, run_program: Run, answer: str, ends: str) -> None:
    portal.configure(f"[updateAgentManagerMemory.sh]\nwrong_value = {answer}\n")

    outcome = run_program("updateAgentManagerMemory", "updateAgentManagerMemory.sh", answers={"memory_gb": "99999"})

    assert outcome.name == ends
    assert not (portal.home / "config/agtmgr.properties").exists()


# Attributes and fonts


@EVERY_WIDTH
@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ({"all_lists": True}, ["attribute", "all_lists"]),
        ({"all_lists": False, "lists": "north,south"}, ["attribute", "named_lists", "lists"]),
    ],
)
def test_an_attribute_is_copied(portal: Host, run_program: Run, answers: dict[str, Any], asked: list[str], wrap: int) -> None:
    portal.configure(f"[all]\nwrap = {wrap}\n")

    outcome = run_program("migrateCustomToSystemAttr", "migrateCustomToSystemAttr.sh", answers={"attribute": "Agent", **answers})

    assert (outcome.name, outcome.reason) == ("succeeded", "")
    assert outcome.answered == asked
    assert explain(outcome.transcript) == []


def test_an_attribute_that_nobody_knows_is_told(portal: Host, run_program: Run) -> None:
    portal.configure("[migrateCustomToSystemAttr.sh]\nattributes = Agent\n")
    answers = {"attribute": "agent", "all_lists": True}

    outcome = run_program("migrateCustomToSystemAttr", "migrateCustomToSystemAttr.sh", answers=answers)

    assert outcome.name == "failed"
    [told] = explain(outcome.transcript)
    assert told["id"] == "POM-UTIL-01"
    assert told["captured"]["what"] == "agent"


@pytest.mark.parametrize("asks", ["yes", "no"])
def test_a_font_is_set(portal: Host, run_program: Run, asks: str) -> None:
    program = "setNonEnglishFontForPOMReports.sh"
    portal.configure(f"[{program}]\nasks = {asks}\n")
    portal.write("/fonts/one.ttf", "font")

    outcome = run_program("setNonEnglishFontForPOMReports", program, "/fonts/one.ttf")

    assert (outcome.name, outcome.reason) == ("succeeded", "")
    assert outcome.answered == (["confirm"] if asks == "yes" else [])


def test_a_font_that_is_not_there_is_told(run_program: Run) -> None:
    outcome = run_program("setNonEnglishFontForPOMReports", "setNonEnglishFontForPOMReports.sh", "/fonts/two.ttf")

    assert outcome.name == "failed"
    assert "The font /fonts/two.ttf does not exist" in explain(outcome.transcript)[0]["cause"]


# Applications

ADMINISTRATOR = {"epm_user": "epadmin", "application_server": "192.0.2.1"}


def test_applications_are_registered(portal: Host, run_program: Run) -> None:
    outcome = run_program("insert_POM_Apps", "insert_POM_Apps.sh", answers=ADMINISTRATOR, secrets={"epm_password": "it's"})

    assert (outcome.name, outcome.reason) == ("succeeded", "")
    assert outcome.answered == ["user", "password", "password", "address"]
    assert "PomDriverApp" in (portal.root / PORTAL / "data/applications.json").read_text(encoding="utf-8")
    assert "it's" not in outcome.transcript


@pytest.mark.parametrize(
    ("changes", "password"), [({}, "another one"), ({"epm_user": "somebody"}, "it's"), ({"application_server": "epm1"}, "it's")]
)
def test_applications_that_are_not_registered_are_told(run_program: Run, changes: dict[str, str], password: str) -> None:
    answers = {**ADMINISTRATOR, **changes}

    outcome = run_program("insert_POM_Apps", "insert_POM_Apps.sh", answers=answers, secrets={"epm_password": password})

    assert outcome.name == "failed"
    assert [told["id"] for told in explain(outcome.transcript)] == ["POM-APP-08"]


# The security tool

TOOL = "POMSecurityManagementTool.sh"
SECRET = "pass: word, of several"


@pytest.mark.parametrize("menu", ["yes", "no"])
def test_the_security_tool_hands_back_what_nobody_else_sees(
    portal: Host, run_program: Run, local_jobs: LocalJobs, menu: str
) -> None:
    portal.configure(f"[{TOOL}]\nmenu_comes_back = {menu}\n")

    outcome = run_program("POMSecurityManagementTool_encrypt", TOOL, secrets={"data": SECRET})
    encrypted = local_jobs.job().collect()["captured"]["result"]

    assert (outcome.name, outcome.reason) == ("succeeded", "")
    assert outcome.answered == ["choose", "data", *(["exit"] if menu == "yes" else [])]
    assert encrypted.startswith("ENC(")

    outcome = run_program("POMSecurityManagementTool_decrypt", TOOL, secrets={"data": encrypted})
    decrypted = local_jobs.job().collect()["captured"]["result"]

    assert outcome.name == "succeeded"
    assert decrypted == SECRET
    written = [path.read_bytes() for path in outcome.directory.rglob("*") if path.is_file()]
    assert [text for text in written if SECRET.encode() in text or encrypted.encode() in text] == []
    assert "Decrypted Data: ********" in outcome.transcript


def test_what_was_handed_back_is_told_once(run_program: Run, local_jobs: LocalJobs) -> None:
    run_program("POMSecurityManagementTool_encrypt", TOOL, secrets={"data": SECRET})

    assert list(local_jobs.job().collect()["captured"]) == ["result"]
    local_jobs.supervisors[-1].wait(20)
    assert local_jobs.job().collect() == {"captured": {}}


def test_a_result_that_nobody_took_is_nobodys_result(run_program: Run, local_jobs: LocalJobs) -> None:
    """Also where its supervisor still has it when the next one asks, for other data."""
    for data in (SECRET, "another"):
        assert run_program("POMSecurityManagementTool_encrypt", TOOL, secrets={"data": data}).name == "succeeded"

    encrypted = local_jobs.job().collect()["captured"]["result"]
    run_program("POMSecurityManagementTool_decrypt", TOOL, secrets={"data": encrypted})
    assert local_jobs.job().collect()["captured"]["result"] == "another"


def test_a_result_for_other_data_is_not_waited_for(run_dialogue: Run, local_jobs: LocalJobs) -> None:
    slow = [
        "sh",
        "-c",
        "printf 'Please enter your preferred choice :\n1. Encrypt\n'; read x; printf 'Enter data:'; read y; sleep 20",
    ]
    name = "POMSecurityManagementTool_encrypt"
    run_dialogue(name, slow, secrets={"data": SECRET}, seconds=0)

    with pytest.raises(JobError, match="under way with other data"):
        run_dialogue(name, slow, secrets={"data": "another"}, seconds=0)


def test_the_security_tool_is_left_where_it_asks_something_else(portal: Host, run_program: Run) -> None:
    portal.configure("[all]\nwrap = 0\n")
    another = {"steps": {"data": {"prompt": "Enter the text:"}}}

    outcome = run_program("POMSecurityManagementTool_decrypt", TOOL, secrets={"data": SECRET}, overlay=another)

    assert outcome.name == "aborted"


# The host


def test_experience_portal_is_told_its_host(portal: Host, run_dialogue: Run) -> None:
    (portal.units / "vpms").unlink()
    directory = portal.root / PORTAL / "Support/UpdateHostAddress"

    outcome = run_dialogue("do_UpdateHost", ["bash", "do_UpdateHost"], chdir=str(directory), environment=portal.environment)

    assert (outcome.name, outcome.reason) == ("succeeded", "")
    assert outcome.answered == ["restart_vpms"]
    assert portal.active("vpms")


def test_experience_portal_that_runs_is_not_told(portal: Host, run_dialogue: Run) -> None:
    portal.start("vpms")
    directory = portal.root / PORTAL / "Support/UpdateHostAddress"

    outcome = run_dialogue("do_UpdateHost", ["bash", "do_UpdateHost"], chdir=str(directory), environment=portal.environment)

    assert outcome.name == "failed"
    assert outcome.reason.startswith("ended with exit code 1 and without printing")


def test_experience_portal_that_does_not_start_is_told(portal: Host, run_dialogue: Run) -> None:
    (portal.units / "vpms").unlink()
    (portal.programs / "units.broken").write_text("vpms\n", encoding="utf-8")
    directory = portal.root / PORTAL / "Support/UpdateHostAddress"

    outcome = run_dialogue("do_UpdateHost", ["bash", "do_UpdateHost"], chdir=str(directory), environment=portal.environment)

    assert outcome.name == "failed"
    assert outcome.state["failures"][0]["trouble"] == "POM-ID-03"


@pytest.mark.parametrize(
    ("snapshots", "disk", "ends", "trouble"),
    [("no", 500, "succeeded", []), ("yes", 500, "failed", ["POM-VM-01"]), ("no", 160, "failed", ["POM-VM-01"])],
)
def test_the_root_file_system_grows(
    portal: Host, run_dialogue: Run, snapshots: str, disk: int, ends: str, trouble: list[str]
) -> None:
    portal.write("/etc/standin/disk.conf", f"disk_gb = {disk}\nfilesystem_gb = 160\nsnapshots = {snapshots}\n")
    script = portal.root / "opt/Avaya/LinuxInstaller/bin/expand_root.sh"

    outcome = run_dialogue("expand_root", [str(script)], environment=portal.environment)

    assert outcome.name == ends
    assert [told["id"] for told in explain(outcome.transcript)] == trouble


# What stands in the database


@pytest.fixture(scope="module")
def server() -> Iterator[postgresql.Server]:
    if not postgresql.available():
        pytest.skip("this machine has no PostgreSQL server to run")
    with tempfile.TemporaryDirectory(prefix="pg-") as directory:
        running = postgresql.Server(Path(directory))
        running.start()
        try:
            running.sql(f"CREATE DATABASE {postgresql.DATABASE}")
            yield running
        finally:
            running.stop()


@pytest.fixture
def connected(portal: Host, server: postgresql.Server) -> Host:
    portal.configure("[installDB.sh]\nsecond_schema = recreate\n")
    login = [postgresql.DATABASE, postgresql.USER, postgresql.PASSWORD]
    create = ["3", "y", "4", "Postgres", "127.0.0.1", str(server.port), *login, "n", "2", "y", "6"]
    assert "POM schema is created successfully." in portal.run("installDB.sh", answers=create).stdout
    return portal


@pytest.mark.parametrize("menu", ["yes", "no"])
def test_events_are_set_to_the_default(connected: Host, run_program: Run, server: postgresql.Server, menu: str) -> None:
    connected.configure(f"[eventSettingOperation.sh]\nmenu_comes_back = {menu}\n")
    server.sql("UPDATE pim_event_setting SET alarm_on = false", postgresql.DATABASE)

    outcome = run_program("eventSettingOperation_default", "eventSettingOperation.sh")

    assert (outcome.name, outcome.reason) == ("succeeded", "")
    assert outcome.answered == ["default", *(["exit"] if menu == "yes" else [])]
    assert server.sql("SELECT count(*) FROM pim_event_setting WHERE alarm_on", postgresql.DATABASE) == "3"


COLUMNS = "event_level, throttle_interval, ep_alarm_severity, alarm_on"
EVENT = f"SELECT {COLUMNS} FROM pim_event_setting WHERE event_code = 'P_POMCM002'"


@pytest.mark.parametrize("menu", ["yes", "no"])
@pytest.mark.parametrize(
    ("setting", "value", "place", "held"),
    [
        ("level", "FATAL", 0, "FATAL"),
        ("throttle_interval", 67, 1, "67"),
        ("ep_alarm_severity", "MINOR", 2, "MINOR"),
        ("alarm", True, 3, "t"),
        ("alarm", False, 3, "f"),
    ],
)
def test_one_setting_of_an_event_is_set(
    connected: Host, run_program: Run, server: postgresql.Server, setting: str, value: Any, place: int, held: str, menu: str
) -> None:
    connected.configure(f"[eventSettingOperation.sh]\nmenu_comes_back = {menu}\n")
    before = server.sql(EVENT, postgresql.DATABASE).split("|")

    answers = {"setting": setting, "event_code": "P_POMCM002", "value": value}
    outcome = run_program("eventSettingOperation_single", "eventSettingOperation.sh", answers=answers)

    assert (outcome.name, outcome.reason) == ("succeeded", "")
    assert server.sql(EVENT, postgresql.DATABASE).split("|") == [*before[:place], held, *before[place + 1 :]]


@pytest.mark.parametrize("menu", ["yes", "no"])
def test_an_event_that_the_program_does_not_know_is_left_by_the_documented_way(
    connected: Host, run_program: Run, menu: str
) -> None:
    connected.configure(f"[eventSettingOperation.sh]\nmenu_comes_back = {menu}\n")

    answers = {"setting": "level", "event_code": "P_OTHER", "value": "WARN"}
    outcome = run_program("eventSettingOperation_single", "eventSettingOperation.sh", answers=answers)

    assert outcome.name in ("failed", "aborted")
    assert "P_OTHER is not found" in outcome.transcript


def test_the_connection_follows_the_database(connected: Host, run_program: Run, server: postgresql.Server) -> None:
    created = "SELECT oid FROM pg_class WHERE relname = 'pim_server'"
    before = server.sql(created, postgresql.DATABASE)
    answers = {
        "mode": "AACC",
        "database_type": "Postgres",
        "geo": False,
        "database_host": "localhost",
        "database_port": str(server.port),
        "database_name": postgresql.DATABASE,
        "database_user": postgresql.USER,
        "secured": False,
    }

    outcome = run_program(
        "installDB_address", "installDB.sh", answers=answers, secrets={"database_password": postgresql.PASSWORD}
    )

    assert (outcome.name, outcome.reason) == ("succeeded", "")
    assert outcome.answered[-3:] == ["test", "save", "exit"]
    settings = (connected.home / "config/PIMHibernate.cfg.xml").read_text(encoding="utf-8")
    assert f"jdbc:postgresql://localhost:{server.port}/" in settings
    assert server.sql(created, postgresql.DATABASE) == before


def test_a_database_that_does_not_answer_at_its_new_address_is_not_saved(
    connected: Host, run_program: Run, server: postgresql.Server
) -> None:
    settings = connected.home / "config/PIMHibernate.cfg.xml"
    before = settings.read_bytes()
    answers = {
        "mode": "AACC",
        "database_type": "Postgres",
        "geo": False,
        "database_host": "127.0.0.1",
        "database_port": str(postgresql.free_port()),
        "database_name": postgresql.DATABASE,
        "database_user": postgresql.USER,
        "secured": False,
    }

    outcome = run_program(
        "installDB_address", "installDB.sh", answers=answers, secrets={"database_password": postgresql.PASSWORD}
    )

    assert outcome.name == "failed"
    assert not outcome.state["reached_no_return"]
    assert settings.read_bytes() == before
