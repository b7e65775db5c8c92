#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: shared_directory_probe
short_description: Prove that hosts share directories, by a file that one writes and the others read
version_added: 0.1.0
author: [Dialtone maintainers (@dialtone)]
description:
  - Writes, reads or removes a probe file in each shared directory, as POM's account (C(avayavp)), so that the export's
    permissions are proven together with the mount.
  - A place counts only where it is mounted from its export. On a host whose kernel has no NFS client, the export is asked by the
    library C(libnfs), without a mount.
  - With O(action=write) then O(action=read) on the other hosts then O(action=remove), nothing is left. A probe file that a broken
    run left is replaced.
  - Requirement POM-DIR-07.
options:
  directories:
    description: Shared directories.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: Where it is mounted.
        type: path
        required: true
      export:
        description: Server and path of the export.
        type: str
        required: true
  action:
    description: What to do with the file of O(host).
    type: str
    choices: [write, read, remove]
    required: true
  host:
    description: Host whose probe file is meant.
    type: str
    required: true
  content:
    description: With O(action=read), what the file has to hold.
    type: str
    default: ''
attributes:
  check_mode:
    description: Does nothing, and says so.
    support: full
  diff_mode:
    description: Leaves nothing, so has no diff.
    support: none
  platform:
    description: Hosts with findmnt and Python 3.9 or newer.
    platforms: posix
    support: full
"""

EXAMPLES = r"""
- name: Verify | Write into every shared directory
  dialtone.contact_center.shared_directory_probe:
    directories: [{path: /opt/Avaya/avpom/POManager/archive, export: "nfs1:/pom/archive"}]
    action: write
    host: "{{ inventory_hostname }}"
  register: written
"""

RETURN = r"""
content:
  description: What the file holds.
  returned: always
  type: str
ways:
  description: How each directory was reached, V(mounted) or V(library), by its path.
  returned: always
  type: dict
  sample: {/opt/Avaya/avpom/POManager/archive: mounted}
"""

import contextlib
import secrets
from collections.abc import Sequence

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dialtone.contact_center.plugins.module_utils import pom_directories
from ansible_collections.dialtone.contact_center.plugins.module_utils.nfs_mounts import MountError
from ansible_collections.dialtone.contact_center.plugins.module_utils.shared_directory import (
    SharedDirectory,
    SharedDirectoryError,
    find,
)

PREFIX = ".dialtone-probe-"


def write(directory: SharedDirectory, name: str, content: str) -> None:
    """Anew: a file that a broken run left is not what this run wrote."""
    with contextlib.suppress(SharedDirectoryError):
        directory.do("remove", name)
    directory.do("write", name, content)


def read(directory: SharedDirectory, name: str, host: str, content: str) -> None:
    if directory.do("read", name) != content:
        raise SharedDirectoryError(
            f"{directory.path} ({directory.export}) holds another probe file of {host} than {host} wrote: the two hosts do not "
            "see the same directory. Compare `findmnt` on both"
        )


def act(directories: Sequence[SharedDirectory], action: str, host: str, content: str) -> None:
    name = PREFIX + host
    for directory in directories:
        if action == "write":
            write(directory, name, content)
        elif action == "read":
            read(directory, name, host, content)
        else:
            directory.do("remove", name)


def main() -> None:
    module = AnsibleModule(
        {
            "directories": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {"path": {"type": "path", "required": True}, "export": {"type": "str", "required": True}},
            },
            "action": {"type": "str", "choices": ["write", "read", "remove"], "required": True},
            "host": {"type": "str", "required": True},
            "content": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )

    def execute(argv: Sequence[str], standard_input: str) -> tuple[int, str, str]:
        return module.run_command([*argv], data=standard_input, binary_data=True, cwd="/", environ_update={"LC_ALL": "C"})

    params = module.params
    content = secrets.token_hex(16) if params["action"] == "write" else params["content"]
    if module.check_mode:
        module.exit_json(changed=False, content=content, ways={})
    try:
        directories = find(execute, params["directories"], pom_directories.account_of())
        act(directories, params["action"], params["host"], content)
    except (SharedDirectoryError, MountError, OSError) as error:
        module.fail_json(msg=str(error))
    else:
        module.exit_json(changed=False, content=content, ways={one.path: one.way for one in directories})


if __name__ == "__main__":
    main()
