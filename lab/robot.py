"""The operator robot: does the open guided steps that Dialtone lists, in the EPM console, with a real browser.

As a person would, it reads nothing but that list and what it sees on the page; passwords it takes from the lab's vault.
Lab only; nothing in it reaches a site.
"""
from __future__ import annotations

import contextlib
import functools
import itertools
import json
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lab import browser, credentials, roster, shell, socks, topology
from lab.errors import LabError
from lab.rehearsal import Site
from lab.shell import say
from lab.state import REPOSITORY, Lab

CONFIRMED_STEP = "guided_confirm_step="
NAME = "NAME"  # stands in Dialtone's command for whoever did the step
ROBOT = "robot"
PAGE_SECONDS = 30
DOWNLOAD_SECONDS = 20
WATCH_SECONDS = 1.0
ATTEMPTS = 5
RETRY_SECONDS = 10.0  # an EPM service that restarts is back within a few of them
LOGIN_USER, LOGIN_PASSWORD = "User Name", "Password"
REMOVE = "Delete"
LOGIN_BUTTONS = ("Logon", "Login", "Log in", "Submit")

# Finds what a person sees. Labels are compared as a person reads them: whole, without regard to spaces around or case.
SEE = """
const words = text => String(text || '').replace(/\\s+/g, ' ').trim().toLowerCase();
const shown = element => element.getClientRects().length > 0;
const wanted = words(arguments[1]);
const all = (selector, root = document) => [...root.querySelectorAll(selector)].filter(shown);
const first = found => found.find(element => element.closest('main')) || found[0] || null;
const texts = element => [element.value, element.textContent, element.getAttribute('aria-label')];
const named = element => texts(element).some(text => words(text) === wanted);
const labelled = selector => {
  const byLabel = all('label').filter(label => words(label.textContent) === wanted).map(label => label.control).filter(Boolean);
  const byName = all(selector).filter(element => words(element.getAttribute('aria-label')) === wanted);
  return first([...byLabel, ...byName].filter(element => element.matches(selector)));
};
const pressable = () => all('a, button, input[type=submit], input[type=button]').filter(named).filter(e => !e.disabled);
const holds = (row, cells) => {
  const left = row ? [...row.cells].map(cell => words(cell.textContent)) : [];
  return cells.every(cell => left.includes(cell) && left.splice(left.indexOf(cell), 1));
};
const menu = path => {
  const above = element => {
    const item = element.closest('li');
    const outer = item && item.parentElement.closest('li');
    const link = outer && [...outer.children].find(child => child.matches('a, span, button'));
    return link ? [...above(link), words(link.textContent)] : [];
  };
  const score = element => {
    const trail = above(element);
    let matched = 0;
    for (let back = 1; back <= trail.length && trail[trail.length - back] === path[path.length - 1 - back]; back++) matched++;
    return matched;
  };
  const found = all('a, button').filter(element => words(element.textContent) === path[path.length - 1]);
  return found.sort((one, other) => score(other) - score(one))[0] || null;
};
switch (arguments[0]) {
  case 'press': return first(pressable());
  case 'press in row': return pressable().find(element => holds(element.closest('tr'), arguments[2].map(words))) || null;
  case 'fill': return labelled('input:not([type=checkbox]):not([type=radio]):not([type=file]), textarea');
  case 'tick': return labelled('input[type=checkbox]');
  case 'choose': return labelled('select');
  case 'upload': return labelled('input[type=file]');
  case 'entry': return [...arguments[2].options].find(option => words(option.textContent)) || null;
  case 'option': return [...arguments[2].options].find(option => words(option.textContent) === wanted) || null;
  case 'row': {
    const row = all('tr').find(line => [...line.cells].some(cell => words(cell.textContent) === wanted));
    return row ? row.querySelector('input[type=radio], input[type=checkbox]') : null;
  }
  case 'text': return words(document.body.innerText).includes(wanted) || null;
  case 'menu': return menu(arguments[1].map(words));
  case 'alert': return all('[role=alert]').map(element => element.textContent.trim())[0] || null;
}
"""


