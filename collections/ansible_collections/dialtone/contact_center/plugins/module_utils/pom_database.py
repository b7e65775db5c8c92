# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The POM database on a PostgreSQL server: what is there, what should be, and the plan between the two.

`plan` is pure and the only place that decides what changes. It holds no secret: a verifier of the password is made when the plan
is carried out.
"""
from __future__ import annotations

import difflib
import ipaddress
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.module_utils import blocks
from ansible_collections.dialtone.contact_center.plugins.module_utils.postgresql import (
    NOT_SHOWN,
    QUIET_SESSION,
    HbaRule,
    Parameter,
    PostgresqlError,
    Psql,
    Value,
    alter_system,
    elements,
    hba_line,
    identifier,
    literal,
    readable,
    render,
    verifies,
)

BLOCK = "POM DATABASE"
OLDEST_VERSION = 12  # ssl_min_protocol_version is from 12 on
PRELOADED_EXTENSIONS = ("pg_stat_statements",)
TLS_FILES = ("ssl_cert_file", "ssl_key_file", "ssl_ca_file")
VERIFIER = "dialtone_verifier"
ENGLISH = "SET lc_messages = 'C';"
PENDING_RESTART = "setting could not be applied"  # not an error: the server says so of a value that waits for a restart


@dataclass(frozen=True)
class Client:
    name: str
    address: str


@dataclass(frozen=True)
class Desired:
    database: str
    user: str
    password: str | None = None
    password_encryption: str = "scram-sha-256"
    parameters: Mapping[str, Value] = field(default_factory=dict)
    extensions: tuple[str, ...] = ()
    memberships: tuple[str, ...] = ()
    clients: tuple[Client, ...] = ()
    allow_any_address: bool = False
    own_access: bool = True  # false: pg_hba.conf is its administrator's, and any lines that let the POM servers in will do


@dataclass(frozen=True)
class Role:
    verifier: str | None = None
    login: bool = True
    superuser: bool = False


@dataclass(frozen=True)
class Database:
    owner: str
    encoding: str
    create: bool = True
    create_in_public: bool | None = True
    extensions: tuple[str, ...] = ()


@dataclass(frozen=True)
class FileError:
    file: str
    line: int
    message: str


@dataclass(frozen=True)
class Observation:
    """The server as it was asked. `state` is running, stopped or absent; where it does not run, nothing else is known."""

    state: str
    version: str = ""
    version_number: int = 0
    in_recovery: bool = False
    data_directory: str = ""
    tls: bool = False
    hba_file: str = ""
    hba_text: str = ""
    hba_rules: tuple[HbaRule, ...] = ()
    files_are_loaded: bool = True
    role: Role | None = None
    memberships: tuple[str, ...] = ()
    database: Database | None = None
    available_extensions: tuple[str, ...] = ()
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    parameter_names: tuple[str, ...] = ()
    file_errors: tuple[FileError, ...] = ()
    sessions: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Change:
    """One thing that has to change. `statements` do it; `needs` is what makes it effective: nothing, reload or restart."""

    item: str
    before: str
    after: str
    needs: str = ""
    statements: tuple[str, ...] = ()
    in_database: bool = False

    def as_dict(self) -> dict[str, str]:
        return {"item": self.item, "before": self.before, "after": self.after, "needs": self.needs}


@dataclass(frozen=True)
class Plan:
    changes: tuple[Change, ...]
    restart_needed: tuple[Mapping[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    hba_text: str = ""


# --- observe ---------------------------------------------------------------------------------------------------------


def observation_script(desired: Desired) -> list[str]:
    """One psql call: a line of JSON about the server, and a second one about the database where it exists."""
    user, database = literal(desired.user), literal(desired.database)
    names = ", ".join(literal(name) for name in wanted_parameters(desired)) or "NULL"
    memberships = ", ".join(literal(name) for name in desired.memberships) or "NULL"
    extensions = ", ".join(literal(name) for name in desired.extensions) or "NULL"
    server = f"""SELECT jsonb_build_object(
 'version', current_setting('server_version'), 'version_number', current_setting('server_version_num')::int,
 'in_recovery', pg_is_in_recovery(), 'data_directory', current_setting('data_directory'), 'hba_file', current_setting('hba_file'),
 'tls', current_setting('ssl')::bool,
 'loaded_at', extract(epoch FROM pg_conf_load_time()),
 'names', (SELECT jsonb_agg(name) FROM pg_settings),
 'parameters', (SELECT jsonb_agg(jsonb_build_object('name', name, 'running', setting, 'vartype', vartype, 'unit', unit,
   'context', context, 'source', source)) FROM pg_settings WHERE name IN ({names})),
 'written', (SELECT jsonb_object_agg(name, setting ORDER BY seqno) FROM pg_file_settings
   WHERE name IN ({names}) AND sourcefile = current_setting('data_directory') || '/postgresql.auto.conf'),
 'file_errors', (SELECT jsonb_agg(jsonb_build_object('file', sourcefile, 'line', sourceline, 'message', error))
   FROM pg_file_settings WHERE error IS NOT NULL AND error <> {literal(PENDING_RESTART)}),
 'hba_rules', (SELECT jsonb_agg(jsonb_build_object('line', line_number, 'kind', type, 'databases', database, 'users', user_name,
   'address', address, 'netmask', netmask, 'method', auth_method, 'error', error) ORDER BY line_number) FROM pg_hba_file_rules),
 'role', (SELECT jsonb_build_object('verifier', rolpassword, 'login', rolcanlogin, 'superuser', rolsuper)
   FROM pg_authid WHERE rolname = {user}),
 'memberships', (SELECT jsonb_agg(r.rolname) FROM pg_roles r, pg_roles u
   WHERE r.rolname IN ({memberships}) AND u.rolname = {user} AND pg_has_role(u.oid, r.oid, 'member')),
 'database', (SELECT jsonb_build_object('owner', pg_get_userbyid(datdba), 'encoding', pg_encoding_to_char(encoding),
   'create', (SELECT has_database_privilege(u.oid, d.oid, 'CREATE') FROM pg_roles u WHERE u.rolname = {user}))
   FROM pg_database d WHERE datname = {database}),
 'available_extensions', (SELECT jsonb_agg(name) FROM pg_available_extensions WHERE name IN ({extensions})),
 'sessions', (SELECT jsonb_agg(jsonb_build_object('address', host(client_addr), 'user', usename, 'application', application_name))
   FROM pg_stat_activity WHERE datname = {database} AND client_addr IS NOT NULL));"""
    inside = f"""SELECT jsonb_build_object('extensions', (SELECT jsonb_agg(extname) FROM pg_extension),
 'create_in_public', (SELECT has_schema_privilege(u.oid, n.oid, 'CREATE') FROM pg_roles u, pg_namespace n
   WHERE u.rolname = {user} AND n.nspname = 'public'));"""
    return [
        ENGLISH,
        server,
        f"SELECT EXISTS (SELECT FROM pg_database WHERE datname = {database} AND datallowconn) AS database_exists \\gset",
        "\\if :database_exists",
        f"\\connect {identifier(desired.database)}",
        inside,
        "\\endif",
    ]


def parse_observation(output: str) -> Observation:
    """What the two lines of JSON say; the file pg_hba.conf itself is read by `observe`."""
    answers = [json.loads(line) for line in output.splitlines() if line.strip()]
    if not answers:
        raise PostgresqlError("psql ended well and answered nothing; run it by hand with the same options to see why")
    server = answers[0]
    inside = answers[1] if len(answers) > 1 else {}
    written = server["written"] or {}
    database = server["database"]
    return Observation(
        state="running",
        version=server["version"],
        version_number=server["version_number"],
        in_recovery=server["in_recovery"],
        data_directory=server["data_directory"],
        tls=server["tls"],
        hba_file=server["hba_file"],
        hba_rules=tuple(
            HbaRule(
                line=rule["line"],
                kind=rule["kind"] or "",
                databases=tuple(rule["databases"] or ()),
                users=tuple(rule["users"] or ()),
                address=rule["address"],
                netmask=rule["netmask"],
                method=rule["method"] or "",
                error=rule["error"],
            )
            for rule in server["hba_rules"] or ()
        ),
        role=Role(**server["role"]) if server["role"] else None,
        memberships=tuple(server["memberships"] or ()),
        database=Database(
            owner=database["owner"],
            encoding=database["encoding"],
            create=bool(database["create"]),
            create_in_public=inside.get("create_in_public"),
            extensions=tuple(inside.get("extensions") or ()),
        )
        if database
        else None,
        available_extensions=tuple(server["available_extensions"] or ()),
        parameters={
            parameter["name"]: Parameter(written=written.get(parameter["name"]), **parameter)
            for parameter in server["parameters"] or ()
        },
        parameter_names=tuple(sorted(server["names"] or ())),
        file_errors=tuple(FileError(**error) for error in server["file_errors"] or ()),
        sessions=tuple(server["sessions"] or ()),
    )


def observe(psql: Psql, desired: Desired) -> Observation:
    """Asks a running server once, and reads its pg_hba.conf."""
    output = psql.run(observation_script(desired))
    observed = parse_observation(output)
    loaded_at = float(json.loads(output.splitlines()[0])["loaded_at"])
    try:
        with open(observed.hba_file, encoding="utf-8", errors="surrogateescape") as stream:
            text = stream.read()
    except OSError as error:
        raise PostgresqlError(f"the server's hba_file cannot be read: {error}") from error
    files = [observed.hba_file] + [os.path.join(observed.data_directory, path) for path in tls_files(desired.parameters).values()]
    changed_at = [os.stat(path).st_ctime for path in files if os.path.exists(path)]
    return replace(observed, hba_text=text, files_are_loaded=max(changed_at) <= loaded_at)


def tls_files(parameters: Mapping[str, Value]) -> dict[str, str]:
    """The files of the desired parameters that the server reads again only when it is told to."""
    return {name: str(parameters[name]) for name in TLS_FILES if parameters.get(name)}


# --- plan ------------------------------------------------------------------------------------------------------------


def wanted_parameters(desired: Desired) -> dict[str, Value]:
    """The desired parameters, with shared_preload_libraries where an extension needs it.

    Without any parameter the server's configuration is not ours, and neither is this one.
    """
    parameters = dict(desired.parameters)
    preloaded = [name for name in PRELOADED_EXTENSIONS if name in desired.extensions]
    if preloaded and desired.parameters:
        parameters["shared_preload_libraries"] = list(
            dict.fromkeys([*elements(parameters.get("shared_preload_libraries", [])), *preloaded])
        )
    return parameters


def plan(observed: Observation, desired: Desired) -> Plan:
    """What has to change. Refusals stand in the way of any change; warnings do not."""
    refusals = _refusals(observed, desired)
    if refusals:
        return Plan((), refusals=tuple(refusals))
    parameters, restart = _plan_parameters(observed, desired)
    hba_text, access = _plan_access(observed, desired)
    changes = [*_plan_role(observed, desired), *_plan_database(observed, desired), *parameters, *access]
    if _has_unloaded(observed, desired) and not any(change.needs for change in changes):
        changes.append(Change("configuration", "written, not loaded", "loaded", needs="reload"))
    return Plan(tuple(changes), tuple(restart), tuple(_warnings(observed, desired)), (), hba_text)


def _plan_role(observed: Observation, desired: Desired) -> list[Change]:
    role, name = observed.role, identifier(desired.user)
    password_after = f"{NOT_SHOWN} ({desired.password_encryption})"
    changes = []
    if role is None:
        password, after = "", "login role"
        if desired.password is not None:
            password, after = f" PASSWORD :'{VERIFIER}'", f"login role, password {password_after}"
        statement = f"CREATE ROLE {name} LOGIN{password};"
        changes.append(Change(f"role {desired.user}", "absent", after, statements=(statement,)))
    if role is not None and not role.login:
        statement = f"ALTER ROLE {name} LOGIN;"
        changes.append(Change(f"role {desired.user}", "may not log in", "login role", statements=(statement,)))
    if role is not None and not _has_password(role, desired):
        item, before = f"password of role {desired.user}", "another, or in another scheme"
        statement = f"ALTER ROLE {name} PASSWORD :'{VERIFIER}';"
        changes.append(Change(item, before, password_after, statements=(statement,)))
    for membership in desired.memberships:
        if membership not in observed.memberships:
            statement = f"GRANT {identifier(membership)} TO {name};"
            changes.append(Change(f"role {membership} of {desired.user}", "not granted", "granted", statements=(statement,)))
    return changes


def _has_password(role: Role, desired: Desired) -> bool:
    return desired.password is None or verifies(role.verifier, desired.password, desired.user, desired.password_encryption)


def _plan_database(observed: Observation, desired: Desired) -> list[Change]:
    database, name, user = observed.database, identifier(desired.database), identifier(desired.user)
    changes = []
    if database is None:
        # A template other than template0 might hold another site's objects or another encoding.
        statement = f"CREATE DATABASE {name} OWNER {user} ENCODING 'UTF8' TEMPLATE template0;"
        after = f"UTF8, owned by {desired.user}"
        changes.append(Change(f"database {desired.database}", "absent", after, statements=(statement,)))
    if database is not None and not database.create:
        item, statement = f"privilege CREATE on database {desired.database}", f"GRANT CREATE ON DATABASE {name} TO {user};"
        changes.append(Change(item, "not granted", "granted", statements=(statement,)))
    # Since PostgreSQL 15 nobody but the owner of a database may make tables in its schema public.
    if database is not None and database.create_in_public is not True and database.owner != desired.user:
        item, statement = f"privilege CREATE on schema public of {desired.database}", f"GRANT CREATE ON SCHEMA public TO {user};"
        changes.append(Change(item, "not granted", "granted", statements=(statement,), in_database=True))
    for extension in desired.extensions:
        if database is None or extension not in database.extensions:
            item, statement = f"extension {extension} in {desired.database}", f"CREATE EXTENSION {identifier(extension)};"
            changes.append(Change(item, "absent", "present", statements=(statement,), in_database=True))
    return changes


def _plan_parameters(observed: Observation, desired: Desired) -> tuple[list[Change], list[dict[str, str]]]:
    """Each parameter is written by ALTER SYSTEM, also where the default is the same: it then does not move with a version."""
    changes, restart = [], []
    for name, value in sorted(wanted_parameters(desired).items()):
        known = observed.parameters.get(name)
        wanted = _with_kept_libraries(value, known) if name == "shared_preload_libraries" else value
        if known is None:
            changes.append(Change(f"parameter {name}", "not known yet", render(wanted), "restart", (alter_system(name, wanted),)))
            continue
        running = readable(known.running, known.unit)
        needs = "restart" if known.context == "postmaster" and not known.is_running(wanted) else "reload"
        if needs == "restart":
            restart.append({"parameter": name, "running": running, "configured": render(wanted)})
        if not known.is_written(wanted):
            before = known.written if known.written is not None else f"not written, running with {running or 'none'}"
            changes.append(Change(f"parameter {name}", before, render(wanted), needs, (alter_system(name, wanted),)))
    return changes, restart


def _with_kept_libraries(value: Value, known: Parameter | None) -> Value:
    """The libraries that are loaded or written already stay, in their order."""
    if known is None:
        return value
    written = elements(known.written) if known.written is not None else elements(known.running)
    return list(dict.fromkeys([*written, *elements(value)]))


def _plan_access(observed: Observation, desired: Desired) -> tuple[str, list[Change]]:
    before = observed.hba_text
    if not desired.own_access:
        return before, [
            Change(f"pg_hba.conf: {client.name} at {client.address}", "not let in", "let in", needs="reload")
            for client in locked_out(observed, desired)
        ]
    # The first line that fits a connection decides, so ours stand before all others.
    try:
        after = blocks.merge(before, BLOCK, "\n".join(access_lines(desired)), position="start")
    except blocks.BlockError as error:
        raise PostgresqlError(f"{observed.hba_file or 'pg_hba.conf'}: {error}") from error
    if after == before:
        return after, []
    item = f"pg_hba.conf: {desired.database} as {desired.user}"
    allowed = ", ".join(f"{client.name} {client.address}" for client in desired.clients) or "nobody"
    return after, [Change(item, "other addresses, or none", f"over TLS from {allowed}", needs="reload")]


def access_lines(desired: Desired, kind: str = "hostssl") -> list[str]:
    """One line for each POM server, in the order of their addresses."""
    lines = {
        ipaddress.ip_address(client.address): hba_line(
            desired.database, desired.user, client.address, desired.password_encryption, kind
        )
        for client in desired.clients
    }
    return [lines[address] for address in sorted(lines, key=lambda address: (address.version, int(address)))]


def locked_out(observed: Observation, desired: Desired) -> list[Client]:
    """The POM servers that no line of pg_hba.conf lets in; the first line that fits decides."""
    kinds = ("host", "hostssl") if observed.tls else ("host", "hostnossl")
    found = []
    for client in desired.clients:
        for rule in observed.hba_rules:
            if rule.kind in kinds and rule.concerns(desired.database, desired.user) and rule.covers(client.address):
                if rule.method == "reject":
                    found.append(client)
                break
        else:
            found.append(client)
    return found


def _own_lines(observed: Observation) -> range:
    begin, end = blocks.markers(BLOCK)
    lines = [line.strip() for line in observed.hba_text.splitlines()]
    if begin in lines and end in lines:
        return range(lines.index(begin) + 1, lines.index(end) + 2)
    return range(0)


def _other_access(observed: Observation, desired: Desired) -> list[HbaRule]:
    """Lines of others that let more than the POM servers and this host itself reach the POM database as POM's user."""
    own = _own_lines(observed)
    addresses = {client.address for client in desired.clients}
    found = []
    for rule in observed.hba_rules:
        if rule.line in own or not rule.concerns(desired.database, desired.user):
            continue
        if rule.method == "reject":
            if rule.is_for_everyone() and rule.kind == "host":
                break
            continue
        network = rule.network()
        is_client = network is not None and network.num_addresses == 1 and str(network.network_address) in addresses
        if not rule.is_for_this_host() and not is_client:
            found.append(rule)
    return found


