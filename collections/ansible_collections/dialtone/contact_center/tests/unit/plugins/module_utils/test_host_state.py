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

from ansible_collections.dialtone.contact_center.plugins.module_utils import host_state
from ansible_collections.dialtone.contact_center.plugins.module_utils.host_state import MISSING, Host, Observed, StateError

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


@pytest.mark.parametrize(
    ("pattern", "path", "named"),
    [
        ("/opt/libs/*.jar", "/opt/libs/a.jar", True),
        ("/opt/libs/*.jar", "/opt/libs/more/a.jar", False),
        ("/opt/libs/*.jar", "/opt/libs/.a.jar", False),
        ("/opt/libs/.*", "/opt/libs/.a.jar", True),
        ("/etc/k.service.d/*.conf", "/etc/k.service.d/50-dialtone.conf", True),
        ("/etc/k.service", "/etc/k.service", True),
        ("/etc/k.service", "/etc/kxservice", False),
    ],
)
def test_a_pattern_names_paths_that_are_not_there_yet(pattern, path, named):
    assert host_state.names_path(pattern, path) is named


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
    assert units["k"]["stale"] == ["k.conf differs from what k was started with"]
    assert units["k"]["stale_after"] == units["k"]["stale"]
    assert units["k"]["reasons"] == ["is disabled at boot, must be enabled"]


SALT, START = "5a" * 16, "c0ffee"


def started_with(root, *names: str) -> str:
    """The record of a start with these files as they are now."""
    lines, contents = [f"start {START} {SALT}"], Host(run=no_command, root=str(root)).contents(names, SALT)
    for path, content in contents.items():
        lines += [f"{content.digest}  {path}", f"lines {path}", *(f"{line.digest} {line.key}" for line in content.lines or ())]
    return "\n".join(lines) + "\n"


@pytest.fixture
def running(tmp_path):
    """A host on which the service k runs, started with /etc/k.properties (a=1, b=2) and /etc/k.d/*.conf (none)."""
    for directory in ("var/lib/dialtone/starts", "etc/k.d"):
        (tmp_path / directory).mkdir(parents=True)
    (tmp_path / "etc/k.properties").write_text("a=1\nb=2\n")
    (tmp_path / "var/lib/dialtone/starts/k").write_text(started_with(tmp_path, "/etc/k.properties"))
    shown = f"Id=k.service\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\nInvocationID={START}\n"
    return Host(run=lambda argv: (0, shown, ""), root=str(tmp_path))


K = {"name": "k", "label": "broker 2", "state": "started", "enabled": True, "reads": ["/etc/k.properties", "/etc/k.d/*.conf"]}


def foretold(host: Host, **desired) -> tuple[list[str], list[str]]:
    _drift, units = host.drift({"unit": [K]}, host.plan(desired))
    return units["k"]["stale"], units["k"]["stale_after"]


@pytest.mark.parametrize(
    ("desired", "reasons"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param(
            {"properties": [{"path": "/etc/k.properties", "values": {"a": 1, "b": 3, "c": 4}}]},
            [
                "b in k.properties differs from what broker 2 was started with",
                "c in k.properties is new since broker 2 was started",
            ],
            id="values",
        ),
        pytest.param({"file": [{"path": "/etc/k.properties", "content": "# new\n\nb=2\na=1\n"}]}, [], id="layout"),
        pytest.param(
            {"file": [{"path": "/etc/k.d/50.conf", "content": "[Service]\n"}]},
            ["50.conf is new since broker 2 was started"],
            id="a file that a pattern will name",
        ),
        pytest.param({"file": [{"path": "/etc/other.conf", "content": "x"}]}, [], id="a file that it does not read"),
        pytest.param(
            {"absent": [{"path": "/etc/k.properties"}]},
            ["k.properties is gone since broker 2 was started"],
            id="a file that goes",
        ),
        pytest.param({"file": [{"path": "/etc/k.properties", "content": "a=1\nb=2\n", "mode": "0600"}]}, [], id="only its mode"),
    ],
)
def test_a_restart_is_foretold_from_what_would_be_written(running, desired, reasons):
    assert foretold(running, **desired) == ([], reasons)


def test_what_is_stale_now_is_not_where_the_plan_puts_it_back(running, tmp_path):
    (tmp_path / "etc/k.properties").write_text("a=1\nb=9\n")
    stale, after = foretold(running, properties=[{"path": "/etc/k.properties", "values": {"a": 1, "b": 2}}])
    assert stale == ["b in k.properties differs from what broker 2 was started with"]
    assert after == []


def test_a_file_is_foretold_under_the_name_by_which_it_is_read(running, tmp_path):
    (tmp_path / "etc/k.properties").rename(tmp_path / "etc/real.properties")
    (tmp_path / "etc/k.properties").symlink_to("real.properties")
    stale, after = foretold(running, file=[{"path": "/etc/real.properties", "content": "a=1\nb=3\n"}])
    assert (stale, after) == ([], ["b in k.properties differs from what broker 2 was started with"])


def test_a_link_is_foretold_by_what_it_will_point_to(running, tmp_path):
    (tmp_path / "etc/real.conf").write_text("[Service]\n")
    _stale, after = foretold(running, link=[{"path": "/etc/k.d/50.conf", "target": "../real.conf"}])
    assert after == ["50.conf is new since broker 2 was started"]


