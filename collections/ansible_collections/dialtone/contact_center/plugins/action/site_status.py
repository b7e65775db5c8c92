# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""site_status: hold what all hosts answered against the site model, print it, write it, and end as a monitor wants it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.build_files import (
    plain,
    site_directory,
    write_json,
    write_text,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.controller_action import (
    MODEL_ARGUMENT,
    ControllerAction,
    asked_hosts,
    model_of,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.html_report import render
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.status import FAIL_ON, aggregate, render_table


class ActionModule(ControllerAction):
    """What the hosts answered is in their variables."""

    ARGUMENTS = {
        "model": MODEL_ARGUMENT,
        "results_variable": {"type": "str", "default": "site_observed"},
        "build_directory": {"type": "str", "default": "build"},
        "fail_on": {"type": "str", "choices": list(FAIL_ON), "default": "warn"},
    }

    def answer(self, options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        model = model_of(options)
        asked = asked_hosts(task_vars, model)
        observed = {host: self._observed(task_vars, host, options["results_variable"]) for host in asked}
        status = aggregate(model, observed, datetime.now(timezone.utc), asked)
        directory = site_directory(options["build_directory"], status.site)
        files = [
            write_json(directory, "status.json", status.to_dict()),
            write_text(directory, "status.html", render(status)),
        ]
        self.show(render_table(status), files)
        return {
            "msg": status.summary,
            "state": status.state,
            "exit_code": status.exit_code,
            "files": [str(path) for path in files],
            "failed": status.reaches(options["fail_on"]),
        }

    @staticmethod
    def _observed(task_vars: dict[str, Any], host: str, variable: str) -> dict[str, Any] | None:
        found = task_vars["hostvars"].get(host, {}).get(variable)
        return plain(found) if isinstance(found, dict) else None
