# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Proofs against a real TLS server, stores that keytool wrote, and a real PostgreSQL where this machine has them."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import ssl
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.module_utils import guided_proof
from ansible_collections.dialtone.contact_center.plugins.module_utils.guided_proof import OPEN, PROVEN, UNKNOWN, look

from ..modules.test_pom_database import BINARIES, PASSWORD, Server, can_run_server
from .test_java_keystore import store
from .tls_peers import Authority, free_port, listening, server_context, tls_listening

STORE_PASSWORD = "changeit"
SECRETS = {"store_password": STORE_PASSWORD, "database_password": PASSWORD}
needs_keytool = pytest.mark.skipif(shutil.which("keytool") is None, reason="this machine has no keytool")


def run_command(argv, data, environ_update):
    """As AnsibleModule has it."""
    done = subprocess.run(argv, input=data, env={**os.environ, **environ_update}, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


run_here = guided_proof.bounded(run_command)


def no_program(argv, stdin, environment):
    raise AssertionError(f"{argv[0]} was not needed")


# --- trust stores --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def epm(tmp_path_factory):
    """An EPM with a certificate that nobody signed for us, the certificate, and its port."""
    directory = tmp_path_factory.mktemp("epm")
    authority = Authority(directory, "somebody")
    identity = authority.issue("epm1")
    with tls_listening(server_context(identity, authority, client_certificate=False), lambda peer: None) as port:
        yield Path(identity.certificate), port


def certificate_proof(path: Path, port: int) -> dict[str, object]:
    return {"kind": "trusted_certificate", "store": str(path), "host": "127.0.0.1", "port": port, "label": "epm1"}


def der(path: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert(path.read_text())


def test_the_presented_certificate_in_the_store_proves_it(epm, tmp_path):
    certificate, port = epm
    path = tmp_path / "pomTrustStore"
    path.write_bytes(store(STORE_PASSWORD, {"own": [b"x"]}, {"other": b"y", "epm1": der(certificate)}))
    found = look(certificate_proof(path, port), SECRETS, no_program)
    assert found == {"state": PROVEN, "why": f"the certificate that https://127.0.0.1:{port} presents is in {path} as epm1"}


def test_the_certificate_that_is_handed_over_is_the_one_that_the_server_presents(epm):
    certificate, port = epm
    found = guided_proof.presented_fingerprint({"host": "127.0.0.1", "port": port})
    assert found == hashlib.sha256(der(certificate)).hexdigest()
    assert guided_proof.presented_fingerprint({"host": "127.0.0.1", "port": free_port()}) == ""


def test_another_certificate_under_the_right_name_proves_nothing(epm, tmp_path):
    certificate, port = epm
    path = tmp_path / "pomTrustStore"
    path.write_bytes(store(STORE_PASSWORD, {}, {"epm1": der(certificate) + b"\0"}))
    found = look(certificate_proof(path, port), SECRETS, no_program)
    fingerprint = hashlib.sha256(der(certificate)).hexdigest().upper()
    assert found["state"] == OPEN
    assert f"SHA-256 {fingerprint[:2]}:{fingerprint[2:4]}:" in found["why"]


def test_without_pom_the_step_is_open_and_nobody_is_asked(tmp_path):
    found = look(certificate_proof(tmp_path / "pomTrustStore", 1), SECRETS, no_program)
    assert found["state"] == OPEN
    assert "POM is not installed on this host yet" in found["why"]


def test_a_wrong_store_password_names_the_variable(epm, tmp_path):
    path = tmp_path / "pomTrustStore"
    path.write_bytes(store("another one", {}, {}))
    found = look(certificate_proof(path, epm[1]), SECRETS, no_program)
    assert found["state"] == UNKNOWN
    assert "certificates_truststore_password" in found["why"]
    assert "changeit" not in found["why"]


@pytest.mark.parametrize("serves", [False, True], ids=["nothing listens", "no TLS"])
def test_a_console_that_does_not_answer_is_unknown_and_says_what_to_start(tmp_path, serves):
    path = tmp_path / "pomTrustStore"
    path.write_bytes(store(STORE_PASSWORD, {}, {}))
    if serves:
        with listening(lambda peer: peer.sendall(b"HTTP/1.0 503 Service Unavailable\r\n\r\n")) as port:
            found = look(certificate_proof(path, port), SECRETS, no_program)
    else:
        found = look(certificate_proof(path, free_port()), SECRETS, no_program)
    assert found["state"] == UNKNOWN
    assert "systemctl start vpms" in found["why"]


@needs_keytool
@pytest.mark.parametrize("kind", ["JKS", "PKCS12"])
def test_stores_of_keytool_are_read(epm, tmp_path, kind):
    certificate, port = epm
    path = tmp_path / "pomTrustStore"
    options = ["-noprompt", "-alias", "epm1", "-file", str(certificate), "-keystore", str(path), "-storetype", kind]
    subprocess.run(["keytool", "-importcert", *options, "-storepass", STORE_PASSWORD], check=True, capture_output=True)
    assert guided_proof.own_certificate(str(path), STORE_PASSWORD, "pomservercert", run_here) == ""
    assert guided_proof.trusted(str(path), STORE_PASSWORD, run_here) == {"epm1": hashlib.sha256(der(certificate)).hexdigest()}
    assert look(certificate_proof(path, port), SECRETS, run_here)["state"] == PROVEN
    wrong = look(certificate_proof(path, port), {**SECRETS, "store_password": "wrong one"}, run_here)
    assert wrong["state"] == UNKNOWN
    assert "certificates_truststore_password" in wrong["why"]


def test_the_password_of_a_store_is_in_no_argument(tmp_path):
    path = tmp_path / "pomTrustStore"
    path.write_bytes(b"no JKS" * 10)
    asked = []

    def run(argv, stdin, environment):
        asked.append((list(argv), Path(argv[-1]).read_text(), Path(argv[-1]).stat().st_mode & 0o777))
        return 1, "keytool error: java.io.IOException: keystore password was incorrect", ""

    found = look(certificate_proof(path, 1), SECRETS, run)
    (argv, content, mode) = asked[0]
    assert (found["state"], content, mode) == (UNKNOWN, STORE_PASSWORD, 0o600)
    assert not any(STORE_PASSWORD in word for word in argv)
    assert not Path(argv[-1]).exists()
    assert "keystore password was incorrect" in found["why"]


def test_the_own_certificate_is_that_of_the_alias(tmp_path):
    path = tmp_path / "pomKeyStore"
    path.write_bytes(store(STORE_PASSWORD, {"pomservercert": [b"own", b"ca"], "other": [b"z"]}, {}))
    own = hashlib.sha256(b"own").hexdigest()
    assert guided_proof.own_certificate(str(path), STORE_PASSWORD, "pomservercert", run_here) == own
    assert guided_proof.own_certificate(str(path), STORE_PASSWORD, "absent", run_here) == ""
    assert guided_proof.own_certificate(str(path), "wrong", "pomservercert", run_here) == ""
    assert guided_proof.own_certificate(str(tmp_path / "absent"), STORE_PASSWORD, "pomservercert", run_here) == ""


@needs_keytool
def test_the_own_certificate_of_a_store_that_keytool_made(tmp_path):
    path, exported = tmp_path / "pomKeyStore", tmp_path / "pom.der"
    common = ["-alias", "pomservercert", "-keystore", str(path), "-storepass", STORE_PASSWORD]
    made = ["-genkeypair", "-keyalg", "EC", "-dname", "CN=epm1", "-storetype", "PKCS12"]
    for arguments in (made, ["-exportcert", "-file", str(exported)]):
        subprocess.run(["keytool", *arguments, *common], check=True, capture_output=True)
    fingerprint = hashlib.sha256(exported.read_bytes()).hexdigest()
    assert guided_proof.own_certificate(str(path), STORE_PASSWORD, "pomservercert", run_here) == fingerprint
    assert guided_proof.own_certificate(str(path), "wrong", "pomservercert", run_here) == ""


# --- tables --------------------------------------------------------------------------------------------------------


def row_proof(**words):
    place = {"host": "db1.example.com", "address": "192.0.2.14", "port": 5432, "database": "pomdb", "user": "pom"}
    wanted = ["epm1", "192.0.2.11", "epm1.example.com"]
    return {"kind": "database_row", "table": "pim_server", "any_of": wanted, "root_certificate": "", **place, **words}


def answering(output, status=0, errors=""):
    return lambda argv, stdin, environment: (status, output, errors)


@pytest.mark.parametrize(
    ("output", "state"),
    [
        ("", OPEN),
        ('"pim_server"\n', OPEN),
        ('"pim_server"\n{"id": 1, "name": "EPM1", "seen": null}\n', PROVEN),
        ('"pim_server"\n{"id": 1, "ip": "192.0.2.11"}\n', PROVEN),
        ('"pim_server"\n{"id": 1, "name": "epm10", "ip": "192.0.2.111"}\n', OPEN),
        ('"epm1"\n', OPEN),
    ],
    ids=["no table", "no row", "name in capitals", "address", "only alike", "a table of that name"],
)
def test_a_row_that_holds_one_of_the_texts_proves_it(output, state):
    assert look(row_proof(), SECRETS, answering(output))["state"] == state


def test_the_password_of_the_database_is_in_no_argument_environment_or_message():
    asked = []

    def run(argv, stdin, environment):
        path = Path(environment["PGPASSFILE"])
        asked.append((argv, stdin, environment, path.read_text(), path.stat().st_mode & 0o777))
        return 2, "", f"psql: error: FATAL:  password authentication failed for {PASSWORD}"

    found = look(row_proof(root_certificate="/etc/dialtone/tls/ca.crt"), SECRETS, run)
    argv, stdin, environment, content, mode = asked[0]
    assert (content, mode) == (f"*:*:*:*:{PASSWORD}\n", 0o600)
    assert not any(PASSWORD in word for word in (*argv, stdin, *environment.values(), found["why"]))
    assert not Path(environment["PGPASSFILE"]).exists()
    assert "sslmode='verify-full' sslrootcert='/etc/dialtone/tls/ca.crt'" in argv[argv.index("-d") + 1]
    assert found["state"] == UNKNOWN
    assert "pom_database_password" in found["why"]


def test_a_host_without_psql_says_so(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    found = look(row_proof(), SECRETS, run_here)
    assert (found["state"], "psql cannot be run on this host" in found["why"]) == (UNKNOWN, True)


def test_a_program_that_gives_no_answer_is_ended_and_told(monkeypatch):
    monkeypatch.setattr(guided_proof, "SECONDS", 0.2)
    with pytest.raises(guided_proof.ProofError, match="sleep gave no answer within"):
        run_here(["sleep", "30"], "", {})


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=20) | st.integers() | st.none(), max_size=5))
def test_no_row_proves_what_it_does_not_hold(row):
    wanted = {"epm1", "192.0.2.11", "epm1.example.com"}
    holds = any(str(value).lower() in wanted for value in row.values())
    output = f'"pim_server"\n{json.dumps(row)}\n'
    assert (look(row_proof(), SECRETS, answering(output))["state"] == PROVEN) == holds


