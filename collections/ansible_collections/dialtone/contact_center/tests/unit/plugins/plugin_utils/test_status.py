# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.status import (
    FAIL,
    OK,
    SEVERITY,
    UNKNOWN,
    WARN,
    aggregate,
    judge_database_use,
    moment,
    render_table,
    worst,
)
from ansible_collections.dialtone.contact_center.tests.unit.plugins.plugin_utils.example_site import (
    NODES,
    NOW,
    broken,
    healthy,
    kafka_facts,
    model,
    replace,
)


def status_of(results, asked=None, site=None):
    return aggregate(site or model(), results, NOW, asked)


def row(status, what, host=""):
    return next(row for row in status.rows if row.what == what and row.host == host)


def test_healthy_site():
    status = status_of(healthy())
    assert (status.state, status.exit_code) == (OK, 0)
    assert {row.state for row in status.rows} == {OK}
    assert status.generated_at == "2026-11-21 14:00:00 UTC"
    cluster = status.clusters[0]
    assert (cluster.leader, cluster.controller, cluster.brokers_registered, cluster.under_replicated) == ("kafka3", "epm1", 3, 0)
    assert (cluster.certificate_days_left, cluster.database_reachable_from) == (1182, ("epm1", "epm2"))
    assert {host.name: host.roles_held for host in status.hosts if host.roles_held} == {
        "kafka3": ("leader",),
        "epm1": ("controller",),
    }


def test_every_probe_of_the_model_is_a_row():
    status = status_of(healthy())
    probes = sum(len(host["probes"]) for host in model()["hosts"].values())
    assert len([row for row in status.rows if row.host and row.component != "host"]) == probes


def test_facts_of_a_cluster_are_told_once():
    assert [row.host for row in status_of(healthy()).rows if row.what == "under-replicated partitions"] == [""]


def test_unreachable_host_does_not_hide_the_others():
    results = healthy()
    results["kafka3"] = {"unreachable": True, "msg": "No route to host"}
    status = status_of(results)
    assert status.state == UNKNOWN
    assert status.exit_code == 3
    assert row(status, "reachable", "kafka3").observed == "UNREACHABLE"
    assert row(status, "broker 1", "epm1").state == OK
    assert {row.state for row in status.rows if row.host == "kafka3"} == {UNKNOWN}
    assert row(status, "leader").state == UNKNOWN
    assert "unreachable: kafka3" in status.summary


def test_host_that_the_run_lost_is_unreachable():
    results = healthy()
    results["db1"] = None
    assert row(status_of(results), "reachable", "db1").observed == "UNREACHABLE"


def test_host_whose_probes_could_not_run():
    results = healthy()
    results["db1"] = {"failed": True, "msg": "probe u of kind unit needs unit"}
    found = row(status_of(results), "reachable", "db1")
    assert (found.observed, found.state, found.detail) == ("no answer", UNKNOWN, "probe u of kind unit needs unit")


def test_wrong_outranks_unknown():
    status = status_of(broken())
    assert (status.state, status.exit_code) == (FAIL, 2)


def test_warning_alone():
    results = healthy()
    replace(results, "db1", "trust.certificate", warning="it ends soon", state="expiring", facts={"days_left": 41})
    status = status_of(results)
    assert (status.state, status.exit_code) == (WARN, 1)
    assert row(status, "first certificate to end").observed == "41 days left (db1)"
    assert row(status, "first certificate to end").state == WARN


def test_limit_leaves_out_what_only_the_others_could_tell():
    status = status_of({"kafka3": healthy()["kafka3"]}, asked=["kafka3"])
    assert status.state == OK
    assert status.not_asked == ("epm1", "epm2", "db1", "app1", "cms2")
    assert {row.host for row in status.rows} == {"kafka3", ""}
    assert row(status, "leader").observed == "kafka3"
    assert row(status, "brokers").observed == "3 registered"
    assert "ensemble" not in {row.what for row in status.rows}


def test_limit_to_a_host_outside_the_clusters():
    status = status_of({"app1": healthy()["app1"]}, asked=["app1"])
    assert [(row.what, row.state) for row in status.rows] == [("reachable", OK)]


def test_broker_that_is_not_registered():
    found = row(status_of(broken()), "brokers")
    assert (found.state, found.observed, found.detail) == (FAIL, "1 registered", "not registered: epm2, kafka3")


def test_two_controllers():
    results = healthy()
    replace(results, "epm2", "kafka.ready", facts=kafka_facts(controller_id=2))
    assert row(status_of(results), "controller").state == FAIL


def test_no_controller():
    results = healthy()
    for host in NODES:
        replace(results, host, "kafka.ready", facts=kafka_facts(controller_id=-1))
    found = row(status_of(results), "controller")
    assert (found.state, found.observed) == (FAIL, "none")


