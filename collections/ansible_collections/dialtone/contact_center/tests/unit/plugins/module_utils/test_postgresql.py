# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import base64
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.module_utils.postgresql import (
    HbaRule,
    Parameter,
    PostgresqlError,
    Postmaster,
    Psql,
    alter_system,
    hba_line,
    hba_name,
    identifier,
    key_problem,
    literal,
    md5_verifier,
    normal,
    postmaster,
    readable,
    render,
    scram_verifier,
    verifies,
)

SIZE_FACTORS = {"kB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}


class TestQuoting:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            pytest.param("pom", "'pom'", id="plain"),
            pytest.param("it's", "'it''s'", id="quote"),
            pytest.param("DOMAIN\\pom", "E'DOMAIN\\\\pom'", id="backslash"),
        ],
    )
    def test_literal(self, text, expected):
        assert literal(text) == expected

    def test_identifier_keeps_case_and_quotes(self):
        assert identifier('Po"m@x') == '"Po""m@x"'

    @pytest.mark.parametrize("name", ["", "a\0b"])
    def test_identifier_refuses_what_no_role_can_be_called(self, name):
        with pytest.raises(PostgresqlError):
            identifier(name)


class TestValues:
    @pytest.mark.parametrize(
        ("value", "setting", "vartype", "unit"),
        [
            pytest.param("6GB", "786432", "integer", "8kB", id="shared_buffers"),
            pytest.param("16MB", "2048", "integer", "8kB", id="wal_buffers"),
            pytest.param("1GB", "1048576", "integer", "kB", id="maintenance_work_mem"),
            pytest.param("0.5GB", "65536", "integer", "8kB", id="fraction"),
            pytest.param(-1, "-1", "integer", "8kB", id="automatic"),
            pytest.param("5min", "300", "integer", "s", id="time"),
            pytest.param("1500ms", "2", "integer", "s", id="rounded to even as by rint"),
            pytest.param(0.9, "0.9", "real", None, id="real"),
            pytest.param("1e-1", "0.1", "real", None, id="exponent"),
            pytest.param(0.12345678, "0.123457", "real", None, id="six digits"),
            pytest.param(True, "on", "bool", None, id="boolean"),
            pytest.param("No", "off", "bool", None, id="word"),
            pytest.param("TLSV1.2", "tlsv1.2", "enum", None, id="enum"),
            pytest.param("0640", "0640", "integer", None, id="octal"),
            pytest.param("0x10", "16", "integer", None, id="hexadecimal"),
        ],
    )
    def test_two_notations_of_one_value(self, value, setting, vartype, unit):
        assert normal(value, vartype, unit) == normal(setting, vartype, unit)

    @pytest.mark.parametrize(
        ("value", "setting", "vartype", "unit"),
        [
            pytest.param("6GB", "786431", "integer", "8kB", id="one page less"),
            pytest.param("6", "786432", "integer", "8kB", id="without a unit it counts pages"),
            pytest.param(0.2, "0.1", "real", None, id="real"),
            pytest.param("on", "off", "bool", None, id="boolean"),
            pytest.param("/a", "/A", "string", None, id="a path keeps its case"),
        ],
    )
    def test_different_values(self, value, setting, vartype, unit):
        assert normal(value, vartype, unit) != normal(setting, vartype, unit)

    @pytest.mark.parametrize(
        ("value", "vartype", "unit", "words"),
        [
            pytest.param("6gb", "integer", "8kB", "their case matters", id="case"),
            pytest.param("6s", "integer", "8kB", "none of B, kB", id="dimension"),
            pytest.param("6GB", "integer", None, "has none", id="no unit"),
            pytest.param("much", "integer", "8kB", "not a number", id="word"),
            pytest.param("perhaps", "bool", None, "neither on nor off", id="boolean"),
            pytest.param("1MB", "integer", "16XB", "not known here", id="a unit of a later server"),
        ],
    )
    def test_refused(self, value, vartype, unit, words):
        with pytest.raises(PostgresqlError, match=words):
            normal(value, vartype, unit)

    @given(count=st.integers(min_value=1, max_value=10**6), unit=st.sampled_from(sorted(SIZE_FACTORS)))
    def test_a_size_equals_its_number_of_pages(self, count, unit):
        in_bytes = count * SIZE_FACTORS[unit]
        pages = str(in_bytes // 8192)
        same = normal(f"{count}{unit}", "integer", "8kB") == normal(pages, "integer", "8kB")
        assert same or in_bytes % 8192 != 0

    @given(setting=st.integers(min_value=0, max_value=2**40), unit=st.sampled_from(["B", "kB", "8kB", "16MB", "ms", "s", "min"]))
    def test_what_is_shown_is_the_same_value(self, setting, unit):
        assert normal(readable(str(setting), unit), "integer", unit) == setting

    def test_readable(self):
        assert readable("786432", "8kB") == "6GB"
        assert readable("-1", "8kB") == "-1"
        assert readable("on", None) == "on"

    def test_lists_are_equal_by_their_elements(self):
        assert normal(["a", "b"], "string", None, "shared_preload_libraries") == normal(
            'a, "b"', "string", None, "shared_preload_libraries"
        )

    def test_render(self):
        assert [render(value) for value in (True, 0.9, 200, ["a", "b"])] == ["on", "0.9", "200", "a, b"]

    def test_a_refusal_names_the_parameter(self):
        with pytest.raises(PostgresqlError, match="parameter shared_buffers: '6 gigs'"):
            Parameter("shared_buffers", "786432", "integer", "8kB").is_running("6 gigs")

    def test_written_is_not_running(self):
        parameter = Parameter("shared_buffers", "16384", "integer", "8kB", written="6GB")
        assert parameter.is_written("6144MB")
        assert not parameter.is_running("6GB")
        assert not Parameter("shared_buffers", "16384", "integer", "8kB").is_written("128MB")


class TestAlterSystem:
    def test_scalar(self):
        assert alter_system("shared_buffers", "6GB") == "ALTER SYSTEM SET shared_buffers = '6GB';"

    def test_a_list_is_given_element_by_element(self):
        statement = alter_system("shared_preload_libraries", ["pgaudit", "pg_stat_statements"])
        assert statement == "ALTER SYSTEM SET shared_preload_libraries = 'pgaudit', 'pg_stat_statements';"

    def test_an_empty_list(self):
        assert alter_system("shared_preload_libraries", []) == "ALTER SYSTEM SET shared_preload_libraries = '';"

    @pytest.mark.parametrize("name", ["a b", "a;b", "", "a.b.c", "1a"])
    def test_a_name_is_never_a_statement(self, name):
        with pytest.raises(PostgresqlError, match="no name of a PostgreSQL parameter"):
            alter_system(name, "x")


class TestVerifiers:
    # The exchange of RFC 7677, section 3: user "user", password "pencil".
    SALT = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")

    def test_rfc_7677(self):
        verifier = scram_verifier("pencil", self.SALT, 4096)
        assert verifier.startswith("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$")
        assert verifier.endswith(":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=")

    def test_md5(self):
        # printf correct-horse-batterypom | md5sum
        assert md5_verifier("correct-horse-battery", "pom") == "md564e9d9790a7d880025301c4725d522f0"

    @given(password=st.text(min_size=1, max_size=30).filter(lambda text: "\0" not in text and text.isprintable()))
    def test_a_verifier_fits_its_password_and_no_other(self, password):
        verifiers = {"scram-sha-256": scram_verifier(password, iterations=2), "md5": md5_verifier(password, "pom")}
        for encryption, stored in verifiers.items():
            assert verifies(stored, password, "pom", encryption)
            assert not verifies(stored, password + "x", "pom", encryption)

    def test_the_scheme_counts(self):
        assert not verifies(md5_verifier("secret", "pom"), "secret", "pom", "scram-sha-256")
        assert not verifies(scram_verifier("secret"), "secret", "pom", "md5")

    @pytest.mark.parametrize("stored", [None, "", "secret", "SCRAM-SHA-256$x"])
    def test_nothing_usable_is_stored(self, stored):
        assert not verifies(stored, "secret", "pom", "scram-sha-256")

    def test_saslprep_maps_as_the_server_does(self):
        plain, prepared = "I\u00adX \u2168", "IX IX"
        assert verifies(scram_verifier(plain, iterations=2), prepared, "pom", "scram-sha-256")

    def test_two_verifiers_of_a_password_differ(self):
        assert scram_verifier("secret") != scram_verifier("secret")


class TestHba:
    def test_line(self):
        assert hba_line("pomdb", "pom", "192.0.2.11", "scram-sha-256") == "hostssl pomdb pom 192.0.2.11/32 scram-sha-256"
        assert hba_line("pomdb", "pom", "2001:db8::1", "md5") == "hostssl pomdb pom 2001:db8::1/128 md5"

    @pytest.mark.parametrize("name", ["all", "ALL", "sameuser", "replication", "@file", "+group", "a-b", "DOMAIN\\pom"])
    def test_a_name_is_never_a_keyword_a_file_or_a_group(self, name):
        assert hba_name(name) == f'"{name}"'

    @pytest.mark.parametrize("address", ["epm1", "192.0.2.11/24", "", "all"])
    def test_only_the_address_of_a_host(self, address):
        with pytest.raises(PostgresqlError, match="not the address of a host"):
            hba_line("pomdb", "pom", address, "md5")

    @pytest.mark.parametrize(
        ("address", "netmask", "everyone", "here"),
        [
            pytest.param("0.0.0.0", "0.0.0.0", True, False, id="any IPv4"),
            pytest.param("::", "::", True, False, id="any IPv6"),
            pytest.param("all", None, True, False, id="all"),
            pytest.param("127.0.0.1", "255.255.255.255", False, True, id="loopback"),
            pytest.param("::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", False, True, id="loopback IPv6"),
            pytest.param("samehost", None, False, True, id="samehost"),
            pytest.param("10.0.0.0", "255.0.0.0", False, False, id="a network"),
            pytest.param(".example.com", None, False, False, id="a domain"),
        ],
    )
    def test_whom_a_rule_lets_in(self, address, netmask, everyone, here):
        rule = HbaRule(7, "host", ("all",), ("all",), address, netmask, "md5")
        assert (rule.is_for_everyone(), rule.is_for_this_host()) == (everyone, here)

    @pytest.mark.parametrize(
        ("kind", "databases", "users", "expected"),
        [
            ("host", ("all",), ("all",), True),
            ("hostssl", ("pomdb",), ("pom",), True),
            ("local", ("all",), ("all",), False),
            ("host", ("other",), ("all",), False),
            ("host", ("all",), ("postgres",), False),
            ("host", ("sameuser",), ("all",), False),
        ],
    )
    def test_which_rules_concern_the_pom_database(self, kind, databases, users, expected):
        assert HbaRule(7, kind, databases, users, "10.0.0.0", "255.0.0.0", "md5").concerns("pomdb", "pom") is expected

    def test_description(self):
        rule = HbaRule(7, "host", ("all",), ("pom", "x"), "10.0.0.0", "255.0.0.0", "md5")
        assert rule.describe() == "line 7 (host all pom,x 10.0.0.0/8 md5)"


class TestPostmaster:
    READY = "42\n/data\n1700000000\n5433\n/run/postgresql\n*\n  262150\nready   \n"

    @pytest.fixture
    def look(self, tmp_path):
        def look(pid_file, program="postgres"):
            (tmp_path / "postmaster.pid").write_text(pid_file)
            (tmp_path / "42").mkdir()
            (tmp_path / "42" / "comm").write_text(program + "\n")
            return postmaster(str(tmp_path), str(tmp_path))

        return look

    def test_a_server_tells_where_it_listens(self, look):
        assert look(self.READY) == Postmaster(5433, "/run/postgresql", is_ready=True)

    def test_a_server_that_is_starting(self, look):
        assert not look("42\n/data\n1700000000\n5433\n").is_ready

    def test_a_server_that_is_stopping(self, look):
        assert not look(self.READY.replace("ready   ", "stopping")).is_ready

    def test_a_file_that_a_crash_left_behind(self, look):
        assert look(self.READY, program="cron") is None

    def test_a_process_that_is_gone(self, tmp_path):
        (tmp_path / "postmaster.pid").write_text(self.READY)
        assert postmaster(str(tmp_path), str(tmp_path)) is None

    @pytest.mark.parametrize("pid_file", ["", None])
    def test_no_server(self, tmp_path, pid_file):
        if pid_file is not None:
            (tmp_path / "postmaster.pid").write_text(pid_file)
        assert postmaster(str(tmp_path), str(tmp_path)) is None


@pytest.mark.parametrize(
    ("mode", "owner", "taken"),
    [
        (0o600, 104, True),
        (0o400, 104, True),
        (0o640, 104, False),
        (0o640, 0, True),
        (0o644, 0, False),
        (0o600, 1000, False),
    ],
)
def test_the_key_that_the_server_takes(mode, owner, taken):
    found = os.stat_result((0o100000 | mode, 1, 1, 1, owner, 0, 0, 0, 0, 0))
    assert (key_problem(found, 104) == "") is taken


class TestPsql:
    @staticmethod
    def psql(answer, calls=None):
        def run(argv, data):
            if calls is not None:
                calls.append((list(argv), data))
            return answer

        return Psql(run, ("runuser", "-u", "postgres", "--", "/usr/bin/psql"), "postgres", "/run/postgresql", 5432)

    def test_a_script_goes_by_standard_input(self):
        calls = []
        assert self.psql((0, "1\n", ""), calls).run(["SELECT 1;"]) == "1\n"
        [(argv, data)] = calls
        assert argv[:5] == ["runuser", "-u", "postgres", "--", "/usr/bin/psql"]
        assert "SELECT 1;" not in argv
        assert data == "SELECT 1;\n"

    def test_an_error_names_the_step_and_hides_the_secret(self):
        errors = "psql:<stdin>:2: ERROR:  syntax error\nLINE 1: ALTER ROLE pom PASSWORD 'SCRAM-secret'"
        with pytest.raises(PostgresqlError) as caught:
            self.psql((3, "", errors)).run(["one", "two"], ["do the first", "change role pom"], ["SCRAM-secret"])
        assert "while it was to change role pom" in str(caught.value)
        assert "SCRAM-secret" not in str(caught.value)
        assert "(not shown)" in str(caught.value)
