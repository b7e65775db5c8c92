"""The contract as a person meets it: playbooks/validate.yml and tools/validate.py, with their exit codes and words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.templates import HARMLESS_LOOKUPS

from .conftest import CORRECT_PASSWORD, HERE, Case, load_case, prepare

ROOT = HERE.parent.parent
PLAYBOOK = Path(sys.executable).parent / "ansible-playbook"
needs_ansible = pytest.mark.skipif(not PLAYBOOK.exists(), reason="no ansible-playbook beside this Python")


def command(*arguments: Any) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    return subprocess.run(
        [str(argument) for argument in arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def validate_yml(inventory: Path, build: Path, *options: Any) -> subprocess.CompletedProcess[str]:
    build_directory = f"dialtone_build_directory={build}"
    return command(PLAYBOOK, "-i", inventory, "playbooks/validate.yml", "-e", build_directory, *options)


def validate_py(inventory: Path, *options: Any) -> subprocess.CompletedProcess[str]:
    return command(sys.executable, "tools/validate.py", "-i", inventory, *options)


def broken(name: str, directory: Path) -> Path:
    return prepare(load_case(HERE / "cases" / f"{name}.yml"), directory)


def valid(directory: Path) -> Path:
    return prepare(Case("valid", {"findings": []}), directory)


@needs_ansible
def test_playbook_accepts_and_leaves_contract_and_model(tmp_path: Path) -> None:
    result = validate_yml(valid(tmp_path), tmp_path / "build", "--limit", "kafka3", "--check")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "changed=0" in result.stdout
    contract = json.loads((tmp_path / "build/main/contract.json").read_text(encoding="utf-8"))
    assert contract == {"site": "main", "refused": False, "findings": []}
    model = json.loads((tmp_path / "build/main/model.json").read_text(encoding="utf-8"))
    assert sorted(model["hosts"]) == ["app1", "db1", "epm1", "epm2", "epm3", "kafka3"], "--limit limits the plays, not the site"


@needs_ansible
def test_playbook_hands_on_model_and_groups(tmp_path: Path) -> None:
    play = tmp_path / "after.yml"
    play.write_text(
        f"- ansible.builtin.import_playbook: {ROOT}/playbooks/validate.yml\n"
        "- hosts: dialtone_kafka\n"
        "  gather_facts: false\n"
        "  tasks:\n"
        "    - ansible.builtin.debug:\n"
        "        msg: 'broker {{ inventory_hostname }} of {{ groups.dialtone_kafka | length }}"
        " listens on {{ site_model.hosts[inventory_hostname].inputs.kafka_listener_host }}'\n",
        encoding="utf-8",
    )
    build = f"dialtone_build_directory={tmp_path / 'build'}"
    result = command(PLAYBOOK, "-i", valid(tmp_path), play, "-e", build, "--limit", "kafka3")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "broker kafka3 of 3 listens on kafka3.example.com" in result.stdout
    assert "epm1.example.com" not in result.stdout


@needs_ansible
def test_playbook_refuses_and_says_it_once(tmp_path: Path) -> None:
    result = validate_yml(broken("boolean_overridden", tmp_path), tmp_path / "build")
    assert result.returncode == 2
    assert result.stdout.count("host_vars/db1.yml:4:1  refused  pom_database_server_managed") == 1
    assert "no host was contacted" in result.stdout + result.stderr
    contract = json.loads((tmp_path / "build/main/contract.json").read_text(encoding="utf-8"))
    assert contract["refused"] is True
    assert contract["findings"][0]["line"] == 4
    assert not (tmp_path / "build/main/model.json").exists()


@needs_ansible
def test_playbook_refuses_an_inventory_without_hosts(tmp_path: Path) -> None:
    result = validate_yml(broken("no_hosts", tmp_path), tmp_path / "build")
    assert result.returncode == 2
    assert "an inventory without hosts" in result.stdout


@needs_ansible
def test_stale_model_does_not_survive_a_refusal(tmp_path: Path) -> None:
    inventory = valid(tmp_path)
    assert validate_yml(inventory, tmp_path / "build").returncode == 0
    (inventory / "host_vars/epm1.yml").write_text("kafka_heep_mb: 1\n", encoding="utf-8")
    assert validate_yml(inventory, tmp_path / "build").returncode == 2
    assert not (tmp_path / "build/main/model.json").exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("yaml_does_not_parse", "host_vars/epm1.yml:7:1  refused"),
        ("vault_does_not_open", "group_vars/all/secrets.yml  refused"),
        ("misspelt_prefix", "write kafka_heap_mb instead"),
    ],
)
def test_command_refuses_what_ansible_could_not_load(tmp_path: Path, name: str, words: str) -> None:
    result = validate_py(broken(name, tmp_path))
    assert result.returncode == 1, result.stdout + result.stderr
    assert words in result.stdout
    assert "canary" not in result.stdout + result.stderr
    assert "Traceback" not in result.stderr


def test_command_accepts_a_vault_that_opens(tmp_path: Path) -> None:
    inventory = broken("vault_does_not_open", tmp_path)
    password = tmp_path / "password"
    password.write_text(CORRECT_PASSWORD, encoding="utf-8")
    result = validate_py(inventory, "--vault-password-file", password, "--json")
    assert result.returncode == 0, result.stdout + result.stderr
    assert json.loads(result.stdout) == {"site": "main", "refused": False, "findings": []}


def test_command_runs_no_forbidden_lookup(tmp_path: Path) -> None:
    inventory = broken("forbidden_lookup", tmp_path)
    canary = tmp_path / "was-run"
    with (inventory / "group_vars/kafka.yml").open("a", encoding="utf-8") as file:
        file.write(f"zabbix_run: \"{{{{ lookup('pipe', 'touch {canary}') }}}}\"\nkafka_group: '{{{{ zabbix_run }}}}'\n")
    result = validate_py(inventory)
    assert result.returncode == 1
    assert "the lookup pipe" in result.stdout
    assert not canary.exists()


def test_command_without_an_inventory(tmp_path: Path) -> None:
    result = validate_py(tmp_path / "nowhere")
    assert result.returncode == 1
    assert "does not exist" in result.stdout


def test_command_with_an_unreadable_password_file(tmp_path: Path) -> None:
    result = validate_py(valid(tmp_path), "--vault-password-file", tmp_path / "nowhere")
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


def many_mistakes(directory: Path) -> Path:
    inventory = valid(directory)
    words = "".join(f"kafka_heep_{number}: 1\n" for number in range(25))
    (inventory / "group_vars/all/mistakes.yml").write_text(words, encoding="utf-8")
    return inventory


def test_command_shows_one_screen_of_a_kind_and_all_on_demand(tmp_path: Path) -> None:
    inventory = many_mistakes(tmp_path)
    short, whole = validate_py(inventory), validate_py(inventory, "--all")
    assert short.returncode == whole.returncode == 1
    assert short.stdout.count("  refused  kafka_heep_") == 10
    assert "15 more of unknown-variable: --all" in short.stdout
    assert whole.stdout.count("  refused  kafka_heep_") == 25
    assert short.stdout.splitlines()[-1] == whole.stdout.splitlines()[-1] == "site main: 25 refused"


def test_command_writes_sarif(tmp_path: Path) -> None:
    result = validate_py(many_mistakes(tmp_path), "--format", "sarif")
    assert result.returncode == 1
    (run,) = json.loads(result.stdout)["runs"]
    assert len(run["results"]) == 25
    assert run["invocations"] == [{"executionSuccessful": True, "exitCode": 1}]
    assert run["tool"]["driver"]["semanticVersion"] == "0.1.0"


def test_command_prints_a_waiver_and_lets_the_site_through(tmp_path: Path) -> None:
    result = validate_py(broken("waiver", tmp_path))
    assert result.returncode == 0, result.stdout
    assert "waived    until 2999-01-31: The old server's alias" in result.stdout
    assert result.stdout.rstrip().endswith("site main: 1 waived")


@needs_ansible
def test_playbook_prints_a_waiver_every_time_and_hands_it_on(tmp_path: Path) -> None:
    inventory = broken("waiver", tmp_path)
    for _time in range(2):
        result = validate_yml(inventory, tmp_path / "build")
        assert result.returncode == 0, result.stdout + result.stderr
        assert "until 2999-01-31" in result.stdout + result.stderr
    model = json.loads((tmp_path / "build/main/model.json").read_text(encoding="utf-8"))
    (told,) = model["warnings"]
    assert told["waiver"]["until"] == "2999-01-31"


@needs_ansible
def test_plan_is_written_in_every_form(tmp_path: Path) -> None:
    build = f"dialtone_build_directory={tmp_path / 'build'}"
    result = command(PLAYBOOK, "-i", valid(tmp_path), "playbooks/plan.yml", "-e", build)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Plan for site main: 6 hosts. No host was asked." in result.stdout
    written = tmp_path / "build/main"
    plan = json.loads((written / "plan.json").read_text(encoding="utf-8"))
    assert {host["name"] for host in plan["hosts"]} == {"app1", "db1", "epm1", "epm2", "epm3", "kafka3"}
    assert (written / "plan.txt").read_text(encoding="utf-8").startswith("Plan for site main: 6 hosts")
    assert len((written / "ports.csv").read_text(encoding="utf-8").splitlines()) == len(plan["ports"]) + 1
    page = (written / "plan.html").read_text(encoding="utf-8")
    assert '<svg class="topology"' in page
    for file in (path for path in written.rglob("*") if path.is_file()):
        assert "canary" not in file.read_text(encoding="utf-8")


def test_page_of_the_contract_tells_what_is_so() -> None:
    page = (ROOT / "docs/contract.md").read_text(encoding="utf-8")
    assert f"`{' '.join(sorted(HARMLESS_LOOKUPS))}`" in page
    options = command(sys.executable, "tools/validate.py", "--help").stdout
    for option in ("--every-site", "--without-vault", "--format", "--all"):
        assert option in options
        assert f"`{option}" in page
