# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The first messages of a PostgreSQL connection: they tell whether the server lets a client in at all, without a password."""

from __future__ import annotations

import ssl
import struct
from dataclasses import dataclass

from ansible_collections.dialtone.contact_center.plugins.module_utils.tls_client import (
    Identity,
    Peer,
    TlsConnection,
    TlsError,
    client_context,
    describe,
    open_tcp,
)

PROTOCOL_3_0 = 196608
SSL_REQUEST = struct.pack(">ii", 8, 80877103)
MESSAGE_LIMIT = 65536

AUTHENTICATION = {
    0: "trust",
    3: "password",
    5: "md5",
    7: "gss",
    9: "sspi",
    10: "scram-sha-256",
}


class PostgresqlError(Exception):
    """What the server sent is not PostgreSQL's protocol."""


@dataclass(frozen=True)
class Answer:
    """accepted: pg_hba.conf has an entry for this client, and the server asks for the password (method)."""

    accepted: bool
    method: str = ""
    sqlstate: str = ""
    message: str = ""


def startup_message(user: str, database: str) -> bytes:
    fields = ("user", user, "database", database, "application_name", "dialtone status")
    if any("\0" in field for field in fields):
        raise ValueError("a name must not contain a null character")
    body = struct.pack(">i", PROTOCOL_3_0) + b"".join(field.encode("utf-8") + b"\0" for field in fields) + b"\0"
    return struct.pack(">i", len(body) + 4) + body


def parse_answer(kind: bytes, body: bytes) -> Answer:
    if kind == b"R":
        if len(body) < 4:
            raise PostgresqlError("an authentication request of less than four bytes")
        (code,) = struct.unpack(">i", body[:4])
        return Answer(accepted=True, method=AUTHENTICATION.get(code, f"method {code}"))
    if kind == b"E":
        fields = parse_error_fields(body)
        return Answer(accepted=False, sqlstate=fields.get("C", ""), message=fields.get("M", ""))
    raise PostgresqlError(f"a message of type {kind!r} where an authentication request is due")


def parse_error_fields(body: bytes) -> dict[str, str]:
    fields = {}
    for part in body.split(b"\0"):
        if part:
            fields[chr(part[0])] = part[1:].decode("utf-8", "replace")
    return fields


def knock(
    host: str, port: int, identity: Identity, user: str, database: str, server_name: str = "", timeout: float = 5.0
) -> tuple[Answer, Peer]:
    """Ask for TLS, verify the server, name user and database, read the answer, hang up."""
    context = client_context(identity, newest=ssl.TLSVersion.TLSv1_3)
    plain = open_tcp(host, port, timeout)
    try:
        plain.sendall(SSL_REQUEST)
        reply = plain.recv(1)
    except OSError as error:
        plain.close()
        raise describe(error, f"{host}:{port}", "asking for TLS") from error
    if reply != b"S":
        plain.close()
        if reply == b"N":
            raise TlsError("not_tls", f"{host}:{port} is a PostgreSQL server without TLS (ssl = off)")
        raise PostgresqlError(f"{host}:{port} answers to the request for TLS with {reply!r}: this is no PostgreSQL server")
    with TlsConnection(plain, host, port, context, server_name) as connection:
        connection.send(startup_message(user, database))
        header = connection.receive_exactly(5)
        (length,) = struct.unpack(">i", header[1:])
        if not 4 <= length <= MESSAGE_LIMIT:
            raise PostgresqlError(f"{host}:{port} announces a message of {length} bytes: this is no PostgreSQL server")
        return parse_answer(header[:1], connection.receive_exactly(length - 4)), connection.peer
