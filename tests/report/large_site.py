"""A geo-redundant site of thirty hosts, as the contract would hand it to the plan."""

from __future__ import annotations

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import SiteHost, build_model
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.plan_tables import site_tables
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import load_catalogue

DATA_CENTERS = {"frankfurt": "192.0.2", "munich": "198.51.100"}
MEMBERS = (
    ("epm1", ("epm_primary",)),
    *((f"epm{number}", ("epm_auxiliary",)) for number in range(2, 9)),
    *((f"node{number}", ("zookeeper", "kafka")) for number in range(1, 4)),
    ("app1", ("app_server",)),
    ("app2", ("app_server",)),
    ("cms1", ("cms",)),
    ("log1", ()),
)
SITE_WORDS: dict[str, Any] = {
    "site": "large",
    "host_timezone": "Europe/Berlin",
    "host_time_sources": ["192.0.2.11"],
    "kafka_archive": "/srv/artifacts/kafka_server-2.13-3.2.0.tar.gz",
    "kafka_archive_sha256": "0" * 64,
    "kafka_attempts_per_hour": 90000,
    "pom_mode": "CCElite",
    "pom_scenario": "geo",
    "pom_campaign_channels": ["voice"],
    "pom_agent_campaigns": True,
    "pom_skill_based_campaigns": True,
    "pom_database_engine": "mssql",
    "pom_database_name": "pomdb",
    "pom_database_user": "pom",
    "pom_database_port": 1433,
    "pom_database_host": "pom-listener.example.com",
    "pom_database_size_gb": 1200,
    "companions_license_server": [{"name": "weblm1", "address": "192.0.2.201", "version": "8.1"}],
    "companions_communication_manager": [{"name": "cm1", "address": "192.0.2.202", "role": "main"}],
    "companions_aes": [{"name": "aes1", "address": "192.0.2.203"}, {"name": "aes2", "address": "192.0.2.204"}],
    "companions_cms": [{"name": "cms-of-others", "address": "203.0.113.9"}],
    "telephony_voip": ["sip"],
    "rt_sockets_port": 7000,
    "rt_sockets_sessions": 16,
    "licences_outbound_ports": 4500,
    "licences_predictive_agents": 1500,
    "licences_preview_agents": 200,
    "licences_telephony_ports": 5000,
    "sizing_agents": 1500,
    "sizing_jobs": 120,
    "sizing_mpp_servers": [
        {"name": f"mpp{number}", "ports": 500, "cpu_cores": 24, "cpu_mhz": 2600, "memory_mb": 32768, "disk_gb": 300}
        for number in range(1, 9)
    ],
    "geo_topology": "local_ag_dag",
    "geo_listener": "pom-listener.example.com",
    "geo_active_data_center": "frankfurt",
    "geo_database_nodes": ["sql1", "sql2"],
    "geo_distributed_group": "pom-dag",
}
MACHINE = {"sizing_cpu_cores": 28, "sizing_cpu_mhz": 2600, "sizing_memory_mb": 40960, "sizing_disk_gb": 600}
WARNING = {
    "rule": "single-copy",
    "severity": "waived",
    "path": "kafka_default_replication_factor",
    "hosts": ["frankfurt-node1"],
    "found": "1, with 3 brokers",
    "expected": "a copy on more than one broker",
    "waiver": {"reason": "Test cluster until the second rack is delivered", "until": "2027-01-31", "file": None, "line": None},
}


def hosts() -> list[SiteHost]:
    defaults = load_catalogue().defaults()
    found = []
    for data_center, network in DATA_CENTERS.items():
        for number, (name, components) in enumerate(MEMBERS):
            own: dict[str, Any] = {
                "data_center": data_center,
                "host_address": f"{network}.{11 + number}",
                "host_fqdn": f"{data_center}-{name}.contact-center.example.com",
            }
            if "kafka" in components:
                own |= {"zookeeper_myid": int(name[-1]), "kafka_broker_id": int(name[-1]), "kafka_volume_gb": 500}
            if "epm_auxiliary" in components:
                own |= MACHINE if int(name[-1]) % 2 else {**MACHINE, "sizing_memory_mb": 16384}
            if "cms" in components:
                own["cms_ha_role"] = "primary" if data_center == "frankfurt" else "secondary"
            found.append(SiteHost(f"{data_center}-{name}", components, {**defaults, **SITE_WORDS, **own}))
    return found


def model() -> dict[str, Any]:
    everyone = hosts()
    return build_model("large", everyone, [WARNING]) | {"checked_in_preflight": [], "tables": site_tables(everyone)}
