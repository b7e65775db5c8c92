"""The tarball that `make collection` builds: complete, and usable from an empty folder by full names."""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tools import collection
from tools.machine import ROOT

pytestmark = pytest.mark.slow

PROGRAMS = Path(sys.executable).parent
SECRETS = {
    "ansible_become_password": "not-the-labs",
    "trust_store_password": "not-the-labs-either",
    "pom_database_password": "not-the-labs-at-all",
}


def indented(pem: Path) -> str:
    return "".join(f"  {line}\n" for line in pem.read_text(encoding="utf-8").splitlines())


@pytest.fixture(scope="module")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return collection.build(str(PROGRAMS / "ansible-galaxy"), tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module")
def installed(tarball: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder, but for the collection, installed without a network."""
    folder = tmp_path_factory.mktemp("elsewhere")
    command = [PROGRAMS / "ansible-galaxy", "collection", "install", "--offline", "-p", folder / "collections", tarball]
    subprocess.run(command, cwd=folder, env=variables(folder), check=True, capture_output=True)
    return folder


@pytest.fixture
def inventory(installed: Path, tmp_path: Path) -> Path:
    """The words of the scenarios' site, with secrets of its own: what a person has in the folder beside the collection."""
    target = tmp_path / "inventory"
    shutil.copytree(ROOT / "molecule/shared/inventory", target)
    subject = [
        "-subj",
        "/CN=Test CA",
        "-addext",
        "basicConstraints=critical,CA:TRUE",
        "-addext",
        "keyUsage=critical,keyCertSign,cRLSign",
    ]
    key, certificate = tmp_path / "ca.key", tmp_path / "ca.crt"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:3072",
        "-nodes",
        "-days",
        "3650",
        "-keyout",
        key,
        "-out",
        certificate,
        *subject,
    ]
    subprocess.run(command, check=True, capture_output=True)
    lines = [f"{name}: {value}\n" for name, value in SECRETS.items()]
    lines.append(f"trust_ca_certificate: |\n{indented(certificate)}")
    lines.append(f"trust_ca_private_key: |\n{indented(key)}")
    (target / "group_vars/all/secrets.yml").write_text("---\n" + "".join(lines), encoding="utf-8")
    return target


def variables(folder: Path) -> dict[str, str]:
    """Nothing of this checkout: neither its configuration nor its collections."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_") and name != "PYTHONPATH"}
    return {**kept, "ANSIBLE_COLLECTIONS_PATH": str(folder / "collections"), "ANSIBLE_NOCOLOR": "1", "HOME": str(folder)}


def validate(folder: Path, inventory: Path) -> subprocess.CompletedProcess[str]:
    command = [PROGRAMS / "ansible-playbook", "dialtone.contact_center.validate", "-i", inventory]
    return subprocess.run(command, cwd=folder, env=variables(folder), capture_output=True, text=True, check=False)


def test_the_tarball_holds_everything_that_a_site_needs_and_nothing_else(tarball: Path) -> None:
    with tarfile.open(tarball) as packed:
        names = {entry.name for entry in packed if entry.isfile()}
    for folder in collection.ADDED:
        present = {
            path.relative_to(ROOT).as_posix()
            for path in (ROOT / folder).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        wanted = {name for name in present if not name.startswith("schemas/tests/")}
        assert wanted <= names
    assert {"LICENSE", "README.md", "meta/runtime.yml", "MANIFEST.json"} <= names
    assert not [name for name in names if name.startswith(("tests/", "schemas/tests/")) or "__pycache__" in name]


def test_every_playbook_and_role_is_found_by_its_full_name(installed: Path) -> None:
    names = [f"dialtone.contact_center.{playbook.stem}" for playbook in sorted((ROOT / "playbooks").glob("*.yml"))]
    command = [PROGRAMS / "ansible-playbook", "--syntax-check", "-i", "localhost,", *names]
    result = subprocess.run(command, cwd=installed, env=variables(installed), capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("playbook: ") == len(names)


def test_validate_accepts_a_right_inventory(installed: Path, inventory: Path) -> None:
    result = validate(installed, inventory)
    assert result.returncode == 0, result.stdout + result.stderr
    for secret in SECRETS.values():
        assert secret not in result.stdout + result.stderr


def test_validate_refuses_a_misspelt_variable_with_the_nearest_name(installed: Path, inventory: Path) -> None:
    (inventory / "group_vars/kafka.yml").write_text("---\nkafak_heap_mb: 2048\n", encoding="utf-8")
    result = validate(installed, inventory)
    assert result.returncode != 0
    assert "kafak_heap_mb" in result.stdout + result.stderr
    assert "kafka_heap_mb" in result.stdout + result.stderr
