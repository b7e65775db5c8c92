# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.announce import (
    MOST_LINES_OF_A_ROLE,
    Item,
    Restart,
    Work,
    duration,
    memberships,
    probed_reasons,
    render,
    work_of,
)

HOSTS = ["epm1", "epm2", "kafka3", "db1"]
RUNNING = {"reasons": [], "stale_after": []}


def state(changes: list[dict[str, Any]] | None = None, units: dict[str, Any] | None = None, **drift: list[str]) -> dict[str, Any]:
    return {"changes": changes or [], "drift": drift, "units": units or {}}


def work(variables: dict[str, dict[str, Any]], restart_all: bool = False) -> Work:
    return work_of(HOSTS, lambda host: variables.get(host, {}), restart_all)


def test_a_site_as_it_should_be_has_nothing_to_do() -> None:
    quiet = {host: {"__host_register_observed": state(units={"chrony": RUNNING})} for host in HOSTS}
    quiet["db1"]["__pom_database_fact_found"] = {"state": "running", "missing": [], "changes": [], "restart_needed": []}
    quiet["epm1"]["__trust_register_observed"] = {"reasons": {}, "needs_certificate": False}
    quiet["epm1"]["__kafka_register_cluster_state"] = {"actions": [], "changed": False}
    nothing = work(quiet)
    assert nothing.due == ()
    assert render(nothing, "main", "site.yml", "-") == "Nothing to change: 4 hosts of site main as the inventory says."


@pytest.mark.parametrize(
    ("variable", "observed", "what"),
    [
        ("__host_register_observed", state([{"kind": "file", "path": "/etc/x", "reasons": ["is created"]}]), "/etc/x"),
        ("__host_register_observed", state(package=["chrony"]), "package chrony"),
        ("__host_register_observed", state(units={"chrony": {"reasons": ["is inactive"], "stale_after": []}}), "service chrony"),
        (
            "__host_register_observed",
            state(units={"chrony": {"reasons": [], "stale_after": ["x differs"]}}),
            "service chrony is restarted",
        ),
        (
            "__kafka_distribution_register_observed",
            state(tree=["/opt/kafka_server"]),
            "program tree /opt/kafka_server is unpacked",
        ),
        (
            "__trust_register_observed",
            {"reasons": {"/etc/dialtone/tls/node.crt": ["30 days left"]}},
            "/etc/dialtone/tls/node.crt",
        ),
        (
            "__pom_database_fact_found",
            {"state": "absent", "missing": ["package"], "changes": []},
            "PostgreSQL: the package is missing",
        ),
        ("__pom_database_fact_found", {"state": "stopped"}, "PostgreSQL is stopped"),
        ("__pom_database_fact_found", {"changes": [{"item": "parameter work_mem", "needs": "reload"}]}, "parameter work_mem"),
        (
            "__pom_database_fact_found",
            {"restart_needed": [{"parameter": "shared_buffers"}]},
            "PostgreSQL is restarted for shared_buffers",
        ),
        ("__kafka_register_cluster_state", {"actions": ["num.io.threads: 8 becomes 16"]}, "num.io.threads: 8 becomes 16"),
        ("guided_steps_found", {"open": [{"title": "Add the server epm2"}]}, "by hand in the console: Add the server epm2"),
    ],
)
def test_everything_that_a_role_saw_makes_its_host_due(variable: str, observed: dict[str, Any], what: str) -> None:
    found = work({"epm2": {variable: observed}})
    assert found.due == ("epm2",)
    assert [item.what for item in found.items] == [what]
    assert found.restarts == ()


def test_a_node_is_restarted_for_what_it_would_run_on_once_all_is_written() -> None:
    unit = {"reasons": [], "stale_after": ["tickTime in zookeeper.properties differs"]}
    found = work({"epm1": {"__zookeeper_register_observed": state(units={"zookeeper": unit})}})
    assert found.restarts == (Restart("zookeeper", "epm1", ("tickTime in zookeeper.properties differs",)),)


def test_what_kafka_takes_over_while_it_runs_restarts_nothing() -> None:
    online, static = "num.io.threads in server.properties differs", "socket.request.max.bytes in server.properties differs"
    keys = {online: "num.io.threads", static: "socket.request.max.bytes"}

    def observed(*reasons: str) -> dict[str, Any]:
        unit = {"reasons": [], "stale_after": list(reasons), "keys_after": keys}
        return {
            "__kafka_register_observed": state(units={"kafka": unit}),
            "__kafka_register_cluster_state": {"actions": ["set num.io.threads"], "without_restart": ["num.io.threads"]},
        }

    found = work({"epm1": observed(online), "epm2": observed(online, static)})
    assert found.restarts == (Restart("kafka", "epm2", (static,)),)
    assert found.due == ("epm1", "epm2")


