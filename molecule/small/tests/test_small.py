"""The life of a small site, stage by stage: each test begins where the one before it ended."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import delivered
import pytest
from moves import Move, left_behind
from pom_site import JOBS, POM_HOME, PRINTED_PASSWORD, STOP, WAIT, PomSite

from lab import credentials, testing
from lab.rehearsal import Playbook
from tools import environment
from tools.site import operator_robot

SERVERS = ("epm1", "epm2")
AUXILIARY = "epm2.dc1.lab.test"
STAGES = "molecule/small/stages"
LISTS = "/data/lists"
OPTIONS = "/var/lib/dialtone/pom/install.conf"
NO_CAMPAIGNS = ("-e", '{"pom_mode_no_campaigns": true}')
CONVERTED = ("-e", "pom_non_telephony_consent=small", "-e", '{"pom_non_telephony_no_campaigns": true}')


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> PomSite:
    said = tmp_path_factory.mktemp("said")
    return PomSite(testing.lab_name(), inventory="molecule/small/inventory", name="small", said=said)


def described(site: PomSite, *stages: str) -> PomSite:
    """The site with what the engineer has written since: a stage of this scenario, or the path of an inventory."""
    return replace(site, additions=tuple(stage if "/" in stage else f"{STAGES}/{stage}" for stage in stages))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> delivered.Authority:
    made = delivered.Authority(tmp_path_factory.mktemp("authority"))
    made.found()
    return made


@pytest.fixture(scope="module")
def certified(site: PomSite, authority: delivered.Authority, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The inventory in which the auxiliary server has a certificate that the company delivered."""
    password = credentials.password()
    file = authority.deliver(AUXILIARY, password)
    return delivered.described(site, tmp_path_factory.mktemp("certified"), "epm2", AUXILIARY, file, password, authority)


def roll_out(site: PomSite) -> Playbook:
    with operator_robot(environment.newest(), site.lab, site.name):
        run = site.play("site.yml", *WAIT)
    assert run.rc == 0, run.output[-4000:]
    return run


def nothing_is_left(site: PomSite) -> None:
    before = running(site)
    again = site.play("site.yml", *STOP)
    assert again.rc == 0, again.output[-3000:]
    assert set(again.changed().values()) == {0}, again.output[-3000:]
    assert "Nothing to change" in again.words
    assert running(site) == before, "nothing is restarted"
    status = site.play("status.yml")
    assert status.rc == 0, status.output[-3000:]


def running(site: PomSite) -> dict[str, str]:
    return {host: site.exec(host, "systemctl", "show", "--value", "--property=MainPID", "cmpmgr", "vpms") for host in SERVERS}


def installed_silently(site: PomSite, host: str) -> bool:
    dialogue: str = json.loads(site.exec(host, "cat", f"{JOBS}/installPOM/state.json"))["dialogue"]
    return dialogue == "installPOM_silent"


# --- one server ---------------------------------------------------------------------------------------------------


def test_an_image_that_is_not_on_the_controller_is_told_before_anything_is_changed(site: PomSite):
    refused = site.play("site.yml", *STOP, "-e", "pom_server_media_iso=/nowhere/pom.iso")
    assert refused.rc != 0
    assert "pom_server_media_iso is /nowhere/pom.iso: there is no such file on the controller" in refused.words
    assert set(refused.changed().values()) == {0}, refused.output[-3000:]


def test_a_silent_installation_serves_and_leaves_no_file_of_options(site: PomSite):
    site.shell("epm1", f"mkdir -p {LISTS}/monday && echo 1 >{LISTS}/monday/list.csv")
    roll_out(site)
    assert installed_silently(site, "epm1")
    assert site.shell("epm1", f"ls {OPTIONS} 2>/dev/null; true") == ""
    assert site.installations("epm1") == 1
    assert set(site.modes("epm1").values()) == {"MASTER", "RUNNING"}
    nothing_is_left(site)


