# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
import random
from typing import Any

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import guided_steps
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.applications import DELIVERED
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.guided_actions import action_words, instructions, values_of
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.guided_console import AFTER_CONVERSION, AFTER_START
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.guided_steps import digest_of
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
        "Where there is a row epm2, select it and press Delete",
        "Press Fetch",
        "Name: epm2",
        "Location: https://192.0.2.12",
        "Press Continue",
    ]
    assert instructions(steps()["trust_pom_certificate.epm2"])[:4] == [
        "Open Proactive Outreach > Manager > Configurations > Servers",
        "Select the row 192.0.2.12 or epm2",
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
    assert {name for name, phase in phases.items() if phase == AFTER_START} == {"pom_user"}


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


# --- pages of Experience Portal -----------------------------------------------------------------------------------


def with_app_servers(*others: SiteHost, local: bool = False, **words: Any) -> list[SiteHost]:
    hosts = [host for host in site(**words) if host.name != "epm1"]
    components = ("epm_primary", *(["app_server"] if local else []))
    return [*hosts, site_host("epm1", 11, *components, **{**POM, **words}), site_host("app1", 21, "app_server"), *others]


def values(found: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    return values_of(found[name])


def test_each_application_is_registered_with_the_exact_name_type_and_url() -> None:
    found = steps(with_app_servers(pom_campaign_channels=["sms"]))
    assert [name for name in found if name.startswith("application.")] == [
        "application.epm1.PomDriverApp",
        "application.epm1.Nailer",
        "application.epm1.AvayaPOMSMS",
    ]
    assert values(found, "application.epm1.Nailer") == {
        "Name": "Nailer",
        "Type": "POM:Nailer",
        "Direction": "Outbound",
        "URL": "https://app1.example.com:7443/Nailer/ccxml/start.jsp",
    }
    assert values(found, "application.epm1.AvayaPOMSMS")["Direction"] == "Inbound"
    assert "Press Nailer in the row of Default; where there is none, press Add" in instructions(found["application.epm1.Nailer"])


def test_zones_and_organizations_are_part_of_the_page_only_where_they_are_there() -> None:
    applications = [{"name": "Nailer", "type": "POM:Nailer", "zone": "North", "organization": "CC"}]
    found = steps(with_app_servers(pom_zones=["North"], app_server_applications=applications))
    assert values(found, "application.epm1.Nailer.North.CC") | {"URL": ""} == {
        "Name": "Nailer",
        "Zone": "North",
        "Organization": "CC",
        "Type": "POM:Nailer",
        "Direction": "Outbound",
        "URL": "",
    }


def test_the_driver_gets_a_voice() -> None:
    servers = [{"name": "asr1", "services": ["asr"]}, {"name": "speech1", "services": ["tts"]}]
    driver = "application.epm1.PomDriverApp"
    found = steps(with_app_servers(companions_speech_servers=servers))[driver]
    assert (values_of(found)["Enable TTS"], values_of(found)["TTS"]) == ("ticked", "speech1")
    assert "Selected Voices: choose one of the list" in instructions(found)
    assert "TTS: choose one of the list" in instructions(steps(with_app_servers())[driver])
    assert "Enable TTS" not in values(steps(with_app_servers()), "application.epm1.Nailer")


def test_what_the_program_registers_is_checked_and_completed() -> None:
    found = steps(with_app_servers(local=True))
    assert found["check_applications.epm1"]["source"] == ["POM-APP-08"]
    assert set(values(found, "check_applications.epm1").values()) == {"shown"}
    driver = values(found, "application.epm1.PomDriverApp")
    assert driver["URL"] == "https://epm1.example.com:7443/PomDriverApp/ccxml/start.jsp"
    assert driver["Alternate URL 1"] == "https://app1.example.com:7443/PomDriverApp/ccxml/start.jsp"
    assert "check_applications.epm1" not in steps(with_app_servers())


def test_each_application_server_is_trusted_and_loses_its_printed_password() -> None:
    found = steps(with_app_servers(site_host("app2", 22, "app_server", app_server_url_host="address")))
    assert found["trust_app_server.app2"]["presented_at"] == {"host": "192.0.2.22", "port": 7443}
    assert values(found, "trust_app_server.app2")["Enter Certificate Path"] == "https://192.0.2.22:7443"
    login = found["runtimeconfig_password.app2"]
    assert (login["url"], login["user"]) == ("https://192.0.2.22:7443/runtimeconfig", "ddadmin")
    assert login["place"] == "Orchestration Designer of app2"
    assert values_of(login) == {"New password": "variable app_server_runtimeconfig_password"}
    assert {step["place"] for name, step in found.items() if "runtimeconfig" not in name} == {"EPM of epm1"}


def test_without_telephony_nothing_is_left_but_email_and_a_look_at_the_home_page() -> None:
    found = steps(with_app_servers(pom_nontelephony=True))
    assert not [name for name in found if name.split(".")[0] in ("application", "trust_app_server", "check_applications")]
    assert found["manual_mode.epm1"]["phase"] == AFTER_CONVERSION
    assert instructions(found["manual_mode.epm1"])[-1] == "See that the page shows: The system is converted to manual mode."
    found = steps(with_app_servers(pom_nontelephony=True, pom_campaign_channels=["email"]))
    assert "application.epm1.AvayaPOMEmail" in found
    assert "trust_app_server.app1" in found
    assert "manual_mode.epm1" not in steps()


def test_licences_are_entered_as_they_are_ordered() -> None:
    server = {"name": "weblm1", "address": "192.0.2.31", "fqdn": "weblm1.example.com"}
    ordered = {"licences_telephony_ports": 25, "licences_tts": 2, "licences_asr": 0}
    assert values(steps(companions_license_server=[{**server, "port": 8443}], **ordered), "licences.epm1") == {
        "License Server": "weblm1.example.com:8443",
        "Telephony Ports": "25",
        "TTS Connections": "2",
    }
    assert values(steps(companions_license_server=[server]), "licences.epm1") == {"License Server": "weblm1.example.com"}


def test_an_mpp_is_told_its_address_and_with_high_availability_to_start_by_itself() -> None:
    mpps = {"sizing_mpp_servers": [{"name": "mpp1", "ports": 10, "address": "192.0.2.41"}, {"name": "mpp2", "ports": 10}]}
    found = steps(**mpps, vmware_guest=True)
    assert values(found, "mpp_server.epm1.mpp1") == {"Host Address": "192.0.2.41", "Restart Automatically": "Yes"}
    assert values(found, "mpp_server.epm1.mpp2") == {"Restart Automatically": "Yes"}
    assert [name for name in steps(**mpps) if name.startswith("mpp")] == ["mpp_server.epm1.mpp1"]
    off = steps(**mpps, vmware_guest=True, vmware_ha_settings={"enabled": False})
    assert values(off, "mpp_server.epm1.mpp1") == {"Host Address": "192.0.2.41"}


def test_organizations_are_made_before_pom_starts_and_takes_them_over() -> None:
    found = steps(organizations_list=[{"name": "CC"}, {"name": "Sales & Service"}])
    made = [name for name in found if name.startswith("organization")]
    assert [found[name]["phase"] for name in made] == ["before_start", "before_start"]
    assert made[0] == "organization.epm1.CC"


# --- another name or address --------------------------------------------------------------------------------------


def renamed() -> list[SiteHost]:
    hosts = [host for host in site() if host.name != "epm2"]
    return [*hosts, site_host("epm4", 22, "epm_auxiliary", **POM, host_former_names=["epm2", "epm2.example.com", "192.0.2.12"])]


def test_a_server_with_former_names_is_found_under_them_and_told_its_present_address() -> None:
    found = steps(renamed())
    update = found["host_address_update.epm4"]
    assert instructions(update)[1] == "Press epm4 or epm2 or epm2.example.com or 192.0.2.12"
    assert values_of(update) == {"Update Host Address": "192.0.2.22", "Trust the certificate": "ticked"}
    assert update["proof"]["any_of"] == ["192.0.2.22"]
    assert "epm2" in found["add_pom_server.epm4"]["proof"]["any_of"]
    assert found["trust_pom_certificate.epm4"]["after"] == ["host_address_update.epm4"]
    assert "Where there is a row pom_epm4 or pom_epm2" in instructions(found["trust_pom_certificate.epm4"])[5]
    assert "host_address_update.epm1" not in found


def with_a_renamed_primary() -> list[SiteHost]:
    words = {**POM, "pom_campaign_channels": ["voice"]}
    return [
        site_host("epm9", 9, "epm_primary", "app_server", **words, host_former_names=["epm1", "192.0.2.1"]),
        site_host("epm2", 2, "epm_auxiliary", **words),
        site_host("app1", 5, "app_server", **words),
    ]


def test_an_auxiliary_authorises_a_primary_with_another_address_by_hand() -> None:
    step = steps(with_a_renamed_primary())["authorise_primary.epm2"]
    command = "cd /opt/Avaya/VoicePortal/Support/VP-Tools && ./setup_vpms.php 192.0.2.9"
    assert instructions(step) == [f"As root on epm2: {command}"]
    assert step["place"] == "command line of epm2"
    assert not [name for name in steps(site()) if name.startswith("authorise_primary")]


def test_every_application_that_the_program_registered_is_led_to_the_present_primary() -> None:
    found = steps(with_a_renamed_primary())
    urls = {name.split(".")[-1]: values_of(step)["URL"] for name, step in found.items() if name.startswith("application.epm9.")}
    assert set(urls) == {application.name for application in DELIVERED}
    assert all(url.startswith("https://epm9.example.com:7443/") for url in urls.values())
    assert "app1" not in str(found["application.epm9.AvayaPOMSMS"]), "nobody wants it of another server"
    removed = found["trust_app_server.epm9"]["actions"][1]
    assert removed == {"remove": "appserver_epm9", "or": ["appserver_epm1", "appserver_192.0.2.1"]}


def test_records_of_a_former_name_still_count() -> None:
    assert steps(renamed())["trust_pom_certificate.epm4"]["formerly"][0] == "trust_pom_certificate.epm2"
    primary = site_host("epm9", 9, "epm_primary", **POM, host_former_names=["epm1"])
    found = steps([host for host in site() if host.name != "epm1"] + [primary])
    assert found["pom_user.epm9.supervisor1"]["formerly"] == ["pom_user.epm1.supervisor1"]
    assert found["home_country.epm9"]["formerly"] == ["home_country.epm1"]


def test_every_action_has_words() -> None:
    hosts = with_app_servers(local=True, organizations_list=[{"name": "CC"}], pom_nontelephony=False)
    lines = [action_words(action) for step in guided_steps.rows([*hosts, *renamed()[-1:]]) for action in step["actions"]]
    assert all(line and "{" not in line for line in lines)
