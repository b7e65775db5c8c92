"""The image of the POM media: what is on it, that it is the same everywhere, and that nothing on it knows who drives it."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from lab.artifacts import kafka, postgresql
from lab.artifacts.kafka import ArtifactError
from lab.errors import LabError
from lab.standins import media, programs

SOURCES = [path for path in media.source_files(media.SOURCES) if path.suffix not in (".war", ".jar")]
PYTHON = [path for path in SOURCES if path.suffix == ".py"]
needs_xorriso = pytest.mark.skipif(shutil.which("xorriso") is None, reason="this machine has no xorriso")
needs_javac = pytest.mark.skipif(shutil.which("javac") is None, reason="this machine has no javac")


def image_of(tree: Path, target: Path) -> str:
    media.write_image(tree, target)
    return kafka.sha256_of(target)


@needs_xorriso
def test_the_same_tree_gives_the_same_image_whatever_its_times_and_modes(pom_media: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for tree in (first, second):
        shutil.copytree(pom_media, tree)
    for path in second.rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(path.stat().st_mode & 0o700)
    assert image_of(first, tmp_path / "first.iso") == image_of(second, tmp_path / "second.iso")
    (second / "EULA.txt").write_text("other\n", encoding="utf-8")
    assert image_of(second, tmp_path / "third.iso") != kafka.sha256_of(tmp_path / "first.iso")


@needs_xorriso
def test_what_is_taken_off_the_image_runs(pom_media: Path, tmp_path: Path) -> None:
    media.write_image(pom_media, tmp_path / "pom.iso")
    target = tmp_path / "off"
    subprocess.run(
        ["xorriso", "-osirrox", "on", "-indev", tmp_path / "pom.iso", "-extract", "/", target], check=True, capture_output=True
    )
    told = subprocess.run([target / programs.INSTALLER, "-h"], capture_output=True, text=True, check=True).stdout
    assert told.startswith("Usage: installPOM [-s]")
    assert (target / "packages/pomserver/bin/installDB.sh").stat().st_mode & 0o777 == 0o755
    assert (target / "packages/pomserver/sql/postgres.sql").stat().st_mode & 0o777 == 0o644


def test_the_image_is_kept_by_the_digest_of_its_contents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Path] = []

    def write(tree: Path, image: Path) -> None:
        written.append(image)
        image.write_bytes(b"image")

    monkeypatch.setenv("DIALTONE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(media, "write_image", write)
    monkeypatch.setattr(media, "javac_version", lambda: "javac 17")
    monkeypatch.setattr(media, "add_archives", lambda server: None)
    shutil.copytree(media.SOURCES, tmp_path / "pom", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(media, "SOURCES", tmp_path / "pom")
    monkeypatch.setattr(programs, "__file__", str(tmp_path / "programs.py"))
    (tmp_path / "programs.py").write_text("", encoding="utf-8")
    first = media.build()
    assert media.build() == first
    assert len(written) == 1
    assert first.path.read_bytes() == b"image"
    assert list(first.path.parent.glob(".*")) == []
    (tmp_path / "pom/media/EULA.txt").write_text("other\n", encoding="utf-8")
    assert media.build().path != first.path


@pytest.mark.parametrize("program", sorted(media.PROGRAMS))
def test_a_missing_program_is_named_with_its_package(program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media.shutil, "which", lambda name: None)
    with pytest.raises(LabError, match=f"`apt-get install {media.PROGRAMS[program]}`"):
        media.write_image(tmp_path, tmp_path / "pom.iso") if program == "xorriso" else media.javac()


@needs_javac
@pytest.mark.slow
def test_the_services_programs_are_compiled_against_what_is_delivered(tmp_path: Path) -> None:
    source = tmp_path / "Told.java"
    source.write_text("class Told { }", encoding="utf-8")
    media.compile_java([source], tmp_path / "classes", [])
    assert (tmp_path / "classes/Told.class").read_bytes()[6:8] == (55).to_bytes(2, "big")
    source.write_text("class Told extends Missing { }", encoding="utf-8")
    with pytest.raises(LabError, match="Missing"):
        media.compile_java([source], tmp_path / "classes", [])


@needs_javac
@pytest.mark.slow
@pytest.mark.network
def test_the_whole_image_holds_kafka_the_driver_and_the_classes(tmp_path: Path) -> None:
    server = media.stage(tmp_path / "media") / "packages/pomserver"
    assert [path.name for path in (server / "kafka").glob("*.tar.gz")] == [kafka.ARCHIVE_NAME]
    assert kafka.sha256_of(server / "lib/jdbc/postgresql.jar") == postgresql.read_lock().sha256
    names = {path.stem for path in (server / "services/java").rglob("*.java")}
    assert names <= {path.stem for path in (server / "services/classes").rglob("*.class")}


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    delivered = {kafka.file_name(postgresql.WANTED): b"driver"}

    def download(artifacts: list[str], directory: Path) -> None:
        for artifact in artifacts:
            (directory / kafka.file_name(artifact)).write_bytes(delivered[kafka.file_name(artifact)])

    monkeypatch.setenv("DIALTONE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(postgresql, "LOCK", tmp_path / "postgresql.lock.json")
    monkeypatch.setattr(postgresql, "download", download)
    return delivered


def test_the_driver_is_fetched_once_and_again_where_it_was_damaged(registry: dict[str, bytes]) -> None:
    file = postgresql.lock()
    kept = dict(registry)
    registry.clear()
    assert postgresql.fetch() == file
    registry.update(kept)
    file.write_bytes(b"damaged")
    assert postgresql.fetch().read_bytes() == b"driver"


def test_another_driver_than_the_pinned_one_is_refused(registry: dict[str, bytes]) -> None:
    file = postgresql.lock()
    file.unlink()
    registry[file.name] = b"another"
    with pytest.raises(ArtifactError, match=r"wrong checksum of org\.postgresql:postgresql"):
        postgresql.fetch()
    assert not file.exists()


def test_the_lock_file_pins_the_wanted_driver() -> None:
    assert postgresql.read_lock().artifact == postgresql.WANTED


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(media.SOURCES)))
def test_no_file_of_the_media_knows_who_drives_it(path: Path) -> None:
    assert "dialtone" not in path.read_text(encoding="utf-8").lower()


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(media.SOURCES)))
def test_every_program_says_that_it_is_of_the_lab_and_runs_on_the_hosts_python(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))
    assert (ast.get_docstring(tree) or "").startswith("Lab only.")
    assert any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body) or len(tree.body) == 1
