# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
import random
from typing import Any

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import guided_steps
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.guided_steps import digest_of, instructions, values_of
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import SiteHost, groups_of

from .described_site import CATALOGUE, IDENTITY, recorded, site_host

POM = {
    "pom_mode": "CCElite",
    "pom_web_user": "epadmin",
    "pom_outcall_user": "outcall",
    "pom_home_country": "Germany",
    "pom_users": [{"name": "supervisor1", "roles": ["POM Supervisor"]}],
}


def site(**words: Any) -> list[SiteHost]:
    return [
        site_host("db1", 14, "pom_database", pom_database_user="pom"),
        site_host("epm3", 13, "epm_auxiliary", **{**POM, **words}),
        site_host("epm2", 12, "epm_auxiliary", **{**POM, **words}),
        site_host("epm1", 11, "epm_primary", **{**POM, **words}),
        site_host("kafka1", 15, "kafka", kafka_broker_id=1),
    ]


def steps(hosts: list[SiteHost] | None = None, **words: Any) -> dict[str, dict[str, Any]]:
    return {step["id"]: step for step in guided_steps.rows(site(**words) if hosts is None else hosts)}


def test_the_steps_of_a_site_stand_in_the_order_in_which_they_are_done() -> None:
    assert list(steps()) == [
        "fetch_epm_certificate.epm1",
        "add_pom_server.epm1",
        "fetch_epm_certificate.epm2",
        "add_pom_server.epm2",
        "fetch_epm_certificate.epm3",
        "add_pom_server.epm3",
        "outcall_user.epm1",
        "trust_pom_certificate.epm1",
        "trust_pom_certificate.epm2",
        "trust_pom_certificate.epm3",
        "home_country.epm1",
        "pom_user.epm1.supervisor1",
    ]


def test_no_step_stands_before_one_that_it_comes_after() -> None:
    done: set[str] = set()
    for name, step in steps().items():
        assert set(step["after"]) <= done
        done.add(name)


def test_the_certificate_of_an_auxiliary_is_fetched_before_it_is_added_and_after_the_primary_is_there() -> None:
    found = steps()
    assert found["add_pom_server.epm2"]["after"] == ["fetch_epm_certificate.epm2"]
    assert found["fetch_epm_certificate.epm2"]["after"] == ["add_pom_server.epm1"]
    assert "POM-AUX-04" in found["add_pom_server.epm2"]["source"]
    assert "POM-AUX-04" not in found["add_pom_server.epm1"]["source"]


def test_what_a_person_reads_of_a_step() -> None:
    assert instructions(steps()["fetch_epm_certificate.epm2"]) == [
        "Open Proactive Outreach > Manager > Configurations > Trusted Certificates",
        "Press Fetch",
        "Name: epm2",
        "Location: https://192.0.2.12",
        "Press Continue",
    ]
    assert instructions(steps()["trust_pom_certificate.epm2"])[:4] == [
        "Open Proactive Outreach > Manager > Configurations > Servers",
        "Select the row epm2",
        "Press Export",
        "Save the file as epm2.pem",
    ]


def test_a_server_with_several_addresses_is_added_by_its_name() -> None:
    hosts = site()
    hosts[2] = SiteHost("epm2", ("epm_auxiliary",), {**hosts[2].words, "host_further_addresses": ["203.0.113.12"]})
    found = steps(hosts)
    assert values_of(found["add_pom_server.epm2"])["POM Server IP Address"] == "epm2.example.com"
    assert values_of(found["add_pom_server.epm3"])["POM Server IP Address"] == "192.0.2.13"


def test_a_secret_is_the_name_of_its_variable() -> None:
    hosts = [SiteHost(host.name, host.components, {**host.words, "pom_outcall_password": "s3cret words"}) for host in site()]
    assert "s3cret" not in json.dumps(guided_steps.rows(hosts))
    assert values_of(steps(hosts)["outcall_user.epm1"])["Password"] == "variable pom_outcall_password"


def test_what_proves_a_step_is_asked_of_the_database_that_pom_uses() -> None:
    found = steps()
    assert found["fetch_epm_certificate.epm2"]["proof"] == {
        "kind": "trusted_certificate",
        "store": "/opt/Avaya/avpom/POManager/config/pomTrustStore",
        "host": "192.0.2.12",
        "port": 443,
        "label": "epm2",
    }
    assert found["add_pom_server.epm2"]["proof"] == {
        "kind": "database_row",
        "table": "pim_server",
        "any_of": ["epm2", "192.0.2.12", "epm2.example.com"],
        "host": "db1.example.com",
        "address": "192.0.2.14",
        "port": 5432,
        "database": "pomdb",
        "user": "pom",
        "root_certificate": "/etc/dialtone/tls/ca.crt",
    }


