# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A delivered PKCS#12 file: why a server could not work with what is in it (POM-CERT-02, POM-CERT-03, POM-CERT-06)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography import x509

REMEDY = "have it made anew"


def refusals(content: bytes, password: str, names: Sequence[str], now: datetime) -> list[str]:
    """Everything that is wrong with the file, and what it has to hold instead. Names neither key nor password."""
    # Not at the top: ansible-test imports this file where only Ansible's own templates work.
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import pkcs12

    try:
        held = pkcs12.load_pkcs12(content, password.encode("utf-8"))
    except ValueError:
        return ["it is no PKCS#12 file, or certificates_pkcs12_password is not its password"]
    except UnsupportedAlgorithm as error:
        return [f"it is encrypted in a way that this machine cannot open ({error}): export it with AES or 3DES"]
    if held.key is None:
        return ["it holds no private key: a PKCS#12 file of the certificate and its key is needed"]
    if held.cert is None:
        return ["it holds no certificate that belongs to its key"]
    if held.key.public_key() != held.cert.certificate.public_key():
        return ["its certificate belongs to another key"]
    authorities = [one.certificate for one in held.additional_certs]
    return list(_of_certificate(held.cert.certificate, authorities, names, now))


def _of_certificate(
    certificate: x509.Certificate, authorities: Sequence[x509.Certificate], names: Sequence[str], now: datetime
) -> Iterator[str]:
    if now < certificate.not_valid_before_utc:
        yield f"its certificate is not valid before {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
    if now > certificate.not_valid_after_utc:
        yield f"its certificate expired on {certificate.not_valid_after_utc:%Y-%m-%d}: {REMEDY}"
    carried = _names(certificate)
    missing = [name for name in names if not any(covers(pattern, name) for pattern in carried)]
    if missing:
        yield (
            f"its certificate does not carry {', '.join(missing)}, which certificates_names states, but "
            f"{', '.join(carried) or 'no alternative name'}: {REMEDY}, or correct certificates_names"
        )
    lacking = _usages_lacking(certificate)
    if lacking:
        yield f"its certificate is not for {' and '.join(lacking)}, and POM's servers are both to each other: {REMEDY}"
    yield from _of_chain(certificate, authorities, now)


def _of_chain(certificate: x509.Certificate, authorities: Sequence[x509.Certificate], now: datetime) -> Iterator[str]:
    """From the certificate to one that signed itself."""
    here, left = certificate, list(authorities)
    while not _is_signed_by(here, here):
        signer = next((one for one in left if _is_signed_by(here, one)), None)
        if signer is None:
            name = here.issuer.rfc4514_string()
            yield f"the certificate of its authority '{name}' is not in it: export it with the whole chain"
            return
        if now > signer.not_valid_after_utc:
            name, expired = signer.subject.rfc4514_string(), signer.not_valid_after_utc
            yield f"the certificate of its authority '{name}' expired on {expired:%Y-%m-%d}"
        left.remove(signer)
        here = signer


def _is_signed_by(certificate: x509.Certificate, signer: x509.Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(signer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _names(certificate: x509.Certificate) -> list[str]:
    from cryptography import x509

    try:
        held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    addresses: list[Any] = held.get_values_for_type(x509.IPAddress)
    return [*held.get_values_for_type(x509.DNSName), *map(str, addresses)]


def _usages_lacking(certificate: x509.Certificate) -> list[str]:
    """Of what the certificate must be good for; without the extension it is good for everything."""
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    try:
        usages = set(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return []
    if ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in usages:
        return []
    needed = {"servers": ExtendedKeyUsageOID.SERVER_AUTH, "clients": ExtendedKeyUsageOID.CLIENT_AUTH}
    return [word for word, oid in needed.items() if oid not in usages]


def covers(pattern: str, name: str) -> bool:
    """Whether a name of a certificate is this one; a `*` stands for its first label.

    >>> covers("EPM1.example.com", "epm1.example.com"), covers("*.example.com", "epm1.example.com")
    (True, True)
    >>> covers("*.example.com", "epm1.dc1.example.com"), covers("*.example.com", "example.com")
    (False, False)
    """
    pattern, name = pattern.lower(), name.lower()
    first, _dot, rest = pattern.partition(".")
    return pattern == name or (first == "*" and rest != "" and name.partition(".")[2] == rest)
