# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_connection import (
    Connection,
    connection_of,
    parse_database,
    parse_jdbc_url,
)

FILE = """<?xml version='1.0' encoding='utf-8'?>
<hibernate-configuration>
  <session-factory>
    <property name="hibernate.connection.url">jdbc:postgresql://db1.dc1.example:5433/pomdb</property>
    <property name="hibernate.connection.username">pom</property>
    <property name="hibernate.connection.password">ENC(c2VjcmV0)</property>
    <property name="hikari_PIMCM">300</property>
  </session-factory>
</hibernate-configuration>
"""
WANTED = Connection("postgres", "db1.dc1.example", 5433, "pomdb", "pom", True)


def test_the_file_of_pom_is_read_without_its_password():
    found = parse_database(FILE)
    assert found == Connection("postgres", "db1.dc1.example", 5433, "pomdb", "pom", None)
    assert "c2VjcmV0" not in repr(found)


@pytest.mark.parametrize("text", ["", "<half", "<hibernate-configuration/>", FILE.replace("jdbc:postgresql", "jdbc:db2")])
def test_a_file_without_a_readable_connection(text):
    assert parse_database(text) is None


def test_a_pool_names_its_user_elsewhere():
    text = '<c><property name="jdbcUrl">jdbc:sqlserver://ag1:1433;databaseName=POM;encrypt=true</property>'
    text += '<property name="dataSource.user">pomuser</property></c>'
    assert parse_database(text) == Connection("mssql", "ag1", 1433, "POM", "pomuser", True)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("jdbc:postgresql://db1/pomdb?ssl=true&user=pom", Connection("postgres", "db1", 5432, "pomdb", "pom", True)),
        ("jdbc:postgresql://db1/pomdb?sslmode=verify-full", Connection("postgres", "db1", 5432, "pomdb", "", True)),
        ("jdbc:postgresql://db1/pomdb?sslmode=disable", Connection("postgres", "db1", 5432, "pomdb", "", False)),
        ("jdbc:oracle:thin:@db1:1521:POM", Connection("oracle", "db1", 1521, "POM")),
        ("jdbc:oracle:thin:@//db1:1522/pom.example", Connection("oracle", "db1", 1522, "pom.example")),
        (
            "jdbc:oracle:thin:@(DESCRIPTION=(ADDRESS=(PROTOCOL=tcps)(HOST=db1)(PORT=2484))(CONNECT_DATA=(SERVICE_NAME=pom)))",
            Connection("oracle", "db1", 2484, "pom", "", True),
        ),
        ("jdbc:sqlserver://db1;databaseName=POM", Connection("mssql", "db1", 1433, "POM")),
        ("jdbc:sqlserver://db1:1444;database=POM;encrypt=false", Connection("mssql", "db1", 1444, "POM", "", False)),
        ("jdbc:mysql://db1/pom", None),
        ("nonsense", None),
    ],
)
def test_urls_of_the_three_engines(url, found):
    assert parse_jdbc_url(url) == found


NAME = st.text(alphabet="abcxyz019-", min_size=1, max_size=10).map("n{}".format)


@given(NAME, st.integers(1, 65535), NAME)
def test_what_stands_in_a_url_is_found_again(host, port, name):
    for url, engine in (
        (f"jdbc:postgresql://{host}:{port}/{name}", "postgres"),
        (f"jdbc:oracle:thin:@{host}:{port}:{name}", "oracle"),
        (f"jdbc:sqlserver://{host}:{port};databaseName={name}", "mssql"),
    ):
        assert parse_jdbc_url(url) == Connection(engine, host, port, name)


def test_no_difference_where_the_file_does_not_tell_whether_it_is_secured():
    assert parse_database(FILE).differences(WANTED) == []


def test_differences_in_words():
    found = Connection("postgres", "DB1.dc1.example", 5432, "POMDB", "other", False)
    assert found.differences(WANTED) == ["port 5432 becomes 5433", "user other becomes pom", "secured connection becomes on"]


def test_words_of_the_role():
    words = {"engine": "postgres", "host": "db1", "port": "5432", "name": "p", "user": "u", "secured": True, "geo": False}
    assert connection_of(words) == Connection("postgres", "db1", 5432, "p", "u", True)
    assert connection_of({}) is None
