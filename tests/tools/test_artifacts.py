"""The archive of Kafka: pinned to the byte, and scripts that behave as the distribution's."""
from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import tarfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from lab.artifacts import kafka
from lab.artifacts.kafka import ArtifactError, Pin

SCRIPTS = sorted((kafka.STAND_INS / "bin").glob("*.sh"))


def files_of(directory: Path, **contents: bytes) -> dict[str, Path]:
    directory.mkdir()
    files = {}
    for name, content in contents.items():
        path = directory / name
        path.write_bytes(content)
        files[f"libs/{name}.jar"] = path
    return files


def test_the_same_files_give_the_same_archive_whatever_their_times_and_modes(tmp_path: Path) -> None:
    contents = {"one": b"1" * 200_000, "two": b""}
    first = kafka.pack(files_of(tmp_path / "a", **contents), tmp_path / "first.tar.gz")
    second_files = files_of(tmp_path / "b", **contents)
    for path in second_files.values():
        os.utime(path, (0, 0))
        path.chmod(0o600)
    second = kafka.pack(dict(reversed(second_files.items())), tmp_path / "second.tar.gz")
    assert first.sha256 == second.sha256
    assert first.path.read_bytes() == second.path.read_bytes()


def test_the_archive_is_one_that_other_programs_read(tmp_path: Path) -> None:
    large = os.urandom(300_000)
    scripts = files_of(tmp_path / "a", large=large)
    scripts["bin/kafka-topics.sh"] = scripts["libs/large.jar"]
    packed = kafka.pack(scripts, tmp_path / "kafka.tar.gz")
    with gzip.open(packed.path) as plain:
        assert len(plain.read()) % 512 == 0
    subprocess.run(["tar", "--extract", "--gzip", "--file", packed.path, "--directory", tmp_path], check=True)
    assert (tmp_path / "kafka_server/libs/large.jar").read_bytes() == large
    with tarfile.open(packed.path) as archive:
        members = {entry.name: entry for entry in archive}
    assert all((entry.uid, entry.gid, entry.uname) == (0, 0, "root") for entry in members.values())
    assert members["kafka_server/bin/kafka-topics.sh"].mode == 0o755
    assert members["kafka_server/libs/large.jar"].mode == 0o644


def test_a_wrong_checksum_stops_with_the_files_name_expected_and_found(tmp_path: Path) -> None:
    (tmp_path / "zookeeper-3.6.3.jar").write_bytes(b"another")
    with pytest.raises(ArtifactError) as error:
        kafka.verify([Pin("libs/zookeeper-3.6.3.jar", "org.apache.zookeeper:zookeeper:3.6.3", "ac44de96", 1254153)], tmp_path)
    message = str(error.value)
    assert message.startswith(
        "libs/zookeeper-3.6.3.jar: wrong checksum of org.apache.zookeeper:zookeeper:3.6.3: expected sha256 ac44de96 "
    )
    assert f"found {kafka.sha256_of(tmp_path / 'zookeeper-3.6.3.jar')} (7 bytes)" in message


def test_a_file_that_was_not_delivered_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"^libs/a-1\.jar: g:a:1 was not delivered$"):
        kafka.verify([Pin("libs/a-1.jar", "g:a:1", "00", 1)], tmp_path)


