#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: site_ledger
short_description: Keep the ledger of guided steps on a host
version_added: 0.1.0
author: [Dialtone maintainers (@dialtone)]
description:
  - The ledger says who confirmed a guided step that nothing observable proves, when, and with which values. It lies on two hosts
    of a data center, so that any controller can go on from it and the loss of one host loses nothing.
  - Writes those of O(records) that the host does not hold, or holds older. A newer record of the host stays.
  - Each record is a file of its own that only root can read, replaced at once.
options:
  records:
    description:
      - Records to keep - C(step), C(site), C(data_center), C(title), C(digest) of the values, C(values), C(by), C(at),
        C(controller) and C(revision), which counts the confirmations of a step.
      - Of two records of a step the higher revision holds.
    type: list
    elements: dict
    default: []
  directory:
    description: Directory of the ledger on the host, made where it is missing.
    type: path
    default: /var/lib/dialtone/ledger
seealso:
  - module: dialtone.contact_center.guided_steps
attributes:
  check_mode:
    support: full
    description: Says what would be written.
  diff_mode:
    support: full
    description: The steps and who confirmed them, before and after.
  platform:
    support: full
    description: Linux hosts with Python 3.9 or newer.
    platforms: posix
"""

EXAMPLES = r"""
- name: Guided steps | Keep what was confirmed on a second host
  dialtone.contact_center.site_ledger:
    records: "{{ guided_steps_found.records }}"
"""

RETURN = r"""
written:
  description: The steps whose record was written, or would be in check mode.
  returned: always
  type: list
  elements: str
  sample: [outcall_user.epm1]
records:
  description: What the ledger holds afterwards, by step.
  returned: always
  type: dict
damaged:
  description: Files of the directory that are no record. They count as absent, and are replaced when their step is confirmed.
  returned: always
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dialtone.contact_center.plugins.module_utils import ledger as site_ledger


def told(records: dict[str, dict[str, Any]]) -> str:
    """One line a record, for the diff."""
    return "".join(
        "{step}: confirmed by {by} at {at} (revision {revision})\n".format(**record) for _step, record in sorted(records.items())
    )


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "records": {"type": "list", "elements": "dict", "default": []},
            "directory": {"type": "path", "default": site_ledger.DIRECTORY},
        },
        supports_check_mode=True,
    )
    ledger = site_ledger.Ledger(module.params["directory"])
    try:
        wanted = [site_ledger.checked(record) for record in module.params["records"]]
        before, damaged = ledger.read()
        due = site_ledger.plan(before.values(), wanted)
        after = site_ledger.merged(before.values(), due)
        if due and not module.check_mode:
            ledger.write(due)
            held, damaged = ledger.read()
            if held != after:
                raise site_ledger.LedgerError("what was written does not read back as it was meant")
    except (site_ledger.LedgerError, OSError) as error:
        module.fail_json(
            msg=f"the ledger of guided steps in {ledger.directory} cannot be kept: {error}. What was confirmed would be asked "
            "again; it is root's, so the play needs `become: true`"
        )
        return
    module.exit_json(
        changed=bool(due),
        written=[record["step"] for record in due],
        records=after,
        damaged=damaged,
        diff={"before": told(before), "after": told(after)},
    )


if __name__ == "__main__":
    main()
