# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import hashlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.module_utils import java_keystore


def text(value: str) -> bytes:
    encoded = value.encode("utf-8")
    return struct.pack(">H", len(encoded)) + encoded


def blob(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


def store(password: str, keys=None, certificates=None) -> bytes:
    """A JKS store as sun.security.provider.JavaKeyStore writes it, version 2."""
    keys, certificates = keys or {}, certificates or {}
    body = struct.pack(">III", java_keystore.MAGIC, 2, len(keys) + len(certificates))
    for alias, chain in keys.items():
        body += struct.pack(">I", 1) + text(alias) + bytes(8) + blob(b"encrypted key") + struct.pack(">I", len(chain))
        body += b"".join(text("X.509") + blob(certificate) for certificate in chain)
    for alias, certificate in certificates.items():
        body += struct.pack(">I", 2) + text(alias) + bytes(8) + text("X.509") + blob(certificate)
    return body + hashlib.sha1(password.encode("utf-16-be") + b"Mighty Aphrodite" + body).digest()


def test_keys_and_certificates_are_read():
    data = store("changeit", {"node": [b"own", b"ca"]}, {"root": b"ca"})
    read = java_keystore.read(data, "changeit")
    assert read.private_keys == {"node": [b"own", b"ca"]}
    assert read.certificates == {"root": b"ca"}


def test_a_wrong_password_is_told_from_a_damaged_format():
    data = store("changeit", {}, {"root": b"ca"})
    with pytest.raises(java_keystore.PasswordError):
        java_keystore.read(data, "other")
    with pytest.raises(java_keystore.KeystoreError, match="no JKS store"):
        java_keystore.read(b"\x30\x82" + bytes(60), "changeit")


@given(st.binary(max_size=200))
def test_any_bytes_give_a_store_or_a_keystore_error(data):
    with pytest.raises(java_keystore.KeystoreError):
        java_keystore.read(data, "changeit")


@given(st.data())
def test_a_changed_byte_is_noticed(data):
    intact = store("changeit", {"node": [b"own", b"ca"]}, {"root": b"ca"})
    index = data.draw(st.integers(0, len(intact) - 1))
    damaged = bytearray(intact)
    damaged[index] ^= data.draw(st.integers(1, 255))
    with pytest.raises(java_keystore.KeystoreError):
        java_keystore.read(bytes(damaged), "changeit")


def test_without_a_password_certificates_are_read_too():
    """They are not encrypted, and the key is not looked at."""
    data = store("nobody tells it", {"node": [b"own", b"ca"]}, {"root": b"ca"})
    assert java_keystore.read(data, None) == java_keystore.read(data, "nobody tells it")