def test_a_service_that_does_not_run_is_neither_stale_nor_will_be(running, tmp_path):
    running.run = lambda argv: (0, "Id=k.service\nLoadState=loaded\nActiveState=failed\nUnitFileState=enabled\n", "")
    assert foretold(running, file=[{"path": "/etc/k.properties", "content": "a=2\n"}]) == ([], [])


def test_a_start_that_was_not_recorded_is_seen_by_its_id(running, tmp_path):
    record = tmp_path / "var/lib/dialtone/starts/k"
    record.write_text(record.read_text().replace(START, "decaf"))
    assert foretold(running)[0] == ["broker 2 was started without a record of what it read (invocation differs)"]


def test_a_touched_file_is_not_stale(tmp_path):
    (tmp_path / "k.conf").write_text("same")
    host = Host(run=no_command, root=str(tmp_path))
    before = host.contents(["/k.conf"])
    os.utime(tmp_path / "k.conf", (1, 1))
    assert host.contents(["/k.conf"]) == before


def test_a_replaced_file_with_an_old_time_is_seen(tmp_path):
    path = tmp_path / "store"
    path.write_text("one")
    os.utime(path, (1, 1))
    host = Host(run=no_command, root=str(tmp_path))
    before = host.contents(["/store"])
    path.write_text("two")
    os.utime(path, (1, 1))
    assert host.contents(["/store"]) != before


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
    before = first.contents(["/*.jar"])
    assert first.learned
    second = Host(run=no_command, root=str(tmp_path), known_digests=first.known_digests)
    monkeypatch.setattr(host_state.files, "sha256", None)
    assert second.contents(["/*.jar"]) == before
    monkeypatch.undo()
    status = (tmp_path / "a.jar").stat()
    big(tmp_path / "a.jar", b"b")
    os.utime(tmp_path / "a.jar", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert second.contents(["/*.jar"]) != before, "same size, same time, another content"


def test_a_file_that_has_just_changed_and_a_small_one_are_never_remembered(tmp_path):
    big(tmp_path / "young.jar", b"a")
    (tmp_path / "small.properties").write_text("a=b")
    host = Host(run=no_command, root=str(tmp_path))
    host.contents(["/*"])
    assert host.known_digests == {}


@pytest.mark.parametrize("content", [b"no json", b"[1]", b"\xff"])
def test_a_damaged_memory_is_as_good_as_none(tmp_path, content):
    (tmp_path / "digests.json").write_bytes(content)
    host = Host(run=no_command, root=str(tmp_path))
    host.recall("/digests.json")
    assert host.known_digests == {}


# --- Tomcat -----------------------------------------------------------------------------------------------------------

SERVER_XML = b'<Server><Service>\n<Connector port="7443" keystorePass="old"/>\n<Engine/></Service></Server>\n'
CONNECTOR = {"path": "/t/conf/server.xml", "attributes": {"port": 7443, "keystorePass": "new"}, "secret_keys": ["keystorePass"]}


def test_a_connector_changes_alone_and_shows_no_secret():
    change = host_state.plan_connector(CONNECTOR, there(SERVER_XML))
    assert change.reasons == ("the connector on 7443 changes",)
    assert b'keystorePass="new"' in change.content
    assert "old" not in change.before + change.after
    assert "new" not in change.before + change.after
    assert change.before.startswith("<Server><Service>")
    assert host_state.plan_connector(CONNECTOR, there(change.content)) is None


def test_without_a_tomcat_there_is_no_connector_of_ours():
    with pytest.raises(StateError, match="there is no Tomcat"):
        host_state.plan_connector(CONNECTOR, host_state.MISSING)
    with pytest.raises(StateError, match=r"/t/conf/server\.xml is no well-formed XML"):
        host_state.plan_connector(CONNECTOR, there(b"<Server"))


def block(**words):
    theirs = r"^[^#\n]*\bJAVA_OPTS=.*-Da\b"
    return {"path": "/t/bin/catalina.sh", "name": "X", "content": "export JAVA_OPTS=-Da", "unless": theirs, **words}


@pytest.mark.parametrize(
    ("text", "is_needed"),
    [
        ("exec java\n", True),
        ("#export JAVA_OPTS=-Da\n", True),
        ("JAVA_OPTS_POM_APP=-Da\n", True),
        ('export JAVA_OPTS="$JAVA_OPTS -Da"\n', False),
    ],
)
def test_a_block_is_not_needed_where_others_have_written_the_same(text, is_needed):
    change = host_state.plan_block(block(), there(text.encode()))
    assert (change is not None) == is_needed
    if change is not None:
        assert host_state.plan_block(block(), there(change.content)) is None


def test_a_block_that_others_have_written_meanwhile_goes():
    written = host_state.plan_block(block(), there(b"exec java\n")).content
    change = host_state.plan_block(block(), there(written + b"JAVA_OPTS=-Da\n"))
    assert change.content == b"exec java\nJAVA_OPTS=-Da\n"


def test_an_empty_block_needs_no_file():
    assert host_state.plan_block(block(content="", create=True), host_state.MISSING) is None
