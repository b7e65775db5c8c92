# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Guided steps on pages of Experience Portal itself: applications, their trust, licences, MPP servers, organizations. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_layout import EP_HOME
from ansible_collections.dialtone.contact_center.plugins.plugin_utils import applications
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.applications import Application
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.guided_actions import (
    Action,
    chosen,
    filled,
    in_words,
    opened,
    picked,
    pressed,
    pressed_in_row,
    removed,
    secret,
    seen,
    ticked,
    typed,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.guided_console import (
    AFTER_CONVERSION,
    AFTER_START,
    Console,
    former_names,
)

APPLICATIONS = ("System Configuration", "Applications")
MPP_SERVERS = ("System Configuration", "MPP Servers")
PORTAL_CERTIFICATES = ("Security", "Certificates", "Trusted Certificates")
LICENSING = ("Security", "Licensing")
ORGANIZATIONS = ("User Management", "Organizations")
CONVERTED = "The system is converted to manual mode."
VP_TOOLS = f"{EP_HOME}/Support/VP-Tools"
PRINTED_USER = "ddadmin"  # of the page runtimeconfig
LICENSED = {
    "Telephony Ports": "licences_telephony_ports",
    "ASR Connections": "licences_asr",
    "TTS Connections": "licences_tts",
}
WORDS_READ = (
    applications.WORDS_READ
    | frozenset(LICENSED.values())
    | {
        "host_former_names",
        "companions_license_server",
        "companions_speech_servers",
        "organizations_list",
        "sizing_mpp_servers",
        "vmware_guest",
        "vmware_ha_settings",
    }
)

Step = dict[str, Any]


def before_start(console: Console) -> Iterator[Step]:
    yield from authorised_primary(console)
    yield from organizations(console)


def after_start(console: Console) -> Iterator[Step]:
    servers = applications.in_order(console.hosts, console.primary)
    for step in (
        *trust_app_servers(console, servers),
        *application_steps(console, servers),
        *runtimeconfig_passwords(servers),
        *licences(console),
        *mpp_servers(console),
    ):
        yield {**step, "phase": AFTER_START}
    yield from manual_mode(console)


# --- a primary with another name or address -----------------------------------------------------------------------


def authorised_primary(console: Console) -> Iterator[Step]:
    """The address as an argument is assumed: the documents name the program, and show neither its dialogue nor its options."""
    for server in console.auxiliaries if former_names(console.primary) else ():
        yield {
            "id": f"authorise_primary.{server.name}",
            "title": f"Have Experience Portal of {server.name} authorise its primary {console.primary.name} anew",
            "place": f"command line of {server.name}",
            "actions": (typed(f"cd {VP_TOOLS} && ./setup_vpms.php {console.primary.address}", server.name),),
            "why": "an auxiliary EPM keeps the address of its primary, and would go on asking for it at the former one; where "
            "the file is not executable, put php before its name",
            "source": ("POM-ID-02", "POM-ID-03", "T-069"),
            "user": "root",
        }


# --- organizations ------------------------------------------------------------------------------------------------


def organizations(console: Console) -> Iterator[Step]:
    for organization in console.get("organizations_list", ()):
        name = organization["name"]
        yield {
            "id": console.step("organization", name),
            "title": f"Make the organization {name}",
            "actions": (opened(*ORGANIZATIONS), pressed("Add"), filled("Name", name), pressed("Save")),
            "why": "POM takes organizations over when its services start; the roll-out starts or restarts them after this step",
            "source": ("POM-ORG-02",),
        }


# --- applications -------------------------------------------------------------------------------------------------


def trust_app_servers(console: Console, servers: Sequence[Any]) -> Iterator[Step]:
    if console.get("pom_nontelephony") and "email" not in console.get("pom_campaign_channels", ()):
        return
    for server in servers:
        name = f"appserver_{server.name}"
        yield {
            "id": f"trust_app_server.{server.name}",
            "title": f"Make Experience Portal trust the application server {server.name}",
            "actions": (
                opened(*PORTAL_CERTIFICATES),
                removed(name, *(f"appserver_{former}" for former in former_names(server))),
                pressed("Import"),
                filled("Name", name),
                filled("Enter Certificate Path", applications.base_url(server)),
                pressed("Continue"),
                pressed("Save"),
            ),
            "why": "Experience Portal fetches the applications over TLS; each MPP takes the certificate over when it is "
            "restarted (System Management > MPP Manager)",
            "source": ("POM-CERT-11",),
            "after": (console.added,),
            "presented_at": {"host": server.address, "port": server["app_server_port"]},
        }


def application_steps(console: Console, servers: Sequence[Any]) -> Iterator[Step]:
    wanted = applications.registered(console.get, servers)
    by_program = [found for found in wanted if found.is_default] if applications.registered_by_program(console.primary) else []
    if by_program:
        yield {
            "id": console.step("check_applications"),
            "title": "See that the applications of the application server on this EPM are registered",
            "actions": (opened(*APPLICATIONS), *(seen(application.name) for application in by_program)),
            "why": "insert_POM_Apps.sh has registered them, and only this page shows whether all are there",
            "source": ("POM-APP-08",),
            "after": (console.added,),
        }
    for application in (*wanted, *(registered_at_the_former_host(console, servers, wanted) if by_program else ())):
        yield application_step(console, application)


def registered_at_the_former_host(
    console: Console, servers: Sequence[Any], wanted: Sequence[Application]
) -> Iterator[Application]:
    """What the program registered beside the applications of this site still leads to the former host (POM-ID-02)."""
    named = {application.name for application in wanted}
    for delivered in applications.DELIVERED if former_names(console.primary) else ():
        if delivered.name not in named:
            url = applications.base_url(servers[0]) + delivered.path
            default = (applications.DEFAULT_ZONE, applications.DEFAULT_ORGANIZATION)
            yield Application(delivered.name, delivered.type, *default, (url,))


def application_step(console: Console, application: Application) -> Step:
    """Added where it is missing, and changed where it is there: also what insert_POM_Apps.sh has registered lacks its voice."""
    of_zone = application.zone if console.get("pom_zones") else ""
    of_organization = application.organization if application.organization != applications.DEFAULT_ORGANIZATION else ""
    where = "".join(f" {kind} {name}" for kind, name in (("in zone", of_zone), ("for organization", of_organization)) if name)
    sources = {"POM-APP-07": True, "POM-APP-08": application.speaks, "POM-APP-09": len(application.urls) > 1}
    return {
        "id": console.step("application", application.name, *filter(None, (of_zone, of_organization))),
        "title": f"Register the application {application.name}{where}",
        "actions": (
            opened(*APPLICATIONS),
            pressed_in_row(application.name, [application.zone, application.organization], "Add"),
            filled("Name", application.name),
            *([chosen("Zone", of_zone)] if of_zone else []),
            *([chosen("Organization", of_organization)] if of_organization else []),
            chosen("Type", application.type),
            chosen("Direction", application.direction),
            filled("URL", application.urls[0]),
            *(filled(f"Alternate URL {number}", url) for number, url in enumerate(application.urls[1:], start=1)),
            *(speech(console) if application.speaks else ()),
            pressed("Save"),
        ),
        "why": "POM finds its applications by these names and types; each zone needs a Nailer and a driver of its own",
        "source": tuple(source for source, concerns in sources.items() if concerns),
        "after": (console.added,),
    }


def speech(console: Console) -> Iterator[Action]:
    servers = [server["name"] for server in console.get("companions_speech_servers", ()) if "tts" in server.get("services", ())]
    yield ticked("Enable TTS")
    yield chosen("TTS", servers[0]) if servers else picked("TTS")
    yield picked("Selected Voices")


def runtimeconfig_passwords(servers: Sequence[Any]) -> Iterator[Step]:
    for server in servers:
        yield {
            "id": f"runtimeconfig_password.{server.name}",
            "title": f"Change the printed password of runtimeconfig on the application server {server.name}",
            "place": f"Orchestration Designer of {server.name}",
            "url": f"{applications.base_url(server)}/runtimeconfig",
            "user": PRINTED_USER,
            "actions": (
                in_words(f"Log in as {PRINTED_USER}, with the password of the same name; a local one asks for a new one at once"),
                secret("New password", "app_server_runtimeconfig_password"),
            ),
            "why": "whoever has read the documents knows the delivered password, and this page changes what callers hear",
            "source": ("POM-APP-11",),
        }


# --- licences, MPP servers ----------------------------------------------------------------------------------------


def licences(console: Console) -> Iterator[Step]:
    for server in console.get("companions_license_server", ())[:1]:
        host = server.get("fqdn", server["address"])
        yield {
            "id": console.step("licences"),
            "title": "Enter the licence server, and allocate what is licensed",
            "actions": (
                opened(*LICENSING),
                filled("License Server", f"{host}:{server['port']}" if "port" in server else host),
                *(filled(label, str(console.get(word))) for label, word in LICENSED.items() if console.get(word)),
                pressed("Save"),
            ),
            "why": "POM and Experience Portal take their licences for voice, SMS and email from it; "
            "in a geo-redundant site each data center has the full count",
            "source": ("POM-APP-10", "POM-GEO-13"),
            "after": (console.added,),
        }


def mpp_servers(console: Console) -> Iterator[Step]:
    """MPPs on hosts of their own: what only the page of Experience Portal can set."""
    is_restarted = any(
        server.words.get("vmware_guest") and server.words.get("vmware_ha_settings", {}).get("enabled", True)
        for server in console.servers
    )
    for mpp in console.get("sizing_mpp_servers", ()):
        values = (
            *([filled("Host Address", mpp["address"])] if "address" in mpp else []),
            *([chosen("Restart Automatically", "Yes")] if is_restarted else []),
        )
        if values:
            yield {
                "id": console.step("mpp_server", mpp["name"]),
                "title": f"Bring the settings of the MPP server {mpp['name']} in line",
                "actions": (opened(*MPP_SERVERS), pressed(mpp["name"]), *values, pressed("Save")),
                "why": "Experience Portal speaks to an MPP by this address; with vSphere HA it has to start again by itself",
                "source": (
                    *(["POM-ID-04"] if "address" in mpp else []),
                    *(["POM-VM-04"] if is_restarted else []),
                ),
            }


# --- manual mode --------------------------------------------------------------------------------------------------


def manual_mode(console: Console) -> Iterator[Step]:
    if console.get("pom_nontelephony"):
        yield {
            "id": console.step("manual_mode"),
            "title": "See that the system is converted to manual mode",
            "actions": (opened("Home"), seen(CONVERTED)),
            "why": "the home page is the documented evidence that the conversion has worked",
            "source": ("POM-NONTEL-01", "POM-NONTEL-03"),
            "after": (console.added,),
            "phase": AFTER_CONVERSION,
        }