def test_split_ensemble():
    results = healthy()
    replace(results, "epm1", "zookeeper.ready", facts={"mode": "leader", "synced_followers": 0})
    found = row(status_of(results), "leader")
    assert (found.state, found.observed) == (FAIL, "epm1, kafka3")


def test_no_quorum():
    results = healthy()
    for host in NODES:
        replace(results, host, "zookeeper.ready", ok=False, state="no_quorum", facts={"mode": ""}, reason="it has no quorum")
    status = status_of(results)
    assert row(status, "ensemble").observed == "0 serving"
    assert row(status, "leader").state == FAIL


def test_no_broker_answers():
    results = healthy()
    for host in NODES:
        replace(results, host, "kafka.ready", ok=False, state="not_listening", facts={}, reason="nothing listens")
    assert row(status_of(results), "cluster").state == FAIL


def test_database_closed_to_one_pom_server():
    results = healthy()
    replace(results, "epm2", "pom_database.reachable.db1", ok=False, state="rejected", reason="no pg_hba.conf entry")
    found = row(status_of(results), "reachable from POM servers")
    assert (found.state, found.observed, found.detail) == (FAIL, "1 of 2", "not from epm2")


def test_worst_rows_come_first_in_each_data_center():
    status = status_of(broken())
    for data_center in ("dc1", "dc2"):
        ranks = [SEVERITY.index(row.state) for row in status.rows if row.data_center == data_center]
        assert ranks == sorted(ranks)


@pytest.mark.parametrize(
    ("fail_on", "reached"),
    [("warn", [OK]), ("unknown", [OK, WARN]), ("fail", [OK, WARN, UNKNOWN]), ("never", [OK, WARN, UNKNOWN, FAIL])],
)
def test_fail_on(fail_on, reached):
    def with_state(state):
        results = healthy()
        if state == WARN:
            replace(results, "db1", "trust.certificate", warning="soon")
        if state == UNKNOWN:
            results["db1"] = {"unreachable": True}
        if state == FAIL:
            replace(results, "db1", "trust.certificate", ok=False)
        return status_of(results)

    assert [state for state in (OK, WARN, UNKNOWN, FAIL) if not with_state(state).reaches(fail_on)] == reached


def test_json():
    written = json.loads(json.dumps(status_of(broken()).to_dict()))
    assert (written["state"], written["exit_code"], written["site"]) == ("fail", 2, "main")
    assert sum(written["counts"].values()) == len(written["rows"])
    assert {host["name"] for host in written["hosts"]} == set(model()["hosts"])


def test_licences_are_told_as_what_no_host_can_show():
    licences = [{"total": 25, "licence": "POM outbound ports"}, {"total": 2, "licence": "text to speech"}]
    status = status_of(healthy(), site=model() | {"tables": {"licences": licences}})
    assert status.state == OK
    told = "25 POM outbound ports, 2 text to speech needed; what is installed is not observable"
    assert any(told in one for one in status.advice)


def test_advice_of_the_contract_is_repeated():
    site = model()
    site["warnings"] = [
        {"hosts": ["epm1", "epm2"], "path": "zookeeper_myid", "found": "an even ensemble of 2", "fix": "add a third server"}
    ]
    assert "Advice: epm1, epm2: an even ensemble of 2: add a third server" in render_table(status_of(healthy(), site=site))


def test_a_service_that_needs_a_restart_is_something_to_watch():
    results = healthy()
    words = "needs a restart: pomKeyStore differs from what broker 2 was started with; playbooks/kafka_restart.yml restarts it"
    replace(results, "epm2", "kafka.started_with", state="stale", warning=words)
    status = status_of(results)
    (row,) = [row for row in status.rows if row.state == WARN]
    assert (row.host, row.component, row.what) == ("epm2", "kafka", "runs on what is on disk")
    assert (row.desired, row.observed, row.detail) == ("current", "stale", words)
    assert status.exit_code == 1


def test_table():
    table = render_table(status_of(broken()))
    lines = table.splitlines()
    assert lines[0] == "Site main, 2026-11-21 14:00:00 UTC"
    assert lines[1].startswith("CRITICAL: of 43 facts 6 wrong")
    assert "UNREACHABLE" in table
    assert "Next: Read why: journalctl -u kafka" in table
    assert "not asked" not in table
    first = next(line for line in lines if line.split()[:1] == ["FAIL"])
    assert first.index("brokers") == next(line for line in lines if "STATE" in line).index("WHAT")


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=300), st.integers(80, 160))
def test_table_never_gets_wider(words, width):
    results = copy.deepcopy(healthy())
    replace(results, "epm1", "kafka.ready", ok=False, state=words[:40] or "x", reason=words, next_step=words)
    assert max(len(line) for line in render_table(status_of(results), width).splitlines()) <= width


