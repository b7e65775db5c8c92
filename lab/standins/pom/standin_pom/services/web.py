"""Lab only. POM's part of the EPM console, and what EP servers ask of each other.

Pages as documented for POM-CFG-02, -03, -04, -06, -07, POM-AUX-04, POM-CERT-07, -08, -13, POM-ID-01, POM-NONTEL-01 and
POM-SVC-08: menu words, labels, buttons. The rest of the pages is a stand-in assumption.
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import epstore
import epweb
from epweb import Entry, Page, Request, Response

from .. import database, host, properties, stores
from . import channel, servers, states

BASE = "/pom/manager/configurations"
TRUSTED, SERVERS, GLOBAL = f"{BASE}/trusted-certificates", f"{BASE}/servers", f"{BASE}/global"
OUTBOUND, MANAGER, USERS = f"{SERVERS}/outbound", f"{SERVERS}/manager", "/users/list"
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n?", re.DOTALL)
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
RESTART = "Restart the POM service on all POM servers for the change to take effect."
COUNTRIES = (
    "Australia",
    "Austria",
    "Belgium",
    "Brazil",
    "Canada",
    "China",
    "Denmark",
    "France",
    "Germany",
    "India",
    "Ireland",
    "Italy",
    "Japan",
    "Mexico",
    "Netherlands",
    "New Zealand",
    "Norway",
    "Poland",
    "Portugal",
    "Singapore",
    "South Africa",
    "Spain",
    "Sweden",
    "Switzerland",
    "United Kingdom",
    "United States",
)
ROLES = ("POM Administration", "POM Campaign Manager", "POM Supervisor")
ROLES_OF_ORGANIZATIONS = ("Org POM Campaign Manager", "Org POM Supervisor")

MENU = [
    Entry(
        "Proactive Outreach",
        "/pom",
        (
            Entry(
                "Manager",
                "/pom/manager",
                (
                    Entry(
                        "Configurations",
                        BASE,
                        (
                            Entry(
                                "Servers",
                                SERVERS,
                                (
                                    Entry("Outbound Settings", OUTBOUND, (Entry("EPM", f"{OUTBOUND}/epm"),)),
                                    Entry("POM Manager", MANAGER),
                                ),
                            ),
                            Entry("Trusted Certificates", TRUSTED),
                            Entry("Global Configurations", GLOBAL),
                        ),
                    ),
                ),
            ),
        ),
    ),
    Entry("User Management", "/users", (Entry("Users", USERS),)),
]


def held() -> stores.Stores:
    return stores.Stores(host.pom_home())


def require_name(name: str, label: str) -> str:
    if not NAME.fullmatch(name):
        raise epweb.Refused(f"{label}: letters, digits, '.', '_' and '-', at most 64.")
    return name


def refusing(handler: epweb.Handler) -> epweb.Handler:
    """What POM's programs refuse, the page shows."""

    def handle(request: Request) -> Page | Response:
        try:
            return handler(request)
        except host.Refused as refusal:
            raise epweb.Refused(str(refusal)) from refusal

    return handle


def said(words: str, page: Page) -> Page:
    return page._replace(content=epweb.message(words) + page.content)


def certificate_text(pem: str) -> str:
    return host.must(["openssl", "x509", "-noout", "-text", "-fingerprint", "-sha256"], stdin=pem)


def as_pem(content: bytes) -> str:
    """The first certificate of a PEM or DER file."""
    found = CERTIFICATE.search(content.decode("ascii", "replace"))
    if found:
        return found.group()
    done = subprocess.run(["openssl", "x509", "-inform", "DER"], input=content, capture_output=True, check=False)
    if done.returncode:
        raise epweb.Refused("The file is not an X.509 certificate (.cer, .pem, .der).")
    return done.stdout.decode()


# --- Trusted Certificates ------------------------------------------------------------------------------------------------------


def aliases() -> list[str]:
    own = held()
    return stores.entries(own.trust_store, own.password("truststore")) if own.trust_store.exists() else []


def trust(alias: str, pem: str, replace: bool = False) -> None:
    own = held()
    if alias.lower() in aliases():
        if not replace:
            raise epweb.Refused(f"A certificate with the name {alias} exists already.")
        forget(alias)
    with stores.scratch() as directory:
        file = Path(directory, "certificate.pem")
        file.write_text(pem, encoding="ascii")
        stores.trust(own, alias, file)


