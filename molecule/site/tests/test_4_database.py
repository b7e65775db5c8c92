"""The POM database as its administrator and its clients see it."""
from __future__ import annotations

import pytest

PSQL = "runuser -u postgres -- psql --no-psqlrc --tuples-only --no-align"
PASSWORD_FILE = "/run/pom-database-password"


@pytest.fixture(scope="module")
def sql(lab):
    return lambda statement, database="pomdb": lab("db1").check_output(f"{PSQL} --dbname={database} --command=%s", statement)


def test_the_user_may_create_in_its_database_and_read_statistics(sql):
    assert sql("SELECT has_database_privilege('pom', 'pomdb', 'CREATE')") == "t"
    assert sql("SELECT pg_has_role('pom', 'pg_read_all_stats', 'member')") == "t"
    assert sql("SELECT rolsuper OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = 'pom'") == "f"


def test_statement_statistics_are_loaded_and_enabled(sql):
    assert sql("SELECT count(*) FROM pg_extension WHERE extname = 'pg_stat_statements'") == "1"
    assert int(sql("SELECT count(*) FROM pg_stat_statements")) > 0


def test_parameters_are_set_and_none_waits_for_a_restart(sql):
    assert sql("SHOW autovacuum_vacuum_scale_factor") == "0.1"
    assert sql("SHOW checkpoint_completion_target") == "0.9"
    assert sql("SHOW ssl_min_protocol_version") == "TLSv1.2"
    assert sql("SELECT count(*) FROM pg_settings WHERE pending_restart") == "0"


def test_exactly_the_pom_servers_are_let_in(sql):
    rules = sql("SELECT address || '/' || netmask || ' ' || type || ' ' || auth_method FROM pg_hba_file_rules "
                "WHERE database @> ARRAY['pomdb'] ORDER BY 1").splitlines()
    assert rules == [f"10.88.1.{number}/255.255.255.255 hostssl scram-sha-256" for number in (11, 12)]


def connect(lab, secrets, host: str, mode: str) -> str:
    """A real client, with the password in a file that only it reads."""
    source = lab(host)
    entry = f"db1.dc1.lab.test:5432:pomdb:pom:{secrets['pom_database_password']}"
    source.check_output(f"umask 077; printf '%%s' %s > {PASSWORD_FILE}", entry)
    try:
        return source.run(
            f"psql 'host=db1.dc1.lab.test user=pom dbname=pomdb passfile={PASSWORD_FILE} connect_timeout=5 "
            "sslrootcert=/etc/dialtone/tls/ca.crt sslmode=%s' --no-psqlrc -At "
            "-c 'SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()' 2>&1",
            mode,
        ).stdout
    finally:
        source.check_output(f"rm -f {PASSWORD_FILE}")


def test_a_pom_server_logs_in_over_verified_tls(lab, secrets):
    assert connect(lab, secrets, "epm2", "verify-full").startswith("t|TLSv1.")


def test_a_pom_server_without_tls_is_refused(lab, secrets):
    assert "no pg_hba.conf entry" in connect(lab, secrets, "epm2", "disable")


def test_the_password_is_in_no_log(lab, secrets):
    found = lab("db1").run("grep -rlF -- %s /var/log /var/lib/dialtone /tmp /home", secrets["pom_database_password"])
    assert found.stdout == ""
