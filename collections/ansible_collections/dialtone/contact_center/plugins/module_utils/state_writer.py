# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writing what was planned for a host, one change at a time."""

from __future__ import annotations

import grp
import os
import pwd
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.module_utils import files
from ansible_collections.dialtone.contact_center.plugins.module_utils.host_state import Change, parse_mode


class Writer:
    """Writes planned changes to the machine, one by one."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.backups: list[str] = []

    def write(self, change: Change) -> None:
        item, path = change.item, change.path
        mode, owner, group = parse_mode(item.get("mode")), item.get("owner") or "", item.get("group") or ""
        if change.kind == "directory":
            if not os.path.isdir(path):
                # Created closed, opened to its mode below: never readable to more than it will be.
                os.makedirs(path, mode=0o700 if mode is None else mode & 0o700 | 0o700)
            files.set_attributes(path, mode, owner, group)
            files.label(self.module, path, path)
        elif change.kind == "link":
            if os.path.isfile(path) and not os.path.islink(path):
                self.backups.append(files.back_up(path))
            temporary = f"{path}.dialtone-link"
            if os.path.lexists(temporary):
                os.unlink(temporary)
            os.symlink(item["target"], temporary)
            os.replace(temporary, path)
        elif change.kind == "absent":
            self.backups.append(files.back_up(path) if not os.path.islink(path) else path)
            os.unlink(path)
        elif change.content is None:
            files.set_attributes(path, mode, owner, group)
            files.label(self.module, path, path)
        else:
            if item.get("follow"):
                path = os.path.realpath(path)
            self.write_content(path, change.content, mode, owner, group, keep_former=item.get("backup", True))

    def write_content(self, path: str, content: bytes, mode: int | None, owner: str, group: str, keep_former: bool) -> None:
        if os.path.exists(path):
            if keep_former:
                self.backups.append(files.back_up(path))
            status = os.stat(path)
            mode = status.st_mode & 0o7777 if mode is None else mode
            owner = owner or self.name_of(status, "owner")
            group = group or self.name_of(status, "group")
        files.write(
            path,
            content,
            0o644 if mode is None else mode,
            owner,
            group,
            lambda temporary: files.label(self.module, temporary, path),
        )

    @staticmethod
    def name_of(status: os.stat_result, kind: str) -> str:
        # A number without a name cannot be looked up again: then the writer, root, owns the new file.
        try:
            return pwd.getpwuid(status.st_uid).pw_name if kind == "owner" else grp.getgrgid(status.st_gid).gr_name
        except KeyError:
            return ""
