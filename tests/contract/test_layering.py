"""The layers are Ansible's own: same winners as VariableManager, whatever the inventory."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.manager import VariableManager
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.layering import (
    Layering,
    VarsFiles,
    source_directory,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.positions import Documents
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.run import run_contract

from .conftest import BASE

NAMES = st.sampled_from(["alpha", "beta", "gamma"])
VALUES = st.one_of(st.booleans(), st.integers(0, 9), st.none(), st.sampled_from(["x", "y"]))
VARIABLES = st.dictionaries(NAMES, VALUES, max_size=3)
GROUPS = ("lower", "middle", "upper", "zone")
HOSTS = ("one", "two")


@st.composite
def sources(draw: Any) -> list[dict[str, Any]]:
    """One to three inventory sources, each with its own files."""
    return [
        {
            "hosts": {
                "all": {
                    "vars": draw(VARIABLES),
                    "children": {
                        "upper": {"vars": draw(VARIABLES), "children": {"middle": {"hosts": {"one": draw(VARIABLES)}}}},
                        "lower": {"vars": draw(VARIABLES), "hosts": {host: draw(VARIABLES) for host in HOSTS}},
                        "zone": {"vars": {"ansible_group_priority": draw(st.integers(1, 3))}, "hosts": {"two": None}},
                    },
                }
            },
            "files": draw(
                st.dictionaries(
                    st.sampled_from(
                        [f"group_vars/{group}.yml" for group in GROUPS]
                        + ["group_vars/all/a.yml", "group_vars/all/b.yml", "host_vars/one.yml", "host_vars/two/x.yml"]
                    ),
                    VARIABLES,
                    max_size=6,
                )
            ),
        }
        for _number in range(draw(st.integers(1, 3)))
    ]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    described=sources(),
    beside_playbook=st.dictionaries(st.sampled_from(["group_vars/lower.yml", "host_vars/one.yml"]), VARIABLES),
)
def test_layers_are_ansibles(tmp_path_factory: Any, described: list[dict[str, Any]], beside_playbook: dict[str, Any]) -> None:
    root = tmp_path_factory.mktemp("inventory")
    paths = [str(write(root / f"source{number}", source)) for number, source in enumerate(described)]
    playbooks = write_files(root / "playbooks", beside_playbook)

    loader = DataLoader()
    loader.set_basedir(str(playbooks))
    inventory = InventoryManager(loader=loader, sources=paths)
    manager = VariableManager(loader=loader, inventory=inventory)
    documents = Documents(loader)
    bases = [base for path in paths if (base := source_directory(path))]
    layering = Layering(inventory, VarsFiles(loader, documents, bases, [str(playbooks)]), documents, paths, {})

    for host in inventory.hosts.values():
        ansibles = manager.get_vars(host=host)
        for name, definition in layering.of(host).items():
            assert definition.value == ansibles[name], (host.name, name)
            assert_written_there(layering, definition.place.file, name, definition.value, layering.location(definition))
        assert {name for name in ansibles if name in ("alpha", "beta", "gamma")} == set(layering.of(host)) - {
            "ansible_group_priority"
        }


def test_hostvars_are_of_this_inventory_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One process judges inventories one after another, each from its own directory."""
    for zone in ("Nowhere/First", "Nowhere/Second"):
        inventory = tmp_path / zone.rpartition("/")[2]
        shutil.copytree(BASE, inventory)
        with (inventory / "group_vars/all/zz.yml").open("w", encoding="utf-8") as file:
            yaml.safe_dump({"zabbix_zone": zone, "host_timezone": "{{ hostvars['epm1'].zabbix_zone }}"}, file)
        monkeypatch.chdir(inventory)
        result = run_contract([str(inventory)], loader=DataLoader())
        assert [finding.found for finding in result.findings if finding.path == "host_timezone"] == [f'"{zone}"']


def assert_written_there(layering: Layering, file: str | None, name: str, value: Any, location: Any) -> None:
    if file is not None:
        line = Path(file).read_text(encoding="utf-8").splitlines()[location.line - 1]
        assert line == yaml.safe_dump({name: json.loads(json.dumps(value))}).strip()


def write(directory: Path, source: Mapping[str, Any]) -> Path:
    write_files(directory, {"hosts.yml": source["hosts"], **source["files"]})
    return directory


def write_files(directory: Path, files: Mapping[str, Any]) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return directory
