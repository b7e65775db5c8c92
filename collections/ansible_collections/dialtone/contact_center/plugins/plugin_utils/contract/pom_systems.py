# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The POM systems of a site as the rules judge them: one in each data center that has POM servers, or one over all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import companions
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.site import HostView, SiteView
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import SiteHost
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import POM_SERVERS

GEO = "geo"


@dataclass(frozen=True)
class PomSystem:
    """The hosts of a data center with POM servers. Its words are the same on all of them: `differs-over-hosts` sees to it."""

    data_center: str
    hosts: Sequence[HostView]
    servers: Sequence[HostView]

    def get(self, word: str, default: Any = None) -> Any:
        return value_of(self.servers, word, default)

    def stating(self, word: str) -> HostView:
        """The host at whose definition a finding about the word stands."""
        return stating(self.servers, word)

    def defines(self, word: str) -> bool:
        """Whether it is written, whatever its value: one that is not known now (a closed vault) counts as present."""
        return any(host.defines(word) for host in self.servers)

    def having(self, component: str) -> list[HostView]:
        return [host for host in self.hosts if host.is_any(component)]

    @property
    def is_geo(self) -> bool:
        return self.get("pom_scenario") == GEO


def pom_systems(site: SiteView) -> list[list[PomSystem]]:
    """The POM systems of each site, by the name of their data center."""
    return site.once(_pom_systems)


def _pom_systems(site: SiteView) -> list[list[PomSystem]]:
    by_site: dict[str, list[PomSystem]] = {}
    for (name, data_center), hosts in sorted(site.data_centers().items()):
        servers = sorted((host for host in hosts if host.is_any(*POM_SERVERS)), key=lambda host: not host.is_any("epm_primary"))
        if servers:
            by_site.setdefault(name, []).append(PomSystem(data_center, hosts, servers))
    return list(by_site.values())


def each_pom_system(site: SiteView) -> Iterator[PomSystem]:
    for systems in pom_systems(site):
        yield from systems


def geo_systems(site: SiteView) -> Iterator[list[PomSystem]]:
    for systems in pom_systems(site):
        geo = [system for system in systems if system.is_geo]
        if geo:
            yield geo


def value_of(hosts: Sequence[HostView], word: str, default: Any = None) -> Any:
    return next((host.values[word] for host in hosts if word in host), default)


def stating(hosts: Sequence[HostView], word: str) -> HostView:
    return next((host for host in hosts if host.defines(word)), hosts[0])


def cms_servers(site: SiteView) -> list[companions.CmsServer]:
    return site.once(_cms_servers)


def _cms_servers(site: SiteView) -> list[companions.CmsServer]:
    return companions.cms_servers(SiteHost(host.name, host.components, host.values) for host in site.hosts if "site" in host)
