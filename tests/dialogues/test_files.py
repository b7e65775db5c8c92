"""Each dialogue is a file that a person can read beside the vendor's page: valid, sourced, nothing named that is not declared."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parents[2]
DIRECTORY = ROOT / "dialogues"
TROUBLESHOOTING = "troubleshooting"
DIALOGUES: dict[str, dict[str, Any]] = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted(DIRECTORY.glob("*.yml"))
    if path.stem != TROUBLESHOOTING
}
TROUBLES = yaml.safe_load((DIRECTORY / f"{TROUBLESHOOTING}.yml").read_text(encoding="utf-8"))
REQUIREMENTS = yaml.safe_load((ROOT / "docs/coverage.yml").read_text(encoding="utf-8"))["requirements"]
EVERY_DIALOGUE = pytest.mark.parametrize("name", DIALOGUES)

# Programs of which the documents tell nothing but that they are run.
SILENT = {
    "InstallOracleJDBC", "InstallPOMMssqlJDBC", "InstallPOMOracleJDBC", "installPOM_silent", "pomCertKeystore", "updatePOMConfig",
    "updateVPMSConf", "vpUpgrade",
}  # fmt: skip
# … or what they ask, and not what they print when they succeeded.
WITHOUT_WORDS_OF_SUCCESS = {
    "InstallAppServer", "SetDbPassword", "enablenonTeleMode", "eventSettingOperation_default", "eventSettingOperation_single",
    "expand_root", "insert_POM_Apps", "setNonEnglishFontForPOMReports",
}  # fmt: skip
WRITES_NOTHING = {"POMSecurityManagementTool_decrypt", "POMSecurityManagementTool_encrypt"}

# The prompts that the documents print.
PRINTED = {
    "Press 1 to Continue, 2 for Previous, 3 to Redisplay or 4 to Quit [1]",
    "Do you want to continue?",
    "Please select Contact Center Configuration mode from the following options:",
    "Please select Contact Center Configuration mode from following options",
    "Do you like to continue? (y/n)",
    "Please select from one of the following choices:",
    "Do you want to enable the POM Geo configuration? Please select (y/n)",
    "Please select an option connecting to MSSQL DB using SQL Server or Windows Authentication.",
    "Please select an option connecting to Oracle DB using SID or Service Name.",
    "Does Database require secured connection (Y/N):",
    "Does Database require secured connection (Y/N)",
    "Do you want to save the values on the config file(y/n)?",
    "FQDN of MSSQL Domain Controller",
    "Database Port",
    "Database Name",
    "User",
    "Password",
    "Existing entry alias pomservercert exists, overwrite? [no]:",
    "Have you stopped all running campaigns? (y/n)",
    "Have you stopped Campaign manager and Agent Manager on all the POM servers including Data centers connected to this setup?"
    " (y/n)",
    "This script will enable Manual Dialing mode. Are you sure you want to convert the dialer into the non-telephony mode? (y/n)",
    "Do you wish to continue? [Y/n]",
    "Number of GB memory to be allocated to Agent Manager:",
    "Do you want to restart Agent Manager service now? [Y/n]",
    "Available Options for Event Setting",
    "Do you want to migrate this attribute for all Contact lists? (Y/N):",
    "Please provide Contact list names using this attribute separated by comma(,):",
    "Please enter your preferred choice :",
    "Enter data:",
}


def problems(instance: Any, schema: str) -> list[str]:
    validator = Draft202012Validator(json.loads((ROOT / "schemas" / schema).read_text(encoding="utf-8")))
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(instance)]


def named_ids(value: Any) -> Iterator[str]:
    """Every requirement and trap that stands below a `source`."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from below if key == "source" else named_ids(below)
    elif isinstance(value, list):
        for below in value:
            yield from named_ids(below)


def named_answers(dialogue: dict[str, Any]) -> set[str]:
    steps = dialogue["steps"]
    return {
        *(step[word] for step in steps for word in ("answer_from", "menu_from") if word in step),
        *(answer for item in [*steps, *dialogue["failure"]] for answer in item.get("when", {})),
    }


@EVERY_DIALOGUE
def test_a_dialogue_is_valid(name: str) -> None:
    assert problems(DIALOGUES[name], "dialogue.schema.json") == []


def test_the_troubleshooting_is_valid() -> None:
    assert problems(TROUBLES, "troubleshooting.schema.json") == []


@EVERY_DIALOGUE
def test_every_requirement_that_is_named_exists(name: str) -> None:
    assert [word for word in named_ids(DIALOGUES[name]) if word.startswith("POM-") and word not in REQUIREMENTS] == []


def test_every_requirement_of_a_trouble_exists() -> None:
    assert [word for word in named_ids(TROUBLES) if word.startswith("POM-") and word not in REQUIREMENTS] == []
    assert [trouble["id"] for trouble in TROUBLES if trouble["id"] not in trouble["source"]] == []


@EVERY_DIALOGUE
def test_the_answers_that_are_named_are_declared_and_no_others(name: str) -> None:
    assert named_answers(DIALOGUES[name]) == set(DIALOGUES[name].get("answers", {}))


@EVERY_DIALOGUE
def test_every_step_has_its_source(name: str) -> None:
    assert [step["id"] for step in DIALOGUES[name]["steps"] if not step.get("source")] == []


@EVERY_DIALOGUE
def test_a_password_is_a_secret(name: str) -> None:
    open_ones = [
        step["id"] for step in DIALOGUES[name]["steps"] if "password" in step.get("answer_from", "") and not step.get("secret")
    ]

    assert open_ones == []


