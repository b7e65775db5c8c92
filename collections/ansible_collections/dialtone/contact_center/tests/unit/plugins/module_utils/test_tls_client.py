# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import time

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils.tls_client import Identity, TlsError, connect, days_left
from ansible_collections.dialtone.contact_center.tests.unit.plugins.module_utils.tls_peers import (
    Authority,
    free_port,
    listening,
    server_context,
    tls_listening,
)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"), "site-ca")


@pytest.fixture(scope="module")
def node(authority):
    files = authority.issue("node.example.test")
    return Identity(ca=authority.certificate, key=files.key, certificate=files.certificate)


def echo(connection):
    connection.sendall(b"you said " + connection.recv(100))


def speak(*arguments, **options):
    with connect(*arguments, **options) as connection:
        connection.send(b"hello")
        connection.receive_until_closed(100)


def failure(*arguments, **options):
    with pytest.raises(TlsError) as caught:
        speak(*arguments, **options)
    return caught.value


def test_mutual_tls(authority, node):
    context = server_context(authority.issue("db.example.test"), authority, client_certificate=True)
    with (
        tls_listening(context, echo) as port,
        connect("127.0.0.1", port, node, server_name="db.example.test") as connection,
    ):
        connection.send(b"hello")
        assert connection.receive_exactly(8) == b"you said"
        assert connection.receive_until_closed(100) == b" hello"
        assert connection.peer.protocol == "TLSv1.2"
        assert connection.peer.days_left(time.time()) == 19
        assert connection.peer.names == ("db.example.test", "127.0.0.1")


def test_without_a_server_name_the_address_must_be_in_the_certificate(authority, node):
    with tls_listening(server_context(authority.issue("db.example.test"), authority, client_certificate=True), echo) as port:
        connect("127.0.0.1", port, node).close()


@pytest.mark.parametrize(
    ("client", "kind", "words"),
    [
        pytest.param({"server_name": "other.example.test"}, "verify", "not valid for 'other.example.test'", id="another name"),
        pytest.param({"anonymous": True}, "alert", "refused this client", id="no client certificate"),
        pytest.param({"missing": True}, "identity", "/nowhere/node.crt", id="no identity on the node"),
        pytest.param({"encrypted": True}, "identity", "encrypted", id="key with a passphrase"),
    ],
)
def test_refusals(authority, node, client, kind, words):
    identity = node
    if client.get("anonymous"):
        identity = Identity(ca=node.ca)
    if client.get("missing"):
        identity = Identity(ca=node.ca, key="/nowhere/node.key", certificate="/nowhere/node.crt")
    if client.get("encrypted"):
        files = authority.issue("locked.example.test", encrypted=True)
        identity = Identity(ca=node.ca, key=files.key, certificate=files.certificate)
    with tls_listening(server_context(authority.issue("db.example.test"), authority, client_certificate=True), echo) as port:
        error = failure("127.0.0.1", port, identity, server_name=client.get("server_name", ""))
    assert error.kind == kind
    assert words in str(error)


def test_expired_server(authority, node):
    expired = authority.issue("old.example.test", days=-1, started_days_ago=9)
    with tls_listening(server_context(expired, authority, client_certificate=False), echo) as port:
        error = failure("127.0.0.1", port, node)
    assert error.kind == "verify"
    assert "expired" in str(error)


def test_server_of_another_ca(authority, node, tmp_path):
    stranger = Authority(tmp_path, "stranger-ca")
    with tls_listening(server_context(stranger.issue("db.example.test"), stranger, client_certificate=False), echo) as port:
        assert failure("127.0.0.1", port, node).kind == "verify"


def test_nothing_listens(node):
    port = free_port()
    error = failure("127.0.0.1", port, node)
    assert error.kind == "refused"
    assert f"127.0.0.1:{port}" in str(error)


def test_server_that_says_nothing(node):
    with listening(lambda connection: time.sleep(0.6)) as port:
        assert failure("127.0.0.1", port, node, timeout=0.2).kind == "silent"


def test_server_without_tls(node):
    with listening(lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")) as port:
        assert failure("127.0.0.1", port, node).kind == "not_tls"


def test_answer_cut_short(authority, node):
    with (
        tls_listening(
            server_context(authority.issue("db.example.test"), authority, client_certificate=True), lambda c: c.sendall(b"half")
        ) as port,
        connect("127.0.0.1", port, node) as connection,
        pytest.raises(TlsError, match="after 4 of 8 bytes"),
    ):
        connection.receive_exactly(8)


def test_unknown_name(node):
    assert failure("no-such-host.invalid", 1, node).kind in ("name", "timeout")


@pytest.mark.parametrize(("seconds", "days"), [(86400, 1), (86399, 0), (0, 0), (-1, -1)])
def test_days_left_never_rounds_up(seconds, days):
    assert days_left(1_000_000 + seconds, 1_000_000) == days
