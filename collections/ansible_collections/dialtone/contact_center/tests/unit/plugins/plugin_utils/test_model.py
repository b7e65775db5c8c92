# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ansible_collections.dialtone.contact_center.plugins.module_utils.probes import check_probes
from ansible_collections.dialtone.contact_center.plugins.module_utils.tls_client import Identity
from ansible_collections.dialtone.contact_center.plugins.plugin_utils import pom_servers, rt_sockets
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import (
    WORDS_READ,
    SiteHost,
    build_model,
    groups_of,
    is_managed,
    without_overlaps,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import load_catalogue

CATALOGUE = load_catalogue()
POM_WORDS = pom_servers.WORDS_READ
SECRETS = {word.name: f"canary-{word.name}" for word in CATALOGUE.words.values() if word.is_secret}


def site_host(name: str, number: int, *components: str, data_center: str = "dc1", **words: Any) -> SiteHost:
    identity = {"zookeeper_myid": number, "kafka_broker_id": number, "pom_database_user": "pom"}
    own = {"site": "main", "data_center": data_center, "host_address": f"192.0.2.{number}", "host_fqdn": f"{name}.example.com"}
    archive = {"kafka_archive": "/srv/kafka.tar.gz", "kafka_archive_sha256": "0" * 64, "host_timezone": "Etc/UTC"}
    return SiteHost(name, components, {**CATALOGUE.defaults(), **identity, **archive, **SECRETS, **own, **words})


def hosts() -> list[SiteHost]:
    return [
        site_host("epm1", 1, "epm_primary", "zookeeper", "kafka"),
        site_host("epm2", 12, "epm_auxiliary", "zookeeper", "kafka", zookeeper_myid=2, kafka_broker_id=2),
        site_host("kafka3", 3, "zookeeper", "kafka"),
        site_host("db1", 4, "pom_database"),
        site_host("app1", 5, "app_server"),
        site_host("nfs1", 20, "nfs_server"),
        site_host("epm3", 6, "epm_primary", data_center="dc2"),
        site_host("db2", 7, "pom_database", data_center="dc2"),
    ]


@pytest.fixture
def model() -> dict[str, Any]:
    return build_model("main", hosts())


def test_order_of_hosts_does_not_matter(model: dict[str, Any]) -> None:
    shuffled = hosts()
    random.Random(7).shuffle(shuffled)
    assert json.dumps(build_model("main", shuffled)) == json.dumps(model)


def test_identities_tell_what_became_of_former_names(model: dict[str, Any]) -> None:
    assert model["identities"]["former"] == model["identities"]["renamed"] == []
    others = [host for host in hosts() if host.name != "epm2"]
    had = ["epm2", "epm2.example.com", "192.0.2.2"]
    words = {"zookeeper_myid": 2, "kafka_broker_id": 2, "host_former_names": had}
    renamed = build_model("main", [*others, site_host("epm4", 12, "epm_auxiliary", "zookeeper", "kafka", **words)])
    host = renamed["hosts"]["epm4"]
    assert renamed["identities"]["former"] == sorted(had)
    assert renamed["identities"]["renamed"] == [
        {"name": "epm4", "fqdn": host["fqdn"], "address": host["address"], "former": had}
    ]
    assert {"epm4", host["fqdn"], host["address"], "kafka3"} <= set(renamed["identities"]["present"])
    assert host["inputs"]["pom_server_identity"]["former"] == had
    assert host["inputs"]["host_identity_database"] == {}
    assert renamed["hosts"]["epm1"]["inputs"]["host_identity_database"]["host"] == renamed["hosts"]["db1"]["fqdn"]


def test_former_names_of_the_database_reach_every_pom_server() -> None:
    others = [host for host in hosts() if host.name != "db1"]
    inputs = build_model("main", [*others, site_host("db9", 4, "pom_database", host_former_names=["db1"])])["hosts"]
    for server in ("epm1", "epm2"):
        identity = inputs[server]["inputs"]["pom_server_identity"]
        assert (identity["database_server"], identity["former_database_hosts"]) == ("db9", ["db1"])


def test_model_holds_no_secret(model: dict[str, Any]) -> None:
    assert "canary" not in json.dumps(model)


def test_only_declared_words_are_read() -> None:
    read: set[str] = set()

    class Recorder(Mapping[str, Any]):
        def __init__(self, words: Mapping[str, Any]) -> None:
            self._words = words

        def __getitem__(self, name: str) -> Any:
            read.add(name)
            return self._words[name]

        def __iter__(self) -> Iterator[str]:
            return iter(self._words)

        def __len__(self) -> int:
            return len(self._words)

    optional = {name: word.schema for name, word in CATALOGUE.words.items() if name in POM_WORDS and not word.has_default}
    stated = {name: schema.get("examples", ["0" * 64])[0] for name, schema in optional.items()}
    sources = {"pom_database_contact_sources": ["oracle", "mssql"]}
    site = [
        *hosts(),
        site_host("epm8", 8, "epm_primary", data_center="dc8", **stated, **sources),
        site_host("epm9", 9, "epm_primary", data_center="dc9", pom_scenario="geo", certificates_source="delivered"),
    ]
    build_model("main", [SiteHost(host.name, host.components, Recorder(host.words)) for host in site])
    assert read | {"site"} | rt_sockets.WORDS_READ == WORDS_READ


def test_inputs_are_inputs_of_the_schemas(model: dict[str, Any]) -> None:
    for host in model["hosts"].values():
        assert set(host["inputs"]) <= set(CATALOGUE.words)


def test_inputs_have_the_shape_that_the_roles_declare(model: dict[str, Any]) -> None:
    for host in model["hosts"].values():
        for name, value in host["inputs"].items():
            validator = Draft202012Validator(dict(CATALOGUE.words[name].schema))
            assert list(validator.iter_errors(value)) == [], f"{name} of {host['name']}"


def test_computed_inputs_are_complete(model: dict[str, Any]) -> None:
    """What neither the platform, the vault nor another word hands over, the model must."""
    handed_over = ("the operating system", "the host's memory", "the run", "the site's identities")
    sources = {
        name: word.schema["x-computed-from"] for name, word in CATALOGUE.words.items() if word.is_computed and not word.is_secret
    }
    computed = {name for name, source in sources.items() if not source.startswith(handed_over) and source not in CATALOGUE.words}
    assert computed <= {name for host in model["hosts"].values() for name in host["inputs"]}


def test_every_probe_can_be_asked(model: dict[str, Any]) -> None:
    for host in model["hosts"].values():
        check_probes(host["probes"], Identity(ca="ca.crt", key="node.key", certificate="node.crt"))


def test_services_are_asked_what_they_were_started_with(model: dict[str, Any]) -> None:
    asked = {
        probe["id"]: (probe["label"], probe.get("properties"), probe.get("broker_id"))
        for probe in model["hosts"]["epm2"]["probes"]
        if probe["kind"] == "started_with"
    }
    properties = f"{CATALOGUE.defaults()['kafka_home']}/config/server.properties"
    assert asked == {
        "zookeeper.started_with": ("ZooKeeper server 2", None, None),
        "kafka.started_with": ("broker 2", properties, 2),
        "pom_server.started_with": ("POM on epm2", None, None),
    }


def test_components_are_ordered_by_identity(model: dict[str, Any]) -> None:
    assert model["data_centers"]["dc1"]["components"]["zookeeper"] == ["epm1", "epm2", "kafka3"]
    assert model["hosts"]["epm1"]["inputs"]["kafka_zookeeper_connect"] == "192.0.2.1:2182,192.0.2.12:2182,192.0.2.3:2182"
    assert [server["id"] for server in model["hosts"]["kafka3"]["inputs"]["zookeeper_servers"]] == [1, 2, 3]
    assert model["hosts"]["kafka3"]["inputs"]["kafka_expected_brokers"] == [1, 2, 3]


def test_data_centers_are_separate_systems(model: dict[str, Any]) -> None:
    assert model["hosts"]["db2"]["inputs"]["pom_database_clients"] == [{"name": "epm3", "address": "192.0.2.6"}]
    assert model["hosts"]["db1"]["inputs"]["pom_database_clients"] == [
        {"name": "epm1", "address": "192.0.2.1"},
        {"name": "epm2", "address": "192.0.2.12"},
    ]
    places = {name: host["data_center"] for name, host in model["hosts"].items()}
    assert all(places[connection["from"]] == places[connection["to"]] for connection in model["connections"])


def test_pom_servers_of_every_data_center_can_be_resolved(model: dict[str, Any]) -> None:
    known = [entry["fqdn"] for entry in model["hosts"]["kafka3"]["inputs"]["host_known_hosts"]]
    assert known == [f"{name}.example.com" for name in ("epm1", "kafka3", "db1", "app1", "epm3", "epm2", "nfs1")], (
        "by address, without db2"
    )


def test_every_connection_has_an_opening(model: dict[str, Any]) -> None:
    addresses = {name: host["address"] for name, host in model["hosts"].items()}
    assert model["connections"]
    for connection in model["connections"]:
        openings = model["hosts"][connection["to"]]["inputs"]["host_firewall_openings"]
        assert any(
            opening["port"] == connection["port"]
            and opening["protocol"] == connection["protocol"]
            and any(IPv4Network(f"{addresses[connection['from']]}/32").subnet_of(IPv4Network(s)) for s in opening["sources"])
            for opening in openings
        ), connection


def test_pom_servers_reach_each_others_pages_and_the_application_server(model: dict[str, Any]) -> None:
    ends = {(c["from"], c["to"], c["port"]) for c in model["connections"] if c["port"] in (80, 443, 7443)}
    assert ends == {
        ("epm1", "epm2", 443), ("epm2", "epm1", 443), ("epm2", "epm1", 80), ("epm1", "app1", 7443), ("epm2", "app1", 7443)
    }  # fmt: skip


def test_browsers_reach_the_epm_pages() -> None:
    words = {"host_firewall_admin_sources": ["198.51.100.0/25"], "pom_web_sources": ["198.51.100.0/24"]}
    model = build_model("main", [site_host("epm1", 1, "epm_primary", **words), site_host("db1", 4, "app_server", **words)])
    openings = {name: host["inputs"]["host_firewall_openings"] for name, host in model["hosts"].items()}
    assert {"port": 443, "protocol": "tcp", "sources": ["198.51.100.0/24"], "purpose": "EPM pages"} in openings["epm1"]
    assert 443 not in [opening["port"] for opening in openings["db1"]]


def test_administrators_reach_the_port_of_ssh() -> None:
    host = site_host("db1", 4, "pom_database", host_firewall_admin_sources=["198.51.100.0/24"])
    moved = SiteHost(host.name, host.components, host.words, ssh_port=2222)
    (opening,) = build_model("main", [moved])["hosts"]["db1"]["inputs"]["host_firewall_openings"]
    assert (opening["port"], opening["sources"]) == (2222, ["198.51.100.0/24"])


def test_time_source_within_the_site_is_a_connection() -> None:
    source = site_host("epm1", 1, host_time_clients=["192.0.2.0/24"])
    client = site_host("db1", 4, host_time_sources=["epm1.example.com"])
    model = build_model("main", [source, client])
    assert [(c["from"], c["to"], c["port"], c["protocol"]) for c in model["connections"]] == [("db1", "epm1", 123, "udp")]
    (opening,) = model["hosts"]["epm1"]["inputs"]["host_firewall_openings"]
    assert opening["sources"] == ["192.0.2.0/24"], "a set with one network inside another is refused by nftables"


def test_long_name_is_no_common_name() -> None:
    long = ".".join(["a" * 30] * 3)
    inputs = build_model("main", [site_host("db1", 4, "pom_database", host_fqdn=long)])["hosts"]["db1"]["inputs"]
    assert inputs["trust_subject"] == "CN=db1,O=Dialtone site main"
    assert inputs["trust_dns_names"][0] == long


def test_vendors_tree_needs_no_archive() -> None:
    host = site_host("epm1", 1, "zookeeper", "kafka", kafka_distribution_managed=False)
    words = {name: value for name, value in host.words.items() if not name.startswith("kafka_archive")}
    inputs = build_model("main", [SiteHost("epm1", host.components, words)])["hosts"]["epm1"]["inputs"]
    assert inputs["kafka_distribution_archive"] == ""


NETWORKS = st.builds(
    lambda address, length: str(IPv4Network((address, length), strict=False)), st.integers(0, 2**32 - 1), st.integers(20, 32)
)


@given(st.lists(NETWORKS, max_size=8))
def test_networks_without_overlaps_cover_the_same(networks: list[str]) -> None:
    kept = [IPv4Network(network) for network in without_overlaps(networks)]
    assert all(not one.overlaps(other) for one in kept for other in kept if one is not other)
    assert all(any(IPv4Network(network).subnet_of(other) for other in kept) for network in networks)


# --- a database that is its administrator's -----------------------------------------------------------------------


@pytest.fixture
def with_mssql() -> dict[str, Any]:
    others = [host for host in hosts() if host.name not in ("db1", "app1")]
    words = {"pom_database_engine": "mssql", "pom_database_port": 1433}
    alone = site_host("db1", 4, "pom_database", **words)
    shared = site_host("app1", 5, "app_server", "pom_database", data_center="dc3", **words)
    return build_model("main", [*others, alone, shared])


def test_a_described_database_is_never_connected_to(with_mssql: dict[str, Any]) -> None:
    memberships = {entry["name"]: entry["groups"] for entry in groups_of(with_mssql)}
    assert "db1" not in memberships
    assert with_mssql["hosts"]["db1"]["inputs"] == {}
    assert with_mssql["hosts"]["db1"]["probes"] == []
    assert not is_managed(with_mssql["hosts"]["db1"])


def test_what_else_such_a_host_is_is_deployed(with_mssql: dict[str, Any]) -> None:
    memberships = {entry["name"]: entry["groups"] for entry in groups_of(with_mssql)}
    assert memberships["app1"] == ["dialtone_site", "dialtone_app_server", "dialtone_trust"]
    assert "trust_subject" in with_mssql["hosts"]["app1"]["inputs"]
    assert is_managed(with_mssql["hosts"]["app1"])


def test_a_described_database_is_known_to_those_who_connect_to_it(with_mssql: dict[str, Any]) -> None:
    to_database = [connection for connection in with_mssql["connections"] if connection["to"] == "db1"]
    assert {(connection["from"], connection["port"]) for connection in to_database} == {("epm1", 1433), ("epm2", 1433)}
    known = [host["address"] for host in with_mssql["hosts"]["epm1"]["inputs"]["host_known_hosts"]]
    assert "192.0.2.4" in known
    assert not any(probe["kind"] == "postgresql" for probe in with_mssql["hosts"]["epm1"]["probes"])


def test_the_firewall_lets_real_time_data_in() -> None:
    """CMS opens these connections, also one that is no host of the inventory (POM-RTS-01)."""
    site = [
        SiteHost("epm1", host.components, {**host.words, "pom_mode": "CCElite", "rt_sockets_port": 7000, "companions_cms": [
            {"name": "cms9", "address": "192.0.2.99"}
        ]}) if host.name == "epm1" else host
        for host in hosts()
    ]
    openings = build_model("main", site)["hosts"]["epm1"]["inputs"]["host_firewall_openings"]
    assert {"port": 7000, "protocol": "tcp", "sources": ["192.0.2.99/32"], "purpose": "real-time data (RT socket)"} in openings


# --- POM servers --------------------------------------------------------------------------------------------------


def exports_of(model: dict[str, Any], host: str) -> list[tuple[str, str]]:
    return [(export["format"], export["path"]) for export in model["hosts"][host]["inputs"]["trust_exports"]]


def test_a_pom_server_gets_a_bundle_and_nothing_in_the_vendors_tree(model: dict[str, Any]) -> None:
    (bundle,) = model["hosts"]["epm1"]["inputs"]["trust_exports"]
    assert bundle == {
        "format": "pkcs12", "path": "/etc/dialtone/tls/pom.p12", "alias": "pomservercert", "owner": "root", "group": "root",
        "mode": "0600",
    }  # fmt: skip
    assert [kind for kind, _path in exports_of(model, "kafka3")] == ["jks_keystore", "jks_truststore"]
    words = {name: model["hosts"][name]["inputs"]["trust_service_password_word"] for name in ("epm1", "kafka3")}
    assert words == {"epm1": "certificates_keystore_password", "kafka3": "trust_store_password"}


def test_where_somebody_else_keeps_pom_the_stores_are_ours() -> None:
    site = [site_host("epm1", 1, "epm_primary", "zookeeper", "kafka", pom_server_managed=False)]
    model = build_model("main", site)
    assert [kind for kind, _path in exports_of(model, "epm1")] == ["jks_keystore", "jks_truststore"]
    inputs = model["hosts"]["epm1"]["inputs"]
    assert inputs["trust_service_password_word"] == "trust_store_password"
    assert not [name for name in inputs if name.startswith("pom_server_")]
    assert not [probe for probe in model["hosts"]["epm1"]["probes"] if probe["component"] == "pom_server"]
    (member,) = groups_of(model)
    assert not [group for group in member["groups"] if group.startswith("dialtone_pom_")]


@pytest.mark.parametrize("source", ["delivered", "generated"])
def test_no_bundle_is_made_for_another_certificate(source: str) -> None:
    assert exports_of(build_model("main", [site_host("epm1", 1, "epm_primary", certificates_source=source)]), "epm1") == []


def test_plays_find_pom_servers_by_kind(model: dict[str, Any]) -> None:
    memberships = {entry["name"]: set(entry["groups"]) for entry in groups_of(model)}
    assert {"dialtone_pom_server", "dialtone_pom_primary"} <= memberships["epm1"]
    assert {"dialtone_pom_server", "dialtone_pom_auxiliary"} <= memberships["epm2"]
    assert "dialtone_pom_server" not in memberships["kafka3"]
