# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.module_utils import data_directory as directories
from ansible_collections.dialtone.contact_center.plugins.module_utils.data_directory import DataDirectoryError
from ansible_collections.dialtone.contact_center.plugins.module_utils.kafka_protocol import Broker, ClusterState, Partition


def no_label(_written, _path):
    """SELinux is off."""


def kafka(path, broker_id=1, cluster_id="abc", partitions=("events-0", "events-1")):
    path.mkdir(parents=True)
    (path / "meta.properties").write_text(f"#\nversion=0\nbroker.id={broker_id}\ncluster.id={cluster_id}\n")
    for name in partitions:
        (path / name).mkdir()
        (path / name / "00000000000000000000.log").write_bytes(os.urandom(5000))
    (path / "recovery-point-offset-checkpoint").write_text("0\n0\n")
    return path


def zookeeper(path, myid=1, names=("snapshot.0", "log.100000001"), epoch="1"):
    (path / "version-2").mkdir(parents=True)
    (path / "myid").write_text(f"{myid}\n")
    for name in names:
        (path / "version-2" / name).write_bytes(os.urandom(500))
    if epoch:
        (path / "version-2" / "currentEpoch").write_text(epoch)
    return path


# --- what is there ----------------------------------------------------------------------------------------------------


def test_a_brokers_directory_says_whose_it_is(tmp_path):
    found = directories.observe("kafka", str(kafka(tmp_path / "log", broker_id=3)))
    assert (found.state, found.broker_id, found.cluster_id, found.partitions, found.foreign) == ("in_use", 3, "abc", 2, ())


def test_nothing_that_a_broker_would_remember_is_empty(tmp_path):
    assert directories.observe("kafka", str(tmp_path / "none")).state == "missing"
    (tmp_path / "lost+found").mkdir()
    (tmp_path / ".lock").touch()
    found = directories.observe("kafka", str(tmp_path))
    assert (found.state, found.foreign) == ("empty", ("lost+found",))


@pytest.mark.parametrize(
    ("names", "epoch", "state"),
    [
        pytest.param((), "", "empty", id="only its id"),
        pytest.param(("snapshot.0",), "0", "empty", id="it waited for the others, and never was in a quorum"),
        pytest.param(("snapshot.0",), "1", "in_use", id="it was in a quorum"),
        pytest.param(("snapshot.0", "log.100000001"), "", "in_use", id="it has transactions"),
        pytest.param(("snapshot.200000003",), "", "in_use", id="it has a snapshot of something"),
    ],
)
def test_a_server_remembers_from_its_first_quorum_on(tmp_path, names, epoch, state):
    found = directories.observe("zookeeper", str(zookeeper(tmp_path / "data", 2, names, epoch)))
    assert (found.state, found.myid) == (state, 2)


@pytest.mark.parametrize(
    ("kind", "text", "path"),
    [
        ("kafka", "log.dirs=/a/\n", "/a"),
        ("kafka", "log.dir=/b\n", "/b"),
        ("kafka", "broker.id=1\n", ""),
        ("zookeeper", "dataDir = /c\n", "/c"),
    ],
)
def test_the_properties_file_names_the_directory_in_use(tmp_path, kind, text, path):
    (tmp_path / "p").write_text(text)
    assert directories.present_directory(kind, str(tmp_path / "p")) == path
    assert directories.present_directory(kind, str(tmp_path / "none")) == ""


def test_several_directories_are_refused(tmp_path):
    (tmp_path / "p").write_text("log.dirs=/a,/b\n")
    with pytest.raises(DataDirectoryError, match="names several directories"):
        directories.present_directory("kafka", str(tmp_path / "p"))


# --- may it be used? --------------------------------------------------------------------------------------------------


def test_another_nodes_directory_is_refused(tmp_path):
    found = directories.observe("kafka", str(kafka(tmp_path / "log", broker_id=2)))
    assert directories.use_refusal("kafka", found, 2) == ""
    assert "holds the data of broker 2" in directories.use_refusal("kafka", found, 1)
    server = directories.observe("zookeeper", str(zookeeper(tmp_path / "data", 2)))
    assert directories.use_refusal("zookeeper", server, 2) == ""
    assert "ZooKeeper server 2" in directories.use_refusal("zookeeper", server, 1)


def test_another_id_over_nothing_is_no_fault(tmp_path):
    server = directories.observe("zookeeper", str(zookeeper(tmp_path / "data", 2, ("snapshot.0",), "0")))
    assert directories.use_refusal("zookeeper", server, 1) == ""


