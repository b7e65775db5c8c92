# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.database_grants import ENGINES, statements


def texts(engine: str, user: str, database: str = "pomdb") -> list[str]:
    return [row["statement"] for row in statements(engine, user=user, database=database)]


def test_postgresql() -> None:
    assert texts("postgres", "pom") == [
        'GRANT CREATE ON DATABASE "pomdb" TO "pom";',
        'GRANT pg_read_all_stats TO "pom";',
        "CREATE EXTENSION IF NOT EXISTS pg_stat_statements;",
    ]


def test_oracle_has_all_eight_privileges() -> None:
    create, quota, monitoring = texts("oracle", "pom")
    assert create.count("CREATE ") == 7
    assert quota == "ALTER USER pom QUOTA UNLIMITED ON TABLESPACE;"
    assert monitoring == "GRANT SELECT ANY DICTIONARY TO pom;"


def test_mssql_names_the_database_that_the_guide_leaves_out() -> None:
    assert texts("mssql", "EXAMPLE\\pom")[-1] == "ALTER DATABASE [pomdb] SET READ_COMMITTED_SNAPSHOT ON;"


@pytest.mark.parametrize(
    ("engine", "user", "quoted"),
    [
        ("postgres", 'a"b', '"a""b"'),
        ("oracle", "pom-1@x.y", '"pom-1@x.y"'),
        ("oracle", "POM_1", " POM_1;"),
        ("mssql", "EXAMPLE\\p]om", "[EXAMPLE\\p]]om]"),
    ],
)
def test_every_allowed_character_of_a_user_is_quoted(engine: str, user: str, quoted: str) -> None:
    assert any(quoted in text for text in texts(engine, user))


@pytest.mark.parametrize("engine", ENGINES)
def test_every_statement_says_what_for(engine: str) -> None:
    assert all(row["purpose"] and row["source"] and row["where"] for row in statements(engine, user="pom", database="pomdb"))
