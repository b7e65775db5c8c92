"""Lab only. The image that stands in for the POM media: put together once, and named by the digest of what is in it.

python3 -m lab.standins.media      builds it, and tells its path and checksum
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lab.artifacts import kafka, postgresql
from lab.errors import LabError
from lab.shell import run
from lab.standins import applications, programs
from lab.state import cache_directory

SOURCES = Path(__file__).with_name("pom")
PROGRAMS = {"javac": "default-jdk-headless", "xorriso": "xorriso"}  # program: Debian package
NAME = "pom.iso"
JAVA_RELEASE = "11"
# One time for every file, so that building again gives the same bytes.
MADE_AT = "2026010100000000"


@dataclass(frozen=True)
class Media:
    path: Path
    sha256: str


def build() -> Media:
    """Return the image from the cache; make it first where there is none of these contents."""
    target = cache_directory() / "standins" / digest() / NAME
    checksum = target.with_name(f"{NAME}.sha256")
    if not checksum.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="lab-media-") as scratch:
            image = target.with_name(f".{NAME}.{os.getpid()}")
            try:
                write_image(stage(Path(scratch, "media")), image)
                image.replace(target)
            finally:
                image.unlink(missing_ok=True)
        checksum.write_text(f"{kafka.sha256_of(target)}  {NAME}\n", encoding="utf-8")
    return Media(target, checksum.read_text(encoding="utf-8").split()[0])


def digest() -> str:
    """Of everything that goes into the image: sources, archives, the compiler."""
    found = hashlib.sha256()
    for path in source_files(SOURCES):
        found.update(f"\0{path.relative_to(SOURCES)}\0{path.stat().st_mode & 0o100:o}\0".encode())
        found.update(path.read_bytes())
    for path in (Path(programs.__file__), Path(applications.__file__), Path(__file__), kafka.LOCK, postgresql.LOCK):
        found.update(path.read_bytes())
    found.update(javac_version().encode())
    return found.hexdigest()[:16]


def source_files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def stage(directory: Path, *, archives: bool = True) -> Path:
    """Lay the image's tree into a directory. Without archives it is quick, and lacks Kafka, the driver and the Java classes."""
    shutil.copytree(SOURCES / "media", directory, dirs_exist_ok=True)
    server = directory / "packages/pomserver"
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(SOURCES / "standin_pom", server / "lib/standin_pom", ignore=ignored)
    if (SOURCES / "services").is_dir():
        shutil.copytree(SOURCES / "services", server / "services", ignore=ignored)
    applications.stage(directory / "packages/ddapps")
    write_program(directory / programs.INSTALLER, programs.MEDIA_ROOT.script("packages/pomserver/lib/standin"))
    write_program(server / "lib/standin", programs.LAUNCHER)
    for program in programs.INSTALLED:
        write_program(server / "bin" / program.name, program.script("../lib/standin"))
    if archives:
        add_archives(server)
    return directory


def write_program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def add_archives(server: Path) -> None:
    tree = kafka.fetch().path
    driver = server / "lib/jdbc/postgresql.jar"
    driver.parent.mkdir(parents=True)
    shutil.copy(postgresql.fetch(), driver)
    shutil.copy(tree, server / "kafka" / tree.name)
    with tempfile.TemporaryDirectory(prefix="lab-javac-") as scratch:
        run(["tar", "--extract", "--gzip", "--file", str(tree), "--directory", scratch, f"{kafka.TREE}/libs"])
        compile_java(
            sorted((server / "services/java").rglob("*.java")),
            server / "services/classes",
            [driver, *sorted(Path(scratch, kafka.TREE, "libs").glob("*.jar"))],
        )


def compile_java(sources: list[Path], target: Path, classpath: Iterable[Path]) -> None:
    if not sources:
        return
    target.mkdir(parents=True, exist_ok=True)
    joined = os.pathsep.join(str(path) for path in classpath)
    run(
        [
            javac(),
            "--release",
            JAVA_RELEASE,
            "-Xlint:all,-processing",
            "-proc:none",
            "-g:none",
            "-classpath",
            joined,
            "-d",
            str(target),
            *(str(path) for path in sources),
        ]
    )


def javac() -> str:
    program = shutil.which("javac")
    if program is None:
        raise LabError(
            f"javac, which compiles the stand-ins' services, is not on this machine: `apt-get install {PROGRAMS['javac']}`"
        )
    return program


def javac_version() -> str:
    return subprocess.run([javac(), "-version"], capture_output=True, text=True, check=True).stdout


def write_image(tree: Path, image: Path) -> None:
    """The same tree gives the same bytes: every owner, mode and time is set."""
    xorriso = shutil.which("xorriso")
    if xorriso is None:
        raise LabError(
            f"xorriso, which writes the image of the POM media, is not on this machine: `apt-get install {PROGRAMS['xorriso']}`"
        )
    for path in (tree, *tree.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    identity = ["-uid", "0", "-gid", "0", "--set_all_file_dates", MADE_AT, f"--modification-date={MADE_AT}"]
    run([xorriso, "-as", "mkisofs", "-quiet", "-R", "-J", "-joliet-long", "-V", "POM", *identity, "-o", str(image), str(tree)])


def main() -> int:
    try:
        media = build()
    except (LabError, kafka.ArtifactError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{media.path}  sha256 {media.sha256}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
