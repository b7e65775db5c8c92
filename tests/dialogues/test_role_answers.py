"""What the role pom_server hands over is what the dialogues ask for: no answer is missing, and none is unknown."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import dialogues, pom_answers

DATABASE: dict[str, Any] = {
    "host": "db1.example", "port": 5432, "name": "pomdb", "user": "pom", "secured": True, "geo": False,
    "oracle_connect": "service_name", "mssql_authentication": "windows",
}  # fmt: skip
ENGINES = [
    {**DATABASE, "engine": "postgres", "type": "Postgres"},
    {**DATABASE, "engine": "oracle", "type": "Oracle"},
    {**DATABASE, "engine": "mssql", "type": "MSSQL"},
    {**DATABASE, "engine": "mssql", "type": "MSSQL", "geo": True},
]


def steps(name: str, answers: dict[str, Any], *secrets: str) -> list[str]:
    return [step["id"] for step in dialogues.resolve(name, dialogues.load(name), answers, secrets)["steps"]]


@pytest.mark.parametrize("kind", ["primary", "auxiliary"])
@pytest.mark.parametrize("certificate", ["", "/etc/dialtone/tls/pom.p12"])
def test_the_installer(kind: str, certificate: str) -> None:
    answers = pom_answers.install_answers(kind, "/opt/Avaya/avpom", ["pomserver"], "192.0.2.1:80", certificate)

    asked = steps(f"installPOM_{kind}", answers, "certificate_password")

    assert ("certificate_password" in asked) == bool(certificate)
    assert "packages_without_applications" in asked


@pytest.mark.parametrize("database", ENGINES)
@pytest.mark.parametrize("create", [True, False])
def test_the_database(database: dict[str, Any], create: bool) -> None:
    asked = steps("installDB", pom_answers.database_answers(database, "CCElite", create), "database_password")

    assert ("create_schema" in asked) == create
    assert "exit" in asked


@pytest.mark.parametrize("create", [True, False])
def test_the_database_in_the_wording_of_geo(create: bool) -> None:
    asked = steps("installDB_geo", pom_answers.database_answers(ENGINES[-1], "CCElite", create), "database_password")

    assert ("create_schema" in asked) == create
    assert "geo_yes" in asked


@pytest.mark.parametrize("database", ENGINES)
def test_the_database_of_the_reports(database: dict[str, Any]) -> None:
    asked = steps("installDB_reports", pom_answers.reports_answers(database, "CCElite"), "database_password")

    assert asked[-2:] == ["save", "exit"]
