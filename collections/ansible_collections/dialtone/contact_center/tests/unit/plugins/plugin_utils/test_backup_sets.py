# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.backup_sets import (
    SetError,
    announcement,
    chosen_set,
    kept_paths,
    table,
)

FIRST, SECOND, BEFORE = "20260101T000000Z", "20260102T000000Z", "20260103T000000Z-before-restore"


def sets(*names, incomplete=()):
    return [{"name": name, "complete": name not in incomplete, "roles": ["host"]} for name in names]


def test_a_backup_keeps_what_a_role_keeps():
    desired = {
        "directory": [{"path": "/data", "mode": "0750"}],
        "file": [{"path": "/f", "content": ""}, {"path": "/tree/.marker", "content": ""}],
        "properties": [{"path": "/p", "values": {}, "secret_keys": ["password"]}],
        "block": [{"path": "/etc/hosts", "name": "SITE", "content": "", "follow": True}],
        "link": [{"path": "/l", "target": "f"}],
        "absent": [{"path": "/gone"}],
        "tree": [{"path": "/tree", "marker": "/tree/.marker", "digest": "0"}],
        "unit": [{"name": "kafka"}],
    }
    kept = {item.pop("path"): item for item in kept_paths(desired)}
    assert list(kept) == ["/data", "/f", "/tree/.marker", "/p", "/etc/hosts", "/l"]
    assert {path for path, item in kept.items() if item["secret"]} == {"/p"}
    assert {path for path, item in kept.items() if item["follow"]} == {"/etc/hosts"}
    assert {path for path, item in kept.items() if not item["restore"]} == {"/tree/.marker"}


def test_a_path_that_stands_twice_is_secret_where_one_of_them_is():
    block = {"path": "/f", "name": "A", "content": ""}
    assert kept_paths({"block": [block, {**block, "name": "B", "secret": True}]}) == [
        {"path": "/f", "follow": False, "secret": True, "restore": True}
    ]


def test_the_latest_is_the_newest_that_every_host_has():
    assert chosen_set("latest", {"a": sets(FIRST, SECOND), "b": sets(FIRST)}) == FIRST
    assert chosen_set("latest", {"a": sets(FIRST, SECOND), "b": sets(FIRST, SECOND, incomplete=[SECOND])}) == FIRST


def test_what_a_restore_kept_is_never_the_latest():
    assert chosen_set("latest", {"a": sets(FIRST, BEFORE)}) == FIRST
    assert chosen_set(BEFORE, {"a": sets(FIRST, BEFORE)}) == BEFORE


@pytest.mark.parametrize(
    ("wanted", "by_host", "words"),
    [
        ("latest", {"a": sets(FIRST), "b": sets(SECOND)}, f"a: {FIRST}; b: {SECOND}"),
        ("latest", {"a": []}, "a: none"),
        (SECOND, {"a": sets(FIRST, SECOND), "b": sets(FIRST)}, f"b has no complete set of this name.*{FIRST}"),
        (SECOND, {"a": sets(SECOND, incomplete=[SECOND])}, "a has no complete set"),
        (SECOND, {}, "no host has"),
    ],
)
def test_a_set_that_a_host_lacks_is_refused(wanted, by_host, words):
    with pytest.raises(SetError, match=words):
        chosen_set(wanted, by_host)


@given(st.dictionaries(st.sampled_from("abc"), st.lists(st.sampled_from([FIRST, SECOND, BEFORE]), unique=True), min_size=1))
def test_whatever_is_chosen_is_on_every_host(by_host):
    for wanted in ("latest", FIRST, BEFORE):
        try:
            chosen = chosen_set(wanted, {host: sets(*names) for host, names in by_host.items()})
        except SetError:
            assert any(wanted not in names for names in by_host.values())
        else:
            assert all(chosen in names for names in by_host.values())


def test_the_announcement_says_what_differs_and_how_to_go_back():
    difference = {"kind": "file", "path": "/etc/hosts", "reasons": ["content changes"]}
    lines = announcement([("b", [{"differences": []}]), ("a", [{"differences": [difference]}])], FIRST, BEFORE)
    assert "a /etc/hosts: content changes" in lines
    assert lines[-1].endswith(f"playbooks/restore.yml -e restore_from={BEFORE}")
    assert any(line.startswith("Cannot be undone: nothing") for line in lines)


def test_an_announcement_of_nothing_promises_no_way_back():
    lines = announcement([("a", [{"differences": []}, {"skipped": True}])], FIRST, BEFORE)
    assert lines[0].startswith(f"Nothing differs from set {FIRST}.")
    assert not any(BEFORE in line for line in lines)


def test_the_table_names_what_was_removed_and_what_was_never_completed():
    row = {"set": SECOND, "files": 12, "bytes": 3456, "removed": [], "incomplete": []}
    lines = table([("epm2", row), ("epm1", {**row, "removed": [FIRST], "incomplete": ["20251231T000000Z"]})])
    assert lines[0].split() == ["HOST", "SET", "FILES", "BYTES"]
    assert [line.split() for line in lines[1:3]] == [["epm1", SECOND, "12", "3456"], ["epm2", SECOND, "12", "3456"]]
    assert FIRST in lines[3]
    assert "20251231T000000Z" in lines[4]
