"""The installer's dialogues, driven against its stand-in: both kinds of server, both certificates, refusals, other wordings."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.troubleshooting import explain
from tests.standins import conftest as standins

pytestmark = pytest.mark.slow
pom_media, host = standins.pom_media, standins.host
Host = standins.Host
Run = Callable[..., Any]

PRIMARY: dict[str, Any] = {"install_path": "/opt/Avaya/avpom", "overwrite": False, "applications": True, "certificate": "create"}
# Leaves at the last screen before the summary, so that nothing is installed: a prompt that the stand-in never shows.
NOT_FURTHER = {"steps": {"certificate_continue": {"prompt": "never shown"}}}
BEFORE_NO_RETURN = "aborted"


@pytest.fixture
def install(host: Host, run_dialogue: Run) -> Run:
    def run(name: str = "installPOM_primary", **changes: Any) -> Any:
        options = {key: changes.pop(key) for key in ("secrets", "overlay", "limits", "ends") if key in changes}
        argv = [str(host.media / "installPOM")]
        return run_dialogue(name, argv, {**PRIMARY, **changes}, environment=host.environment, **options)

    return run


@pytest.fixture
def identity(tmp_path: Path) -> Path:
    """A directory with a certificate, its key, and both as PKCS#12; the password is `one:use`."""
    for command in (
        "req -x509 -newkey rsa:2048 -nodes -subj /CN=epm1.example -keyout key -out crt -days 9",
        "pkcs12 -export -in crt -inkey key -out own.p12 -passout pass:one:use",
    ):
        subprocess.run(["openssl", *command.split()], cwd=tmp_path, check=True, capture_output=True)
    return tmp_path


@pytest.fixture
def pkcs12(host: Host, identity: Path) -> str:
    """A delivered certificate on the host, as a path that the installer is given."""
    shutil.copy(identity / "own.p12", host.root / "tmp/own.p12")
    return "/tmp/own.p12"


