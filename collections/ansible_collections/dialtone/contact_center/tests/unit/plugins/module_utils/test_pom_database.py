# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_database import (
    Client,
    Database,
    Desired,
    FileError,
    Observation,
    Role,
    access_lines,
    administrator_text,
    change_script,
    difference,
    observation_script,
    parse_observation,
    plan,
)
from ansible_collections.dialtone.contact_center.plugins.module_utils.postgresql import (
    HbaRule,
    Parameter,
    PostgresqlError,
    scram_verifier,
)

PASSWORD = "correct-horse-battery"
VERIFIER = scram_verifier(PASSWORD, b"0123456789abcdef", 2)
OWN_BLOCK = (
    "# BEGIN DIALTONE POM DATABASE\n"
    "hostssl pomdb pom 192.0.2.11/32 scram-sha-256\n"
    "hostssl pomdb pom 192.0.2.12/32 scram-sha-256\n"
    "# END DIALTONE POM DATABASE\n"
)

DESIRED = Desired(
    database="pomdb",
    user="pom",
    password=PASSWORD,
    parameters={"shared_buffers": "6GB", "work_mem": "8MB"},
    extensions=("pg_stat_statements",),
    memberships=("pg_read_all_stats",),
    clients=(Client("epm2", "192.0.2.12"), Client("epm1", "192.0.2.11")),
)

CONVERGED = Observation(
    state="running",
    version="15.8",
    version_number=150008,
    data_directory="/data",
    tls=True,
    hba_file="/data/pg_hba.conf",
    hba_text=OWN_BLOCK + "local all all peer\n",
    hba_rules=(
        HbaRule(2, "hostssl", ("pomdb",), ("pom",), "192.0.2.11", "255.255.255.255", "scram-sha-256"),
        HbaRule(3, "hostssl", ("pomdb",), ("pom",), "192.0.2.12", "255.255.255.255", "scram-sha-256"),
        HbaRule(5, "local", ("all",), ("all",), None, None, "peer"),
        HbaRule(6, "host", ("all",), ("all",), "127.0.0.1", "255.255.255.255", "scram-sha-256"),
    ),
    role=Role(VERIFIER),
    memberships=("pg_read_all_stats",),
    database=Database("pom", "UTF8", True, True, ("plpgsql", "pg_stat_statements")),
    available_extensions=("pg_stat_statements",),
    parameters={
        "shared_buffers": Parameter("shared_buffers", "786432", "integer", "8kB", "postmaster", "configuration file", "6GB"),
        "work_mem": Parameter("work_mem", "8192", "integer", "kB", "user", "configuration file", "8MB"),
        "shared_preload_libraries": Parameter(
            name="shared_preload_libraries",
            running="pg_stat_statements",
            vartype="string",
            context="postmaster",
            source="configuration file",
            written="pg_stat_statements",
        ),
    },
    parameter_names=("shared_buffers", "shared_preload_libraries", "work_mem"),
)


def with_parameter(name, **words):
    parameters = dict(CONVERGED.parameters)
    parameters[name] = replace(parameters[name], **words)
    return replace(CONVERGED, parameters=parameters)


def items(to_do):
    return [change.item for change in to_do.changes]


def statements(to_do):
    return [statement for change in to_do.changes for statement in change.statements]


def test_nothing_is_planned_where_all_is_as_desired():
    to_do = plan(CONVERGED, DESIRED)
    assert (to_do.changes, to_do.restart_needed, to_do.warnings, to_do.refusals) == ((), (), (), ())


def test_a_bare_host_is_told_everything():
    to_do = plan(Observation("absent"), DESIRED)
    assert items(to_do) == [
        "role pom",
        "role pg_read_all_stats of pom",
        "database pomdb",
        "extension pg_stat_statements in pomdb",
        "parameter shared_buffers",
        "parameter shared_preload_libraries",
        "parameter work_mem",
        "pg_hba.conf: pomdb as pom",
    ]
    assert to_do.refusals == ()


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param(replace(CONVERGED, role=Role(VERIFIER, login=False)), ['ALTER ROLE "pom" LOGIN;'], id="no login"),
        pytest.param(
            replace(CONVERGED, role=Role("md5abc")), ["ALTER ROLE \"pom\" PASSWORD :'dialtone_verifier';"], id="another password"
        ),
        pytest.param(replace(CONVERGED, memberships=()), ['GRANT "pg_read_all_stats" TO "pom";'], id="no membership"),
        pytest.param(
            replace(CONVERGED, database=Database("dba", "UTF8", False, False, ("pg_stat_statements",))),
            ['GRANT CREATE ON DATABASE "pomdb" TO "pom";', 'GRANT CREATE ON SCHEMA public TO "pom";'],
            id="somebody else's database",
        ),
        pytest.param(
            replace(CONVERGED, database=Database("pom", "UTF8")), ['CREATE EXTENSION "pg_stat_statements";'], id="no extension"
        ),
    ],
)
def test_one_thing_differs(observed, expected):
    assert statements(plan(observed, DESIRED)) == expected


