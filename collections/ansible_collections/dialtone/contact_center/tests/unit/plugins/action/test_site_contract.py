# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.dialtone.contact_center.plugins.action import site_contract
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import REFUSE, WARN, Finding
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.run import ContractResult

MODEL = {"site": "main", "hosts": {"epm1": {}, "db1": {}}}
GROUPS = [{"name": "epm1", "groups": ["dialtone_site"]}]
REFUSAL = Finding("unknown_variable", REFUSE, "kafak_heap_mb", "300", "a word that is known", "write kafka_heap_mb instead")
ADVICE = Finding("brokers", WARN, "kafka", "two brokers", "three brokers", "add one")
ACCEPTED = ContractResult("main", ("main",), [], {"main": MODEL})
REFUSED = ContractResult("main", ("main",), [REFUSAL])


@pytest.fixture
def contract(monkeypatch):
    """What the contract answers; how it judges has tests of its own. Keeps with which words it was asked."""
    answer = SimpleNamespace(result=ACCEPTED, asked=None)

    def judge(_sources, **asked):
        answer.asked = asked
        return answer.result

    monkeypatch.setattr(site_contract, "run_contract", judge)
    monkeypatch.setattr(site_contract, "groups_of", lambda found: GROUPS if found == MODEL else [])
    monkeypatch.setattr(site_contract, "load_extra_vars", lambda _loader: {"kafka_heap_mb": 300})
    return answer


@pytest.fixture
def judged(contract, run_action, tmp_path):
    variables = {"hostvars": SimpleNamespace(_inventory=SimpleNamespace(_sources=["inventories/main"]))}

    def judge(**options):
        return run_action("site_contract", {"build_directory": str(tmp_path), **options}, variables)

    return judge


def stored(tmp_path, site, name):
    return json.loads((tmp_path / site / name).read_text(encoding="utf-8"))


def test_documented_options_are_those_it_takes(documented):
    assert set(documented("site_contract")) == site_contract.ActionModule._VALID_ARGS


def test_an_accepted_site_is_handed_to_what_follows_and_stays_readable(judged, contract, tmp_path):
    result, said = judged(site="main")
    assert result["ansible_facts"] == {"site_model": MODEL}
    assert result["build_directory"] == str(tmp_path / "main")
    assert result["memberships"] == GROUPS
    assert stored(tmp_path, "main", "model.json") == MODEL
    assert stored(tmp_path, "main", "contract.json")["refused"] is False
    assert contract.asked["site"] == "main"
    assert contract.asked["extra_vars"] == {"kafka_heap_mb": 300}, "words of the command line are judged too"
    assert said.warnings == []


def test_what_is_only_advised_is_told_and_does_not_refuse(judged, contract):
    contract.result = ContractResult("main", ("main",), [ADVICE], {"main": MODEL})
    result, said = judged()
    assert result["changed"] is False
    assert "does not refuse, but tells" in said.warnings[0]
    assert "two brokers" in said.warnings[0]


def test_a_refusal_tells_what_to_write_and_that_no_host_was_contacted(judged, contract, tmp_path):
    contract.result = REFUSED
    judged_before = tmp_path / "main"
    judged_before.mkdir()
    (judged_before / "model.json").write_text("{}")
    with pytest.raises(AnsibleActionFail, match="the contract refuses this inventory") as refused:
        judged()
    assert "no host was contacted" in str(refused.value)
    assert stored(tmp_path, "main", "contract.json")["refused"] is True
    assert not (judged_before / "model.json").exists(), "the model of an earlier run is no longer true"


def test_findings_stand_before_the_failure(make_action, contract, tmp_path):
    contract.result = REFUSED
    action, said = make_action("site_contract", {"build_directory": str(tmp_path)})
    hostvars = SimpleNamespace(_inventory=SimpleNamespace(_sources=[]))
    with pytest.raises(AnsibleActionFail):
        action.run(task_vars={"hostvars": hostvars})
    assert "write kafka_heap_mb instead" in said.text


def test_a_build_directory_that_cannot_be_written_names_the_word_that_moves_it(judged, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AnsibleActionFail, match="-e dialtone_build_directory=PATH"):
        judged(build_directory=str(tmp_path / "file"))
