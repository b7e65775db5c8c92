"""All guided steps of a site, from Dialtone's list through the robot's browser to Dialtone's own proofs: two EP servers of the
loopback, the real keytool, PostgreSQL and Chromium. Nobody but the robot touches the console."""

from __future__ import annotations

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
WORDS = {"pom_mode": "CCElite", "pom_outcall_user": "outcall", "pom_home_country": "Germany", "pom_database_user": USER}


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


@pytest.fixture(scope="module")
def steps(portals: tuple[Epm, Epm], database: Server) -> list[dict[str, Any]]:
    """Dialtone's, but for the ports of a test."""
    server = {"pom_database_host": "localhost", "pom_database_port": database.port, "pom_database_name": DATABASE}
    found = rows(
        site_host(epm.name, 11, component, **WORDS, **server, host_address=epm.address)
        for epm, component in zip(portals, ("epm_primary", "epm_auxiliary"))
    )
    primary = portals[0]
    for step in found:
        step["url"] = f"https://{primary.address}:{primary.port}/"
        if step["proof"]["kind"] == "trusted_certificate":
            step["proof"] |= {"store": str(primary.host.home / "config/pomTrustStore"), "port": primary.port}
    return found


def look(steps: list[dict[str, Any]], records: dict[str, Any]) -> list[flow.Judged]:
    seen = [step for step in steps if step["proof"]["kind"] != "record"]
    proofs = {step["id"]: guided_proof.look(step["proof"], SECRETS, run_here) for step in seen}
    answer = {"proofs": proofs, "records": records, "fingerprint": "", "damaged": []}
    return flow.judge(steps, flow.seen(dict.fromkeys(("epm-primary", "epm-auxiliary"), answer)))


def test_the_robot_does_what_is_listed_and_dialtone_sees_it(steps, portals, tmp_path):
    records: dict[str, Any] = {}

    def confirm(command: str) -> None:
        found = re.search(r"guided_confirm_step=(\S+)", command)
        assert found is not None
        result = next(judged for judged in look(steps, records) if judged.id == found.group(1))
        assert (result.state, result.by_word) == (flow.OPEN, True), result.why
        records[result.id] = flow.confirmation(result, "main", "robot", "2026-11-21T20:00:00Z", "lab", None)

    at_first = look(steps, records)
    assert [judged.state for judged in at_first] == ["open", *["waiting"] * (len(steps) - 1)], [judged.why for judged in at_first]
    document = flow.document(at_first, "main", "ansible-playbook guided_confirm.yml", "now")

    said: list[str] = []
    secrets = {"pom_outcall_password": "s3cret words"}
    worker = robot.Worker(lambda: robot.at_browser(("epadmin", EPM_PASSWORD), secrets), confirm, said.append)
    assert worker.work(document), said

    assert [judged.id for judged in flow.undone(look(steps, records))] == []
    primary, auxiliary = portals
    trusted = primary.host.root / "opt/Avaya/VoicePortal/trustedcerts"
    for epm in portals:
        own = ssl.PEM_cert_to_DER_cert((epm.host.home / "web/pom_cert/pom.crt").read_text())
        assert ssl.PEM_cert_to_DER_cert((trusted / f"pom_{epm.name}.pem").read_text()) == own
    settings = "config/PIMHibernate.cfg.xml"
    assert (auxiliary.host.home / settings).read_text() == (primary.host.home / settings).read_text()
    assert not any("s3cret" in line for line in said)


def test_a_proof_falls_when_the_console_takes_it_back(steps, portals):
    primary = portals[0]
    primary.log_in()
    name = portals[1].name
    primary.post("/pom/manager/configurations/trusted-certificates", alias=name, delete="Delete")
    primary.post("/pom/manager/configurations/servers", server=name, delete="Delete")
    judged = {entry.id: entry for entry in look(steps, {})}
    assert judged[f"fetch_epm_certificate.{name}"].state == "open"
    assert judged[f"add_pom_server.{name}"].state == "waiting"
    assert judged["add_pom_server.epm-primary"].state == "proven"
