# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The words of the contract: every variable of schemas/variables, with what the schema says about it."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMPONENTS = ("epm_primary", "epm_auxiliary", "zookeeper", "kafka", "pom_database", "nfs_server", "app_server", "cms")
POM_SERVERS = ("epm_primary", "epm_auxiliary")


@dataclass(frozen=True)
class Word:
    """One variable of the contract."""

    name: str
    area: str
    schema: Mapping[str, Any]

    @property
    def is_secret(self) -> bool:
        return bool(self.schema.get("x-secret"))

    @property
    def is_computed(self) -> bool:
        return bool(self.schema.get("x-computed"))

    @property
    def is_identity(self) -> bool:
        return bool(self.schema.get("x-identity"))

    @property
    def has_default(self) -> bool:
        return "default" in self.schema

    @property
    def scope(self) -> str:
        """`site` or `data_center`: where all hosts must have the same value. Empty: each host has its own."""
        return str(self.schema.get("x-scope", ""))

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(self.schema.get("x-source", ()))

    def is_required_on(self, components: tuple[str, ...]) -> bool:
        required = self.schema.get("x-required-in", ())
        return required == "all" or any(component in required for component in components)


@dataclass(frozen=True)
class Catalogue:
    words: Mapping[str, Word]

    def defaults(self) -> Mapping[str, Any]:
        return self._defaults

    @functools.cached_property
    def _defaults(self) -> dict[str, Any]:
        return {name: word.schema["default"] for name, word in self.words.items() if word.has_default}

    @functools.cached_property
    def _required(self) -> dict[tuple[str, ...], tuple[str, ...]]:
        return {}

    def required_on(self, components: tuple[str, ...]) -> tuple[str, ...]:
        """The words that a person must set on a host of these components."""
        if components not in self._required:
            self._required[components] = tuple(
                name
                for name, word in self.words.items()
                if word.is_required_on(components) and not word.has_default and not word.is_computed
            )
        return self._required[components]

    def names_for_a_person(self) -> list[str]:
        return [name for name, word in self.words.items() if not word.is_computed]


def schema_directory() -> Path:
    """Beside the plugins in an installed collection, at the root in a checkout."""
    return _directory("schemas", "variables")


def dialogue_directory() -> Path:
    """The dialogues of the vendor's programs."""
    return _directory("dialogues", "troubleshooting.yml")


def _directory(name: str, holds: str) -> Path:
    collection = Path(__file__).resolve().parents[2]
    candidates = [collection / name, *(parent / name for parent in collection.parents[2:4])]
    for candidate in candidates:
        if (candidate / holds).exists():
            return candidate
    searched = ", ".join(str(candidate) for candidate in candidates)
    raise FileNotFoundError(f"the {name} of Dialtone are in none of {searched}: install the whole collection (make collection)")


@functools.cache
def load_catalogue(directory: Path | None = None) -> Catalogue:
    words: dict[str, Word] = {}
    for path in sorted(((directory or schema_directory()) / "variables").glob("*.schema.json")):
        area = path.name.removesuffix(".schema.json")
        schema = json.loads(path.read_text(encoding="utf-8"))
        words.update({name: Word(name, area, prop) for name, prop in schema["properties"].items()})
    return Catalogue(words)
