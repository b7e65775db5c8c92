"""The console of the EPM's stand-in, driven as a browser would: pages, forms, cookies over TLS, with the real keytool."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import shutil
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.standins.conftest import HOME, Host
from tests.standins.epm import SERVERS, TRUSTED, Epm, Forms, message
from tests.standins.postgresql import free_port

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def epm(installed_once: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Epm]:
    """One server for all tests: each has names of its own, and puts back what it takes away."""
    directory = tmp_path_factory.mktemp("epm")
    host = Host(directory / "root", installed_once.media, directory / "programs")
    shutil.copytree(installed_once.root, host.root, symlinks=True)
    shutil.copytree(installed_once.programs, host.programs)
    found = Epm(host, "primary", "127.0.0.1", free_port())
    yield found
    found.stop()


@pytest.fixture
def person(epm: Epm) -> Epm:
    if not epm.cookie:
        epm.log_in()
    return epm


@contextmanager
def without(file: Path) -> Iterator[None]:
    away = file.with_name(f"{file.name}.away")
    file.rename(away)
    try:
        yield
    finally:
        away.rename(file)


def test_nobody_gets_further_than_the_login_without_the_password(epm):
    assert "<title>Login</title>" in epm.get(TRUSTED)
    status, page = epm.ask("POST", "/login", {"user": "epadmin", "password": "guess"})
    assert status == 401
    assert "Login failed" in message(page.decode(), "alert")
    assert "<title>Login</title>" in epm.get(TRUSTED)
    assert "<title>Home</title>" in epm.log_in()
    assert "<title>Trusted Certificates</title>" in epm.get(TRUSTED)
    epm.get("/logoff")
    assert "<title>Login</title>" in epm.get(TRUSTED)
    epm.cookie = ""


def test_the_login_has_labels_that_name_its_fields(epm):
    forms = Forms(epm.get("/login"))
    assert forms.labels == {"User Name": "user", "Password": "password"}
    assert forms.buttons == ["Logon"]


def test_stopped_vpms_means_no_web(person):
    with without(person.host.units / "vpms"):
        assert person.ask("GET", "/axis2")[0] == 503
        assert person.ask("GET", TRUSTED)[0] == 503
    assert person.ask("GET", "/axis2")[0] == 200


def test_the_menu_words_lead_to_every_page(person):
    links = Forms(person.get("/home")).links
    words = [
        "Proactive Outreach",
        "Manager",
        "Configurations",
        "Servers",
        "Outbound Settings",
        "EPM",
        "POM Manager",
        "Trusted Certificates",
        "Global Configurations",
        "System Configuration",
        "Applications",
        "MPP Servers",
        "Security",
        "Certificates",
        "Licensing",
        "User Management",
        "Organizations",
        "Users",
    ]
    assert set(words) <= set(links)
    assert all(person.ask("GET", links[word])[0] == 200 for word in words)
    assert person.get("/home").count(">User Management<") == 1


def test_without_the_plug_in_there_is_no_menu_of_pom(person):
    with without(person.host.root / "opt/Avaya/VoicePortal/plugins/pom/plugin.properties"):
        assert "Proactive Outreach" not in person.get("/home")
        assert person.ask("GET", TRUSTED)[0] == 404


def test_port_80_gives_the_certificate_of_pom_and_leads_a_person_to_tls(epm):
    def ask(path: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", epm.http_port)
        connection.request("GET", path)
        return connection.getresponse()

    assert ask("/pom_cert/pom.crt").read() == (epm.host.home / "web/pom_cert/pom.crt").read_bytes()
    assert ask("/home").getheader("Location") == "https://127.0.0.1/home"
    with without(epm.host.root / "etc/profile.d/pom.sh"):
        assert ask("/pom_cert/pom.crt").status == 303


def test_fetch_puts_what_the_epm_presents_into_the_trust_store(person):
    forms = Forms(person.get(f"{TRUSTED}/fetch"))
    assert forms.labels == {"Name": "name", "Location": "location"}
    assert "Continue" in forms.buttons
    page = person.post(f"{TRUSTED}/fetch", name="epm1", location=f"https://127.0.0.1:{person.port}")
    assert "epm1 was fetched" in message(page)
    fingerprint = hashlib.sha256(person.certificate()).hexdigest().upper()
    assert ":".join(re.findall("..", fingerprint)) in person.trusted()
    again = person.post(f"{TRUSTED}/fetch", name="epm1", location=f"https://127.0.0.1:{person.port}")
    assert message(again, "alert") == "A certificate with the name epm1 exists already."
    assert "epm1 was deleted" in message(person.post(TRUSTED, alias="epm1", delete="Delete"))
    assert "epm1" not in person.trusted()


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("http://127.0.0.1", "Location must be https://"),
        ("https://127.0.0.1:1", "could not be fetched"),
    ],
)
def test_what_cannot_be_fetched_is_said(person, location, words):
    assert words in message(person.post(f"{TRUSTED}/fetch", name="epm1", location=location), "alert")


@pytest.mark.parametrize("der", [True, False], ids=["der", "pem"])
def test_import_takes_a_certificate_from_a_file(person, der):
    name = "der" if der else "pem"
    content = person.certificate() if der else ssl.DER_cert_to_PEM_cert(person.certificate()).encode()
    body = (
        b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n' + name.encode() + b"\r\n"
        b'--x\r\nContent-Disposition: form-data; name="certificate"; filename="c.cer"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n" + content + b"\r\n--x--\r\n"
    )
    page = person.ask("POST", f"{TRUSTED}/import", body=body, kind="multipart/form-data; boundary=x")[1].decode()
    assert f"{name} was imported" in message(page)
    assert f"{name}, " in person.trusted()


def test_upload_puts_a_certificate_into_the_trust_store_of_experience_portal(person):
    pem = ssl.DER_cert_to_PEM_cert(person.certificate()).encode()
    body = (
        b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\npom\r\n'
        b'--x\r\nContent-Disposition: form-data; name="certificate"; filename="pom.pem"\r\n\r\n' + pem + b"\r\n--x--\r\n"
    )
    path = "/security/certificates/trusted/upload"
    shown = person.ask("POST", path, body=body, kind="multipart/form-data; boundary=x")[1].decode()
    values = Forms(shown).values
    assert "Save" in Forms(shown).buttons
    assert "pom was saved" in message(person.post(path, **values))
    kept = person.host.root / "opt/Avaya/VoicePortal/trustedcerts/pom.pem"
    assert kept.read_bytes().strip() == pem.strip()


def test_a_trusted_certificate_is_imported_from_the_server_that_presents_it_and_deleted_again(person):
    path = "/security/certificates/trusted"
    given = {"name": "app1", "location": f"https://127.0.0.1:{person.port}/axis2"}
    shown = Forms(person.post(f"{path}/import", **given))
    assert "Save" in shown.buttons
    assert "app1 was saved" in message(person.post(f"{path}/import", **shown.values))
    assert "exists already" in message(person.post(f"{path}/import", **given), "alert")
    assert "app1 was deleted" in message(person.post(path, row="app1", delete="Delete"))
    assert message(person.post(path, row="app1", delete="Delete"), "alert") == "Select a certificate."
    wrong = person.post(f"{path}/import", name="app1", location="https://127.0.0.1:1")
    assert "could not be fetched" in message(wrong, "alert")
    assert "https://" in message(person.post(f"{path}/import", name="app1", location="ftp://x"), "alert")


def registered(epm: Epm) -> list[dict[str, object]]:
    return json.loads((epm.host.root / "opt/Avaya/VoicePortal/data/applications.json").read_text())


APPLICATION = {"name": "Nailer", "type": "POM:Nailer", "direction": "Outbound", "url": "https://app1:7443/Nailer/ccxml/start.jsp"}


def test_an_application_is_added_changed_and_deleted(person):
    path = "/system/applications"
    form = Forms(person.get(f"{path}/edit"))
    labels = ("Name", "Zone", "Type", "Direction", "URL", "Alternate URL 1", "Enable TTS", "TTS", "Selected Voices")
    assert set(labels) <= set(form.labels)
    assert "Organization" not in form.labels
    assert "Nailer was saved" in message(person.post(f"{path}/edit", **APPLICATION))
    again = person.post(f"{path}/edit", **{**APPLICATION, "name": "nailer"})
    assert message(again, "alert") == "An application nailer exists already in the zone Default."
    change = Forms(person.get("/system/applications")).links["Nailer"]
    values = Forms(person.get(change)).values
    assert values["url"] == APPLICATION["url"]
    person.post(f"{path}/edit", **{**APPLICATION, "former": values["former"], "alternate1": "https://app2:7443/Nailer/ccxml/start.jsp"})
    assert [(entry["name"], entry["alternate_urls"]) for entry in registered(person)] == [
        ("Nailer", ["https://app2:7443/Nailer/ccxml/start.jsp"])
    ]
    assert "was deleted" in message(person.post(path, row=values["former"], delete="Delete"))
    assert registered(person) == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"url": "app1:7443/Nailer"}, "URL: http or https"),
        ({"alternate2": "/Nailer"}, "URL: http or https"),
        ({"name": "Nai ler"}, "Name: letters"),
        ({"speech_server": "speech1"}, "tick Enable TTS first"),
    ],
)
def test_an_application_that_cannot_be_is_refused(person, wrong, words):
    assert words in message(person.post("/system/applications/edit", **{**APPLICATION, **wrong}), "alert")


def test_what_another_program_has_registered_is_on_the_page_and_keeps_what_the_page_does_not_know(person):
    data = person.host.root / "opt/Avaya/VoicePortal/data"
    data.mkdir(exist_ok=True)
    (data / "applications.json").write_text('[{"name": "Survey", "url": "https://x/", "launched": 7}]')
    change = Forms(person.get("/system/applications")).links["Survey"]
    person.post("/system/applications/edit", **Forms(person.get(change)).values, type="SMS")
    assert registered(person)[0] | {"voice": ""} == registered(person)[0]
    assert (registered(person)[0]["launched"], registered(person)[0]["type"]) == (7, "SMS")
    (data / "applications.json").unlink()


def test_types_of_pom_are_offered_only_with_its_plug_in(person):
    assert "POM:Driver" in person.get("/system/applications/edit")
    with without(person.host.root / "opt/Avaya/VoicePortal/plugins/pom/plugin.properties"):
        assert "POM:Driver" not in person.get("/system/applications/edit")


def test_organizations_have_ids_and_bring_roles_of_their_own(person):
    assert "Org POM Supervisor" not in person.get("/users/list")
    page = person.post("/users/organizations/edit", name="CC")
    assert "<td>CC</td><td>1001</td>" in page
    assert "<td>Sales</td><td>1002</td>" in person.post("/users/organizations/edit", name="Sales")
    assert "exists already" in message(person.post("/users/organizations/edit", name="default"), "alert")
    assert "Org POM Supervisor" in person.get("/users/list")
    assert "Organization" in Forms(person.get("/system/applications/edit")).labels
    assert "beside the default one" in message(person.post("/users/organizations", row="Default", delete="Delete"), "alert")
    for name in ("CC", "Sales"):
        assert "was deleted" in message(person.post("/users/organizations", row=name, delete="Delete"))


def test_mpp_servers_and_licences_are_kept(person):
    person.post("/system/mpp-servers/edit", name="mpp1", address="192.0.2.41", restart="No")
    change = Forms(person.get("/system/mpp-servers")).links["mpp1"]
    assert {"Host Address", "Restart Automatically"} <= set(Forms(person.get(change)).labels)
    page = person.post("/system/mpp-servers/edit", name="mpp1", address="192.0.2.42", restart="Yes")
    assert "<td>192.0.2.42</td><td>Yes</td>" in page
    assert "Select an MPP server" in message(person.post("/system/mpp-servers", delete="Delete"), "alert")
    assert "was deleted" in message(person.post("/system/mpp-servers", row="mpp1", delete="Delete"))
    words = {"server": "weblm1.example.com:8443", "telephony_ports": "25", "asr": "", "tts": "2"}
    assert "saved" in message(person.post("/security/licensing", **words))
    assert 'value="weblm1.example.com:8443"' in person.get("/security/licensing")
    assert "whole numbers" in message(person.post("/security/licensing", **{**words, "tts": "two"}), "alert")
    assert "host name or IP address" in message(person.post("/security/licensing", **{**words, "server": "https://x"}), "alert")


def test_the_home_page_tells_of_manual_mode_once_pom_is_converted(person):
    words = "The system is converted to manual mode."
    mode = person.host.home / "config/mode.properties"
    before = mode.read_text() if mode.exists() else None
    assert words not in person.get("/home")
    mode.write_text("mode=CCElite\nmanual=yes\n")
    assert words in person.get("/home")
    mode.unlink()
    if before is not None:
        mode.write_text(before)


def test_a_server_is_not_added_while_no_database_is_configured(person):
    assert "Configure it with installDB.sh first" in message(person.get(f"{SERVERS}/add"), "alert")


def test_outcall_user_and_home_country_are_kept(person):
    assert "Enter user name and password" in message(person.post(f"{SERVERS}/outbound/epm", user="outcall", password=""), "alert")
    page = person.post(f"{SERVERS}/outbound/epm", user="outcall", password="s3cret words")
    assert "saved" in message(page)
    assert "s3cret" not in page
    assert "s3cret" not in (person.host.home / "config/console.properties").read_text()
    forms = Forms(person.get("/pom/manager/configurations/global"))
    assert "Home country" in forms.labels
    assert "Apply" in forms.buttons
    page = person.post("/pom/manager/configurations/global", country="Switzerland")
    assert "<option selected>Switzerland</option>" in page


def test_users_get_pom_roles_while_pom_runs(person):
    forms = Forms(person.get("/users/list"))
    assert {"Name", "POM Administration", "POM Campaign Manager", "POM Supervisor"} == set(forms.labels)
    words = {"name": "eva", "pom_supervisor": "yes"}
    assert "POM must be running" in message(person.post("/users/list", **words), "alert")
    (person.host.units / "cmpmgr").touch()
    page = person.post("/users/list", **words)
    (person.host.units / "cmpmgr").unlink()
    assert "<td>eva</td><td>POM Supervisor</td>" in page


def test_the_channel_between_servers_wants_their_token(epm):
    assert epm.ask("POST", "/channel/pom/states", body=b"{}")[0] == 403


def test_a_silent_client_holds_up_nobody(epm):
    with socket.create_connection((epm.address, epm.port)):
        assert epm.ask("GET", "/axis2")[0] == 200


def test_the_home_of_pom_is_found_where_the_installer_says(epm):
    assert (epm.host.root / "etc/profile.d/pom.sh").read_text().strip().endswith(HOME)
    assert Path(epm.host.home / "lib/standin_pom/services/web.py").exists()
