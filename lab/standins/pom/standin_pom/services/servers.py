"""Lab only. The POM servers of the site: rows of table pim_server in the POM database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .. import database, host


@dataclass(frozen=True)
class Server:
    name: str
    address: str
    host_name: str
    kind: str


def settings() -> database.Settings:
    """How POM reaches its database; refused while nothing was saved."""
    if not database.settings_file().exists():
        raise host.Refused("The POM database is not configured. Configure it with installDB.sh first.")
    found = database.load(database.settings_file())
    if found.type != "Postgres":
        raise host.Refused(f"This lab has no {found.type} engine, so it keeps no POM servers in one.")
    return found


def literal(text: str) -> str:
    """
    >>> literal("O'Neil")
    "'O''Neil'"
    """
    return "'" + text.replace("'", "''") + "'"


def execute(statement: str, rows: bool = False) -> list[dict[str, Any]]:
    try:
        return database.psql(settings(), statement, rows=rows)
    except database.Failure as failure:
        raise host.Refused(f"The POM database: {failure}") from failure


def known() -> list[Server]:
    rows = execute(
        "SELECT server_name, server_address, host_name, server_kind FROM pim_server ORDER BY server_kind DESC, server_name",
        rows=True,
    )
    return [Server(row["server_name"], row["server_address"], row["host_name"], row["server_kind"]) for row in rows]


def named(name: str) -> Server:
    for server in known():
        if server.name == name:
            return server
    raise host.Refused(f"There is no POM server {name}.")


def add(server: Server) -> None:
    values = ", ".join(literal(word) for word in (server.name, server.address, server.host_name, server.kind))
    execute(f"INSERT INTO pim_server (server_name, server_address, host_name, server_kind) VALUES ({values})")


def move(name: str, address: str, host_name: str) -> None:
    execute(
        f"UPDATE pim_server SET server_address = {literal(address)}, host_name = {literal(host_name)} "
        f"WHERE server_name = {literal(name)}"
    )


def delete(name: str) -> None:
    execute(f"DELETE FROM pim_server WHERE server_name = {literal(name)}")
