#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: kafka_cluster
short_description: Change a running Kafka cluster without a restart
version_added: 0.1.0
author:
  - Dialtone maintainers (@dialtone)
description:
  - Brings a running broker and its cluster to what the inventory says, as far as Kafka does that online - settings of the broker
    and of topics, the number of replicas of topics that exist already, preferred leaders.
  - Asks the broker once, plans, acts, and asks again. Fails where the cluster is then not as desired.
  - Runs on the hosts of all brokers alike. What belongs to the whole cluster is changed from the host of the registered broker
    with the lowest id, and nothing is done about it on the others.
  - Speaks Kafka's own protocol with the host's TLS identity. Needs no JVM and no client program.
  - Never restarts a broker, never creates a topic, never lowers a number of replicas.
options:
  host:
    description: Address or name of this host's broker.
    type: str
    required: true
  port:
    description: Port of its TLS listener.
    type: int
    default: 9093
  server_name:
    description: Name or address that the broker's certificate must carry; O(host) by default.
    type: str
  identity:
    description: PEM files of the host's own TLS identity, made by the trust role.
    type: dict
    required: true
    suboptions:
      key:
        description: Private key, without a passphrase.
        type: path
        required: true
      certificate:
        description: Certificate of the key.
        type: path
        required: true
      ca:
        description: Certificate of the site's CA.
        type: path
        required: true
  broker_id:
    description: The C(broker.id) of this host's broker (POM-KAFKA-05).
    type: int
    required: true
  expected_brokers:
    description: The ids of all brokers of the cluster. Replicas are added only while all of them are registered.
    type: list
    elements: int
    default: []
  broker_properties:
    description:
      - What C(server.properties) of this broker says, without its secrets.
      - A key that Kafka changes online is set for this broker alone, where the broker was started with another value than is
        wanted. What was set online goes again when the broker has been restarted with the wanted value, and when a person set it.
      - Other keys are left to a restart.
      - C(log.retention.hours) is changed online as C(log.retention.ms) (POM-KAFKA-02).
    type: dict
    default: {}
  topic_configs:
    description: Settings of topics, by topic and key of Kafka. Keys that are not named are left as they are.
    type: dict
    default: {}
  replication_factor:
    description:
      - Every topic with fewer replicas, C(__consumer_offsets) and C(__transaction_state) included, is brought to this number.
        C(default.replication.factor) does that for new topics only (POM-KAFKA-05).
      - The replicas that are there stay in their order, so the preferred leader does. New ones go to the least loaded brokers.
      - V(0) leaves replicas alone.
    type: int
    default: 0
  preferred_leaders:
    description: Give partitions back to their preferred leaders, where these are in sync.
    type: bool
    default: false
  wait_seconds:
    description: How long a reassignment of replicas may take, one that is under way already included.
    type: float
    default: 600
  timeout_seconds:
    description: Time limit for one connection and for one answer.
    type: float
    default: 30
attributes:
  check_mode:
    description: Whether the module foretells what it would do.
    support: full
  diff_mode:
    description: Whether the module shows what it changes.
    support: full
  platform:
    description: Hosts with Python 3.9 or newer.
    platforms: posix
    support: full
seealso:
  - module: dialtone.contact_center.node_probe
"""

EXAMPLES = r"""
- name: What server.properties says, as far as Kafka changes it online
  dialtone.contact_center.kafka_cluster:
    host: kafka3.example.com
    identity:
      key: /etc/dialtone/tls/node.key
      certificate: /etc/dialtone/tls/node.crt
      ca: /etc/dialtone/tls/ca.crt
    broker_id: 3
    expected_brokers: [1, 2, 3]
    broker_properties:
      num.io.threads: 16
      log.retention.hours: 72

- name: Three replicas of everything, and the preferred leaders back
  dialtone.contact_center.kafka_cluster:
    host: kafka3.example.com
    identity: "{{ node_identity }}"
    broker_id: 3
    expected_brokers: [1, 2, 3]
    replication_factor: 3
    topic_configs:
      events:
        retention.ms: 86400000
    preferred_leaders: true
"""

RETURN = r"""
actions:
  description: What was done, in check mode would be done, in words.
  returned: always
  type: list
  elements: str
  sample: ["set num.io.threads of broker 3 to 16 (was 8)"]
controller_id:
  description: The broker that is the controller.
  returned: always
  type: int
  sample: 1
brokers:
  description: Ids of the registered brokers.
  returned: always
  type: list
  elements: int
  sample: [1, 2, 3]
speaks_for_cluster:
  description: Whether what belongs to the whole cluster was looked at on this host.
  returned: always
  type: bool