def test_a_stopped_node_is_started_and_not_restarted() -> None:
    unit = {"reasons": ["is inactive"], "stale_after": ["x differs"]}
    found = work({"epm1": {"__kafka_register_observed": state(units={"kafka": unit})}})
    assert [item.what for item in found.items] == ["service kafka"]
    assert found.restarts == ()


def test_who_reads_a_store_that_is_written_anew_is_restarted() -> None:
    unit = {"reasons": [], "reads": ["/opt/config/pomKeyStore", "/opt/kafka_server/config/server.properties"]}
    variables = {
        "epm1": {
            "__trust_register_observed": {"reasons": {"/opt/config/pomKeyStore": ["the certificate is renewed"]}},
            "__kafka_register_observed": state(units={"kafka": unit}),
        },
        "epm2": {"__kafka_register_observed": state(units={"kafka": unit})},
    }
    assert work(variables).restarts == (Restart("kafka", "epm1", ("/opt/config/pomKeyStore is written anew",)),)


def probed(*reasons: str) -> dict[str, Any]:
    return {
        "probes": [
            {"id": "x", "kind": "started_with", "state": "stale" if reasons else "current", "facts": {"reasons": list(reasons)}}
        ]
    }


def test_a_restart_of_all_takes_whoever_was_asked_and_keeps_the_better_reason() -> None:
    variables = {"epm1": {"__kafka_register_due": probed("x differs")}, "epm2": {"__kafka_register_due": probed()}}
    assert work(variables).due == ("epm1",)
    assert work(variables, restart_all=True).restarts == (
        Restart("kafka", "epm1", ("x differs",)),
        Restart("kafka", "epm2", ("a restart of all was asked for",)),
    )


def test_the_text_names_hosts_reasons_order_and_the_way_back() -> None:
    items = tuple(Item("kafka", host, "server.properties", ("num.io.threads: 8 becomes 16",)) for host in HOSTS[:3])
    restarts = tuple(Restart("kafka", host, ("num.io.threads differs",)) for host in HOSTS[:2])
    text = render(Work(tuple(HOSTS), items, restarts), "main", "site.yml", "put it back", ["raising replicas"])
    words = " ".join(text.split())
    assert "site.yml changes 3 of 4 hosts of site main" in words
    assert "server.properties: num.io.threads: 8 becomes 16 (epm1, epm2, kafka3)" in words
    assert "Kafka is restarted node by node" in words
    assert "epm2 num.io.threads differs" in words
    assert "No way back raising replicas" in words
    assert "Going back put it back" in words
    assert "would change" in render(Work(tuple(HOSTS), items, ()), "main", "site.yml", "-", check=True)


def test_replicas_that_are_added_have_no_way_back() -> None:
    items = (Item("kafka", "epm1", "raise old-0 from 1 to 3 replicas", ()), Item("kafka", "epm1", "raise old-1 from 1 to 3", ()))
    words = " ".join(render(Work(("epm1",), items, ()), "main", "site.yml", "-").split())
    assert words.count("No way back more replicas of topics") == 1
    assert "nothing in it" not in words


def test_a_new_password_of_the_database_has_no_way_back() -> None:
    items = (Item("pom_database", "db1", "password of role pom", ()),)
    assert "No way back a new password of the database's user" in " ".join(
        render(Work(("db1",), items, ()), "main", "site.yml", "-").split()
    )


def test_what_is_stopped_is_not_restarted_whoever_asks_for_it() -> None:
    stopped = {"id": "x", "kind": "started_with", "state": "stopped", "facts": {"reasons": []}}
    current = {**stopped, "state": "current"}
    other = {"id": "y", "kind": "kafka", "state": "running", "facts": {}}
    assert probed_reasons([stopped, other], restart_all=True) == []
    assert probed_reasons([current, other], restart_all=True) == ["a restart of all was asked for"]
    assert probed_reasons([current, other], restart_all=False) == []


