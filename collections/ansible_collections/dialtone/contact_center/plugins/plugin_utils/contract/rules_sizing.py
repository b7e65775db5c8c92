# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules about sizes: the load of a data center against its hosts as stated, and the disk of Kafka."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import kafka_disk, sizing
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import WARN, Finding
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.pom_systems import (
    PomSystem,
    pom_systems,
    value_of,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.rule import Rule
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.rules_database import external_host
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.site import HostView, SiteView

LOAD_WORDS = (
    "sizing_agents",
    "sizing_notification_ports",
    "sizing_jobs",
    "sizing_ports_override",
    "sizing_local_mpp_ports",
    "sizing_mpp_servers",
    "pom_nontelephony",
    "pom_campaign_channels",
)
DISK_WORDS = ("kafka_attempts_per_hour", "kafka_retention_hours", "kafka_default_replication_factor")


def _productive(site: SiteView) -> Iterator[PomSystem]:
    for systems in pom_systems(site):
        yield from (system for system in systems if system.get("sizing_purpose") == "production")


def load_not_stated(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in _productive(site):
        if not any(host.defines("sizing_agents") for host in system.servers):
            yield site.finding(
                rule,
                system.servers[0],
                "sizing_agents",
                found=f"not set for data center {system.data_center}",
                expected="the number of agents that work at the same time: every sizing table is chosen by it",
                fix="write sizing_agents (0 for notifications only) in the location group's vars, or sizing_purpose: lab",
                severity=WARN,
            )


def sizing_verdicts(site: SiteView, rule: Rule) -> Iterator[Finding]:
    """One rule a kind of verdict, so that each can be waived by itself."""
    for system in _productive(site):
        words = {word: system.get(word) for word in LOAD_WORDS if system.get(word) is not None}
        load = sizing.load_of(words)
        if load is None:
            continue
        mpps = sizing.mpps_of(words)
        machines = [sizing.machine_of(host.name, host.components, host.values) for host in system.hosts]
        if external := external_host(system.servers):
            machines.append(sizing.Machine(external, (sizing.DATABASE,)))
        for verdict in sizing.judge_described(load, [*machines, *mpps]):
            if verdict.rule == rule.name:
                yield _finding(site, rule, system, mpps, verdict)


def _finding(
    site: SiteView, rule: Rule, system: PomSystem, mpps: list[sizing.Machine], verdict: sizing.Verdict
) -> Finding:
    hosts = {host.name: host for host in system.hosts}
    names = [mpp.name for mpp in mpps]
    of_mpp = verdict.machine in names and verdict.machine not in hosts
    host: HostView = hosts.get(verdict.machine) or system.stating(verdict.word)
    return site.finding(
        rule,
        host,
        "sizing_mpp_servers" if of_mpp else verdict.word,
        found=verdict.found,
        expected=verdict.expected,
        fix=verdict.fix,
        source=verdict.source,
        severity=verdict.severity,
        steps=[names.index(verdict.machine)] if of_mpp else (),
    )


def kafka_volume(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for _place, brokers in site.having("kafka"):
        if any(value_of(brokers, word) is None for word in DISK_WORDS):
            continue
        attempts, hours, copies = (value_of(brokers, word) for word in DISK_WORDS)
        needed = kafka_disk.estimate(attempts, hours, replication_factor=copies, brokers=len(brokers))
        for host in brokers:
            volume = host.get("kafka_volume_gb")
            if volume is None or volume >= needed["per_broker_gb"]:
                continue
            longest = kafka_disk.longest_retention_hours(attempts, volume, replication_factor=copies, brokers=len(brokers))
            shorter = f", or kafka_retention_hours: {longest} in group_vars/kafka" if longest else ""
            both = "; ".join(estimate["arithmetic"] for estimate in needed["estimates"])
            yield site.finding(
                rule,
                host,
                "kafka_volume_gb",
                found=f"{volume} GB, with kafka_retention_hours {hours} and kafka_attempts_per_hour {attempts}",
                expected=f"at least {needed['per_broker_gb']:g} GB: {both}; {needed['arithmetic']}",
                fix=f"enlarge the volume and write its size{shorter}",
            )


VERDICTS = {
    "no-profile": ("POM-SIZE-07", "T-009"),
    "mixed-load": ("T-011",),
    "too-many-jobs": ("POM-SIZE-01", "T-006"),
    "beyond-profile": ("POM-SIZE-03",),
    "too-few-servers": ("POM-SIZE-05", "POM-SIZE-06", "POM-SIZE-07"),
    "host-too-small": ("POM-SIZE-01", "POM-SIZE-02", "POM-SIZE-05", "POM-SIZE-10"),
    "local-database": ("POM-DB-02", "T-015"),
    "local-app-server": ("POM-SIZE-05",),
    "local-mpp": ("POM-SIZE-05",),
    "unusable-ports": ("POM-SIZE-08", "T-013"),
    "too-few-ports": ("POM-SIZE-08", "T-013"),
}

RULES: tuple[Rule, ...] = (
    Rule("load-not-stated", ("POM-SYS-04",), load_not_stated),
    *(Rule(name, source, sizing_verdicts) for name, source in VERDICTS.items()),
    Rule("kafka-volume", ("POM-KAFKA-01", "POM-KAFKA-02", "POM-SIZE-09"), kafka_volume),
)
