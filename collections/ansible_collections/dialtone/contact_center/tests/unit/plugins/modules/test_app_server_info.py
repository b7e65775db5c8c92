# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module as a whole, on a tree that looks like Tomcat's."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils import app_server
from ansible_collections.dialtone.contact_center.plugins.modules import app_server_info
from ansible_collections.dialtone.contact_center.tests.unit.plugins.module_utils.test_java_keystore import store

PASSWORD = "keystore-canary"
SERVER_XML = "<Server><Service><Engine/></Service></Server>"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "tomcat"
    for directory in ("conf", "lib", "webapps/Nailer", "bin"):
        (home / directory).mkdir(parents=True)
    (home / "conf/server.xml").write_text(SERVER_XML)
    with zipfile.ZipFile(home / "lib/catalina.jar", "w") as jar:
        jar.writestr(app_server_info.SERVER_INFO, "server.info=Apache Tomcat/8.5.100\nserver.number=8.5.100.0\n")
    java = tmp_path / "java/bin/java"
    java.parent.mkdir(parents=True)
    java.write_text("#!/bin/sh\necho 'openjdk version \"1.8.0_392\"' >&2\n")
    java.chmod(0o755)
    return home


@pytest.fixture
def look(run_module: Any, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(app_server_info.Observer, "environment", lambda self: dict.fromkeys(app_server_info.WORDS, ""))

    def run(**options: Any) -> dict[str, Any]:
        arguments = {
            "home": str(home),
            "archive": True,
            "java_home": str(tmp_path / "java"),
            "source": "DDapps of epm1",
            "supplied": {"webapps/Nailer.war": hashlib.sha256(b"war").hexdigest()},
            "keystore": str(home / "conf/myTrustStore"),
            "keystore_password": PASSWORD,
            "identity_directory": str(tmp_path / "tls"),
            **options,
        }
        return run_module(app_server_info, arguments)

    return run


def test_what_is_there_is_told_and_what_is_left_to_do(look: Any, home: Path) -> None:
    found = look()
    assert (found["tomcat_version"], found["java_version"]) == ("8.5.100", "1.8.0_392")
    assert found["due"] == ["applications", "keystore", "restart"]
    assert found["copied"] == ["webapps/Nailer.war"]
    assert found["unpacked_anew"] == ["webapps/Nailer"]
    assert found["owner"] == (home / "conf").owner()
    (home / "webapps/Nailer.war").write_bytes(b"war")
    assert look()["due"] == ["keystore", "restart"]


def test_what_the_role_keeps_is_planned_without_its_secret(look: Any, home: Path) -> None:
    connector = {"path": str(home / "conf/server.xml"), "attributes": {"port": "7443", "keystorePass": PASSWORD}}
    found = look(state={"connector": [connector]})
    assert found["changes"] == [
        {"kind": "connector", "path": str(home / "conf/server.xml"), "reasons": ["the connector on 7443 changes"]}
    ]
    assert PASSWORD not in str(found)


def test_a_store_of_another_password_is_refused_and_named(look: Any, home: Path) -> None:
    (home / "conf/myTrustStore").write_bytes(store("another", {}, {"dummy": b"x"}))
    failure = look()
    assert failure["failed"]
    assert "Nothing is changed" in failure["msg"]
    assert "app_server_keystore_password" in failure["msg"]
    assert look(refuse=False)["refusals"]


def test_a_certificate_that_is_due_is_foretold(look: Any, home: Path, tmp_path: Path) -> None:
    (home / "conf/myTrustStore").write_bytes(store(PASSWORD, {}, {"dummy": b"x"}))
    (tmp_path / "tls").mkdir()
    for name in ("node.crt", "ca.crt"):
        (tmp_path / "tls" / name).touch()
    keystore = next(action for action in look(certificate_due=True)["actions"] if action["name"] == "keystore")
    assert keystore["reasons"] == ["the host gets another certificate"]


def test_without_tomcat_only_accounts_are_looked_at(look: Any, home: Path, tmp_path: Path) -> None:
    state = {"connector": [{"path": str(tmp_path / "none/conf/server.xml"), "attributes": {"port": "1"}}]}
    found = look(home=str(tmp_path / "none"), keystore=str(tmp_path / "none/conf/myTrustStore"), state=state)
    assert found["tomcat_version"] == ""
    assert found["due"][0] == "install"
    (home / "lib/catalina.jar").unlink()
    assert "holds no Tomcat" in look()["msg"]


def test_a_damaged_library_is_no_reason_to_guess(look: Any, home: Path) -> None:
    (home / "lib/catalina.jar").write_bytes(b"half a jar")
    assert "does not tell Tomcat's version" in look()["msg"]


@pytest.fixture
def observer(tmp_path: Path) -> app_server_info.Observer:
    said = "APPSERVER_HOME=/opt/t\nCATALINA_HOME=\nVP_HOME=/opt/ep\n"
    return app_server_info.Observer(lambda argv: (0, f"Welcome to this host\n{said}", ""), {"home": "/opt/t"}, str(tmp_path))


def test_the_environment_is_that_of_a_login_shell(observer: app_server_info.Observer) -> None:
    assert observer.environment() == {"APPSERVER_HOME": "/opt/t", "CATALINA_HOME": "", "VP_HOME": "/opt/ep"}


def test_the_unit_comes_from_the_vendors_template(observer: app_server_info.Observer, tmp_path: Path) -> None:
    environment = observer.environment()
    assert "VP_HOME is /opt/ep, which is no directory" in observer.unit(environment)[1]
    template = tmp_path / "opt/ep" / app_server_info.UNIT_TEMPLATE
    template.parent.mkdir(parents=True)
    assert "is missing" in observer.unit(environment)[1]
    template.write_text("ExecStart=%%APPSERVER_HOME%%/bin/catalina.sh run\n")
    assert observer.unit(environment) == ("ExecStart=/opt/t/bin/catalina.sh run\n", "")


def test_a_unit_that_is_the_template_itself_is_found(observer: app_server_info.Observer, tmp_path: Path) -> None:
    unit = tmp_path / "etc/systemd/system/appserver.service"
    unit.parent.mkdir(parents=True)
    assert observer.unrendered_unit("appserver") == ""
    unit.write_text("ExecStart=%%APPSERVER_HOME%%/bin/catalina.sh run\n", encoding="utf-8")
    assert "still holds %%APPSERVER_HOME" in observer.unrendered_unit("appserver")
    unit.write_text("ExecStart=/opt/t/bin/catalina.sh run\n", encoding="utf-8")
    assert observer.unrendered_unit("appserver") == ""


@pytest.mark.parametrize("content", [None, "", "no JSON", "[]", '{"words": 1}'])
def test_a_record_that_cannot_be_read_is_none(observer: app_server_info.Observer, tmp_path: Path, content: str | None) -> None:
    path = tmp_path / f"var/lib/dialtone/pom/{app_server.MARKER}.json"
    if content is not None:
        path.parent.mkdir(parents=True)
        path.write_text(content)
    assert observer.registered() == {}
