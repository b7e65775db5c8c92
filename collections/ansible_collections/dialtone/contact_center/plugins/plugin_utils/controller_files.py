# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files on the controller that a run is about to need: judged before anything is changed on a host."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.module_utils.files import sha256
from ansible_collections.dialtone.contact_center.plugins.plugin_utils import delivered_identity


def findings(
    needed: Sequence[Mapping[str, Any]],
    find: Callable[[str], str],
    decrypted: Callable[[str], AbstractContextManager[str]],
    now: datetime,
) -> list[str]:
    """What is wrong with each of them.

    `find` gives the path of a file and raises FileNotFoundError where there is none; `decrypted` gives that of a file with what
    comes to the host, for as long as it is looked at.
    """
    found = []
    for file in needed:
        path = file["path"]
        try:
            path = find(path)
            with decrypted(path) as content:
                wrong = judge(content, file, now)
        except FileNotFoundError:
            where = "one that is not absolute is looked for beside the playbooks and in files/ there"
            wrong = [f"there is no such file on the controller; {where}"]
        except OSError as error:
            wrong = [f"it cannot be read on the controller: {error.strerror}"]
        found += [f"{file['word']} is {path}: {words}." for words in wrong]
    return found


def judge(path: str, file: Mapping[str, Any], now: datetime) -> list[str]:
    wrong = []
    declared = file["sha256"].lower()
    actual = sha256(path)
    if declared and actual != declared:
        remedy = "bring the declared file, or correct the checksum if this one is meant"
        wrong.append(f"its SHA-256 is {actual}, and {file['word']}_sha256 declares {declared}: {remedy}")
    identity = file["identity"]
    if identity:
        with open(path, "rb") as stream:
            content = stream.read()
        wrong += delivered_identity.refusals(content, identity["password"], identity["names"], now)
    return wrong
