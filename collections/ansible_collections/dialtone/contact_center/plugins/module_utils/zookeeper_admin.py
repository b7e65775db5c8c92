# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ZooKeeper's four-letter words over TLS, and what their answers mean."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.dialtone.contact_center.plugins.module_utils.tls_client import TlsConnection

NOT_SERVING = "This ZooKeeper instance is not currently serving requests"
NOT_ALLOWED = "is not executed because it is not in the whitelist"
ANSWER_LIMIT = 1024 * 1024

IN_SYNC = "broadcast"
MODES = ("leader", "follower", "observer", "standalone")


class ZookeeperError(Exception):
    """The server answered, but not with what the word asks for."""


@dataclass(frozen=True)
class Member:
    """One server of an ensemble as it describes itself. mode is '' while it does not serve."""

    mode: str
    version: str = ""
    phase: str = ""
    zxid: str = ""
    quorum_size: int | None = None
    learners: int | None = None
    synced_followers: int | None = None
    pending_syncs: int | None = None
    outstanding_requests: int | None = None
    nodes: int | None = None
    connections: int | None = None
    uptime_ms: int | None = None

    @property
    def serving(self) -> bool:
        return self.mode in MODES


@dataclass(frozen=True)
class Readiness:
    ready: bool
    state: str
    reason: str


def ask(connection: TlsConnection, word: str) -> str:
    connection.send(word.encode("ascii"))
    return connection.receive_until_closed(ANSWER_LIMIT).decode("utf-8", "replace")


def check_answer(word: str, answer: str) -> str:
    if NOT_ALLOWED in answer:
        raise ZookeeperError(f"the word '{word}' is not in 4lw.commands.whitelist of the server")
    if not answer.strip():
        raise ZookeeperError(f"the server closed the connection without an answer to '{word}'")
    return answer


def parse_srvr(answer: str) -> Member:
    check_answer("srvr", answer)
    if NOT_SERVING in answer:
        return Member(mode="")
    fields = dict(line.split(": ", 1) for line in answer.splitlines() if ": " in line)
    if "Mode" not in fields:
        raise ZookeeperError("the answer to 'srvr' has no line 'Mode:'")
    return Member(
        mode=fields["Mode"].strip(),
        version=version_number(fields.get("Zookeeper version", "")),
        zxid=fields.get("Zxid", "").strip(),
        outstanding_requests=_integer(fields.get("Outstanding")),
        nodes=_integer(fields.get("Node count")),
        connections=_integer(fields.get("Connections")),
    )


def parse_mntr(answer: str) -> Member:
    check_answer("mntr", answer)
    if NOT_SERVING in answer:
        return Member(mode="")
    fields = dict(line.split("\t", 1) for line in answer.splitlines() if "\t" in line)
    if "zk_server_state" not in fields:
        raise ZookeeperError("the answer to 'mntr' has no line 'zk_server_state'")
    return Member(
        mode=fields["zk_server_state"].strip(),
        version=version_number(fields.get("zk_version", "")),
        phase=fields.get("zk_peer_state", "").partition(" - ")[2].strip(),
        quorum_size=_integer(fields.get("zk_quorum_size")),
        learners=_integer(fields.get("zk_learners", fields.get("zk_followers"))),
        synced_followers=_integer(fields.get("zk_synced_followers")),
        pending_syncs=_integer(fields.get("zk_pending_syncs")),
        outstanding_requests=_integer(fields.get("zk_outstanding_requests")),
        nodes=_integer(fields.get("zk_znode_count")),
        connections=_integer(fields.get("zk_num_alive_connections")),
        uptime_ms=_integer(fields.get("zk_uptime")),
    )


def judge(member: Member, expect_members: int) -> Readiness:
    """Ready: it serves requests in the mode that an ensemble of this size has, and as the leader it has everybody in sync."""
    if not member.serving:
        return Readiness(
            False,
            "no_quorum",
            "it runs, but serves no requests: it has no quorum. Are the other members up, and do their server.N lines agree?",
        )
    if expect_members == 1:
        if member.mode == "standalone":
            return Readiness(True, "standalone", "")
        return Readiness(
            False, member.mode, f"it is a {member.mode} of an ensemble, and the site has one ZooKeeper server in this data center"
        )
    if member.mode == "standalone":
        return Readiness(
            False,
            "standalone",
            f"it runs alone, and the ensemble has {expect_members} members: its properties name no other server",
        )
    if member.quorum_size is not None and member.quorum_size != expect_members:
        return Readiness(
            False,
            member.mode,
            f"it was started with {member.quorum_size} members, and the ensemble has {expect_members}: a restart is due",
        )
    if member.mode == "leader" and member.synced_followers is not None and member.synced_followers < expect_members - 1:
        return Readiness(
            False,
            "leader",
            f"it leads, but {member.synced_followers} of {expect_members - 1} followers are in sync",
        )
    if member.phase not in ("", IN_SYNC):
        return Readiness(False, member.mode, f"it is a {member.mode}, but still in the phase '{member.phase}', not '{IN_SYNC}'")
    return Readiness(True, member.mode, "")


def version_number(text: str) -> str:
    """'3.6.3--6401e4ad2087061bc6b9f80dec2d69f2e3c8660a, built on …' is '3.6.3'."""
    found = re.match(r"\d+(?:\.\d+)*", text.strip())
    return found.group(0) if found else ""


def _integer(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return int(float(text))
    except ValueError:
        return None
