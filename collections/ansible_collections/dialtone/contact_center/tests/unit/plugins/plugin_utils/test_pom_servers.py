# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a POM server is handed, by kind, by scenario, by engine."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import SiteHost, build_model
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.pom_servers import DATABASE_TYPES, reserved_aliases
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import load_catalogue

DEFAULTS = load_catalogue().defaults()
DRIVERS = {
    "pom_database_oracle_driver": "files/ojdbc8.jar",
    "pom_database_oracle_driver_sha256": "1" * 64,
    "pom_database_mssql_driver": "files/mssql-jdbc-10.2.0.jre8.jar",
    "pom_database_mssql_driver_sha256": "2" * 64,
}


def site_host(name: str, number: int, *components: str, data_center: str = "dc1", **words: Any) -> SiteHost:
    own = {
        "site": "main", "data_center": data_center, "host_address": f"192.0.2.{number}", "host_fqdn": f"{name}.example.com",
        "host_timezone": "Etc/UTC", "pom_mode": "CCElite", "pom_scenario": "multi", "pom_database_user": "pom",
        "zookeeper_myid": number, "kafka_broker_id": number, "kafka_archive": "files/kafka.tgz", "kafka_archive_sha256": "0" * 64,
    }  # fmt: skip
    return SiteHost(name, components, {**DEFAULTS, **own, **words})


def inputs_of(*hosts: SiteHost) -> dict[str, dict[str, Any]]:
    return {name: host["inputs"] for name, host in build_model("main", hosts)["hosts"].items()}


def servers(**words: Any) -> list[SiteHost]:
    return [
        site_host("epm1", 21, "epm_primary", **words),
        site_host("epm2", 12, "epm_auxiliary", **words),
        site_host("epm3", 3, "epm_auxiliary", **words),
    ]


def test_kind_packages_and_primary() -> None:
    inputs = inputs_of(*servers())
    assert inputs["epm1"]["pom_server_packages"] == ["vpmsplugin", "pomserver", "ddapps"]
    assert inputs["epm2"]["pom_server_packages"] == ["pomserver", "ddapps"]
    assert {(one["pom_server_primary"], one["pom_server_primary_address"]) for one in inputs.values()} == {("epm1", "192.0.2.21")}
    peers = [peer["name"] for peer in inputs["epm2"]["pom_server_peers"]]
    assert peers == ["epm1", "epm3", "epm2"], "the primary first, then by address"
    assert inputs["epm1"]["pom_server_home"] == "/opt/Avaya/avpom/POManager"


@given(st.booleans(), st.sampled_from([[], ["pomadminportal"]]), st.sampled_from(["epm_primary", "epm_auxiliary"]))
def test_mandatory_packages_are_never_missing(ddapps: bool, extra: list[str], kind: str) -> None:
    host = site_host("epm1", 1, kind, pom_server_ddapps=ddapps, pom_server_extra_packages=extra)
    packages = inputs_of(host)["epm1"]["pom_server_packages"]
    mandatory = {"epm_primary": {"vpmsplugin", "pomserver"}, "epm_auxiliary": {"pomserver"}}[kind]
    assert set(packages) == mandatory | ({"ddapps"} if ddapps else set()) | set(extra)
    assert len(packages) == len(set(packages))


def test_external_kafka_is_what_runs_on_no_pom_server() -> None:
    site = [site_host("epm1", 1, "epm_primary", "kafka", "zookeeper"), site_host("kafka3", 3, "kafka", "zookeeper")]
    assert inputs_of(*site)["epm1"]["pom_server_external_kafka"] == [
        {
            "name": "kafka3", "fqdn": "kafka3.example.com", "address": "192.0.2.3", "broker_id": 3, "listener_port": 9093,
            "zookeeper_port": 2182,
        }
    ]  # fmt: skip


# --- database -----------------------------------------------------------------------------------------------------


def test_the_database_server_of_the_data_center_says_how_it_is_reached() -> None:
    node = site_host("db1", 4, "pom_database", pom_database_port=5433, pom_database_name="pom4")
    connection = inputs_of(*servers(), node)["epm2"]["pom_server_database"]
    assert connection == {
        "engine": "postgres", "type": "Postgres", "host": "db1.example.com", "port": 5433, "name": "pom4", "user": "pom",
        "secured": True, "oracle_connect": "service_name", "mssql_authentication": "sqlserver", "geo": False,
    }  # fmt: skip


