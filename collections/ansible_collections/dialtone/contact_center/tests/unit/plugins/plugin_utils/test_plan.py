# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import csv
import io
import json

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import guided_steps
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.plan import (
    build_plan,
    ports_csv,
    render_plan,
    render_summary,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.plan_html import render
from ansible_collections.dialtone.contact_center.tests.unit.plugins.plugin_utils.described_site import site_host
from ansible_collections.dialtone.contact_center.tests.unit.plugins.plugin_utils.example_site import COMPONENTS, model


def host(name):
    return next(found for found in build_plan(model()).hosts if found.name == name)


def test_order_is_that_of_a_roll_out():
    steps = build_plan(model()).steps
    assert [step.role for step in steps] == ["host", "kafka_distribution", "trust", "pom_database", "zookeeper", "kafka"]
    assert [step.number for step in steps] == list(range(1, 7))
    assert all(step.why for step in steps)


def test_pom_is_installed_before_the_kafka_of_its_tree_is_configured():
    site = model()
    site["hosts"]["epm1"]["inputs"] |= {
        "pom_server_kind": "primary",
        "pom_server_home": "/opt/Avaya/avpom/POManager",
        "pom_server_packages": ["vpmsplugin", "pomserver"],
        "pom_server_create_schema": True,
        "trust_exports": [{"format": "pkcs12", "path": "/etc/dialtone/tls/pom.p12", "owner": "root"}],
    }
    site["hosts"]["epm1"]["probes"] += [
        {"id": "pom_server.services", "component": "pom_server", "kind": "pom_service", "services": [
            {"service": "Kafka Server", "unit": "kafka", "states": ["RUNNING"]},
            {"service": "Campaign Manager", "unit": "cmpmgr", "states": ["RUNNING"]},
        ]},
        {"id": "pom_server.started_with", "component": "pom_server", "kind": "started_with", "unit": "cmpmgr", "label": "POM"},
    ]  # fmt: skip
    plan = build_plan(site)
    assert [step.role for step in plan.steps][2:5] == ["trust", "pom_database", "pom_server"]
    assert next(step.hosts for step in plan.steps if step.role == "pom_server") == ("epm1",)
    epm1 = next(host for host in plan.hosts if host.name == "epm1")
    assert epm1.services == ("zookeeper", "kafka", "cmpmgr"), "a unit is named once"
    paths = [file.path for file in epm1.files]
    assert {file.path: file.purpose for file in epm1.files}["/etc/dialtone/tls/pom.p12"].endswith("POM's installer imports")
    assert "/opt/Avaya/avpom/POManager/config/PIMHibernate.cfg.xml" in paths
    assert "/etc/systemd/system/cmpmgr.service.d/50-dialtone.conf" in paths


def test_a_step_without_hosts_is_no_step():
    site = model()
    site |= {"hosts": {"cms2": site["hosts"]["cms2"]}, "connections": []}
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
    assert len(written["ports"]) == len(model()["connections"])


TABLES = {
    "prerequisites": [
        {
            "team": "CMS",
            "data_center": "dc1",
            "subject": "package RT_socket configured",
            "values": {"port": 7000, "to": ["epm1", "epm2"]},
            "source": ["POM-RTS-01"],
        }
    ],
    "rt_sockets": [
        {
            "data_center": "dc1",
            "cms": cms,
            "cms_role": "primary",
            "cms_address": address,
            "pom_server": "epm1",
            "pom_server_address": "192.0.2.11",
            "port": 7000,
            "format": "tv1",
            "purpose": "real-time data (RT socket)",
            "source": ["POM-RTS-01"],
        }
        for cms, address in (("cms2", "198.51.100.16"), ("cms-of-others", "203.0.113.9"))
    ],
}


def test_what_others_open_is_in_the_firewall_request_too():
    plan = build_plan(model() | {"tables": TABLES})
    rows = list(csv.DictReader(io.StringIO(ports_csv(plan))))
    assert len(rows) == len(plan.ports) == len(model()["connections"]) + 2
    assert rows[-1] == {
        "from": "cms-of-others",
        "from_address": "203.0.113.9",
        "to": "epm1",
        "to_address": "192.0.2.11",
        "port": "7000",
        "protocol": "tcp",
        "purpose": "real-time data (RT socket)",
        "source": "POM-RTS-01",
    }
    assert "7000/tcp real-time data (RT socket)" in next(host for host in plan.hosts if host.name == "epm1").listens


def test_session_without_a_port_is_no_row_of_a_firewall_request():
    rows = [row | {"port": None} for row in TABLES["rt_sockets"]]
    plan = build_plan(model() | {"tables": {"rt_sockets": rows}})
    assert len(plan.ports) == len(model()["connections"])
    assert "no port stated, format tv1" in " ".join(render_plan(plan).split())


def test_what_a_person_does_stands_with_its_values():
    plan = build_plan(model() | {"tables": TABLES})
    (step,) = plan.by_hand
    assert (step.number, step.team, step.values["port"]) == (1, "CMS", 7000)
    text = render_plan(plan)
    assert "1. CMS                [ ] package RT_socket configured (dc1)" in text
    assert "to: epm1, epm2" in text


def test_guided_steps_follow_what_others_do_beforehand():
    hosts = [site_host("epm1", 11, "epm_primary", pom_outcall_user="outcall", pom_database_host="db.example.com")]
    plan = build_plan(model() | {"tables": TABLES | {"guided_steps": guided_steps.rows(hosts)}})
    assert [step.team for step in plan.by_hand] == ["CMS", *["EPM console"] * 4]
    outcall = plan.by_hand[3]
    assert outcall.values == {
        "page": "Proactive Outreach > Manager > Configurations > Servers > Outbound Settings > EPM",
        "User Name": "outcall",
        "Password": "variable pom_outcall_password",
    }
    assert "Give POM a user with Outcall privileges" in render_plan(plan)
    assert "By hand and by others" in render(plan)


def test_waiver_is_told_in_the_plan():
    waived = {
        "path": "sizing_memory_mb",
        "hosts": ["epm1"],
        "found": "8192",
        "expected": "16384",
        "waiver": {"until": "2027-01-31", "reason": "agreed with the vendor"},
    }
    text = render_plan(build_plan(model() | {"warnings": [waived]}))
    assert "Waived until 2027-01-31: agreed with the vendor" in " ".join(text.split())


def test_summary_fits_a_terminal_and_leaves_nothing_out():
    plan = build_plan(large_site())
    text = render_summary(plan)
    assert len(text.splitlines()) < 60
    assert max(map(len, text.splitlines())) <= 100
    for host in plan.hosts:
        assert host.name in text
    assert f"{len(plan.ports)} rows for the firewall request" in text


def large_site():
    site = model()
    for number in range(20):
        name = f"epm{number + 10}"
        site["hosts"][name] = site["hosts"]["epm2"] | {"name": name}
    return site
