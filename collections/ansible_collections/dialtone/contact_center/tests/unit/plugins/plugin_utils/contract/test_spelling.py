# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.spelling import nearest, slips_between

WORDS = st.text("abc_", max_size=8)


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [
        ("kafak", "kafka", 1),
        ("kafka", "kafka", 0),
        ("kafk", "kafka", 1),
        ("kafkaa", "kafka", 1),
        ("kabka", "kafka", 1),
        ("", "cms", 3),
    ],
)
def test_slips(one: str, other: str, slips: int) -> None:
    assert slips_between(one, other) == slips


@given(WORDS, WORDS)
def test_slips_are_symmetric_and_none_only_between_equals(word: str, another: str) -> None:
    slips = slips_between(word, another)
    assert slips == slips_between(another, word)
    assert (slips == 0) == (word == another)
    assert abs(len(word) - len(another)) <= slips <= max(len(word), len(another))


def test_nearest_prefers_the_fewest_slips_and_does_not_guess_wildly() -> None:
    assert nearest("kafka_heap_mg", ["kafka_home", "kafka_heap_mb"]) == "kafka_heap_mb"
    assert nearest("nagios_server", ["kafka_home", "kafka_heap_mb"]) is None
    assert nearest("cmd", ["cms"]) == "cms"
