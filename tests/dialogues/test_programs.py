"""The dialogues of the smaller programs, driven against their stand-ins, and of programs that ask what nobody expects."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.troubleshooting import explain
from lab import standins as stand_ins
from tests.standins import conftest as standins

pytestmark = pytest.mark.slow
pom_media, installed_once, installed = standins.pom_media, standins.installed_once, standins.installed
Host = standins.Host
Run = Callable[..., Any]

EXPERIENCE_PORTAL = Path(stand_ins.__file__).with_name("ep")


@pytest.fixture
def run_program(installed: Host, run_dialogue: Run) -> Run:
    def run(name: str, program: str, *arguments: str, **options: Any) -> Any:
        argv = [str(installed.home / "bin" / program), *arguments]
        return run_dialogue(name, argv, environment=installed.environment, **options)

    return run


@pytest.fixture
def identity(installed: Host, tmp_path: Path) -> Path:
    """Certificate, key and PKCS#12 of another identity, on the host below /tmp; the password is `one:use`."""
    for command in (
        "req -x509 -newkey rsa:2048 -nodes -subj /CN=epm1.example -keyout own.key -out own.crt -days 9",
        "pkcs12 -export -in own.crt -inkey own.key -out own.p12 -passout pass:one:use",
    ):
        subprocess.run(["openssl", *command.split()], cwd=tmp_path, check=True, capture_output=True)
    for name in ("own.crt", "own.p12"):
        shutil.copy(tmp_path / name, installed.root / "tmp" / name)
    return tmp_path


KAFKA = {"external_host": "kafka3.example", "external_port": "9093"}


def test_kafka_is_made_one_cluster(installed: Host, run_program: Run) -> None:
    outcome = run_program("enabledKafkaHA", "enabledKafkaHA.sh", answers=KAFKA)

    assert (outcome.name, outcome.reason) == ("succeeded", "")
    assert outcome.answered == ["external_host", "external_port", "confirm"]
    assert "kafka3.example:2182" in (installed.home / "kafka_server/config/server.properties").read_text(encoding="utf-8")
    assert explain(outcome.transcript) == []


def test_a_cluster_that_is_not_made_is_told(installed: Host, run_program: Run) -> None:
    installed.configure("[enabledKafkaHA.sh]\noutcome = failure\n")

    outcome = run_program("enabledKafkaHA", "enabledKafkaHA.sh", answers=KAFKA)

    assert outcome.name == "failed"
    assert outcome.state["failures"][0]["trouble"] == "POM-KAFKA-04"


def test_a_question_behind_the_port_waits_for_a_person(installed: Host, run_program: Run) -> None:
    installed.configure("[all]\nextra_question = start\n")
    without_confirmation = {"steps": {"confirm": None}}

    outcome = run_program("enabledKafkaHA", "enabledKafkaHA.sh", answers=KAFKA, overlay=without_confirmation)

    assert outcome.name == "waiting_for_person"
    assert "usage data" in outcome.reason


@pytest.mark.parametrize("wrap", [0, 40])
def test_a_certificate_comes_into_the_trust_store(installed: Host, run_program: Run, identity: Path, wrap: int) -> None:
    installed.configure(f"[all]\nwrap = {wrap}\n")

    outcome = run_program("importCertInPomTruststore", "importCertInPomTruststore.sh", "site_ca", "/tmp/own.crt")

    assert (outcome.name, outcome.reason) == ("succeeded", "")


def test_an_alias_that_is_taken_is_told(installed: Host, run_program: Run, identity: Path) -> None:
    program = "importCertInPomTruststore.sh"
    installed.run(program, "site_ca", "/tmp/own.crt")

    outcome = run_program("importCertInPomTruststore", program, "site_ca", "/tmp/own.crt")

    assert outcome.name == "failed"
    assert outcome.state["failures"][0]["trouble"] == "POM-CERT-12"
    assert "under the alias site_ca" in explain(outcome.transcript)[0]["cause"]


def test_an_identity_is_made_anew(run_program: Run) -> None:
    outcome = run_program("pomCertificateGenerate", "pomCertificateGenerate.sh", answers={"validity_days": "1186"})

    assert (outcome.name, outcome.reason) == ("succeeded", "")
    assert outcome.answered == ["validity", "overwrite"]
    assert explain(outcome.transcript) == []


def test_the_first_identity_overwrites_nothing(installed: Host, run_program: Run) -> None:
    (installed.home / "config/pomKeyStore").unlink()

    outcome = run_program("pomCertificateGenerate", "pomCertificateGenerate.sh", answers={"validity_days": "30"})

    assert (outcome.name, outcome.answered) == ("succeeded", ["validity"])


def test_a_delivered_identity_is_imported(run_program: Run, identity: Path) -> None:
    secrets = {"password": "one:use"}

    outcome = run_program(
        "pomCertificateImport", "pomCertificateImport.sh", "/tmp/own.p12", "secret:password", secrets=secrets
    )

    assert (outcome.name, outcome.reason) == ("succeeded", "")
    assert outcome.answered == ["overwrite"]
    assert explain(outcome.transcript) == []
    assert not [path for path in outcome.directory.rglob("*") if path.is_file() and b"one:use" in path.read_bytes()]


