# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The site model: everything that Dialtone computes from a description that the contract accepted.

Pure: the same hosts give the same model, whatever their order. It holds no secret, and nothing in it is more than JSON.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_layout import EP_UNITS, IDENTITY_ALIAS
from ansible_collections.dialtone.contact_center.plugins.plugin_utils import (
    app_servers,
    directories,
    pom_servers,
    rt_sockets,
    vendors_tree,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.guided_steps import ledger_hosts
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import COMPONENTS, POM_SERVERS

TRUSTING = ("epm_primary", "epm_auxiliary", "zookeeper", "kafka", "pom_database", "app_server")
POSTGRESQL_TLS_DIRECTORY = "/etc/dialtone/tls/postgresql"
NTP_PORT = 123
COMMON_NAME_LIMIT = 64  # X.509, upper bound of a common name


# What must be known before a host is contacted, because the model is computed from it.
WORDS_READ = frozenset(
    {
        "app_server_port",
        "data_center",
        "host_address",
        "host_aliases",
        "host_former_names",
        "host_further_addresses",
        "host_firewall_admin_sources",
        "host_firewall_managed",
        "host_fqdn",
        "host_time_clients",
        "host_time_managed",
        "host_time_sources",
        "kafka_archive",
        "kafka_archive_sha256",
        "kafka_broker_id",
        "kafka_cipher_suites",
        "kafka_data_directory",
        "kafka_listener_port",
        "kafka_scala_version",
        "kafka_store_type",
        "kafka_tls_protocol",
        "kafka_version",
        "pom_database_engine",
        "pom_database_name",
        "pom_database_port",
        "pom_database_server_managed",
        "pom_database_user",
        "pom_server_primary_port",
        "pom_web_sources",
        "site",
        "trust_directory",
        "trust_renew_before_days",
        "zookeeper_client_port",
        "zookeeper_data_directory",
        "zookeeper_election_port",
        "zookeeper_myid",
        "zookeeper_peer_port",
    }
) | rt_sockets.WORDS_READ | pom_servers.WORDS_READ | app_servers.WORDS_READ | directories.WORDS_READ | vendors_tree.WORDS_READ


@dataclass(frozen=True)
class SiteHost:
    """A host with the effective value of each of its words, defaults included."""

    name: str
    components: tuple[str, ...]
    words: Mapping[str, Any]
    ssh_port: int = 22

    def __getitem__(self, word: str) -> Any:
        return self.words[word]

    @property
    def data_center(self) -> str:
        return self.words["data_center"]

    @property
    def address(self) -> str:
        return self.words["host_address"]

    @property
    def fqdn(self) -> str:
        return self.words["host_fqdn"]

    def is_any(self, *components: str) -> bool:
        return any(component in self.components for component in components)

    @property
    def described(self) -> tuple[str, ...]:
        """Components that Dialtone knows of and does not touch: a database of another engine, a Tomcat that others keep."""
        others = []
        if self.is_any("pom_database") and self["pom_database_engine"] != "postgres":
            others.append("pom_database")
        if self.is_any("app_server") and not self["app_server_managed"]:
            others.append("app_server")
        return tuple(others)

    def runs(self, *components: str) -> bool:
        """Whether the host is any of the components, and Dialtone deploys it."""
        return any(component in self.components and component not in self.described for component in components)


@dataclass(frozen=True)
class DataCenter:
    name: str
    hosts: tuple[SiteHost, ...]

    def having(self, *components: str) -> list[SiteHost]:
        """Hosts of any of the components, by identity: an id where the component has one, else the address."""
        return sorted((host for host in self.hosts if host.is_any(*components)), key=lambda host: identity(host, components[0]))


@dataclass(frozen=True)
class SiteWide:
    """What is computed once for all hosts."""

    name: str
    connections: list[dict[str, Any]]
    addresses: Mapping[str, str]
    rt_sockets: list[dict[str, Any]]
    known_hosts: list[tuple[SiteHost, dict[str, Any]]]
    hosts: list[SiteHost]


def identity(host: SiteHost, component: str) -> tuple[int, int, str]:
    own_id = {"zookeeper": "zookeeper_myid", "kafka": "kafka_broker_id"}.get(component)
    return (host[own_id] if own_id else 0, int(IPv4Address(host.address)), host.name)


def build_model(site: str, hosts: Iterable[SiteHost], warnings: Iterable[Mapping[str, Any]] = ()) -> dict[str, Any]:
    everyone = sorted(hosts, key=lambda host: host.name)
    data_centers = [
        DataCenter(name, tuple(host for host in everyone if host.data_center == name))
        for name in sorted({host.data_center for host in everyone})
    ]
    connections = [connection for data_center in data_centers for connection in connections_of(data_center)]
    connections += time_connections(everyone)
    site_wide = SiteWide(
        site,
        connections,
        {host.name: host.address for host in everyone},
        [row for row in rt_sockets.rows(everyone) if row["port"]],
        [(host, describe_known_host(host)) for host in by_address(everyone)],
        everyone,
    )
    model = {
        "site": site,
        "data_centers": {data_center.name: describe_data_center(data_center) for data_center in data_centers},
        "hosts": {
            host.name: {
                "name": host.name,
                "fqdn": host.fqdn,
                "address": host.address,
                "data_center": host.data_center,
                "components": list(host.components),
                "described": list(host.described),
                "inputs": inputs_of(host, data_center, site_wide),
                "probes": probes_of(host, data_center),
            }
            for data_center in data_centers
            for host in data_center.hosts
        },
        "connections": connections,
        "identities": identities_of(everyone),
        "warnings": list(warnings),
    }
    # Values from an inventory carry Ansible's tags; a fact must not.
    return json.loads(json.dumps(model))


def identities_of(hosts: Iterable[SiteHost]) -> dict[str, Any]:
    """Names and addresses: those that hosts of the site have, those that none has any more, and what has become of these."""
    present, former, renamed = set(), set(), []
    for host in hosts:
        present |= {*names_of(host), host.address, *host["host_further_addresses"]}
        if had := host["host_former_names"]:
            former |= set(had)
            renamed.append({"name": host.name, "fqdn": host.fqdn, "address": host.address, "former": list(had)})
    return {"present": sorted(present), "former": sorted(former), "renamed": renamed}


def groups_of(model: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The groups that plays select a host by: site, components, whether it holds a certificate, whether its POM is Dialtone's."""
    keepers = ledger_hosts(model)
    return [
        {
            "name": host["name"],
            "groups": [
                "dialtone_site",
                *(f"dialtone_{component}" for component in host["components"] if component not in host["described"]),
                *(["dialtone_trust"] if "trust_subject" in host["inputs"] else []),
                *(["dialtone_pom_server", f"dialtone_pom_{kind}"] if (kind := host["inputs"].get("pom_server_kind")) else []),
                *(["dialtone_ledger"] if host["name"] in keepers else []),
            ],
        }
        for host in model["hosts"].values()
        if is_managed(host)
    ]


def is_managed(host: Mapping[str, Any]) -> bool:
    """Whether Dialtone ever connects to a host of the model; one that is only described belongs to its administrator."""
    described = host.get("described", [])
    return not described or set(described) != set(host["components"])


def describe_data_center(data_center: DataCenter) -> dict[str, Any]:
    by_component = {component: [host.name for host in data_center.having(component)] for component in COMPONENTS}
    return {
        "hosts": [host.name for host in data_center.hosts],
        "components": {component: names for component, names in by_component.items() if names},
    }


# --- who speaks to whom -------------------------------------------------------------------------------------------


def connections_of(data_center: DataCenter) -> list[dict[str, Any]]:
    ensemble, brokers = data_center.having("zookeeper"), data_center.having("kafka")
    servers, databases = data_center.having(*POM_SERVERS), data_center.having("pom_database")
    applications = data_center.having("app_server")
    primaries, auxiliaries = data_center.having("epm_primary"), data_center.having("epm_auxiliary")
    groups: list[tuple[list[SiteHost], list[SiteHost], str | int, str, list[str]]] = [
        (ensemble, ensemble, "zookeeper_peer_port", "ZooKeeper quorum", ["POM-ZK-01"]),
        (ensemble, ensemble, "zookeeper_election_port", "ZooKeeper leader election", ["POM-ZK-01"]),
        (brokers, ensemble, "zookeeper_client_port", "Kafka broker to ZooKeeper", ["POM-ZK-01", "POM-KAFKA-05"]),
        (brokers, brokers, "kafka_listener_port", "Kafka between brokers", ["POM-KAFKA-05"]),
        (servers, ensemble, "zookeeper_client_port", "POM server to ZooKeeper", ["POM-KAFKA-04", "POM-ZK-01"]),
        (servers, brokers, "kafka_listener_port", "POM server to Kafka", ["POM-KAFKA-04", "POM-KAFKA-05"]),
        (servers, databases, "pom_database_port", "POM server to its database", ["POM-DB-10", "POM-NET-02"]),
        (auxiliaries, primaries, "pom_server_primary_port", "auxiliary's installer to EPM", ["POM-AUX-02", "POM-NET-02"]),
        (servers, servers, pom_servers.EPM_WEB_PORT, "POM server to EPM", ["POM-CFG-02", "POM-NET-02"]),
        (servers, applications, "app_server_port", "POM server to Tomcat", ["POM-APP-04", "POM-NET-02"]),
    ]
    mounts = directories.connections(data_center)
    return [
        describe_connection(source, target, port if isinstance(port, int) else target[port], "tcp", purpose, ids)
        for sources, targets, port, purpose, ids in groups
        for source, target in itertools.product(sources, targets)
        if source is not target
    ] + [
        describe_connection(source, target, directories.NFS_PORT, "tcp", "POM server to NFS", ["POM-DIR-07"])
        for source, target in mounts
        if source is not target
    ]


def time_connections(hosts: list[SiteHost]) -> list[dict[str, Any]]:
    """To those time sources that are hosts of the site themselves."""
    by_name = {name: host for host in hosts for name in (host.address, *names_of(host))}
    return [
        describe_connection(host, by_name[name], NTP_PORT, "udp", "time", ["POM-SYS-07"])
        for host in hosts
        if host["host_time_managed"]
        for name in host["host_time_sources"]
        if name in by_name and by_name[name] is not host
    ]


def describe_connection(
    source: SiteHost, target: SiteHost, port: int, protocol: str, purpose: str, ids: list[str]
) -> dict[str, Any]:
    return {
        "from": source.name,
        "to": target.name,
        "address": target.address,
        "port": port,
        "protocol": protocol,
        "purpose": purpose,
        "source": ids,
    }


# --- what a role is handed ----------------------------------------------------------------------------------------


def inputs_of(host: SiteHost, data_center: DataCenter, site: SiteWide) -> dict[str, Any]:
    if host.components and not host.runs(*host.components):
        return {}
    inputs = host_inputs(host, site)
    if host.runs(*TRUSTING):
        inputs |= trust_inputs(site.name, host)
    if host.is_any("kafka", "zookeeper"):
        inputs |= kafka_distribution_inputs(host)
    if host.is_any("zookeeper"):
        inputs |= zookeeper_inputs(host, data_center)
    if host.is_any("kafka"):
        inputs |= kafka_inputs(host, data_center)
    if host.runs("pom_database"):
        inputs |= pom_database_inputs(data_center)
    if pom_servers.has_managed_pom(host):
        inputs |= pom_servers.inputs(host, data_center)
        inputs |= directories.inputs(host, data_center)
    if host.runs("app_server"):
        inputs |= app_servers.inputs(host, data_center)
    if host.is_any("nfs_server"):
        inputs |= directories.server_inputs(host, data_center)
    return dict(sorted(inputs.items()))


def host_inputs(host: SiteHost, site: SiteWide) -> dict[str, Any]:
    return {
        "host_known_hosts": [description for other, description in site.known_hosts if must_resolve(host, other)],
        "host_firewall_openings": firewall_openings(host, site),
        "host_packages": logical_packages(host),
        "host_identity_database": pom_servers.server_rows_database(host, site.hosts),
    }


def must_resolve(host: SiteHost, other: SiteHost) -> bool:
    return other.data_center == host.data_center or other.is_any(*POM_SERVERS)


def describe_known_host(host: SiteHost) -> dict[str, Any]:
    if host.is_any(*POM_SERVERS):
        source = "POM-SYS-08"
    elif host.is_any("kafka", "zookeeper"):
        source = "POM-KAFKA-04"
    else:
        source = "same data center"
    names = [name for name in names_of(host) if name != host.fqdn]
    return {"address": host.address, "fqdn": host.fqdn, "names": names, "source": source}


def names_of(host: SiteHost) -> list[str]:
    return list(dict.fromkeys([host.fqdn, host.name, *host["host_aliases"]]))


def by_address(hosts: Iterable[SiteHost]) -> list[SiteHost]:
    return sorted(hosts, key=lambda host: IPv4Address(host.address))


def firewall_openings(host: SiteHost, site: SiteWide) -> list[dict[str, Any]]:
    wanted: dict[tuple[int, str], tuple[set[str], list[str]]] = {}
    if admins := host["host_firewall_admin_sources"]:
        wanted[host.ssh_port, "tcp"] = (set(admins), ["SSH for administrators"])
    if clients := host["host_time_clients"]:
        wanted[NTP_PORT, "udp"] = (set(clients), ["time"])
    for connection in site.connections:
        if connection["to"] == host.name:
            sources, purposes = wanted.setdefault((connection["port"], connection["protocol"]), (set(), []))
            sources.add(f"{site.addresses[connection['from']]}/32")
            if connection["purpose"] not in purposes:
                purposes.append(connection["purpose"])
    if host.is_any(*POM_SERVERS) and (browsers := {*admins, *host["pom_web_sources"]}):
        sources, purposes = wanted.setdefault((pom_servers.EPM_WEB_PORT, "tcp"), (set(), []))
        sources |= browsers
        purposes.append("EPM pages")
    if callers := app_servers.mpp_addresses(host):
        sources, purposes = wanted.setdefault((host["app_server_port"], "tcp"), (set(), []))
        sources |= {f"{address}/32" for address in callers}
        purposes.append("MPP to Tomcat")
    for row in site.rt_sockets:
        if row["pom_server"] == host.name:
            sources, _purposes = wanted.setdefault((row["port"], "tcp"), (set(), [row["purpose"]]))
            sources.add(f"{row['cms_address']}/32")
    return [
        {"port": port, "protocol": protocol, "sources": without_overlaps(sources), "purpose": "; ".join(purposes)}
        for (port, protocol), (sources, purposes) in sorted(wanted.items())
    ]


def without_overlaps(networks: Iterable[str]) -> list[str]:
    """Packet filters refuse a set in which one network holds another."""
    found = sorted({IPv4Network(network) for network in networks})
    widest = [network for network in found if not any(network != other and network.subnet_of(other) for other in found)]
    return [str(network) for network in widest]


def logical_packages(host: SiteHost) -> list[str]:
    packages = set()
    if host.is_any("kafka", "zookeeper"):
        packages.add("jre")
    if host.runs("app_server") and not app_servers.is_local(host):
        packages.add("jre")
    if host.runs(*TRUSTING):
        packages.add("openssl")
    if host.runs("pom_database") and host["pom_database_server_managed"]:
        # Its account has to exist before trust gives it a key.
        packages.add("postgresql")
    if pom_servers.has_managed_pom(host) and host["pom_server_media_method"] == "extract":
        packages.add("image_reader")
    if directories.mounts_with_nfs(host):
        packages.add("nfs_client")
    if host["host_time_managed"]:
        packages.add("time")
    if host["host_firewall_managed"]:
        packages.add("firewall")
    return sorted(packages)


def trust_inputs(site: str, host: SiteHost) -> dict[str, Any]:
    common_name = host.fqdn if len(host.fqdn) <= COMMON_NAME_LIMIT else host.name[:COMMON_NAME_LIMIT]
    return {
        "trust_directory": host["trust_directory"],
        "trust_subject": f"CN={common_name},O=Dialtone site {site}",
        "trust_dns_names": names_of(host),
        "trust_ip_addresses": [host.address],
        "trust_exports": trust_exports(host),
        "trust_service_password_word": service_password_word(host),
    }


def service_password_word(host: SiteHost) -> str:
    """Kafka and ZooKeeper read the stores that POM's installer made, where they run in its tree."""
    return "certificates_keystore_password" if pom_servers.has_managed_pom(host) else "trust_store_password"


def trust_exports(host: SiteHost) -> list[dict[str, str]]:
    exports = []
    if pom_servers.imports_site_certificate(host):
        own = {"owner": "root", "group": "root", "mode": "0600"}
        exports.append({"format": "pkcs12", "path": pom_servers.pkcs12_path(host), "alias": IDENTITY_ALIAS, **own})
    if host.is_any("kafka", "zookeeper") and not pom_servers.has_managed_pom(host):
        service = {"owner": host["kafka_user"], "group": host["kafka_group"], "mode": "0640"}
        exports += [
            {"format": "jks_keystore", "path": host["kafka_keystore_path"], **service},
            {"format": "jks_truststore", "path": host["kafka_truststore_path"], **service},
        ]
    if host.runs("pom_database"):
        server = {"owner": "postgres", "group": "postgres"}
        paths = postgresql_tls_paths()
        exports += [
            {"format": "pem_key", "path": paths["key"], **server, "mode": "0600"},
            {"format": "pem_certificate", "path": paths["certificate"], **server, "mode": "0644"},
            {"format": "pem_ca", "path": paths["ca"], **server, "mode": "0644"},
        ]
    return exports


def postgresql_tls_paths() -> dict[str, str]:
    files = {"certificate": "server.crt", "key": "server.key", "ca": "ca.crt"}
    return {purpose: f"{POSTGRESQL_TLS_DIRECTORY}/{name}" for purpose, name in files.items()}


def kafka_distribution_inputs(host: SiteHost) -> dict[str, Any]:
    managed = host["kafka_distribution_managed"]
    return {
        "kafka_distribution_home": host["kafka_home"],
        "kafka_distribution_archive": host["kafka_archive"] if managed else "",
        "kafka_distribution_sha256": host["kafka_archive_sha256"] if managed else "",
        "kafka_distribution_user": host["kafka_user"],
        "kafka_distribution_group": host["kafka_group"],
        "kafka_distribution_version": f"{host['kafka_scala_version']}-{host['kafka_version']}",
        **handed_over("kafka_distribution", host),
    }


def zookeeper_inputs(host: SiteHost, data_center: DataCenter) -> dict[str, Any]:
    return {
        "zookeeper_home": host["kafka_home"],
        "zookeeper_user": host["kafka_user"],
        "zookeeper_group": host["kafka_group"],
        "zookeeper_keystore_path": host["kafka_keystore_path"],
        "zookeeper_truststore_path": host["kafka_truststore_path"],
        "zookeeper_store_type": host["kafka_store_type"],
        "zookeeper_cipher_suites": host["kafka_cipher_suites"],
        "zookeeper_tls_protocol": host["kafka_tls_protocol"],
        "zookeeper_data_directory": host["zookeeper_data_directory"] or f"{host['kafka_home']}/kafka-store/zookeeper",
        "zookeeper_servers": [
            {
                "id": node["zookeeper_myid"],
                "host": node.name,
                "address": node.address,
                "peer_port": node["zookeeper_peer_port"],
                "election_port": node["zookeeper_election_port"],
            }
            for node in data_center.having("zookeeper")
        ],
        "zookeeper_listen_host": host.address,
        "zookeeper_identity_directory": host["trust_directory"],
        **handed_over("zookeeper", host),
    }


def kafka_inputs(host: SiteHost, data_center: DataCenter) -> dict[str, Any]:
    ensemble, brokers = data_center.having("zookeeper"), data_center.having("kafka")
    return {
        "kafka_listener_host": host.fqdn,
        "kafka_identity_directory": host["trust_directory"],
        "kafka_data_directory": host["kafka_data_directory"] or f"{host['kafka_home']}/kafka-store/kafka",
        "kafka_zookeeper_connect": ",".join(f"{node.address}:{node['zookeeper_client_port']}" for node in ensemble),
        "kafka_bootstrap_servers": [f"{broker.fqdn}:{broker['kafka_listener_port']}" for broker in brokers],
        "kafka_expected_brokers": [broker["kafka_broker_id"] for broker in brokers],
        **handed_over("kafka", host),
    }


def handed_over(role: str, host: SiteHost) -> dict[str, Any]:
    """A person's words whose default is another on a POM server: the role is handed what the contract read."""
    return {word: host[word] for word in vendors_tree.WORDS[role]}


def pom_database_inputs(data_center: DataCenter) -> dict[str, Any]:
    paths = postgresql_tls_paths()
    return {
        "pom_database_clients": [
            {"name": host.name, "address": host.address} for host in by_address(data_center.having(*POM_SERVERS))
        ],
        "pom_database_tls_certificate_path": paths["certificate"],
        "pom_database_tls_key_path": paths["key"],
        "pom_database_tls_ca_path": paths["ca"],
    }


# --- what the status asks -----------------------------------------------------------------------------------------


def probes_of(host: SiteHost, data_center: DataCenter) -> list[dict[str, Any]]:
    probes: list[dict[str, Any]] = []
    if host.runs(*TRUSTING):
        probes.append(
            {
                "id": "trust.certificate",
                "component": "trust",
                "kind": "certificate",
                "path": f"{host['trust_directory']}/node.crt",
                "warn_days": host["trust_renew_before_days"],
            }
        )
    if host.is_any("kafka", "zookeeper"):
        probes.append(
            {
                "id": "kafka_distribution.version",
                "component": "kafka_distribution",
                "kind": "jar_version",
                "home": host["kafka_home"],
                "expect": host["kafka_version"],
            }
        )
    if host.is_any("zookeeper"):
        probes += zookeeper_probes(host, data_center)
    if host.is_any("kafka"):
        probes += kafka_probes(host, data_center)
    if host.runs("pom_database"):
        probes.append({"id": "pom_database.unit", "component": "pom_database", "kind": "unit", "unit": "postgresql"})
    if pom_servers.has_managed_pom(host):
        probes += pom_server_probes(host, data_center)
        probes += app_servers.client_probes(host, data_center)
        probes += directories.probes(host, data_center)
    if host.runs("app_server"):
        probes += app_servers.probes(host, data_center)
    if host.is_any("nfs_server"):
        probes.append({"id": "nfs_server.unit", "component": "nfs_server", "kind": "unit", "unit": "nfs-server"})
    if host.is_any(*POM_SERVERS):
        probes += [database_probe(database) for database in data_center.having("pom_database") if database.runs("pom_database")]
    return probes


def zookeeper_probes(host: SiteHost, data_center: DataCenter) -> list[dict[str, Any]]:
    return [
        {"id": "zookeeper.unit", "component": "zookeeper", "kind": "unit", "unit": host["zookeeper_unit"]},
        {
            "id": "zookeeper.ready",
            "component": "zookeeper",
            "kind": "zookeeper",
            "host": host.address,
            "port": host["zookeeper_client_port"],
            "server_name": host.fqdn,
            "expect_members": len(data_center.having("zookeeper")),
            "expect_id": host["zookeeper_myid"],
        },
        {
            "id": "zookeeper.started_with",
            "component": "zookeeper",
            "kind": "started_with",
            "unit": host["zookeeper_unit"],
            "label": f"ZooKeeper server {host['zookeeper_myid']}",
        },
    ]


def kafka_probes(host: SiteHost, data_center: DataCenter) -> list[dict[str, Any]]:
    return [
        {"id": "kafka.unit", "component": "kafka", "kind": "unit", "unit": host["kafka_unit"]},
        {
            "id": "kafka.ready",
            "component": "kafka",
            "kind": "kafka",
            "host": host.address,
            "port": host["kafka_listener_port"],
            "server_name": host.fqdn,
            "broker_id": host["kafka_broker_id"],
            "expect_brokers": [broker["kafka_broker_id"] for broker in data_center.having("kafka")],
            "expect_version": host["kafka_version"],
        },
        {
            "id": "kafka.started_with",
            "component": "kafka",
            "kind": "started_with",
            "unit": host["kafka_unit"],
            "label": f"broker {host['kafka_broker_id']}",
            "properties": f"{host['kafka_home']}/config/server.properties",
            "host": host.address,
            "port": host["kafka_listener_port"],
            "server_name": host.fqdn,
            "broker_id": host["kafka_broker_id"],
        },
    ]


def pom_server_probes(host: SiteHost, data_center: DataCenter) -> list[dict[str, Any]]:
    own = {"component": "pom_server"}
    inputs = pom_servers.inputs(host, data_center)
    return [
        *({"id": f"pom_server.{unit}", **own, "kind": "unit", "unit": unit} for unit in EP_UNITS),
        {
            "id": "pom_server.services",
            **own,
            "kind": "pom_service",
            "home": inputs["pom_server_home"],
            "services": inputs["pom_server_expected_services"],
        },
        {
            "id": "pom_server.started_with",
            **own,
            "kind": "started_with",
            "unit": "cmpmgr",
            "label": f"POM on {host.name}",
        },
    ]


def database_probe(database: SiteHost) -> dict[str, Any]:
    return {
        "id": f"pom_database.reachable.{database.name}",
        "component": "pom_database",
        "kind": "postgresql",
        "host": database.address,
        "port": database["pom_database_port"],
        "server_name": database.fqdn,
        "database": database["pom_database_name"],
        "user": database["pom_database_user"],
    }
