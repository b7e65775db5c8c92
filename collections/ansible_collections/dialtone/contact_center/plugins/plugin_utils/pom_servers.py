# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the role pom_server is handed: each POM server as part of its data center. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_layout import HOME_NAME, IDENTITY_ALIAS
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_services import expected_services
from ansible_collections.dialtone.contact_center.plugins.module_utils.tls_identity import CA_ALIAS
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.pom_database import external_host
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import POM_SERVERS

if TYPE_CHECKING:
    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import DataCenter, SiteHost

PRIMARY, AUXILIARY = "primary", "auxiliary"
EPM_HTTP_PORT, EPM_WEB_PORT = 80, 443
SITE_CA = "site_ca"  # of certificates_source: signed by the site's own authority
# The default of the Agent Manager is for this many; the other is the recommendation for 1000 (POM-MEM-01).
AGENTS_OF_THE_DEFAULT, MEMORY_GB_ABOVE = 500, 3
MANDATORY_PACKAGES = {PRIMARY: ("vpmsplugin", "pomserver"), AUXILIARY: ("pomserver",)}
# The words that the vendor's program takes for an engine, in exactly this case (POM-DB-01, T-024).
DATABASE_TYPES = {"postgres": "Postgres", "oracle": "Oracle", "mssql": "MSSQL"}
DATABASE_ALIAS, REPORTS_ALIAS = "pom_database", "pom_reports_database"
REPORTS_WORDS = {
    "port": "pom_database_reports_port",
    "name": "pom_database_reports_name",
    "user": "pom_database_reports_user",
    "secured": "pom_database_reports_secured",
}
WORDS_READ = frozenset(REPORTS_WORDS.values()) | {
    "certificates_names",
    "certificates_pkcs12",
    "certificates_source",
    "certificates_trusted",
    "geo_active_data_center",
    "geo_listener",
    "host_former_names",
    "pom_database_certificate_path",
    "pom_database_contact_sources",
    "pom_database_engine",
    "pom_database_host",
    "pom_database_mssql_authentication",
    "pom_database_mssql_driver",
    "pom_database_mssql_driver_sha256",
    "pom_database_name",
    "pom_database_oracle_connect",
    "pom_database_oracle_driver",
    "pom_database_oracle_driver_sha256",
    "pom_database_port",
    "pom_database_reports_certificate_path",
    "pom_database_reports_host",
    "pom_database_schema_exists",
    "pom_database_secured",
    "pom_database_user",
    "pom_agent_manager_memory_gb",
    "pom_campaign_channels",
    "pom_experience_portal_version",
    "pom_installed_mode",
    "pom_mode",
    "pom_nontelephony",
    "pom_scenario",
    "pom_server_ddapps",
    "pom_server_extra_packages",
    "pom_server_install_path",
    "pom_server_managed",
    "pom_server_media_method",
    "sizing_agents",
    "sizing_mpp_servers",
    "trust_directory",
}


def has_managed_pom(host: SiteHost) -> bool:
    return host.is_any(*POM_SERVERS) and host["pom_server_managed"]


def kind_of(host: SiteHost) -> str:
    return PRIMARY if host.is_any("epm_primary") else AUXILIARY


def home_of(install_path: str) -> str:
    return posixpath.join(install_path, HOME_NAME)


def pkcs12_path(host: SiteHost) -> str:
    return posixpath.join(host["trust_directory"], "pom.p12")


def imports_site_certificate(host: SiteHost) -> bool:
    """Whether the PKCS#12 file that the installer imports is made of the host's own key and certificate."""
    return has_managed_pom(host) and host["certificates_source"] == SITE_CA


def is_active(host: SiteHost) -> bool:
    """Whether POM works in the host's data center: everywhere, but in one data center only of a geo-redundant site."""
    return host.words.get("pom_scenario") != "geo" or host.words.get("geo_active_data_center") == host.data_center


