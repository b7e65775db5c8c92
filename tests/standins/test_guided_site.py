"""All guided steps of a site, from Dialtone's list through the robot's browser to Dialtone's own proofs: two EP servers of the
loopback, the real keytool, PostgreSQL and Chromium. Nobody but the robot touches the console."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils import guided_proof
from ansible_collections.dialtone.contact_center.plugins.plugin_utils import guided_flow as flow
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.guided_steps import rows
from ansible_collections.dialtone.contact_center.tests.unit.plugins.module_utils.test_guided_proof import run_here
from ansible_collections.dialtone.contact_center.tests.unit.plugins.plugin_utils.described_site import site_host
from lab import browser, robot
from tests.standins.conftest import make_host
from tests.standins.epm import PASSWORD as EPM_PASSWORD
from tests.standins.epm import Epm
from tests.standins.postgresql import DATABASE, PASSWORD, USER, Server, available, free_port
from tests.standins.test_services import configure_database

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not available(), reason="this machine has no PostgreSQL server to run"),
    pytest.mark.skipif(not browser.installed(), reason="chromium and chromedriver are not installed"),
]
SECRETS = {"store_password": "changeit", "database_password": PASSWORD}
WORDS: dict[str, Any] = {
    "pom_mode": "CCElite",
    "pom_outcall_user": "outcall",
    "pom_home_country": "Germany",
    "pom_database_user": USER,
    "pom_users": [{"name": "eva", "roles": ["POM Supervisor", "Org POM Supervisor"]}],
    "pom_zones": ["Default", "North"],
    "pom_campaign_channels": ["email"],
    "organizations_list": [{"name": "CC"}],
    "companions_license_server": [{"name": "weblm1", "address": "127.0.0.9", "port": 8443}],
    "companions_speech_servers": [{"name": "speech1", "address": "127.0.0.9", "services": ["tts"]}],
    "licences_telephony_ports": 25,
    "sizing_mpp_servers": [{"name": "mpp1", "ports": 100, "address": "127.0.0.8"}],
    "vmware_guest": True,
}
TYPED = {"pom_outcall_password": "s3cret words", "app_server_runtimeconfig_password": "s3cret words"}


@pytest.fixture(scope="module")
def portals(tmp_path_factory: pytest.TempPathFactory, pom_media: Path, database: Server) -> Iterator[tuple[Epm, Epm]]:
    """A primary and an auxiliary with POM installed and the database configured on the primary."""
    port, made = free_port(), []
    try:
        for kind, address in (("primary", "127.0.0.1"), ("auxiliary", "127.0.0.2")):
            host = make_host(tmp_path_factory.mktemp(kind), pom_media)
            made.append(Epm(host, kind, address, port))
            way = ["-t", "primary"] if kind == "primary" else ["-t", "aux", "-i", f"127.0.0.1:{made[0].http_port}"]
            result = host.run("installPOM", "-s", *way)
            assert result.returncode == 0, result.stdout
            (host.units / "vpms").touch()
        configure_database(made[0].host, database)
        yield made[0], made[1]
    finally:
        for epm in made:
            epm.stop()


@pytest.fixture(scope="module", autouse=True)
def administered(portals: tuple[Epm, Epm]) -> None:
    """What is there before: a zone and an MPP server, which an administrator has made, and what insert_POM_Apps.sh registers."""
    primary = portals[0]
    data = primary.host.root / "opt/Avaya/VoicePortal/data"
    data.mkdir()
    (data / "zones.json").write_text('[{"name": "North"}]')
    known = [{"name": name, "type": "", "url": "https://127.0.0.7/"} for name in ("PomDriverApp", "nailer", "AvayaPOMEmail")]
    (data / "applications.json").write_text(json.dumps(known))
    primary.log_in()
    assert "mpp1 was saved" in primary.post("/system/mpp-servers/edit", name="mpp1", address="127.0.0.7", restart="No")
    (primary.host.units / "cmpmgr").touch()


def steps_of(auxiliary: Epm, primary: Epm, database: Server, name: str, *former: str) -> list[dict[str, Any]]:
    """Dialtone's, but for the ports of a test. The EPM's own port plays the application server's."""
    connection = {"pom_database_host": "localhost", "pom_database_port": database.port, "pom_database_name": DATABASE}
    words = {**WORDS, **connection, "app_server_port": primary.port, "app_server_url_host": "address"}
    found = rows(
        [
            site_host(primary.name, 11, "epm_primary", "app_server", **words, host_address=primary.address),
            site_host(name, 12, "epm_auxiliary", **words, host_address=auxiliary.address, host_former_names=list(former)),
            site_host("app1", 13, "app_server", **words, host_address=primary.address),
        ]
    )
    for step in found:
        step["url"] = f"https://{primary.address}:{primary.port}/"
        if step["proof"]["kind"] == "trusted_certificate":
            step["proof"] |= {"store": str(primary.host.home / "config/pomTrustStore"), "port": primary.port}
        for action in step["actions"]:
            if action.get("fill") == "Location":
                action["value"] += f":{primary.port}"
    return found


