# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run an action plugin as a task does, without play and host: options and variables in, result and printed words out."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.action import ActionBase

PLUGINS = "ansible_collections.dialtone.contact_center.plugins"


@dataclass
class Said:
    """What a plugin printed, in place of Ansible's display."""

    verbosity: int = 0
    words: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def display(self, words: str, **_options: Any) -> None:
        self.words.append(words)

    def warning(self, words: str, **_options: Any) -> None:
        self.warnings.append(words)

    @property
    def text(self) -> str:
        return "\n".join(self.words)


@pytest.fixture
def make_action() -> Callable[..., tuple[ActionBase, Said]]:
    """make_action("site_plan", {options}, check=False) -> the plugin, and what it prints."""

    def make(name: str, options: Mapping[str, Any], check: bool = False) -> tuple[ActionBase, Said]:
        task = SimpleNamespace(args=dict(options), async_val=0, check_mode=check, action=name)
        connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir="/nowhere"))
        plugin = importlib.import_module(f"{PLUGINS}.action.{name}").ActionModule
        action = plugin(task, connection, SimpleNamespace(), DataLoader(), None, None)
        action._display = said = Said()
        return action, said

    return make


@pytest.fixture
def run_action(make_action: Callable[..., tuple[ActionBase, Said]]) -> Callable[..., tuple[dict[str, Any], Said]]:
    """run_action("site_plan", {options}, {variables}, check=False) -> its result, and what it printed."""

    def run(
        name: str, options: Mapping[str, Any], variables: Mapping[str, Any] | None = None, check: bool = False
    ) -> tuple[dict[str, Any], Said]:
        action, said = make_action(name, options, check)
        return action.run(task_vars=dict(variables or {})), said

    return run


@pytest.fixture(scope="session")
def documented() -> Callable[[str], dict[str, Any]]:
    """The options as the module of the same name documents them, in the shape of an argument spec."""
    fragments = importlib.import_module(f"{PLUGINS}.doc_fragments.controller").ModuleDocFragment

    def read(name: str) -> dict[str, Any]:
        text = yaml.safe_load(importlib.import_module(f"{PLUGINS}.modules.{name}").DOCUMENTATION)
        extended = text.get("extends_documentation_fragment", [])
        options = dict(text.get("options", {}))
        for fragment in [extended] if isinstance(extended, str) else extended:
            part = fragment.removeprefix("dialtone.contact_center.controller").lstrip(".").upper() or "DOCUMENTATION"
            options |= yaml.safe_load(getattr(fragments, part)).get("options", {})
        return {option: {key: value for key, value in words.items() if key != "description"} for option, words in options.items()}

    return read
