# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What exists only as a page of a web console: each step with its page, the values to type, and what proves that it was done.

Pure: from the words of the site alone. A step holds no secret; where one is typed, it names the variable that holds it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_layout import PomLayout
from ansible_collections.dialtone.contact_center.plugins.plugin_utils import pom_servers
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.companions import first_value

if TYPE_CHECKING:
    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import SiteHost

WORDS_READ = pom_servers.WORDS_READ | {
    "fips_enabled",
    "host_further_addresses",
    "pom_home_country",
    "pom_outcall_user",
    "pom_users",
    "pom_web_user",
}

BEFORE_START, AFTER_START = "before_start", "after_start"
PHASES = (BEFORE_START, AFTER_START)
RECORD = "record"
MANAGER = ("Proactive Outreach", "Manager")
TRUSTED_CERTIFICATES = (*MANAGER, "Configurations", "Trusted Certificates")
SERVERS = (*MANAGER, "Configurations", "Servers")
KEEPERS = 2  # hosts of a data center that keep the ledger

Action = dict[str, Any]


@dataclass(frozen=True)
class GuidedStep:
    """`actions` is what a person does on the page, in order: one verb each, with the label that the page shows.

    verb: open (words of the menu) | press | tick | select (row of a table) | fill, choose (label, value) |
    fill (label, secret: variable that holds it) | keep (file that the page hands out) | upload (label, file)
    proof: what is observed; its kind `record` where nothing can be, so that a person's word is kept instead.
    after: the steps that come before it. once: a changed value is refused, and never asked for again.
    fingerprint_of: the POM server whose certificate is handed over, so that a new certificate opens the step again.
    """

    id: str
    data_center: str
    title: str
    console: str
    url: str
    actions: tuple[Action, ...]
    why: str
    proof: Mapping[str, Any]
    source: tuple[str, ...]
    after: tuple[str, ...] = ()
    phase: str = BEFORE_START
    once: bool = False
    fingerprint_of: str = ""
    keepers: tuple[str, ...] = ()
    user: str = ""


@dataclass(frozen=True)
class Console:
    """The POM servers of a data center, and the EPM whose pages configure them."""

    data_center: str
    primary: SiteHost
    auxiliaries: Sequence[SiteHost]
    hosts: Sequence[SiteHost]

    @property
    def servers(self) -> Sequence[SiteHost]:
        return (self.primary, *self.auxiliaries)

    def get(self, word: str, default: Any = None) -> Any:
        return first_value(self.servers, word, default)


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
        "url": f"https://{console.primary.address}/",
        "user": console.get("pom_web_user", ""),
        "keepers": ledger_keepers(console),
    }
    for step in (
        *fetch_and_add(console),
        *outcall_user(console),
        *trust_pom_certificates(console),
        *home_country(console),
        *users(console),
    ):
        yield GuidedStep(**step, **common)


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
            "proof": database_row(console, server),
            "source": ("POM-CFG-03", *(["POM-AUX-04"] if auxiliary else [])),
            "after": (fetched,),
        }
        before = before or (added,)


def outcall_user(console: Console) -> Iterator[dict[str, Any]]:
    yield {
        "id": f"outcall_user.{console.primary.name}",
        "title": "Give POM a user with Outcall privileges",
        "actions": (
            opened(*SERVERS, "Outbound Settings", "EPM"),
            filled("User Name", console.get("pom_outcall_user") or "the user with Outcall privileges"),
            secret("Password", "pom_outcall_password"),
            pressed("Save"),
        ),
        "why": "POM places calls through Experience Portal as this user",
        "proof": {"kind": RECORD},
        "source": ("POM-CFG-04",),
        "after": (f"add_pom_server.{console.primary.name}",),
    }


def trust_pom_certificates(console: Console) -> Iterator[dict[str, Any]]:
    for server in console.servers:
        yield {
            "id": f"trust_pom_certificate.{server.name}",
            "title": f"Make Experience Portal trust the POM certificate of {server.name}",
            "actions": (
                opened(*SERVERS),
                selected(server.name),
                pressed("Export"),
                kept(f"{server.name}.pem"),
                opened("Security", "Certificates", "Trusted Certificates"),
                pressed("Upload"),
                filled("Name", f"pom_{server.name}"),
                chosen("Type", "application"),
                uploaded("Enter Certificate Path", f"{server.name}.pem"),
                pressed("Continue"),
                pressed("Save"),
            ),
            "why": "Experience Portal refuses a POM server whose certificate it does not trust",
            "proof": {"kind": RECORD},
            "source": ("POM-CERT-08",),
            "after": (f"add_pom_server.{server.name}",),
            "fingerprint_of": server.name,
        }


def home_country(console: Console) -> Iterator[dict[str, Any]]:
    country = console.get("pom_home_country")
    if country:
        yield {
            "id": f"home_country.{console.primary.name}",
            "title": "Set the home country, once and for all",
            "actions": (
                opened(*MANAGER, "Configurations", "Global Configurations"),
                chosen("Home country", country),
                pressed("Apply"),
            ),
            "why": "numbers without a country code are read by it; after the initial installation it must not be changed",
            "proof": {"kind": RECORD},
            "source": ("POM-CFG-07",),
            "after": (f"add_pom_server.{console.primary.name}",),
            "once": True,
        }


