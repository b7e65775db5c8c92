# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""vendor_dialogue: start a vendor program on the host, or find it again, and watch it until it ends or needs a person."""

from __future__ import annotations

import base64
import json
import time
import zlib
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.dialtone.contact_center.plugins.module_utils.dialogue import WAITING_FOR_PERSON
from ansible_collections.dialtone.contact_center.plugins.module_utils.dialogue_job import DIRECTORY, NEVER, RESTARTS
from ansible_collections.dialtone.contact_center.plugins.plugin_utils import dialogue_report, dialogues
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.build_files import plain

ARGUMENTS = {
    "dialogue": {"type": "str", "required": True},
    "job": {"type": "str"},
    "argv": {"type": "list", "elements": "str", "required": True},
    "chdir": {"type": "path", "default": "/"},
    "answers": {"type": "dict", "default": {}},
    "secrets": {"type": "dict", "default": {}, "no_log": True},
    "overlay": {"type": "dict", "default": {}},
    "environment": {"type": "dict", "default": {}},
    "restart": {"type": "str", "choices": list(RESTARTS), "default": NEVER},
    "lease": {"type": "dict", "default": {}},
    "wait_seconds": {"type": "float"},
    "directory": {"type": "path", "default": DIRECTORY},
}
REMOTE = "dialtone.contact_center.vendor_dialogue_remote"
# How long one call waits on the host for news: short first, so that a quick program is not waited for.
SHORTEST_WAIT, LONGEST_WAIT = 0.5, 5.0
# Beyond the time that the dialogue allows the program, for the way to the host.
GRACE_SECONDS = 60.0


class ActionModule(ActionBase):
    """Short calls of vendor_dialogue_remote: the program lives on the host, whatever becomes of this one."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        task_vars = task_vars or {}
        result = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(ARGUMENTS)
        options = plain(options)
        name = options["dialogue"]
        try:
            dialogue = dialogues.load(name, options["overlay"])
            script = dialogues.resolve(name, dialogue, options["answers"], options["secrets"])
        except dialogues.DialogueError as error:
            raise AnsibleActionFail(str(error)) from error
        job = options["job"] or name
        if self._task.check_mode:
            words = f"would run {script['program']} as the job {job}, and answer the steps {', '.join(_ids(script)) or 'none'}"
            return result | {"changed": True, "state": "", "job": job, "msg": words}
        started = self._ask({**self._request(options, script, job), "request": "start"}, options, job, task_vars)
        if started.get("failed"):
            return result | started
        answer, lines = self._watch(options, script, job, started, task_vars)
        if answer.get("failed"):
            return result | answer
        collected: dict[str, Any] = {}
        if answer["is_told"]:
            # Only now: an end that got lost on its way here is told again.
            collected = self._ask({"request": "collect"}, options, job, task_vars)
        host = str(task_vars.get("inventory_hostname", "this host"))
        told = dialogue_report.result(host, dialogue, script, {**started, **answer}, lines.all)
        return result | dialogue_report.with_captured(told, script, collected.get("captured", {}))

    @staticmethod
    def _request(options: dict[str, Any], script: dict[str, Any], job: str) -> dict[str, Any]:
        return {
            "script": script,
            "argv": options["argv"],
            "chdir": options["chdir"],
            "environment": {key: str(value) for key, value in options["environment"].items()},
            "secrets": {key: str(value) for key, value in options["secrets"].items()},
            "restart": options["restart"],
            "lease": options["lease"],
        }

    def _watch(
        self, options: dict[str, Any], script: dict[str, Any], job: str, started: dict[str, Any], task_vars: dict[str, Any]
    ) -> tuple[dict[str, Any], dialogue_report.Lines]:
        allowed = options["wait_seconds"]
        if allowed is None:
            allowed = script["limits"]["total_seconds"] + GRACE_SECONDS
        until = time.monotonic() + allowed
        lines = dialogue_report.Lines()
        answer, wait = started, SHORTEST_WAIT
        while True:
            is_over = answer["is_told"] or answer["state"].get("state") == WAITING_FOR_PERSON
            self._show(lines.add(answer["text"], is_over), task_vars)
            if is_over or time.monotonic() >= until:
                return answer, lines
            asked = {"request": "read", "offset": answer["offset"], "seconds": wait}
            answer = self._ask(asked, options, job, task_vars)
            if answer.get("failed"):
                return answer, lines
            wait = min(LONGEST_WAIT, wait * 1.5)

    def _show(self, lines: list[str], task_vars: dict[str, Any]) -> None:
        if self._task.no_log:
            return
        for line in dialogue_report.shown_lines(lines):
            self._display.display(f"  {task_vars.get('inventory_hostname', '')} | {line}")

    def _ask(self, asked: dict[str, Any], options: dict[str, Any], job: str, task_vars: dict[str, Any]) -> dict[str, Any]:
        """One call. Where the host does not answer, the task is unreachable, and the program goes on."""
        request = asked.pop("request")
        packed = base64.b64encode(zlib.compress(json.dumps(asked).encode("utf-8"))).decode("ascii")
        answer = self._execute_module(
            module_name=REMOTE,
            module_args={"request": request, "job": job, "directory": options["directory"], "payload": packed},
            task_vars=task_vars,
        )
        answer.pop("invocation", None)
        return answer


def _ids(script: dict[str, Any]) -> list[str]:
    return [step["id"] for step in script["steps"]]