def test_partitions_of_nobody_and_strange_directories_are_refused(tmp_path):
    path = kafka(tmp_path / "log")
    (path / "lost+found").mkdir()
    assert "lost+found" in directories.use_refusal("kafka", directories.observe("kafka", str(path)), 1)
    (path / "lost+found").rmdir()
    (path / "meta.properties").unlink()
    assert "no meta.properties says whose" in directories.use_refusal("kafka", directories.observe("kafka", str(path)), 1)


def test_a_service_is_not_pointed_away_from_its_data(tmp_path):
    present, wanted = (directories.observe("kafka", str(path)) for path in (kafka(tmp_path / "old"), tmp_path / "new"))
    assert "playbooks/kafka_move_data.yml" in directories.move_refusal("kafka", present, wanted)
    assert directories.move_refusal("kafka", present, present) == ""
    assert directories.move_refusal("kafka", wanted, wanted) == ""
    assert directories.move_refusal("kafka", None, wanted) == ""
    both = directories.observe("kafka", str(kafka(tmp_path / "both")))
    assert "both hold data" in directories.move_refusal("kafka", present, both)


# --- may it start empty? ----------------------------------------------------------------------------------------------

EMPTY = {"path": "/data", "state": "empty", "cluster_id": ""}
IN_USE = {"path": "/data", "state": "in_use", "cluster_id": "abc"}


def peer(number, **facts):
    return {"id": f"kafka{number}:9093", "state": "in_sync", "facts": {"brokers": [1, 2], "cluster_id": "abc", **facts}}


def silent(number):
    return {"id": f"kafka{number}:9093", "state": "refused", "facts": {}}


KEPT = {"3": {"partitions": 12, "only_in_sync": 0, "only_in_sync_partitions": []}}
LOST = {"3": {"partitions": 12, "only_in_sync": 11, "only_in_sync_partitions": ["events-0", "events-1"]}}


@pytest.mark.parametrize(
    ("found", "peers", "empty", "refusal", "words"),
    [
        pytest.param(EMPTY, [peer(1, replicas=KEPT), silent(2)], [], "", "copies 12 partitions", id="a replaced host"),
        pytest.param(EMPTY, [peer(1), silent(2)], [], "", "copies 0 partitions", id="a cluster without a topic"),
        pytest.param(EMPTY, [peer(1, replicas=LOST)], [], "events-0, events-1 and 9 more", "", id="the only copy is gone"),
        pytest.param(EMPTY, [peer(1, listeners={"3": "other:9093"})], [], "two hosts with one id", "", id="the id is taken"),
        pytest.param(EMPTY, [peer(1, listeners={"3": "kafka3:9093"})], [], "", "copies", id="its own session, not yet expired"),
        pytest.param(EMPTY, [silent(1), silent(2)], ["kafka1", "kafka2"], "", "first installation", id="a first installation"),
        pytest.param(
            EMPTY, [silent(1), silent(2)], ["kafka1"], "kafka2:9093 (refused)", "", id="one that may have data is silent"
        ),
        pytest.param(EMPTY, [], [], "", "first installation", id="the only broker"),
        pytest.param(IN_USE, [silent(1), silent(2)], [], "", "", id="its data is there"),
        pytest.param(IN_USE, [peer(1, cluster_id="xyz")], [], "InconsistentClusterIdException", "", id="of another cluster"),
        pytest.param(IN_USE, [peer(1, listeners={"3": "other:9093"})], [], "two hosts with one id", "", id="taken, with data"),
    ],
)
def test_whether_a_broker_may_start(found, peers, empty, refusal, words):
    said = directories.kafka_start(3, "kafka3:9093", found, peers, empty)
    assert [bool(text) for text in said] == [bool(refusal), bool(words)]
    assert refusal in said[0]
    assert words in said[1]


def test_what_only_stopped_brokers_have_in_sync_is_counted_for_each_of_them():
    state = ClusterState(
        "abc", 1, (Broker(1, "kafka1", 9093),),
        (
            Partition("a", 0, 1, (1, 2, 3), (1, 2, 3)),
            Partition("b", 0, -1, (2, 3), (2, 3)),
            Partition("c", 0, -1, (3,), (3,)),
            Partition("d", 0, 1, (1, 3), (1,)),
        ),
    )  # fmt: skip
    found = directories.replicas_by_broker(state)
    assert found["3"] == {"partitions": 4, "only_in_sync": 2, "only_in_sync_partitions": ["b-0", "c-0"]}
    assert found["2"]["only_in_sync_partitions"] == ["b-0"]
    assert found["1"]["only_in_sync_partitions"] == ["a-0", "d-0"]


