# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The command line of a run, so that a person can give it again: all that was asked, and no value that could be a secret."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

HIDDEN = "…"
# Options of ansible-playbook that are one letter and take no value, and may stand before an `e` in one word.
SWITCHES = "bCDhJkKv"
SHORT = re.compile(rf"(-[{SWITCHES}]*e)=?(.*)", re.DOTALL)
EXTRA_VARIABLES = "--extra-vars"

IsPublic = Callable[[str], bool]


def shown(argv: Sequence[str], is_public: IsPublic) -> str:
    """The command line, quoted for a shell; an extra variable that is not public keeps its name and loses its value."""
    return " ".join(_quoted(word) for word in [_program(argv[0]), *_without_secrets(argv[1:], is_public)])


def _quoted(word: str) -> str:
    """A hidden value stands bare, so that nobody takes it for the value."""
    name, separator, rest = word.partition("=")
    if separator and rest == HIDDEN and shlex.quote(name) == name:
        return word
    return shlex.quote(word)


def _program(path: str) -> str:
    """As short as a person can give it: a name that the shell finds, or a path from here."""
    name = Path(path).name
    here = os.path.relpath(path) if os.path.isabs(path) else path
    if not here.startswith(os.pardir):
        return here
    found = shutil.which(name)
    return name if found and os.path.realpath(found) == os.path.realpath(path) else path


def _without_secrets(words: Sequence[str], is_public: IsPublic) -> Iterator[str]:
    awaited = False
    for word in words:
        if awaited:
            awaited = False
            yield _extra_variables(word, is_public)
            continue
        option, separator, value = word.partition("=")
        short = SHORT.fullmatch(word)
        # argparse takes every beginning of an option that no other option shares.
        is_long = option.startswith("--e") and EXTRA_VARIABLES.startswith(option)
        if is_long and separator:
            yield f"{option}={_extra_variables(value, is_public)}"
        elif short and short[2]:
            yield short[1]
            yield _extra_variables(short[2], is_public)
        else:
            awaited = is_long or short is not None
            yield word


def _extra_variables(text: str, is_public: IsPublic) -> str:
    """What follows `-e`: a file, a mapping in JSON or YAML, or words NAME=VALUE."""
    if text.startswith("@"):
        return text
    if text.lstrip()[:1] in ("{", "["):
        return _mapping(text, is_public)
    try:
        words = shlex.split(text)
    except ValueError:
        return HIDDEN
    return " ".join(_assignment(word, is_public) for word in words)


def _assignment(word: str, is_public: IsPublic) -> str:
    name, separator, value = word.partition("=")
    if not separator:
        return HIDDEN
    return f"{name}={shlex.quote(value)}" if is_public(name) else f"{name}={HIDDEN}"


def _mapping(text: str, is_public: IsPublic) -> str:
    try:
        given: Any = yaml.safe_load(text)
    except yaml.YAMLError:
        return HIDDEN
    if not isinstance(given, dict):
        return HIDDEN
    return json.dumps(
        {str(name): value if is_public(str(name)) else HIDDEN for name, value in given.items()}, ensure_ascii=False, default=str
    )
