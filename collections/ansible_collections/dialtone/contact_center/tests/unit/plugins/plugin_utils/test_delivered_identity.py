# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files as an authority delivers them, and as it should not."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.delivered_identity import refusals
from ansible_collections.dialtone.contact_center.tests.unit.plugins.module_utils.tls_peers import Authority

PASSWORD = "correct-horse-7"
NAME = "epm1.dc1.example.com"
NOW = datetime.now(timezone.utc)
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "Delivering CA")


def packed(key: ec.EllipticCurvePrivateKey | None, certificate: x509.Certificate | None, chain: list[x509.Certificate]) -> bytes:
    encryption = BestAvailableEncryption(PASSWORD.encode())
    return pkcs12.serialize_key_and_certificates(b"pom", key, certificate, chain, encryption)


def judged(content: bytes, *names: str, password: str = PASSWORD, now: datetime = NOW) -> str:
    return " | ".join(refusals(content, password, names or [NAME], now))


@pytest.mark.parametrize("usages", [(), (SERVER, CLIENT), (ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)])
def test_one_that_a_server_can_work_with_is_taken(authority, usages):
    content = packed(*authority.sign(NAME, usages=usages), [authority.x509])
    assert judged(content, NAME, "127.0.0.1") == ""


@pytest.mark.parametrize("content", [b"", b"-----BEGIN CERTIFICATE-----", b"\x30\x82\x01\x00"])
def test_another_file_is_told(content):
    assert "no PKCS#12 file, or certificates_pkcs12_password is not its password" in judged(content)


def test_another_password_is_told_and_not_shown(authority):
    words = judged(packed(*authority.sign(NAME), [authority.x509]), password="wrong-horse-8")
    assert "is not its password" in words
    assert "horse" not in words


def test_a_file_without_the_key_or_without_its_certificate_is_told(authority):
    key, certificate = authority.sign(NAME)
    assert "no private key" in judged(packed(None, None, [certificate, authority.x509]))
    assert "no certificate that belongs to its key" in judged(packed(key, None, [authority.x509]))


def test_the_key_of_another_certificate_is_told(authority, monkeypatch):
    """No program of this machine writes such a file."""
    (key, _own), (_other, certificate) = authority.sign(NAME), authority.sign(NAME)
    held = pkcs12.PKCS12KeyAndCertificates(key, pkcs12.PKCS12Certificate(certificate, None), [])
    monkeypatch.setattr(pkcs12, "load_pkcs12", lambda _content, _password: held)
    assert judged(b"") == "its certificate belongs to another key"


def test_a_file_of_an_outdated_cipher_is_told(monkeypatch):
    def refuse(_content, _password):
        raise UnsupportedAlgorithm("pbeWithMD5AndDES-CBC")

    monkeypatch.setattr(pkcs12, "load_pkcs12", refuse)
    assert "cannot open (pbeWithMD5AndDES-CBC): export it with AES or 3DES" in judged(b"")


def test_a_chain_that_does_not_end_in_its_authority_is_told(authority, tmp_path):
    other = Authority(tmp_path, "Another CA")
    for chain in ([], [other.x509]):
        assert "'CN=Delivering CA' is not in it: export it with the whole chain" in judged(packed(*authority.sign(NAME), chain))


def test_a_certificate_out_of_its_time_is_told(authority):
    content = packed(*authority.sign(NAME, days=20), [authority.x509])
    assert "its certificate expired on" in judged(content, now=NOW + timedelta(days=21))
    assert "is not valid before" in judged(content, now=NOW - timedelta(days=3))
    later = judged(content, now=NOW + timedelta(days=31))
    assert "its certificate expired on" in later
    assert "authority 'CN=Delivering CA' expired on" in later, "everything at once"


def test_a_name_that_is_not_carried_is_told_with_those_that_are(authority):
    words = judged(packed(*authority.sign(NAME), [authority.x509]), NAME, "pom.example.com", "192.0.2.7")
    assert "does not carry pom.example.com, 192.0.2.7, which certificates_names states" in words
    assert "but epm1.dc1.example.com, 127.0.0.1" in words


@pytest.mark.parametrize(("usages", "lacking"), [((SERVER,), "clients"), ((CLIENT,), "servers")])
def test_a_certificate_for_one_purpose_alone_is_told(authority, usages, lacking):
    assert f"is not for {lacking}" in judged(packed(*authority.sign(NAME, usages=usages), [authority.x509]))
