"""Pages of Experience Portal that POM needs: applications, MPP servers, licensing, organizations. Stand-in of the lab.

Lab only; nothing in it reaches a site. Follows the catalogue (POM-APP-07, -08, -10, POM-VM-04, POM-ID-04, POM-ORG-02): menu
words of Applications and MPP Servers, names and types of applications, Host Address, Restart Automatically. Stand-in assumptions:
where Licensing and Organizations stand in the menu, every other label, how pages look, the speech servers and their voices.
"""

from __future__ import annotations

import re
import urllib.parse
from pathlib import Path
from typing import Any

import epstore
import epweb
from epweb import Entry, Page, Refused, Request

APPLICATIONS, MPP_SERVERS = "/system/applications", "/system/mpp-servers"
LICENSING, ORGANIZATIONS = "/security/licensing", "/users/organizations"
PLUG_IN = Path(__file__).resolve().parent.parent / "plugins/pom/plugin.properties"
TYPES = ("CCXML", "VoiceXML", "SMS", "Email")
TYPES_OF_POM = ("POM:Driver", "POM:Nailer", "POM:Application/VXML")
DIRECTIONS = ("Inbound", "Outbound")
VOICES = ("de-DE female", "en-GB male", "en-US female")
ALTERNATES = 3
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
WORDS = re.compile(r"\S(.{0,126}\S)?")
NOTHING = ""

MENU = [
    Entry(
        "System Configuration",
        "/system",
        (Entry("Applications", APPLICATIONS), Entry("MPP Servers", MPP_SERVERS)),
    ),
    Entry("Security", "/security", (Entry("Licensing", LICENSING),)),
    Entry("User Management", "/users", (Entry("Organizations", ORGANIZATIONS),)),
]


def said(words: str, page: Page) -> Page:
    return page._replace(content=epweb.message(words) + page.content)


def require(found: bool, words: str) -> None:
    if not found:
        raise Refused(words)


def listed(path: str, title: str, heads: list[str], rows: list[list[str]], words: str = "") -> Page:
    """A list whose rows can be chosen and deleted; one of them is changed by its name."""
    buttons = f"<p>{epweb.link('Add', f'{path}/edit')} {epweb.button('Delete', 'delete')}</p>"
    page = Page(title, epweb.form(path, epweb.table(["", *heads], rows), buttons))
    return said(words, page) if words else page


def chosen_row(name: str, value: str) -> str:
    return f'<input type="radio" name="row" value="{epweb.text(value)}" aria-label="{epweb.text(name)}">'


def deleted(request: Request, table: str, unknown: str) -> str:
    """The name in the row that was chosen, and is there no more."""
    gone = request.form.get("row", "")
    with epstore.changed(table) as rows:
        require(any(row["name"] == gone for row in rows), unknown)
        rows[:] = [row for row in rows if row["name"] != gone]
    return gone


# --- System Configuration > Applications ---------------------------------------------------------------------------------------


def zones() -> list[str]:
    return [epstore.DEFAULT_ZONE, *(row["name"] for row in epstore.read("zones") if row["name"] != epstore.DEFAULT_ZONE)]


def speech_servers() -> list[str]:
    return [row["name"] for row in epstore.read("speech_servers")] or ["speech1"]


def application_words(application: epstore.Row) -> str:
    return "/".join(epstore.key(application))


def application_named(words: str) -> epstore.Row:
    return next((row for row in epstore.read("applications") if application_words(row) == words), {})


def applications(request: Request) -> Page:
    words = ""
    if request.method == "POST":
        gone = request.form.get("row", "")
        require(bool(application_named(gone)), "Select an application.")
        with epstore.changed("applications") as rows:
            rows[:] = [row for row in rows if application_words(row) != gone]
        words = "The application was deleted."
    return application_list(words)


def urls_of(application: epstore.Row) -> list[str]:
    return [url for url in (application.get("url"), *application.get("alternate_urls", ())) if url]


def application_list(words: str = "") -> Page:
    rows = [
        [
            chosen_row(row["name"], application_words(row)),
            epweb.link(row["name"], f"{APPLICATIONS}/edit?application={urllib.parse.quote(application_words(row))}"),
            epweb.text(row.get("zone") or epstore.DEFAULT_ZONE),
            epweb.text(row.get("organization") or epstore.DEFAULT_ORGANIZATION),
            epweb.text(row.get("type", "")),
            epweb.text(row.get("direction", "")),
            "<br>".join(f'<span class="url">{epweb.text(url)}</span>' for url in urls_of(row)),
            epweb.text(" ".join(word for word in (row.get("speech_server"), row.get("voice")) if word)),
        ]
        for row in epstore.read("applications")
    ]
    heads = ["Name", "Zone", "Organization", "Type", "Direction", "URL", "TTS"]
    return listed(APPLICATIONS, "Applications", heads, rows, words)


