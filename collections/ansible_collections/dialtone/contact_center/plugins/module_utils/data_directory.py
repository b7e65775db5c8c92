# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Data directories of Kafka and ZooKeeper: whose they are, whether a node may start on one, and how one is moved.

A node that starts on an empty directory has forgotten everything. Whether that is a first installation, a replaced host, or the
loss of acknowledged data is decided here from what was observed, before anything is written or started.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.module_utils import files, properties
from ansible_collections.dialtone.contact_center.plugins.module_utils.kafka_cluster import PARTITIONS_NAMED, named
from ansible_collections.dialtone.contact_center.plugins.module_utils.kafka_protocol import ClusterState

# Files that Kafka keeps beside its partitions.
KAFKA_FILES = re.compile(r"meta\.properties|\.lock|\.kafka_cleanshutdown|.*-checkpoint|.*\.tmp")
KAFKA_PARTITION = re.compile(r"\S+-\d+(\.[0-9a-f]{32}-(delete|future))?")
ZOOKEEPER_NAMES = re.compile(r"myid|version-2|zookeeper_server\.pid|initialize")
MARGIN = 1.05
CHUNK = 1 << 20


class DataDirectoryError(Exception):
    """A directory that must not be used or moved as it is. Says what was found where, why it matters, and what to do."""


@dataclass(frozen=True)
class Found:
    """What is in a data directory. Empty: nothing that a node would have to remember."""

    path: str
    state: str  # missing | empty | in_use
    broker_id: int | None = None
    cluster_id: str = ""
    myid: int | None = None
    partitions: int = 0
    foreign: tuple[str, ...] = ()

    def described(self) -> dict[str, Any]:
        return {**asdict(self), "foreign": list(self.foreign)}


# --- what is there ----------------------------------------------------------------------------------------------------


def observe(kind: str, path: str) -> Found:
    if not os.path.lexists(path):
        return Found(path, "missing")
    if not os.path.isdir(path):
        raise DataDirectoryError(f"{path} is no directory: move it away, or choose another data directory")
    return (observe_kafka if kind == "kafka" else observe_zookeeper)(path)


def observe_kafka(path: str) -> Found:
    """In use as soon as there is an identity or a partition."""
    names = sorted(os.listdir(path))
    partitions = [name for name in names if KAFKA_PARTITION.fullmatch(name) and os.path.isdir(os.path.join(path, name))]
    meta = properties.parse(_text(os.path.join(path, "meta.properties")))
    broker_id = meta.get("broker.id", "")
    return Found(
        path,
        "in_use" if meta or partitions else "empty",
        broker_id=int(broker_id) if broker_id.isdigit() else None,
        cluster_id=meta.get("cluster.id", ""),
        partitions=len(partitions),
        foreign=tuple(name for name in names if name not in partitions and not KAFKA_FILES.fullmatch(name)),
    )


def observe_zookeeper(path: str) -> Found:
    """In use once the server has been in a quorum: one that only ever waited for the others has written a snapshot of nothing."""
    names = sorted(os.listdir(path))
    myid = _text(os.path.join(path, "myid")).strip()
    return Found(
        path,
        "in_use" if _remembers(os.path.join(path, "version-2")) else "empty",
        myid=int(myid) if myid.isdigit() else None,
        foreign=tuple(name for name in names if not ZOOKEEPER_NAMES.fullmatch(name)),
    )


def _remembers(version_2: str) -> bool:
    if not os.path.isdir(version_2):
        return False
    epoch = _text(os.path.join(version_2, "currentEpoch")).strip()
    transactions = [name for name in os.listdir(version_2) if name.startswith(("log.", "snapshot.")) and name != "snapshot.0"]
    return bool(transactions) or epoch not in ("", "0")


def present_directory(kind: str, properties_path: str) -> str:
    """The directory that the service's properties file names now; empty where there is no file."""
    values = properties.parse(_text(properties_path))
    present = values.get("dataDir", "") if kind == "zookeeper" else values.get("log.dirs") or values.get("log.dir", "")
    if "," in present:
        raise DataDirectoryError(
            f"{properties_path} names several directories (log.dirs={present}), and Dialtone keeps one: "
            "bring the broker's data together by Kafka's own means first, then run again"
        )
    return os.path.normpath(present.strip()) if present.strip() else ""


