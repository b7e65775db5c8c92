#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: node_probe
short_description: Ask the services of a node whether they really serve
version_added: 0.1.0
author:
  - Dialtone maintainers (@dialtone)
description:
  - Asks all services of one node in one round trip, each in its own protocol, with the node's own TLS identity.
  - C(active) of systemd means that a process was started. A probe of kind V(zookeeper) or V(kafka) means that it serves,
    in the ensemble and in sync.
  - Needs no JVM, no client program and no Python library on the node. Certificates are read with C(openssl),
    units with C(systemctl).
  - Never changes anything.
options:
  probes:
    description:
      - What to ask. Every probe has an O(probes[].id) and a O(probes[].kind), and the keys of its kind.
      - A key that its kind does not know is refused.
    type: list
    elements: dict
    required: true
    suboptions:
      id:
        description: Name of the probe, unique in the list.
        type: str
        required: true
      kind:
        description:
          - V(unit) asks systemd for O(probes[].unit).
          - V(started_with) holds what O(probes[].unit) was started with against what is on disk. What differs is a warning that
            names why a restart is due, and never a failure. With O(probes[].properties), O(probes[].host), O(probes[].port) and
            O(probes[].broker_id) the broker is asked too, so that what Kafka changed online needs no restart, and what it runs
            against its file is told. A unit that does not run needs none.
          - V(zookeeper) asks this node's server by the word C(mntr). It is ready when it serves as leader or follower of
            O(probes[].expect_members) members, as the leader only with every follower in sync; a single server when it
            serves alone (POM-ZK-01).
          - V(kafka) asks this node's broker for the metadata of the cluster. It is ready when O(probes[].broker_id) and all of
            O(probes[].expect_brokers) are registered, and no partition with a replica on it is under-replicated (POM-KAFKA-05).
            Its fact C(stop_refusal) says why the broker must not be stopped now, and is empty where it may.
          - V(certificate) reads O(probes[].path); it fails when expired and warns from O(probes[].warn_days) days before
            (POM-CERT-14).
          - V(jar_version) reads the version from the jar's name in C(libs) of O(probes[].home) (POM-KAFKA-03).
          - V(postgresql) verifies the server over TLS and names O(probes[].user) and O(probes[].database). It is ready when
            the server asks for the password, so when C(pg_hba.conf) lets this host in (POM-DB-10, POM-TROUBLE-07). No
            password is sent.
          - V(pom_service) asks C(POM status) and systemd for O(probes[].services), each of which must be in one of its states
            (POM-SVC-02, POM-SVC-05, POM-SVC-06). Where the text does not tell MASTER from DORMANT, a running service is right,
            and is not in the fact C(roles).
          - V(pom_directories) looks for the directories that POM makes, O(probes[].directories), and for their owner; what is
            missing is a warning (POM-DIR-01).
          - V(nfs_mount) is right when O(probes[].path) is mounted over NFS from O(probes[].export), and from nowhere else. Where
            O(probes[].mounted) is V(false) and the kernel has no NFS client, it is right when the export lets POM's account
            write (POM-DIR-07).
          - V(https) asks O(probes[].host) for each of O(probes[].paths) over TLS. It is right when the certificate is of a
            trusted authority and names O(probes[].server_name), and every page answers with a status from 200 to 399
            (POM-APP-07).
          - V(tcp_closed) is right when nothing accepts connections on O(probes[].host) and O(probes[].port).
          - V(anonymous_refused) is right when the TLS service refuses a client without certificate.
        type: str
        required: true
        choices:
          - unit
          - started_with
          - zookeeper
          - kafka
          - certificate
          - jar_version
          - postgresql
          - pom_service
          - https
          - pom_directories
          - nfs_mount
          - tcp_closed
          - anonymous_refused
      component:
        description: What the probe belongs to, handed through to the result.
        type: str
      unit:
        description: The systemd unit; with other kinds than V(unit), the unit whose last log lines explain a failure
          (by default the unit of a probe with the same O(probes[].component)).
        type: str
      label:
        description: What the service is called in the reasons for a restart, such as V(broker 2).
        type: str
      properties:
        description: The properties file that the broker was started with.
        type: str
      host:
        description: Address or name to connect to.
        type: str
      port:
        description: TCP port to connect to.
        type: int
      server_name:
        description: Name or address that the server's certificate must carry; O(probes[].host) by default.
        type: str
      expect_members:
        description: Number of servers of the ZooKeeper ensemble.
        type: int
      expect_id:
        description: The C(myid) of this ZooKeeper server, handed through to the facts.
        type: int
      broker_id:
        description: The C(broker.id) of this node's broker.
        type: int
      expect_brokers:
        description: The ids of all brokers that must be registered, and no others. Without it, only this broker is looked for.
        type: list
        elements: int
      expect_version:
        description: Version of Kafka, handed through to the facts.
        type: str
      path:
        description: PEM file with a certificate, or the place of a mount.
        type: str
      warn_days:
        description: Days before the end of a certificate from which on it is reported; 60 where it is not given.
        type: int
      home:
        description: Directory of the Kafka distribution, or C(POM_HOME).
        type: str
      expect:
        description: The version wanted.
        type: str
      product:
        description: Whose jar tells the version; Kafka's where it is not given.
        type: str
        choices: [kafka, zookeeper]
      database:
        description: Name of the database.
        type: str
      user:
        description: Name of the database user.
        type: str
      services:
        description: Services of POM with C(service), C(unit) and the C(states) that are right.
        type: list
        elements: dict
      paths:
        description: Pages of the kind V(https), each of which must answer with a status from 200 to 399.
        type: list
        elements: str
      truststore:
        description: JKS store whose certificates say whom the kind V(https) trusts; else the one of O(identity.ca).
        type: str
      directories:
        description: Directories that POM makes.
        type: list
        elements: str
      export:
        description: Server and path of an NFS export.
        type: str
      mounted:
        description: Whether it has to be mounted on this host; otherwise only where the host's kernel can mount.
        type: bool
  identity:
    description:
      - PEM files of the node's own TLS identity, made by the trust role.
      - Needed by the kinds that connect over TLS.
    type: dict
    suboptions:
      key:
        description: Private key, without a passphrase.
        type: path
      certificate:
        description: Certificate of the key.
        type: path
      ca:
        description: Certificate of the site's CA.
        type: path
  wait_seconds:
    description:
      - How long to go on asking the probes that fail, every half second.
      - Waiting ends early at what waiting cannot cure, such as a failed unit or an expired certificate.
    type: float
    default: 0
  timeout_seconds:
    description: Time limit for one connection and for one answer.
    type: float
    default: 5
  fail:
    description: Whether the task fails when a probe does.
    type: bool
    default: false
