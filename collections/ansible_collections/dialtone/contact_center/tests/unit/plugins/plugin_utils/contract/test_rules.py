# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract import rules
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import Location
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.site import HostView, SiteView
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import COMPONENTS, load_catalogue

CATALOGUE = load_catalogue()
SOURCES = {path.name: path.read_text(encoding="utf-8") for path in sorted(Path(rules.__file__).parent.glob("rules*.py"))}
PARTS = {key for word in CATALOGUE.words.values() for key in word.schema.get("properties", ())}
AREAS = "|".join(sorted({word.area for word in CATALOGUE.words.values()}))


def test_a_host_without_any_known_value_is_passed_over_in_silence() -> None:
    """What is not known now is judged elsewhere: no rule may guess, and none may fail."""
    components = tuple(component for component in COMPONENTS if component != "epm_auxiliary")  # no host is both
    hosts = [HostView(name, components, {}) for name in ("one", "two")]
    site = SiteView(hosts, lambda definition, steps: Location())
    assert list(rules.apply_rules(site)) == []


def test_names_of_rules_are_unique() -> None:
    names = [rule.name for rule in rules.RULES]
    assert len(names) == len(set(names))


def test_every_function_of_a_rule_is_in_the_table() -> None:
    written = {
        name
        for source in SOURCES.values()
        for name in re.findall(r"^def ([a-z]\w+)\(site: SiteView, rule: Rule\)", source, re.MULTILINE)
    }
    assert written == {rule.check.__name__ for rule in rules.RULES}


@pytest.mark.parametrize("name", SOURCES)
def test_words_in_rules_are_words_of_the_contract(name: str) -> None:
    named = set(re.findall(rf'"((?:{AREAS})_[a-z_]*[a-z])"', SOURCES[name]))
    assert named - set(CATALOGUE.words) - set(COMPONENTS) - PARTS == set()


def test_variables_named_for_owned_keys_can_be_set_by_a_person() -> None:
    variables = {name for name in (*rules.KAFKA_KEYS.values(), *rules.ZOOKEEPER_KEYS.values()) if name}
    assert variables <= set(CATALOGUE.names_for_a_person())
