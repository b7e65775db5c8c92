# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""POM's account over the hosts that share files: NFS hands over numbers, so they must be the same everywhere. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_layout import GROUP, OWNER

OBSERVED = "__pom_directories_register_observed"


def accounts(hostvars: Mapping[str, Mapping[str, Any]], servers: Iterable[str]) -> dict[str, dict[str, int]]:
    """The account of each server that was looked at in this run and has one."""
    found = {}
    for server in servers:
        account = (hostvars[server].get(OBSERVED) or {}).get("account")
        if account:
            found[server] = {"uid": int(account["uid"]), "gid": int(account["gid"])}
    return found


def service_account(hostvars: Mapping[str, Mapping[str, Any]], servers: Iterable[str]) -> dict[str, int]:
    """The numbers that the servers share; empty where none was looked at."""
    return next(iter(accounts(hostvars, servers).values()), {})


def account_conflict(hostvars: Mapping[str, Mapping[str, Any]], servers: Iterable[str]) -> str:
    """Why the servers cannot share files; empty where their numbers are the same."""
    found = accounts(hostvars, servers)
    if len({tuple(numbers.items()) for numbers in found.values()}) < 2:
        return ""
    first, wanted = next(iter(found.items()))
    words = ", ".join(f"{server} uid {numbers['uid']} gid {numbers['gid']}" for server, numbers in found.items())
    return (
        f"The account {OWNER} and its group {GROUP} have different numbers: {words}. NFS hands over numbers, not names: what one "
        "server writes, another could not read, or somebody else's account there could. Nothing is mounted. With POM and "
        f"Experience Portal stopped, bring the others to those of {first}: groupmod -g {wanted['gid']} {GROUP}; "
        f"usermod -u {wanted['uid']} {OWNER}; and give them the files that they had (find / -xdev -uid OLD); then run again"
    )
