"""The dialogues of installDB.sh, driven against its stand-in: engines, wordings, reasons why a database cannot be used."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.troubleshooting import explain
from tests.standins import conftest as standins
from tests.standins import postgresql

pytestmark = pytest.mark.slow
pom_media, installed_once, installed = standins.pom_media, standins.installed_once, standins.installed
Host = standins.Host
Run = Callable[..., Any]

MSSQL: dict[str, Any] = {
    "mode": "CCElite",
    "database_type": "MSSQL",
    "geo": False,
    "database_host": "db1.example",
    "database_port": "1433",
    "mssql_authentication": "Windows",
    "oracle_connect": "Service Name",
    "database_name": "pomdb",
    "database_user": "pom",
    "secured": True,
    "create_schema": False,
    "save": False,
}
SETTINGS = ["mode", "continue", "settings", "database_type"]
LOGIN = ["database_name", "database_user", "database_password"]


@pytest.fixture
def pom(installed: Host) -> Host:
    """A server with POM, and with the drivers of the engines that the lab does not have: what they answer is configured."""
    drivers = installed.home / "lib/jdbc"
    drivers.mkdir(parents=True, exist_ok=True)
    for name in ("mssql-jdbc-10.2.0.jre8.jar", "ojdbc8.jar"):
        (drivers / name).touch()
    return installed


@pytest.fixture(scope="module")
def server() -> Iterator[postgresql.Server]:
    if not postgresql.available():
        pytest.skip("this machine has no PostgreSQL server to run")
    with tempfile.TemporaryDirectory(prefix="pg-") as directory:
        running = postgresql.Server(Path(directory))
        running.start()
        running.sql(f"CREATE DATABASE {postgresql.DATABASE}")
        yield running
        running.stop()


@pytest.fixture
def install_db(pom: Host, run_dialogue: Run) -> Run:
    def run(name: str = "installDB", asked: tuple[str, ...] = tuple(MSSQL), **changes: Any) -> Any:
        options = {key: changes.pop(key) for key in ("overlay", "limits") if key in changes}
        answers = {key: value for key, value in {**MSSQL, **changes}.items() if key in asked}
        secrets = {"database_password": postgresql.PASSWORD}
        argv = [str(pom.home / "bin/installDB.sh")]
        return run_dialogue(name, argv, answers, secrets, environment=pom.environment, **options)

    return run


def connection(pom: Host) -> str:
    path = pom.home / "config/PIMHibernate.cfg.xml"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def test_only_the_connection_is_tested(pom: Host, install_db: Run) -> None:
    outcome = install_db()

    assert (outcome.name, outcome.reason) == ("succeeded", "")
    assert outcome.answered == [
        *SETTINGS, "geo_no", "database_host", "database_port", "mssql_authentication", *LOGIN, "secured_yes", "test",
        "exit_after_test",
    ]  # fmt: skip
    assert connection(pom) == ""
    assert explain(outcome.transcript) == []


def test_a_schema_that_exists_is_connected_and_not_created(pom: Host, install_db: Run) -> None:
    pom.configure("[database]\nschema_exists = yes\n")

    outcome = install_db(save=True)

    assert (outcome.name, outcome.reason) == ("succeeded", "")
    assert outcome.answered[-3:] == ["test", "save_without_schema", "exit"]
    assert "jdbc:sqlserver://db1.example:1433;databaseName=pomdb;integratedSecurity=true" in connection(pom)


def test_the_schema_is_created_and_the_configuration_saved(pom: Host, server: postgresql.Server, install_db: Run) -> None:
    pom.configure("[installDB.sh]\nsave_asks = yes\n")
    where = {"database_host": "127.0.0.1", "database_port": str(server.port), "database_user": postgresql.USER, "secured": False}

    outcome = install_db(database_type="Postgres", **where, create_schema=True, save=True)

    assert (outcome.name, outcome.reason) == ("succeeded", "")
    assert outcome.answered == [
        *SETTINGS, "database_host", "database_port", *LOGIN, "secured_no", "test", "create_schema", "create_schema_save_values",
        "save", "save_values", "exit",
    ]  # fmt: skip
    assert server.sql("SELECT count(*) FROM pim_server", postgresql.DATABASE) == "0"
    assert f"jdbc:postgresql://127.0.0.1:{server.port}/pomdb" in connection(pom)
    kept = [path.read_bytes() for path in outcome.directory.rglob("*") if path.is_file()]
    assert kept
    assert not [content for content in kept if postgresql.PASSWORD.encode() in content]


def test_a_creation_that_fails_is_left_by_the_menu(pom: Host, install_db: Run) -> None:
    """A schema that exists is never created again: had the role been wrong about it, nothing more is answered."""
    pom.configure("[database]\nschema_exists = yes\n")

    outcome = install_db(create_schema=True, save=True)

    assert outcome.name == "failed"
    assert outcome.answered[-1] == "create_schema_save_values"
    assert "already exists" in outcome.transcript
    assert outcome.state["exit_code"] == 0


@pytest.mark.parametrize(("connect", "url"), [("SID", "@db1.example:1521:pomdb"), ("Service Name", "@//db1.example:1521/pomdb")])
def test_oracle_is_asked_for_sid_or_service_name(pom: Host, install_db: Run, connect: str, url: str) -> None:
    outcome = install_db(database_type="Oracle", database_port="1521", oracle_connect=connect, save=True)

    assert outcome.name == "succeeded"
    assert "oracle_connect" in outcome.answered
    assert url in connection(pom)


@pytest.mark.parametrize("mode", ["AACC", "AACC-SBP", "CCaaS-Outbound"])
def test_a_mode_is_found_by_its_name(pom: Host, install_db: Run, mode: str) -> None:
    install_db(mode=mode, save=True)

    assert f"mode={mode}\n" in (pom.home / "config/mode.properties").read_text(encoding="utf-8")


GEO = tuple(key for key in MSSQL if key != "oracle_connect")


@pytest.mark.parametrize(("name", "wording", "asked"), [("installDB", "main", tuple(MSSQL)), ("installDB_geo", "geo", GEO)])
def test_both_wordings_enable_geo(pom: Host, install_db: Run, name: str, wording: str, asked: tuple[str, ...]) -> None:
    pom.configure(f"[installDB.sh]\nwording = {wording}\n")

    outcome = install_db(name, asked, geo=True, database_host="listener.example", save=True)

    assert (outcome.name, outcome.reason) == ("succeeded", "")
    assert "database_listener" in outcome.answered
    assert "jdbc:sqlserver://listener.example:1433" in connection(pom)
    assert '<property name="pom.geo">true</property>' in connection(pom)


@pytest.mark.parametrize(("name", "wording", "asked"), [("installDB", "geo", tuple(MSSQL)), ("installDB_geo", "main", GEO)])
def test_the_other_wording_is_left_before_anything_is_written(
    pom: Host, install_db: Run, name: str, wording: str, asked: tuple[str, ...]
) -> None:
    pom.configure(f"[installDB.sh]\nwording = {wording}\n")

    outcome = install_db(name, asked, geo=True, save=True, create_schema=True)

    assert outcome.name == "aborted"
    assert connection(pom) == ""


REASONS = {
    "no_database": "POM-TROUBLE-05",
    "no_connection": "POM-TROUBLE-06",
    "pg_hba": "POM-TROUBLE-07",
    "password": "POM-TROUBLE-08",
    "port": "POM-TROUBLE-09",
    "user": "POM-TROUBLE-11",
    "privileges": "POM-TROUBLE-12",
    "certificate": "POM-DB-14",
}


@pytest.mark.parametrize(("outcome", "trouble"), REASONS.items())
def test_a_database_that_cannot_be_used_is_explained(pom: Host, install_db: Run, outcome: str, trouble: str) -> None:
    pom.configure(f"[database]\noutcome = {outcome}\n")

    ended = install_db(save=True, create_schema=True)

    assert ended.name == "failed"
    assert ended.answered[-1] == "test"
    assert explain(ended.transcript)[0]["id"] == trouble
    assert ended.state["exit_code"] == 0
    assert connection(pom) == ""


@pytest.mark.parametrize(("kind", "driver", "trouble"), [("MSSQL", "mssql", "POM-DB-17"), ("Oracle", "ojdbc", "POM-DB-16")])
def test_a_missing_driver_is_named(pom: Host, install_db: Run, kind: str, driver: str, trouble: str) -> None:
    for jar in (pom.home / "lib/jdbc").glob(f"{driver}*"):
        jar.unlink()

    outcome = install_db(database_type=kind)

    assert outcome.name == "failed"
    assert [told["id"] for told in explain(outcome.transcript)] == [trouble]


def test_a_word_for_the_engine_that_is_not_taken(install_db: Run) -> None:
    outcome = install_db(database_type="postgres")

    assert outcome.name == "failed"
    assert [told["id"] for told in explain(outcome.transcript)] == ["POM-TROUBLE-10"]


REPORTS = tuple(key for key in MSSQL if key not in ("create_schema", "save"))


def test_a_reports_database_is_tested_and_saved(pom: Host, install_db: Run) -> None:
    install_db(save=True)

    outcome = install_db("installDB_reports", REPORTS, database_host="replica.example")

    assert (outcome.name, outcome.reason) == ("succeeded", "")
    assert [step for step in outcome.answered if step != "geo_no"] == [
        "mode", "continue", "reports", "database_type", "database_host", "database_port", "mssql_authentication", *LOGIN,
        "secured_yes", "save", "exit",
    ]  # fmt: skip


def test_a_reports_database_that_cannot_be_used_is_not_saved(pom: Host, install_db: Run) -> None:
    install_db(save=True)
    pom.configure("[database]\noutcome = user\n")

    outcome = install_db("installDB_reports", REPORTS)

    assert outcome.name == "failed"
    assert outcome.answered[-1] == "secured_yes"
    assert explain(outcome.transcript)[0]["id"] == "POM-TROUBLE-11"


def test_a_site_words_a_prompt_otherwise(pom: Host, install_db: Run) -> None:
    for file in pom.home.rglob("install_db.py"):
        text = file.read_text(encoding="utf-8")
        assert "Enter the database name:" in text
        file.write_text(text.replace("Enter the database name:", "SID please:"), encoding="utf-8")

    unknown = install_db()
    known = install_db(overlay={"steps": {"database_name": {"prompt": "SID please:"}}})

    assert unknown.name == "aborted"
    assert "SID please" in unknown.reason
    assert known.name == "succeeded"


def test_wrapped_output_changes_nothing(pom: Host, install_db: Run) -> None:
    pom.configure("[all]\nwrap = 60\n")

    outcome = install_db(save=True)

    assert (outcome.name, outcome.reason) == ("succeeded", "")
