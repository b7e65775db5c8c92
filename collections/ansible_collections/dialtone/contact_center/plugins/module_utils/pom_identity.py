# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a POM server, or its database, has another name or address than the one that POM was set up with. Pure."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_connection import Connection

MARKER = "identity"
WORDS = ("fqdn", "address")


@dataclass(frozen=True)
class Identity:
    """The server's name and address, those of its database, and which of them this run may carry through."""

    name: str
    fqdn: str
    address: str
    changing: str = ""  # inventory name of the host whose new identity a person carries through in this run
    database_server: str = ""
    former_database_hosts: tuple[str, ...] = ()

    @property
    def may_change(self) -> bool:
        return self.changing == self.name

    @property
    def may_move_database(self) -> bool:
        return bool(self.database_server) and self.changing == self.database_server

    def was_host_of_database(self, host: str) -> bool:
        return host.lower() in {former.lower() for former in self.former_database_hosts}


def identity_of(words: Mapping[str, Any], changing: str) -> Identity | None:
    """The identity that a role was handed; None where it was handed none."""
    if not words:
        return None
    return Identity(
        str(words["name"]),
        str(words["fqdn"]),
        str(words["address"]),
        changing,
        str(words.get("database_server") or ""),
        tuple(str(host) for host in words.get("former_database_hosts") or ()),
    )


def reasons(recorded: Mapping[str, Any], former_name: str, identity: Identity | None) -> list[str]:
    """Why POM has to be told another identity.

    `former_name` is one that its configuration holds: it decides where nothing was recorded.
    """
    if identity is None:
        return []
    wanted = {"fqdn": identity.fqdn, "address": identity.address}
    if not recorded:
        return [f"its configuration names {former_name}"] if former_name else []
    return [
        f"{recorded[word]} becomes {wanted[word]}"
        for word in WORDS
        if recorded.get(word) and str(recorded[word]).lower() != wanted[word].lower()
    ]


def refusal(why: list[str], identity: Identity) -> str:
    return (
        f"POM was set up on this server under another name or address ({', '.join(why)}), and a roll-out alone would leave it "
        "half told, with services that do not start. Carry the change through with playbooks/pom_identity.yml -e "
        f"identity_host={identity.name}, or write the former host_fqdn and host_address back (POM-ID-01, POM-ID-02)"
    )


def is_moved(configured: Connection | None, wanted: Connection | None, identity: Identity | None) -> bool:
    """Whether POM is configured for the wanted database by a name that its server had before."""
    if configured is None or wanted is None or identity is None or not identity.was_host_of_database(configured.host):
        return False
    return replace(configured, host=wanted.host).place == wanted.place and configured.place != wanted.place


def another_database(configured: Connection, wanted: Connection) -> str:
    return (
        f"{wanted.host} should be the former {configured.host}, and the database {wanted.name} on it has no table of POM's: it "
        "is another server, or another database. Compare host_address, host_fqdn and host_former_names of the database server; a "
        "schema is not created in its place (T-151)"
    )


def refused_move(configured: Connection, wanted: Connection, identity: Identity) -> str:
    return (
        f"POM is configured for its database on {configured.host}, which is {wanted.host} now: connections of running services "
        "would break one after the other. Move it with POM stopped: playbooks/"
        f"{'pom' if identity.database_server == identity.name else 'database'}_identity.yml -e "
        f"identity_host={identity.database_server} (POM-ID-02, T-151)"
    )
