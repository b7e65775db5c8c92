#!/usr/bin/python

# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: pom_database
short_description: The POM database on a PostgreSQL server
version_added: 0.1.0
description:
  - Keeps what POM needs on a PostgreSQL server - the role and its password, the database, privileges, extensions, parameters,
    and the lines of C(pg_hba.conf) that let exactly the POM servers in, over TLS. Works as the superuser over the local socket.
  - Asks the server once, plans, acts, and asks again. Fails where the server is then not as desired, whatever C(psql) said.
  - Never restarts the server. Parameters that wait for a restart are returned in RV(restart_needed).
  - The password reaches neither the server, nor its log, nor an argument list.
    The server is given a verifier that is computed on the host.
  - In check mode a host without PostgreSQL passes, and everything that a run would do is foretold.
options:
  name:
    description: Name of the database (POM-DB-02).
    type: str
    required: true
  user:
    description:
      - Role that POM logs in with (POM-DB-03, POM-DB-04).
      - It gets CREATE on the database (POM-DB-07) and no more than it needs.
    type: str
    required: true
  password:
    description: Password of the role. Without it, the password is not looked at.
    type: str
  password_encryption:
    description: Scheme of the verifier that the server keeps, and method of the lines in C(pg_hba.conf) (T-023).
    type: str
    choices: [scram-sha-256, md5]
    default: scram-sha-256
  parameters:
    description:
      - Parameters of the server (POM-DB-21, POM-DB-22) in the notation of C(postgresql.conf).
        V(6GB) and V(786432) units of 8 kB are the same.
      - Written by C(ALTER SYSTEM). C(shared_preload_libraries) keeps the libraries that are there.
    type: dict
    default: {}
  extensions:
    description:
      - Extensions in the database (POM-DB-09).
      - What they need in C(shared_preload_libraries) is added where O(parameters) is not empty.
    type: list
    elements: str
    default: [pg_stat_statements]
  memberships:
    description: Roles that are granted to O(user) (POM-DB-08).
    type: list
    elements: str
    default: [pg_read_all_stats]
  clients:
    description:
      - The POM servers (POM-DB-10). Each gets one C(hostssl) line in C(pg_hba.conf), in a marked block before all other lines.
      - With O(on_mismatch=fail), any lines that let them in will do.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the host, for messages.
        type: str
        required: true
      address:
        description: Its IP address.
        type: str
        required: true
  allow_any_address:
    description: Accept a line of another owner that lets any address reach the database as O(user) (POM-DB-10).
    type: bool
    default: false
  on_mismatch:
    description:
      - What to do where the server is not as desired.
      - With V(fail), nothing is changed, and the message has what its administrator has to do.
    type: str
    choices: [repair, fail]
    default: repair
  data_directory:
    description:
      - Data directory of the server. Its C(postmaster.pid) tells the socket and port that the server listens on.
      - Without it, or where it holds no cluster, a server is looked for on O(socket_directory) and O(port).
    type: path
  binary_directory:
    description: Directory of C(psql). Without it, C(psql) is looked for in the path.
    type: path
  socket_directory:
    description: Directory of the server's local socket, where O(data_directory) does not tell.
    type: path
    default: /var/run/postgresql
  port:
    description: Port of the server, where O(data_directory) does not tell.
    type: int
    default: 5432
  superuser:
    description: Account and role of the server's superuser.
    type: str
    default: postgres
  wait_seconds:
    description: How long a server that is starting, or is loading its configuration, may take.
    type: int
    default: 15
attributes:
  check_mode:
    description: Whether the module foretells what it would do.
    support: full
  diff_mode:
    description: Whether the module shows what it changes. The password is never shown.
    support: full
seealso:
  - name: pg_hba.conf
    description: The file of client authentication.
    link: https://www.postgresql.org/docs/15/auth-pg-hba-conf.html
author:
  - Dialtone maintainers (@dialtone)
"""

EXAMPLES = r"""
- name: The POM database for two POM servers
  dialtone.contact_center.pom_database:
    name: pomdb
    user: pom
    password: "{{ pom_database_password }}"
    data_directory: /var/lib/pgsql/data
    parameters:
      shared_buffers: 6GB
      checkpoint_completion_target: 0.9
    clients:
      - {name: epm1, address: 192.0.2.11}
      - {name: epm2, address: 192.0.2.12}

