# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What goes into a support bundle, and how secrets are kept out of it. Pure, but for `collect`."""

from __future__ import annotations

import base64
import io
import os
import re
import tarfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from glob import glob
from typing import Callable
from urllib.parse import quote

from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_layout import UNINSTALL_LOG, PomLayout
from ansible_collections.dialtone.contact_center.plugins.module_utils.probes import SECRET_WORD, redact

MASK = "***"
# The end of a log tells what happened last; a bundle is sent by mail.
MOST_BYTES = 2_000_000
JOURNAL_LINES = 5000
SHORTEST_SECRET = 4
TEXT_ENDINGS = (".log", ".out", ".txt", ".xml", ".properties", ".conf", ".cfg", ".json", ".sh")

Run = Callable[[Sequence[str]], "tuple[int, str, str]"]

_XML_ATTRIBUTES = re.compile(rf"(?is)(<[^<>]*\bname\s*=\s*[\"'][^\"']*{SECRET_WORD}[^\"']*[\"'][^<>]*?)(/?>)([^<]*)")
_XML_VALUE = re.compile(r"(?is)(\bvalue\s*=\s*)(\"[^\"]*\"|'[^']*')")
_XML_SECRET_ATTRIBUTE = re.compile(rf"(?is)([\w.:-]*{SECRET_WORD}[\w.:-]*\s*=\s*)(\"[^\"]*\"|'[^']*')")
_XML_ELEMENT = re.compile(rf"(?is)(<([\w.:-]*{SECRET_WORD}[\w.:-]*)(?:\s[^<>]*)?>)([^<]*)(</\2\s*>)")
_PRIVATE_KEY = re.compile(r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)")
_ENCRYPTED = re.compile(r"ENC\([^)\s]*\)")


def spellings(secret: str) -> list[str]:
    """The forms in which a secret may stand in a file: itself, escaped for XML, for a URL, for properties, and in Base64."""
    xml = secret.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    forms = (
        secret,
        xml,
        xml.replace('"', "&quot;").replace("'", "&apos;"),
        quote(secret, safe=""),
        secret.replace("\\", "\\\\").replace(":", "\\:").replace("=", "\\="),
        base64.b64encode(secret.encode("utf-8")).decode("ascii"),
    )
    return [form for form in dict.fromkeys(forms) if len(form) >= SHORTEST_SECRET]


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without secrets: those that are known, and whatever stands where a secret is kept."""
    text = _PRIVATE_KEY.sub(MASK, text)
    text = _ENCRYPTED.sub(f"ENC({MASK})", text)
    for form in sorted({form for secret in secrets for form in spellings(secret)}, key=len, reverse=True):
        text = text.replace(form, MASK)
    text = _XML_ATTRIBUTES.sub(_without_xml_value, text)
    text = _XML_ELEMENT.sub(rf"\g<1>{MASK}\g<4>", text)
    text = _XML_SECRET_ATTRIBUTE.sub(rf'\g<1>"{MASK}"', text)
    return "".join(redact(line) for line in text.splitlines(keepends=True))


def _without_xml_value(found: re.Match[str]) -> str:
    """<property name="…password">secret</property>, or with the secret in the attribute `value`."""
    start, end, content = found.groups()
    start = _XML_VALUE.sub(rf'\g<1>"{MASK}"', start)
    return start + end + (MASK if content.strip() and not end.startswith("/") else content)


@dataclass(frozen=True)
class Entry:
    """One file of the bundle."""

    name: str
    content: str


def patterns(layout: PomLayout) -> list[str]:
    """Where the documents say that logs and configuration lie; stores and keys are never among them."""
    return [
        f"{layout.logs}/*",
        f"{layout.config}/*",
        f"{layout.kafka}/config/*.properties",
        "/etc/dialtone/reads/*",
        "/var/lib/dialtone/starts/*",
        "/var/lib/dialtone/jobs/*/transcript*",
        UNINSTALL_LOG,
    ]


def is_text(path: str, content: bytes) -> bool:
    """Whether a file may go into the bundle as text: by its ending or without one, and without a NUL."""
    ending = os.path.splitext(path)[1].lower()
    return (not ending or ending in TEXT_ENDINGS or ending.lstrip(".").isdigit()) and b"\0" not in content


def tail(content: bytes, most: int = MOST_BYTES) -> str:
    """The end of a file, from the beginning of a line, with a word that something is missing."""
    if len(content) <= most:
        return content.decode("utf-8", "replace")
    kept = content[-most:].partition(b"\n")[2] or content[-most:]
    return "(the first %d bytes are left out)\n" % (len(content) - len(kept)) + kept.decode("utf-8", "replace")


def commands(layout: PomLayout, units: Sequence[str], since: str, wrapper: str) -> Mapping[str, Sequence[str]]:
    """What is asked, by the name that the answer has in the bundle. Never with -f: it would not end (POM-SVC-07)."""
    asked: dict[str, Sequence[str]] = {
        "commands/units.txt": ["systemctl", "--no-pager", "--full", "status", "--lines=0", *units],
        "commands/failed.txt": ["systemctl", "--no-pager", "--failed"],
        "commands/disk.txt": ["df", "-P"],
        "commands/processes.txt": ["ps", "-eo", "pid,ppid,user,lstart,rss,comm"],
        "commands/memory.txt": ["cat", "/proc/meminfo"],
        "commands/files.txt": ["ls", "-lR", layout.config, layout.bin, layout.logs],
    }
    for unit in units:
        asked[f"journal/{unit}.log"] = [
            "journalctl",
            "--no-pager",
            "--quiet",
            "--output=short-iso",
            f"--since={since}",
            f"--lines={JOURNAL_LINES}",
            f"--unit={unit}",
        ]
    if wrapper:
        asked["commands/POM-status.txt"] = [wrapper, "status"]
    return asked


def collect(
    run: Run, layout: PomLayout, units: Sequence[str], since: str, wrapper: str, secrets: Sequence[str], root: str = "/"
) -> list[Entry]:
    """Every entry, masked."""
    entries = []
    for name, argv in commands(layout, units, since, wrapper).items():
        rc, out, err = run(argv)
        entries.append(Entry(name, mask(out + err + ("" if rc == 0 else f"(ended with {rc})\n"), secrets)))
    for pattern in patterns(layout):
        for real in sorted(glob(os.path.join(root, pattern.lstrip("/")))):
            if not os.path.isfile(real):
                continue
            with open(real, "rb") as stream:
                content = stream.read()
            path = "/" + os.path.relpath(real, root)
            if is_text(path, content):
                entries.append(Entry("files" + path, mask(tail(content), secrets)))
    return entries


def archive(entries: Iterable[Entry], directory: str, moment: float) -> bytes:
    """A tar.gz in which everything lies below one directory."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as bundle:
        for entry in entries:
            content = entry.content.encode("utf-8", "replace")
            member = tarfile.TarInfo(f"{directory}/{entry.name}")
            member.size, member.mode, member.mtime = len(content), 0o600, int(moment)
            bundle.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def name_of(host: str, moment: float) -> str:
    return "dialtone-{}-{}".format(host, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(moment)))