class StepFailed(LabError):
    """The page is not as the step says, or it refused."""


def no_command_line(host: str, command: str) -> None:
    raise StepFailed(f"there is no command line of {host} to type this on: {command}")


@dataclass
class Operator:
    """Somebody at a browser who knows a few passwords."""

    window: browser.Browser
    user: str
    password: str
    secrets: Mapping[str, str]
    files: Path
    type: Callable[[str, str], None] = no_command_line

    def do(self, step: Mapping[str, Any]) -> None:
        if any("do" in action for action in step["actions"]):
            return  # in words, because no page of it is documented: the lab has none to click on
        typed = [action for action in step["actions"] if "type" in action]
        for action in typed:
            self.type(action["on"], action["type"])
        if typed:
            return
        self.window.go(step["url"])
        self.log_in()
        for action in step["actions"]:
            self.act(action)
            refusal = self.see("alert")
            if refusal:
                raise StepFailed(f"{step['id']}: the page says: {refusal}")

    def log_in(self) -> None:
        password = self.see("fill", LOGIN_PASSWORD)
        if password is None or self.see("fill", LOGIN_USER) is None:
            return
        self.write(LOGIN_USER, self.user)
        self.write(LOGIN_PASSWORD, self.password)
        button = next((found for found in (self.see("press", text) for text in LOGIN_BUTTONS) if found), None)
        if button is None:
            raise StepFailed(f"the page to log in has no button {' or '.join(LOGIN_BUTTONS)}")
        self.window.click(button)
        refusal = self.see("alert")
        if refusal:
            raise StepFailed(f"log in as {self.user}: the page says: {refusal}")

    def act(self, action: Mapping[str, Any]) -> None:
        if "open" in action:
            self.open(action["open"])
        elif "else" in action:
            self.must_see("press", action["else"])  # the list is there
            found = self.see("press in row", action["press"], action["row"])
            self.window.click(found or self.must_see("press", action["else"]))
        elif "press" in action:
            self.window.click(self.must_see("press", action["press"], *action.get("or", ())))
        elif "tick" in action:
            box = self.must_see("tick", action["tick"])
            if not self.window.run("return arguments[0].checked", box):
                self.window.click(box)
        elif "select" in action:
            self.window.click(self.must_see("row", action["select"], *action.get("or", ())))
        elif "remove" in action:
            self.remove(action["remove"], *action.get("or", ()))
        elif "fill" in action:
            self.write(action["fill"], self.secret(action["secret"]) if "secret" in action else action["value"])
        elif "choose" in action:
            self.choose(action["choose"], action["value"])
        elif "pick" in action:
            self.window.click(self.see("entry", "", self.must_see("choose", action["pick"])))
        elif "see" in action:
            self.must_see("text", action["see"])
        elif "keep" in action:
            self.keep(action["keep"])
        elif "upload" in action:
            self.window.type(self.must_see("upload", action["upload"]), str(self.files / action["file"]))
        else:
            raise StepFailed(f"the robot does not know what to do with {json.dumps(action)}")

    def open(self, menu: Sequence[str]) -> None:
        """Word by word; one that leads nowhere is the heading of those below it."""
        for count in range(1, len(menu) + 1):
            link = self.see("menu", list(menu[:count]))
            if link is not None:
                self.window.click(link)
            elif count == len(menu):
                raise StepFailed(f"the menu {' > '.join(menu)} is not there")

    def write(self, label: str, text: str) -> None:
        element = self.must_see("fill", label)
        self.window.clear(element)
        self.window.type(element, text)

    def choose(self, label: str, value: str) -> None:
        option = self.see("option", value, self.must_see("choose", label))
        if option is None:
            raise StepFailed(f"the list {label} has no entry {value}")
        self.window.click(option)

    def remove(self, *rows: str) -> None:
        self.must_see("press", REMOVE)  # the list is there
        for row in rows:
            found = self.see("row", row)
            if found is not None:
                self.window.click(found)
                self.window.click(self.must_see("press", REMOVE))

    def keep(self, name: str) -> None:
        """The file that the page handed out last, under the name that the step says."""
        deadline = time.monotonic() + DOWNLOAD_SECONDS
        incoming = self.files / "incoming"
        while True:
            arrived = [path for path in incoming.glob("*") if path.suffix != ".crdownload" and path.stat().st_size]
            if arrived:
                arrived[0].replace(self.files / name)
                return
            if time.monotonic() > deadline:
                raise StepFailed(f"the page handed out no file for {name} within {DOWNLOAD_SECONDS} s")
            time.sleep(0.1)

    def see(self, kind: str, label: Any = "", *more: Any) -> Any:
        return self.window.run(SEE, kind, label, *more)

    def must_see(self, kind: str, *labels: str) -> Any:
        """What the page shows under the first of these labels that it has."""
        deadline = time.monotonic() + PAGE_SECONDS
        while True:
            for label in labels:
                found = self.see(kind, label)
                if found is not None:
                    return found
            refusal = self.see("alert")
            if refusal or time.monotonic() > deadline:
                said = f"; it says: {refusal}" if refusal else ""
                wanted = " or ".join(f"'{label}'" for label in labels)
                raise StepFailed(f"the page '{self.window.evaluate('document.title')}' has no {kind} {wanted}{said}")
            time.sleep(0.2)

    def secret(self, variable: str) -> str:
        if variable not in self.secrets:
            raise StepFailed(f"the lab's vault holds no {variable}")
        return self.secrets[variable]


