"""The programs that change an installed POM: mode, events, attributes, fonts, applications, organizations, its host.

Catalogue: the LAB sections of their names."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab import standins as stand_ins
from lab.standins.pom.standin_pom import identity

from .conftest import HOME, Host
from .postgresql import DATABASE, PASSWORD, USER, Server, available

pytestmark = pytest.mark.slow
EP = Path(stand_ins.__file__).with_name("ep") / "tree"
PORTAL = "/opt/Avaya/VoicePortal"
MODES = ["CCElite", "AACC-SBP", "None", "AACC", "Oceana"]
CHANGES = {("AACC-SBP", "AACC"), ("None", "CCElite"), ("None", "AACC"), ("None", "AACC-SBP"), ("None", "Oceana")}
PASSED = ["y", "y"]


@pytest.fixture
def portal(installed: Host) -> Host:
    """With the programs and the store of Experience Portal."""
    shutil.copytree(EP / "opt", installed.root / "opt", dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    installed.write("/etc/standin/ep.conf", EP_CONF.format(kind="primary", host=socket.gethostname(), address="127.0.0.1"))
    return installed


EP_CONF = (
    "[ep]\nkind = {kind}\nversion = 8.1.2.0\nhost = {host}\nfqdn = {host}\naddress = {address}\n"
    "[web]\nuser = epadmin\npassword = it's\n"
)


def has_mode(host: Host, mode: str, **more: str) -> None:
    host.write(f"{HOME}/config/mode.properties", "".join(f"{key}={value}\n" for key, value in {"mode": mode, **more}.items()))


def mode_of(host: Host) -> str:
    return host.read(f"{HOME}/config/mode.properties")


# Mode


@pytest.mark.parametrize("current", [*MODES, "CCaaS-Outbound"])
def test_a_mode_changes_only_as_documented(installed: Host, current: str) -> None:
    for number, wanted in enumerate(MODES, 1):
        has_mode(installed, current)
        result = installed.run("setConnectorMode.sh", answers=[str(number), *PASSED])
        if (current, wanted) in CHANGES:
            assert result.returncode == 0
            assert f"Current Contact Center Configuration mode is {current}.\n" in result.stdout
            assert (
                f"Contact Center Configuration mode will change from {current} to {wanted}. Do you want to continue(y/n)?"
                in result.stdout
            )
            assert f"mode={wanted}\n" in mode_of(installed)
            assert installed.calls[-1] == "restart vpms"
        else:
            assert result.returncode == 1
            assert "Re-install POM and reconfigure the POM database." in result.stdout
            assert f"mode={current}\n" in mode_of(installed)


def test_a_mode_stays_where_nobody_agrees_or_none_is_set(installed: Host) -> None:
    assert "is not set" in installed.run("setConnectorMode.sh").stdout
    has_mode(installed, "None", manual="yes")
    assert installed.run("setConnectorMode.sh", answers=["1", "n"]).returncode == 1
    assert installed.run("setConnectorMode.sh", answers=["1"]).returncode == 1
    assert "mode=None\n" in mode_of(installed)
    assert installed.run("setConnectorMode.sh", answers=["1", "y", "n"]).returncode == 0
    assert mode_of(installed) == "mode=CCElite\nmanual=yes\n"
    installed.configure("[setConnectorMode.sh]\nsame_mode = nothing\n")
    assert installed.run("setConnectorMode.sh", answers=["1"]).returncode == 0


# Manual dialing


@pytest.mark.parametrize("answers", [["n"], ["y", "n"], ["y", "y", "n"], ["y", "y"]])
def test_manual_dialing_needs_three_times_yes(installed: Host, answers: list[str]) -> None:
    has_mode(installed, "CCElite")
    assert installed.run("enablenonTeleMode.sh", answers=answers).returncode == 1
    assert "manual" not in mode_of(installed)


@pytest.mark.parametrize("running", ["cmpmgr", "agtmgr"])
def test_manual_dialing_is_refused_beside_a_running_service(installed: Host, running: str) -> None:
    installed.start(running)
    refused = installed.run("enablenonTeleMode.sh", answers=["y"] * 3)
    assert refused.returncode == 1
    assert " is running. " in refused.stdout
    (installed.units / running).unlink()
    assert installed.run("enablenonTeleMode.sh", answers=["y"] * 3).returncode == 0


def test_manual_dialing_is_logged_kept_and_for_good(installed: Host) -> None:
    has_mode(installed, "CCElite")
    result = installed.run("enablenonTeleMode.sh", answers=["y"] * 3)
    assert result.returncode == 0
    assert "Have you stopped Campaign manager and Agent Manager on all the POM servers including Data centers" in result.stdout
    assert mode_of(installed) == "mode=CCElite\nmanual=yes\n"
    assert "The system is converted to manual mode." in installed.read(f"{HOME}/logs/enableNonTeleMode.log")
    again = installed.run("enablenonTeleMode.sh", answers=["y"] * 3)
    assert (again.returncode, again.stdout) == (1, "The system is converted to manual mode.\n")


@pytest.mark.parametrize("program", ["enablenonTeleMode.sh", "eventSettingOperation.sh", "insert_POM_Apps.sh"])
def test_what_belongs_to_the_primary_is_refused_elsewhere(installed: Host, program: str) -> None:
    version = installed.home / "config/version.properties"
    version.write_text(version.read_text(encoding="utf-8").replace("kind=primary", "kind=auxiliary"), encoding="utf-8")
    refused = installed.run(program, answers=["y"] * 5)
    assert refused.returncode == 1
    assert "primary" in refused.stdout


# Memory


def test_the_agent_manager_carries_its_memory_in_its_command_line(installed: Host) -> None:
    script = installed.home / "services/service.sh"
    for memory in ("1", "2"):
        with subprocess.Popen(["/bin/sh", str(script), "agtmgr"]) as service:
            try:
                assert eventually(lambda pid=service.pid, word=f"-Xmx{memory}g": word in command_line(pid))
                assert eventually(lambda pid=service.pid: children(pid))
                started = children(service.pid)
            finally:
                service.terminate()
        assert service.returncode == 0
        assert eventually(lambda pids=started: not any(map(runs, pids))), "something goes on"
        installed.run("updateAgentManagerMemory.sh", answers=["Y", "2", "n"])


def eventually(holds: Callable[[], object]) -> bool:
    for _ in range(200):
        if holds():
            return True
        time.sleep(0.02)
    return False


def runs(pid: str) -> bool:
    """A zombie has no words."""
    try:
        return command_line(pid) != [""]
    except OSError:
        return False


def command_line(pid: int | str) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").split("\0")


def children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()


def test_a_wrong_amount_may_be_asked_for_again(installed: Host) -> None:
    installed.configure("[updateAgentManagerMemory.sh]\nwrong_value = ask\n")
    assert installed.run("updateAgentManagerMemory.sh", answers=["", "1", "2", "n"]).returncode == 0
    assert installed.read(f"{HOME}/config/agtmgr.properties") == "memory.gb=2\n"


# Attributes, fonts, the security tool


def test_an_attribute_is_copied_for_all_lists_or_for_some(installed: Host) -> None:
    everywhere = installed.run("migrateCustomToSystemAttr.sh", answers=["Agent", "Yes"])
    assert everywhere.returncode == 0
    assert everywhere.stdout.startswith("Started with Migration Script - ")
    for words in (
        "Please enter below details for Migration of Custom Attribute to System Attribute - Custom attribute name:",
        "Do you want to migrate this attribute for all Contact lists? (Y/N):",
        "Migration is in progress now....\nMigration is completed now - ",
    ):
        assert words in everywhere.stdout
    installed.configure("[migrateCustomToSystemAttr.sh]\nattributes = Agent\nlists = north, south\n")
    some = installed.run("migrateCustomToSystemAttr.sh", answers=["Agent", "No", "north,south"])
    assert some.returncode == 0
    assert "Please provide Contact list names using this attribute separated by comma(,):" in some.stdout
    for answers, words in ((["Other"], "Other is not found"), (["Agent", "No", "west"], "west is not found")):
        refused = installed.run("migrateCustomToSystemAttr.sh", answers=answers)
        assert (refused.returncode, words in refused.stdout) == (1, True)
    installed.start("cmpmgr")
    assert "Stop all POM services first: cmpmgr" in installed.run("migrateCustomToSystemAttr.sh", answers=["Agent", "Yes"]).stdout


def test_only_a_font_that_is_there_is_taken(installed: Host) -> None:
    script = "setNonEnglishFontForPOMReports.sh"
    installed.write("/usr/share/fonts/one.ttf", "font")
    installed.write("/usr/share/fonts/one.otf", "font")
    for arguments in ([], ["/usr/share/fonts/two.ttf"], ["/usr/share/fonts/one.otf"], ["one.ttf"]):
        assert installed.run(script, *arguments, answers=["y"]).returncode == 1
    assert installed.run(script, "/usr/share/fonts/one.ttf", answers=["n"]).returncode == 1
    assert installed.run(script, "/usr/share/fonts/one.ttf", answers=["y"]).returncode == 0
    assert (installed.home / "config/fonts/one.ttf").exists()
    installed.configure(f"[{script}]\nasks = no\n")
    assert installed.run(script, "/usr/share/fonts/one.ttf").returncode == 0


def test_the_security_tool_takes_no_nonsense_and_may_end_after_a_result(installed: Host) -> None:
    tool = "POMSecurityManagementTool.sh"
    for answers in (["1", ""], ["2", "ENC(a)"]):
        refused = installed.run(tool, answers=answers)
        assert (refused.returncode, refused.stderr) == (1, "")
        assert "Invalid data." in refused.stdout
    installed.configure(f"[all]\nwrap = 40\n[{tool}]\nmenu_comes_back = no\n")
    data = "a text that is longer than the forty columns of the terminal"
    done = installed.run(tool, answers=["1", data])
    assert done.returncode == 0
    encrypted = done.stdout.split("Encrypted Data: ")[1].strip()
    assert f"Decrypted Data: {data}\n" in installed.run(tool, answers=["2", encrypted]).stdout


# Applications and organizations

LOGIN = ["epadmin", "it's", "it's"]


def applications(host: Host) -> list[dict[str, object]]:
    file = host.root / f"{PORTAL[1:]}/data/applications.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else []


def test_the_seven_applications_are_registered_once(portal: Host) -> None:
    assert portal.run("insert_POM_Apps.sh", answers=[*LOGIN, "192.0.2.1"]).returncode == 0
    found = applications(portal)
    assert {(row["name"], row["type"], row["direction"], row["url"]) for row in found} >= {
        ("PomDriverApp", "POM:Driver", "Outbound", "https://192.0.2.1:7443/PomDriverApp/ccxml/start.jsp"),
        ("AvayaPOMSMS", "SMS", "Inbound", "https://192.0.2.1:7443/AvayaPOMSMS/Start"),
    }
    assert len(found) == 7
    again = portal.run("insert_POM_Apps.sh", answers=[*LOGIN, "192.0.2.2"])
    assert again.returncode == 0
    assert applications(portal) == found


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (["epadmin", "it's", "its"], "The passwords do not match."),
        (["epadmin", "its", "its"], "Invalid user name or password."),
        ([*LOGIN, "epm1"], "Invalid IP address: epm1"),
        (LOGIN, ""),
    ],
)
def test_applications_are_not_registered_for_everybody(portal: Host, answers: list[str], words: str) -> None:
    refused = portal.run("insert_POM_Apps.sh", answers=answers)
    assert refused.returncode == 1
    assert words in refused.stdout
    assert applications(portal) == []


def test_an_organization_is_known_by_its_id(portal: Host) -> None:
    portal.write(f"{PORTAL}/data/organizations.json", json.dumps([{"id": 1001, "name": "CC 2"}]))
    assert portal.run("getOrgID", "CC 2").stdout == "Organization ID of CC 2 is 1001\n"
    unknown = portal.run("getOrgID", "cc 2")
    assert (unknown.returncode, unknown.stdout) == (1, "The organization is not found.\n")
    assert portal.run("getOrgID").returncode == portal.run("getOrgID", " ").returncode == 1
    portal.configure("[getOrgID]\nanswer = number\n")
    assert portal.run("getOrgID", "CC 2").stdout == "1001\n"


# What stands in the database


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    if not available():
        pytest.skip("this machine has no PostgreSQL server to run")
    with tempfile.TemporaryDirectory(prefix="pg-") as directory:
        running = Server(Path(directory))
        running.start()
        try:
            running.sql(f"CREATE DATABASE {DATABASE}")
            yield running
        finally:
            running.stop()


def in_python(host: Host, statement: str) -> None:
    script = f"from standin_pom import database, epm; s = database.load(database.settings_file()); {statement}"
    environment = {**host.environment, "PYTHONPATH": str(host.home / "lib")}
    subprocess.run(["python3", "-B", "-c", script], env=environment, check=True)


@pytest.fixture
def connected(portal: Host, server: Server) -> Host:
    """With a database that holds the schema."""
    create = ["3", "y", "4", "Postgres", "127.0.0.1", str(server.port), DATABASE, USER, PASSWORD, "n", "2", "y", "6"]
    portal.configure("[installDB.sh]\nsecond_schema = recreate\n")
    assert "POM schema is created successfully." in portal.run("installDB.sh", answers=create).stdout
    return portal


EVENT = "SELECT event_level || ' ' || throttle_interval || ' ' || ep_alarm_severity || ' ' || alarm_on FROM pim_event_setting"


def test_events_are_changed_one_by_one_and_set_back_as_a_whole(connected: Host, server: Server) -> None:
    def event() -> str:
        return server.sql(f"{EVENT} WHERE event_code = 'P_POMCM002'", DATABASE)

    script, default = "eventSettingOperation.sh", event()
    code = "P_POMCM002"
    result = connected.run(script, answers=["3", code, "fatal", "4", code, "60", "5", code, "MAJOR", "6", code, "on", "7", "1"])
    assert result.returncode == 0, result.stdout
    assert event() == "FATAL 60 MAJOR true"
    assert result.stdout.count("Restart the vpms service") == 2
    assert [line for line in result.stdout.splitlines() if line[:2] in {f"{number}." for number in range(1, 8)}][:7] == [
        "1. Exit EventSetting Operation",
        "2. Update to Default New Event Setting",
        "3. Update POM Event Level based on EventCode",
        "4. Update ThrottleInterval based on EventCode",
        "5. Update EP Alarm Severity based on EventCode",
        "6. ON/OFF Alarm based on EventCode",
        "7. Show All Available Operations",
    ]
    assert "X is not found" in connected.run(script, answers=["4", "X", "1"]).stdout
    assert connected.run(script, answers=["2", "1"]).returncode == 0
    assert event() == default


def test_event_settings_need_a_database(installed: Host) -> None:
    assert installed.run("eventSettingOperation.sh", answers=["2", "1"]).returncode == 1


def test_organizations_come_into_the_database_when_pom_starts(connected: Host, server: Server) -> None:
    connected.configure("[getOrgID]\nsource = database\nanswer = number\n")
    connected.write(f"{PORTAL}/data/organizations.json", json.dumps([{"id": 1001, "name": "O'Hare"}]))
    assert connected.run("getOrgID", "Default").stdout == "1\n"
    assert connected.run("getOrgID", "O'Hare").returncode == 1
    for _ in range(2):
        in_python(connected, "epm.copy_organizations(s)")
    assert connected.run("getOrgID", "O'Hare").stdout == "1001\n"


# Another host


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("config/pomDashboardAnalytics.properties", "vpmsIp=another"),
        ("config/pomDashboardAnalytics.properties", "BOOTSTRAP_SERVERS_CONFIG=SSL://another:9093"),
        ("kafka_server/config/server.properties", "listeners=SSL://another:9093"),
        ("kafka_server/config/server.properties", "advertised.listeners=SSL://192.0.2.99:9093"),
        ("config/version.properties", "host_name=another"),
        ("config/version.properties", "host_address=192.0.2.99"),
    ],
)
def test_a_file_that_names_another_host_is_told(portal: Host, file: str, line: str) -> None:
    assert fault(portal) == ""
    with (portal.home / file).open("a", encoding="utf-8") as stream:
        stream.write(f"{line}\n")
    assert fault(portal).startswith(f"{line.split('=')[0]} in {file} is ")


def fault(host: Host) -> str:
    script = "from standin_pom import host, identity; print(identity.fault(host.pom_home(), host.experience_portal()), end='')"
    environment = {**host.environment, "PYTHONPATH": str(host.home / "lib")}
    return subprocess.run(["python3", "-B", "-c", script], env=environment, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("word", [socket.gethostname(), f"{socket.gethostname()}.example.test", "127.0.0.1", "::1"])
def test_a_server_knows_its_own_names_and_addresses(word: str) -> None:
    if word == "::1" and not Path("/proc/net/if_inet6").exists():
        pytest.skip("this machine has no IPv6")
    assert identity.is_own(word)
    assert not identity.is_own("192.0.2.99")
    assert not identity.is_own("another.example.test")


@pytest.mark.parametrize("kind", ["primary", "auxiliary"])
def test_the_portal_of_an_auxiliary_is_told_by_the_upgrade_script(portal: Host, kind: str) -> None:
    for unit in ("vpms", "httpd"):
        (portal.units / unit).unlink()
    portal.write("/etc/standin/ep.conf", EP_CONF.format(kind=kind, host="former", address="127.0.0.1"))
    certificate = portal.write(f"{PORTAL}/web/tls/epm.crt", "former")
    assert portal.run("vpUpgrade.sh").returncode == 0
    assert f"host_name={socket.gethostname()}\n" in portal.read(f"{HOME}/config/version.properties")
    if kind == "auxiliary":
        assert f"host = {socket.gethostname()}\n" in portal.read("/etc/standin/ep.conf")
        assert "password = it's\n" in portal.read("/etc/standin/ep.conf")
        assert not certificate.exists()
    else:
        assert "host in the database of Experience Portal is former" in fault(portal)
        assert certificate.exists()


def run_script(host: Host, script: str, answers: str = "") -> subprocess.CompletedProcess[str]:
    path = host.root / script[1:]
    return subprocess.run(
        ["bash", str(path)], input=answers, capture_output=True, text=True, env=host.environment, cwd=path.parent, check=False
    )


def test_the_portal_of_a_primary_is_told_while_it_is_stopped(portal: Host) -> None:
    script = f"{PORTAL}/Support/UpdateHostAddress/do_UpdateHost"
    portal.write("/etc/standin/ep.conf", EP_CONF.format(kind="primary", host="former", address="192.0.2.99"))
    certificate = portal.write(f"{PORTAL}/web/tls/epm.crt", "former")
    portal.start("vpms")
    assert "vpms is running" in run_script(portal, script, "y\n").stdout
    (portal.units / "vpms").unlink()
    done = run_script(portal, script, "y\n")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "VPMS Start Status: [OK]")
    assert f"host = {socket.gethostname()}\n" in portal.read("/etc/standin/ep.conf")
    assert not certificate.exists()
    (portal.units / "vpms").unlink()
    kept = portal.write(f"{PORTAL}/web/tls/epm.crt", "present")
    assert "already" in run_script(portal, script, "n\n").stdout
    assert kept.exists()


def test_an_auxiliary_keeps_the_address_of_the_primary_that_it_authorises(portal: Host) -> None:
    script = f"{PORTAL}/Support/VP-Tools/setup_vpms.php"
    conf = EP_CONF.replace("[web]", "primary = {primary}\n[web]").format
    portal.write("/etc/standin/ep.conf", conf(kind="auxiliary", host="epm2", address="127.0.0.1", primary="192.0.2.1"))
    assert run_script(portal, script).returncode == 1
    path = portal.root / script[1:]
    subprocess.run(["sh", path, "192.0.2.9"], env=portal.environment, check=True, capture_output=True)
    assert "primary = 192.0.2.9\n" in portal.read("/etc/standin/ep.conf")

    portal.write("/etc/standin/ep.conf", conf(kind="primary", host="former", address="192.0.2.1", primary="192.0.2.1"))
    assert "not an auxiliary" in run_script(portal, script).stdout
    update = f"{PORTAL}/Support/UpdateHostAddress/do_UpdateHost"
    (portal.units / "vpms").unlink(missing_ok=True)
    assert run_script(portal, update, "n\n").returncode == 0
    assert "192.0.2.1\n" not in portal.read("/etc/standin/ep.conf"), "a primary is its own primary"


def test_a_root_file_system_grows_once_and_without_snapshots(portal: Host) -> None:
    script, described = "/opt/Avaya/LinuxInstaller/bin/expand_root.sh", "disk_gb = 500\nfilesystem_gb = 160\n"
    assert "nothing to expand" in run_script(portal, script).stdout
    portal.write("/etc/standin/disk.conf", f"{described}snapshots = yes\n")
    assert "Snapshots exist" in run_script(portal, script, "y\n").stdout
    portal.write("/etc/standin/disk.conf", described)
    assert run_script(portal, script, "n\n").returncode == 1
    assert run_script(portal, script, "y\n").returncode == 0
    assert run_script(portal, script, "y\n").returncode == 1
