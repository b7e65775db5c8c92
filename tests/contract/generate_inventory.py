"""Write a valid inventory of any size: sites of ten hosts, from every kind of source that Ansible reads.

    python -m tests.contract.generate_inventory DIRECTORY HOSTS

A third of the sites has host_vars files, a third variables beside the hosts in YAML, a third an INI file. Secrets lie in an
encrypted file and in an encrypted value; some values are expressions.
"""

from __future__ import annotations

import argparse
import configparser
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PASSWORD = "generated"
SITE_SIZE = 10
# Each beginning of this list of hosts is not a site, but the last site's hosts are application servers where the list is cut.
ROLES: tuple[tuple[str, tuple[str, ...], dict[str, int]], ...] = (
    ("epm1", ("epm_primary",), {}),
    ("epm2", ("epm_auxiliary",), {}),
    ("epm3", ("epm_auxiliary",), {}),
    ("node1", ("zookeeper", "kafka"), {"zookeeper_myid": 1, "kafka_broker_id": 1}),
    ("node2", ("zookeeper", "kafka"), {"zookeeper_myid": 2, "kafka_broker_id": 2}),
    ("node3", ("zookeeper", "kafka"), {"zookeeper_myid": 3, "kafka_broker_id": 3}),
    ("db1", ("pom_database",), {}),
    ("app1", ("app_server",), {}),
    ("app2", ("app_server",), {}),
    ("log1", (), {}),
)
# What an inventory states of each machine, for Dialtone, for Ansible and for others.
MACHINE: dict[str, Any] = {
    "sizing_cpu_cores": 12,
    "sizing_cpu_mhz": 2600,
    "sizing_memory_mb": 32768,
    "sizing_disk_gb": 600,
    "network_lan_segment": "10.64.0.0/16",
    "ansible_port": 22,
    "ansible_python_interpreter": "/usr/bin/python3",
    "zabbix_host_group": "contact-center",
    "zabbix_proxy": "192.0.2.201",
    "zabbix_template": "linux",
    "zabbix_tls": True,
    "zabbix_psk_identity": "contact-center-psk",
    "zabbix_interval": 60,
}


@dataclass(frozen=True)
class GeneratedHost:
    name: str
    site: str
    components: tuple[str, ...]
    variables: dict[str, Any]


def hosts_of(count: int) -> Iterator[GeneratedHost]:
    for number in range(count):
        site, position = divmod(number, SITE_SIZE)
        role, components, identity = ROLES[position]
        if count - site * SITE_SIZE < SITE_SIZE:
            role, components, identity = f"app{position}", ("app_server",), {}
        address = f"10.{64 + (site >> 8)}.{site & 255}.{11 + position}"
        own = {"host_address": address, "ansible_host": address, **identity, **MACHINE}
        yield GeneratedHost(f"s{site}-{role}", f"site{site}", components, own)


def write_inventory(directory: Path, count: int, password: str = PASSWORD) -> list[Path]:
    """Write it, and return its sources in the order in which they are given to Ansible."""
    directory.mkdir(parents=True, exist_ok=True)
    hosts = list(hosts_of(count))
    sites: dict[str, list[GeneratedHost]] = {}
    for host in hosts:
        sites.setdefault(host.site, []).append(host)
    ini = configparser.RawConfigParser(allow_no_value=True, delimiters=("=",))
    groups: dict[str, dict[str, Any]] = {}
    for number, (site, members) in enumerate(sites.items()):
        words = {"site": site, "data_center": "dc1"}
        if number % 3 == 2:
            ini[site] = {f"{host.name} {_ini_words(host.variables)}": None for host in members}
            ini[f"{site}:vars"] = words
        else:
            inline = number % 3 == 1
            groups[site] = {"vars": words, "hosts": {host.name: host.variables if inline else None for host in members}}
            if not inline:
                for host in members:
                    _write(directory / "host_vars" / f"{host.name}.yml", host.variables)
    for component in sorted({component for host in hosts for component in host.components}):
        members = {host.name: None for host in hosts if component in host.components}
        groups[component] = {"hosts": members}
    _write(directory / "hosts.yml", {"all": {"children": groups}})
    sources = [directory / "hosts.yml"]
    if ini.sections():
        with (directory / "more.ini").open("w", encoding="utf-8") as file:
            ini.write(file, space_around_delimiters=False)
        sources.insert(0, directory / "more.ini")
    _write_variables(directory, password)
    return sources