@dataclass
class Worker:
    """Goes through lists of open steps, each step once."""

    operator: Callable[[], contextlib.AbstractContextManager[Operator]]
    confirm: Callable[[str], None]
    log: Callable[[str], None] = say
    done: set[str] = field(default_factory=set)
    failed: dict[str, int] = field(default_factory=dict)

    def work(self, document: Mapping[str, Any]) -> bool:
        """Do what is listed, from top to bottom; false where a step did not work, so that none after it was tried."""
        due = [step for step in document["steps"] if self.is_due(step)]
        if not due:
            return True
        with self.operator() as operator:
            worked = list(itertools.takewhile(functools.partial(self.step, operator), due))
        return self.tell(worked) and len(worked) == len(due)

    def is_due(self, step: Mapping[str, Any]) -> bool:
        return step["state"] != "refused" and identity(step) not in self.done

    def step(self, operator: Operator, step: Mapping[str, Any]) -> bool:
        try:
            operator.do(step)
        except LabError as error:
            self.fail(step, error)
            return False
        return True

    def tell(self, worked: Sequence[Mapping[str, Any]]) -> bool:
        """All at once, as a person would: each confirmation is a run of Dialtone. Where that is refused, one after the other."""
        try:
            for command in joined([step["confirm"] for step in worked if step["confirm"]]):
                self.confirm(command)
        except LabError as error:
            if len(worked) > 1:
                return all(self.tell([step]) for step in worked)
            self.fail(worked[0], error)
            return False
        for step in worked:
            self.done.add(identity(step))
            self.log(f"lab: robot: {step['id']} done: {step['title']}")
        return True

    def fail(self, step: Mapping[str, Any], error: LabError) -> None:
        self.failed[identity(step)] = self.failed.get(identity(step), 0) + 1
        self.log(f"lab: robot: {step['id']} did not work: {error}")

    def given_up(self) -> list[str]:
        return [json.loads(step)[0] for step, times in self.failed.items() if times >= ATTEMPTS and step not in self.done]


def identity(step: Mapping[str, Any]) -> str:
    """A step with other values is another one, and so is one with another certificate to hand over."""
    return json.dumps([step["id"], step["actions"], step.get("digest", "")], sort_keys=True)


