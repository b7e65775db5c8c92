# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import getpass
import grp
import hashlib
import os
import pwd
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.module_utils import host_state
from ansible_collections.dialtone.contact_center.plugins.module_utils.host_state import MISSING, Host, Observed, StateError, Unit

ME, MY_GROUP = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name


def no_command(argv):
    raise AssertionError(f"no command was expected: {argv}")


def there(content: bytes = b"", **words) -> Observed:
    return Observed(
        "file",
        mode=words.pop("mode", 0o644),
        owner=words.pop("owner", "root"),
        group=words.pop("group", "root"),
        content=content,
        **words,
    )


@pytest.mark.parametrize("mode", [0o644, 644, "rw-r--r--", "9999", "0o644"])
def test_a_mode_that_is_not_quoted_octal_is_refused(mode):
    with pytest.raises(StateError, match="quoted octal"):
        host_state.parse_mode(mode)


def test_nothing_to_do_is_no_change():
    item = {"path": "/etc/x", "content": "a\n", "mode": "0644", "owner": "root", "group": "root"}
    assert host_state.plan_file(item, there(b"a\n")) is None


@pytest.mark.parametrize(
    ("observed", "reasons"),
    [
        pytest.param(MISSING, ("is created",), id="missing"),
        pytest.param(there(b"b\n"), ("content changes",), id="content"),
        pytest.param(there(b"a\n", mode=0o600), ("mode 0600 becomes 0644",), id="mode"),
        pytest.param(there(b"a\n", owner="bin"), ("owner bin becomes root",), id="owner"),
        pytest.param(there(b"a\n", context_differs=True), ("SELinux context becomes the policy's",), id="context"),
        pytest.param(there(b"b\n", group="bin"), ("content changes", "group bin becomes root"), id="content and group"),
    ],
)
def test_a_change_says_why(observed, reasons):
    item = {"path": "/etc/x", "content": "a\n", "mode": "0644", "owner": "root", "group": "root"}
    assert host_state.plan_file(item, observed).reasons == reasons


@pytest.mark.parametrize("kind", ["directory", "link", "other"])
def test_a_file_never_replaces_something_else(kind):
    with pytest.raises(StateError, match="move it away"):
        host_state.plan_file({"path": "/etc/x", "content": ""}, Observed(kind))


def test_a_directory_never_replaces_a_file_and_is_never_removed():
    with pytest.raises(StateError, match="a directory belongs"):
        host_state.plan_directory({"path": "/etc/x"}, there())
    with pytest.raises(StateError, match="never removed"):
        host_state.plan_absent({"path": "/etc/x"}, Observed("directory"))


def test_a_secret_file_shows_no_content():
    diff = host_state.plan_file({"path": "/x", "content": "hunter2\n", "secret": True}, there(b"hunter1\n")).diff()
    assert "hunter" not in str(diff)


def test_secret_properties_are_masked_and_others_are_told():
    item = {"path": "/x", "values": {"ssl.key.password": "hunter2", "broker.id": 3}, "secret_keys": ["ssl.key.password"]}
    change = host_state.plan_properties(item, there(b"ssl.key.password=hunter1\nbroker.id=1\nold=1\n"))
    assert change.reasons == ("broker.id: 1 becomes 3", "old is removed", "ssl.key.password changes (secret)")
    assert "hunter" not in str(change.diff()) + str(change.public())
    assert change.content == b"ssl.key.password=hunter2\nbroker.id=3\n"


def test_keys_in_a_vendor_file_leave_the_rest_to_the_letter():
    item = {"path": "/x", "owned": "keys", "values": {"broker.id": 3}}
    change = host_state.plan_properties(item, there(b"# vendor\nbroker.id=0\nzookeeper.connect : a\n"))
    assert change.content == b"# vendor\nbroker.id=3\nzookeeper.connect : a\n"
    assert change.reasons == ("broker.id: 0 becomes 3",)


def test_keys_of_a_file_that_the_vendor_has_not_brought_are_refused():
    with pytest.raises(StateError, match="the vendor's program"):
        host_state.plan_properties({"path": "/x", "owned": "keys", "values": {"a": "1"}}, MISSING)


def test_a_link_replaces_a_link_and_a_file_only_where_it_may():
    item = {"path": "/etc/localtime", "target": "../zone"}
    assert host_state.plan_link(item, Observed("link", target="../zone")) is None
    assert host_state.plan_link(item, Observed("link", target="../other")).reasons == ("points to ../zone",)
    with pytest.raises(StateError):
        host_state.plan_link(item, there())
    assert host_state.plan_link({**item, "replace": True}, there()) is not None


