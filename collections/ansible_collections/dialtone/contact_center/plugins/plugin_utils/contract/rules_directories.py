# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules about POM's directories: what must be shared over NFS, what a mount would hide, and whose organization they are."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import REFUSE, WARN, Finding
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.pom_systems import PomSystem, pom_systems
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.rule import Rule
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.site import SiteView
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.pom_servers import home_of

MOUNTS = "directories_nfs_mounts"
ORGANIZATIONS = "organizations_list"
DEFAULT_ORGANIZATION = "default"
ARCHIVE_DIRECTORIES = ("contactlistimport", "dncimport", "splitter")
PUBLIC_DIRECTORIES = ("contactlistimport", "dncimport", "export")
SHARED_TREES = {"archive": ARCHIVE_DIRECTORIES, "public": PUBLIC_DIRECTORIES}
DATA_WORDS = ("kafka_home", "kafka_data_directory", "kafka_log_directory", "zookeeper_data_directory", "trust_directory")


def _each(site: SiteView) -> Iterator[PomSystem]:
    for systems in pom_systems(site):
        yield from systems


def _mounts(system: PomSystem) -> list[tuple[int, str]]:
    return [(index, posixpath.normpath(mount["path"])) for index, mount in enumerate(system.get(MOUNTS, ()))]


def _home(system: PomSystem) -> str:
    return home_of(system.get("pom_server_install_path", "/"))


def _is_below(path: str, directory: str) -> bool:
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def organization_ids(system: PomSystem) -> list[str]:
    """The directory names of the organizations; one whose id is not known yet has none."""
    return [DEFAULT_ORGANIZATION, *(str(entry["id"]) for entry in system.get(ORGANIZATIONS, ()) if "id" in entry)]


# --- NFS ----------------------------------------------------------------------------------------------------------


def mount_missing(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in _each(site):
        kinds = system.get("directories_imports", ())
        if len(system.servers) > 1 and kinds:
            uncovered = [path for path in _mandatory(system, kinds) if not _is_shared(system, path)]
            yield from _missing(site, rule, system, uncovered, REFUSE, f"{len(system.servers)} POM servers run imports")


def mount_recommended(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in _each(site):
        kinds = system.get("directories_imports", ())
        if len(system.servers) > 1 and "direct" in kinds:
            wanted = [f"public/{organization}/contactlistimport" for organization in organization_ids(system)]
            mandatory = _mandatory(system, kinds)
            uncovered = [path for path in wanted if path not in mandatory and not _is_shared(system, path)]
            yield from _missing(site, rule, system, uncovered, WARN, "recommended, so that each tenant's files lie apart")


def _mandatory(system: PomSystem, kinds: list[str]) -> list[str]:
    organizations = organization_ids(system)
    wanted = [f"archive/{organization}/{name}" for organization in organizations for name in ARCHIVE_DIRECTORIES]
    if "automatic" in kinds:
        with_default = system.get("directories_automatic_default_organization") is not False
        automatic = organizations if with_default else organizations[1:]
        wanted += [f"public/{organization}/contactlistimport" for organization in automatic]
    return wanted


def _is_shared(system: PomSystem, path: str) -> bool:
    home = _home(system)
    tree = posixpath.join(home, path.split("/", 1)[0])
    return any(_is_below(posixpath.join(home, path), mount) and _is_below(mount, tree) for _index, mount in _mounts(system))


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
            if _is_below(home, mount):
                found = f"{mount}, which holds the installed POM itself"
            elif hidden:
                found = f"{mount}, which would hide {hidden[0]}"
            elif _is_below(mount, home) and not _is_documented(mount, home):
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
    return bool(directory) and _is_below(posixpath.normpath(str(directory)), mount)


def _is_documented(mount: str, home: str) -> bool:
    parts = posixpath.relpath(mount, home).split("/")
    return parts[0] in SHARED_TREES and len(parts) <= 3 and (len(parts) < 3 or parts[2] in SHARED_TREES[parts[0]])


def mount_inside_mount(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in _each(site):
        mounts = _mounts(system)
        for index, mount in mounts:
            others = [other for at, other in mounts if other != mount or at < index]
            outer = next((other for other in others if _is_below(mount, other)), None)
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
        known = organization_ids(system)
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


# --- splitter and organizations -----------------------------------------------------------------------------------


def splitter_source(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in _each(site):
        home = _home(system)
        for index, source in enumerate(system.get("directories_splitter_sources", ())):
            path = posixpath.normpath(source)
            if _is_below(home, path):
                found = f"{path}, which holds {'every file of the host' if path == '/' else 'the installed POM'}"
                expected = "a directory of lists only: its owner and mode are changed with all that is in it"
            elif _is_below(path, home):
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
    Rule("mount-recommended", ("POM-DIR-08",), mount_recommended),
    Rule("mount-hides-files", ("POM-DIR-07",), mount_hides_files, never_waived="what lies below would be out of sight"),
    Rule("mount-inside-mount", ("POM-DIR-07",), mount_inside_mount),
    Rule("export-used-twice", ("POM-DIR-07",), export_used_twice),
    Rule("mount-of-unknown-organization", ("POM-DIR-01", "POM-DIR-07"), mount_of_unknown_organization),
    Rule("splitter-source", ("POM-DIR-06",), splitter_source, never_waived="everything below changes owner and mode"),
    Rule("splitter-open-to-all", ("POM-DIR-06", "T-123"), splitter_open_to_all),
    Rule("organization-twice", ("POM-ORG-01", "POM-DIR-01"), organization_twice),
)
