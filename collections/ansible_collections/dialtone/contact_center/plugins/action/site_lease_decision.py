# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""site_lease_decision: from what every host of the play answered, whether this run may change the site."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.build_files import plain
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.lease import decide

ARGUMENTS = {
    "model": {"type": "dict", "required": True},
    "answers_variable": {"type": "str", "default": "site_lease_answer"},
}

display = Display()


class ActionModule(ActionBase):
    """Runs on the controller and contacts no host."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        task_vars = task_vars or {}
        result = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(ARGUMENTS)
        variable = options["answers_variable"]
        answers = {
            host: plain(task_vars["hostvars"][host].get(variable) or {}) or None
            for host in task_vars.get("ansible_play_hosts_all", [])
        }
        decision = decide(plain(options["model"]), answers, limited=bool(task_vars.get("ansible_limit")))
        if decision.words:
            display.display("\n" + "\n".join(decision.words))
        return result | decision.to_dict() | {"changed": False}
