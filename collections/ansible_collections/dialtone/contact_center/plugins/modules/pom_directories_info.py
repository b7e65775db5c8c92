#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: pom_directories_info
short_description: Observe POM's directories of a server, and say what is left to do
version_added: 0.1.0
author: [Dialtone maintainers (@dialtone)]
description:
  - Looks at the directories that POM makes, at the NFS mounts with their source, at C(/etc/fstab), at the directories that the
    splitter reads, and asks C(getOrgID) for the ids of organizations.
  - A mount counts only where it is NFS and of the export that is wanted. A bind mount or another export at the same place does
    not.
  - Says what has to be done until the server is as described, and what forbids it. Changes nothing. It may load the kernel's
    module of the NFS client, to see whether there is one.
  - Requirements POM-DIR-01, POM-DIR-06, POM-DIR-07, POM-DIR-08 and POM-ORG-01.
options:
  home:
    description: C(POM_HOME).
    type: path
    required: true
  tree:
    description: Directories that POM makes. What is wrong with them is told as advice only.
    type: list
    elements: path
    default: []
  mounts:
    description: NFS mounts.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Where it is mounted.
        type: path
        required: true
      export:
        description: Server and path of the export.
        type: str
        required: true
      options:
        description: Options of the mount.
        type: str
        required: true
      directories:
        description: Directories that POM expects in it, relative to it.
        type: list
        elements: str
        default: []
  mount:
    description: Whether Dialtone mounts them. V(false) means entries with C(noauto), which the administrator mounts.
    type: bool
    default: true
  splitter_sources:
    description: Directories outside C(POM_HOME) that the splitter reads.
    type: list
    elements: path
    default: []
  splitter_mode:
    description: Mode of everything in O(splitter_sources).
    type: str
    default: '0770'
  organizations:
    description: Organizations whose ids are asked for.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Its name on Experience Portal.
        type: str
        required: true
      id:
        description: Its id, where it is described.
        type: int
  refuse:
    description: Whether the task fails where something forbids what is left to do.
    type: bool
    default: true
attributes:
  check_mode:
    description: Only looks, so it does the same in check mode.
    support: full
  diff_mode:
    description: Changes nothing, so has no diff.
    support: none
  platform:
    description: Hosts with findmnt and Python 3.9 or newer.
    platforms: posix
    support: full
"""

EXAMPLES = r"""
- name: Preflight | Observe the directories
  dialtone.contact_center.pom_directories_info:
    home: /opt/Avaya/avpom/POManager
    mounts:
      - path: /opt/Avaya/avpom/POManager/archive
        export: nfs1.dc1.example.com:/pom/archive
        options: defaults,_netdev
        directories: [default, default/contactlistimport]
  register: directories
"""

RETURN = r"""
actions:
  description: What is left to do - C(name) V(mount), V(skeleton) or V(splitter), C(what) in words, C(reasons), C(path).
  returned: always
  type: list
  elements: dict
  sample: [{name: mount, what: /srv/a is mounted from nfs1:/a, reasons: [not mounted], path: /srv/a}]
due:
  description: The paths of RV(actions) by name. Each name is there, without paths where nothing is due.
  returned: always
  type: dict
  sample: {mount: [/srv/a], skeleton: [], splitter: []}
refusals:
  description: What forbids it.
  returned: always
  type: list
  elements: str
advice:
  description: What a person should know.
  returned: always
  type: list
  elements: str
account:
  description: C(uid) and C(gid) of POM's account and group; empty where there is none.
  returned: always
  type: dict
  sample: {uid: 996, gid: 995}
nfs_client:
  description: Whether the kernel can mount NFS. Not looked for where nothing is to be mounted.
  returned: always
  type: bool
mounted:
  description: Each path of O(mounts), and whether it is mounted from its export.
  returned: always
  type: dict
organizations:
  description: The id of each organization that was found, by its name.
  returned: always
  type: dict
  sample: {CC: 1001}
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dialtone.contact_center.plugins.module_utils import nfs_mounts, pom_directories

NAMES = ("mount", "skeleton", "splitter")


def look(params: dict[str, Any], looker: pom_directories.Looker) -> pom_directories.Observed:
    account = pom_directories.account_of()
    home, mode = params["home"], int(params["splitter_mode"], 8)
    return pom_directories.Observed(
        installed=looker.is_installed(home),
        account=account,
        nfs_client=nfs_mounts.has_nfs_client(looker.run) if params["mounts"] else True,
        mounts=tuple(looker.mounts(params["mounts"], params["mount"])),
        tree=tuple(looker.directory(path) for path in params["tree"]),
        sources=tuple(looker.source(path, account, mode) for path in params["splitter_sources"]),
        organizations=tuple(looker.organization(home, one["name"], one["id"]) for one in params["organizations"]),
    )


def answer(observed: pom_directories.Observed, to_do: pom_directories.Plan) -> dict[str, Any]:
    return {
        "changed": False,
        "actions": [action.as_dict() for action in to_do.actions],
        "due": {name: [action.path for action in to_do.actions if action.name == name] for name in NAMES},
        "refusals": to_do.refusals,
        "advice": to_do.advice,
        "account": asdict(observed.account) if observed.account else {},
        "nfs_client": observed.nfs_client,
        "mounted": {mount.path: mount.from_export for mount in observed.mounts},
        "organizations": {one.name: one.found for one in observed.organizations if one.found is not None},
    }


def main() -> None:
    module = AnsibleModule(
        {
            "home": {"type": "path", "required": True},
            "tree": {"type": "list", "elements": "path", "default": []},
            "mounts": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "path": {"type": "path", "required": True},
                    "export": {"type": "str", "required": True},
                    "options": {"type": "str", "required": True},
                    "directories": {"type": "list", "elements": "str", "default": []},
                },
            },
            "mount": {"type": "bool", "default": True},
            "splitter_sources": {"type": "list", "elements": "path", "default": []},
            "splitter_mode": {"type": "str", "default": "0770"},
            "organizations": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {"name": {"type": "str", "required": True}, "id": {"type": "int"}},
            },
            "refuse": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )

    def execute(argv: Sequence[str]) -> tuple[int, str, str]:
        return module.run_command([*argv], environ_update={"LC_ALL": "C"})

    params = module.params
    try:
        observed = look(params, pom_directories.Looker(execute))
        desired = pom_directories.Desired(params["home"], params["mount"], params["splitter_mode"])
        to_do = pom_directories.plan(observed, desired)
        if to_do.refusals and params["refuse"]:
            raise pom_directories.DirectoriesError("Nothing is changed: " + "; ".join(to_do.refusals))
    except (pom_directories.DirectoriesError, nfs_mounts.MountError, OSError) as error:
        module.fail_json(msg=str(error))
    else:
        module.exit_json(**answer(observed, to_do))


if __name__ == "__main__":
    main()
