"""installPOM of the POM media: what it asks, refuses, prints and leaves (catalogue: LAB-installPOM)."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from xml.etree import ElementTree

import pytest

from .conftest import HOME, Host, aliases, fingerprint

pytestmark = pytest.mark.slow
NAVIGATION = "Press 1 to Continue, 2 for Previous, 3 to Redisplay or 4 to Quit [1]"
LICENCE = ["1", "", "1"]
THROUGH = ["1", *LICENCE, "", "1", "c", "1", "0", "1", "1"]
CLOSING = [
    "Installation was successful.",
    "Application installed on /opt/Avaya/avpom",
    "[ Console installation done ]",
    "/etc/alternatives/java_sdk_1.8.0//bin/java",
    "Exporting the unencrypted private..",
    f"Importing keystore {HOME}/config/pom.p12 to {HOME}/config/pomKeyStore...",
    "Entry for alias pomservercert successfully imported.",
    "Import command completed: 1 entries successfully imported, 0 entries failed or cancelled.",
    "Executing sslEnabledForAppserver Fresh Install Case",
    "Making Appserver server configuration changes...",
    "Encrypting the private key...",
    "Private key encryption done.",
    f"Moving installation log files to: {HOME}/logs",
    "a--> Copy the *.war files from $POM_HOME/DDapps to $CATALINA_HOME/webapps of the external application server.",
    "Please restart the system now !",
]


def in_order(text: str, lines: list[str]) -> None:
    position = 0
    for line in lines:
        assert line in text[position:], f"'{line}' is not where it should be in:\n{text}"
        position = text.index(line, position) + len(line)


def test_the_primary_is_installed_by_questions(host: Host) -> None:
    result = host.run("installPOM", answers=THROUGH)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stderr == ""
    in_order(
        result.stdout,
        [
            "*** Starting POM Installation ***",
            "*** Restarting and checking vpms service status, please wait... ***",
            "*** EP service status [OK]***",
            "*** Stopping vpms service, please wait... ***",
            "*** vpms service stopped... Starting POM Installation... ***",
            "Running CLI installation program...",
            "Welcome to the installation of Avaya POM POM.04.00.02.00.00.",
            "The homepage is at: http://www.avaya.com/",
            NAVIGATION,
            "1 - I accept the terms of the license agreement [x]",
            "IMPORTANT: PLEASE DO NOT ABORT THE INSTALLATION",
            *CLOSING,
        ],
    )
    assert [call for call in host.calls if "vpms" in call and "is-active" not in call] == ["restart vpms", "stop vpms"]
    assert not host.active("vpms")
    assert (host.home / "DDapps/lib").is_dir()
    assert aliases(host.home / "config/pomKeyStore") == ["pomservercert"]
    assert aliases(host.home / "config/pomTrustStore") == []
    assert "ENCRYPTED" in (host.home / "web/pom_cert/pom.key").read_text(encoding="utf-8")
    for name in (
        "public/default/dncimport",
        "public/default/contactlistimport",
        "public/default/export",
        "archive/default/contactlistimport",
        "archive/default/dncimport",
        "archive/default/splitter",
    ):
        assert (host.home / name).is_dir()
    assert f"export POM_HOME={HOME}" in host.read("/etc/profile.d/pom.sh")
    assert "# stand-in assumption" in (host.home / "logs/pom_install.log").read_text(encoding="utf-8")
    assert list((host.root / "tmp").iterdir()) == []
    assert (host.root / "usr/local/bin/POM").resolve() == host.home / "bin/POM"


def test_the_vendors_units_start_the_real_kafka_from_the_tree(installed: Host) -> None:
    unit = installed.read("/usr/lib/systemd/system/pomkafka.service")
    assert f"ExecStart={HOME}/kafka_server/bin/kafka-server-start.sh {HOME}/kafka_server/config/server.properties" in unit
    assert "KAFKA_HEAP_OPTS=-Xmx160m" in unit
    assert "@" not in unit.replace("@@", "")
    assert f"log.dirs={HOME}/kafka_server/kafka-store/kafka" in installed.read(f"{HOME}/kafka_server/config/server.properties")
    assert not any(call.startswith(("enable", "reboot")) for call in installed.calls)


def test_the_order_of_the_screens_can_be_walked_back_and_shown_again(talking: Host) -> None:
    answers = ["3", "1", *LICENCE[:2], "2", "1", *LICENCE, *THROUGH[4:]]
    result = talking.run("installPOM", answers=answers)
    assert result.returncode == 0, result.stdout
    assert result.stdout.count("Welcome to the installation of Avaya POM") == 3


@pytest.mark.parametrize("before", [[], THROUGH[:4], THROUGH[:10]], ids=["welcome", "path", "summary"])
def test_quitting_asks_and_changes_nothing(talking: Host, before: list[str]) -> None:
    result = talking.run("installPOM", answers=[*before, "4", "2", "4", "1"])
    assert result.returncode == 1
    assert result.stdout.count("Do you want to exit? [2]") == 2
    in_order(result.stdout, ["1 Yes", "2 No", "Do you want to exit? [2]"])
    assert not (talking.root / "opt/Avaya/avpom").exists()
    assert not talking.active("vpms")


def test_whoever_quits_may_find_vpms_started(talking: Host) -> None:
    talking.configure("[installPOM]\nquit_starts_vpms = yes\n")
    talking.run("installPOM", answers=["4", "1"])
    assert talking.active("vpms")


def test_the_end_of_the_input_is_an_end_without_effects(talking: Host) -> None:
    assert talking.run("installPOM", answers=THROUGH[:-1]).returncode == 1
    assert not (talking.root / "opt/Avaya/avpom").exists()


def test_an_existing_directory_is_asked_about(talking: Host) -> None:
    (talking.root / "opt/Avaya/avpom").mkdir(parents=True)
    question = "The directory already exists! Are you sure you want to install here and possibly overwrite existing files?"
    declined = talking.run("installPOM", answers=["1", *LICENCE, "", "4", "2", "2", "4", "2", "/opt/pom", "1", "4", "1"])
    assert declined.stdout.count("Do you want to exit? [2]") == 3
    in_order(declined.stdout, [question, "1. Yes", "2. No", "Do you want to continue?", "Select the installation path"])
    talking.start("vpms")
    accepted = talking.run("installPOM", answers=["1", *LICENCE, "", "1", *THROUGH[5:]])
    assert accepted.returncode == 0, accepted.stdout


def test_the_optional_package_is_toggled_by_its_number(talking: Host) -> None:
    answers = [*THROUGH[:6], "3", "r", *THROUGH[6:]]
    result = talking.run("installPOM", answers=answers)
    assert result.returncode == 0, result.stdout
    assert "3  [ ] Orchestration Designer application" in result.stdout
    assert not (talking.home / "DDapps").exists()


def certificate(directory: Path, password: str) -> tuple[Path, str]:
    """A PKCS#12 file with a certificate of its own authority, and the certificate's fingerprint."""

    def openssl(*arguments: str) -> str:
        return subprocess.run(["openssl", *arguments], cwd=directory, capture_output=True, text=True, check=True).stdout

    openssl(
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=Site CA",
        "-keyout",
        "ca.key",
        "-out",
        "ca.crt",
        "-days",
        "9",
    )
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=epm1.example", "-keyout", "own.key", "-out", "own.csr")
    openssl(
        "x509", "-req", "-in", "own.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-out", "own.crt", "-days", "9"
    )
    openssl(
        "pkcs12",
        "-export",
        "-in",
        "own.crt",
        "-inkey",
        "own.key",
        "-certfile",
        "ca.crt",
        "-out",
        "own.p12",
        "-passout",
        f"pass:{password}",
    )
    return directory / "own.p12", openssl("x509", "-in", "own.crt", "-noout", "-fingerprint", "-sha256").split("=")[1].strip()


