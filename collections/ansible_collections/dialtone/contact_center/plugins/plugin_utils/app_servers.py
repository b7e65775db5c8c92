# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the role app_server is handed, and what an application server is asked: each as part of its data center. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ansible_collections.dialtone.contact_center.plugins.module_utils.app_server import LIBRARIES, UNIT, WEBAPPS
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_layout import PomLayout
from ansible_collections.dialtone.contact_center.plugins.plugin_utils import applications
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.pom_servers import has_managed_pom, home_of
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import POM_SERVERS

if TYPE_CHECKING:
    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import DataCenter, SiteHost

WORDS_READ = applications.WORDS_READ | {
    "app_server_managed",
    "pom_server_install_path",
    "sizing_mpp_servers",
    "trust_directory",
}
APPLICATIONS_DIRECTORY = "DDapps"


def is_local(host: SiteHost) -> bool:
    """Whether Tomcat runs beside POM, where Experience Portal's program lays it (POM-APP-01)."""
    return host.is_any(*POM_SERVERS)


def mpp_addresses(host: SiteHost) -> list[str]:
    """The media processing platforms that fetch their applications from this host, where their addresses are told."""
    if not host.is_any("app_server"):
        return []
    return [mpp["address"] for mpp in host.words.get("sizing_mpp_servers", ()) if mpp.get("address")]


def primary_of(data_center: DataCenter) -> SiteHost | None:
    return next(iter(data_center.having("epm_primary")), None)


def inputs(host: SiteHost, data_center: DataCenter) -> dict[str, Any]:
    primary = primary_of(data_center)
    return {
        "app_server_is_local": is_local(host),
        "app_server_primary": primary.name if primary else "",
        "app_server_ddapps": applications_directory(primary) if primary else "",
        "app_server_url_name": url_name(host),
        "app_server_paths": served_paths(host, data_center),
        "app_server_registers": registers(host),
        "app_server_pom_home": home_of(host["pom_server_install_path"]) if is_local(host) else "",
        "app_server_address": host.address,
        "app_server_identity_directory": host["trust_directory"],
    }


def applications_directory(primary: SiteHost) -> str:
    return posixpath.join(home_of(primary["pom_server_install_path"]), APPLICATIONS_DIRECTORY)


def supplied_files(found: Iterable[Mapping[str, Any]], directory: str) -> dict[str, str]:
    """SHA-256 of what POM's package supplies, by the path that it has below Tomcat's home (POM-APP-03).

    >>> supplied_files([{"path": "/d/Nailer.war", "checksum": "a1"}, {"path": "/d/lib/x-1.jar", "checksum": "b2"}], "/d")
    {'lib/x-1.jar': 'b2', 'webapps/Nailer.war': 'a1'}
    """
    places = {posixpath.join(directory, LIBRARIES): LIBRARIES, directory: WEBAPPS}
    files = {}
    for file in found:
        parent, name = posixpath.split(str(file["path"]))
        if parent in places and (places[parent] == LIBRARIES or name.endswith(".war")):
            files[posixpath.join(places[parent], name)] = str(file["checksum"])
    return dict(sorted(files.items()))


def url_name(host: SiteHost) -> str:
    """How URLs name the host: its certificate carries both forms."""
    return str(urlsplit(applications.base_url(host)).hostname)


def served_paths(host: SiteHost, data_center: DataCenter) -> list[str]:
    """Where this application server has to answer: an application with a URL of its own is somewhere else."""
    speaker = primary_of(data_center) or host
    base = applications.base_url(host)
    found = applications.registered(speaker.words.get, [host])
    return list(dict.fromkeys(url[len(base) :] for one in found for url in one.urls if url.startswith(f"{base}/")))


def registers(host: SiteHost) -> bool:
    """Whether the vendor's program registers the applications from here (POM-APP-08)."""
    return host.is_any("epm_primary") and has_managed_pom(host) and applications.registered_by_program(host)


def probes(host: SiteHost, data_center: DataCenter) -> list[dict[str, Any]]:
    """What a host is asked of itself."""
    own = {"component": "app_server"}
    paths = served_paths(host, data_center)
    return [
        {"id": "app_server.unit", **own, "kind": "unit", "unit": UNIT},
        {"id": "app_server.started_with", **own, "kind": "started_with", "unit": UNIT, "label": f"Tomcat on {host.name}"},
        *([{"id": "app_server.serving", **own, **pages(host, paths)}] if paths else []),
    ]


def client_probes(server: SiteHost, data_center: DataCenter) -> list[dict[str, Any]]:
    """What a POM server asks the application servers, trusting whom POM trusts (POM-CERT-11)."""
    store = PomLayout(home_of(server["pom_server_install_path"])).truststore
    return [
        {"id": f"app_server.reachable.{host.name}", "component": "app_server", **pages(host, paths), "truststore": store}
        for host in data_center.having("app_server")
        if host.runs("app_server") and (paths := served_paths(host, data_center))
    ]


def pages(host: SiteHost, paths: list[str]) -> dict[str, Any]:
    return {
        "kind": "https",
        "host": host.address,
        "port": host["app_server_port"],
        "server_name": url_name(host),
        "paths": paths,
    }
