# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""POM's directories on one server as they were found, and what is left to do. `plan` is pure; `Looker` only looks."""

from __future__ import annotations

import grp
import os
import pwd
import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.module_utils import nfs_mounts
from ansible_collections.dialtone.contact_center.plugins.module_utils.nfs_mounts import Mount, Run
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_layout import GROUP, OWNER, PomLayout

MOST_NAMED = 3
# A directory that is walked through has no upper limit; what is told of it has.
MOST_COUNTED = 10_000
ORGANIZATION_PROGRAM = "getOrgID"
NFS_TYPE = "nfs"


class DirectoriesError(Exception):
    """The directories cannot be what the site says. Says what was seen, the rule, and what to do."""


@dataclass(frozen=True)
class Account:
    """The numbers by which NFS knows an account: names are not handed over."""

    uid: int
    gid: int


@dataclass(frozen=True)
class SeenDirectory:
    """A directory: `owner` is its owner and group; empty where there is none, `problem` where it cannot be seen."""

    path: str
    owner: str = ""
    problem: str = ""


@dataclass(frozen=True)
class SeenMount:
    """A place where something is to be mounted. `hidden` is how many files are below it while nothing is mounted there."""

    path: str
    export: str
    mount: Mount | None = None
    from_export: bool = False
    entry_reasons: tuple[str, ...] = ()
    hidden: int = 0
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class SeenSource:
    """A directory of the splitter. `differing` is how much of it has another owner, group or mode."""

    path: str
    kind: str  # missing | directory | other
    real: str = ""
    differing: int = 0
    example: str = ""


@dataclass(frozen=True)
class SeenOrganization:
    """What the inventory says of an organization, and what the vendor's program said. `asked`: whether it could be."""

    name: str
    described: int | None = None
    found: int | None = None
    asked: bool = True


@dataclass(frozen=True)
class Observed:
    """POM's directories of a server as they are found."""

    installed: bool
    account: Account | None
    nfs_client: bool = True
    mounts: tuple[SeenMount, ...] = ()
    tree: tuple[SeenDirectory, ...] = ()
    sources: tuple[SeenSource, ...] = ()
    organizations: tuple[SeenOrganization, ...] = ()


@dataclass(frozen=True)
class Desired:
    """What the site says of them."""

    home: str
    mount: bool = True
    splitter_mode: str = "0770"


@dataclass(frozen=True)
class Action:
    """One thing that has to be done: the name of the role's task, what in words, why, and the path that it is about."""

    name: str
    what: str
    reasons: tuple[str, ...]
    path: str

    def as_dict(self) -> dict[str, Any]:
        return {"name": self.name, "what": self.what, "reasons": list(self.reasons), "path": self.path}


@dataclass
class Plan:
    """Actions in their order, what forbids them, and what a person should know."""

    actions: list[Action] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)


def organization_id(output: str, name: str = "") -> int | None:
    """The last integer that the program printed, the organization's name aside; its output is not documented (POM-ORG-01)."""
    if name:
        output = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", " ", output, count=1)
    found = re.findall(r"(?<![\w.])\d+(?!\w)", output)
    return int(found[-1]) if found else None