def inputs(host: SiteHost, data_center: DataCenter) -> dict[str, Any]:
    servers = sorted(data_center.having(*POM_SERVERS), key=lambda server: kind_of(server) != PRIMARY)
    primary = next((server for server in servers if kind_of(server) == PRIMARY), host)
    brokers = data_center.having("kafka")
    connection = database(host, data_center.having("pom_database"))
    source = host["certificates_source"]
    return {
        "pom_server_kind": kind_of(host),
        "pom_server_home": home_of(host["pom_server_install_path"]),
        "pom_server_primary": primary.name,
        "pom_server_primary_address": primary.address,
        "pom_server_packages": packages(host),
        "pom_server_certificate_import": source != "generated",
        "pom_server_pkcs12_path": pkcs12_path(host),
        "pom_server_pkcs12_source": host.words.get("certificates_pkcs12", "") if source == "delivered" else "",
        "pom_server_pkcs12_names": list(host.words.get("certificates_names", ())) if source == "delivered" else [],
        "pom_server_ca_path": posixpath.join(host["trust_directory"], "ca.crt"),
        "pom_server_identity_directory": host["trust_directory"],
        "pom_server_trusted": trusted(host, data_center.having("pom_database")),
        "pom_server_experience_portal_version": host.words.get("pom_experience_portal_version", ""),
        "pom_server_mode": host.words.get("pom_mode", ""),
        "pom_server_installed_mode": host.words.get("pom_installed_mode", ""),
        "pom_server_non_telephony": host["pom_nontelephony"],
        "pom_server_non_telephony_losses": non_telephony_losses(host, data_center.having("app_server")),
        "pom_server_agent_memory_gb": agent_memory_gb(host.words) if is_active(host) else 0,
        "pom_server_create_schema": kind_of(host) == PRIMARY and is_active(host),
        "pom_server_schema_exists": schema_exists(host, data_center.having("pom_database")),
        "pom_server_database": connection,
        "pom_server_identity": identity(host, data_center.having("pom_database")),
        "pom_server_reports_database": reports_database(host, connection),
        "pom_server_drivers": drivers(host, connection),
        "pom_server_expected_services": expected_services(len(servers), is_active(host)),
        "pom_server_peers": [{**described(server), "kind": kind_of(server)} for server in servers],
        "pom_server_external_kafka": [
            {
                **described(broker),
                "broker_id": broker["kafka_broker_id"],
                "listener_port": broker["kafka_listener_port"],
                "zookeeper_port": broker["zookeeper_client_port"],
            }
            for broker in brokers
            if not broker.is_any(*POM_SERVERS)
        ],
        "pom_server_external_applications": [
            {"name": server.name, "fqdn": server.fqdn}
            for server in data_center.having("app_server")
            if not server.is_any(*POM_SERVERS) and not server.runs("app_server")
        ],
    }


def identity(host: SiteHost, databases: Sequence[SiteHost]) -> dict[str, Any]:
    """The server's name and address, its former ones, and those of the server of its database, if that is a host of the site."""
    holder = databases[0] if databases and host.words.get("pom_scenario") != "geo" else None
    return {
        **described(host),
        "former": list(host.words.get("host_former_names", ())),
        "database_server": holder.name if holder else "",
        "former_database_hosts": list(holder.words.get("host_former_names", ())) if holder else [],
    }


def server_rows_database(host: SiteHost, hosts: Sequence[SiteHost]) -> dict[str, Any]:
    """The database in which POM keeps its servers, as the primary asks for the rows. Only PostgreSQL's client is on a host."""
    if not has_managed_pom(host) or kind_of(host) != PRIMARY:
        return {}
    nodes = [one for one in hosts if one.data_center == host.data_center and one.is_any("pom_database")]
    connection = database(host, nodes)
    if connection.get("engine") != "postgres":
        return {}
    return {
        "host": connection["host"],
        "address": nodes[0].address if nodes else "",
        "port": connection["port"],
        "database": connection["name"],
        "user": connection["user"],
        "root_certificate": posixpath.join(host["trust_directory"], "ca.crt") if nodes else "",
    }


def agent_memory_gb(words: Mapping[str, Any]) -> int:
    """Memory that the Agent Manager has at least; 0: what the installer gave it.

    >>> agent_memory_gb({"sizing_agents": 500}), agent_memory_gb({"sizing_agents": 501})
    (0, 3)
    >>> agent_memory_gb({"sizing_agents": 900, "pom_agent_manager_memory_gb": 4})
    4
    """
    stated = words.get("pom_agent_manager_memory_gb")
    return stated or (MEMORY_GB_ABOVE if words.get("sizing_agents", 0) > AGENTS_OF_THE_DEFAULT else 0)


