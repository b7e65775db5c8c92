# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules about the POM database: of Dialtone, or of its own administrator and only described."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from pathlib import PurePath
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import pom_database, storage_layout
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import REFUSE, WARN, Finding
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.pom_systems import GEO, stating, value_of
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.rule import Rule
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.site import HostView, SiteView
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.spelling import nearest
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.validate import show
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import POM_SERVERS, load_catalogue

PRODUCTS = {"postgres": "PostgreSQL", "oracle": "Oracle", "mssql": "MSSQL"}
PORTS = {"postgres": 5432, "oracle": 1521, "mssql": 1433}
PRODUCT_AT_PORT = {port: PRODUCTS[engine] for engine, port in PORTS.items()}
ADMINISTRATORS = ("sa", "system", "postgres")
MSSQL_DRIVER = "mssql-jdbc-10.2.0.jre8.jar"
DRIVER_WORDS = {"oracle": "pom_database_oracle_driver", "mssql": "pom_database_mssql_driver"}
PLAIN_NAME = re.compile(r"[A-Za-z0-9_]+")
REPORTS_WORD = "pom_database_reports_host"
REPORTS_CERTIFICATE = "pom_database_reports_certificate_path"
SHARED_WORDS = (
    "pom_database_engine",
    "pom_database_name",
    "pom_database_user",
    "pom_database_port",
    "pom_database_secured",
    "pom_database_oracle_connect",
    "pom_database_mssql_authentication",
    "pom_database_size_gb",
)


@dataclass(frozen=True)
class Database:
    """The database of a data center: its words stand at its hosts, or where it has none in the inventory at the POM servers."""

    site: str
    data_center: str
    nodes: Sequence[HostView]
    servers: Sequence[HostView]

    @property
    def holders(self) -> Sequence[HostView]:
        return self.nodes or self.servers

    def get(self, word: str, default: Any = None) -> Any:
        return value_of(self.holders, word, default)

    def stating(self, word: str) -> HostView:
        return stating(self.holders, word)

    @property
    def engine(self) -> str:
        return self.get("pom_database_engine", "")

    @property
    def product(self) -> str:
        return PRODUCTS.get(self.engine, self.engine)

    @property
    def is_geo(self) -> bool:
        return value_of(self.servers, "pom_scenario") == GEO

    @property
    def external_host(self) -> str:
        return external_host(self.servers)

    @property
    def is_described(self) -> bool:
        return bool(self.nodes or self.external_host)

    @property
    def is_dialtones(self) -> bool:
        return bool(self.nodes) and self.engine == "postgres"


def external_host(servers: Sequence[HostView]) -> str:
    words = ("pom_scenario", "geo_listener", "pom_database_host")
    return pom_database.external_host({word: value_of(servers, word, "") for word in words})


def databases(site: SiteView) -> Iterator[Database]:
    for (name, data_center), hosts in sorted(site.data_centers().items()):
        nodes = [host for host in hosts if host.is_any("pom_database")]
        servers = sorted((host for host in hosts if host.is_any(*POM_SERVERS)), key=lambda host: not host.is_any("epm_primary"))
        if nodes or servers:
            yield Database(name, data_center, nodes, servers)


def described(site: SiteView) -> Iterator[Database]:
    yield from (database for database in databases(site) if database.is_described and database.engine)


# --- which database, and whose ------------------------------------------------------------------------------------