def servers(count):
    return [{"id": number, "host": f"epm{number}"} for number in range(1, count + 1)]


def answers(*states):
    return [{"id": f"zookeeper.{number}", "state": state} for number, state in enumerate(states, 2)]


@pytest.mark.parametrize(
    ("count", "found", "peers", "empty", "refused"),
    [
        pytest.param(3, EMPTY, answers("leader", "follower"), [], False, id="two others serve"),
        pytest.param(3, EMPTY, answers("leader", "refused"), [], True, id="one other serves"),
        pytest.param(3, EMPTY, answers("refused", "refused"), ["epm2", "epm3"], False, id="a first installation"),
        pytest.param(3, EMPTY, answers("no_quorum", "refused"), ["epm2", "epm3"], False, id="a killed first installation"),
        pytest.param(3, EMPTY, answers("no_quorum", "refused"), ["epm3"], True, id="two empty ones of three"),
        pytest.param(5, EMPTY, answers("leader", "follower", "follower", "refused"), [], False, id="three of five serve"),
        pytest.param(5, EMPTY, answers("leader", "follower", "refused", "refused"), [], True, id="two of five serve"),
        pytest.param(1, EMPTY, [], [], False, id="the only server"),
        pytest.param(3, IN_USE, answers("refused", "refused"), [], False, id="its data is there"),
    ],
)
def test_whether_a_server_may_start(count, found, peers, empty, refused):
    refusal, words = directories.zookeeper_start(1, found, servers(count), peers, empty)
    assert bool(refusal) is refused
    assert not (refusal and words)


