# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""site_lease: ask a host for the lease of its data center in the name of this run, and judge the answer."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from ansible import context
from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from ansible_collections.dialtone.contact_center.plugins.module_utils.lease import DIRECTORY
from ansible_collections.dialtone.contact_center.plugins.plugin_utils import lease

ARGUMENTS = {
    "state": {"type": "str", "choices": ["held", "renewed", "released"], "default": "held"},
    "site": {"type": "str", "required": True},
    "data_center": {"type": "str", "required": True},
    "playbook": {"type": "str"},
    "minutes": {"type": "int", "default": 30},
    "take_over": {"type": "bool", "default": False},
    "directory": {"type": "path", "default": DIRECTORY},
}
FACT = "site_lease"


def own_fact(host: str) -> str:
    """A name for each host: facts of a run_once task are one dictionary of all hosts, in which the last host writes for all."""
    return f"{FACT}_of_{host}"


def playbook_of_command_line() -> str:
    return ", ".join(PurePath(name).name for name in context.CLIARGS.get("args", ())) or "unknown"


class ActionModule(ActionBase):
    """One round trip where a lease is due, none where it is not."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        task_vars = task_vars or {}
        result = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(ARGUMENTS)
        if self._task.check_mode:
            return result | {"skipped": True, "msg": "check mode changes nothing, so it takes no lease"}
        run = lease.this_run(options["playbook"] or playbook_of_command_line())
        host = task_vars.get("inventory_hostname", "")
        held = task_vars.get("ansible_facts", {}).get(own_fact(host)) or {}
        holds = held.get("run") == run.token and held.get("data_center") == options["data_center"]
        answer = self._answer(options, run, held if holds else {}, task_vars)
        if answer.get("failed"):
            return result | answer
        return result | self._judged(options["data_center"], run, answer, host)

    def _answer(self, options: dict[str, Any], run: lease.Run, held: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        if options["state"] == "released":
            # Always asked: a host that took the lease may have fallen silent before it said so, and only its file knows.
            return self._give_back(options, run, task_vars)
        if held:
            if not lease.is_due(held["asked"], lease.boot_seconds(), options["minutes"] * 60):
                return {"outcome": "kept", "other": {}}
            return self._ask("renew", options, run, task_vars)
        if options["state"] == "renewed":
            return {"outcome": "not_held", "other": {}}
        answer = self._ask("acquire", options, run, task_vars)
        if answer.get("outcome") != "held_by_another":
            return answer
        died = lease.has_died_here(answer["other"]["holder"], run.holder["controller"])
        if died or options["take_over"]:
            # Only from the run that was seen: another one may have been faster.
            answer = self._ask("acquire", options, run, task_vars, displace=answer["other"]["run"])
            answer["died"] = died
        return answer

    def _give_back(self, options: dict[str, Any], run: lease.Run, task_vars: dict[str, Any]) -> dict[str, Any]:
        """What the run did on a host is done: that the host is silent now makes no failure of it, and has to be told."""
        try:
            return self._ask("release", options, run, task_vars)
        except AnsibleConnectionFailure:
            # The connection was idle since the host's last task; a new one tells whether it is the host that is silent.
            return self._give_back_anew(options, run, task_vars)

    def _give_back_anew(self, options: dict[str, Any], run: lease.Run, task_vars: dict[str, Any]) -> dict[str, Any]:
        try:
            self._connection.reset()
            return self._ask("release", options, run, task_vars)
        except AnsibleConnectionFailure:
            words = lease.not_given_back_words(options["data_center"], options["minutes"])
            return {"outcome": "not_given_back", "other": {}, "warnings": [words]}

    def _ask(
        self, request: str, options: dict[str, Any], run: lease.Run, task_vars: dict[str, Any], displace: str = ""
    ) -> dict[str, Any]:
        asked = lease.boot_seconds()
        answer = self._execute_module(
            module_name="dialtone.contact_center.site_lease_remote",
            module_args={
                "request": request,
                "site": options["site"],
                "data_center": options["data_center"],
                "run": run.token,
                "holder": run.holder,
                "seconds": options["minutes"] * 60,
                "displace": displace,
                "directory": options["directory"],
            },
            task_vars=task_vars,
        )
        answer.pop("invocation", None)
        return answer | {"asked": asked}

    @staticmethod
    def _judged(data_center: str, run: lease.Run, answer: dict[str, Any], host: str) -> dict[str, Any]:
        outcome, other, asked = answer["outcome"], answer["other"], answer.pop("asked", None)
        died = answer.pop("died", False)
        judged = answer | {"changed": False, "words": [], "refused": outcome in lease.REFUSALS}
        if answer.get("torn"):
            judged["words"].append(lease.torn_words(answer["path"]))
        if outcome == "taken_over":
            judged["words"].append(lease.displaced_words(data_center, other, died))
        elif outcome == "acquired" and other:
            judged["words"].append(lease.expired_words(data_center, other))
        if outcome == "held_by_another":
            judged |= {"failed": True, "msg": lease.held_words(data_center, other, ["this host"]) + " " + lease.take_over_words()}
        elif outcome == "lost":
            judged |= {"failed": True, "msg": lease.lost_words(data_center, other, ["this host"])}
        if asked is not None and outcome in lease.HOLDS:
            fact = {"run": run.token, "data_center": data_center, "asked": asked}
            judged["ansible_facts"] = {FACT: fact, own_fact(host): fact}
        elif outcome in ("released", "lost"):
            judged["ansible_facts"] = {FACT: {}, own_fact(host): {}}
        return judged
