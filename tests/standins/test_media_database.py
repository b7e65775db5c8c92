"""installDB.sh and enabledKafkaHA.sh of the POM media, with a real PostgreSQL.

Catalogue: LAB-installDB.sh, LAB-enabledKafkaHA.sh."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from .conftest import HOME, Host
from .postgresql import PASSWORD, Server, available

pytestmark = pytest.mark.slow
MENU = [
    "Please select from one of the following choices:",
    "1. Test DB Connection",
    "2. Create POM Schema on the given DB",
    "3. Save database configuration",
    "4. Configure database settings",
    "5. Configure database settings for reports (Optional)",
    "6. Exit from this utility",
]
BEGIN = ["1", "y", "4"]
TEST, CREATE, SAVE, EXIT = "1", "2", "3", "6"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Roles pom and weak, who may create nothing; ghost is let in and does not exist; nobody else is let in."""
    if not available():
        pytest.skip("this machine has no PostgreSQL server to run")
    # A path of pytest's would be too long for a socket, and closed to the server's account.
    with tempfile.TemporaryDirectory(prefix="pg-") as directory:
        found = Server(Path(directory))
        found.start()
        try:
            for role in ("pom", "weak"):
                found.sql(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'")
            with (found.data / "pg_hba.conf").open("w", encoding="utf-8") as file:
                file.write('host all ghost all trust\nhost all postgres,pom,weak,"pom@site.example" all scram-sha-256\n')
            found.sql("SELECT pg_reload_conf()")
            yield found
        finally:
            found.stop()


@pytest.fixture
def postgres(server: Server) -> Server:
    """An empty database pomdb of user pom."""
    server.sql("DROP DATABASE IF EXISTS pomdb WITH (FORCE)")
    server.sql("CREATE DATABASE pomdb OWNER pom")
    return server


def settings(number: int, /, **other: str) -> list[str]:
    """What the prompts for the settings are answered with."""
    values = {"type": "Postgres", "host": "127.0.0.1", "port": str(number), "name": "pomdb", "user": "pom", "password": PASSWORD}
    return [*{**values, "secured": "n", **other}.values()]


def saved(host: Host) -> dict[str, str]:
    tree = ElementTree.fromstring(host.read(f"{HOME}/config/PIMHibernate.cfg.xml"))
    return {entry.get("name", ""): entry.text or "" for entry in tree.iter("property")}


def test_the_main_dialogue_tests_creates_and_saves(installed: Host, postgres: Server) -> None:
    result = installed.run("installDB.sh", answers=[*BEGIN, *settings(postgres.port), TEST, CREATE, "y", SAVE, EXIT])
    assert result.returncode == 0
    assert result.stderr == ""
    text = result.stdout
    for line in (
        "Please select Contact Center Configuration mode from the following options:",
        "1. CCElite",
        "2. AACC-SBP [Skills-Based Pacing for Agentless POM]",
        "3. None",
        "4. AACC [Integrated & Blending]",
        "5. Oceana",
        "6. CCaaS-Outbound",
        "This script can modify $POM_HOME/config/PIMHibernate.cfg.xml or Test the DB connection.",
        "Do you like to continue? (y/n)",
        "Does Database require secured connection (Y/N):",
        " SUCCESS\n",
        "Do you want to save the values on the config file(y/n)?",
        "POM schema is created successfully.",
        "VPMS Start Status: [OK]",
    ):
        assert line in text, text
    assert "\n".join(MENU) in text
    assert "FAILURE" not in text
    assert PASSWORD not in text
    assert postgres.sql("SELECT count(*) FROM pg_tables WHERE tablename = 'pim_server' AND tableowner = 'pom'", "pomdb") == "1"
    values = saved(installed)
    assert values["hibernate.connection.url"] == f"jdbc:postgresql://127.0.0.1:{postgres.port}/pomdb"
    assert values["hibernate.connection.username"] == "pom"
    assert PASSWORD not in installed.read(f"{HOME}/config/PIMHibernate.cfg.xml")
    assert installed.calls[-1] == "restart vpms"
    assert "# stand-in assumption" in installed.read(f"{HOME}/logs/installDB.log")
    assert PASSWORD not in installed.read(f"{HOME}/logs/installDB.log")


def test_a_second_schema_is_refused_or_made_anew(installed: Host, postgres: Server) -> None:
    create = [*BEGIN, *settings(postgres.port), CREATE, "y", EXIT]
    installed.run("installDB.sh", answers=create)
    postgres.sql("INSERT INTO pim_server (server_name, server_address) VALUES ('epm1', '192.0.2.1')", "pomdb")
    refused = installed.run("installDB.sh", answers=create)
    assert "FAILURE\nThe POM schema already exists on the given DB." in refused.stdout
    assert postgres.sql("SELECT count(*) FROM pim_server", "pomdb") == "1"
    installed.configure("[installDB.sh]\nsecond_schema = recreate\n")
    assert "POM schema is created successfully." in installed.run("installDB.sh", answers=create).stdout
    assert postgres.sql("SELECT count(*) FROM pim_server", "pomdb") == "0"


def test_stored_settings_serve_the_next_run(installed: Host, postgres: Server) -> None:
    before = installed.run("installDB.sh", answers=["1", "y", TEST, EXIT])
    assert "FAILURE" in before.stdout
    installed.run("installDB.sh", answers=[*BEGIN, *settings(postgres.port), SAVE, EXIT])
    assert "SUCCESS" in installed.run("installDB.sh", answers=["1", "y", TEST, EXIT]).stdout


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"type": "postgres"}, "Enter Oracle, Postgres, or Microsoft SQL Server as dbtype"),
        ({"port": "54x"}, "Invalid port number: 54x"),
        ({"port": "1"}, "The connection attempt failed"),
        ({"host": "no.such.host.invalid"}, "The connection attempt failed"),
        ({"name": "another"}, "Name of database does not exist: another"),
        ({"password": "wrong"}, "Login failed"),
        ({"user": "ghost"}, "User does not exist"),
        ({"user": "outsider"}, 'FATAL: no pg_hba.conf entry for host "127.0.0.1", user "outsider", database "pomdb", SSL off'),
        ({"secured": "y"}, "The connection attempt failed: no valid certification path"),
    ],
)
def test_each_wrong_setting_has_its_documented_reason(
    installed: Host, postgres: Server, other: dict[str, str], reason: str
) -> None:
    result = installed.run("installDB.sh", answers=[*BEGIN, *settings(postgres.port, **other), TEST, EXIT])
    assert result.returncode == 0
    assert f"FAILURE\n{reason}" in result.stdout, result.stdout
    assert reason in installed.read(f"{HOME}/logs/installDB.log")