- name: What the administrator of an existing server has to do
  dialtone.contact_center.pom_database:
    name: pomdb
    user: pom
    clients:
      - {name: epm1, address: 192.0.2.11}
    on_mismatch: fail
"""

RETURN = r"""
state:
  description: The server on this host, before anything was done - V(running), V(stopped) or V(absent).
  returned: always
  type: str
  sample: running
missing:
  description: What has to be installed before a server can run - V(package), V(cluster).
  returned: always
  type: list
  elements: str
  sample: []
changes:
  description: What was changed, or in check mode would be. C(needs) of an entry says what makes the change effective.
  returned: always
  type: list
  elements: dict
  sample:
    - {item: parameter shared_buffers, before: "not written, running with 128MB", after: 6GB, needs: restart}
restart_needed:
  description: Parameters that the server runs with another value of than is configured, until it is restarted.
  returned: always
  type: list
  elements: dict
  sample: [{parameter: shared_buffers, running: 128MB, configured: 6GB}]
sessions:
  description:
    - Who is connected to the database over the network.
    - Running POM services hold connections, wherever they run (POM-DB-13).
  returned: always
  type: list
  elements: dict
  sample: [{address: 192.0.2.11, user: pom, application: PostgreSQL JDBC Driver}]
advice:
  description: What is not as POM's documents advise, and is left as it is.
  returned: always
  type: list
  elements: str
  sample: []
server:
  description: Version, data directory and pg_hba.conf of the server.
  returned: when a server runs
  type: dict
  sample: {version: "15.8", data_directory: /var/lib/pgsql/data, hba_file: /var/lib/pgsql/data/pg_hba.conf}
backup_file:
  description: The former C(pg_hba.conf).
  returned: when it was changed
  type: str
  sample: /var/lib/pgsql/data/pg_hba.conf.4711.2026-11-21@12:00:00~
"""

import os
import pwd
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_database import (
    Client,
    Desired,
    Observation,
    Plan,
    administrator_text,
    change_script,
    difference,
    hba_errors,
    observe,
    plan,
    reload_configuration,
    tls_files,
)
from ansible_collections.dialtone.contact_center.plugins.module_utils.postgresql import (
    ENVIRONMENT,
    PostgresqlError,
    Psql,
    has_cluster,
    key_problem,
    postmaster,
    verifier,
)

PAUSE_SECONDS = 0.2


def attempts(seconds: float) -> Iterator[None]:
    """Yields at once, then with pauses until the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        yield
        if time.monotonic() > deadline:
            return
        time.sleep(PAUSE_SECONDS)


@dataclass(frozen=True)
class Installation:
    """PostgreSQL's programs and account on this host."""

    module: AnsibleModule
    psql: str
    account: pwd.struct_passwd

    def as_superuser(self) -> list[str]:
        return [] if os.geteuid() == self.account.pw_uid else ["runuser", "-u", self.account.pw_name, "--"]

    def connection(self, socket_directory: str, port: int) -> Psql:
        def run_command(argv: Sequence[str], data: str) -> tuple[int, str, str]:
            return self.module.run_command([*argv], data=data, cwd="/", environ_update=ENVIRONMENT)

        return Psql(run_command, (*self.as_superuser(), self.psql), self.account.pw_name, socket_directory, port)

    def tls_problems(self, parameters: dict[str, Any], data_directory: str) -> list[str]:
        """Why the server would not open its TLS files: it would tell only its log, and go on with the former ones."""
        problems = []
        for name, file in tls_files(parameters).items():
            path = os.path.join(data_directory, file)
            if self.module.run_command([*self.as_superuser(), "test", "-r", path], cwd="/")[0] != 0:
                problems.append(f"{name}: {path} cannot be read by {self.account.pw_name}")
            elif name == "ssl_key_file":
                problem = key_problem(os.stat(path), self.account.pw_uid)
                problems += [f"{name}: {path} {problem}"] if problem else []
        return problems


def find_installation(module: AnsibleModule) -> Installation | None:
    directory = module.params["binary_directory"]
    psql = os.path.join(directory, "psql") if directory else module.get_bin_path("psql")
    try:
        account = pwd.getpwnam(module.params["superuser"])
    except KeyError:
        return None
    return Installation(module, psql, account) if psql and os.access(psql, os.X_OK) else None