def _text(path: str) -> str:
    try:
        with open(path, "rb") as stream:
            return stream.read().decode("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return ""


# --- may it be used? --------------------------------------------------------------------------------------------------


def use_refusal(kind: str, found: Found, identity: int) -> str:
    """Why a node with this identity must not use the directory; empty where it may."""
    if kind == "zookeeper":
        if found.state == "in_use" and found.myid is not None and found.myid != identity:
            return (
                f"{found.path} holds the data of ZooKeeper server {found.myid} (myid), and zookeeper_myid of this host is "
                f"{identity}: with another id the server would vote with another server's memory. Correct zookeeper_myid in "
                "host_vars, or move the directory away if its data is not needed; Dialtone never empties it"
            )
        return ""
    if found.broker_id is not None and found.broker_id != identity:
        return (
            f"{found.path} holds the data of broker {found.broker_id} (meta.properties), and kafka_broker_id of this host is "
            f"{identity}: Kafka would stop with 'Configured broker.id {identity} doesn't match stored broker.id'. Correct "
            "kafka_broker_id in host_vars, or move the directory away if its data is not needed; Dialtone never empties it"
        )
    if found.state == "in_use" and found.broker_id is None:
        return (
            f"{found.path} holds {found.partitions} partitions, and no meta.properties says whose they are: Kafka would take "
            f"them for those of broker {identity}. Bring meta.properties back from a copy of the directory, or move the "
            "directory away"
        )
    directories = [name for name in found.foreign if os.path.isdir(os.path.join(found.path, name))]
    if directories:
        return (
            f"{found.path} holds directories that are no partitions ({named(directories)}): Kafka would stop at them with "
            "'is not in the form of topic-partition'. Move them away; where the directory is a mount point, set "
            "kafka_data_directory to one below it"
        )
    return ""


def move_refusal(kind: str, present: Found | None, wanted: Found) -> str:
    """Why the service must not simply be pointed at `wanted` while `present` is what its properties file names."""
    if present is None or present.path == os.path.normpath(wanted.path) or present.state != "in_use":
        return ""
    word, service = ("kafka_data_directory", "the broker") if kind == "kafka" else ("zookeeper_data_directory", "the server")
    if wanted.state == "in_use":
        return (
            f"{word} is {wanted.path}, {service} uses {present.path} now, and both hold data: which of them is right only a "
            f"person can tell. Set {word} to {present.path} to go on with that, or move {wanted.path} away and run "
            "playbooks/kafka_move_data.yml"
        )
    return (
        f"{word} is {wanted.path}, but {service} uses {present.path} and its data lies there: it would start empty. "
        f"Run playbooks/kafka_move_data.yml, which moves the data node by node, or set {word} back to {present.path}"
    )


# --- may it start empty? ----------------------------------------------------------------------------------------------


def replicas_by_broker(state: ClusterState) -> dict[str, dict[str, Any]]:
    """For each broker, how many partitions it has a replica of, and which of them no other running broker has in sync."""
    running = set(state.broker_ids)
    found = {}
    for broker in sorted({number for partition in state.partitions for number in partition.replicas}):
        held = [partition for partition in state.partitions if broker in partition.replicas]
        only = [partition.name for partition in held if broker in partition.isr and not running & set(partition.isr) - {broker}]
        found[str(broker)] = {
            "partitions": len(held),
            "only_in_sync": len(only),
            "only_in_sync_partitions": only[:PARTITIONS_NAMED],
        }
    return found


def kafka_start(
    broker_id: int, listener: str, found: Mapping[str, Any], peers: Sequence[Mapping[str, Any]], empty_peers: Iterable[str]
) -> tuple[str, str]:
    """(refusal, words): whether a stopped broker may start on its data directory. Of both texts at least one is empty.

    `peers` are the results of probing all other brokers, their ids being listeners (`host:port`); `empty_peers` the hosts whose
    directory was seen empty in this run.
    """
    answering = [peer for peer in peers if "brokers" in peer["facts"]]
    where = f"{found['path']} is {'empty' if found['state'] == 'empty' else 'not there'}"
    for peer in answering:
        registered = peer["facts"].get("listeners", {}).get(str(broker_id), "")
        if registered and registered != listener:
            return (
                f"broker {broker_id} is registered in the cluster already, at {registered} ({peer['id']} says so), and this "
                f"host is {listener}: two hosts with one id. Stop the broker there for good, or give this host another "
                "kafka_broker_id"
            ), ""
        cluster_id = peer["facts"].get("cluster_id", "")
        if found["cluster_id"] and cluster_id and found["cluster_id"] != cluster_id:
            return (
                f"{found['path']} belongs to the cluster {found['cluster_id']} (meta.properties), and the other brokers are "
                f"the cluster {cluster_id}: Kafka would stop with InconsistentClusterIdException. Move the directory away if "
                "its data is not needed, or correct kafka_data_directory; Dialtone never empties it"
            ), ""
    if found["state"] == "in_use":
        return "", ""
    for peer in answering:
        replicas = peer["facts"].get("replicas", {}).get(str(broker_id), {})
        lost = replicas.get("only_in_sync_partitions", [])
        if lost:
            more = replicas["only_in_sync"] - len(lost)
            return (
                f"{where}, and no other running broker has an in-sync replica of {', '.join(lost)}"
                f"{f' and {more} more' if more > 0 else ''}: started empty, broker {broker_id} would lead them, and what "
                "they hold would be lost everywhere. Start the brokers that are down; else bring the former data directory "
                "back. Where that is lost for good, delete these topics or elect another replica by Kafka's own means "
                "(unclean election: loses what it had not copied), then run again"
            ), ""
    if answering:
        count = answering[0]["facts"].get("replicas", {}).get(str(broker_id), {}).get("partitions", 0)
        return "", f"{where}: broker {broker_id} joins empty and copies {count} partitions from the others"
    unknown = [peer for peer in peers if peer["id"].rpartition(":")[0] not in set(empty_peers)]
    if unknown:
        return (
            f"{where}, and no other broker answers that could tell what broker {broker_id} held: "
            f"{', '.join('{} ({})'.format(peer['id'], peer['state']) for peer in unknown)}. Those with data start first: run "
            "again with --limit to them, or start their units by hand; then run again for this host. Where none of them has "
            "any, run for all brokers together"
        ), ""
    return "", f"{where}, and so is that of every other broker: a first installation"


def zookeeper_start(
    own_id: int, found: Mapping[str, Any], servers: Sequence[Mapping[str, Any]], peers: Sequence[Mapping[str, Any]],
    empty_servers: Iterable[str],
) -> tuple[str, str]:  # fmt: skip
    """(refusal, words): whether a stopped server may start on its data directory; see `kafka_start`.

    Servers that remember nothing must never be a majority: they would elect each other, and the ensemble would be empty.
    """
    if found["state"] == "in_use" or len(servers) < 2:
        return "", ""
    where = f"{found['path']} is {'empty' if found['state'] == 'empty' else 'not there'}"
    needed = len(servers) // 2 + 1
    serving = [peer["id"] for peer in peers if peer["state"] in ("leader", "follower")]
    if len(serving) >= needed:
        return "", f"{where}: server {own_id} joins empty and copies from the {len(serving)} others that serve"
    others = [server for server in servers if int(server["id"]) != int(own_id)]
    unknown = [server["host"] for server in others if server["host"] not in set(empty_servers)]
    if unknown:
        return (
            f"{where}, {len(serving)} of the other servers serve, and the quorum needs {needed} without this one: empty servers "
            "that are a majority elect each other, and the ensemble is empty. Those with data start first, of "
            f"{', '.join(unknown)}: run again with --limit to them, or start their units by hand; then run again for this "
            "host. Where none of them has any, run for all servers together"
        ), ""
    return "", f"{where}, and so is that of every other server: a first installation"


# --- moving -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Item:
    """One thing below a data directory, in what must be the same in a copy."""

    kind: str
    mode: int
    uid: int
    gid: int
    size: int
    modified: int
    target: str = ""


@dataclass(frozen=True)
class MovePlan:
    """What moving takes. `done`: the copy has its name already and is whole."""

    source: str
    target: str
    done: bool
    files: int
    needed_bytes: int
    free_bytes: int


def survey(directory: str) -> dict[str, Item]:
    """Everything below the directory, itself included, by relative path."""
    found = {".": _item(directory)}
    for parent, directories, names in os.walk(directory):
        for name in sorted(directories + names):
            path = os.path.join(parent, name)
            found[os.path.relpath(path, directory)] = _item(path)
    return found


def _item(path: str) -> Item:
    status = os.lstat(path)
    kind = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "link"}.get(stat.S_IFMT(status.st_mode))
    if kind is None:
        raise DataDirectoryError(f"{path} is neither a file, a directory nor a link: remove it, then run again")
    return Item(
        kind,
        stat.S_IMODE(status.st_mode),
        status.st_uid,
        status.st_gid,
        status.st_size if kind == "file" else 0,
        status.st_mtime_ns if kind == "file" else 0,
        os.readlink(path) if kind == "link" else "",
    )


