# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module against a real PostgreSQL of this machine; without one, these tests are skipped, and the lab has the proof."""
from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import tempfile
from glob import glob
from pathlib import Path

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.dialtone.contact_center.plugins.modules import pom_database

PASSWORD = "Corréct-horse №1"
CLIENTS = [{"name": "epm1", "address": "192.0.2.11"}, {"name": "epm2", "address": "192.0.2.12"}]
BINARIES = Path(max(glob("/usr/lib/postgresql/*/bin"), default="/usr/bin"))


def superuser() -> str:
    return "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


def can_run_server() -> bool:
    return (BINARIES / "initdb").exists() and (os.geteuid() != 0 or shutil.which("runuser") is not None)


needs_server = pytest.mark.skipif(not can_run_server(), reason="this machine has no PostgreSQL server to run")


class Server:
    """A throw-away server in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.data = directory / "data"
        self.log = directory / "log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def run(self, *argv, **words) -> str:
        prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        done = subprocess.run([*prefix, *map(str, argv)], check=True, capture_output=True, text=True, cwd="/", **words)
        return done.stdout

    def create(self, made: Path) -> None:
        if os.geteuid() == 0:
            shutil.chown(self.directory, "postgres", "postgres")
        self.run("cp", "-a", *(made / name for name in ("data", "server.key", "server.crt")), self.directory)
        with (self.data / "postgresql.conf").open("a") as stream:
            stream.write(f"port = {self.port}\nunix_socket_directories = '{self.directory}'\n")
            stream.write("log_statement = all\nshared_buffers = 1MB\nfsync = off\n")

    def certify(self) -> None:
        self.run(
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=db1", "-days", "2",
            "-keyout", self.directory / "server.key", "-out", self.directory / "server.crt",
        )

    def control(self, action: str) -> None:
        prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        argv = [*prefix, str(BINARIES / "pg_ctl"), "-D", str(self.data), "-l", str(self.log), "-w", "-m", "fast", action]
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")

    def sql(self, statement: str, database: str = "postgres") -> str:
        argv = [BINARIES / "psql", "-X", "-q", "-A", "-t", "-h", self.directory, "-p", self.port, "-d", database, "-c", statement]
        return self.run(*argv).strip()

    def options(self, **words):
        return {
            "name": "pomdb",
            "user": "pom@site.example",
            "password": PASSWORD,
            "clients": CLIENTS,
            "superuser": superuser(),
            "data_directory": str(self.data),
            "binary_directory": str(BINARIES),
            "socket_directory": str(self.directory),
            "port": self.port,
            "wait_seconds": 5,
            "parameters": {
                "shared_buffers": "2MB",
                "work_mem": "8MB",
                "checkpoint_completion_target": 0.9,
                "track_counts": True,
                "ssl": True,
                "ssl_cert_file": str(self.directory / "server.crt"),
                "ssl_key_file": str(self.directory / "server.key"),
            },
            **words,
        }


@pytest.fixture(scope="module")
def cluster():
    """A fresh cluster and a certificate to copy: making them takes longer than all else."""
    with tempfile.TemporaryDirectory(prefix="pg-") as directory:
        if os.geteuid() == 0:
            shutil.chown(directory, "postgres", "postgres")
        maker = Server(Path(directory))
        # Small WAL segments, because every test copies the cluster.
        options = ("--auth-local=peer", "--auth-host=scram-sha-256", "--wal-segsize=1", "--locale=C.UTF-8")
        maker.run(BINARIES / "initdb", "-D", maker.data, "-N", "-E", "UTF8", *options)
        maker.certify()
        yield maker.directory


@pytest.fixture
def server(cluster):
    # A path of pytest's would be too long for a socket, and closed to the server's account.
    with tempfile.TemporaryDirectory(prefix="pg-") as directory:
        found = Server(Path(directory))
        found.create(cluster)
        found.control("start")
        try:
            yield found
        finally:
            if (found.data / "postmaster.pid").exists():
                found.control("stop")


@pytest.fixture
def run(capsys):
    def call(options, check_mode=False):
        arguments = {**options, "_ansible_check_mode": check_mode, "_ansible_diff": True}
        with patch_module_args(arguments), pytest.raises(SystemExit):
            pom_database.main()
        output = capsys.readouterr().out
        assert PASSWORD not in output
        return json.loads(output)

    return call


def items(result):
    return [change["item"] for change in result["changes"]]


@needs_server
def test_first_run_second_run_restart(server, run):
    foretold = run(server.options(), check_mode=True)
    assert foretold["changed"]
    assert server.sql("SELECT count(*) FROM pg_roles WHERE rolname ~ 'pom'") == "0"

    done = run(server.options())
    assert done["changed"]
    assert items(done) == items(foretold)
    assert {entry["parameter"] for entry in done["restart_needed"]} == {"shared_buffers", "shared_preload_libraries"}

    again = run(server.options())
    assert not again["changed"]
    assert again["restart_needed"] == done["restart_needed"]

    server.control("restart")
    after = run(server.options())
    assert not after["changed"]
    assert after["restart_needed"] == []
    assert server.sql("SHOW shared_buffers") == "2MB"
    assert server.sql("SELECT count(*) >= 0 FROM pg_stat_statements", "pomdb") == "t"
    assert server.sql("SELECT pg_has_role('pom@site.example', 'pg_read_all_stats', 'member')") == "t"


@needs_server
def test_the_password_opens_the_database_and_no_log_has_it(server, run):
    run(server.options(clients=[{"name": "here", "address": "127.0.0.1"}]))
    target = f"host=127.0.0.1 port={server.port} dbname=pomdb user=pom@site.example sslmode=require"
    environment = {**os.environ, "PGPASSWORD": PASSWORD}
    argv = [str(BINARIES / "psql"), "-X", "-A", "-t", "-c", "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", target]
    assert subprocess.run(argv, check=True, env=environment, capture_output=True, text=True, cwd="/").stdout.strip() == "t"
    log = server.log.read_text()
    assert "pg_hba_file_rules" in log  # the server does log statements
    verifier = server.sql("SELECT rolpassword FROM pg_authid WHERE rolname = 'pom@site.example'")
    for secret in (PASSWORD, verifier, "PASSWORD"):
        assert secret not in log


@needs_server
@pytest.mark.parametrize(("encryption", "begin"), [("md5", "md5"), ("scram-sha-256", "SCRAM-SHA-256$4096:")])
def test_the_scheme_of_the_password_changes(server, run, encryption, begin):
    other = {"md5": "scram-sha-256", "scram-sha-256": "md5"}[encryption]
    run(server.options(password_encryption=other))
    result = run(server.options(password_encryption=encryption))
    assert items(result) == ["password of role pom@site.example", "pg_hba.conf: pomdb as pom@site.example"]
    assert server.sql("SELECT rolpassword FROM pg_authid WHERE rolname = 'pom@site.example'").startswith(begin)
    assert not run(server.options(password_encryption=encryption))["changed"]


@needs_server
def test_lines_of_others_stay_and_a_client_that_left_is_locked_out(server, run):
    path = server.data / "pg_hba.conf"
    before = path.read_text()
    run(server.options())
    result = run(server.options(clients=CLIENTS[:1]))
    assert items(result) == ["pg_hba.conf: pomdb as pom@site.example"]
    assert path.read_text().endswith(before)
    assert "192.0.2.12" not in path.read_text()
    assert "192.0.2.12" in Path(result["backup_file"]).read_text()
    assert path.stat().st_uid == pwd.getpwnam(superuser()).pw_uid
    assert path.stat().st_mode & 0o777 == 0o600


@needs_server
def test_what_an_interrupted_run_left_is_loaded(server, run):
    run(server.options())
    server.sql("ALTER SYSTEM SET work_mem = '9MB'")
    result = run(server.options(parameters={**server.options()["parameters"], "work_mem": "9MB"}))
    assert items(result) == ["configuration"]
    assert server.sql("SHOW work_mem") == "9MB"


@needs_server
def test_a_renewed_certificate_is_served_without_a_restart(server, run):
    run(server.options())
    server.certify()
    assert items(run(server.options(), check_mode=True)) == ["configuration"]
    assert run(server.options())["changed"]
    argv = ["openssl", "s_client", "-starttls", "postgres", "-connect", f"127.0.0.1:{server.port}"]
    shown = subprocess.run(argv, check=False, capture_output=True, text=True, input="").stdout
    begin = shown.index("-----BEGIN CERTIFICATE-----")
    served = ssl.PEM_cert_to_DER_cert(shown[begin:shown.index("-----END CERTIFICATE-----") + 25])
    assert served == ssl.PEM_cert_to_DER_cert((server.directory / "server.crt").read_text())


@needs_server
def test_a_database_of_its_administrator(server, run):
    server.sql("CREATE DATABASE pomdb")
    server.sql("ALTER SYSTEM SET ssl = off")
    result = run(server.options(on_mismatch="fail", parameters={}))
    assert result["failed"]
    assert 'CREATE ROLE "pom@site.example" LOGIN PASSWORD \'<the value of pom_database_password>\';' in result["msg"]
    assert 'GRANT CREATE ON DATABASE "pomdb" TO "pom@site.example";' in result["msg"]
    assert 'host pomdb "pom@site.example" 192.0.2.11/32 scram-sha-256' in result["msg"]  # its TLS is off
    assert "shared_buffers" not in result["msg"]
    assert server.sql("SELECT count(*) FROM pg_roles WHERE rolname ~ 'pom'") == "0"


@needs_server
def test_the_administrator_s_statements_are_enough(server, run):
    server.sql("CREATE DATABASE pomdb")
    options = server.options(on_mismatch="fail", parameters={})
    run(server.options())
    server.sql('REVOKE CREATE ON DATABASE pomdb FROM "pom@site.example"')
    message = run(options)["msg"]
    assert 'psql:\n  GRANT CREATE ON DATABASE "pomdb" TO "pom@site.example";' in message
    server.sql('GRANT CREATE ON DATABASE "pomdb" TO "pom@site.example";')
    assert not run(options)["changed"]


@needs_server
@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        pytest.param({"shared_buffer": "6GB"}, "did you mean shared_buffers?", id="misspelt"),
        pytest.param({"shared_buffers": "6 gigs"}, "parameter shared_buffers: ", id="unit"),
        pytest.param({"work_mem": "1kB"}, "while it was to change parameter work_mem: ERROR:", id="out of range"),
        pytest.param({"ssl_key_file": "/nowhere/server.key"}, "/nowhere/server.key cannot be read by", id="no key"),
        pytest.param({"block_size": 4096}, "block_size", id="not to be set"),
    ],
)
def test_a_wrong_parameter(server, run, parameters, words):
    result = run(server.options(parameters={**server.options()["parameters"], **parameters}))
    assert result["failed"]
    assert words in result["msg"]
    assert server.sql("SHOW work_mem") == "4MB"


@needs_server
def test_a_key_that_others_may_read(server, run):
    (server.directory / "server.key").chmod(0o644)
    result = run(server.options())
    assert "has mode 0644" in result["msg"]
    assert "nothing was changed" in result["msg"]
    assert server.sql("SELECT count(*) FROM pg_roles WHERE rolname ~ 'pom'") == "0"


@needs_server
def test_a_line_for_everyone(server, run):
    with (server.data / "pg_hba.conf").open("a") as stream:
        stream.write("host all all 0.0.0.0/0 md5\n")
    result = run(server.options(), check_mode=True)
    assert result["failed"]
    assert "lets any address reach pomdb" in result["msg"]
    assert run(server.options(allow_any_address=True))["advice"]


@needs_server
def test_a_stopped_server(server, run):
    server.control("stop")
    assert run(server.options(), check_mode=True)["state"] == "stopped"
    assert "does not run: start its unit" in run(server.options())["msg"]


@needs_server
def test_another_server_on_the_port(server, run):
    result = run(server.options(data_directory=str(server.directory / "other")))
    assert f"a server with its data in {server.data} answers on port {server.port}" in result["msg"]


def test_a_bare_host(run, tmp_path):
    options = {"name": "pomdb", "user": "pom", "password": PASSWORD, "clients": CLIENTS, "parameters": {"work_mem": "8MB"}}
    options.update(binary_directory=str(tmp_path), data_directory=str(tmp_path), socket_directory=str(tmp_path))
    foretold = run(options, check_mode=True)
    assert foretold["changed"]
    assert foretold["missing"] == ["package", "cluster"]
    assert foretold["state"] == "absent"
    assert "parameter work_mem" in items(foretold)
    assert "no PostgreSQL server was found" in run(options)["msg"]
