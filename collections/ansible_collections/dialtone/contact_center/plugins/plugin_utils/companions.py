# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The products of others that POM works with: which mode needs which, and where they are described. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import SiteHost

WORDS_READ = frozenset({"cms_ha_role", "companions_cms"})
CMS_ROLES = ("primary", "secondary")

TITLES: Mapping[str, str] = {
    "companions_license_server": "a licence server (WebLM)",
    "companions_communication_manager": "Communication Manager (Call Center Elite)",
    "companions_aes": "Application Enablement Services (AES)",
    "companions_cms": "Call Management System (CMS)",
    "companions_aacc": "Aura Contact Center",
    "companions_oceana": "Oceana",
    "companions_agent_desktop": "an agent desktop on the agent APIs",
    "companions_session_manager": "Session Manager",
    "companions_system_manager": "System Manager",
    "companions_speech_servers": "speech servers",
}

# POM-SYS-01. AES of the two modes with Aura Contact Center depends on Communication Manager (T-003).
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "None": ("companions_license_server",),
    "CCElite": ("companions_license_server", "companions_communication_manager", "companions_aes", "companions_cms"),
    "AACC-SBP": ("companions_license_server", "companions_aacc"),
    "AACC": ("companions_license_server", "companions_aacc"),
    "Oceana": ("companions_license_server", "companions_oceana", "companions_aes"),
    "CCaaS-Outbound": ("companions_license_server",),
}
MODES_WITH_OPTIONAL_AES = ("AACC-SBP", "AACC")
MODES_WITH_AGENT_DESKTOP = ("CCElite", "AACC")


@dataclass(frozen=True)
class CmsServer:
    """A Call Management System server: a host of the group `cms`, or one that others manage."""

    name: str
    address: str
    role: str


def cms_servers(hosts: Iterable[SiteHost]) -> list[CmsServer]:
    """Each once, the primary first: a pair over two data centers stands in the words of both."""
    found: dict[str, CmsServer] = {}
    for host in hosts:
        if host.is_any("cms"):
            found[host.name] = CmsServer(host.name, host.words.get("host_address", ""), host.words.get("cms_ha_role", ""))
        for entry in host.words.get("companions_cms", ()):
            found.setdefault(entry["name"], CmsServer(entry["name"], entry["address"], entry.get("role", "")))
    return sorted(found.values(), key=_primary_first)


def _primary_first(server: CmsServer) -> tuple[int, str]:
    return CMS_ROLES.index(server.role) if server.role in CMS_ROLES else len(CMS_ROLES), server.name


def first_value(hosts: Iterable[SiteHost], word: str, default: Any = None) -> Any:
    """The value of a word that is the same on all of these hosts."""
    return next((host.words[word] for host in hosts if word in host.words), default)