def forget(alias: str) -> None:
    own = held()
    with host.secret_file(own.password("truststore")) as secret:
        stores.keytool("-delete", "-alias", alias, "-keystore", str(own.trust_store), "-storepass:file", secret)


def configuration_files(names: list[str]) -> dict[str, Any]:
    own = held()
    files = {name: base64.b64encode((own.config / name).read_bytes()).decode() for name in names}
    return {"files": files, "truststore_password": own.password("truststore")}


def push_trust_store() -> str:
    """Every auxiliary gets the trust store of the primary; the words say which did not."""
    if not database.settings_file().exists():
        return ""
    missed = []
    for server in servers.known():
        if server.kind == "auxiliary":
            try:
                channel.ask(server.address, "configuration", configuration_files(["pomTrustStore"]))
            except host.Refused as refusal:
                missed.append(f"{server.name} ({refusal})")
    return f" The trust store could not be copied to {', '.join(missed)}." if missed else ""


def trusted(request: Request) -> Page:
    if request.method == "POST" and "delete" in request.form:
        alias = request.form.get("alias", "")
        if alias not in aliases():
            raise epweb.Refused("Select a certificate.")
        forget(alias)
        return said(f"The certificate {alias} was deleted.{push_trust_store()} {RESTART}", trusted_list())
    return trusted_list()


def trusted_list() -> Page:
    rows = []
    for alias, words in described():
        name = epweb.text(alias)
        select = f'<input type="radio" name="alias" id="alias-{name}" value="{name}" aria-label="{name}">'
        shown = f"<details><summary>{epweb.text(subject(words))}</summary><pre>{epweb.text(words)}</pre></details>"
        rows.append([select, f'<label for="alias-{name}">{name}</label>', shown])
    ways = f"{epweb.link('Import', f'{TRUSTED}/import')} {epweb.link('Fetch', f'{TRUSTED}/fetch')}"
    buttons = f"{ways} {epweb.button('Delete', 'delete')}"
    table = epweb.table(["", "Name", "Certificates"], rows)
    return Page("Trusted Certificates", epweb.form(TRUSTED, table, f"<p>{buttons}</p>"))


def described() -> list[tuple[str, str]]:
    """Each alias of the trust store, with what keytool says of its certificate."""
    own = held()
    if not own.trust_store.exists():
        return []
    with host.secret_file(own.password("truststore")) as secret:
        listing = host.must(["keytool", "-list", "-v", "-keystore", str(own.trust_store), "-storepass:file", secret])
    return [(part.split("\n", 1)[0].strip(), part.split("\n", 1)[1]) for part in listing.split("Alias name:")[1:]]


def subject(words: str) -> str:
    found = re.search(r"^Owner: (.+)$", words, re.MULTILINE)
    return found.group(1) if found else "certificate"


def fetch(request: Request) -> Page:
    if request.method == "GET":
        fields = (epweb.field("Name", "name"), epweb.field("Location", "location", value="https://"), epweb.button("Continue"))
        return Page("Fetch Certificate", epweb.form(request.path, *fields))
    name = require_name(request.form.get("name", ""), "Name")
    trust(name, channel.presented_certificate(*channel.endpoint(request.form.get("location", ""))))
    return said(f"The certificate {name} was fetched.{push_trust_store()} {RESTART}", trusted_list())


def import_certificate(request: Request) -> Page:
    if request.method == "GET":
        fields = (
            epweb.field("Name", "name"),
            epweb.field("Enter Certificate Path", "certificate", "file"),
            epweb.button("Continue"),
        )
        return Page("Add Certificates", epweb.form(request.path, *fields, upload=True))
    name = require_name(request.form.get("name", ""), "Name")
    trust(name, as_pem(request.files.get("certificate", b"")))
    return said(f"The certificate {name} was imported.{push_trust_store()} {RESTART}", trusted_list())


# --- Servers -------------------------------------------------------------------------------------------------------------------


def server_list() -> Page:
    rows = [
        [
            f'<input type="radio" name="server" value="{epweb.text(server.name)}" aria-label="{epweb.text(server.name)}">',
            epweb.link(server.name, f"{SERVERS}/edit?server={server.name}"),
            epweb.text(server.address),
            epweb.text(server.kind),
        ]
        for server in servers.known()
    ]
    buttons = f"{epweb.link('Add', f'{SERVERS}/add')} {epweb.button('Export', 'export')} {epweb.button('Delete', 'delete')}"
    heads = ["", "POM Server Name", "POM Server IP Address", "Type"]
    tabs = f"<p>{epweb.link('Outbound Settings', OUTBOUND)} {epweb.link('POM Manager', MANAGER)}</p>"
    return Page("POM Servers", epweb.form(SERVERS, tabs, epweb.table(heads, rows), f"<p>{buttons}</p>"))


