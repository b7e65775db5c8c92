# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
import re
from typing import Any

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import prerequisites
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import SiteHost

from .described_site import CATALOGUE, IDENTITY, call_center_elite, entry, geo_site, recorded, site_host

COMPANIONS = {
    "companions_license_server": [entry("weblm1", 31, version="10.1")],
    "companions_communication_manager": [entry("cm1", 32, role="survivable_core")],
    "companions_aes": [entry("aes1", 33)],
    "companions_aacc": [entry("aacc1", 34)],
    "companions_oceana": [entry("oceana1", 35)],
    "companions_agent_desktop": [entry("desktop1", 36)],
    "companions_session_manager": [entry("sm1", 37)],
    "companions_system_manager": [entry("smgr1", 38)],
    "companions_speech_servers": [entry("speech1", 39, services=["tts"])],
}


def demands(rows: list[dict[str, Any]], team: str, data_center: str = "dc1") -> dict[str, dict[str, Any]]:
    return {row["subject"]: row["values"] for row in rows if row["team"] == team and row["data_center"] == data_center}


def full_site() -> list[SiteHost]:
    words = {
        **COMPANIONS,
        "fips_enabled": True,
        "pom_zones": ["Default"],
        "vmware_guest": True,
        "vmware_cpu_reservation_mhz": 28800,
        "telephony_h323_call_classification": True,
        "certificates_trusted": [{"alias": "aes", "path": "files/aes.pem", "product": "aes"}],
        "sizing_mpp_servers": [{"name": "mpp1", "ports": 500}],
        "network_lan_segment": "main",
        "pom_skill_based_campaigns": True,
        "rt_sockets_port": 7000,
    }
    return [*geo_site(**words), site_host("app1", 15, "app_server", **words, pom_scenario="geo")]


def test_the_administrator_of_cms_gets_sessions_and_addresses() -> None:
    cms = demands(prerequisites.rows(call_center_elite()), "CMS")
    sockets = next(values for subject, values in cms.items() if "RT_socket" in subject)
    assert sockets == {
        "CMS": ["cms1 192.0.2.16 (primary)", "cms2 192.0.2.17 (secondary)"],
        "sessions on each": 2,
        "to": ["epm1 192.0.2.11", "epm2 192.0.2.12"],
        "port": 7000,
        "format": "tv1",
    }
    assert "HACMS parameters true in rta.conf" in cms


def test_sessions_cover_the_pom_servers_of_all_data_centers() -> None:
    cms = demands(prerequisites.rows(geo_site(pom_skill_based_campaigns=True)), "CMS", "dc2")
    (sockets,) = cms.values()
    assert sockets["sessions on each"] == 4
    assert sockets["to"] == ["epm3 198.51.100.3", "epm4 198.51.100.4"]


@pytest.mark.parametrize(
    ("engine", "right", "source"), [("oracle", "CREATE MATERIALIZED VIEW", "POM-DB-05"), ("mssql", "[dbcreator]", "POM-DB-06")]
)
def test_the_administrator_of_the_database_gets_the_statements_of_the_engine(engine: str, right: str, source: str) -> None:
    rows = prerequisites.rows(call_center_elite(pom_database_engine=engine, pom_database_user="pom"))
    assert [row for row in rows if source in row["source"] and right in row["values"].get("statement", "")]
    admitted = demands(rows, "database")["connections from the POM servers admitted"]
    assert admitted == {"from": ["epm1 192.0.2.11", "epm2 192.0.2.12"]}


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ({"pom_database_engine": "oracle"}, True),
        ({"pom_database_contact_sources": ["oracle"]}, True),
        ({"pom_database_engine": "mssql"}, False),
    ],
)
def test_experience_portal_has_a_driver_of_its_own_where_anything_is_read_from_oracle(words: dict[str, Any], asked: bool) -> None:
    rows = demands(prerequisites.rows(call_center_elite(**words)), "Experience Portal")
    found = [values for subject, values in rows.items() if subject.startswith("Experience Portal's own Oracle driver")]
    assert [values["servers"] for values in found] == ([["epm1", "epm2"]] if asked else [])


