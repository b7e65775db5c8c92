"""Every example inventory is accepted as it is, without a word of advice."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import EXAMPLES, Case, prepare

SITES = sorted(path for path in EXAMPLES.iterdir() if path.is_dir())
REPOSITORY = EXAMPLES.parents[1]
# With the hosts on which Dialtone installs POM.
LAB_SITES = {
    "inventories/lab": {"epm1", "epm2"},
    "molecule/shared/inventory": set(),
    "molecule/small/inventory": {"epm1"},
    "molecule/vendor_tree/inventory": set(),
}
ADDED_BY_THE_LAB = {
    "trust_ca_certificate": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    "trust_ca_private_key": "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n",
    "trust_store_password": "of the lab's own",
    "pom_database_password": "of the lab's own",
    "pom_server_media_iso": "/cache/pom.iso",
    "pom_server_media_sha256": "0" * 64,
    "pom_web_user": "epadmin",
    "pom_web_password": "of the lab's own",
}


@pytest.mark.parametrize("path", SITES, ids=lambda path: path.name)
def test_example_is_accepted(path: Path, tmp_path: Path, run: Any) -> None:
    result = run(prepare(Case(path.name, {"base": path.name, "findings": []}), tmp_path))
    assert result.findings == []
    assert result.model is not None


def test_every_inventory_of_a_scenario_is_held() -> None:
    assert {str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / "molecule").glob("*/inventory")} <= set(LAB_SITES)


def test_there_is_an_example_for_every_scenario() -> None:
    scenarios = {"geo_redundant", "multiple_with_zones", "multiple_without_zones", "non_telephony", "single_server"}
    assert scenarios <= {path.name for path in SITES}


@pytest.mark.parametrize("name", LAB_SITES)
def test_inventory_of_the_lab_is_accepted(name: str, tmp_path: Path, run: Any) -> None:
    """With what the lab's own inventory adds to it."""
    inventory = tmp_path / "inventory"
    shutil.copytree(REPOSITORY / name, inventory)
    (inventory / "group_vars/all/of_the_lab.yml").write_text(yaml.safe_dump(ADDED_BY_THE_LAB), encoding="utf-8")
    result = run(inventory)
    assert [finding for finding in result.findings if finding.refused] == []
    assert result.model is not None
    managed = {name for name, host in result.model["hosts"].items() if "pom_server_kind" in host["inputs"]}
    assert managed == LAB_SITES[name]
