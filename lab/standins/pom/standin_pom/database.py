"""Lab only. POM's connection to its database: the settings in config/PIMHibernate.cfg.xml, the test of them, the schema.

PostgreSQL is asked for real, through psql. The engines that the lab does not have answer as `[database] outcome` says.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import host, stores

PORTS = {"Postgres": "5432", "Oracle": "1521", "MSSQL": "1433"}
DRIVERS = {
    "Postgres": "org.postgresql.Driver",
    "Oracle": "oracle.jdbc.OracleDriver",
    "MSSQL": "com.microsoft.sqlserver.jdbc.SQLServerDriver",
}
DRIVER_FILES = {"Oracle": "ojdbc", "MSSQL": "mssql-jdbc"}
URLS = {
    "Postgres": r"jdbc:postgresql://(?P<host>[^:/]+):(?P<port>\d+)/(?P<name>.+)",
    "Oracle": r"jdbc:oracle:thin:@(?://)?(?P<host>[^:/]+):(?P<port>\d+)[:/](?P<name>.+)",
    "MSSQL": r"jdbc:sqlserver://(?P<host>[^:;]+):(?P<port>\d+);databaseName=(?P<name>[^;]+)(?P<windows>;integratedSecurity=true)?",
}
# Reasons in the words of the troubleshooting chapter's titles; none of the engines' own texts is documented.
REASONS = {
    "no_database": "Name of database does not exist: {name}",
    "no_connection": "The connection attempt failed: {host}:{port}",
    "pg_hba": 'FATAL: no pg_hba.conf entry for host "{client}", user "{user}", database "{name}", SSL {ssl}',
    "password": 'Login failed. FATAL: password authentication failed for user "{user}"',
    "port": "Invalid port number: {port}",
    "user": 'User does not exist. FATAL: role "{user}" does not exist',
    "privileges": "User does not have sufficient privileges: {user}",
    "driver": "No suitable driver found for {url}",
    "certificate": "The connection attempt failed: no valid certification path to {host}:{port} in the POM trust store",
}


class Failure(Exception):
    """The database cannot be used; the message is the reason that a program prints."""


@dataclass
class Settings:
    type: str
    host: str
    port: str
    name: str
    user: str
    password: str
    secured: bool = False
    geo: bool = False
    # Oracle: a service name in place of a SID; MSSQL: authentication by Windows
    second_option: bool = False

    @property
    def url(self) -> str:
        if self.type == "Postgres":
            return f"jdbc:postgresql://{self.host}:{self.port}/{self.name}"
        if self.type == "Oracle":
            separator = ("//", "/") if self.second_option else ("", ":")
            return f"jdbc:oracle:thin:@{separator[0]}{self.host}:{self.port}{separator[1]}{self.name}"
        return f"jdbc:sqlserver://{self.host}:{self.port};databaseName={self.name}" + (
            ";integratedSecurity=true" if self.second_option else ""
        )

    def failure(self, reason: str, **more: str) -> Failure:
        words = {"client": stores.own_address() or "", "ssl": "on" if self.secured else "off", "url": self.url, **more}
        return Failure(
            REASONS[reason].format(type=self.type, host=self.host, port=self.port, name=self.name, user=self.user, **words)
        )


def settings_file() -> Path:
    return host.pom_home() / "config/PIMHibernate.cfg.xml"


def save(settings: Settings) -> None:
    document = ElementTree.Element("hibernate-configuration")
    factory = ElementTree.SubElement(document, "session-factory")
    for name, value in (
        ("hibernate.connection.driver_class", DRIVERS[settings.type]),
        ("hibernate.connection.url", settings.url),
        ("hibernate.connection.username", settings.user),
        ("hibernate.connection.password", stores.scrambled(settings.password)),
        ("pom.database.type", settings.type),
        ("pom.database.secured", str(settings.secured).lower()),
        ("pom.geo", str(settings.geo).lower()),
        ("hikari_PIMCM", "100"),
    ):
        ElementTree.SubElement(factory, "property", name=name).text = value
    ElementTree.indent(document)
    path = settings_file()
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(
        "<?xml version='1.0' encoding='utf-8'?>\n<!-- # stand-in assumption: names and form of the properties -->\n"
        + ElementTree.tostring(document, encoding="unicode")
        + "\n",
        encoding="utf-8",
    )
    host.own(partial, 0o640)
    partial.replace(path)


def load(path: Path) -> Settings:
    values = {entry.get("name"): entry.text or "" for entry in ElementTree.parse(path).iter("property")}
    kind = values["pom.database.type"]
    found = re.fullmatch(URLS[kind], values["hibernate.connection.url"])
    if found is None:
        raise host.Refused(f"{host.shown(path)} holds no usable hibernate.connection.url.")
    return Settings(
        kind,
        found["host"],
        found["port"],
        found["name"],
        values["hibernate.connection.username"],
        stores.unscrambled(values["hibernate.connection.password"]),
        values["pom.database.secured"] == "true",
        values["pom.geo"] == "true",
        bool(found.groupdict().get("windows")) or ":@//" in values["hibernate.connection.url"],
    )


def test(settings: Settings) -> None:
    """Connect, or raise the reason why not."""
    if settings.type not in PORTS:
        raise Failure("Enter Oracle, Postgres, or Microsoft SQL Server as dbtype")
    if not settings.port.isdigit() or not 0 < int(settings.port) < 65536:
        raise settings.failure("port")
    if settings.type == "Postgres":
        psql(settings, "SELECT 1")
        return
    wanted = DRIVER_FILES[settings.type]
    if not any(path.name.startswith(wanted) for path in (host.pom_home() / "lib/jdbc").glob("*.jar")):
        raise settings.failure("driver")
    outcome = host.setting("database", "outcome")
    if outcome != "success":
        raise settings.failure(outcome)


def schema_exists(settings: Settings) -> bool:
    if settings.type != "Postgres":
        return host.switched_on("database", "schema_exists")
    return bool(psql(settings, "SELECT 1 AS found FROM pg_tables WHERE tablename = 'pim_server'"))


def schema() -> str:
    return (host.pom_home() / "sql/postgres.sql").read_text(encoding="utf-8")


def create_schema(settings: Settings) -> None:
    if settings.type != "Postgres":
        return
    psql(settings, f"BEGIN;\n{schema()}\nCOMMIT;", rows=False)


def drop_schema(settings: Settings) -> None:
    if settings.type != "Postgres":
        return
    tables = re.findall(r"^CREATE TABLE (\w+)", schema(), re.MULTILINE)
    psql(settings, f"DROP TABLE {', '.join(tables)} CASCADE", rows=False)


def psql(settings: Settings, statement: str, *, rows: bool = True) -> list[dict[str, Any]]:
    """Rows as dictionaries. The password goes by a file that is there for the moment only."""
    text = f"SELECT coalesce(json_agg(row_to_json(answered)), '[]') FROM ({statement}) AS answered" if rows else statement
    with tempfile.TemporaryDirectory(prefix="standin-pom-") as directory:
        passfile, connection = Path(directory, "pass"), [f"host={settings.host}", f"port={settings.port}", "connect_timeout=10"]
        passfile.touch(0o600)
        passfile.write_text("*:*:*:*:" + settings.password.replace("\\", "\\\\").replace(":", "\\:") + "\n", encoding="utf-8")
        words = {"dbname": settings.name, "user": settings.user, "passfile": str(passfile)}
        words["sslmode"] = "verify-ca" if settings.secured else "disable"
        if settings.secured:
            bundle = Path(directory, "trusted.pem")
            bundle.write_text(stores.trusted_certificates(stores.Stores(host.pom_home())), encoding="utf-8")
            words["sslrootcert"] = str(bundle)
        connection += [f"{key}='{quoted(value)}'" for key, value in words.items()]
        result = subprocess.run(
            [
                "psql",
                "--no-psqlrc",
                "--no-password",
                "--quiet",
                "--tuples-only",
                "--no-align",
                "--set",
                "ON_ERROR_STOP=1",
                "--dbname",
                " ".join(connection),
            ],
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
    if result.returncode:
        raise reason_of(settings, result.stderr)
    return json.loads(result.stdout) if rows else []


def quoted(value: str) -> str:
    r"""
    >>> quoted("it's")
    "it\\'s"
    """
    return value.replace("\\", "\\\\").replace("'", "\\'")


def literal(value: str) -> str:
    """
    >>> literal("it's")
    "'it''s'"
    """
    return "'" + value.replace("'", "''") + "'"


def reason_of(settings: Settings, words: str) -> Failure:
    """What psql says, in the words of the documents."""
    for pattern, reason in (
        (r'no pg_hba\.conf entry for host "(?P<client>[^"]+)"', "pg_hba"),
        (r'database "[^"]*" does not exist', "no_database"),
        (r"password authentication failed|no password supplied", "password"),
        (r'role "[^"]*" does not exist', "user"),
        (r"permission denied", "privileges"),
        (r"certificate verify failed|server does not support SSL|root certificate file", "certificate"),
        (
            r"could not translate host name|could not connect|Connection refused|timeout expired|No route to host|"
            r"Network is unreachable|server closed the connection",
            "no_connection",
        ),
    ):
        found = re.search(pattern, words)
        if found:
            return settings.failure(reason, **{key: value for key, value in found.groupdict().items() if value})
    return Failure(words.strip().splitlines()[0] if words.strip() else "unknown error")
