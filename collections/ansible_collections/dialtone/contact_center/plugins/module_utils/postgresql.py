# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What PostgreSQL itself defines: quoting, units of parameters, password verifiers, pg_hba.conf lines, and psql."""
from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import os
import re
import stat
import stringprep
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Callable, Union

NOT_SHOWN = "(not shown)"

Value = Union[bool, int, float, str, list]


class PostgresqlError(Exception):
    """PostgreSQL cannot be asked, or cannot take what it was given. Says what, where, and what to do."""


# --- quoting ---------------------------------------------------------------------------------------------------------


def literal(text: str) -> str:
    """The text as a string constant of SQL, whatever standard_conforming_strings is."""
    if "\0" in text:
        raise PostgresqlError("a value with a NUL character cannot be given to PostgreSQL")
    quoted = "'" + text.replace("'", "''") + "'"
    return "E" + quoted.replace("\\", "\\\\") if "\\" in text else quoted


def identifier(name: str) -> str:
    """The name of a role, database or extension as SQL wants it; always quoted, so that its letters' case is kept."""
    if not name or "\0" in name:
        raise PostgresqlError("an empty name or one with a NUL character cannot be given to PostgreSQL")
    return '"' + name.replace('"', '""') + '"'


# --- values of parameters --------------------------------------------------------------------------------------------

_UNITS = {
    "memory": {"B": 1, "kB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4},
    "time": {"us": 1, "ms": 1000, "s": 1000**2, "min": 60 * 1000**2, "h": 3600 * 1000**2, "d": 86400 * 1000**2},
}
_NUMBER = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([A-Za-z]*)\s*")
_TRUE = {"on", "true", "yes", "1"}
_FALSE = {"off", "false", "no", "0"}

LIST_PARAMETERS = frozenset(
    [
        "listen_addresses",
        "local_preload_libraries",
        "session_preload_libraries",
        "shared_preload_libraries",
        "synchronous_standby_names",
        "unix_socket_directories",
    ]
)


def render(value: Value) -> str:
    """A value of an inventory in the notation of postgresql.conf."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, (list, tuple)):
        return ", ".join(render(element) for element in value)
    return str(value)


def elements(value: Value) -> tuple[str, ...]:
    """The elements of a list parameter, written as a list or in one string."""
    parts = value if isinstance(value, (list, tuple)) else str(value).split(",")
    return tuple(part for part in (str(part).strip().strip('"') for part in parts) if part)


def _unit_factor(unit: str) -> tuple[str, Fraction]:
    """The dimension of a unit of pg_settings ('8kB', 'min') and how many of the smallest unit it is."""
    found = re.fullmatch(r"(\d*)([A-Za-z]+)", unit)
    for dimension, units in _UNITS.items():
        if found and found.group(2) in units:
            return dimension, Fraction(int(found.group(1) or 1) * units[found.group(2)])
    raise PostgresqlError(f"PostgreSQL reports the unit {unit!r}, which is not known here")


def _number(text: str, unit: str | None) -> Fraction:
    found = _NUMBER.fullmatch(text)
    if not found:
        if re.fullmatch(r"\s*0[xX][0-9a-fA-F]+\s*", text):
            return Fraction(int(text, 16))
        raise PostgresqlError(f"{text!r} is not a number")
    digits, suffix = found.groups()
    if re.fullmatch(r"0[0-7]+", digits) and not suffix:
        return Fraction(int(digits, 8))
    number = Fraction(digits)
    if not suffix:
        return number
    if not unit:
        raise PostgresqlError(f"{text!r} has a unit, and this parameter has none")
    dimension, base = _unit_factor(unit)
    if suffix not in _UNITS[dimension]:
        known = ", ".join(_UNITS[dimension])
        raise PostgresqlError(f"{text!r}: the unit {suffix} is none of {known} (their case matters)")
    return number * _UNITS[dimension][suffix] / base


def normal(value: Value, vartype: str, unit: str | None = None, name: str = "") -> object:
    """A value in the form in which two notations of the same value are equal: '6GB' and 786432 units of 8kB."""
    if name in LIST_PARAMETERS:
        return elements(value)
    text = render(value)
    if vartype == "bool":
        word = text.strip().lower()
        if word not in _TRUE | _FALSE:
            raise PostgresqlError(f"{text!r} is neither on nor off")
        return word in _TRUE
    if vartype == "integer":
        return round(_number(text, unit))
    if vartype == "real":
        return float(f"{float(_number(text, unit)):.6g}")  # pg_settings shows six digits
    if vartype == "enum":
        return text.strip().lower()
    return text


def readable(setting: str, unit: str | None) -> str:
    """A setting of pg_settings with its unit, in the largest unit that divides it: ('786432', '8kB') is 6GB."""
    if not unit or not re.fullmatch(r"\d+", setting) or setting == "0":
        return setting
    dimension, base = _unit_factor(unit)
    amount = int(setting) * base
    for name, factor in sorted(_UNITS[dimension].items(), key=lambda item: item[1], reverse=True):
        if amount % factor == 0:
            return f"{amount // factor}{name}"
    return f"{setting} x {unit}"


@dataclass(frozen=True)
class Parameter:
    """A parameter as the server has it: what it runs with, and what ALTER SYSTEM has written."""

    name: str
    running: str
    vartype: str
    unit: str | None = None
    context: str = "user"
    source: str = "default"
    written: str | None = None

    def is_running(self, value: Value) -> bool:
        return self._equal(value, self.running)

    def is_written(self, value: Value) -> bool:
        return self.written is not None and self._equal(value, self.written)

    def _equal(self, wanted: Value, found: str) -> bool:
        try:
            return normal(wanted, self.vartype, self.unit, self.name) == normal(found, self.vartype, self.unit, self.name)
        except PostgresqlError as error:
            raise PostgresqlError(f"parameter {self.name}: {error}") from error


def alter_system(name: str, value: Value) -> str:
    """The statement that writes a parameter. A list is given element by element: one string would become one element."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?", name):
        raise PostgresqlError(f"{name!r} is no name of a PostgreSQL parameter")
    values = elements(value) if name in LIST_PARAMETERS else (render(value),)
    constants = ", ".join(literal(element) for element in values) or "''"
    return f"ALTER SYSTEM SET {name} = {constants};"


