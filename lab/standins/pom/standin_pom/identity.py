"""Lab only. Under which name and address this server was made known: to POM, its Kafka, its dashboard and Experience Portal.

Documented: the files that must follow a change of host (POM-ID-01, -02) and the keys in them. Stand-in assumption: that services
do not start where one of them names another host, where POM keeps the host that vpUpgrade.sh saw, and that vpUpgrade.sh tells
Experience Portal of an auxiliary its new host; the primary's is told by do_UpdateHost.
"""

from __future__ import annotations

import configparser
import contextlib
import ipaddress
import socket
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

from . import host, properties, stores

DASHBOARD = "config/pomDashboardAnalytics.properties"
KAFKA = "kafka_server/config/server.properties"
VERSION = "config/version.properties"
KAFKA_PORT = 9093
EVERYWHERE = ("", "0.0.0.0", "localhost")


def write_dashboard(home: Path) -> None:
    name = socket.gethostname()
    values = {"BOOTSTRAP_SERVERS_CONFIG": f"SSL://{name}:{KAFKA_PORT}", "vpmsIp": name, "dashboard.refresh.seconds": "30"}
    properties.write(home / DASHBOARD, values, "Lab only. Where the dashboard finds Kafka and the EPM.")


def present() -> dict[str, str]:
    """This server as it is now, in the words of version.properties."""
    return {"host_name": socket.gethostname(), "host_address": stores.own_address() or ""}


def is_own_address(word: str) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in word else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((word, 0))
        except OSError:
            return False
    return True


def is_own(word: str) -> bool:
    """Whether this server has the name, short or full, or the address."""
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(word)
        return is_own_address(word)
    return word.lower() == socket.getfqdn().lower() or word.lower().split(".")[0] == socket.gethostname().lower().split(".")[0]


def host_of(url: str) -> str:
    """
    >>> host_of("SSL://server.example:9093"), host_of("PLAINTEXT://:9092")
    ('server.example', '')
    """
    return urllib.parse.urlsplit(url.split(",")[0].strip()).hostname or ""


def told(home: Path, portal: configparser.SectionProxy) -> Iterator[tuple[str, str]]:
    """Each place that names this server, with the name or address there."""
    for file, urls, words in (
        (DASHBOARD, ("BOOTSTRAP_SERVERS_CONFIG",), ("vpmsIp",)),
        (KAFKA, ("listeners", "advertised.listeners"), ()),
        (VERSION, (), ("host_name", "host_address")),
    ):
        values = properties.read(home / file) if (home / file).exists() else {}
        for key in urls:
            yield f"{key} in {file}", host_of(values.get(key, ""))
        for key in words:
            yield f"{key} in {file}", values.get(key, "")
    for key in ("host", "address"):
        yield f"{key} in the database of Experience Portal", portal.get(key, "")


def fault(home: Path, portal: configparser.SectionProxy) -> str:
    """The first place that names another host; nothing where all name this one."""
    for place, word in told(home, portal):
        if word not in EVERYWHERE and not is_own(word):
            return f"{place} is {word}, and this server is {socket.gethostname()}"
    return ""


def tell_portal() -> bool:
    """Experience Portal of an auxiliary takes over its host's name and address, with a certificate of its own for them."""
    path = host.real("/etc/standin/ep.conf")
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(path, encoding="utf-8")
    now = {"host": socket.gethostname(), "fqdn": socket.getfqdn(), "address": present()["host_address"]}
    if all(parser["ep"].get(key, value) == value for key, value in now.items()):
        return False
    parser["ep"].update(now)
    with path.open("w", encoding="utf-8") as file:
        parser.write(file)
    for made in (host.real(host.EP_HOME) / "web/tls").glob("epm.*"):
        made.unlink()
    return True
