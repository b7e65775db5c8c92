"""The tree `kafka_server/{bin,config,libs}` of Apache Kafka with ZooKeeper, put together from Maven Central and packed.

Lab only: a site uses the tree that the vendor delivers. Maven Central has the jars of the distribution but not the distribution
itself, so the jars come from there, and `bin/` and `config/` are stand-ins (`lab/artifacts/kafka_server`). Every jar and the
packed archive are pinned by SHA-256 in `kafka.lock.json`: what a host gets is the same to the byte on every machine.
"""
from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import xml.etree.ElementTree as ElementTree
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.state import cache_directory

LOCK = Path(__file__).with_name("kafka.lock.json")
STAND_INS = Path(__file__).with_name("kafka_server")
TREE = "kafka_server"
PROGRAMS = {"mvn": "maven"}  # program: Debian package

KAFKA_VERSION = "3.2.0"
SCALA_VERSION = "2.13"
ARCHIVE_NAME = f"{TREE}-{SCALA_VERSION}-{KAFKA_VERSION}.tar.gz"
# Without the binding the servers would log nothing.
WANTED = (
    f"org.apache.kafka:kafka_{SCALA_VERSION}:{KAFKA_VERSION}",
    f"org.apache.kafka:kafka-tools:{KAFKA_VERSION}",
    "org.slf4j:slf4j-reload4j:1.7.36",
)
FOREIGN_CLASSIFIERS = ("osx", "aarch", "windows")
DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"
MAVEN_NAMESPACE = "http://maven.apache.org/POM/4.0.0"

# 2022-05-17, the release of Kafka 3.2.0: one time for every file, so that packing again gives the same bytes.
PACKED_AT = 1652745600


class ArtifactError(Exception):
    """An artifact cannot be had, or is not what the lock file pins."""


@dataclass(frozen=True)
class Pin:
    """One fetched file: its place in the tree, where it comes from, and what it must be."""

    path: str
    artifact: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Archive:
    path: Path
    sha256: str


def fetch() -> Archive:
    """Return the pinned archive from the cache, making it first where it is missing or not what is pinned."""
    pins, archive_sha256 = read_lock()
    target = cache_directory() / "artifacts" / ARCHIVE_NAME
    if target.is_file() and sha256_of(target) == archive_sha256:
        return Archive(target, archive_sha256)
    with tempfile.TemporaryDirectory(prefix="dialtone-kafka-") as scratch:
        jars = Path(scratch, "libs")
        download([pin.artifact for pin in pins], jars)
        verify(pins, jars)
        packed = pack(tree_files([jars / Path(pin.path).name for pin in pins]), target)
    if packed.sha256 != archive_sha256:
        target.unlink()
        raise ArtifactError(
            f"{ARCHIVE_NAME}: the packed archive has sha256 {packed.sha256}, {LOCK.name} pins {archive_sha256}; "
            f"every jar is as pinned, so a file below {STAND_INS.name}/ was changed: "
            f"run `python3 -m lab.artifacts lock` and commit {LOCK.name} with it"
        )
    write_checksum(packed)
    return packed


def lock() -> Archive:
    """Resolve the wanted coordinates anew, pin what they bring and pack it."""
    with tempfile.TemporaryDirectory(prefix="dialtone-kafka-") as scratch:
        jars = Path(scratch, "libs")
        coordinates = resolve(WANTED)
        download(coordinates, jars)
        pins = sorted((pin_of(jars, artifact) for artifact in coordinates), key=lambda pin: pin.path)
        packed = pack(tree_files([jars / Path(pin.path).name for pin in pins]), cache_directory() / "artifacts" / ARCHIVE_NAME)
    write_lock(pins, packed.sha256)
    write_checksum(packed)
    return packed


def read_lock() -> tuple[list[Pin], str]:
    content = json.loads(LOCK.read_text(encoding="utf-8"))
    return [Pin(**entry) for entry in content["files"]], content["archive"]["sha256"]


def write_lock(pins: Iterable[Pin], archive_sha256: str) -> None:
    content = {
        "archive": {"name": ARCHIVE_NAME, "sha256": archive_sha256},
        "files": [vars(pin) for pin in pins],
    }
    LOCK.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def verify(pins: Iterable[Pin], directory: Path) -> None:
    """Refuse the first file that is not there or not what its pin says."""
    for pin in pins:
        file = directory / Path(pin.path).name
        if not file.is_file():
            raise ArtifactError(f"{pin.path}: {pin.artifact} was not delivered")
        found = sha256_of(file)
        if found != pin.sha256:
            raise ArtifactError(
                f"{pin.path}: wrong checksum of {pin.artifact}: expected sha256 {pin.sha256} ({pin.size} bytes), "
                f"found {found} ({file.stat().st_size} bytes). Nothing was packed. A registry or proxy delivers another file: "
                f"remove it from {maven_repository()} and fetch again; pin it anew only if its publisher explains the change"
            )


def pin_of(directory: Path, artifact: str) -> Pin:
    file = directory / file_name(artifact)
    return Pin(f"libs/{file.name}", artifact, sha256_of(file), file.stat().st_size)


def file_name(artifact: str) -> str:
    """
    >>> file_name("io.netty:netty-handler:4.1.63.Final")
    'netty-handler-4.1.63.Final.jar'
    >>> file_name("io.netty:netty-transport-native-epoll:4.1.63.Final:linux-x86_64")
    'netty-transport-native-epoll-4.1.63.Final-linux-x86_64.jar'
    """
    return "-".join(artifact.split(":")[1:]) + ".jar"


