"""Run one playbook against the lab, or against a person's own inventory.

`python3 -m tools.play status [--inventory PATH] [-- ARGUMENT…]`; what follows `--` goes to ansible-playbook.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from tools import environment
from tools.environment import Environment
from tools.machine import ROOT, MachineError
from tools.steps import tells_errors

LAB_NAME = os.environ.get("DIALTONE_LAB") or "site"


def inventory_arguments(inventory: str | None, lab_name: str = LAB_NAME) -> list[str]:
    """The options that name the inventory and its vault password: the person's own, or the lab's words and the lab's secrets."""
    if inventory is not None:
        if not Path(inventory).exists():
            raise MachineError(f"INVENTORY={inventory} does not exist; name the directory or file that holds your hosts")
        password_file = os.environ.get("VAULT_PASSWORD_FILE")
        return ["-i", inventory, *(["--vault-password-file", password_file] if password_file else [])]
    lab = ROOT / ".lab" / lab_name
    if not (lab / "inventory").is_dir():
        raise MachineError("the lab is not there: `make site` boots it and rolls it out; INVENTORY=path names your own servers")
    return [
        "-i",
        "inventories/lab",
        "-i",
        str((lab / "inventory").relative_to(ROOT)),
        "--vault-password-file",
        str((lab / "vault-password").relative_to(ROOT)),
    ]


def command(where: Environment, playbook: str, inventory: str | None, extra: list[str], lab_name: str = LAB_NAME) -> list[str]:
    return [where.program("ansible-playbook"), *inventory_arguments(inventory, lab_name), f"playbooks/{playbook}.yml", *extra]


def contract_command(where: Environment, inventory: str | None, extra: list[str], lab_name: str = LAB_NAME) -> list[str]:
    """The contract as a program of its own, with the words that the command line adds to the inventory."""
    words = [
        part
        for at, part in enumerate(extra)
        if part in ("-e", "--extra-vars") or (at and extra[at - 1] in ("-e", "--extra-vars"))
    ]
    return [str(where.python), "tools/validate.py", *inventory_arguments(inventory, lab_name), *words]


def split(argv: list[str]) -> tuple[list[str], list[str]]:
    """Our own arguments, and after `--` those of ansible-playbook."""
    if "--" not in argv:
        return argv, []
    at = argv.index("--")
    return argv[:at], argv[at + 1 :]


@tells_errors
def main(argv: list[str] | None = None) -> int:
    own, extra = split(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="python3 -m tools.play", description=__doc__)
    parser.add_argument("playbook")
    parser.add_argument("--inventory")
    arguments = parser.parse_args(own)
    where = environment.ready()
    if arguments.playbook == "validate":
        line = [*contract_command(where, arguments.inventory, []), *extra]
    else:
        line = command(where, arguments.playbook, arguments.inventory, extra)
    return subprocess.run(line, cwd=ROOT, env=where.variables(), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
