# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What proves that a guided step was done: a certificate in a trust store, a row in a table of POM's database.

A proof is proven, open, or unknown where it cannot be looked at. Nothing that is read leaves the host but that verdict.
"""
from __future__ import annotations

import hashlib
import json
import os
import shutil
import ssl
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Callable

from ansible_collections.dialtone.contact_center.plugins.module_utils import java_keystore
from ansible_collections.dialtone.contact_center.plugins.module_utils.postgresql import ENVIRONMENT, literal
from ansible_collections.dialtone.contact_center.plugins.module_utils.tls_client import TlsError, describe, open_tcp

PROVEN, OPEN, UNKNOWN = "proven", "open", "unknown"
STORE_PASSWORD_VARIABLE = "certificates_truststore_password"
SECONDS = 15
TIMED_OUT = 124  # exit code of coreutils' timeout

Verdict = dict[str, str]
# argv, standard input, environment beside the usual one -> status, output, errors
Run = Callable[[Sequence[str], str, Mapping[str, str]], "tuple[int, str, str]"]


class ProofError(Exception):
    """The proof cannot be looked at. Says why, and what to do."""


def bounded(run_command: Callable[..., tuple[int, str, str]]) -> Run:
    """`AnsibleModule.run_command` as proofs use it: a program that is missing or gives no answer is told."""

    def run(argv: Sequence[str], stdin: str, environment: Mapping[str, str]) -> tuple[int, str, str]:
        if shutil.which(argv[0]) is None:
            raise ProofError(f"{argv[0]} cannot be run on this host: there is no such program")
        answer = run_command(["timeout", str(SECONDS), *argv], data=stdin, environ_update={**environment})
        if answer[0] == TIMED_OUT:
            raise ProofError(f"{argv[0]} gave no answer within {SECONDS} s")
        return answer

    return run


def verdict(state: str, why: str) -> Verdict:
    return {"state": state, "why": why}


def look(proof: Mapping[str, Any], secrets: Mapping[str, str], run: Run) -> Verdict:
    """`secrets`: store_password, database_password."""
    try:
        if proof["kind"] == "trusted_certificate":
            return trusted_certificate(proof, secrets["store_password"], run)
        if proof["kind"] == "database_row":
            return database_row(proof, secrets["database_password"], run)
    except ProofError as error:
        return verdict(UNKNOWN, str(error))
    raise ValueError("a proof of the unknown kind {}".format(proof["kind"]))


# --- trust stores --------------------------------------------------------------------------------------------------


def trusted_certificate(proof: Mapping[str, Any], password: str, run: Run) -> Verdict:
    """Whether the certificate that a server presents at this moment is in the trust store."""
    store, where = proof["store"], "https://{host}:{port}".format(**proof)
    if not os.path.exists(store):
        return verdict(OPEN, f"{store} does not exist: POM is not installed on this host yet")
    aliases = trusted(store, password, run)
    try:
        presented = sha256(presented_certificate(proof["host"], proof["port"]))
    except TlsError as error:
        raise ProofError(f"{error}. Start the EPM service (systemctl start vpms), so that its certificate can be seen") from error
    alias = next((alias for alias, fingerprint in sorted(aliases.items()) if fingerprint == presented), None)
    if alias is None:
        return verdict(OPEN, f"the certificate that {where} presents (SHA-256 {shortened(presented)}) is not in {store}")
    return verdict(PROVEN, f"the certificate that {where} presents is in {store} as {alias}")


def trusted(store: str, password: str, run: Run) -> dict[str, str]:
    """SHA-256 of each trusted certificate of a store, by alias. A store that is no JKS is read by keytool."""
    try:
        with open(store, "rb") as stream:
            content = stream.read()
        certificates = java_keystore.read(content, password).certificates
    except java_keystore.PasswordError as error:
        raise ProofError(f"{store}: {error}. Correct {STORE_PASSWORD_VARIABLE} in the inventory") from error
    except java_keystore.KeystoreError:
        certificates = listed_by_keytool(store, password, run)
    except OSError as error:
        raise ProofError(f"{store} cannot be read: {error.strerror}") from error
    return {alias: sha256(certificate) for alias, certificate in certificates.items()}


def listed_by_keytool(store: str, password: str, run: Run) -> dict[str, bytes]:
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
        file.write(password)
        file.flush()
        argv = ["keytool", "-J-Duser.language=en", "-list", "-rfc", "-keystore", store, "-storepass:file", file.name]
        status, output, errors = run(argv, "", {})
    if status != 0:
        last = next((line for line in reversed((output + errors).strip().splitlines()) if line), "no reason given")
        raise ProofError(f"{store} is not opened by keytool: {last}. Correct {STORE_PASSWORD_VARIABLE} in the inventory")
    return parse_keytool(output)


def parse_keytool(output: str) -> dict[str, bytes]:
    """The certificates of `keytool -list -rfc`, the first of each alias."""
    found: dict[str, bytes] = {}
    alias, lines = "", []
    for line in output.splitlines():
        if line.startswith("Alias name: "):
            alias = line[len("Alias name: "):].strip()
        elif line.startswith("-----BEGIN CERTIFICATE"):
            lines = [line]
        elif lines:
            lines.append(line)
            if line.startswith("-----END CERTIFICATE"):
                found.setdefault(alias, ssl.PEM_cert_to_DER_cert("\n".join(lines)))
                lines = []
    return found


def presented_certificate(host: str, port: int, timeout: float = 5.0) -> bytes:
    """What a server shows of itself, trusted or not."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    plain = open_tcp(host, port, timeout)
    try:
        with context.wrap_socket(plain) as connection:
            certificate = connection.getpeercert(binary_form=True)
    except OSError as error:
        raise describe(error, f"{host}:{port}", "TLS handshake") from error
    finally:
        plain.close()
    if not certificate:
        raise TlsError("closed", f"{host}:{port} presented no certificate")
    return certificate


