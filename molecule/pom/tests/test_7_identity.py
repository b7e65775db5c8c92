"""A host gets another name and address: the lab plays network and hypervisor, the test the engineer who writes the inventory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from moves import Move, left_behind
from pom_site import JOBS, POM_HOME, PRINTED_PASSWORD, SERVERS, STOP, PomSite

from lab.rehearsal import BROKERS, CLIENT_PROPERTIES, HOSTS, JAVA_OPTIONS, KAFKA, kill_with_workers, wait_for
from tools import environment
from tools.site import operator_robot

NAMED = "named"
FOLLOWED = "POM follows a host to its new name and address, and nothing names the old one"
DOMAIN = "dc1.lab.test"
KAFKA_OF_POM = f"{POM_HOME}/kafka_server/config"
UNTIL_KILLED_SECONDS = 600

PRIMARY = Move("epm1", "epm5", "10.88.1.11", "10.88.1.20", "pom_identity.yml")
AUXILIARY = Move("epm2", "epm4", "10.88.1.12", "10.88.1.18", "pom_identity.yml")
DATABASE = Move("db1", "db3", "10.88.1.14", "10.88.1.19", "database_identity.yml")


def brokers_by_id(move: Move) -> dict[str, str]:
    """The hosts of the brokers, which are those of the ensemble too."""
    return {str(number): host for number, host in enumerate(move.now(BROKERS), start=1)}


def brokers(site: PomSite) -> dict[str, str]:
    """By id, the short name under which each broker is known to a client that asks the external node."""
    ask = f"{KAFKA}/bin/kafka-run-class.sh kafka.admin.BrokerApiVersionsCommand --bootstrap-server kafka3.{DOMAIN}:9093"
    told = site.shell("kafka3", f"{JAVA_OPTIONS} {ask} --command-config {CLIENT_PROPERTIES}")
    return {number: name for name, number in re.findall(rf"^(\S+)[.]{re.escape(DOMAIN)}:9093 \(id: (\d+)", told, re.MULTILINE)}


def converge(site: PomSite) -> None:
    run = site.play("site.yml", *STOP)
    assert run.rc == 0, run.output[-3000:]


@pytest.fixture
def as_named(site: PomSite) -> Iterator[None]:
    """Each case begins with a running site and the names of the inventory; the tests behind it find these names again."""
    site.fault("snapshot", *(["--replace"] if NAMED in site.snapshots() else []), NAMED)
    converge(site)
    yield
    site.fault("restore", NAMED)


# --- a POM server -------------------------------------------------------------------------------------------------

Moment = Callable[[PomSite, Move], bool]


def while_the_vendors_script_runs(site: PomSite, move: Move) -> bool:
    return bool(site.shell(move.new, f"ls -d {JOBS}/vpUpgrade; true").strip())


def with_the_new_identity_recorded(site: PomSite, move: Move) -> bool:
    recorded = site.shell(move.new, f"grep -c {move.new} /var/lib/dialtone/pom/identity.json; true")
    return recorded.strip() not in ("", "0")


def in_the_middle_of_the_ensemble(site: PomSite, move: Move) -> bool:
    """A node names its new member, by name or address, while the others may not yet."""
    [number] = [number for number, host in brokers_by_id(move).items() if host == move.new]
    directories = {host: "/opt/kafka_server/config" if host == "kafka3" else KAFKA_OF_POM for host in move.now(BROKERS)}
    look = f"grep -E '^server[.]{number}=({move.new}|{move.new_address})[.:]' {{}}/zookeeper.properties; true"
    return any(site.shell(host, look.format(path)).strip() for host, path in directories.items() if host != move.new)


MOMENTS = (while_the_vendors_script_runs, with_the_new_identity_recorded, in_the_middle_of_the_ensemble)
CASES = [(AUXILIARY, moment) for moment in MOMENTS] + [(PRIMARY, with_the_new_identity_recorded)]


@pytest.mark.one_of(FOLLOWED)
@pytest.mark.parametrize(("move", "moment"), CASES, ids=[f"{move.old}-{moment.__name__}" for move, moment in CASES])
def test_a_renamed_pom_server_serves_and_nothing_names_the_old_one(
    move: Move, moment: Moment, as_named: None, site: PomSite, tmp_path: Path
):
    site.fault("rename", move.old, move.new, "--address", move.new_address)
    moved = move.described(site, tmp_path)

    refused = moved.play("site.yml", *STOP)
    assert refused.rc != 0
    assert f"pom_identity.yml -e identity_host={move.new}" in refused.words, refused.output[-3000:]
    assert moved.shell(move.new, "hostname").strip() == move.old, "nothing is changed by a run that is refused"

    with operator_robot(environment.newest(), site.lab):
        run = moved.begin(*move.arguments)
        wait_for(lambda: moment(moved, move) or run.process.poll() is not None, moment.__name__, UNTIL_KILLED_SECONDS)
        assert run.process.poll() is None, run.text()[-4000:]
        kill_with_workers(run.process)
        finished = moved.play(*move.arguments)
    assert finished.rc == 0, finished.output[-4000:]

    assert set(moved.jobs(move.new).values()) == {"succeeded"}
    assert moved.shell(move.new, "hostname; hostname -f").split() == [move.new, f"{move.new}.{DOMAIN}"]
    for host in move.now(SERVERS):
        assert set(moved.modes(host).values()) <= {"RUNNING", "MASTER", "DORMANT"}, host
        assert len(moved.modes(host)) > 5, host
    assert left_behind(moved, move, HOSTS) == {}

    listed = f"keytool -list -v -keystore {POM_HOME}/config/pomTrustStore -storepass {PRINTED_PASSWORD}"
    for host in move.now(SERVERS):
        names = re.findall(r"(?:Owner: |DNSName: |IPAddress: )(.*)", moved.shell(host, listed))
        assert [name for name in names if move.new in name], f"{host} trusts {move.new}"
        assert not [name for name in names if re.search(rf"\b{move.old}\b", name) or name == move.old_address], host
    rows = moved.rows("SELECT * FROM pim_server")
    assert any(f"{move.new}.{DOMAIN}" in row or move.new_address in row for row in rows), rows
    # The label of the page POM Servers stays: no documented way changes it.
    assert not [row for row in rows if re.search(rf"\b{move.old}[.]{DOMAIN}|\b{re.escape(move.old_address)}\b", row)]
    assert brokers(moved) == brokers_by_id(move)
    status = moved.play("status.yml")
    assert status.rc == 0, status.output[-3000:]

    again = moved.play(*move.arguments)
    assert again.rc == 0, again.output[-3000:]
    assert set(again.changed().values()) == {0}, again.output[-3000:]
    assert "Nothing to change" in again.words


# --- the database server ------------------------------------------------------------------------------------------


@pytest.mark.one_of(FOLLOWED)
def test_a_renamed_database_server_is_the_one_that_pom_uses(as_named: None, site: PomSite, tmp_path: Path):
    move = DATABASE
    site.fault("rename", move.old, move.new, "--address", move.new_address)
    moved = move.described(site, tmp_path)
    with operator_robot(environment.newest(), site.lab):
        run = moved.play(*move.arguments)
    assert run.rc == 0, run.output[-4000:]
    assert moved.shell(move.new, "hostname -f").strip() == f"{move.new}.{DOMAIN}"
    query = "SELECT DISTINCT client_addr FROM pg_stat_activity WHERE datname = 'pomdb' AND usename = 'pom'"
    assert sorted(moved.rows(query, move.new)) == ["10.88.1.11", "10.88.1.12"]
    for host in ("epm1", "epm2"):
        assert move.new in moved.exec(host, "cat", f"{POM_HOME}/config/PIMHibernate.cfg.xml")
    assert left_behind(moved, move, HOSTS) == {}
    assert moved.play("status.yml").rc == 0
    again = moved.play(*move.arguments)
    assert set(again.changed().values()) == {0}, again.output[-3000:]
