"""The operator robot at the console's stand-in: a real Chromium, the steps as Dialtone lists them, the real keytool."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import guided_actions, guided_steps
from lab import browser, robot, socks
from lab.robot import Operator, StepFailed, Worker
from tests.standins.conftest import Host
from tests.standins.epm import PASSWORD, Epm
from tests.standins.postgresql import free_port

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not browser.installed(), reason="chromium and chromedriver are not installed"),
]
SECRETS = {"pom_outcall_password": "s3cret words"}


@pytest.fixture(scope="module")
def at_browser() -> Iterator[Operator]:
    with robot.at_browser(("epadmin", PASSWORD), SECRETS) as found:
        yield found


@pytest.fixture
def epm(installed: Host) -> Iterator[Epm]:
    found = Epm(installed, "primary", "127.0.0.1", free_port())
    yield found
    found.stop()


@pytest.fixture
def operator(at_browser: Operator) -> Operator:
    at_browser.window.devtools("Network.clearBrowserCookies")
    return at_browser


def step(epm: Epm, *actions: dict[str, Any], name: str = "step", confirm: str = "", state: str = "open") -> dict[str, Any]:
    url = f"https://{epm.address}:{epm.port}/"
    return {"id": name, "title": f"Title of {name}", "url": url, "state": state, "actions": list(actions), "confirm": confirm}


def fetch(epm: Epm, name: str = "epm1") -> dict[str, Any]:
    return step(
        epm,
        guided_steps.opened(*guided_steps.TRUSTED_CERTIFICATES),
        guided_steps.pressed("Fetch"),
        guided_steps.filled("Name", name),
        guided_steps.filled("Location", f"https://{epm.address}:{epm.port}"),
        guided_steps.pressed("Continue"),
        name=f"fetch_epm_certificate.{name}",
    )


def console_settings(epm: Epm) -> str:
    return (epm.host.home / "config/console.properties").read_text()


def test_a_certificate_is_fetched_through_menu_fields_and_buttons(epm, operator):
    operator.do(fetch(epm))
    fingerprint = hashlib.sha256(epm.certificate()).hexdigest().upper()
    assert ":".join(re.findall("..", fingerprint)) in epm.trusted()


def test_a_refusal_of_the_page_is_the_words_of_the_failure(epm, operator):
    operator.do(fetch(epm))
    with pytest.raises(StepFailed, match=r"certificate\.epm1: the page says: A certificate with the name epm1 exists"):
        operator.do(fetch(epm))


def test_a_secret_is_typed_from_the_vault(epm, operator):
    steps = [guided_steps.opened(*guided_steps.SERVERS, "Outbound Settings", "EPM"), guided_steps.filled("User Name", "outcall")]
    operator.do(step(epm, *steps, guided_steps.secret("Password", "pom_outcall_password"), guided_steps.pressed("Save")))
    assert "outcall.user" in console_settings(epm)
    with pytest.raises(StepFailed, match="vault holds no pom_other_password"):
        operator.do(step(epm, *steps, guided_steps.secret("Password", "pom_other_password")))


def test_an_entry_of_a_list_is_chosen(epm, operator):
    page = guided_steps.opened(*guided_steps.MANAGER, "Configurations", "Global Configurations")
    operator.do(step(epm, page, guided_steps.chosen("Home country", "Germany"), guided_steps.pressed("Apply")))
    assert "Germany" in console_settings(epm)
    with pytest.raises(StepFailed, match="no entry Atlantis"):
        operator.do(step(epm, page, guided_steps.chosen("Home country", "Atlantis")))


def test_a_file_is_uploaded_to_the_menu_entry_of_that_path(epm, operator):
    (operator.files / "epm1.pem").write_text(ssl.DER_cert_to_PEM_cert(epm.certificate()))
    actions = [
        guided_steps.opened("Security", "Certificates", "Trusted Certificates"),
        guided_steps.pressed("Upload"),
        guided_steps.filled("Name", "pom_epm1"),
        guided_steps.chosen("Type", "application"),
        guided_steps.uploaded("Enter Certificate Path", "epm1.pem"),
        guided_steps.pressed("Continue"),
        guided_steps.pressed("Save"),
    ]
    operator.do(step(epm, *actions))
    assert (epm.host.root / "opt/Avaya/VoicePortal/trustedcerts/pom_epm1.pem").exists()


def test_a_page_that_is_otherwise_is_told_by_its_title(epm, operator, monkeypatch):
    monkeypatch.setattr(robot, "PAGE_SECONDS", 0.3)
    with pytest.raises(StepFailed, match="the page 'Trusted Certificates' has no press 'Obtain'"):
        operator.do(step(epm, guided_steps.opened(*guided_steps.TRUSTED_CERTIFICATES), guided_steps.pressed("Obtain")))
    with pytest.raises(StepFailed, match="the menu Proactive Outreach > Elsewhere is not there"):
        operator.do(step(epm, guided_steps.opened("Proactive Outreach", "Elsewhere")))


def test_a_wrong_password_is_told(epm, operator, monkeypatch):
    monkeypatch.setattr(operator, "password", "guess")
    with pytest.raises(StepFailed, match="log in as epadmin: the page says: Login failed"):
        operator.do(fetch(epm))


def test_a_command_is_typed_on_the_host_that_it_is_for(epm, operator):
    typed: list[tuple[str, str]] = []
    todo = step(epm, guided_actions.typed("./setup_vpms.php 192.0.2.9", "epm2"))
    replace(operator, type=lambda host, command: typed.append((host, command))).do(todo)
    assert typed == [("epm2", "./setup_vpms.php 192.0.2.9")]
    with pytest.raises(StepFailed, match="no command line of epm2"):
        operator.do(todo)


def test_a_browser_reaches_the_console_through_the_proxy(epm):
    asked = []

    def connect(host: str, port: int) -> list[str]:
        if host != "192.0.2.11":
            raise OSError("a browser asks for much that nobody told it to")
        asked.append(port)
        return ["socat", "-", f"TCP:127.0.0.1:{epm.port}"]

    with (
        socks.proxy(connect) as proxy,
        robot.at_browser(("epadmin", PASSWORD), SECRETS, [f"--proxy-server={proxy.url}"]) as operator,
    ):
        operator.do({**fetch(epm), "url": "https://192.0.2.11/"})
    assert set(asked) == {443}
    assert "epm1" in epm.trusted()


# --- lists --------------------------------------------------------------------------------------------------------


class Hands:
    """An operator who only remembers, and fails at what is named."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self.fails: set[str] = set()
        self.confirmed: list[str] = []

    def do(self, listed: dict[str, Any]) -> None:
        if listed["id"] in self.fails:
            raise StepFailed("the page says: no")
        self.did.append(listed["id"])

    @contextlib.contextmanager
    def at_work(self) -> Iterator[Any]:
        yield self


