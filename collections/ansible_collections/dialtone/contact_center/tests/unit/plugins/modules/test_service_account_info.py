# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import grp
import pwd

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils import service_account
from ansible_collections.dialtone.contact_center.plugins.modules import service_account_info


@pytest.fixture
def look(run_module, monkeypatch):
    """A host whose accounts are those of the test: look(users, groups) with the numbers that POM's account must have."""

    def entries(kind, accounts):
        def by_name(name):
            return kind((name, "x", accounts[name], *[""] * (kind.n_sequence_fields - 3)))

        def by_number(number):
            return by_name(next(name for name, one in [*accounts.items(), (KeyError, number)] if one == number))

        return by_name, by_number

    def run(users, groups, check=False):
        for module, kind, accounts, names in (
            (service_account.pwd, pwd.struct_passwd, users, ("getpwnam", "getpwuid")),
            (service_account.grp, grp.struct_group, groups, ("getgrnam", "getgrgid")),
        ):
            for name, find in zip(names, entries(kind, accounts)):
                monkeypatch.setattr(module, name, find)
        wanted = {"user": "avayavp", "group": "avayavpgroup", "uid": 996, "gid": 995}
        return run_module(service_account_info, wanted, check)

    return run


@pytest.mark.parametrize("check", [False, True], ids=["run", "check mode"])
def test_an_account_that_is_there_needs_nothing(look, check):
    found = look({"avayavp": 996}, {"avayavpgroup": 995}, check)
    assert (found["changed"], found["missing"]) == (False, [])


def test_what_has_to_be_created_is_told_and_nothing_is_changed(look):
    found = look({"root": 0}, {"root": 0})
    assert not found["changed"]
    assert found["missing"] == [
        "group avayavpgroup is created with gid 995, as on the POM servers",
        "user avayavp is created with uid 996, as on the POM servers",
    ]


def test_numbers_that_others_hold_are_refused_together(look):
    found = look({"chrony": 996}, {"avayavpgroup": 1200})
    assert found["failed"]
    assert found["msg"].startswith("Nothing is changed: ")
    assert "uid 996 is the user chrony here" in found["msg"]
    assert "groupmod -g 995 avayavpgroup" in found["msg"]
