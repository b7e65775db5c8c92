"""The services' stand-in on two EP servers of the loopback: real TLS, keytool, PostgreSQL and the probing JVM.

What needs Kafka or systemd is judged in the lab; here the probe is held to say that Kafka is missing."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.artifacts import kafka
from lab.artifacts import postgresql as driver
from lab.standins import media
from lab.state import cache_directory
from tests.standins.conftest import Host, make_host
from tests.standins.epm import SERVERS, TRUSTED, Epm, Forms, message
from tests.standins.postgresql import DATABASE, PASSWORD, USER, Server, available, free_port

# Both servers are this machine, under names that it does not have.
CONF = (
    "[services]\npoll_seconds = 0.6\nfar_poll_seconds = 1\nfailover_seconds = 2\ngrace_seconds = 2\nstart_wait_seconds = 2\n"
    "identity = no\n"
)
RUNNING = ("pomactmq", "ruleeng")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not available(), reason="this machine has no PostgreSQL server to run"),
    pytest.mark.skipif(shutil.which("javac") is None, reason="this machine has no javac"),
    pytest.mark.skipif(
        not (cache_directory() / "artifacts" / kafka.ARCHIVE_NAME).exists(),
        reason="Kafka's jars were not fetched: python3 -m lab.artifacts",
    ),
]


def within(seconds: float, what: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the media has beyond its sources: the driver, Kafka's client, the compiled probe."""
    tree = tmp_path_factory.mktemp("archives")
    with tarfile.open(kafka.fetch().path) as packed:
        packed.extractall(tree, filter="data")
    (tree / "lib/jdbc").mkdir(parents=True)
    shutil.copy(driver.fetch(), tree / "lib/jdbc")
    sources = sorted((media.SOURCES / "services/java").glob("*.java"))
    media.compile_java(sources, tree / "services/classes", (tree / "kafka_server/libs").glob("kafka-clients-*.jar"))
    return tree


@dataclass
class Pom:
    """POM on one EP server: its console, its probe, and a systemctl that only remembers."""

    host: Host
    epm: Epm
    probe: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.host.root / "probe.log").open("ab") as log:
            command = [str(self.host.home / "lib/standin"), "services.probe"]
            self.probe = subprocess.Popen(command, env=self.host.environment, stdout=log, stderr=log)
        assert within(20, lambda: (self.host.root / "run/standin/pom/states.json").exists())

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.probe is not None:
            self.probe.send_signal(how)
            self.probe.wait()
            self.probe = None
            shutil.rmtree(self.host.root / "run/standin/pom", ignore_errors=True)

    def may(self, service: str) -> str:
        """What the service's unit is told before it starts; nothing where it may."""
        command = [str(self.host.home / "lib/standin"), "services.client", "may", service]
        return subprocess.run(command, env=self.host.environment, capture_output=True, text=True, check=False).stderr.strip()

    def run(self, *services: str) -> None:
        for service in services:
            (self.host.units / service).touch()

    def end(self, *services: str) -> None:
        for service in services:
            (self.host.units / service).unlink(missing_ok=True)

    def states(self) -> dict[str, str]:
        file = self.host.root / "run/standin/pom/states.json"
        return json.loads(file.read_text()) if file.exists() else {}

    def roles(self) -> set[str]:
        return {self.states().get(service, "") for service in RUNNING}

    def service_log(self, service: str) -> str:
        return (self.host.home / f"logs/{service}.log").read_text()


def configuration_file(home: Path) -> Path:
    return home / "config/PIMHibernate.cfg.xml"


