"""Starting, entering and ending the namespaces of a lab. Lab only; nothing in it reaches a site."""
from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from lab import cgroup
from lab.errors import LabError
from lab.shell import wait_until
from lab.state import REPOSITORY, Lab, cache_directory

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def environment() -> dict[str, str]:
    """For the lab's own programs: nothing of the person's shell but where the cache is."""
    cache = {"DIALTONE_CACHE": str(cache_directory())}
    return {"PATH": SYSTEM_PATH, "LANG": "C.UTF-8", "PYTHONPATH": str(REPOSITORY), **cache}


def start(lab: Lab) -> None:
    """Start the lab's init; the caller holds the lock."""
    ready, log = lab.directory / "ready", lab.directory / "init.log"
    for left in (ready, lab.network_faults_file):
        left.unlink(missing_ok=True)
    cgroup.remove(lab.cgroup)
    group = lab.cgroup / "init"
    group.mkdir(parents=True)
    unshare = ["unshare", "--mount", "--net", "--pid", "--fork", "--propagation", "private", "--"]
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [*unshare, sys.executable, "-m", "lab.init", lab.name],
            cwd=REPOSITORY, env=environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            preexec_fn=lambda: cgroup.join(group),
        )

    def failure() -> str:
        return f"the lab's namespaces could not be made: {log.read_text(encoding='utf-8').strip()[-500:]}"

    wait_until(lambda: ready.exists() or process.poll() is not None, 10, failure)
    if process.poll() is not None:
        raise LabError(failure())
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="utf-8").split()
    lab.init_pid_file.write_text(f"{children[0]}\n", encoding="utf-8")


def entry(lab: Lab) -> list[str]:
    """Command prefix that runs a program in the lab's namespaces, beside the hosts. It dies with the lab."""
    return ["nsenter", "--target", str(lab.require_running()), "--mount", "--net", "--pid", "--"]


def inside(lab: Lab, arguments: Sequence[str]) -> None:
    """Run lab.inside in the lab's namespaces. Where it fails it has said why."""
    command = [*entry(lab), sys.executable, "-m", "lab.inside", lab.name, *arguments]
    if subprocess.run(command, env=environment(), stdin=subprocess.DEVNULL, check=False).returncode != 0:
        consoles = lab.directory / "hosts" / "*" / "console.log"
        raise LabError(f"{arguments[0]} failed in lab '{lab.name}': see above, and the hosts' consoles in {consoles}")


def stop(lab: Lab) -> None:
    """End everything of the lab: its processes, mounts, bridges, control groups and files."""
    pid = lab.init_pid
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not Path(f"/proc/{pid}").exists(), 20, lambda: f"the lab's init (process {pid}) does not end")
    cgroup.remove(lab.cgroup)
    shutil.rmtree(lab.directory)
    with contextlib.suppress(OSError):  # another lab is still there
        lab.directory.parent.rmdir()