def _ini_words(variables: dict[str, Any]) -> str:
    return " ".join(f"{name}={value!r}" for name, value in variables.items())


def _write_variables(directory: Path, password: str) -> None:
    _write(
        directory / "group_vars/all/site.yml",
        {
            "host_timezone": "Europe/Berlin",
            "host_time_sources": ["ntp1.example.com"],
            "host_firewall_managed": False,
            "host_fqdn": "{{ inventory_hostname }}.example.com",
            "host_aliases": ["{{ inventory_hostname }}-mgmt"],
            "site_foreign_prefixes": ["vaulted_", "zabbix_"],
            "zabbix_server": "192.0.2.200",
            "ansible_user": "deploy",
            "trust_store_password": "{{ vaulted_store_password }}",
            "certificates_keystore_password": "{{ vaulted_pom_store_password }}",
            "certificates_truststore_password": "{{ vaulted_pom_store_password }}",
            "pom_server_accept_eula": True,
            "pom_server_media_iso": "media/pom.iso",
            "pom_server_media_sha256": "0" * 64,
            "pom_mode": "None",
            "pom_scenario": "multi",
            "companions_license_server": [{"name": "weblm1", "address": "192.0.2.31"}],
            "sizing_purpose": "lab",
            "kafka_home": "/opt/kafka_server",
            "kafka_user": "kafka",
            "kafka_group": "kafka",
            "kafka_log_directory": "/var/log/kafka",
            "kafka_retention_hours": 96,
            "kafka_num_io_threads": 8,
            "kafka_num_network_threads": 4,
            "zookeeper_tick_time_ms": 3000,
            "zookeeper_init_limit": 10,
            "zookeeper_sync_limit": 5,
            "zookeeper_heap_mb": 1024,
            "trust_directory": "/etc/dialtone/tls",
            "trust_renew_before_days": 90,
            "licences_outbound_ports": 500,
            "licences_telephony_ports": 600,
            "licences_predictive_agents": 200,
            "telephony_voip": ["sip"],
            "zabbix_agent_version": "6.0",
            "zabbix_server_port": 10051,
            "zabbix_active_checks": True,
        },
    )
    secrets = {
        "trust_ca_certificate": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        "trust_ca_private_key": "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n",
        "vaulted_store_password": "generated store password",
        "vaulted_pom_store_password": "generated password of POM's stores",
    }
    (directory / "group_vars/all/secrets.yml").write_bytes(_encrypt(yaml.safe_dump(secrets), password))
    _write(
        directory / "group_vars/kafka.yml",
        {
            "kafka_archive": "/srv/artifacts/kafka_server-2.13-3.2.0.tar.gz",
            "kafka_archive_sha256": "0" * 64,
            "kafka_heap_mb": "{{ 1024 * 2 }}",
        },
    )
    _write(directory / "group_vars/pom_database.json", {"pom_database_user": "pom"})
    encrypted = "".join(f"  {line}\n" for line in _encrypt("generated password", password).decode().splitlines())
    inline = directory / "group_vars/all/password.yml"
    inline.write_text(f"pom_database_password: !vault |\n{encrypted}", encoding="utf-8")


def _encrypt(plain: str, password: str) -> bytes:
    from ansible.parsing.vault import VaultLib, VaultSecret

    return VaultLib([("default", VaultSecret(password.encode()))]).encrypt(plain.encode())


def _write(path: Path, data: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.dump(data, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), sort_keys=False), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("hosts", type=int)
    options = parser.parse_args()
    sources = write_inventory(options.directory, options.hosts)
    (options.directory / "vault-password").write_text(PASSWORD, encoding="utf-8")
    print(" ".join(f"-i {source}" for source in sources))
    return 0


if __name__ == "__main__":
    sys.exit(main())
