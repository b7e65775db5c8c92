# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""site_lease_decision: from what every host of the play answered, whether this run may change the site."""

from __future__ import annotations

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.build_files import plain
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.controller_action import MODEL_ARGUMENT, ControllerAction
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.lease import ANSWERS_VARIABLE, decide


class ActionModule(ControllerAction):
    """The answers are in the hosts' variables."""

    ARGUMENTS = {
        "model": MODEL_ARGUMENT,
        "answers_variable": {"type": "str", "default": ANSWERS_VARIABLE},
    }

    def answer(self, options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        variable = options["answers_variable"]
        answers = {
            host: plain(task_vars["hostvars"][host].get(variable) or {}) or None
            for host in task_vars.get("ansible_play_hosts_all", [])
        }
        decision = decide(plain(options["model"]), answers, limited=bool(task_vars.get("ansible_limit")))
        if decision.words:
            self.show("\n".join(decision.words))
        return decision.to_dict()