def test_who_may_make_tables_already_needs_no_grant():
    assert plan(replace(CONVERGED, database=replace(CONVERGED.database, owner="dba")), DESIRED).changes == ()


def test_wrong_lines_of_our_own_are_written_again_not_refused():
    rules = (HbaRule(2, error="hostssl record cannot match because SSL is disabled"),)
    assert plan(replace(CONVERGED, hba_rules=rules), DESIRED).refusals == ()


def test_without_a_password_it_is_not_looked_at():
    assert plan(replace(CONVERGED, role=Role("md5abc")), replace(DESIRED, password=None)).changes == ()


class TestParameters:
    def test_one_that_only_a_restart_makes_effective(self):
        to_do = plan(with_parameter("shared_buffers", running="16384", written=None), DESIRED)
        assert [change.as_dict() for change in to_do.changes] == [
            {"item": "parameter shared_buffers", "before": "not written, running with 128MB", "after": "6GB", "needs": "restart"}
        ]
        assert to_do.restart_needed == ({"parameter": "shared_buffers", "running": "128MB", "configured": "6GB"},)

    def test_an_interrupted_run_still_knows_of_the_restart(self):
        to_do = plan(with_parameter("shared_buffers", running="16384"), DESIRED)
        assert to_do.changes == ()
        assert [entry["parameter"] for entry in to_do.restart_needed] == ["shared_buffers"]

    def test_an_interrupted_run_still_knows_of_the_reload(self):
        to_do = plan(with_parameter("work_mem", running="4096"), DESIRED)
        assert [(change.item, change.needs) for change in to_do.changes] == [("configuration", "reload")]
        assert to_do.restart_needed == ()

    def test_a_new_certificate_is_loaded(self):
        assert items(plan(replace(CONVERGED, files_are_loaded=False), DESIRED)) == ["configuration"]

    def test_a_default_is_written_too(self):
        to_do = plan(with_parameter("work_mem", written=None), DESIRED)
        assert [(change.item, change.needs) for change in to_do.changes] == [("parameter work_mem", "reload")]
        assert to_do.restart_needed == ()

    def test_libraries_of_others_stay(self):
        observed = with_parameter("shared_preload_libraries", running="pgaudit", written=None)
        assert statements(plan(observed, DESIRED)) == [
            "ALTER SYSTEM SET shared_preload_libraries = 'pgaudit', 'pg_stat_statements';"
        ]

    def test_the_configuration_of_an_administrator_is_left_alone(self):
        observed = with_parameter("shared_preload_libraries", running="", written=None)
        assert plan(observed, replace(DESIRED, parameters={})).changes == ()

    def test_a_misspelt_one(self):
        [refusal] = plan(CONVERGED, replace(DESIRED, parameters={"shared_buffer": "6GB"})).refusals
        assert "shared_buffer is no parameter of PostgreSQL 15.8: did you mean shared_buffers?" in refusal
        assert "pom_database_parameters_override" in refusal

    def test_one_that_the_command_line_sets(self):
        [refusal] = plan(with_parameter("shared_buffers", running="16384", source="command line"), DESIRED).refusals
        assert "shared_buffers is 128MB on the command line" in refusal


