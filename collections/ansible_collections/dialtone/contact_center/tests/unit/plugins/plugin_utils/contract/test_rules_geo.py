# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.rules_geo import is_same_host


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("sql1.example.com", "SQL1.example.com", True),
        ("sql1.example.com", "sql1", True),
        ("sql1", "sql1.example.com", True),
        ("sql1.dc1.example.com", "sql1.dc2.example.com", False),
        ("sql1.example.com", "sql11.example.com", False),
        ("sql1", "sql2", False),
    ],
)
def test_a_name_without_a_domain_is_meant_in_the_domain_of_the_other(one: str, other: str, same: bool) -> None:
    for pair in ((one, other), (other, one)):
        assert is_same_host(*pair) is same