def test_a_database_of_others_is_asked_without_our_authority() -> None:
    found = steps(site(pom_database_host="sql1.example.com", pom_database_user="pom")[1:])
    proof = found["add_pom_server.epm1"]["proof"]
    assert (proof["host"], proof["address"], proof["root_certificate"]) == ("sql1.example.com", "", "")


@pytest.mark.parametrize("engine", ["oracle", "mssql"])
def test_where_no_client_can_ask_a_persons_word_counts(engine: str) -> None:
    found = steps(site(pom_database_host="sql1.example.com", pom_database_engine=engine)[1:])
    assert found["add_pom_server.epm1"]["proof"] == {"kind": "record"}


def test_a_store_of_fips_is_read_by_nobody() -> None:
    assert steps(fips_enabled=True)["fetch_epm_certificate.epm1"]["proof"] == {"kind": "record"}


def test_pom_of_others_has_no_steps() -> None:
    assert steps(pom_server_managed=False) == {}
    assert steps([site_host("kafka1", 15, "kafka")]) == {}


def test_what_the_inventory_does_not_state_is_no_step() -> None:
    bare = [site_host("epm1", 11, "epm_primary", pom_mode="CCElite")]
    assert [name.split(".")[0] for name in steps(bare)] == [
        "fetch_epm_certificate",
        "add_pom_server",
        "outcall_user",
        "trust_pom_certificate",
    ]


def test_users_get_their_roles_when_pom_runs_and_all_else_before() -> None:
    phases = {name.split(".")[0]: step["phase"] for name, step in steps().items()}
    assert {name for name, phase in phases.items() if phase == guided_steps.AFTER_START} == {"pom_user"}


def test_users_of_alike_names_are_different_steps() -> None:
    users = [{"name": name, "roles": ["POM Supervisor"]} for name in ("eva example", "eva_example", "eva@example")]
    found = [name for name in steps(pom_users=users) if name.startswith("pom_user")]
    assert len(set(found)) == 3
    # What the word guided_confirm_step takes (schemas/variables/run.schema.json).
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") for name in found)


def test_two_hosts_of_the_data_center_keep_the_ledger() -> None:
    assert {tuple(step["keepers"]) for step in steps().values()} == {("epm1", "epm2")}
    alone = [site_host("db1", 14, "pom_database"), site_host("epm1", 11, "epm_primary", **POM)]
    assert {tuple(step["keepers"]) for step in steps(alone).values()} == {("epm1", "db1")}
    outside = [site_host("db1", 14, "pom_database", pom_database_engine="oracle"), site_host("epm1", 11, "epm_primary", **POM)]
    assert {tuple(step["keepers"]) for step in steps(outside).values()} == {("epm1",)}


def test_each_data_center_has_steps_of_its_own() -> None:
    hosts = [
        site_host(name, number, component, data_center=data_center, **POM)
        for name, number, component, data_center in (
            ("epm1", 1, "epm_primary", "dc1"),
            ("epm3", 3, "epm_primary", "dc2"),
            ("epm4", 4, "epm_auxiliary", "dc2"),
        )
    ]
    found = steps(hosts)
    assert {step["console"] for step in found.values() if step["data_center"] == "dc2"} == {"epm3"}
    assert found["add_pom_server.epm4"]["url"] == "https://198.51.100.3/"


def test_the_order_of_the_hosts_makes_no_difference() -> None:
    hosts = site()
    expected = guided_steps.rows(hosts)
    random.Random(1).shuffle(hosts)
    assert guided_steps.rows(hosts) == expected


def test_the_digest_changes_with_a_value_and_with_the_certificate_and_with_nothing_else() -> None:
    before, after = steps(), steps(pom_outcall_user="dialer")
    changed = {name for name in before if digest_of(before[name]) != digest_of(after[name])}
    assert changed == {"outcall_user.epm1"}
    step = before["trust_pom_certificate.epm1"]
    assert digest_of(step, "aa") == digest_of({**step, "why": "for another reason"}, "aa")
    assert digest_of(step, "aa") != digest_of(step, "bb")


def test_the_words_that_are_read_are_named() -> None:
    read: set[str] = set()
    guided_steps.rows(recorded(site(), read))
    assert read - IDENTITY <= guided_steps.WORDS_READ
    assert set(CATALOGUE.words) >= guided_steps.WORDS_READ


def test_the_hosts_that_are_asked_are_a_group() -> None:
    described = {"components": ["kafka"], "described": [], "inputs": {}}
    model = {
        "hosts": {name: {"name": name, **described} for name in ("db1", "epm1", "epm2", "epm3")},
        "tables": {"guided_steps": list(steps().values())},
    }
    assert guided_steps.ledger_hosts(model) == ["epm1", "epm2", "epm3"]
    assert [host["name"] for host in groups_of(model) if "dialtone_ledger" in host["groups"]] == ["epm1", "epm2", "epm3"]
    assert guided_steps.ledger_hosts({"hosts": {"epm1": {}}}) == []
