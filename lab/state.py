"""Where a lab keeps its things, whether it runs, and its lock. Lab only; nothing in it reaches a site."""
from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lab.errors import LabError

REPOSITORY = Path(__file__).resolve().parent.parent
INIT_COMM = "lab-init"


def cache_directory() -> Path:
    return Path(os.environ.get("DIALTONE_CACHE") or REPOSITORY / ".cache").resolve()


def cgroup2_mount(mountinfo: str) -> Path:
    """Mount point of the cgroup v2 tree: /sys/fs/cgroup where it is the only one, below it where v1 is beside it.

    The last entry counts: inside a lab the tree is mounted over what was there."""
    for line in reversed(mountinfo.splitlines()):
        fields, _, filesystem = line.partition(" - ")
        if filesystem.split(" ", 1)[0] == "cgroup2":
            return Path(fields.split(" ")[4])
    raise LabError("this machine does not suit the lab: it has no cgroup v2 tree mounted, by which hosts are frozen and ended")


@dataclass(frozen=True)
class Lab:
    name: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9]{0,15}", self.name):
            raise LabError(f"'{self.name}' is no name for a lab: a lower-case letter, then at most 15 letters or digits")

    @property
    def directory(self) -> Path:
        return REPOSITORY / ".lab" / self.name

    @property
    def init_pid_file(self) -> Path:
        return self.directory / "init.pid"

    @property
    def inventory(self) -> Path:
        return self.directory / "inventory"

    @property
    def ssh_config(self) -> Path:
        return self.directory / "ssh_config"

    @property
    def network_faults_file(self) -> Path:
        return self.directory / "network-faults.json"

    @property
    def snapshots_file(self) -> Path:
        return self.directory / "snapshots.json"

    @property
    def renamed_file(self) -> Path:
        return self.directory / "renamed.json"

    @property
    def image_file(self) -> Path:
        """Digest of the image that the lab's hosts were made of: they keep it when the recipe changes."""
        return self.directory / "image"

    @property
    def repository_directory(self) -> Path:
        return cache_directory() / "repo"

    def host_directory(self, host: str) -> Path:
        return self.directory / "hosts" / host

    @property
    def cgroup_name(self) -> str:
        """The same lab name in another checkout is another lab."""
        return f"dialtone-lab-{self.name}-{hashlib.sha256(str(self.directory).encode()).hexdigest()[:8]}"

    @cached_property
    def cgroup(self) -> Path:
        return cgroup2_mount(Path("/proc/self/mountinfo").read_text(encoding="utf-8")) / self.cgroup_name

    @property
    def init_pid(self) -> int | None:
        """Process id of the lab's init while it runs. A recycled id is told by its name and working directory."""
        try:
            pid = int(self.init_pid_file.read_text(encoding="utf-8"))
            process = Path("/proc") / str(pid)
            same_name = process.joinpath("comm").read_text(encoding="utf-8").strip() == INIT_COMM
            same_place = os.path.samefile(process / "cwd", self.directory)
        except (OSError, ValueError):
            return None
        return pid if same_name and same_place else None

    @property
    def running(self) -> bool:
        return self.init_pid is not None

    def require_running(self) -> int:
        pid = self.init_pid
        if pid is None:
            raise LabError(f"lab '{self.name}' is not running; start it with: python3 -m lab --name {self.name} up")
        return pid

    @contextmanager
    def lock(self, create: bool = False) -> Iterator[None]:
        """One changing command at a time. The file goes away with the lab, so a lock on a removed file is taken again."""
        path = self.directory / "lock"
        while True:
            if not create and not self.directory.exists():
                self.require_running()
            try:
                self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            except FileNotFoundError:
                continue
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            try:
                if path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
                    break
            except FileNotFoundError:
                pass
            os.close(descriptor)
        try:
            yield
        finally:
            os.close(descriptor)
