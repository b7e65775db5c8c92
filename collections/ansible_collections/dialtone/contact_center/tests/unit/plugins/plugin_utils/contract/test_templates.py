# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.templates import (
    Engine,
    Renderer,
    forbidden_lookup,
    substituted,
)


@pytest.mark.parametrize(
    ("text", "lookup"),
    [
        ("{{ lookup('pipe', 'id') }}", "pipe"),
        ('{{ query( "url", x) }}', "url"),
        ("{{ q('ansible.builtin.pipe', 'id') }}", "ansible.builtin.pipe"),
        ("{% set run = lookup %}{{ run('pipe', 'id') }}", "a lookup whose name is computed"),
        ("{{ lookup(name, 'id') }}", "a lookup whose name is computed"),
        ("{{\nlookup(\n'pipe', 'id') }}", "pipe"),
        ("{{ lookup('env', 'HOME') ~ lookup('pipe', 'id') }}", "pipe"),
        ("{{ lookup('env', 'HOME') }}", None),
        ("{{ lookup('ansible.builtin.file', 'x') }}", None),
        ("{{ record.q }} {{ 'lookup' }}", None),
        ("lookup('pipe', 'id')", None),
        ("{{ lookups }}", None),
    ],
)
def test_only_lookups_that_read_are_allowed(text: str, lookup: str | None) -> None:
    assert forbidden_lookup(text) == lookup
    assert forbidden_lookup({"a": ["x", text]}) == lookup


PARTS = (
    *("{{ one }}", "{{one}}", "{{ two }}", "{{ number }}", "{{ nested }}", "{{ gone }}", "{{ one | upper }}", "{{- one }}"),
    *("{{ braces }}", "{# two #}", "x", "-", "{", "}", "%", " ", "\\"),
)
TEXTS = st.lists(st.sampled_from(PARTS), min_size=1, max_size=5).map("".join)
VARIABLES = {"one": "first", "two": "sec ond", "number": 3, "nested": "{{ one }}", "braces": "{ }"}


@settings(max_examples=300, deadline=None)
@given(st.one_of(TEXTS, st.lists(TEXTS, min_size=1, max_size=2)))
def test_substitution_is_what_jinja_makes_of_it(value: str | list[str]) -> None:
    simple = substituted(trusted(value), trusted(VARIABLES))
    if simple is not None:
        assert simple == Templar(variables=trusted(VARIABLES)).template(trusted(value))


def test_most_names_of_hosts_need_no_jinja() -> None:
    assert substituted(trusted("{{ one }}.example.com"), VARIABLES) == "first.example.com"
    assert substituted(trusted(["{{ one }}-mgmt", "{{one}}.{{ two }}"]), VARIABLES) == ["first-mgmt", "first.sec ond"]
    assert substituted("{{ one }}.example.com", VARIABLES) is None, "what is not trusted is no template"


def trusted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: trusted(item) for name, item in value.items()}
    if isinstance(value, list):
        return [trusted(item) for item in value]
    return trust_as_template(value) if isinstance(value, str) else value


def renderer(engine: Engine, host: str, **written: Any) -> Renderer:
    return Renderer(engine, trusted(written), {"inventory_hostname": host})


def test_shared_results_follow_from_every_variable_that_is_named() -> None:
    engine = Engine(DataLoader())
    size, text = trusted("{{ 1024 * factor }}"), trusted("{{ inventory_hostname | upper }}")
    small, large = trusted("2"), trusted("{{ small | int * 2 }}")
    assert renderer(engine, "a", factor=3).render(size) == 3072
    assert renderer(engine, "b", factor=4).render(size) == 4096
    assert [renderer(engine, host).render(text) for host in ("a", "b", "a")] == ["A", "B", "A"]
    behind = trusted("{{ large }}")
    assert Renderer(engine, {"large": large, "small": small}).render(behind) == 4
    assert Renderer(engine, {"large": large, "small": trusted("5")}).render(behind) == 10


def test_what_reads_by_name_is_rendered_for_each_host() -> None:
    engine = Engine(DataLoader())
    value = trusted("{{ vars['word'] ~ lookup('vars', 'word') }}")
    results = [Renderer(engine, trusted({"word": word})).render(trusted("{{ lookup('vars', 'word') }}")) for word in ("a", "b")]
    assert results == ["a", "b"]
    assert engine._key(value, {}) is None
