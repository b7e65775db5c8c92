# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules about licences, and about the RT sockets over which CMS sends real-time data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import WARN, Finding
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.pom_systems import (
    cms_servers,
    each_pom_system,
    pom_systems,
    stating,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.rule import Rule
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.site import HostView, SiteView
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.licences import AGENT_LICENCES, TITLES

CHANNEL_LICENCES = {
    "sms": ("licences_sms_channels", "licences_experience_portal_sms_channels"),
    "email": ("licences_email_channels", "licences_experience_portal_email_channels"),
}


def fewer_telephony_ports(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        ports, outbound = system.get("licences_telephony_ports"), system.get("licences_outbound_ports")
        if ports is not None and outbound is not None and ports < outbound:
            yield site.finding(
                rule,
                system.stating("licences_telephony_ports"),
                "licences_telephony_ports",
                found=f"{ports}, for {outbound} outbound ports of POM in data center {system.data_center}",
                expected="at least as many telephony ports of Experience Portal as outbound ports of POM: it places their calls",
                fix=f"order {outbound} and write licences_telephony_ports: {outbound}, or fewer licences_outbound_ports",
            )


def agents_without_licence(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        counts = [system.get(word) for word in AGENT_LICENCES]
        if system.get("pom_agent_campaigns") is True and None not in counts and not sum(counts):
            yield site.finding(
                rule,
                system.stating("pom_agent_campaigns"),
                "pom_agent_campaigns",
                found=f"true, with no agent licence for data center {system.data_center}",
                expected="licences for the agents of agent-based campaigns",
                fix="write licences_predictive_agents, licences_preview_agents or licences_manual_agents",
            )


def channel_without_licence(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        for channel in system.get("pom_campaign_channels", ()):
            for word in CHANNEL_LICENCES.get(channel, ()):
                if system.get(word) == 0:
                    yield site.finding(
                        rule,
                        system.stating(word),
                        word,
                        found=f"none for data center {system.data_center}, while campaigns use {channel}",
                        expected=f"licences for {TITLES[word]}, which the channel needs",
                        fix=f"write {word}, or remove {channel} from pom_campaign_channels",
                        severity=WARN,
                    )


def classification_without_licence(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        if system.get("telephony_enhanced_call_classification") is True and system.get("licences_call_classification") == 0:
            yield site.finding(
                rule,
                system.stating("telephony_enhanced_call_classification"),
                "telephony_enhanced_call_classification",
                found=f"true, with no ECC licence for data center {system.data_center}",
                expected="ECC licences wherever enhanced call classification is used",
                fix="write licences_call_classification, or telephony_enhanced_call_classification: false",
            )


def too_few_rt_sockets(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for systems in pom_systems(site):
        needed = sum(len(system.servers) for system in systems)
        sessions = systems[0].get("rt_sockets_sessions")
        if systems[0].get("pom_skill_based_campaigns") is True and sessions is not None and sessions < needed:
            yield site.finding(
                rule,
                systems[0].stating("rt_sockets_sessions"),
                "rt_sockets_sessions",
                found=f"{sessions} on each CMS, for {needed} POM servers in {len(systems)} data "
                f"center{'s' if len(systems) > 1 else ''}",
                expected="a session of its own for every POM server: one without gets none of the data that paces campaigns",
                fix=f"have {needed} sessions of rt_socket set up on each CMS, and write rt_sockets_sessions: {needed}",
            )


def rt_sockets_without_port(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for systems in pom_systems(site):
        if systems[0].get("pom_skill_based_campaigns") is True and not systems[0].defines("rt_sockets_port"):
            yield site.finding(
                rule,
                systems[0].servers[0],
                "rt_sockets_port",
                found="not set, while skill-based campaigns run",
                expected="the port at which the connections of CMS arrive: no document names one, so it is agreed with the "
                "administrator of CMS",
                fix="write rt_sockets_port in group_vars/all; the same may be used for all connections",
            )


def hacms_is_false(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for systems in pom_systems(site):
        servers = cms_servers(site)
        if len(servers) > 1 and systems[0].get("pom_mode") == "CCElite" and systems[0].get("rt_sockets_hacms") is False:
            yield site.finding(
                rule,
                systems[0].stating("rt_sockets_hacms"),
                "rt_sockets_hacms",
                found=f"false, with {len(servers)} CMS servers ({', '.join(server.name for server in servers)})",
                expected="HACMS parameters that are true in rta.conf: high availability of CMS needs them",
                fix="have HACMS set to true in rta.conf, and write rt_sockets_hacms: true",
                severity=WARN,
            )


def cms_pair(site: SiteView, rule: Rule) -> Iterator[Finding]:
    servers = cms_servers(site)
    owner: dict[str, str] = {}
    for server in servers if len(servers) > 1 else ():
        host, word = _described_by(site, server.name)
        if word == "cms_ha_role" and host.defines(word) and word not in host:
            continue
        first = owner.setdefault(server.role, server.name) if server.role else ""
        if first != server.name:
            yield site.finding(
                rule,
                host,
                word,
                found=f"{server.name} is {server.role}, as {first} is" if first else f"{server.name} has no role, in a pair",
                expected="one primary and one secondary server: the connections to POM are set up by role",
                fix=f"write cms_ha_role: primary or secondary in host_vars/{server.name}.yml"
                if word == "cms_ha_role"
                else f"write role: primary or secondary for {server.name}",
            )


def _described_by(site: SiteView, server: str) -> tuple[HostView, str]:
    """The host that says what a CMS server is, and its word: the server itself, or one that companions_cms is written for."""
    for host in site.hosts:
        if host.name == server and host.is_any("cms"):
            return host, "cms_ha_role"
    described = [host for host in site.hosts if any(entry["name"] == server for entry in host.get("companions_cms", ()))]
    return stating(described, "companions_cms"), "companions_cms"


RULES: Sequence[Rule] = (
    Rule("telephony-ports", ("POM-SYS-02",), fewer_telephony_ports),
    Rule("agent-licences", ("POM-SYS-02",), agents_without_licence),
    Rule("channel-licences", ("POM-APP-10",), channel_without_licence),
    Rule("classification-licences", ("POM-SYS-02",), classification_without_licence),
    Rule("rt-sockets", ("POM-RTS-01",), too_few_rt_sockets),
    Rule("rt-socket-port", ("POM-RTS-01", "POM-RTS-02"), rt_sockets_without_port),
    Rule("hacms", ("POM-RTS-02",), hacms_is_false),
    Rule("cms-pair", ("POM-RTS-02", "POM-RTS-03"), cms_pair),
)