def application_form(request: Request) -> Page:
    former = application_named(request.query.get("application", ""))
    alternates = [*former.get("alternate_urls", ()), *[""] * ALTERNATES][:ALTERNATES]
    organizations = epstore.organizations()
    of_one = epweb.choice("Organization", "organization", organizations, former.get("organization", ""))
    fields = (
        epweb.hidden("former", application_words(former) if former else ""),
        epweb.field("Name", "name", value=former.get("name", "")),
        epweb.choice("Zone", "zone", zones(), former.get("zone", "")),
        of_one if len(organizations) > 1 else "",
        epweb.choice("Type", "type", [*TYPES, *(TYPES_OF_POM if PLUG_IN.exists() else ())], former.get("type", "")),
        epweb.choice("Direction", "direction", DIRECTIONS, former.get("direction", "")),
        epweb.field("URL", "url", value=former.get("url", "")),
        *(epweb.field(f"Alternate URL {n}", f"alternate{n}", value=url) for n, url in enumerate(alternates, start=1)),
        "<h2>Speech Servers</h2>",
        epweb.tick("Enable TTS", "enable_tts", bool(former.get("enable_tts"))),
        epweb.choice("TTS", "speech_server", [NOTHING, *speech_servers()], former.get("speech_server", "")),
        epweb.choice("Selected Voices", "voice", [NOTHING, *VOICES], former.get("voice", "")),
        epweb.button("Save"),
    )
    return Page("Change Application" if former else "Add Application", epweb.form(f"{APPLICATIONS}/edit", *fields))


def edit_application(request: Request) -> Page:
    if request.method == "GET":
        return application_form(request)
    given = request.form
    urls = [given.get("url", ""), *(given.get(f"alternate{n}", "") for n in range(1, ALTERNATES + 1))]
    require(bool(NAME.fullmatch(given.get("name", ""))), "Name: letters, digits, '.', '_' and '-', at most 64.")
    written = [urls[0], *(url for url in urls[1:] if url)]
    require(all(re.fullmatch(r"https?://[^\s/]+/\S*", url) for url in written), "URL: http or https, host, path.")
    require(given.get("enable_tts") == "yes" or not given.get("speech_server"), "TTS: tick Enable TTS first.")
    organization = given.get("organization", "")
    now: epstore.Row = {
        "name": given["name"],
        "type": given.get("type", ""),
        "direction": given.get("direction", ""),
        "url": urls[0],
        "zone": given.get("zone") or epstore.DEFAULT_ZONE,
        "organization": "" if organization == epstore.DEFAULT_ORGANIZATION else organization,
        "enable_tts": given.get("enable_tts") == "yes",
        "speech_server": given.get("speech_server", ""),
        "voice": given.get("voice", ""),
        "alternate_urls": [url for url in urls[1:] if url],
    }
    with epstore.changed("applications") as rows:
        place = next((n for n, row in enumerate(rows) if application_words(row) == given.get("former")), len(rows))
        taken = any(epstore.key(row) == epstore.key(now) for n, row in enumerate(rows) if n != place)
        require(not taken, f"An application {now['name']} exists already in the zone {now['zone']}.")
        rows[place : place + 1] = [{**(rows[place] if place < len(rows) else {}), **now}]
    return application_list(f"The application {now['name']} was saved.")


# --- System Configuration > MPP Servers ----------------------------------------------------------------------------------------


def mpp_servers(request: Request) -> Page:
    if request.method == "POST":
        return mpp_list(f"The MPP server {deleted(request, 'mpp_servers', 'Select an MPP server.')} was deleted.")
    return mpp_list()


def mpp_list(words: str = "") -> Page:
    rows = [
        [
            chosen_row(row["name"], row["name"]),
            epweb.link(row["name"], f"{MPP_SERVERS}/edit?server={row['name']}"),
            epweb.text(row["address"]),
            "Yes" if row["restart_automatically"] else "No",
        ]
        for row in epstore.read("mpp_servers")
    ]
    return listed(MPP_SERVERS, "MPP Servers", ["Name", "Host Address", "Restart Automatically"], rows, words)


