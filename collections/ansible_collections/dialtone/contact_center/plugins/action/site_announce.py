# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""site_announce: say what a run is about to change, before it changes anything."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.announce import memberships, render, summary, work_of

ARGUMENTS = {
    "model": {"type": "dict", "required": True},
    "playbook": {"type": "str", "required": True},
    "going_back": {"type": "str", "required": True},
    "irreversible": {"type": "list", "elements": "str", "default": []},
    "restart_all": {"type": "bool", "default": False},
}

display = Display()


class ActionModule(ActionBase):
    """Runs on the controller and contacts no host: the observations are in the hosts' variables."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        task_vars = task_vars or {}
        result = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(ARGUMENTS)
        hosts = [host for host in task_vars.get("ansible_play_hosts_all", []) if host in options["model"]["hosts"]]
        work = work_of(hosts, lambda host: task_vars["hostvars"].get(host, {}), options["restart_all"])
        check = bool(self._task.check_mode)
        text = render(work, options["model"]["site"], options["playbook"], options["going_back"], options["irreversible"], check)
        display.display("\n" + text + "\n")
        result.update(
            changed=False,
            msg=summary(work),
            due=list(work.due),
            memberships=memberships(work, {host: options["model"]["hosts"][host]["data_center"] for host in hosts}),
            changes=[
                {"host": item.host, "role": item.role, "what": item.what, "reasons": list(item.reasons)} for item in work.items
            ],
            restarts=[
                {"host": restart.host, "component": restart.component, "reasons": list(restart.reasons)}
                for restart in work.restarts
            ],
        )
        return result
