# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module against real openssl, and against real keytool where the machine has one."""

from __future__ import annotations

import datetime
import getpass
import grp
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from ansible_collections.dialtone.contact_center.plugins.module_utils import java_keystore
from ansible_collections.dialtone.contact_center.plugins.modules import tls_identity

PASSWORD = "correct-horse-7"
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the module gives the files of an identity to root")
needs_keytool = pytest.mark.skipif(shutil.which("keytool") is None, reason="this machine has no keytool; the lab's hosts do")


class Authority:
    """A CA as the inventory holds it."""

    def __init__(self, name: str) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._sign(self.name, self.key.public_key(), [], 3650, True)

    def _sign(self, subject, public_key, extensions, days: int, is_ca: bool) -> x509.Certificate:
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=days, hours=1))
            .add_extension(x509.BasicConstraints(is_ca, None), critical=True)
        )
        for extension in extensions:
            builder = builder.add_extension(extension.value, extension.critical)
        return builder.sign(self.key, hashes.SHA256())

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")

    def sign(self, csr: str, days: int = 1186) -> str:
        request = x509.load_pem_x509_csr(csr.encode("ascii"))
        signed = self._sign(request.subject, request.public_key(), request.extensions, days, False)
        return signed.public_bytes(serialization.Encoding.PEM).decode("ascii")


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority("Site CA")


@pytest.fixture
def arguments(tmp_path, authority):
    owner = {"owner": getpass.getuser(), "group": grp.getgrgid(os.getgid()).gr_name}
    return {
        "directory": str(tmp_path / "tls"),
        "subject": "CN=epm1.example.com,O=Dialtone",
        "dns_names": ["epm1.example.com"],
        "ip_addresses": ["192.0.2.11"],
        "key_bits": 2048,
        "ca_certificate": authority.pem,
        "store_password": PASSWORD,
        "exports": [{"format": "pem_key", "path": str(tmp_path / "db" / "server.key"), "mode": "0600", **owner}],
    }


def issue(run_module, arguments, authority, days=1186):
    """The way of a roll-out: observe, request, sign, install."""
    observed = run_module(tls_identity, {**arguments, "state": "observed"})
    assert not observed.get("failed"), observed["msg"]
    certificate = None
    if observed["needs_certificate"]:
        certificate = authority.sign(run_module(tls_identity, {**arguments, "state": "requested"})["csr"], days)
    return run_module(tls_identity, {**arguments, "state": "present", **({"certificate": certificate} if certificate else {})})


