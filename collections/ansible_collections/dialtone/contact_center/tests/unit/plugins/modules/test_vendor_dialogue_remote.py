# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import base64
import json
import os
import stat
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dialtone.contact_center.plugins.modules import vendor_dialogue_remote

SCRIPT = {
    "name": "example",
    "program": "example",
    "spellings": [],
    "limits": {"silence_seconds": 1, "step_seconds": 10, "total_seconds": 20},
    "steps": [
        {
            "id": "password",
            "prompt": "Password:",
            "pattern": "^Password:",
            "answer": {"secret": "word"},
            "optional": False,
            "repeat": 1,
        }
    ],
    "success": [{"words": "Done.", "pattern": r"Done\."}],
    "failure": [],
    "exit_codes": [0],
    "abort": [],
    "no_return": {"after": [], "until": "", "why": ""},
    "capture": [],
}
PROGRAM = 'import getpass; getpass.getpass(); print("Done.")'
# systemd-run, of which only that matters here: it starts what comes behind its options, and does not wait for it.
SYSTEMD_RUN = """#!/bin/sh
echo "$@" >>{log}
while [ "$1" != -I ]; do python=$1; shift; done
setsid "$python" "$@" </dev/null >/dev/null 2>&1 &
"""
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(tmp_path: Path, run_module: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> Ask:
    programs = tmp_path / "bin"
    programs.mkdir()
    starter = programs / "systemd-run"
    starter.write_text(SYSTEMD_RUN.format(log=tmp_path / "systemd-run.log"))
    starter.chmod(starter.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")

    def call(request: str, job: str = "example", **asked: Any) -> dict[str, Any]:
        payload = base64.b64encode(zlib.compress(json.dumps(asked).encode())).decode()
        arguments = {"request": request, "job": job, "payload": payload, "directory": str(tmp_path / "jobs")}
        return run_module(vendor_dialogue_remote, arguments)

    return call


def start(ask: Ask, **more: Any) -> dict[str, Any]:
    asked = {"script": SCRIPT, "argv": [sys.executable, "-c", PROGRAM], "chdir": "/", "environment": {}, "restart": "never"}
    return ask("start", **{**asked, "secrets": {"word": "c4nary"}, "lease": {}, **more})


def test_a_job_is_started_read_and_collected(ask: Ask, tmp_path: Path) -> None:
    answer = start(ask)
    assert (answer["plan"], answer["changed"]) == ("start", False)
    until = time.monotonic() + 20
    text = answer["text"]
    while not answer["is_told"] and time.monotonic() < until:
        answer = ask("read", offset=answer["offset"], seconds=1)
        text += answer["text"]
    assert (answer["state"]["state"], text) == ("succeeded", "Password: \nDone.\n")
    ask("collect")
    assert (tmp_path / "jobs" / "example" / "collected").exists()


def test_the_unit_survives_the_session_and_is_told_no_secret(ask: Ask, tmp_path: Path) -> None:
    start(ask)
    told = (tmp_path / "systemd-run.log").read_text()
    assert "--unit dialtone-job-example" in told
    assert "KillMode=process" in told
    assert "c4nary" not in told


def test_a_program_of_another_spelling_is_run(ask: Ask, tmp_path: Path) -> None:
    there = tmp_path / "enableExample.py"
    there.write_text(PROGRAM)
    script = {**SCRIPT, "program": "enabledExample.py", "spellings": ["enable*Example.py"]}
    answer = start(ask, script=script, argv=[sys.executable, "./enabledExample.py"], chdir=str(tmp_path))
    assert json.loads((tmp_path / "jobs" / "example" / "job.json").read_text())["argv"] == [sys.executable, str(there)]
    assert answer["plan"] == "start"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"argv": ["absent-program"]}, "absent-program is no program that this host can run"),
        ({"chdir": "/absent"}, "runs in /absent, which is no directory"),
        ({"argv": []}, "empty argv"),
        ({"secrets": {}}, "needs the secrets word"),
    ],
)
def test_what_cannot_run_is_refused_with_words(ask: Ask, more: dict[str, Any], words: str) -> None:
    answer = start(ask, **more)
    assert answer["failed"]
    assert words in answer["msg"]


def test_a_name_is_no_path(ask: Ask) -> None:
    assert "is no name of a job" in ask("read", job="../x", offset=0, seconds=0)["msg"]


def test_a_job_that_is_not_there(ask: Ask) -> None:
    assert "has no program that was started" in ask("read", offset=0, seconds=0)["msg"]
