# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules across words and hosts: what no schema of a single variable can say. One small function a rule, one table for all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract import (
    rules_app_server,
    rules_certificates,
    rules_database,
    rules_deployment,
    rules_directories,
    rules_geo,
    rules_identity,
    rules_licences,
    rules_pom_server,
    rules_sizing,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import WARN, Finding
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.rule import Rule
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.site import HostView, SiteView
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.pom_servers import EPM_HTTP_PORT, EPM_WEB_PORT
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import POM_SERVERS

DOCUMENTED_SIZES = (1, 3)
HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
PRINTED_PASSWORDS = ("changeit",)
IN_THE_VAULT = "set a new {word} in the vault (ansible-vault edit)"
WITH_VENDORS_PROGRAM = (
    "change it on every POM server with updatePOMCertificateStorePassword.sh, then set the new {word} in the vault "
    "(ansible-vault edit)"
)
STORE_PASSWORDS = {
    "trust_store_password": IN_THE_VAULT,
    "certificates_keystore_password": WITH_VENDORS_PROGRAM,
    "certificates_truststore_password": WITH_VENDORS_PROGRAM,
    "app_server_keystore_password": IN_THE_VAULT,
}
SSH, EPM = "ansible_port", "EPM"
NOT_OURS = {SSH: "SSH", EPM: "the web server of Experience Portal"}
ANY_HOST = "192.0.2.1"  # stands in where no valid address is known, which is said elsewhere
SIZE_WORDS = {
    "kafka": ("brokers", "kafka_cluster_size_override"),
    "zookeeper": ("ZooKeeper nodes", "zookeeper_ensemble_size_override"),
}
NO_ADDRESS_LIMIT = "every address may connect to the database, with the password as the only barrier"

# Keys of the properties files that Dialtone writes itself, and the variable that sets each; None: computed, not to be set.
KAFKA_KEYS: dict[str, str | None] = {
    "broker.id": "kafka_broker_id",
    "listeners": "kafka_listener_port",
    "advertised.listeners": "kafka_listener_port",
    "log.dirs": "kafka_data_directory",
    "log.dir": "kafka_data_directory",
    "num.network.threads": "kafka_num_network_threads",
    "num.io.threads": "kafka_num_io_threads",
    "socket.send.buffer.bytes": "kafka_socket_send_buffer_bytes",
    "socket.receive.buffer.bytes": "kafka_socket_receive_buffer_bytes",
    "socket.request.max.bytes": "kafka_socket_request_max_bytes",
    "num.partitions": "kafka_num_partitions",
    "num.recovery.threads.per.data.dir": "kafka_num_recovery_threads_per_data_dir",
    "offsets.topic.replication.factor": "kafka_offsets_topic_replication_factor",
    "transaction.state.log.replication.factor": "kafka_transaction_state_log_replication_factor",
    "transaction.state.log.min.isr": "kafka_transaction_state_log_min_isr",
    "log.retention.hours": "kafka_retention_hours",
    "log.retention.minutes": "kafka_retention_hours",
    "log.retention.ms": "kafka_retention_hours",
    "log.segment.bytes": "kafka_log_segment_bytes",
    "log.retention.check.interval.ms": "kafka_log_retention_check_interval_ms",
    "zookeeper.connect": None,
    "zookeeper.connection.timeout.ms": "kafka_zookeeper_connection_timeout_ms",
    "zookeeper.clientCnxnSocket": None,
    "group.initial.rebalance.delay.ms": "kafka_group_initial_rebalance_delay_ms",
    "default.replication.factor": "kafka_default_replication_factor",
    "min.insync.replicas": "kafka_min_insync_replicas",
    "unclean.leader.election.enable": "kafka_unclean_leader_election",
    "security.inter.broker.protocol": None,
    "inter.broker.listener.name": None,
    "listener.security.protocol.map": None,
    "ssl.keystore.location": "kafka_keystore_path",
    "ssl.keystore.password": "trust_store_password",
    "ssl.keystore.type": "kafka_store_type",
    "ssl.key.password": "trust_store_password",
    "ssl.truststore.location": "kafka_truststore_path",
    "ssl.truststore.password": "trust_store_password",
    "ssl.truststore.type": "kafka_store_type",
    "ssl.client.auth": None,
    "ssl.enabled.protocols": "kafka_tls_protocol",
    "ssl.protocol": "kafka_tls_protocol",
    "ssl.cipher.suites": "kafka_cipher_suites",
    "ssl.endpoint.identification.algorithm": None,
}
ZOOKEEPER_KEYS: dict[str, str | None] = {
    "dataDir": "zookeeper_data_directory",
    "dataLogDir": "zookeeper_data_directory",
    "clientPort": None,
    "clientPortAddress": None,
    "secureClientPort": "zookeeper_client_port",
    "secureClientPortAddress": None,
    "tickTime": "zookeeper_tick_time_ms",
    "initLimit": "zookeeper_init_limit",
    "syncLimit": "zookeeper_sync_limit",
    "autopurge.purgeInterval": "zookeeper_purge_interval_hours",
    "autopurge.snapRetainCount": "zookeeper_snapshots_kept",
    "serverCnxnFactory": None,
    "sslQuorum": None,
    "portUnification": None,
    "admin.enableServer": None,
    "4lw.commands.whitelist": None,
}
# Why a refusal of these rules is never waived.
BROKEN_IDENTITY = "two nodes with one identity overwrite each other's messages"
NEVER_STARTS = "the service would not start"
LOCKED_OUT = "nobody could reach the host any more, Ansible included"
TWO_WRITERS = "the key would be written twice, and which value holds would be chance"
READABLE_SECRET = "every user of the host could read it"
NO_SUCH_SITE = "the site model has no place for it"

