# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read a JKS store without a JVM: which certificates it holds, and whether a password opens it.

Reading costs a millisecond where keytool costs a second; stores are still written by keytool only. The format is that of
sun.security.provider.JavaKeyStore: magic, version, entries, and a SHA-1 over password and content.
"""
from __future__ import annotations

import hashlib
import hmac
import struct
from dataclasses import dataclass, field

MAGIC = 0xFEEDFEED
_PRIVATE_KEY, _CERTIFICATE = 1, 2
_SALT = b"Mighty Aphrodite"


class KeystoreError(ValueError):
    """The bytes are no readable JKS store."""


class PasswordError(KeystoreError):
    """The store is well-formed, and the password does not open it."""


@dataclass
class Keystore:
    """Aliases with their certificates in DER: chains of private keys, and trusted certificates."""

    private_keys: dict[str, list[bytes]] = field(default_factory=dict)
    certificates: dict[str, bytes] = field(default_factory=dict)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def take(self, count: int) -> bytes:
        if count < 0 or self.position + count > len(self.data):
            raise KeystoreError("the store ends in the middle of an entry")
        self.position += count
        return self.data[self.position - count:self.position]

    def number(self) -> int:
        return struct.unpack(">I", self.take(4))[0]

    def text(self) -> str:
        return self.take(struct.unpack(">H", self.take(2))[0]).decode("utf-8", "replace")

    def certificate(self, version: int) -> bytes:
        if version == 2:
            kind = self.text()
            if kind != "X.509":
                raise KeystoreError(f"a certificate of the unknown type {kind}")
        return self.take(self.number())


def read(data: bytes, password: str | None) -> Keystore:
    """The entries of a JKS store. Raises PasswordError where the password does not open it.

    Certificates are not encrypted: without a password they are read too, and nobody says whether the store is whole.
    """
    reader = _Reader(data)
    if len(data) < 32 or reader.number() != MAGIC:
        raise KeystoreError("this is no JKS store")
    version = reader.number()
    if version not in (1, 2):
        raise KeystoreError("JKS version %d is unknown" % version)
    if password is not None:
        digest = hashlib.sha1(password.encode("utf-16-be") + _SALT + data[:-20]).digest()
        if not hmac.compare_digest(digest, data[-20:]):
            raise PasswordError("the store password does not open it, or the store is damaged")
    store = Keystore()
    for _entry in range(reader.number()):
        tag, alias = reader.number(), reader.text()
        reader.take(8)
        if tag == _PRIVATE_KEY:
            reader.take(reader.number())
            store.private_keys[alias] = [reader.certificate(version) for _link in range(reader.number())]
        elif tag == _CERTIFICATE:
            store.certificates[alias] = reader.certificate(version)
        else:
            raise KeystoreError("an entry of the unknown kind %d" % tag)
    if reader.position != len(data) - 20:
        raise KeystoreError("there are bytes behind the last entry")
    return store
