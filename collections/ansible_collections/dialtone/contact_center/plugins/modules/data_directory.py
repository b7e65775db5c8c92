#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: data_directory
short_description: Look at the data directory of Kafka or ZooKeeper, and move it
version_added: 0.1.0
author: [Dialtone maintainers (@dialtone)]
description:
  - Says whether a directory holds data, and whose. A directory of another node is refused, and never emptied.
  - Refuses to point a service at another directory than the one that its properties file names and its data lies in.
  - Moves the data by copying it beside its new place, comparing every name, size and digest, and renaming the copy. What was
    there stays as it was. A move that was killed is finished by the next one.
options:
  state:
    description:
      - V(observed) changes nothing.
      - V(moved) copies what the service's properties file names now to O(path). The service must not run.
    type: str
    choices: [observed, moved]
    default: observed
  kind:
    description: Whose directory it is.
    type: str
    choices: [kafka, zookeeper]
    required: true
  path:
    description: The data directory that the inventory says (POM-KAFKA-05, POM-ZK-01).
    type: path
    required: true
  identity:
    description: Id that the node has by its inventory, C(broker.id) or C(myid).
    type: int
    required: true
  properties_path:
    description: The service's properties file, which names the directory in use now (C(log.dirs), C(dataDir)).
    type: path
    required: true
  on_move:
    description:
      - What to do where the data lies elsewhere than O(path).
      - V(fail) refuses, and says how it is moved. V(report) only says so, in RV(move).
    type: str
    choices: [fail, report]
    default: fail
  lease:
    description:
      - The lease that this run holds, to be renewed while the copy goes on, also where the controller is gone.
      - The token is the one of M(dialtone.contact_center.site_lease).
    type: dict
    suboptions:
      site:
        description: Name of the site.
        type: str
        required: true
      data_center:
        description: Name of the data center.
        type: str
        required: true
      run:
        description: Token of the run.
        type: str
        required: true
attributes:
  check_mode:
    support: full
    description: In check mode nothing is copied; what would be, and whether there is room, is that of the run.
  diff_mode:
    support: none
    description: Contents of data directories are never shown.
  platform:
    support: full
    description: Linux hosts.
    platforms: posix
"""

EXAMPLES = r"""
- name: Preflight | Look at the broker's data directory
  dialtone.contact_center.data_directory:
    kind: kafka
    path: /data/kafka/log
    identity: 1
    properties_path: /opt/kafka_server/config/server.properties
"""

RETURN = r"""
data:
  description: What is in O(path).
  returned: always
  type: dict
  contains:
    path:
      description: The directory.
      type: str
      returned: always
    state:
      description: V(missing), V(empty) or V(in_use). A ZooKeeper server that was never in a quorum has an empty one.
      type: str
      returned: always
    broker_id:
      description: The broker that it belongs to.
      type: int
      returned: always
    cluster_id:
      description: The cluster that it belongs to.
      type: str
      returned: always
    myid:
      description: The ZooKeeper server that it belongs to.
      type: int
      returned: always
    partitions:
      description: Number of partitions in it.
      type: int
      returned: always
    foreign:
      description: Names that neither Kafka nor ZooKeeper has put there.
      type: list
      elements: str
      returned: always
move:
  description: From where to where the data has to be moved, and what that takes. Empty where it lies where it should.
  returned: always
  type: dict
  sample: {source: /data/old/kafka, target: /data/kafka/log, files: 120, needed_bytes: 1048576, free_bytes: 10737418240}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dialtone.contact_center.plugins.module_utils import data_directory as directories
from ansible_collections.dialtone.contact_center.plugins.module_utils import files, lease

SPEC = {
    "state": {"type": "str", "choices": ["observed", "moved"], "default": "observed"},
    "kind": {"type": "str", "choices": ["kafka", "zookeeper"], "required": True},
    "path": {"type": "path", "required": True},
    "identity": {"type": "int", "required": True},
    "properties_path": {"type": "path", "required": True},
    "on_move": {"type": "str", "choices": ["fail", "report"], "default": "fail"},
    "lease": {
        "type": "dict",
        "options": {name: {"type": "str", "required": True} for name in ("site", "data_center", "run")},
    },
}


def observe(params):
    """What is at the path, and what the service uses now; refused where a node must not have the directory."""
    kind, identity = params["kind"], params["identity"]
    wanted = directories.observe(kind, params["path"])
    present_path = directories.present_directory(kind, params["properties_path"])
    present = directories.observe(kind, present_path) if present_path else None
    # The source of a move first: that it belongs to somebody else is worse news than that it lies elsewhere.
    for found in (present, wanted):
        refusal = directories.use_refusal(kind, found, identity) if found is not None else ""
        if refusal:
            raise directories.DataDirectoryError(refusal)
    return wanted, present


def run(module):
    params = module.params
    wanted, present = observe(params)
    refusal = directories.move_refusal(params["kind"], present, wanted)
    result = {"changed": False, "data": wanted.described(), "move": {}}
    if not refusal:
        return result
    if params["state"] == "observed" and params["on_move"] == "fail":
        raise directories.DataDirectoryError(refusal)
    plan = directories.plan_move(params["kind"], present.path, params["path"])
    result["move"] = {
        "source": plan.source,
        "target": plan.target,
        "files": plan.files,
        "needed_bytes": plan.needed_bytes,
        "free_bytes": plan.free_bytes,
    }
    if params["state"] == "moved":
        result["changed"] = not plan.done
        if not module.check_mode:
            move(module, plan)
            result["data"] = directories.observe(params["kind"], params["path"]).described()
    return result


def move(module, plan):
    def label(written, path):
        files.label(module, written, path)

    if not module.params["lease"]:
        directories.move(plan, label)
        return
    with lease.KeptAlive(**module.params["lease"]) as kept:
        directories.move(plan, label, lambda: kept.lost)


def main():
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        result = run(module)
    except directories.DataDirectoryError as error:
        module.fail_json(msg="%s." % error)
        return
    except OSError as error:
        module.fail_json(
            msg="%s: %s. What was copied stays beside the new place, and the next run goes on from there."
            % (module.params["path"], error)
        )
        return
    module.exit_json(**result)


if __name__ == "__main__":
    main()
