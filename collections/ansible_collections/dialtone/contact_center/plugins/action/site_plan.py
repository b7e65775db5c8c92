# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""site_plan: what a roll-out will keep where, in which order, and what others must do for it, from the site model alone."""

from __future__ import annotations

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.build_files import site_directory, write_json, write_text
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.controller_action import (
    MODEL_ARGUMENT,
    ControllerAction,
    model_of,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.plan import (
    build_plan,
    ports_csv,
    render_plan,
    render_summary,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.plan_html import render


class ActionModule(ControllerAction):
    """All that is planned follows from the model."""

    ARGUMENTS = {
        "model": MODEL_ARGUMENT,
        "build_directory": {"type": "str", "default": "build"},
    }

    def answer(self, options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        plan = build_plan(model_of(options))
        directory = site_directory(options["build_directory"], plan.site)
        files = [
            write_text(directory, "plan.html", render(plan)),
            write_text(directory, "plan.txt", render_plan(plan) + "\n"),
            write_json(directory, "plan.json", plan.to_dict()),
            write_text(directory, "ports.csv", ports_csv(plan)),
        ]
        self.show(render_summary(plan), files)
        return {"msg": f"{len(plan.steps)} steps on {len(plan.hosts)} hosts", "files": [str(path) for path in files]}
