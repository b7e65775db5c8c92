"""Lab only. How POM servers reach each other and the EPM: TLS with the host's certificate checked against pomTrustStore.

Stand-in assumption: POM's configuration travels over the Experience Portal's own web server, with a token that EP servers share.
"""

from __future__ import annotations

import configparser
import http.client
import json
import socket
import ssl
import urllib.parse
from typing import Any

from .. import host
from ..stores import Stores, trusted_certificates

SECONDS = 10.0
NO_TRUSTED_CERTIFICATE = "sun.security.validator.ValidatorException: No trusted certificate found"


def experience_portal_file() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(host.real("/etc/standin/ep.conf"), encoding="utf-8")
    return parser


def https_port() -> int:
    """The port of every EPM: 443. A test has its own."""
    return experience_portal_file().getint("web", "https_port", fallback=443)


def endpoint(location: str) -> tuple[str, int]:
    """Host and port of `https://<host>[:port]`.

    >>> endpoint("https://192.0.2.1")[0]
    '192.0.2.1'
    >>> endpoint("https://epm.example:8443/axis2")
    ('epm.example', 8443)
    """
    parts = urllib.parse.urlsplit(location)
    if parts.scheme != "https" or not parts.hostname:
        raise host.Refused("Location must be https://<EPM IP Address>.")
    return parts.hostname, parts.port or https_port()


def presented_certificate(address: str, port: int) -> str:
    """What the server presents, whoever it is, as PEM."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((address, port), timeout=SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=address) as connection,
        ):
            return ssl.DER_cert_to_PEM_cert(connection.getpeercert(binary_form=True) or b"")
    except OSError as error:
        raise host.Refused(f"The certificate could not be fetched from https://{address}: {error}") from error


def trusting(stores: Stores) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    certificates = trusted_certificates(stores) if stores.trust_store.exists() else ""
    if certificates:
        context.load_verify_locations(cadata=certificates)
    return context


def request(address: str, method: str, path: str, content: dict[str, Any] | None = None) -> bytes:
    """Ask another EPM, which pomTrustStore must trust."""
    token = experience_portal_file().get("channel", "token", fallback="")
    body = json.dumps(content).encode() if content is not None else None
    connection = http.client.HTTPSConnection(address, https_port(), timeout=SECONDS, context=trusting(Stores(host.pom_home())))
    try:
        connection.request(method, path, body, {"X-EP-Token": token, "Content-Type": "application/json"})
        answer = connection.getresponse()
        received = answer.read()
    except ssl.SSLCertVerificationError as error:
        raise host.Refused(
            f"https://{address}: javax.net.ssl.SSLHandshakeException: {NO_TRUSTED_CERTIFICATE}. "
            "Fetch the certificate of this EPM on the page Trusted Certificates first."
        ) from error
    except OSError as error:
        raise host.Refused(f"https://{address} does not answer: {error}") from error
    finally:
        connection.close()
    if answer.status != 200:
        raise host.Refused(f"https://{address} refuses: {refusal(received)}")
    return received


def refusal(received: bytes) -> str:
    try:
        return str(json.loads(received)["refused"])
    except (ValueError, KeyError, TypeError):
        return received.decode("utf-8", "replace").strip()[:200]


def ask(address: str, path: str, content: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(request(address, "POST", f"/channel/pom/{path}", content))
    return answer
