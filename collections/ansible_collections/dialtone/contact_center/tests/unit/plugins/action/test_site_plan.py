# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.dialtone.contact_center.plugins.action.site_plan import ActionModule
from ansible_collections.dialtone.contact_center.tests.unit.plugins.plugin_utils.example_site import COMPONENTS, model


def test_documented_options_are_those_it_takes(documented):
    assert documented("site_plan") == ActionModule.ARGUMENTS


@pytest.mark.parametrize("check", [False, True])
def test_a_plan_is_printed_and_written_in_check_mode_too(run_action, tmp_path, check):
    result, said = run_action("site_plan", {"model": model(), "build_directory": str(tmp_path)}, check=check)
    assert result["changed"] is False
    assert result["msg"].endswith(f" steps on {len(COMPONENTS)} hosts")
    assert [Path(path).name for path in result["files"]] == ["plan.html", "plan.txt", "plan.json", "ports.csv"]
    for path in result["files"]:
        assert Path(path).parent == tmp_path / "main"
        assert f"Written: {path}" in said.text
    plan = json.loads((tmp_path / "main" / "plan.json").read_text(encoding="utf-8"))
    assert plan["site"] == "main"
    assert (tmp_path / "main" / "plan.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_plan_without_a_model_names_who_makes_it(run_action, tmp_path):
    with pytest.raises(AnsibleActionFail, match=r"playbooks/validate\.yml sets"):
        run_action("site_plan", {"model": {}, "build_directory": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []
