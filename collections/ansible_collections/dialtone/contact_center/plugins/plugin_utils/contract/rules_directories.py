# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules about POM's directories: what must be shared over NFS, what a mount would hide, and whose organization they are."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import REFUSE, WARN, Finding
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.pom_systems import PomSystem, pom_systems
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.rule import Rule
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.site import HostView, SiteView
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.directories import (
    DEFAULT_ORGANIZATION,
    SHARED_TREES,
    is_below,
    is_shared,
    mandatory,
    organization_ids,
    path_of,
    recommended,
    server_of,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.pom_servers import home_of

IMPORTS = "directories_imports"
MOUNTS = "directories_nfs_mounts"
ORGANIZATIONS = "organizations_list"
NFS_SERVER = "nfs_server"
DATA_WORDS = ("kafka_home", "kafka_data_directory", "kafka_log_directory", "zookeeper_data_directory", "trust_directory")


def _each(site: SiteView) -> Iterator[PomSystem]:
    for systems in pom_systems(site):
        yield from systems


def _mounts(system: PomSystem) -> list[tuple[int, str]]:
    return [(index, posixpath.normpath(mount["path"])) for index, mount in enumerate(system.get(MOUNTS, ()))]


def _home(system: PomSystem) -> str:
    return home_of(system.get("pom_server_install_path", "/"))


def _organizations(system: PomSystem) -> list[str]:
    return organization_ids(system.get(ORGANIZATIONS, ()))


def _unshared(system: PomSystem, paths: list[str]) -> list[str]:
    mounts = [mount for _index, mount in _mounts(system)]
    return [path for path in paths if not is_shared(path, _home(system), mounts)]


# --- NFS ----------------------------------------------------------------------------------------------------------


def mount_missing(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in _each(site):
        kinds = system.get(IMPORTS, ())
        if len(system.servers) > 1 and kinds:
            uncovered = _unshared(system, _mandatory(system, kinds))
            yield from _missing(site, rule, system, uncovered, REFUSE, f"{len(system.servers)} POM servers run imports")


def imports_not_stated(site: SiteView, rule: Rule) -> Iterator[Finding]:
    """Where the kinds of import are stated, mount-missing judges them; a shared archive needs no statement."""
    for system in _each(site):
        archive = mandatory((), _organizations(system), with_default=True)
        mounts_itself = system.get("directories_mount") is not False
        if len(system.servers) > 1 and mounts_itself and not system.defines(IMPORTS) and _unshared(system, archive) == archive:
            yield site.finding(
                rule,
                system.stating(IMPORTS),
                IMPORTS,
                found=f"not set, with {len(system.servers)} POM servers in data center {system.data_center} sharing no archive",
                expected="archive on NFS when more than one POM server runs imports: no other sees what it puts there",
                fix=f"write {IMPORTS}, and add {{path: {posixpath.join(_home(system), 'archive')}, export: 'SERVER:/PATH'}} to "
                f"{MOUNTS}; or write [] where no import runs",
                severity=WARN,
            )


def mount_recommended(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in _each(site):
        kinds = system.get(IMPORTS, ())
        if len(system.servers) > 1:
            needed = _mandatory(system, kinds)
            uncovered = [path for path in _unshared(system, recommended(kinds, _organizations(system))) if path not in needed]
            yield from _missing(site, rule, system, uncovered, WARN, "recommended, so that each tenant's files lie apart")


def _mandatory(system: PomSystem, kinds: list[str]) -> list[str]:
    with_default = system.get("directories_automatic_default_organization") is not False
    return mandatory(kinds, _organizations(system), with_default)


def _missing(
    site: SiteView, rule: Rule, system: PomSystem, uncovered: list[str], severity: str, why: str
) -> Iterator[Finding]:
    for tree in SHARED_TREES:
        paths = [path for path in uncovered if path.startswith(f"{tree}/")]
        if paths:
            more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
            yield site.finding(
                rule,
                system.stating(MOUNTS),
                MOUNTS,
                found=f"no mount for {', '.join(paths[:3])}{more} below POM_HOME",
                expected=f"the same NFS export on every POM server of data center {system.data_center}: {why}",
                fix=f"add {{path: {posixpath.join(_home(system), tree)}, export: 'SERVER:/PATH'}} to {MOUNTS}",
                severity=severity,
            )


# --- what a mount hides -------------------------------------------------------------------------------------------


def mount_hides_files(site: SiteView, rule: Rule) -> Iterator[Finding]:
    """Whatever lies below a mount point is out of sight while it is mounted."""
    for system in _each(site):
        home = _home(system)
        for index, mount in _mounts(system):
            hidden = [f"{word} of {host.name}" for host in system.servers for word in DATA_WORDS if _hides(mount, host.get(word))]
            if is_below(home, mount):
                found = f"{mount}, which holds the installed POM itself"
            elif hidden:
                found = f"{mount}, which would hide {hidden[0]}"
            elif is_below(mount, home) and not _is_documented(mount, home):
                found = f"{mount}, a directory of POM's own files"
            else:
                continue
            trees = " or ".join(posixpath.join(home, tree) for tree in SHARED_TREES)
            yield site.finding(
                rule,
                system.stating(MOUNTS),
                MOUNTS,
                found=found,
                expected=f"{trees}, directories of organizations below them, or a directory outside POM_HOME",
                fix="write another path, or remove the mount",
                steps=[index, "path"],
            )


def _hides(mount: str, directory: str | None) -> bool:
    return bool(directory) and is_below(posixpath.normpath(str(directory)), mount)


def _is_documented(mount: str, home: str) -> bool:
    parts = posixpath.relpath(mount, home).split("/")
    return parts[0] in SHARED_TREES and len(parts) <= 3 and (len(parts) < 3 or parts[2] in SHARED_TREES[parts[0]])


def mount_inside_mount(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in _each(site):
        mounts = _mounts(system)
        for index, mount in mounts:
            others = [other for at, other in mounts if other != mount or at < index]
            outer = next((other for other in others if is_below(mount, other)), None)
            if outer is not None:
                yield site.finding(
                    rule,
                    system.stating(MOUNTS),
                    MOUNTS,
                    found=f"{mount}, " + ("which is there twice" if mount == outer else f"inside the mount {outer}"),
                    expected="mounts beside each other: which files are seen would depend on the order of mounting",
                    fix=f"keep one of the two: {outer} holds the directories below it as well",
                    steps=[index, "path"],
                )


def export_used_twice(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in _each(site):
        first: dict[str, int] = {}
        for index, mount in enumerate(system.get(MOUNTS, ())):
            export = mount["export"].rstrip("/")
            if first.setdefault(export, index) != index:
                yield site.finding(
                    rule,
                    system.stating(MOUNTS),
                    MOUNTS,
                    found=f"{export}, which is mounted at {system.get(MOUNTS)[first[export]]['path']} too",
                    expected="an export of its own for each directory: POM would take files of one for files of the other",
                    fix="write another export",
                    steps=[index, "export"],
                )


def mount_of_unknown_organization(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in _each(site):
        known = _organizations(system)
        for index, mount in _mounts(system):
            parts = posixpath.relpath(mount, _home(system)).split("/")
            if parts[0] in SHARED_TREES and len(parts) > 1 and parts[1] not in known:
                yield site.finding(
                    rule,
                    system.stating(MOUNTS),
                    MOUNTS,
                    found=f"{mount}, of an organization {parts[1]} that is not described",
                    expected=f"{DEFAULT_ORGANIZATION} or the id of an organization: {', '.join(known)}",
                    fix=f"write the organization's id in {ORGANIZATIONS}, or correct the path",
                    steps=[index, "path"],
                )


# --- NFS servers of the site --------------------------------------------------------------------------------------

# What is exported is owned by POM's account with all that POM makes in it.
SYSTEM_DIRECTORIES = frozenset(
    "/ /bin /boot /dev /etc /home /lib /lib64 /media /mnt /opt /proc /root /run /sbin /srv /sys /tmp /usr /var".split()  # noqa: SIM905
)


def _server(hosts: Sequence[HostView], export: str) -> HostView | None:
    return next((host for host in hosts if server_of(export).lower() in host.known_as()), None)


def export_of_system_directory(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in _each(site):
        for index, mount in enumerate(system.get(MOUNTS, ())):
            server = _server(system.having(NFS_SERVER), mount["export"])
            path = path_of(mount["export"])
            hidden = [] if server is None else [word for word in DATA_WORDS if _hides(path, server.get(word))]
            if server is not None and (path in SYSTEM_DIRECTORIES or hidden):
                yield site.finding(
                    rule,
                    system.stating(MOUNTS),
                    MOUNTS,
                    found=f"{mount['export']}, {f'which holds {hidden[0]}' if hidden else 'a directory of the system'}",
                    expected=f"a directory of {server.name} for POM's files only: Dialtone hands it over to POM's account",
                    fix=f"write a directory of its own, such as /srv/pom/{posixpath.basename(mount['path'])}",
                    steps=[index, "export"],
                )


def export_of_other_host(site: SiteView, rule: Rule) -> Iterator[Finding]:
    """An export of a host that is described, and that nobody makes into an NFS server."""
    for system in _each(site):
        for index, mount in enumerate(system.get(MOUNTS, ())):
            server = _server(site.hosts, mount["export"])
            if server is None or server in system.having(NFS_SERVER):
                continue
            foreign = server.is_any(NFS_SERVER)
            if foreign:
                place, fix = f"an NFS server of data center {server.get('data_center')}", f"name one of {system.data_center}"
            else:
                place, fix = f"not in the group {NFS_SERVER}", f"put {server.name} into that group, and Dialtone makes the export"
            yield site.finding(
                rule,
                system.stating(MOUNTS),
                MOUNTS,
                found=f"{mount['export']}, of {server.name}, which is {place}",
                expected=f"an NFS server of data center {system.data_center}, or a host that this inventory does not hold",
                fix=fix,
                steps=[index, "export"],
                severity=REFUSE if foreign else WARN,
            )


def nfs_server_without_export(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in _each(site):
        for host in system.having(NFS_SERVER):
            if not any(_server([host], mount["export"]) for mount in system.get(MOUNTS, ())):
                yield site.finding(
                    rule,
                    system.stating(MOUNTS),
                    MOUNTS,
                    found=f"group {NFS_SERVER}, and none of {MOUNTS} is of {host.name}",
                    expected=f"a mount from {host.name}: it exports what the POM servers mount, and nothing else",
                    fix=f"write a mount with the export {host.name}:/PATH into {MOUNTS}, or take the host out of the group",
                    severity=WARN,
                )


# --- splitter and organizations -----------------------------------------------------------------------------------


def splitter_source(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in _each(site):
        home = _home(system)
        for index, source in enumerate(system.get("directories_splitter_sources", ())):
            path = posixpath.normpath(source)
            if is_below(home, path):
                found = f"{path}, which holds {'every file of the host' if path == '/' else 'the installed POM'}"
                expected = "a directory of lists only: its owner and mode are changed with all that is in it"
            elif is_below(path, home):
                found, expected = f"{path}, inside POM_HOME", "one outside: those inside have the right owner and mode"
            else:
                continue
            yield site.finding(
                rule,
                system.stating("directories_splitter_sources"),
                "directories_splitter_sources",
                found=found,
                expected=expected,
                fix=f"remove {path} from directories_splitter_sources",
                steps=[index],
            )


def splitter_open_to_all(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in _each(site):
        if system.get("directories_splitter_mode") == "0777" and system.get("directories_splitter_sources"):
            yield site.finding(
                rule,
                system.stating("directories_splitter_mode"),
                "directories_splitter_mode",
                found='"0777": every account of the host may read and change the lists',
                expected='"0770": owner and group are enough for POM',
                fix="remove the line",
                severity=WARN,
            )


def organization_twice(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in _each(site):
        first: dict[tuple[str, str], int] = {}
        for index, entry in enumerate(system.get(ORGANIZATIONS, ())):
            for key in ("name", "id"):
                value = str(entry.get(key, "")).lower()
                if value and first.setdefault((key, value), index) != index:
                    yield site.finding(
                        rule,
                        system.stating(ORGANIZATIONS),
                        ORGANIZATIONS,
                        found=f"{entry[key]}, which another organization has too",
                        expected=f"a {key} of its own for each organization: its directories are named by the id",
                        fix=f"write another {key}",
                        steps=[index, key],
                    )


RULES: tuple[Rule, ...] = (
    Rule("mount-missing", ("POM-DIR-07",), mount_missing),
    Rule("imports-not-stated", ("POM-DIR-07", "POM-DIR-08"), imports_not_stated),
    Rule("mount-recommended", ("POM-DIR-08",), mount_recommended),
    Rule("mount-hides-files", ("POM-DIR-07",), mount_hides_files, never_waived="what lies below would be out of sight"),
    Rule("mount-inside-mount", ("POM-DIR-07",), mount_inside_mount),
    Rule("export-used-twice", ("POM-DIR-07",), export_used_twice),
    Rule("mount-of-unknown-organization", ("POM-DIR-01", "POM-DIR-07"), mount_of_unknown_organization),
    Rule(
        "export-of-system-directory", ("POM-DIR-07",), export_of_system_directory, never_waived="POM's account would own it"
    ),
    Rule("export-of-other-host", ("POM-DIR-07",), export_of_other_host),
    Rule("nfs-server-without-export", ("POM-DIR-07",), nfs_server_without_export),
    Rule("splitter-source", ("POM-DIR-06",), splitter_source, never_waived="everything below changes owner and mode"),
    Rule("splitter-open-to-all", ("POM-DIR-06", "T-123"), splitter_open_to_all),
    Rule("organization-twice", ("POM-ORG-01", "POM-DIR-01"), organization_twice),
)
