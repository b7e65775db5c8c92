"""Whether this machine suits the lab, and the programs that it needs. Lab only; nothing in it reaches a site."""
from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from lab import rootfs
from lab.errors import LabError
from lab.shell import run, say, step
from lab.state import cache_directory, cgroup2_mount
from tools.machine import missing_packages

PROGRAMS = {
    "apt-ftparchive": "apt-utils",
    "ip": "iproute2",
    "mkfs.ext4": "e2fsprogs",
    "mmdebstrap": "mmdebstrap",
    "nft": "nftables",
    "nsenter": "util-linux",
    "openssl": "openssl",
    "socat": "socat",
    "ssh": "openssh-client",
    "systemd-nspawn": "systemd-container",
}
OLDEST_KERNEL = (5, 14)
MEGABYTE = 1024**2
FREE_BYTES = 5 * 1024 * MEGABYTE
MEMORY_BYTES = 6 * 1024 * MEGABYTE


def install_tools() -> None:
    """Install with apt what is missing; what is there stays as it is."""
    packages = missing_packages(PROGRAMS)
    if not packages:
        say("lab: every program that the lab needs is on this machine")
        return
    with step(f"install {' '.join(packages)} with apt-get"):
        run(["apt-get", "--quiet", "update"])
        install = ["apt-get", "--quiet", "--yes", "--no-install-recommends", "install", *packages]
        run(["env", "DEBIAN_FRONTEND=noninteractive", *install])


def kernel_release(text: str) -> tuple[int, int]:
    """
    >>> kernel_release("6.1.0-37-amd64")
    (6, 1)
    """
    major, minor = text.split("-")[0].split("+")[0].split(".")[:2]
    return int(major), int(minor)


def os_release(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {name: value.strip().strip('"') for name, _, value in pairs}


def load_module(name: str) -> None:
    """A kernel module that is built in, loaded or absent makes no difference here: what it brings is looked for afterwards."""
    if shutil.which("modprobe"):
        subprocess.run(["modprobe", "--quiet", name], check=False)


def available_bytes(path: Path) -> int:
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free


class UnsuitableError(LabError):
    def __init__(self, reason: str) -> None:
        super().__init__(f"this machine does not suit the lab: {reason}")


def require_suitable() -> None:
    """Raise an UnsuitableError with the first reason, in one line, why the lab cannot run on this machine."""
    release = Path("/etc/os-release")
    system = os_release(release.read_text(encoding="utf-8") if release.exists() else "")
    if system.get("VERSION_CODENAME") != rootfs.RELEASE:
        found = system.get("PRETTY_NAME", "another system")
        raise UnsuitableError(f"it runs {found}; the lab's hosts are made from the packages of Debian 12")
    rootfs.package_sources()
    for module in ("overlay", "loop", "tun", "bridge", "veth"):
        load_module(module)
    if kernel_release(os.uname().release) < OLDEST_KERNEL:
        raise UnsuitableError(f"kernel {os.uname().release} is older than 5.14 and cannot kill a control group")
    if "\toverlay\n" not in Path("/proc/filesystems").read_text(encoding="utf-8"):
        raise UnsuitableError("its kernel has no overlay filesystem")
    for device, use in (("/dev/loop-control", "the hosts' disks"), ("/dev/net/tun", "a slow link between data centers")):
        if not Path(device).exists():
            raise UnsuitableError(f"it has no {device}, which it needs for {use}")
    cgroup2_mount(Path("/proc/self/mountinfo").read_text(encoding="utf-8"))
    namespaces = ["unshare", "--mount", "--net", "--pid", "--fork", "true"]
    if subprocess.run(namespaces, capture_output=True, check=False).returncode != 0:
        raise UnsuitableError("it does not let root make mount, network and process namespaces")
    free = available_bytes(cache_directory())
    if free < FREE_BYTES:
        raise UnsuitableError(f"{free // MEGABYTE} MB are free for {cache_directory()}; it needs {FREE_BYTES // MEGABYTE}")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if memory < MEMORY_BYTES * 0.95:
        raise UnsuitableError(f"it has {memory // MEGABYTE} MB of memory; a whole site takes {MEMORY_BYTES // MEGABYTE}")


def check() -> None:
    require_suitable()
    packages = missing_packages(PROGRAMS)
    missing = f"; 'python3 -m lab tools' installs what is missing: {', '.join(packages)}" if packages else ""
    print(f"this machine suits the lab{missing}")
