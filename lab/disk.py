"""Disks of hosts: one sparse ext4 file a host, so that a full disk is that host's alone. On it lies the writable layer over the
shared image, and below it the layers that snapshots keep. Lab only; nothing in it reaches a site."""
from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from lab import rootfs
from lab.shell import run
from lab.state import Lab

DISK_SIZE = "40G"
# Beside the overlay on the host's disk; what a snapshot keeps of it is a copy for each of its layers.
EXPORTED, EXPORTED_KEPT = "disk/exported", "disk/exported-kept"


def identified(directory: Path) -> bool:
    return directory.joinpath("disk", "identified").exists()


def mark_identified(directory: Path) -> None:
    directory.joinpath("disk", "identified").touch()


def layers(directory: Path) -> list[str]:
    """Names of the read-only layers below the writable one, topmost first."""
    path = directory / "layers.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def set_layers(directory: Path, names: list[str]) -> None:
    partial = directory / "layers.json.partial"
    partial.write_text(json.dumps(names), encoding="utf-8")
    partial.rename(directory / "layers.json")


def attach_disk(lab: Lab, host: str) -> Path:
    """Mount the host's disk, made at first use; return where."""
    directory = lab.host_directory(host)
    image, mounted = directory / "disk.img", directory / "disk"
    mounted.mkdir(parents=True, exist_ok=True)
    if not image.exists():
        # A new file reads as zeros, which spares writing the inode tables and a large journal: the file stays sparse.
        blank = directory / "disk.img.partial"
        run(["truncate", "--size", DISK_SIZE, str(blank)])
        run(["mkfs.ext4", "-q", "-F", "-m", "0", "-J", "size=16", "-E", "assume_storage_prezeroed=1,nodiscard", str(blank)])
        blank.rename(image)
    if not os.path.ismount(mounted):
        run(["mount", "-o", "loop,discard,noatime", str(image), str(mounted)])
    for name in ("upper", "work", "layers"):
        mounted.joinpath(name).mkdir(exist_ok=True)
    for path in (EXPORTED, EXPORTED_KEPT):
        directory.joinpath(path).mkdir(exist_ok=True)
    return mounted


def attach(lab: Lab, host: str) -> Path:
    """Mount the host's disk and its root filesystem; return the root. What is mounted already stays."""
    directory, mounted = lab.host_directory(host), attach_disk(lab, host)
    root = directory / "root"
    root.mkdir(exist_ok=True)
    if not os.path.ismount(root):
        image = rootfs.directory(lab.image_file.read_text(encoding="utf-8").strip())
        # A layer that is named but not there was about to be made of the writable one, which then still has it all.
        lower = [f"layers/{name}" for name in layers(directory) if mounted.joinpath("layers", name).is_dir()]
        options = f"lowerdir={':'.join([*lower, str(image / 'rootfs')])},upperdir=upper,workdir=work"
        # The source is only a name, but Ansible reports no "/" at all unless it looks like a device.
        run(["mount", "-t", "overlay", f"/dev/mapper/rootvg-{host}", "-o", options, str(root)], directory=mounted)
    return root


def detach_root(lab: Lab, host: str) -> None:
    root = lab.host_directory(host) / "root"
    if os.path.ismount(root):
        run(["umount", str(root)])


def detach(lab: Lab, host: str) -> None:
    detach_root(lab, host)
    mounted = lab.host_directory(host) / "disk"
    if os.path.ismount(mounted):
        run(["umount", str(mounted)])


def add_layer(lab: Lab, host: str, name: str) -> None:
    """Turn what the host has written into a read-only layer below an empty writable one. The host is off."""
    directory, mounted = lab.host_directory(host), attach_disk(lab, host)
    detach_root(lab, host)
    set_layers(directory, [name, *layers(directory)])
    mounted.joinpath("upper").rename(mounted / "layers" / name)
    run(["cp", "--archive", str(directory / EXPORTED), str(directory / EXPORTED_KEPT / name)])
    empty(mounted)


def reset(lab: Lab, host: str) -> None:
    """Forget what the host has written above its layers. The host is off."""
    directory, mounted = lab.host_directory(host), attach_disk(lab, host)
    detach_root(lab, host)
    unfill(lab, host)
    empty(mounted)
    shutil.rmtree(directory / EXPORTED)
    kept = next((directory / EXPORTED_KEPT / name for name in layers(directory)), None)
    if kept is not None and kept.is_dir():
        run(["cp", "--archive", str(kept), str(directory / EXPORTED)])
    else:
        directory.joinpath(EXPORTED).mkdir()


def empty(mounted: Path) -> None:
    for name in ("upper", "work"):
        if mounted.joinpath(name).exists():
            shutil.rmtree(mounted / name)
        mounted.joinpath(name).mkdir()


def keep_layers(lab: Lab, host: str, names: Sequence[str]) -> None:
    mounted = attach_disk(lab, host)
    for parent in (mounted / "layers", lab.host_directory(host) / EXPORTED_KEPT):
        for layer in parent.iterdir():
            if layer.name not in names:
                shutil.rmtree(layer)


def fill(lab: Lab, host: str) -> None:
    """Take every free block of the host's disk, without writing to this machine's."""
    mounted = attach_disk(lab, host)
    with mounted.joinpath("filler").open("ab") as file:
        piece = os.statvfs(mounted).f_bfree * os.statvfs(mounted).f_bsize
        while piece >= os.statvfs(mounted).f_bsize:
            try:
                os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, piece)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                piece //= 2


def unfill(lab: Lab, host: str) -> None:
    attach_disk(lab, host).joinpath("filler").unlink(missing_ok=True)


def remove(lab: Lab, host: str) -> None:
    shutil.rmtree(lab.host_directory(host))
