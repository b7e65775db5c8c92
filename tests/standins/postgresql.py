"""A PostgreSQL server of the test's own, with one user and one database."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from glob import glob
from pathlib import Path

BINARIES = Path(max(glob("/usr/lib/postgresql/*/bin"), default="/usr/bin"))
USER, PASSWORD, DATABASE = "pom@site.example", "Corréct-horse №1", "pomdb"


def available() -> bool:
    return (BINARIES / "initdb").exists() and (os.geteuid() != 0 or shutil.which("runuser") is not None)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Server:
    """The directory must be short (a socket lies in it) and open to the server's account."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.data, self.port = directory, directory / "data", free_port()
        if os.geteuid() == 0:
            shutil.chown(directory, "postgres", "postgres")
        password = directory / "password"
        password.write_text(PASSWORD, encoding="utf-8")
        password.chmod(0o644)
        self.run(
            "initdb",
            "-D",
            self.data,
            "-N",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-U",
            USER,
            "--pwfile",
            password,
            "--auth=scram-sha-256",
            "--wal-segsize=1",
        )
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(f"port = {self.port}\nunix_socket_directories = '{directory}'\nshared_buffers = 1MB\nfsync = off\n")

    def run(self, program: str, *arguments: object) -> None:
        prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        command = [*prefix, str(BINARIES / program), *map(str, arguments)]
        subprocess.run(
            command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/"
        )

    def start(self) -> None:
        self.run("pg_ctl", "-D", self.data, "-l", self.directory / "log", "-w", "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-D", self.data, "-w", "-m", "immediate", "stop")

    def sql(self, statement: str, database: str = "postgres") -> str:
        words = [
            "psql",
            "-X",
            "-q",
            "-A",
            "-t",
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-U",
            USER,
            "-d",
            database,
            "-c",
            statement,
        ]
        environment = {**os.environ, "PGPASSWORD": PASSWORD}
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stdout.strip()