attributes:
  check_mode:
    description: Only looks, so it does the same in check mode.
    support: full
  diff_mode:
    description: Changes nothing, so has no diff.
    support: none
  platform:
    description: Hosts with systemd and Python 3.9 or newer.
    platforms: posix
    support: full
"""

EXAMPLES = r"""
- name: Wait until the broker serves and is in sync
  dialtone.contact_center.node_probe:
    identity:
      key: /etc/dialtone/tls/node.key
      certificate: /etc/dialtone/tls/node.crt
      ca: /etc/dialtone/tls/ca.crt
    wait_seconds: 60
    fail: true
    probes:
      - {id: kafka_unit, kind: unit, unit: kafka}
      - {id: kafka, kind: kafka, unit: kafka, host: 192.0.2.11, port: 9093, broker_id: 1, expect_brokers: [1, 2, 3]}

- name: Observe without judging
  dialtone.contact_center.node_probe:
    probes: "{{ site_model.hosts[inventory_hostname].probes }}"
    identity: "{{ node_identity }}"
  register: observed
"""

RETURN = r"""
probes:
  description: One result per probe, in the order asked.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: Name of the probe.
      type: str
      returned: always
    kind:
      description: Kind of the probe.
      type: str
      returned: always
    component:
      description: As given.
      type: str
      returned: always
    ok:
      description: Whether all is as it should be.
      type: bool
      returned: always
    state:
      description: One word, such as V(running), V(leader), V(in_sync), V(under_replicated), V(refused), V(expiring).
      type: str
      returned: always
    facts:
      description: What was observed, by kind.
      type: dict
      returned: always
    reason:
      description: What is wrong, where it was seen.
      type: str
      returned: always
    warning:
      description: What is right today and will not stay so.
      type: str
      returned: always
    next_step:
      description: What a person does about it.
      type: str
      returned: always
    log:
      description: Last lines of the unit's journal, secrets masked.
      type: list
      elements: str
      returned: always, empty unless the probe failed
