# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from ansible.errors import AnsibleConnectionFailure

from ansible_collections.dialtone.contact_center.plugins.action import site_lease
from ansible_collections.dialtone.contact_center.plugins.plugin_utils import lease

HERE = "this-controller"
RUN = lease.Run("token-of-this-run", {"user": "ada", "host": "here", "controller": HERE, "pid": 1, "playbook": "site.yml"})
OTHER = {
    "run": "of-eva",
    "holder": {"user": "eva", "host": "laptop7", "controller": "elsewhere", "pid": 4711, "playbook": "site.yml"},
    "boot_is_present": True,
    "held_seconds": 600,
    "renewed_seconds_ago": 60,
    "expires_in_seconds": 1740,
}
TAKEN = {"outcome": "held_by_another", "other": OTHER, "path": "/leases/main.dc1.json", "torn": False}


def answer(outcome, **more):
    return {"outcome": outcome, "other": {}, "path": "/leases/main.dc1.json", "torn": False, **more}


@pytest.fixture
def host(monkeypatch, make_action):
    """A host that gives these answers, one for each request, and keeps what it was asked."""

    class Host:
        def ask(self, *answers, check=False, variables=None, **options):
            self.asked, left = [], list(answers)

            def execute(module_name, module_args, task_vars):
                assert module_name == "dialtone.contact_center.site_lease_remote"
                self.asked.append(module_args)
                given = left.pop(0)
                if isinstance(given, Exception):
                    raise given
                return {"invocation": {}, **given}

            action, _said = make_action("site_lease", {"site": "main", "data_center": "dc1", **options}, check)
            action._execute_module = execute
            action._connection.reset = lambda: self.asked.append("a new connection")
            result = action.run(task_vars={"inventory_hostname": "epm1", **(variables or {})})
            assert not left, "the host was asked less often than the test has answers"
            return result

    monkeypatch.setattr(site_lease, "playbook_of_command_line", lambda: "site.yml")
    monkeypatch.setattr(lease, "this_run", lambda _playbook: RUN)
    monkeypatch.setattr(lease, "boot_seconds", lambda: 1000.0)
    return Host()


def holding(asked=1000.0, **other):
    return {"ansible_facts": {"site_lease_of_epm1": {"run": RUN.token, "data_center": "dc1", "asked": asked, **other}}}


def test_documented_options_are_those_it_takes(documented):
    assert documented("site_lease") == site_lease.ARGUMENTS


def test_check_mode_asks_no_host(host):
    assert host.ask(check=True)["skipped"] is True


def test_a_free_lease_is_held_and_known_to_the_tasks_that_follow(host):
    result = host.ask(answer("acquired"), minutes=10)
    assert (result["refused"], result["changed"], result["words"]) == (False, False, [])
    assert result["ansible_facts"]["site_lease"] == {"run": RUN.token, "data_center": "dc1", "asked": 1000.0}
    (asked,) = host.asked
    assert (asked["request"], asked["run"], asked["seconds"], asked["displace"]) == ("acquire", RUN.token, 600, "")


def test_a_held_lease_is_renewed_when_a_third_of_its_time_is_over_and_not_before(host):
    assert host.ask(minutes=30, variables=holding(asked=1000.0 - 599))["outcome"] == "kept"
    assert host.ask(answer("renewed"), minutes=30, variables=holding(asked=1000.0 - 600))["outcome"] == "renewed"
    assert host.asked[0]["request"] == "renew"
    assert host.ask(state="renewed")["outcome"] == "not_held", "who never held it does not begin to"


def test_the_lease_of_another_machine_refuses_with_who_and_the_way_out(host):
    result = host.ask(TAKEN)
    assert (result["failed"], result["refused"]) == (True, True)
    assert "eva on laptop7" in result["msg"]
    assert "dialtone_take_over_lease" in result["msg"]
    assert "ansible_facts" not in result


@pytest.mark.parametrize(
    ("options", "died", "words"), [({"take_over": True}, False, "away from eva"), ({}, True, "died on this machine")]
)
def test_it_is_taken_over_only_from_the_run_that_was_seen(host, monkeypatch, options, died, words):
    monkeypatch.setattr(lease, "has_died_here", lambda _holder, controller: died and controller == HERE)
    result = host.ask(TAKEN, answer("taken_over", other=OTHER), **options)
    assert result["refused"] is False
    assert words in result["words"][0]
    assert [asked["displace"] for asked in host.asked] == ["", "of-eva"]


def test_a_lease_that_was_lost_stops_the_run_and_is_forgotten(host):
    result = host.ask(answer("lost", other=OTHER), variables=holding(asked=0.0))
    assert result["failed"] is True
    assert "has lost the lease of data center dc1" in result["msg"]
    assert result["ansible_facts"]["site_lease"] == {}


def test_every_host_is_asked_to_give_back_the_lease_of_this_run_and_no_other(host):
    """What the facts say of it is not trusted: a host may have fallen silent, and another host may have written them."""
    for variables in (None, holding(), holding(data_center="dc2"), {"site_lease_answer": {"unreachable": True}}):
        result = host.ask(answer("released"), state="released", variables=variables)
        assert (result["outcome"], result["ansible_facts"]["site_lease"]) == ("released", {})
        assert host.asked[0]["run"] == RUN.token, "a lease of any other run stays"


def test_what_another_host_holds_is_not_taken_for_its_own(host):
    """Facts of a run_once task are one dictionary of all hosts: what one writes, all have."""
    of_another = {"ansible_facts": {"site_lease": {"run": RUN.token, "data_center": "dc1", "asked": 1000.0}}}
    assert host.ask(answer("acquired"), variables=of_another)["outcome"] == "acquired"


def test_a_connection_that_broke_while_it_was_idle_is_made_anew_to_give_the_lease_back(host):
    result = host.ask(AnsibleConnectionFailure("broken"), answer("released"), state="released", variables=holding())
    assert (result["outcome"], result["ansible_facts"]["site_lease"]) == ("released", {})
    assert host.asked[1] == "a new connection"


def test_a_host_that_is_silent_at_the_end_is_told_of_and_fails_nothing(host):
    silence = AnsibleConnectionFailure("no route")
    result = host.ask(silence, silence, state="released", minutes=7, variables=holding())
    assert result["outcome"] == "not_given_back"
    assert not result.get("failed")
    assert "at most 7 min" in result["warnings"][0]
    with pytest.raises(AnsibleConnectionFailure):
        host.ask(silence)


def test_what_the_host_refuses_is_handed_on(host):
    result = host.ask({"failed": True, "msg": "the lease of data center dc1 cannot be kept"})
    assert (result["failed"], result["msg"]) == (True, "the lease of data center dc1 cannot be kept")


def test_a_torn_file_is_told_of(host):
    assert "is no lease" in host.ask(answer("acquired", torn=True))["words"][0]
