# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One value against the schema of its variable: what is wrong, in words, and never with the value of a secret."""

from __future__ import annotations

import functools
import json
import re
import sys
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleError

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.spelling import nearest
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import Word

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

LONGEST_SHOWN = 60
SECRET_KEY = re.compile(r"passw|secret|passphrase|credential|private|\.jaas\.", re.IGNORECASE)
TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping (`key: value`)",
    "null": "nothing",
}


@dataclass(frozen=True)
class Fault:
    """What is wrong with a part of a value; steps lead to the part."""

    rule: str
    found: str
    expected: str
    fix: str
    steps: tuple[str | int, ...] = ()


class Validator:
    """Validates values of words; the same value of the same word is validated once."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], tuple[Fault, ...]] = {}
        self._kept: list[Any] = []

    def faults(self, word: Word, value: Any) -> tuple[Fault, ...]:
        key = self._key(word, value)
        if key not in self._known:
            self._known[key] = tuple(_faults(word, value))
        return self._known[key]

    def _key(self, word: Word, value: Any) -> tuple[Any, ...]:
        if isinstance(value, (str, int, float, bool)) or value is None:
            return (word.name, type(value), value)
        self._kept.append(value)  # an id is unique only as long as its object lives
        return (word.name, id(value))


def _faults(word: Word, value: Any) -> list[Fault]:
    errors = _validator(word.name, json.dumps(dict(word.schema), sort_keys=True)).iter_errors(plain(value))
    return [_fault(word, error) for error in sorted(errors, key=lambda error: [str(step) for step in error.absolute_path])]


@functools.cache
def _validator(_name: str, schema: str) -> Draft202012Validator:
    try:
        from jsonschema import Draft202012Validator, FormatChecker
    except ImportError as error:
        raise AnsibleError(
            f"the controller's Python ({sys.executable}) has no package jsonschema, without which no variable can be judged; "
            f"install it there: {sys.executable} -m pip install jsonschema"
        ) from error
    checker = FormatChecker(formats=())
    for name, (fits, raises) in FORMATS.items():
        checker.checks(name, raises)(fits)
    return Draft202012Validator(json.loads(schema), format_checker=checker)


def plain(value: Any) -> Any:
    """Containers as jsonschema knows them, whatever Ansible wraps them in."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def _fault(word: Word, error: ValidationError) -> Fault:
    steps = tuple(error.absolute_path)
    if error.validator == "additionalProperties":
        steps = (*steps, unknown_keys(error)[0])
    secret = word.is_secret or any(isinstance(step, str) and SECRET_KEY.search(step) for step in steps)
    words = _WORDS.get(str(error.validator), _any_other)
    rule, expected, fix = words(word, error, secret)
    return Fault(rule, _found(error, secret), expected, fix, steps)


def _found(error: ValidationError, secret: bool) -> str:
    value = error.instance
    if error.validator == "propertyNames":
        return f"the key {error.instance!r}" if isinstance(error.instance, str) else "a key"
    if error.validator == "required":
        return f"no {missing_key(error)}"
    if error.validator == "additionalProperties":
        return f"the key {', '.join(unknown_keys(error))}"
    if secret:
        if error.validator in ("minLength", "maxLength") and isinstance(value, str):
            return f"a secret of {len(value)} characters (not shown)"
        return f"a secret that does not fit (not shown), {kind_of(value)}"
    if error.validator == "type":
        return f"{show(value)}, {kind_of(value)}"
    return show(value)


def show(value: Any) -> str:
    text = json.dumps(without_secrets(plain(value)), ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"


def without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: "(not shown)" if SECRET_KEY.search(key) else without_secrets(item) for key, item in value.items()}
    return [without_secrets(item) for item in value] if isinstance(value, list) else value


def kind_of(value: Any) -> str:
    if isinstance(value, bool):
        return TYPES["boolean"]
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (str, "string"),
        (int, "integer"),
        (float, "number"),
        (Mapping, "object"),
        ((list, tuple), "array"),
        (type(None), "null"),
    )
    return next((TYPES[name] for kind, name in kinds if isinstance(value, kind)), f"a {type(value).__name__}")


# --- one function a keyword: rule, expected, fix ------------------------------------------------------------------

Words = tuple[str, str, str]


def _type(word: Word, error: ValidationError, secret: bool) -> Words:
    kinds: Any = error.validator_value
    wanted = kinds if isinstance(kinds, list) else [kinds]
    expected = " or ".join(TYPES[kind] for kind in wanted)
    value = error.instance
    if wanted == ["string"] and not secret and not isinstance(value, (Mapping, list, type(None))):
        fix = f'put it in quotes: {error.absolute_path[-1] if error.absolute_path else word.name}: "{value}"'
    elif wanted == ["integer"] and isinstance(value, str) and not secret and value.strip().lstrip("-").isdigit():
        number = value.strip()
        fix = f"write it without quotes: {word.name}: {number}; on the command line -e '{{\"{word.name}\": {number}}}'"
    elif wanted == ["boolean"]:
        fix = f"write {word.name}: true or {word.name}: false, without quotes; on the command line -e '{{\"{word.name}\": true}}'"
    else:
        fix = _example(word)
    return "value-type", expected + _unit(word), fix


