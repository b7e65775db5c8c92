# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""TLS connections from a node to a service of the site, with the node's own identity. Standard library only."""

from __future__ import annotations

import re
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any

SECONDS_A_DAY = 86400
# X509_V_FLAG_PARTIAL_CHAIN, which Python names from 3.10 on.
PARTIAL_CHAIN = 0x80000


class TlsError(Exception):
    """Why a connection did not come about.

    kind: name | refused | timeout | unreachable | silent | closed | verify | alert | not_tls | identity
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True)
class Identity:
    """Paths of PEM files. Without key and certificate the client shows no certificate.

    With `anchors`, certificates in DER, these alone are trusted in place of `ca`: as a Java store does it, those of servers too.
    """

    ca: str
    key: str = ""
    certificate: str = ""
    anchors: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Peer:
    """What the server showed of itself."""

    protocol: str
    cipher: str
    not_after: int
    names: tuple[str, ...]

    def days_left(self, now: float) -> int:
        return int((self.not_after - now) // SECONDS_A_DAY)


def client_context(identity: Identity, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = newest
    try:
        if identity.anchors:
            context.load_verify_locations(cadata=b"".join(identity.anchors))
            context.verify_flags |= PARTIAL_CHAIN
        else:
            context.load_verify_locations(cafile=identity.ca)
    except (OSError, ssl.SSLError) as error:
        raise TlsError("identity", f"cannot read the CA certificate {identity.ca}: {_words(error)}") from error
    if identity.certificate:
        try:
            context.load_cert_chain(identity.certificate, identity.key or None, password=_refuse_passphrase)
        except (OSError, ssl.SSLError) as error:
            raise TlsError(
                "identity", f"cannot use the certificate {identity.certificate} with the key {identity.key}: {_words(error)}"
            ) from error
    return context


def open_tcp(host: str, port: int, timeout: float) -> socket.socket:
    try:
        return socket.create_connection((host, port), timeout=timeout)
    except socket.gaierror as error:
        raise TlsError("name", f"{host} does not resolve to an address: {error.strerror}") from error
    except ConnectionRefusedError as error:
        raise TlsError("refused", f"{host}:{port} refuses connections: nothing listens there") from error
    except (socket.timeout, TimeoutError) as error:
        raise TlsError(
            "timeout", f"{host}:{port} did not accept a connection within {timeout:g} s: host down or a firewall in between"
        ) from error
    except OSError as error:
        raise TlsError("unreachable", f"{host}:{port} cannot be reached: {_words(error)}") from error


class TlsConnection:
    """One verified TLS connection. Every failure on it is a TlsError that names the address."""

    def __init__(self, plain: socket.socket, host: str, port: int, context: ssl.SSLContext, server_name: str) -> None:
        self.where = f"{host}:{port}"
        try:
            self._socket = context.wrap_socket(plain, server_hostname=server_name or host)
        except OSError as error:
            plain.close()
            raise self._error(error, "TLS handshake") from error
        self.peer = self._peer()

    def send(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise self._error(error, "sending a request") from error

    def receive_exactly(self, count: int) -> bytes:
        received = bytearray()
        while len(received) < count:
            chunk = self._receive(count - len(received))
            if not chunk:
                raise TlsError("closed", f"{self.where} closed the connection after {len(received)} of {count} bytes")
            received += chunk
        return bytes(received)

    def receive_until_closed(self, limit: int) -> bytes:
        received = bytearray()
        while len(received) < limit:
            chunk = self._receive(min(65536, limit - len(received)))
            if not chunk:
                break
            received += chunk
        return bytes(received)

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> TlsConnection:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _receive(self, count: int) -> bytes:
        try:
            return self._socket.recv(count)
        except OSError as error:
            raise self._error(error, "waiting for the answer") from error

    def _error(self, error: OSError, doing: str) -> TlsError:
        return describe(error, self.where, doing)

    def _peer(self) -> Peer:
        certificate: dict[str, Any] = self._socket.getpeercert() or {}
        cipher = self._socket.cipher()
        return Peer(
            protocol=self._socket.version() or "",
            cipher=cipher[0] if cipher else "",
            not_after=ssl.cert_time_to_seconds(certificate["notAfter"]) if "notAfter" in certificate else 0,
            names=tuple(value for _kind, value in certificate.get("subjectAltName", ())),
        )


def connect(
    host: str,
    port: int,
    identity: Identity,
    server_name: str = "",
    timeout: float = 5.0,
    newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
) -> TlsConnection:
    context = client_context(identity, newest)
    return TlsConnection(open_tcp(host, port, timeout), host, port, context, server_name)


def describe(error: OSError, where: str, doing: str) -> TlsError:
    """Turn what the socket or OpenSSL raised into a sentence with the reason in it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return TlsError("verify", f"the certificate of {where} is not accepted: {error.verify_message}")
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return TlsError("closed", f"{where} closed the connection while {doing}")
    if isinstance(error, ssl.SSLError):
        alert = re.search(r"ALERT_(\w+)", error.reason or "")
        if alert:
            return TlsError("alert", f"{where} refused this client: TLS alert '{alert.group(1).lower().replace('_', ' ')}'")
        if (error.reason or "") in ("WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"):
            return TlsError("not_tls", f"{where} does not speak TLS")
        return TlsError("alert", f"{where}: TLS failed while {doing}: {error.reason or _words(error)}")
    if isinstance(error, (socket.timeout, TimeoutError)):
        return TlsError("silent", f"{where} accepts connections but gave no answer in time ({doing})")
    if isinstance(error, (ConnectionResetError, BrokenPipeError)):
        return TlsError("closed", f"{where} reset the connection while {doing}")
    return TlsError("unreachable", f"{where}: {_words(error)} while {doing}")


def days_left(not_after: int, now: float | None = None) -> int:
    return int((not_after - (time.time() if now is None else now)) // SECONDS_A_DAY)


def _words(error: OSError) -> str:
    return getattr(error, "reason", None) or error.strerror or str(error)


def _refuse_passphrase() -> str:
    raise ssl.SSLError("the key is encrypted; a node's key is stored without a passphrase, readable by root only")