def edit_mpp(request: Request) -> Page:
    if request.method == "GET":
        server = request.query.get("server")
        former: epstore.Row = next((row for row in epstore.read("mpp_servers") if row["name"] == server), {})
        kept = epweb.hidden("name", former["name"]) + epweb.shown("Name", former["name"]) if former else ""
        restarts = "Yes" if former.get("restart_automatically") else "No"
        fields = (
            kept or epweb.field("Name", "name"),
            epweb.field("Host Address", "address", value=former.get("address", "")),
            epweb.choice("Restart Automatically", "restart", ["No", "Yes"], restarts),
            epweb.button("Save"),
        )
        return Page("Change MPP Server" if former else "Add MPP Server", epweb.form(request.path, *fields))
    name, address = request.form.get("name", ""), request.form.get("address", "")
    require(bool(NAME.fullmatch(name) and NAME.fullmatch(address)), "Name and Host Address: letters, digits, '.', '_' and '-'.")
    now = {"name": name, "address": address, "restart_automatically": request.form.get("restart") == "Yes"}
    with epstore.changed("mpp_servers") as rows:
        place = next((n for n, row in enumerate(rows) if row["name"] == name), len(rows))
        rows[place : place + 1] = [now]
    return mpp_list(f"The MPP server {name} was saved.")


# --- Security > Licensing ------------------------------------------------------------------------------------------------------

COUNTS = {"Telephony Ports": "telephony_ports", "ASR Connections": "asr", "TTS Connections": "tts"}


def licensing(request: Request) -> Page:
    words = ""
    if request.method == "POST":
        server = request.form.get("server", "")
        require(bool(re.fullmatch(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?", server)), "License Server: host name or IP address, and port.")
        counts = {name: request.form.get(name, "") or "0" for name in COUNTS.values()}
        require(all(count.isdigit() for count in counts.values()), "Ports and connections: whole numbers.")
        now: dict[str, Any] = {"server": server, **{name: int(count) for name, count in counts.items()}}
        with epstore.changed("licensing") as rows:
            rows[:] = [now]
        words = epweb.message("The licence settings were saved.")
    former: epstore.Row = next(iter(epstore.read("licensing")), {})
    fields = (
        epweb.field("License Server", "server", value=former.get("server", "")),
        *(epweb.field(label, name, value=str(former.get(name, 0))) for label, name in COUNTS.items()),
        epweb.button("Save"),
    )
    return Page("Licensing", words + epweb.form(LICENSING, *fields))


# --- User Management > Organizations -------------------------------------------------------------------------------------------


def organizations(request: Request) -> Page:
    if request.method == "POST":
        name = deleted(request, "organizations", "Select an organization beside the default one.")
        return organization_list(f"The organization {name} was deleted.")
    return organization_list()


def organization_list(words: str = "") -> Page:
    kept = [{"name": epstore.DEFAULT_ORGANIZATION, "id": 1}]
    kept += [row for row in epstore.read("organizations") if row["name"] != epstore.DEFAULT_ORGANIZATION]
    rows = [[chosen_row(row["name"], row["name"]), epweb.text(row["name"]), epweb.text(row["id"])] for row in kept]
    return listed(ORGANIZATIONS, "Organizations", ["Name", "Organization ID"], rows, words)


def add_organization(request: Request) -> Page:
    if request.method == "GET":
        return Page("Add Organization", epweb.form(request.path, epweb.field("Name", "name"), epweb.button("Save")))
    name = request.form.get("name", "")
    require(bool(WORDS.fullmatch(name)), "Name: at most 128 characters.")
    require(name.lower() not in [known.lower() for known in epstore.organizations()], f"The organization {name} exists already.")
    with epstore.changed("organizations") as rows:
        rows.append({"id": max([epstore.FIRST_ORGANIZATION_ID - 1, *(row["id"] for row in rows)]) + 1, "name": name})
    return organization_list(f"The organization {name} was saved. POM takes it over when its services start.")


PAGES: dict[str, epweb.Handler] = {
    APPLICATIONS: applications,
    f"{APPLICATIONS}/edit": edit_application,
    MPP_SERVERS: mpp_servers,
    f"{MPP_SERVERS}/edit": edit_mpp,
    LICENSING: licensing,
    ORGANIZATIONS: organizations,
    f"{ORGANIZATIONS}/edit": add_organization,
}