def test_tempdb_and_encryption_are_asked_for_where_they_are_described() -> None:
    words = {"pom_database_engine": "mssql", "pom_database_size_gb": 300, "pom_database_encryption_at_rest": "tde"}
    asked = demands(prerequisites.rows(call_center_elite(**words)), "database")
    assert asked["TempDB on a drive of its own"]["initial size"] == "100 GB"
    assert any(subject.startswith("transparent data encryption") for subject in asked)
    others = demands(prerequisites.rows(call_center_elite(pom_database_engine="mssql")), "database")
    assert not any("TempDB" in subject or "encryption" in subject for subject in others)


def test_a_database_of_dialtones_own_asks_nothing_of_others() -> None:
    hosts = [*call_center_elite(), site_host("db1", 14, "pom_database")]
    assert demands(prerequisites.rows(hosts), "database") == {}


def test_the_disk_below_a_database_of_dialtones_own_is_encrypted_by_others() -> None:
    database = site_host("db1", 14, "pom_database", pom_database_encryption_at_rest="filesystem")
    (subject,) = demands(prerequisites.rows([*call_center_elite(), database]), "database")
    assert subject == "an encrypted filesystem for the data directory, before POM is installed"


def test_a_geo_redundant_database_has_its_listener() -> None:
    rows = prerequisites.rows(geo_site())
    always_on = next(values for subject, values in demands(rows, "database", "dc2").items() if "AlwaysOn" in subject)
    assert always_on == {"topology": "single_ag", "listener": "listener.dc2.example.com", "active data center": "dc1"}


def test_the_database_of_a_geo_redundant_site_is_made_once() -> None:
    rows = prerequisites.rows(geo_site())
    made = [row for row in rows if row["subject"] == "an empty database and its user"]
    assert [(row["data_center"], row["values"]["server"]) for row in made] == [("dc1", "listener.dc1.example.com")]


def test_licences_stand_with_their_server() -> None:
    (values,) = demands(prerequisites.rows(call_center_elite(**COMPANIONS, licences_tts=5)), "WebLM").values()
    assert values == {"server": ["weblm1 192.0.2.31 version 10.1"], "Experience Portal text to speech": 5}


def test_without_telephony_nobody_provides_voice_ports() -> None:
    assert "voice ports in service" in demands(prerequisites.rows(call_center_elite()), "Experience Portal")
    rows = prerequisites.rows(call_center_elite(pom_nontelephony=True))
    assert "voice ports in service" not in demands(rows, "Experience Portal")


def test_applications_are_named_by_the_host_form_of_their_certificates() -> None:
    words = {"app_server_url_host": "address"}
    hosts = [*call_center_elite(**words), site_host("app1", 15, "app_server", app_server_port=8443, **words)]
    experience_portal = demands(prerequisites.rows(hosts), "Experience Portal")
    assert {"URLs": ["https://192.0.2.15:8443"]} in experience_portal.values()


def test_every_team_of_a_full_site_is_asked() -> None:
    rows = prerequisites.rows(full_site())
    assert {row["team"] for row in rows} == {team for team, _demands in prerequisites.TEAMS}
    assert json.loads(json.dumps(rows)) == rows
    assert all(re.fullmatch(r"POM-[A-Z]+-\d\d", source) for row in rows for source in row["source"])
    assert all(row["source"] for row in rows)


def test_order_of_the_hosts_does_not_matter() -> None:
    assert prerequisites.rows(full_site()[::-1]) == prerequisites.rows(full_site())


def test_every_word_that_is_read_must_be_known_early() -> None:
    read: set[str] = set()
    for hosts in (full_site(), call_center_elite(), [*call_center_elite(), site_host("db1", 14, "pom_database")]):
        prerequisites.rows(recorded(hosts, read))
    assert read - IDENTITY == prerequisites.WORDS_READ
    assert set(CATALOGUE.words) >= prerequisites.WORDS_READ
