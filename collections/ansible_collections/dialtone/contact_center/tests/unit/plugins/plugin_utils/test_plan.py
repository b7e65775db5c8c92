# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.plan import build_plan, render_plan
from ansible_collections.dialtone.contact_center.tests.unit.plugins.plugin_utils.example_site import COMPONENTS, model


def host(name):
    return next(found for found in build_plan(model()).hosts if found.name == name)


def test_order_is_that_of_a_roll_out():
    steps = build_plan(model()).steps
    assert [step.role for step in steps] == ["host", "kafka_distribution", "trust", "zookeeper", "kafka", "pom_database"]
    assert [step.number for step in steps] == list(range(1, 7))
    assert all(step.why for step in steps)


def test_a_step_without_hosts_is_no_step():
    site = model()
    site["hosts"] = {"cms2": site["hosts"]["cms2"]}
    assert [step.role for step in build_plan(site).steps] == ["host"]


def test_roles_and_services_of_hosts():
    assert host("epm1").roles == ("host", "kafka_distribution", "trust", "zookeeper", "kafka")
    assert host("epm1").services == ("zookeeper", "kafka")
    assert host("db1").roles == ("host", "trust", "pom_database")
    assert host("app1").roles == ("host",)


def test_files_follow_the_inputs():
    site = model()
    site["hosts"]["kafka3"]["inputs"]["zookeeper_home"] = "/srv/kafka"
    files = next(found for found in build_plan(site).hosts if found.name == "kafka3").files
    paths = [file.path for file in files]
    assert "/srv/kafka/config/zookeeper.properties" in paths
    assert "/opt/kafka_server/config/server.properties" in paths
    assert "/opt/config/pomKeyStore" in paths
    assert all(file.purpose for file in files)


def test_tree_of_the_vendor_is_not_ours():
    site = model()
    site["hosts"]["epm1"]["inputs"]["kafka_distribution_archive"] = ""
    files = next(found for found in build_plan(site).hosts if found.name == "epm1").files
    assert "/opt/kafka_server/" not in [file.path for file in files]


def test_ports_of_a_host():
    assert host("db1").listens == ("5432/tcp POM server to its database",)
    assert host("kafka3").listens == ("2888/tcp ZooKeeper quorum", "9093/tcp Kafka between brokers")


def test_text():
    text = render_plan(build_plan(model()))
    assert max(map(len, text.splitlines())) <= 100
    assert "No host was asked" in text
    assert all(name in text for name in COMPONENTS)
    assert "from epm1, epm2  (POM server to its database)" in text
    assert "the leader last" in text


def test_json_holds_the_same():
    plan = build_plan(model())
    written = json.loads(json.dumps(plan.to_dict()))
    assert [step["role"] for step in written["steps"]] == [step.role for step in plan.steps]
    assert len(written["connections"]) == len(model()["connections"])
