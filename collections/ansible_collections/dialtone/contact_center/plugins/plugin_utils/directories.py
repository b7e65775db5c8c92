# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""POM's directories for imports, exports and archives: which there are, which must be on NFS, and who serves them. Pure.

Sources: POM-DIR-01 (tree), POM-DIR-06 (splitter), POM-DIR-07 and POM-DIR-08 (NFS), POM-ORG-01 (organizations).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.pom_servers import has_managed_pom, home_of
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import POM_SERVERS

if TYPE_CHECKING:
    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import DataCenter, SiteHost

DEFAULT_ORGANIZATION = "default"
ARCHIVE_DIRECTORIES = ("contactlistimport", "dncimport", "splitter")
PUBLIC_DIRECTORIES = ("contactlistimport", "dncimport", "export")
SHARED_TREES = {"archive": ARCHIVE_DIRECTORIES, "public": PUBLIC_DIRECTORIES}
NFS_PORT = 2049
# No option is documented. An entry without _netdev would hold up the boot of a host whose network is not there yet.
MOUNT_OPTIONS = "defaults,_netdev"
WORDS_READ = frozenset(
    {
        "directories_mount",
        "directories_nfs_mounts",
        "directories_splitter_mode",
        "directories_splitter_sources",
        "organizations_list",
    }
)


def is_below(path: str, directory: str) -> bool:
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def organization_ids(organizations: Iterable[Mapping[str, Any]]) -> list[str]:
    """The directory names of the organizations; one whose id is not known yet has none."""
    return [DEFAULT_ORGANIZATION, *(str(entry["id"]) for entry in organizations if "id" in entry)]


def tree(organizations: Iterable[str]) -> list[str]:
    """What POM has for these organizations, relative to POM_HOME."""
    return [f"{top}/{one}/{name}" for one in organizations for top, names in SHARED_TREES.items() for name in names]


def mandatory(kinds: Iterable[str], organizations: Sequence[str], with_default: bool) -> list[str]:
    """What must be on NFS where several POM servers run imports of these kinds. The default organization stands first."""
    wanted = [f"archive/{organization}/{name}" for organization in organizations for name in ARCHIVE_DIRECTORIES]
    if "automatic" in kinds:
        automatic = organizations if with_default else organizations[1:]
        wanted += [f"public/{organization}/contactlistimport" for organization in automatic]
    return wanted


def recommended(kinds: Iterable[str], organizations: Sequence[str]) -> list[str]:
    return [f"public/{organization}/contactlistimport" for organization in organizations] if "direct" in kinds else []


def is_shared(path: str, home: str, mounts: Iterable[str]) -> bool:
    """Whether a directory below POM_HOME lies in one of the mounts, or is one."""
    top = posixpath.join(home, path.split("/", 1)[0])
    return any(is_below(posixpath.join(home, path), mount) and is_below(mount, top) for mount in mounts)


def skeleton(mount: str, home: str, organizations: Sequence[str]) -> list[str]:
    """The directories that POM expects in a mount, parents first, relative to it: what it made below would be out of sight."""
    found: list[str] = []
    for path in tree(organizations):
        parts = posixpath.join(home, path)
        if is_below(parts, mount) and parts != mount:
            relative = posixpath.relpath(parts, mount)
            if "/" in relative:
                found.append(posixpath.dirname(relative))
            found.append(relative)
    return list(dict.fromkeys(found))


def server_of(export: str) -> str:
    return export.partition(":")[0]


def path_of(export: str) -> str:
    return posixpath.normpath(export.partition(":")[2])


def serves(host: SiteHost, export: str) -> bool:
    """Whether the export is this host's, by any of its names or its address."""
    names = {host.name, host.fqdn, host.address, *host.words.get("host_aliases", ())}
    return server_of(export).lower() in {name.lower() for name in names}


# --- what roles are handed ----------------------------------------------------------------------------------------


def mounts_of(servers: Sequence[SiteHost]) -> list[dict[str, Any]]:
    """The mounts of the POM servers of a data center; the words are the same on all of them."""
    words = servers[0].words if servers else {}
    home = home_of(words.get("pom_server_install_path", "/"))
    organizations = organization_ids(words.get("organizations_list", ()))
    return [
        {
            "path": posixpath.normpath(mount["path"]),
            "export": f"{server_of(mount['export'])}:{path_of(mount['export'])}",
            "options": mount.get("options", MOUNT_OPTIONS),
            "directories": skeleton(posixpath.normpath(mount["path"]), home, organizations),
        }
        for mount in words.get("directories_nfs_mounts", ())
    ]


def mounts_with_nfs(host: SiteHost) -> bool:
    """Whether Dialtone mounts anything on this host."""
    return has_managed_pom(host) and host["directories_mount"] and bool(host["directories_nfs_mounts"])


def inputs(host: SiteHost, data_center: DataCenter) -> dict[str, Any]:
    """Of the role pom_directories, on a POM server."""
    home = home_of(host["pom_server_install_path"])
    servers = data_center.having(*POM_SERVERS)
    organizations = host.words.get("organizations_list", ())
    return {
        "pom_directories_home": home,
        "pom_directories_tree": [posixpath.join(home, path) for path in tree(organization_ids(organizations))],
        "pom_directories_mounts": mounts_of([host]),
        "pom_directories_mount": host["directories_mount"],
        "pom_directories_splitter_sources": [posixpath.normpath(path) for path in host["directories_splitter_sources"]],
        "pom_directories_splitter_mode": host["directories_splitter_mode"],
        "pom_directories_organizations": [dict(entry) for entry in organizations],
        "pom_directories_servers": [server.name for server in servers],
    }


def server_inputs(host: SiteHost, data_center: DataCenter) -> dict[str, Any]:
    """Of the role nfs_server: what it exports to the POM servers of its data center."""
    servers = data_center.having(*POM_SERVERS)
    mounts = [mount for mount in mounts_of(servers) if serves(host, mount["export"])]
    clients = [server.address for server in servers]
    return {
        "nfs_server_exports": [{"path": path_of(mount["export"]), "clients": clients} for mount in mounts],
        "nfs_server_directories": [
            posixpath.join(path_of(mount["export"]), *below) for mount in mounts for below in ((), *zip(mount["directories"]))
        ],
        "nfs_server_pom_servers": [server.name for server in servers],
    }


def connections(data_center: DataCenter) -> Iterator[tuple[SiteHost, SiteHost]]:
    """Each POM server with each of the data center's NFS servers that it mounts from."""
    servers = data_center.having(*POM_SERVERS)
    for source in servers:
        for target in data_center.having("nfs_server"):
            if any(serves(target, mount["export"]) for mount in source.words.get("directories_nfs_mounts", ())):
                yield source, target


# --- what the status asks -----------------------------------------------------------------------------------------


def probes(host: SiteHost, data_center: DataCenter) -> list[dict[str, Any]]:
    """Of a POM server: its tree, and each mount."""
    own = {"component": "pom_directories"}
    data = inputs(host, data_center)
    tree_probe = {
        "id": "pom_directories.tree",
        **own,
        "kind": "pom_directories",
        "home": data["pom_directories_home"],
        "directories": data["pom_directories_tree"],
    }
    return [
        tree_probe,
        *(
            {
                "id": f"pom_directories.mount.{number}",
                **own,
                "kind": "nfs_mount",
                "path": mount["path"],
                "export": mount["export"],
                "mounted": data["pom_directories_mount"],
            }
            for number, mount in enumerate(data["pom_directories_mounts"], 1)
        ),
    ]
