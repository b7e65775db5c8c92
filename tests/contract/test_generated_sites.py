"""Whatever valid site a person describes, the contract accepts it and the plan adds up; the fast way judges as the plain one."""

from __future__ import annotations

import csv
import io
import itertools
from pathlib import Path
from typing import Any

import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultSecret
from ansible.template import Templar
from ansible.vars.manager import VariableManager
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.ansible_words import is_ansible_word
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.validate import FORMATS, plain
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.plan import Plan, build_plan, ports_csv
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import load_catalogue

from .generate_inventory import PASSWORD, write_inventory

WORDS = load_catalogue().words
LICENCES = ("licences_outbound_ports", "licences_telephony_ports", "licences_tts")
COMPANIONS = {
    "companions_communication_manager": [{"name": "cm1", "address": "203.0.113.1", "role": "main"}],
    "companions_aes": [{"name": "aes1", "address": "203.0.113.2"}],
    "companions_cms": [{"name": "cms1", "address": "203.0.113.3"}],
    "rt_sockets_port": 7000,
}


@st.composite
def sites(draw: Any) -> dict[str, Any]:
    """Counts of what each of one or two data centers holds."""
    data_center = st.fixed_dictionaries(
        {
            "auxiliary": st.integers(0, 4),
            "managed": st.booleans(),
            "nodes": st.sampled_from([0, 1, 3]),
            "on_pom_servers": st.booleans(),
            "app_servers": st.integers(0, 2),
            "licences": st.fixed_dictionaries({word: st.integers(0, 5000) for word in LICENCES}),
        }
    )
    return {
        "mode": draw(st.sampled_from(["None", "CCElite"])),
        "data_centers": draw(st.lists(data_center, min_size=1, max_size=2)),
    }


def describe(site: dict[str, Any], directory: Path) -> None:
    """The inventory of such a site."""
    everyone: dict[str, Any] = {
        "host_timezone": "Europe/Berlin",
        "host_time_sources": ["ntp1.example.com"],
        "host_fqdn": "{{ inventory_hostname }}.example.com",
        "pom_mode": site["mode"],
        "companions_license_server": [{"name": "weblm1", "address": "203.0.113.9"}],
        "sizing_purpose": "lab",
        "trust_ca_certificate": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        "trust_ca_private_key": "-----BEGIN PRIVATE KEY-----\ncanary-key\n-----END PRIVATE KEY-----\n",
        "trust_store_password": "canary-store",
        "pom_database_user": "pom",
        "pom_database_password": "canary-database",
        "kafka_archive": "/srv/artifacts/kafka_server-2.13-3.2.0.tar.gz",
        "kafka_archive_sha256": "0" * 64,
        "pom_server_accept_eula": True,
        "pom_server_media_iso": "media/pom.iso",
        "pom_server_media_sha256": "0" * 64,
        "certificates_keystore_password": "canary-pom-store",
        "certificates_truststore_password": "canary-pom-store",
        "pom_web_user": "epadmin",
        "pom_web_password": "canary-portal",
        **(COMPANIONS if site["mode"] == "CCElite" else {}),
    }
    groups: dict[str, Any] = {}
    for number, counts in enumerate(site["data_centers"], start=1):
        name = f"dc{number}"
        servers = [f"{name}-epm{index}" for index in range(counts["auxiliary"] + 1)]
        shared = servers if counts["on_pom_servers"] else []
        nodes = (shared + [f"{name}-node{index}" for index in range(3)])[: counts["nodes"]]
        members = {
            "epm_primary": servers[:1],
            "epm_auxiliary": servers[1:],
            "zookeeper": nodes,
            "kafka": nodes,
            "pom_database": [f"{name}-db1"],
            "app_server": [f"{name}-app{index}" for index in range(counts["app_servers"])],
        }
        copies = 1 if counts["nodes"] == 1 else 3
        hosts: dict[str, Any] = {}
        for index, host in enumerate(dict.fromkeys(itertools.chain(*members.values()))):
            hosts[host] = {"host_address": f"192.0.{number}.{index + 1}"}
            if host in servers and not counts["managed"]:
                hosts[host]["pom_server_managed"] = False
            if host in nodes:
                identity = nodes.index(host) + 1
                hosts[host] |= {"zookeeper_myid": identity, "kafka_broker_id": identity}
        variables = {
            "site": "generated",
            "data_center": name,
            "pom_scenario": "multi" if counts["auxiliary"] else "single",
            "kafka_default_replication_factor": copies,
            "kafka_offsets_topic_replication_factor": copies,
            "kafka_transaction_state_log_replication_factor": copies,
            "kafka_min_insync_replicas": min(2, copies),
            **licences_of(counts),
        }
        groups[name] = {"vars": variables, "hosts": hosts}
        for component, names in members.items():
            groups.setdefault(component, {"hosts": {}})["hosts"] |= dict.fromkeys(names)
    directory.mkdir()
    (directory / "group_vars").mkdir()
    (directory / "hosts.yml").write_text(yaml.safe_dump({"all": {"children": groups}}), encoding="utf-8")
    (directory / "group_vars/all.yml").write_text(yaml.safe_dump(everyone), encoding="utf-8")


def licences_of(counts: dict[str, Any]) -> dict[str, int]:
    """Every outbound port of POM needs a telephony port of Experience Portal."""
    ordered = counts["licences"]
    return ordered | {"licences_telephony_ports": ordered["licences_telephony_ports"] + ordered["licences_outbound_ports"]}


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(site=sites())
def test_valid_site_is_accepted_and_its_plan_adds_up(tmp_path_factory: Any, run: Any, site: dict[str, Any]) -> None:
    inventory = tmp_path_factory.mktemp("site") / "inventory"
    describe(site, inventory)
    result = run(inventory)
    refused = [(finding.rule, finding.path, finding.found, finding.expected) for finding in result.findings if finding.refused]
    assert refused == []
    plan = build_plan(result.model)
    assert "canary" not in str(plan)
    assert_plan_adds_up(plan, site)


