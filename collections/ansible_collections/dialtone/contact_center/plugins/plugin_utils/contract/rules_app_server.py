# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules about application servers and the applications that are registered on Experience Portal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.dialtone.contact_center.plugins.module_utils.app_server import JAVA, TOMCAT, Documented
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.applications import (
    DEFAULT_ORGANIZATION,
    DEFAULT_ZONE,
    DELIVERED,
    NEEDED_IN_A_ZONE,
    base_url,
    needed,
    path_of,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import REFUSE, WARN, Finding
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.pom_systems import PomSystem, each_pom_system
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.rule import Rule
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.site import HostView, SiteView
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import SiteHost
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import POM_SERVERS

VERSIONS: Mapping[str, Documented] = {"app_server_java_version": JAVA, "app_server_tomcat_version": TOMCAT}
# The first that is set opens the keystore of the connector.
STORE_PASSWORDS = ("app_server_keystore_password", "trust_store_password")
NOTHING_TO_COPY = "there is nothing to copy to the application server"
NOTHING_TO_ANSWER = "the run would stop where the vendor's program asks for them"
PRINTED_RUNTIMECONFIG_PASSWORD = "ddadmin"


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
        consent = host.get("app_server_other_versions_consent") is not False
        for word, documented in VERSIONS.items():
            if word not in host or documented.accepts(host.values[word], consent):
                continue
            yield site.finding(
                rule,
                host,
                word,
                found=host.values[word],
                expected=f"{documented.words}: the applications were delivered for that",
                fix=f"install such a version of {documented.product} and write it here"
                if documented.is_too_old(host.values[word])
                else f"install such a version of {documented.product}, or consent with app_server_other_versions_consent: true",
            )


# --- what Dialtone needs to keep Tomcat -------------------------------------------------------------------------------


def managed_servers(site: SiteView) -> Iterator[HostView]:
    yield from (host for host in site.hosts if host.is_any("app_server") and host.get("app_server_managed") is True)


def archive_in_part(site: SiteView, rule: Rule) -> Iterator[Finding]:
    words = ("app_server_archive", "app_server_archive_sha256")
    for host in managed_servers(site):
        given = [word for word in words if host.get(word)]
        missing = [word for word in words if word in host and word not in given]
        if given and missing:
            yield site.finding(
                rule,
                host,
                missing[0],
                found=f"not set, while {given[0]} is",
                expected="the archive with Tomcat and its SHA-256, by which another content is refused before it runs",
                fix=f"write {missing[0]}, or remove {given[0]} where Tomcat is installed already",
            )


def keystore_of_another_home(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in managed_servers(site):
        home, path = host.get("app_server_home"), host.get("app_server_keystore")
        if host.defines("app_server_home") and not host.defines("app_server_keystore") and not str(path).startswith(f"{home}/"):
            yield site.finding(
                rule,
                host,
                "app_server_keystore",
                found=f"{path} (the default), while app_server_home is {home}",
                expected="a keystore of the Tomcat that is kept: its connector would name a file that does not exist",
                fix=f"write app_server_keystore: {home}/conf/myTrustStore",
            )


def password_that_tomcat_replaces(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in managed_servers(site):
        word = next((word for word in STORE_PASSWORDS if host.defines(word)), "")
        if "${" in str(host.get(word, "")):
            yield site.finding(
                rule,
                host,
                word,
                found="a password with ${ in it (not shown)",
                expected="a password that stands in server.xml as it is: there ${…} is the name of a property, and Tomcat would "
                "open the keystore with something else",
                fix=f"set a new {word} in the vault (ansible-vault edit)",
            )


def applications_from_nowhere(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for (_site, data_center), servers in site.having("app_server"):
        primary = next((host for host in site.data_centers()[_site, data_center] if host.is_any("epm_primary")), None)
        for host in (one for one in servers if one.get("app_server_managed") is True):
            if primary is None:
                yield site.finding(
                    rule,
                    host,
                    "app_server",
                    found=f"{host.name}, in data center {data_center} without a host of the group epm_primary",
                    expected="a primary POM server in the same data center: the applications come with its installation",
                    fix="correct the groups, or write app_server_managed: false where somebody else keeps this Tomcat",
                )
            elif primary.get("pom_server_managed") is True and primary.get("pom_server_ddapps") is False:
                yield site.finding(
                    rule,
                    primary,
                    "pom_server_ddapps",
                    found=f"false, with the application server {host.name}",
                    expected="true: without the package ddapps there is nothing to copy to an application server",
                    fix="write pom_server_ddapps: true, or app_server_managed: false where somebody else keeps the applications",
                )


def registration_without_login(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in managed_servers(site):
        if not host.is_any("epm_primary") or host.get("pom_server_managed") is not True or host.get("pom_nontelephony") is True:
            continue
        for word in ("pom_web_user", "pom_web_password"):
            if not host.defines(word):
                yield site.finding(
                    rule,
                    host,
                    word,
                    found=f"not set, with an application server on the primary {host.name}",
                    expected="the administrator of Experience Portal: insert_POM_Apps.sh asks for user and password before it "
                    "registers the applications",
                    fix=f"write {word}" + (" in the vault (ansible-vault edit)" if word == "pom_web_password" else ""),
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


def runtimeconfig_password_missing(site: SiteView, rule: Rule) -> Iterator[Finding]:
    word = "app_server_runtimeconfig_password"
    for host in managed_servers(site):
        if not host.defines(word):
            yield site.finding(
                rule,
                host,
                word,
                found="not set, while the application server is delivered with a password that is printed in the documents",
                expected="a password of the site's own for the page runtimeconfig: it changes what callers hear",
                fix=f"set {word} in the vault (ansible-vault edit)",
                severity=WARN,
            )


def misspelt_application(site: SiteView, rule: Rule) -> Iterator[Finding]:
    exact = {application.name.lower(): application.name for application in DELIVERED if application.is_name_exact}
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
        if system.get("pom_nontelephony") is True:
            continue
        applications = system.get("app_server_applications", ())
        for zone in (system.get("pom_zones") or [DEFAULT_ZONE]) if applications else ():
            there = {application["type"] for application in applications if _place(application) == (zone, DEFAULT_ORGANIZATION)}
            for kind in NEEDED_IN_A_ZONE:
                if kind not in there:
                    yield _application_finding(
                        site,
                        rule,
                        system,
                        found=f"no application of the type {kind} in the zone {zone} for the organization {DEFAULT_ORGANIZATION}",
                        expected="at least one POM:Nailer and one POM:Driver of the default organization in each zone: no zone "
                        "uses those of another",
                        fix=f"add {{name: …, type: {kind}, zone: {zone}}} without an organization, or remove the list: Dialtone "
                        "then registers what is needed",
                    )


def application_missing(site: SiteView, rule: Rule) -> Iterator[Finding]:
    """Drivers and Nailers have names of the site's choice: application-zone looks for them by their types."""
    for system in each_pom_system(site):
        listed = {application["name"].lower() for application in system.get("app_server_applications", ())}
        channels, nontelephony = system.get("pom_campaign_channels", ()), system.get("pom_nontelephony") is True
        reason = "{} in pom_campaign_channels" if channels else "every channel (no pom_campaign_channels)"
        for application in needed(channels, nontelephony=nontelephony) if listed else ():
            if application.is_name_exact and application.name.lower() not in listed:
                yield _application_finding(
                    site,
                    rule,
                    system,
                    found=f"no application {application.name}, with {reason.format(application.channel)}",
                    expected="every application that the channels of the campaigns need: what is written here is registered "
                    "instead of what Dialtone computes",
                    fix=f"add {{name: {application.name}, type: '{application.type}'}}, or correct pom_campaign_channels",
                    severity=WARN,
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


def url_of_no_application_server(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        servers = system.having("app_server")
        known = {name for host in servers for name in host.known_as()}
        for index, application in enumerate(system.get("app_server_applications", ()) if servers else ()):
            host = urlsplit(application.get("url", "")).hostname
            if host and host not in known:
                yield _application_finding(
                    site,
                    rule,
                    system,
                    found=f"{application['url']}, whose host is none of {', '.join(server.name for server in servers)}",
                    expected=f"an application server of data center {system.data_center}: Experience Portal spreads the load "
                    "itself, and a balancer before them is not supported",
                    fix="write the URL of one application server, or no url: Dialtone then registers that of each; another name "
                    "of a server belongs into its host_aliases",
                    severity=WARN,
                    steps=[index, "url"],
                )


def urls_differ_in_zone(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        firsts: dict[tuple[str, str], str] = {}
        for application in system.get("app_server_applications", ()):
            zone, _organization = _place(application)
            url = application.get("url") or _computed_url(system, application)
            first = firsts.setdefault((application["name"].lower(), zone), url)
            if first != url:
                yield _application_finding(
                    site,
                    rule,
                    system,
                    found=f"{url} for {application['name']} in the zone {zone}, where it is {first} too",
                    expected="the same URL for every organization of a zone",
                    fix=f"write the same url for all organizations of the zone {zone}, or for none of them",
                )


def _computed_url(system: PomSystem, application: Mapping[str, Any]) -> str:
    """The one URL of an entry without `url`; a value that no entry can state where there is not exactly one."""
    servers = [SiteHost(host.name, host.components, host.values) for host in system.having("app_server")]
    is_known = all(word in server.words for server in servers for word in ("host_address", "host_fqdn", "app_server_port"))
    if len(servers) != 1 or not is_known:
        return "the URL that Dialtone computes"
    return base_url(servers[0]) + path_of(application["name"], application["type"])


def _place(application: Mapping[str, Any]) -> tuple[str, str]:
    return application.get("zone", DEFAULT_ZONE), application.get("organization", DEFAULT_ORGANIZATION)


def _application_finding(
    site: SiteView,
    rule: Rule,
    system: PomSystem,
    *,
    found: str,
    expected: str,
    fix: str,
    severity: str = REFUSE,
    steps: Sequence[str | int] = (),
) -> Finding:
    word = "app_server_applications"
    return site.finding(rule, system.stating(word), word, found=found, expected=expected, fix=fix, severity=severity, steps=steps)


RULES: Sequence[Rule] = (
    Rule("email-app-server", ("POM-NONTEL-04", "POM-APP-07"), email_without_app_server),
    Rule("app-server-version", ("POM-SYS-06", "T-070"), wrong_version),
    Rule("app-server-archive", ("POM-SYS-06",), archive_in_part, never_waived="an unknown content would run on the host"),
    Rule("app-server-keystore", ("POM-APP-04", "POM-APP-06"), keystore_of_another_home),
    Rule("app-server-password", ("POM-APP-04",), password_that_tomcat_replaces, never_waived="the connector would not start"),
    Rule("app-server-applications", ("POM-APP-01", "POM-APP-03"), applications_from_nowhere, never_waived=NOTHING_TO_COPY),
    Rule("app-server-registration", ("POM-APP-08",), registration_without_login, never_waived=NOTHING_TO_ANSWER),
    Rule("load-balancer", ("POM-APP-09", "POM-SIZE-08"), external_load_balancer),
    Rule("runtimeconfig-password", ("POM-APP-11", "T-078"), printed_runtimeconfig_password, never_waived="everyone knows it"),
    Rule("runtimeconfig-password-missing", ("POM-APP-11",), runtimeconfig_password_missing),
    Rule("application-name", ("POM-APP-07",), misspelt_application),
    Rule("application-zone", ("POM-APP-07",), zone_without_driver),
    Rule("application-missing", ("POM-APP-07",), application_missing),
    Rule("application-unknown-zone", ("POM-APP-07",), unknown_zone),
    Rule("application-url-host", ("POM-APP-09", "POM-SIZE-08"), url_of_no_application_server),
    Rule("application-url", ("POM-APP-07",), urls_differ_in_zone),
)
