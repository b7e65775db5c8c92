# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Real TLS peers on loopback, with certificates made for one test run."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID, ObjectIdentifier

PASSPHRASE = b"not for a node's key"


@dataclass(frozen=True)
class Files:
    key: str
    certificate: str


class Authority:
    """A CA that signs whatever a test needs."""

    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            self._builder(self._name, self._key.public_key(), days=30)
            .add_extension(
                x509.BasicConstraints(ca=True, path_length=None),
                critical=True,
            )
            .sign(self._key, hashes.SHA256())
        )
        self.x509 = certificate
        path = directory / f"{name}.crt"
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        self.certificate = str(path)

    def issue(self, name: str, days: int = 20, started_days_ago: int = 1, encrypted: bool = False) -> Files:
        key, certificate = self.sign(name, days, started_days_ago)
        encryption = serialization.BestAvailableEncryption(PASSPHRASE) if encrypted else serialization.NoEncryption()
        stem = f"{name}-{days}-{encrypted}"
        key_path, certificate_path = self._directory / f"{stem}.key", self._directory / f"{stem}.crt"
        key_path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption))
        certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return Files(str(key_path), str(certificate_path))

    def sign(
        self, name: str, days: int = 20, started_days_ago: int = 1, usages: Sequence[ObjectIdentifier] = ()
    ) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        builder = self._builder(subject, key.public_key(), days, started_days_ago)
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        if usages:
            builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        return key, builder.sign(self._key, hashes.SHA256())

    def _builder(
        self, subject: x509.Name, public_key: ec.EllipticCurvePublicKey, days: int, started_days_ago: int = 1
    ) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.timezone.utc)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=started_days_ago))
            .not_valid_after(now + datetime.timedelta(days=days))
        )


def server_context(identity: Files, authority: Authority, client_certificate: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key)
    context.load_verify_locations(authority.certificate)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED if client_certificate else ssl.CERT_NONE
    return context


@contextlib.contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server on loopback that gives each connection to serve; yields its port."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.05)
    done = threading.Event()

    def one(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            serve(connection)

    def accept() -> None:
        while not done.is_set():
            with contextlib.suppress(TimeoutError):
                one(server.accept()[0])

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        done.set()
        thread.join(5)
        server.close()


@contextlib.contextmanager
def tls_listening(context: ssl.SSLContext, serve: Callable[[ssl.SSLSocket], None]) -> Iterator[int]:
    def wrapped(connection: socket.socket) -> None:
        connection.settimeout(5)
        with context.wrap_socket(connection, server_side=True) as secured:
            serve(secured)

    with listening(wrapped) as port:
        yield port


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
