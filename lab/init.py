"""First process of a lab, in its own mount, network and process namespaces: when it dies, the kernel removes everything
that ran or was mounted in the lab. Started by lab.namespaces. Lab only; nothing in it reaches a site."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from lab.state import INIT_COMM, Lab
from lab.topology import DATA_CENTERS


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def prepare_mounts() -> None:
    mount("-t", "proc", "proc", "/proc")
    # A fresh sysfs shows this network namespace. Over it the cgroup v2 tree: hosts see pure cgroup v2 on every machine.
    mount("-t", "sysfs", "sysfs", "/sys")
    mount("-t", "cgroup2", "cgroup2", "/sys/fs/cgroup")
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")


def prepare_network() -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1", encoding="utf-8")
    for switch in Path("/proc/sys/net/bridge").glob("bridge-nf-call-*"):
        switch.write_text("0", encoding="utf-8")
    for data_center in DATA_CENTERS.values():
        commands = (
            f"link add {data_center.bridge} type bridge\n"
            f"address add {data_center.gateway}/24 dev {data_center.bridge}\n"
            f"link set {data_center.bridge} up\n"
        )
        subprocess.run(["ip", "-batch", "-"], input=commands, text=True, check=True)


def reap_for_ever() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        except ChildProcessError:
            pass
        signal.sigwait({signal.SIGCHLD})


def main() -> None:
    lab = Lab(sys.argv[1])
    os.chdir(lab.directory)
    prepare_mounts()
    Path("/proc/self/comm").write_text(INIT_COMM, encoding="utf-8")
    prepare_network()
    lab.directory.joinpath("ready").touch()
    reap_for_ever()


if __name__ == "__main__":
    main()
