# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import base64
from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils import tls_identity as identity
from ansible_collections.dialtone.contact_center.tests.unit.plugins.module_utils.test_java_keystore import store

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=timezone.utc)
KEY = "-----BEGIN PUBLIC KEY-----\nabc\n-----END PUBLIC KEY-----"
NAMES = identity.san_words(["epm1.example.com", "epm1"], ["192.0.2.11"])

# `openssl x509` of OpenSSL 3.0 (Debian 12) and 1.1.1k (RHEL 8): the fingerprint's word differs in case.
OPENSSL_3 = (
    """subject=O=Dialtone,CN=epm1.example.com
issuer=CN=Site CA
notAfter=Feb 20 12:00:00 2030 GMT
sha256 Fingerprint=AA:BB
X509v3 Subject Alternative Name: \n    DNS:epm1.example.com, DNS:EPM1, IP Address:192.0.2.11
"""
    + KEY
    + "\n"
)
OPENSSL_1 = OPENSSL_3.replace("sha256 Fingerprint", "SHA256 Fingerprint")


def certificate(**words):
    fields = {
        "subject": "CN=epm1",
        "issuer": "CN=ca",
        "not_after": NOW + timedelta(days=500),
        "fingerprint": "aa",
        "names": NAMES,
        "public_key": KEY,
    }
    return identity.Certificate(**{**fields, **words})


@pytest.mark.parametrize("text", [pytest.param(OPENSSL_3, id="3.0"), pytest.param(OPENSSL_1, id="1.1.1k")])
def test_openssl_is_read(text):
    read = identity.parse_x509(text)
    assert read.names == NAMES
    assert read.not_after == datetime(2030, 2, 20, 12, 0, tzinfo=timezone.utc)
    assert read.issuer == "CN=Site CA"
    assert read.fingerprint == "aabb"


def test_output_that_is_no_certificate_is_an_error():
    with pytest.raises(identity.IdentityError, match="could not be read"):
        identity.parse_x509("unable to load certificate")


@pytest.mark.parametrize(
    ("current", "key", "verifies", "expected"),
    [
        pytest.param(certificate(), KEY, True, [], id="will do"),
        pytest.param(None, None, False, ["the node has no key yet"], id="no key"),
        pytest.param(None, KEY, False, ["the node has no certificate yet"], id="no certificate"),
        pytest.param(certificate(public_key="other"), KEY, True, ["the certificate belongs to another key"], id="another key"),
        pytest.param(certificate(), KEY, False, ["the certificate was not signed by the site's CA"], id="another CA"),
        pytest.param(
            certificate(names=NAMES - {"dns:epm1"}), KEY, True, ["the certificate does not name dns:epm1"], id="name missing"
        ),
        pytest.param(certificate(names=NAMES | {"dns:old"}), KEY, True, ["the certificate still names dns:old"], id="old name"),
        pytest.param(
            certificate(not_after=NOW + timedelta(days=59, hours=23)),
            KEY,
            True,
            ["the certificate expires in 59 days, renewal is due 60 days before"],
            id="renewal due",
        ),
        pytest.param(certificate(not_after=NOW + timedelta(days=60)), KEY, True, [], id="renewal not yet due"),
        pytest.param(
            certificate(not_after=NOW - timedelta(days=2)),
            KEY,
            True,
            ["the certificate expired 2 days ago, renewal is due 60 days before"],
            id="expired",
        ),
    ],
)
def test_why_a_certificate_is_needed(current, key, verifies, expected):
    assert identity.certificate_reasons(current, key, verifies, NAMES, 60, NOW) == expected


def test_stores_are_compared_by_content():
    keystore = store("changeit", {identity.ALIAS: [b"own", b"ca"]})
    assert identity.keystore_reasons(keystore, "changeit", [b"own", b"ca"]) == []
    assert identity.keystore_reasons(keystore, "changeit", [b"new", b"ca"]) == ["holds another certificate under dialtone-node"]
    assert identity.keystore_reasons(keystore, "other", [b"own"]) == ["does not open with trust_store_password"]
    assert identity.keystore_reasons(None, "changeit", [b"own"]) == ["is created"]
    assert identity.keystore_reasons(store("changeit"), "changeit", [b"own"]) == ["holds no key dialtone-node"]