def configure_database(host: Host, server: Server, password: str = PASSWORD) -> None:
    """As installDB.sh leaves it."""
    script = (
        "import sys; from standin_pom import database as d; s = d.Settings('Postgres', '127.0.0.1', *sys.argv[1:]); d.save(s); "
        "d.schema_exists(s) or d.create_schema(s)"
    )
    environment = {**host.environment, "PYTHONPATH": str(host.home / "lib")}
    arguments = [str(server.port), DATABASE, USER, password]
    done = subprocess.run(
        [sys.executable, "-B", "-c", script, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 or password != PASSWORD, done.stderr


@pytest.fixture(scope="module")
def pair(
    tmp_path_factory: pytest.TempPathFactory, pom_media: Path, archives: Path, database: Server
) -> Iterator[tuple[Pom, Pom]]:
    """A primary and an auxiliary with POM installed, the database configured on the primary; nothing was done in the console."""
    port, made = free_port(), []
    try:
        for kind, address in (("primary", "127.0.0.1"), ("auxiliary", "127.0.0.2")):
            host = make_host(tmp_path_factory.mktemp(kind), pom_media)
            host.configure(CONF)
            epm = Epm(host, kind, address, port)
            made.append(Pom(host, epm))
            way = ["-t", "primary"] if kind == "primary" else ["-t", "aux", "-i", f"127.0.0.1:{made[0].epm.http_port}"]
            result = host.run("installPOM", "-s", *way)
            assert result.returncode == 0, result.stdout
            for part in ("lib/jdbc", "services/classes"):
                shutil.copytree(archives / part, host.home / part)
            (host.home / "kafka_server/libs").symlink_to(archives / "kafka_server/libs")
            (host.units / "vpms").touch()
        configure_database(made[0].host, database)
        made[0].epm.log_in()
        yield made[0], made[1]
    finally:
        for pom in made:
            pom.stop()
            pom.epm.stop()


def add(pair: tuple[Pom, Pom], which: int) -> str:
    pom, person = pair[which], pair[0].epm
    page = person.post(f"{SERVERS}/add", name=pom.epm.name, address=pom.epm.address)
    found = re.search(r'name="pem" value="([^"]+)"', page)
    assert found is not None, page
    return person.post(f"{SERVERS}/add", name=pom.epm.name, address=pom.epm.address, pem=found.group(1), trust="yes")


# The tests follow one site from its first start on: each goes on where the one before it ended.


def test_a_pom_that_is_in_no_table_starts_nothing(pair):
    primary, _ = pair
    primary.start()
    assert "this POM server is not in the table pim_server" in primary.may("ruleeng")
    assert "not in the table pim_server" in primary.service_log("ruleeng")


def test_a_server_whose_epm_is_not_trusted_is_not_added(pair):
    page = pair[0].epm.post(f"{SERVERS}/add", name="epm-primary", address="127.0.0.1")
    assert "No trusted certificate found" in message(page, "alert")
    assert "Fetch the certificate of this EPM" in message(page, "alert")


def test_fetch_trust_and_add_make_the_row(pair, database):
    primary, _ = pair
    for pom in pair:
        primary.epm.post(f"{TRUSTED}/fetch", name=pom.epm.name, location=f"https://{pom.epm.address}")
    untrusting = primary.epm.post(f"{SERVERS}/add", name="epm-primary", address="127.0.0.1", pem="x")
    assert "Select Trust this certificate" in message(untrusting, "alert")
    assert "epm-primary was added" in message(add(pair, 0))
    row = database.sql("SELECT server_name, server_address, server_kind FROM pim_server", DATABASE)
    assert row == "epm-primary|127.0.0.1|primary"
    again = primary.epm.post(f"{SERVERS}/add", name="EPM-primary", address="127.0.0.9")
    assert "must be unique" in message(again, "alert")


def test_adding_an_auxiliary_copies_database_access_and_trust_store(pair):
    primary, auxiliary = (pom.host.home / "config" for pom in pair)
    assert not (auxiliary / "PIMHibernate.cfg.xml").exists()
    assert "epm-auxiliary was added" in message(add(pair, 1))
    assert (auxiliary / "PIMHibernate.cfg.xml").read_bytes() == (primary / "PIMHibernate.cfg.xml").read_bytes()
    assert "epm-auxiliary" in pair[1].epm.trusted()


def test_export_hands_out_the_certificate_of_each_server(pair):
    for pom in pair:
        status, content = pair[0].epm.ask("POST", SERVERS, {"server": pom.epm.name, "export": "Export"})
        assert status == 200
        assert content.strip() == (pom.host.home / "web/pom_cert/pom.crt").read_bytes().strip()
    assert message(pair[0].epm.post(SERVERS, export="Export"), "alert") == "Select a POM server."


def test_an_address_is_changed_only_with_the_certificate_trusted(pair, database):
    person, path = pair[0].epm, f"{SERVERS}/edit"
    assert "Apply" in Forms(person.get(f"{path}?server=epm-auxiliary")).buttons
    shown = Forms(person.post(path, name="epm-auxiliary", address="127.0.0.2"))
    assert "Trust the certificate" in shown.labels
    assert "Select Trust the certificate" in message(person.post(path, **shown.values), "alert")
    assert "epm-auxiliary was saved" in message(person.post(path, **shown.values, trust="yes"))
    assert database.sql("SELECT count(*) FROM pim_server", DATABASE) == "2"


def test_every_auxiliary_gets_what_the_primary_comes_to_trust(pair):
    pair[0].epm.post(f"{TRUSTED}/fetch", name="another", location="https://127.0.0.1")
    assert "another" in pair[1].epm.trusted()


def test_what_needs_no_kafka_may_start_and_what_needs_it_is_refused(pair):
    assert pair[0].may("ruleeng") == ""
    refusal = pair[0].may("cmpmgr")
    assert refusal.startswith("cmpmgr: kafka: Kafka at localhost:9092")
    assert "|cmpmgr|ERROR|kafka|||Kafka at localhost:9092" in pair[0].service_log("cmpmgr")


def test_advance_list_management_wants_vpms(pair):
    (pair[0].host.units / "vpms").unlink()
    refusal = pair[0].may("advlistmgmt")
    (pair[0].host.units / "vpms").touch()
    assert "vpms is stopped" in refusal


def test_the_first_server_is_master_and_the_second_dormant(pair):
    primary, auxiliary = pair
    auxiliary.start()
    primary.run(*RUNNING)
    assert within(30, lambda: primary.roles() == {"MASTER"})
    auxiliary.run(*RUNNING)
    assert within(30, lambda: auxiliary.roles() == {"DORMANT"})
    assert primary.roles() == {"MASTER"}
    assert primary.states()["cmpmgr"] == "STOPPED"


def test_pom_manager_shows_and_controls(pair):
    primary, auxiliary = pair
    page = primary.epm.get(f"{SERVERS}/manager")
    assert re.search(r"<td>Rule Server</td><td><span class=\"green\">MASTER</span></td><td>DORMANT</td>", page)
    assert "Last Poll" in page
    assert page.count("disabled") == 2
    chosen = primary.epm.get(f"{SERVERS}/manager?server=epm-auxiliary")
    assert 'aria-label="Stop Rule Server"' in chosen
    assert re.search(r'value="start" disabled', chosen)
    page = primary.epm.post(f"{SERVERS}/manager", server="epm-auxiliary", ruleeng="stop")
    assert "Rule Server of epm-auxiliary: stop was requested" in message(page)
    assert not auxiliary.host.active("ruleeng")
    auxiliary.run("ruleeng")


def test_a_stopped_service_hands_over_and_a_dead_server_is_missed(pair):
    primary, auxiliary = pair
    assert within(30, lambda: auxiliary.roles() == {"DORMANT"})
    primary.end("ruleeng")
    assert within(30, lambda: auxiliary.states()["ruleeng"] == "MASTER")
    assert primary.states()["pomactmq"] == "MASTER"
    primary.stop(signal.SIGKILL)
    assert within(30, lambda: auxiliary.roles() == {"MASTER"})
    primary.run(*RUNNING)
    primary.start()
    assert within(30, lambda: primary.roles() == {"DORMANT"})


def test_the_database_that_comes_back_is_used_again(pair, database):
    primary, auxiliary = pair
    database.run("pg_ctl", "-D", database.data, "-l", database.directory / "log", "-w", "-m", "fast", "restart")
    assert within(30, lambda: primary.roles() | auxiliary.roles() == {"DORMANT", "MASTER"})
    assert primary.host.active("ruleeng")


def test_an_epm_that_is_no_longer_trusted_stops_the_services_with_the_documented_words(pair):
    primary, auxiliary = pair
    for alias in ("epm-primary", "another"):
        primary.epm.post(TRUSTED, alias=alias, delete="Delete")
    assert within(30, lambda: not primary.host.active("ruleeng") and not auxiliary.host.active("ruleeng"))
    fault = r"\|P_POMCM002\|INFO\|POMCM\|\|\|Out Call Web Service returned fault: .*No trusted certificate found\|"
    assert re.search(fault, primary.service_log("ruleeng"))
    assert "No trusted certificate found" in primary.may("ruleeng")
    primary.epm.post(f"{TRUSTED}/fetch", name="epm-primary", location="https://127.0.0.1")
    assert primary.may("ruleeng") == ""


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"password": "wrong"}, "password authentication failed"),
        ({"database": "nowhere"}, "Name of database does not exist"),
        ({"driver": ""}, "No suitable driver"),
    ],
)
def test_a_database_that_cannot_be_used_is_told_in_the_documented_words(pair, database, broken, words):
    primary, _ = pair
    file = configuration_file(primary.host.home)
    kept = file.read_text()
    jar = next((primary.host.home / "lib/jdbc").glob("*.jar"))
    try:
        if "password" in broken:
            configure_database(primary.host, database, broken["password"])
        elif "database" in broken:
            file.write_text(kept.replace(f"/{DATABASE}", "/nowhere"))
        else:
            primary.stop()
            jar.rename(jar.with_suffix(".away"))
            primary.start()
        assert words in primary.may("ruleeng")
        assert words in primary.service_log("ruleeng")
    finally:
        file.write_text(kept)
        if jar.with_suffix(".away").exists():
            primary.stop()
            jar.with_suffix(".away").rename(jar)
            primary.start()
    assert primary.may("ruleeng") == ""


