# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import base64
import json

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils import host_state, pom_server, pom_services
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_observer import Observer
from ansible_collections.dialtone.contact_center.plugins.modules import pom_server_info
from ansible_collections.dialtone.contact_center.tests.unit.plugins.module_utils.test_java_keystore import store
from ansible_collections.dialtone.contact_center.tests.unit.plugins.module_utils.test_pom_observer import (
    ALL_UNITS,
    HOME,
    FakeHost,
    install,
)

CA = b"\x30authority"
OPTIONS = {
    "home": HOME,
    "kind": "auxiliary",
    "keystore_password": "canary-one",
    "truststore_password": "canary-two",
    "trusted": [{"alias": "dialtone-ca", "content": base64.b64encode(CA).decode()}],
    "expected_services": pom_services.expected_services(2),
    "database": {"engine": "postgres", "host": "db1", "port": 5432, "name": "p", "user": "u", "secured": True},
    "database_password": "canary-three",
}


@pytest.fixture
def host(tmp_path, monkeypatch):
    """The module looks at a host below a temporary directory."""
    fake = FakeHost(tmp_path / "root")
    fake.root.mkdir()
    monkeypatch.setattr(pom_server_info, "Observer", lambda _run, layout: Observer(fake.run, layout, str(fake.root)))
    monkeypatch.setattr(host_state, "Host", lambda run: _Host(run=fake.run, root=str(fake.root)))
    return fake


_Host = host_state.Host


@pytest.fixture
def look(run_module, host):
    def run(**options):
        return run_module(pom_server_info, {**OPTIONS, **options})

    return run


def test_a_bare_epm(host, look):
    host.units = {"vpms": "active"}
    host.write("/opt/Avaya/VoicePortal/version")
    found = look()
    assert (found["changed"], found["installation"]["state"]) == (False, "absent")
    assert found["due"] == ["install", "reboot", "trust", "service"]


def test_before_an_installation_the_schema_is_asked_of_the_database_or_of_a_person(host, look, monkeypatch):
    host.units = {"vpms": "active"}
    host.write("/opt/Avaya/VoicePortal/version")
    monkeypatch.setattr(Observer, "schema", lambda *_arguments: ("present", ""))
    assert look(kind="primary")["create_schema"] is False
    monkeypatch.setattr(Observer, "schema", lambda *_arguments: ("unknown", "psql is not on this host"))
    assert "psql is not on this host" in look(kind="primary")["msg"]
    assert look(kind="primary", schema_exists="no")["create_schema"] is True
    assert look(kind="primary", schema_exists="yes")["create_schema"] is False


def test_what_forbids_an_installation_fails_the_task_unless_it_only_looks(look):
    failure = look()
    assert failure["failed"]
    assert failure["msg"].startswith("Nothing is changed: no EPM is on this host")
    assert look(refuse=False)["refusals"]


def test_an_installed_server_in_one_look(host, look):
    install(host)
    host.write(f"{HOME}/config/pomKeyStore", store("canary-one", {"pomservercert": [b"leaf"]}))
    host.write(f"{HOME}/config/pomTrustStore", store("canary-two", {}, {"dialtone-ca": CA}))
    host.write("/usr/local/bin/POM", mode=0o755)
    host.answers["POM"] = (0, "Campaign Director is MASTER\nAgent Manager is DORMANT\nRule Engine is DORMANT\n", "")
    found = look()
    assert found["due"] == []
    assert found["refusals"] == []
    assert found["wrapper"] == "/usr/local/bin/POM"
    assert {one["service"]: one["state"] for one in found["services"]}["Campaign Director"] == "MASTER"
    assert set(found["stores"]["truststore"]["fingerprints"]) == {"dialtone-ca"}
    assert [argv[0] for argv in host.asked].count("systemctl") == 1


def test_no_secret_is_in_the_answer(host, look):
    install(host)
    host.write("/var/lib/dialtone/pom/database.json", json.dumps(pom_server.marker_of(OPTIONS["database"], "canary-three")))
    shown = json.dumps({key: value for key, value in look().items() if key != "invocation"})
    assert "canary" not in shown
    assert 'fingerprint"' not in shown