def test_a_certificate_is_imported_and_a_wrong_one_asked_again(host: Host, tmp_path: Path) -> None:
    file, expected = certificate(tmp_path, "one use")
    host.write("/tmp/own.p12", "").write_bytes(file.read_bytes())
    answers = [*THROUGH[:8], "1", "/tmp/own.p12", "wrong", "1", "/tmp/own.p12", "one use", "1", "1"]
    result = host.run("installPOM", answers=answers)
    assert result.returncode == 0, result.stdout
    assert "The certificate /tmp/own.p12 cannot be imported" in result.stdout
    assert "epm1.example" in result.stdout
    assert fingerprint(host) == expected
    assert "one use" not in result.stdout


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        ("no_portal", "Primary or auxiliary EPM is not installed"),
        ("old_portal", "Unsupported version of Experience Portal"),
        ("vpms_down", "vpms is not running"),
        ("tree", "fully or partially installed"),
        ("unit", "fully or partially installed"),
    ],
)
@pytest.mark.parametrize("arguments", [[], ["-s", "-t", "primary"]])
def test_refusals_come_before_the_first_question(talking: Host, prepare: str, words: str, arguments: list[str]) -> None:
    if prepare == "no_portal":
        (talking.root / "etc/standin/ep.conf").unlink()
    elif prepare == "old_portal":
        talking.portal("primary", "7.2.3")
    elif prepare == "vpms_down":
        (talking.units / "vpms").unlink()
    elif prepare == "tree":
        (talking.home / "logs").mkdir(parents=True)
    else:
        talking.write("/usr/lib/systemd/system/cmpmgr.service", "")
    result = talking.run("installPOM", *arguments)
    assert result.returncode == 1
    assert words in result.stdout
    assert NAVIGATION not in result.stdout
    assert not (talking.home / "bin").exists()