def _has_unloaded(observed: Observation, desired: Desired) -> bool:
    """Whether an earlier run, or a person, wrote something and never told the server."""
    return observed.state == "running" and (
        not observed.files_are_loaded
        or any(
            known.context != "postmaster" and known.is_written(value) and not known.is_running(value)
            for name, value in wanted_parameters(desired).items()
            for known in [observed.parameters.get(name)]
            if known is not None
        )
    )


def _warnings(observed: Observation, desired: Desired) -> list[str]:
    warnings = []
    if observed.role and observed.role.superuser:
        warnings.append(
            f"role {desired.user} is a superuser; POM needs no full administrator's right (POM-DB-03). "
            f"To take it away: ALTER ROLE {identifier(desired.user)} NOSUPERUSER"
        )
    for rule in _other_access(observed, desired):
        without_tls = "" if rule.kind == "hostssl" else ", also without TLS"
        warnings.append(
            f"{observed.hba_file} {rule.describe()} is not Dialtone's and lets others than the POM servers reach "
            f"{desired.database} as {desired.user}{without_tls} (POM-DB-10): narrow it or remove it"
        )
    return warnings


def _refusals(observed: Observation, desired: Desired) -> list[str]:
    if observed.state != "running":
        return []
    if observed.version_number < OLDEST_VERSION * 10000:
        return [
            f"the server is PostgreSQL {observed.version}; {OLDEST_VERSION} or newer is needed, because older ones cannot limit "
            "the version of TLS. Install a newer one, from a newer stream of the module postgresql where the system has such"
        ]
    if observed.in_recovery:
        return ["the server is a standby and takes no changes: run this on the primary server of the database"]
    return [
        *_broken_files(observed),
        *_open_doors(observed, desired),
        *_missing_extensions(observed, desired),
        *_impossible_parameters(observed, desired),
    ]