@pytest.mark.parametrize(
    ("states", "expected"), [([OK, WARN], WARN), ([WARN, UNKNOWN], UNKNOWN), ([UNKNOWN, FAIL], FAIL), ([], UNKNOWN)]
)
def test_worst(states, expected):
    assert worst(states) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("Sat 2026-11-21 13:00:07 UTC", "2026-11-21 13:00:07 UTC"), ("", ""), ("n/a", "n/a")]
)
def test_moment(text, expected):
    assert moment(text) == expected


# --- POM ----------------------------------------------------------------------------------------------------------------

POM_SERVERS = {"epm1": "epm_primary", "epm2": "epm_auxiliary"}


def pom_answer(states):
    """What the probe pom_service answers, by service and state; a service without a role is one that shows none."""
    services = [
        {"service": name, "unit": name, "state": state, "expected": [state], "well": True, "role_observed": True}
        for name, state in states.items()
    ]
    roles = {name: state for name, state in states.items() if state in ("MASTER", "DORMANT")}
    facts = {"services": services, "up": len(states), "of": len(states), "roles": roles}
    return {"id": "pom", "kind": "pom_service", "component": "pom_server", "ok": True, "state": "serving", "facts": facts}


def pom_site(states):
    probe = {"id": "pom", "component": "pom_server", "kind": "pom_service", "services": [{}, {}]}
    hosts = {
        name: {**host_of(name, component), "probes": [probe]} for name, component in POM_SERVERS.items()
    }
    site = {"site": "main", "hosts": hosts, "data_centers": {"dc1": {"hosts": list(hosts), "components": components()}}}
    return status_of({name: {"probes": [pom_answer(states[name])]} for name in states}, site=site)


def components():
    return {component: [name] for name, component in POM_SERVERS.items()}


def host_of(name, component):
    return {"name": name, "fqdn": name, "address": "", "data_center": "dc1", "components": [component], "described": []}


MASTERS_ROW = "master of each elected service"


def test_each_elected_service_has_one_master():
    one = {"Campaign Director": "MASTER", "Agent Manager": "DORMANT"}
    other = {"Campaign Director": "DORMANT", "Agent Manager": "MASTER"}
    status = pom_site({"epm1": one, "epm2": other})
    assert (row(status, MASTERS_ROW).state, row(status, MASTERS_ROW).observed) == (OK, "one")
    assert row(status, "POM's services", "epm1").observed == "MASTER of 1, DORMANT of 1, 2 of 2 as they should be"


@pytest.mark.parametrize("role", ["MASTER", "DORMANT"])
def test_a_server_with_one_role_is_named_as_on_the_page_of_pom_manager(role):
    status = pom_site({name: {"Campaign Director": role, "Campaign Manager": "RUNNING"} for name in POM_SERVERS})
    assert row(status, "POM's services", "epm1").observed == f"{role}/RUNNING, 2 of 2 as they should be"


@pytest.mark.parametrize(
    ("connections", "state", "words"), [((3, 2), OK, "2 of 2, 5 connections"), ((3, 0), WARN, "1 of 2, 3 connections")]
)
def test_the_database_is_in_use_where_pom_runs(connections, state, words):
    found = judge_database_use(
        "dc1",
        {name: {"facts": {"connections": count}} for name, count in zip(POM_SERVERS, connections)},
        {name: {"ok": True} for name in POM_SERVERS},
    )
    assert [(row.state, row.observed) for row in found] == [(state, words)]
    assert ("epm2" in found[0].detail) == (state == WARN)


def test_nothing_is_said_of_the_use_of_a_database_by_servers_whose_pom_does_not_run():
    assert judge_database_use("dc1", {"epm1": {"facts": {"connections": 0}}}, {"epm1": {"ok": False}}) == []


@pytest.mark.parametrize(("states", "words"), [(("DORMANT", "DORMANT"), "none"), (("MASTER", "MASTER"), "2")])
def test_no_master_and_two_masters_are_wrong(states, words):
    status = pom_site({name: {"Campaign Director": state} for name, state in zip(POM_SERVERS, states)})
    assert (row(status, MASTERS_ROW).state, row(status, MASTERS_ROW).observed) == (FAIL, f"Campaign Director: {words}")


def test_masters_are_not_counted_where_a_server_tells_no_role_or_did_not_answer():
    running, master = {"Campaign Director": "RUNNING"}, {"Campaign Director": "MASTER"}
    for states in ({"epm1": running, "epm2": running}, {"epm1": master, "epm2": running}, {"epm1": master}):
        assert not [found for found in pom_site(states).rows if found.what == MASTERS_ROW]
    status = pom_site({"epm1": running, "epm2": running})
    assert row(status, "POM's services", "epm2").observed == "1 of 1 as they should be, role not observable"
