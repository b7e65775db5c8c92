"""This machine: where the project is, which Pythons and which programs it has, and how missing ones come here."""
from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# Debian keeps the programs of a PostgreSQL server out of every PATH.
OUT_OF_PATH = ("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/lib/postgresql/*/bin")
CLUSTER_SETTINGS = Path("/etc/postgresql-common/createcluster.d/dialtone-installs.conf")


class MachineError(Exception):
    """This machine lacks something, or does not suit. The message is one line and says what to do."""


@dataclass(frozen=True, order=True)
class Interpreter:
    version: tuple[int, int, int]
    executable: Path
    can_make_environments: bool = True

    @property
    def name(self) -> str:
        return f"py{self.version[0]}.{self.version[1]}"

    def __str__(self) -> str:
        return f"Python {'.'.join(map(str, self.version))} ({self.executable})"


PROBE = """
import importlib.util, json, sys
print(json.dumps({
    "version": sys.version_info[:3],
    "final": sys.version_info[3] == "final",
    "executable": sys.executable,
    "environment": sys.prefix != sys.base_prefix,
    "complete": all(importlib.util.find_spec(name) for name in ("ensurepip", "venv", "ssl")),
}))
"""


def candidates() -> Iterator[Path]:
    """Every place where an interpreter may be, in no order of merit."""
    home = Path.home()
    directories = [Path(entry) for entry in os.environ.get("PATH", "").split(os.pathsep) if entry]
    directories += [Path("/usr/local/bin"), Path("/usr/bin")]
    installations = [
        Path(os.environ.get("PYENV_ROOT") or home / ".pyenv") / "versions",
        Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or home / ".local/share/uv/python"),
    ]
    directories += [version / "bin" for place in installations if place.is_dir() for version in place.iterdir()]
    for directory in directories:
        # A virtual environment's link would hide the interpreter that it leads to.
        if directory.name != "shims" and directory.is_dir() and not (directory.parent / "pyvenv.cfg").exists():
            yield from (entry for entry in directory.glob("python3*") if re.fullmatch(r"python3(\.\d+)?", entry.name))


def probe(executable: Path) -> Interpreter | None:
    """Ask an interpreter what it is; None for one that does not run, is a pre-release or belongs to a virtual environment."""
    try:
        result = subprocess.run([executable, "-I", "-c", PROBE], capture_output=True, text=True, timeout=20, check=True)
        answer = json.loads(result.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    if not answer["final"] or answer["environment"]:
        return None
    major, minor, micro = answer["version"]
    return Interpreter((major, minor, micro), Path(answer["executable"]), answer["complete"])


def interpreters(paths: Iterable[Path] | None = None) -> list[Interpreter]:
    """The interpreters of this machine, newest first, each once."""
    real: dict[Path, Path] = {}
    for path in candidates() if paths is None else paths:
        real.setdefault(path.resolve(), path)
    found = {interpreter for interpreter in map(probe, real.values()) if interpreter}
    return sorted(found, key=lambda item: (item.version, str(item.executable)), reverse=True)


def missing_packages(programs: dict[str, str]) -> list[str]:
    """Debian packages of the programs that are not here."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *(found for place in OUT_OF_PATH for found in glob(place))])
    return sorted({package for program, package in programs.items() if shutil.which(program, path=path) is None})


def can_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


@contextmanager
def no_database_cluster(settings: Path = CLUSTER_SETTINGS) -> Iterator[None]:
    """While it lasts, Debian's package of the PostgreSQL server brings programs, and neither makes nor starts a cluster."""
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text("create_main_cluster = false\n", encoding="utf-8")
    try:
        yield
    finally:
        settings.unlink()


def install_packages(packages: list[str], run: Callable[..., Any]) -> None:
    """Install Debian packages. `run` is what carries a command out: see steps.Step.run."""
    if not packages:
        return
    if os.geteuid() != 0:
        raise MachineError(f"missing on this machine: {', '.join(packages)}; install them, or run as root")
    if shutil.which("apt-get") is None:
        raise MachineError(f"missing on this machine: {', '.join(packages)}, and there is no apt-get to install them with")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-qq"], env=environment)
    run(["apt-get", "install", "-y", "--no-install-recommends", *packages], env=environment)