def _broken_files(observed: Observation) -> list[str]:
    consequence = "The server does not load its configuration until this is repaired"
    files = [f"{error.file} line {error.line}: {error.message}. {consequence}" for error in observed.file_errors]
    rules = [
        f"{observed.hba_file} line {rule.line}: {rule.error}. {consequence}"
        for rule in observed.hba_rules
        if rule.error and rule.line not in _own_lines(observed)
    ]
    return files + rules


def _open_doors(observed: Observation, desired: Desired) -> list[str]:
    if desired.allow_any_address:
        return []
    return [
        f"{observed.hba_file} {rule.describe()} lets any address reach {desired.database} as {desired.user} (POM-DB-10). "
        "Remove that line, or set pom_database_allow_any_address: true to keep it"
        for rule in _other_access(observed, desired)
        if rule.is_for_everyone()
    ]


def _missing_extensions(observed: Observation, desired: Desired) -> list[str]:
    present = observed.database.extensions if observed.database else ()
    return [
        f"extension {extension} is not installed on the server (POM-DB-09): install the contrib package of this PostgreSQL"
        for extension in desired.extensions
        if extension not in present and extension not in observed.available_extensions
    ]


def _impossible_parameters(observed: Observation, desired: Desired) -> list[str]:
    found = []
    for name, value in wanted_parameters(desired).items():
        known = observed.parameters.get(name)
        if known is None:
            found.append(_unknown_parameter(name, observed))
        elif known.source == "command line" and not known.is_running(value):
            found.append(
                f"parameter {name} is {readable(known.running, known.unit)} on the command line that starts the server, "
                "which wins over ALTER SYSTEM: remove it there, or declare that value"
            )
    return found


