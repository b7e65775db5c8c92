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
  - With O(one_off) it says what that change alone does, which no roll-out makes.
  - Requirements POM-INST-01, POM-INST-08, POM-DB-12, POM-DB-15 to POM-DB-17, POM-CERT-12, POM-KAFKA-04, POM-SVC-01 to POM-SVC-06,
    POM-TROUBLE-01, POM-TROUBLE-03 and POM-TROUBLE-04, POM-MODECHG-01, POM-NONTEL-01 to POM-NONTEL-03, POM-EVENT-01, POM-UTIL-01,
    POM-UTIL-02 and POM-MEM-01.
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
  stop_standalone:
    description:
      - Consent to stop and disable a Kafka or ZooKeeper (units C(kafka), C(zookeeper)) that is no service of POM.
      - Without it a host with one is refused (POM-KAFKA-04).
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
  certificate_generated:
    description: Whether POM makes its own certificate, which will not do on a host with several addresses (POM-CERT-03).
    type: bool
    default: false
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
  schema_exists:
    description:
      - Whether the schema is in the database already, as a person says it; empty where nobody does.
      - Counts where this host cannot look, which is told by RV(schema=unknown).
    type: str
    choices: ['', 'yes', 'no']
    default: ''
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
  mode:
    description: Contact-centre mode of the site. Another one than the recorded one is refused.
    type: str
  installed_mode:
    description: Mode that the installed system runs in, where none is recorded.
    type: str
  non_telephony:
    description: Whether POM is converted to manual dialling. A converted one is never converted back.
    type: bool
    default: false
  agent_memory_gb:
    description: Memory that the Agent Manager has at least; V(0) leaves what the installer gave it.
    type: int
    default: 0
  servers:
    description: Names of all POM servers of the data center, to be told which of them are restarted.
    type: list
    elements: str
    default: []
  one_off:
    description: The change that a playbook of its own makes. Without it, the plan is that of a roll-out.
    type: dict
    suboptions:
      name:
        description: Which change.
        type: str
        choices: [copy_attribute, event_settings, mode, non_telephony, report_fonts, single_events]
        required: true
      conversion_seen:
        description: Whether a person saw on POM's home page that it is converted to manual dialling.
        type: bool
        default: false
      wait_seconds:
        description: How long settings of events are waited for, where there are none or those of O(one_off.digest_before).
        type: int
        default: 0
      digest_before:
        description: Digest of the settings of events before the program ran.
        type: str
        default: ""
      attribute:
        description: The custom attribute that is copied.
        type: str
        default: ""
      lists:
        description: Contact lists for which it is copied; V(*) alone for all that use it.
        type: list
        elements: str
        default: []
      fonts:
        description: Files of the fonts that reports use.
        type: list
        elements: path
        default: []
      events:
        description:
          - Settings of single events by code, each with one or more of C(level), C(throttle_interval), C(ep_alarm_severity) and
            C(alarm) (POM-EVENT-01).
        type: dict
        default: {}
  state:
    description: What the role keeps on the host, in the words of M(dialtone.contact_center.host_state).
    type: dict
    default: {}
  server:
    description:
      - The server's C(name), C(fqdn) and C(address), the C(former) ones, and of its database the inventory name
        C(database_server) and the C(former_database_hosts).
      - A server that was set up under another name is refused (POM-ID-01, POM-ID-02).
    type: dict
    default: {}
  identity_changing:
    description: Inventory name of the host whose new name or address is carried through, and so not refused.
    type: str
    default: ''
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
database_moved:
  description: Whether POM is configured for its database by a former name of the database's server.
  returned: always
  type: bool
certificate_differs:
  description: Whether POM's identity is another certificate than the host's own.
  returned: always
  type: bool
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
conversion_program:
  description: Path of the program that converts POM to manual dialling, under the spelling that it has here.
  returned: always
  type: str
event_settings:
  description: Of the settings of POM's events, looked at for that change only, C(rows) and their C(digest), or the C(problem).
  returned: always
  type: dict
events:
  description: Of each code in O(one_off.events), a digest of what POM's database says of it. Without codes that it does not know.
  returned: always
  type: dict
