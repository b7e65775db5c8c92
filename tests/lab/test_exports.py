"""The directory that an NFS server of a lab exports: beside the overlay, and still part of a snapshot."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import disk, inside
from lab.topology import EXPORTED, HOSTS


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """A lab whose disks are directories."""

    class Lab:
        def host_directory(self, host: str) -> Path:
            return tmp_path / host

    mounted = tmp_path / "db1" / "disk"
    for name in ("upper", "work", "layers", "exported", "exported-kept"):
        (mounted / name).mkdir(parents=True)
    monkeypatch.setattr(disk, "attach_disk", lambda lab, host: mounted)
    monkeypatch.setattr(disk, "detach_root", lambda lab, host: None)
    return Lab()


def test_only_a_host_that_exports_gets_the_directory_and_the_call_for_it(tmp_path: Path) -> None:
    options = {f"--bind={tmp_path}/disk/exported:{EXPORTED}", "--system-call-filter=open_by_handle_at"}
    assert options <= set(inside.container_command(HOSTS["db1"], tmp_path / "root"))
    assert not options & set(inside.container_command(HOSTS["epm1"], tmp_path / "root"))


def test_what_is_exported_goes_back_with_the_host(lab: object, tmp_path: Path) -> None:
    exported = tmp_path / "db1" / disk.EXPORTED
    disk.reset(lab, "db1")  # type: ignore[arg-type]
    exported.joinpath("kept").write_text("first", encoding="utf-8")
    disk.add_layer(lab, "db1", "one")  # type: ignore[arg-type]
    assert exported.joinpath("kept").read_text(encoding="utf-8") == "first"
    exported.joinpath("kept").write_text("later", encoding="utf-8")
    exported.joinpath("new").touch()
    disk.reset(lab, "db1")  # type: ignore[arg-type]
    assert [path.name for path in exported.iterdir()] == ["kept"]
    assert exported.joinpath("kept").read_text(encoding="utf-8") == "first"


def test_a_layer_that_nobody_stands_on_goes_with_what_was_exported(lab: object, tmp_path: Path) -> None:
    for name in ("one", "two"):
        disk.add_layer(lab, "db1", name)  # type: ignore[arg-type]
    disk.keep_layers(lab, "db1", ["two"])  # type: ignore[arg-type]
    assert [path.name for path in (tmp_path / "db1" / disk.EXPORTED_KEPT).iterdir()] == ["two"]
