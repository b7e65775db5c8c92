"""The pre-commit hook in a repository that holds an inventory and nothing else."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import CORRECT_PASSWORD, HERE, Case, prepare

ROOT = HERE.parent.parent
(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A site's own repository; its secrets are encrypted, and the password is not here."""
    inventory = prepare(Case("valid", {"findings": [], "encrypt": ["group_vars/all/secrets.yml"]}), tmp_path)
    for command in (["init", "--quiet"], ["add", "."]):
        subprocess.run(["git", *command], cwd=inventory, check=True)
    return inventory


def hook(repository: Path, *arguments: Any) -> subprocess.CompletedProcess[str]:
    """As pre-commit runs a hook of language `script`: from the top of the repository, without the project on any path."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON", "VIRTUAL"))}
    entry = shlex.split(HOOK["entry"])
    return subprocess.run(
        [str(ROOT / entry[0]), *entry[1:], *(arguments or HOOK["args"])],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_hook_is_one_that_pre_commit_can_run() -> None:
    assert HOOK["language"] == "script"
    assert HOOK["pass_filenames"] is False
    assert os.access(ROOT / HOOK["entry"], os.X_OK)


def test_valid_repository_is_let_through(repository: Path) -> None:
    result = hook(repository)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "group_vars/all/secrets.yml  secrets.yml: encrypted by ansible-vault, and left closed" in result.stdout
    left = subprocess.run(["git", "status", "--short"], cwd=repository, capture_output=True, text=True, check=True).stdout
    assert "??" not in left, f"the hook left files behind: {left}"


def test_mistake_is_refused_with_its_line(repository: Path) -> None:
    with (repository / "group_vars/kafka.yml").open("a", encoding="utf-8") as file:
        file.write("kafak_heap_mb: 2048\n")
    result = hook(repository)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "group_vars/kafka.yml:7:1  refused  kafak_heap_mb" in result.stdout
    assert "write kafka_heap_mb instead" in result.stdout


def test_every_site_of_the_repository_is_judged(repository: Path) -> None:
    hosts = repository / "hosts.yml"
    hosts.write_text(
        hosts.read_text(encoding="utf-8").replace("{site: main, data_center: dc2}", "{site: other, data_center: dc2}"),
        encoding="utf-8",
    )
    words = "host_address: 198.51.100.311\nhost_fqdn: epm3.example.com\n"
    (repository / "host_vars/epm3.yml").write_text(words, encoding="utf-8")
    result = hook(repository)
    assert result.returncode == 1
    assert "host_vars/epm3.yml:1:1  refused  host_address" in result.stdout
    assert "site main, other: 1 refused" in result.stdout


def test_word_that_a_closed_file_may_hold_is_not_refused(repository: Path) -> None:
    secrets = repository / "group_vars/all/secrets.yml"
    assert secrets.read_text(encoding="utf-8").startswith("$ANSIBLE_VAULT")
    identity = repository / "host_vars/epm3.yml"
    identity.write_text("host_address: 198.51.100.11\n", encoding="utf-8")
    result = hook(repository)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "host_fqdn  (epm3): not set, unless in group_vars/all/secrets.yml, which is left closed" in result.stdout


def test_encrypted_inventory_cannot_be_let_through(repository: Path) -> None:
    from .conftest import encrypt

    hosts = repository / "hosts.yml"
    hosts.write_bytes(encrypt(hosts.read_bytes()))
    result = hook(repository)
    assert result.returncode == 1
    assert "hosts.yml  refused" in result.stdout


def test_password_opens_more(repository: Path, tmp_path: Path) -> None:
    """Whoever has the password judges everything, with the same program."""
    password = tmp_path / "password"
    password.write_text(CORRECT_PASSWORD, encoding="utf-8")
    result = hook(repository, "-i", "hosts.yml", "--vault-password-file", password)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "left closed" not in result.stdout
