"""Looks for the lab's secrets: in what processes are started with, while they run, and in what a run leaves behind."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from moves import PLACES

from lab.state import REPOSITORY

EVERY_SECONDS = 0.2
# Ansible packs what it sends, and a packed secret is one.
PACKED = re.compile(rb"eJ[A-Za-z0-9+/]{40,}={0,2}")


def found_in(content: bytes, canaries: Mapping[str, str]) -> set[str]:
    """The names of the secrets that a content holds: as they are, in Base64, or in something packed."""
    contents = [content, *unpacked(content)]
    forms = {
        name: (value.encode("utf-8"), base64.b64encode(value.encode("utf-8")).rstrip(b"=")) for name, value in canaries.items()
    }
    return {name for name, both in forms.items() if any(form in one for one in contents for form in both)}


def unpacked(content: bytes) -> Iterator[bytes]:
    for match in PACKED.finditer(content):
        try:
            yield zlib.decompress(base64.b64decode(match.group()))
        except ValueError:
            continue
        except zlib.error:
            continue


class Watch:
    """The arguments and the environment of every process, of the lab's hosts too: their processes are this machine's."""

    def __init__(self, canaries: Mapping[str, str]) -> None:
        self.canaries = canaries
        self.looked = 0
        self.programs: set[str] = set()
        self.findings: set[str] = set()
        self._seen: dict[str, bytes] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(EVERY_SECONDS):
            self.look()

    def look(self) -> None:
        self.looked += 1
        there = {path.name: path for path in Path("/proc").iterdir() if path.name.isdigit()}
        self._seen = {number: known for number, known in self._seen.items() if number in there}
        for number, path in there.items():
            try:
                arguments = (path / "cmdline").read_bytes()
                if not arguments or self._seen.get(number) == arguments:
                    continue
                self._seen[number] = arguments
                environment = (path / "environ").read_bytes()
            except OSError:
                continue
            self.judge("the arguments", arguments, arguments)
            self.judge("the environment", environment, arguments)

    def judge(self, what: str, content: bytes, arguments: bytes) -> None:
        words = arguments.split(b"\0")
        program = " ".join(Path(word.decode("utf-8", "replace")).name for word in words[:2])
        self.programs.add(program)
        self.findings |= {f"{name} in {what} of {program}" for name in found_in(content, self.canaries)}


def in_files(paths: Iterable[Path], canaries: Mapping[str, str]) -> set[str]:
    """'secret in file', of files of the controller."""
    files = (file for path in paths for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file())
    return {f"{name} in {file}" for file in files for name in found_in(file.read_bytes(), canaries)}


def on_host(lab: str, host: str, canaries: Mapping[str, str]) -> set[tuple[str, str]]:
    """(secret, file) of all that is on the disk of a host, its journal included. The secrets go to it by standard input only."""
    look = f"grep -rZoF --devices=skip --binary-files=text --exclude=canaries -f /run/canaries {' '.join(PLACES)}"
    journal = r"journalctl --no-pager --all --output=cat | grep -oF -f /run/canaries | sed 's/^/the journal\x00/'"
    script = f"umask 077; cat >/run/canaries; {look}; {journal}; rm /run/canaries"
    lines = "".join(f"{value}\n{base64.b64encode(value.encode()).decode().rstrip('=')}\n" for value in canaries.values())
    done = subprocess.run(
        [sys.executable, "-m", "lab", "--name", lab, "exec", host, "--", "sh", "-c", script],
        cwd=REPOSITORY,
        input=lines.encode("utf-8"),
        stdout=subprocess.PIPE,
        check=False,
    )
    places: set[tuple[str, str]] = set()
    for line in done.stdout.splitlines():
        path, _nothing, match = line.partition(b"\0")
        places |= {(name, path.decode("utf-8", "replace")) for name in found_in(match, canaries)}
    return places