def find_server(installation: Installation, params: dict[str, Any]) -> tuple[str, Psql | None]:
    """The state of the server - running, stopped or absent - and the connection to one that runs."""
    data_directory = params["data_directory"] or ""
    if not has_cluster(data_directory):
        socket = os.path.join(params["socket_directory"], f".s.PGSQL.{params['port']}")
        if not os.path.exists(socket):
            return "absent", None
        return "running", installation.connection(params["socket_directory"], params["port"])
    for _attempt in attempts(params["wait_seconds"]):
        found = postmaster(data_directory)
        if found is None:
            return "stopped", None
        if found.is_ready:
            return "running", installation.connection(found.socket_directory or params["socket_directory"], found.port)
    raise PostgresqlError(
        f"the server in {data_directory} is not ready {params['wait_seconds']} seconds after it was found starting: "
        "look into its log, or raise wait_seconds"
    )


def desired_state(params: dict[str, Any]) -> Desired:
    return Desired(
        database=params["name"],
        user=params["user"],
        password=params["password"],
        password_encryption=params["password_encryption"],
        parameters=params["parameters"],
        extensions=tuple(params["extensions"]),
        memberships=tuple(params["memberships"]),
        clients=tuple(Client(client["name"], client["address"]) for client in params["clients"]),
        allow_any_address=params["allow_any_address"],
        own_access=params["on_mismatch"] == "repair",
    )


def check_server(psql: Psql, observed: Observation, params: dict[str, Any]) -> None:
    """Refuses a server that is not the one that was meant."""
    wanted, found = params["data_directory"], observed.data_directory
    if params["on_mismatch"] == "repair" and wanted and os.path.realpath(found) != os.path.realpath(wanted):
        raise PostgresqlError(
            f"a server with its data in {found} answers on port {psql.port}, and none has its data in {wanted}. "
            "Two servers cannot share the port: set pom_database_server_managed: false if that one is its administrator's, "
            "or stop and remove it"
        )


def apply(module: AnsibleModule, psql: Psql, to_do: Plan, observed: Observation, desired: Desired) -> str | None:
    """Carries out a plan; returns the backup of pg_hba.conf where it was changed."""
    new_verifier = None
    if desired.password is not None:
        new_verifier = verifier(desired.password, desired.user, desired.password_encryption)
    lines, doing = change_script(to_do.changes, desired, new_verifier)
    psql.run(lines, doing, [new_verifier] if new_verifier else [])
    if any(change.needs for change in to_do.changes):
        reload_configuration(psql)
    if to_do.hba_text == observed.hba_text:
        return None
    backup = module.backup_local(observed.hba_file)
    write(module, observed.hba_file, to_do.hba_text)
    # Lines of kind hostssl are wrong until the server has loaded that ssl is on, a moment after it was asked to.
    for _attempt in attempts(module.params["wait_seconds"]):
        errors = hba_errors(psql)
        if not errors:
            break
    else:
        write(module, observed.hba_file, observed.hba_text)
        raise PostgresqlError(f"{observed.hba_file} was put back, because the server refuses the new one: {'; '.join(errors)}")
    reload_configuration(psql)
    return backup


def write(module: AnsibleModule, path: str, text: str) -> None:
    temporary = os.path.join(module.tmpdir, os.path.basename(path))
    with open(temporary, "w", encoding="utf-8", errors="surrogateescape") as stream:
        stream.write(text)
    module.atomic_move(temporary, path)


def settle(psql: Psql, desired: Desired, wait_seconds: float) -> Plan:
    """Observes again until nothing is left to do: a reload takes effect a moment after it was asked for."""
    for _attempt in attempts(wait_seconds):
        observed = observe(psql, desired)
        left = plan(observed, desired)
        if not left.changes and not left.refusals:
            return left
    found = [*left.refusals, *(f"{change.item}: {change.before}, to be {change.after}" for change in left.changes)]
    raise PostgresqlError(
        f"the server took every statement, and {wait_seconds} seconds later is still not as desired: {'; '.join(found)}. "
        "Its log says why"
    )


