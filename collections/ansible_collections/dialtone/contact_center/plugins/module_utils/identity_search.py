# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where on a host a former name or address of the site still stands, and in which form a new one takes its place.

A name is found as a whole word only, in files of any kind, so that certificates within keystores are seen too. Which places may
go on telling of the past is data, each with its reason. No content leaves the host: a hit is a path, a line and the name.
"""
from __future__ import annotations

import mmap
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv4Address
from typing import Any, BinaryIO

from ansible_collections.dialtone.contact_center.plugins.module_utils import java_keystore, properties
from ansible_collections.dialtone.contact_center.plugins.module_utils.guided_proof import texts

# What belongs to the site's software and to the host's own description. Programs of the distribution name no host.
ROOTS = ("/etc", "/opt", "/root", "/srv", "/usr/lib/systemd", "/usr/local", "/var")
HITS_OF_A_FILE = 20
LARGEST_BYTES = 256 * 1024**2
BEGINNING = 1024
CHUNK = 4 * 1024**2
STORE = java_keystore.MAGIC.to_bytes(4, "big")

# Places that go on telling of the past, as shell patterns over the whole path (a star also stands for slashes), and why they may.
EXEMPT: Mapping[str, str] = {
    "/var/log/*": "a log tells what was",
    "*/logs/*": "a log tells what was",
    "*/log/*": "a log tells what was",
    "*.log": "a log tells what was",
    "*.log.[0-9]*": "a log tells what was",
    "/var/lib/dialtone/backups/*": "a backup set keeps what was",
    "/var/lib/dialtone/jobs/*": "a transcript tells what a program of the vendor's printed",
    "/var/lib/dialtone/ledger/*": "the ledger tells who confirmed what, and when",
    "/var/lib/dialtone/leases/*": "a lease tells of the run that holds it",
    "*.[0-9]*T[0-9]*Z~": "the copy that Dialtone leaves beside a file it replaces",
    "*.[0-9]*T[0-9]*Z.[0-9]*~": "the copy that Dialtone leaves beside a file it replaces",
    "*.[0-9]*@[0-9]*:[0-9]*:[0-9]*~": "the copy that Ansible leaves beside a file it replaces",
    "*/kafka-store/*": "data of Kafka and ZooKeeper hold former registrations; the brokers are asked themselves",
    "*/version-2/log.*": "transactions of ZooKeeper; the ensemble itself is asked",
    "*/version-2/snapshot.*": "transactions of ZooKeeper; the ensemble itself is asked",
    "*/base/[0-9]*": "data of PostgreSQL hold former versions of a row; the rows themselves are asked for",
    "*/pg_wal/*": "transactions of PostgreSQL",
    "*/global/pg_*": "data of PostgreSQL",
    "*/pg_stat*/*": "statistics of PostgreSQL",
    "*/.ansible/tmp/*": "what Ansible is running at this moment",
    "*/ansible-tmp-*": "what Ansible is running at this moment",
    "*/.*_history": "what a person typed",
    "*/.ssh/known_hosts*": "hosts that a person once connected to",
    "/etc/ssh/ssh_host_*_key*": "the comment of a key of the SSH service means nothing to it",
    "/etc/*-": "the copy that a program of the distribution keeps of the file before",
    "/var/cache/*": "a cache is made anew",
    "*/.cache/*": "a cache is made anew",
    "/var/tmp/*": "temporary files",
    "/var/lib/systemd/*": "what systemd keeps between starts",
    "/var/spool/*": "messages and jobs that wait, addressed when they were made",
}
# Compressed: no name could be seen in them, and none of a host stands there.
PACKED = (".jar", ".war", ".zip", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".rpm", ".deb", ".iso", ".so")

# The longest run of characters that a name or an address can be part of.
WORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")


class SearchError(Exception):
    """The search cannot tell. Says what stood in the way."""


@dataclass(frozen=True)
class Hit:
    """A place where a former name stands; line 0 is the path itself, or what a link points to."""

    path: str
    line: int
    name: str

    def as_dict(self) -> dict[str, Any]:
        return {"path": self.path, "line": self.line, "name": self.name, "where": str(self)}

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


def is_address(name: str) -> bool:
    try:
        IPv4Address(name)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class Identities:
    """Names and addresses that hosts of the site no longer have, and those that they have."""

    former: frozenset[str]
    present: frozenset[str]

    @classmethod
    def of(cls, former: Iterable[str], present: Iterable[str]) -> Identities:
        return cls(frozenset(name.lower() for name in former), frozenset(name.lower() for name in present))

    def named_by(self, word: str) -> str:
        """The former name that a whole word is: itself, or a short name in front of a domain that no present host has.

        >>> Identities.of(["epm2", "192.0.2.12"], ["epm4", "epm2.dc2.example.com"]).named_by("EPM2.dc1.example.com")
        'epm2'
        >>> Identities.of(["epm2"], ["epm2.dc2.example.com"]).named_by("epm2.dc2.example.com")
        ''
        """
        word = word.lower()
        if word in self.present:
            return ""
        if word in self.former:
            return word
        first, dot, _domain = word.partition(".")
        return first if dot and first in self.former and not is_address(word) else ""

    def in_text(self, text: str) -> str:
        """The first former name in a text."""
        return next((name for found in WORD.finditer(text) if (name := self.named_by(found.group()))), "")

    def are_in(self, text: str) -> bool:
        """Whether a present name is in a text."""
        return any(found.group().lower() in self.present for found in WORD.finditer(text))

    def pattern(self) -> re.Pattern[bytes]:
        """What any hit holds; each match is then judged as a whole word."""
        names = sorted(self.former, key=lambda name: (-len(name), name))
        return re.compile(b"(?i)" + b"|".join(re.escape(name.encode("ascii")) for name in names))


# --- files --------------------------------------------------------------------------------------------------------


def exempt_reason(path: str, exempt: Mapping[str, str]) -> str:
    """Why a path may go on telling of the past; empty where it may not."""
    return next((reason for pattern, reason in exempt.items() if fnmatchcase(path, pattern) or path == pattern), "")


def searched(content: Any) -> Any:
    """Of a Java keystore its certificates: an alias is a label, and POM keeps that of a server for good (POM-ID-01)."""
    if content[: len(STORE)] != STORE:
        return content
    try:
        store = java_keystore.read(bytes(content), None)
    except java_keystore.KeystoreError:
        return content
    chains = [certificate for chain in store.private_keys.values() for certificate in chain]
    return b"\0\n".join([*chains, *store.certificates.values()])


def hits_of_content(path: str, content: Any, identities: Identities, pattern: re.Pattern[bytes]) -> list[Hit]:
    """The hits in what a file holds: bytes, or a map of them."""
    hits: list[Hit] = []
    line, counted = 1, 0
    is_binary = b"\0" in content[:BEGINNING]
    for match in pattern.finditer(content):
        name = judged(content, match, identities, is_binary)
        if not name:
            continue
        line += content[counted:match.start()].count(b"\n")
        counted = match.start()
        if not hits or (hits[-1].line, hits[-1].name) != (line, name):
            hits.append(Hit(path, line, name))
        if len(hits) == HITS_OF_A_FILE:
            break
    return hits


def judged(content: Any, match: re.Match[bytes], identities: Identities, is_binary: bool) -> str:
    """The former name that a match is. In a certificate within a store any byte may follow a name, a letter's too."""
    word = word_around(content, match.start(), match.end())
    found = match.group().decode("ascii").lower()
    if is_binary and "." in found and not is_address(found):
        return "" if any(word.lower().startswith(name) for name in identities.present if name.startswith(found)) else found
    return identities.named_by(word)


