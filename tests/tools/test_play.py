"""Which inventory a playbook gets."""
from __future__ import annotations

from pathlib import Path

import pytest

from tools import play
from tools.machine import MachineError


def test_the_lab_brings_its_own_secrets_beside_the_sites_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(play, "ROOT", tmp_path)
    (tmp_path / ".lab/site/inventory").mkdir(parents=True)
    words = play.inventory_arguments(None, "site")
    assert words == ["-i", "inventories/lab", "-i", ".lab/site/inventory", "--vault-password-file", ".lab/site/vault-password"]


def test_without_a_lab_the_way_to_one_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(play, "ROOT", tmp_path)
    with pytest.raises(MachineError, match="the lab is not there: `make site` boots it"):
        play.inventory_arguments(None, "site")


def test_a_persons_inventory_stands_alone_with_its_vault_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_PASSWORD_FILE", "vault.txt")
    assert play.inventory_arguments(str(tmp_path)) == ["-i", str(tmp_path), "--vault-password-file", "vault.txt"]
    monkeypatch.setenv("VAULT_PASSWORD_FILE", "")
    assert play.inventory_arguments(str(tmp_path)) == ["-i", str(tmp_path)]


def test_an_inventory_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(MachineError, match=r"^INVENTORY=no/such/place does not exist"):
        play.inventory_arguments("no/such/place")


def test_arguments_after_two_dashes_are_ansibles() -> None:
    assert play.split(["status", "--inventory", "x", "--", "--limit", "epm1"]) == (
        ["status", "--inventory", "x"],
        ["--limit", "epm1"],
    )
