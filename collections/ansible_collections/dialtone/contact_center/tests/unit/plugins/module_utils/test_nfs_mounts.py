# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils import nfs_mounts
from ansible_collections.dialtone.contact_center.plugins.module_utils.nfs_mounts import Mount

EXPORT = "db1.example.com:/pom/archive"
OPTIONS = "rw,relatime,vers=4.2,addr=192.0.2.4"
WANTED = {"export": EXPORT, "fstype": "nfs", "options": "defaults,_netdev"}


def findmnt(*rows: tuple[str, str, str, str]) -> str:
    keys = ("target", "source", "fstype", "options")
    return json.dumps({"filesystems": [dict(zip(keys, row)) for row in rows]})


def test_the_last_mount_at_a_place_is_the_one_that_is_seen() -> None:
    seen = nfs_mounts.parse_findmnt(findmnt(("/a", EXPORT, "nfs4", OPTIONS), ("/a", "/dev/sda1[/x]", "ext4", "rw")))
    assert seen["/a"].source == "/dev/sda1[/x]"


@pytest.mark.parametrize("text", ["", "no json", "{}", "[]"])
def test_what_cannot_be_read_is_no_empty_list(text: str) -> None:
    with pytest.raises(nfs_mounts.MountError, match="cannot be read"):
        nfs_mounts.parse_findmnt(text)


def test_a_failing_findmnt_is_told() -> None:
    with pytest.raises(nfs_mounts.MountError, match="ended with 1: no"):
        nfs_mounts.mounted(lambda argv: (1, "", "no\n"))


@pytest.mark.parametrize(
    ("mount", "expected"),
    [
        (Mount("/a", EXPORT, "nfs4", OPTIONS), True),
        (Mount("/a", EXPORT + "/", "nfs", OPTIONS), True),
        (Mount("/a", "DB1.example.com:/pom/archive", "nfs", OPTIONS), True),
        (Mount("/a", "192.0.2.4:/pom/archive", "nfs4", OPTIONS), True),
        (Mount("/a", "192.0.2.9:/pom/archive", "nfs4", OPTIONS.replace(".4", ".9")), False),
        (Mount("/a", "db1.example.com:/pom/public", "nfs4", OPTIONS), False),
        (Mount("/a", "db1.example.com:/pom", "nfs4", OPTIONS), False),
        (Mount("/a", EXPORT, "fuse.sshfs", ""), False),
        (Mount("/a", "/dev/sda1[/pom/archive]", "ext4", "rw"), False),
        (None, False),
    ],
)
def test_only_the_export_itself_counts(mount: Mount | None, expected: bool) -> None:
    assert nfs_mounts.is_mounted_from(mount, EXPORT, ["192.0.2.4"]) is expected


def test_fstab_is_read_as_mount_reads_it() -> None:
    entries = nfs_mounts.parse_fstab(
        "# db1:/old /a nfs defaults 0 0\n"
        f"{EXPORT} /a/ nfs defaults,_netdev 0 0\n"
        "other:/b /a nfs ro 0 0\n"
        "nfs1:/x\\040y /b\\040c nfs\n"
        "UUID=1 none swap sw 0 0\n\nbroken\n"
    )
    assert entries["/a"] == Mount("/a", EXPORT, "nfs", "defaults,_netdev")
    assert entries["/b c"] == Mount("/b c", "nfs1:/x y", "nfs", "defaults")


def test_an_entry_tells_what_of_it_differs() -> None:
    entry = Mount("/a", EXPORT, "nfs", "defaults,_netdev")
    assert nfs_mounts.entry_reasons(entry, WANTED) == []
    assert nfs_mounts.entry_reasons(None, WANTED) == ["has no entry in /etc/fstab"]
    (reason,) = nfs_mounts.entry_reasons(Mount("/a", EXPORT, "nfs", "ro"), WANTED)
    assert "options ro" in reason
    assert "defaults,_netdev" in reason


def test_a_kernel_without_a_client_is_asked_again_once_its_module_is_loaded(tmp_path, monkeypatch) -> None:
    filesystems = tmp_path / "filesystems"
    filesystems.write_text("nodev\tproc\n\text4\n")
    calls = []

    def modprobe(argv):
        calls.append(argv)
        filesystems.write_text("nodev\tproc\nnodev\tnfs4\n")
        return 0, "", ""

    monkeypatch.setattr(nfs_mounts.shutil, "which", lambda name: None)
    assert not nfs_mounts.has_nfs_client(modprobe, str(filesystems))
    monkeypatch.setattr(nfs_mounts.shutil, "which", lambda name: f"/sbin/{name}")
    assert nfs_mounts.has_nfs_client(modprobe, str(filesystems))
    assert nfs_mounts.has_nfs_client(modprobe, str(filesystems))
    assert len(calls) == 1
