"""A host gets another name and address: the lab plays network and hypervisor, the test the engineer who writes the inventory."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from pom_canary import PLACES
from pom_site import JOBS, POM_HOME, STOP, WAIT, PomSite

from lab.rehearsal import CLIENT_PROPERTIES, HOSTS, JAVA_OPTIONS, KAFKA, kill_with_workers, wait_for
from lab.state import REPOSITORY
from tools import environment
from tools.site import operator_robot

NAMED = "named"
FOLLOWED = "POM follows a host to its new name and address, and nothing names the old one"
DOMAIN = "dc1.lab.test"
KAFKA_OF_POM = f"{POM_HOME}/kafka_server/config"
UNTIL_KILLED_SECONDS = 600
PRINTED_PASSWORD = "changeit"  # of the stores that the vendor's installer makes, in a lab
# Where a former name may go on standing, and why. Written down here a second time: Dialtone's own list is what is tested.
TELLS_OF_THE_PAST = {
    r"/logs?/|\.log(\.\d+)?$": "a log",
    r"^/var/lib/dialtone/(backups|jobs|ledger|leases)/": "backups, transcripts, and who confirmed what",
    r"\.\d{8}T\d{6}Z[^/]*~$": "the copy that Dialtone leaves beside a file it replaces",
    r"\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~$": "the copy that Ansible leaves beside a file it replaces",
    r"/config/pomTrustStore$": "POM calls a server's certificate by the label that stays; its certificates are asked themselves",
    r"[.](jar|war|zip|gz|xz|so)$": "compressed, or code: three characters of it are a name by chance",
    r"/kafka-store/|/version-2/(log|snapshot)\.": "former registrations in the data of Kafka and ZooKeeper",
    r"^/var/lib/postgresql/": "former versions of rows; the present ones are asked for",
    r"/\.ansible/tmp/|/ansible-tmp-": "what Ansible is running",
    r"^/etc/ssh/ssh_host_[^/]*_key": "the comment of a host key",
    r"^/var/(cache|spool|tmp)/|^/var/lib/systemd/|^/tmp/|^/run/": "caches and temporary files",
    r"^/etc/[^/]+-$": "the copy that a program of the distribution keeps",
    r"/\.\w+_history$": "what a person typed",
}


@dataclass(frozen=True)
class Move:
    """A host, what it is called afterwards, and the playbook that brings the site to it."""

    old: str
    new: str
    old_address: str
    new_address: str
    playbook: str

    @property
    def hosts(self) -> list[str]:
        return [self.new if host == self.old else host for host in HOSTS]

    @property
    def former_names(self) -> list[str]:
        return [self.old, f"{self.old}.{DOMAIN}", self.old_address]

    def described(self, site: PomSite, directory: Path) -> PomSite:
        """The site as the engineer describes it now: the new name and address wherever the old ones were, and these as former."""
        inventory = directory / "lab"
        shutil.copytree(REPOSITORY / site.inventory, inventory)
        for file in [path for path in inventory.rglob("*") if path.is_file()]:
            text = re.sub(rf"\b{self.old}\b", self.new, file.read_text(encoding="utf-8"))
            text = re.sub(rf"(?<![\d.]){re.escape(self.old_address)}(?![\d.])", self.new_address, text)
            file.write_text(text, encoding="utf-8")
        words = (inventory / "host_vars" / f"{self.old}.yml").rename(inventory / "host_vars" / f"{self.new}.yml")
        with words.open("a", encoding="utf-8") as stream:
            stream.write(f"host_former_names: [{', '.join(self.former_names)}]\n")
        return replace(site, inventory=str(inventory))

    @property
    def arguments(self) -> tuple[str, ...]:
        return (self.playbook, "-e", f"identity_host={self.new}", *WAIT)


AUXILIARY = Move("epm2", "epm4", "10.88.1.12", "10.88.1.18", "pom_identity.yml")
DATABASE = Move("db1", "db3", "10.88.1.14", "10.88.1.19", "database_identity.yml")


def left_behind(site: PomSite, move: Move) -> dict[str, list[str]]:
    """By host, the files that hold the former name or address as a word of its own, and do not tell of the past."""
    pattern = rf"(^|[^A-Za-z0-9])({move.old}|{re.escape(move.old_address)})([^A-Za-z0-9]|$)"
    look = f"LC_ALL=C grep -rlaEis --devices=skip -e {shlex.quote(pattern)} {' '.join(PLACES)}; true"
    files = {host: site.shell(host, look).splitlines() for host in move.hosts}
    assert files[move.new], f"the logs of {move.new} tell of {move.old} at least, so nobody has looked"
    left = {host: [path for path in paths if not tells_of_the_past(path)] for host, paths in files.items()}
    return {host: sorted(paths) for host, paths in left.items() if paths}


def tells_of_the_past(path: str) -> bool:
    return any(re.search(place, path) for place in TELLS_OF_THE_PAST)


def rows_of(site: PomSite, database: str, query: str) -> list[str]:
    return site.exec(database, "runuser", "-u", "postgres", "--", "psql", "-Atd", "pomdb", "-c", query).splitlines()


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
    """Each case begins with the names of the inventory, and the tests behind it find them again."""
    site.fault("snapshot", *(["--replace"] if NAMED in site.snapshots() else []), NAMED)
    converge(site)
    yield
    site.fault("restore", NAMED)
    converge(site)


# --- a POM server -------------------------------------------------------------------------------------------------

Moment = Callable[[PomSite], bool]


def while_the_vendors_script_runs(site: PomSite) -> bool:
    return bool(site.shell("epm4", f"ls -d {JOBS}/vpUpgrade; true").strip())


def with_the_new_identity_recorded(site: PomSite) -> bool:
    return site.shell("epm4", "grep -c epm4 /var/lib/dialtone/pom/identity.json; true").strip() not in ("", "0")


def in_the_middle_of_the_ensemble(site: PomSite) -> bool:
    """A node names its new member, by name or address, while the others may not yet."""
    nodes = {"kafka3": "/opt/kafka_server/config", "epm1": KAFKA_OF_POM}
    look = f"grep -E '^server[.]2=({AUXILIARY.new}|{AUXILIARY.new_address})[.:]' {{}}/zookeeper.properties; true"
    return any(site.shell(host, look.format(directory)).strip() for host, directory in nodes.items())


MOMENTS = (while_the_vendors_script_runs, with_the_new_identity_recorded, in_the_middle_of_the_ensemble)


@pytest.mark.one_of(FOLLOWED)
@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
def test_a_renamed_pom_server_serves_and_nothing_names_the_old_one(
    moment: Moment, as_named: None, site: PomSite, tmp_path: Path
):
    move = AUXILIARY
    site.fault("rename", move.old, move.new, "--address", move.new_address)
    moved = move.described(site, tmp_path)

    refused = moved.play("site.yml", *STOP)
    assert refused.rc != 0
    assert f"pom_identity.yml -e identity_host={move.new}" in refused.words, refused.output[-3000:]
    assert moved.shell(move.new, "hostname").strip() == move.old, "nothing is changed by a run that is refused"

    with operator_robot(environment.newest(), site.lab):
        run = moved.begin(*move.arguments)
        wait_for(lambda: moment(moved) or run.process.poll() is not None, moment.__name__, UNTIL_KILLED_SECONDS)
        assert run.process.poll() is None, run.text()[-4000:]
        kill_with_workers(run.process)
        finished = moved.play(*move.arguments)
    assert finished.rc == 0, finished.output[-4000:]

    assert set(moved.jobs(move.new).values()) == {"succeeded"}
    assert moved.shell(move.new, "hostname; hostname -f").split() == [move.new, f"{move.new}.{DOMAIN}"]
    for host in ("epm1", move.new):
        assert set(moved.modes(host).values()) <= {"RUNNING", "MASTER", "DORMANT"}, host
        assert len(moved.modes(host)) > 5, host
    assert left_behind(moved, move) == {}

    listed = f"keytool -list -v -keystore {POM_HOME}/config/pomTrustStore -storepass {PRINTED_PASSWORD}"
    for host in ("epm1", move.new):
        names = re.findall(r"(?:Owner: |DNSName: |IPAddress: )(.*)", moved.shell(host, listed))
        assert [name for name in names if move.new in name], f"{host} trusts {move.new}"
        assert not [name for name in names if re.search(rf"\b{move.old}\b", name) or name == move.old_address], host
    servers = rows_of(moved, "db1", "SELECT * FROM pim_server")
    assert any(f"{move.new}.{DOMAIN}" in row or move.new_address in row for row in servers), servers
    # The label of the page POM Servers stays: no documented way changes it.
    assert not [row for row in servers if re.search(rf"\b{move.old}[.]{DOMAIN}|\b{re.escape(move.old_address)}\b", row)]
    assert brokers(moved) == {"1": "epm1", "2": move.new, "3": "kafka3"}
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
    assert sorted(rows_of(moved, move.new, query)) == ["10.88.1.11", "10.88.1.12"]
    for host in ("epm1", "epm2"):
        assert move.new in moved.exec(host, "cat", f"{POM_HOME}/config/PIMHibernate.cfg.xml")
    assert left_behind(moved, move) == {}
    assert moved.play("status.yml").rc == 0
    again = moved.play(*move.arguments)
    assert set(again.changed().values()) == {0}, again.output[-3000:]
