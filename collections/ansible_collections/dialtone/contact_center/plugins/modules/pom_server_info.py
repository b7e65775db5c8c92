#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: pom_server_info
short_description: Observe a POM server in one round trip, and say what is left to do
version_added: 0.1.0
author: [Dialtone maintainers (@dialtone)]
description:
  - Looks at Experience Portal, at what there is of POM and by which evidence, at its stores, its database connection and schema,
    its JDBC drivers, its services, and at what Dialtone recorded of what no program of the vendor tells.
  - Says what has to be done until the server is as described, in the order in which the vendor's documents do it, and what
    forbids it. Changes nothing.
  - Stores are read without a JVM, C(PIMHibernate.cfg.xml) without its password. Of a password that no file tells, a salted digest
    is compared with the one that M(dialtone.contact_center.pom_server_marker) recorded.
  - Requirements POM-INST-01, POM-INST-08, POM-DB-12, POM-DB-15 to POM-DB-17, POM-CERT-12, POM-KAFKA-04, POM-SVC-01 to POM-SVC-06,
    POM-TROUBLE-01, POM-TROUBLE-03 and POM-TROUBLE-04.
options:
  home:
    description: C(POM_HOME).
    type: path
    required: true
  kind:
    description: Kind of the EPM server.
    type: str
    choices: [primary, auxiliary]
    required: true
  overwrite:
    description: Consent to install into a directory that exists and holds no POM (POM-INST-04).
    type: bool
    default: false
  minimum_disk_mb:
    description: Free space that an installation needs; V(0) judges none.
    type: int
    default: 0
  certificate_imported:
    description: Whether POM's identity is the certificate of this host, O(identity_certificate).
    type: bool
    default: true
  identity_certificate:
    description: PEM file with the host's own certificate.
    type: path
  ca_certificate:
    description: PEM file with the certificate of the authority that the database server's certificate is of.
    type: path
  keystore_password:
    description: Password of C(pomKeyStore).
    type: str
  truststore_password:
    description: Password of C(pomTrustStore).
    type: str
  trusted:
    description: Certificates that POM must trust.
    type: list
    elements: dict
    default: []
    suboptions:
      alias:
        description: Alias in the truststore.
        type: str
        required: true
      path:
        description: File on the host, PEM or DER.
        type: path
      content:
        description: The file itself in Base64, instead of O(trusted[].path).
        type: str
  drivers:
    description: JDBC drivers that POM needs.
    type: list
    elements: dict
    default: []
    suboptions:
      engine:
        description: Engine that it is for.
        type: str
        choices: [oracle, mssql]
        required: true
      name:
        description: Name of the jar.
        type: str
        required: true
      sha256:
        description: SHA-256 of the jar.
        type: str
        required: true
      path:
        description: Where it comes from. It is not looked at.
        type: str
  driver_home:
    description: Home directory of the account that the vendor's programs read drivers from.
    type: path
    default: /root
  database:
    description: The POM database, with C(engine), C(host), C(port), C(name), C(user), C(secured), and what else it is asked for.
    type: dict
    default: {}
  database_password:
    description: Password of its user.
    type: str
  creates_schema:
    description: Whether the schema is created from this server.
    type: bool
    default: true
  reports:
    description: The database that reports are read from, as O(database); empty where it is the POM database.
    type: dict
    default: {}
  reports_password:
    description: Password of its user.
    type: str
  external_kafka:
    description: Brokers that are no POM servers, with C(name), C(fqdn) and C(address).
    type: list
    elements: dict
    default: []
  call_forbidden:
    description: Whether SIP 403 is classified as CALL_FORBIDDEN (POM-MAP-03).
    type: bool
    default: false
  expected_services:
    description: Services with C(service), C(unit) and the C(states) that are right. Empty asks for none.
    type: list
    elements: dict
    default: []
  state:
    description: What the role keeps on the host, in the words of M(dialtone.contact_center.host_state).
    type: dict
    default: {}
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
    description: Hosts with systemd and Python 3.9 or newer.
    platforms: posix
    support: full
"""

EXAMPLES = r"""
- name: Preflight | Observe the server
  dialtone.contact_center.pom_server_info:
    home: /opt/Avaya/avpom/POManager
    kind: primary
    keystore_password: "{{ pom_server_keystore_password }}"
    truststore_password: "{{ pom_server_truststore_password }}"
  register: pom
