# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is seen of a host whose files lie below a temporary directory, and whose systemd is a dictionary."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import stat
from pathlib import Path

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils import pom_observer, pom_services
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_connection import Connection
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_layout import PomLayout
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_observer import Observer, decode_trusted
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_server import (
    ABSENT,
    COMPLETE,
    PARTIAL,
    PRESENT,
    UNKNOWN,
    UNREACHABLE,
    PomServerError,
)

LAYOUT = PomLayout()
HOME = LAYOUT.home
INSTALLED = ("bin/installDB.sh", "bin/uninstallPOM.sh", "config/pomKeyStore")
ALL_UNITS = dict.fromkeys(("vpms", "httpd", *pom_services.UNITS), "active")
LOG = """*** Starting POM Installation ***
Welcome to the installation of Avaya POM POM.04.00.02.00.00.117!
Installation was successful.
"""


class FakeHost:
    """Answers systemctl from a dictionary, everything else from a table; remembers what it was asked."""

    def __init__(self, root):
        self.root = root
        self.units: dict[str, str] = {}
        self.enabled: dict[str, str] = {}
        self.answers: dict[str, tuple[int, str, str]] = {}
        self.asked: list[list[str]] = []

    def run(self, argv):
        self.asked.append(list(argv))
        if argv[0] == "systemctl":
            names = argv[argv.index("--") + 1 :]
            return 0, "\n\n".join(self.shown(name) for name in names), ""
        return self.answers[os.path.basename(argv[0])]

    def shown(self, name):
        state = self.units.get(name[: -len(".service")])
        enabled = self.enabled.get(name[: -len(".service")], "")
        loaded = "loaded" if state else "not-found"
        return f"Id={name}\nLoadState={loaded}\nActiveState={state or 'inactive'}\nUnitFileState={enabled}"

    def write(self, path, content="", mode=0o644):
        real = self.root / path.lstrip("/")
        real.parent.mkdir(parents=True, exist_ok=True)
        real.write_bytes(content if isinstance(content, bytes) else content.encode())
        real.chmod(mode)

    @property
    def observer(self):
        return Observer(self.run, LAYOUT, str(self.root))

    def installation(self):
        return self.observer.installation(self.observer.units()[0])


@pytest.fixture
def host(tmp_path):
    return FakeHost(tmp_path)


def install(host, leave_out=()):
    for name in INSTALLED:
        if name not in leave_out:
            host.write(f"{HOME}/{name}")
    host.units = dict(ALL_UNITS)


def test_the_addresses_of_all_interfaces_are_seen_once_each(host):
    host.answers["ip"] = (0, """2: eth0    inet 192.0.2.11/24 brd 192.0.2.255 scope global eth0\\       valid_lft forever
2: eth0    inet 192.0.2.12/24 scope global secondary eth0\\       valid_lft forever
3: backup0    inet 198.51.100.4/22 brd 198.51.103.255 scope global dynamic backup0\\       valid_lft 80000sec
""", "")  # fmt: skip
    assert host.observer.addresses() == ("192.0.2.11", "192.0.2.12", "198.51.100.4")
    host.answers["ip"] = (255, "", "Command \"address\" is unknown")
    with pytest.raises(PomServerError, match="is unknown"):
        host.observer.addresses()


def test_units_and_the_installer_s_job_are_asked_in_one_call(host):
    host.units = {"vpms": "active", "cmpmgr": "failed", "dialtone-job-installPOM": "active"}
    assert host.observer.units() == ({"vpms": "active", "cmpmgr": "failed"}, True, {})
    assert len(host.asked) == 1


@pytest.mark.parametrize(
    ("state", "succeeded"),
    [('{"state": "succeeded"}', True), ('{"state": "running"}', False), ("[]", False), ("no JSON", False), (None, False)],
)
def test_how_the_installer_ended_is_told_by_its_job(host, state, succeeded):
    if state is not None:
        host.write("/var/lib/dialtone/jobs/installPOM/state.json", state)
    assert host.observer.installer_succeeded() is succeeded


