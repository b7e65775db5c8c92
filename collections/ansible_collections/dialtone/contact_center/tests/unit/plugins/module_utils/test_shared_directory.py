# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils import shared_directory
from ansible_collections.dialtone.contact_center.plugins.module_utils.nfs_mounts import Mount
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_directories import Account
from ansible_collections.dialtone.contact_center.plugins.module_utils.shared_directory import (
    LIBRARY,
    MOUNTED,
    SharedDirectory,
    SharedDirectoryError,
    way_of,
)

EXPORT = "db1:/a"
PATH = {"PATH": os.environ["PATH"]}
ACCOUNT = Account(os.getuid(), os.getgid())


def run(argv: Sequence[str], standard_input: str = "") -> tuple[int, str, str]:
    done = subprocess.run([*argv], input=standard_input, capture_output=True, text=True, check=False, env={"LC_ALL": "C", **PATH})
    return done.returncode, done.stdout, done.stderr


def mounted(path: Path, account: Account = ACCOUNT) -> SharedDirectory:
    return SharedDirectory(str(path), EXPORT, MOUNTED, account, run)


def test_a_mount_of_the_export_is_used() -> None:
    assert way_of("/a", EXPORT, Mount("/a", EXPORT, "nfs4", "rw"), True, []) == MOUNTED


def test_past_a_kernel_without_a_client_the_library_asks() -> None:
    assert way_of("/a", EXPORT, None, False, []) == LIBRARY


@pytest.mark.parametrize(
    ("mount", "client", "words"),
    [
        (Mount("/a", "/dev/sda1[/x]", "ext4"), True, "is mounted from /dev/sda1"),
        (Mount("/a", "/dev/sda1[/x]", "ext4"), False, "is mounted from /dev/sda1"),
        (Mount("/a", "db1:/b", "nfs4"), True, "not from db1:/a"),
        (None, True, "is not mounted"),
    ],
)
def test_nothing_else_proves_anything(mount: Mount | None, client: bool, words: str) -> None:
    with pytest.raises(SharedDirectoryError, match=words):
        way_of("/a", EXPORT, mount, client, [])


def test_what_one_writes_another_reads_and_nothing_is_left(tmp_path: Path) -> None:
    one, other = mounted(tmp_path), mounted(tmp_path)
    one.do("write", "probe", "content")
    assert other.do("read", "probe") == "content"
    one.do("remove", "probe")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    tmp_path.joinpath("probe").write_text("another's")
    with pytest.raises(SharedDirectoryError, match=f"probe .{EXPORT}.: write as POM's account failed: .*exist"):
        mounted(tmp_path).do("write", "probe", "x")
    assert tmp_path.joinpath("probe").read_text() == "another's"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another account")
def test_root_s_rights_prove_nothing(tmp_path: Path) -> None:
    os.chmod(tmp_path, 0o700)
    with pytest.raises(SharedDirectoryError, match="denied"):
        mounted(tmp_path, Account(65534, 65534)).do("write", "probe", "x")


def test_a_server_that_is_away_does_not_hold_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "probe")
    monkeypatch.setattr(shared_directory, "TIMEOUT_SECONDS", 0.2)
    with pytest.raises(SharedDirectoryError, match=r"did not answer for 0\.2 s"):
        mounted(tmp_path).do("read", "probe")


def test_without_client_and_library_the_way_out_is_named() -> None:
    with pytest.raises(SharedDirectoryError, match="libnfs-utils"):
        SharedDirectory("/a", EXPORT, LIBRARY, ACCOUNT, run, load=lambda: None)


def test_without_an_account_nobody_can_prove_anything() -> None:
    with pytest.raises(SharedDirectoryError, match="no account"):
        shared_directory.find(lambda argv, standard_input: (0, "", ""), [], None)