def test_a_database_of_others_is_as_the_pom_servers_describe_it() -> None:
    words = {"pom_database_host": "ora1.example.com", "pom_database_engine": "oracle", "pom_database_port": 1521}
    connection = inputs_of(*servers(**words))["epm1"]["pom_server_database"]
    assert (connection["host"], connection["type"], connection["port"]) == ("ora1.example.com", "Oracle", 1521)


def test_without_a_database_there_is_no_connection() -> None:
    inputs = inputs_of(*servers())["epm1"]
    assert inputs["pom_server_database"] == {}
    assert inputs["pom_server_reports_database"] == {}
    assert inputs["pom_server_drivers"] == []


def test_reports_are_read_as_the_pom_database_unless_something_else_is_stated() -> None:
    words = {"pom_database_host": "sql1.example.com", "pom_database_engine": "mssql"}
    reports = {"pom_database_reports_host": "sql2.example.com", "pom_database_reports_port": 1444}
    inputs = inputs_of(*servers(**words, **reports, pom_database_reports_secured=True))["epm1"]
    changed = inputs["pom_server_reports_database"].items() - inputs["pom_server_database"].items()
    assert dict(changed) == {"host": "sql2.example.com", "port": 1444}


@given(st.sampled_from(sorted(DATABASE_TYPES)), st.sets(st.sampled_from(["oracle", "mssql"])))
def test_drivers_are_those_of_the_engines_that_pom_connects_to(engine: str, sources: set[str]) -> None:
    words = {**DRIVERS, "pom_database_engine": engine, "pom_database_host": "sql1.example.com"}
    drivers = inputs_of(*servers(**words, pom_database_contact_sources=sorted(sources)))["epm3"]["pom_server_drivers"]
    assert {driver["engine"] for driver in drivers} == ({engine} | sources) - {"postgres"}
    assert all(driver["path"] == DRIVERS[f"pom_database_{driver['engine']}_driver"] for driver in drivers)


def geo(data_center: str, first: int) -> list[SiteHost]:
    words = {
        "pom_scenario": "geo", "geo_active_data_center": "dc1", "geo_listener": f"listener.{data_center}.example.com",
        "pom_database_engine": "mssql", "pom_database_port": 1433, "data_center": data_center,
    }  # fmt: skip
    return [
        site_host(f"epm{first}", first, "epm_primary", **words),
        site_host(f"epm{first + 1}", first + 1, "epm_auxiliary", **words),
    ]


def test_a_standby_data_center_connects_to_its_own_listener_and_never_creates_the_schema() -> None:
    inputs = inputs_of(*geo("dc1", 1), *geo("dc2", 4))
    assert {name: one["pom_server_create_schema"] for name, one in inputs.items()} == {
        "epm1": True, "epm2": False, "epm4": False, "epm5": False
    }  # fmt: skip
    assert inputs["epm5"]["pom_server_database"]["host"] == "listener.dc2.example.com"
    assert inputs["epm5"]["pom_server_database"]["geo"] is True


SCHEMA_WORD = "pom_database_schema_exists"


@pytest.mark.parametrize(("words", "handed"), [({}, ""), ({SCHEMA_WORD: True}, "yes"), ({SCHEMA_WORD: False}, "no")])
def test_what_a_person_says_of_the_schema_is_handed_over(words: dict[str, bool], handed: str) -> None:
    inputs = inputs_of(*servers(pom_database_engine="oracle", pom_database_host="scan.example.com", **words))
    assert inputs["epm1"]["pom_server_schema_exists"] == handed


@pytest.mark.parametrize(("host", "states"), [("epm1", ["MASTER", "DORMANT"]), ("epm4", ["STOPPED"])])
def test_a_standby_data_center_has_stopped_services(host: str, states: list[str]) -> None:
    services = inputs_of(*geo("dc1", 1), *geo("dc2", 4))[host]["pom_server_expected_services"]
    assert next(one["states"] for one in services if one["unit"] == "cmpdir") == states


# --- trust --------------------------------------------------------------------------------------------------------