@pytest.fixture
def primary_port(identity: Path) -> Iterator[int]:
    """The port of a primary that hands out its certificate."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write((identity / "crt").read_bytes())

        def log_message(self, *arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_a_primary_is_installed(host: Host, install: Run) -> None:
    outcome = install()

    assert (outcome.name, outcome.reason) == ("succeeded", "")
    assert outcome.answered == [
        "welcome", "licence_choose", "licence_chosen", "licence_continue", "path", "path_continue",
        "packages", "packages_continue", "certificate_create", "certificate_continue", "summary",
    ]  # fmt: skip
    assert (host.home / "bin/installDB.sh").exists()
    assert (host.home / "DDapps").is_dir()
    assert explain(outcome.transcript) == []


def test_the_applications_are_left_out(install: Run) -> None:
    outcome = install(applications=False, overlay=NOT_FURTHER)

    assert outcome.answered[6:9] == ["packages_without_applications", "packages", "packages_continue"]
    assert "3  [ ] Orchestration Designer application" in outcome.transcript


@pytest.mark.parametrize("prompts", ["one", "two"])
def test_an_auxiliary_takes_the_certificate_of_its_primary(host: Host, install: Run, primary_port: int, prompts: str) -> None:
    host.portal("auxiliary")
    host.configure(f"[installPOM]\nprimary_prompts = {prompts}\n")
    primary = {"primary": f"127.0.0.1:{primary_port}", "primary_address": "127.0.0.1", "primary_port": str(primary_port)}

    outcome = install("installPOM_auxiliary", **primary, applications=False, overlay=NOT_FURTHER)

    asked = ["primary"] if prompts == "one" else ["primary_address", "primary_port"]
    assert outcome.answered[6:] == [
        "packages_without_applications", "packages", "packages_continue", *asked, "primary_continue", "certificate_create",
    ]  # fmt: skip
    assert "2  [ ] Orchestration Designer application" in outcome.transcript


def test_a_certificate_is_imported_and_its_password_is_shown_nowhere(install: Run, pkcs12: str) -> None:
    outcome = install(
        certificate="import", certificate_path=pkcs12, secrets={"certificate_password": "one:use"}, overlay=NOT_FURTHER
    )

    assert outcome.answered[-3:] == ["certificate_import", "certificate_path", "certificate_password"]
    assert "epm1.example" in outcome.transcript
    kept = [path.read_bytes() for path in outcome.directory.rglob("*") if path.is_file()]
    assert kept
    assert not [content for content in kept if b"one:use" in content]


def test_a_wrong_password_ends_before_anything_is_installed(host: Host, install: Run, pkcs12: str) -> None:
    outcome = install(certificate="import", certificate_path=pkcs12, secrets={"certificate_password": "wrong"})

    assert outcome.name == BEFORE_NO_RETURN
    assert [told["id"] for told in explain(outcome.transcript)] == ["POM-CERT-06"]
    assert not host.home.exists()


def test_a_directory_that_exists_is_left_alone(host: Host, install: Run) -> None:
    host.write("/opt/elsewhere/precious", "")

    outcome = install(install_path="/opt/elsewhere")

    assert outcome.name == "failed"
    assert outcome.state["failures"][0]["trouble"] == "POM-INST-04"
    assert outcome.answered[-1] == "path"
    assert not (host.root / "opt/elsewhere/POManager").exists()


def test_with_consent_it_is_installed_over(host: Host, install: Run) -> None:
    host.write("/opt/elsewhere/precious", "")

    outcome = install(install_path="/opt/elsewhere", overwrite=True, overlay=NOT_FURTHER)

    assert outcome.answered[4:7] == ["path", "path_exists", "path_continue"]


def no_portal(host: Host) -> None:
    (host.root / "etc/standin/ep.conf").unlink()


def old_portal(host: Host) -> None:
    host.portal("primary", "7.2.3")


def partly_installed(host: Host) -> None:
    (host.home / "logs").mkdir(parents=True)


def vpms_down(host: Host) -> None:
    (host.units / "vpms").unlink()


@pytest.mark.parametrize(
    ("prepare", "trouble"),
    [
        (no_portal, "POM-TROUBLE-01"),
        (old_portal, "POM-TROUBLE-13"),
        (partly_installed, "POM-TROUBLE-04"),
        (vpms_down, "POM-INST-01"),
    ],
)
@pytest.mark.parametrize(("name", "options"), [("installPOM_primary", []), ("installPOM_silent", ["-s", "-t", "primary"])])
def test_a_refusal_has_its_cause(
    host: Host, run_dialogue: Run, prepare: Callable[[Host], None], trouble: str, name: str, options: list[str]
) -> None:
    prepare(host)
    answers = {} if options else PRIMARY

    outcome = run_dialogue(name, [str(host.media / "installPOM"), *options], answers, environment=host.environment)

    assert outcome.name == "failed"
    assert trouble in [failure["trouble"] for failure in outcome.state["failures"]]
    assert [told["id"] for told in explain(outcome.transcript)] == [trouble]
    assert outcome.answered == []


def test_an_installation_that_breaks_off_is_told(host: Host, install: Run) -> None:
    host.configure("[installPOM]\nfail_at = packages\n")

    outcome = install()

    assert outcome.name == "failed"
    assert outcome.state["failures"][0]["trouble"] == "POM-TROUBLE-03"


def test_one_that_dies_has_not_succeeded(host: Host, install: Run) -> None:
    host.configure("[installPOM]\ndie_at = units\n")

    outcome = install()

    assert outcome.name == "failed"
    assert "without printing" in outcome.reason


@pytest.fixture
def reworded(host: Host, tmp_path: Path) -> Host:
    """An installer that asks for its path in words that no one expects."""
    media = tmp_path / "media"
    shutil.copytree(host.media, media, symlinks=True)
    for file in media.rglob("installer.py"):
        text = file.read_text(encoding="utf-8")
        assert "Select the installation path:" in text
        file.write_text(text.replace("Select the installation path:", "Where shall it go?"), encoding="utf-8")
    return Host(host.root, media, host.programs)


def test_an_unknown_prompt_is_left_by_the_documented_keys(reworded: Host, run_dialogue: Run) -> None:
    outcome = run_dialogue("installPOM_primary", [str(reworded.media / "installPOM")], PRIMARY, environment=reworded.environment)

    assert outcome.name == BEFORE_NO_RETURN
    assert "Where shall it go?" in outcome.reason
    assert "Do you want to exit? [2]" in outcome.transcript
    assert outcome.state["exit_code"] == 1
    assert not reworded.home.exists()


def test_a_site_overlays_what_its_installer_says(reworded: Host, run_dialogue: Run) -> None:
    steps = {"path": {"prompt": "Where shall it go?"}, **NOT_FURTHER["steps"]}

    outcome = run_dialogue(
        "installPOM_primary",
        [str(reworded.media / "installPOM")],
        PRIMARY,
        overlay={"steps": steps},
        environment=reworded.environment,
    )

    assert outcome.answered[-1] == "certificate_create"


def test_a_question_past_the_summary_waits_for_a_person(host: Host, install: Run) -> None:
    host.configure("[all]\nextra_question = end\n")

    outcome = install()

    assert outcome.name == "waiting_for_person"
    assert "usage data" in outcome.reason
    assert outcome.answered[-1] == "summary"
