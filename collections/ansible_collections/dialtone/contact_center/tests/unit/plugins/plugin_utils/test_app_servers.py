# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Application servers in the site model: what the role is handed, and who asks them what."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import build_model, groups_of, is_managed
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.plan import build_plan
from ansible_collections.dialtone.contact_center.tests.unit.plugins.plugin_utils.test_model import site_host

START = "/PomDriverApp/ccxml/start.jsp"


def model(**words: Any) -> dict[str, Any]:
    return build_model(
        "main",
        [
            site_host("epm1", 1, "epm_primary", "zookeeper", "kafka", "app_server", **words),
            site_host("epm2", 2, "epm_auxiliary", **words),
            site_host("app1", 5, "app_server", **words),
        ],
    )


def inputs(found: dict[str, Any], host: str) -> dict[str, Any]:
    return {name: value for name, value in found["hosts"][host]["inputs"].items() if name.startswith("app_server_")}


def probes(found: dict[str, Any], host: str) -> dict[str, dict[str, Any]]:
    return {probe["id"]: probe for probe in found["hosts"][host]["probes"] if probe["component"] == "app_server"}


def test_an_external_server_gets_the_applications_of_its_primary() -> None:
    found = inputs(model(pom_server_install_path="/opt/pom"), "app1")
    assert found["app_server_primary"] == "epm1"
    assert found["app_server_ddapps"] == "/opt/pom/POManager/DDapps"
    assert (found["app_server_is_local"], found["app_server_registers"], found["app_server_pom_home"]) == (False, False, "")


def test_only_the_primarys_own_are_registered_by_the_vendors_program() -> None:
    found = inputs(model(), "epm1")
    assert (found["app_server_is_local"], found["app_server_registers"]) == (True, True)
    assert found["app_server_address"] == "192.0.2.1"
    assert not inputs(model(pom_nontelephony=True), "epm1")["app_server_registers"]


@pytest.mark.parametrize(("form", "name"), [("fqdn", "app1.example.com"), ("address", "192.0.2.5")])
def test_it_is_asked_by_the_name_that_its_urls_have(form: str, name: str) -> None:
    found = model(app_server_url_host=form, app_server_port=8443)
    assert inputs(found, "app1")["app_server_url_name"] == name
    asked = probes(found, "epm2")["app_server.reachable.app1"]
    assert (asked["server_name"], asked["host"], asked["port"]) == (name, "192.0.2.5", 8443)


def test_every_pom_server_asks_every_application_server_and_trusts_whom_pom_trusts() -> None:
    found = model(pom_server_install_path="/opt/pom")
    for server in ("epm1", "epm2"):
        asked = [probe for name, probe in probes(found, server).items() if name.startswith("app_server.reachable.")]
        assert {probe["host"] for probe in asked} == {"192.0.2.1", "192.0.2.5"}
        assert {probe["truststore"] for probe in asked} == {"/opt/pom/POManager/config/pomTrustStore"}
        assert all(START in probe["paths"] for probe in asked)
    assert set(probes(found, "app1")) == {"app_server.unit", "app_server.started_with", "app_server.serving"}
    assert "truststore" not in probes(found, "app1")["app_server.serving"]


def test_an_application_with_a_url_of_its_own_is_asked_elsewhere() -> None:
    listed = [
        {"name": "PomDriverApp", "type": "POM:Driver"},
        {"name": "Nailer", "type": "POM:Nailer", "url": "https://other.example.com:7443/Nailer/ccxml/start.jsp"},
    ]
    assert inputs(model(app_server_applications=listed), "app1")["app_server_paths"] == [START]


def test_it_has_a_certificate_and_a_java_runtime_where_nothing_else_brings_one() -> None:
    found = model()
    assert "trust_subject" in found["hosts"]["app1"]["inputs"]
    assert "jre" in found["hosts"]["app1"]["inputs"]["host_packages"]
    groups = {entry["name"]: entry["groups"] for entry in groups_of(found)}
    assert {"dialtone_app_server", "dialtone_trust"} <= set(groups["app1"])


def test_one_that_somebody_else_keeps_is_described_and_never_connected_to() -> None:
    found = model(app_server_managed=False)
    assert not is_managed(found["hosts"]["app1"])
    assert "dialtone_app_server" not in {group for entry in groups_of(found) for group in entry["groups"]}
    assert not probes(found, "epm2")
    assert inputs(found, "epm1") == {}
    assert any(row["to"] == "app1" and row["port"] == 7443 for row in found["connections"])


def test_the_plan_has_it_behind_pom() -> None:
    order = [step.role for step in build_plan(model()).steps]
    assert order.index("pom_server") < order.index("app_server") < order.index("zookeeper")


def test_the_firewall_lets_media_processing_platforms_fetch_their_applications() -> None:
    platforms = [{"name": "mpp1", "ports": 10, "address": "192.0.2.41"}, {"name": "mpp2", "ports": 10}]
    found = model(sizing_mpp_servers=platforms)["hosts"]
    for host in ("epm1", "app1"):
        [opening] = [one for one in found[host]["inputs"]["host_firewall_openings"] if one["port"] == 7443]
        assert "192.0.2.41/32" in opening["sources"]
        assert "MPP to Tomcat" in opening["purpose"]
    assert not [one for one in found["epm2"]["inputs"]["host_firewall_openings"] if "MPP" in one["purpose"]]
