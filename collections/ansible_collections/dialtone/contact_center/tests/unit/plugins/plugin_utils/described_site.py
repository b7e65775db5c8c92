# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hosts of described sites, with the defaults of the schemas, for tests of what is computed from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import SiteHost
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import load_catalogue

CATALOGUE = load_catalogue()
IDENTITY = frozenset({"site", "data_center", "host_address", "host_fqdn"})


class ReadWords(Mapping[str, Any]):
    """Words that remember which of them were asked for."""

    def __init__(self, words: Mapping[str, Any], read: set[str]) -> None:
        self._words, self._read = words, read

    def __getitem__(self, word: str) -> Any:
        self._read.add(word)
        return self._words[word]

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __len__(self) -> int:
        return len(self._words)


def site_host(name: str, number: int, *components: str, data_center: str = "dc1", **words: Any) -> SiteHost:
    net = {"dc1": "192.0.2", "dc2": "198.51.100"}[data_center]
    identity = {"site": "main", "data_center": data_center, "host_address": f"{net}.{number}", "host_fqdn": f"{name}.example.com"}
    return SiteHost(name, components, {**CATALOGUE.defaults(), **identity, **words})


def recorded(hosts: list[SiteHost], read: set[str]) -> list[SiteHost]:
    return [SiteHost(host.name, host.components, ReadWords(host.words, read)) for host in hosts]


def entry(name: str, number: int, **more: Any) -> dict[str, Any]:
    return {"name": name, "address": f"192.0.2.{number}", **more}


def call_center_elite(**words: Any) -> list[SiteHost]:
    """Two POM servers in one data center, and a CMS pair."""
    site = {"pom_mode": "CCElite", "pom_scenario": "multi", "pom_skill_based_campaigns": True, "rt_sockets_port": 7000, **words}
    return [
        site_host("epm2", 12, "epm_auxiliary", **site),
        site_host("epm1", 11, "epm_primary", **site),
        site_host("cms2", 17, "cms", **site, cms_ha_role="secondary"),
        site_host("cms1", 16, "cms", **site, cms_ha_role="primary"),
    ]


def geo_site(**words: Any) -> list[SiteHost]:
    """Two POM servers in each of two data centers, and one CMS of others."""
    site = {
        "pom_mode": "CCElite",
        "pom_scenario": "geo",
        "pom_database_engine": "mssql",
        "companions_cms": [entry("cms9", 90)],
        "geo_active_data_center": "dc1",
        "geo_topology": "single_ag",
        **words,
    }
    return [
        site_host(
            f"epm{number}", number, component, data_center=data_center, **site, geo_listener=f"listener.{data_center}.example.com"
        )
        for number, component, data_center in (
            (1, "epm_primary", "dc1"),
            (2, "epm_auxiliary", "dc1"),
            (3, "epm_primary", "dc2"),
            (4, "epm_auxiliary", "dc2"),
        )
    ]
