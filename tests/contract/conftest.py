"""A valid inventory, and what a case changes in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

HERE = Path(__file__).resolve().parent
BASE = HERE / "base"
EXAMPLES = HERE.parents[1] / "inventories" / "examples"
CASES = sorted((HERE / "cases").glob("*.yml"))
CORRECT_PASSWORD = "correct password"


@dataclass(frozen=True)
class Case:
    name: str
    data: dict[str, Any]

    @property
    def findings(self) -> list[dict[str, Any]]:
        return self.data["findings"]


def load_case(path: Path) -> Case:
    return Case(path.stem, yaml.safe_load(path.read_text(encoding="utf-8")))


def prepare(case: Case, directory: Path) -> Path:
    """The valid inventory (or, with `base: NAME`, that example), broken as the case says."""
    inventory = directory / "inventory"
    shutil.copytree(EXAMPLES / case.data["base"] if "base" in case.data else BASE, inventory)
    for name, target in case.data.get("rename", {}).items():
        (inventory / name).rename(inventory / target)
    for name, replacements in case.data.get("replace", {}).items():
        text = (inventory / name).read_text(encoding="utf-8")
        for old, new in replacements:
            assert old in text, f"{case.name}: {name} has no {old!r} to replace"
            text = text.replace(old, new)
        (inventory / name).write_text(text, encoding="utf-8")
    for name, text in case.data.get("append", {}).items():
        with (inventory / name).open("a", encoding="utf-8") as file:
            file.write(text)
    for name, text in case.data.get("write", {}).items():
        (inventory / name).write_text(text, encoding="utf-8")
    for name in case.data.get("remove", []):
        path = inventory / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name in case.data.get("encrypt", []):
        (inventory / name).write_bytes(encrypt((inventory / name).read_bytes()))
    for name, values in case.data.get("encrypt_values", {}).items():
        with (inventory / name).open("a", encoding="utf-8") as file:
            for variable, value in values.items():
                body = "".join(f"  {line}\n" for line in encrypt(value.encode()).decode().splitlines())
                file.write(f"{variable}: !vault |\n{body}")
    return inventory


def encrypt(plain: bytes) -> bytes:
    from ansible.parsing.vault import VaultLib, VaultSecret

    return VaultLib([("default", VaultSecret(CORRECT_PASSWORD.encode()))]).encrypt(plain)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Judge an inventory in this process, from the directory that holds it."""
    from ansible.parsing.dataloader import DataLoader
    from ansible.parsing.vault import VaultSecret, VaultSecretsContext

    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.run import run_contract

    def judge(
        inventory: Path,
        *,
        sources: list[str] | None = None,
        vault_password: str | None = None,
        extra_vars: dict[str, Any] | None = None,
        **options: Any,
    ) -> Any:
        monkeypatch.chdir(inventory)
        secrets = [("default", VaultSecret(vault_password.encode()))] if vault_password else []
        VaultSecretsContext._current = None
        VaultSecretsContext.initialize(VaultSecretsContext(secrets))
        loader = DataLoader()
        loader.set_vault_secrets(secrets)
        loader.set_basedir(str(tmp_path))
        chosen = sources or [str(inventory)]
        return run_contract(chosen, loader=loader, extra_vars=extra_vars or {}, **options)

    before = os.getcwd()
    yield judge
    os.chdir(before)