@given(st.integers(2, 7), st.data())
def test_servers_that_remember_nothing_never_become_a_majority_beside_one_that_may_remember(count, data):
    """Whatever is seen: one that starts empty either finds a quorum without itself, or nobody has anything to forget."""
    state = st.sampled_from(["leader", "follower", "no_quorum", "refused"])
    states = data.draw(st.lists(state, min_size=count - 1, max_size=count - 1))
    empty = data.draw(st.lists(st.sampled_from([f"epm{number}" for number in range(2, count + 1)]), unique=True))
    refusal, _words = directories.zookeeper_start(1, EMPTY, servers(count), answers(*states), empty)
    serving = sum(state in ("leader", "follower") for state in states)
    assert bool(refusal) is not (serving > count // 2 or len(empty) == count - 1)


# --- moving -----------------------------------------------------------------------------------------------------------


def moved(source, target):
    plan = directories.plan_move("kafka", str(source), str(target))
    directories.move(plan, no_label)
    return plan


def test_a_move_is_a_whole_copy_and_leaves_the_source(tmp_path):
    source, target = kafka(tmp_path / "old"), tmp_path / "new"
    (source / "events-0").chmod(0o700)
    os.utime(source / "meta.properties", ns=(10**18, 10**18 + 5))
    (source / "link").symlink_to("meta.properties")
    before = directories.survey(str(source))
    plan = moved(source, target)
    assert (plan.done, plan.files) == (False, 4)
    assert directories.survey(str(target)) == before == directories.survey(str(source))
    assert not (tmp_path / "new.partial").exists()
    assert (target / "meta.properties").stat().st_mtime_ns == 10**18 + 5


def test_holes_stay_holes(tmp_path):
    source, target = kafka(tmp_path / "old", partitions=()), tmp_path / "new"
    with open(source / "sparse", "wb") as stream:
        stream.truncate(64 << 20)
        stream.seek(32 << 20)
        stream.write(b"x" * 4096)
    moved(source, target)
    assert (target / "sparse").stat().st_size == 64 << 20
    assert (target / "sparse").stat().st_blocks * 512 < 1 << 20
    assert (target / "sparse").read_bytes() == (source / "sparse").read_bytes()


def test_a_copy_that_was_cut_short_is_finished(tmp_path, monkeypatch):
    source, target = kafka(tmp_path / "old", partitions=tuple(f"events-{number}" for number in range(6))), tmp_path / "new"
    copied, copy_file = [], directories.copy_file

    def killed(one, other, item):
        if len(copied) == 3:
            Path(other).write_bytes(b"half")
            raise KeyboardInterrupt
        copied.append(other)
        copy_file(one, other, item)

    monkeypatch.setattr(directories, "copy_file", killed)
    with pytest.raises(KeyboardInterrupt):
        moved(source, target)
    assert not target.exists()
    (tmp_path / "new.partial" / "gone-0").mkdir()
    (tmp_path / "new.partial" / "gone-0" / "x").touch()
    again = []
    monkeypatch.setattr(directories, "copy_file", lambda one, other, item: (again.append(other), copy_file(one, other, item)))
    moved(source, target)
    assert directories.differences(str(source), str(target)) == []
    assert not set(again) & set(copied)


def test_a_move_that_was_killed_behind_the_rename_is_done(tmp_path):
    source, target = kafka(tmp_path / "old"), tmp_path / "new"
    moved(source, target)
    target.chmod(0o700)
    assert moved(source, target).done is True
    (source / "events-0" / "00000000000000000000.log").write_bytes(b"newer")
    with pytest.raises(DataDirectoryError, match=r"not that of .*events-0/00000000000000000000.log"):
        moved(source, target)


def test_a_source_that_changes_is_no_source(tmp_path, monkeypatch):
    source, target = kafka(tmp_path / "old"), tmp_path / "new"
    copy_tree = directories.copy_tree

    def beside_a_writer(*arguments):
        copy_tree(*arguments)
        (source / "events-0" / "new").touch()

    monkeypatch.setattr(directories, "copy_tree", beside_a_writer)
    with pytest.raises(DataDirectoryError, match="changed while it was copied"):
        moved(source, target)
    assert not target.exists()


def test_a_copy_that_is_not_the_same_gets_no_name(tmp_path, monkeypatch):
    source, target = kafka(tmp_path / "old"), tmp_path / "new"
    copy_tree = directories.copy_tree

    def badly(one, other, items):
        copy_tree(one, other, items)
        path = Path(other) / "events-0" / "00000000000000000000.log"
        status = path.stat()
        path.write_bytes(b"y" * status.st_size)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    monkeypatch.setattr(directories, "copy_tree", badly)
    with pytest.raises(DataDirectoryError, match="is not the same"):
        moved(source, target)
    assert not target.exists()


def test_a_disk_without_room_is_refused_with_figures(tmp_path, monkeypatch):
    source = kafka(tmp_path / "old")
    monkeypatch.setattr(directories, "free_bytes", lambda path: 4096)
    with pytest.raises(DataDirectoryError, match=r"needs \d+ MB more, and 0 MB are free"):
        moved(source, tmp_path / "new")
    assert not (tmp_path / "new.partial").exists()


def test_a_disk_that_becomes_full_says_what_stays(tmp_path, monkeypatch):
    source = kafka(tmp_path / "old")

    def full(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(directories, "copy_file", full)
    with pytest.raises(DataDirectoryError, match="the next run goes on from there"):
        moved(source, tmp_path / "new")
    assert directories.observe("kafka", str(source)).state == "in_use"


@pytest.mark.parametrize("target", ["old", "old/below", "."])
def test_directories_in_one_another_are_refused(tmp_path, target):
    source = kafka(tmp_path / "old")
    with pytest.raises(DataDirectoryError, match="one in the other"):
        moved(source, tmp_path / target)


def test_a_directory_with_anything_in_it_is_never_replaced(tmp_path):
    source, target = kafka(tmp_path / "old"), tmp_path / "new"
    target.mkdir()
    (target / "notes.txt").write_text("mine")
    with pytest.raises(DataDirectoryError, match=r"is not empty \(notes.txt\)"):
        moved(source, target)
    (target / "notes.txt").unlink()
    moved(source, target)
    assert (target / "meta.properties").exists()


def test_nothing_to_move_is_said(tmp_path):
    (tmp_path / "old").mkdir()
    with pytest.raises(DataDirectoryError, match="holds no data"):
        moved(tmp_path / "old", tmp_path / "new")


TREES = st.dictionaries(
    st.from_regex(r"[a-c](/[a-c]){0,2}", fullmatch=True),
    st.tuples(st.binary(max_size=60), st.sampled_from([0o600, 0o644, 0o640])),
    max_size=8,
)


def plant(root, tree):
    for name, (content, mode) in tree.items():
        path = root / name
        if any(parent.is_file() for parent in path.parents) or path.is_dir():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(mode)


@settings(max_examples=60, deadline=None)
@given(TREES, TREES)
def test_whatever_an_earlier_run_left_the_copy_is_whole(tree, left):
    root = Path(tempfile.mkdtemp())
    try:
        source, partial = kafka(root / "old", partitions=()), root / "new.partial"
        plant(source, tree)
        partial.mkdir()
        plant(partial, left)
        moved(source, root / "new")
        assert directories.differences(str(source), str(root / "new")) == []
    finally:
        shutil.rmtree(root)