"""

RETURN = r"""
actions:
  description: What is left to do, in its order - C(name) of the role's file, C(what) in words, C(reasons), C(key) of its object.
  returned: always
  type: list
  elements: dict
  sample: [{name: trust, what: POM trusts site_ca, reasons: [], key: site_ca}]
due:
  description: The names of RV(actions), once each.
  returned: always
  type: list
  elements: str
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
create_schema:
  description: Whether the schema is created when the database is configured. Never where one is.
  returned: always
  type: bool
installation:
  description:
    - C(state) V(absent), V(partial) or V(complete), the C(evidence), what is C(missing), C(version), the end of C(log).
    - C(directory_exists) says whether anything is in the installation path.
  returned: always
  type: dict
job_running:
  description: Whether an installation of an earlier run still runs.
  returned: always
  type: bool
boot_id:
  description: Id of this start of the host.
  returned: always
  type: str
markers:
  description: What Dialtone recorded, by name.
  returned: always
  type: dict
stores:
  description: Of C(keystore) and C(truststore), SHA-256 of each certificate by alias, and the C(problem) with one.
  returned: always
  type: dict
database:
  description: The connection that POM is configured for, without its password; empty where none can be read.
  returned: always
  type: dict
schema:
  description: Whether the POM schema is V(present), V(absent), V(unreachable) or, of an engine without a client here, V(unknown).
  returned: always
  type: str
schema_problem:
  description: Why that cannot be seen.
  returned: always
  type: str
running:
  description: POM's own units that run; ZooKeeper and Kafka have roles of their own.
  returned: always
  type: list
  elements: str
wrapper:
  description: Path of the command C(POM); empty where there is none.
  returned: always
  type: str
removable:
  description: Whether O(home) is a path that may be removed as a whole.
  returned: always
  type: bool
services:
  description: Each expected service with C(state), C(expected), C(well) and C(role_observed).
  returned: always
  type: list
  elements: dict
truststore_program:
  description: Path of the program that imports into the truststore, under the spelling that it has here.
  returned: always
  type: str
units:
  description: The units of O(state), as M(dialtone.contact_center.host_state) tells them.
  returned: always
  type: dict
changes:
  description: What of O(state) differs.
  returned: always
  type: list
  elements: dict
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dialtone.contact_center.plugins.module_utils import host_state, pom_server, pom_services
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_connection import connection_of, parse_database
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_layout import PomLayout
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_observer import Observer, decode_trusted


def desired_state(params: dict[str, Any], observer: Observer) -> pom_server.Desired:
    return pom_server.Desired(
        kind=params["kind"],
        home=params["home"],
        overwrite=params["overwrite"],
        minimum_disk_mb=params["minimum_disk_mb"],
        certificate_imported=params["certificate_imported"],
        trusted=decode_trusted(params["trusted"], observer.read),
        drivers={driver["engine"]: driver["sha256"].lower() for driver in params["drivers"]},
        database=connection_of(params["database"]),
        creates_schema=params["creates_schema"],
        reports=connection_of(params["reports"]),
        external_kafka=tuple((broker["name"], broker["fqdn"], broker["address"]) for broker in params["external_kafka"]),
        call_forbidden=params["call_forbidden"],
    )


def look(params: dict[str, Any], observer: Observer, desired: pom_server.Desired) -> pom_server.Observed:
    """Everything that is there. Where POM is not installed, its own files are not looked for."""
    units, job_running = observer.units()
    identity = observer.read(params["identity_certificate"]) if params["identity_certificate"] else None
    observed = pom_server.Observed(
        ep_home=observer.has_experience_portal(),
        units=units,
        job_running=job_running,
        installation=observer.installation(units),
        boot_id=observer.boot_id(),
        free_mb=observer.free_mb(),
        markers=observer.markers(),
        identity=pom_server.certificate_fingerprint(identity) if identity else "",
        drivers=observer.drivers(params["driver_home"], {driver["engine"]: driver["name"] for driver in params["drivers"]}),
    )
    return observed if observed.installation.state != pom_server.COMPLETE else look_inside(params, observer, desired, observed)