def assert_plan_adds_up(plan: Plan, site: dict[str, Any]) -> None:
    expected_hosts = expected_ports = expected_sessions = 0
    for counts in site["data_centers"]:
        servers, nodes = counts["auxiliary"] + 1, counts["nodes"]
        both = min(servers, nodes) if counts["on_pom_servers"] else 0
        expected_hosts += servers + nodes - both + 1 + counts["app_servers"]
        # quorum, election, broker to ensemble, broker to broker; each POM server to each other node, twice; to the database
        expected_ports += 4 * nodes * (nodes - 1) + 2 * (servers * nodes - both) + servers
        # EPM to EPM, the installer of an auxiliary to the primary; each POM server to each application server
        expected_ports += servers * (servers - 1) + servers - 1 + servers * counts["app_servers"]
        expected_sessions += servers if site["mode"] == "CCElite" else 0
    assert len(plan.hosts) == expected_hosts
    assert len(plan.rt_sockets) == expected_sessions
    assert len(plan.ports) == expected_ports + expected_sessions
    assert len(list(csv.DictReader(io.StringIO(ports_csv(plan))))) == len(plan.ports)
    assert sum(len(step.hosts) for step in plan.steps) == sum(len(host.roles) for host in plan.hosts)
    arriving = {(row["to"], row["port"], row["purpose"]) for row in plan.ports}
    assert sum(len(host.listens) for host in plan.hosts) == len(arriving)
    totals = {row["word"]: row["total"] for row in plan.licences}
    for word in LICENCES:
        ordered = [licences_of(counts)[word] for counts in site["data_centers"]]
        assert totals.get(word, 0) == sum(ordered)
    assert {certificate.host for certificate in plan.certificates} == {host.name for host in plan.hosts if host.components}


# --- the fast way and the plain one -------------------------------------------------------------------------------

FAULTS = st.dictionaries(
    st.sampled_from(["kafka_heap_mb", "host_timezone", "host_aliases", "kafka_unit", "trust_store_password", "kafak_heap_mb"]),
    st.one_of(
        st.sampled_from(["", "x", "{{ inventory_hostname }}", "{{ 3 * 1000 }}", [], ["a"], ["{{ inventory_hostname }}"], {}]),
        st.none(),
        st.integers(-1, 4096),
        st.booleans(),
    ),
    max_size=4,
)
PLACES = st.sampled_from(
    ["group_vars/all/zz.yml", "group_vars/kafka/zz.yml", "host_vars/s0-node2.yml", "host_vars/s1-db1.yml"]
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(faults=st.dictionaries(PLACES, FAULTS, max_size=3))
def test_fast_way_judges_as_the_plain_one(
    tmp_path: Path, tmp_path_factory: Any, run: Any, faults: dict[str, dict[str, Any]]
) -> None:
    directory = tmp_path_factory.mktemp("inventory")
    sources = [str(source) for source in write_inventory(directory, 30)]
    (directory / "group_vars/kafka").mkdir()
    (directory / "group_vars/kafka.yml").rename(directory / "group_vars/kafka/main.yml")
    for place, variables in faults.items():
        before = (directory / place).read_text(encoding="utf-8") if (directory / place).exists() else ""
        merged = (yaml.safe_load(before) or {}) | variables
        (directory / place).write_text(yaml.safe_dump(merged), encoding="utf-8")
    result = run(directory, sources=sources, vault_password=PASSWORD, every_site=True)
    fast = {
        (host, finding.path.split(".")[0])
        for finding in result.findings
        if finding.rule.startswith("value-")
        for host in finding.hosts
    }
    misspelt = {finding.path for finding in result.findings if finding.rule == "unknown-variable"}
    wrong, unknown = judged_plainly(sources, playbook_directory=tmp_path)
    assert fast == wrong
    assert misspelt == unknown


def judged_plainly(sources: list[str], playbook_directory: Path) -> tuple[set[tuple[str, str]], set[str]]:
    """One get_vars and one closed schema for each host."""
    loader = DataLoader()
    loader.set_vault_secrets([("default", VaultSecret(PASSWORD.encode()))])
    loader.set_basedir(str(playbook_directory))
    inventory = InventoryManager(loader=loader, sources=sources)
    variables = VariableManager(loader=loader, inventory=inventory)
    checker = FormatChecker(formats=())
    for name, (fits, raises) in FORMATS.items():
        checker.checks(name, raises)(fits)
    properties = {name: word.schema for name, word in WORDS.items()}
    schema = Draft202012Validator({"properties": properties, "additionalProperties": False}, format_checker=checker)
    wrong, unknown = set(), set()
    for host in inventory.get_hosts():
        merged = variables.get_vars(host=host, include_hostvars=False)
        own = {
            name: value
            for name, value in merged.items()
            if name in WORDS or (name in host.get_vars() or name.startswith(("kafak", "vaulted", "zabbix", "ansible_user")))
        }
        own = {name: value for name, value in own.items() if not is_ansible_word(name) and name not in ("groups", "omit")}
        rendered = {name: Templar(loader=loader, variables=merged).template(value) for name, value in own.items()}
        judged = {str(name): plain(value) for name, value in rendered.items() if not name.startswith(("vaulted_", "zabbix_"))}
        for error in schema.iter_errors(judged):
            if error.absolute_path:
                wrong.add((host.name, str(error.absolute_path[0])))
            else:
                unknown |= set(judged) - set(properties)
    return wrong, unknown