units:
  description: Where no O(one_off) is asked for, the units of O(state), as M(dialtone.contact_center.host_state) tells them.
  returned: always
  type: dict
changes:
  description: What of O(state) differs.
  returned: always
  type: list
  elements: dict
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dialtone.contact_center.plugins.module_utils import (
    host_state,
    pom_identity,
    pom_one_off,
    pom_server,
    pom_services,
)
from ansible_collections.dialtone.contact_center.plugins.module_utils.identity_search import Identities
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_connection import connection_of, parse_database
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_layout import PomLayout
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_observer import Observer, decode_trusted

SECONDS_BETWEEN_LOOKS = 5
SCHEMA_EXISTS = {"": None, "yes": True, "no": False}


def desired_state(params: dict[str, Any], observer: Observer) -> pom_server.Desired:
    return pom_server.Desired(
        kind=params["kind"],
        home=params["home"],
        overwrite=params["overwrite"],
        stop_standalone=params["stop_standalone"],
        minimum_disk_mb=params["minimum_disk_mb"],
        certificate_imported=params["certificate_imported"],
        certificate_generated=params["certificate_generated"],
        trusted=decode_trusted(params["trusted"], observer.read),
        drivers={driver["engine"]: driver["sha256"].lower() for driver in params["drivers"]},
        database=connection_of(params["database"]),
        creates_schema=params["creates_schema"],
        schema_exists=SCHEMA_EXISTS[params["schema_exists"]],
        reports=connection_of(params["reports"]),
        external_kafka=tuple((broker["name"], broker["fqdn"], broker["address"]) for broker in params["external_kafka"]),
        call_forbidden=params["call_forbidden"],
        mode=params["mode"] or "",
        installed_mode=params["installed_mode"] or "",
        non_telephony=params["non_telephony"],
        agent_memory_gb=params["agent_memory_gb"],
        servers=tuple(params["servers"]),
        server=pom_identity.identity_of(params["server"], params["identity_changing"] or ""),
    )


def one_off_of(params: dict[str, Any]) -> pom_server.OneOff | None:
    asked = params["one_off"]
    if not asked:
        return None
    lists, fonts = tuple(asked["lists"]), tuple(asked["fonts"])
    return pom_server.OneOff(asked["name"], asked["conversion_seen"], asked["attribute"], lists, fonts, asked["events"])