def test_a_server_that_something_calls_otherwise_starts_nothing(pair):
    primary, _ = pair
    primary.stop()
    primary.host.configure(CONF.replace("identity = no\n", ""))
    primary.start()
    try:
        words = "host in the database of Experience Portal is epm-primary, and this server is "
        assert words in primary.may("ruleeng")
        assert words in primary.service_log("ruleeng")
    finally:
        primary.stop()
        primary.host.configure(CONF)
        primary.start()
    assert primary.may("ruleeng") == ""


def test_no_secret_is_in_an_argument_the_environment_or_a_report(pair):
    pids = [pom.probe.pid for pom in pair if pom.probe]
    threads = [thread for pid in pids for thread in Path(f"/proc/{pid}/task").glob("*/children")]
    pids += [int(child) for thread in threads for child in thread.read_text().split()]
    jvms = 0
    for pid in pids:
        try:
            seen = Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            # A probe's short-lived child has ended meanwhile; the JVMs are counted.
            continue
        jvms += b"PomProbe" in seen
        assert PASSWORD.encode() not in seen
    assert jvms == 2
    for pom in pair:
        reports = [*(pom.host.root / "run/standin/pom").glob("*.json"), *(pom.host.home / "logs").glob("*.log")]
        for file in [*reports, pom.host.root / "probe.log"]:
            assert PASSWORD not in file.read_text()