ok:
  description: Whether every probe is right.
  returned: always
  type: bool
waited_seconds:
  description: How long it took.
  returned: always
  type: float
"""

import time

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dialtone.contact_center.plugins.module_utils.probes import (
    KINDS,
    Context,
    ProbeError,
    check_probes,
    describe_failures,
    last_words,
    observe_all,
    unit_of,
)
from ansible_collections.dialtone.contact_center.plugins.module_utils.tls_client import Identity

PROBE_OPTIONS = {
    "id": {"type": "str", "required": True},
    "kind": {"type": "str", "required": True, "choices": list(KINDS)},
    "component": {"type": "str"},
    "unit": {"type": "str"},
    "label": {"type": "str"},
    "properties": {"type": "str"},
    "host": {"type": "str"},
    "port": {"type": "int"},
    "server_name": {"type": "str"},
    "expect_members": {"type": "int"},
    "expect_id": {"type": "int"},
    "broker_id": {"type": "int"},
    "expect_brokers": {"type": "list", "elements": "int"},
    "expect_version": {"type": "str"},
    "path": {"type": "str"},
    "warn_days": {"type": "int"},
    "home": {"type": "str"},
    "expect": {"type": "str"},
    "product": {"type": "str", "choices": ["kafka", "zookeeper"]},
    "database": {"type": "str"},
    "user": {"type": "str"},
    "services": {"type": "list", "elements": "dict"},
    "directories": {"type": "list", "elements": "str"},
    "export": {"type": "str"},
    "mounted": {"type": "bool"},
    "paths": {"type": "list", "elements": "str"},
    "truststore": {"type": "str"},
}


def main():
    module = AnsibleModule(
        argument_spec={
            "probes": {"type": "list", "elements": "dict", "required": True, "options": PROBE_OPTIONS},
            "identity": {
                "type": "dict",
                "options": {"key": {"type": "path", "no_log": False}, "certificate": {"type": "path"}, "ca": {"type": "path"}},
            },
            "wait_seconds": {"type": "float", "default": 0},
            "timeout_seconds": {"type": "float", "default": 5},
            "fail": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    probes = [{key: value for key, value in probe.items() if value is not None} for probe in module.params["probes"]]
    identity = module.params["identity"] or {}
    context = Context(
        identity=Identity(
            ca=identity.get("ca") or "",
            key=identity.get("key") or "",
            certificate=identity.get("certificate") or "",
        ),
        run=lambda arguments: module.run_command(list(arguments), environ_update={"LC_ALL": "C", "TZ": "UTC"}),
        timeout=module.params["timeout_seconds"],
    )
    started = time.monotonic()
    try:
        check_probes(probes, context.identity)
        observations = observe_all(probes, context, module.params["wait_seconds"])
    except ProbeError as error:
        module.fail_json(msg=str(error))
    waited = round(time.monotonic() - started, 1)
    results = [
        {
            "id": probe["id"],
            "kind": probe["kind"],
            "component": probe.get("component", ""),
            "ok": seen.ok,
            "state": seen.state,
            "facts": seen.facts,
            "reason": seen.reason,
            "warning": seen.warning,
            "next_step": seen.next_step,
            "log": [] if seen.ok else last_words(seen.unit or unit_of(probe, probes), context),
        }
        for probe, seen in zip(probes, observations)
    ]
    outcome = {"changed": False, "probes": results, "ok": all(result["ok"] for result in results), "waited_seconds": waited}
    if module.params["fail"] and not outcome["ok"]:
        module.fail_json(msg=describe_failures(results, waited), **outcome)
    module.exit_json(**outcome)


if __name__ == "__main__":
    main()