def allocated(directory: str) -> int:
    """Bytes that the directory takes on its disk: holes take none."""
    if not os.path.isdir(directory):
        return 0
    paths = [os.path.join(parent, name) for parent, directories, names in os.walk(directory) for name in directories + names]
    return sum(os.lstat(path).st_blocks * 512 for path in paths)


def free_bytes(path: str) -> int:
    """What a new file in the directory, or in the nearest parent that exists, may take."""
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    status = os.statvfs(path)
    return status.f_bavail * status.f_frsize


def plan_move(kind: str, source: str, target: str) -> MovePlan:
    """What moving would do, or a DataDirectoryError with the reason why it must not."""
    source, target = os.path.normpath(source), os.path.normpath(target)
    if os.path.commonpath([source, target]) in (source, target):
        raise DataDirectoryError(f"{target} and {source} lie one in the other: choose a directory beside it")
    if observe(kind, source).state != "in_use":
        raise DataDirectoryError(f"{source} holds no data that could be moved")
    items = survey(source)
    count = sum(1 for item in items.values() if item.kind == "file")
    wanted = observe(kind, target)
    if wanted.state != "missing" and os.path.ismount(target):
        raise DataDirectoryError(f"{target} is a mount point, and a copy cannot be put in its place: choose a directory below it")
    if wanted.state == "in_use":
        # Its own attributes may have been set already by the run that was killed behind the rename.
        different = differences(source, target, attributes=False)
        if different:
            raise DataDirectoryError(
                f"{target} holds data already, and it is not that of {source} (different: {named(different)}): move one of "
                "them away"
            )
        return MovePlan(source, target, True, count, 0, free_bytes(target))
    left = sorted(os.listdir(target)) if wanted.state == "empty" else []
    if left:
        raise DataDirectoryError(f"{target} is not empty ({named(left)}): move that away, then run again")
    plan = MovePlan(
        source, target, False, count, max(int(allocated(source) * MARGIN) - allocated(partial_of(target)), 0), free_bytes(target)
    )
    if plan.needed_bytes > plan.free_bytes:
        raise DataDirectoryError(
            f"{target} lacks room: the copy of {source} needs {plan.needed_bytes // 2**20} MB more, and "
            f"{plan.free_bytes // 2**20} MB are free there. Nothing was changed: free space, or choose another directory"
        )
    return plan


