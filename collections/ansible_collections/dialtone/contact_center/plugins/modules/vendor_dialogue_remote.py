#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: vendor_dialogue_remote
short_description: The part of vendor_dialogue that runs on the host
version_added: 0.1.0
author: [Dialtone maintainers (@dialtone)]
description:
  - Called by the action plugin M(dialtone.contact_center.vendor_dialogue), never by a playbook.
  - Starts a job as a detached unit of systemd, or finds it again, and reads what it printed. The job's terminal belongs to a
    supervisor of its own, so that neither the end of a call nor that of the controller reaches it.
options:
  request:
    description:
      - V(start) starts the job, where none of this name runs and none has ended unseen.
      - V(read) tells its state, and what it printed since.
      - V(collect) says that its end was told, so that the next V(start) does not report it again.
    type: str
    choices: [start, read, collect]
    required: true
  job:
    description: Name of the job, unique on the host.
    type: str
    required: true
  payload:
    description:
      - What belongs to the request as JSON, compressed and in base64; secrets are in it.
      - Opaque, because Ansible writes a module's arguments to the host's syslog.
    type: str
    required: true
  directory:
    description: Directory of the jobs on the host.
    type: path
    default: /var/lib/dialtone/jobs
attributes:
  check_mode:
    support: none
    description: The action plugin does not call it in check mode.
  diff_mode:
    support: none
    description: What a vendor program changes is not known beforehand.
  platform:
    support: full
    description: Linux hosts with systemd and Python 3.9 or newer.
    platforms: posix
"""

EXAMPLES = r"""
- name: Example | Install POM on the primary
  dialtone.contact_center.vendor_dialogue:
    dialogue: installPOM_primary
    argv: [./installPOM]
    chdir: /mnt
"""

RETURN = r"""
state:
  description: What the job's supervisor keeps, secrets masked.
  returned: always
  type: dict
text:
  description: What the program printed since the offset that was asked for, secrets masked.
  returned: always
  type: str
offset:
  description: Up to where it was told.
  returned: always
  type: int
is_told:
  description: Whether the job has ended, and all that it printed was told.
  returned: always
  type: bool
plan:
  description: V(start), V(attach) to one that runs, or V(report) of one that has ended.
  returned: when asked to start
  type: str
asked_otherwise:
  description: Whether the job that was found was asked for something else.
  returned: when asked to start
  type: bool
captured:
  description: What the program printed to be used; asked for once, after its end.
  returned: when asked to collect
  type: dict
attach:
  description: The command by which a person goes on with the program.
  returned: always
  type: str
"""

import base64
import functools
import json
import zlib

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dialtone.contact_center.plugins.module_utils.dialogue_job import (
    DIRECTORY,
    Job,
    JobError,
    Request,
    launch_detached,
    spelt_here,
)


def start(job, asked):
    argv = spelt_here(asked["argv"], asked["script"], asked["chdir"])
    request = Request(job.job, asked["script"], argv, asked["chdir"], asked["environment"])
    return job.start(request, asked["secrets"], asked["restart"], asked["lease"])


def main():
    module = AnsibleModule(
        argument_spec={
            "request": {"type": "str", "choices": ["start", "read", "collect"], "required": True},
            "job": {"type": "str", "required": True},
            "payload": {"type": "str", "required": True, "no_log": True},
            "directory": {"type": "path", "default": DIRECTORY},
        }
    )
    asked = json.loads(zlib.decompress(base64.b64decode(module.params["payload"])).decode("utf-8"))
    try:
        job = Job(module.params["job"], module.params["directory"], functools.partial(launch_detached, module.run_command))
        if module.params["request"] == "start":
            answer = start(job, asked)
        elif module.params["request"] == "collect":
            answer = job.collect()
        else:
            answer = job.read(asked["offset"], asked["seconds"])
    except JobError as error:
        module.fail_json(msg="%s." % error)
        return
    except OSError as error:
        module.fail_json(
            msg="the job %s cannot be kept in %s: %s. It is root's, so the play needs `become: true`"
            % (module.params["job"], module.params["directory"], error)
        )
        return
    # Whether something changed is judged by the action plugin, from how it ended.
    module.exit_json(changed=False, **answer)


if __name__ == "__main__":
    main()