class TestAccess:
    def test_lines_are_exactly_the_servers(self):
        assert access_lines(DESIRED) == OWN_BLOCK.splitlines()[1:3]

    def test_ours_stand_first_and_others_stay(self):
        to_do = plan(replace(CONVERGED, hba_text="# theirs\nlocal all all peer\n"), DESIRED)
        assert to_do.hba_text == OWN_BLOCK + "# theirs\nlocal all all peer\n"
        assert [change.needs for change in to_do.changes] == ["reload"]

    def test_a_server_that_left_is_locked_out(self):
        to_do = plan(CONVERGED, replace(DESIRED, clients=(Client("epm1", "192.0.2.11"),)))
        assert "192.0.2.12" not in to_do.hba_text

    def test_no_server_no_block(self):
        assert plan(CONVERGED, replace(DESIRED, clients=())).hba_text == "local all all peer\n"

    def test_broken_markers_are_not_guessed_at(self):
        with pytest.raises(PostgresqlError, match=r"/data/pg_hba\.conf: the markers"):
            plan(replace(CONVERGED, hba_text="# BEGIN DIALTONE POM DATABASE\n"), DESIRED)

    def add(self, *rules):
        return replace(CONVERGED, hba_rules=CONVERGED.hba_rules + rules)

    def test_a_line_for_everyone_is_refused(self):
        observed = self.add(HbaRule(9, "host", ("all",), ("all",), "0.0.0.0", "0.0.0.0", "md5"))
        [refusal] = plan(observed, DESIRED).refusals
        assert "/data/pg_hba.conf line 9 (host all all 0.0.0.0/0 md5) lets any address reach pomdb as pom (POM-DB-10)" in refusal
        assert "pom_database_allow_any_address: true" in refusal

    def test_a_line_for_everyone_by_consent(self):
        observed = self.add(HbaRule(9, "host", ("all",), ("all",), "0.0.0.0", "0.0.0.0", "md5"))
        to_do = plan(observed, replace(DESIRED, allow_any_address=True))
        assert to_do.refusals == ()
        assert "also without TLS" in to_do.warnings[0]

    @pytest.mark.parametrize(
        ("rules", "warned"),
        [
            pytest.param([HbaRule(9, "host", ("all",), ("all",), "10.0.0.0", "255.0.0.0", "md5")], True, id="a network"),
            pytest.param([HbaRule(9, "host", ("all",), ("postgres",), "10.0.0.0", "255.0.0.0", "md5")], False, id="another user"),
            pytest.param([HbaRule(9, "host", ("all",), ("all",), "10.0.0.0", "255.0.0.0", "reject")], False, id="a reject"),
            pytest.param([HbaRule(9, "host", ("all",), ("pom",), "192.0.2.11", None, "md5")], False, id="a POM server"),
            pytest.param(
                [
                    HbaRule(8, "host", ("all",), ("all",), "all", None, "reject"),
                    HbaRule(9, "host", ("all",), ("all",), "10.0.0.0", "255.0.0.0", "md5"),
                ],
                False,
                id="behind a reject of all",
            ),
            pytest.param(
                [
                    HbaRule(8, "host", ("all",), ("all",), "172.16.0.0", "255.240.0.0", "reject"),
                    HbaRule(9, "host", ("all",), ("all",), "10.0.0.0", "255.0.0.0", "md5"),
                ],
                True,
                id="behind a reject of others",
            ),
        ],
    )
    def test_lines_of_others_are_told(self, rules, warned):
        to_do = plan(self.add(*rules), DESIRED)
        assert to_do.refusals == ()
        assert bool(to_do.warnings) is warned


class TestAccessOfAnAdministrator:
    """Where pg_hba.conf is not ours, its lines only have to let the POM servers in."""

    DESIRED = replace(DESIRED, own_access=False)
    NETWORK = HbaRule(1, "host", ("all",), ("all",), "192.0.2.0", "255.255.255.0", "md5")

    def look(self, *rules, tls=True):
        return items(plan(replace(CONVERGED, tls=tls, hba_text="theirs\n", hba_rules=rules), self.DESIRED))

    def test_a_line_of_theirs_will_do(self):
        assert self.look(self.NETWORK) == []

    def test_nobody_is_let_in(self):
        assert self.look() == ["pg_hba.conf: epm2 at 192.0.2.12", "pg_hba.conf: epm1 at 192.0.2.11"]

    def test_the_first_line_that_fits_decides(self):
        reject = replace(self.NETWORK, address="192.0.2.12", netmask="255.255.255.255", method="reject")
        assert self.look(reject, self.NETWORK) == ["pg_hba.conf: epm2 at 192.0.2.12"]

    @pytest.mark.parametrize(
        ("kind", "tls", "enough"), [("hostssl", True, True), ("hostssl", False, False), ("hostnossl", True, False)]
    )
    def test_tls_has_to_fit(self, kind, tls, enough):
        assert (self.look(replace(self.NETWORK, kind=kind), tls=tls) == []) is enough


def test_lines_are_in_the_order_of_the_addresses():
    clients = (Client("c", "10.0.0.10"), Client("b", "10.0.0.9"), Client("d", "2001:db8::1"), Client("b again", "10.0.0.9"))
    lines = access_lines(replace(DESIRED, clients=clients))
    assert [line.split()[3] for line in lines] == ["10.0.0.9/32", "10.0.0.10/32", "2001:db8::1/128"]


@pytest.mark.parametrize(
    ("observed", "words"),
    [
        pytest.param(replace(CONVERGED, version="10.23", version_number=100023), "12 or newer is needed", id="too old"),
        pytest.param(replace(CONVERGED, in_recovery=True), "is a standby", id="standby"),
        pytest.param(
            replace(CONVERGED, file_errors=(FileError("/data/postgresql.conf", 3, "syntax error"),)),
            "/data/postgresql.conf line 3: syntax error",
            id="broken configuration",
        ),
        pytest.param(
            replace(CONVERGED, hba_rules=(HbaRule(9, error="invalid connection type"),)),
            "/data/pg_hba.conf line 9: invalid connection type",
            id="broken pg_hba.conf",
        ),
        pytest.param(
            replace(CONVERGED, database=Database("pom", "UTF8"), available_extensions=()),
            "install the contrib package",
            id="no contrib package",
        ),
    ],
)
def test_refused_before_anything_changes(observed, words):
    to_do = plan(observed, DESIRED)
    assert to_do.changes == ()
    assert words in to_do.refusals[0]


