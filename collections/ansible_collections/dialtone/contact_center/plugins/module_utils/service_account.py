# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An account that has to have certain numbers on a host, because files are shared by numbers. Pure but for `look`."""

from __future__ import annotations

import grp
import pwd
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Callable


@dataclass(frozen=True)
class Names:
    """One database of names, of users or of groups: `number` of the wanted name, `holder` of the wanted number."""

    number: int | None = None
    holder: str | None = None


@dataclass(frozen=True)
class Wanted:
    """A user or a group: its kind in words, its name and its number."""

    kind: str
    name: str
    number: int


@dataclass
class Plan:
    """What is to be made, and what forbids it."""

    missing: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)


def plan(seen: Mapping[Wanted, Names]) -> Plan:
    """What is left to do until the names have their numbers. Numbers that are taken are never given away."""
    found = Plan()
    for wanted, names in seen.items():
        short, command = ("uid", "usermod -u") if wanted.kind == "user" else ("gid", "groupmod -g")
        if names.number == wanted.number:
            continue
        if names.holder is not None:
            found.refusals.append(
                f"{short} {wanted.number} is the {wanted.kind} {names.holder} here, and {wanted.name} on the POM servers: "
                f"{names.holder} would own what POM writes over NFS. Give it another number: {command} N {names.holder}"
            )
        elif names.number is not None:
            found.refusals.append(
                f"the {wanted.kind} {wanted.name} has {short} {names.number} here, and {wanted.number} on the POM servers: "
                f"NFS hands over numbers, so POM could not write. Change it: {command} {wanted.number} {wanted.name}"
            )
        else:
            found.missing.append(f"{wanted.kind} {wanted.name} is created with {short} {wanted.number}, as on the POM servers")
    return found


def look(user: str, group: str, uid: int, gid: int) -> dict[Wanted, Names]:
    users = {entry.pw_name: entry.pw_uid for entry in _entries(pwd.getpwnam, user) + _entries(pwd.getpwuid, uid)}
    groups = {entry.gr_name: entry.gr_gid for entry in _entries(grp.getgrnam, group) + _entries(grp.getgrgid, gid)}
    return {
        Wanted("group", group, gid): _names(groups, group, gid),
        Wanted("user", user, uid): _names(users, user, uid),
    }


def _entries(find: Callable[[Any], Any], key: Any) -> list[Any]:
    try:
        return [find(key)]
    except KeyError:
        return []


def _names(numbers: Mapping[str, int], name: str, number: int) -> Names:
    holder = next((other for other, one in numbers.items() if one == number and other != name), None)
    return Names(numbers.get(name), holder)
