# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""site_status: hold what all hosts answered against the site model, print it, write it, and end as a monitor wants it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.build_files import (
    plain,
    site_directory,
    write_json,
    write_text,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.html_report import render
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.status import FAIL_ON, aggregate, render_table

ARGUMENTS = {
    "model": {"type": "dict", "required": True},
    "results_variable": {"type": "str", "default": "site_observed"},
    "build_directory": {"type": "str", "default": "build"},
    "fail_on": {"type": "str", "choices": list(FAIL_ON), "default": "warn"},
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
        model = plain(options["model"])
        if not model.get("hosts"):
            raise AnsibleActionFail("model holds no hosts: it is the fact site_model, which playbooks/validate.yml sets")
        asked = [host for host in task_vars.get("ansible_play_hosts_all", []) if host in model["hosts"]]
        observed = {host: self._observed(task_vars, host, options["results_variable"]) for host in asked}
        status = aggregate(model, observed, datetime.now(timezone.utc), asked)
        directory = site_directory(options["build_directory"], status.site)
        files = [
            write_json(directory, "status.json", status.to_dict()),
            write_text(directory, "status.html", render(status)),
        ]
        display.display("\n" + render_table(status) + "\n\n" + "\n".join(f"Written: {path}" for path in files))
        result.update(
            changed=False,
            msg=status.summary,
            state=status.state,
            exit_code=status.exit_code,
            files=[str(path) for path in files],
        )
        if status.reaches(options["fail_on"]):
            result["failed"] = True
        return result

    @staticmethod
    def _observed(task_vars: dict[str, Any], host: str, variable: str) -> dict[str, Any] | None:
        found = task_vars["hostvars"].get(host, {}).get(variable)
        return plain(found) if isinstance(found, dict) else None