def test_vpms_that_is_down_may_be_started_instead(talking: Host) -> None:
    (talking.units / "vpms").unlink()
    talking.configure("[installPOM]\nvpms_down = start\n")
    assert talking.run("installPOM", "-s", "-t", "primary").returncode == 0


@pytest.mark.parametrize("stage", ["packages", "units", "certificates", "appserver", "logs"])
def test_whoever_dies_half_way_leaves_a_tree_that_is_refused(talking: Host, stage: str) -> None:
    talking.configure(f"[installPOM]\ndie_at = {stage}\n")
    died = talking.run("installPOM", answers=THROUGH)
    assert died.returncode == -signal.SIGKILL
    assert "Please restart the system now !" not in died.stdout
    talking.start("vpms")
    talking.configure("")
    again = talking.run("installPOM")
    if stage == "packages":
        assert NAVIGATION in again.stdout, "nothing was laid down yet"
    else:
        assert "fully or partially installed" in again.stdout
        talking.start("vpms")
        assert talking.run("uninstallPOM.sh", answers=["y"]).returncode == 0
        assert talking.run("installPOM", "-s", "-t", "primary").returncode == 0


def test_whoever_dies_while_the_tree_is_laid_leaves_it_without_bin(talking: Host) -> None:
    talking.configure("[installPOM]\ndie_at = programs\n")
    assert talking.run("installPOM", answers=THROUGH).returncode == -signal.SIGKILL
    assert (talking.home / "config").is_dir()
    assert not (talking.home / "bin").exists()
    talking.start("vpms")
    assert "fully or partially installed" in talking.run("installPOM").stdout


def test_a_stage_that_fails_says_server_error(talking: Host) -> None:
    talking.configure("[installPOM]\nfail_at = certificates\n")
    result = talking.run("installPOM", answers=THROUGH)
    assert result.returncode == 1
    assert "Server error" in result.stdout
    assert "Installation was successful." not in result.stdout


def test_one_more_question_than_documented(talking: Host) -> None:
    talking.configure("[all]\nextra_question = start\n")
    result = talking.run("installPOM", answers=["n", *THROUGH])
    assert "Do you want to send usage data to the vendor? (y/n)" in result.stdout
    assert result.returncode == 0


