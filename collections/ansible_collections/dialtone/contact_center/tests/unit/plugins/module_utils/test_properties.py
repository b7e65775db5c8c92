# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.module_utils import properties

KEYS = st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0"), min_size=1, max_size=12)
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0"), max_size=20)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a=b\nc : d\ne f\n", {"a": "b", "c": "d", "e": "f"}, id="three separators"),
        pytest.param("# a=b\n! c=d\n\n", {}, id="comments and blank lines"),
        pytest.param("k = one \\\n    two\n", {"k": "one two"}, id="continued line"),
        pytest.param("a\\=b=c\n", {"a=b": "c"}, id="escaped separator in the key"),
        pytest.param("a\\\\=c\n", {"a\\": "c"}, id="backslash at the end of the key"),
        pytest.param("a=1\na=2\n", {"a": "2"}, id="last one wins"),
        pytest.param("p=C:\\\\x\\u00e4\n", {"p": "C:\\x\u00e4"}, id="escapes"),
        pytest.param("flag\n", {"flag": ""}, id="key without value"),
    ],
)
def test_parse_reads_as_java_does(text, expected):
    assert properties.parse(text) == expected


def test_merge_keeps_every_line_that_is_not_ours():
    vendor = "# vendor\nbroker.id=0\nkeep.me = yes\\\n  no\n\nlog.dirs=/tmp\n"
    merged = properties.merge(vendor, {"broker.id": "3", "listeners": "SSL://a:9093"}, ["log.dirs"])
    assert merged == "# vendor\nbroker.id=3\nkeep.me = yes\\\n  no\n\nlisteners=SSL://a:9093\n"


def test_merge_leaves_a_key_that_is_right_as_the_vendor_wrote_it():
    assert properties.merge("a : 1\n", {"a": "1"}) == "a : 1\n"


def test_merge_leaves_a_key_that_stands_twice_once():
    assert properties.merge("a=1\nb=2\na=3\n", {"a": "4"}) == "b=2\na=4\n"


def test_merge_refuses_a_key_that_is_set_and_absent():
    with pytest.raises(properties.PropertiesError, match="both set and absent: a"):
        properties.merge("", {"a": "1"}, ["a"])


def test_a_line_break_is_refused():
    with pytest.raises(properties.PropertiesError, match="line break"):
        properties.format_property("a", "b\nssl.client.auth=none")


@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_what_is_rendered_is_what_is_parsed(values):
    assert properties.parse(properties.render(values, "header")) == values


@given(st.dictionaries(KEYS, VALUES, max_size=5), st.dictionaries(KEYS, VALUES, max_size=5))
def test_merge_sets_ours_and_keeps_theirs_and_is_idempotent(theirs, ours):
    merged = properties.merge(properties.render(theirs), ours)
    assert properties.parse(merged) == {**theirs, **ours}
    assert properties.merge(merged, ours) == merged
