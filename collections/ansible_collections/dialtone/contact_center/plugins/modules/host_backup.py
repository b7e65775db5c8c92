#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: host_backup
short_description: Back up and restore what roles keep on a host
version_added: 0.1.0
author: [Dialtone maintainers (@dialtone)]
description:
  - Keeps backup sets on the host itself, one archive and one manifest a role, readable to root only. Private keys never leave
    the host, and neither manifest nor result holds a content.
  - A set counts when it was completed. An interrupted backup leaves one that does not.
  - Restoring compares each entry of a set with what is on disk, and writes what differs, with a copy of what it replaces.
    Files that the set does not have are left, and named.
options:
  state:
    description:
      - V(observed) lists the sets and changes nothing.
      - V(present) backs up O(paths) of O(role) into O(set).
      - V(completed) proves every archive of O(set), says that it is whole, and removes the oldest complete sets beyond O(keep).
      - V(restored) brings what O(set) has of O(role) back.
    type: str
    choices: [observed, present, completed, restored]
    default: observed
  directory:
    description: Where the sets lie.
    type: path
    default: /var/lib/dialtone/backups
  set:
    description: Name of the set, a time in UTC such as V(20260131T235959Z), with a word behind it where the set has a purpose.
    type: str
  role:
    description: Whose archive.
    type: str
  paths:
    description: What the role keeps.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: A file, a link, or a directory, of which owner and mode are kept.
        type: path
        required: true
      tree:
        description: Whether everything below the directory belongs to it.
        type: bool
        default: false
      follow:
        description: Whether a link stands for the file that it points to.
        type: bool
        default: false
      secret:
        description: Whether the content must never be shown.
        type: bool
        default: false
      restore:
        description: Whether the entry is written back. Records of what happened are kept to be read, and not made true again.
        type: bool
        default: true
  keep:
    description: How many complete sets stay on the host.
    type: int
    default: 10
  protect:
    description: Sets that stay whatever their age.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    support: full
    description: In check mode nothing is written; what differs and the diff are those of the run.
  diff_mode:
    support: full
    description: One diff an entry that is restored, contents of secret ones masked.
  platform:
    support: full
    description: Linux hosts.
    platforms: posix
"""

EXAMPLES = r"""
- name: Backup | Keep the broker's configuration
  dialtone.contact_center.host_backup:
    state: present
    set: 20260131T235959Z
    role: kafka
    paths:
      - {path: /opt/kafka_server/config/server.properties, secret: true}

- name: Restore | Bring it back
  dialtone.contact_center.host_backup:
    state: restored
    set: 20260131T235959Z
    role: kafka
"""

RETURN = r"""
sets:
  description: The sets on the host, oldest first.
  returned: always
  type: list
  elements: dict
  sample: [{name: 20260131T235959Z, complete: true, roles: [host, kafka]}]
set:
  description: The set that was asked for.
  returned: where O(set) is given
  type: str
files:
  description: Number of files in the archive, or in the whole set where it is completed.
  returned: O(state=present) and O(state=completed)
  type: int
bytes:
  description: Size of their contents.
  returned: O(state=present) and O(state=completed)
  type: int
missing:
  description: Paths that are not there, and so not in the archive.
  returned: O(state=present)
  type: list
  elements: str
removed:
  description: Sets that were older than those that are kept.
  returned: O(state=completed)
  type: list
  elements: str
incomplete:
  description: Sets that were never completed. They are not removed, because a backup may still be writing one.
  returned: O(state=completed)
  type: list
  elements: str
in_set:
  description: Whether the set has an archive of the role.
  returned: O(state=restored)
  type: bool
differences:
  description: What differs, or differed before it was restored.
  returned: O(state=restored)
  type: list
  elements: dict
  sample: [{kind: file, path: /etc/example, reasons: [content changes]}]
left:
  description: Files that the role keeps now and the set does not have. They stay as they are.
  returned: O(state=restored)
  type: list
  elements: str
backups:
  description: Copies of what was replaced.
  returned: O(state=restored)
  type: list
  elements: str
