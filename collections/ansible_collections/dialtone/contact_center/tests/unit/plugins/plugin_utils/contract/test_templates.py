# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.templates import forbidden_lookup


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
