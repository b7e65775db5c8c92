#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: site_lease_remote
short_description: The part of site_lease that runs on the host
version_added: 0.1.0
author: [Dialtone maintainers (@dialtone)]
description:
  - Called by the action plugin M(dialtone.contact_center.site_lease), never by a playbook.
  - Reads, decides and writes under one lock, so that of any number of runs that ask at the same moment one gets the lease.
  - That another run holds the lease is an answer, not a failure.
options:
  request:
    description: What is asked.
    type: str
    choices: [acquire, renew, release]
    required: true
  site:
    description: Name of the site.
    type: str
    required: true
  data_center:
    description: Name of the data center.
    type: str
    required: true
  run:
    description: Token of the run. It tells runs apart and opens nothing, so it is no secret.
    type: str
    required: true
  holder:
    description: Who runs, in words for a person; needed to acquire.
    type: dict
    default: {}
  seconds:
    description: How long the lease lasts without renewal.
    type: float
    required: true
  displace:
    description: Token of the run from which the lease is taken before its end. From any other run it is not taken.
    type: str
    default: ''
  directory:
    description: Directory of the leases on the host.
    type: path
    default: /var/lib/dialtone/leases
attributes:
  check_mode:
    support: none
    description: The action plugin does not call it in check mode.
  diff_mode:
    support: none
    description: A lease is bookkeeping of a run, no state of the site.
  platform:
    support: full
    description: Linux hosts with Python 3.9 or newer.
    platforms: posix
"""

EXAMPLES = r"""
- name: Example | Hold the lease of this host's data center
  dialtone.contact_center.site_lease:
    state: held
    site: main
    data_center: dc1
"""

RETURN = r"""
outcome:
  description:
    - To acquire V(acquired), V(renewed), V(taken_over) or V(held_by_another); to renew V(renewed) or V(lost); to release
      V(released) or V(not_held).
  returned: always
  type: str
  sample: acquired
path:
  description: The file of the lease.
  returned: always
  type: str
torn:
  description: Whether the file was there and was no lease, so that nobody held it.
  returned: always
  type: bool
other:
  description:
    - The other run whose lease was met - its token, holder, whom it had displaced, whether the host has not restarted since,
      seconds since it was taken, since its last renewal and until its end. Empty where there was none.
  returned: always
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dialtone.contact_center.plugins.module_utils.lease import DIRECTORY, LeaseError, LeaseFile


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "request": {"type": "str", "choices": ["acquire", "renew", "release"], "required": True},
            "site": {"type": "str", "required": True},
            "data_center": {"type": "str", "required": True},
            "run": {"type": "str", "required": True},
            "holder": {"type": "dict", "default": {}},
            "seconds": {"type": "float", "required": True},
            "displace": {"type": "str", "default": ""},
            "directory": {"type": "path", "default": DIRECTORY},
        }
    )
    asked = module.params
    try:
        lease = LeaseFile(asked["site"], asked["data_center"], asked["directory"])
        if asked["request"] == "acquire":
            answer = lease.acquire(asked["run"], asked["holder"], asked["seconds"], asked["displace"])
        elif asked["request"] == "renew":
            answer = lease.renew(asked["run"], asked["seconds"])
        else:
            answer = lease.release(asked["run"])
    except (LeaseError, OSError) as error:
        module.fail_json(
            msg="the lease of data center {} cannot be kept in {}: {}. Nothing is changed without it; it is root's, so the play "
            "needs `become: true`".format(asked["data_center"], asked["directory"], error)
        )
        return
    # Bookkeeping of the run and no state of the site: a run that changes nothing reports no change.
    module.exit_json(changed=False, **answer)


if __name__ == "__main__":
    main()
