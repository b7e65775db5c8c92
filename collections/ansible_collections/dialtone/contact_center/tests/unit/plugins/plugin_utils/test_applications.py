# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import applications
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.applications import DELIVERED, Application

from .described_site import site_host

CHANNELS = ("voice", "sms", "email")
TABLE = {
    "PomDriverApp": ("/PomDriverApp/ccxml/start.jsp", "POM:Driver", "Outbound"),
    "Nailer": ("/Nailer/ccxml/start.jsp", "POM:Nailer", "Outbound"),
    "AvayaPOMNotifier": ("/AvayaPOMNotifier/Start", "POM:Application/VXML", "Outbound"),
    "AvayaPOMAnnouncement": ("/AvayaPOMAnnouncement/Start", "POM:Application/VXML", "Outbound"),
    "AvayaPOMAgent": ("/AvayaPOMAgent/Start", "POM:Application/VXML", "Outbound"),
    "AvayaPOMSMS": ("/AvayaPOMSMS/Start", "SMS", "Inbound"),
    "AvayaPOMEmail": ("/AvayaPOMEmail/Start", "Email", "Inbound"),
}
SERVERS = (site_host("epm1", 11, "epm_primary", "app_server"), site_host("app1", 13, "app_server"))


def registered(servers: Any = SERVERS, **words: Any) -> list[Application]:
    return applications.registered(lambda word, default=None: words.get(word, default), servers)


def names(**words: Any) -> list[str]:
    return [application.name for application in registered(**words)]


def test_the_seven_delivered_applications_are_the_documented_ones() -> None:
    found = {
        application.name: (
            application.urls[0].removeprefix("https://epm1.example.com:7443"),
            application.type,
            application.direction,
        )
        for application in registered()
    }
    assert found == TABLE
    assert {application.name for application in DELIVERED if not application.is_name_exact} == {"PomDriverApp", "Nailer"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"pom_campaign_channels": ["sms"]}, ["PomDriverApp", "Nailer", "AvayaPOMSMS"]),
        ({"pom_campaign_channels": ["voice"]}, list(TABLE)[:5]),
        ({"pom_campaign_channels": ["email", "voice"], "pom_nontelephony": True}, ["AvayaPOMEmail"]),
        ({"pom_campaign_channels": [], "pom_nontelephony": True}, []),
    ],
)
def test_what_is_registered_follows_from_mode_and_channels(words: dict[str, Any], expected: list[str]) -> None:
    assert names(**words) == expected


@given(st.sets(st.sampled_from(CHANNELS)), st.lists(st.sampled_from(["Default", "North", "South"]), unique=True), st.booleans())
def test_each_zone_has_a_nailer_and_a_driver_of_its_own(channels: set[str], zones: list[str], nontelephony: bool) -> None:
    found = registered(pom_campaign_channels=sorted(channels), pom_zones=zones, pom_nontelephony=nontelephony)
    for zone in zones or ["Default"]:
        kinds = {application.type for application in found if application.zone == zone}
        assert set(applications.NEEDED_IN_A_ZONE) <= kinds or nontelephony
    assert len({(application.name, application.zone) for application in found}) == len(found)


@given(st.sets(st.sampled_from(CHANNELS), min_size=1), st.sampled_from(CHANNELS))
def test_a_further_channel_takes_no_application_away(channels: set[str], further: str) -> None:
    assert set(names(pom_campaign_channels=sorted(channels))) <= set(names(pom_campaign_channels=sorted({*channels, further})))


def test_what_the_inventory_lists_takes_the_place_of_the_delivered_ones() -> None:
    listed = [
        {
            "name": "Survey",
            "type": "POM:Application/VXML",
            "zone": "North",
            "organization": "CC",
            "url": "https://own.example.com/s/Start",
        },
        {"name": "NailerNorth", "type": "POM:Nailer"},
    ]
    survey, nailer = registered(app_server_applications=listed)
    assert survey == Application("Survey", "POM:Application/VXML", "North", "CC", ("https://own.example.com/s/Start",))
    assert nailer.urls[0] == "https://epm1.example.com:7443/Nailer/ccxml/start.jsp"
    assert (nailer.zone, nailer.is_default, survey.is_default) == ("Default", True, False)


def test_without_an_application_server_only_what_has_a_url_is_registered() -> None:
    listed = [{"name": "Survey", "type": "SMS", "url": "https://own.example.com/Survey"}, {"name": "Other", "type": "SMS"}]
    assert names(servers=[], app_server_applications=listed) == ["Survey"]
    assert registered([]) == []


def test_the_server_on_the_primary_comes_first_and_the_others_are_alternates() -> None:
    primary = site_host("epm1", 11, "epm_primary", "app_server")
    others = [site_host(name, number, "app_server") for name, number in (("app2", 15), ("app1", 14))]
    servers = applications.in_order([*others, primary, site_host("epm2", 12, "epm_auxiliary")], primary)
    assert [server.name for server in servers] == ["epm1", "app1", "app2"]
    assert [url.split("/")[2] for url in registered(servers)[0].urls] == [
        f"{name}.example.com:7443" for name in ("epm1", "app1", "app2")
    ]


def test_a_url_names_the_server_as_its_certificate_does() -> None:
    assert applications.base_url(site_host("app1", 13, "app_server", app_server_url_host="address")) == "https://192.0.2.13:7443"
    assert applications.base_url(site_host("app1", 13, "app_server", app_server_port=9443)) == "https://app1.example.com:9443"


def test_the_program_registers_only_what_is_local_to_the_primary() -> None:
    assert applications.registered_by_program(site_host("epm1", 11, "epm_primary", "app_server"))
    assert not applications.registered_by_program(site_host("epm1", 11, "epm_primary"))
    assert not applications.registered_by_program(site_host("epm1", 11, "epm_primary", "app_server", pom_nontelephony=True))