KAFKA_PREFIXES = ("zookeeper.ssl.",)
ZOOKEEPER_PREFIXES = ("server.", "ssl.")


# --- identity and names -------------------------------------------------------------------------------------------


def duplicate_broker_id(site: SiteView, rule: Rule) -> Iterator[Finding]:
    yield from _duplicate_id(site, rule, "kafka", "kafka_broker_id")


def duplicate_myid(site: SiteView, rule: Rule) -> Iterator[Finding]:
    yield from _duplicate_id(site, rule, "zookeeper", "zookeeper_myid")


def _duplicate_id(site: SiteView, rule: Rule, component: str, word: str) -> Iterator[Finding]:
    for (_site, data_center), hosts in site.having(component):
        for value, same in _grouped(hosts, word).items():
            used = {host.values[word] for host in hosts if word in host}
            free = min(set(range(1, len(used) + 2)) - used)
            for host in same[1:]:
                yield site.finding(
                    rule,
                    host,
                    word,
                    found=f"{value}, which {same[0].name} has too",
                    expected=f"an id that no other {component} host of data center {data_center} has",
                    fix=f"write another {word} in host_vars of {host.name}; the lowest free one is {free}",
                )


def duplicate_names(site: SiteView, rule: Rule) -> Iterator[Finding]:
    """One address, FQDN or alias for two hosts of a site: every name must lead to one host, also over data centers."""
    for hosts in site.sites().values():
        owner: dict[str, HostView] = {}
        for host in hosts:
            for word, name in _names(host):
                other = owner.setdefault(name.lower(), host)
                if other is not host:
                    yield site.finding(
                        rule,
                        host,
                        word,
                        found=f"{name}, which leads to {other.name} too",
                        expected="an address and names that belong to one host of the site only",
                        fix=f"write another {word} for {host.name} or for {other.name}",
                    )


def _names(host: HostView) -> Iterator[tuple[str, str]]:
    """The inventory name is unique by itself, but another host's alias may be the same word."""
    if "site" in host:
        yield "host_aliases", host.name
    for word in ("host_address", "host_fqdn"):
        if word in host:
            yield word, host.values[word]
    for alias in host.get("host_aliases", []):
        if alias.lower() != host.name.lower() and alias.lower() != str(host.get("host_fqdn", "")).lower():
            yield "host_aliases", alias


