# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The applications that Experience Portal plays for POM: which a data center needs, and by which URLs it reaches them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import SiteHost

DEFAULT_ZONE = DEFAULT_ORGANIZATION = "Default"
DRIVER, NAILER, VXML = "POM:Driver", "POM:Nailer", "POM:Application/VXML"
NEEDED_IN_A_ZONE = (NAILER, DRIVER)
DIRECTIONS: Mapping[str, str] = {"SMS": "Inbound", "Email": "Inbound"}
OUTBOUND = "Outbound"
WORDS_READ = frozenset(
    {
        "app_server_applications",
        "app_server_port",
        "app_server_url_host",
        "pom_campaign_channels",
        "pom_nontelephony",
        "pom_zones",
    }
)


@dataclass(frozen=True)
class Delivered:
    """An application of the package ddapps. Without a channel every system with telephony needs it (POM-APP-07)."""

    name: str
    path: str
    type: str
    channel: str = ""
    is_name_exact: bool = True


DELIVERED: Sequence[Delivered] = (
    Delivered("PomDriverApp", "/PomDriverApp/ccxml/start.jsp", DRIVER, is_name_exact=False),
    Delivered("Nailer", "/Nailer/ccxml/start.jsp", NAILER, is_name_exact=False),
    Delivered("AvayaPOMNotifier", "/AvayaPOMNotifier/Start", VXML, "voice"),
    Delivered("AvayaPOMAnnouncement", "/AvayaPOMAnnouncement/Start", VXML, "voice"),
    Delivered("AvayaPOMAgent", "/AvayaPOMAgent/Start", VXML, "voice"),
    Delivered("AvayaPOMSMS", "/AvayaPOMSMS/Start", "SMS", "sms"),
    Delivered("AvayaPOMEmail", "/AvayaPOMEmail/Start", "Email", "email"),
)


@dataclass(frozen=True)
class Application:
    """As it is registered on Experience Portal, which spreads the load over `urls`."""

    name: str
    type: str
    zone: str
    organization: str
    urls: tuple[str, ...]

    @property
    def direction(self) -> str:
        return DIRECTIONS.get(self.type, OUTBOUND)

    @property
    def speaks(self) -> bool:
        return self.type == DRIVER

    @property
    def is_default(self) -> bool:
        return (self.zone, self.organization) == (DEFAULT_ZONE, DEFAULT_ORGANIZATION)


def needed(channels: Collection[str], *, nontelephony: bool) -> list[Delivered]:
    """What campaigns of these channels need; all where none is declared. Without telephony only email is left (POM-NONTEL-04).

    >>> [application.name for application in needed(["email"], nontelephony=True)]
    ['AvayaPOMEmail']
    """
    if nontelephony:
        return [application for application in DELIVERED if application.channel == "email" and "email" in channels]
    return [application for application in DELIVERED if not channels or application.channel in ("", *channels)]


def registered(word: Callable[[str, Any], Any], servers: Sequence[SiteHost]) -> list[Application]:
    """What a data center registers, zone by zone; nothing without an application server. `word`: its words, with a default."""
    bases = [base_url(server) for server in servers]
    listed = word("app_server_applications", ()) or [
        {"name": application.name, "type": application.type, "zone": zone}
        for zone in word("pom_zones", ()) or [DEFAULT_ZONE]
        for application in needed(word("pom_campaign_channels", ()), nontelephony=bool(word("pom_nontelephony", False)))
    ]
    found = [
        Application(
            entry["name"],
            entry["type"],
            entry.get("zone", DEFAULT_ZONE),
            entry.get("organization", DEFAULT_ORGANIZATION),
            (entry["url"],) if "url" in entry else tuple(base + path_of(entry["name"], entry["type"]) for base in bases),
        )
        for entry in listed
    ]
    return [application for application in found if application.urls]


def path_of(name: str, kind: str) -> str:
    """
    >>> path_of("NailerNorth", "POM:Nailer"), path_of("Survey", "POM:Application/VXML")
    ('/Nailer/ccxml/start.jsp', '/Survey/Start')
    """
    by_name = {application.name.lower(): application.path for application in DELIVERED}
    by_type = {application.type: application.path for application in DELIVERED if application.type in NEEDED_IN_A_ZONE}
    return by_name.get(name.lower()) or by_type.get(kind) or f"/{name}/Start"


def in_order(servers: Iterable[SiteHost], primary: SiteHost) -> list[SiteHost]:
    """The application servers of a data center: the one on the primary EPM first, as the vendor's program registers it."""
    found = [host for host in servers if host.is_any("app_server")]
    return sorted(found, key=lambda host: (host.name != primary.name, host.name))


def registered_by_program(primary: SiteHost) -> bool:
    """Whether insert_POM_Apps.sh registers the applications: only those of an application server on the primary (POM-APP-08)."""
    return primary.is_any("app_server") and not primary.words.get("pom_nontelephony")


def base_url(server: SiteHost) -> str:
    host = server.fqdn if server.words.get("app_server_url_host") == "fqdn" else server.address
    return f"https://{host}:{server['app_server_port']}"
