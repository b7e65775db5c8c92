"""From the open guided steps to a running POM: no back door, one step by hand in a browser, the others by the lab's robot."""

from __future__ import annotations

import pytest
from kafka_facts import tool
from pom_site import STOP, WAIT, PomSite

from lab import robot
from lab.rehearsal import HOSTS
from lab.state import Lab
from tools import environment
from tools.site import operator_robot

# In the words of `POM status`, which does not name all: of those that it names, one server is master of the elected ones.
ELECTED = {"Rule Engine", "Campaign Director", "Agent Manager"}
SERVICES = {*ELECTED, "Kafka Server", "Campaign Manager", "Advance List Management", "Agent SDK Service"}


@pytest.fixture(scope="module")
def rolled_out(site: PomSite) -> PomSite:
    """The site with all guided steps done."""
    with operator_robot(environment.newest(), site.lab):
        run = site.play("site.yml", *WAIT)
    assert run.rc == 0, run.output[-4000:]
    return site


def open_in_list(site: PomSite) -> list[str]:
    listed = site.play("guided_steps.yml", *STOP)
    assert listed.rc == (2 if site.open_steps() else 0), listed.output[-3000:]
    assert [step["id"] for step in site.open_steps() if step["id"] not in listed.words] == []
    return [step["id"] for step in site.open_steps()]


def test_with_nobody_at_the_console_the_list_stays_and_a_step_done_in_a_browser_leaves_it(site: PomSite):
    before = open_in_list(site)
    assert "fetch_epm_certificate.epm1" in before
    assert "outcall_user.epm1" in before

    step = next(step for step in site.open_steps() if step["id"] == "fetch_epm_certificate.epm1")
    with robot.operator_of(Lab(site.lab)) as operator:
        operator.do(step)
    assert open_in_list(site) == [one for one in before if one != step["id"]]


def test_the_site_serves_with_one_master_when_the_steps_are_done(rolled_out: PomSite):
    assert open_in_list(rolled_out) == []
    for host, mode in (("epm1", "MASTER"), ("epm2", "DORMANT")):
        wanted = {name: mode if name in ELECTED else "RUNNING" for name in SERVICES}
        assert rolled_out.modes(host) == wanted
    status = rolled_out.play("status.yml")
    assert status.rc == 0, status.output[-3000:]
    told = {row["host"]: row["observed"] for row in rolled_out.status()["rows"] if row["what"] == "POM's services"}
    right = "10 of 10 as they should be"
    assert told == {"epm1": f"MASTER/RUNNING, {right}", "epm2": f"DORMANT/RUNNING, {right}"}
    [in_use] = [row for row in rolled_out.status()["rows"] if row["what"] == "in use by POM servers"]
    assert (in_use["component"], in_use["state"]) == ("pom_database", "ok"), in_use


def test_pom_uses_its_database(rolled_out: PomSite):
    query = "SELECT DISTINCT client_addr FROM pg_stat_activity WHERE datname = 'pomdb' AND usename = 'pom'"
    connected = rolled_out.rows(query)
    assert sorted(connected) == ["10.88.1.11", "10.88.1.12"]
    rows = "\n".join(rolled_out.rows("SELECT * FROM pim_server"))
    assert "epm1" in rows
    assert "epm2" in rows


def test_the_brokers_of_pom_and_the_external_one_are_one_cluster(rolled_out: PomSite, lab):
    tool(lab, "kafka-topics.sh", "--create", "--topic", "promises", "--partitions", "3")
    described = tool(lab, "kafka-topics.sh", "--describe")
    replicas = [line.partition("Replicas: ")[2].split()[0] for line in described.splitlines() if "Replicas: " in line]
    assert {tuple(sorted(one.split(","))) for one in replicas} == {("1", "2", "3")}
    tool(lab, "kafka-topics.sh", "--delete", "--topic", "promises")


def test_a_further_run_changes_nothing_and_restarts_nothing_and_check_foretells_nothing(rolled_out: PomSite):
    before = rolled_out.running()
    run = rolled_out.play("site.yml")
    assert run.rc == 0, run.output[-3000:]
    assert run.changed() == dict.fromkeys(HOSTS, 0), run.output[-3000:]
    check = rolled_out.play("site.yml", "--check", "--diff")
    assert check.rc == 0, check.output[-3000:]
    assert check.changed() == dict.fromkeys(HOSTS, 0), check.output[-3000:]
    assert rolled_out.running() == before