@pytest.mark.parametrize(
    ("state", "enabled", "seen"),
    [
        ("active", "enabled", "active, enabled"),
        ("active", "disabled", "active, disabled"),
        ("inactive", "enabled", "inactive, enabled"),
        ("inactive", "disabled", None),
        ("failed", "static", None),
    ],
)
def test_a_kafka_beside_pom_counts_while_it_runs_and_where_it_would_run_after_a_reboot(host, state, enabled, seen):
    host.units, host.enabled = {"kafka": state, "vpms": "active"}, {"kafka": enabled}
    assert host.observer.units() == ({"vpms": "active"}, False, {"kafka": seen} if seen else {})


def test_a_systemctl_that_fails_is_no_host_without_units():
    observer = Observer(lambda _argv: (1, "", "Failed to connect to bus"), LAYOUT)
    with pytest.raises(PomServerError, match="Failed to connect to bus"):
        observer.units()


def test_a_bare_host_has_no_pom(host):
    assert host.installation().state == ABSENT
    assert not host.installation().directory_exists
    assert not host.observer.has_experience_portal()


def test_mounts_below_pom_home_are_no_installation(host):
    host.write(f"{HOME}/archive/default/keep")
    assert (host.installation().state, host.installation().directory_exists) == (ABSENT, True)


def test_a_whole_pom(host):
    install(host)
    host.write(f"{HOME}/logs/pom_install.log", LOG)
    found = host.installation()
    assert (found.state, found.missing, found.version) == (COMPLETE, (), "POM.04.00.02.00.00.117")
    assert found.log[-1] == "Installation was successful."


@pytest.mark.parametrize("missing", INSTALLED)
def test_a_file_that_is_missing_makes_it_partial(host, missing):
    install(host, {missing})
    assert (host.installation().state, host.installation().missing) == (PARTIAL, (missing,))


@pytest.mark.parametrize("unit", pom_services.OWN_UNITS)
def test_a_unit_that_is_missing_makes_it_partial(host, unit):
    install(host)
    del host.units[unit]
    assert (host.installation().state, host.installation().missing) == (PARTIAL, ("units",))


def test_units_without_a_tree_are_a_part(host):
    host.units = {"vpms": "active", "cmpmgr": "inactive"}
    found = host.installation()
    assert found.state == PARTIAL
    assert found.evidence == ("unit cmpmgr",)
    assert "bin/uninstallPOM.sh" in found.missing


def test_records_are_read_and_damaged_ones_left(host):
    host.write("/var/lib/dialtone/pom/installation.json", json.dumps({"words": {"boot_id": "b"}}))
    host.write("/var/lib/dialtone/pom/broken.json", "{")
    host.write("/var/lib/dialtone/pom/list.json", "[]")
    host.write("/var/lib/dialtone/pom/notes.txt", "x")
    assert host.observer.markers() == {"installation": {"words": {"boot_id": "b"}}}


def test_only_the_declared_jar_counts(host):
    host.write("/root/POMOracleJDBC/old.jar", b"old")
    host.write("/root/POMOracleJDBC/ojdbc8.jar", b"new")
    found = host.observer.drivers("/root", {"oracle": "ojdbc8.jar", "mssql": "mssql.jar"})
    assert found == {"oracle": hashlib.sha256(b"new").hexdigest()}


@pytest.mark.parametrize("name", ["importCertInPomTruststore.sh", "importCertInPOMTruststore.sh"])
def test_the_truststore_s_program_under_either_spelling(host, name):
    assert host.observer.truststore_program() == ""
    host.write(f"{HOME}/bin/{name}")
    assert host.observer.truststore_program() == f"{HOME}/bin/{name}"


def test_both_spellings_at_once_are_refused(host):
    for name in ("importCertInPomTruststore.sh", "importCertInPOMTruststore.sh"):
        host.write(f"{HOME}/bin/{name}")
    with pytest.raises(PomServerError, match="two spellings of one program"):
        host.observer.truststore_program()


