# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import companions
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract import rules
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import Finding, Location
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.site import HostView, SiteView
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import load_catalogue

CATALOGUE = load_catalogue()
MODES = CATALOGUE.words["pom_mode"].schema["enum"]
RULES = {rule.name: rule for rule in rules.RULES}

# The vendor's list of changes, and its table of systems: read a second time, independently of the code.
ALLOWED_CHANGES = {("AACC-SBP", "AACC"), ("None", "CCElite"), ("None", "AACC"), ("None", "AACC-SBP"), ("None", "Oceana")}
REFUSED_WITHOUT = {
    "None": {"license_server"},
    "CCElite": {"license_server", "communication_manager", "aes", "cms"},
    "AACC-SBP": {"license_server", "aacc"},
    "AACC": {"license_server", "aacc"},
    "Oceana": {"license_server", "oceana", "aes"},
    "CCaaS-Outbound": {"license_server"},
}


def view(name: str, *components: str, data_center: str = "dc1", **words: Any) -> HostView:
    values = {**CATALOGUE.defaults(), "site": "main", "data_center": data_center, **words}
    return HostView(name, components, {}, Location("hosts.yml", 1), values)


def written(host: HostView, *words: str) -> HostView:
    return dataclasses.replace(host, layer=dict.fromkeys(words))


def findings(rule: str, *hosts: HostView) -> list[Finding]:
    return list(RULES[rule].check(SiteView(list(hosts), lambda definition, steps: Location()), RULES[rule]))


@pytest.mark.parametrize(("installed", "wanted"), list(itertools.permutations(MODES, 2)))
def test_only_documented_changes_of_the_mode_are_accepted(installed: str, wanted: str) -> None:
    found = findings("mode-change", view("epm1", "epm_primary", pom_installed_mode=installed, pom_mode=wanted))
    assert bool(found) is ((installed, wanted) not in ALLOWED_CHANGES)


@pytest.mark.parametrize("mode", MODES)
def test_a_mode_that_stays_is_no_change(mode: str) -> None:
    assert findings("mode-change", view("epm1", "epm_primary", pom_installed_mode=mode, pom_mode=mode)) == []


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_is_refused_without_exactly_its_companions(mode: str) -> None:
    found = findings("companion-missing", view("epm1", "epm_primary", pom_mode=mode))
    assert {finding.path.removeprefix("companions_") for finding in found if finding.refused} == REFUSED_WITHOUT[mode]


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_is_accepted_with_its_companions(mode: str) -> None:
    described = {word: [{"name": "some1", "address": "192.0.2.31"}] for word in companions.TITLES}
    assert findings("companion-missing", view("epm1", "epm_primary", pom_mode=mode, **described)) == []


def test_every_companion_of_the_schema_has_a_title() -> None:
    assert set(companions.TITLES) == {name for name, word in CATALOGUE.words.items() if word.area == "companions"}


def test_a_value_that_is_not_known_now_is_no_fault() -> None:
    """A word in a vault that stays closed is written, and has no value."""
    host = view("epm1", "epm_primary", pom_mode="CCElite")
    for word in companions.TITLES:
        del host.values[word]
    assert findings("companion-missing", host) == []


def test_words_of_a_data_center_are_compared_within_it() -> None:
    hosts = [
        written(view("epm1", pom_zones=["North"]), "pom_zones"),
        written(view("epm2", pom_zones=["North"]), "pom_zones"),
        written(view("epm3", data_center="dc2", pom_zones=["South"]), "pom_zones"),
    ]
    assert findings("differs-over-hosts", *hosts) == []
    (found,) = findings("differs-over-hosts", *hosts, view("epm4"))
    assert (found.hosts, found.found) == (("epm4",), '[] (the default), while 2 hosts of data center dc1 have ["North"]')


def test_what_rules_share_is_computed_once() -> None:
    site = SiteView([view("epm1", "epm_primary")], lambda definition, steps: Location())
    assert site.data_centers() is site.data_centers()