def test_a_secured_connection_needs_the_servers_certificate_in_the_trust_store(installed: Host, postgres: Server) -> None:
    key, certificate = postgres.data / "server.key", postgres.data / "server.crt"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=db1", "-keyout", str(key), "-out"]
    subprocess.run([*command, str(certificate)], check=True, capture_output=True)
    for path in (key, certificate):
        shutil.copystat(postgres.data / "PG_VERSION", path)
        shutil.chown(path, *account(postgres.data))
    postgres.sql("ALTER SYSTEM SET ssl = on")
    postgres.sql("SELECT pg_reload_conf()")
    answers = [*BEGIN, *settings(postgres.port, secured="y"), TEST, EXIT]
    assert (
        "FAILURE\nThe connection attempt failed: no valid certification path"
        in installed.run("installDB.sh", answers=answers).stdout
    )
    installed.write("/tmp/db1.crt", certificate.read_text(encoding="utf-8"))
    assert installed.run("importCertInPomTruststore.sh", "db1", "/tmp/db1.crt").returncode == 0
    assert " SUCCESS\n" in installed.run("installDB.sh", answers=answers).stdout


def account(path: Path) -> tuple[int, int]:
    return path.stat().st_uid, path.stat().st_gid


def test_a_user_without_privileges_creates_no_schema(installed: Host, postgres: Server) -> None:
    answers = [*BEGIN, *settings(postgres.port, user="weak"), TEST, CREATE, "y", EXIT]
    result = installed.run("installDB.sh", answers=answers)
    assert "SUCCESS" in result.stdout
    assert "FAILURE\nUser does not have sufficient privileges: weak" in result.stdout
    assert postgres.sql("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'pim%'", "pomdb") == "0"


