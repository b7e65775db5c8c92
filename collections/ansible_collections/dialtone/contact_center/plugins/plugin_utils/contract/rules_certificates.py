# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules about POM's certificates, and about FIPS, which changes how they are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import Finding
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.pom_systems import (
    cms_servers,
    each_pom_system,
    pom_systems,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.rule import Rule
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.site import HostView, SiteView
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.pom_servers import reserved_aliases
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import POM_SERVERS

CERTIFIED = (*POM_SERVERS, "app_server")
FIPS_PRODUCTS = {"aes": "companions_aes", "aacc": "companions_aacc", "cms": "companions_cms"}


def generated_on_multi_homed_host(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in site.hosts:
        if host.is_any(*POM_SERVERS) and host.get("certificates_source") == "generated" and host.get("host_further_addresses"):
            yield site.finding(
                rule,
                host,
                "certificates_source",
                found=f"generated, on a host with {1 + len(host.values['host_further_addresses'])} addresses",
                expected="a certificate with the FQDN as common and alternative name: the vendor's generator puts one address "
                "into it and no name",
                fix="write certificates_source: site_ca, or delivered with a certificate that carries the FQDN",
            )


def delivered_file_missing(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in site.hosts:
        if host.is_any(*CERTIFIED) and host.get("certificates_source") == "delivered":
            for word, what in (
                ("certificates_pkcs12", "the delivered PKCS#12 file of this host"),
                ("certificates_pkcs12_password", "the password of the delivered file, in the vault"),
            ):
                if not host.defines(word):
                    yield site.finding(
                        rule,
                        host,
                        word,
                        found="not set, while certificates_source is delivered",
                        expected=what,
                        fix=f"write {word} for {host.name}, or certificates_source: site_ca",
                    )


def names_not_covered(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in site.hosts:
        if host.is_any(*CERTIFIED) and host.get("certificates_source") == "delivered" and "certificates_names" in host:
            carried = [name.lower() for name in host.values["certificates_names"]]
            for name, why in _names_connected_to(host):
                if name.lower() not in carried:
                    yield site.finding(
                        rule,
                        host,
                        "certificates_names",
                        found=f"a certificate without {name}",
                        expected=f"{name} among its alternative names: {why}",
                        fix=f"have a certificate made for {host.name} that carries {name}, and add it to certificates_names",
                    )


def _names_connected_to(host: HostView) -> Iterator[tuple[str, str]]:
    uses_address = host.is_any("app_server") and host.get("app_server_url_host") == "address"
    if "host_address" in host and uses_address:
        yield host.values["host_address"], "the URLs of the applications name the address (app_server_url_host)"
    if "host_fqdn" in host:
        if host.is_any(*POM_SERVERS):
            yield host.values["host_fqdn"], "POM servers are added and reached by their FQDN"
        elif host.get("certificates_server_identity_validation") is True:
            yield host.values["host_fqdn"], "Experience Portal compares it (certificates_server_identity_validation)"
        elif not uses_address:
            yield host.values["host_fqdn"], "the URLs of the applications name it (app_server_url_host)"


def alias_of_two_certificates(site: SiteView, rule: Rule) -> Iterator[Finding]:
    """Beside those of the inventory there are others in the trust store, which Dialtone or POM put there."""
    for systems in pom_systems(site):
        own = reserved_aliases([host.name for system in systems for host in system.servers])
        paths: dict[str, str] = {}
        for index, entry in enumerate(systems[0].get("certificates_trusted", ())):
            alias = entry["alias"].lower()
            other = own.get(alias) or paths.setdefault(alias, entry["path"])
            if other != entry["path"]:
                yield site.finding(
                    rule,
                    systems[0].stating("certificates_trusted"),
                    "certificates_trusted",
                    found=f"the alias {entry['alias']} for {entry['path']}, which {other} has too",
                    expected="an alias of its own for every certificate of the trust store: the second one is refused, or "
                    "takes the place of the first",
                    fix="write another alias",
                    steps=[index, "alias"],
                )


# --- FIPS ---------------------------------------------------------------------------------------------------------


def portal_not_in_fips_mode(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        if system.get("fips_enabled") is True and system.get("fips_experience_portal_enabled") is False:
            yield site.finding(
                rule,
                system.stating("fips_enabled"),
                "fips_enabled",
                found="true, while fips_experience_portal_enabled is false",
                expected="Experience Portal in FIPS mode before POM",
                fix="have FIPS enabled on Experience Portal and write fips_experience_portal_enabled: true, or fips_enabled: "
                "false",
            )


def certificate_missing_for_fips(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        if system.get("fips_enabled") is not True or "certificates_trusted" not in system.servers[0]:
            continue
        imported = {entry.get("product") for entry in system.get("certificates_trusted", ())}
        for product, word in FIPS_PRODUCTS.items():
            is_described = bool(system.get(word)) or (product == "cms" and bool(cms_servers(site)))
            if is_described and product not in imported:
                yield site.finding(
                    rule,
                    system.stating("certificates_trusted"),
                    "certificates_trusted",
                    found=f"no certificate of {product.upper()}, in FIPS mode",
                    expected=f"the certificate of {product.upper()} or of its authority: in FIPS mode POM fetches none by itself",
                    fix=f"add {{alias: …, path: …, product: {product}}} to certificates_trusted",
                )


def external_kafka_under_fips(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        if system.get("fips_enabled") is True and system.get("fips_external_kafka_consent") is False:
            for host in system.having("kafka"):
                if not host.is_any(*POM_SERVERS):
                    yield site.finding(
                        rule,
                        host,
                        "kafka",
                        found=f"the broker {host.name}, which is no POM server, in FIPS mode",
                        expected="brokers on POM servers: the stores of an external broker are of type JKS, and no document "
                        "says what FIPS makes of them",
                        fix="take the host out of the group kafka, or consent with fips_external_kafka_consent: true",
                    )


RULES: Sequence[Rule] = (
    Rule("multi-homed-generated", ("POM-CERT-03", "T-155"), generated_on_multi_homed_host),
    Rule(
        "delivered-certificate",
        ("POM-CERT-02", "POM-CERT-06"),
        delivered_file_missing,
        never_waived="there would be nothing to import",
    ),
    Rule("certificate-names", ("POM-CERT-03", "POM-CERT-11", "T-079"), names_not_covered),
    Rule("duplicate-alias", ("POM-CERT-12", "POM-CERT-16", "POM-CFG-02"), alias_of_two_certificates),
    Rule("fips-experience-portal", ("POM-FIPS-01",), portal_not_in_fips_mode),
    Rule("fips-certificates", ("POM-FIPS-04",), certificate_missing_for_fips),
    Rule("fips-kafka", ("T-150",), external_kafka_under_fips),
)
