# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A site model and what its probes saw: the shape of the lab's site, for tests of plan, status and report."""

from __future__ import annotations

import copy
from datetime import datetime, timezone
from typing import Any

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=timezone.utc)
NODES = {"epm1": 1, "epm2": 2, "kafka3": 3}
ADDRESSES = {
    "epm1": "192.0.2.11",
    "epm2": "192.0.2.12",
    "kafka3": "192.0.2.13",
    "db1": "192.0.2.14",
    "app1": "192.0.2.15",
    "cms2": "198.51.100.16",
}
COMPONENTS = {
    "epm1": ["epm_primary", "zookeeper", "kafka"],
    "epm2": ["epm_auxiliary", "zookeeper", "kafka"],
    "kafka3": ["zookeeper", "kafka"],
    "db1": ["pom_database"],
    "app1": ["app_server"],
    "cms2": ["cms"],
}


def data_center_of(host: str) -> str:
    return "dc2" if host.endswith("2") and host.startswith("cms") else "dc1"


def probes_of(host: str) -> list[dict[str, Any]]:
    probes: list[dict[str, Any]] = []
    if host in (*NODES, "db1"):
        probes.append(
            {
                "id": "trust.certificate",
                "component": "trust",
                "kind": "certificate",
                "path": "/etc/dialtone/tls/node.crt",
                "warn_days": 60,
            }
        )
    if host in NODES:
        node = NODES[host]
        place = {"host": ADDRESSES[host], "server_name": f"{host}.dc1.example.test"}
        probes += [
            {
                "id": "kafka_distribution.version",
                "component": "kafka_distribution",
                "kind": "jar_version",
                "home": "/opt/kafka_server",
                "expect": "3.2.0",
            },
            {"id": "zookeeper.unit", "component": "zookeeper", "kind": "unit", "unit": "zookeeper"},
            {
                "id": "zookeeper.ready",
                "component": "zookeeper",
                "kind": "zookeeper",
                "port": 2182,
                "expect_members": 3,
                "expect_id": node,
                **place,
            },
            {
                "id": "zookeeper.started_with",
                "component": "zookeeper",
                "kind": "started_with",
                "unit": "zookeeper",
                "label": f"ZooKeeper server {node}",
            },
            {"id": "kafka.unit", "component": "kafka", "kind": "unit", "unit": "kafka"},
            {
                "id": "kafka.ready",
                "component": "kafka",
                "kind": "kafka",
                "port": 9093,
                "broker_id": node,
                "expect_brokers": [1, 2, 3],
                **place,
            },
            {
                "id": "kafka.started_with",
                "component": "kafka",
                "kind": "started_with",
                "unit": "kafka",
                "label": f"broker {node}",
                "properties": "/opt/kafka_server/config/server.properties",
                "port": 9093,
                "broker_id": node,
                **place,
            },
        ]
    if host == "db1":
        probes.append({"id": "pom_database.unit", "component": "pom_database", "kind": "unit", "unit": "postgresql"})
    if host.startswith("epm"):
        probes.append(
            {
                "id": "pom_database.reachable.db1",
                "component": "pom_database",
                "kind": "postgresql",
                "host": ADDRESSES["db1"],
                "port": 5432,
                "server_name": "db1.dc1.example.test",
                "database": "pomdb",
                "user": "pomuser",
            }
        )
    return probes


def inputs_of(host: str) -> dict[str, Any]:
    inputs: dict[str, Any] = {"host_packages": ["chrony"], "host_firewall_openings": [], "host_known_hosts": []}
    if host in (*NODES, "db1"):
        inputs |= {"trust_directory": "/etc/dialtone/tls", "trust_subject": f"CN={host}", "trust_exports": []}
        inputs |= {"trust_dns_names": [f"{host}.{data_center_of(host)}.example.test"], "trust_ip_addresses": [ADDRESSES[host]]}
    if host in NODES:
        store = {"owner": "kafka", "group": "kafka", "mode": "0640"}
        inputs["trust_exports"] = [
            {"format": "jks_keystore", "path": "/opt/config/pomKeyStore", **store},
            {"format": "jks_truststore", "path": "/opt/config/pomTrustStore", **store},
        ]
        inputs |= {
            "kafka_distribution_home": "/opt/kafka_server",
            "zookeeper_home": "/opt/kafka_server",
            "zookeeper_data_directory": "/opt/kafka_server/kafka-store/zookeeper",
            "kafka_data_directory": "/opt/kafka_server/kafka-store/kafka",
        }
    if host == "db1":
        inputs["pom_database_tls_certificate_path"] = "/etc/dialtone/tls/postgresql/server.crt"
    return inputs


def connections() -> list[dict[str, Any]]:
    found = [
        {
            "from": one,
            "to": other,
            "address": ADDRESSES[other],
            "port": port,
            "protocol": "tcp",
            "purpose": purpose,
            "source": ["POM-ZK-01"],
        }
        for port, purpose in ((2888, "ZooKeeper quorum"), (9093, "Kafka between brokers"))
        for one in NODES
        for other in NODES
        if one != other
    ]
    return found + [
        {
            "from": one,
            "to": "db1",
            "address": ADDRESSES["db1"],
            "port": 5432,
            "protocol": "tcp",
            "purpose": "POM server to its database",
            "source": ["POM-DB-10"],
        }
        for one in ("epm1", "epm2")
    ]


