# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The connections that CMS opens to the POM servers for real-time data: each CMS to each POM server of all data centers. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import companions
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import POM_SERVERS

if TYPE_CHECKING:
    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import SiteHost

WORDS_READ = companions.WORDS_READ | {"pom_mode", "rt_sockets_port", "rt_sockets_report_format"}
MODE_WITH_CMS = "CCElite"
PURPOSE = "real-time data (RT socket)"
SOURCE = ("POM-RTS-01", "POM-RTS-03")


def rows(hosts: Iterable[SiteHost]) -> list[dict[str, Any]]:
    """One row a connection, in the order of the vendor's matrix: data center, CMS (primary first), POM server (primary first)."""
    everyone = list(hosts)
    if companions.first_value(everyone, "pom_mode") != MODE_WITH_CMS:
        return []
    port = companions.first_value(everyone, "rt_sockets_port")
    report_format = companions.first_value(everyone, "rt_sockets_report_format")
    return [
        {
            "data_center": data_center,
            "cms": cms.name,
            "cms_role": cms.role,
            "cms_address": cms.address,
            "pom_server": server.name,
            "pom_server_address": server.words.get("host_address", ""),
            "port": port,
            "format": report_format,
            "purpose": PURPOSE,
            "source": list(SOURCE),
        }
        for data_center, servers in pom_servers(everyone).items()
        for cms in companions.cms_servers(everyone)
        for server in servers
    ]


def sessions_needed(hosts: Iterable[SiteHost]) -> int:
    """Sessions that each CMS must be able to open: one for each POM server of all data centers."""
    return sum(len(servers) for servers in pom_servers(hosts).values())


def pom_servers(hosts: Iterable[SiteHost]) -> dict[str, list[SiteHost]]:
    """The POM servers of each data center that has any, its primary first."""
    found: dict[str, list[SiteHost]] = {}
    for host in sorted(hosts, key=lambda host: (host.data_center, not host.is_any("epm_primary"), host.name)):
        if host.is_any(*POM_SERVERS):
            found.setdefault(host.data_center, []).append(host)
    return found