def holds_any(stream: BinaryIO, needles: Sequence[bytes]) -> bool:
    """Whether a file may hold a hit at all: by far the most hold none, and this is faster than a pattern that knows no case."""
    before = b""
    while chunk := stream.read(CHUNK):
        lowered = before + chunk.lower()
        if any(needle in lowered for needle in needles):
            return True
        before = lowered[-max(map(len, needles)):]
    return False


def word_around(content: Any, start: int, end: int, most: int = 256) -> str:
    """The whole word of which the bytes from start to end are a part."""
    before = re.search(rb"[A-Za-z0-9.-]*\Z", content[max(0, start - most):start])
    after = re.match(rb"[A-Za-z0-9.-]*", content[end:end + most])
    word = (before.group() if before else b"") + content[start:end] + (after.group() if after else b"")
    return word.decode("ascii").strip(".-")


class Search:
    """Walks over a host. `root` is another one only in tests."""

    def __init__(self, identities: Identities, exempt: Mapping[str, str] | None = None, root: str = "/") -> None:
        self.identities = identities
        self.exempt = EXEMPT if exempt is None else exempt
        self.root = root
        self.needles = [name.encode("ascii") for name in sorted(identities.former)]
        self.unread: list[str] = []
        self.network_mounts = network_mounts(self.real("/proc/mounts"))

    def hits(self, roots: Sequence[str] = ROOTS) -> list[Hit]:
        """Every place below the roots, file systems of the network left out: they belong to another host."""
        if not self.identities.former:
            return []
        pattern = self.identities.pattern()
        return [hit for path in self.paths(roots) for hit in self.hits_of(path, pattern)]

    def paths(self, roots: Sequence[str]) -> Iterator[str]:
        for top in roots:
            start = self.real(top)
            if not os.path.isdir(start) or os.path.islink(start):
                continue
            for directory, names, files in os.walk(start):
                names[:] = sorted(name for name in names if self.is_own(os.path.join(directory, name)))
                links = [name for name in names if os.path.islink(os.path.join(directory, name))]
                for name in sorted([*files, *links]):
                    yield self.shown(os.path.join(directory, name))

    def real(self, path: str) -> str:
        return path if self.root == "/" else os.path.join(self.root, path.lstrip("/"))

    def shown(self, real: str) -> str:
        return real if self.root == "/" else "/" + os.path.relpath(real, self.root)

    def is_own(self, directory: str) -> bool:
        """Whether a directory is searched: not where a whole tree may tell of the past, and not on another host's disk."""
        if os.path.islink(directory):
            return True
        path = self.shown(directory)
        return path not in self.network_mounts and not exempt_reason(path + "/", self.exempt)

    def hits_of(self, path: str, pattern: re.Pattern[bytes]) -> list[Hit]:
        if exempt_reason(path, self.exempt):
            return []
        real = self.real(path)
        name = self.identities.in_text(os.path.basename(path))
        hits = [Hit(path, 0, name)] if name else []
        try:
            status = os.lstat(real)
            if stat.S_ISLNK(status.st_mode):
                target = self.identities.in_text(os.readlink(real))
                return hits or ([Hit(path, 0, target)] if target else [])
            if not stat.S_ISREG(status.st_mode) or not status.st_size or path.lower().endswith(PACKED):
                return hits
            if status.st_size > LARGEST_BYTES:
                self.unread.append(f"{path} ({status.st_size // 1024**2} MB)")
                return hits
            with open(real, "rb") as stream:
                if not holds_any(stream, self.needles):
                    return hits
                with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
                    return hits + hits_of_content(path, searched(content), self.identities, pattern)
        except FileNotFoundError:
            return hits
        except (OSError, ValueError) as error:
            self.unread.append(f"{path} ({error})")
            return hits