def test_the_command_pom_is_found_and_its_words_read(host):
    assert host.observer.status().states == {}
    host.write("/usr/local/bin/POM", mode=0o755)
    host.answers["POM"] = (1, "Campaign Manager is RUNNING\n", "Agent Manager is STOPPED\n")
    assert host.observer.wrapper() == "/usr/local/bin/POM"
    assert host.observer.status().states == {"cmpmgr": "RUNNING", "agtmgr": "STOPPED"}


def test_a_command_that_may_not_be_run_is_none(host):
    host.write("/usr/local/bin/POM", mode=0o644)
    assert host.observer.wrapper() == ""


DATABASE = Connection("postgres", "db'1", 5432, "pomdb", "pom", True)


@pytest.fixture
def psql(host, monkeypatch):
    monkeypatch.setattr(pom_observer.shutil, "which", lambda _name: "/usr/bin/psql")
    seen = {}

    def run(argv):
        conninfo = argv[argv.index("-d") + 1]
        path = conninfo.partition("passfile='")[2].partition("'")[0]
        seen.update(argv=list(argv), passwords=Path(path).read_text(), mode=stat.S_IMODE(os.stat(path).st_mode), path=path)
        return host.answers["psql"]

    host.run = run
    return seen


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ((0, "1\n", ""), PRESENT),
        ((0, "0\n", ""), ABSENT),
        ((2, "", "psql: error: no pg_hba.conf\n  entry"), UNREACHABLE),
    ],
)
def test_the_schema_is_asked_for_by_its_only_documented_table(host, psql, answer, state):
    host.answers["psql"] = answer
    found, problem = host.observer.schema(DATABASE, "canary\\:secret", "/etc/dialtone/tls/ca.crt")
    assert found == state
    assert problem == ("psql: error: no pg_hba.conf entry" if state == UNREACHABLE else "")


def test_the_password_is_in_a_file_of_the_run_alone(host, psql):
    host.answers["psql"] = (0, "1", "")
    host.observer.schema(DATABASE, "canary\\:secret", "/ca.crt")
    assert psql["passwords"] == "*:*:*:*:canary\\\\\\:secret\n"
    assert psql["mode"] == 0o600
    assert "canary" not in " ".join(psql["argv"])
    assert not os.path.exists(psql["path"])
    assert "sslmode='verify-full'" in " ".join(psql["argv"])
    assert r"host='db\'1'" in " ".join(psql["argv"])


def test_other_engines_are_not_asked(host):
    assert host.observer.schema(Connection("oracle", "db1"), "x", "") == (UNKNOWN, "")
    assert host.asked == []


def test_a_host_without_psql_cannot_ask(host, monkeypatch):
    monkeypatch.setattr(pom_observer.shutil, "which", lambda _name: None)
    assert host.observer.schema(DATABASE, "x", "") == (UNKNOWN, "psql is not on this host")


def test_certificates_come_as_content_or_as_a_file():
    entries = [
        {"alias": "a", "content": base64.b64encode(b"\x30a").decode()},
        {"alias": "b", "path": "/b", "content": None},
        {"alias": "c", "content": ""},
    ]
    found = decode_trusted(entries, {"/b": b"\x30b"}.get)
    assert [(one.alias, one.content) for one in found] == [("a", b"\x30a"), ("b", b"\x30b"), ("c", None)]
    with pytest.raises(PomServerError, match="the certificate x is no Base64"):
        decode_trusted([{"alias": "x", "content": "é"}], {}.get)


# --- memory, manual dialling, settings of events ------------------------------------------------------------------------


def process(host, pid, unit, *words):
    host.write(f"/proc/{pid}/cgroup", f"0::/system.slice/{unit}\n")
    host.write(f"/proc/{pid}/cmdline", "\0".join(words) + "\0")


@pytest.mark.parametrize(("words", "megabytes"), [("-Xmx3g", 3072), ("-Xmx3072m", 3072), ("-Xmx3145728K", 3072), ("-Xms3g", 0)])
def test_the_memory_of_the_agent_manager_is_that_of_its_unit_s_processes(host, words, megabytes):
    process(host, 10, "agtmgr.service", "/usr/bin/java", "-Xms256m", words, "AgentManager")
    process(host, 11, "cmpmgr.service", "/usr/bin/java", "-Xmx8g")
    host.write("/proc/self/cmdline", "")
    assert host.observer.agent_memory_mb() == megabytes


