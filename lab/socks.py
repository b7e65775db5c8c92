"""A SOCKS5 proxy on this machine whose connections go out in a lab's network, for a browser.

Lab only; nothing in it reaches a site.
"""
from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from ipaddress import IPv4Address

VERSION, NO_AUTHENTICATION, CONNECT = 5, 0, 1
IPV4, NAME = 1, 3
SUCCEEDED, REFUSED = 0, 2
HANDSHAKE_SECONDS = 10

# Address and port -> the program that connects its standard input and output to them.
Connector = Callable[[str, int], Sequence[str]]


class ProtocolError(Exception):
    """The client does not speak what this proxy needs of SOCKS5."""


def receive(connection: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        chunk = connection.recv(count - len(received))
        if not chunk:
            raise ProtocolError("the client closed the connection")
        received += chunk
    return received


def handshake(connection: socket.socket) -> tuple[str, int]:
    """Where the client wants to go."""
    version, methods = receive(connection, 2)
    if version != VERSION or NO_AUTHENTICATION not in receive(connection, methods):
        raise ProtocolError("this is no SOCKS5 without authentication")
    connection.sendall(bytes([VERSION, NO_AUTHENTICATION]))
    _version, command, _reserved, kind = receive(connection, 4)
    if command != CONNECT or kind not in (IPV4, NAME):
        raise ProtocolError("only connections to a name or an IPv4 address")
    if kind == IPV4:
        host = str(IPv4Address(receive(connection, 4)))
    else:
        host = receive(connection, receive(connection, 1)[0]).decode("ascii")
    return host, struct.unpack(">H", receive(connection, 2))[0]


def reply(code: int) -> bytes:
    return bytes([VERSION, code, 0, IPV4]) + bytes(6)


class Proxy(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, connector: Connector) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.connector = connector

    @property
    def url(self) -> str:
        return f"socks5://127.0.0.1:{self.server_address[1]}"


class Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Proxy)
        self.request.settimeout(HANDSHAKE_SECONDS)
        try:
            command = self.server.connector(*handshake(self.request))
        except (ProtocolError, OSError, UnicodeDecodeError):
            with contextlib.suppress(OSError):
                self.request.sendall(reply(REFUSED))
            return
        self.request.sendall(reply(SUCCEEDED))
        self.request.setblocking(True)
        # The program speaks on the connection itself, so that no byte passes through here.
        subprocess.run(command, stdin=self.request, stdout=self.request, stderr=subprocess.DEVNULL, check=False)


@contextlib.contextmanager
def proxy(connector: Connector) -> Iterator[Proxy]:
    with Proxy(connector) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