def resolve(artifacts: Iterable[str]) -> list[str]:
    """Return the coordinates of everything that the artifacts need to run."""
    with tempfile.TemporaryDirectory(prefix="dialtone-maven-") as scratch:
        listing = Path(scratch, "list.txt")
        run_maven(project(artifacts, transitive=True), "list", f"-DoutputFile={listing}", "-DincludeScope=runtime")
        return parse_listing(listing.read_text(encoding="utf-8"))


def parse_listing(text: str) -> list[str]:
    """Coordinates out of `dependency:list`: group:artifact:type[:classifier]:version:scope [-- module …]."""
    coordinates = []
    for line in text.splitlines():
        words = line.split(" -- ")[0].strip().split(":")
        if len(words) == 5:
            coordinates.append(":".join((words[0], words[1], words[3])))
        elif len(words) == 6 and not any(word in words[3] for word in FOREIGN_CLASSIFIERS):
            coordinates.append(":".join((words[0], words[1], words[4], words[3])))
    return sorted(coordinates)


def download(artifacts: Iterable[str], directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    run_maven(project(artifacts, transitive=False), "copy-dependencies", f"-DoutputDirectory={directory}")


def project(artifacts: Iterable[str], *, transitive: bool) -> str:
    """A Maven project that depends on the artifacts, and on nothing that they depend on unless told."""
    model = ElementTree.Element("project", xmlns=MAVEN_NAMESPACE)

    def add(parent: ElementTree.Element, **children: str) -> ElementTree.Element:
        for name, text in children.items():
            ElementTree.SubElement(parent, name).text = text
        return parent

    add(model, modelVersion="4.0.0", groupId="dialtone.lab", artifactId="kafka-server", version="1", packaging="pom")
    dependencies = ElementTree.SubElement(model, "dependencies")
    for artifact in artifacts:
        group, name, version, *classifier = artifact.split(":")
        dependency = add(ElementTree.SubElement(dependencies, "dependency"), groupId=group, artifactId=name, version=version)
        if classifier:
            add(dependency, classifier=classifier[0])
        if not transitive:
            exclusions = ElementTree.SubElement(dependency, "exclusions")
            add(ElementTree.SubElement(exclusions, "exclusion"), groupId="*", artifactId="*")
    return ElementTree.tostring(model, encoding="unicode")


def maven_repository() -> Path:
    return cache_directory() / "maven"


def run_maven(model: str, goal: str, *options: str) -> None:
    """Run one goal of the dependency plugin. Mirrors and proxies come from the person's own Maven settings."""
    maven = shutil.which("mvn")
    if maven is None:
        raise ArtifactError(
            "mvn, which fetches the jars of Kafka, is not on this machine: `apt-get install maven` (`make site` does it)"
        )
    with tempfile.TemporaryDirectory(prefix="dialtone-maven-") as scratch:
        pom = Path(scratch, "pom.xml")
        pom.write_text(model, encoding="utf-8")
        command = [
            maven,
            "--batch-mode",
            "--quiet",
            "--strict-checksums",
            "--file",
            str(pom),
            f"-Dmaven.repo.local={maven_repository()}",
            f"{DEPENDENCY_PLUGIN}:{goal}",
            *options,
        ]
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if result.returncode:
        lines = [line for line in result.stdout.splitlines() if "ERROR" in line] or result.stdout.splitlines()
        raise ArtifactError("Maven could not fetch the jars of Kafka:\n  " + "\n  ".join(lines[:6]))


def tree_files(jars: Iterable[Path]) -> dict[str, Path]:
    """Every file of the tree, by its path in it."""
    files = {f"libs/{jar.name}": jar for jar in jars}
    for file in sorted(STAND_INS.rglob("*")):
        if file.is_file():
            files[file.relative_to(STAND_INS).as_posix()] = file
    return files


def pack(files: dict[str, Path], target: Path) -> Archive:
    """Pack the tree: the same files give the same bytes, whatever machine, Python or compression library packs them."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with tempfile.TemporaryFile() as plain:
            with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as archive:
                for name in sorted(directories_of(files)):
                    archive.addfile(member(name, tarfile.DIRTYPE, 0o755))
                for name in sorted(files):
                    entry = member(f"{TREE}/{name}", tarfile.REGTYPE, 0o755 if name.startswith("bin/") else 0o644)
                    entry.size = files[name].stat().st_size
                    with files[name].open("rb") as stream:
                        archive.addfile(entry, stream)
            plain.seek(0)
            with partial.open("wb") as packed:
                packed.writelines(gzip_stored(iter(lambda: plain.read(0xFFFF), b"")))
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return Archive(target, sha256_of(target))


def directories_of(files: Iterable[str]) -> set[str]:
    return {TREE} | {f"{TREE}/{parent.as_posix()}" for name in files for parent in Path(name).parents if parent.name}


def member(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.mtime = kind, mode, PACKED_AT
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry


def gzip_stored(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The gzip format without compression. Jars are compressed already, and compressed bytes differ between versions of zlib."""
    yield b"\x1f\x8b\x08" + bytes(6) + b"\xff"
    checksum = length = 0
    for block in blocks:
        checksum, length = zlib.crc32(block, checksum), length + len(block)
        size = len(block)
        yield b"\x00" + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little") + block
    yield b"\x01\x00\x00\xff\xff" + checksum.to_bytes(4, "little") + (length & 0xFFFFFFFF).to_bytes(4, "little")


def write_checksum(archive: Archive) -> None:
    archive.path.with_name(f"{archive.path.name}.sha256").write_text(f"{archive.sha256}  {archive.path.name}\n", encoding="utf-8")


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()