def network_mounts(path: str) -> frozenset[str]:
    """Where file systems of other hosts are mounted."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            rows = [line.split() for line in stream]
    except OSError:
        return frozenset()
    return frozenset(row[1] for row in rows if len(row) > 2 and row[2].startswith(("nfs", "cifs", "smb", "9p", "ceph")))


# --- rows of the database -----------------------------------------------------------------------------------------


def hits_of_rows(table: str, lines: Iterable[str], identities: Identities) -> list[Hit]:
    """Rows that name a former identity and none that is present: a row that has both was carried on under its old label."""
    hits = []
    for number, line in enumerate(lines):
        text = "\n".join(texts(line))
        name = identities.in_text(text)
        if name and not identities.are_in(text):
            hits.append(Hit(f"table {table}, row", number, name))
    return hits


# --- what takes the place of a former name -------------------------------------------------------------------------


@dataclass(frozen=True)
class Renaming:
    """A host's former names and addresses, and the FQDN and the address that it has now."""

    former: frozenset[str]
    fqdn: str
    address: str

    @classmethod
    def of(cls, former: Iterable[str], fqdn: str, address: str) -> Renaming:
        return cls(frozenset(name.lower() for name in former), fqdn, address)

    def new_form(self, name: str) -> str:
        """The new identity in the form of a former one: an address for an address, a short name for a short name.

        >>> renaming = Renaming.of(["epm2", "epm2.dc1.example.com", "192.0.2.12"], "epm4.dc1.example.com", "192.0.2.14")
        >>> [renaming.new_form(name) for name in ("192.0.2.12", "epm2", "EPM2.dc1.example.com", "kafka3")]
        ['192.0.2.14', 'epm4', 'epm4.dc1.example.com', 'kafka3']
        """
        if name.lower() not in self.former:
            return name
        if is_address(name):
            return self.address
        return self.fqdn if "." in name else self.fqdn.partition(".")[0]

    def renamed(self, text: str) -> str:
        """
        >>> Renaming.of(["epm2.example.com"], "epm4.example.com", "192.0.2.14").renamed("SSL://epm2.example.com:9093")
        'SSL://epm4.example.com:9093'
        """
        return WORD.sub(lambda found: self.new_form(found.group()), text)


def renamed_properties(text: str, renaming: Renaming) -> dict[str, str]:
    """The keys of a properties file whose values name a former identity, with the values that they get."""
    values = properties.parse(text)
    return {key: renaming.renamed(value) for key, value in values.items() if renaming.renamed(value) != value}