"""

import errno

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dialtone.contact_center.plugins.module_utils import backup
from ansible_collections.dialtone.contact_center.plugins.module_utils.host_state import Host, StateError
from ansible_collections.dialtone.contact_center.plugins.module_utils.state_writer import Writer

SPEC = {
    "state": {"type": "str", "choices": ["observed", "present", "completed", "restored"], "default": "observed"},
    "directory": {"type": "path", "default": "/var/lib/dialtone/backups"},
    "set": {"type": "str"},
    "role": {"type": "str"},
    "paths": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "path": {"type": "path", "required": True},
            "tree": {"type": "bool", "default": False},
            "follow": {"type": "bool", "default": False},
            "secret": {"type": "bool", "default": False, "no_log": False},
            "restore": {"type": "bool", "default": True},
        },
    },
    "keep": {"type": "int", "default": 10},
    "protect": {"type": "list", "elements": "str", "default": []},
}


class Backup:
    """One call of the module: what is asked, and the host that it is asked of."""

    def __init__(self, module):
        self.module = module
        self.params = module.params
        self.store = backup.Store(self.params["directory"])
        self.host = Host(run=lambda argv: module.run_command(list(argv)))
        self.wanted = [backup.Wanted(**item) for item in self.params["paths"]]
        self.check_names()

    def check_names(self):
        name, role = self.params["set"], self.params["role"]
        if name is not None and not backup.SET_NAME.fullmatch(name):
            raise backup.BackupError("set %s is no name of a set: write it as 20260131T235959Z" % name)
        if role is not None and not backup.ROLE_NAME.fullmatch(role):
            raise backup.BackupError("role %s is no name of a role" % role)
        if self.params["keep"] < 1:
            raise backup.BackupError("keep is %d: at least one set stays" % self.params["keep"])
        for item in self.wanted:
            if not item.path.startswith("/"):
                raise backup.BackupError("path %s must be absolute" % item.path)

    def observed(self):
        return {"changed": False}

    def present(self):
        name, role = self.params["set"], self.params["role"]
        entries, missing = backup.collect(self.host, self.wanted, self.params["directory"])
        manifest = self.store.manifest(name, role)
        changed = manifest is None
        if manifest is not None:
            self.store.verified(name, role)
            if manifest["entries"] != [entry.described() for entry in entries]:
                raise backup.BackupError(
                    "set %s has an archive of %s already, and the host is not as it was then: choose another set" % (name, role)
                )
        elif self.module.check_mode:
            manifest = backup.manifest_of(name, role, entries, archive_sha256="")
        else:
            manifest = self.store.add(name, role, entries)
        return {"changed": changed, "files": manifest["files"], "bytes": manifest["bytes"], "missing": missing}

    def completed(self):
        name, act = self.params["set"], not self.module.check_mode
        if not act and name not in [one.name for one in self.store.sets()]:
            return {"changed": True, "files": 0, "bytes": 0, "removed": [], "incomplete": []}
        content, changed = self.store.complete(name, act)
        manifests = [self.store.manifest(name, role) for role in content["roles"]]
        sets = self.store.sets()
        removed = backup.expired(sets, self.params["keep"], [name, *self.params["protect"]])
        if act:
            self.store.discard(removed)
        return {
            "changed": changed or bool(removed),
            "files": sum(manifest["files"] for manifest in manifests),
            "bytes": sum(manifest["bytes"] for manifest in manifests),
            "removed": removed,
            "incomplete": [one.name for one in sets if not one.complete and one.name != name],
        }

    def restored(self):
        name, role = self.params["set"], self.params["role"]
        self.store.require_complete(name)
        if self.store.manifest(name, role) is None:
            self.module.warn("set %s has nothing of %s on this host: nothing of it is restored" % (name, role))
            return {"changed": False, "in_set": False, "differences": [], "left": [], "backups": []}
        manifest, contents = self.store.verified(name, role)
        changes = backup.plan_restore(self.host, manifest["entries"], contents)
        result = {
            "changed": bool(changes),
            "in_set": True,
            "differences": [change.public() for change in changes],
            "left": backup.left_alone(self.host, self.wanted, manifest["entries"], self.params["directory"]),
            "backups": [],
        }
        if self.module._diff and changes:
            result["diff"] = [change.diff() for change in changes]
        if changes and not self.module.check_mode:
            result["backups"] = self.write(changes)
            remaining = backup.plan_restore(self.host, manifest["entries"], contents)
            if remaining:
                raise backup.BackupError(
                    "restored, but observed again it is not as in set %s: %s. Another program changes it, or the file system "
                    "refuses it" % (name, ", ".join(change.path for change in remaining))
                )
        return result

    def write(self, changes):
        writer = Writer(self.module)
        done = []
        for change in changes:
            try:
                writer.write(change)
            except (OSError, KeyError) as error:
                words = str(error)
                if isinstance(error, KeyError):
                    words = "user or group %s does not exist: playbooks/site.yml makes the accounts" % error
                elif isinstance(error, FileNotFoundError):
                    words = "its directory is missing: playbooks/site.yml brings program trees and directories"
                raise backup.BackupError(
                    "%s could not be restored: %s. Restored before it: %s; the next run goes on from here"
                    % (change.path, words, ", ".join(done) or "nothing")
                ) from error
            done.append(change.path)
        return writer.backups


def main():
    module = AnsibleModule(
        argument_spec=SPEC,
        required_if=[
            ("state", "present", ["set", "role"]),
            ("state", "completed", ["set"]),
            ("state", "restored", ["set", "role"]),
        ],
        supports_check_mode=True,
    )
    try:
        call = Backup(module)
        result = getattr(call, module.params["state"])()
        sets = [{"name": one.name, "complete": one.complete, "roles": list(one.roles)} for one in call.store.sets()]
    except (backup.BackupError, StateError) as error:
        module.fail_json(msg="%s." % str(error).rstrip("."))
        return
    except OSError as error:
        hint = ". Free space there, then run again: what was begun does not count as a set" if error.errno == errno.ENOSPC else ""
        module.fail_json(msg="the sets in %s cannot be used: %s%s" % (module.params["directory"], error, hint))
        return
    module.exit_json(set=module.params["set"], sets=sets, **result)


if __name__ == "__main__":
    main()