def _range(word: Word, error: ValidationError, _secret: bool) -> Words:
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        expected = f"{low} to {high}"
    elif low is not None:
        expected = f"at least {low}"
    else:
        expected = f"at most {high}"
    return "value-range", expected + _unit(word), _example(word)


def _choice(word: Word, error: ValidationError, _secret: bool) -> Words:
    allowed: Any = error.validator_value
    choices = [show(choice) for choice in allowed]
    expected = choices[0] if len(choices) == 1 else "one of " + ", ".join(choices)
    return "value-choice", expected, f"write {word.name}: {choices[0]}" + (" or another of these" if len(choices) > 1 else "")


def _pattern(word: Word, error: ValidationError, _secret: bool) -> Words:
    return "value-pattern", f"{word.schema['description']} Pattern: {error.validator_value}", _example(word)


def _format(word: Word, error: ValidationError, _secret: bool) -> Words:
    return "value-format", FORMAT_WORDS.get(str(error.validator_value), str(error.validator_value)), _example(word)


def _length(word: Word, error: ValidationError, secret: bool) -> Words:
    bound = "at least" if error.validator == "minLength" else "at most"
    fix = f"set a new {word.name} in the vault (ansible-vault edit)" if secret else _example(word)
    return "value-length", f"{bound} {error.validator_value} characters", fix


def _items(word: Word, error: ValidationError, _secret: bool) -> Words:
    if error.validator == "uniqueItems":
        return "value-items", "each item once", f"remove the repeated item of {word.name}"
    return "value-items", f"at least {error.validator_value} items", _example(word)


def _missing_key(word: Word, error: ValidationError, _secret: bool) -> Words:
    name = missing_key(error)
    return "value-key", f"{name}: {_meaning(error, name)}", f"add {name} to this item of {word.name}"


def _unknown_key(word: Word, error: ValidationError, _secret: bool) -> Words:
    known = list(error.schema.get("properties", {})) if isinstance(error.schema, Mapping) else []
    name = unknown_keys(error)[0]
    near = nearest(name, known)
    return "value-key", "no keys but " + ", ".join(known), f"write {near} instead of {name}" if near else f"remove {name}"


def missing_key(error: ValidationError) -> str:
    """jsonschema reports each missing key by itself, and names it in its message alone."""
    required: Any = error.validator_value
    return next(name for name in required if error.message.startswith(repr(name)))


def unknown_keys(error: ValidationError) -> list[str]:
    known = error.schema.get("properties", {}) if isinstance(error.schema, Mapping) else {}
    instance: Any = error.instance
    return sorted(key for key in instance if key not in known)


def _meaning(error: ValidationError, name: str) -> str:
    properties = error.schema.get("properties", {}) if isinstance(error.schema, Mapping) else {}
    return str(properties.get(name, {}).get("description", "a value"))


def _any_other(word: Word, error: ValidationError, _secret: bool) -> Words:
    return "value", f"{word.schema['description']} ({error.validator}: {show(error.validator_value)})", _example(word)


_WORDS: dict[str, Callable[[Word, ValidationError, bool], Words]] = {
    "type": _type,
    "minimum": _range,
    "maximum": _range,
    "enum": _choice,
    "const": _choice,
    "pattern": _pattern,
    "format": _format,
    "minLength": _length,
    "maxLength": _length,
    "minItems": _items,
    "uniqueItems": _items,
    "required": _missing_key,
    "additionalProperties": _unknown_key,
}


def _unit(word: Word) -> str:
    return f" ({word.schema['x-unit']})" if "x-unit" in word.schema else ""


def _example(word: Word) -> str:
    if word.is_secret:
        return f"set a new {word.name} in the vault (ansible-vault edit)"
    examples = word.schema.get("examples") or ([word.schema["default"]] if word.schema.get("default") not in (None, "") else [])
    return f"for example {word.name}: {show(examples[0])}" if examples else f"change {word.name}"


# --- formats ------------------------------------------------------------------------------------------------------

FORMAT_WORDS = {
    "ipv4": "an IPv4 address, such as 192.0.2.11",
    "ipv4-network": "an IPv4 network, such as 192.0.2.0/24",
    "time-zone": "a time zone of the IANA database, such as Europe/Berlin",
    "date": "a day, such as 2027-01-31",
}


def _is_ipv4(value: Any) -> bool:
    return not isinstance(value, str) or IPv4Address(value) is not None


def _is_ipv4_network(value: Any) -> bool:
    return not isinstance(value, str) or ("/" in value and IPv4Network(value) is not None)


def _is_time_zone(value: Any) -> bool:
    return not isinstance(value, str) or value in time_zones()


def _is_date(value: Any) -> bool:
    return not isinstance(value, str) or date.fromisoformat(value).isoformat() == value


FORMATS: dict[str, tuple[Callable[[Any], bool], tuple[type[Exception], ...]]] = {
    "ipv4": (_is_ipv4, (AddressValueError,)),
    "ipv4-network": (_is_ipv4_network, (AddressValueError, NetmaskValueError, ValueError)),
    "time-zone": (_is_time_zone, ()),
    "date": (_is_date, (ValueError,)),
}


@functools.cache
def time_zones() -> frozenset[str] | _AnyName:
    """The names that this machine knows; a machine without the database accepts every name that has the form of one."""
    return frozenset(zoneinfo.available_timezones()) or _AnyName()


class _AnyName:
    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and re.fullmatch(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*", name) is not None
