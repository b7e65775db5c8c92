# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import dialogues
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.pom_answers import (
    certificate_files,
    database_answers,
    driver,
    install_answers,
    reports_answers,
    silent_options,
    trusted_contents,
)

PATH, PRIMARY = "/opt/Avaya/avpom", "192.0.2.11:80"
DATABASE = {
    "engine": "postgres",
    "type": "Postgres",
    "host": "db1.dc1.example",
    "port": 5432,
    "name": "pomdb",
    "user": "pom",
    "secured": True,
    "geo": False,
    "oracle_connect": "service_name",
    "mssql_authentication": "windows",
}
SECRETS = ("certificate_password", "database_password")
ENGINES = [
    pytest.param({"engine": "postgres", "type": "Postgres"}, id="postgres"),
    pytest.param({"engine": "oracle", "type": "Oracle"}, id="oracle"),
    pytest.param({"engine": "mssql", "type": "MSSQL"}, id="mssql"),
    pytest.param({"engine": "mssql", "type": "MSSQL", "geo": True}, id="mssql geo"),
]


def steps(name, answers):
    """The steps of the dialogue with these answers; refused where one is missing or unknown."""
    return {step["id"]: step["answer"] for step in dialogues.resolve(name, dialogues.load(name, {}), answers, SECRETS)["steps"]}


@pytest.mark.parametrize("kind", ["primary", "auxiliary"])
@pytest.mark.parametrize("packages", [["pomserver"], ["pomserver", "ddapps"]])
@pytest.mark.parametrize("certificate", ["", "/etc/dialtone/tls/pom.p12"])
def test_the_installer_s_dialogue_takes_the_answers(kind, packages, certificate):
    found = steps(f"installPOM_{kind}", install_answers(kind, PATH, packages, PRIMARY, certificate))
    assert found["path"] == {"text": PATH}
    assert ("certificate_create" in found, "certificate_path" in found) == (not certificate, bool(certificate))
    assert ("packages_without_applications" in found) == ("ddapps" not in packages)
    assert ("primary_address" in found) == (kind == "auxiliary")


def test_the_primary_is_named_in_one_answer_or_in_two():
    answers = install_answers("auxiliary", PATH, [], PRIMARY, "")
    assert (answers["primary"], answers["primary_address"], answers["primary_port"]) == (PRIMARY, "192.0.2.11", "80")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("create", [True, False])
def test_the_database_s_dialogue_takes_the_answers(engine, create):
    found = steps("installDB", database_answers({**DATABASE, **engine}, "AACC-SBP", create))
    assert ("create_schema" in found, "save_without_schema" in found) == (create, not create)
    assert found["database_port"] == {"text": "5432"}
    assert ("mssql_authentication" in found) == (engine["engine"] == "mssql")
    assert ("oracle_connect" in found) == (engine["engine"] == "oracle")


@pytest.mark.parametrize("engine", ENGINES)
def test_the_dialogue_of_the_reports_takes_the_answers(engine):
    assert steps("installDB_reports", reports_answers({**DATABASE, **engine}, "CCElite"))["database_name"] == {"text": "pomdb"}


def test_the_silent_options_of_a_primary():
    assert silent_options("primary", PATH, ["vpmsplugin", "pomserver", "ddapps"], PRIMARY, "/p12", "secret") == (
        "install_dir_path=/opt/Avaya/avpom\ninstall_type=primary\n"
        "pack=vpmsplugin\npack=pomserver\npack=ddapps\ncert_path=/p12\ncert_password=secret\n"
    )


def test_the_silent_options_of_an_auxiliary_that_makes_its_certificate():
    assert silent_options("auxiliary", PATH, ["pomserver"], PRIMARY, "", "secret") == (
        "install_dir_path=/opt/Avaya/avpom\ninstall_type=aux\npack=pomserver\nprimary_ip_port=192.0.2.11:80\n"
    )


@pytest.mark.parametrize("password", ["two\nlines", " leading", "trailing "])
def test_what_the_file_of_options_cannot_carry_is_refused_without_showing_it(password):
    with pytest.raises(ValueError, match="cert_password holds") as refused:
        silent_options("primary", PATH, [], PRIMARY, "/p12", password)
    assert password not in str(refused.value)


TRUSTED = [{"alias": "pom_database", "path": "files/db.pem"}, {"alias": "aes", "path": "files/aes.der"}]


def test_certificates_by_content_and_as_files_are_the_same():
    read = [{"item": TRUSTED[0], "content": "AA=="}, {"item": TRUSTED[1], "content": "AQ=="}]
    contents = trusted_contents(TRUSTED, "/tls/ca.crt", read)
    files = certificate_files(TRUSTED, "/tls/ca.crt", "/var/c")
    assert [one["alias"] for one in contents] == [one["alias"] for one in files] == ["dialtone-ca", "pom_database", "aes"]
    assert [one["file"] for one in files] == ["/tls/ca.crt", "/var/c/pom_database.pem", "/var/c/aes.der"]
    assert [one.get("content") for one in contents] == [None, "AA==", "AQ=="]


def test_a_certificate_that_nobody_read_has_no_content():
    assert trusted_contents(TRUSTED[:1], "/ca", [])[1] == {"alias": "pom_database", "content": ""}


@pytest.mark.parametrize(
    ("path", "name"), [("d/ojdbc8.jar", "ojdbc8.jar"), ("mssql-jdbc-10.2.0.jre8.zip", "mssql-jdbc-10.2.0.jre8.jar")]
)
def test_a_jar_that_a_browser_renamed_gets_its_name_back(path, name):
    found = driver({"engine": "oracle", "path": path, "sha256": "AB"})
    assert (found["name"], found["sha256"], found["path"]) == (name, "ab", path)
