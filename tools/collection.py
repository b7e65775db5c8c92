"""Assemble the collection from the places where its parts live, and build its tarball: `make collection`.

In the repository roles, playbooks, schemas and dialogues stand at the top, where a person looks for them; a collection has
them inside.
"""
from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tools import environment
from tools.machine import ROOT, MachineError
from tools.steps import StepFailed, relative, tells_errors

SOURCE = ROOT / "collections/ansible_collections/dialtone/contact_center"
ADDED = ("roles", "playbooks", "schemas", "dialogues")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", "output", ".pytest_cache", ".hypothesis")
BUILD = ROOT / "build"


def version() -> str:
    found = re.search(r"^version: *(\S+)$", (SOURCE / "galaxy.yml").read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise MachineError(f"{relative(SOURCE / 'galaxy.yml')} has no line 'version: …'")
    return found.group(1)


def assemble(directory: Path) -> Path:
    """Put the collection together below a collections path, and return its own directory."""
    target = directory / "ansible_collections/dialtone/contact_center"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(SOURCE, target, ignore=LEFT_OUT)
    for name in ADDED:
        # The examples that test the schemas are not part of what a site installs.
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc", "tests") if name == "schemas" else LEFT_OUT
        shutil.copytree(ROOT / name, target / name, ignore=ignored)
    shutil.copy2(ROOT / "LICENSE", target / "LICENSE")
    return target


def build(galaxy: str, output: Path = BUILD) -> Path:
    """Build the tarball with this ansible-galaxy, and return its path."""
    assembled = assemble(output / "collection")
    command = [galaxy, "collection", "build", "--force", "--output-path", str(output), str(assembled)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode:
        raise StepFailed(f"ansible-galaxy collection build ended with {result.returncode}\n{result.stdout}{result.stderr}")
    return output / f"dialtone-contact_center-{version()}.tar.gz"


@tells_errors
def main() -> int:
    print(relative(build(environment.ready().program("ansible-galaxy"))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