def test_first_issue_then_nothing(run_module, arguments, authority, tmp_path):
    first = issue(run_module, arguments, authority)
    assert (first["changed"], first.get("failed", False)) == (True, False), first
    assert (tmp_path / "tls" / "node.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "db" / "server.key").read_bytes() == (tmp_path / "tls" / "node.key").read_bytes()
    again = run_module(tls_identity, {**arguments, "state": "present"})
    assert (again["changed"], again["reasons"], again["days_left"]) == (False, {}, 1186)


def test_check_mode_writes_nothing_and_says_why(run_module, arguments, tmp_path):
    result = run_module(tls_identity, {**arguments, "state": "present"}, check=True)
    assert result["changed"]
    assert result["reasons"][str(tmp_path / "tls" / "node.crt")] == ["the node has no key yet"]
    assert not (tmp_path / "tls").exists()


def test_a_new_name_gives_a_new_certificate_and_keeps_the_key(run_module, arguments, authority, tmp_path):
    issue(run_module, arguments, authority)
    key = (tmp_path / "tls" / "node.key").read_bytes()
    arguments["dns_names"] = ["epm1.example.com", "epm1"]
    assert issue(run_module, arguments, authority)["changed"]
    assert (tmp_path / "tls" / "node.key").read_bytes() == key
    assert run_module(tls_identity, {**arguments, "state": "observed"})["reasons"] == {}


def test_a_certificate_near_its_end_is_renewed(run_module, arguments, authority):
    issue(run_module, arguments, authority, days=59)
    observed = run_module(tls_identity, {**arguments, "state": "observed"})
    assert observed["needs_certificate"]
    assert issue(run_module, arguments, authority)["days_left"] == 1186


def test_a_certificate_of_another_ca_is_refused_and_repaired_on_request(run_module, arguments, authority, tmp_path):
    issue(run_module, arguments, authority)
    other = Authority("Another CA")
    arguments["ca_certificate"] = other.pem
    before = (tmp_path / "tls" / "node.crt").read_bytes()
    refused = run_module(tls_identity, {**arguments, "state": "present"})
    assert refused["failed"]
    assert "Another CA is never made" in refused["msg"]
    assert "CN=Site CA" in refused["msg"]
    assert (tmp_path / "tls" / "node.crt").read_bytes() == before
    arguments["on_mismatch"] = "repair"
    assert issue(run_module, arguments, other)["changed"]
    assert run_module(tls_identity, {**arguments, "state": "observed"})["reasons"] == {}


def test_installing_without_a_signed_certificate_is_refused(run_module, arguments):
    result = run_module(tls_identity, {**arguments, "state": "present"})
    assert result["failed"]
    assert "has to be signed first" in result["msg"]


@needs_keytool
def test_stores_open_with_the_password_and_hold_the_chain(run_module, arguments, authority, tmp_path):
    owner = {key: arguments["exports"][0][key] for key in ("owner", "group")}
    keystore, truststore = tmp_path / "config" / "pomKeyStore", tmp_path / "config" / "pomTrustStore"
    arguments["exports"] = [
        {"format": "jks_keystore", "path": str(keystore), "mode": "0640", **owner},
        {"format": "jks_truststore", "path": str(truststore), "mode": "0640", **owner},
    ]
    result = issue(run_module, arguments, authority)
    assert (result["changed"], result.get("failed", False)) == (True, False), result
    assert PASSWORD not in json.dumps(result)
    read = java_keystore.read(keystore.read_bytes(), PASSWORD)
    assert [len(chain) for chain in read.private_keys.values()] == [2]
    assert keystore.stat().st_mode & 0o777 == 0o640
    # The judge that is not ours: keytool itself opens both with the same password.
    secret = tmp_path / "secret"
    secret.write_text(PASSWORD + "\n")
    for path in (keystore, truststore):
        argv = ["keytool", "-list", "-keystore", str(path), "-storepass:file", str(secret)]
        listed = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert listed.returncode == 0, listed.stdout
    assert run_module(tls_identity, {**arguments, "state": "present"})["changed"] is False


@needs_keytool
def test_foreign_entries_of_a_truststore_stay(run_module, arguments, authority, tmp_path):
    truststore, foreign, secret = tmp_path / "pomTrustStore", tmp_path / "foreign.pem", tmp_path / "secret"
    foreign.write_text(Authority("Vendor CA").pem)
    secret.write_text(PASSWORD + "\n")
    subprocess.run(
        [
            "keytool",
            "-importcert",
            "-noprompt",
            "-alias",
            "vendor",
            "-file",
            str(foreign),
            "-keystore",
            str(truststore),
            "-storetype",
            "JKS",
            "-storepass:file",
            str(secret),
        ],
        check=True,
        capture_output=True,
    )
    owner = {key: arguments["exports"][0][key] for key in ("owner", "group")}
    arguments["exports"] = [{"format": "jks_truststore", "path": str(truststore), "mode": "0640", **owner}]
    issue(run_module, arguments, authority)
    assert set(java_keystore.read(truststore.read_bytes(), PASSWORD).certificates) == {"vendor", "dialtone-ca"}


@needs_keytool
def test_a_store_that_does_not_open_is_not_overwritten(run_module, arguments, authority, tmp_path):
    keystore = tmp_path / "pomKeyStore"
    keystore.write_bytes(b"\xfe\xed\xfe\xed" + bytes(40))
    owner = {key: arguments["exports"][0][key] for key in ("owner", "group")}
    arguments["exports"] = [{"format": "jks_keystore", "path": str(keystore), "mode": "0640", **owner}]
    result = issue(run_module, arguments, authority)
    assert result["failed"]
    assert "It is not overwritten" in result["msg"]
    assert Path(keystore).read_bytes() == b"\xfe\xed\xfe\xed" + bytes(40)


# --- PKCS#12 ------------------------------------------------------------------------------------------------------


@pytest.fixture
def bundle(arguments, tmp_path) -> Path:
    path = tmp_path / "tls" / "pom.p12"
    owner = {key: arguments["exports"][0][key] for key in ("owner", "group")}
    arguments["exports"] = [{"format": "pkcs12", "path": str(path), "alias": "pomservercert", "mode": "0600", **owner}]
    return path


def reasons_for(run_module, arguments, path: Path) -> list[str]:
    return run_module(tls_identity, {**arguments, "state": "observed"})["reasons"].get(str(path), [])


def test_a_bundle_holds_key_certificate_and_ca_under_the_alias(run_module, arguments, authority, bundle, tmp_path):
    result = issue(run_module, arguments, authority)
    assert (result["changed"], result.get("failed", False)) == (True, False), result
    assert PASSWORD not in json.dumps(result)
    assert bundle.stat().st_mode & 0o777 == 0o600
    read = pkcs12.load_pkcs12(bundle.read_bytes(), PASSWORD.encode())
    own = (tmp_path / "tls" / "node.key").read_bytes()
    assert read.key.private_numbers() == serialization.load_pem_private_key(own, None).private_numbers()
    assert read.cert.friendly_name == b"pomservercert"
    assert [extra.certificate for extra in read.additional_certs] == [authority.certificate]
    assert run_module(tls_identity, {**arguments, "state": "present"})["changed"] is False


@needs_keytool
def test_a_bundle_is_encrypted_so_that_old_java_opens_it(run_module, arguments, authority, bundle, tmp_path):
    issue(run_module, arguments, authority)
    secret = tmp_path / "secret"
    secret.write_text(PASSWORD + "\n")
    argv = ["keytool", "-list", "-keystore", str(bundle), "-storetype", "PKCS12", "-storepass:file", str(secret)]
    assert "pomservercert" in subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    argv = ["openssl", "pkcs12", "-in", str(bundle), "-passin", f"file:{secret}", "-info", "-noout"]
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stderr
    assert said.count("pbeWithSHA1And3-KeyTripleDES-CBC") == 2
    assert "MAC: sha1" in said


def test_a_renewed_certificate_renews_the_bundle(run_module, arguments, authority, bundle):
    issue(run_module, arguments, authority)
    before = bundle.read_bytes()
    arguments["dns_names"] = ["epm1.example.com", "epm1"]
    assert issue(run_module, arguments, authority)["changed"]
    assert bundle.read_bytes() != before
    assert reasons_for(run_module, arguments, bundle) == []


def rewritten(bundle: Path, *, name: bytes = b"pomservercert", encryption=None, key=None) -> None:
    read = pkcs12.load_pkcs12(bundle.read_bytes(), PASSWORD.encode())
    encryption = encryption or (
        serialization.PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(2048)
        .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        .hmac_hash(hashes.SHA1())
        .build(PASSWORD.encode())
    )
    chain = [extra.certificate for extra in read.additional_certs]
    own = read.cert.certificate
    if key is not None:
        own, chain = None, [own, *chain]
    bundle.write_bytes(pkcs12.serialize_key_and_certificates(name, key or read.key, own, chain, encryption))


def test_a_bundle_of_another_kind_is_made_anew(run_module, arguments, authority, bundle):
    issue(run_module, arguments, authority)
    rewritten(bundle)
    assert reasons_for(run_module, arguments, bundle) == [], "who wrote it does not matter"
    rewritten(bundle, name=b"tomcat")
    assert reasons_for(run_module, arguments, bundle) == ["holds no key pomservercert"]
    rewritten(bundle, encryption=serialization.BestAvailableEncryption(PASSWORD.encode()))
    assert reasons_for(run_module, arguments, bundle) == ["is encrypted in another way than Java before 8u301 opens"]
    rewritten(bundle, key=rsa.generate_private_key(65537, 2048))
    assert "holds another key" in reasons_for(run_module, arguments, bundle)
    bundle.write_bytes(b"not a store")
    assert reasons_for(run_module, arguments, bundle) == [
        "is no PKCS#12 file that openssl opens with trust_store_password"
    ]
    assert run_module(tls_identity, {**arguments, "state": "present"})["changed"]
    assert reasons_for(run_module, arguments, bundle) == []


def test_a_bundle_of_another_password_is_not_overwritten(run_module, arguments, authority, bundle):
    issue(run_module, arguments, authority)
    before = bundle.read_bytes()
    arguments["store_password"] = "another-password-9"
    refused = run_module(tls_identity, {**arguments, "state": "present"})
    assert refused["failed"]
    assert "does not open with trust_store_password. It is not overwritten" in refused["msg"]
    assert bundle.read_bytes() == before
    assert run_module(tls_identity, {**arguments, "state": "present", "on_mismatch": "repair"})["changed"]


def test_a_bundle_needs_a_password(run_module, arguments, authority, bundle):
    del arguments["store_password"]
    result = run_module(tls_identity, {**arguments, "state": "observed"})
    assert "it needs store_password" in result["msg"]