def test_what_pom_trusts_beside_the_sites_authority() -> None:
    words = {
        "pom_database_host": "sql1.example.com", "pom_database_certificate_path": "files/sql-ca.pem",
        "pom_database_reports_certificate_path": "files/reports-ca.pem",
        "certificates_trusted": [{"alias": "aes_ca", "path": "files/aes-ca.pem", "product": "aes"}],
    }  # fmt: skip
    assert inputs_of(*servers(**words))["epm1"]["pom_server_trusted"] == [
        {"alias": "pom_database", "path": "files/sql-ca.pem"},
        {"alias": "pom_reports_database", "path": "files/reports-ca.pem"},
        {"alias": "aes_ca", "path": "files/aes-ca.pem"},
    ]


def test_the_database_s_certificate_stands_where_the_database_is_described() -> None:
    described = site_host("db1", 31, "pom_database", pom_database_certificate_path="files/sql-ca.pem")
    inputs = inputs_of(*servers(), described)
    for server in ("epm1", "epm2", "epm3"):
        assert inputs[server]["pom_server_trusted"] == [{"alias": "pom_database", "path": "files/sql-ca.pem"}]


def test_a_delivered_certificate_comes_from_the_controller() -> None:
    words = {
        "certificates_source": "delivered", "certificates_pkcs12": "files/epm1.p12", "certificates_names": ["epm1.example.com"],
    }  # fmt: skip
    inputs = inputs_of(site_host("epm1", 1, "epm_primary", **words))["epm1"]
    assert (inputs["pom_server_pkcs12_source"], inputs["pom_server_certificate_import"]) == ("files/epm1.p12", True)
    assert inputs["pom_server_pkcs12_names"] == ["epm1.example.com"]
    generated = inputs_of(site_host("epm1", 1, "epm_primary", certificates_source="generated"))["epm1"]
    assert (generated["pom_server_pkcs12_source"], generated["pom_server_certificate_import"]) == ("", False)


def test_reserved_aliases_do_not_depend_on_case() -> None:
    assert {"epm1", "pomservercert", "pom_database", "dialtone-ca"} <= set(reserved_aliases(["EPM1"]))


# --- memory and manual dialling -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agents", "stated", "gigabytes"), [(500, None, 0), (501, None, 3), (1000, None, 3), (501, 6, 6), (0, 2, 2)]
)
def test_memory_of_the_agent_manager(agents: int, stated: int | None, gigabytes: int) -> None:
    words = {"sizing_agents": agents} | ({"pom_agent_manager_memory_gb": stated} if stated else {})
    inputs = inputs_of(*servers(**words))
    assert {one["pom_server_agent_memory_gb"] for one in inputs.values()} == {gigabytes}


def test_the_agent_manager_of_a_standby_is_left_alone() -> None:
    words = {"pom_scenario": "geo", "geo_active_data_center": "dc1", "geo_listener": "db.example.com", "sizing_agents": 900}
    inputs = inputs_of(
        site_host("epm1", 1, "epm_primary", **words), site_host("epm5", 5, "epm_primary", data_center="dc2", **words)
    )
    assert {name: one["pom_server_agent_memory_gb"] for name, one in inputs.items()} == {"epm1": 3, "epm5": 0}


def test_a_conversion_tells_what_the_site_would_lose() -> None:
    words = {
        "pom_nontelephony": True,
        "pom_campaign_channels": ["email", "sms", "voice"],
        "sizing_mpp_servers": [{"name": "mpp1", "ports": 100}],
    }
    losses = inputs_of(*servers(**words), site_host("app1", 30, "app_server"))["epm1"]["pom_server_non_telephony_losses"]
    assert "preview, predictive and progressive campaigns" in losses[0]
    assert "voice and sms in pom_campaign_channels" in losses[1]
    assert "mpp1" in losses[2]
    assert losses[3] == "applications: app1 is needed for AvayaPOMEmail alone"
    without_email = inputs_of(*servers(pom_nontelephony=True), site_host("app1", 30, "app_server"))
    assert without_email["epm1"]["pom_server_non_telephony_losses"][-1] == "applications: app1 is needed for nothing"
    assert inputs_of(*servers())["epm1"]["pom_server_non_telephony_losses"] == []