def test_long_lines_may_wrap(talking: Host) -> None:
    talking.configure("[all]\nwrap = 40\n")
    result = talking.run("installPOM", answers=THROUGH)
    assert result.returncode == 0
    assert max(len(line) for line in result.stdout.splitlines() if NAVIGATION[:10] not in line and "/" not in line) <= 80
    assert "Press 1 to Continue, 2 for Previous, 3\nto Redisplay or 4 to Quit [1]" in result.stdout


def test_the_host_is_restarted_only_where_that_is_switched_on(talking: Host) -> None:
    talking.configure("[installPOM]\nreboot = yes\n")
    assert talking.run("installPOM", "-s", "-t", "primary").returncode == 0
    assert talking.calls[-1] == "reboot"


def test_help_names_every_option_and_package(talking: Host) -> None:
    for option in ("-h", "-?"):
        result = talking.run("installPOM", option)
        assert result.returncode == 0
        in_order(
            result.stdout,
            [
                "Usage: installPOM [-s]",
                "[-d <install path>]",
                "[-p vpmsplugin|pomserver|ddapps]",
                "[-t primary|aux]",
                "[-i <primary ip address:port>]",
                "[-c <cert import path>]",
                "[-P <cert password>]",
                "[-f <config file>]",
                "[-h]",
                "[-?]",
                "Silent installation",
                "Following options will work only with -s:",
                "-d, -p, -t, -c, -f, -i, -P",
                "Package name can be one of :",
                "vpmsplugin",
                "pomserver",
                "ddapps",
            ],
        )
    assert not talking.programs.joinpath("units.calls").exists()


def test_silent_takes_the_command_line_before_the_file(host: Host, tmp_path: Path) -> None:
    file, expected = certificate(tmp_path, "secret")
    host.write("/tmp/own.p12", "").write_bytes(file.read_bytes())
    host.write(
        "/tmp/mypom.conf",
        (
            "install_dir_path=/opt/elsewhere\ninstall_type=primary\npack=vpmsplugin\npack=pomserver\n"
            "cert_path=/tmp/own.p12\ncert_password=secret\n"
        ),
    )
    result = host.run("installPOM", "-s", "-f", "/tmp/mypom.conf", "-d", "/opt/Avaya/avpom")
    assert result.returncode == 0, result.stdout
    in_order(result.stdout, CLOSING)
    assert NAVIGATION not in result.stdout
    assert not (host.home / "DDapps").exists()
    assert fingerprint(host) == expected
    written = (host.home / "logs/auto-install.xml").read_text(encoding="utf-8")
    assert "secret" not in written
    assert [pack.get("name") for pack in ElementTree.fromstring(written).iter("pack")] == ["vpmsplugin", "pomserver"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-t", "primary", "-t", "primary"], "Option -t can be given once only."),
        (["-t", "aux"], "does not fit this server"),
        (["-t", "primary", "-p", "pomadminportal"], "Invalid package name: pomadminportal"),
        (["-p", "pomserver"], "Mandatory package is missing: vpmsplugin"),
        (["-t", "primary", "-i", "192.0.2.1:80"], "Option -i works only with -t aux."),
        (["-t", "primary", "-P", "x"], "Option -P works only with -c."),
        (["-t", "primary", "-c", "/nowhere.p12"], "cannot be imported"),
        (["-f", "/nowhere"], "cannot be read"),
        (["-f", "/tmp/typo.conf"], "Unknown parameter in /tmp/typo.conf: insall_type"),
        (["-x"], "Usage: installPOM"),
    ],
)
def test_silent_refusals(host: Host, arguments: list[str], words: str) -> None:
    host.write("/tmp/typo.conf", "insall_type=primary\n")
    result = host.run("installPOM", "-s", *arguments)
    assert result.returncode == 1
    assert words in result.stdout
    assert host.active("vpms")
    assert not (host.root / "opt/Avaya/avpom").exists()


def test_without_s_the_silent_options_are_ignored(talking: Host) -> None:
    result = talking.run("installPOM", "-t", "aux", "-d", "/opt/elsewhere", answers=THROUGH)
    assert result.returncode == 0
    assert talking.home.is_dir()


