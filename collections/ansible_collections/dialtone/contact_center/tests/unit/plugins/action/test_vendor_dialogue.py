# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import base64
import json
import zlib
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.dialtone.contact_center.plugins.action import vendor_dialogue
from ansible_collections.dialtone.contact_center.plugins.action.vendor_dialogue import ActionModule

ARGUMENTS = {"dialogue": "pomCertificateImport", "argv": ["./pomCertificateImport.sh", "/root/pom.p12", "secret:word"]}
SECRET = "c4nary-word"


def answer(state: str, text: str = "", is_told: bool = False, **more: Any) -> dict[str, Any]:
    kept = {"state": state, "seconds": 1.0, "job": "x", **more}
    return {"state": kept, "text": text, "offset": len(text), "is_told": is_told, "attach": "attach", "changed": False}


class Host:
    """Answers the calls of the action, one after the other."""

    def __init__(self, *answers: dict[str, Any], captured: dict[str, str] | None = None) -> None:
        self.answers = list(answers)
        self.captured = captured or {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.shown: list[str] = []

    def run(self, arguments: dict[str, Any], check: bool = False, no_log: bool = False) -> dict[str, Any]:
        task = SimpleNamespace(args={**ARGUMENTS, **arguments}, check_mode=check, no_log=no_log, async_val=0, diff=False)
        action = ActionModule(task, SimpleNamespace(_shell=SimpleNamespace(tmpdir=None)), None, None, None, None)
        action._display = SimpleNamespace(display=self.shown.append)
        action._execute_module = self.execute
        return action.run(task_vars={"inventory_hostname": "epm1"})

    def execute(self, module_name: str, module_args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        assert module_name == vendor_dialogue.REMOTE
        payload = json.loads(zlib.decompress(base64.b64decode(module_args["payload"])))
        self.asked.append((module_args["request"], payload))
        return {"captured": self.captured} if module_args["request"] == "collect" else self.answers.pop(0)


def test_it_is_watched_until_its_end_was_told() -> None:
    host = Host(
        {**answer("running", "one\ntw"), "plan": "start"},
        answer("running", "o\n"),
        answer("succeeded", "three", is_told=True),
    )
    result = host.run({"secrets": {"word": SECRET}})
    assert [request for request, _payload in host.asked] == ["start", "read", "read", "collect"]
    assert host.shown == ["  epm1 | one", "  epm1 | two", "  epm1 | three"]
    assert (result["state"], result["changed"], result["transcript"]) == ("succeeded", True, ["one", "two", "three"])
    assert SECRET not in json.dumps(result)


def test_what_the_host_gets() -> None:
    host = Host({**answer("succeeded", is_told=True), "plan": "start"})
    host.run({"secrets": {"word": SECRET}, "environment": {"DEPTH": 3}, "restart": "always", "chdir": "/opt"})
    request, payload = host.asked[0]
    assert request == "start"
    assert SECRET not in json.dumps({key: value for key, value in payload.items() if key != "secrets"})
    assert (payload["secrets"], payload["environment"], payload["restart"]) == ({"word": SECRET}, {"DEPTH": "3"}, "always")
    assert payload["script"]["name"] == "pomCertificateImport"


def test_what_a_program_hands_back_is_in_the_result_and_not_shown() -> None:
    host = Host({**answer("succeeded", "Decrypted Data: ****", is_told=True), "plan": "start"}, captured={"result": SECRET})
    result = host.run({"dialogue": "POMSecurityManagementTool_decrypt", "secrets": {"data": "ENC(x)"}})
    assert (result["captured"], result["_ansible_no_log"]) == ({"result": SECRET}, True)
    assert SECRET not in "".join(host.shown)


def test_one_that_waits_for_a_person_is_not_waited_for() -> None:
    host = Host({**answer("waiting_for_person", "Drop it? ", reason='asks "Drop it?"'), "plan": "attach"})
    result = host.run({})
    assert (result["failed"], result["again"], result["state"]) == (True, True, "waiting_for_person")
    assert [request for request, _payload in host.asked] == ["start"]


def test_one_that_takes_too_long_goes_on() -> None:
    result = Host({**answer("running"), "plan": "start"}).run({"wait_seconds": 0})
    assert (result["failed"], result["state"]) == (True, "running")


def test_a_refusal_of_the_host_is_the_result() -> None:
    result = Host({"failed": True, "msg": "no systemd"}).run({})
    assert (result["failed"], result["msg"]) == (True, "no systemd")


def test_check_mode_asks_nothing() -> None:
    host = Host()
    result = host.run({}, check=True)
    assert (result["changed"], host.asked) == (True, [])
    assert result["msg"].startswith("would run pomCertificateImport.sh")


def test_with_no_log_no_line_is_shown() -> None:
    host = Host({**answer("succeeded", "line\n", is_told=True), "plan": "start"})
    host.run({}, no_log=True)
    assert host.shown == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"dialogue": "instalDB"}, "no dialogue is called instalDB"),
        ({"answers": {"colour": "blue"}}, "asks for no colour"),
        ({"overlay": {"step": {}}}, "a site may change steps"),
    ],
)
def test_a_dialogue_that_cannot_be_used_is_refused_before_the_host_is_asked(arguments: dict[str, Any], words: str) -> None:
    host = Host()
    with pytest.raises(AnsibleActionFail, match=words):
        host.run(arguments)
    assert host.asked == []
