# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.service_accounts import (
    OBSERVED,
    account_conflict,
    service_account,
)


def hostvars(**accounts: Any) -> dict[str, Any]:
    return {name: {OBSERVED: {"account": account}} for name, account in accounts.items()}


SAME = {"uid": 996, "gid": 995}


def test_the_same_numbers_are_no_conflict() -> None:
    found = hostvars(epm1=SAME, epm2=dict(SAME))
    assert account_conflict(found, ["epm1", "epm2"]) == ""
    assert service_account(found, ["epm1", "epm2"]) == SAME


def test_other_numbers_are_named_with_their_hosts_and_the_way_out() -> None:
    said = account_conflict(hostvars(epm1=SAME, epm2={"uid": 1001, "gid": 995}), ["epm1", "epm2"])
    assert "epm1 uid 996 gid 995, epm2 uid 1001 gid 995" in said
    assert "usermod -u 996" in said


def test_another_group_is_a_conflict_too() -> None:
    assert account_conflict(hostvars(epm1=SAME, epm2={"uid": 996, "gid": 1}), ["epm1", "epm2"])


def test_hosts_that_were_not_looked_at_or_have_no_account_tell_nothing() -> None:
    found = {**hostvars(epm1={}, epm2=SAME), "epm3": {}}
    assert account_conflict(found, ["epm1", "epm2", "epm3"]) == ""
    assert service_account(found, ["epm1", "epm2", "epm3"]) == SAME
    assert service_account(found, ["epm3"]) == {}
