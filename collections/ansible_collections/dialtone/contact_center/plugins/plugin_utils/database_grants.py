# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a database administrator runs for the POM user, with the site's own names in it (POM-DB-05 to POM-DB-09, POM-DB-18).

For the databases that Dialtone does not touch: the statements stand in the plan, and are handed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

ORACLE_PRIVILEGES = (
    "CREATE SESSION",
    "CREATE TABLE",
    "CREATE VIEW",
    "CREATE PROCEDURE",
    "CREATE TRIGGER",
    "CREATE SEQUENCE",
    "CREATE MATERIALIZED VIEW",
)
ORACLE_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_$#]*")
TABLESPACE = "TABLESPACE"  # stands for the name that its administrator knows
MONITORING = "shows the health of the database in POM; without it only that does not work"


def statements(engine: str, *, user: str, database: str) -> list[dict[str, Any]]:
    """One row a statement: where it is run, the statement, what for, and the requirement ids."""
    return ENGINES[engine](user, database)


def _postgres(user: str, database: str) -> list[dict[str, Any]]:
    name, base = _double_quoted(user), _double_quoted(database)
    return [
        _row("any database", f"GRANT CREATE ON DATABASE {base} TO {name};", "POM makes its schema", "POM-DB-07"),
        _row("any database", f"GRANT pg_read_all_stats TO {name};", MONITORING, "POM-DB-08"),
        _row(database, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements;", "statistics of the SQL statements", "POM-DB-09"),
    ]


def _oracle(user: str, database: str) -> list[dict[str, Any]]:
    # An unquoted name is folded to upper case, a quoted one is not: a plain name has to stay as its administrator writes it.
    name = user if ORACLE_PLAIN_NAME.fullmatch(user) else _double_quoted(user)
    return [
        _row(database, f"GRANT {', '.join(ORACLE_PRIVILEGES)} TO {name};", "POM makes its schema", "POM-DB-05"),
        _row(database, f"ALTER USER {name} QUOTA UNLIMITED ON {TABLESPACE};", "POM's tables may grow", "POM-DB-05"),
        _row(database, f"GRANT SELECT ANY DICTIONARY TO {name};", MONITORING, "POM-DB-08"),
    ]


def _mssql(user: str, database: str) -> list[dict[str, Any]]:
    login, base = _bracketed(user), _bracketed(database)
    return [
        _row("master", f"ALTER SERVER ROLE [dbcreator] ADD MEMBER {login};", "POM makes its schema", "POM-DB-06"),
        _row("master", f"GRANT VIEW SERVER STATE TO {login};", MONITORING, "POM-DB-08", "T-037"),
        _row(
            "master",
            f"ALTER DATABASE {base} SET READ_COMMITTED_SNAPSHOT ON;",
            "campaigns do not get stuck under load; all POM servers and vpms are stopped before",
            "POM-DB-18",
            "T-038",
        ),
    ]


ENGINES: dict[str, Callable[[str, str], list[dict[str, Any]]]] = {"postgres": _postgres, "oracle": _oracle, "mssql": _mssql}


def _row(where: str, statement: str, purpose: str, *source: str) -> dict[str, Any]:
    return {"where": where, "statement": statement, "purpose": purpose, "source": list(source)}


def _double_quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _bracketed(name: str) -> str:
    return "[" + name.replace("]", "]]") + "]"