def _unknown_parameter(name: str, observed: Observation) -> str:
    near = difflib.get_close_matches(name, observed.parameter_names, 1)
    if near:
        advice = f"did you mean {near[0]}?"
    elif "." in name:
        advice = "it may belong to a library that is not loaded: set shared_preload_libraries alone first"
    else:
        advice = "remove it"
    return f"{name} is no parameter of PostgreSQL {observed.version}: {advice} (pom_database_parameters_override)"


# --- act -------------------------------------------------------------------------------------------------------------


def change_script(changes: Sequence[Change], desired: Desired, verifier: str | None) -> tuple[list[str], list[str]]:
    """The psql script of a plan and, for each of its lines, what the line is for."""
    lines = [*QUIET_SESSION]
    if verifier is not None:
        lines.append(f"\\set {VERIFIER} '{verifier}'")
    doing = ["open the session"] * len(lines)
    inside = [change for change in changes if change.in_database]
    for change in [change for change in changes if not change.in_database]:
        lines += change.statements
        doing += [f"change {change.item}"] * len(change.statements)
    if inside:
        opening = [f"\\connect {identifier(desired.database)}", *QUIET_SESSION]
        lines += opening
        doing += [f"connect to database {desired.database}"] * len(opening)
    for change in inside:
        lines += change.statements
        doing += [f"change {change.item}"] * len(change.statements)
    return lines, doing