def test_what_the_splitter_reads_is_pom_s_account_s_with_all_that_lies_in_it(site: PomSite):
    owners = site.shell("epm1", f"find {LISTS} -exec stat -c '%U:%G %a' {{}} +").split("\n")
    assert {line for line in owners if line} == {"avayavp:avayavpgroup 770"}
    assert site.exec("epm1", "cat", f"{LISTS}/monday/list.csv") == "1\n"


def test_the_organization_is_known_to_pom_and_has_its_directories(site: PomSite):
    assert "Sales" in site.rows("SELECT name FROM pim_organization")
    number = site.rows("SELECT organization_id FROM pim_organization WHERE name = 'Sales'")[0]
    owners = site.shell("epm1", f"find {POM_HOME} -type d -name {number} -exec stat -c %U {{}} +").split()
    assert set(owners) == {"avayavp"}


# --- a database for reports ---------------------------------------------------------------------------------------


def test_a_database_for_reports_that_is_missing_stops_the_run_and_one_that_is_there_is_used(site: PomSite):
    with_reports = described(site, "reports")
    refused = with_reports.play("site.yml", *STOP)
    assert refused.rc != 0
    assert "pomreports" in refused.words, refused.output[-3000:]

    administrator = ["runuser", "-u", "postgres", "--", "psql", "-c"]
    site.exec("db1", *administrator, "CREATE DATABASE pomreports OWNER pom")
    rule = "hostssl pomreports pom 10.88.1.0/24 scram-sha-256"
    site.shell("db1", f"echo '{rule}' >>/etc/postgresql/15/main/pg_hba.conf; systemctl reload postgresql")
    roll_out(with_reports)
    [url] = site.rows("SELECT value FROM pim_config WHERE name = 'reports.url'")
    assert "pomreports" in url
    nothing_is_left(with_reports)


# --- a second server ----------------------------------------------------------------------------------------------


def test_a_delivered_certificate_that_would_not_do_is_told_before_anything_is_changed(
    site: PomSite, authority: delivered.Authority, tmp_path: Path
):
    password = credentials.password()
    file = authority.deliver("another.dc1.lab.test", password)
    told = delivered.described(site, tmp_path, "epm2", AUXILIARY, file, password, authority)
    refused = described(site, "reports", "auxiliary", told).play("site.yml", *STOP)
    assert refused.rc != 0
    assert f"certificates_pkcs12 is {file}: its certificate does not carry {AUXILIARY}" in refused.words, refused.output[-3000:]
    assert set(refused.changed().values()) == {0}, refused.output[-3000:]


def test_an_auxiliary_joins_a_running_site(site: PomSite, certified: str):
    grown = described(site, "reports", "auxiliary", certified)
    roll_out(grown)
    served = site.shell("epm2", f"keytool -list -v -storepass {PRINTED_PASSWORD} -keystore {POM_HOME}/config/pomKeyStore")
    assert "Issuer: CN=Delivering Authority" in served
    assert installed_silently(grown, "epm2")
    assert (site.installations("epm1"), site.installations("epm2")) == (1, 1)
    # The primary is restarted, for its trust store holds a certificate more; meanwhile the other one takes over.
    roles = [{"MASTER", "DORMANT"} & set(site.modes(host).values()) for host in SERVERS]
    assert sorted(roles, key=sorted) == [{"DORMANT"}, {"MASTER"}]
    nothing_is_left(grown)


# --- another mode -------------------------------------------------------------------------------------------------


def test_the_mode_changes_once_with_consent_and_both_servers_restart_in_their_order(site: PomSite, certified: str):
    other = described(site, "reports", "auxiliary", certified, "mode")
    refused = other.play("site.yml", *STOP)
    assert refused.rc != 0
    assert "pom_mode.yml" in refused.words, refused.output[-3000:]
    foretold = other.play("pom_mode.yml", "--check")
    assert foretold.rc == 0, foretold.output[-3000:]
    asked = other.play("pom_mode.yml")
    assert asked.rc != 0
    assert "page Campaign Monitor" in asked.words
    assert site.exec("epm1", "cat", f"{POM_HOME}/config/mode.properties").count("mode=None") == 1, "nothing is changed yet"

    before = {host: site.started(host) for host in SERVERS}
    run = other.play("pom_mode.yml", *NO_CAMPAIGNS)
    assert run.rc == 0, run.output[-4000:]
    assert "mode=CCElite" in site.exec("epm1", "cat", f"{POM_HOME}/config/mode.properties")
    assert before["epm1"] < site.started("epm1") < site.started("epm2")
    again = other.play("pom_mode.yml")
    assert again.rc == 0, again.output[-3000:]
    assert set(again.changed().values()) == {0}, again.output[-3000:]
    assert site.starts("epm1", "setConnectorMode") == 1
    roll_out(other)
    nothing_is_left(other)


