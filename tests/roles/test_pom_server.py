"""What the role pom_server says of the vendor's names, held against the one place that knows them."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.dialtone.contact_center.plugins.module_utils import (
    dialogue_job,
    dialogue_supervisor,
    pom_layout,
    pom_observer,
    pom_server,
    pom_services,
)

ROOT = Path(__file__).resolve().parents[2]
ROLE = ROOT / "roles/pom_server"
VARS: dict[str, Any] = yaml.safe_load((ROLE / "vars/main.yml").read_text(encoding="utf-8"))
TASKS = sorted((ROLE / "tasks").glob("*.yml"))
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in TASKS}


def test_names_and_paths_are_those_of_the_layout() -> None:
    assert VARS["__pom_server_ep_home"] == pom_layout.EP_HOME
    assert (VARS["__pom_server_vpms"], VARS["__pom_server_web_server"]) == pom_layout.EP_UNITS
    assert VARS["__pom_server_driver_directories"] == pom_layout.DRIVER_DIRECTORIES
    assert VARS["__pom_server_uninstall_log"] == pom_layout.UNINSTALL_LOG
    assert VARS["__pom_server_ledger"] == pom_server.LEDGER
    assert VARS["__pom_server_leading_unit"] in pom_services.OWN_UNITS
    assert VARS["__pom_server_identity_alias"] == pom_layout.IDENTITY_ALIAS
    home = pom_layout.PomLayout()
    named = [path.replace("{{ pom_server_home }}", home.home) for path in VARS["__pom_server_identity_files"]]
    assert tuple(named) == home.identity_files
    programs = {engine: f"{name}.sh" for engine, name in VARS["__pom_server_driver_dialogues"].items()}
    assert programs == pom_server.DRIVER_PROGRAMS


def test_the_installer_s_job_is_the_one_that_is_looked_for() -> None:
    job = VARS["__pom_server_install_job"]
    assert dialogue_job.system_unit(job) == pom_observer.JOB_UNIT
    assert f"{dialogue_job.DIRECTORY}/{job}/{dialogue_supervisor.STATE}" == pom_observer.INSTALLER_STATE


def test_kafka_s_units_are_left_out_of_what_must_be_stopped() -> None:
    assert set(VARS["__pom_server_kafka_units"]) == set(pom_services.KAFKA_UNITS)
    assert "rejectattr('unit', 'in', __pom_server_kafka_units)" in VARS["__pom_server_stopped_services"]


def test_every_dialogue_that_a_task_leads_is_there() -> None:
    named = set(VARS["__pom_server_driver_dialogues"].values()) | {"vpUpgrade", "updateVPMSConf"}
    for text in TEXTS.values():
        found = re.findall(r"^\s+dialogue: (\S.*)$", text, re.MULTILINE)
        named |= {name for name in found if "{{" not in name}
    named |= {f"installPOM_{kind}" for kind in ("primary", "auxiliary")}
    missing = {name for name in named if not (ROOT / "dialogues" / f"{name}.yml").is_file()}
    assert named
    assert missing == set()


@pytest.mark.parametrize("path", TASKS, ids=lambda path: path.name)
def test_no_task_hands_a_secret_to_an_argument_or_the_environment(path: Path) -> None:
    """Arguments and environment of a process can be read by others on the host."""
    for line in TEXTS[path.name].splitlines():
        if re.match(r"\s+(argv|environment|cmd):", line):
            assert "password" not in line


def test_every_action_of_the_plan_is_worked_through_by_some_file() -> None:
    names = set(re.findall(r'Action\(\s*"(\w+)"', inspect.getsource(pom_server)))
    assert {"install", "schema", "service"} < names
    asked = "\n".join(TEXTS.values())
    assert {name for name in names if f"'{name}'" not in asked} == set()


def test_no_block_asks_a_question_whose_answer_changes_inside_it() -> None:
    """A block's condition holds for each of its tasks anew: one that looks at the server again would end it in the middle."""
    for path in TASKS:
        for task in yaml.safe_load(TEXTS[path.name]):
            if "block" in task and "__pom_server_register_observed" in str(task.get("when", "")):
                tasks = task["block"]
                looks = [index for index, one in enumerate(tasks) if looks_again(one)]
                assert not looks or looks[0] == len(tasks) - 1, path.name


def looks_again(task: dict[str, Any]) -> bool:
    return task.get("ansible.builtin.include_tasks") in ("observe.yml", "proved.yml", "preflight.yml", "stop.yml", "start.yml")