@EVERY_DIALOGUE
def test_a_trouble_that_is_named_is_explained(name: str) -> None:
    explained = {trouble["id"] for trouble in TROUBLES}

    assert [item["trouble"] for item in DIALOGUES[name]["failure"] if item.get("trouble", "") not in {*explained, ""}] == []


@pytest.mark.parametrize("name", sorted(set(DIALOGUES) - WRITES_NOTHING))
def test_a_dialogue_says_from_where_on_nobody_interrupts_it(name: str) -> None:
    dialogue = DIALOGUES[name]
    after = dialogue["point_of_no_return"]["after"]
    steps = {"start", *(step["id"] for step in dialogue["steps"])}

    assert {after} if isinstance(after, str) else set(after) <= steps
    assert dialogue["point_of_no_return"].get("until", "start") in steps


def test_only_what_prints_nothing_documented_is_without_words_of_success() -> None:
    assert {name for name, dialogue in DIALOGUES.items() if not dialogue["success"]} == SILENT | WITHOUT_WORDS_OF_SUCCESS
    assert all(DIALOGUES[name]["steps"] == [] for name in SILENT)


@EVERY_DIALOGUE
def test_a_prompt_that_the_documents_do_not_print_is_called_assumed(name: str) -> None:
    steps = DIALOGUES[name]["steps"]

    assert [step["id"] for step in steps if "prompt" in step and not step.get("assumed") and step["prompt"] not in PRINTED] == []


@EVERY_DIALOGUE
def test_an_expression_of_ours_is_called_assumed_but_where_it_holds_printed_words(name: str) -> None:
    printed = (
        "1 - I accept the terms of the license agreement",
        "PLEASE DO NOT ABORT THE INSTALLATION",
        "SUCCESS",
        "Please enter the database configuration",
        "Contact Center Configuration mode will change from",
        "Custom attribute name",
    )
    texts = {
        step["id"]: re.sub(r"\\s[+*]?", " ", step["pattern"])
        for step in DIALOGUES[name]["steps"]
        if "pattern" in step and not step.get("assumed")
    }

    assert [step for step, text in texts.items() if not any(words in text for words in printed)] == []


def test_the_auxiliary_differs_from_the_primary_where_the_documents_say_so() -> None:
    primary, auxiliary = ([step["id"] for step in DIALOGUES[f"installPOM_{kind}"]["steps"]] for kind in ("primary", "auxiliary"))
    asked_of_the_primary = ["primary", "primary_address", "primary_port", "primary_continue"]
    at = primary.index("packages_continue") + 1

    assert auxiliary == [*primary[:at], *asked_of_the_primary, *primary[at:]]


@pytest.mark.parametrize("name", ["installDB", "installDB_geo"])
def test_nothing_is_created_or_saved_before_a_test_that_succeeded(name: str) -> None:
    after_test = {
        step["id"]: step
        for step in DIALOGUES[name]["steps"]
        if step["id"] in ("create_schema", "save_without_schema", "exit_after_test")
    }

    assert len(after_test) == 3
    assert all(step["pattern"].startswith(r"^\s*SUCCESS[\s\S]*") for step in after_test.values())


@pytest.mark.parametrize("name", ["installDB", "installDB_geo"])
def test_the_schema_is_created_only_where_it_is_asked_for(name: str) -> None:
    creating = [step for step in DIALOGUES[name]["steps"] if step.get("menu") == "Create POM Schema on the given DB"]

    assert [step["when"] for step in creating] == [{"create_schema": True, "save": True}]


def test_an_address_is_changed_by_the_steps_of_the_first_configuration_but_the_schema_and_the_reports() -> None:
    """T-151."""
    moved, configured = (
        [(step.get("menu"), step["id"]) for step in DIALOGUES[name]["steps"]] for name in ("installDB_address", "installDB")
    )
    entries = [menu for menu, _ in moved if menu]

    assert entries == [
        "Configure database settings", "Test DB Connection", "Save database configuration", "Exit from this utility",
    ]  # fmt: skip
    assert moved[:-4] == configured[: len(moved) - 4]


@pytest.mark.parametrize("name", sorted(WRITES_NOTHING))
def test_what_comes_from_the_security_tool_is_a_secret(name: str) -> None:
    [captured] = DIALOGUES[name]["capture"]
    [data] = [step for step in DIALOGUES[name]["steps"] if step["id"] == "data"]

    assert (captured["secret"], data["secret"]) == (True, True)
    assert captured["after"] in DIALOGUES[name]["success"]


def test_the_settings_are_asked_for_once() -> None:
    """The step of the page that repeats option 4 would run in a circle (T-031)."""
    assert [step.get("menu") for step in DIALOGUES["installDB"]["steps"]].count("Configure database settings") == 1


@EVERY_DIALOGUE
def test_a_number_is_typed_only_where_the_documents_give_it_with_its_prompt(name: str) -> None:
    """Everywhere else the number is looked up on the screen, before the words of its entry."""
    typed = {step["id"] for step in DIALOGUES[name]["steps"] if step.get("answer", "").isdigit()}
    navigation = {step["id"] for step in DIALOGUES[name]["steps"] if step.get("prompt", "").startswith("Press 1 to Continue")}

    assert typed - navigation <= {"licence_choose", "certificate_create", "certificate_import", "summary"}
