# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A node's key, certificate and the stores made of them: what is there, and why it is not what it should be."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from ansible_collections.dialtone.contact_center.plugins.module_utils import java_keystore

ALIAS = "dialtone-node"
CA_ALIAS = "dialtone-ca"
# How a PKCS#12 file is encrypted: the words of openssl's options, and those of its description of a file.
PKCS12_CIPHER, PKCS12_MAC = "PBE-SHA1-3DES", "sha1"
_CIPHER_DESCRIBED = "pbeWithSHA1And3-KeyTripleDES-CBC"
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----\s*(.*?)\s*-----END CERTIFICATE-----", re.DOTALL)


class IdentityError(Exception):
    """Something that must be decided by a person before the node's identity may change."""


@dataclass(frozen=True)
class Certificate:
    """What openssl says of a certificate."""

    subject: str
    issuer: str
    not_after: datetime
    fingerprint: str
    names: frozenset[str]
    public_key: str

    def days_left(self, now: datetime) -> int:
        """Whole days until it expires; negative when it has."""
        return int((self.not_after - now).total_seconds() // 86400)


def pem_to_der(text: str) -> list[bytes]:
    """All certificates of a PEM text, in their order."""
    try:
        return [base64.b64decode("".join(body.split()), validate=True) for body in _PEM.findall(text)]
    except binascii.Error as error:
        raise IdentityError(f"a certificate in PEM is damaged: {error}") from error


def san_words(dns_names: Sequence[str], ip_addresses: Sequence[str]) -> frozenset[str]:
    """Subject alternative names in one comparable form: `dns:name`, `ip:address`."""
    return frozenset(
        ["dns:" + name.lower() for name in dns_names] + ["ip:" + str(ipaddress.ip_address(one)) for one in ip_addresses]
    )


def parse_san(line: str) -> frozenset[str]:
    """The names in openssl's line 'DNS:a, IP Address:10.0.0.1'."""
    words = []
    for part in line.split(","):
        kind, separator, value = part.strip().partition(":")
        if not separator:
            continue
        if kind == "DNS":
            words.append("dns:" + value.lower())
        elif kind == "IP Address":
            words.append("ip:" + str(ipaddress.ip_address(value)))
        else:
            words.append(f"{kind.lower()}:{value}")
    return frozenset(words)


def parse_x509(text: str) -> Certificate:
    """`openssl x509 -noout -subject -issuer -enddate -fingerprint -sha256 -ext subjectAltName -pubkey -nameopt RFC2253`."""
    fields = {}
    names = frozenset()  # type: frozenset[str]
    lines = text.splitlines()
    for index, line in enumerate(lines):
        key, separator, value = line.partition("=")
        if separator and re.fullmatch("[A-Za-z0-9 ]+", key):
            fields[key.strip().lower()] = value.strip()
        if "Subject Alternative Name" in line and index + 1 < len(lines):
            names = parse_san(lines[index + 1])
    public_key = re.search("-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", text, re.DOTALL)
    fingerprint = next((value for key, value in fields.items() if key.endswith("fingerprint")), "")
    if not fingerprint or "notafter" not in fields or public_key is None:
        raise IdentityError("openssl's description of a certificate could not be read")
    not_after = datetime.strptime(fields["notafter"], "%b %d %H:%M:%S %Y %Z").replace(tzinfo=timezone.utc)
    return Certificate(
        fields.get("subject", ""),
        fields.get("issuer", ""),
        not_after,
        fingerprint.replace(":", "").lower(),
        names,
        public_key.group(0),
    )


def certificate_reasons(
    certificate: Certificate | None,
    key_public: str | None,
    ca_verifies: bool,
    wanted_names: frozenset[str],
    renew_before_days: int,
    now: datetime,
) -> list[str]:
    """Why the node needs a new certificate; empty when the one it has will do."""
    if key_public is None:
        return ["the node has no key yet"]
    if certificate is None:
        return ["the node has no certificate yet"]
    reasons = []
    if certificate.public_key.split() != key_public.split():
        reasons.append("the certificate belongs to another key")
    if not ca_verifies:
        reasons.append("the certificate was not signed by the site's CA")
    missing = sorted(wanted_names - certificate.names)
    if missing:
        reasons.append("the certificate does not name {}".format(", ".join(missing)))
    surplus = sorted(certificate.names - wanted_names)
    if surplus:
        reasons.append("the certificate still names {}".format(", ".join(surplus)))
    days = certificate.days_left(now)
    if days < renew_before_days:
        reasons.append(
            "the certificate %s, renewal is due %d days before"
            % ("expires in %d days" % days if days >= 0 else "expired %d days ago" % -days, renew_before_days)
        )
    return reasons


def _opened(data: bytes | None, password: str) -> tuple[java_keystore.Keystore, list[str]]:
    """The JKS store, or an empty one and why it has to be written anew."""
    if data is None:
        return java_keystore.Keystore(), ["is created"]
    try:
        return java_keystore.read(data, password), []
    except java_keystore.PasswordError:
        return java_keystore.Keystore(), ["does not open with trust_store_password"]
    except java_keystore.KeystoreError as error:
        return java_keystore.Keystore(), [str(error)]


def keystore_reasons(data: bytes | None, password: str, chain: Sequence[bytes]) -> list[str]:
    """Why a JKS keystore does not hold the node's key with this chain."""
    store, reasons = _opened(data, password)
    if reasons:
        return reasons
    if ALIAS not in store.private_keys:
        return [f"holds no key {ALIAS}"]
    return [] if store.private_keys[ALIAS] == list(chain) else [f"holds another certificate under {ALIAS}"]


def truststore_reasons(data: bytes | None, password: str, ca: Sequence[bytes]) -> list[str]:
    """Why a JKS truststore does not trust the site's CA. Other entries are not ours, and stay."""
    store, reasons = _opened(data, password)
    if reasons:
        return reasons
    return [] if set(ca) <= set(store.certificates.values()) else ["does not trust the site's CA"]


def is_pkcs12_of_another_password(said: str) -> bool:
    """What openssl says where the file is one, and the password is not its own."""
    return "invalid password" in said


def pkcs12_reasons(listing: str, description: str, chain: Sequence[bytes], same_key: bool, alias: str) -> list[str]:
    """Why a PKCS#12 file does not hold the node's key and chain under the alias, encrypted as chosen.

    `openssl pkcs12 -nokeys -info` prints the listing to its output and the description to its errors.
    """
    reasons = []
    name = re.search(r"^\s*friendlyName: (.*?)\s*$", listing, re.MULTILINE)
    if pem_to_der(listing) != list(chain):
        reasons.append("holds another certificate")
    if not same_key:
        reasons.append("holds another key")
    if name is None or name.group(1) != alias:
        reasons.append(f"holds no key {alias}")
    bags = [line for line in description.splitlines() if line.startswith(("PKCS7 Encrypted data:", "Shrouded Keybag:"))]
    if not bags or any(_CIPHER_DESCRIBED not in line for line in bags) or f"MAC: {PKCS12_MAC}," not in description:
        reasons.append("is encrypted in another way than Java before 8u301 opens")
    return reasons


def request_config(subject: str, dns_names: Sequence[str], ip_addresses: Sequence[str]) -> str:
    """The configuration of `openssl req` for the node's signing request."""
    fields = []
    for part in subject.split(","):
        key, separator, value = part.strip().partition("=")
        if not separator or not re.fullmatch("[A-Z]+", key) or not value:
            raise IdentityError(f"subject {subject!r}: write it as CN=name,O=organization")
        fields.append("{} = {}".format(key, value.replace("\\", "\\\\").replace("$", "\\$")))
    names = ["DNS.%d = %s" % (index, name) for index, name in enumerate(dns_names, 1)]
    names += ["IP.%d = %s" % (index, one) for index, one in enumerate(ip_addresses, 1)]
    return (
        "\n".join(
            [
                "[req]",
                "prompt = no",
                "utf8 = yes",
                "string_mask = utf8only",
                "distinguished_name = subject",
                "req_extensions = extensions",
                "[subject]",
                *fields,
                "[extensions]",
                "subjectAltName = @names",
                "keyUsage = critical,digitalSignature,keyEncipherment",
                "extendedKeyUsage = serverAuth,clientAuth",
                "[names]",
                *names,
            ]
        )
        + "\n"
    )
