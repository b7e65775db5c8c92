"""Writes what each task changed as JSON lines, for the test that --check foretells a run.

Lab only; nothing in it reaches a site.
"""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: changes
type: notification
short_description: What each task changed, as JSON lines
description: Appends one line for each task that reports a change to the file that C(LAB_CHANGES_FILE) names.
requirements: []
"""


class CallbackModule(CallbackBase):
    """One line a changed task and host."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "changes"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result: Any) -> None:
        path = os.environ.get("LAB_CHANGES_FILE")
        data = result._result
        if not path or not data.get("changed"):
            return
        line = {
            "host": result._host.get_name(),
            "task": result._task.get_name(),
            "action": result._task.resolved_action or result._task.action,
            "check": bool(result._task.check_mode),
            "changes": data.get("changes"),
            "reasons": data.get("reasons"),
            "name": data.get("name"),
            "results": [one.get("name") for one in data.get("results", []) if isinstance(one, dict) and one.get("changed")],
        }
        with open(path, "a", encoding="utf-8") as stream:
            stream.write(json.dumps(line, default=str) + "\n")