def partial_of(target: str) -> str:
    return target + ".partial"


def move(plan: MovePlan, label: Callable[[str, str], None], has_lost_its_lease: Callable[[], bool] = lambda: False) -> None:
    """Copy beside the target, compare, and only then give the copy its name. The source stays as it was.

    `label` gives a path (its first argument) the SELinux context of another one. Where another run has taken the lease away
    meanwhile, the copy does not get its name.
    """
    if plan.done:
        return
    partial = partial_of(plan.target)
    before = survey(plan.source)
    try:
        copy_tree(plan.source, partial, before)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DataDirectoryError(
                f"{plan.target}: the disk is full in the middle of the copy ({error}). {plan.source} is as it was; {partial} "
                "stays, and the next run goes on from there: free space, then run again. To give up, remove it and set the "
                "former directory again"
            ) from error
        raise
    after = survey(plan.source)
    changed = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    if changed:
        raise DataDirectoryError(
            f"{plan.source} changed while it was copied ({named(changed)}): something still writes there. Stop it, then run again"
        )
    different = differences(plan.source, partial)
    if different:
        raise DataDirectoryError(
            f"{partial} is not the same as {plan.source}: {named(different)}. Remove {partial}, then run again"
        )
    for path in before:
        label(os.path.join(partial, path), os.path.join(plan.target, path))
    if has_lost_its_lease():
        raise DataDirectoryError(
            f"another run took the lease of this data center away while {plan.source} was copied. {plan.target} was not made; "
            f"{partial} is whole, and the next run goes on from there"
        )
    os.replace(partial, plan.target)
    _flush_directory(os.path.dirname(plan.target))


