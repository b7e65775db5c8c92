# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""playbooks/tasks/guided.yml in real runs: unattended, waiting, and asking a person at a terminal. A host is this machine with a
ledger of its own; the console is a TLS server, and its trust store a file that the test fills as the console would."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import shutil
import ssl
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils.ledger import Ledger
from ansible_collections.dialtone.contact_center.plugins.plugin_utils import checklist
from ansible_collections.dialtone.contact_center.plugins.plugin_utils import guided_flow as flow
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.guided_steps import rows
from ansible_collections.dialtone.contact_center.tests.unit.plugins.module_utils.test_java_keystore import store
from ansible_collections.dialtone.contact_center.tests.unit.plugins.module_utils.tls_peers import (
    Authority,
    server_context,
    tls_listening,
)
from ansible_collections.dialtone.contact_center.tests.unit.plugins.plugin_utils.described_site import site_host

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOKS = ROOT / "playbooks"
DIRECTORY = "{{ playbook_dir }}/ledgers/{{ inventory_hostname }}"
PASSWORD = "c4n4ry-of-the-store"
FETCH, ADD = "fetch_epm_certificate.epm1", "add_pom_server.epm1"
OUTCALL, COUNTRY = "outcall_user.epm1", "home_country.epm1"
BY_WORD = (ADD, OUTCALL, COUNTRY)
DATABASE = {"pom_database_host": "ora1.example.com", "pom_database_engine": "oracle"}
WORDS = {"pom_mode": "CCElite", "pom_home_country": "Germany", **DATABASE}
MODULES = {
    "guided_proof": {"ledger_directory": DIRECTORY},
    "guided_steps": {"ledger_directory": DIRECTORY, "poll_seconds": 1},
    "site_ledger": {"directory": DIRECTORY},
}


