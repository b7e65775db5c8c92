"""The Python environments of the project: which interpreter, which lock file, and whether what is installed is what is locked.

`python3 -m tools.environment` makes the newest suitable one and prints its directory; `--all` makes one for each lock file.
"""
from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from tools import machine
from tools.machine import ROOT, Interpreter, MachineError
from tools.steps import Plan, Runner, tells_errors

# The first that fits is taken. An ansible release names the Pythons that it runs on: newer ones are untried.
RELEASES = (
    ("ansible-14", (3, 12), (3, 14)),
    ("ansible-12", (3, 11), (3, 11)),
)
MARKER = "dialtone-lock"
# The last three would make a `make` below this one believe that it is a part of it.
NOT_HANDED_ON = ("PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")


@dataclass(frozen=True)
class Environment:
    interpreter: Interpreter
    release: str

    @property
    def directory(self) -> Path:
        return ROOT / ".venv" / self.interpreter.name

    @property
    def python(self) -> Path:
        return self.directory / "bin" / "python"

    @property
    def lock(self) -> Path:
        return ROOT / "requirements" / f"{self.release}.txt"

    def program(self, name: str) -> str:
        return str(self.directory / "bin" / name)

    def wanted(self) -> str:
        """What the marker holds when the environment is complete and of this lock file."""
        digest = hashlib.sha256(self.lock.read_bytes()).hexdigest()
        return f"{digest} {self.interpreter.executable} {'.'.join(map(str, self.interpreter.version))}\n"

    def is_current(self) -> bool:
        try:
            return (self.directory / MARKER).read_text(encoding="utf-8") == self.wanted() and self.python.exists()
        except OSError:
            return False

    def variables(self) -> dict[str, str]:
        """The variables in which its programs run. Without byte code every start of ansible compiles half of itself anew."""
        variables = {name: value for name, value in os.environ.items() if name not in NOT_HANDED_ON}
        variables["PATH"] = f"{self.directory / 'bin'}{os.pathsep}{variables.get('PATH', os.defpath)}"
        variables["VIRTUAL_ENV"] = str(self.directory)
        return variables

    def ensure(self, run: Runner) -> None:
        """Make the environment, unless it is complete and of this lock file."""
        if self.is_current():
            return
        if not self.interpreter.can_make_environments:
            machine.install_packages(["python3-venv"], run)
        shutil.rmtree(self.directory, ignore_errors=True)
        run([str(self.interpreter.executable), "-m", "venv", str(self.directory)])
        run(
            [
                str(self.python),
                "-m",
                "pip",
                "--disable-pip-version-check",
                "--no-input",
                "install",
                "--no-compile",
                "--require-hashes",
                "--progress-bar",
                "off",
                "-r",
                str(self.lock),
            ]
        )
        self.compile(run)
        (self.directory / MARKER).write_text(self.wanted(), encoding="utf-8")

    def compile(self, run: Runner) -> None:
        """Compile what every command starts. The bundled collections are thousands of files, of which few are ever imported."""
        run(
            [
                str(self.python),
                "-m",
                "compileall",
                "-q",
                "-j",
                "0",
                "-x",
                r"/ansible_collections/(?!ansible/posix/)|/tests?/|lib2to3",
                str(self.directory / "lib"),
            ],
            check=False,
        )


def suitable(interpreters: list[Interpreter]) -> list[Environment]:
    """The environments that this machine can have, best first: one for each release, with the newest fitting interpreter."""
    chosen = []
    for release, oldest, newest in RELEASES:
        fitting = [item for item in interpreters if oldest <= item.version[:2] <= newest]
        fitting.sort(key=lambda item: (item.can_make_environments, item.version), reverse=True)
        chosen += [Environment(item, release) for item in fitting[:1]]
    return chosen


def available() -> list[Environment]:
    named = os.environ.get("PYTHON")
    if named:
        executable = shutil.which(named)
        found = machine.probe(Path(executable)) if executable else None
        if found is None:
            raise MachineError(
                f"PYTHON={named} is not a Python that runs here (virtual environments and pre-releases do not count)"
            )
        environments = suitable([found])
        if not environments:
            raise MachineError(f"PYTHON={named} is {found}; {supported()}")
        return environments
    found_all = machine.interpreters()
    environments = suitable(found_all)
    if not environments:
        seen = ", ".join(map(str, found_all)) or "none"
        raise MachineError(f"no suitable Python on this machine (found: {seen}); {supported()}; PYTHON=/path/to/python names one")
    return environments


def supported() -> str:
    return "supported: " + ", ".join(
        f"{oldest[0]}.{oldest[1]}"
        + (f" to {newest[0]}.{newest[1]}" if newest != oldest else "")
        + f" ({release.replace('-', ' ')})"
        for release, oldest, newest in RELEASES
    )


def newest() -> Environment:
    return available()[0]


def ready() -> Environment:
    """The newest environment, made first where it is not there."""
    environments = [newest()]
    make(environments)
    return environments[0]


def make(environments: list[Environment]) -> None:
    missing = [item for item in environments if not item.is_current()]
    if missing:
        plan = Plan(stream=sys.stderr)
        add_steps(plan, missing)
        plan.run()


def add_steps(plan: Plan, environments: list[Environment]) -> None:
    for item in environments:
        detail = f"{item.release.replace('-', ' ')} on {item.interpreter}"
        plan.add(f"Python environment {item.interpreter.name}", item.ensure, detail)


@tells_errors
def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tools.environment", description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="one for each lock file that this machine has a Python for")
    arguments = parser.parse_args()
    environments = available()[: None if arguments.all else 1]
    make(environments)
    for item in environments:
        print(item.directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
