# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A directory that several hosts share, used as one account uses it: through its mount, or past a kernel that cannot mount."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Callable

from ansible_collections.dialtone.contact_center.plugins.module_utils import libnfs, nfs_mounts
from ansible_collections.dialtone.contact_center.plugins.module_utils.nfs_mounts import Mount
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_directories import Account

MOUNTED, LIBRARY = "mounted", "library"
TIMEOUT_SECONDS = 30
# A hard mount of a server that is away blocks whoever touches it, so the file is touched by a program that can be left behind.
# Not by Python: the interpreter of the module may lie where only root gets to.
PROGRAMS: Mapping[str, Sequence[str]] = {
    "write": ("/bin/sh", "-c", 'set -C; cat > "$1"', "sh"),
    "read": ("/bin/cat", "--"),
    "remove": ("/bin/rm", "--"),
}
TIMED_OUT = 124  # how `timeout` ends then

# Arguments and standard input; how it ended, and what it printed.
Run = Callable[[Sequence[str], str], "tuple[int, str, str]"]


class SharedDirectoryError(Exception):
    """The directory is not shared as it should be. Says where, what was seen, and what to do."""


def way_of(path: str, export: str, mount: Mount | None, nfs_client: bool, addresses: list[str]) -> str:
    """How this host reaches the export. A place that is mounted from elsewhere proves nothing, so it is no way."""
    if nfs_mounts.is_mounted_from(mount, export, addresses):
        return MOUNTED
    if mount is not None:
        raise SharedDirectoryError(
            f"{path} is mounted from {mount.source} ({mount.fstype}), not from {export}: umount it, and run playbooks/site.yml"
        )
    if nfs_client:
        raise SharedDirectoryError(f"{path} is not mounted from {export}: run playbooks/site.yml, or `mount {path}`")
    return LIBRARY


class SharedDirectory:
    """`path` is mounted from `export`, or only the export is reached."""

    def __init__(
        self, path: str, export: str, way: str, account: Account, run: Run, load: Callable[[], Any] = libnfs.load
    ) -> None:
        self.path, self.export, self.way, self.account, self.run = path, export, way, account, run
        self.library = load() if way == LIBRARY else None
        if way == LIBRARY and self.library is None:
            raise SharedDirectoryError(
                f"{export} cannot be reached: the kernel of this host has no NFS client, and the library libnfs is not "
                "installed. Install it (libnfs-utils), or use a host that can mount"
            )

    def do(self, action: str, name: str, content: str = "") -> str:
        """write, read or remove a file of the directory as the account; what was read."""
        if self.way == LIBRARY:
            return self._by_library(action, name, content)
        return self._as_account(action, os.path.join(self.path, name), content)

    def _by_library(self, action: str, name: str, content: str) -> str:
        try:
            with libnfs.opened(self.library, self.export, self.account.uid, self.account.gid) as export:
                if action == "read":
                    return str(export.read(f"/{name}").decode("utf-8", "replace"))
                if action == "write":
                    export.write(f"/{name}", content.encode("utf-8"))
                else:
                    export.remove(f"/{name}")
        except libnfs.NfsError as error:
            raise SharedDirectoryError(str(error)) from error
        return ""

    def _as_account(self, action: str, path: str, content: str) -> str:
        identity = [f"--reuid={self.account.uid}", f"--regid={self.account.gid}", "--clear-groups"]
        become = ["setpriv", *identity, "--"] if os.geteuid() == 0 else []
        code, output, errors = self.run(["timeout", str(TIMEOUT_SECONDS), *become, *PROGRAMS[action], path], content)
        if code == TIMED_OUT:
            raise SharedDirectoryError(
                f"{self.path} did not answer for {TIMEOUT_SECONDS} s: the server of {self.export} is away. Look at it first"
            )
        if code != 0:
            said = errors.strip().splitlines()
            reason = said[-1] if said else "no reason given"
            raise SharedDirectoryError(f"{path} ({self.export}): {action} as POM's account failed: {reason}")
        return output


def find(
    run: Run, directories: list[Mapping[str, Any]], account: Account | None, load: Callable[[], Any] = libnfs.load
) -> list[SharedDirectory]:
    """Each directory by the way in which this host reaches it."""
    if account is None:
        raise SharedDirectoryError("this host has no account of POM: Experience Portal makes it, so install it first")

    def look(argv: Sequence[str]) -> tuple[int, str, str]:
        return run(argv, "")

    seen = nfs_mounts.mounted(look)
    client = nfs_mounts.has_nfs_client(look)
    found = []
    for one in directories:
        path, export = str(one["path"]), str(one["export"])
        addresses = nfs_mounts.addresses_of(nfs_mounts.split_export(export)[0])
        found.append(SharedDirectory(path, export, way_of(path, export, seen.get(path), client, addresses), account, run, load))
    return found
