# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the action plugins share that work on the controller alone, from the site model and the variables of the hosts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.build_files import plain

MODEL_ARGUMENT = {"type": "dict", "required": True}


class ControllerAction(ActionBase):
    """Contacts no host. A plugin states its ARGUMENTS, and answers with the keys of its result."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    ARGUMENTS: ClassVar[Mapping[str, Any]]

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(self.ARGUMENTS)
        return result | {"changed": False} | self.answer(options, task_vars or {})

    def answer(self, options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        raise NotImplementedError

    def show(self, words: str, files: Iterable[Path] = ()) -> None:
        written = "\n".join(f"Written: {path}" for path in files)
        self._display.display("\n" + words + (f"\n\n{written}" if written else ""))


def model_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """The option `model`, which a playbook that skipped the contract would leave empty."""
    model: dict[str, Any] = plain(options["model"])
    if not model.get("hosts"):
        raise AnsibleActionFail("model holds no hosts: it is the fact site_model, which playbooks/validate.yml sets")
    return model


def asked_hosts(task_vars: Mapping[str, Any], model: Mapping[str, Any]) -> list[str]:
    """The hosts of the play that are of the site."""
    return [host for host in task_vars.get("ansible_play_hosts_all", []) if host in model["hosts"]]