def test_nothing_is_left_half_made_where_the_program_dies(installed: Host, postgres: Server) -> None:
    installed.configure("[installDB.sh]\ndie_at = schema\n")
    result = installed.run("installDB.sh", answers=[*BEGIN, *settings(postgres.port), CREATE, "y", EXIT])
    assert result.returncode == -signal.SIGKILL
    assert postgres.sql("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'pim%'", "pomdb") == "0"


def test_no_password_in_a_command_line_or_an_environment(installed: Host, postgres: Server) -> None:
    """psql is replaced by one that tells what it was given."""
    telling = installed.programs / "psql"
    told = installed.root / "tmp/told"
    telling.write_text(f'#!/bin/sh\n(printf "%s\\n" "$@"; env) >> {told}\nexec {shutil.which("psql")} "$@"\n', encoding="utf-8")
    telling.chmod(0o755)
    result = installed.run("installDB.sh", answers=[*BEGIN, *settings(postgres.port), TEST, CREATE, "y", EXIT])
    assert "POM schema is created successfully." in result.stdout
    words = told.read_text(encoding="utf-8")
    assert "passfile" in words
    assert PASSWORD not in words


MSSQL = {"type": "MSSQL", "geo": "y", "host": "listener.example", "port": "", "option": "2", "name": "pomdb", "user": "pom"}


def test_mssql_asks_for_geo_and_authentication_and_needs_its_driver(installed: Host, tmp_path: Path) -> None:
    answers = ["1", "y", "4", *MSSQL.values(), PASSWORD, "y", TEST, EXIT]
    refused = installed.run("installDB.sh", answers=answers)
    for line in (
        "Do you want to enable the POM Geo configuration? Please select (y/n)",
        "Enter the Availability Group Listener FQDN:",
        "Enter the port [1433]:",
        "Please select an option connecting to MSSQL DB using SQL Server or Windows Authentication.",
        "1. SQLServer\n2. Windows\nEnter an option (1/2):",
        "FAILURE\nNo suitable driver found for jdbc:sqlserver://listener.example:1433;databaseName=pomdb;integratedSecurity=true",
    ):
        assert line in refused.stdout, refused.stdout
    (installed.home / "lib/jdbc").mkdir(exist_ok=True)
    (installed.home / "lib/jdbc/mssql-jdbc-10.2.0.jre8.jar").touch()
    done = installed.run("installDB.sh", answers=[*answers[:-1], CREATE, "y", SAVE, EXIT])
    assert "SUCCESS" in done.stdout
    assert (saved(installed)["pom.geo"], saved(installed)["pom.database.secured"]) == ("true", "true")
    again = installed.run("installDB.sh", answers=["1", "y", SAVE, EXIT])
    assert again.returncode == 0
    assert saved(installed)["hibernate.connection.url"].endswith(";integratedSecurity=true")


@pytest.mark.parametrize(("option", "url"), [("1", "jdbc:oracle:thin:@ora:1521:POM"), ("2", "jdbc:oracle:thin:@//ora:1521/POM")])
def test_oracle_by_sid_or_service_name(installed: Host, option: str, url: str) -> None:
    (installed.home / "lib/jdbc").mkdir(exist_ok=True)
    (installed.home / "lib/jdbc/ojdbc8.jar").touch()
    answers = ["3", "y", "4", "Oracle", "ora", "", option, "POM", "pom", "x", "n", SAVE, EXIT]
    result = installed.run("installDB.sh", answers=answers)
    assert "1. SID\n2. Service Name\nEnter an option (1/2):" in result.stdout
    assert saved(installed)["hibernate.connection.url"] == url
    assert "mode=None" in installed.read(f"{HOME}/config/mode.properties")
    installed.configure("[database]\noutcome = privileges\n")
    assert (
        "FAILURE\nUser does not have sufficient privileges: pom"
        in installed.run("installDB.sh", answers=["3", "y", TEST, EXIT]).stdout
    )


def test_the_other_wording(installed: Host, postgres: Server) -> None:
    installed.configure("[installDB.sh]\nwording = geo\n")
    values = ["Postgres", "n", "127.0.0.1", str(postgres.port), "pomdb", "pom", PASSWORD, "N"]
    result = installed.run("installDB.sh", answers=["1", *values, TEST, SAVE, EXIT])
    position = 0
    for line in (
        "Please select Contact Center Configuration mode from following options:",
        "Please enter the database configuration",
        "Do you want to enable the POM Geo configuration? Please select (y/n) :",
        "FQDN of MSSQL Domain Controller",
        "Database Port",
        "Database Name",
        "User",
        "Password",
        "Does Database require secured connection (Y/N)",
        "SUCCESS",
    ):
        position = result.stdout.index(line, position)
    assert "Do you like to continue" not in result.stdout
    assert saved(installed)["hibernate.connection.username"] == "pom"


