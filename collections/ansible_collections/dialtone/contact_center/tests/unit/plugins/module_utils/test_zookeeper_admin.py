# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils.zookeeper_admin import (
    Member,
    ZookeeperError,
    judge,
    parse_mntr,
    parse_srvr,
    version_number,
)

RECORDED = Path(__file__).parent / "recorded"


def recorded(name: str) -> str:
    return (RECORDED / f"zookeeper-3.6.3-{name}.txt").read_text()


def test_leader():
    member = parse_mntr(recorded("mntr-leader"))
    assert (member.mode, member.version, member.phase, member.quorum_size, member.synced_followers) == (
        "leader",
        "3.6.3",
        "broadcast",
        3,
        2,
    )
    assert judge(member, 3).ready


def test_follower():
    member = parse_mntr(recorded("mntr-follower"))
    assert (member.mode, member.synced_followers) == ("follower", None)
    assert judge(member, 3).state == "follower"


def test_leader_that_lost_a_follower():
    readiness = judge(parse_mntr(recorded("mntr-leader-one-follower-gone")), 3)
    assert not readiness.ready
    assert "1 of 2 followers are in sync" in readiness.reason


@pytest.mark.parametrize("parse", [parse_mntr, parse_srvr])
def test_no_quorum(parse):
    readiness = judge(parse(recorded("no-quorum")), 3)
    assert (readiness.ready, readiness.state) == (False, "no_quorum")


def test_srvr():
    member = parse_srvr(recorded("srvr-leader"))
    assert (member.mode, member.zxid, member.nodes, member.connections) == ("leader", "0x10000004a", 41, 2)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("mntr is not executed because it is not in the whitelist.\n", "4lw.commands.whitelist"),
        ("", "without an answer"),
        ("HTTP/1.1 400 Bad Request\n", "no line"),
    ],
)
@pytest.mark.parametrize("parse", [parse_mntr, parse_srvr])
def test_answers_that_are_none(parse, answer, words):
    with pytest.raises(ZookeeperError, match=words):
        parse(answer)


@pytest.mark.parametrize(
    ("member", "expected", "ready", "words"),
    [
        (Member("standalone"), 1, True, ""),
        (Member("standalone"), 3, False, "runs alone"),
        (Member("follower", quorum_size=3), 1, False, "one ZooKeeper server"),
        (Member("follower", quorum_size=3), 5, False, "a restart is due"),
        (Member("follower", quorum_size=3, phase="synchronization"), 3, False, "synchronization"),
        (Member("leader", quorum_size=3, synced_followers=2, phase="broadcast"), 3, True, ""),
        (Member("leader", quorum_size=3, synced_followers=0), 3, False, "0 of 2"),
        (Member("read-only"), 3, False, "quorum"),
    ],
)
def test_judge(member, expected, ready, words):
    readiness = judge(member, expected)
    assert readiness.ready is ready
    assert words in readiness.reason
    assert bool(readiness.reason) is not ready


@pytest.mark.parametrize(
    ("text", "version"), [("3.6.3--6401e4ad, built on 04/08/2021", "3.6.3"), ("3.8.0", "3.8.0"), ("", ""), ("unknown", "")]
)
def test_version_number(text, version):
    assert version_number(text) == version