def users(console: Console) -> Iterator[dict[str, Any]]:
    for user in console.get("pom_users", ()):
        yield {
            "id": f"pom_user.{console.primary.name}.{id_part(user['name'])}",
            "title": f"Give the user {user['name']} POM roles; the user logs off and on to see them",
            "actions": (
                opened("User Management", "Users"),
                filled("Name", user["name"]),
                *(ticked(role) for role in user["roles"]),
                pressed("Save"),
            ),
            "why": "without a POM role the user does not see POM's menus",
            "proof": {"kind": RECORD},
            "source": ("POM-CFG-06",),
            "after": (f"add_pom_server.{console.primary.name}",),
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


def database_row(console: Console, server: SiteHost) -> dict[str, Any]:
    """POM keeps its servers in a table of its database. Only PostgreSQL's client is on a host."""
    databases = [host for host in console.hosts if host.is_any("pom_database")]
    connection = pom_servers.database(console.primary, databases)
    if connection.get("engine") != "postgres":
        return {"kind": RECORD}
    proof = {
        "kind": "database_row",
        "table": "pim_server",
        "any_of": [server.name, server.address, server.fqdn],
        "host": connection["host"],
        "address": "",
        "port": connection["port"],
        "database": connection["name"],
        "user": connection["user"],
        "root_certificate": "",
    }
    if databases:
        proof |= {"address": databases[0].address, "root_certificate": f"{console.primary['trust_directory']}/ca.crt"}
    return proof


def id_part(name: str) -> str:
    """A name as part of the id of a step: letters, digits and `. _ -`; one that has others keeps apart from its like.

    >>> id_part("supervisor1"), id_part("Eva Example")
    ('supervisor1', 'Eva_Example-b76ab6')
    """
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    return name if plain == name else f"{plain}-{hashlib.sha256(name.encode('utf-8')).hexdigest()[:6]}"


def typed_address(server: SiteHost) -> str:
    """A server with several addresses is added by its FQDN (POM-CFG-03, POM-CERT-03)."""
    return server.fqdn if server.words.get("host_further_addresses") else server.address


# --- what a person does on a page ---------------------------------------------------------------------------------


def opened(*menu: str) -> Action:
    return {"open": list(menu)}


def pressed(button: str) -> Action:
    return {"press": button}


def ticked(box: str) -> Action:
    return {"tick": box}


def selected(row: str) -> Action:
    return {"select": row}


def filled(label: str, value: str) -> Action:
    return {"fill": label, "value": value}


def chosen(label: str, value: str) -> Action:
    return {"choose": label, "value": value}


def secret(label: str, variable: str) -> Action:
    return {"fill": label, "secret": variable}


def kept(file: str) -> Action:
    return {"keep": file}


def uploaded(label: str, file: str) -> Action:
    return {"upload": label, "file": file}


# --- reading a step of the model ----------------------------------------------------------------------------------


def steps_of_model(model: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(model.get("tables", {}).get("guided_steps", ()))


def ledger_hosts(model: Mapping[str, Any]) -> list[str]:
    """The hosts that keep a ledger, or whose certificate decides whether a step is open."""
    found = {name: None for step in steps_of_model(model) for name in (*step["keepers"], step["fingerprint_of"])}
    return [name for name in model["hosts"] if name in found]


def values_of(step: Mapping[str, Any]) -> dict[str, Any]:
    """What is typed or chosen, by the label that the page shows. A secret is shown by the name of its variable."""
    found: dict[str, Any] = {}
    for action in step["actions"]:
        if "value" in action:
            found[action.get("fill") or action["choose"]] = action["value"]
        elif "secret" in action:
            found[action["fill"]] = f"variable {action['secret']}"
        elif "tick" in action:
            found[action["tick"]] = "ticked"
        elif "upload" in action:
            found[action["upload"]] = action["file"]
    return found


def digest_of(step: Mapping[str, Any], fingerprint: str = "") -> str:
    """Changes with any value, and with the certificate that is handed over."""
    text = json.dumps([step["id"], values_of(step), fingerprint], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def page_of(step: Mapping[str, Any]) -> str:
    """
    >>> page_of({"actions": [{"open": ["Security", "Certificates"]}, {"press": "Upload"}]})
    'Security > Certificates'
    """
    return " > ".join(next((action["open"] for action in step["actions"] if "open" in action), ()))


def instructions(step: Mapping[str, Any]) -> list[str]:
    """The actions in words, one a line."""
    return [action_words(action) for action in step["actions"]]


def action_words(action: Mapping[str, Any]) -> str:
    if "open" in action:
        return f"Open {' > '.join(action['open'])}"
    if "secret" in action:
        return f"{action['fill']}: what the variable {action['secret']} holds (ansible-vault)"
    if "fill" in action:
        return f"{action['fill']}: {action['value']}"
    if "choose" in action:
        return f"{action['choose']}: choose {action['value']}"
    if "keep" in action:
        return f"Save the file as {action['keep']}"
    if "upload" in action:
        return f"{action['upload']}: the file {action['file']}"
    verb = next(iter(action))
    return {"press": "Press {}", "tick": "Tick {}", "select": "Select the row {}"}[verb].format(action[verb])


def hand_rows(steps: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The steps as rows of the plan's list of what is done by hand."""
    return [
        {
            "team": "EPM console",
            "data_center": step["data_center"],
            "subject": step["title"],
            "values": {"page": page_of(step), **values_of(step)},
            "source": list(step["source"]),
        }
        for step in steps
    ]