def test_foreign_entries_of_a_truststore_are_no_reason():
    truststore = store("changeit", {}, {"vendor": b"theirs", "any-alias": b"ca"})
    assert identity.truststore_reasons(truststore, "changeit", [b"ca"]) == []
    assert identity.truststore_reasons(truststore, "changeit", [b"new ca"]) == ["does not trust the site's CA"]


def test_the_request_names_everything_and_nothing_can_be_injected():
    config = identity.request_config("CN=epm1.example.com,O=A $x \\ B", ["epm1.example.com", "epm1"], ["192.0.2.11"])
    assert "DNS.2 = epm1\n" in config
    assert "IP.1 = 192.0.2.11\n" in config
    assert "O = A \\$x \\\\ B\n" in config
    with pytest.raises(identity.IdentityError, match="write it as CN="):
        identity.request_config("epm1", [], [])


def test_damaged_pem_is_an_error():
    with pytest.raises(identity.IdentityError, match="damaged"):
        identity.pem_to_der("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----")


# --- PKCS#12 ------------------------------------------------------------------------------------------------------

BLOCK = "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n"
OWN, CA = b"own", b"ca"
# As OpenSSL 1.1.1 (RHEL 8) and 3.0 (RHEL 9, Debian 12) print it.
LISTING = (
    "Bag Attributes\n    localKeyID: 13 81 2E F8 \n    friendlyName: pomservercert\nsubject=CN = epm1\n\nissuer=CN = Site CA\n\n"
    + BLOCK.format(base64.b64encode(OWN).decode())
    + "Bag Attributes: <No Attributes>\nsubject=CN = Site CA\nissuer=CN = Site CA\n"
    + BLOCK.format(base64.b64encode(CA).decode())
)
DESCRIPTION = (
    "MAC: sha1, Iteration 2048\nMAC length: 20, salt length: 8\n"
    "PKCS7 Encrypted data: pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2048\nCertificate bag\nCertificate bag\n"
    "PKCS7 Data\nShrouded Keybag: pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2048\n"
)
TODAYS_DEFAULT = DESCRIPTION.replace("sha1", "sha256").replace(
    "pbeWithSHA1And3-KeyTripleDES-CBC", "PBES2, PBKDF2, AES-256-CBC"
)


@pytest.mark.parametrize(
    ("listing", "description", "same_key", "alias", "reasons"),
    [
        (LISTING, DESCRIPTION, True, "pomservercert", []),
        (LISTING, DESCRIPTION, True, "pomserver", ["holds no key pomserver"]),
        (LISTING.replace("friendlyName", "other"), DESCRIPTION, True, "pomservercert", ["holds no key pomservercert"]),
        (LISTING, DESCRIPTION, False, "pomservercert", ["holds another key"]),
        (LISTING.split("Bag Attributes: ")[0], DESCRIPTION, True, "pomservercert", ["holds another certificate"]),
        (LISTING, TODAYS_DEFAULT, True, "pomservercert", ["is encrypted in another way than Java before 8u301 opens"]),
        (LISTING, "", True, "pomservercert", ["is encrypted in another way than Java before 8u301 opens"]),
    ],
)
def test_what_a_bundle_must_hold(listing, description, same_key, alias, reasons):
    assert identity.pkcs12_reasons(listing, description, [OWN, CA], same_key, alias) == reasons


def test_a_wrong_password_is_told_from_a_damaged_file():
    assert identity.is_pkcs12_of_another_password("MAC: sha1, Iteration 2048\nMac verify error: invalid password?\n")
    assert not identity.is_pkcs12_of_another_password("error:0680008E:asn1 encoding routines:asn1_d2i_read_bio:not enough data")