def test_a_delivered_identity_that_does_not_open_is_told(run_program: Run, identity: Path) -> None:
    secrets = {"password": "wrong"}

    outcome = run_program(
        "pomCertificateImport", "pomCertificateImport.sh", "/tmp/own.p12", "secret:password", secrets=secrets
    )

    assert outcome.name == "failed"
    assert [told["id"] for told in explain(outcome.transcript)] == ["POM-CERT-06"]


@pytest.mark.parametrize("confirm", ["yes", "no"])
def test_pom_is_uninstalled_with_and_without_a_question(installed: Host, run_program: Run, confirm: str) -> None:
    installed.configure(f"[uninstallPOM.sh]\nconfirm = {confirm}\n")

    outcome = run_program("uninstallPOM", "uninstallPOM.sh")

    assert (outcome.name, outcome.reason) == ("succeeded", "")
    assert outcome.answered == (["confirm"] if confirm == "yes" else [])
    assert not installed.home.exists()


SILENT = [
    ("pomCertKeystore", "pomCertKeystore.sh", []),
    ("updatePOMConfig", "updatePOMConfig", ["CallForbidden", "true"]),
    ("vpUpgrade", "vpUpgrade.sh", []),
]


@pytest.mark.parametrize(("name", "program", "arguments"), SILENT)
def test_a_program_without_questions_ends_by_itself(
    installed: Host, run_program: Run, name: str, program: str, arguments: list[str]
) -> None:
    for unit in ("vpms", "httpd"):
        (installed.units / unit).unlink(missing_ok=True)

    outcome = run_program(name, program, *arguments)

    assert (outcome.name, outcome.reason) == ("succeeded", "")


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("InstallPOMOracleJDBC", "InstallPOMOracleJDBC.sh"),
        ("InstallPOMMssqlJDBC", "InstallPOMMssqlJDBC.sh"),
        ("vpUpgrade", "vpUpgrade.sh"),
        ("updateVPMSConf", "updateVPMSConf.sh"),
    ],
)
def test_a_program_that_refuses_has_failed(installed: Host, run_program: Run, name: str, program: str) -> None:
    """No driver is there to install, and vpms runs."""
    installed.start("vpms")

    outcome = run_program(name, program)

    assert outcome.name == "failed"
    assert outcome.reason == "ended with exit code 1"


def test_after_an_upgrade_of_experience_portal_both_scripts_run(installed: Host, run_program: Run) -> None:
    for unit in ("vpms", "httpd"):
        (installed.units / unit).unlink(missing_ok=True)

    ended = [run_program(name, f"{name}.sh").name for name in ("vpUpgrade", "updateVPMSConf")]

    assert ended == ["succeeded", "succeeded"]


@pytest.mark.parametrize(("vpms_runs", "ends"), [(True, "failed"), (False, "succeeded")])
def test_experience_portal_gets_its_oracle_driver_while_vpms_is_stopped(
    installed: Host, run_dialogue: Run, tmp_path: Path, vpms_runs: bool, ends: str
) -> None:
    (tmp_path / "OracleJDBC").mkdir()
    (tmp_path / "OracleJDBC/ojdbc8.jar").touch()
    [script] = EXPERIENCE_PORTAL.rglob("InstallOracleJDBC.sh")
    if vpms_runs:
        installed.start("vpms")
    else:
        (installed.units / "vpms").unlink(missing_ok=True)

    outcome = run_dialogue(
        "InstallOracleJDBC", ["bash", str(script)], environment={**installed.environment, "HOME": str(tmp_path)}
    )

    assert outcome.name == ends


def test_a_program_without_questions_that_asks_one_waits_for_a_person(run_dialogue: Run) -> None:
    outcome = run_dialogue("vpUpgrade", ["sh", "-c", "printf 'Keep the old files? '; read answer"])

    assert outcome.name == "waiting_for_person"
    assert "Keep the old files?" in outcome.reason


def test_the_password_of_experience_portals_own_database_is_set(installed: Host, run_dialogue: Run, tmp_path: Path) -> None:
    [script] = EXPERIENCE_PORTAL.rglob("SetDbPassword.sh")
    shutil.copy(script, tmp_path)
    installed.start("vpms")

    outcome = run_dialogue(
        "SetDbPassword",
        ["bash", str(tmp_path / "SetDbPassword.sh"), "update", "-u", "postgres"],
        secrets={"database_password": "pass: word"},
        environment=installed.environment,
    )

    assert (outcome.name, outcome.reason) == ("succeeded", "")
    assert installed.calls[-2:] == ["stop vpms", "start vpms"]
    assert "pass: word" not in outcome.transcript


SET_PASSWORD = """
stty -echo
printf 'New password: '; read first
{again}
stty echo
echo 'VPMS Start Status: [OK]'
"""


@pytest.mark.parametrize("again", ["", "printf 'Password again: '; read second; [ \"$first\" = \"$second\" ] || exit 1"])
def test_a_password_is_typed_as_often_as_it_is_asked_for(run_dialogue: Run, again: str) -> None:
    outcome = run_dialogue(
        "SetDbPassword", ["sh", "-c", SET_PASSWORD.format(again=again)], secrets={"database_password": "pass: word"}
    )

    assert (outcome.name, outcome.reason) == ("succeeded", "")
    assert outcome.answered == ["password"] * (2 if again else 1)
