# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What exists only as a page of a web console: each step with its page, the values to type, and what proves that it was done.

Pure: from the words of the site alone. A step holds no secret; where one is typed, it names the variable that holds it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_layout import PomLayout
from ansible_collections.dialtone.contact_center.plugins.plugin_utils import guided_portal, pom_servers
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.guided_actions import (
    chosen,
    filled,
    kept,
    opened,
    page_of,
    pressed,
    removed,
    secret,
    selected,
    ticked,
    uploaded,
    values_of,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.guided_console import (
    AFTER_START,
    RECORD,
    Console,
    GuidedStep,
    former_names,
)

if TYPE_CHECKING:
    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import SiteHost

WORDS_READ = pom_servers.WORDS_READ | guided_portal.WORDS_READ | {
    "fips_enabled",
    "host_former_names",
    "host_further_addresses",
    "pom_home_country",
    "pom_outcall_user",
    "pom_users",
    "pom_web_user",
}

MANAGER = ("Proactive Outreach", "Manager")
TRUSTED_CERTIFICATES = (*MANAGER, "Configurations", "Trusted Certificates")
SERVERS = (*MANAGER, "Configurations", "Servers")
KEEPERS = 2  # hosts of a data center that keep the ledger


# --- what there is to do ------------------------------------------------------------------------------------------


def rows(hosts: Iterable[SiteHost]) -> list[dict[str, Any]]:
    """Every step of a site, in the order in which it is done. Plain JSON."""
    steps = [step for console in consoles(hosts) for step in steps_of(console)]
    return json.loads(json.dumps([asdict(step) for step in steps]))


def consoles(hosts: Iterable[SiteHost]) -> Iterator[Console]:
    data_centers: dict[str, list[SiteHost]] = {}
    for host in sorted(hosts, key=lambda host: host.name):
        data_centers.setdefault(host.data_center, []).append(host)
    for name, members in sorted(data_centers.items()):
        servers = [host for host in members if pom_servers.has_managed_pom(host)]
        primaries = [host for host in servers if pom_servers.kind_of(host) == pom_servers.PRIMARY]
        if primaries:
            yield Console(name, primaries[0], [host for host in servers if host not in primaries], members)


def steps_of(console: Console) -> Iterator[GuidedStep]:
    common = {
        "data_center": console.data_center,
        "console": console.primary.name,
        "place": f"EPM of {console.primary.name}",
        "url": f"https://{console.primary.address}/",
        "user": console.get("pom_web_user", ""),
        "keepers": ledger_keepers(console),
    }
    for step in (
        *guided_portal.before_start(console),
        *fetch_and_add(console),
        *outcall_user(console),
        *trust_pom_certificates(console),
        *home_country(console),
        *users(console),
        *guided_portal.after_start(console),
    ):
        yield GuidedStep(**{**common, **step, "formerly": former_ids(step["id"], console.hosts)})


def former_ids(step: str, hosts: Iterable[SiteHost]) -> tuple[str, ...]:
    """The ids that a step had while the host that it is named after had other names: its records still count."""
    kind, _dot, rest = step.partition(".")
    return tuple(
        f"{kind}.{former}{rest[len(host.name):]}"
        for host in hosts
        if rest == host.name or rest.startswith(f"{host.name}.")
        for former in former_names(host)
    )


def ledger_keepers(console: Console) -> tuple[str, ...]:
    """The primary and another host of its data center, so that the loss of one loses nothing."""
    others = [host for host in console.hosts if host not in console.servers and host.runs(*host.components)]
    return tuple(host.name for host in (*console.servers, *others)[:KEEPERS])


def fetch_and_add(console: Console) -> Iterator[dict[str, Any]]:
    before: tuple[str, ...] = ()
    for server in console.servers:
        auxiliary = server is not console.primary
        fetched, added = f"fetch_epm_certificate.{server.name}", f"add_pom_server.{server.name}"
        yield {
            "id": fetched,
            "title": f"Fetch the certificate of the EPM server {server.name}",
            "actions": (
                opened(*TRUSTED_CERTIFICATES),
                removed(server.name, *former_names(server)),
                pressed("Fetch"),
                filled("Name", server.name),
                filled("Location", f"https://{server.address}"),
                pressed("Continue"),
            ),
            "why": "POM must trust the EPM server before it can be added as a POM server",
            "proof": trusted_certificate(console, server),
            "source": ("POM-CFG-02", "POM-CERT-13", *(["POM-AUX-04"] if auxiliary else [])),
            "after": before,
        }
        yield {
            "id": added,
            "title": f"Add the {'auxiliary ' if auxiliary else ''}POM server {server.name}",
            "actions": (
                opened(*SERVERS),
                pressed("Add"),
                filled("POM Server Name", server.name),
                filled("POM Server IP Address", typed_address(server)),
                pressed("Continue"),
                ticked("Trust this certificate"),
                pressed("Save"),
            ),
            "why": "the primary hands its access to the database and its trust store to the auxiliary with it"
            if auxiliary
            else "POM runs only on servers of this list",
            "proof": database_row(console, server.name, server.address, server.fqdn, *former_names(server)),
            "source": ("POM-CFG-03", *(["POM-AUX-04"] if auxiliary else [])),
            "after": (fetched,),
        }
        if former_names(server):
            yield host_address_update(console, server)
        before = before or (last_of_joining(server),)


def host_address_update(console: Console, server: SiteHost) -> dict[str, Any]:
    """A server with another name or address stays the same POM server: its name in the list never changes."""
    return {
        "id": f"host_address_update.{server.name}",
        "title": f"Tell POM the present address of {server.name}",
        "actions": (
            opened(*SERVERS),
            pressed(server.name, *former_names(server)),
            filled("Update Host Address", typed_address(server)),
            pressed("Apply"),
            ticked("Trust the certificate"),
            pressed("Save"),
        ),
        "why": "the POM servers find each other by the addresses of this list",
        "proof": database_row(console, typed_address(server)),
        "source": ("POM-ID-01", *(["POM-ID-02"] if server is console.primary else [])),
        "after": (f"add_pom_server.{server.name}",),
    }


def last_of_joining(server: SiteHost) -> str:
    """The step after which POM reaches the server by its present address."""
    return f"{'host_address_update' if former_names(server) else 'add_pom_server'}.{server.name}"


def outcall_user(console: Console) -> Iterator[dict[str, Any]]:
    yield {
        "id": console.step("outcall_user"),
        "title": "Give POM a user with Outcall privileges",
        "actions": (
            opened(*SERVERS, "Outbound Settings", "EPM"),
            filled("User Name", console.get("pom_outcall_user") or "the user with Outcall privileges"),
            secret("Password", "pom_outcall_password"),
            pressed("Save"),
        ),
        "why": "POM places calls through Experience Portal as this user",
        "source": ("POM-CFG-04",),
        "after": (console.added,),
    }


def trust_pom_certificates(console: Console) -> Iterator[dict[str, Any]]:
    for server in console.servers:
        yield {
            "id": f"trust_pom_certificate.{server.name}",
            "title": f"Make Experience Portal trust the POM certificate of {server.name}",
            "actions": (
                opened(*SERVERS),
                selected(typed_address(server), server.name),
                pressed("Export"),
                kept(f"{server.name}.pem"),
                opened(*guided_portal.PORTAL_CERTIFICATES),
                removed(f"pom_{server.name}", *(f"pom_{name}" for name in former_names(server))),
                pressed("Upload"),
                filled("Name", f"pom_{server.name}"),
                chosen("Type", "application"),
                uploaded("Enter Certificate Path", f"{server.name}.pem"),
                pressed("Continue"),
                pressed("Save"),
            ),
            "why": "Experience Portal refuses a POM server whose certificate it does not trust",
            "source": ("POM-CERT-08", *(["POM-ID-01"] if former_names(server) else [])),
            "after": (last_of_joining(server),),
            "fingerprint_of": server.name,
        }


def home_country(console: Console) -> Iterator[dict[str, Any]]:
    country = console.get("pom_home_country")
    if country:
        yield {
            "id": console.step("home_country"),
            "title": "Set the home country, once and for all",
            "actions": (
                opened(*MANAGER, "Configurations", "Global Configurations"),
                chosen("Home country", country),
                pressed("Apply"),
            ),
            "why": "numbers without a country code are read by it; after the initial installation it must not be changed",
            "source": ("POM-CFG-07",),
            "after": (console.added,),
            "once": True,
        }


def users(console: Console) -> Iterator[dict[str, Any]]:
    for user in console.get("pom_users", ()):
        yield {
            "id": console.step("pom_user", user["name"]),
            "title": f"Give the user {user['name']} POM roles; the user logs off and on to see them",
            "actions": (
                opened("User Management", "Users"),
                filled("Name", user["name"]),
                *(ticked(role) for role in user["roles"]),
                pressed("Save"),
            ),
            "why": "without a POM role the user does not see POM's menus",
            "source": ("POM-CFG-06",),
            "after": (console.added,),
            "phase": AFTER_START,
        }


# --- what proves it -----------------------------------------------------------------------------------------------


def trusted_certificate(console: Console, server: SiteHost) -> dict[str, Any]:
    """The certificate that the EPM presents is in POM's trust store. No program of a host reads the format of a FIPS store."""
    if console.get("fips_enabled"):
        return {"kind": RECORD}
    return {
        "kind": "trusted_certificate",
        "store": PomLayout(pom_servers.home_of(console.primary["pom_server_install_path"])).truststore,
        "host": server.address,
        "port": pom_servers.EPM_WEB_PORT,
        "label": server.name,
    }


def database_row(console: Console, *texts: str) -> dict[str, Any]:
    """A row of the table in which POM keeps its servers holds one of these texts."""
    database = pom_servers.server_rows_database(console.primary, console.hosts)
    if not database:
        return {"kind": RECORD}
    return {"kind": "database_row", "table": "pim_server", "any_of": list(texts), **database}


def typed_address(server: SiteHost) -> str:
    """A server with several addresses is added by its FQDN (POM-CFG-03, POM-CERT-03)."""
    return server.fqdn if server.words.get("host_further_addresses") else server.address


# --- reading a step of the model ----------------------------------------------------------------------------------


def steps_of_model(model: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(model.get("tables", {}).get("guided_steps", ()))


def ledger_hosts(model: Mapping[str, Any]) -> list[str]:
    """The hosts that keep a ledger, or whose certificate decides whether a step is open."""
    found = {name: None for step in steps_of_model(model) for name in (*step["keepers"], step["fingerprint_of"])}
    return [name for name in model["hosts"] if name in found]


def digest_of(step: Mapping[str, Any], fingerprint: str = "") -> str:
    """Changes with any value, and with the certificate that is handed over."""
    text = json.dumps([step["id"], values_of(step), fingerprint], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def hand_rows(steps: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The steps as rows of the plan's list of what is done by hand."""
    return [
        {
            "team": "EPM console",
            "data_center": step["data_center"],
            "subject": step["title"],
            "values": {"page": page_of(step) or step["url"], **values_of(step)},
            "source": list(step["source"]),
        }
        for step in steps
    ]