def test_what_the_role_keeps_is_observed_in_the_same_look(host, look):
    install(host)
    host.units = dict(ALL_UNITS)
    wanted = {
        "file": [{"path": "/etc/dialtone/reads/cmpmgr", "content": "x\n"}],
        "unit": [{"name": "cmpmgr", "label": "POM on epm1", "reads": []}],
    }
    found = look(state=wanted)
    assert [change["path"] for change in found["changes"]] == ["/etc/dialtone/reads/cmpmgr"]
    assert "configure" in found["due"]
    assert found["units"]["cmpmgr"]["active"] == "active"


def test_a_record_of_the_same_answers_counts(host, look, monkeypatch):
    install(host)
    monkeypatch.setattr(Observer, "schema", lambda *_arguments: ("present", ""))
    primary = {"kind": "primary", "external_kafka": []}
    assert "schema" in look(**primary)["due"]
    host.write("/var/lib/dialtone/pom/database.json", json.dumps(pom_server.marker_of(OPTIONS["database"], "canary-three")))
    assert "schema" not in look(**primary)["due"]
    assert "schema" in look(**primary, database_password="another")["due"]


# --- changes of their own ------------------------------------------------------------------------------------------------

PRIMARY = {"kind": "primary", "servers": ["epm1", "epm2"], "mode": "AACC"}


def test_a_change_of_its_own_says_what_it_alone_does(host, look, monkeypatch):
    install(host)
    monkeypatch.setattr(Observer, "schema", lambda *_arguments: ("present", ""))
    host.write("/var/lib/dialtone/pom/mode.json", json.dumps(pom_server.marker_of({"mode": "None", "restart_pending": False})))
    kept = {"file": [{"path": "/etc/dialtone/reads/cmpmgr", "content": "x\n"}]}
    assert look(**PRIMARY, state=kept, refuse=False)["refusals"], "a roll-out does not change the mode"
    found = look(**PRIMARY, state=kept, one_off={"name": "mode"})
    assert (found["due"], found["refusals"], found["changes"]) == (["mode", "mode_restart"], [], [])


def test_settings_of_events_are_waited_for_where_the_task_asks_for_it(host, look, monkeypatch):
    install(host)
    looks = [pom_server.Table(), pom_server.Table(), pom_server.Table(5, "aa")]
    monkeypatch.setattr(Observer, "schema", lambda *_arguments: ("present", ""))
    monkeypatch.setattr(Observer, "event_settings", lambda *_arguments: looks.pop(0))
    monkeypatch.setattr(pom_server_info, "SECONDS_BETWEEN_LOOKS", 0)
    assert look(**PRIMARY, one_off={"name": "event_settings"})["event_settings"]["rows"] == 0
    assert look(**PRIMARY, one_off={"name": "event_settings", "wait_seconds": 60})["event_settings"]["rows"] == 5
    assert look(**PRIMARY, refuse=False)["event_settings"] == {"rows": 0, "digest": "", "problem": ""}


def test_events_are_looked_at_where_they_are_to_be_set(host, look, monkeypatch):
    install(host)
    monkeypatch.setattr(Observer, "schema", lambda *_arguments: ("present", ""))
    monkeypatch.setattr(Observer, "events", lambda *arguments: (dict.fromkeys(arguments[-1], "e1"), ""))
    stated = {"P_POMCM002": {"level": "WARN"}}
    found = look(**PRIMARY, expected_services=[], one_off={"name": "single_events", "events": stated})
    assert [(action["name"], action["key"]) for action in found["actions"]] == [("single_events", "P_POMCM002")]
    assert found["events"] == {"P_POMCM002": "e1"}


def test_fonts_are_looked_at_where_they_are_to_be_set(host, look, monkeypatch):
    install(host)
    monkeypatch.setattr(Observer, "schema", lambda *_arguments: ("present", ""))
    host.write("/fonts/a.ttf", "a")
    found = look(**PRIMARY, expected_services=[], one_off={"name": "report_fonts", "fonts": ["/fonts/a.ttf"]})
    assert [(action["name"], action["key"]) for action in found["actions"]] == [("report_fonts", "/fonts/a.ttf")]
