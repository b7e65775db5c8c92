# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules about application servers and the applications that are registered on Experience Portal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import Finding
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.pom_systems import PomSystem, each_pom_system
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.rule import Rule
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.site import SiteView
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import POM_SERVERS

# word: (what it is, the documented line, the lowest of it)
VERSIONS: Mapping[str, tuple[str, tuple[int, ...], tuple[int, ...], str]] = {
    "app_server_java_version": ("Java", (1, 8), (1, 8, 0, 121), "1.8.0_121 or later of Java 8"),
    "app_server_tomcat_version": ("Tomcat", (8, 5), (8, 5, 11), "8.5.11 or later of 8.5"),
}
PRINTED_RUNTIMECONFIG_PASSWORD = "ddadmin"
CASE_SENSITIVE_NAMES = ("AvayaPOMNotifier", "AvayaPOMAnnouncement", "AvayaPOMAgent", "AvayaPOMSMS", "AvayaPOMEmail")
NEEDED_IN_A_ZONE = ("POM:Nailer", "POM:Driver")
DEFAULT_ZONE = "Default"


def email_without_app_server(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        if "email" in system.get("pom_campaign_channels", ()) and not system.having("app_server"):
            yield site.finding(
                rule,
                system.stating("pom_campaign_channels"),
                "pom_campaign_channels",
                found=f"email, with no host of data center {system.data_center} in the group app_server",
                expected="an application server: the application AvayaPOMEmail runs on it, also in non-telephony mode",
                fix=f"add a host of data center {system.data_center} to the group app_server, or remove email",
            )


def wrong_version(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in site.hosts:
        if not host.is_any("app_server") or host.is_any(*POM_SERVERS):
            continue
        for word, (what, line, lowest, documented) in VERSIONS.items():
            if word not in host:
                continue
            version = tuple(int(part) for part in re.findall(r"\d+", host.values[word]))
            is_other_line = version[: len(line)] != line
            if version >= lowest and (not is_other_line or host.get("app_server_other_versions_consent") is not False):
                continue
            yield site.finding(
                rule,
                host,
                word,
                found=host.values[word],
                expected=f"{documented}: the applications were delivered for that",
                fix=f"install such a version of {what}, or consent with app_server_other_versions_consent: true"
                if version > lowest
                else f"install such a version of {what} and write it here",
            )


def external_load_balancer(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        if system.get("app_server_external_load_balancer") is True:
            yield site.finding(
                rule,
                system.stating("app_server_external_load_balancer"),
                "app_server_external_load_balancer",
                found="true",
                expected="application servers behind the URL of Experience Portal, which spreads the load: a balancer before "
                "them is not supported",
                fix="register each application server by its own URL, and write app_server_external_load_balancer: false",
            )


def printed_runtimeconfig_password(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in site.hosts:
        if host.get("app_server_runtimeconfig_password") == PRINTED_RUNTIMECONFIG_PASSWORD:
            yield site.finding(
                rule,
                host,
                "app_server_runtimeconfig_password",
                found="the password that is printed in the documents (not shown)",
                expected="a password of the site's own: anyone who has read the guide could change the applications",
                fix="set a new app_server_runtimeconfig_password in the vault (ansible-vault edit)",
            )


def misspelt_application(site: SiteView, rule: Rule) -> Iterator[Finding]:
    exact = {name.lower(): name for name in CASE_SENSITIVE_NAMES}
    for system in each_pom_system(site):
        for index, application in enumerate(system.get("app_server_applications", ())):
            name = application["name"]
            if exact.get(name.lower(), name) != name:
                yield site.finding(
                    rule,
                    system.stating("app_server_applications"),
                    "app_server_applications",
                    found=name,
                    expected=f"{exact[name.lower()]}: POM finds its applications by names in exactly this spelling",
                    fix=f"write {exact[name.lower()]}",
                    steps=[index, "name"],
                )


def zone_without_driver(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        applications = system.get("app_server_applications", ())
        for zone in (system.get("pom_zones") or [DEFAULT_ZONE]) if applications else ():
            there = {application["type"] for application in applications if application.get("zone", DEFAULT_ZONE) == zone}
            for kind in NEEDED_IN_A_ZONE:
                if kind not in there:
                    yield _application_finding(
                        site,
                        rule,
                        system,
                        found=f"no application of the type {kind} in the zone {zone}",
                        expected="at least one POM:Nailer and one POM:Driver in each zone: no zone uses those of another",
                        fix=f"add {{name: …, type: {kind}, zone: {zone}}}, or remove the list: Dialtone then registers what is "
                        "needed",
                    )


def unknown_zone(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        zones = system.get("pom_zones") or [DEFAULT_ZONE]
        named = {application.get("zone", DEFAULT_ZONE) for application in system.get("app_server_applications", ())}
        for zone in sorted(named - set(zones)):
            yield _application_finding(
                site,
                rule,
                system,
                found=f"the zone {zone}, which is none of {', '.join(zones)}",
                expected="an application in a zone that POM serves (pom_zones)",
                fix=f"correct the name, or add {zone} to pom_zones",
            )


def urls_differ_in_zone(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        urls: dict[tuple[str, str], str] = {}
        for application in system.get("app_server_applications", ()):
            if "url" not in application:
                continue
            place = (application["name"].lower(), application.get("zone", DEFAULT_ZONE))
            first = urls.setdefault(place, application["url"])
            if first != application["url"]:
                yield _application_finding(
                    site,
                    rule,
                    system,
                    found=f"{application['url']} for {application['name']} in the zone {place[1]}, where it is {first} too",
                    expected="the same URL for every organization of a zone",
                    fix=f"write {first} for all organizations of the zone {place[1]}",
                )


def _application_finding(site: SiteView, rule: Rule, system: PomSystem, *, found: str, expected: str, fix: str) -> Finding:
    word = "app_server_applications"
    return site.finding(rule, system.stating(word), word, found=found, expected=expected, fix=fix)


RULES: Sequence[Rule] = (
    Rule("email-app-server", ("POM-NONTEL-04", "POM-APP-07"), email_without_app_server),
    Rule("app-server-version", ("POM-SYS-06", "T-070"), wrong_version),
    Rule("load-balancer", ("POM-APP-09", "POM-SIZE-08"), external_load_balancer),
    Rule("runtimeconfig-password", ("POM-APP-11", "T-078"), printed_runtimeconfig_password, never_waived="everyone knows it"),
    Rule("application-name", ("POM-APP-07",), misspelt_application),
    Rule("application-zone", ("POM-APP-07",), zone_without_driver),
    Rule("application-unknown-zone", ("POM-APP-07",), unknown_zone),
    Rule("application-url", ("POM-APP-07",), urls_differ_in_zone),
)
