"""A host below a temporary root, on which the stand-ins run: with an Experience Portal, and a systemctl that only remembers."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.standins import media
from tests.standins.postgresql import DATABASE, Server

SYSTEMCTL = """#!/bin/sh
# Remembers which units are active; a unit named in `broken` does not start.
state=$(dirname "$0")/units
echo "$*" >> "$state.calls"
verb=$1; shift
for word in "$@"; do case $word in -*) continue ;; esac
    unit=${word%.service}
    case $verb in
    start | restart) grep -qx "$unit" "$state.broken" 2>/dev/null && exit 1; touch "$state/$unit" ;;
    stop | kill) rm -f "$state/$unit" ;;
    is-active) if [ -e "$state/$unit" ]; then echo active; else echo inactive; status=3; fi ;;
    esac
done
exit ${status:-0}
"""
# In place of keytool and openssl where only the talk counts: files with nothing of use in them.
PRETENDING = """#!/bin/sh
for word in "$@"; do case $before in -out | -keyout | -destkeystore) printf 'PRIVATE KEY\n' > "$word" ;; esac; before=$word; done
case "$*" in *-clcerts*) printf '%s\n' '-----BEGIN CERTIFICATE-----' '-----END CERTIFICATE-----' ;; esac
"""
HOME = "/opt/Avaya/avpom/POManager"


@dataclass
class Host:
    root: Path
    media: Path
    programs: Path

    @property
    def home(self) -> Path:
        return self.root / HOME[1:]

    @property
    def units(self) -> Path:
        return self.programs / "units"

    @property
    def calls(self) -> list[str]:
        return (self.programs / "units.calls").read_text(encoding="utf-8").splitlines()

    def active(self, unit: str) -> bool:
        return (self.units / unit).exists()

    def start(self, unit: str) -> None:
        (self.units / unit).touch()

    def portal(self, kind: str, version: str = "8.1.2.0") -> None:
        self.write("/etc/standin/ep.conf", f"[ep]\nkind = {kind}\nversion = {version}\n")

    def configure(self, text: str) -> None:
        self.write("/etc/standin/pom.conf", text)

    def write(self, path: str, text: str) -> Path:
        file = self.root / path[1:]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def read(self, path: str) -> str:
        return (self.root / path[1:]).read_text(encoding="utf-8")

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "STANDIN_ROOT": str(self.root),
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "LC_ALL": "C.UTF-8",
        }

    def run(self, program: str, *arguments: str, answers: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
        """Run the installer, or a program of the installed tree, with these answers on its input."""
        path = self.media / program if program == "installPOM" else self.home / "bin" / program
        return subprocess.run(
            [str(path), *arguments],
            input="".join(f"{answer}\n" for answer in answers),
            capture_output=True,
            text=True,
            env=self.environment,
            check=False,
        )


def keytool(store: Path, *arguments: str, password: str = "changeit") -> subprocess.CompletedProcess[str]:
    command = ["keytool", "-J-XX:TieredStopAtLevel=1", *arguments, "-keystore", str(store), "-storepass", password]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def aliases(store: Path, password: str = "changeit") -> list[str]:
    listing = keytool(store, "-list", password=password)
    assert listing.returncode == 0, listing.stdout
    return [line.split(",")[0] for line in listing.stdout.splitlines() if "Entry," in line]


def fingerprint(host: Host) -> str:
    """SHA-256 of POM's identity."""
    listing = keytool(host.home / "config/pomKeyStore", "-list", "-alias", "pomservercert").stdout
    return listing.split("(SHA-256): ")[1].split()[0]


@pytest.fixture(scope="module")
def database() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="pg-") as directory:
        server = Server(Path(directory))
        server.start()
        try:
            server.sql(f"CREATE DATABASE {DATABASE}")
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def pom_media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    staged = media.stage(tmp_path_factory.mktemp("media") / "pom", archives=False)
    # Every test starts programs: without this each of them would be compiled anew.
    subprocess.run(["python3", "-m", "compileall", "-q", str(staged)], check=True)
    return staged


def make_host(directory: Path, pom_media: Path) -> Host:
    host = Host(directory / "root", pom_media, directory / "programs")
    host.units.mkdir(parents=True)
    systemctl = host.programs / "systemctl"
    systemctl.write_text(SYSTEMCTL, encoding="utf-8")
    systemctl.chmod(0o755)
    for unit in ("vpms", "httpd"):
        (host.units / unit).touch()
    for path in ("tmp", "opt"):
        (host.root / path).mkdir(parents=True)
    host.portal("primary")
    return host


@pytest.fixture
def host(tmp_path: Path, pom_media: Path) -> Host:
    return make_host(tmp_path, pom_media)


@pytest.fixture
def talking(host: Host) -> Host:
    """A host whose programs talk as ever, and make no certificates."""
    for name in ("keytool", "openssl"):
        (host.programs / name).write_text(PRETENDING, encoding="utf-8")
        (host.programs / name).chmod(0o755)
    return host


@pytest.fixture(scope="session")
def installed_once(tmp_path_factory: pytest.TempPathFactory, pom_media: Path) -> Host:
    """A primary on which POM was installed silently. Tests take a copy of it: `installed`."""
    if not shutil.which("keytool"):
        pytest.skip("this machine has no keytool")
    host = make_host(tmp_path_factory.mktemp("installed"), pom_media)
    result = host.run("installPOM", "-s", "-t", "primary")
    assert result.returncode == 0, result.stdout + result.stderr
    (host.units / "vpms").touch()
    return host


@pytest.fixture
def installed(installed_once: Host, tmp_path: Path) -> Host:
    copy = Host(tmp_path / "root", installed_once.media, tmp_path / "programs")
    shutil.copytree(installed_once.root, copy.root, symlinks=True)
    shutil.copytree(installed_once.programs, copy.programs)
    for link in (copy.root / "usr/local/bin").iterdir():
        name = link.name
        link.unlink()
        link.symlink_to(copy.home / "bin" / name)
    return copy