# --- one server again ---------------------------------------------------------------------------------------------


def test_an_auxiliary_leaves_the_site(site: PomSite, certified: str):
    grown = described(site, "reports", "auxiliary", certified, "mode")
    refused = grown.play("pom_uninstall.yml", "-e", "pom_uninstall_consent=epm3")
    assert refused.rc != 0
    assert POM_HOME in site.shell("epm2", f"ls -d {POM_HOME}")
    run = grown.play("pom_uninstall.yml", "-e", "pom_uninstall_consent=epm2")
    assert run.rc == 0, run.output[-4000:]
    assert site.shell("epm2", f"ls -d {POM_HOME} 2>/dev/null; true") == ""
    alone = described(site, "reports", "mode")
    roll_out(alone)
    assert set(site.modes("epm1").values()) == {"MASTER", "RUNNING"}


# --- manual dialling ----------------------------------------------------------------------------------------------


def test_the_conversion_to_manual_dialling_asks_for_consent_and_happens_once(site: PomSite):
    manual = described(site, "reports", "mode", "manual")
    foretold = manual.play("pom_non_telephony.yml", "--check")
    assert foretold.rc == 0, foretold.output[-3000:]
    assert "predictive" in foretold.words
    refused = manual.play("pom_non_telephony.yml")
    assert refused.rc != 0
    assert "can never be reverted" in refused.words
    assert set(site.modes("epm1").values()) == {"MASTER", "RUNNING"}, "nothing is stopped by a run that is refused"

    with operator_robot(environment.newest(), site.lab, site.name):
        run = manual.play("pom_non_telephony.yml", *CONVERTED, *WAIT)
    assert run.rc == 0, run.output[-4000:]
    assert site.starts("epm1", "enablenonTeleMode") == 1
    assert site.shell("epm1", f"ls {POM_HOME}/logs/enableNonTeleMode.log")
    again = manual.play("pom_non_telephony.yml", *CONVERTED)
    assert again.rc == 0, again.output[-3000:]
    assert set(again.changed().values()) == {0}
    roll_out(manual)
    nothing_is_left(manual)
    back = described(site, "reports", "mode").play("site.yml", *STOP)
    assert back.rc != 0
    assert "cannot be reverted" in back.words, back.output[-3000:]


# --- an EPM server without POM ------------------------------------------------------------------------------------


def test_a_dedicated_epm_server_is_told_its_new_name(site: PomSite, tmp_path: Path):
    move = Move("epm3", "epm6", "10.88.2.11", "10.88.2.20", "epm_identity.yml", domain="dc2.lab.test")
    present = described(site, "reports", "mode", "manual")
    site.fault("rename", move.old, move.new, "--address", move.new_address)
    moved = move.described(present, tmp_path)
    refused = moved.play("epm_identity.yml", "-e", "identity_host=epm1")
    assert refused.rc != 0
    assert "run pom_identity.yml" in refused.words
    before = site.started("epm1")
    run = moved.play(*move.arguments)
    assert run.rc == 0, run.output[-4000:]
    assert moved.jobs(move.new) == {"do_UpdateHost": "succeeded"}
    assert moved.shell(move.new, "hostname -f").strip() == "epm6.dc2.lab.test"
    assert left_behind(moved, move, ["epm1", "epm3", "db1"]) == {}
    assert site.started("epm1") == before, "POM is not restarted"
    again = moved.play(*move.arguments)
    assert set(again.changed().values()) == {0}, again.output[-3000:]