def look(params: dict[str, Any], observer: Observer, desired: pom_server.Desired) -> pom_server.Observed:
    """Everything that is there. Where POM is not installed, its own files are not looked for."""
    units = observer.units()
    identity = observer.read(params["identity_certificate"]) if params["identity_certificate"] else None
    schema, problem = pom_server.UNKNOWN, ""
    if desired.is_primary and desired.database is not None:
        schema, problem = observer.schema(desired.database, params["database_password"] or "", params["ca_certificate"] or "")
    observed = pom_server.Observed(
        ep_home=observer.has_experience_portal(),
        units=units.states,
        job_running=units.job_running,
        standalone=units.standalone,
        installation=observer.installation(units.states),
        installer_succeeded=observer.installer_succeeded(),
        addresses=observer.addresses() if desired.certificate_generated else (),
        boot_id=observer.boot_id(),
        free_mb=observer.free_mb(),
        markers=observer.markers(),
        identity=pom_server.certificate_fingerprint(identity) if identity else "",
        drivers=observer.drivers(params["driver_home"], {driver["engine"]: driver["name"] for driver in params["drivers"]}),
        available_mb=observer.available_mb(),
        schema=schema,
        schema_problem=problem,
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
    one_off = one_off_of(params)
    events, events_problem = single_events(params, observer, desired, one_off)
    return replace(
        observed,
        agent_memory_mb=observer.agent_memory_mb(),
        conversion_log=observer.has_conversion_log(),
        conversion_led=observer.has_led_conversion(),
        conversion_program=observer.conversion_program(),
        event_settings=event_settings(params, observer, desired, one_off),
        events=events,
        events_problem=events_problem,
        fonts=observer.fonts(one_off.fonts) if one_off else {},
        keystore=store(observer, layout.keystore, params["keystore_password"], "certificates_keystore_password"),
        truststore=store(observer, layout.truststore, params["truststore_password"], "certificates_truststore_password"),
        database=parse_database(text.decode("utf-8", "replace")) if text else None,
        database_readable=text is None,
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
        former_name=former_name(params["server"], observer),
    )


def former_name(server: dict[str, Any], observer: Observer) -> str:
    """A name or address that the server had before, where POM's own configuration still holds it."""
    if not server.get("former"):
        return ""
    identities = Identities.of(server["former"], [server["name"], server["fqdn"], server["address"]])
    return identities.in_text("\n".join(observer.text(path) for path in observer.layout.identity_files))


def event_settings(
    params: dict[str, Any], observer: Observer, desired: pom_server.Desired, one_off: pom_server.OneOff | None
) -> pom_server.Table:
    if one_off is None or one_off.name != "event_settings" or desired.database is None:
        return pom_server.Table()
    until = time.monotonic() + params["one_off"]["wait_seconds"]
    while True:
        found = observer.event_settings(desired.database, params["database_password"] or "", params["ca_certificate"] or "")
        is_written = found.rows and found.digest != params["one_off"]["digest_before"]
        if is_written or found.problem or time.monotonic() >= until:
            return found
        time.sleep(SECONDS_BETWEEN_LOOKS)


def single_events(
    params: dict[str, Any], observer: Observer, desired: pom_server.Desired, one_off: pom_server.OneOff | None
) -> tuple[dict[str, str], str]:
    if one_off is None or not one_off.events or desired.database is None:
        return {}, ""
    return observer.events(
        desired.database, params["database_password"] or "", params["ca_certificate"] or "", sorted(one_off.events)
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
    one_off = one_off_of(params)
    if params["state"] and not one_off:
        host = host_state.Host(run=execute)
        host.recall(host_state.DIGESTS_PATH)
        planned = host.plan(params["state"])
        changes, (_drift, units) = [change.public() for change in planned], host.drift(params["state"], planned)
        observed = replace(observed, state_changes=tuple(changes))
    to_do = pom_one_off.plan(observed, desired, one_off) if one_off else pom_server.plan(observed, desired)
    if to_do.refusals and params["refuse"]:
        raise pom_server.PomServerError("Nothing is changed: " + "; ".join(to_do.refusals))
    return pom_server.answer(observed, to_do, params["home"], units, changes)


def argument_spec() -> dict[str, Any]:
    secret = {"type": "str", "no_log": True}
    return {
        "home": {"type": "path", "required": True},
        "kind": {"type": "str", "choices": ["primary", "auxiliary"], "required": True},
        "overwrite": {"type": "bool", "default": False},
        "stop_standalone": {"type": "bool", "default": False},
        "minimum_disk_mb": {"type": "int", "default": 0},
        "certificate_imported": {"type": "bool", "default": True},
        "certificate_generated": {"type": "bool", "default": False},
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
        "schema_exists": {"type": "str", "choices": list(SCHEMA_EXISTS), "default": ""},
        "reports": {"type": "dict", "default": {}},
        "reports_password": secret,
        "external_kafka": {"type": "list", "elements": "dict", "default": []},
        "call_forbidden": {"type": "bool", "default": False},
        "expected_services": {"type": "list", "elements": "dict", "default": []},
        "mode": {"type": "str"},
        "installed_mode": {"type": "str"},
        "non_telephony": {"type": "bool", "default": False},
        "agent_memory_gb": {"type": "int", "default": 0},
        "servers": {"type": "list", "elements": "str", "default": []},
        "one_off": {
            "type": "dict",
            "options": {
                "name": {"type": "str", "choices": sorted(pom_one_off.CHANGES), "required": True},
                "conversion_seen": {"type": "bool", "default": False},
                "wait_seconds": {"type": "int", "default": 0},
                "digest_before": {"type": "str", "default": ""},
                "attribute": {"type": "str", "default": ""},
                "lists": {"type": "list", "elements": "str", "default": []},
                "fonts": {"type": "list", "elements": "path", "default": []},
                "events": {"type": "dict", "default": {}},
            },
        },
        "state": {"type": "dict", "default": {}},
        "server": {"type": "dict", "default": {}},
        "identity_changing": {"type": "str", "default": ""},
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
