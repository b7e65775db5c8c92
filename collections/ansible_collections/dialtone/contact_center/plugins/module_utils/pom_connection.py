# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The database that POM is configured for, as its own files say it and as the site wants it. Pure, and without passwords."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

VERIFYING_MODES = ("require", "verify-ca", "verify-full")


@dataclass(frozen=True)
class Connection:
    """A connection to a database, without password. `secured` is None where nothing tells."""

    engine: str = ""
    host: str = ""
    port: int = 0
    name: str = ""
    user: str = ""
    secured: bool | None = None

    @property
    def place(self) -> tuple[str, str, int, str]:
        """What says which database it is; names of hosts and databases of the engines know no case."""
        return (self.engine, self.host.lower(), self.port, self.name.lower())

    def differences(self, wanted: Connection) -> list[str]:
        """What differs from the wanted connection, in words."""
        words = []
        for what in ("engine", "host", "port", "name", "user"):
            mine, other = getattr(self, what), getattr(wanted, what)
            if (mine.lower() != other.lower()) if isinstance(mine, str) else (mine != other):
                words.append(f"{what} {mine or 'none'} becomes {other}")
        if self.secured is not None and wanted.secured is not None and self.secured != wanted.secured:
            words.append("secured connection becomes {}".format("on" if wanted.secured else "off"))
        return words


def parse_database(text: str) -> Connection | None:
    """The connection in PIMHibernate.cfg.xml; None where it holds none that can be read.

    The guide names the file only. Its properties are Hibernate's own, or those of the pool HikariCP (T-142).
    """
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return None
    values: dict[str, str] = {}
    for element in root.iter():
        if element.tag.rpartition("}")[2] == "property" and element.get("name"):
            values.setdefault(str(element.get("name")).lower(), (element.text or "").strip())
    url = _ending(values, "connection.url", "jdbcurl")
    found = parse_jdbc_url(url) if url else None
    if found is None:
        return None
    user = _ending(values, "connection.username", "connection.user", "datasource.user", "username")
    return replace(found, user=user or found.user)


def _ending(values: Mapping[str, str], *endings: str) -> str:
    return next((value for ending in endings for name, value in values.items() if name.endswith(ending) and value), "")


def parse_jdbc_url(url: str) -> Connection | None:
    """The database of a JDBC URL of one of POM's three engines."""
    kind, _colon, rest = url.partition("jdbc:")[2].partition(":")
    parse = {"postgresql": _postgresql, "sqlserver": _sqlserver, "oracle": _oracle}.get(kind)
    return parse(rest) if parse else None


def _postgresql(rest: str) -> Connection:
    parts = urlsplit("//" + rest.partition("//")[2])
    options = {name.lower(): values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    stated = "ssl" in options or "sslmode" in options
    secured = options.get("ssl", "false").lower() in ("true", "") or options.get("sslmode") in VERIFYING_MODES
    name, user = parts.path.strip("/"), options.get("user", "")
    return Connection("postgres", parts.hostname or "", parts.port or 5432, name, user, secured if stated else None)


def _sqlserver(rest: str) -> Connection:
    place, *words = rest.partition("//")[2].split(";")
    options = {name.strip().lower(): value.strip() for name, _equals, value in (word.partition("=") for word in words)}
    host, _colon, port = place.partition(":")
    name = options.get("databasename") or options.get("database") or ""
    secured = options["encrypt"].lower() in ("true", "strict") if "encrypt" in options else None
    return Connection("mssql", host, int(port) if port.isdigit() else 1433, name, options.get("user", ""), secured)


def _oracle(rest: str) -> Connection | None:
    """thin:@host:port:SID, thin:@//host:port/service, or a description in parentheses."""
    short = re.search(r"@(?://)?(?P<host>[^:/\s]+):(?P<port>\d+)[:/](?P<name>\S+)$", rest)
    if short:
        return Connection("oracle", short["host"], int(short["port"]), short["name"])
    words = {name.lower(): value for name, value in re.findall(r"\((\w+)\s*=\s*([^()\s]+)\s*\)", rest)}
    if not words.get("host"):
        return None
    name = words.get("service_name") or words.get("sid") or ""
    secured = words["protocol"].lower() == "tcps" if "protocol" in words else None
    return Connection("oracle", words["host"], int(words.get("port") or 1521), name, "", secured)


def connection_of(words: Mapping[str, Any]) -> Connection | None:
    """The connection that a role was handed; None where it was handed none."""
    if not words:
        return None
    return Connection(
        str(words["engine"]),
        str(words["host"]),
        int(words["port"]),
        str(words["name"]),
        str(words["user"]),
        bool(words["secured"]),
    )