def test_of_two_processes_of_the_unit_the_larger_one_counts(host):
    process(host, 10, "agtmgr.service/wrapper", "java", "-Xmx64m")
    process(host, 11, "agtmgr.service/wrapper", "java", "-Xmx2g")
    assert host.observer.agent_memory_mb() == 2048


def test_available_memory(host):
    assert host.observer.available_mb() == 0
    host.write("/proc/meminfo", "MemTotal: 8000000 kB\nMemAvailable:    4194304 kB\n")
    assert host.observer.available_mb() == 4096


@pytest.mark.parametrize("name", ["enablenonTeleMode.sh", "enableNonTeleMode.sh"])
def test_the_program_of_the_conversion_is_found_in_any_spelling(host, name):
    assert host.observer.conversion_program() == ""
    host.write(f"{HOME}/bin/{name}")
    assert host.observer.conversion_program() == f"{HOME}/bin/{name}"


def test_two_spellings_of_the_program_of_the_conversion_are_refused(host):
    host.write(f"{HOME}/bin/enablenonTeleMode.sh")
    host.write(f"{HOME}/bin/enableNonTeleMode.sh")
    with pytest.raises(PomServerError, match="T-120"):
        host.observer.conversion_program()


def test_traces_of_a_conversion(host):
    assert not host.observer.has_conversion_log()
    assert not host.observer.has_led_conversion()
    host.write(f"{HOME}/logs/enableNonTeleMode.log")
    host.write("/var/lib/dialtone/jobs/enablenonTeleMode/state.json")
    assert host.observer.has_conversion_log()
    assert host.observer.has_led_conversion()


def test_fonts_by_their_content(host):
    host.write("/fonts/a.ttf", "a")
    assert host.observer.fonts(["/fonts/a.ttf", "/fonts/b.ttf"]) == {"/fonts/a.ttf": hashlib.sha256(b"a").hexdigest()}


def test_settings_of_events_are_counted_and_never_read(host, psql):
    host.answers["psql"] = (0, "42|d41d8c\n", "")
    found = host.observer.event_settings(DATABASE, "canary", "/ca.crt")
    assert (found.rows, found.digest, found.problem) == (42, "d41d8c", "")
    assert "canary" not in str(host.asked)


def test_settings_of_events_that_cannot_be_seen(host, psql):
    host.answers["psql"] = (1, "", 'ERROR:  relation "pim_event_setting" does not exist\n')
    assert "does not exist" in host.observer.event_settings(DATABASE, "", "").problem
    other = Connection("oracle", "db1", 1521, "pomdb", "pom", False)
    assert host.observer.event_settings(other, "", "").problem == "no client of oracle is on this host"


def test_events_are_asked_for_by_their_codes(host, psql):
    host.answers["psql"] = (0, "P_POMCM002|aa\nP_POMCM003|bb\n", "")
    assert host.observer.events(DATABASE, "canary", "/ca.crt", ["P_POMCM002", "P_POMCM003", "O'Hare"]) == (
        {"P_POMCM002": "aa", "P_POMCM003": "bb"}, "",
    )  # fmt: skip
    assert "IN ('P_POMCM002', 'P_POMCM003', 'O''Hare')" in psql["argv"][-1]
    assert "canary" not in str(host.asked)


def test_events_that_cannot_be_seen(host, psql):
    host.answers["psql"] = (1, "", 'ERROR:  relation "pim_event_setting" does not exist\n')
    found, problem = host.observer.events(DATABASE, "", "", ["P_POMCM002"])
    assert (found, "does not exist" in problem) == ({}, True)
    other = Connection("oracle", "db1", 1521, "pomdb", "pom", False)
    assert host.observer.events(other, "", "", ["P_POMCM002"]) == ({}, "no client of oracle is on this host")