@pytest.fixture
def delivered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """A registry that delivers these bytes, and a lock file that pins one jar of it."""
    content = {"a-1.jar": b"jar"}

    def download(artifacts: list[str], directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        for artifact in artifacts:
            (directory / kafka.file_name(artifact)).write_bytes(content[kafka.file_name(artifact)])

    monkeypatch.setenv("DIALTONE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(kafka, "LOCK", tmp_path / "kafka.lock.json")
    monkeypatch.setattr(kafka, "resolve", lambda artifacts: ["g:a:1"])
    monkeypatch.setattr(kafka, "download", download)
    return content


def test_the_archive_is_fetched_once(delivered: dict[str, bytes]) -> None:
    locked = kafka.lock()
    delivered.clear()
    assert kafka.fetch() == locked
    checksum = locked.path.with_name(f"{locked.path.name}.sha256").read_text(encoding="utf-8")
    assert checksum == f"{locked.sha256}  {kafka.ARCHIVE_NAME}\n"


def test_an_archive_that_was_damaged_in_the_cache_is_made_anew(delivered: dict[str, bytes]) -> None:
    locked = kafka.lock()
    locked.path.write_bytes(b"damaged")
    assert kafka.fetch() == locked
    assert kafka.sha256_of(locked.path) == locked.sha256


def test_a_jar_that_changed_at_the_registry_leaves_no_archive(delivered: dict[str, bytes]) -> None:
    locked = kafka.lock()
    locked.path.unlink()
    delivered["a-1.jar"] = b"tampered"
    with pytest.raises(ArtifactError, match=r"^libs/a-1\.jar: wrong checksum"):
        kafka.fetch()
    assert not locked.path.exists()


def test_a_changed_stand_in_has_to_be_locked_anew(
    delivered: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = kafka.lock()
    locked.path.unlink()
    changed = tmp_path / "kafka_server"
    shutil.copytree(kafka.STAND_INS, changed)
    (changed / "config/server.properties").write_text("broker.id=7\n", encoding="utf-8")
    monkeypatch.setattr(kafka, "STAND_INS", changed)
    with pytest.raises(ArtifactError, match=r"a file below kafka_server/ was changed: run `python3 -m lab\.artifacts lock`"):
        kafka.fetch()
    assert not locked.path.exists()


def test_what_maven_lists_becomes_coordinates_without_foreign_natives() -> None:
    listing = """
The following files have been resolved:
   org.apache.zookeeper:zookeeper:jar:3.6.3:runtime -- module zookeeper (auto)
   io.netty:netty-transport-native-epoll:jar:linux-x86_64:4.1.63.Final:runtime
   io.netty:netty-transport-native-kqueue:jar:osx-x86_64:4.1.63.Final:runtime
   io.netty:netty-transport-native-epoll:jar:linux-aarch_64:4.1.63.Final:runtime
"""
    assert kafka.parse_listing(listing) == [
        "io.netty:netty-transport-native-epoll:4.1.63.Final:linux-x86_64",
        "org.apache.zookeeper:zookeeper:3.6.3",
    ]


def test_only_what_is_pinned_is_asked_of_maven() -> None:
    model = ElementTree.fromstring(kafka.project(["g:a:1", "g:b:2:linux-x86_64"], transitive=False))
    names = {"m": kafka.MAVEN_NAMESPACE}
    dependencies = model.findall("m:dependencies/m:dependency", names)
    assert [dependency.findtext("m:version", namespaces=names) for dependency in dependencies] == ["1", "2"]
    assert dependencies[1].findtext("m:classifier", namespaces=names) == "linux-x86_64"
    for dependency in dependencies:
        assert dependency.findtext("m:exclusions/m:exclusion/m:artifactId", namespaces=names) == "*"


def test_a_missing_maven_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka.shutil, "which", lambda name: None)
    with pytest.raises(ArtifactError, match="`apt-get install maven`"):
        kafka.run_maven("<project/>", "list")


def test_the_lock_file_pins_the_documented_products() -> None:
    pins, archive_sha256 = kafka.read_lock()
    artifacts = {pin.artifact for pin in pins}
    assert {
        "org.apache.kafka:kafka_2.13:3.2.0",
        "org.apache.zookeeper:zookeeper:3.6.3",
        "org.slf4j:slf4j-reload4j:1.7.36",
    } <= artifacts
    assert all(len(pin.sha256) == 64 and pin.size > 0 for pin in pins)
    assert len({pin.path for pin in pins}) == len(pins)
    assert len(archive_sha256) == 64


@pytest.mark.network
def test_the_archive_of_this_checkout_is_the_pinned_one() -> None:
    archive = kafka.fetch()
    pins, pinned = kafka.read_lock()
    assert archive.sha256 == pinned == kafka.sha256_of(archive.path)
    with tarfile.open(archive.path) as packed:
        files = {entry.name: entry for entry in packed if entry.isfile()}
    wanted = {f"kafka_server/{pin.path}" for pin in pins}
    wanted |= {f"kafka_server/{path.relative_to(kafka.STAND_INS)}" for path in kafka.STAND_INS.rglob("*") if path.is_file()}
    assert set(files) == wanted


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The tree, with a java that only tells how it was called."""
    shutil.copytree(kafka.STAND_INS, tmp_path / "kafka_server")
    java = tmp_path / "jre/bin/java"
    java.parent.mkdir(parents=True)
    java.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    java.chmod(0o755)
    return tmp_path / "kafka_server"


def call(tree: Path, script: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "JAVA_HOME": str(tree.parent / "jre"), **variables}
    return subprocess.run([tree / "bin" / script, *arguments], capture_output=True, text=True, env=environment, check=False)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_script_says_that_it_is_a_stand_in_and_parses(script: Path) -> None:
    lines = script.read_text(encoding="utf-8").splitlines()
    assert lines[1].startswith("# Lab only. Stand-in for the script of the same name in the Apache Kafka distribution")
    assert os.access(script, os.X_OK)
    subprocess.run(["sh", "-n", script], check=True)


@pytest.mark.parametrize(
    ("script", "name", "main_class", "heap"),
    [
        ("kafka-server-start.sh", "kafkaServer", "kafka.Kafka", ["-Xms1G", "-Xmx1G"]),
        ("zookeeper-server-start.sh", "zookeeper", "org.apache.zookeeper.server.quorum.QuorumPeerMain", ["-Xms512M", "-Xmx512M"]),
    ],
)
def test_a_server_starts_with_the_distributions_defaults(
    tree: Path, script: str, name: str, main_class: str, heap: list[str]
) -> None:
    words = call(tree, script, "server.properties", LOG_DIR=str(tree.parent / "log")).stdout.splitlines()
    assert words[:2] == heap
    assert words[-2:] == [main_class, "server.properties"]
    assert f"-Dkafka.logs.dir={tree.parent / 'log'}" in words
    assert any(word.startswith(f"-Xlog:gc*:file={tree.parent / 'log'}/{name}-gc.log") for word in words)
    assert any(word.startswith("-Dlog4j.configuration=file:") and word.endswith("config/log4j.properties") for word in words)


def test_what_the_environment_says_wins(tree: Path) -> None:
    words = call(
        tree,
        "kafka-server-start.sh",
        "server.properties",
        KAFKA_HEAP_OPTS="-Xms96m -Xmx160m",
        KAFKA_JVM_PERFORMANCE_OPTS="-XX:+UseSerialGC",
        KAFKA_LOG4J_OPTS="-Dlog4j.configuration=file:/etc/own.properties",
        KAFKA_OPTS="-Done=1 -Dtwo=2",
        LOG_DIR=str(tree.parent / "log"),
    ).stdout.splitlines()
    for word in (
        "-Xms96m",
        "-Xmx160m",
        "-XX:+UseSerialGC",
        "-Dlog4j.configuration=file:/etc/own.properties",
        "-Done=1",
        "-Dtwo=2",
    ):
        assert word in words
    assert "-XX:+UseG1GC" not in words


@pytest.mark.parametrize("script", ["kafka-server-start.sh", "zookeeper-server-start.sh", "kafka-run-class.sh"])
def test_a_server_without_its_file_is_refused(tree: Path, script: str) -> None:
    result = call(tree, script)
    assert result.returncode == 1
    assert result.stderr.startswith("usage: ")


def test_the_background_is_refused_in_words(tree: Path) -> None:
    result = call(tree, "kafka-run-class.sh", "-daemon", "kafka.Kafka")
    assert result.returncode == 1
    assert "has no -daemon" in result.stderr


@pytest.mark.parametrize("script", [path.name for path in SCRIPTS if "server" not in path.name and "run-class" not in path.name])
def test_a_tool_hands_its_arguments_on(tree: Path, script: str) -> None:
    words = call(tree, script, "--bootstrap-server", "kafka3:9093", "--note", "two words").stdout.splitlines()
    assert words[-4:] == ["--bootstrap-server", "kafka3:9093", "--note", "two words"]
    assert any(word.endswith("config/tools-log4j.properties") for word in words)
