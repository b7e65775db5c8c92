# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""host_state: render on the controller, observe and write on the host in one round trip."""
from __future__ import annotations

import base64
import json
import zlib
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.template import trust_as_template

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.desired_state import DesiredStateError, checked


def pack(desired: dict[str, Any]) -> str:
    """The desired state in the opaque form that the remote part takes."""
    return base64.b64encode(zlib.compress(json.dumps(desired, sort_keys=True).encode("utf-8"))).decode("ascii")


class ActionModule(ActionBase):
    """One call of host_state_remote with everything rendered."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_diff = True

    def _render(self, source: str, task_vars: dict[str, Any]) -> str:
        try:
            path = self._find_needle("templates", source)
            text = trust_as_template(self._loader.get_text_file_contents(path))
        except AnsibleError as error:
            raise AnsibleActionFail(f"template {source}: {error}") from error
        templar = self._templar.copy_with_new_env(
            searchpath=[*(self._task.get_search_path() or [])], available_variables=task_vars
        )
        return str(templar.template(text, escape_backslashes=False, overrides={"trim_blocks": True, "lstrip_blocks": True}))

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        task_vars = task_vars or {}
        result = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        apply = arguments.pop("apply", True)
        if not isinstance(apply, bool):
            raise AnsibleActionFail(f"apply is true or false, not {apply!r}")
        desired = arguments.pop("desired", None)
        if desired is not None and arguments:
            raise AnsibleActionFail(f"desired holds everything; {', '.join(sorted(arguments))} cannot stand beside it")
        try:
            state = checked(desired if desired is not None else arguments)
        except DesiredStateError as error:
            raise AnsibleActionFail(str(error)) from error
        for item in state.get("file", []):
            if "template" in item:
                item["content"] = self._render(item.pop("template"), task_vars)
        result.update(self._execute_module(
            module_name="dialtone.contact_center.host_state_remote",
            module_args={"payload": pack(state), "apply": apply},
            task_vars=task_vars,
        ))
        # The payload is opaque to a reader and long.
        result.pop("invocation", None)
        return result