def server_page(request: Request) -> Page | Response:
    if request.method == "GET":
        return server_list()
    if not request.form.get("server"):
        raise epweb.Refused("Select a POM server.")
    server = servers.named(request.form["server"])
    if "export" in request.form:
        return epweb.download(f"{server.name}.pem", pom_certificate(server.address).encode())
    servers.delete(server.name)
    return said(f"The POM server {server.name} was deleted.", server_list())


def pom_certificate(address: str) -> str:
    """The certificate of POM on a server, over a connection that pomTrustStore trusts."""
    return as_pem(channel.request(address, "GET", "/pom_cert/pom.crt"))


def confirm(path: str, title: str, name: str, address: str, label: str) -> Page:
    """The second screen: the certificate is shown, and must be trusted."""
    pem = pom_certificate(address)
    parts = (
        epweb.hidden("name", name),
        epweb.hidden("address", address),
        epweb.hidden("pem", pem),
        epweb.shown("POM Server Name", name),
        epweb.shown("POM Server IP Address", address),
        f"<pre>{epweb.text(certificate_text(pem))}</pre>",
        epweb.tick(label, "trust"),
        epweb.button("Save"),
    )
    return Page(title, epweb.form(path, *parts))


def require_trust(request: Request, label: str) -> None:
    if request.form.get("trust") != "yes":
        raise epweb.Refused(f"Select {label} to go on.")


def add_server(request: Request) -> Page:
    servers.settings()
    if request.method == "GET":
        fields = (
            epweb.field("POM Server Name", "name"),
            epweb.field("POM Server IP Address", "address"),
            epweb.button("Continue"),
        )
        return Page("Add POM Server", epweb.form(request.path, *fields))
    name, address = require_name(request.form.get("name", ""), "POM Server Name"), request.form.get("address", "")
    require_name(address, "POM Server IP Address")
    for server in servers.known():
        if name.lower() == server.name.lower() or address.lower() == server.address.lower():
            raise epweb.Refused(
                f"The POM server {server.name} ({server.address}) exists already: name and address must be unique."
            )
    if "pem" not in request.form:
        return confirm(request.path, "Add POM Server", name, address, "Trust this certificate")
    require_trust(request, "Trust this certificate")
    identity = channel.ask(address, "identity", {})
    trust(f"pom_{name}", as_pem(request.form["pem"].encode()), replace=True)
    if identity["kind"] == "auxiliary":
        channel.ask(address, "configuration", configuration_files(["PIMHibernate.cfg.xml", "pomTrustStore"]))
    servers.add(servers.Server(name, address, identity["host"], identity["kind"]))
    return said(f"The POM server {name} was added.", server_list())


def edit_server(request: Request) -> Page:
    if request.method == "GET":
        server = servers.named(request.query.get("server", ""))
        fields = (
            epweb.hidden("name", server.name),
            epweb.shown("POM Server Name", server.name),
            epweb.field("Update Host Address", "address", value=server.address),
            epweb.button("Apply"),
        )
        return Page("Edit POM Server", epweb.form(request.path, *fields))
    server = servers.named(request.form.get("name", ""))
    address = require_name(request.form.get("address", ""), "Update Host Address")
    if any(address.lower() == other.address.lower() for other in servers.known() if other.name != server.name):
        raise epweb.Refused(f"Another POM server has the address {address} already.")
    if "pem" not in request.form:
        return confirm(request.path, "Edit POM Server", server.name, address, "Trust the certificate")
    require_trust(request, "Trust the certificate")
    trust(f"pom_{server.name}", as_pem(request.form["pem"].encode()), replace=True)
    servers.move(server.name, address, channel.ask(address, "identity", {})["host"])
    return said(f"The POM server {server.name} was saved.{push_trust_store()}", server_list())


# --- Home ---------------------------------------------------------------------------------------------------------------------


def home_words() -> str:
    file = host.pom_home() / "config/mode.properties"
    converted = file.exists() and properties.read(file).get("manual") == "yes"
    return "The system is converted to manual mode." if converted else ""