@pytest.fixture(scope="module")
def steps(portals: tuple[Epm, Epm], database: Server) -> list[dict[str, Any]]:
    return steps_of(portals[1], portals[0], database, portals[1].name)


@pytest.fixture(scope="module")
def records() -> dict[str, Any]:
    """The ledger of all tests."""
    return {}


def look(steps: list[dict[str, Any]], records: dict[str, Any]) -> list[flow.Judged]:
    seen = [step for step in steps if step["proof"]["kind"] != "record"]
    proofs = {step["id"]: guided_proof.look(step["proof"], SECRETS, run_here) for step in seen}
    presented = {
        step["id"]: guided_proof.presented_fingerprint(step["presented_at"]) for step in steps if step["presented_at"]
    }
    answer = {"proofs": proofs, "records": records, "fingerprint": "", "presented": presented, "damaged": []}
    asked = {step["fingerprint_of"] for step in steps} - {""}
    return flow.judge(steps, flow.seen(dict.fromkeys(asked, answer)))


def work(steps: list[dict[str, Any]], records: dict[str, Any]) -> list[str]:
    """The robot goes through what is open, and Dialtone records what it says. What it logged."""

    def confirm(command: str) -> None:
        found = re.search(r"guided_confirm_step=(\S+)", command)
        assert found is not None
        for step in found.group(1).split(","):
            result = next(judged for judged in look(steps, records) if judged.id == step)
            assert (result.state, result.by_word) == (flow.OPEN, True), (result.id, result.why)
            records[result.id] = flow.confirmation(result, "main", "robot", "2026-11-21T20:00:00Z", "lab", None)

    said: list[str] = []
    document = flow.document(look(steps, records), "main", "ansible-playbook guided_confirm.yml", "now")
    worker = robot.Worker(lambda: robot.at_browser(("epadmin", EPM_PASSWORD), TYPED), confirm, said.append)
    assert worker.work(document), said
    return said


def test_the_robot_does_what_is_listed_and_dialtone_sees_it(steps, portals, records):
    at_first = {judged.id: judged.state for judged in look(steps, records)}
    first = ["organization.epm-primary.CC", "fetch_epm_certificate.epm-primary", "mpp_server.epm-primary.mpp1"]
    words_only = ["runtimeconfig_password.epm-primary", "runtimeconfig_password.app1"]
    assert {name for name, state in at_first.items() if state == flow.OPEN} == {*first, *words_only}

    said = work(steps, records)

    assert [judged.id for judged in flow.undone(look(steps, records))] == []
    primary, auxiliary = portals
    trusted = primary.host.root / "opt/Avaya/VoicePortal/trustedcerts"
    for epm in portals:
        own = ssl.PEM_cert_to_DER_cert((epm.host.home / "web/pom_cert/pom.crt").read_text())
        assert ssl.PEM_cert_to_DER_cert((trusted / f"pom_{epm.name}.pem").read_text()) == own
    assert ssl.PEM_cert_to_DER_cert((trusted / "appserver_app1.pem").read_text()) == primary.certificate()
    settings = "config/PIMHibernate.cfg.xml"
    assert (auxiliary.host.home / settings).read_text() == (primary.host.home / settings).read_text()
    assert not any("s3cret" in line for line in said)


