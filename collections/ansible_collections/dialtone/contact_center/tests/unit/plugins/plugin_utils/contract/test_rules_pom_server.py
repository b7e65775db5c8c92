# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What holds for every set of POM servers; each fault by itself is held by tests/contract/cases."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import dialogues
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract import rules_pom_server
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import Finding, Location
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.layering import Layer
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.site import HostView, SiteView
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import load_catalogue
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.vendors_tree import words_of

CATALOGUE = load_catalogue()
INSTALL_PATHS = ("/opt/Avaya/avpom", "/data/pom")
WORDS = sorted(words_of(INSTALL_PATHS[0]))
SECRETS = ("certificates_keystore_password", "certificates_truststore_password")


def server(name: str, *components: str, **words: Any) -> HostView:
    own = {"site": "main", "data_center": "dc1", "pom_server_accept_eula": True, **dict.fromkeys(SECRETS, "canary")}
    media = {"pom_server_media_iso": "media/pom.iso", "pom_server_media_sha256": "0" * 64}
    outcall = {"pom_outcall_user": "outcall", "pom_outcall_password": "canary"}
    stated = {**own, **media, **outcall, **words}
    layer: Layer = dict.fromkeys(stated)  # type: ignore[arg-type]  # only whether a word is there is asked
    return HostView(name, components or ("epm_primary",), layer, values={**CATALOGUE.defaults(), **stated})


def findings(*hosts: HostView, rule: str = "") -> list[Finding]:
    site = SiteView(list(hosts), lambda _definition, _steps: Location())
    return [finding for one in rules_pom_server.RULES if rule in ("", one.name) for finding in one.check(site, one)]


@given(st.sampled_from(INSTALL_PATHS), st.sets(st.sampled_from(WORDS)))
def test_each_word_that_is_not_the_vendors_is_found_and_following_the_fixes_ends_it(path: str, wrong: set[str]) -> None:
    right = dict(words_of(path))
    others = {word: not right[word] if isinstance(right[word], bool) else "/elsewhere" for word in wrong}
    kinds = ("epm_primary", "kafka", "zookeeper")
    host = server("epm1", *kinds, pom_server_install_path=path, **{**right, **others})
    found = findings(host, rule="vendors-kafka")
    assert {finding.path for finding in found} == wrong
    assert findings(server("epm1", *kinds, pom_server_install_path=path, **right), rule="vendors-kafka") == []


@pytest.mark.parametrize("components", [("epm_primary",), ("kafka", "zookeeper")])
def test_a_tree_of_ones_own_is_no_fault_elsewhere(components: tuple[str, ...]) -> None:
    assert findings(server("one", *components), rule="vendors-kafka") == []


def test_only_the_words_of_what_a_host_carries_are_judged() -> None:
    words = {**words_of(INSTALL_PATHS[0]), "zookeeper_unit": "zookeeper", "kafka_unit": "kafka"}
    assert [one.path for one in findings(server("epm1", "epm_primary", "kafka", **words), rule="vendors-kafka")] == ["kafka_unit"]


@given(st.lists(st.booleans(), min_size=1, max_size=5))
def test_the_servers_of_a_data_center_are_managed_all_or_none(managed: list[bool]) -> None:
    hosts = [
        server(f"epm{number}", "epm_auxiliary" if number else "epm_primary", pom_server_managed=one)
        for number, one in enumerate(managed)
    ]
    assert bool(findings(*hosts, rule="managed-in-part")) is (len(set(managed)) == 2)


@given(st.sampled_from(["same", "other"]), st.sampled_from([("kafka",), ("zookeeper",), ("pom_database",), ()]))
def test_stores_have_one_password_where_kafka_or_zookeeper_opens_them(second: str, others: tuple[str, ...]) -> None:
    host = server("epm1", "epm_primary", *others, **dict(zip(SECRETS, ("same", second), strict=True)))
    found = findings(host, rule="store-password")
    assert bool(found) is (second == "other" and bool(set(others) & {"kafka", "zookeeper"}))
    assert not any(word in str(finding.as_dict()) for finding in found for word in ("'same'", "'other'"))


def test_nothing_is_asked_of_a_server_that_somebody_else_keeps() -> None:
    bare = {"pom_server_managed": False, "pom_server_accept_eula": False, "certificates_source": "generated"}
    host = server("epm1", "epm_primary", "kafka", "zookeeper", **bare)
    for word in (*SECRETS, "pom_server_media_iso"):
        del host.layer[word], host.values[word]  # type: ignore[attr-defined]
    assert findings(host) == []


@pytest.mark.parametrize("name", dialogues.names())
def test_every_dialogue_may_be_overlaid_and_one_of_a_near_name_is_offered(name: str) -> None:
    overlay = {"limits": {"total_seconds": 7200}}
    assert findings(server("epm1", site_dialogues={name: overlay}), rule="dialogue-overlay") == []
    [found] = findings(server("epm1", site_dialogues={f"{name}x": overlay}), rule="dialogue-overlay")
    assert found.fix == f"rename it to {name}"


def test_an_overlay_is_shown_where_it_does_not_fit() -> None:
    overlays = {"installDB": {"steps": {"mode": {"answer": "1", "menu": "x"}}}, "unlike_any": {}}
    fault, unknown = findings(server("epm1", site_dialogues=overlays), rule="dialogue-overlay")
    assert (fault.path, unknown.path) == ("site_dialogues.installDB.steps.mode", "site_dialogues.unlike_any")
    assert "it says exactly one of" in fault.found
    assert unknown.fix == "remove it"