def hba_errors(psql: Psql) -> list[str]:
    """What the server finds wrong in pg_hba.conf as it stands on disk now."""
    query = "SELECT line_number || ': ' || error FROM pg_hba_file_rules WHERE error IS NOT NULL;"
    return psql.run([*QUIET_SESSION, query]).splitlines()


def reload_configuration(psql: Psql) -> None:
    psql.run([*QUIET_SESSION, "SELECT pg_reload_conf() \\gset"])


# --- words -----------------------------------------------------------------------------------------------------------


def administrator_text(to_do: Plan, observed: Observation, desired: Desired) -> str:
    """What the administrator of the database has to do by hand, ready to be pasted."""
    outside = [statement for change in to_do.changes if not change.in_database for statement in change.statements]
    inside = [statement for change in to_do.changes if change.in_database for statement in change.statements]
    statements = outside + ([f"\\connect {identifier(desired.database)}", *inside] if inside else [])
    missing = replace(desired, clients=tuple(locked_out(observed, desired)))
    parts = []
    if statements:
        shown = [statement.replace(f":'{VERIFIER}'", "'<the value of pom_database_password>'") for statement in statements]
        parts += ["As the superuser, in psql:", *shown]
    if missing.clients:
        lines = access_lines(missing, "hostssl" if observed.tls else "host")
        parts += [f"In {observed.hba_file}, before all other lines:", *lines]
        parts += ["Then, as the superuser, in psql:", "SELECT pg_reload_conf();"]
    return "\n".join(part if part.endswith(":") else f"  {part}" for part in parts)


def difference(to_do: Plan, observed: Observation) -> list[dict[str, str]]:
    """The plan as a diff: one line a change, and pg_hba.conf as a file of its own."""
    found = []
    lines = [change for change in to_do.changes if not change.item.startswith("pg_hba.conf")]
    if lines:
        found.append(
            {
                "before_header": "POM database (now)",
                "after_header": "POM database (planned)",
                "before": "".join(f"{change.item}: {change.before}\n" for change in lines),
                "after": "".join(f"{change.item}: {change.after}\n" for change in lines),
            }
        )
    if to_do.hba_text != observed.hba_text:
        path = observed.hba_file or "pg_hba.conf"
        found.append({"before_header": path, "after_header": path, "before": observed.hba_text, "after": to_do.hba_text})
    return found