def listed(name: str, state: str = "open", confirm: str = "", value: str = "") -> dict[str, Any]:
    return {"id": name, "title": name, "state": state, "actions": [{"fill": "Name", "value": value}], "confirm": confirm}


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def worker(hands) -> Worker:
    return Worker(hands.at_work, hands.confirmed.append, log=lambda words: None)


def test_a_list_is_done_from_top_to_bottom_and_each_step_once(worker, hands):
    document = {"steps": [listed("one"), listed("two", "waiting", confirm="confirm two"), listed("three", "refused")]}
    assert worker.work(document)
    assert worker.work(document)
    assert (hands.did, hands.confirmed) == (["one", "two"], ["confirm two"])


def test_a_step_with_other_values_is_done_again(worker, hands):
    worker.work({"steps": [listed("one", value="a")]})
    worker.work({"steps": [listed("one", value="b")]})
    assert hands.did == ["one", "one"]


def test_nothing_is_tried_behind_a_step_that_failed_and_it_is_given_up_in_the_end(worker, hands):
    hands.fails = {"one"}
    document = {"steps": [listed("one"), listed("two")]}
    for _attempt in range(robot.ATTEMPTS):
        assert worker.given_up() == []
        assert not worker.work(document)
    assert hands.did == []
    assert worker.given_up() == ["one"]
    hands.fails = set()
    assert worker.work(document)
    assert worker.given_up() == []


def test_what_was_done_is_told_in_one_command_also_where_a_later_step_failed(worker, hands):
    hands.fails = {"three"}
    told = "play -e guided_confirm_step={} -e guided_confirm_by=NAME"
    names = ("one", "two", "three", "four")
    assert not worker.work({"steps": [listed(name, confirm=told.format(name)) for name in names]})
    assert hands.confirmed == [told.format("one,two")]
    hands.fails = set()
    assert worker.work({"steps": [listed(name, confirm=told.format(name)) for name in names]})
    assert (hands.did, hands.confirmed) == (list(names), [told.format("one,two"), told.format("three,four")])


