#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: host_state_remote
short_description: The part of host_state that runs on the host
version_added: 0.1.0
author: [Dialtone maintainers (@dialtone)]
description:
  - Called by the action plugin M(dialtone.contact_center.host_state), never by a playbook.
  - It gets the desired state as one opaque argument, because Ansible writes a module's arguments to the host's syslog, and
    rendered files do not belong there.
options:
  payload:
    description:
      - The desired state as JSON, compressed and in base64.
    type: str
    required: true
  apply:
    description:
      - Whether to write what differs, or only to say what differs.
    type: bool
    default: true
attributes:
  check_mode:
    support: full
    description: In check mode nothing is written; the changes and the diff are those of the run.
  diff_mode:
    support: full
    description: One diff per item, secrets masked.
  platform:
    support: full
    description: Linux hosts with systemd.
    platforms: posix
extends_documentation_fragment: []
"""

EXAMPLES = r"""
- name: Example | Keep a directory
  dialtone.contact_center.host_state:
    directory:
      - {path: /etc/dialtone, owner: root, group: root, mode: '0755'}
"""

RETURN = r"""
changes:
  description: What differs, one entry an item, in the order of writing.
  returned: always
  type: list
  elements: dict
drift:
  description: Names of groups, users, packages, trees and units that differ; the role acts on them with the builtin modules.
  returned: always
  type: dict
units:
  description:
    - What was observed of each unit, with the reasons for which it is stale, and those for which it will be once what differs is
      written.
  returned: always
  type: dict
"""

import base64
import json
import os
import zlib

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dialtone.contact_center.plugins.module_utils import files
from ansible_collections.dialtone.contact_center.plugins.module_utils.host_state import (
    DIGESTS_PATH,
    Host,
    StateError,
)
from ansible_collections.dialtone.contact_center.plugins.module_utils.state_writer import Writer

DRIFT_WORDS = {
    "group": "is created",
    "user": "is created or changed",
    "package": "is installed",
    "tree": "is unpacked",
}


def unpack(payload: str) -> dict:
    """The desired state from its opaque form."""
    return json.loads(zlib.decompress(base64.b64decode(payload)).decode("utf-8"))


def selinux_hooks(module: AnsibleModule):
    """How to ask for default and current SELinux contexts; nothing where SELinux is off."""
    if not module.selinux_enabled():
        return None, None
    return module.selinux_default_context, module.selinux_context


def remember(host: Host, module: AnsibleModule) -> None:
    """Leave the digests of large files for the next call: bookkeeping that saves time, and is not worth a failure."""
    if host.learned and not module.check_mode and os.path.isdir(os.path.dirname(DIGESTS_PATH)):
        try:
            files.write(DIGESTS_PATH, json.dumps(host.known_digests).encode("utf-8"), 0o600)
        except OSError as error:
            module.warn("%s could not be written: %s" % (DIGESTS_PATH, error))


def foretold(drift: dict, units: dict) -> list:
    """What the role's other tasks will do in a run, in the form of changes."""
    changes = [
        {"kind": kind, "path": name, "reasons": [words]} for kind, words in DRIFT_WORDS.items() for name in drift[kind]
    ]
    for name, unit in units.items():
        reasons = unit["reasons"] + unit["stale_after"]
        if reasons:
            changes.append({"kind": "unit", "path": name, "reasons": reasons})
    return changes


def main() -> None:
    module = AnsibleModule(
        argument_spec={"payload": {"type": "str", "required": True, "no_log": True}, "apply": {"type": "bool", "default": True}},
        supports_check_mode=True,
    )
    desired = unpack(module.params["payload"])
    default_context, current_context = selinux_hooks(module)
    host = Host(
        run=lambda argv: module.run_command(list(argv), environ_update={"LC_ALL": "C", "LANGUAGE": "C"}),
        default_context=default_context,
        current_context=current_context,
    )
    host.recall(DIGESTS_PATH)
    try:
        changes = host.plan(desired)
        drift, units = host.drift(desired, changes)
    except StateError as error:
        module.fail_json(msg=str(error))
        return
    remember(host, module)
    apply = module.params["apply"]
    result = {"changes": [change.public() for change in changes], "drift": drift, "units": units, "backups": []}
    if apply and module.check_mode:
        result["changes"] += foretold(drift, units)
    result["changed"] = apply and bool(result["changes"])
    if module._diff and result["changed"]:
        result["diff"] = [change.diff() for change in changes]
    if not apply or module.check_mode or not changes:
        module.exit_json(**result)
        return

    writer = Writer(module)
    done = []
    for change in changes:
        try:
            writer.write(change)
        except (OSError, KeyError) as error:
            words = f"user or group {error} does not exist" if isinstance(error, KeyError) else str(error)
            module.fail_json(
                msg="%s %s could not be written: %s. %d of %d items were written before it (%s); the next run goes on from here."
                % (change.kind, change.path, words, len(done), len(changes), ", ".join(done) or "none"),
                changes=[one.public() for one in changes],
                applied=done,
                backups=writer.backups,
                changed=bool(done),
            )
            return
        done.append(change.path)
    try:
        remaining = host.plan(desired)
        result["drift"], result["units"] = host.drift(desired)
    except StateError as error:
        module.fail_json(msg=f"after writing: {error}", applied=done, changed=True)
        return
    if remaining:
        module.fail_json(
            msg="written, but observed again it is not as desired: {}. "
            "Another program changes it, or the file system refuses it.".format(
                "; ".join("{} {} ({})".format(one.kind, one.path, ", ".join(one.reasons)) for one in remaining)
            ),
            applied=done,
            changed=True,
        )
        return
    result["backups"] = writer.backups
    module.exit_json(**result)


if __name__ == "__main__":
    main()