@pytest.fixture
def primary_address(installed_once: Host) -> Iterator[tuple[str, str]]:
    """Port 80 of the primary's EPM, which hands POM's certificate to the installer of an auxiliary."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/pom_cert/pom.crt"
            self.send_response(200 if found else 404)
            self.end_headers()
            if found:
                self.wfile.write((installed_once.home / "web/pom_cert/pom.crt").read_bytes())

        def log_message(self, *arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield "127.0.0.1", str(server.server_port)
        server.shutdown()


@pytest.mark.parametrize("prompts", ["two", "one"])
def test_an_auxiliary_takes_the_primarys_certificate(host: Host, primary_address: tuple[str, str], prompts: str) -> None:
    host.portal("auxiliary")
    host.configure(f"[installPOM]\nprimary_prompts = {prompts}\n")
    address, port = primary_address
    answers = [address, port] if prompts == "two" else [f"{address}:{port}"]
    result = host.run("installPOM", answers=[*THROUGH[:6], "2", *THROUGH[6:8], *answers, "1", *THROUGH[8:]])
    assert result.returncode == 0, result.stdout
    assert "2  [ ] Orchestration Designer application" in result.stdout
    assert "IMPORTANT : PLEASE DO NOT ABORT THE INSTALLATION" in result.stdout
    for line in ("Exporting the unencrypted private..", "EPMS plug-in", "Encrypting the private key..."):
        assert line not in result.stdout
    in_order(result.stdout, [CLOSING[0], CLOSING[1], CLOSING[2], *CLOSING[-3:]])
    assert aliases(host.home / "config/pomTrustStore") == ["primarypom"]
    assert not (host.root / "opt/Avaya/VoicePortal/plugins/pom").exists()


def test_a_primary_that_does_not_answer_is_asked_for_again(talking: Host) -> None:
    talking.portal("auxiliary")
    result = talking.run("installPOM", answers=[*THROUGH[:8], "127.0.0.1", "1"])
    assert "The certificate of the primary POM server 127.0.0.1:1 cannot be read" in result.stdout
    assert result.stdout.count("Enter the IP address of the primary POM server:") == 2


def test_a_silent_auxiliary(talking: Host, primary_address: tuple[str, str]) -> None:
    talking.portal("auxiliary")
    assert "Option -i <primary ip address:port> is required" in talking.run("installPOM", "-s", "-t", "aux").stdout
    result = talking.run("installPOM", "-s", "-t", "aux", "-i", ":".join(primary_address), "-p", "ddapps")
    assert result.returncode == 0, result.stdout
    assert (talking.home / "DDapps").is_dir()


TOMCAT = "/opt/AppServer/Tomcat/tomcat"


def test_a_local_application_server_gets_its_connector(talking: Host) -> None:
    talking.write(f"{TOMCAT}/conf/server.xml", '<Server><Service name="Catalina"><Connector port="8080"/></Service></Server>')
    talking.write(f"{TOMCAT}/bin/catalina.sh", "JAVA_OPTS_POM_APP=\n")
    result = talking.run("installPOM", "-s", "-t", "primary")
    in_order(
        result.stdout,
        [
            f"SSL is NOT enabled in {TOMCAT}/conf/server.xml at port 7443, now making POM specific changes.....",
            f"mv: '{TOMCAT}/conf/server.xml.ssl' and '{TOMCAT}/conf/server.xml.ssl' are the same file",
            f"{TOMCAT}/conf/server.xml changes done .....",
            "Updating the catalina.sh",
            "JAVA_OPTS_POM_APP Variable is already found",
            f"{TOMCAT}/bin/catalina.sh changes done ....",
        ],
    )
    ports = [
        connector.get("port") for connector in ElementTree.fromstring(talking.read(f"{TOMCAT}/conf/server.xml")).iter("Connector")
    ]
    assert ports == ["8080", "7443"]
    assert talking.read(f"{TOMCAT}/conf/server.xml.ssl") == talking.read(f"{TOMCAT}/conf/server.xml")
