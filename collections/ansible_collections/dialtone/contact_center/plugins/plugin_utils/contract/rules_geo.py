# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules of a geo-redundant site: what its data centers must have, must share, and must not have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import companions, licences
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import WARN, Finding
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.pom_systems import (
    PomSystem,
    cms_servers,
    geo_systems,
    pom_systems,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.rule import Rule
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.site import HostView, SiteView
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.spelling import nearest
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.validate import show
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import load_catalogue

PRECONDITIONS: Mapping[str, tuple[str, str, str]] = {
    # word: (value, what it is, consequence)
    "pom_mode": ("CCElite", "the mode CCElite", "geo-redundancy is supported in no other"),
    "pom_database_engine": (
        "mssql",
        "Microsoft SQL Server (Standard or Enterprise)",
        "its AlwaysOn is what geo-redundancy rests on",
    ),
}
DATABASE_SETTINGS: Mapping[str, tuple[str, str]] = {
    "geo_database_failover": (
        "manual",
        "a failover that a person starts, always before POM's own: an automatic one takes the primary replica from a running POM",
    ),
    "geo_database_commit": (
        "asynchronous",
        "asynchronous commit: with a synchronous one every write of POM waits for the other data center",
    ),
}
SITE_WORDS = ("geo_active_data_center", "geo_topology", "geo_database_failover", "geo_database_commit")
DATA_CENTER_WORDS = ("geo_listener", "geo_database_nodes", "geo_data_center_group")
ADMINISTERED_IDENTICALLY = ("pom_zones", "organizations_list")
MANY_JOBS, HIKARI_PIMCM = 200, 300
DEPENDS_ON = tuple(word for word in companions.TITLES if word not in ("companions_cms", "companions_aacc", "companions_oceana"))


def preconditions(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for systems in geo_systems(site):
        for word, (value, what, consequence) in PRECONDITIONS.items():
            found = systems[0].get(word, value)
            if found != value:
                host = systems[0].stating(word)
                yield site.finding(
                    rule,
                    host,
                    word,
                    found=f"{found}{'' if host.defines(word) else ' (the default)'}, in a geo-redundant site",
                    expected=f"{what}: {consequence}",
                    fix=f"write {word}: {value} in group_vars/all, or another pom_scenario than geo",
                )


def missing_words(site: SiteView, rule: Rule) -> Iterator[Finding]:
    catalogue = load_catalogue().words
    for systems in geo_systems(site):
        wanted = [(systems[0], word, "group_vars/all") for word in SITE_WORDS]
        wanted += [
            (system, word, f"the group_vars of the location group of data center {system.data_center}")
            for system in systems
            for word in DATA_CENTER_WORDS
        ]
        if systems[0].get("geo_topology") == "local_ag_dag":
            wanted.append((systems[0], "geo_distributed_group", "group_vars/all"))
        for system, word, place in wanted:
            if not system.defines(word):
                yield site.finding(
                    rule,
                    system.servers[0],
                    word,
                    found="not set, in a geo-redundant site",
                    expected=catalogue[word].schema["description"],
                    fix=f"write {word}: {show(catalogue[word].schema['examples'][0])} in {place}",
                    source=catalogue[word].sources,
                )


def words_without_geo(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in (system for systems in pom_systems(site) if not any(other.is_geo for other in systems) for system in systems):
        if "pom_scenario" not in system.servers[0]:
            continue
        for word in sorted({word for host in system.servers for word in host.layer if word.startswith("geo_")}):
            yield site.finding(
                rule,
                system.stating(word),
                word,
                found=f"set, while pom_scenario is {system.get('pom_scenario')}",
                expected="words of geo-redundancy in a geo-redundant site only: here nothing reads them",
                fix=f"remove {word}, or write pom_scenario: geo",
                severity=WARN,
            )


def active_data_center(site: SiteView, rule: Rule) -> Iterator[Finding]:
    """One word for the site: two active data centers cannot be written, only one that does not exist."""
    for systems in geo_systems(site):
        names = [system.data_center for system in systems]
        active = systems[0].get("geo_active_data_center")
        if active is not None and active not in names:
            yield site.finding(
                rule,
                systems[0].stating("geo_active_data_center"),
                "geo_active_data_center",
                found=f"{active}, which is no data center with POM servers",
                expected="exactly one active data center: " + " or ".join(names),
                fix=f"write geo_active_data_center: {nearest(str(active), names) or names[0]}",
            )


def listener(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for systems in geo_systems(site):
        nodes = [node for system in systems for node in system.get("geo_database_nodes", ())]
        nodes += [host.name for system in systems for host in system.having("pom_database")]
        group = systems[0].get("geo_distributed_group", "")
        for system in systems:
            name = system.get("geo_listener")
            if name is None:
                continue
            node = next((node for node in nodes if is_same_host(name, node)), None)
            if name.replace(".", "").isdigit():
                found = f"{name}, an address"
            elif node:
                found = f"{name}, which is the database node {node}"
            elif group and is_same_host(name, group):
                found = f"{name}, which is the distributed availability group"
            else:
                continue
            yield site.finding(
                rule,
                system.stating("geo_listener"),
                "geo_listener",
                found=found,
                expected="the FQDN of the Availability Group Listener of the data center: whatever else is written stops leading "
                "to the primary replica at the first failover, and the distributed group is not supported",
                fix=f"write the listener's FQDN; the administrator of the database of data center {system.data_center} knows it",
            )


def shared_listener(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for systems in geo_systems(site):
        if systems[0].get("geo_topology") == "local_ag_dag":
            why = "a listener for each data center, where each has an availability group of its own"
            yield from _unique(site, rule, systems, "geo_listener", why)


def host_beside_listener(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for systems in geo_systems(site):
        for system in systems:
            if system.defines("pom_database_host") and system.get("pom_database_host") != system.get("geo_listener"):
                yield site.finding(
                    rule,
                    system.stating("pom_database_host"),
                    "pom_database_host",
                    found="a database server beside the listener",
                    expected="geo_listener alone: POM servers connect to the listener, wherever the primary replica is",
                    fix="remove pom_database_host",
                )


def database_settings(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for systems in geo_systems(site):
        for word, (value, expected) in DATABASE_SETTINGS.items():
            found = systems[0].get(word, value)
            if found != value:
                yield site.finding(
                    rule,
                    systems[0].stating(word),
                    word,
                    found=found,
                    expected=expected,
                    fix=f"have the administrator of the database set {value}, and write {word}: {value}",
                )


def duplicate_group(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for systems in geo_systems(site):
        yield from _unique(site, rule, systems, "geo_data_center_group", "a group name of its own for each data center")


def _unique(site: SiteView, rule: Rule, systems: Sequence[PomSystem], word: str, expected: str) -> Iterator[Finding]:
    owner: dict[str, str] = {}
    for system in systems:
        value = system.get(word)
        if value is None:
            continue
        first = owner.setdefault(value.lower(), system.data_center)
        if first != system.data_center:
            yield site.finding(
                rule,
                system.stating(word),
                word,
                found=f"{value}, which data center {first} has too",
                expected=expected,
                fix=f"write another {word} in the group_vars of the location group of data center {system.data_center}",
            )


def duplicate_host_name(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for systems in geo_systems(site):
        owner: dict[str, HostView] = {}
        for host in (host for system in systems for host in system.servers if "host_fqdn" in host):
            name = short(host.values["host_fqdn"])
            first = owner.setdefault(name, host)
            if first is not host and first.values["host_fqdn"].lower() != host.values["host_fqdn"].lower():
                yield site.finding(
                    rule,
                    host,
                    "host_fqdn",
                    found=f"the host name {name} of {host.name}, which {first.name} has too ({first.values['host_fqdn']})",
                    expected="host names of POM servers that differ over all data centers, also without their domain",
                    fix=f"give {host.name} another host name, and write it in host_fqdn",
                )


def rest_of_standby(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for systems in geo_systems(site):
        url, active = systems[0].get("geo_rest_url"), systems[0].get("geo_active_data_center")
        if url is None or active not in [system.data_center for system in systems]:
            continue
        asked = urlsplit(url).hostname or ""
        for system in systems:
            for host in system.servers:
                if system.data_center != active and asked in host.known_as():
                    yield site.finding(
                        rule,
                        systems[0].stating("geo_rest_url"),
                        "geo_rest_url",
                        found=f"{url}, a POM server of the standby data center {system.data_center}",
                        expected=f"a POM server of the active data center {active}: requests always go to the active one",
                        fix=f"write the name of a POM server of data center {active}",
                    )


def administered_differently(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for systems in geo_systems(site):
        first = systems[0]
        for system in systems[1:]:
            for word in ADMINISTERED_IDENTICALLY:
                if system.get(word) is None or first.get(word) is None:
                    continue
                here, there = _names_in(system.get(word)), _names_in(first.get(word))
                if here != there:
                    yield site.finding(
                        rule,
                        system.stating(word),
                        word,
                        found=f"{show(here)} in data center {system.data_center}, {show(there)} in {first.data_center}",
                        expected="the same on the Experience Portal of every data center: nothing carries them over at a "
                        "failover",
                        fix=f"write {word} once, in group_vars/all, and administer all data centers alike",
                    )


def _names_in(entries: Sequence[str | Mapping[str, Any]]) -> list[str]:
    return sorted(entry if isinstance(entry, str) else entry["name"] for entry in entries)


def missing_in_data_center(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for systems in geo_systems(site):
        for word in DEPENDS_ON:
            owners = [system for system in systems if system.get(word)]
            for system in systems if owners else ():
                if system.get(word) == []:
                    yield site.finding(
                        rule,
                        system.stating(word),
                        word,
                        found=f"none in data center {system.data_center}, while data center {owners[0].data_center} has one",
                        expected=f"{companions.TITLES[word]} in every data center: after a failover POM has only what stands "
                        "there",
                        fix=f"write {word} in the group_vars of the location group of data center {system.data_center}",
                    )
        with_app_server = [system for system in systems if system.having("app_server")]
        for system in systems if with_app_server else ():
            if not system.having("app_server"):
                yield site.finding(
                    rule,
                    system.servers[0],
                    "app_server",
                    found=f"none in data center {system.data_center}, while data center {with_app_server[0].data_center} has one",
                    expected="application servers in every data center: after a failover POM has only what stands there",
                    fix=f"add a host of data center {system.data_center} to the group app_server",
                )


def single_cms(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for systems in geo_systems(site):
        servers = cms_servers(site)
        if len(servers) == 1:
            yield site.finding(
                rule,
                systems[0].stating("companions_cms"),
                "companions_cms",
                found=f"one CMS server ({servers[0].name}) for {len(systems)} data centers",
                expected="CMS in high availability: after the loss of its data center skill-based campaigns have no real-time "
                "data",
                fix="describe the secondary server as well (group cms with cms_ha_role, or companions_cms with role)",
                severity=WARN,
            )


def licences_not_doubled(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for systems in geo_systems(site):
        for word, title in licences.TITLES.items():
            counts = {system.data_center: system.get(word) for system in systems}
            if None in counts.values():
                continue
            most = max(counts, key=lambda name: (counts[name], name == systems[0].get("geo_active_data_center")))
            for system in systems:
                if counts[system.data_center] < counts[most]:
                    yield site.finding(
                        rule,
                        system.stating(word),
                        word,
                        found=f"{counts[system.data_center]} for data center {system.data_center}, {counts[most]} for {most}",
                        expected=f"the full count in each data center ({title}): a standby with fewer cannot carry the load "
                        "after a failover",
                        fix=f"order {counts[most]} for data center {system.data_center} too, and write {word}: {counts[most]}",
                    )


def hikari_pimcm(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for systems in geo_systems(site):
        jobs = max((system.get("sizing_jobs", 0) for system in systems), default=0)
        value = systems[0].get("geo_hikari_pimcm", HIKARI_PIMCM)
        if jobs >= MANY_JOBS and value != HIKARI_PIMCM:
            yield site.finding(
                rule,
                systems[0].stating("geo_hikari_pimcm"),
                "geo_hikari_pimcm",
                found=f"{value}, with {jobs} simultaneous jobs",
                expected=f"{HIKARI_PIMCM} with {MANY_JOBS} jobs or more: with fewer connections campaigns wait for the database",
                fix=f"write geo_hikari_pimcm: {HIKARI_PIMCM}, or remove it",
                severity=WARN,
            )


def is_same_host(one: str, other: str) -> bool:
    """A name without a domain is meant in the domain of the other."""
    if "." in one and "." in other:
        return one.lower() == other.lower()
    return short(one) == short(other)


def short(name: str) -> str:
    return name.split(".", 1)[0].lower()


NO_FAILOVER = "the site could not fail over, or would lose its database at the first one"

RULES: Sequence[Rule] = (
    Rule("geo-precondition", ("POM-GEO-01", "POM-MODE-03", "T-145"), preconditions, never_waived=NO_FAILOVER),
    Rule("geo-word-missing", ("POM-GEO-01",), missing_words, never_waived="the model of the site cannot be built without it"),
    Rule("geo-not-enabled", ("POM-GEO-04",), words_without_geo),
    Rule(
        "geo-active-data-center",
        ("POM-GEO-09", "POM-GEO-11"),
        active_data_center,
        never_waived="the model needs one active data center",
    ),
    Rule("geo-listener", ("POM-GEO-03", "T-027"), listener, never_waived=NO_FAILOVER),
    Rule("geo-database-host", ("POM-GEO-03",), host_beside_listener),
    Rule("geo-shared-listener", ("POM-GEO-03", "T-133"), shared_listener),
    Rule("geo-database-settings", ("POM-GEO-01", "POM-GEO-21", "T-136"), database_settings),
    Rule("geo-group-name", ("POM-GEO-09",), duplicate_group, never_waived="the name is what tells the groups apart"),
    Rule("geo-host-name", ("POM-GEO-08",), duplicate_host_name),
    Rule("geo-rest-url", ("POM-GEO-08",), rest_of_standby),
    Rule("geo-administered-differently", ("POM-GEO-02", "POM-GEO-12"), administered_differently),
    Rule("geo-missing-in-data-center", ("POM-GEO-02",), missing_in_data_center),
    Rule("geo-single-cms", ("POM-GEO-02", "T-144"), single_cms),
    Rule("geo-licences", ("POM-GEO-13",), licences_not_doubled),
    Rule("geo-hikari", ("POM-GEO-14", "T-142"), hikari_pimcm),
)