def test_a_superuser_is_more_than_pom_needs():
    assert "POM-DB-03" in plan(replace(CONVERGED, role=Role(VERIFIER, superuser=True)), DESIRED).warnings[0]


class TestScripts:
    def test_every_line_has_its_purpose(self):
        lines, doing = change_script(plan(Observation("absent"), DESIRED).changes, DESIRED, "SCRAM")
        assert len(lines) == len(doing)
        assert doing[lines.index('CREATE EXTENSION "pg_stat_statements";')] == "change extension pg_stat_statements in pomdb"
        assert lines.index('\\connect "pomdb"') < lines.index('CREATE EXTENSION "pg_stat_statements";')
        assert lines.index("SET log_statement = 'none';") < lines.index("\\set dialtone_verifier 'SCRAM'")

    def test_no_line_break_comes_from_a_word(self):
        lines, _doing = change_script(plan(Observation("absent"), DESIRED).changes, DESIRED, VERIFIER)
        assert not [line for line in lines if "\n" in line]

    def test_the_password_is_nowhere(self):
        to_do = plan(Observation("absent"), DESIRED)
        everything = repr(to_do) + repr(difference(to_do, Observation("absent"))) + repr(observation_script(DESIRED))
        everything += administrator_text(to_do, CONVERGED, DESIRED) + repr(change_script(to_do.changes, DESIRED, VERIFIER))
        assert PASSWORD not in everything

    def test_the_administrator_gets_what_can_be_pasted(self):
        desired = replace(DESIRED, own_access=False)
        observed = replace(CONVERGED, memberships=(), database=Database("pom", "UTF8"), hba_text="# theirs\n", hba_rules=())
        text = administrator_text(plan(observed, desired), observed, desired)
        assert text == (
            "As the superuser, in psql:\n"
            '  GRANT "pg_read_all_stats" TO "pom";\n'
            '  \\connect "pomdb"\n'
            '  CREATE EXTENSION "pg_stat_statements";\n'
            "In /data/pg_hba.conf, before all other lines:\n"
            "  hostssl pomdb pom 192.0.2.11/32 scram-sha-256\n"
            "  hostssl pomdb pom 192.0.2.12/32 scram-sha-256\n"
            "Then, as the superuser, in psql:\n"
            "  SELECT pg_reload_conf();"
        )

    def test_names_are_quoted_where_the_server_is_asked(self):
        script = "\n".join(observation_script(replace(DESIRED, user="it's", database='a"b')))
        assert "rolname = 'it''s'" in script
        assert '\\connect "a""b"' in script


class TestParsing:
    SERVER = {
        "version": "15.8",
        "version_number": 150008,
        "in_recovery": False,
        "data_directory": "/data",
        "tls": False,
        "hba_file": "/data/pg_hba.conf",
        "loaded_at": 1.5,
        "names": ["b", "a"],
        "parameters": [
            {"name": "a", "running": "1", "vartype": "integer", "unit": None, "context": "user", "source": "default"},
        ],
        "written": {"a": "2"},
        "file_errors": None,
        "hba_rules": [
            {"line": 1, "error": "x", **dict.fromkeys(("kind", "databases", "users", "address", "netmask", "method"))},
        ],
        "role": None,
        "memberships": None,
        "database": None,
        "available_extensions": None,
        "sessions": [{"address": "192.0.2.11", "user": "pom", "application": ""}],
    }

    def test_a_server_without_the_database(self):
        observed = parse_observation(json.dumps(self.SERVER) + "\n")
        assert observed.database is None
        assert observed.role is None
        assert observed.parameters["a"].written == "2"
        assert observed.hba_rules[0].error == "x"
        assert observed.parameter_names == ("a", "b")

    def test_a_server_with_the_database(self):
        server = {**self.SERVER, "database": {"owner": "pom", "encoding": "UTF8", "create": None}}
        inside = {"extensions": ["plpgsql"], "create_in_public": None}
        observed = parse_observation(json.dumps(server) + "\n" + json.dumps(inside) + "\n")
        assert observed.database == Database("pom", "UTF8", False, None, ("plpgsql",))

    def test_silence(self):
        with pytest.raises(PostgresqlError, match="answered nothing"):
            parse_observation("\n")