def named(paths: Sequence[str]) -> str:
    rest = len(paths) - MOST_NAMED
    return ", ".join(paths[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def plan(observed: Observed, desired: Desired) -> Plan:
    """What is left to do. The only place that decides it."""
    found = Plan()
    if observed.installed and observed.account is None and (observed.mounts or observed.sources):
        found.refusals.append(
            f"this host has no account {OWNER} in the group {GROUP}, which POM's directories belong to: "
            "Experience Portal makes both, so install it first, then run again"
        )
    for mount in observed.mounts:
        _plan_mount(mount, observed, desired, found)
    for source in observed.sources:
        _plan_source(source, desired, found)
    _judge_tree(observed, found)
    _judge_organizations(observed.organizations, found)
    return found


def _plan_mount(mount: SeenMount, observed: Observed, desired: Desired, found: Plan) -> None:
    if mount.mount is not None and not mount.from_export:
        found.refusals.append(
            f"{mount.path} is mounted from {mount.mount.source} ({mount.mount.fstype}), and directories_nfs_mounts says "
            f"{mount.export}: what POM writes there would not reach the other servers. Stop imports, take over the files, "
            f"umount {mount.path}, and run again; or correct the export"
        )
        return
    if mount.mount is not None:
        _plan_mounted(mount, found)
        return
    if not desired.mount:
        if mount.entry_reasons:
            found.actions.append(Action("mount", f"entry of {mount.path} in /etc/fstab", mount.entry_reasons, mount.path))
        if observed.nfs_client:
            found.advice.append(f"{mount.path} is not mounted, and directories_mount is false: its administrator has to mount it")
        return
    if not observed.nfs_client:
        found.refusals.append(
            f"{mount.path} is to be mounted from {mount.export}, and the kernel of this host has no NFS client "
            "(nfs4 is not in /proc/filesystems, also after modprobe nfs): use a host that can mount, "
            "or set directories_mount to false and share the directory by other means"
        )
    elif mount.hidden:
        found.refusals.append(
            f"mounting {mount.export} at {mount.path} would hide {mount.hidden} {'entry' if mount.hidden == 1 else 'entries'}: "
            "move them first. Stop imports (playbooks/pom_stop.yml), mount the export elsewhere, move what is below "
            f"{mount.path} into it, and run again"
        )
    else:
        reasons = ("not mounted", *mount.entry_reasons)
        found.actions.append(Action("mount", f"{mount.path} is mounted from {mount.export}", reasons, mount.path))


def _plan_mounted(mount: SeenMount, found: Plan) -> None:
    if mount.entry_reasons:
        found.actions.append(Action("mount", f"entry of {mount.path} in /etc/fstab", mount.entry_reasons, mount.path))
    for directory in mount.missing:
        path = os.path.join(mount.path, directory)
        found.actions.append(Action("skeleton", path, ("is missing in the export, and POM expects it",), path))


def _plan_source(source: SeenSource, desired: Desired, found: Plan) -> None:
    real, home = source.real or source.path, desired.home
    if source.kind == "other":
        found.refusals.append(f"{source.path} of directories_splitter_sources is no directory: write the directory that holds it")
    elif real == "/" or _is_below(home, real) or _is_below(real, home):
        place = f"inside POM_HOME, {home}" if _is_below(real, home) else f"which holds POM_HOME, {home}"
        found.refusals.append(
            f"{source.path} of directories_splitter_sources leads to {real}, {place}: everything below would change "
            "owner and mode (POM-DIR-06). Remove it from directories_splitter_sources, or write another directory"
        )
    elif source.kind == "missing":
        found.actions.append(Action("splitter", f"{source.path} for the splitter", ("is created",), source.path))
    elif source.differing:
        more = f", such as {source.example}" if source.example else ""
        reasons = (f"{source.differing} {'entry has' if source.differing == 1 else 'entries have'} another owner or mode{more}",)
        wanted = f"{source.path} and all below to {OWNER}:{GROUP}, mode {desired.splitter_mode}"
        found.actions.append(Action("splitter", wanted, reasons, source.path))


def _is_below(path: str, directory: str) -> bool:
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def _judge_tree(observed: Observed, found: Plan) -> None:
    """POM makes and keeps its tree; what is wrong with it is told, and not touched (POM-DIR-01)."""
    if not observed.installed:
        return
    coming = [mount.path for mount in observed.mounts if mount.mount is None]
    settled = [one for one in observed.tree if not any(_is_below(one.path, place) for place in coming)]
    foretold = {action.path for action in found.actions}
    missing, foreign = tree_faults([one for one in settled if one.path not in foretold])
    if missing:
        found.advice.append(
            f"missing: {named(missing)}. POM makes them when it is installed and when an organization is made: "
            "look for the organization on Experience Portal, and restart POM (POM-DIR-01, POM-ORG-02)"
        )
    if foreign:
        owned = named([f"{one.path} ({one.owner})" for one in foreign])
        found.advice.append(
            f"not owned by {OWNER}:{GROUP}: {owned}. POM cannot work with the files there: chown {OWNER}:{GROUP} (POM-DIR-01)"
        )


def tree_faults(directories: Iterable[SeenDirectory]) -> tuple[list[str], list[SeenDirectory]]:
    """Which directories are missing, and which belong to somebody else."""
    seen = list(directories)
    missing = [one.path for one in seen if not one.owner and not one.problem]
    foreign = [one for one in seen if one.owner and one.owner != f"{OWNER}:{GROUP}"]
    return missing, foreign


def _judge_organizations(organizations: Iterable[SeenOrganization], found: Plan) -> None:
    for one in organizations:
        if not one.asked:
            continue
        if one.found is None:
            found.advice.append(
                f"organization not found: {ORGANIZATION_PROGRAM} {one.name} printed no id. Make the organization on Experience "
                "Portal under exactly this name, or correct organizations_list (POM-ORG-01)"
            )
        elif one.described is None:
            found.advice.append(
                f"organization {one.name} has the id {one.found}: write `id: {one.found}` beside it in organizations_list; "
                "until then its directories are neither looked for nor shared (POM-ORG-01)"
            )
        elif one.described != one.found:
            found.refusals.append(
                f"organization {one.name} has the id {one.found} on this server ({ORGANIZATION_PROGRAM}), and organizations_list "
                f"says {one.described}: POM names its directories by the id, so the wrong ones would be shared. "
                f"Write `id: {one.found}`"
            )


# --- looking ------------------------------------------------------------------------------------------------------


def account_of(name: str = OWNER, group: str = GROUP) -> Account | None:
    try:
        return Account(pwd.getpwnam(name).pw_uid, grp.getgrnam(group).gr_gid)
    except KeyError:
        return None


class Looker:
    """What a module sees of the host. Paths are below another root only in tests."""

    def __init__(self, run: Run, root: str = "/") -> None:
        self.run, self.root = run, root

    def real(self, path: str) -> str:
        return path if self.root == "/" else os.path.join(self.root, path.lstrip("/"))

    def is_installed(self, home: str) -> bool:
        return os.path.isdir(self.real(PomLayout(home).bin))

    def directory(self, path: str) -> SeenDirectory:
        try:
            status = os.stat(self.real(path))
        except (FileNotFoundError, NotADirectoryError):
            return SeenDirectory(path)
        except OSError as error:
            return SeenDirectory(path, problem=str(error.strerror))
        if not stat.S_ISDIR(status.st_mode):
            return SeenDirectory(path, problem="is no directory")
        return SeenDirectory(path, f"{_name(pwd.getpwuid, status.st_uid)}:{_name(grp.getgrgid, status.st_gid)}")

    def mounts(self, wanted: Sequence[Mapping[str, Any]], is_mounting: bool) -> list[SeenMount]:
        if not wanted:
            return []
        seen = nfs_mounts.mounted(self.run)
        entries = nfs_mounts.parse_fstab(self.text("/etc/fstab"))
        return [self.mount(one, seen.get(one["path"]), entries.get(one["path"]), is_mounting) for one in wanted]

    def mount(self, wanted: Mapping[str, Any], mount: Mount | None, entry: Mount | None, is_mounting: bool) -> SeenMount:
        path, export = str(wanted["path"]), str(wanted["export"])
        addresses = nfs_mounts.addresses_of(nfs_mounts.split_export(export)[0]) if mount is not None and mount.is_nfs else ()
        from_export = nfs_mounts.is_mounted_from(mount, export, addresses)
        reasons = nfs_mounts.entry_reasons(
            entry, {"export": export, "fstype": NFS_TYPE, "options": entry_options(str(wanted["options"]), is_mounting)}
        )
        return SeenMount(
            path,
            export,
            mount,
            from_export,
            tuple(reasons),
            hidden=self.files_below(path) if mount is None else 0,
            missing=tuple(
                name for name in wanted["directories"] if from_export and not os.path.isdir(self.real(os.path.join(path, name)))
            ),
        )

    def text(self, path: str) -> str:
        try:
            with open(self.real(path), encoding="utf-8", errors="replace") as stream:
                return stream.read()
        except FileNotFoundError:
            return ""

    def files_below(self, path: str) -> int:
        """How many entries are no directories: directories alone hold nothing that a mount could hide."""
        count = 0
        for top, directories, files in os.walk(self.real(path)):
            count += len(files) + sum(os.path.islink(os.path.join(top, name)) for name in directories)
            if count >= MOST_COUNTED:
                break
        return count

    def source(self, path: str, account: Account | None, mode: int) -> SeenSource:
        real = os.path.realpath(self.real(path))
        shown = real if self.root == "/" else "/" + os.path.relpath(real, os.path.realpath(self.root))
        if not os.path.lexists(real):
            return SeenSource(path, "missing", shown)
        if not os.path.isdir(real):
            return SeenSource(path, "other", shown)
        differing, example = 0, ""
        if account is not None:
            for entry in self._entries(real):
                status = os.lstat(entry)
                is_right = (status.st_uid, status.st_gid) == (account.uid, account.gid)
                if not stat.S_ISLNK(status.st_mode) and not (is_right and stat.S_IMODE(status.st_mode) == mode):
                    differing, example = differing + 1, example or os.path.relpath(entry, real)
        return SeenSource(path, "directory", shown, differing, "" if example == "." else example)

    def _entries(self, directory: str) -> Iterable[str]:
        yield directory
        for top, directories, files in os.walk(directory):
            yield from (os.path.join(top, name) for name in (*directories, *files))

    def organization(self, home: str, name: str, described: int | None) -> SeenOrganization:
        program = os.path.join(PomLayout(home).bin, ORGANIZATION_PROGRAM)
        if not os.access(self.real(program), os.X_OK):
            return SeenOrganization(name, described, asked=False)
        _rc, out, _err = self.run([self.real(program), name])
        return SeenOrganization(name, described, organization_id(out, name))


def entry_options(options: str, is_mounting: bool) -> str:
    """`noauto` keeps the host from mounting what its administrator mounts."""
    return options if is_mounting else f"{options},noauto"


def _name(find: Any, number: int) -> str:
    try:
        return str(find(number)[0])
    except KeyError:
        return str(number)
