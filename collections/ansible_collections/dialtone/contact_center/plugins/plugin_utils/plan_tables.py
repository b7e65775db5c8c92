# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the plan tells beyond the model: the tables that follow from the words of a site. Pure; plain JSON, without a secret."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import (
    checklist,
    guided_steps,
    kafka_disk,
    licences,
    prerequisites,
    rt_sockets,
    sizing,
    storage_layout,
    virtual_machines,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.companions import first_value
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import SiteHost
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import POM_SERVERS

SIZING_WORDS = (
    "sizing_agents",
    "sizing_notification_ports",
    "sizing_jobs",
    "sizing_ports_override",
    "sizing_local_mpp_ports",
    "sizing_mpp_servers",
    "sizing_purpose",
    "pom_nontelephony",
    "pom_campaign_channels",
)
STORAGE_WORDS = {
    "engine": "pom_database_engine",
    "platform": "pom_database_os",
    "size_gb": "pom_database_size_gb",
    "backup": "pom_database_backup",
    "recovery_area": "pom_database_oracle_recovery_area",
    "database": "pom_database_name",
}
KAFKA_WORDS = ("kafka_attempts_per_hour", "kafka_retention_hours", "kafka_default_replication_factor")
WORDS_READ = (
    prerequisites.WORDS_READ
    | guided_steps.WORDS_READ
    | checklist.WORDS_READ
    | virtual_machines.WORDS_READ
    | frozenset(SIZING_WORDS)
    | frozenset(STORAGE_WORDS.values())
    | frozenset(KAFKA_WORDS)
    | {quantity.word for quantity in sizing.QUANTITIES.values()}
    | {"pom_database_host", "pom_database_port", "pom_database_volumes", "kafka_volume_gb"}
)


def site_tables(hosts: Iterable[SiteHost]) -> dict[str, Any]:
    """All tables of a site. A table that does not concern it is empty."""
    everyone = sorted(hosts, key=lambda host: host.name)
    data_centers: dict[str, list[SiteHost]] = {}
    for host in everyone:
        data_centers.setdefault(host.data_center, []).append(host)
    steps = guided_steps.rows(everyone)
    tables = {
        "prerequisites": prerequisites.rows(everyone),
        "guided_steps": steps,
        "checklist": checklist.rows(everyone, steps),
        "rt_sockets": rt_sockets.rows(everyone),
        "outside": [row for name, members in sorted(data_centers.items()) for row in _databases_outside(name, members)],
        "licences": licences.rows(everyone),
        "virtual_machines": virtual_machines.rows(everyone),
        "sizing": [row for name, members in sorted(data_centers.items()) for row in _sizing(name, members)],
        "storage": [row for name, members in sorted(data_centers.items()) for row in _storage(name, members)],
        "kafka_disk": [row for name, members in sorted(data_centers.items()) for row in _kafka_disk(name, members)],
    }
    # Values from an inventory carry Ansible's tags; a fact must not.
    return json.loads(json.dumps(tables))


def _words(hosts: Sequence[SiteHost], names: Iterable[str]) -> dict[str, Any]:
    found = {name: first_value(hosts, name) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _sizing(data_center: str, hosts: Sequence[SiteHost]) -> Iterator[dict[str, Any]]:
    servers = [host for host in hosts if host.is_any(*POM_SERVERS)]
    words = _words(servers, SIZING_WORDS)
    load = sizing.load_of(words)
    if load is not None:
        machines = [sizing.machine_of(host.name, host.components, host.words) for host in hosts]
        described = sizing.describe(
            load, [*machines, *sizing.mpps_of(words)], {host.name: host.components for host in hosts}
        )
        yield {"data_center": data_center, "purpose": words.get("sizing_purpose", ""), **described}


def _databases_outside(data_center: str, hosts: Sequence[SiteHost]) -> Iterator[dict[str, Any]]:
    """Connections to a database server that is no host of the site."""
    servers = [host for host in hosts if host.is_any(*POM_SERVERS)]
    words = _words(servers, ("pom_database_host", "pom_database_port"))
    if "pom_database_host" in words and not any(host.is_any("pom_database") for host in hosts):
        for server in servers:
            yield {
                "data_center": data_center,
                "from": server.name,
                "from_address": server.address,
                "to": words["pom_database_host"],
                "to_address": words["pom_database_host"],
                "port": words["pom_database_port"],
                "protocol": "tcp",
                "purpose": "POM server to its database",
                "source": ["POM-DB-10", "POM-NET-02"],
            }


def _storage(data_center: str, hosts: Sequence[SiteHost]) -> Iterator[dict[str, Any]]:
    """On the database server where it is a host of the site; else as the POM servers describe it."""
    databases = [host for host in hosts if host.is_any("pom_database")]
    describing = databases or [host for host in hosts if host.is_any(*POM_SERVERS)]
    words = _words(describing, STORAGE_WORDS.values())
    if STORAGE_WORDS["size_gb"] not in words:
        return
    options: Mapping[str, Any] = {option: words[word] for option, word in STORAGE_WORDS.items() if word in words}
    declared = first_value(describing, "pom_database_volumes", {})
    yield {
        "data_center": data_center,
        "host": databases[0].name if databases else first_value(describing, "pom_database_host", ""),
        **options,
        "volumes": storage_layout.layout(**options),
        "declared": dict(declared),
    }


def _kafka_disk(data_center: str, hosts: Sequence[SiteHost]) -> Iterator[dict[str, Any]]:
    brokers = [host for host in hosts if host.is_any("kafka")]
    words = _words(brokers, KAFKA_WORDS)
    if len(words) == len(KAFKA_WORDS):
        attempts, hours, copies = (words[word] for word in KAFKA_WORDS)
        yield {
            "data_center": data_center,
            "brokers": [host.name for host in brokers],
            "stated_gb": {host.name: host.words["kafka_volume_gb"] for host in brokers if "kafka_volume_gb" in host.words},
            **kafka_disk.estimate(attempts, hours, replication_factor=copies, brokers=len(brokers)),
        }
