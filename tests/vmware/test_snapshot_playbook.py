"""playbooks/snapshot.yml as far as it can be judged without a vCenter: its structure, and the options that its modules have."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
PLAYBOOK = REPOSITORY / "playbooks" / "snapshot.yml"
MODULES = ("vmware.vmware.vm_snapshot", "community.vmware.vmware_guest_snapshot_info")


@pytest.fixture(scope="module")
def plays() -> dict[str, dict[str, Any]]:
    return {play["name"]: play for play in yaml.safe_load(PLAYBOOK.read_text(encoding="utf-8"))}


def options(module: str) -> dict[str, Any]:
    asked = [str(Path(sys.executable).with_name("ansible-doc")), "--json", "--type", "module", module]
    environment = {**os.environ, "ANSIBLE_DEPRECATION_WARNINGS": "0"}
    shown = subprocess.run(asked, capture_output=True, text=True, check=True, env=environment).stdout
    found: dict[str, Any] = json.loads(shown)[module]["doc"]["options"]
    return found


def calls(play: dict[str, Any], module: str) -> list[dict[str, Any]]:
    return [{**play["module_defaults"][module], **task[module]} for task in in_vcenter(play)["block"] if module in task]


def in_vcenter(play: dict[str, Any]) -> dict[str, Any]:
    """The block whose tasks speak to vCenter."""
    [block] = [task for task in play["tasks"] if "block" in task]
    return block


@pytest.mark.parametrize("module", MODULES)
def test_the_modules_of_this_ansible_know_every_option_and_get_what_they_need(module: str, plays: dict[str, Any]) -> None:
    known = options(module)
    found = calls(plays["Snapshots in vCenter"], module)
    assert found
    for call in found:
        assert set(call) <= set(known)
        assert {name for name, option in known.items() if option.get("required")} <= set(call)
        assert {"hostname", "username", "password", "uuid"} <= set(call)
        assert call.get("state") in {None, *known.get("state", {}).get("choices", ())}


def test_vcenter_is_asked_from_the_controller_and_the_password_only_by_the_name_of_its_word(plays: dict[str, Any]) -> None:
    play = plays["Snapshots in vCenter"]
    assert in_vcenter(play)["delegate_to"] == "localhost"
    assert in_vcenter(play)["become"] is False
    assert not [task for task in play["tasks"] if set(task) & set(MODULES)], "outside the block"
    assert play["vars"]["__password"] == "{{ lookup('ansible.builtin.vars', snapshot_machine.password_word) }}"


def test_no_machine_is_left_with_one_of_several_snapshots(plays: dict[str, Any]) -> None:
    [removal] = [call for call in calls(plays["Snapshots in vCenter"], MODULES[0]) if call["state"] == "absent"]
    assert removal["remove_all"] is True


def test_it_is_asked_before_anything_is_recorded_or_taken_and_recorded_before_it_is_taken(plays: dict[str, Any]) -> None:
    order = list(plays)
    assert order.index("May it be") < order.index("Record what is about to be") < order.index("Snapshots in vCenter")
    assert order.index("Snapshots in vCenter") < order.index("Record what is no more")