# --- passwords -------------------------------------------------------------------------------------------------------


def _saslprep(password: str) -> bytes:
    """The password as PostgreSQL prepares it for SCRAM (RFC 4013); one that the profile forbids is taken as it is."""
    mapped = "".join(
        " " if stringprep.in_table_c12(character) else character
        for character in password
        if not stringprep.in_table_b1(character)
    )
    prepared = unicodedata.normalize("NFKC", mapped)
    forbidden = (
        stringprep.in_table_a1,
        stringprep.in_table_c12,
        stringprep.in_table_c21_c22,
        stringprep.in_table_c3,
        stringprep.in_table_c4,
        stringprep.in_table_c5,
        stringprep.in_table_c6,
        stringprep.in_table_c7,
        stringprep.in_table_c8,
        stringprep.in_table_c9,
    )
    right_to_left = any(stringprep.in_table_d1(character) for character in prepared)
    mixed = right_to_left and (
        any(stringprep.in_table_d2(character) for character in prepared)
        or not stringprep.in_table_d1(prepared[0])
        or not stringprep.in_table_d1(prepared[-1])
    )
    if not prepared or mixed or any(table(character) for character in prepared for table in forbidden):
        return password.encode("utf-8")
    return prepared.encode("utf-8")


def scram_verifier(password: str, salt: bytes | None = None, iterations: int = 4096) -> str:
    """What PostgreSQL stores for the password (RFC 5803). The password itself never leaves this process."""
    salt = os.urandom(16) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", _saslprep(password), salt, iterations)
    client_key = hmac.new(salted, b"Client Key", hashlib.sha256).digest()
    server_key = hmac.new(salted, b"Server Key", hashlib.sha256).digest()
    parts = (salt, hashlib.sha256(client_key).digest(), server_key)
    salt_text, stored_key, server_key_text = (base64.b64encode(part).decode("ascii") for part in parts)
    return f"SCRAM-SHA-256${iterations}:{salt_text}${stored_key}:{server_key_text}"


def md5_verifier(password: str, user: str) -> str:
    return "md5" + hashlib.md5((password + user).encode("utf-8"), usedforsecurity=False).hexdigest()


def verifier(password: str, user: str, encryption: str) -> str:
    """A new verifier in the scheme that `password_encryption` names."""
    return md5_verifier(password, user) if encryption == "md5" else scram_verifier(password)


def verifies(stored: str | None, password: str, user: str, encryption: str) -> bool:
    """Whether a stored verifier is one of this password, in this scheme."""
    if not stored:
        return False
    if encryption == "md5":
        return hmac.compare_digest(stored, md5_verifier(password, user))
    found = re.fullmatch(r"SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/=]+)\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+", stored)
    if not found:
        return False
    expected = scram_verifier(password, base64.b64decode(found.group(2)), int(found.group(1)))
    return hmac.compare_digest(stored, expected)


# --- pg_hba.conf -----------------------------------------------------------------------------------------------------

_HBA_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
_HBA_WORDS = {"all", "replication", "samegroup", "samerole", "sameuser"}


def hba_name(name: str) -> str:
    """A database or role in pg_hba.conf: quoted where it would else be read as a keyword, a file or a group."""
    if _HBA_PLAIN.fullmatch(name) and name.lower() not in _HBA_WORDS:
        return name
    return '"' + name.replace('"', '""') + '"'


def hba_line(database: str, user: str, address: str, method: str, kind: str = "hostssl") -> str:
    """The line that lets one address in, over TLS only where its kind is hostssl."""
    try:
        network = ipaddress.ip_network(address)
    except ValueError as error:
        raise PostgresqlError(f"{address!r} is not the address of a host: {error}") from error
    return f"{kind} {hba_name(database)} {hba_name(user)} {network} {method}"