DIGEST_A, DIGEST_B = "a" * 64, "b" * 64


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        pytest.param(Unit("k", active="active", recorded={"/f": DIGEST_A}, present={"/f": DIGEST_A}), [], id="same"),
        pytest.param(
            Unit("k", active="active", recorded={"/f": DIGEST_A}, present={"/f": DIGEST_B}),
            ["/f changed since k was started"],
            id="changed",
        ),
        pytest.param(
            Unit("k", active="active", recorded={}, present={"/f": DIGEST_B}), ["/f is new since k was started"], id="new"
        ),
        pytest.param(
            Unit("k", active="active", recorded={"/f": DIGEST_A, "/g": DIGEST_A}, present={"/g": DIGEST_A}),
            ["/f is gone since k was started"],
            id="gone",
        ),
        pytest.param(
            Unit("k", active="active", recorded=None, present={"/f": DIGEST_A}),
            ["there is no record of what k was started with"],
            id="no record",
        ),
        pytest.param(Unit("k", active="inactive", recorded={"/f": DIGEST_A}, present={"/f": DIGEST_B}), [], id="not running"),
        pytest.param(
            Unit("k", active="active", needs_reload=True, recorded={"/f": DIGEST_A}, present={"/f": DIGEST_A}),
            [],
            id="unit file changed and changed back",
        ),
    ],
)
def test_stale_is_decided_by_contents(unit, expected):
    assert host_state.stale_reasons(unit) == expected


RECORDS = st.dictionaries(st.text("/abc", min_size=1, max_size=4), st.sampled_from([DIGEST_A, DIGEST_B]), min_size=1, max_size=5)


@given(RECORDS, RECORDS)
def test_stale_exactly_when_record_and_disk_differ(recorded, present):
    unit = Unit("k", active="active", recorded=recorded, present=present)
    assert bool(host_state.stale_reasons(unit)) == (recorded != present)


@given(
    st.dictionaries(st.text("/abc .", min_size=1, max_size=6).map(lambda path: "/" + path), st.sampled_from([DIGEST_A, DIGEST_B]))
)
def test_a_record_is_read_as_sha256sum_writes_it(record):
    text = "".join(f"{digest}  {path}\n" for path, digest in record.items())
    assert host_state.parse_record(text + "garbage\n") == record


def test_systemctl_blocks_are_told_apart():
    shown = host_state.parse_show("Id=a.service\nActiveState=active\nExecStart={ a=b ; }\n\nId=b.service\nActiveState=failed\n")
    assert shown["a.service"]["ActiveState"] == "active"
    assert shown["b.service"]["ActiveState"] == "failed"


def test_units_are_observed_with_record_and_digests(tmp_path):
    (tmp_path / "var/lib/dialtone/starts").mkdir(parents=True)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/k.conf").write_text("new")
    (tmp_path / "var/lib/dialtone/starts/k").write_text("{}  /etc/k.conf\n".format(hashlib.sha256(b"old").hexdigest()))
    asked = []

    def run(argv):
        asked.append(argv)
        return (
            0,
            "Id=k.service\nLoadState=loaded\nActiveState=active\nUnitFileState=disabled\nNeedDaemonReload=no\nMainPID=7\n",
            "",
        )

    host = Host(run=run, root=str(tmp_path))
    drift, units = host.drift({"unit": [{"name": "k", "state": "started", "enabled": True, "reads": ["/etc/*.conf"]}]})
    assert len(asked) == 1
    assert drift["unit"] == ["k"]
    assert units["k"]["stale"] == ["/etc/k.conf changed since k was started"]
    assert units["k"]["reasons"] == ["is disabled at boot, must be enabled"]


def test_a_touched_file_is_not_stale(tmp_path):
    (tmp_path / "k.conf").write_text("same")
    host = Host(run=no_command, root=str(tmp_path))
    before = host.digests(["/k.conf"])
    os.utime(tmp_path / "k.conf", (1, 1))
    assert host.digests(["/k.conf"]) == before


def test_a_replaced_file_with_an_old_time_is_seen(tmp_path):
    path = tmp_path / "store"
    path.write_text("one")
    os.utime(path, (1, 1))
    host = Host(run=no_command, root=str(tmp_path))
    before = host.digests(["/store"])
    path.write_text("two")
    os.utime(path, (1, 1))
    assert host.digests(["/store"]) != before


