# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The kind https of a probe, against real servers on loopback, trusting what a Java store holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils import tls_identity
from ansible_collections.dialtone.contact_center.plugins.module_utils.probes import Context, Observation, ProbeError, observe
from ansible_collections.dialtone.contact_center.plugins.module_utils.tls_client import Identity
from ansible_collections.dialtone.contact_center.tests.unit.plugins.module_utils.test_java_keystore import store
from ansible_collections.dialtone.contact_center.tests.unit.plugins.module_utils.tls_peers import (
    Authority,
    server_context,
    tls_listening,
)

NAME = "app1.example.test"
PAGES = {"/Nailer/ccxml/start.jsp": b"200 OK", "/AvayaPOMNotifier/Start": b"302 Found"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"), "site-ca")


@pytest.fixture(scope="module")
def port(authority: Authority) -> Any:
    def serve(connection: Any) -> None:
        path = connection.recv(4096).split()[1].decode()
        connection.sendall(b"HTTP/1.1 " + PAGES.get(path, b"404 Not Found") + b"\r\nContent-Length: 0\r\n\r\n")

    with tls_listening(server_context(authority.issue(NAME), authority, client_certificate=False), serve) as found:
        yield found


def trusting(tmp_path: Path, *certificates: str) -> str:
    path = tmp_path / "pomTrustStore"
    der = [tls_identity.pem_to_der(Path(one).read_text(encoding="ascii"))[0] for one in certificates]
    path.write_bytes(store("nobody tells it", {}, {f"alias{number}": one for number, one in enumerate(der)}))
    return str(path)


def ask(port: int, **words: Any) -> Observation:
    probe = {"id": "app", "kind": "https", "host": "127.0.0.1", "port": port, "server_name": NAME, "paths": list(PAGES), **words}
    return observe(probe, Context(Identity(ca=words.pop("ca", "")), lambda argv: (0, "", "")))


def test_pages_answer_whoever_trusts_the_authority(port: int, authority: Authority, tmp_path: Path) -> None:
    seen = ask(port, truststore=trusting(tmp_path, authority.certificate))
    assert (seen.ok, seen.state) == (True, "serving")
    assert seen.facts["pages"] == {"/Nailer/ccxml/start.jsp": 200, "/AvayaPOMNotifier/Start": 302}
    assert seen.facts["days_left"] == 19


def test_a_store_may_trust_the_server_itself_as_java_does(port: int, authority: Authority, tmp_path: Path) -> None:
    own = authority.issue(NAME, days=21)
    with tls_listening(
        server_context(own, authority, client_certificate=False), lambda one: one.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    ) as other:
        assert ask(other, truststore=trusting(tmp_path, own.certificate)).ok
    assert ask(port, truststore=trusting(tmp_path, own.certificate)).state == "untrusted"


def test_a_server_of_a_stranger_is_not_trusted(port: int, tmp_path: Path) -> None:
    seen = ask(port, truststore=trusting(tmp_path, Authority(tmp_path, "stranger").certificate))
    assert (seen.ok, seen.state) == (False, "untrusted")


def test_the_certificate_must_carry_the_name_that_is_called(port: int, authority: Authority, tmp_path: Path) -> None:
    store_path = trusting(tmp_path, authority.certificate)
    seen = ask(port, truststore=store_path, server_name="app2.example.test")
    assert not seen.ok
    assert "app2.example.test" in seen.reason
    assert ask(port, truststore=store_path, server_name="127.0.0.1").ok


def test_a_missing_application_is_named(port: int, authority: Authority, tmp_path: Path) -> None:
    seen = ask(port, truststore=trusting(tmp_path, authority.certificate), paths=[*PAGES, "/AvayaPOMSMS/Start"])
    assert (seen.ok, seen.state) == (False, "not_deployed")
    assert "1 of 3 pages: /AvayaPOMSMS/Start 404" in seen.reason


@pytest.mark.parametrize("content", [None, b"no store", store("x")])
def test_a_store_that_trusts_nobody_is_told(port: int, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "pomTrustStore"
    if content is not None:
        path.write_bytes(content)
    seen = ask(port, truststore=str(path))
    assert (seen.ok, seen.state) == (False, "no_identity")
    assert str(path) in seen.reason


def test_somebody_must_be_trusted(port: int) -> None:
    with pytest.raises(ProbeError, match=r"truststore, or identity\.ca"):
        ask(port)
