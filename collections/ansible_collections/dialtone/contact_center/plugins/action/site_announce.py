# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""site_announce: say what a run is about to change, before it changes anything."""

from __future__ import annotations

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.announce import memberships, render, summary, work_of
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.controller_action import (
    MODEL_ARGUMENT,
    ControllerAction,
    asked_hosts,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.virtual_machines import announced


class ActionModule(ControllerAction):
    """The observations are in the hosts' variables."""

    ARGUMENTS = {
        "model": MODEL_ARGUMENT,
        "playbook": {"type": "str", "required": True},
        "going_back": {"type": "str", "required": True},
        "irreversible": {"type": "list", "elements": "str", "default": []},
        "restart_all": {"type": "bool", "default": False},
        "restart_all_pom": {"type": "bool", "default": False},
    }

    def answer(self, options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        model = options["model"]
        hosts = asked_hosts(task_vars, model)
        work = work_of(
            hosts,
            lambda host: task_vars["hostvars"].get(host, {}),
            options["restart_all"],
            options["restart_all_pom"],
        )
        check = bool(self._task.check_mode)
        snapshots = announced(model["tables"], work.due)
        words = (model["site"], options["playbook"], options["going_back"], options["irreversible"])
        self.show(render(work, *words, check, snapshots) + "\n")
        return {
            "msg": summary(work),
            "due": list(work.due),
            "memberships": memberships(work, {host: model["hosts"][host]["data_center"] for host in hosts}),
            "changes": [
                {"host": item.host, "role": item.role, "what": item.what, "reasons": list(item.reasons)} for item in work.items
            ],
            "restarts": [
                {"host": restart.host, "component": restart.component, "reasons": list(restart.reasons)}
                for restart in work.restarts
            ],
        }
