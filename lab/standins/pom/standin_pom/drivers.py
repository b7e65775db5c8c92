"""Lab only. Stand-ins for InstallPOMOracleJDBC.sh and InstallPOMMssqlJDBC.sh (LAB-InstallPOMOracleJDBC.sh)."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from . import host
from .terminal import main, say

FOLDERS = {"Oracle": "POMOracleJDBC", "MSSQL": "POMMssqlJDBC"}


def run(arguments: Sequence[str]) -> int:
    host.require_root()
    kind = arguments[0]
    home = host.pom_home()
    log = host.Log(home / "logs/installJDBC.log")
    log.assumption("output, target directory and the refusal of an empty folder")
    folder = host.real(str(Path.home() / FOLDERS[kind]))
    files = sorted(folder.glob("*.jar")) if folder.is_dir() else []
    if not files:
        raise host.Refused(f"No JDBC driver found in ~/{FOLDERS[kind]}.")
    target = home / "lib/jdbc"
    target.mkdir(parents=True, exist_ok=True)
    for file in files:
        shutil.copy(file, target / file.name)
        say(f"Copied {file.name}")
    host.own(target)
    say(f"{kind} JDBC driver is installed successfully.")
    return 0


if __name__ == "__main__":
    main(run)
