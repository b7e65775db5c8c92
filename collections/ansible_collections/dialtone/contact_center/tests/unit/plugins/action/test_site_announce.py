# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.dialtone.contact_center.plugins.action.site_announce import ActionModule

MODEL = {
    "site": "main",
    "hosts": {name: {"data_center": "dc2" if name == "cms2" else "dc1"} for name in ("epm1", "db1", "cms2")},
    "tables": {"virtual_machines": [{"host": "epm1", "experience_portal": True, "method": "guided"}]},
}
OPTIONS = {"model": MODEL, "playbook": "site.yml", "going_back": "run it again"}
FILE = {"changes": [{"kind": "file", "path": "/etc/x", "reasons": ["is created"]}], "drift": {}, "units": {}}
BROKER = {"changes": [], "drift": {}, "units": {"kafka": {"reasons": [], "stale_after": []}}}


def variables(**observed):
    return {"ansible_play_hosts_all": ["localhost", *MODEL["hosts"]], "hostvars": observed}


def test_documented_options_are_those_it_takes(documented):
    assert documented("site_announce") == ActionModule.ARGUMENTS


def test_who_changes_why_and_who_is_locked_with_it(run_action):
    result, said = run_action("site_announce", OPTIONS, variables(db1={"__host_register_observed": FILE}))
    assert result["changed"] is False
    assert result["due"] == ["db1"]
    assert result["changes"] == [{"host": "db1", "role": "host", "what": "/etc/x", "reasons": ["is created"]}]
    assert result["restarts"] == []
    groups = {item["name"]: item["groups"] for item in result["memberships"]}
    assert groups == {"epm1": ["dialtone_changing"], "db1": ["dialtone_changing", "dialtone_due"]}, "dc2 is not locked for dc1"
    assert "site.yml changes 1 of 3 hosts of site main" in said.text
    assert "run it again" in said.text


def test_in_check_mode_the_words_say_would(run_action):
    _result, said = run_action("site_announce", OPTIONS, variables(db1={"__host_register_observed": FILE}), check=True)
    assert "would change" in said.text


def test_a_snapshot_is_asked_for_where_an_epm_server_changes(run_action):
    asked = "playbooks/snapshot.yml -e vmware_snapshot_action=take"
    _result, said = run_action("site_announce", OPTIONS, variables(epm1={"__host_register_observed": FILE}))
    words = " ".join(said.text.split())
    assert f"of epm1 first, while POM is stopped: {asked}" in words
    _result, said = run_action("site_announce", OPTIONS, variables(db1={"__host_register_observed": FILE}))
    assert "vmware_snapshot_action" not in said.text


def test_nothing_to_do_has_no_host_to_work_on(run_action):
    result, said = run_action("site_announce", OPTIONS, variables())
    assert (result["due"], result["memberships"]) == ([], [])
    assert "Nothing to change: 3 hosts" in said.text


def test_all_are_restarted_only_where_that_is_asked_for(run_action):
    observed = variables(epm1={"__kafka_register_observed": BROKER})
    assert run_action("site_announce", OPTIONS, observed)[0]["restarts"] == []
    restarts = run_action("site_announce", {**OPTIONS, "restart_all": True}, observed)[0]["restarts"]
    assert restarts == [{"host": "epm1", "component": "kafka", "reasons": ["a restart of all was asked for"]}]


@pytest.mark.parametrize("missing", sorted(OPTIONS))
def test_a_required_option_is_named_where_it_is_missing(run_action, missing):
    options = {name: value for name, value in OPTIONS.items() if name != missing}
    with pytest.raises(AnsibleActionFail, match=f"missing required arguments: {missing}"):
        run_action("site_announce", options, variables())
