"""The playbooks that change a POM once, held against the plan that decides for them."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.dialtone.contact_center.plugins.module_utils import pom_layout, pom_modes, pom_one_off, pom_services
from ansible_collections.dialtone.contact_center.plugins.plugin_utils import dialogues

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOKS = {name: ROOT / f"playbooks/pom_{name}.yml" for name in pom_one_off.CHANGES}
TASKS = ROOT / "roles/pom_server/tasks"
VARS: dict[str, Any] = yaml.safe_load((ROOT / "roles/pom_server/vars/main.yml").read_text(encoding="utf-8"))
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in TASKS.glob("*.yml")}


def plays(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(PLAYBOOKS[name].read_text(encoding="utf-8"))
    return found


def test_the_role_hands_over_each_change_by_its_name() -> None:
    handed = {key: value["name"] for key, value in VARS["__pom_server_one_offs"].items()}
    assert handed == {name: name for name in pom_one_off.CHANGES}


@pytest.mark.parametrize("name", pom_one_off.CHANGES)
def test_a_playbook_asks_for_its_own_change_where_it_looks_and_where_it_acts(name: str) -> None:
    asking = [play["vars"]["pom_server_one_off"] for play in plays(name) if "pom_server_one_off" in play.get("vars", {})]
    assert len(asking) >= 2
    assert set(asking) == {name}


@pytest.mark.parametrize("name", pom_one_off.CHANGES)
def test_contract_preflight_look_announcement_and_release_come_in_this_order(name: str) -> None:
    imported = [play.get("ansible.builtin.import_playbook", "") for play in plays(name)]
    assert imported[:2] == ["validate.yml", "preflight.yml"]
    assert imported[3] == "announce.yml"
    assert [playbook for playbook in imported if playbook][-1] == "release.yml", "behind it at most somebody looks"


def test_records_have_the_names_by_which_they_are_looked_for() -> None:
    for kind, stem in (("font", "report_fonts"), ("attribute", "copy_attribute"), ("event", "single_events")):
        assert re.search(rf'__pom_server_record: "{kind}_{{{{ \(\w+ \| hash\(\'sha256\'\)\)\[:12\] }}}}"', TEXTS[stem])
        assert pom_one_off.marker_name(kind, "x") == f"{kind}_{hashlib.sha256(b'x').hexdigest()[:12]}"


def test_units_logs_and_texts_of_the_conversion_are_the_vendor_s() -> None:
    assert all(unit in pom_services.OWN_UNITS for unit in VARS["__pom_server_managers"])
    assert VARS["__pom_server_conversion_log"].endswith(f"/logs/{pom_layout.CONVERSION_LOG}")
    assert pom_one_off.HOME_PAGE_TEXT in TEXTS["non_telephony"]


def test_the_conversion_stops_everything_before_it_and_starts_behind_it() -> None:
    order = [
        task["ansible.builtin.import_role"]["tasks_from"]
        for play in plays("non_telephony")
        for task in play.get("tasks", [])
        if "ansible.builtin.import_role" in task
    ]
    assert order == ["preflight", "stop_managers", "non_telephony", "non_telephony_record", "service", "service"]
    stopping = next(play for play in plays("non_telephony") if "Stop" in play["name"])
    assert stopping["hosts"] == "dialtone_pom_server:&dialtone_changing"
    assert "serial" not in stopping, "no other server takes over what one gives up"


def test_pom_is_started_stopped_and_restarted_in_one_place() -> None:
    assert [stem for stem, text in TEXTS.items() if "__pom_server_register_observed.wrapper }}" in text] == ["wrapper"]
    verbs = {stem: re.findall(r"__pom_server_verb: (\w+)", text) for stem, text in TEXTS.items()}
    assert {stem: found for stem, found in verbs.items() if found} == {verb: [verb] for verb in ("start", "stop", "restart")}
    assert "failed_when: false" not in TEXTS["wrapper"]


def test_pom_is_never_started_without_vpms() -> None:
    """POM-DIR-02: advance list management needs it whenever it starts."""
    ask, refuse, run = yaml.safe_load(TEXTS["wrapper"])
    assert ask["dialtone.contact_center.node_probe"]["probes"] == "{{ __pom_server_ep_probes }}"
    assert refuse["when"] == "__pom_server_verb != 'stop' and not __pom_server_register_vpms.ok"
    assert "POM-DIR-02" in refuse["ansible.builtin.fail"]["msg"]
    assert "ansible.builtin.command" in run


def handed_over(stem: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Answers and secrets of the task that leads a dialogue, as they are written."""
    tasks: list[dict[str, Any]] = yaml.safe_load(TEXTS[stem])
    tasks += [task for block in tasks for task in block.get("block", [])]
    led = next(
        task["dialtone.contact_center.vendor_dialogue"] for task in tasks if "dialtone.contact_center.vendor_dialogue" in task
    )
    return led.get("answers", {}), tuple(led.get("secrets", {}))


def asked(name: str, answers: dict[str, Any], *secrets: str) -> list[str]:
    return [step["id"] for step in dialogues.resolve(name, dialogues.load(name), answers, secrets)["steps"]]


@pytest.mark.parametrize("mode", sorted({wanted for changes in pom_modes.MODE_CHANGES.values() for wanted in changes}))
def test_the_dialogue_of_the_mode_takes_every_mode_that_can_be_reached(mode: str) -> None:
    assert set(handed_over("mode")[0]) == {"mode"}
    assert asked("setConnectorMode", {"mode": mode})[:2] == ["mode", "continue"]


@pytest.mark.parametrize(
    ("answers", "step"),
    [
        ({"attribute": "Agent", "all_lists": True}, "all_lists"),
        ({"attribute": "Agent", "all_lists": False, "lists": "A,B"}, "lists"),
    ],
)
def test_the_dialogue_of_the_attribute_takes_all_lists_or_their_names(answers: dict[str, Any], step: str) -> None:
    assert all(f"'{name}'" in str(handed_over("copy_attribute_lists")[0]) for name in answers)
    assert step in asked("migrateCustomToSystemAttr", answers)


def test_the_other_dialogues_take_what_the_role_hands_over() -> None:
    assert set(handed_over("agent_memory")[0]) == {"memory_gb"}
    assert "memory" in asked("updateAgentManagerMemory", {"memory_gb": "3"})
    for stem, name in (("non_telephony", "enablenonTeleMode"), ("event_settings", "eventSettingOperation_default")):
        assert handed_over(stem) == ({}, ())
        assert asked(name, {})
    for name in ("POMSecurityManagementTool_encrypt", "POMSecurityManagementTool_decrypt"):
        assert "data" in asked(name, {}, *handed_over("security_tool")[1])
    assert asked("SetDbPassword", {}, *handed_over("database_password")[1])
    answers, secrets = handed_over("single_event")
    assert (set(answers), secrets) == ({"setting", "event_code", "value"}, ())
    schema = json.loads((ROOT / "schemas/variables/pom_server.schema.json").read_text(encoding="utf-8"))
    for setting, described in schema["properties"]["pom_server_events"]["additionalProperties"]["properties"].items():
        value: Any = {"string": "WARN", "integer": 60, "boolean": True}[described["type"]]
        typed = asked("eventSettingOperation_single", {"setting": setting, "event_code": "X", "value": value})
        assert typed == ["setting", "event_code", "alarm_on" if setting == "alarm" else "value", "exit"]
    assert tuple(VARS["__pom_server_event_settings_after_vpms"]) == pom_one_off.AFTER_VPMS
    assert handed_over("report_font") == ({}, ())
    asked("setNonEnglishFontForPOMReports", {})
