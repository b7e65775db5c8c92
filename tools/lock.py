"""Write the hash-locked files of `requirements/` anew from the `.in` files: `make lock`.

Each is resolved with the oldest Python of this machine that its ansible release runs on: what only an older Python needs is
harmless on a newer one, the reverse is not. Only the package index counts: a directory of wheels on this machine would bring
hashes that are nowhere else.
"""
from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tools import machine
from tools.environment import RELEASES
from tools.machine import ROOT, MachineError

NOT_EMITTED = ("--no-emit-index-url", "--no-emit-trusted-host", "--no-emit-find-links")


def lock(release: str, interpreter: machine.Interpreter) -> None:
    variables = {name: value for name, value in os.environ.items() if name not in ("PIP_FIND_LINKS", "PIP_NO_INDEX")}
    variables["CUSTOM_COMPILE_COMMAND"] = "make lock"
    with tempfile.TemporaryDirectory(prefix="dialtone-lock-") as scratch:
        python = Path(scratch, "bin", "python")
        subprocess.run([interpreter.executable, "-m", "venv", scratch], check=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "pip-tools"], check=True, env=variables
        )
        subprocess.run(
            [
                python,
                "-m",
                "piptools",
                "compile",
                "--quiet",
                "--upgrade",
                "--generate-hashes",
                "--allow-unsafe",
                "--strip-extras",
                *NOT_EMITTED,
                "--output-file",
                f"{release}.txt",
                f"{release}.in",
            ],
            check=True,
            cwd=ROOT / "requirements",
            env=variables,
        )


def main() -> int:
    interpreters = machine.interpreters()
    try:
        for release, oldest, newest in RELEASES:
            fitting = [item for item in interpreters if oldest <= item.version[:2] <= newest]
            if not fitting:
                raise MachineError(f"requirements/{release}.txt needs Python {oldest[0]}.{oldest[1]}, which is not here")
            interpreter = min(fitting)
            print(f"requirements/{release}.txt with {interpreter}", flush=True)
            lock(release, interpreter)
    except (MachineError, subprocess.CalledProcessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