def non_telephony_losses(host: SiteHost, app_servers: Sequence[SiteHost]) -> list[str]:
    """What a site has no more after the conversion to manual dialling (POM-NONTEL-01, POM-NONTEL-04)."""
    channels = host["pom_campaign_channels"]
    platforms = [platform["name"] for platform in host.words.get("sizing_mpp_servers", ())]
    if not host["pom_nontelephony"]:
        return []
    declared = [channel for channel in ("voice", "sms") if channel in channels]
    losses = [
        "preview, predictive and progressive campaigns: agents dial by hand, by means outside POM",
        "SMS, voice and voice notifications" + (f", with {' and '.join(declared)} in pom_campaign_channels" if declared else ""),
    ]
    if platforms:
        losses.append(f"media processing platforms: POM uses {', '.join(platforms)} no more")
    if app_servers:
        use = "for AvayaPOMEmail alone" if "email" in channels else "for nothing"
        losses.append(f"applications: {', '.join(server.name for server in app_servers)} is needed {use}")
    return losses


def described(host: SiteHost) -> dict[str, Any]:
    return {"name": host.name, "fqdn": host.fqdn, "address": host.address}


def packages(host: SiteHost) -> list[str]:
    optional = ["ddapps"] if host["pom_server_ddapps"] else []
    return [*MANDATORY_PACKAGES[kind_of(host)], *optional, *host["pom_server_extra_packages"]]


def trusted(host: SiteHost, nodes: Sequence[SiteHost]) -> list[dict[str, str]]:
    """Files on the controller. The site's own authority lies on the host already."""
    # The words of the POM database stand at its host, those of its replica at the POM servers.
    stated = {
        DATABASE_ALIAS: (nodes[0] if nodes else host).words.get("pom_database_certificate_path"),
        REPORTS_ALIAS: host.words.get("pom_database_reports_certificate_path"),
    }
    own = [{"alias": alias, "path": path} for alias, path in stated.items() if path]
    return own + [{"alias": entry["alias"], "path": entry["path"]} for entry in host["certificates_trusted"]]


def reserved_aliases(servers: Sequence[str]) -> dict[str, str]:
    """Aliases of the trust store that Dialtone or the vendor uses, and for what."""
    return {
        CA_ALIAS: "the certificate of the site's authority",
        DATABASE_ALIAS: "the certificate of the POM database",
        REPORTS_ALIAS: "the certificate of the reports database",
        IDENTITY_ALIAS: "POM's own certificate",
        **{name.lower(): f"the certificate of the POM server {name}" for name in servers},
    }


def database(host: SiteHost, nodes: Sequence[SiteHost]) -> dict[str, Any]:
    """How POM connects: to the data center's database server, or to somebody else's as the POM servers describe it."""
    holder = nodes[0] if nodes else host
    is_geo = host.words.get("pom_scenario") == "geo"
    address = external_host(host.words) if is_geo or not nodes else holder.fqdn
    if not address:
        return {}
    engine = holder["pom_database_engine"]
    return {
        "engine": engine,
        "type": DATABASE_TYPES[engine],
        "host": address,
        "port": holder["pom_database_port"],
        "name": holder["pom_database_name"],
        "user": holder.words.get("pom_database_user", ""),
        "secured": holder["pom_database_secured"],
        "oracle_connect": holder["pom_database_oracle_connect"],
        "mssql_authentication": holder["pom_database_mssql_authentication"],
        "geo": is_geo,
    }


def schema_exists(host: SiteHost, nodes: Sequence[SiteHost]) -> str:
    """What a person says of the schema, at the POM servers or at the database server; empty where nobody does."""
    word = "pom_database_schema_exists"
    stated = next((one.words[word] for one in (host, *nodes) if word in one.words), None)
    return "" if stated is None else "yes" if stated else "no"


def reports_database(host: SiteHost, connection: dict[str, Any]) -> dict[str, Any]:
    address = host.words.get("pom_database_reports_host")
    if not address or not connection:
        return {}
    stated = {key: host.words[word] for key, word in REPORTS_WORDS.items() if word in host.words}
    return {**connection, "host": address, **stated}


def drivers(host: SiteHost, connection: dict[str, Any]) -> list[dict[str, str]]:
    """Of the POM database and of the databases that contacts are read from; PostgreSQL's own comes with POM."""
    needed = {connection.get("engine"), *host["pom_database_contact_sources"]}
    words = {engine: f"pom_database_{engine}_driver" for engine in ("oracle", "mssql") if engine in needed}
    return [
        {"engine": engine, "path": host.words[word], "sha256": host.words[f"{word}_sha256"]}
        for engine, word in words.items()
        if word in host.words and f"{word}_sha256" in host.words
    ]