def address_of_no_host(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in site.hosts:
        address = IPv4Address(host.get("host_address", ANY_HOST))
        if address.is_loopback or address.is_unspecified or address.is_multicast:
            yield site.finding(
                rule,
                host,
                "host_address",
                found=str(address),
                expected="the address by which other hosts reach this one: it stands in their /etc/hosts and its certificate",
                fix=f"write the address that {host.name} has in the site's network",
            )


def unusable_host_name(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in site.hosts:
        if not HOST_NAME.fullmatch(host.name):
            yield site.finding(
                rule,
                host,
                "inventory_hostname",
                found=f"the host is called {host.name}",
                expected="letters, digits, hyphens and dots: the name stands in /etc/hosts and in the host's certificate",
                fix=f"call it {re.sub(r'[^A-Za-z0-9.]+', '-', host.name).strip('-.')}",
            )


def time_zones_differ(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for name, hosts in site.sites().items():
        zones = _grouped(hosts, "host_timezone")
        if len(zones) < 2:
            continue
        usual = max(zones, key=lambda zone: (len(zones[zone]), zone))
        for zone in sorted(set(zones) - {usual}):
            for host in zones[zone]:
                yield site.finding(
                    rule,
                    host,
                    "host_timezone",
                    found=f"{zone}, while {len(zones[usual])} hosts of site {name} have {usual}",
                    expected="one time zone on all systems",
                    fix=f"write host_timezone once, in group_vars/all, and remove this one (or write {usual} here)",
                )


def no_time_source(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in site.hosts:
        is_source_itself = bool(host.get("host_time_clients", True))
        if host.get("host_time_managed") is True and host.get("host_time_sources") == [] and not is_source_itself:
            yield site.finding(
                rule,
                host,
                "host_time_sources",
                found="no time server, while host_time_managed is true",
                expected="the same time servers for the POM database server and the primary EPM server",
                fix="write host_time_sources: [NTP servers], or host_time_managed: false if someone else keeps the clocks",
                severity=WARN,
            )


# --- topology -----------------------------------------------------------------------------------------------------


def second_primary(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for (_site, data_center), hosts in site.having("epm_primary"):
        for host in hosts[1:]:
            yield site.finding(
                rule,
                host,
                "epm_primary",
                found=f"{host.name} and {hosts[0].name} are both in the group epm_primary",
                expected=f"at most one primary EPM server in data center {data_center}",
                fix=f"move {host.name} to the group epm_auxiliary, or to another data center",
            )


def primary_and_auxiliary(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in site.hosts:
        if host.is_any("epm_primary") and host.is_any("epm_auxiliary"):
            yield site.finding(
                rule,
                host,
                "epm_auxiliary",
                found=f"{host.name} is in epm_primary and in epm_auxiliary",
                expected="one of the two",
                fix=f"remove {host.name} from one of the groups",
            )


def kafka_without_zookeeper(site: SiteView, rule: Rule) -> Iterator[Finding]:
    ensembles = {place for place, _hosts in site.having("zookeeper")}
    for place, hosts in site.having("kafka"):
        if place not in ensembles:
            for host in hosts:
                yield site.finding(
                    rule,
                    host,
                    "kafka",
                    found=f"a broker in data center {place[1]}, where no host is in the group zookeeper",
                    expected="a ZooKeeper ensemble in the data center of the brokers",
                    fix=f"add hosts of data center {place[1]} to the group zookeeper",
                )


def undocumented_size(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for component, (noun, override) in SIZE_WORDS.items():
        for (_site, data_center), hosts in site.having(component):
            if len(hosts) in DOCUMENTED_SIZES or any(host.get(override, True) for host in hosts):
                continue
            yield site.finding(
                rule,
                hosts[0],
                override,
                found=f"{len(hosts)} {noun} in data center {data_center}",
                expected="three (the documented set) or one (a lab or single-server site)",
                fix=f"change the hosts of the group {component}, or consent with {override}: true",
            )


def even_ensemble(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for (_site, data_center), hosts in site.having("zookeeper"):
        if len(hosts) % 2 == 0:
            yield site.finding(
                rule,
                hosts[0],
                "zookeeper",
                found=f"{len(hosts)} ZooKeeper nodes in data center {data_center}",
                expected="an odd number: the last node of an even number adds no tolerance, since a majority is needed",
                fix=f"use {len(hosts) - 1} or {len(hosts) + 1} hosts in the group zookeeper",
                severity=WARN,
            )


def second_database(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for (_site, data_center), hosts in site.having("pom_database"):
        if hosts[0].get("pom_database_engine") == "mssql":
            continue  # the nodes of an availability group
        for host in hosts[1:]:
            yield site.finding(
                rule,
                host,
                "pom_database",
                found=f"{host.name} and {hosts[0].name} are both in the group pom_database",
                expected=f"one POM database server in data center {data_center}",
                fix=f"remove {host.name} from the group pom_database",
            )


# --- ports and firewall -------------------------------------------------------------------------------------------


def port_clash(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in site.hosts:
        taken: dict[int, str] = dict.fromkeys((EPM_HTTP_PORT, EPM_WEB_PORT), EPM) if host.is_any(*POM_SERVERS) else {}
        for word in listening_ports(host):
            port = host.values[word]
            first = taken.setdefault(port, word)
            if first != word:
                culprit = word if host.defines(word) or not host.defines(first) else first
                other = first if culprit == word else word
                yield site.finding(
                    rule,
                    host,
                    culprit,
                    found=f"port {port}, which {NOT_OURS.get(other, other)} has on the same host",
                    expected="a port of its own for each listener of a host",
                    fix=f"write another {culprit}",
                )


def listening_ports(host: HostView) -> list[str]:
    words = [SSH]
    if host.is_any("zookeeper"):
        words += ["zookeeper_client_port", "zookeeper_peer_port", "zookeeper_election_port"]
    if host.is_any("kafka"):
        words += ["kafka_listener_port"]
    if host.is_any("pom_database"):
        words += ["pom_database_port"]
    if host.is_any("app_server"):
        words += ["app_server_port"]
    if host.is_any(*POM_SERVERS):
        words += ["rt_sockets_port"]
    return [word for word in words if word in host]


def firewall_without_admins(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in site.hosts:
        if host.get("host_firewall_managed") is True and host.get("host_firewall_admin_sources") == []:
            yield site.finding(
                rule,
                host,
                "host_firewall_managed",
                found="true, while host_firewall_admin_sources is empty",
                expected="the networks that may open SSH sessions: with none, the firewall locks everyone out, Ansible included",
                fix="write host_firewall_admin_sources: [the network of the administrators and of this controller]",
            )


# --- Kafka --------------------------------------------------------------------------------------------------------

REPLICATION_WORDS = (
    "kafka_default_replication_factor",
    "kafka_offsets_topic_replication_factor",
    "kafka_transaction_state_log_replication_factor",
)
IN_SYNC_WORDS = {
    "kafka_min_insync_replicas": "kafka_default_replication_factor",
    "kafka_transaction_state_log_min_isr": "kafka_transaction_state_log_replication_factor",
}


def replication_over_brokers(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for (_site, data_center), brokers in site.having("kafka"):
        here = f"{_count(brokers, 'broker')} in data center {data_center}"
        for host in brokers:
            for word in REPLICATION_WORDS:
                if word in host and host.values[word] > len(brokers):
                    yield site.finding(
                        rule,
                        host,
                        word,
                        found=f"{host.values[word]}{_by_default(host, word)}, with {here}",
                        expected=f"at most {len(brokers)}: each copy needs a broker of its own",
                        fix=f"write {word}: {len(brokers)} in group_vars/kafka, or add brokers",
                    )


def in_sync_not_below_replication(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for _place, brokers in site.having("kafka"):
        for host in brokers:
            for word, factor_word in IN_SYNC_WORDS.items():
                if word not in host or factor_word not in host:
                    continue
                # A factor that is itself refused is judged as what it will have to be.
                factor = min(host.values[factor_word], len(brokers))
                copies = f"{factor_word} {host.values[factor_word]}"
                highest = max(1, factor - 1)
                if host.values[word] > highest:
                    yield site.finding(
                        rule,
                        host,
                        word,
                        found=f"{host.values[word]}{_by_default(host, word)}, with {_count(brokers, 'broker')} and {copies}",
                        expected=_highest_words(highest, factor),
                        fix=f"write {word}: {highest} in group_vars/kafka",
                    )


def _highest_words(highest: int, factor: int) -> str:
    if factor == 1:
        return "1: there is a single copy of each message, and more can never be in sync"
    return f"at most {highest}, below the {factor} copies: otherwise one broker that is down stops every producer"


def single_copy(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for _place, brokers in site.having("kafka"):
        for host in brokers:
            if len(brokers) > 1 and host.get("kafka_default_replication_factor") == 1:
                yield site.finding(
                    rule,
                    host,
                    "kafka_default_replication_factor",
                    found=f"1, with {len(brokers)} brokers",
                    expected="a copy on more than one broker: a message is lost with the one server that holds it",
                    fix=f"write kafka_default_replication_factor: {len(brokers)}",
                    severity=WARN,
                )


def unclean_election(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in site.hosts:
        if host.is_any("kafka") and host.get("kafka_unclean_leader_election") is True:
            yield site.finding(
                rule,
                host,
                "kafka_unclean_leader_election",
                found="true",
                expected="false: a copy that lags behind may become leader, and acknowledged messages are lost",
                fix="remove the line, or write false",
                severity=WARN,
            )


def archive_missing(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in site.hosts:
        if host.is_any("kafka", "zookeeper") and host.get("kafka_distribution_managed") is True:
            for word in ("kafka_archive", "kafka_archive_sha256"):
                if not host.defines(word):
                    yield site.finding(
                        rule,
                        host,
                        word,
                        found="not set, while kafka_distribution_managed is true",
                        expected="the archive with the Kafka tree, and its SHA-256",
                        fix=f"write {word}, or kafka_distribution_managed: false where the vendor's installer owns the tree",
                    )


def extra_properties(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for component, word, owned, prefixes in (
        ("kafka", "kafka_extra_properties", KAFKA_KEYS, KAFKA_PREFIXES),
        ("zookeeper", "zookeeper_extra_properties", ZOOKEEPER_KEYS, ZOOKEEPER_PREFIXES),
    ):
        for host in site.hosts:
            if host.is_any(component):
                for key, value in host.get(word, {}).items():
                    for found, expected, fix in _property_faults(key, value, owned, prefixes):
                        yield site.finding(rule, host, word, found=found, expected=expected, fix=fix, steps=[key])


def _property_faults(
    key: str, value: Any, owned: dict[str, str | None], prefixes: tuple[str, ...]
) -> Iterator[tuple[str, str, str]]:
    if key.startswith("vsecurity"):
        yield (
            f"the key {key}",
            "security.…: `vsecurity` is a misprint, the last letter of a cipher suite that was broken over a line (T-074)",
            f"remove {key}: Dialtone writes the cipher suites and security.inter.broker.protocol itself",
        )
    elif key in owned or key.startswith(prefixes):
        variable = owned.get(key)
        yield (
            f"the key {key}",
            "a key that Dialtone does not write itself",
            f"write {variable} instead" if variable else f"remove {key}: Dialtone computes it from the inventory",
        )
    if isinstance(value, str) and ("\n" in value or "\r" in value):
        yield (
            f"a line break in the value of {key}",
            "a value on one line: what follows a line break would be read as another key",
            f"write the value of {key} on one line",
        )


def password_in_jvm_options(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for component in ("kafka", "zookeeper"):
        word, heap = f"{component}_jvm_options", f"{component}_heap_mb"
        for host in site.hosts:
            if not host.is_any(component):
                continue
            for index, option in enumerate(host.get(word, [])):
                if re.search(r"passw|secret", option, re.IGNORECASE):
                    yield site.finding(
                        rule,
                        host,
                        word,
                        found="an option that carries a password (not shown)",
                        expected="options without secrets: every user of the host can read the arguments of a process",
                        fix="remove it; stores and their passwords are set by the trust_* variables",
                        steps=[index],
                    )
                elif option.startswith(("-Xmx", "-Xms")):
                    yield site.finding(
                        rule,
                        host,
                        word,
                        found=option,
                        expected=f"the heap in {heap}, and nowhere else",
                        fix=f"remove it and write {heap}",
                        steps=[index],
                    )


# --- secrets and database -----------------------------------------------------------------------------------------


def printed_password(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in site.hosts:
        for word, way in STORE_PASSWORDS.items():
            if host.get(word) in PRINTED_PASSWORDS:
                yield site.finding(
                    rule,
                    host,
                    word,
                    found="the password that is printed in the documents (not shown)",
                    expected="a password of the site's own, in production",
                    fix=way.format(word=word),
                    severity=WARN,
                )


def any_address(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in site.hosts:
        if host.is_any("pom_database") and host.get("pom_database_allow_any_address") is True:
            yield site.finding(
                rule,
                host,
                "pom_database_allow_any_address",
                found=f"true: {NO_ADDRESS_LIMIT}",
                expected="the addresses of the POM servers of the data center, which Dialtone writes by itself",
                fix="remove the line, or write false",
                severity=WARN,
            )


def database_without_clients(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for place, hosts in site.having("pom_database"):
        if not any(host.is_any(*POM_SERVERS) for host in site.data_centers()[place]):
            for host in hosts:
                yield site.finding(
                    rule,
                    host,
                    "pom_database",
                    found=f"a POM database in data center {place[1]}, where no host is in epm_primary or epm_auxiliary",
                    expected="POM servers in the data center: only they may connect",
                    fix=f"add the EPM servers of data center {place[1]} to epm_primary and epm_auxiliary",
                    severity=WARN,
                )


# ------------------------------------------------------------------------------------------------------------------

RULES: Sequence[Rule] = (
    Rule("duplicate-broker-id", ("POM-KAFKA-05",), duplicate_broker_id, BROKEN_IDENTITY),
    Rule("duplicate-myid", ("POM-ZK-01",), duplicate_myid, BROKEN_IDENTITY),
    Rule("duplicate-name", ("POM-SYS-08", "POM-GEO-08"), duplicate_names),
    Rule("address-of-no-host", ("POM-SYS-08", "POM-KAFKA-06"), address_of_no_host, NEVER_STARTS),
    Rule("host-name", ("POM-SYS-08",), unusable_host_name, NO_SUCH_SITE),
    Rule("time-zones-differ", ("POM-SYS-07",), time_zones_differ),
    Rule("no-time-source", ("POM-SYS-07",), no_time_source),
    Rule("second-primary", ("POM-GEO-02",), second_primary, NO_SUCH_SITE),
    Rule("primary-and-auxiliary", ("POM-GEO-02",), primary_and_auxiliary, NO_SUCH_SITE),
    Rule("kafka-without-zookeeper", ("POM-KAFKA-05", "POM-ZK-01"), kafka_without_zookeeper, NEVER_STARTS),
    Rule("undocumented-size", ("T-109", "POM-KAFKA-04"), undocumented_size),
    Rule("even-ensemble", ("POM-ZK-01",), even_ensemble),
    Rule("second-database", ("POM-GEO-02",), second_database, NO_SUCH_SITE),
    Rule("port-clash", ("POM-NET-02",), port_clash, NEVER_STARTS),
    Rule("firewall-lockout", ("POM-NET-02",), firewall_without_admins, LOCKED_OUT),
    Rule("replication-over-brokers", ("POM-KAFKA-04", "POM-KAFKA-05"), replication_over_brokers, NEVER_STARTS),
    Rule("in-sync-replicas", ("POM-KAFKA-05",), in_sync_not_below_replication),
    Rule("single-copy", ("POM-KAFKA-05",), single_copy),
    Rule("unclean-election", (), unclean_election),
    Rule("archive-missing", ("POM-KAFKA-03", "POM-KAFKA-04"), archive_missing, NEVER_STARTS),
    Rule("extra-property", ("POM-KAFKA-05", "T-074"), extra_properties, TWO_WRITERS),
    Rule("jvm-option", (), password_in_jvm_options, READABLE_SECRET),
    Rule("printed-password", ("POM-KAFKA-05", "POM-APP-04", "POM-CERT-15"), printed_password),
    Rule("any-address", ("POM-DB-10",), any_address),
    Rule("database-without-clients", ("POM-DB-10",), database_without_clients),
    *rules_deployment.RULES,
    *rules_identity.RULES,
    *rules_geo.RULES,
    *rules_pom_server.RULES,
    *rules_licences.RULES,
    *rules_certificates.RULES,
    *rules_app_server.RULES,
    *rules_database.RULES,
    *rules_directories.RULES,
    *rules_sizing.RULES,
)


def apply_rules(site: SiteView, rules: Sequence[Rule] = RULES) -> Iterator[Finding]:
    for rule in rules:
        yield from rule.check(site, rule)


def _grouped(hosts: list[HostView], word: str) -> dict[Any, list[HostView]]:
    groups: dict[Any, list[HostView]] = {}
    for host in hosts:
        if word in host:
            groups.setdefault(host.values[word], []).append(host)
    return groups


def _by_default(host: HostView, word: str) -> str:
    return "" if host.defines(word) else " (the default)"


def _count(items: Sequence[Any], noun: str) -> str:
    return f"{len(items)} {noun}{'' if len(items) == 1 else 's'}"
