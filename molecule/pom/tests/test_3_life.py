"""POM in an operator's hands: stopped, started, restarted, and what the other server does meanwhile."""

from __future__ import annotations

import json
import tarfile

import pytest
from pom_site import POM_HOME, SERVERS, PomSite, canaries

from lab.rehearsal import wait_for

FAILOVER_SECONDS = 60
IN_ORDER = "the services are started in their order"


MASTER, DORMANT = "MASTER/RUNNING", "DORMANT/RUNNING"


def modes(site: PomSite) -> dict[str, str]:
    """What each server is, as status.yml says."""
    rows = [row for row in site.status()["rows"] if row["what"] == "POM's services"]
    return {row["host"]: row["observed"].partition(",")[0] for row in rows}


def started(site: PomSite) -> dict[str, int]:
    return {host: site.started(host) for host in SERVERS}


def started_again_in_order(site: PomSite, playbook: str, **variables: bool) -> None:
    before = started(site)
    run = site.play(playbook, "-e", json.dumps(variables))
    assert run.rc == 0, run.output[-3000:]
    after = started(site)
    assert before["epm1"] < after["epm1"] < after["epm2"]
    assert site.play("status.yml").rc == 0


def test_when_the_master_is_stopped_the_other_takes_over_and_the_status_says_so(site: PomSite):
    assert site.play("status.yml").rc == 0
    [master] = [host for host, mode in modes(site).items() if mode == MASTER]
    [other] = [host for host in SERVERS if host != master]
    stopped = site.play("pom_stop.yml", "--limit", master)
    assert stopped.rc == 0, stopped.output[-3000:]
    assert set(site.modes(master).values()) == {"STOPPED"}
    wait_for(lambda: "DORMANT" not in site.modes(other).values(), f"{other} does not become master", FAILOVER_SECONDS)

    status = site.play("status.yml")
    assert status.rc == 2
    assert modes(site)[other] == MASTER
    [row] = [row for row in site.status()["rows"] if row["host"] == master and row["what"] == "POM's services"]
    assert row["state"] == "fail"
    assert "STOPPED" in row["observed"] + row["detail"]
    told = site.play("pom_status.yml")
    assert told.rc == 0, told.output[-3000:]
    assert "MASTER" in told.words
    assert "STOPPED" in told.words

    started_again = site.play("pom_start.yml")
    assert started_again.rc == 0, started_again.output[-3000:]
    assert site.play("status.yml").rc == 0
    assert modes(site) == {other: MASTER, master: DORMANT}, "who comes back finds another master"


@pytest.mark.one_of(IN_ORDER)
def test_a_restart_of_all_takes_the_primary_first_and_then_the_auxiliary(site: PomSite):
    started_again_in_order(site, "pom_restart.yml", pom_restart_all=True)


@pytest.mark.one_of(IN_ORDER)
def test_after_an_upgrade_of_experience_portal_the_vendors_scripts_run_on_the_primary_first(site: PomSite):
    asked = site.play("pom_after_ep_upgrade.yml", "-e", json.dumps({"pom_after_ep_upgrade_force": True}))
    assert asked.rc != 0
    assert "pom_after_ep_upgrade_no_campaigns" in asked.words
    words = {"pom_after_ep_upgrade_force": True, "pom_after_ep_upgrade_no_campaigns": True}
    started_again_in_order(site, "pom_after_ep_upgrade.yml", **words)
    assert not any(site.play("pom_after_ep_upgrade.yml").changed().values()), "the scripts ran for this version"


def test_a_support_bundle_of_each_server_lies_beside_the_reports_of_the_site(site: PomSite):
    run = site.play("support_bundle.yml", "-e", "support_bundle_since=-5min")
    assert run.rc == 0, run.output[-3000:]
    for host in SERVERS:
        [archive] = (site.built / "support").glob(f"{host}-*.tar.gz")
        assert archive.stat().st_mode & 0o077 == 0
        with tarfile.open(archive) as bundle:
            files = {member.name.partition("/")[2]: member for member in bundle}
            assert {"journal/cmpmgr.log", "commands/POM-status.txt", f"files{POM_HOME}/config/PIMHibernate.cfg.xml"} <= set(files)
            texts = [bundle.extractfile(member).read() for member in files.values() if member.isfile()]
        assert not [word for word, secret in canaries(site.lab).items() if any(secret.encode() in text for text in texts)]
        archive.unlink()


def test_a_server_that_lost_its_stores_and_its_database_is_restored(site: PomSite):
    """Its Kafka and ZooKeeper read the stores too, so that nothing of it starts before they are back."""
    files = [f"{POM_HOME}/config/{name}" for name in ("pomTrustStore", "PIMHibernate.cfg.xml")]
    kept = site.play("backup.yml", "--limit", "epm2")
    assert kept.rc == 0, kept.output[-3000:]
    before = site.exec("epm2", "sha256sum", *files)
    site.shell("epm2", "POM stop; for file in " + " ".join(files) + "; do echo broken > $file; done")
    restored = site.play("restore.yml", "-e", "restore_from=latest", "--limit", "epm2")
    assert restored.rc == 0, restored.output[-3000:]
    assert site.exec("epm2", "sha256sum", *files) == before
    assert site.play("status.yml").rc == 0


@pytest.mark.one_of(IN_ORDER)
def test_all_is_stopped_and_started_and_an_auxiliary_does_not_start_without_its_primary(site: PomSite):
    stopped = site.play("pom_stop.yml", "-e", json.dumps({"pom_stop_vpms": True}))
    assert stopped.rc == 0, stopped.output[-3000:]
    assert {site.shell(host, "systemctl is-active vpms; true").strip() for host in SERVERS} == {"inactive"}
    refused = site.play("pom_start.yml", "--limit", "epm2")
    assert refused.rc != 0
    assert "POM on epm2 is not started: on the primary epm1" in refused.words
    run = site.play("pom_start.yml")
    assert run.rc == 0, run.output[-3000:]
    after = started(site)
    assert after["epm1"] < after["epm2"]
    assert site.play("status.yml").rc == 0
