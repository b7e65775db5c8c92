# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import os
import pwd

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils.service_account import Names, Wanted, look, plan

USER = Wanted("user", "avayavp", 996)


@pytest.mark.parametrize(
    ("names", "missing", "refusal"),
    [
        (Names(996), 0, ""),
        (Names(), 1, ""),
        (Names(1001), 0, "has uid 1001 here, and 996 on the POM servers"),
        (Names(None, "other"), 0, "uid 996 is the user other"),
        (Names(1001, "other"), 0, "uid 996 is the user other"),
    ],
)
def test_numbers_are_created_or_refused_and_never_taken(names: Names, missing: int, refusal: str) -> None:
    found = plan({USER: names})
    assert len(found.missing) == missing
    assert bool(found.refusals) == bool(refusal)
    assert refusal in "".join(found.refusals)


def test_a_group_is_told_in_its_own_words() -> None:
    (said,) = plan({Wanted("group", "avayavpgroup", 995): Names(7)}).refusals
    assert "groupmod -g 995 avayavpgroup" in said


def test_looking_finds_names_and_holders() -> None:
    me = pwd.getpwuid(os.getuid())
    found = look(me.pw_name, "no-such-group", me.pw_uid, me.pw_gid)
    users = {wanted.kind: names for wanted, names in found.items()}
    assert users["user"] == Names(me.pw_uid)
    assert users["group"].number is None
    assert users["group"].holder
