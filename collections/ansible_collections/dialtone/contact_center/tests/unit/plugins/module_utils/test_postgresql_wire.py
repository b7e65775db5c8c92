# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import struct

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils.postgresql_wire import (
    SSL_REQUEST,
    Answer,
    PostgresqlError,
    knock,
    parse_answer,
    startup_message,
)
from ansible_collections.dialtone.contact_center.plugins.module_utils.tls_client import Identity, TlsError
from ansible_collections.dialtone.contact_center.tests.unit.plugins.module_utils.tls_peers import (
    Authority,
    listening,
    server_context,
)

# As PostgreSQL 15 sends it.
NO_ENTRY = (
    b"SFATAL\0VFATAL\0C28000\0"
    b'Mno pg_hba.conf entry for host "127.0.0.1", user "pom", database "other", SSL encryption\0'
    b"Fauth.c\0L543\0RClientAuthentication\0\0"
)
SCRAM = struct.pack(">i", 10) + b"SCRAM-SHA-256\0\0"


def test_startup_message():
    message = startup_message("pom", "pomdb")
    assert struct.unpack(">ii", message[:8]) == (len(message), 196608)
    assert message[8:].startswith(b"user\0pom\0database\0pomdb\0")
    assert message.endswith(b"\0\0")


def test_names_with_a_null_character():
    with pytest.raises(ValueError, match="null"):
        startup_message("pom\0user\0postgres", "pomdb")


@pytest.mark.parametrize(
    ("kind", "body", "answer"),
    [
        (b"R", SCRAM, Answer(True, "scram-sha-256")),
        (b"R", struct.pack(">i", 5) + b"salt", Answer(True, "md5")),
        (b"R", struct.pack(">i", 0), Answer(True, "trust")),
        (b"R", struct.pack(">i", 99), Answer(True, "method 99")),
        (
            b"E",
            NO_ENTRY,
            Answer(False, "", "28000", 'no pg_hba.conf entry for host "127.0.0.1", user "pom", database "other", SSL encryption'),
        ),
    ],
)
def test_answers(kind, body, answer):
    assert parse_answer(kind, body) == answer


@pytest.mark.parametrize(("kind", "body"), [(b"Z", b"I"), (b"R", b"\0")])
def test_answers_that_are_none(kind, body):
    with pytest.raises(PostgresqlError):
        parse_answer(kind, body)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"), "site-ca")


def postgresql(authority, kind, body, heard):
    context = server_context(authority.issue("db.example.test"), authority, client_certificate=False)

    def serve(connection):
        connection.settimeout(5)
        assert connection.recv(8) == SSL_REQUEST
        connection.sendall(b"S")
        with context.wrap_socket(connection, server_side=True) as secured:
            heard.append(secured.recv(1000))
            secured.sendall(kind + struct.pack(">i", len(body) + 4) + body)
            heard.append(secured.recv(1000))

    return serve


def test_knock_sends_no_password_and_hangs_up(authority):
    heard: list[bytes] = []
    with listening(postgresql(authority, b"R", SCRAM, heard)) as port:
        answer, peer = knock("127.0.0.1", port, Identity(ca=authority.certificate), "pom", "pomdb", "db.example.test")
    assert answer.method == "scram-sha-256"
    assert peer.names[0] == "db.example.test"
    assert heard == [startup_message("pom", "pomdb"), b""]


def test_server_without_tls(authority):
    with listening(lambda connection: connection.sendall(b"N")) as port, pytest.raises(TlsError, match="ssl = off"):
        knock("127.0.0.1", port, Identity(ca=authority.certificate), "pom", "pomdb")


def test_not_a_postgresql_server(authority):
    with (
        listening(lambda connection: connection.sendall(b"HTTP/1.1 400")) as port,
        pytest.raises(PostgresqlError, match="no PostgreSQL server"),
    ):
        knock("127.0.0.1", port, Identity(ca=authority.certificate), "pom", "pomdb")