def test_where_one_is_not_confirmed_the_others_are(hands):
    confirmed: list[str] = []

    def refuse_two(command: str) -> None:
        if "two" in command:
            raise robot.LabError("two waits for a proof")
        confirmed.append(command)

    worker = Worker(hands.at_work, refuse_two, log=lambda words: None)
    names = ("one", "two", "three")
    assert not worker.work({"steps": [listed(name, confirm=f"play -e guided_confirm_step={name}") for name in names]})
    assert confirmed == ["play -e guided_confirm_step=one"]
    assert [json.loads(step)[0] for step in worker.failed] == ["two"]


def test_a_step_whose_confirmation_failed_is_not_done(hands):
    def refuse(command: str) -> None:
        raise robot.LabError("refused")

    worker = Worker(hands.at_work, refuse, log=lambda words: None)
    assert not worker.work({"steps": [listed("one", confirm="confirm one")]})


def test_the_list_is_read_again_whenever_it_was_written(tmp_path):
    path = tmp_path / "open-steps.json"
    seen = robot.changes(path, seconds=0.01)
    assert next(seen) == {"steps": []}
    path.write_text(json.dumps({"steps": [listed("one")]}))
    assert [step["id"] for step in next(seen)["steps"]] == ["one"]


def test_the_confirmation_carries_the_robots_name_and_the_projects_ansible(monkeypatch):
    ran: list[list[str]] = []

    class Done:
        returncode = 0

    monkeypatch.setattr(robot.subprocess, "run", lambda words, **_: ran.append(words) or Done())
    robot.confirm("ansible-playbook -i 'my sites/lab' p.yml -e guided_confirm_step=a.b -e guided_confirm_by=NAME")
    program, *words = ran[0]
    assert program == str(Path(sys.executable).with_name("ansible-playbook"))
    assert words == ["-i", "my sites/lab", "p.yml", "-e", "guided_confirm_step=a.b", "-e", "guided_confirm_by=robot"]


@pytest.mark.skipif(os.geteuid() != 0, reason="the lab's commands need root")
def test_a_watching_robot_ends_in_order_when_it_is_told_to(tmp_path):
    listed_in = str(tmp_path / "open-steps.json")
    command = [sys.executable, "-m", "lab", "--name", "absent", "robot", "--watch", "--open-steps", listed_in]
    watching = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=Path(robot.__file__).parents[1])
    assert watching.stderr is not None
    assert "watching" in watching.stderr.readline()
    watching.terminate()
    assert (watching.wait(20), watching.stderr.read()) == (0, "")


# --- the proxy ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"\x05\x01\x00\x05\x01\x00\x01\xc0\x00\x02\x0b\x01\xbb", ("192.0.2.11", 443)),
        (b"\x05\x02\x00\x01\x05\x01\x00\x03\x04epm1\x00\x50", ("epm1", 80)),
        (b"\x04\x01\x00\x50", None),
        (b"\x05\x01\x02", None),
        (b"\x05\x01\x00\x05\x02\x00\x01\xc0\x00\x02\x0b\x01\xbb", None),
        (b"\x05\x01", None),
    ],
    ids=["address", "name", "SOCKS4", "with password", "bind", "cut off"],
)
def test_where_a_client_wants_to_go(sent, answer):
    client, server = socket.socketpair()
    with client, server:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        if answer:
            assert socks.handshake(server) == answer
        else:
            with pytest.raises(socks.ProtocolError):
                socks.handshake(server)


def test_bytes_go_both_ways_and_a_refusal_ends_only_its_connection():
    with socks.proxy(lambda host, port: ["cat"]) as proxy:
        port = int(proxy.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as stranger:
            stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"\x05\x01\x00\x05\x01\x00\x01\xc0\x00\x02\x0b\x01\xbb")
            assert socks.receive(client, 12) == b"\x05\x00" + socks.reply(socks.SUCCEEDED)
            sender = threading.Thread(target=client.sendall, args=(b"x" * 100000,))
            sender.start()
            assert socks.receive(client, 100000) == b"x" * 100000
            sender.join()
