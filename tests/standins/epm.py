"""An EP server whose web listens on the loopback, and a person who works in its console."""

from __future__ import annotations

import configparser
import http.client
import re
import socket
import ssl
import subprocess
import sys
import time
import urllib.parse
from html.parser import HTMLParser

from lab.standins import lay
from tests.standins.conftest import Host
from tests.standins.postgresql import free_port

PASSWORD = "the administrator's"
TRUSTED = "/pom/manager/configurations/trusted-certificates"
SERVERS = "/pom/manager/configurations/servers"


class Forms(HTMLParser):
    """The fields of a page's forms, and which label names which."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.labels: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.buttons: list[str] = []
        self.open: tuple[str, str] = ("", "")
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        words = {name: value or "" for name, value in attributes}
        if tag == "input" and words.get("type") not in ("radio", "checkbox", "file"):
            self.values[words["name"]] = words.get("value", "")
        elif tag == "label":
            self.open = ("label", words.get("for", ""))
        elif tag == "a":
            self.open = ("a", words["href"])
        elif tag == "button" and "disabled" not in words:
            self.open = ("button", "")

    def handle_data(self, data: str) -> None:
        kind, target = self.open
        if kind == "label":
            self.labels[data] = target
        elif kind == "a":
            self.links[data] = target
        elif kind == "button":
            self.buttons.append(data)
        self.open = ("", "")


class Epm:
    """One EP server with its web on ports of the loopback, and a person who works on it."""

    def __init__(self, host: Host, kind: str, address: str, port: int) -> None:
        self.host, self.address, self.port, self.http_port = host, address, port, free_port()
        self.name = f"epm-{kind}"
        portal = lay.Portal(kind, self.name, f"{self.name}.lab.test", address, "127.0.0.1", "epadmin", PASSWORD, "shared token")
        lay.lay_ep(host.root, portal)
        conf = configparser.ConfigParser(interpolation=None)
        conf.read(host.root / "etc/standin/ep.conf")
        conf["web"].update(https_port=str(port), http_port=str(self.http_port), bind=address)
        with (host.root / "etc/standin/ep.conf").open("w") as file:
            conf.write(file)
        self.cookie = ""
        self.log = (host.root / "console.log").open("w")
        console = host.root / "opt/Avaya/VoicePortal/web/console.py"
        command = [sys.executable, "-B", str(console)]
        self.process = subprocess.Popen(command, env=host.environment, stdout=self.log, stderr=self.log)
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex((address, port)) == 0:
                    break
            assert self.process.poll() is None, (host.root / "console.log").read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()
        self.log.close()

    def ask(
        self, method: str, path: str, form: dict[str, str] | None = None, body: bytes = b"", kind: str = ""
    ) -> tuple[int, bytes]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(self.address, self.port, context=context, timeout=60)
        if form is not None:
            body, kind = urllib.parse.urlencode(form).encode(), "application/x-www-form-urlencoded"
        connection.request(method, path, body, {"Content-Type": kind, "Cookie": self.cookie})
        answer = connection.getresponse()
        content = answer.read()
        cookie, location = answer.getheader("Set-Cookie"), answer.getheader("Location")
        connection.close()
        if cookie:
            self.cookie = cookie.split(";")[0]
        return self.ask("GET", location) if answer.status == 303 and location else (answer.status, content)

    def get(self, path: str) -> str:
        return self.ask("GET", path)[1].decode()

    def post(self, path: str, **form: str) -> str:
        return self.ask("POST", path, form)[1].decode()

    def log_in(self) -> str:
        return self.post("/login", user="epadmin", password=PASSWORD)

    def certificate(self) -> bytes:
        return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((self.address, self.port)))

    def trusted(self) -> str:
        store = self.host.home / "config/pomTrustStore"
        done = subprocess.run(
            ["keytool", "-list", "-keystore", store, "-storepass", "changeit"], capture_output=True, text=True, check=True
        )
        return done.stdout


def message(page: str, role: str = "status") -> str:
    found = re.search(rf'role="{role}">([^<]*)<', page)
    assert found is not None, page
    return found.group(1)
