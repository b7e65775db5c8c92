"""Apache Tomcat as its project packs it, pinned by SHA-256 in `tomcat.lock.json`. Lab only: a site brings its own archive."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from lab.artifacts.kafka import Archive, Pin, project, run_maven, sha256_of, verify
from lab.artifacts.postgresql import keep
from lab.state import cache_directory

LOCK = Path(__file__).with_name("tomcat.lock.json")
VERSION = "8.5.100"
WANTED = f"org.apache.tomcat:tomcat:{VERSION}:tar.gz"
NAME = f"tomcat-{VERSION}.tar.gz"
# The directory that everything in the archive lies in.
TREE = f"apache-tomcat-{VERSION}"


def fetch() -> Archive:
    """Return the pinned archive from the cache, fetching it first where it is missing or not what is pinned."""
    pin = read_lock()
    target = cache_directory() / "artifacts" / pin.path
    if not target.is_file() or sha256_of(target) != pin.sha256:
        with tempfile.TemporaryDirectory(prefix="dialtone-tomcat-") as scratch:
            download(pin.artifact, Path(scratch))
            verify([pin], Path(scratch))
            keep(Path(scratch, pin.path), target)
    return Archive(target, pin.sha256)


def lock() -> Archive:
    """Fetch the wanted archive anew and pin it."""
    with tempfile.TemporaryDirectory(prefix="dialtone-tomcat-") as scratch:
        download(WANTED, Path(scratch))
        file = Path(scratch, NAME)
        pin = Pin(NAME, WANTED, sha256_of(file), file.stat().st_size)
        LOCK.write_text(json.dumps(vars(pin), indent=2) + "\n", encoding="utf-8")
        return Archive(keep(file, cache_directory() / "artifacts" / NAME), pin.sha256)


def read_lock() -> Pin:
    return Pin(**json.loads(LOCK.read_text(encoding="utf-8")))


def download(artifact: str, directory: Path) -> None:
    run_maven(project([], transitive=False), "copy", f"-Dartifact={artifact}", f"-DoutputDirectory={directory}")