def test_the_portal_holds_what_the_inventory_states(portals):
    data = portals[0].host.root / "opt/Avaya/VoicePortal/data"
    kept = {file.stem: json.loads(file.read_text()) for file in data.glob("*.json")}
    found = {(entry["name"], entry["zone"]): entry for entry in kept["applications"]}
    assert {name for name, _zone in found} == {"PomDriverApp", "Nailer", "AvayaPOMEmail"}
    assert len(kept["applications"]) == len(found) == 6
    driver = found["PomDriverApp", "North"]
    url = f"https://127.0.0.1:{portals[0].port}/PomDriverApp/ccxml/start.jsp"
    assert (driver["type"], driver["direction"], driver["url"]) == ("POM:Driver", "Outbound", url)
    assert driver["alternate_urls"] == [url]
    assert (driver["enable_tts"], driver["speech_server"], bool(driver["voice"])) == (True, "speech1", True)
    assert (found["AvayaPOMEmail", "Default"]["type"], found["AvayaPOMEmail", "Default"]["direction"]) == ("Email", "Inbound")
    assert kept["licensing"] == [{"server": "127.0.0.9:8443", "telephony_ports": 25, "asr": 0, "tts": 0}]
    assert kept["mpp_servers"] == [{"name": "mpp1", "address": "127.0.0.8", "restart_automatically": True}]
    assert kept["organizations"] == [{"id": 1001, "name": "CC"}]


def test_a_proof_falls_when_the_console_takes_it_back_and_the_step_is_done_again(steps, portals, records):
    primary = portals[0]
    primary.log_in()
    name = portals[1].name
    primary.post("/pom/manager/configurations/trusted-certificates", alias=name, delete="Delete")
    primary.post("/pom/manager/configurations/servers", server=name, delete="Delete")
    judged = {entry.id: entry for entry in look(steps, {})}
    assert judged[f"fetch_epm_certificate.{name}"].state == "open"
    assert judged[f"add_pom_server.{name}"].state == "waiting"
    assert judged["add_pom_server.epm-primary"].state == "proven"
    work(steps, records)
    assert flow.undone(look(steps, records)) == []


def test_a_server_with_another_name_and_address_is_carried_on(portals, database, records):
    primary, before = portals
    before.stop()
    for file in (before.host.root / "opt/Avaya/VoicePortal/web/tls").iterdir():
        file.unlink()
    moved = Epm(before.host, "auxiliary", "127.0.0.3", primary.port)
    try:
        now = steps_of(moved, primary, database, "epm4", before.name, before.address)
        opened = {judged.id for judged in flow.undone(look(now, records))}
        assert opened == {"fetch_epm_certificate.epm4", "host_address_update.epm4", "trust_pom_certificate.epm4"}
        work(now, records)
        assert flow.undone(look(now, records)) == []
    finally:
        moved.stop()
    assert database.sql("SELECT server_name, server_address FROM pim_server WHERE server_kind = 'auxiliary'", DATABASE) == (
        "epm-auxiliary|127.0.0.3"
    )
    assert "epm4, " in primary.trusted()
    assert "\nepm-auxiliary, " not in primary.trusted()
    trusted = primary.host.root / "opt/Avaya/VoicePortal/trustedcerts"
    assert sorted(path.stem for path in trusted.glob("pom_*")) == ["pom_epm-primary", "pom_epm4"]
