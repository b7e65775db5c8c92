# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import checklist, guided_steps
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import SiteHost

from .described_site import IDENTITY, geo_site, recorded, site_host
from .test_guided_steps import POM, site, with_app_servers


def rows(hosts: list[SiteHost]) -> list[dict[str, Any]]:
    return checklist.rows(hosts, guided_steps.rows(hosts))


def states(hosts: list[SiteHost], *done: str) -> dict[str, tuple[str, str]]:
    return {row["item"]: checklist.judged(row, done) for row in rows(hosts)}


def test_the_items_stand_in_the_order_of_the_guide() -> None:
    assert [row["item"] for row in rows(with_app_servers())] == [
        "FIPS mode (optional)",
        "POM database",
        "POM servers",
        "integration of the contact center",
        "users and their privileges",
        "default country",
        "certificates of POM and the application servers",
        "applications and licences",
    ]


def test_an_item_is_done_when_all_of_its_steps_are() -> None:
    hosts = with_app_servers()
    certificates = [f"trust_pom_certificate.epm{number}" for number in (1, 2, 3)]
    item = "certificates of POM and the application servers"
    assert states(hosts, *certificates)[item] == ("open", "trust_app_server.app1")
    assert states(hosts, *certificates, "trust_app_server.app1")[item] == ("done", "")
    every = [step["id"] for step in guided_steps.rows(hosts)]
    assert {state for state, _why in states(hosts, *every).values()} == {"done", "others", "unused"}


def test_what_others_do_and_what_is_not_used_is_said() -> None:
    found = states(site(pom_users=[], pom_home_country=""))
    assert found["FIPS mode (optional)"] == ("unused", "fips_enabled is false")
    assert found["users and their privileges"][0] == "unused"
    assert found["default country"] == ("unused", "pom_home_country is not stated")
    state, why = found["integration of the contact center"]
    assert (state, "Communication Manager" in why, "licence server" in why) == ("others", True, False)
    assert states([site_host("epm1", 1, "epm_primary", **{**POM, "pom_mode": "None"})])["integration of the contact center"] == (
        "unused",
        "the mode None has none",
    )
    assert states(site(fips_enabled=True))["FIPS mode (optional)"][0] == "others"


def test_each_data_center_has_a_list_of_its_own() -> None:
    hosts = geo_site()
    found = checklist.lines(rows(hosts), [], "dc2")
    assert found[0] == "Checklist of data center dc2 (POM-CFG-01):"
    assert len(found) == 9
    assert "add_pom_server.epm3" in found[2]
    assert not any("epm1" in line for line in found)


def test_the_words_that_are_read_are_named() -> None:
    read: set[str] = set()
    hosts = site()
    checklist.rows(recorded(hosts, read), guided_steps.rows(hosts))
    assert read - IDENTITY <= checklist.WORDS_READ
