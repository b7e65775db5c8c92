# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""guided_steps: hold the guided steps of a data center against what its hosts saw; ask for, wait for or record the open ones."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible import context
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsiblePromptInterrupt, AnsiblePromptNoninteractive
from ansible.plugins.action import ActionBase

from ansible_collections.dialtone.contact_center.plugins.module_utils.ledger import DIRECTORY, merged
from ansible_collections.dialtone.contact_center.plugins.plugin_utils import checklist
from ansible_collections.dialtone.contact_center.plugins.plugin_utils import guided_flow as flow
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.build_files import (
    plain,
    site_directory,
    write_json,
    write_text,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.controller_action import MODEL_ARGUMENT, model_of
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.guided_console import PHASES, ROLL_OUT
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.guided_steps import ledger_hosts, steps_of_model
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.lease import boot_seconds

OBSERVE, ASK, STOP, WAIT, CONFIRM, CHECKLIST = "observe", "ask", "stop", "wait", "confirm", "checklist"
SECRET = {"type": "str", "default": "", "no_log": True}
ARGUMENTS = {
    "model": MODEL_ARGUMENT,
    "mode": {"type": "str", "choices": [OBSERVE, ASK, STOP, WAIT, CONFIRM, CHECKLIST], "default": ASK},
    "phases": {"type": "list", "elements": "str", "choices": list(PHASES), "default": list(ROLL_OUT)},
    "results_variable": {"type": "str", "default": "guided_steps_observed"},
    "pom_home": {"type": "str", "default": ""},
    "keystore_password": SECRET,
    "truststore_password": SECRET,
    "database_password": SECRET,
    "wait_minutes": {"type": "int", "default": 20},
    "poll_seconds": {"type": "int", "default": 5},
    "confirm_step": {"type": "str", "default": ""},
    "confirm_by": {"type": "str", "default": ""},
    "build_directory": {"type": "str", "default": "build"},
    "ledger_directory": {"type": "path", "default": DIRECTORY},
}
ASK_SECONDS = 30  # between two looks while a person works
RENEW_LEASE_SECONDS = 60
STOP_WORD = "q"


class LeaseLost(Exception):
    """Another run has the lease by now."""


class ActionModule(ActionBase):
    """Runs on the host of the console, which is asked again while it waits. What other hosts answered is in their variables."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        self._vars = task_vars or {}
        _validation, self._options = self.validate_argument_spec(ARGUMENTS)
        self._model = model = model_of(self._options)
        self._host = str(self._vars["inventory_hostname"])
        self._site, self._data_center = model["site"], model["hosts"][self._host]["data_center"]
        self._steps = steps_of_model(model)
        self._answers = self._answered(ledger_hosts(model))
        self._files: list[Path] = []
        self._confirmed: list[dict[str, Any]] = []
        self._kept = False
        self._lease_renewed = boot_seconds()
        playbook = os.path.join(str(self._vars.get("playbook_dir", "playbooks")), "guided_confirm.yml")
        self._command = flow.playbook_command(flow.from_here(playbook), context.CLIARGS)
        try:
            return result | self._result(self._act())
        except LeaseLost:
            words = f"This run has lost the lease of data center {self._data_center}: another run changes it. It stops here."
            return result | self._result(words)

    def _act(self) -> str:
        """Why the run cannot go on; empty where it can."""
        refused = [judged for judged in self._judged() if judged.state == flow.REFUSED]
        if refused:
            return flow.refused_words(refused)
        mode = self._options["mode"]
        if mode == CONFIRM:
            return self._confirm()
        if mode == CHECKLIST:
            self._say("\n".join(self._checklist()))
        if mode in (OBSERVE, CHECKLIST):
            return ""
        self._write()
        if not self._open():
            return ""
        if self._task.check_mode:
            self._say(flow.open_list(self._judged(), self._site, self._command))
            return ""
        if mode == WAIT:
            return self._wait()
        return self._ask() if mode == ASK else self._stop()

    def _result(self, failure: str) -> dict[str, Any]:
        judged = self._judged()
        mine = [step for step in self._steps if step["data_center"] == self._data_center]
        records = merged(self._seen().records.values(), self._confirmed)
        damaged = flow.damaged_words(self._seen().damaged)
        for words in damaged:
            self._display.warning(words)
        result = {
            "changed": self._kept,
            "msg": failure or flow.sentence(judged),
            "open": [
                {"id": entry.id, "title": entry.step["title"], "state": entry.state, "why": entry.why}
                for entry in flow.undone(judged)
            ],
            "done": [{"id": entry.id, "state": entry.state, "why": entry.why} for entry in judged if entry.is_done],
            "copies": flow.copies(mine, records, self._answers),
            "words": damaged,
            "files": [str(path) for path in self._files],
        }
        return result | ({"failed": True} if failure else {})

    # --- where the steps stand ------------------------------------------------------------------------------------

    def _answered(self, hosts: list[str]) -> dict[str, dict[str, Any]]:
        name = self._options["results_variable"]
        found = {host: self._vars["hostvars"].get(host, {}).get(name) for host in hosts}
        return {host: plain(answer) for host, answer in found.items() if isinstance(answer, Mapping) and "proofs" in answer}

    def _seen(self) -> flow.Seen:
        return flow.seen(self._answers)

    def _judged(self) -> list[flow.Judged]:
        return flow.of(flow.judge(self._steps, self._seen()), self._data_center, self._options["phases"])

    def _open(self) -> list[flow.Judged]:
        return flow.undone(self._judged())

    def _look(self) -> str:
        """Ask the host of the console again. What stands in the way, where it cannot be asked."""
        lease = self._due_lease()
        try:
            answer = self._module(
                "guided_proof",
                {
                    "steps": self._steps,
                    "host": self._host,
                    "pom_home": self._options["pom_home"],
                    "keystore_password": self._options["keystore_password"],
                    "truststore_password": self._options["truststore_password"],
                    "database_password": self._options["database_password"],
                    "ledger_directory": self._options["ledger_directory"],
                    "lease": lease,
                },
            )
        except AnsibleConnectionFailure as error:
            return f"{self._host} cannot be asked at the moment: {error}"
        if lease and not answer["lease"]:
            raise LeaseLost
        self._answers[self._host] = answer
        return ""

    def _due_lease(self) -> dict[str, str]:
        """A run that waits for a person renews its lease meanwhile, so that no other one comes in."""
        held = self._vars.get("ansible_facts", {}).get("site_lease") or {}
        if not held or boot_seconds() - self._lease_renewed < RENEW_LEASE_SECONDS:
            return {}
        self._lease_renewed = boot_seconds()
        return {"site": self._site, "data_center": self._data_center, "run": str(held["run"])}

    def _module(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._execute_module(
            module_name=f"dialtone.contact_center.{name}", module_args=arguments, task_vars=self._vars
        )
        answer.pop("invocation", None)
        if answer.get("failed"):
            raise AnsibleActionFail(f"{name} on {self._host}: {answer.get('msg', 'no reason was given')}")
        return plain(answer)

    def _checklist(self) -> list[str]:
        done = {entry.id for entry in flow.judge(self._steps, self._seen()) if entry.is_done}
        return checklist.lines(self._model["tables"]["checklist"], done, self._data_center)

    # --- the modes ------------------------------------------------------------------------------------------------

    def _stop(self) -> str:
        """With the steps of the whole site: nobody wants to be stopped once a data center."""
        everywhere = flow.of(flow.judge(self._steps, self._seen()), phases=self._options["phases"])
        self._write(everywhere)
        self._say(flow.open_list(everywhere, self._site, self._command))
        return flow.stop_words(everywhere, self._site, [flow.from_here(str(path)) for path in self._files])

    def _wait(self) -> str:
        minutes = self._options["wait_minutes"]
        self._say(flow.open_list(self._judged(), self._site, self._command))
        self._say(f"Waiting up to {minutes} min for them; each is seen within a few seconds, and the run goes on by itself.")
        deadline = time.monotonic() + 60 * minutes
        return self._until_done(lambda: time.monotonic() < deadline and self._pause()) and (
            f"The guided steps were not done within {minutes} min. " + self._stop()
        )

    def _pause(self) -> bool:
        time.sleep(self._options["poll_seconds"])
        return True

    def _ask(self) -> str:
        shown: set[str] = set()

        def person_goes_on() -> bool:
            due = flow.next_step(self._open())
            if due is None:
                return False
            if due.id not in shown:
                self._say("\n".join(flow.described(due, self._command)))
                shown.add(due.id)
            return self._ask_for_record(due) if due.by_word else self._ask_until_seen(due)

        try:
            self._prompt("", seconds=0)  # before anything is shown: whether somebody is there
            return self._until_done(person_goes_on) and self._stop()
        except (AnsiblePromptNoninteractive, AnsiblePromptInterrupt):
            return self._stop()

    def _ask_until_seen(self, due: flow.Judged) -> bool:
        words = f"{due.id}: {due.why}. Enter looks again at once, {STOP_WORD} stops here."
        return self._prompt(words, ASK_SECONDS) != STOP_WORD

    def _ask_for_record(self, due: flow.Judged) -> bool:
        by = self._prompt(f"{due.id}: when it is done, the name of who did it; Enter looks again, {STOP_WORD} stops here.")
        if by not in ("", STOP_WORD):
            record = self._record(due, by)
            self._module("site_ledger", {"records": [record], "directory": self._options["ledger_directory"]})
            self._kept = True
        return by != STOP_WORD

    def _prompt(self, words: str, seconds: int | None = None) -> str:
        return self._display.prompt_until(words, seconds=seconds).decode("utf-8", "replace").strip()

    def _until_done(self, go_on: Callable[[], bool]) -> str:
        """Until nothing is open: `go_on` waits for a moment or a person. Not empty where it gave up."""
        before = self._judged()
        while flow.undone(before):
            if not go_on():
                return "gave up"
            hindrance = self._look()
            now = self._judged()
            if hindrance:
                self._say(hindrance)
            elif [entry.state for entry in now] != [entry.state for entry in before]:
                self._tell(before, now)
                self._write()
            before = now
        return ""

    def _tell(self, before: list[flow.Judged], now: list[flow.Judged]) -> None:
        for former, entry in zip(before, now):
            if entry.state != former.state:
                self._say(f"{entry.id}: {entry.state}, {entry.why}")

    def _confirm(self) -> str:
        """Several steps one after the other, so that one may come after another; all of them, or none."""
        refusals = (self._confirm_step(step) for step in self._options["confirm_step"].split(","))
        return next(filter(None, refusals), "")

    def _confirm_step(self, step: str) -> str:
        by = self._options["confirm_by"].strip()
        everywhere = flow.judge(self._steps, flow.with_records(self._seen(), self._confirmed))
        result = next((judged for judged in everywhere if judged.id == step), None)
        if result is None:
            return flow.unknown_step_words(step, everywhere)
        if not by:
            return "guided_confirm_by is empty: it names the person who did the step, and is kept in the ledger of the site."
        if result.step["data_center"] != self._data_center or result.is_done:
            return ""
        if result.state != flow.OPEN or not result.by_word:
            return flow.cannot_confirm_words(result)
        if not self._task.check_mode:
            self._record(result, by)
        return ""

    def _record(self, due: flow.Judged, by: str) -> dict[str, Any]:
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        record = flow.confirmation(due, self._site, by, now, socket.gethostname(), self._seen().records.get(due.id))
        self._confirmed.append(record)
        return record

    # --- what a person and a program read -------------------------------------------------------------------------

    def _write(self, judged: list[flow.Judged] | None = None) -> None:
        listed = self._judged() if judged is None else judged
        directory = site_directory(self._options["build_directory"], self._site)
        written = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._files = [
            write_text(directory, "open-steps.txt", flow.open_list(listed, self._site, self._command) + "\n"),
            write_json(directory, "open-steps.json", flow.document(listed, self._site, self._command, written)),
        ]

    def _say(self, words: str) -> None:
        self._display.display(f"\n{words}")
