#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: service_account_info
short_description: Look whether an account has the numbers that it has on other hosts
version_added: 0.1.0
author: [Dialtone maintainers (@dialtone)]
description:
  - NFS hands over the numbers of users and groups, not their names. What is missing can be created with these numbers; a number
    that another name holds, and a name that has another number, is refused.
  - Changes nothing. Requirement POM-DIR-07.
options:
  user:
    description: Name of the user.
    type: str
    required: true
  group:
    description: Name of its group.
    type: str
    required: true
  uid:
    description: Number that the user has to have.
    type: int
    required: true
  gid:
    description: Number that the group has to have.
    type: int
    required: true
attributes:
  check_mode:
    description: Only looks, so it does the same in check mode.
    support: full
  diff_mode:
    description: Changes nothing, so has no diff.
    support: none
  platform:
    description: Python 3.9 or newer.
    platforms: posix
    support: full
"""

EXAMPLES = r"""
- name: Preflight | Look at the account of the exports
  dialtone.contact_center.service_account_info:
    user: avayavp
    group: avayavpgroup
    uid: 996
    gid: 995
  register: account
"""

RETURN = r"""
missing:
  description: What has to be created, in words.
  returned: always
  type: list
  elements: str
  sample: ["user avayavp is created with uid 996, as on the POM servers"]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dialtone.contact_center.plugins.module_utils import service_account


def main() -> None:
    module = AnsibleModule(
        {
            "user": {"type": "str", "required": True},
            "group": {"type": "str", "required": True},
            "uid": {"type": "int", "required": True},
            "gid": {"type": "int", "required": True},
        },
        supports_check_mode=True,
    )
    params = module.params
    found = service_account.plan(service_account.look(params["user"], params["group"], params["uid"], params["gid"]))
    if found.refusals:
        module.fail_json(msg="Nothing is changed: " + "; ".join(found.refusals))
    module.exit_json(changed=False, missing=found.missing)


if __name__ == "__main__":
    main()
