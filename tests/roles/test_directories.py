"""The roles nfs_server and pom_directories, held against the one place that knows the vendor's names, and their templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ansible_collections.dialtone.contact_center.plugins.module_utils import pom_layout
from ansible_collections.dialtone.contact_center.plugins.modules import pom_directories_info
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.platforms import FAMILIES

ROLES = Path(__file__).resolve().parents[2] / "roles"
EXPORTS = [
    {"path": "/srv/pom/archive", "clients": ["192.0.2.1", "192.0.2.2"]},
    {"path": "/srv/pom/public", "clients": ["192.0.2.1", "192.0.2.2"]},
]


def variables(role: str) -> dict[str, Any]:
    return yaml.safe_load((ROLES / role / "vars/main.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("role", ["nfs_server", "pom_directories"])
def test_the_account_is_that_of_the_layout(role: str) -> None:
    found = variables(role)
    assert (found[f"__{role}_owner"], found[f"__{role}_group"]) == (pom_layout.OWNER, pom_layout.GROUP)


def test_every_action_of_the_plan_is_worked_through() -> None:
    asked = "\n".join(path.read_text(encoding="utf-8") for path in (ROLES / "pom_directories/tasks").glob("*.yml"))
    assert {name for name in pom_directories_info.NAMES if f"due.{name}" not in asked} == set()


def rendered(template: str) -> str:
    environment = Environment(
        loader=FileSystemLoader(ROLES / "nfs_server/templates"), trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    account = {"uid": 996, "gid": 995}
    return environment.get_template(template).render(nfs_server_exports=EXPORTS, nfs_server_account=account)


@pytest.mark.parametrize("family", FAMILIES)
def test_each_platform_has_an_nfs_server_with_a_template(family: str) -> None:
    text = rendered(FAMILIES[family]["nfs_server"]["template"])
    assert all(export["path"] in text for export in EXPORTS)


def test_the_kernel_s_server_exports_to_the_pom_servers_and_to_nobody_else() -> None:
    lines = [line for line in rendered("dialtone.exports.j2").splitlines() if not line.startswith("#")]
    options = "(rw,sync,no_subtree_check,root_squash,anonuid=996,anongid=995)"
    assert lines == [f"{export['path']} 192.0.2.1{options} 192.0.2.2{options}" for export in EXPORTS]


def test_ganesha_exports_to_the_pom_servers_and_to_nobody_else() -> None:
    text = rendered("ganesha.conf.j2")
    assert text.count("EXPORT {") == text.count("Access_Type = None;") == text.count("Clients = 192.0.2.1, 192.0.2.2;") == 2
    assert "Export_Id = 1;" in text
    assert "Export_Id = 2;" in text
    assert text.count("{") == text.count("}")
    assert "No_Root_Squash" not in text