def copy_tree(source: str, target: str, items: Mapping[str, Item]) -> None:
    """Make `target` the same as `source`; what an earlier run has copied is kept."""
    if os.path.isdir(target):
        for path in sorted(survey(target).keys() - items.keys(), reverse=True):
            _remove(os.path.join(target, path))
    for path, item in items.items():
        made = os.path.normpath(os.path.join(target, path))
        if os.path.lexists(made) and _item(made).kind != item.kind:
            _remove(made)
        if item.kind == "directory":
            if not os.path.isdir(made):
                os.mkdir(made, 0o700)
        elif item.kind == "link":
            if os.path.lexists(made):
                os.unlink(made)
            os.symlink(item.target, made)
            os.chown(made, item.uid, item.gid, follow_symlinks=False)
        elif not os.path.lexists(made) or _item(made) != item:
            copy_file(os.path.join(source, path), made, item)
    # Contents first: a directory without write permission could not be filled. From the inside out, as filling changes times.
    for path, item in sorted(items.items(), reverse=True):
        if item.kind == "directory":
            made = os.path.normpath(os.path.join(target, path))
            os.chown(made, item.uid, item.gid)
            os.chmod(made, item.mode)
            status = os.stat(os.path.join(source, path))
            os.utime(made, ns=(status.st_atime_ns, status.st_mtime_ns))
            _flush_directory(made)


def copy_file(source: str, target: str, item: Item) -> None:
    """Owner and times come last: a file that a kill cut short does not look whole to the next run. Holes stay holes."""
    if os.path.lexists(target):
        os.unlink(target)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(source, "rb", buffering=0) as reading, os.fdopen(descriptor, "wb", buffering=0) as writing:
        os.ftruncate(writing.fileno(), item.size)
        for start, end in extents(reading.fileno(), item.size):
            os.lseek(reading.fileno(), start, os.SEEK_SET)
            os.lseek(writing.fileno(), start, os.SEEK_SET)
            while start < end:
                data = os.read(reading.fileno(), min(CHUNK, end - start))
                if not data:
                    break
                start += _write_all(writing.fileno(), data)
        os.fsync(writing.fileno())
        os.fchown(writing.fileno(), item.uid, item.gid)
        os.fchmod(writing.fileno(), item.mode)
        os.utime(writing.fileno(), ns=(os.fstat(reading.fileno()).st_atime_ns, item.modified))


def _write_all(descriptor: int, data: bytes) -> int:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    return len(data)


def extents(descriptor: int, size: int) -> Iterable[tuple[int, int]]:
    """Where a file has data, hole by hole left out."""
    start = 0
    while start < size:
        try:
            start = os.lseek(descriptor, start, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return
            raise
        end = os.lseek(descriptor, start, os.SEEK_HOLE)
        yield start, end
        start = end


def differences(one: str, other: str, attributes: bool = True) -> list[str]:
    """Relative paths that are not the same in both directories: name, kind, size, content, and owner, mode and time if asked."""
    first, second = survey(one), survey(other)
    if not attributes:
        first, second = _without_attributes(first), _without_attributes(second)
    different = [path for path in first.keys() | second.keys() if first.get(path) != second.get(path)]
    for path in sorted(first.keys() & second.keys()):
        is_same_file = path not in different and first[path].kind == "file"
        if is_same_file and files.sha256(os.path.join(one, path)) != files.sha256(os.path.join(other, path)):
            different.append(path)
    return sorted(different)


def _without_attributes(items: Mapping[str, Item]) -> dict[str, Item]:
    return {path: replace(item, mode=0, uid=0, gid=0, modified=0) for path, item in items.items()}


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        for name in os.listdir(path):
            _remove(os.path.join(path, name))
        os.rmdir(path)
    elif os.path.lexists(path):
        os.unlink(path)


def _flush_directory(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
