# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""site_plan: what a roll-out will keep where, in which order, and what others must do for it, from the site model alone."""

from __future__ import annotations

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
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.plan import (
    build_plan,
    ports_csv,
    render_plan,
    render_summary,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.plan_html import render

ARGUMENTS = {
    "model": {"type": "dict", "required": True},
    "build_directory": {"type": "str", "default": "build"},
}

display = Display()


class ActionModule(ActionBase):
    """Runs on the controller and contacts no host."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(ARGUMENTS)
        model = plain(options["model"])
        if not model.get("hosts"):
            raise AnsibleActionFail("model holds no hosts: it is the fact site_model, which playbooks/validate.yml sets")
        plan = build_plan(model)
        directory = site_directory(options["build_directory"], plan.site)
        files = [
            write_text(directory, "plan.html", render(plan)),
            write_text(directory, "plan.txt", render_plan(plan) + "\n"),
            write_json(directory, "plan.json", plan.to_dict()),
            write_text(directory, "ports.csv", ports_csv(plan)),
        ]
        display.display("\n" + render_summary(plan) + "\n\n" + "\n".join(f"Written: {path}" for path in files))
        result.update(
            changed=False,
            msg=f"{len(plan.steps)} steps on {len(plan.hosts)} hosts",
            files=[str(path) for path in files],
        )
        return result