# --- Outbound Settings, Global Configurations ----------------------------------------------------------------------------------


def console_file() -> Path:
    return host.pom_home() / "config/console.properties"


def kept_settings() -> dict[str, str]:
    return properties.read(console_file()) if console_file().exists() else {}


def keep(values: dict[str, str]) -> None:
    properties.write(console_file(), {**kept_settings(), **values}, "What was set in the console. # stand-in assumption")
    host.own(console_file(), 0o600)


def outbound_epm(request: Request) -> Page:
    words = ""
    if request.method == "POST":
        user, password = request.form.get("user", ""), request.form.get("password", "")
        if not user or not password:
            raise epweb.Refused("Enter user name and password of a user with Outcall privileges.")
        keep({"outcall.user": user, "outcall.password": stores.scrambled(password)})
        words = epweb.message("The EPM settings were saved.")
    fields = (
        epweb.field("User Name", "user", value=kept_settings().get("outcall.user", "")),
        epweb.field("Password", "password", "password"),
        epweb.button("Save"),
    )
    return Page("EPM", words + epweb.form(request.path, *fields))


def global_configurations(request: Request) -> Page:
    words = ""
    if request.method == "POST":
        country = request.form.get("country", "")
        if country not in COUNTRIES:
            raise epweb.Refused("Home country: choose one of the list.")
        keep({"home.country": country})
        words = epweb.message("The global configurations were saved.")
    options = [kept for kept in [kept_settings().get("home.country", "")] if kept not in COUNTRIES] + list(COUNTRIES)
    fields = (
        "<h2>Contact settings</h2>",
        epweb.choice("Home country", "country", options, kept_settings().get("home.country", "")),
        epweb.button("Apply"),
    )
    return Page("Global Configurations", words + epweb.form(request.path, *fields))


def users(request: Request) -> Page:
    """POM's roles of users of Experience Portal. The roles of organizations are there only where it has organizations."""
    portal = host.experience_portal()
    enabled = portal is not None and portal.getboolean("organizations", fallback=False)
    offered = (*ROLES, *(ROLES_OF_ORGANIZATIONS if enabled or len(epstore.organizations()) > 1 else ()))
    words = ""
    if request.method == "POST":
        name = require_name(request.form.get("name", ""), "Name")
        if states.current()["cmpmgr"] == states.STOPPED:
            raise epweb.Refused("POM must be running when a user is given POM roles.")
        chosen = [role for role in offered if request.form.get(role_field(role)) == "yes"]
        keep({f"user.{name}": ",".join(chosen)})
        words = epweb.message(f"The user {name} was saved. Log off and log on as this user for the change to show.")
    known = [(key[len("user.") :], roles) for key, roles in kept_settings().items() if key.startswith("user.")]
    fields = (epweb.field("Name", "name"), *(epweb.tick(role, role_field(role)) for role in offered), epweb.button("Save"))
    rows = [[epweb.text(name), epweb.text(roles)] for name, roles in known]
    return Page("Users", words + epweb.table(["User", "Roles"], rows) + epweb.form(request.path, *fields))


def role_field(role: str) -> str:
    return role.replace(" ", "_").lower()


# --- POM Manager ---------------------------------------------------------------------------------------------------------------


def states_of(server: servers.Server) -> dict[str, str]:
    """An EP server that does not answer shows no state."""
    try:
        return dict(channel.ask(server.address, "states", {}))
    except host.Refused:
        return {}


def coloured(word: str) -> str:
    colour = states.COLOURS.get(word, "")
    return f'<span class="{colour}">{word}</span>' if colour else word