def model() -> dict[str, Any]:
    return {
        "site": "main",
        "data_centers": {
            "dc1": {
                "hosts": [host for host in COMPONENTS if data_center_of(host) == "dc1"],
                "components": {
                    "epm_primary": ["epm1"],
                    "epm_auxiliary": ["epm2"],
                    "zookeeper": list(NODES),
                    "kafka": list(NODES),
                    "pom_database": ["db1"],
                    "app_server": ["app1"],
                },
            },
            "dc2": {"hosts": ["cms2"], "components": {"cms": ["cms2"]}},
        },
        "hosts": {
            host: {
                "name": host,
                "fqdn": f"{host}.{data_center_of(host)}.example.test",
                "address": ADDRESSES[host],
                "data_center": data_center_of(host),
                "components": components,
                "inputs": inputs_of(host),
                "probes": probes_of(host),
            }
            for host, components in COMPONENTS.items()
        },
        "connections": connections(),
        "warnings": [],
    }


def answer(probe: dict[str, Any], state: str, facts: dict[str, Any], **words: Any) -> dict[str, Any]:
    plain = {"ok": True, "reason": "", "warning": "", "next_step": "", "log": []}
    return {
        "id": probe["id"],
        "kind": probe["kind"],
        "component": probe["component"],
        "state": state,
        "facts": facts,
        **plain,
        **words,
    }


def kafka_facts(**changed: Any) -> dict[str, Any]:
    return {
        "cluster_id": "ddm1chK_RjiVmiIRiCnUIA",
        "controller_id": 1,
        "brokers": [1, 2, 3],
        "expected_brokers": [1, 2, 3],
        "topics": 2,
        "partitions": 54,
        "under_replicated": 0,
        "under_replicated_partitions": [],
        "under_min_in_sync": 0,
        "under_min_in_sync_partitions": [],
        "without_leader": 0,
        **changed,
    }


def healthy_answer(host: str, probe: dict[str, Any]) -> dict[str, Any]:
    leads = host == "kafka3"
    facts_by_kind: dict[str, tuple[str, dict[str, Any]]] = {
        "certificate": ("valid", {"days_left": 1185 - NODES.get(host, 0)}),
        "jar_version": ("present", {"version": "3.2.0"}),
        "unit": ("running", {"since": "Sat 2026-11-21 13:00:07 UTC", "restarts": 0}),
        "started_with": ("current", {"reasons": []}),
        "zookeeper": (
            "leader" if leads else "follower",
            {"mode": "leader" if leads else "follower", "synced_followers": 2 if leads else None},
        ),
        "kafka": ("in_sync", kafka_facts()),
        "postgresql": ("reachable", {"method": "scram-sha-256"}),
    }
    return answer(probe, *facts_by_kind[probe["kind"]])


def healthy() -> dict[str, dict[str, Any]]:
    return {
        host: {"probes": [healthy_answer(host, probe) for probe in description["probes"]], "ok": True}
        for host, description in model()["hosts"].items()
    }


def replace(results: dict[str, Any], host: str, probe_id: str, **changed: Any) -> None:
    found = next(probe for probe in results[host]["probes"] if probe["id"] == probe_id)
    found.update(changed)


def broken() -> dict[str, dict[str, Any]]:
    """epm2's broker is down, kafka3 cannot be reached, db1's certificate ends soon, a log line tries to be markup."""
    results = copy.deepcopy(healthy())
    replace(
        results,
        "epm2",
        "kafka.unit",
        ok=False,
        state="failed",
        reason="kafka has failed: result exit-code, exit status 1",
        next_step="Read why: journalctl -u kafka. Then: systemctl restart kafka",
        log=["2026-11-21T13:58:07+0000 epm2 kafka[812]: java.io.IOException: No space left on device <script>alert(1)</script>"],
    )
    replace(
        results,
        "epm2",
        "kafka.ready",
        ok=False,
        state="not_listening",
        facts={},
        reason="192.0.2.12:9093 refuses connections: nothing listens there",
    )
    gone = kafka_facts(
        brokers=[1], under_replicated=54, under_replicated_partitions=["events-0", "events-1"], under_min_in_sync=54
    )
    replace(
        results,
        "epm1",
        "kafka.ready",
        ok=False,
        state="brokers_missing",
        facts=gone,
        reason="not registered in the cluster: 2, 3 (expected: 1, 2, 3)",
    )
    replace(
        results,
        "db1",
        "trust.certificate",
        state="expiring",
        facts={"days_left": 41},
        warning="the certificate /etc/dialtone/tls/node.crt expires in 41 days; renewal is due from 60 days on",
    )
    results["kafka3"] = {
        "unreachable": True,
        "msg": "Failed to connect to the host via ssh: connect to host 192.0.2.13 port 22: No route to host",
    }
    return results
