#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: pom_server_marker
short_description: Record on a POM server what no program of the vendor tells
version_added: 0.1.0
author: [Dialtone maintainers (@dialtone)]
description:
  - Some of the vendor's programs leave nothing behind by which it can be seen that they ran, or with which answers. What Dialtone
    had them do is recorded in a file on the host, readable to root only, so that any controller can go on.
  - A secret among the answers is recorded as a salted digest, by which a new one is told from the recorded one.
  - Requirements POM-INST-08, POM-DB-15, POM-DB-16, POM-DB-17, POM-MAP-03, POM-UPG-01, POM-DB-11, POM-MODECHG-01,
    POM-NONTEL-01, POM-EVENT-01, POM-UTIL-01, POM-UTIL-02 and POM-MEM-01.
options:
  name:
    description: Name of the record.
    type: str
    required: true
  words:
    description: What is recorded.
    type: dict
    default: {}
  secret:
    description: What is recorded as a digest only, together with O(words).
    type: str
  state:
    description: Whether there is a record.
    type: str
    choices: [present, absent]
    default: present
  directory:
    description: Directory of the records.
    type: path
    default: /var/lib/dialtone/pom
attributes:
  check_mode:
    description: Says whether it would change.
    support: full
  diff_mode:
    description: A record has no diff.
    support: none
  platform:
    description: Python 3.9 or newer.
    platforms: posix
    support: full
"""

EXAMPLES = r"""
- name: Drivers | Record that the program ran with this jar
  dialtone.contact_center.pom_server_marker:
    name: driver_oracle
    words: {sha256: "{{ driver.sha256 }}"}
"""

RETURN = r"""
path:
  description: File of the record.
  returned: always
  type: str
  sample: /var/lib/dialtone/pom/driver_oracle.json
"""

import json
import os
import re
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dialtone.contact_center.plugins.module_utils import files
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_server import LEDGER, is_recorded, marker_of

NAME = re.compile(r"[a-z][a-z0-9_]*")


def recorded(path: str) -> dict[str, Any] | None:
    """The record, or None; one that cannot be read is written anew."""
    try:
        with open(path, encoding="utf-8") as stream:
            content = json.load(stream)
    except FileNotFoundError:
        return None
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def differs(found: dict[str, Any] | None, state: str, words: dict[str, Any], secret: str) -> bool:
    if state == "absent":
        return found is not None
    return found is None or found.get("words") != words or not is_recorded(found, words, secret)


def main() -> None:
    module = AnsibleModule(
        {
            "name": {"type": "str", "required": True},
            "words": {"type": "dict", "default": {}},
            "secret": {"type": "str", "no_log": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "directory": {"type": "path", "default": LEDGER},
        },
        supports_check_mode=True,
    )
    params = module.params
    if not NAME.fullmatch(params["name"]):
        module.fail_json(msg=f"name is {params['name']!r}: a record's name is lower case letters, digits and underscores")
    path = os.path.join(params["directory"], params["name"] + ".json")
    secret = params["secret"] or ""
    changed = differs(recorded(path), params["state"], params["words"], secret)
    if changed and not module.check_mode:
        if params["state"] == "absent":
            os.unlink(path)
        else:
            os.makedirs(params["directory"], mode=0o700, exist_ok=True)
            content = json.dumps(marker_of(params["words"], secret), indent=1, sort_keys=True) + "\n"
            files.write(path, content.encode("utf-8"), 0o600)
        if differs(recorded(path), params["state"], params["words"], secret):
            module.fail_json(msg=f"{path} was written, and does not hold what was written: somebody else writes it")
    module.exit_json(changed=changed, path=path)


if __name__ == "__main__":
    main()
