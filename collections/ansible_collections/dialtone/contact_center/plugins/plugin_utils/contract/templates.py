# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Values with Jinja in them, rendered before a host is contacted, with lookups that read and never with one that runs."""

from __future__ import annotations

import functools
import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible.errors import AnsibleError, AnsibleUndefinedVariable, AnsibleValueOmittedError
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import AnsibleVaultError, EncryptedString
from ansible.template import Templar, is_trusted_as_template
from jinja2 import Environment, TemplateSyntaxError
from jinja2.meta import find_undeclared_variables

_HARMLESS = """
    config dict env file fileglob first_found indexed_items inventory_hostnames items list nested sequence subelements
    together undefined varnames vars
"""
HARMLESS_LOOKUPS = frozenset(_HARMLESS.split())
_EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_NAME_ALONE = re.compile(r"\{\{ ?([A-Za-z_]\w*) ?\}\}")
_LOOKUP = re.compile(r"(?<![\w.'\"])(?:lookup|query|q)\b(?:\s*\(\s*['\"](?P<name>[\w.]+)['\"])?")
_PARSER = Environment(autoescape=False)
# Names through which an expression reads what it does not name.
_REACH_ANYTHING = frozenset({"hostvars", "lookup", "q", "query", "vars"})
_UNDEFINED = re.compile(r"'(?P<name>[A-Za-z_]\w*)' is undefined")
_NAMES = re.compile(r"\b(ansible_facts\b|ansible_\w+)")


class ValueUnknown(Exception):
    """The value cannot be known now; the subclass says why."""


class NeedsFacts(ValueUnknown):
    """It depends on what only the host can tell."""


class VaultClosed(ValueUnknown):
    """It is encrypted, and no password that was passed opens it."""


@dataclass
class ForbiddenLookup(ValueUnknown):
    lookup: str


@dataclass
class NotRenderable(ValueUnknown):
    reason: str
    undefined: str | None = None


def strings_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from strings_in(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from strings_in(item)


def holds_secret_text(value: Any) -> bool:
    """Whether a part of the value is encrypted where it stands."""
    if isinstance(value, (str, int)):
        return False
    if isinstance(value, Mapping):
        return any(holds_secret_text(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return any(holds_secret_text(item) for item in value)
    return isinstance(value, EncryptedString)


def is_template(value: Any) -> bool:
    if isinstance(value, int):
        return False
    if isinstance(value, str):
        return "{{" in value or "{%" in value
    return any("{{" in text or "{%" in text for text in strings_in(value))


def forbidden_lookup(value: Any) -> str | None:
    """The first lookup of the value that the contract does not run; one whose name is itself computed counts as one."""
    for text in strings_in(value):
        if "{{" not in text and "{%" not in text:
            continue
        for expression in _EXPRESSION.findall(text):
            for match in _LOOKUP.finditer(expression):
                name = match["name"]
                if name is None:
                    return "a lookup whose name is computed"
                if name.removeprefix("ansible.builtin.") not in HARMLESS_LOOKUPS:
                    return name
    return None


class Engine:
    """What the renderers of all hosts share: one Templar, and what does not depend on the host."""

    def __init__(self, loader: DataLoader) -> None:
        self._templar = Templar(loader=loader)
        self._names: dict[str, frozenset[str]] = {}
        self._rendered: dict[Hashable, Any] = {}
        self._kept: list[Any] = []
        self._serving: Renderer | None = None

    def render(self, value: Any, renderer: Renderer) -> Any:
        if (simple := substituted(value, renderer.variables)) is not None:
            return simple
        key = self._key(value, renderer.variables)
        if key is not None and key in self._rendered:
            return self._rendered[key]
        if self._serving is not renderer:
            self._templar.available_variables = renderer.variables
            self._serving = renderer
        rendered = self._templar.template(value)
        if key is not None:
            self._rendered[key] = rendered
        return rendered

    def _key(self, value: Any, variables: dict[str, Any]) -> Hashable:
        """What the result follows from: the value, and every variable that it names, by identity. None where that is not all."""
        seen: dict[str, int] = {}
        pending = [value]
        while pending:
            for text in strings_in(pending.pop()):
                for name in self._named_in(text):
                    if name in _REACH_ANYTHING:
                        return None
                    if name in variables and name not in seen:
                        seen[name] = id(variables[name])
                        pending.append(variables[name])
                        self._kept.append(variables[name])  # an id is unique only as long as its object lives
        self._kept.append(value)
        return (id(value), tuple(sorted(seen.items())))

    def _named_in(self, text: str) -> frozenset[str]:
        if "{{" not in text and "{%" not in text:
            return frozenset()
        if text not in self._names:
            try:
                self._names[text] = frozenset(find_undeclared_variables(_PARSER.parse(text)))
            except TemplateSyntaxError:
                self._names[text] = _REACH_ANYTHING
        return self._names[text]


def substituted(value: Any, variables: Mapping[str, Any]) -> str | list[str] | None:
    """What Jinja would make of texts that name nothing but variables which hold plain text; None where there is more to it.

    Compiling an expression takes a thousand times as long, and most inventories build each host's names in this way.
    """
    if isinstance(value, list):
        parts = [substituted(item, variables) for item in value]
        texts = [part for part in parts if isinstance(part, str)]
        return texts if texts and len(texts) == len(parts) else None
    if not isinstance(value, str) or not is_trusted_as_template(value) or "\n" in value:
        return None
    names = _NAME_ALONE.findall(value)
    rest = _NAME_ALONE.sub("", value)
    if not names or not rest or any(mark in rest for mark in "{}\\"):
        return None
    found = {name: variables.get(name) for name in names}
    if not all(isinstance(word, str) and "{" not in word for word in found.values()):
        return None
    return _NAME_ALONE.sub(lambda match: str(found[match[1]]), value)


class Renderer:
    """Renders the values of one host. What a person wrote may refer to `magic`; `magic` itself is never scanned or rendered."""

    def __init__(self, engine: Engine, written: Mapping[str, Any], magic: Mapping[str, Any] | None = None) -> None:
        self._engine = engine
        self._written = written
        self._magic = magic or {}

    @functools.cached_property
    def variables(self) -> dict[str, Any]:
        allowed = {name: value for name, value in self._written.items() if forbidden_lookup(value) is None}
        return allowed | dict(self._magic)

    def render(self, value: Any) -> Any:
        if not is_template(value) and not holds_secret_text(value):
            return value
        if (lookup := forbidden_lookup(value)) is not None:
            raise ForbiddenLookup(lookup)
        try:
            return self._engine.render(value, self)
        except AnsibleUndefinedVariable as error:
            raise self._explain_undefined(value, str(error)) from error
        except AnsibleValueOmittedError as error:
            raise NotRenderable("it renders to `omit`") from error
        except AnsibleError as error:
            if is_vault_error(error):
                raise VaultClosed from error
            raise NotRenderable(str(error).splitlines()[0]) from error

    @staticmethod
    def _explain_undefined(value: Any, reason: str) -> ValueUnknown:
        match = _UNDEFINED.search(reason)
        undefined = match["name"] if match else None
        named_facts = undefined.startswith("ansible_") if undefined else any(_NAMES.search(text) for text in strings_in(value))
        return NeedsFacts() if named_facts else NotRenderable(reason.splitlines()[0], undefined)


def is_vault_error(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, AnsibleVaultError) or "undecryptable variable" in str(error):
            return True
        error = error.__cause__
    return False