class Site:
    """Two hosts, and four steps: one that is seen, and three that a person has to confirm."""

    def __init__(self, directory: Path, certificate: Path, port: int) -> None:
        self.directory, self.certificate, self.port = directory, certificate, port
        self.store = directory / "pomTrustStore"
        self.describe()
        self.fill()
        words = {"ansible_python_interpreter": sys.executable, "certificates_truststore_password": PASSWORD}
        self.write("hosts.json", {"all": {"vars": words | {"ansible_connection": "local"}, "hosts": {"epm1": {}, "epm2": {}}}})
        self.write("site.yml", [self.play_of({})])
        self.write("guided_observe.yml", [self.play_of({"guided_steps_task_mode": "observe"})])
        self.write("guided_checklist.yml", [self.play_of({"guided_steps_task_mode": "checklist"})])
        self.write("guided_confirm.yml", [self.play_of({"guided_steps_task_mode": "confirm"})])

    def play_of(self, variables: dict[str, Any]) -> dict[str, Any]:
        model = "{{ lookup('ansible.builtin.file', playbook_dir ~ '/model.json') | from_json }}"
        return {
            "name": "Guided steps",
            "hosts": "all",
            "gather_facts": False,
            "any_errors_fatal": True,
            "vars": variables,
            "vars_files": [str(PLAYBOOKS / "vars" / "guided_steps.yml")],
            "module_defaults": {f"dialtone.contact_center.{name}": words for name, words in MODULES.items()},
            "tasks": [
                {"name": "Know the site", "ansible.builtin.set_fact": {"site_model": model}},
                {"name": "Go through the steps", "ansible.builtin.include_tasks": str(PLAYBOOKS / "tasks" / "guided.yml")},
                {"name": "What comes after", "ansible.builtin.debug": {"msg": "the run goes on"}},
            ],
        }

    def describe(self, **words: Any) -> None:
        described = [
            site_host("epm1", 11, "epm_primary", **{**WORDS, **words}),
            site_host("epm2", 12, "epm_auxiliary", **{**WORDS, **words}),
        ]
        self.steps = [step for step in rows(described) if step["id"] in (FETCH, *BY_WORD)]
        self.steps[0]["proof"] |= {"store": str(self.store), "host": "127.0.0.1", "port": self.port}
        model = {
            "site": "main",
            "data_centers": {"dc1": {"hosts": ["epm1", "epm2"], "components": {"epm_primary": ["epm1"]}}},
            "hosts": {name: {"name": name, "data_center": "dc1", "inputs": {}} for name in ("epm1", "epm2")},
            "tables": {"guided_steps": self.steps, "checklist": checklist.rows(described, self.steps)},
        }
        self.write("model.json", model)

    def fill(self, **certificates: bytes) -> None:
        """The trust store as the console leaves it."""
        partial = self.store.with_suffix(".partial")
        partial.write_bytes(store(PASSWORD, {}, certificates))
        partial.replace(self.store)

    def fetch(self) -> None:
        self.fill(epm1=ssl.PEM_cert_to_DER_cert(self.certificate.read_text()))

    def write(self, name: str, content: Any) -> None:
        (self.directory / name).write_text(json.dumps(content))

    def start(self, *arguments: str, playbook: str = "site.yml", **more: Any) -> subprocess.Popen[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        return subprocess.Popen(
            [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "hosts.json", playbook, *arguments],
            cwd=self.directory,
            env=kept | {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"), "ANSIBLE_NOCOLOR": "1", "COLUMNS": "1000"},
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, **more},
        )

    def play(self, *arguments: str, playbook: str = "site.yml") -> tuple[int, str]:
        said = (run := self.start(*arguments, playbook=playbook)).communicate(timeout=300)[0]
        assert PASSWORD not in said
        return run.returncode, said

    def confirm(self, step: str, by: str = "eva", *arguments: str) -> tuple[int, str]:
        words = json.dumps({"guided_confirm_step": step, "guided_confirm_by": by})
        return self.play("-e", words, *arguments, playbook="guided_confirm.yml")

    def listed(self) -> dict[str, str]:
        document = json.loads((self.directory / "build" / "main" / "open-steps.json").read_text())
        return {step["id"]: step["state"] for step in document["steps"]}

    def ledger(self, host: str) -> dict[str, str]:
        records = [json.loads(path.read_text()) for path in (self.directory / "ledgers" / host).glob("*.json")]
        return {record["step"]: record["by"] for record in records}

    def record(self, *names: str) -> None:
        """As playbooks/guided_confirm.yml leaves it."""
        judged = {entry.id: entry for entry in flow.judge(self.steps, flow.seen({}))}
        records = [flow.confirmation(judged[name], "main", "eva", "2026-11-21T20:00:00Z", "laptop7", None) for name in names]
        for host in ("epm1", "epm2"):
            Ledger(str(self.directory / "ledgers" / host)).write(records)

    def do_all(self) -> None:
        self.fetch()
        self.record(*BY_WORD)


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    directory = tmp_path_factory.mktemp("console")
    authority = Authority(directory, "somebody")
    identity = authority.issue("epm1")
    with tls_listening(server_context(identity, authority, client_certificate=False), lambda peer: None) as port:
        yield Path(identity.certificate), port


@pytest.fixture
def site(tmp_path: Path, console: tuple[Path, int]) -> Site:
    return Site(tmp_path, *console)


def changes(said: str) -> int:
    return sum(map(int, re.findall(r"changed=(\d+)", said)))


def test_an_unattended_run_stops_with_the_list_and_goes_on_when_the_steps_are_done(site):
    code, said = site.play()
    assert code != 0
    assert "the run goes on" not in said
    assert site.listed() == {FETCH: "open", ADD: "waiting", OUTCALL: "waiting", COUNTRY: "waiting"}
    text = (site.directory / "build/main/open-steps.txt").read_text()
    assert f"-e guided_confirm_step={OUTCALL} -e guided_confirm_by=NAME" in text
    assert f"-e guided_confirm_step={','.join(BY_WORD)} -e guided_confirm_by=NAME" in text
    assert said.count("Open guided steps of site main: 4 of 4.") == 1
    assert "4 guided steps of site main are open" in said
    assert "build/main/open-steps.json" in said

    code, said = site.confirm(OUTCALL)
    assert code != 0, "its predecessor is open"
    assert f"{OUTCALL} cannot be confirmed yet: it comes after {ADD}" in said

    site.fetch()
    code, said = site.confirm(f"{OUTCALL},{ADD}")
    assert (code != 0, site.ledger("epm1")) == (True, {}), "all of them or none: the first comes after the second"
    code, said = site.confirm(f"{ADD},{OUTCALL},{COUNTRY}")
    assert (code, changes(said)) == (0, 2), said
    assert site.ledger("epm1") == site.ledger("epm2") == dict.fromkeys(BY_WORD, "eva")
    code, said = site.play()
    assert (code, changes(said)) == (0, 0), said
    assert "the run goes on" in said
    assert site.listed() == {}


def test_the_ledger_lives_on_the_hosts_and_a_host_that_lost_its_copy_gets_it_back(site):
    site.do_all()
    shutil.rmtree(site.directory / "build", ignore_errors=True)
    shutil.rmtree(site.directory / "ledgers" / "epm1")
    code, said = site.play()
    assert (code, changes(said)) == (0, 1), said
    assert site.ledger("epm1") == dict.fromkeys(BY_WORD, "eva")


def test_a_changed_value_opens_its_step_and_another_home_country_is_refused(site):
    site.do_all()
    site.describe(pom_outcall_user="dialer")
    code, said = site.play()
    assert (code != 0, site.listed()) == (True, {OUTCALL: "open"})
    assert "since then User Name was the user with Outcall privileges and is now dialer" in said
    site.describe(pom_home_country="France")
    code, said = site.play(playbook="guided_observe.yml")
    assert code != 0
    assert "Home country was Germany and is now France" in said
    assert "POM-CFG-07" in said


def test_check_mode_lists_and_stops_nobody(site):
    code, said = site.play("--check")
    assert (code, changes(said)) == (0, 0), said
    assert "Open guided steps of site main: 4 of 4." in said
    assert "the run goes on" in said


def test_the_checklist_tells_what_is_done_and_stops_nobody(site):
    site.fetch()
    site.record(ADD, COUNTRY)
    code, said = site.play(playbook="guided_checklist.yml")
    assert (code, changes(said)) == (0, 0), said
    listed = said[said.index("Checklist of data center dc1 (POM-CFG-01):") :]
    assert re.search(r"^  done    POM database$", listed, re.MULTILINE)
    assert re.search(rf"^  open    POM servers: {OUTCALL}$", listed, re.MULTILINE)
    assert re.search(r"^  done    default country$", listed, re.MULTILINE)
    assert "the run goes on" in said


def test_a_waiting_run_goes_on_by_itself_as_each_step_is_done(site):
    run = site.start("-e", "guided_steps_mode=wait")
    assert run.stdout is not None
    lines = iter(run.stdout.readline, "")
    assert any("Waiting up to 20 min" in line for line in lines)
    site.fetch()
    assert any(f"{FETCH}: proven" in line for line in lines)
    code, said = site.confirm(ADD)
    assert (code, run.poll()) == (0, None), said
    site.record(OUTCALL, COUNTRY)
    rest = "".join(lines)
    assert run.wait(60) == 0, rest
    assert "the run goes on" in rest
    assert site.listed() == {}


def test_a_run_that_waited_in_vain_says_what_is_open(site):
    code, said = site.play("-e", "guided_steps_mode=wait", "-e", "guided_steps_wait_minutes=0")
    assert code != 0
    assert "were not done within 0 min" in said
    assert set(site.listed()) == {FETCH, *BY_WORD}


class Terminal:
    """A person at a terminal, with a run in the foreground."""

    def __init__(self, site: Site) -> None:
        self.master, slave = pty.openpty()
        self.read = ""
        self.run = site.start(
            "-e",
            "guided_steps_mode=ask",
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)

    def until(self, words: str, seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while words not in self.read:
            assert time.monotonic() < deadline, self.read
            try:
                self.read += os.read(self.master, 4096).decode("utf-8", "replace").replace("\r", "")
            except OSError:
                assert words in self.read, self.read
        self.read = self.read[self.read.index(words) + len(words):]

    def type(self, text: str) -> None:
        time.sleep(0.5)  # what is typed before the question is thrown away
        os.write(self.master, text.encode())

    def close(self) -> None:
        self.run.kill()
        self.run.wait()
        os.close(self.master)


@pytest.fixture
def terminal(site: Site) -> Iterator[Terminal]:
    opened = Terminal(site)
    yield opened
    opened.close()


def test_a_person_is_asked_step_by_step(site, terminal):
    terminal.until("Press Fetch")
    terminal.until("Enter looks again at once")
    site.fetch()
    terminal.type("\r")
    terminal.until(f"{FETCH}: proven")
    for step, name in ((ADD, "eva"), (OUTCALL, "tom")):
        terminal.until(f"{step}: when it is done, the name of who did it")
        terminal.type(f"{name}\r")
        terminal.until(f"{step}: recorded, {name} confirmed it")
    terminal.until(f"{COUNTRY}: when it is done")
    terminal.type("q\r")
    terminal.until("1 guided step of site main is open")
    assert terminal.run.wait(60) != 0
    assert site.ledger("epm1") == {ADD: "eva", OUTCALL: "tom"}, "what was confirmed before is kept"
