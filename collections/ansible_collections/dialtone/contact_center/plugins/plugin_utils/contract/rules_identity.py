# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules about hosts that have got another name or address."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import Finding
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.rule import Rule
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.site import HostView, SiteView

NOTHING_TO_LOOK_FOR = "every file that names the present host would be taken for one that was forgotten"


def former_name_in_use(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for hosts in site.sites().values():
        owner = {name: host for host in hosts for name in present_names(host)}
        for host in hosts:
            for index, name in enumerate(host.get("host_former_names", ())):
                user = owner.get(name.lower())
                if user is None:
                    continue
                yield site.finding(
                    rule,
                    host,
                    "host_former_names",
                    found=f"{name}, which {'is still the name or address of this host' if user is host else f'{user.name} has'}",
                    expected="names and addresses that no host of the site has any more: a new one is another than the former",
                    fix=f"remove {name}, or write the new name or address of {user.name}",
                    steps=[index],
                )


def former_name_of_two(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for hosts in site.sites().values():
        owner: dict[str, HostView] = {}
        for host in hosts:
            for index, name in enumerate(host.get("host_former_names", ())):
                other = owner.setdefault(name.lower(), host)
                if other is not host:
                    yield site.finding(
                        rule,
                        host,
                        "host_former_names",
                        found=f"{name}, a former name of {other.name} too",
                        expected="one successor for each former name: what is configured with it could not be told apart",
                        fix=f"remove {name} from {host.name} or from {other.name}",
                        steps=[index],
                    )


def further_host_of_the_site(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for hosts in site.sites().values():
        owner = {name: host for host in hosts for name in present_names(host)}
        for host in hosts:
            for index, entry in enumerate(host.get("host_further_hosts", ())):
                for name in (entry["address"], entry["fqdn"], *entry.get("names", ())):
                    user = owner.get(name.lower())
                    if user is not None:
                        yield site.finding(
                            rule,
                            host,
                            "host_further_hosts",
                            found=f"{name}, which {user.name} has",
                            expected="systems outside the site: /etc/hosts names the site's own hosts anyway, and each name must "
                            "lead to one host",
                            fix=f"remove the entry, or correct {name}",
                            steps=[index],
                        )


def media_platform_at_two_addresses(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in site.hosts:
        told = {mpp["name"].lower(): mpp["address"] for mpp in host.get("sizing_mpp_servers", ()) if mpp.get("address")}
        for index, entry in enumerate(host.get("host_further_hosts", ())):
            names = [entry["fqdn"], entry["fqdn"].partition(".")[0], *entry.get("names", ())]
            name = next((name for name in names if told.get(name.lower(), entry["address"]) != entry["address"]), None)
            if name is not None:
                yield site.finding(
                    rule,
                    host,
                    "host_further_hosts",
                    found=f"{name} at {entry['address']}, while sizing_mpp_servers has it at {told[name.lower()]}",
                    expected="one address for a media processing platform: Experience Portal is told that of sizing_mpp_servers, "
                    "and /etc/hosts leads to the other",
                    fix="write its present address in both; after a change run mpp_identity.yml",
                    steps=[index, "address"],
                )


def present_names(host: HostView) -> set[str]:
    return host.known_as() | {address.lower() for address in host.get("host_further_addresses", ())}


RULES: Sequence[Rule] = (
    Rule("former-name-in-use", ("POM-ID-01", "POM-ID-02", "POM-ID-03"), former_name_in_use, NOTHING_TO_LOOK_FOR),
    Rule("former-name-of-two", ("POM-ID-01",), former_name_of_two),
    Rule("mpp-address", ("POM-ID-04",), media_platform_at_two_addresses),
    Rule("further-host", ("POM-ID-04", "POM-SYS-08"), further_host_of_the_site),
)
