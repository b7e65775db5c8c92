# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Values with Jinja in them, rendered before a host is contacted, with lookups that read and never with one that runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible.errors import AnsibleError, AnsibleUndefinedVariable, AnsibleValueOmittedError
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import AnsibleVaultError, EncryptedString
from ansible.template import Templar

_HARMLESS = """
    config dict env file fileglob first_found indexed_items inventory_hostnames items list nested sequence subelements
    together undefined varnames vars
"""
HARMLESS_LOOKUPS = frozenset(_HARMLESS.split())
_EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_LOOKUP = re.compile(r"(?<![\w.'\"])(?:lookup|query|q)\b(?:\s*\(\s*['\"](?P<name>[\w.]+)['\"])?")
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
    if isinstance(value, Mapping):
        return any(holds_secret_text(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return any(holds_secret_text(item) for item in value)
    return isinstance(value, EncryptedString)


def is_template(value: Any) -> bool:
    return any("{{" in text or "{%" in text for text in strings_in(value))


def forbidden_lookup(value: Any) -> str | None:
    """The first lookup of the value that the contract does not run; one whose name is itself computed counts as one."""
    for text in strings_in(value):
        for expression in _EXPRESSION.findall(text):
            for match in _LOOKUP.finditer(expression):
                name = match["name"]
                if name is None:
                    return "a lookup whose name is computed"
                if name.removeprefix("ansible.builtin.") not in HARMLESS_LOOKUPS:
                    return name
    return None


class Renderer:
    """Renders the values of one host. What a person wrote may refer to `magic`; `magic` itself is never scanned or rendered."""

    def __init__(self, loader: DataLoader, written: Mapping[str, Any], magic: Mapping[str, Any] | None = None) -> None:
        allowed = {name: value for name, value in written.items() if forbidden_lookup(value) is None}
        self._templar = Templar(loader=loader, variables=allowed | dict(magic or {}))

    def render(self, value: Any) -> Any:
        if not is_template(value) and not holds_secret_text(value):
            return value
        if (lookup := forbidden_lookup(value)) is not None:
            raise ForbiddenLookup(lookup)
        try:
            return self._templar.template(value)
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