def no_database(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for database in databases(site):
        if not database.is_described and not database.is_geo and _is_read(database.servers[0]):
            yield site.finding(
                rule,
                database.servers[0],
                "pom_database_host",
                found=f"no database for the POM servers of data center {database.data_center}",
                expected="a POM database for each data center with POM servers: POM keeps all its data there",
                fix="put its host into the group pom_database, or write pom_database_host where it is its administrator's",
                severity=REFUSE if database.servers[0].get("pom_server_managed") is True else WARN,
            )


def database_named_twice(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for database in databases(site):
        host = stating(database.servers, "pom_database_host") if database.servers else None
        if database.nodes and host and host.defines("pom_database_host") and not database.is_geo:
            yield site.finding(
                rule,
                host,
                "pom_database_host",
                found=f"{show(host.get('pom_database_host', ''))}, while {database.nodes[0].name} is in the group pom_database",
                expected=f"one database for data center {database.data_center}",
                fix=f"remove pom_database_host, or take {database.nodes[0].name} out of the group pom_database",
            )


def database_words_differ(site: SiteView, rule: Rule) -> Iterator[Finding]:
    """Between the database server and the POM servers that connect to it."""
    for database in databases(site):
        for host in database.servers if database.nodes else ():
            for word in SHARED_WORDS:
                if host.defines(word) and word in host and word in database.nodes[0] and not host.is_any("pom_database"):
                    mine, theirs = host.values[word], database.nodes[0].values[word]
                    if mine != theirs:
                        yield site.finding(
                            rule,
                            host,
                            word,
                            found=f"{show(mine)}, while the database server {database.nodes[0].name} has {show(theirs)}",
                            expected="what the database server has: POM connects to it",
                            fix=f"remove {word} here; it follows from {database.nodes[0].name}",
                        )


def engine_not_deployed(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in site.hosts:
        if not host.is_any("pom_database") or "pom_database_engine" not in host:
            continue
        engine = host.values["pom_database_engine"]
        on_windows = engine == "postgres" and host.get("pom_database_os") == "windows"
        managed = host.get("pom_database_server_managed") is True
        if managed and engine != "postgres" and host.defines("pom_database_server_managed"):
            word, found = "pom_database_server_managed", f"true, with a database of {PRODUCTS[engine]}"
        elif managed and on_windows:
            word, found = "pom_database_os", "windows, with a PostgreSQL that Dialtone is to deploy"
        else:
            continue
        yield site.finding(
            rule,
            host,
            word,
            found=found,
            expected="a server of its administrator: Dialtone deploys PostgreSQL on Linux, and describes all others",
            fix=f"write pom_database_server_managed: false for {host.name}",
        )


def database_shared(site: SiteView, rule: Rule) -> Iterator[Finding]:
    """In a geo-redundant site the data centers share one system; everywhere else each is a POM system of its own."""
    alone = [database for database in described(site) if not database.is_geo]
    seen: dict[tuple[Any, ...], Database] = {}
    for database in alone:
        for name in {name for host in database.nodes for name in host.known_as()}:
            seen.setdefault(_place(database, name), database)
    for database in alone:
        if database.nodes:
            continue
        host = database.external_host.lower()
        place = _place(database, host)
        first = seen.setdefault(place, database)
        if first is not database:
            yield site.finding(
                rule,
                database.stating("pom_database_host"),
                "pom_database_host",
                found=f"{host}, whose database {place[-1]} is that of data center {first.data_center} too",
                expected="a database of its own for each POM system",
                fix="write another pom_database_name (or pom_database_host) for one of them, or pom_scenario: geo",
            )


def _place(database: Database, host: str) -> tuple[Any, ...]:
    return host, database.get("pom_database_port"), database.get("pom_database_name")


def oracle_standard(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for database in described(site):
        if database.engine == "oracle" and database.get("pom_database_edition") == "standard":
            yield site.finding(
                rule,
                database.stating("pom_database_edition"),
                "pom_database_edition",
                found="standard, with Oracle",
                expected="enterprise: of the two places that name the editions only one names Standard",
                fix="ask the vendor's compatibility matrix before you rely on it",
                severity=WARN,
            )


def mssql_not_alone(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in site.hosts:
        others = [component for component in host.components if component != "pom_database"]
        if host.is_any("pom_database") and host.get("pom_database_engine") == "mssql" and others:
            yield site.finding(
                rule,
                host,
                "pom_database",
                found=f"MSSQL on {host.name}, which is {', '.join(others)} too",
                expected="a dedicated server for MSSQL",
                fix=f"put the database on a host that is nothing else, or take {host.name} out of the other groups",
                severity=WARN,
            )


# --- how POM connects ---------------------------------------------------------------------------------------------


def database_port(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for database in described(site):
        host = database.stating("pom_database_port")
        port = database.get("pom_database_port")
        own = PORTS[database.engine]
        if port == own or port not in PRODUCT_AT_PORT:
            continue
        written = host.defines("pom_database_port")
        yield site.finding(
            rule,
            host,
            "pom_database_port",
            found=f"{port}{'' if written else ' (the default)'}, the port of {PRODUCT_AT_PORT[port]}, "
            f"with a database of {database.product}",
            expected=f"the port that the database listens at; that of {database.product} is {own} unless it was changed",
            fix=f"write pom_database_port: {own} beside pom_database_engine",
            severity=WARN if written else REFUSE,
        )


def database_name(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for database in described(site):
        name = database.get("pom_database_name", "")
        is_service = database.engine == "oracle" and database.get("pom_database_oracle_connect") == "service_name"
        if name and not is_service and not PLAIN_NAME.fullmatch(name):
            yield site.finding(
                rule,
                database.stating("pom_database_name"),
                "pom_database_name",
                found=f"{show(name)}, with a database of {database.product}",
                expected="letters, digits and underscores; dots and hyphens only in a service name of Oracle",
                fix="correct pom_database_name, or write pom_database_oracle_connect: service_name if it is one",
            )


def database_login(site: SiteView, rule: Rule) -> Iterator[Finding]:
    """On a host of the group the schema requires both words; here they belong to the POM servers."""
    for database in described(site):
        if database.nodes:
            continue
        for word in ("pom_database_user", "pom_database_password"):
            host = database.stating(word)
            if host.defines(word) or not could_be_read(host, word):
                continue
            yield site.finding(
                rule,
                host,
                word,
                found=f"not set, while POM is to connect to {database.external_host}",
                expected="user and password that POM logs in with",
                fix=f"write {word} in {'the vault' if word.endswith('password') else 'group_vars'} of the POM servers",
            )


def could_be_read(host: HostView, word: str) -> bool:
    """Whether the word would be seen if it were there: not in a file that is encrypted and stays closed."""
    words = load_catalogue().words
    if words[word].is_secret:
        return any(name in words and words[name].is_secret and name in host for name in host.layer)
    return _is_read(host)


def _is_read(host: HostView) -> bool:
    """Defaults are left out where a file of the host could not be read."""
    return next((name in host for name in load_catalogue().defaults() if name not in host.layer), True)


def administrator_as_user(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for database in described(site):
        user = str(database.get("pom_database_user", ""))
        if user.lower() not in ADMINISTRATORS:
            continue
        for_ever = database.engine == "oracle" and user.lower() == "system"
        yield site.finding(
            rule,
            database.stating("pom_database_user"),
            "pom_database_user",
            found=f"{user}, an administrative login",
            expected="a user of POM's own with the rights of the plan's list"
            + ("; an Oracle system that was installed with this user can never change to another" if for_ever else ""),
            fix="write another pom_database_user; the administrative login is pom_database_admin_user",
            severity=WARN,
        )


def secured_by_address(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for database in described(site):
        if database.engine != "mssql":
            continue
        for word, secured in (("pom_database_host", "pom_database_secured"), (REPORTS_WORD, "pom_database_reports_secured")):
            name = value_of(database.servers, word, "")
            if database.get(secured) is True and _is_address(name):
                yield site.finding(
                    rule,
                    stating(database.servers, word),
                    word,
                    found=f"{name}, an address, with {secured}: true",
                    expected="the host name or FQDN for a secured connection to MSSQL: its certificate carries the name",
                    fix=f"write the FQDN of the server as {word}",
                )


def _is_address(name: str) -> bool:
    try:
        IPv4Address(name)
    except AddressValueError:
        return False
    return True


def certificate_missing(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for database in described(site):
        host = database.stating("pom_database_certificate_path")
        is_missing = not host.defines("pom_database_certificate_path") and _is_read(host)
        if database.get("pom_database_secured") is True and not database.is_dialtones and is_missing:
            yield site.finding(
                rule,
                host,
                "pom_database_certificate_path",
                found=f"not set, while POM connects over TLS to a {database.product} that is its administrator's",
                expected="the certificate that POM must trust, as a file: its trust store has to hold it beforehand",
                fix="write pom_database_certificate_path, or pom_database_secured: false if the database has no TLS",
            )


def reports_certificate_missing(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for database in described(site):
        reports = value_of(database.servers, REPORTS_WORD)
        # A replica on a server of Dialtone's has a certificate of the site's authority.
        if reports is None or reports.lower() in _names_of(database):
            continue
        host = stating(database.servers, REPORTS_WORD)
        known = [host.get(REPORTS_CERTIFICATE), host.get("certificates_trusted"), database.get("pom_database_certificate_path")]
        if host.get("pom_database_reports_secured") is True and not any(known) and _is_read(host):
            yield site.finding(
                rule,
                host,
                REPORTS_CERTIFICATE,
                found=f"not set, while POM reads reports from {reports} over TLS",
                expected="the certificate that POM must trust, as a file: its trust store has to hold it beforehand",
                fix=f"write {REPORTS_CERTIFICATE}, or pom_database_reports_secured: false if the database has no TLS",
            )


def driver_missing(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for database in databases(site):
        sources = value_of(database.servers, "pom_database_contact_sources", ())
        for engine, driver in DRIVER_WORDS.items():
            own = database.engine == engine and database.is_described
            if not own and engine not in sources:
                continue
            use = "" if own else " as contact source"
            for word in (driver, f"{driver}_sha256"):
                for host in database.servers:
                    if not host.defines(word) and _is_read(host):
                        yield site.finding(
                            rule,
                            host,
                            word,
                            found=f"not set, while POM uses a database of {PRODUCTS[engine]}{use}",
                            expected=f"the JDBC driver of {PRODUCTS[engine]} on every POM server, auxiliaries included",
                            fix=f"write {word} in group_vars/all",
                        )


def driver_of_another_name(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for database in databases(site):
        for host in database.servers:
            path = host.get("pom_database_mssql_driver")
            if path and PurePath(path).name != MSSQL_DRIVER and host.get("pom_database_mssql_driver_override") is False:
                yield site.finding(
                    rule,
                    host,
                    "pom_database_mssql_driver",
                    found=PurePath(path).name,
                    expected=f"exactly {MSSQL_DRIVER}, the file that is documented",
                    fix="rename the file if it is that one; else consent with pom_database_mssql_driver_override: true",
                )


# --- reports database ---------------------------------------------------------------------------------------------


def reports_database(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for database in described(site):
        reports = value_of(database.servers, REPORTS_WORD)
        if reports is None:
            continue
        engine = value_of(database.servers, "pom_database_reports_engine", database.engine)
        name = value_of(database.servers, "pom_database_reports_name", database.get("pom_database_name"))
        if engine != database.engine:
            yield site.finding(
                rule,
                stating(database.servers, "pom_database_reports_engine"),
                "pom_database_reports_engine",
                found=f"{engine}, while the POM database is {database.engine}",
                expected="the engine of the POM database: the reports database is a replica of it",
                fix="remove pom_database_reports_engine",
            )
        elif reports.lower() in _names_of(database) and name == database.get("pom_database_name"):
            yield site.finding(
                rule,
                stating(database.servers, REPORTS_WORD),
                REPORTS_WORD,
                found=f"{reports} with the database {name}: the POM database itself",
                expected="a replica of the POM database on another server, or none",
                fix=f"write the replica's {REPORTS_WORD}, or remove the line",
            )


def reports_login(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for database in described(site):
        if not database.servers:
            continue
        user = stating(database.servers, "pom_database_reports_user")
        password = stating(database.servers, "pom_database_reports_password")
        own_user = user.get("pom_database_reports_user", database.get("pom_database_user"))
        if own_user == database.get("pom_database_user") or password.defines("pom_database_reports_password"):
            continue
        if could_be_read(password, "pom_database_reports_password"):
            yield site.finding(
                rule,
                user,
                "pom_database_reports_user",
                found=f"{own_user}, without pom_database_reports_password",
                expected="the password of a user of the reports database's own",
                fix="add pom_database_reports_password to the vault, or remove pom_database_reports_user",
            )


def _names_of(database: Database) -> set[str]:
    names = {str(host.values[word]).lower() for host in database.nodes for word in ("host_fqdn", "host_address") if word in host}
    return names | {host.name.lower() for host in database.nodes} | {database.external_host.lower()}


def reports_words_without_host(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for database in databases(site):
        for host in database.servers:
            for word in () if host.defines(REPORTS_WORD) else sorted(host.layer):
                if word.startswith("pom_database_reports_"):
                    yield site.finding(
                        rule,
                        host,
                        word,
                        found=f"set, without {REPORTS_WORD}",
                        expected=f"{REPORTS_WORD} too: without it reports are read from the POM database",
                        fix=f"write {REPORTS_WORD}, or remove {word}",
                        severity=WARN,
                    )


# --- server and storage -------------------------------------------------------------------------------------------


def encryption_at_rest(site: SiteView, rule: Rule) -> Iterator[Finding]:
    possible = {"postgres": "filesystem", "oracle": "tde", "mssql": "tde"}
    for database in described(site):
        wanted = database.get("pom_database_encryption_at_rest", "none")
        if wanted not in ("none", possible[database.engine]):
            yield site.finding(
                rule,
                database.stating("pom_database_encryption_at_rest"),
                "pom_database_encryption_at_rest",
                found=f"{wanted}, with a database of {database.product}",
                expected=f"{possible[database.engine]} or none: what is documented for {database.product}",
                fix=f"write pom_database_encryption_at_rest: {possible[database.engine]}",
            )


def database_parameters(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in site.hosts:
        overrides = host.get("pom_database_parameters_override")
        if not host.is_any("pom_database") or not overrides:
            continue
        try:
            pom_database.check_overrides(overrides)
        except pom_database.SizingError as error:
            yield site.finding(
                rule,
                host,
                "pom_database_parameters_override",
                found=str(error),
                expected="parameters that PostgreSQL has and that no other variable sets, with values that it accepts",
                fix="correct or remove it in pom_database_parameters_override",
            )


def storage_too_small(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for database in described(site):
        declared = database.get("pom_database_volumes", {})
        size = database.get("pom_database_size_gb")
        if not declared or "pom_database_os" not in database.holders[0]:
            continue
        host = database.stating("pom_database_volumes")
        if size is None:
            yield _advice(site, rule, host, (), "volumes, without pom_database_size_gb", "the size that they are computed from",
                          "write pom_database_size_gb")  # fmt: skip
            continue
        rows = storage_layout.layout(
            database.engine,
            database.get("pom_database_os"),
            size,
            backup=database.get("pom_database_backup", "local"),
            recovery_area=database.get("pom_database_oracle_recovery_area", True),
            database=database.get("pom_database_name", ""),
        )
        for row in storage_layout.too_small(rows, declared):
            yield _advice(
                site, rule, host, (row["declared_volume"],), f"{row['declared_gb']} GB for {row['purpose']}",
                f"{row['size_gb']:g} GB with a database of {size} GB: {row['rule']}",
                "enlarge the volume, or plan a smaller database",
            )  # fmt: skip
        known = [row["volume"] for row in rows]
        for volume in storage_layout.unknown_volumes(rows, declared):
            yield _advice(
                site, rule, host, (volume,), "a volume that the layout does not have, so it is held against nothing",
                "one of " + ", ".join(known), f"write {nearest(volume, known) or known[0]} if it is that one",
            )  # fmt: skip


def _advice(site: SiteView, rule: Rule, host: HostView, steps: tuple[str, ...], found: str, expected: str, fix: str) -> Finding:
    return site.finding(
        rule,
        host,
        "pom_database_volumes",
        found=found,
        expected=expected,
        fix=fix,
        severity=WARN,
        steps=steps,
    )


RULES: tuple[Rule, ...] = (
    Rule("no-database", ("POM-SYS-01", "POM-DB-02"), no_database),
    Rule("database-named-twice", ("POM-DB-12",), database_named_twice),
    Rule("database-words-differ", ("POM-DB-12",), database_words_differ),
    Rule("database-engine", ("POM-DB-01", "POM-DB-02"), engine_not_deployed),
    Rule("database-shared", ("POM-DB-26",), database_shared, never_waived="two POM systems would write into one schema"),
    Rule("oracle-standard", ("POM-DB-01", "T-004"), oracle_standard),
    Rule("mssql-not-alone", ("POM-DB-19",), mssql_not_alone),
    Rule("database-port", ("POM-DB-12",), database_port),
    Rule("database-name", ("POM-DB-12",), database_name),
    Rule("database-login", ("POM-DB-03", "POM-DB-12"), database_login),
    Rule("administrator-as-user", ("POM-DB-03", "POM-DB-05", "T-153"), administrator_as_user),
    Rule("secured-by-address", ("POM-DB-14",), secured_by_address),
    Rule("database-certificate", ("POM-DB-14",), certificate_missing),
    Rule("reports-certificate", ("POM-DB-14",), reports_certificate_missing),
    Rule("driver-missing", ("POM-DB-16", "POM-DB-17"), driver_missing),
    Rule("driver-name", ("POM-DB-17", "T-043"), driver_of_another_name),
    Rule("reports-database", ("POM-DB-15",), reports_database),
    Rule("reports-login", ("POM-DB-15",), reports_login),
    Rule("reports-without-host", ("POM-DB-15",), reports_words_without_host),
    Rule("encryption-at-rest", ("POM-DB-27", "POM-DB-28"), encryption_at_rest),
    Rule("database-parameter", ("POM-DB-21", "POM-DB-22", "T-019"), database_parameters),
    Rule("storage-layout", ("POM-DB-23", "POM-DB-24", "POM-DB-25"), storage_too_small),
)
