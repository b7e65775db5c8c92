# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a vendor program's words of failure mean: cause and remedy, from dialogues/troubleshooting.yml."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import dialogue_directory

FILE_NAME = "troubleshooting.yml"
# What a program prints stands in an error message of ours: one line of it, and not without end.
LONGEST_CAPTURE = 120

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Trouble:
    """One entry of the file."""

    id: str
    about: str
    match: tuple[str, ...]
    cause: str
    remedy: str
    captures: Mapping[str, str]
    is_general: bool
    is_inferred: bool
    source: tuple[str, ...]

    def found_in(self, text: str) -> re.Match[str] | None:
        """The first of its regular expressions that tells it in the text."""
        return next((found for pattern in self.match if (found := re.search(pattern, text, re.MULTILINE))), None)

    def explained(self, captured: Mapping[str, str]) -> dict[str, Any]:
        """Cause and remedy with the captured values in them, for a person."""
        values = {**self.captures, **captured}

        def filled(words: str) -> str:
            return _PLACEHOLDER.sub(lambda placeholder: values.get(placeholder[1], placeholder[0]), words)

        return {
            "id": self.id,
            "about": self.about,
            "cause": filled(self.cause),
            "remedy": filled(self.remedy),
            "captured": dict(captured),
        }


def parse(entries: Iterable[Mapping[str, Any]]) -> tuple[Trouble, ...]:
    """The entries of the file. A blank in an expression stands for any white space, so that a wrapped line is found."""
    return tuple(
        Trouble(
            id=entry["id"],
            about=entry["about"],
            match=tuple(pattern.replace(" ?", r"\s*").replace(" ", r"\s+") for pattern in entry["match"]),
            cause=entry["cause"],
            remedy=entry["remedy"],
            captures=dict(entry.get("captures", {})),
            is_general=entry.get("general", False),
            is_inferred=entry.get("inferred", False),
            source=tuple(entry["source"]),
        )
        for entry in entries
    )


@functools.cache
def load(path: Path | None = None) -> tuple[Trouble, ...]:
    """The entries of the collection's file, or of another one."""
    return parse(yaml.safe_load((path or dialogue_directory() / FILE_NAME).read_text(encoding="utf-8")))


def by_id(troubles: Iterable[Trouble]) -> dict[str, Trouble]:
    return {trouble.id: trouble for trouble in troubles}


def explain(text: str, troubles: Iterable[Trouble] | None = None) -> list[dict[str, Any]]:
    """What the text tells: {id, about, cause, remedy, captured}. A general entry only where nothing more precise was found.

    >>> told = explain('FATAL: no pg_hba.conf entry for host "192.0.2.7", user "pomuser",\\ndatabase "pomdb", SSL off')
    >>> [(trouble["id"], trouble["captured"]["address"]) for trouble in told]
    [('POM-TROUBLE-07', '192.0.2.7')]
    >>> explain("SUCCESS")
    []
    """
    told = [(trouble, found) for trouble in (load() if troubles is None else troubles) if (found := trouble.found_in(text))]
    precise = [(trouble, found) for trouble, found in told if not trouble.is_general]
    return [trouble.explained(_captured(found)) for trouble, found in precise or told[:1]]


def _captured(found: re.Match[str]) -> dict[str, str]:
    values = {name: " ".join(value.split()) for name, value in found.groupdict().items() if value}
    return {name: value if len(value) <= LONGEST_CAPTURE else f"{value[:LONGEST_CAPTURE]}…" for name, value in values.items()}