broker_overrides:
  description: What is set online for this broker alone, without secrets.
  returned: always
  type: dict
  sample: {num.io.threads: "16"}
without_restart:
  description: Keys of O(broker_properties) that run as they are written, or will once RV(actions) are done.
  returned: always
  type: list
  elements: str
  sample: [num.io.threads]
left_to_restart:
  description: Settings that Kafka would change online, but not by so much.
  returned: always
  type: list
  elements: str
  sample: []
missing_topics:
  description: Topics of O(topic_configs) that do not exist.
  returned: always
  type: list
  elements: str
  sample: []
not_preferred:
  description: Partitions that have another leader than the preferred one, because that one is not in sync.
  returned: always
  type: list
  elements: str
  sample: []
reassignment:
  description: How many partitions were waited for, and for how long.
  returned: always
  type: dict
  sample: {partitions: 52, seconds: 21.5}
waits_for:
  description: In check mode, partitions whose reassignment is under way. A run waits for it before it looks at replicas.
  returned: always
  type: list
  elements: str
  sample: []
"""

import time
from collections.abc import Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dialtone.contact_center.plugins.module_utils.kafka_cluster import (
    ClusterError,
    Desired,
    Observed,
    Plan,
    named,
    plan,
    speaks_for_cluster,
    text,
    without_restart,
)
from ansible_collections.dialtone.contact_center.plugins.module_utils.kafka_protocol import (
    BROKER_RESOURCE,
    ELECTION_NOT_NEEDED,
    INVALID_REQUEST,
    PREFERRED_LEADER_NOT_AVAILABLE,
    TOPIC_RESOURCE,
    ClusterClient,
    KafkaClient,
    KafkaError,
)
from ansible_collections.dialtone.contact_center.plugins.module_utils.tls_client import (
    Identity,
    TlsConnection,
    TlsError,
    connect,
)

PAUSE_SECONDS = 0.5
# What was accepted reaches the brokers through ZooKeeper.
SETTLE_SECONDS = 30


def observe(cluster: ClusterClient, desired: Desired) -> Observed:
    try:
        broker_configs = cluster.own.broker_configs(desired.broker_id, None)
    except KafkaError as error:
        if error.code != INVALID_REQUEST:
            raise
        raise ClusterError(
            f"{error}. Nothing was changed. Compare kafka_broker_id with broker.id in server.properties and in the data's "
            "meta.properties"
        ) from error
    state = cluster.state()
    there = [(TOPIC_RESOURCE, topic) for topic in sorted({*desired.topic_configs} & {*state.topics})]
    described = cluster.own.describe_configs(there, None) if there else {}
    return Observed(state, broker_configs, {topic: configs for (_kind, topic), configs in described.items()})


class Reassigning:
    """Waits for reassignments, and tells how long it took."""

    def __init__(self, cluster: ClusterClient, wait_seconds: float) -> None:
        self._cluster = cluster
        self._deadline = time.monotonic() + wait_seconds
        self._wait_seconds = wait_seconds
        self._started = time.monotonic()
        self.partitions = 0

    def wait(self, names: Sequence[str]) -> None:
        """Until none of the partitions is being reassigned; a controller that is moving is asked again."""
        self.partitions = max(self.partitions, len(names))
        pending = list(names)
        while pending:
            time.sleep(PAUSE_SECONDS)
            now = self._cluster.state().reassigning
            pending = pending if now is None else [name for name in names if name in now]
            if pending and time.monotonic() > self._deadline:
                raise ClusterError(
                    f"{len(pending)} of {len(names)} partitions are still being reassigned after {self._wait_seconds:g} s: "
                    f"{named(pending)}. Kafka goes on with it by itself. Look into the brokers' logs where it does not "
                    "(a full disk, a broker that is not in sync), then run again: the next run waits for it."
                )

    def told(self) -> dict[str, Any]:
        waited = round(time.monotonic() - self._started, 1) if self.partitions else 0
        return {"partitions": self.partitions, "seconds": waited}


def act(cluster: ClusterClient, to_do: Plan, reassigning: Reassigning) -> None:
    if to_do.reassignments:
        cluster.ask_controller(lambda controller: controller.alter_reassignments(to_do.reassignments))
        reassigning.wait([f"{wanted.topic}-{wanted.index}" for wanted in to_do.reassignments])
    for kind in (BROKER_RESOURCE, TOPIC_RESOURCE):
        changes = [setting.change for setting in to_do.settings if setting.change.resource[0] == kind]
        if changes:
            cluster.own.alter_configs(changes)
    if to_do.elections:
        answers = cluster.ask_controller(lambda controller: controller.elect_preferred_leaders(to_do.elections))
        refused = [a for a in answers if a.code not in (0, ELECTION_NOT_NEEDED, PREFERRED_LEADER_NOT_AVAILABLE)]
        if refused:
            raise ClusterError(
                f"the controller does not make the preferred leader of {named([a.name for a in refused])} their leader: "
                f"{refused[0].message or refused[0].code}. Look into the controller's log, then run again."
            )


def settle(cluster: ClusterClient, desired: Desired, to_do: Plan) -> tuple[Observed, Plan]:
    """Observes until nothing is left of the plan."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        observed = observe(cluster, desired)
        now = plan(observed, desired)
        left = to_do.still_to_do(now)
        if not left:
            return observed, now
        if time.monotonic() > deadline:
            raise ClusterError(
                f"Kafka accepted the changes, and {SETTLE_SECONDS} s later these are still to be done: "
                f"{'; '.join(action.words for action in left)}. Look into the log of broker {desired.broker_id} and of the "
                f"controller (broker {observed.state.controller_id}), then run again."
            )
        time.sleep(PAUSE_SECONDS)