def test_the_reports_database_is_tested_and_saved_in_the_database(installed: Host, postgres: Server) -> None:
    installed.run("installDB.sh", answers=[*BEGIN, *settings(postgres.port), CREATE, "y", SAVE, EXIT])
    postgres.sql("DROP DATABASE IF EXISTS reports WITH (FORCE)")
    postgres.sql("CREATE DATABASE reports OWNER pom")
    failed = installed.run("installDB.sh", answers=["1", "y", "5", *settings(postgres.port, name="nowhere"), EXIT])
    assert "FAILURE\nName of database does not exist: nowhere" in failed.stdout
    result = installed.run("installDB.sh", answers=["1", "y", "5", *settings(postgres.port, name="reports"), "y", EXIT])
    assert "SUCCESS" in result.stdout
    assert "Do you want to save the values in Database (y/n)?" in result.stdout
    kept = postgres.sql("SELECT value FROM pim_config WHERE name = 'reports.url'", "pomdb")
    assert kept == f"jdbc:postgresql://127.0.0.1:{postgres.port}/reports"
    assert installed.calls[-1] == "restart vpms"


def test_vpms_that_does_not_start_after_saving_is_told(installed: Host, postgres: Server) -> None:
    (installed.programs / "units.broken").write_text("vpms\n", encoding="utf-8")
    result = installed.run("installDB.sh", answers=[*BEGIN, *settings(postgres.port), SAVE, EXIT])
    assert "FAILURE\nvpms could not be restarted." in result.stdout


def test_kafka_of_the_primary_becomes_one_of_a_cluster(installed: Host, postgres: Server) -> None:
    installed.run("installDB.sh", answers=[*BEGIN, *settings(postgres.port), CREATE, "y", SAVE, EXIT])
    postgres.sql(
        "INSERT INTO pim_server (server_name, server_address, server_kind) VALUES "
        "('epm1', '192.0.2.1', 'primary'), ('epm2', '192.0.2.2', 'auxiliary')",
        "pomdb",
    )
    result = installed.run("enabledKafkaHA.sh", answers=["kafka3.example", "", "y"])
    assert result.returncode == 0, result.stdout
    assert result.stdout.endswith("Kafka HA is enabled successfully.\n")
    broker = dict(
        line.partition("=")[::2]
        for line in installed.read(f"{HOME}/kafka_server/config/server.properties").splitlines()
        if "=" in line
    )
    own = subprocess.run(["hostname"], capture_output=True, text=True, check=True).stdout.strip()
    assert broker["zookeeper.connect"] == f"{own}:2182,epm2:2182,kafka3.example:2182"
    assert broker["listeners"] == f"SSL://{own}:9093"
    assert broker["ssl.truststore.location"] == f"{HOME}/config/pomTrustStore"
    assert broker["vendor.tuning "] == " kept\\"
    zookeeper = installed.read(f"{HOME}/kafka_server/config/zookeeper.properties")
    assert "server.3=kafka3.example:2888:3888" in zookeeper
    assert "secureClientPort=2182" in zookeeper
    assert installed.read(f"{HOME}/kafka_server/kafka-store/zookeeper/myid") == "1\n"


@pytest.mark.parametrize(
    ("configuration", "answers", "words"),
    [
        ("", ["kafka3", "x"], "Invalid port number: x"),
        ("", ["", "kafka3", "", "n"], "Do you want to continue? (y/n)"),
        ("[enabledKafkaHA.sh]\noutcome = failure\n", ["kafka3", "", "y"], "Kafka HA could not be enabled."),
    ],
)
def test_kafka_stays_as_it_is_otherwise(installed: Host, configuration: str, answers: list[str], words: str) -> None:
    installed.configure(configuration)
    before = installed.read(f"{HOME}/kafka_server/config/server.properties")
    result = installed.run("enabledKafkaHA.sh", answers=answers)
    assert result.returncode == 1
    assert words in result.stdout
    assert installed.read(f"{HOME}/kafka_server/config/server.properties") == before
