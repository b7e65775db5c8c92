# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.dialtone.contact_center.plugins.action.site_lease_decision import ActionModule

MODEL = {"site": "main", "data_centers": {"dc1": {"hosts": ["epm1", "db1"]}, "dc2": {"hosts": ["cms2"]}}}
HELD = {"outcome": "acquired", "words": []}
REFUSED = {
    "outcome": "held_by_another",
    "other": {
        "run": "of-eva",
        "holder": {"user": "eva", "host": "laptop7", "playbook": "site.yml", "since": "2026-11-21 16:40 UTC", "pid": 4711},
        "held_seconds": 600,
        "renewed_seconds_ago": 60,
        "expires_in_seconds": 1740,
    },
}


def variables(variable="site_lease_answer", **answers):
    return {
        "ansible_play_hosts_all": list(answers),
        "hostvars": {host: {variable: answer} for host, answer in answers.items()},
    }


def test_documented_options_are_those_it_takes(documented):
    assert documented("site_lease_decision") == ActionModule.ARGUMENTS


def test_a_run_that_got_every_lease_goes_on_without_words(run_action):
    result, said = run_action("site_lease_decision", {"model": MODEL}, variables(epm1=HELD, db1=HELD, cms2=HELD))
    assert result == {"changed": False, "refused": False, "msg": "", "words": []}
    assert said.words == []


def test_one_refusal_refuses_the_run_with_who_holds_it_and_the_way_out(run_action):
    result, _said = run_action("site_lease_decision", {"model": MODEL}, variables(epm1=HELD, db1=REFUSED))
    assert result["refused"] is True
    assert "Data center dc1 is being changed by another run: eva on laptop7 (site.yml" in result["msg"]
    assert "Its lease on db1" in result["msg"]
    assert "dialtone_take_over_lease" in result["msg"]


def test_what_has_to_be_known_of_a_run_that_goes_on_is_printed(run_action):
    silent = {"unreachable": True}
    result, said = run_action("site_lease_decision", {"model": MODEL}, variables(epm1=HELD, db1=silent))
    assert result["refused"] is False
    assert "db1 could not be locked: no answer" in said.text
    assert said.text == "\n" + "\n".join(result["words"])


def test_hosts_outside_a_limit_are_named(run_action):
    asked = {**variables(epm1=HELD), "ansible_limit": "epm1"}
    assert "a run on db1 alone would not be kept out" in run_action("site_lease_decision", {"model": MODEL}, asked)[1].text


def test_answers_are_read_from_the_variable_that_is_named(run_action):
    options = {"model": MODEL, "answers_variable": "mine"}
    assert run_action("site_lease_decision", options, variables("mine", epm1=REFUSED))[0]["refused"] is True
    assert run_action("site_lease_decision", options, variables(epm1=REFUSED))[0]["refused"] is False


def test_a_decision_without_a_model_is_refused_by_its_name(run_action):
    with pytest.raises(AnsibleActionFail, match="missing required arguments: model"):
        run_action("site_lease_decision", {}, variables(epm1=HELD))
