"""The other programs of the installed tree: certificates, passwords, drivers, services, maintenance.

Catalogue: the LAB sections of their names."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
from pathlib import Path

import pytest

from lab.standins import programs

from .conftest import HOME, Host, aliases, fingerprint, keytool

pytestmark = pytest.mark.slow
OVERWRITE = "Existing entry alias pomservercert exists, overwrite? [no]:"


def openssl(*arguments: str | Path) -> str:
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=True).stdout


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    file = tmp_path / "ca.crt"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=CA", "-keyout", tmp_path / "ca.key", "-out", file)
    return file


# The terminal


@pytest.mark.parametrize("hidden", ["yes", "no"])
def test_a_password_is_typed_blind_unless_switched(installed: Host, hidden: str) -> None:
    installed.configure(f"[all]\nhidden_password = {hidden}\n")
    script = installed.home / "bin/updatePOMCertificateStorePassword.sh"
    controller, terminal = pty.openpty()
    with subprocess.Popen([script], stdin=terminal, stdout=terminal, stderr=terminal, env=installed.environment) as program:
        os.close(terminal)
        shown = read_until(controller, "Please enter your preferred choice :")
        os.write(controller, b"2\n")
        shown += read_until(controller, "Enter the existing POM KeyStore Password:")
        os.write(controller, b"visible?\n")
        shown += read_until(controller, "Enter the new password for POM KeyStore:")
        program.kill()
    os.close(controller)
    assert ("visible?" in shown) == (hidden == "no")
    assert "Password: \r\n" in shown or hidden == "no"


def read_until(descriptor: int, words: str) -> str:
    shown = ""
    while words not in shown:
        assert select.select([descriptor], [], [], 20)[0], f"'{words}' did not come after: {shown}"
        shown += os.read(descriptor, 4096).decode()
    return shown


# Trust store


def test_a_certificate_is_trusted_once(installed: Host, authority: Path) -> None:
    host_file = installed.write("/tmp/ca.crt", authority.read_text(encoding="utf-8"))
    result = installed.run("importCertInPomTruststore.sh", "siteca", "/tmp/ca.crt")
    assert result.returncode == 0
    assert result.stdout == "Certificate ca.crt imported successfully in POM Truststore!\n"
    assert aliases(installed.home / "config/pomTrustStore") == ["siteca"]
    again = installed.run("importCertInPomTruststore.sh", "SiteCA", "/tmp/ca.crt")
    assert again.returncode == 1
    assert "alias <SiteCA> already exists" in again.stdout
    for arguments, words in (
        (["other", "tmp/ca.crt"], "is not an absolute path"),
        (["other", "/tmp/ca.txt"], "is not a supported certificate file"),
        (["other", "/tmp/no.pem"], "keytool error"),
        (["other"], "Usage: "),
    ):
        refused = installed.run("importCertInPomTruststore.sh", *arguments)
        assert refused.returncode == 1
        assert words in refused.stdout
    host_file.with_suffix(".pem").write_text("not X.509\n", encoding="utf-8")
    assert installed.run("importCertInPomTruststore.sh", "other", "/tmp/ca.pem").returncode == 1


def test_the_scripts_other_spelling(talking: Host) -> None:
    talking.configure("[import]\nspelling = POM\n")
    assert talking.run("installPOM", "-s", "-t", "primary").returncode == 0
    found = [path.name for path in (talking.home / "bin").iterdir() if path.name.lower() == "importcertinpomtruststore.sh"]
    assert found == ["importCertInPOMTruststore.sh"]


# Identity


@pytest.mark.parametrize("answer", ["yes", ""])
def test_a_self_signed_identity_replaces_the_old_one_only_after_yes(installed: Host, answer: str) -> None:
    before = fingerprint(installed)
    result = installed.run("pomCertificateGenerate.sh", answers=["", answer])
    for line in (
        "----- Started -----",
        "Generating a 2048 bit RSA private key",
        "writing new private key to '/tmp/pim.key'",
        "Return value: 0",
        "Generated Certificate:",
        "Result of keyfile copy: 0",
        "Result of cert copy 1: 0",
        "pomCertificateInstall.sh: Returning 0",
        "/usr/java/default/bin/java",
        OVERWRITE,
    ):
        assert line in result.stdout
    assert (result.returncode == 0) == (answer == "yes")
    assert (fingerprint(installed) != before) == (answer == "yes")
    assert (installed.root / "tmp/pim.key").exists()


def test_a_validity_that_is_no_number_of_days(installed: Host) -> None:
    result = installed.run("pomCertificateGenerate.sh", answers=["ten", "yes"])
    assert result.returncode == 1
    assert OVERWRITE not in result.stdout


def test_an_identity_is_imported(installed: Host, authority: Path) -> None:
    own = authority.with_name("own.p12")
    openssl("pkcs12", "-export", "-in", authority, "-inkey", authority.with_suffix(".key"), "-out", own, "-passout", "pass:once")
    installed.write("/tmp/own.p12", "").write_bytes(own.read_bytes())
    wrong = installed.run("pomCertificateImport.sh", "/tmp/own.p12", "twice", answers=["Yes"])
    assert wrong.returncode == 1
    assert "----- COMPLETED -----" not in wrong.stdout
    result = installed.run("pomCertificateImport.sh", "/tmp/own.p12", "once", answers=["Yes"])
    assert result.returncode == 0, result.stdout
    assert result.stdout.startswith("POM Certificate Import is started on date=")
    assert result.stdout.count("MAC verified OK") == 4
    for line in (
        OVERWRITE,
        "Entry for alias pomservercert successfully imported.",
        "Import command completed: 1 entries successfully imported, 0 entries failed or cancelled",
        "./pomCertificateImport.sh: Returning 0",
        "POM Certificate Import and Installation is completed on date=",
    ):
        assert line in result.stdout
    assert result.stdout.endswith("----- COMPLETED -----\n")
    wanted = openssl("x509", "-in", authority, "-noout", "-fingerprint", "-sha256").split("=")[1].strip()
    assert fingerprint(installed) == wanted


def test_a_lost_trust_store_is_made_anew_as_documented(installed: Host) -> None:
    config = installed.home / "config"
    (config / "pomTrustStore").unlink()
    (config / "pomKeyStore").unlink()
    assert installed.run("pomCertKeystore.sh").returncode == 0
    (config / "pomTrustStore").write_bytes((config / "pomKeyStore").read_bytes())
    assert keytool(config / "pomTrustStore", "--delete", "-alias", "pomservercert").returncode == 0
    assert aliases(config / "pomTrustStore") == []
    assert aliases(config / "pomKeyStore") == ["pomservercert"]


# Passwords of the stores


@pytest.mark.parametrize(("name", "store", "choice"), [("KeyStore", "KEYSTORE", "2"), ("TrustStore", "TRUSTSTORE", "1")])
def test_a_stores_password_is_changed_by_menu_and_back_silently(installed: Host, name: str, store: str, choice: str) -> None:
    script, path = "updatePOMCertificateStorePassword.sh", installed.home / f"config/pom{name}"
    result = installed.run(script, answers=[choice, "changeit", "new password", "new password"])
    assert result.returncode == 0, result.stdout
    for line in (
        "Please select following options to change the password for:",
        "1. POM TrustStore",
        "2. POM KeyStore",
        "3. Usage Information",
        "4. Exit",
        f"Enter the existing POM {name} Password:",
        f"Enter the new password for POM {name}:",
        f"Re-Enter the new password for POM {name}",
        f"Update POM {name} Password Completed Successfully at ",
        "Warning: vpms and POM service will need to be restarted on all POM Servers for the changes to take effect.",
    ):
        assert line in result.stdout
    assert aliases(path, "new password") is not None
    told = installed.run("POMSecurityManagementTool.sh", "-i", f"GET_POM_{store}_PASSWORD_DECRYPTED")
    assert told.stdout == "new password\n"
    wrong = installed.run(script, "-certstore", store, "-oldpass", "changeit", "-newpass", "another one")
    assert wrong.returncode == 1
    back = installed.run(script, "-certstore", store, "-oldpass", "new password", "-newpass", "changeit")
    assert f"Update POM {name} Password Completed Successfully at " in back.stdout
    assert aliases(path) is not None


def test_passwords_that_differ_change_nothing(installed: Host) -> None:
    script = "updatePOMCertificateStorePassword.sh"
    result = installed.run(script, answers=["2", "changeit", "one thing", "another", "3", "4"])
    assert result.returncode == 0
    assert "Usage: updatePOMCertificateStorePassword.sh" in result.stdout
    assert aliases(installed.home / "config/pomKeyStore") == ["pomservercert"]
    assert installed.run(script, "-certstore", "OTHER", "-oldpass", "changeit", "-newpass", "xxxxxx").returncode == 1
    assert "Usage: " in installed.run(script, "--help").stdout


def test_the_security_tool_by_menu_and_silently(installed: Host) -> None:
    tool = "POMSecurityManagementTool.sh"
    encrypted = installed.run(tool, "-o", "ENCRYPT", "-r", "4.X_ONWARDS", "-d", "data").stdout.strip()
    assert encrypted != "data"
    result = installed.run(tool, answers=["1", "data", "2", encrypted, "3", "4"])
    for line in ("POM Security Management Tool Menu:", f"Encrypted Data: {encrypted}", "Decrypted Data: data", "Enter data:"):
        assert line in result.stdout
    silent = installed.run(tool, "-o", "ENCRYPT", "-r", "3.X", "-d", "data")
    assert (silent.returncode, silent.stdout, silent.stderr) == (1, "", "")
    assert "ERROR" in installed.read(f"{HOME}/logs/POMSecurityManagementTool.log")


# Drivers


@pytest.mark.parametrize(
    ("script", "folder", "jar"),
    [
        ("InstallPOMOracleJDBC.sh", "POMOracleJDBC", "ojdbc8.jar"),
        ("InstallPOMMssqlJDBC.sh", "POMMssqlJDBC", "mssql-jdbc-10.2.0.jre8.jar"),
    ],
)
def test_a_driver_comes_from_its_folder_and_stays_there(installed: Host, script: str, folder: str, jar: str) -> None:
    empty = installed.run(script)
    assert empty.returncode == 1
    file = installed.write(f"{Path.home()}/{folder}/{jar}", "jar")
    assert installed.run(script).returncode == 0
    assert (installed.home / "lib/jdbc" / jar).read_text(encoding="utf-8") == "jar"
    assert file.exists()
    assert subprocess.run(["bash", str(installed.home / "bin" / script)], env=installed.environment, check=False).returncode == 0


# Services

ALL = [
    "Zookeeper",
    "Kafka Server",
    "ActiveMQ",
    "Rule Engine",
    "Campaign Manager",
    "Campaign Director",
    "Agent Manager",
    "Advance List Management",
    "Agent SDK Service",
    "Dashboard service",
]
NOT_DOCUMENTED = ("Zookeeper", "ActiveMQ", "Dashboard service")


def test_pom_is_started_in_order_told_and_stopped_in_reverse(installed: Host) -> None:
    def called(verb: str) -> list[str]:
        return [call.split()[1] for call in installed.calls if call.startswith(f"{verb} ")]

    before = len(called("stop"))
    assert installed.run("POM", "status").returncode == 1
    assert installed.run("POM", "start").returncode == 0
    order = called("start")
    assert order[:2] == ["pomzookeeper", "pomkafka"]
    assert len(order) == 10
    status = installed.run("POM", "status")
    assert status.returncode == 0
    assert status.stdout.splitlines() == [f"{name} is RUNNING" for name in ALL if name not in NOT_DOCUMENTED]
    installed.write("/run/standin/pom/states.json", json.dumps({"cmpdir": "MASTER", "agtmgr": "DORMANT"}))
    told = installed.run("POM", "status").stdout
    assert "Campaign Director is MASTER\n" in told
    assert "Agent Manager is DORMANT\n" in told
    assert installed.run("POM", "restart").returncode == 0
    assert called("stop")[before:] == list(reversed(order))
    link = installed.root / "usr/local/bin/cmpdirstatus"
    short = subprocess.run([str(link)], env=installed.environment, capture_output=True, text=True, check=False)
    assert (short.returncode, short.stdout) == (0, "Campaign Director is MASTER\n")


def test_a_status_may_not_tell_who_is_master_and_may_name_all(installed: Host) -> None:
    installed.configure("[POM]\nstatus_words = plain\nstatus_services = all\nkafka = no\n")
    installed.write("/run/standin/pom/states.json", json.dumps({"cmpdir": "MASTER"}))
    installed.run("POM", "start")
    status = installed.run("POM", "status")
    assert status.returncode == 1
    assert [line.partition(" is ")[0] for line in status.stdout.splitlines()] == ALL
    assert "Campaign Director is running\n" in status.stdout
    assert "Kafka Server is stopped\n" in status.stdout
    assert "MASTER" not in status.stdout


def test_a_service_that_does_not_start_is_told(installed: Host) -> None:
    (installed.programs / "units.broken").write_text("cmpmgr\n", encoding="utf-8")
    result = installed.run("POM", "start")
    assert result.returncode == 1
    assert "Starting Campaign Manager: [FAILED]\n" in result.stdout
    assert "Starting Agent Manager: [OK]\n" in result.stdout
    assert "Campaign Manager is STOPPED\n" in installed.run("POM", "status").stdout
    assert installed.run("POM").returncode == installed.run("POM", "begin").returncode == 1


# Maintenance


def test_uninstalling_removes_units_commands_plugin_and_tree(installed: Host) -> None:
    assert installed.run("uninstallPOM.sh", answers=["n"]).returncode == 1
    assert installed.home.is_dir()
    result = installed.run("uninstallPOM.sh", answers=["y"])
    assert result.returncode == 0
    assert result.stdout.endswith("POM UNINSTALLATION complete. Please restart the system now!\n")
    assert not (installed.root / "opt/Avaya/avpom").exists()
    assert not (installed.root / "opt/Avaya/VoicePortal/plugins/pom").exists()
    assert list((installed.root / "usr/lib/systemd/system").iterdir()) == []
    assert list((installed.root / "usr/local/bin").iterdir()) == []
    assert "deleted /usr/lib/systemd/system/pomkafka.service" in installed.read("/PomUnInstall.log")


def test_uninstalling_may_ask_nothing(installed: Host) -> None:
    installed.configure("[uninstallPOM.sh]\nconfirm = no\n")
    assert installed.run("uninstallPOM.sh").returncode == 0


def test_after_an_upgrade_of_the_portal_two_scripts_run_in_order_beside_nothing(installed: Host) -> None:
    def stop(*units: str) -> None:
        for unit in units:
            (installed.units / unit).unlink()

    running = installed.run("vpUpgrade.sh")
    assert running.returncode == 1
    assert "Stop these services first: vpms httpd" in running.stdout
    stop("vpms", "httpd")
    assert "Run vpUpgrade.sh first." in installed.run("updateVPMSConf.sh").stdout
    installed.portal("primary", "8.1.3")
    assert installed.run("vpUpgrade.sh").returncode == 0
    assert installed.run("updateVPMSConf.sh").returncode == 0
    assert "ep_version=8.1.3" in installed.read(f"{HOME}/config/version.properties")


def test_one_setting_of_pom(installed: Host) -> None:
    assert installed.run("updatePOMConfig", "CallForbidden", "true").returncode == 0
    assert "CallForbidden=true" in installed.read(f"{HOME}/config/pom.properties")
    assert installed.run("updatePOMConfig", "Other", "true").returncode == 1


@pytest.mark.parametrize("value", ["1", "x", "999999"])
def test_the_agent_managers_memory(installed: Host, value: str) -> None:
    script = "updateAgentManagerMemory.sh"
    rule = "must be a positive integer, greater than 1 and must be less than current available RAM on the system."
    refused = installed.run(script, answers=["Y", value, "Y"])
    assert refused.returncode == 1
    assert refused.stdout.count(rule) == 2
    done = installed.run(script, answers=["Y", "2", "Y"])
    assert done.returncode == 0, done.stdout
    for line in (
        "(Recommended value is 3 GB.)",
        "Do you wish to continue? [Y/n]",
        "Number of GB memory to be allocated to Agent Manager:",
        "Do you want to restart Agent Manager service now? [Y/n]",
        "Warning: Agent Manager process is NOT running!",
        "Agent Manager restarted successfully.",
    ):
        assert line in done.stdout


def test_every_program_says_what_it_is(pom_media: Path) -> None:
    for program in (programs.MEDIA_ROOT, *programs.INSTALLED):
        folder = pom_media if program is programs.MEDIA_ROOT else pom_media / "packages/pomserver/bin"
        lines = (folder / program.name).read_text(encoding="utf-8").splitlines()
        assert lines[1].startswith(f"# Lab only. Stand-in for the vendor's {program.name} (catalogue: LAB-")
        subprocess.run(["sh", "-n", str(folder / program.name)], check=True)
