"""The root filesystem that all hosts share: built once by mmdebstrap from the recipe in lab/image, named by the recipe's
digest. Lab only; nothing in it reaches a site."""
from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from lab.errors import LabError
from lab.shell import run, step
from lab.state import REPOSITORY, cache_directory

RECIPE = REPOSITORY / "lab" / "image"
RELEASE = "bookworm"
SUITES = (RELEASE, f"{RELEASE}-updates", f"{RELEASE}-security")


def recipe_files(recipe: Path) -> list[Path]:
    return sorted(path for path in recipe.rglob("*") if path.is_file())


def recipe_digest(recipe: Path) -> str:
    digest = hashlib.sha256(RELEASE.encode())
    for path in recipe_files(recipe):
        digest.update(f"\0{path.relative_to(recipe)}\0{path.stat().st_mode & 0o100:o}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def packages(recipe: Path) -> list[str]:
    lines = recipe.joinpath("packages.txt").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def directory(digest: str) -> Path:
    return cache_directory() / "image" / digest


def stanzas(text: str) -> Iterator[dict[str, str]]:
    """The stanzas of a deb822 file."""
    fields: dict[str, str] = {}
    key = ""
    for line in [*text.splitlines(), ""]:
        if line.startswith("#"):
            continue
        if not line.strip():
            if fields:
                yield fields
            fields, key = {}, ""
        elif line[0] in " \t":
            fields[key] += " " + line.strip()
        else:
            key, _, value = line.partition(":")
            key = key.strip().lower()
            fields[key] = value.strip()


def source_lines(name: str, text: str) -> Iterator[str]:
    """One-line package sources of an apt source file in either of its formats, for the image's release only."""
    if name.endswith(".sources"):
        for stanza in stanzas(text):
            if "deb" not in stanza.get("types", "").split() or stanza.get("enabled", "yes").lower() == "no":
                continue
            keyring = stanza.get("signed-by", "")
            option = f"[signed-by={keyring}] " if keyring.startswith("/") else ""
            for uri in stanza.get("uris", "").split():
                for suite in stanza.get("suites", "").split():
                    if suite in SUITES and "main" in stanza.get("components", "").split():
                        yield f"deb {option}{uri} {suite} main"
        return
    for line in text.splitlines():
        kind, _, rest = line.partition("#")[0].strip().partition(" ")
        option, bracket, remainder = rest.strip().partition("] ")
        words = (remainder if bracket else option).split()
        if kind == "deb" and len(words) > 2 and words[1] in SUITES and "main" in words[2:]:
            yield f"deb {option + '] ' if bracket else ''}{words[0]} {words[1]} main"


def package_sources(apt: Path = Path("/etc/apt")) -> list[str]:
    """This machine's own package sources that carry the image's release."""
    files: Iterable[Path] = [apt / "sources.list", *sorted(apt.joinpath("sources.list.d").glob("*"))]
    lines = [line for path in files if path.suffix in (".list", ".sources") and path.is_file()
             for line in source_lines(path.name, path.read_text(encoding="utf-8"))]
    if not any(f" {RELEASE} main" in line for line in lines):
        raise LabError(
            f"apt of this machine has no source for Debian {RELEASE} main, which the lab's hosts are made of; "
            "run the lab on Debian 12, or add such a source to /etc/apt/sources.list"
        )
    return lines


def build() -> Path:
    """Build the recipe's image unless it is there; return its directory."""
    target = directory(recipe_digest(RECIPE))
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_suffix(".lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.is_dir():
            with step(f"host image {target.name}: Debian {RELEASE} and {len(packages(RECIPE))} packages (about a minute, once)"):
                build_into(target)
    target.with_suffix(".lock").unlink(missing_ok=True)
    return target


def build_into(target: Path) -> None:
    partial, log = target.with_suffix(".partial"), target.with_suffix(".log")
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(parents=True)
    root = partial / "rootfs"
    command = [
        "mmdebstrap", "--mode=root", "--variant=minbase", f"--include={','.join(packages(RECIPE))}",
        "--aptopt=Acquire::Languages \"none\"", "--aptopt=Acquire::Check-Valid-Until \"false\"",
        # Before the packages, because some read these files when they are installed:
        "--essential-hook=cp -rT --no-preserve=ownership \"$LAB_RECIPE/files\" \"$1\"",
        "--customize-hook=\"$LAB_RECIPE/customize.sh\" \"$1\"",
        RELEASE, str(root), *package_sources(),
    ]
    with log.open("w", encoding="utf-8") as output:
        environment = {**os.environ, "LAB_RECIPE": str(RECIPE), "LC_ALL": "C.UTF-8"}
        try:
            result = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False)
        except FileNotFoundError:
            raise LabError("the program 'mmdebstrap' is missing on this machine; install it with: python3 -m lab tools") from None
    if result.returncode != 0:
        words = log.read_text(encoding="utf-8", errors="replace").splitlines()
        last = "\n  ".join(line[:300] for line in words[-8:])
        raise LabError(f"the host image could not be built; the last words of {log}:\n  {last}")
    versions = run(["dpkg-query", f"--admindir={root}/var/lib/dpkg", "--show", "--showformat=${Package} ${Version}\n"])
    partial.joinpath("packages.txt").write_text(versions, encoding="utf-8")
    log.rename(partial / "build.log")
    partial.rename(target)
