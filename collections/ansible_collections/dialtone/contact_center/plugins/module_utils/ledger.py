# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The ledger of guided steps on a host: who confirmed what nothing observable proves, when, and with which values.

Several hosts keep the same ledger. `merged` brings copies together: the same records give the same ledger, in whatever order and
however often they are read. No clock decides which of two records holds: a confirmation counts on from the newest that it saw.
"""
from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from ansible_collections.dialtone.contact_center.plugins.module_utils import files

DIRECTORY = "/var/lib/dialtone/ledger"
TEXTS = ("step", "site", "data_center", "title", "digest", "by", "at", "controller")

Record = Mapping[str, Any]


class LedgerError(Exception):
    """A record cannot be read or written. Says which, and what is wrong."""


def checked(record: Any) -> dict[str, Any]:
    """The record, if it is one."""
    if not isinstance(record, Mapping):
        raise LedgerError("a record of the ledger is a mapping")
    wrong = [name for name in TEXTS if not isinstance(record.get(name), str)]
    if not isinstance(record.get("revision"), int) or isinstance(record.get("revision"), bool) or record["revision"] < 1:
        wrong.append("revision")
    if not isinstance(record.get("values"), Mapping):
        wrong.append("values")
    if wrong:
        raise LedgerError("a record of the ledger lacks or mistypes {}".format(", ".join(wrong)))
    if not record["step"]:
        raise LedgerError("a record of the ledger names no step")
    return {name: record[name] for name in (*TEXTS, "revision", "values")}


def canonical(record: Record) -> str:
    return json.dumps(record, sort_keys=True, ensure_ascii=False)


def later(one: Record, other: Record) -> Record:
    """Of two records of a step, the one that holds: any total order will do, as long as every host has the same."""
    return max(one, other, key=lambda record: (record["revision"], record["at"], canonical(record)))


def merged(*ledgers: Iterable[Record]) -> dict[str, dict[str, Any]]:
    """For each step the record that holds."""
    found: dict[str, Record] = {}
    for ledger in ledgers:
        for record in ledger:
            step = record["step"]
            found[step] = later(found[step], record) if step in found else record
    return {step: dict(found[step]) for step in sorted(found)}


def plan(found: Iterable[Record], wanted: Iterable[Record]) -> list[dict[str, Any]]:
    """The records to write so that the ledger holds nothing older than what is wanted. What it holds newer stays."""
    held = merged(found)
    return [record for step, record in merged(held.values(), wanted).items() if held.get(step) != record]


def file_name(step: str) -> str:
    """
    >>> file_name("add_pom_server.epm2"), file_name("pom_user.epm1.a/b")
    ('add_pom_server.epm2.json', 'pom_user.epm1.a%2Fb.json')
    """
    name = quote(step, safe="")
    return ("%2E" + name[1:] if name.startswith(".") else name) + ".json"


class Ledger:
    """The records in a directory, a file each, readable by root only."""

    def __init__(self, directory: str = DIRECTORY) -> None:
        self.directory = directory

    def read(self) -> tuple[dict[str, dict[str, Any]], list[str]]:
        """The records by step, and the files that are none, as after a disk that was full or a hand that edited them."""
        try:
            names = sorted(name for name in os.listdir(self.directory) if re.fullmatch(r"[^.].*\.json", name))
        except FileNotFoundError:
            return {}, []
        records, damaged = [], []
        for name in names:
            path = os.path.join(self.directory, name)
            try:
                with open(path, encoding="utf-8") as stream:
                    record = checked(json.load(stream))
            except (LedgerError, ValueError):
                damaged.append(path)
                continue
            if file_name(record["step"]) == name:
                records.append(record)
            else:
                damaged.append(path)
        return merged(records), damaged

    def write(self, records: Iterable[Record]) -> None:
        os.makedirs(self.directory, mode=0o700, exist_ok=True)
        for record in records:
            content = json.dumps(checked(record), indent=2, ensure_ascii=False) + "\n"
            files.write(os.path.join(self.directory, file_name(record["step"])), content.encode("utf-8"), 0o600)