def test_a_long_list_is_cut_and_says_so() -> None:
    items = tuple(Item("host", "epm1", f"/etc/{number}", ()) for number in range(20))
    text = render(Work(("epm1",), items, ()), "main", "site.yml", "-")
    assert f"and {20 - MOST_LINES_OF_A_ROLE} more; --check --diff shows each" in text
    assert "/etc/19" not in text


def test_restarts_take_their_time_one_after_the_other() -> None:
    one = Work(("a",), (), (Restart("kafka", "a", ()),))
    three = Work(("a", "b", "c"), (), tuple(Restart("kafka", host, ()) for host in "abc"))
    assert three.seconds - one.seconds == 2 * (one.seconds - Work((), (), ()).seconds)
    assert [duration(20), duration(95), duration(300)] == ["20 s", "2 min", "5 min"]


def test_a_data_center_in_which_nothing_is_due_is_left_alone() -> None:
    places = {"epm1": "dc1", "epm2": "dc1", "cms2": "dc2"}
    one = Work(tuple(places), (Item("host", "epm1", "/etc/x", ()),), ())
    assert memberships(one, places) == [
        {"name": "epm1", "groups": ["dialtone_changing", "dialtone_due"]},
        {"name": "epm2", "groups": ["dialtone_changing"]},
    ]
    assert memberships(Work(tuple(places), (), ()), places) == []


POM_OBSERVED = {
    "actions": [
        {"name": "install", "what": "POM is installed (primary)", "reasons": [], "key": ""},
        {"name": "schema", "what": "the POM schema is created, and its connection saved", "reasons": [], "key": ""},
    ],
    "units": {"cmpmgr": {"reasons": [], "stale_after": ["pomTrustStore differs from what POM on epm1 was started with"]}},
}


def test_what_is_left_to_do_on_a_pom_server_is_told_with_what_has_no_way_back():
    work = work_of(["epm1"], {"epm1": {"__pom_server_register_observed": POM_OBSERVED}}.__getitem__)
    assert [item.what for item in work.items] == [action["what"] for action in POM_OBSERVED["actions"]]
    assert [(restart.component, restart.host) for restart in work.restarts] == [("pom_server", "epm1")]
    text = " ".join(render(work, "main", "site.yml", "nothing").split())
    assert "POM is restarted node by node" in text
    assert "pom_uninstall.yml removes it" in text
    assert "only the database's administrator removes it" in text
    assert work.seconds > 600


def test_a_restart_of_all_of_kafka_is_none_of_pom_and_the_other_way_round():
    variables = {
        "epm1": {
            "__kafka_register_observed": {"units": {"pomkafka": {"reasons": []}}},
            "__pom_server_register_observed": {"units": {"cmpmgr": {"reasons": []}}},
        }
    }

    def restarted(**asked):
        return {restart.component for restart in work_of(["epm1"], variables.__getitem__, **asked).restarts}

    assert restarted(restart_all=True) == {"kafka"}
    assert restarted(restart_all_pom=True) == {"pom_server"}


DIRECTORIES_OBSERVED = {
    "actions": [{"name": "mount", "what": "/p/archive is mounted from db1:/a", "reasons": ["not mounted"], "path": "/p/archive"}]
}


def test_directories_and_their_server_make_their_hosts_due():
    variables = {
        "epm1": {"__pom_directories_register_observed": DIRECTORIES_OBSERVED},
        "db1": {"__nfs_server_fact_account": {"missing": ["user avayavp is created with uid 996, as on the POM servers"]}},
        "db2": {"__nfs_server_fact_account": {"missing": []}, "__nfs_server_register_observed": {"skipped": True}},
    }
    work = work_of(["epm1", "db1", "db2"], variables.__getitem__)
    assert work.due == ("epm1", "db1")
    assert [(item.role, item.reasons) for item in work.items] == [("nfs_server", ()), ("pom_directories", ("not mounted",))]


def test_what_is_left_to_do_on_an_application_server_is_told_with_what_has_no_way_back():
    actions = [
        {"name": "restart", "what": "Tomcat is restarted", "reasons": ["applications change"]},
        {"name": "register", "what": "the applications are registered on Experience Portal", "reasons": []},
    ]
    told = work_of(["app1"], {"app1": {"__app_server_register_observed": {"actions": actions}}}.__getitem__)
    assert told.due == ("app1",)
    text = render(told, "main", "site.yml", "-")
    assert "Tomcat is restarted: applications change  (app1)" in text
    assert "the registration of the applications" in text