def pom_manager(request: Request) -> Page:
    chosen = request.form.get("server") or request.query.get("server", "")
    listed = servers.known()
    words = ""
    if request.method == "POST" and "Refresh" not in request.form.values():
        words = epweb.message(control(servers.named(chosen), request.form))
    found = {server.name: states_of(server) for server in listed}
    rows = [
        [epweb.text(title), *(service_cell(server.name == chosen, title, found[server.name].get(unit, "")) for server in listed)]
        for unit, title in states.PAGE_NAMES.items()
    ]
    rows.append(["Last Poll", *(time.strftime("%b %d, %Y %I:%M:%S %p") for _ in listed)])
    heads = [
        "Service Names",
        *(
            f"<strong>{epweb.text(server.name)}</strong>"
            if server.name == chosen
            else epweb.link(server.name, f"{MANAGER}?server={server.name}")
            for server in listed
        ),
    ]
    runs = any(found.get(chosen, {}).get(unit, states.STOPPED) != states.STOPPED for unit in states.OF_PROBE)
    buttons = (
        epweb.button("Refresh", "all", "Refresh"),
        epweb.button("Stop", "all", "stop", enabled=bool(chosen) and runs),
        epweb.button("Start", "all", "start", enabled=bool(chosen) and not runs),
    )
    hidden = epweb.hidden("server", chosen) if chosen else ""
    return Page("POM Manager", words + epweb.form(MANAGER, hidden, epweb.table(heads, rows), "<p>", *buttons, "</p>"))


def service_cell(chosen: bool, title: str, word: str) -> str:
    if not chosen or not word:
        return coloured(word)
    unit = next(unit for unit, name in states.PAGE_NAMES.items() if name == title)
    if unit not in states.UNITS:
        return coloured(word)
    action = "start" if word == states.STOPPED else "stop"
    return f"{coloured(word)} {epweb.button(action.capitalize(), unit, action, title=f'{action.capitalize()} {title}')}"


def control(server: servers.Server, form: dict[str, str]) -> str:
    for name, action in form.items():
        if (name == "all" or name in states.UNITS) and action in ("start", "stop"):
            channel.ask(server.address, "control", {"unit": name, "action": action})
            what = "All services" if name == "all" else states.PAGE_NAMES.get(name, name)
            return f"{what} of {server.name}: {action} was requested. Choose Refresh to see the state."
    raise host.Refused("Choose Start, Stop or Refresh.")


ROUTES = {
    path: refusing(handler)
    for path, handler in {
        TRUSTED: trusted,
        f"{TRUSTED}/fetch": fetch,
        f"{TRUSTED}/import": import_certificate,
        SERVERS: server_page,
        f"{SERVERS}/add": add_server,
        f"{SERVERS}/edit": edit_server,
        f"{OUTBOUND}/epm": outbound_epm,
        GLOBAL: global_configurations,
        USERS: users,
        MANAGER: pom_manager,
    }.items()
}


# --- what EP servers ask of each other -----------------------------------------------------------------------------------------


def give_certificate(request: Request) -> Response:
    file = held().certificate
    if not file.exists():
        return Response(b"POM is not installed on this server\n", 404, "text/plain")
    return Response(file.read_bytes(), 200, "application/x-pem-file")


def identity(question: dict[str, Any]) -> dict[str, Any]:
    portal = host.experience_portal()
    if portal is None:
        raise epweb.Refused("no EPM is installed on this server")
    return {"kind": portal["kind"], "host": portal.get("host", "")}


def take_configuration(question: dict[str, Any]) -> dict[str, Any]:
    own = held()
    for name, content in question["files"].items():
        if name not in ("PIMHibernate.cfg.xml", "pomTrustStore"):
            raise epweb.Refused(f"{name} is not copied between POM servers")
        target = own.config / name
        partial = target.with_name(f".{name}.partial")
        partial.unlink(missing_ok=True)
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "wb") as file:
            file.write(base64.b64decode(content))
        partial.rename(target)
        host.own(target)
    if question["truststore_password"] != own.password("truststore"):
        own.set_password("truststore", question["truststore_password"])
    return {}


def give_states(question: dict[str, Any]) -> dict[str, Any]:
    return dict(states.current())


def take_control(question: dict[str, Any]) -> dict[str, Any]:
    every = states.UNITS if host.switched_on("POM", "kafka") else states.OF_PROBE
    units = every if question["unit"] == "all" else (question["unit"],)
    if question["action"] not in ("start", "stop") or not set(units) <= set(states.UNITS):
        raise epweb.Refused("unknown service or action")
    ordered = units if question["action"] == "start" else units[::-1]
    if not host.systemctl(question["action"], "--no-block", *ordered):
        raise epweb.Refused(f"systemctl could not {question['action']} {' '.join(ordered)}")
    return {}


PUBLIC = {"/pom_cert/pom.crt": give_certificate}
CHANNEL = {
    "/channel/pom/identity": identity,
    "/channel/pom/configuration": take_configuration,
    "/channel/pom/states": give_states,
    "/channel/pom/control": take_control,
}