@given(st.text(alphabet=st.characters(blacklist_characters="\n\r\0", blacklist_categories=["Cs"]), max_size=20))
def test_a_password_of_any_letters_is_one_field_of_the_password_file(password):
    read = []

    def run(argv, stdin, environment):
        read.append(Path(environment["PGPASSFILE"]).read_text(encoding="utf-8"))
        return 0, "", ""

    look(row_proof(), {**SECRETS, "database_password": password}, run)
    field = read[0].removesuffix("\n").removeprefix("*:*:*:*:")
    escaped = re.findall(r"\\.|[^\\:]", field)
    assert "".join(escaped) == field, "an unescaped colon or a lonely backslash"
    assert "".join(part[-1] for part in escaped) == password


@pytest.fixture(scope="module")
def database():
    if not can_run_server() or shutil.which("psql") is None:
        pytest.skip("this machine has no PostgreSQL server to run")
    with tempfile.TemporaryDirectory(prefix="pg-") as directory:
        if os.geteuid() == 0:
            shutil.chown(directory, "postgres", "postgres")
        server = Server(Path(directory))
        options = ("--auth-local=peer", "--auth-host=scram-sha-256", "--wal-segsize=1", "--locale=C.UTF-8")
        server.run(BINARIES / "initdb", "-D", server.data, "-N", "-E", "UTF8", *options)
        with (server.data / "postgresql.conf").open("a") as stream:
            stream.write(f"port = {server.port}\nunix_socket_directories = '{directory}'\nshared_buffers = 1MB\nfsync = off\n")
        server.control("start")
        try:
            server.sql(f"CREATE ROLE pom LOGIN PASSWORD '{PASSWORD}'")
            server.sql("CREATE DATABASE pomdb OWNER pom")
            yield server
        finally:
            server.control("stop")


def test_a_real_database_is_asked(database):
    proof = row_proof(host="localhost", address="127.0.0.1", port=database.port)
    assert look(proof, {**SECRETS, "database_password": "wrong"}, run_here)["state"] == UNKNOWN
    assert "has no table pim_server yet" in look(proof, SECRETS, run_here)["why"]
    database.sql('CREATE SCHEMA "Pom"; CREATE TABLE "Pom"."PIM_SERVER" (id int, "Name" text, address inet)', "pomdb")
    database.sql('ALTER SCHEMA "Pom" OWNER TO pom; ALTER TABLE "Pom"."PIM_SERVER" OWNER TO pom', "pomdb")
    assert "no row of table pim_server" in look(proof, SECRETS, run_here)["why"]
    database.sql("""INSERT INTO "Pom"."PIM_SERVER" VALUES (1, 'other', '192.0.2.12')""", "pomdb")
    assert look(proof, SECRETS, run_here)["state"] == OPEN
    database.sql("""INSERT INTO "Pom"."PIM_SERVER" VALUES (2, 'Epm1', NULL)""", "pomdb")
    assert look(proof, SECRETS, run_here)["state"] == PROVEN