def test_items_are_planned_in_writing_order(tmp_path):
    host = Host(run=no_command, root=str(tmp_path))
    changes = host.plan(
        {
            "link": [{"path": "/l", "target": "d"}],
            "file": [{"path": "/d/f", "content": "x"}],
            "directory": [{"path": "/d"}],
        }
    )
    assert [(change.kind, change.path) for change in changes] == [("directory", "/d"), ("file", "/d/f"), ("link", "/l")]


def test_present_users_and_groups_are_no_drift():
    host = Host(run=no_command)
    drift, _units = host.drift(
        {
            "user": [{"name": ME, "group": grp.getgrgid(pwd.getpwnam(ME).pw_gid).gr_name}, {"name": "nobody-of-this-name"}],
            "group": [{"name": MY_GROUP}, {"name": "no-group-of-this-name"}],
        }
    )
    assert drift["user"] == ["nobody-of-this-name"]
    assert drift["group"] == ["no-group-of-this-name"]


@pytest.mark.parametrize(
    ("tool", "out", "missing"),
    [
        pytest.param("usr/bin/dpkg-query", "chrony installed\nnano config-files\n", ["nano", "jq"], id="dpkg"),
        pytest.param(
            "usr/bin/rpm",
            "chrony\npackage nano is not installed\npackage jq is not installed\n",
            ["nano", "jq"],
            id="rpm names what is missing in words",
        ),
    ],
)
def test_packages_are_asked_once(tmp_path, tool, out, missing):
    (tmp_path / tool).parent.mkdir(parents=True)
    (tmp_path / tool).write_text("")
    calls = []
    host = Host(run=lambda argv: (calls.append(argv), (1, out, ""))[1], root=str(tmp_path))
    names = ["chrony", "nano", "jq"]
    assert host.missing_packages(names) == missing
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("default", "current", "differs"),
    [
        pytest.param("system_u:object_r:etc_t:s0", "unconfined_u:object_r:etc_t:s0", False, id="only the user differs"),
        pytest.param("system_u:object_r:etc_t:s0", "unconfined_u:object_r:user_tmp_t:s0", True, id="another type"),
        pytest.param(None, "unconfined_u:object_r:user_tmp_t:s0", False, id="the policy names none"),
    ],
)
def test_a_file_with_another_selinux_type_is_a_change(tmp_path, default, current, differs):
    (tmp_path / "x").write_text("a")
    host = Host(
        run=no_command,
        root=str(tmp_path),
        default_context=lambda path: default and default.split(":"),
        current_context=lambda path: current.split(":"),
    )
    changes = host.plan({"file": [{"path": "/x", "content": "a"}]})
    assert [change.reasons for change in changes] == ([("SELinux context becomes the policy's",)] if differs else [])


def big(path, byte: bytes) -> None:
    path.write_bytes(byte * host_state.REMEMBERED_BYTES)


def settled(host: Host, monkeypatch) -> None:
    """As if the files had been lying there for a while."""
    now = time.time()
    monkeypatch.setattr(host_state.time, "time", lambda: now + 60)


def test_a_large_file_is_hashed_once_and_again_when_its_content_changes(tmp_path, monkeypatch):
    big(tmp_path / "a.jar", b"a")
    first = Host(run=no_command, root=str(tmp_path))
    settled(first, monkeypatch)
    before = first.digests(["/*.jar"])
    assert first.learned
    second = Host(run=no_command, root=str(tmp_path), known_digests=first.known_digests)
    monkeypatch.setattr(host_state.hashlib, "sha256", None)
    assert second.digests(["/*.jar"]) == before
    monkeypatch.undo()
    status = (tmp_path / "a.jar").stat()
    big(tmp_path / "a.jar", b"b")
    os.utime(tmp_path / "a.jar", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert second.digests(["/*.jar"]) != before, "same size, same time, another content"


def test_a_file_that_has_just_changed_and_a_small_one_are_never_remembered(tmp_path):
    big(tmp_path / "young.jar", b"a")
    (tmp_path / "small.properties").write_text("a=b")
    host = Host(run=no_command, root=str(tmp_path))
    host.digests(["/*"])
    assert host.known_digests == {}


@pytest.mark.parametrize("content", [b"no json", b"[1]", b"\xff"])
def test_a_damaged_memory_is_as_good_as_none(tmp_path, content):
    (tmp_path / "digests.json").write_bytes(content)
    host = Host(run=no_command, root=str(tmp_path))
    host.recall("/digests.json")
    assert host.known_digests == {}