@dataclass(frozen=True)
class HbaRule:
    """A line of pg_hba.conf as the server reads it (pg_hba_file_rules)."""

    line: int
    kind: str = ""
    databases: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    address: str | None = None
    netmask: str | None = None
    method: str = ""
    error: str | None = None

    def network(self) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
        """The addresses of the rule; None where it names hosts or a keyword instead."""
        try:
            address = ipaddress.ip_address(self.address or "")
            mask = ipaddress.ip_address(self.netmask) if self.netmask else None
        except ValueError:
            return None
        bits = address.max_prefixlen if mask is None else bin(int(mask)).count("1")  # ip_network takes no mask of IPv6
        return ipaddress.ip_network((address, bits), strict=False)

    def is_for_everyone(self) -> bool:
        network = self.network()
        return self.address == "all" or (network is not None and network.prefixlen == 0)

    def is_for_this_host(self) -> bool:
        network = self.network()
        return self.address == "samehost" or (network is not None and network.is_loopback)

    def covers(self, address: str) -> bool:
        network = self.network()
        return self.address == "all" or (network is not None and ipaddress.ip_address(address) in network)

    def concerns(self, database: str, user: str) -> bool:
        named = {"all", database} | ({"sameuser"} if database == user else set())
        return self.kind.startswith("host") and bool(named & set(self.databases)) and bool({"all", user} & set(self.users))

    def describe(self) -> str:
        words = (self.kind, ",".join(self.databases), ",".join(self.users), self.network() or self.address, self.method)
        rule = " ".join(str(word) for word in words)
        return f"line {self.line} ({rule})"


# --- files of a server -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Postmaster:
    """A live server, as its postmaster.pid describes it."""

    port: int
    socket_directory: str
    is_ready: bool


def has_cluster(data_directory: str) -> bool:
    return bool(data_directory) and os.path.exists(os.path.join(data_directory, "PG_VERSION"))


def postmaster(data_directory: str, process_directory: str = "/proc") -> Postmaster | None:
    """The server that runs on this data directory; a file that a crash left behind is none."""
    try:
        with open(os.path.join(data_directory, "postmaster.pid"), encoding="utf-8") as stream:
            lines = [line.strip() for line in stream]
        with open(os.path.join(process_directory, lines[0], "comm"), encoding="utf-8") as stream:
            program = stream.read().strip()
    except (OSError, IndexError):
        return None
    if program not in ("postgres", "postmaster"):
        return None
    if len(lines) < 8:  # the last line, the status, is written when the server has opened its sockets
        return Postmaster(0, "", is_ready=False)
    return Postmaster(int(lines[3]), lines[4], is_ready=lines[7] in ("ready", "standby"))


def key_problem(found: os.stat_result, server_uid: int) -> str:
    """Why the server would refuse its private key; empty where it takes it."""
    mode = stat.S_IMODE(found.st_mode)
    allowed = {server_uid: 0o700, 0: 0o740}.get(found.st_uid, 0)
    if mode & ~allowed == 0:
        return ""
    return f"has mode {mode:04o} and user id {found.st_uid}; the server takes 0600 of its own user, or 0640 of root"


# --- psql ------------------------------------------------------------------------------------------------------------

ENVIRONMENT = {
    "LC_ALL": "C",
    "PGAPPNAME": "dialtone",
    "PGCLIENTENCODING": "UTF8",
    "PGCONNECT_TIMEOUT": "10",
    "PGOPTIONS": "",
}

# What a statement holds (a verifier) must reach neither the server's log nor the texts that pg_stat_statements keeps.
QUIET_SESSION = (
    "SET log_statement = 'none';",
    "SET log_min_duration_statement = -1;",
    "SET log_min_error_statement = 'panic';",
    "SET lc_messages = 'C';",
    "SET pg_stat_statements.track = 'none';",
)

Run = Callable[[Sequence[str], str], "tuple[int, str, str]"]


@dataclass(frozen=True)
class Psql:
    """psql as the superuser over the server's local socket: scripts on standard input, nothing in the argument list."""

    run_command: Run
    program: tuple[str, ...]
    superuser: str
    socket_directory: str
    port: int

    def argv(self) -> list[str]:
        options = ["-X", "-q", "-A", "-t", "-w", "-v", "ON_ERROR_STOP=1", "-f", "-"]
        target = ["-h", self.socket_directory, "-p", str(self.port), "-U", self.superuser, "-d", "postgres"]
        return [*self.program, *options, *target]

    def run(self, lines: Sequence[str], doing: Sequence[str] = (), secrets: Sequence[str] = ()) -> str:
        """Runs one statement a line. `doing` says for each line what it is for, to be named where it fails."""
        status, output, errors = self.run_command(self.argv(), "\n".join(lines) + "\n")
        if status == 0:
            return output
        for secret in secrets:
            errors = errors.replace(secret, NOT_SHOWN)
        found = re.search(r"psql:<stdin>:(\d+): ", errors)
        step = f" while it was to {doing[int(found.group(1)) - 1]}" if found and int(found.group(1)) <= len(doing) else ""
        message = re.sub(r"psql:<stdin>:\d+: ", "", errors).strip()
        raise PostgresqlError(
            f"psql ended with status {status} on socket {self.socket_directory}, port {self.port}, as {self.superuser}{step}: "
            f"{message}"
        )