def presented_fingerprint(place: Mapping[str, Any]) -> str:
    """SHA-256 of the certificate that a server presents; empty where it does not answer."""
    try:
        return sha256(presented_certificate(place["host"], place["port"]))
    except TlsError:
        return ""


def own_certificate(store: str, password: str, alias: str, run: Run) -> str:
    """SHA-256 of the certificate of a private key; empty where it cannot be told."""
    try:
        with open(store, "rb") as stream:
            content = stream.read()
        chain = java_keystore.read(content, password).private_keys.get(alias, [])
    except (OSError, java_keystore.PasswordError):
        return ""
    except java_keystore.KeystoreError:
        try:
            chain = [listed_by_keytool(store, password, run)[alias]]
        except (ProofError, KeyError):
            return ""
    return sha256(chain[0]) if chain else ""


def sha256(certificate: bytes) -> str:
    return hashlib.sha256(certificate).hexdigest()


def shortened(fingerprint: str) -> str:
    """The first bytes of it as keytool and browsers print them."""
    return ":".join(fingerprint[place:place + 2].upper() for place in range(0, 16, 2)) + ":…"


# --- tables --------------------------------------------------------------------------------------------------------


def database_row(proof: Mapping[str, Any], password: str, run: Run) -> Verdict:
    """Whether any text of any row of a table is one of the wanted: the columns of POM's tables are not documented."""
    place = "{host}:{port}/{database}".format(**proof)
    wanted = {str(text).lower() for text in proof["any_of"]}
    status, output, errors = ask(proof, password, rows_of_table(proof["table"]), run)
    if status != 0:
        raise ProofError(
            "psql as {} on {}: {}. Correct pom_database_user and pom_database_password, or let this host connect".format(
                proof["user"], place, reason(errors, password)
            )
        )
    lines = output.splitlines()
    if not lines:
        return verdict(OPEN, "database {} has no table {} yet".format(place, proof["table"]))
    if any(text.lower() in wanted for line in lines for text in texts(line)):
        return verdict(PROVEN, "a row of table {} in {} names {}".format(proof["table"], place, proof["any_of"][0]))
    return verdict(OPEN, "no row of table {} in {} names {}".format(proof["table"], place, " or ".join(proof["any_of"])))


def ask(proof: Mapping[str, Any], password: str, script: str, run: Run) -> tuple[int, str, str]:
    """psql with a password file that is gone before this returns."""
    conninfo = {"host": proof["host"], "hostaddr": proof["address"], "port": proof["port"]}
    conninfo.update({"dbname": proof["database"], "user": proof["user"], "sslmode": "prefer"})
    if proof.get("root_certificate"):
        conninfo.update({"sslmode": "verify-full", "sslrootcert": proof["root_certificate"]})
    target = " ".join(f"{name}={quoted(str(value))}" for name, value in conninfo.items() if value)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
        file.write("*:*:*:*:{}\n".format(password.replace("\\", "\\\\").replace(":", "\\:")))
        file.flush()
        argv = ["psql", "-X", "-q", "-A", "-t", "-w", "-v", "ON_ERROR_STOP=1", "-d", target, "-f", "-"]
        return run(argv, script, {**ENVIRONMENT, "PGPASSFILE": file.name})


def rows_of_table(table: str) -> str:
    """A line with the table's name, then each row as JSON; nothing at all where the table is absent."""
    return (
        "SET statement_timeout = '10s';\n"
        "SELECT format('SELECT to_json(%L::text) UNION ALL (SELECT row_to_json(found) FROM %I.%I found LIMIT 1000)', "
        "table_name, table_schema, table_name) FROM information_schema.tables "
        f"WHERE lower(table_name) = {literal(table)}\n\\gexec\n"
    )


def texts(line: str) -> Iterable[str]:
    """The texts of a row."""
    row = json.loads(line)
    return [str(value) for value in row.values()] if isinstance(row, dict) else []


def quoted(value: str) -> str:
    """A value of a connection string."""
    return "'{}'".format(value.replace("\\", "\\\\").replace("'", "\\'"))


def reason(errors: str, password: str) -> str:
    """What psql said last, without the secret."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()] or ["no reason given"]
    text = lines[-1] if not password else lines[-1].replace(password, "(not shown)")
    return text[:300]