def run(module: AnsibleModule) -> dict[str, Any]:
    params, desired = module.params, desired_state(module.params)
    foretelling = module.check_mode and desired.own_access
    installation = find_installation(module)
    state, psql = find_server(installation, params) if installation else ("absent", None)
    missing = ([] if installation else ["package"]) + ([] if state != "absent" else ["cluster"])
    result: dict[str, Any] = {"state": state, "missing": missing, "sessions": [], "restart_needed": [], "advice": []}

    if psql is None or installation is None:
        if state == "stopped":
            message = f"the server in {params['data_directory']} does not run"
            if not foretelling:
                raise PostgresqlError(f"{message}: start its unit, then run again")
            advice = f"{message}: what is in it can be told only when it does"
            return {**result, "changed": False, "changes": [], "advice": [advice]}
        if not foretelling:
            raise PostgresqlError(
                f"no PostgreSQL server was found: no cluster in {params['data_directory'] or '(no data_directory given)'}, "
                f"no socket for port {params['port']} in {params['socket_directory']}"
            )
        observed = Observation(state)
        to_do = plan(observed, desired)
        return {**result, **foretold(to_do, observed)}

    observed = observe(psql, desired)
    check_server(psql, observed, params)
    to_do = plan(observed, desired)
    if to_do.refusals:
        raise PostgresqlError(f"nothing was changed: {'; '.join(to_do.refusals)}")
    if to_do.changes and not desired.own_access:
        differences = "; ".join(f"{change.item}: {change.before}" for change in to_do.changes)
        raise PostgresqlError(
            f"PostgreSQL {observed.version} of {observed.data_directory} is not as POM needs it: {differences}. "
            f"Nothing was changed. For its administrator:\n{administrator_text(to_do, observed, desired)}"
        )
    result.update(foretold(to_do, observed))
    result["sessions"] = [dict(session) for session in observed.sessions]
    result["server"] = {name: getattr(observed, name) for name in ("version", "data_directory", "hba_file")}
    if to_do.changes or to_do.restart_needed:
        problems = installation.tls_problems(params["parameters"], observed.data_directory)
        if problems and not module.check_mode:
            raise PostgresqlError(f"nothing was changed: {'; '.join(problems)}. The role trust makes these files")
        result["advice"] += problems
    if to_do.changes and not module.check_mode:
        backup = apply(module, psql, to_do, observed, desired)
        left = settle(psql, desired, params["wait_seconds"])
        result["restart_needed"] = [dict(parameter) for parameter in left.restart_needed]
        result.update({"backup_file": backup} if backup else {})
    return result


def foretold(to_do: Plan, observed: Observation) -> dict[str, Any]:
    return {
        "changed": bool(to_do.changes),
        "changes": [change.as_dict() for change in to_do.changes],
        "restart_needed": [dict(parameter) for parameter in to_do.restart_needed],
        "advice": list(to_do.warnings),
        "diff": difference(to_do, observed),
    }


def argument_spec() -> dict[str, Any]:
    client = {"name": {"type": "str", "required": True}, "address": {"type": "str", "required": True}}
    return {
        "name": {"type": "str", "required": True},
        "user": {"type": "str", "required": True},
        "password": {"type": "str", "no_log": True},
        "password_encryption": {"type": "str", "choices": ["scram-sha-256", "md5"], "default": "scram-sha-256", "no_log": False},
        "parameters": {"type": "dict", "default": {}},
        "extensions": {"type": "list", "elements": "str", "default": ["pg_stat_statements"]},
        "memberships": {"type": "list", "elements": "str", "default": ["pg_read_all_stats"]},
        "clients": {"type": "list", "elements": "dict", "default": [], "options": client},
        "allow_any_address": {"type": "bool", "default": False},
        "on_mismatch": {"type": "str", "choices": ["repair", "fail"], "default": "repair"},
        "data_directory": {"type": "path"},
        "binary_directory": {"type": "path"},
        "socket_directory": {"type": "path", "default": "/var/run/postgresql"},
        "port": {"type": "int", "default": 5432},
        "superuser": {"type": "str", "default": "postgres"},
        "wait_seconds": {"type": "int", "default": 15},
    }


def main() -> None:
    module = AnsibleModule(argument_spec(), supports_check_mode=True)
    try:
        module.exit_json(**run(module))
    except PostgresqlError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