def look_inside(
    params: dict[str, Any], observer: Observer, desired: pom_server.Desired, observed: pom_server.Observed
) -> pom_server.Observed:
    """What an installed POM has: stores, database, services, Kafka."""
    layout = observer.layout
    answers = {
        "database": (params["database"], params["database_password"]),
        "reports": (params["reports"], params["reports_password"]),
    }
    text = observer.read(layout.database)
    status = observer.status() if params["expected_services"] else pom_services.Status({})
    schema, problem = pom_server.UNKNOWN, ""
    if desired.is_primary and desired.database is not None:
        schema, problem = observer.schema(desired.database, params["database_password"] or "", params["ca_certificate"] or "")
    return replace(
        observed,
        keystore=store(observer, layout.keystore, params["keystore_password"], "certificates_keystore_password"),
        truststore=store(observer, layout.truststore, params["truststore_password"], "certificates_truststore_password"),
        database=parse_database(text.decode("utf-8", "replace")) if text else None,
        database_readable=text is None,
        schema=schema,
        schema_problem=problem,
        answered=frozenset(
            name
            for name, (words, password) in answers.items()
            if words and pom_server.is_recorded(observed.markers.get(name, {}), words, password or "")
        ),
        kafka_hosts=frozenset(
            pom_server.kafka_addresses(
                observer.text(f"{layout.kafka}/config/server.properties"),
                observer.text(f"{layout.kafka}/config/zookeeper.properties"),
            )
        ),
        services=tuple(pom_services.judge(params["expected_services"], status, observed.units)),
        truststore_program=observer.truststore_program(),
        wrapper=observer.wrapper(),
    )


def store(observer: Observer, path: str, password: str | None, variable: str) -> pom_server.Store:
    return pom_server.read_store(observer.read(path), password or "", path, variable)


def run(module: AnsibleModule) -> dict[str, Any]:
    params = module.params

    def execute(argv: Sequence[str]) -> tuple[int, str, str]:
        return module.run_command([*argv], environ_update={"LC_ALL": "C", "TZ": "UTC"})

    layout = PomLayout(params["home"])
    observer = Observer(execute, layout)
    desired = desired_state(params, observer)
    observed = look(params, observer, desired)
    changes: list[dict[str, Any]] = []
    units: dict[str, Any] = {}
    if params["state"]:
        host = host_state.Host(run=execute)
        host.recall(host_state.DIGESTS_PATH)
        planned = host.plan(params["state"])
        changes, (_drift, units) = [change.public() for change in planned], host.drift(params["state"], planned)
        observed = replace(observed, state_changes=tuple(changes))
    to_do = pom_server.plan(observed, desired)
    if to_do.refusals and params["refuse"]:
        raise pom_server.PomServerError("Nothing is changed: " + "; ".join(to_do.refusals))
    return pom_server.answer(observed, to_do, params["home"], units, changes)


def argument_spec() -> dict[str, Any]:
    secret = {"type": "str", "no_log": True}
    return {
        "home": {"type": "path", "required": True},
        "kind": {"type": "str", "choices": ["primary", "auxiliary"], "required": True},
        "overwrite": {"type": "bool", "default": False},
        "minimum_disk_mb": {"type": "int", "default": 0},
        "certificate_imported": {"type": "bool", "default": True},
        "identity_certificate": {"type": "path"},
        "ca_certificate": {"type": "path"},
        "keystore_password": secret,
        "truststore_password": secret,
        "trusted": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {"alias": {"type": "str", "required": True}, "path": {"type": "path"}, "content": {"type": "str"}},
        },
        "drivers": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "engine": {"type": "str", "choices": ["oracle", "mssql"], "required": True},
                "name": {"type": "str", "required": True},
                "sha256": {"type": "str", "required": True},
                "path": {"type": "str"},
            },
        },
        "driver_home": {"type": "path", "default": "/root"},
        "database": {"type": "dict", "default": {}},
        "database_password": secret,
        "creates_schema": {"type": "bool", "default": True},
        "reports": {"type": "dict", "default": {}},
        "reports_password": secret,
        "external_kafka": {"type": "list", "elements": "dict", "default": []},
        "call_forbidden": {"type": "bool", "default": False},
        "expected_services": {"type": "list", "elements": "dict", "default": []},
        "state": {"type": "dict", "default": {}},
        "refuse": {"type": "bool", "default": True},
    }


def main() -> None:
    module = AnsibleModule(argument_spec(), supports_check_mode=True)
    try:
        result = run(module)
    except (pom_server.PomServerError, host_state.StateError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