def joined(commands: Sequence[str]) -> list[str]:
    """Commands that differ in the step alone become one that names all of them, in their order.

    >>> joined(["play -e guided_confirm_step=a -e x", "play -e guided_confirm_step=b -e x", "play -e guided_confirm_step=c -e y"])
    ['play -e guided_confirm_step=a,b -e x', 'play -e guided_confirm_step=c -e y']
    """
    steps: dict[tuple[str, str], list[str]] = {}
    for command in commands:
        before, word, after = command.partition(CONFIRMED_STEP)
        step, space, rest = after.partition(" ")
        steps.setdefault((before + word, space + rest), []).append(step)
    return [",".join(named).join(around) for around, named in steps.items()]


def read(path: Path) -> dict[str, Any]:
    """The list; without steps where there is none yet."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"steps": []}
    except ValueError as error:
        raise LabError(f"{path} is no list of open steps: {error}") from error
    return document


def changes(path: Path, seconds: float = WATCH_SECONDS) -> Iterator[dict[str, Any]]:
    """The list as it is, and again whenever it was written anew; in between nothing, so that the caller may look up."""
    seen: Any = None
    while True:
        stamp = path.stat().st_mtime_ns if path.exists() else 0
        if stamp != seen:
            seen = stamp
            yield read(path)
        time.sleep(seconds)


@contextlib.contextmanager
def operator_of(lab: Lab) -> Iterator[Operator]:
    lab.require_running()

    def connect(host: str, port: int) -> list[str]:
        if host not in {entry.address for entry in roster.hosts(lab).values()}:
            raise OSError(f"{host} is no host of the lab")  # a browser asks for much that nobody told it to
        return [str(lab.directory / "proxy"), host, str(port)]

    login = (topology.PORTAL_ADMINISTRATOR, credentials.portal(lab).password)
    with socks.proxy(connect) as proxy, at_browser(login, credentials.opened(lab), [f"--proxy-server={proxy.url}"]) as operator:
        yield replace(operator, type=functools.partial(at_command_line, lab))


def at_command_line(lab: Lab, host: str, command: str) -> None:
    shell.run([sys.executable, "-m", "lab", "--name", lab.name, "exec", host, "--", "sh", "-c", command], directory=REPOSITORY)


@contextlib.contextmanager
def at_browser(login: tuple[str, str], secrets: Mapping[str, str], arguments: Sequence[str] = ()) -> Iterator[Operator]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as files, browser.started(arguments=arguments) as window:
        incoming = Path(files, "incoming")
        incoming.mkdir()
        window.keep_downloads(incoming)
        yield Operator(window, *login, secrets, Path(files))


def confirm(command: str) -> None:
    """Dialtone's own command, with the robot's name for NAME."""
    words = [word.replace(f"guided_confirm_by={NAME}", f"guided_confirm_by={ROBOT}") for word in shlex.split(command)]
    words[0] = str(Path(sys.executable).with_name(words[0]))
    done = subprocess.run(
        words, cwd=REPOSITORY, env=Site.environment(), capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    if done.returncode:
        raise LabError(f"'{command}' ended with {done.returncode}: {done.stdout[-1500:]}{done.stderr[-500:]}")


def run(lab: Lab, open_steps: Path, watch: bool) -> None:
    """Once through the list, or with `watch` whenever Dialtone writes it anew, until ended."""
    worker = Worker(lambda: operator_of(lab), confirm)
    if not watch:
        while not worker.work(read(open_steps)):
            require_hope(worker)
        return
    # Ended by its starter, at any moment: the browser must end with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    say(f"lab: robot: watching {open_steps}")
    for document in changes(open_steps):
        while not worker.work(document):
            require_hope(worker)
            document = read(open_steps)


def require_hope(worker: Worker) -> None:
    if worker.given_up():
        raise LabError(f"the robot gave up after {ATTEMPTS} attempts: {', '.join(worker.given_up())}")
    time.sleep(RETRY_SECONDS)
