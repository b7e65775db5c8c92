# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import random
import sys

import pytest
from ansible.errors import AnsibleError
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.validate import Validator, _validator
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import Word, load_catalogue

CATALOGUE = load_catalogue()
SECRETS = [word for word in CATALOGUE.words.values() if word.is_secret]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def faults(name: str, value: object) -> list[tuple[str, str]]:
    return [(fault.rule, fault.found) for fault in Validator().faults(CATALOGUE.words[name], value)]


@pytest.mark.parametrize("word", [word for word in CATALOGUE.words.values() if word.has_default], ids=lambda word: word.name)
def test_every_default_is_valid(word: Word) -> None:
    assert Validator().faults(word, word.schema["default"]) == ()


@pytest.mark.parametrize(
    "word", [word for word in CATALOGUE.words.values() if "examples" in word.schema], ids=lambda word: word.name
)
def test_every_example_is_valid(word: Word) -> None:
    for example in word.schema["examples"]:
        assert Validator().faults(word, example) == ()


@given(st.sampled_from(SECRETS), st.text("QXZ#%", min_size=5, max_size=40), st.sampled_from([str, list, dict, int]))
def test_no_secret_is_ever_shown(word: Word, secret: str, kind: type) -> None:
    number = random.Random(secret).randint(10**9, 10**10)
    value = {str: secret, list: [secret], dict: {"inner": secret}, int: number}[kind]
    for fault in Validator().faults(word, value):
        text = f"{fault.found} {fault.expected} {fault.fix} {fault.steps}"
        assert secret not in text
        assert str(number) not in text


@given(st.sampled_from(list(CATALOGUE.words.values())), JSON)
def test_any_value_gives_findings_and_never_an_exception(word: Word, value: object) -> None:
    for fault in Validator().faults(word, value):
        assert fault.rule
        assert fault.expected
        assert fault.fix


def test_true_is_no_number_and_one_is_no_boolean() -> None:
    validator = Validator()
    assert validator.faults(CATALOGUE.words["kafka_num_partitions"], 1) == ()
    assert validator.faults(CATALOGUE.words["kafka_num_partitions"], True)
    assert validator.faults(CATALOGUE.words["kafka_unit_managed"], True) == ()
    assert validator.faults(CATALOGUE.words["kafka_unit_managed"], 1)


def test_items_are_named_by_their_place() -> None:
    (fault,) = Validator().faults(CATALOGUE.words["host_aliases"], ["good", "bad name"])
    assert fault.steps == (1,)
    assert fault.found == '"bad name"'


def test_property_names_are_judged() -> None:
    assert faults("kafka_extra_properties", {"bad key": 1}) == [("value-pattern", '"bad key"')]


def test_password_among_properties_is_not_shown() -> None:
    ((_rule, found),) = faults("kafka_extra_properties", {"my.password": ["hunter2"]})
    assert "hunter2" not in found


def test_a_controller_without_jsonschema_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    _validator.cache_clear()
    with pytest.raises(AnsibleError, match=r"has no package jsonschema.*-m pip install jsonschema"):
        faults("kafka_heap_mb", 2048)
