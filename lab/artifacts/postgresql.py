"""The JDBC driver of PostgreSQL, pinned by SHA-256 in `postgresql.lock.json`. Lab only: a site gets the vendor's own."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from lab.artifacts.kafka import Pin, download, file_name, sha256_of, verify
from lab.state import cache_directory

LOCK = Path(__file__).with_name("postgresql.lock.json")
WANTED = "org.postgresql:postgresql:42.7.4"


def fetch() -> Path:
    """Return the pinned driver from the cache, fetching it first where it is missing or not what is pinned."""
    pin = read_lock()
    target = cache_directory() / "artifacts" / Path(pin.path).name
    if target.is_file() and sha256_of(target) == pin.sha256:
        return target
    with tempfile.TemporaryDirectory(prefix="dialtone-driver-") as scratch:
        download([pin.artifact], Path(scratch))
        verify([pin], Path(scratch))
        return keep(Path(scratch, target.name), target)


def lock() -> Path:
    """Fetch the wanted driver anew and pin it."""
    with tempfile.TemporaryDirectory(prefix="dialtone-driver-") as scratch:
        download([WANTED], Path(scratch))
        file = Path(scratch, file_name(WANTED))
        pin = Pin(file.name, WANTED, sha256_of(file), file.stat().st_size)
        LOCK.write_text(json.dumps(vars(pin), indent=2) + "\n", encoding="utf-8")
        return keep(file, cache_directory() / "artifacts" / file.name)


def read_lock() -> Pin:
    return Pin(**json.loads(LOCK.read_text(encoding="utf-8")))


def keep(file: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    shutil.copy(file, partial)
    partial.replace(target)
    return target