def run(cluster: ClusterClient, desired: Desired, wait_seconds: float, check_mode: bool) -> dict[str, Any]:
    reassigning = Reassigning(cluster, wait_seconds)
    observed = observe(cluster, desired)
    to_do = plan(observed, desired)
    if to_do.waits_for and not check_mode:
        reassigning.wait(to_do.waits_for)
        observed = observe(cluster, desired)
        to_do = plan(observed, desired)
    now = to_do
    if to_do.actions and not check_mode:
        act(cluster, to_do, reassigning)
        observed, now = settle(cluster, desired, to_do)
    return {
        "changed": bool(to_do.actions),
        "actions": [action.words for action in to_do.actions],
        "controller_id": observed.state.controller_id,
        "brokers": list(observed.state.broker_ids),
        "speaks_for_cluster": speaks_for_cluster(observed.state, desired.broker_id),
        "broker_overrides": observed.broker_overrides,
        "without_restart": without_restart(desired.broker_properties, observed.broker_configs, to_do.settings),
        "left_to_restart": list(now.left_to_restart),
        "missing_topics": list(now.missing_topics),
        "not_preferred": list(now.not_preferred),
        "reassignment": reassigning.told(),
        "waits_for": list(to_do.waits_for),
        "diff": {
            "before": "".join(action.before + "\n" for action in to_do.actions),
            "after": "".join(action.after + "\n" for action in to_do.actions),
        },
    }


def desired_state(params: dict[str, Any]) -> Desired:
    for topic, configs in params["topic_configs"].items():
        if not isinstance(configs, dict):
            raise ClusterError(f"topic_configs holds no settings for topic {topic}: write keys and values below its name")
    return Desired(
        broker_id=params["broker_id"],
        expected_brokers=tuple(params["expected_brokers"]),
        broker_properties={key: text(value) for key, value in params["broker_properties"].items() if value is not None},
        topic_configs={
            topic: {key: text(value) for key, value in configs.items()} for topic, configs in params["topic_configs"].items()
        },
        replication_factor=params["replication_factor"],
        preferred_leaders=params["preferred_leaders"],
    )


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "host": {"type": "str", "required": True},
            "port": {"type": "int", "default": 9093},
            "server_name": {"type": "str"},
            "identity": {
                "type": "dict",
                "required": True,
                "options": {
                    "key": {"type": "path", "required": True, "no_log": False},
                    "certificate": {"type": "path", "required": True},
                    "ca": {"type": "path", "required": True},
                },
            },
            "broker_id": {"type": "int", "required": True},
            "expected_brokers": {"type": "list", "elements": "int", "default": []},
            "broker_properties": {"type": "dict", "default": {}},
            "topic_configs": {"type": "dict", "default": {}},
            "replication_factor": {"type": "int", "default": 0},
            "preferred_leaders": {"type": "bool", "default": False},
            "wait_seconds": {"type": "float", "default": 600},
            "timeout_seconds": {"type": "float", "default": 30},
        },
        supports_check_mode=True,
    )
    params = module.params
    identity = Identity(**params["identity"])

    def reach(host: str, port: int, server_name: str = "") -> TlsConnection:
        return connect(host, port, identity, server_name, params["timeout_seconds"])

    try:
        with reach(params["host"], params["port"], params["server_name"] or "") as connection:
            cluster = ClusterClient(KafkaClient(connection), params["broker_id"], reach)
            outcome = run(cluster, desired_state(params), params["wait_seconds"], module.check_mode)
    except (ClusterError, KafkaError, TlsError) as error:
        module.fail_json(msg=f"Broker {params['broker_id']} at {params['host']}:{params['port']}: {error}")
    module.exit_json(**outcome)


if __name__ == "__main__":
    main()
