"""The applications of the POM media, and the application server that Experience Portal's stand-in brings."""

from __future__ import annotations

import subprocess
import tarfile
import zipfile
from pathlib import Path

import yaml

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.applications import DELIVERED
from lab.artifacts import tomcat
from lab.standins import applications, lay
from lab.state import REPOSITORY
from tests.standins.conftest import Host
from tests.standins.test_ep_lay import PORTAL

SUPPORT = f"{lay.APP_SERVER}/InstallAppServer.sh"


def test_every_delivered_application_has_its_page(tmp_path: Path) -> None:
    applications.stage(tmp_path)
    for delivered in DELIVERED:
        context, _slash, page = delivered.path.strip("/").partition("/")
        with zipfile.ZipFile(tmp_path / f"{context}.war") as war:
            assert page in war.namelist()
            assert f"<url-pattern>/{page}</url-pattern>" in war.read("WEB-INF/web.xml").decode()
    assert {path.stem for path in tmp_path.glob("*.war")} == {delivered.name for delivered in DELIVERED}


def test_the_same_applications_have_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        applications.stage(tmp_path / name)
    first, second = ({path.name: path.read_bytes() for path in (tmp_path / name).rglob("*.?ar")} for name in ("one", "two"))
    assert first == second
    assert first.keys() > set(applications.LIBRARIES)


def laid(host: Host, tmp_path: Path) -> None:
    archive = tmp_path / "tomcat.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        for name in ("conf/server.xml", "bin/catalina.sh"):
            file = tmp_path / Path(name).name
            file.write_text(name, encoding="utf-8")
            packed.add(file, f"apache-tomcat-8.5.100/{name}")
    lay.lay_ep(host.root, PORTAL, archive)


def install(host: Host) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", host.root / SUPPORT], env=host.environment, capture_output=True, text=True, check=False)


def test_the_program_installs_tomcat_once(host: Host, tmp_path: Path) -> None:
    laid(host, tmp_path)
    assert install(host).returncode == 0
    assert (host.root / "opt/AppServer/Tomcat/tomcat/conf/server.xml").read_text() == "conf/server.xml"
    assert "APPSERVER_HOME=/opt/AppServer/Tomcat/tomcat" in (host.root / "etc/profile.d/appserver.sh").read_text()
    again = install(host)
    assert again.returncode == 1
    assert "installed in" in again.stderr


def test_an_archive_that_is_missing_is_no_installation(host: Host) -> None:
    lay.lay_ep(host.root, PORTAL)
    assert install(host).returncode != 0
    assert "successfully" not in install(host).stdout


def test_the_labs_site_takes_the_tomcat_that_is_pinned() -> None:
    words = yaml.safe_load((REPOSITORY / "inventories/lab/group_vars/app_server.yml").read_text(encoding="utf-8"))
    pin = tomcat.read_lock()
    assert words["app_server_archive_sha256"] == pin.sha256
    assert words["app_server_archive"].endswith(f"/{pin.path}")
    assert words["app_server_install_program"] == f"/{SUPPORT}"
