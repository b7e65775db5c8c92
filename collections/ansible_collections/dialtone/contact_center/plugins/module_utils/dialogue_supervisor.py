# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The process on the host that holds a vendor program's terminal, whatever becomes of the controller.

`supervisor.py run` is started detached, in the job's directory. It waits on its socket for the secrets, starts the program, and
keeps state.json and the transcript. `supervisor.py attach` connects a person's terminal to it. Secrets are in its memory only;
what the program hands back is asked for after its end, and lost where nobody does.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import struct
import sys
import termios
import time
import tty
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.module_utils import files, lease
from ansible_collections.dialtone.contact_center.plugins.module_utils.dialogue import (
    ENDS,
    INTERRUPTED,
    Action,
    Engine,
    Send,
)
from ansible_collections.dialtone.contact_center.plugins.module_utils.dialogue_terminal import Terminal
from ansible_collections.dialtone.contact_center.plugins.module_utils.dialogue_text import Captures, Masker

JOB, STATE, TRANSCRIPT, LOCK, SOCKET = "job.json", "state.json", "transcript", "lock", "socket"
READY = "ready"
SECRET_ARGUMENT = "secret:"
DETACH_KEY = b"\x1d"

# A supervisor to which nobody says `begin` ends: what started it has died.
BEGIN_SECONDS = 120.0
TRANSCRIPT_BYTES = 4 * 1024 * 1024
SCREEN_CHARACTERS = 6000
_STATE_EVERY = 1.0
# After the program has ended: for what its background processes still print.
_DRAIN_SECONDS = 1.0
# After the program has ended: for who asks for what it handed back.
_HAND_BACK_SECONDS = 120.0
_SHORT, _LONG = 0.05, 0.5
# Of what is kept, these may repeat what was typed.
_FREE_TEXT = ("reason", "answered", "seen", "failures", "screen")


def read_json(path: str) -> dict[str, Any]:
    with open(path, encoding="utf-8") as stream:
        content: dict[str, Any] = json.load(stream)
    return content


@contextlib.contextmanager
def short_path(directory: str, name: str) -> Iterator[str]:
    """A path to a socket: the kernel takes 107 bytes, and directories are longer."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{name}"
    finally:
        os.close(descriptor)


class Transcript:
    """What the program printed, masked, only ever appended to. Of a flood the beginning and the end are kept."""

    def __init__(self, path: str, masker: Masker) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._masker = masker
        self._left_out = 0
        self.size = 0
        self.tail = ""

    def add(self, text: str) -> str:
        return self._keep(self._masker.feed(text))

    def end(self) -> str:
        rest = self._keep(self._masker.end())
        if self._left_out:
            self._write(f"\n[… {self._left_out} bytes are left out here …]\n{self.tail}")
        return rest

    def _keep(self, text: str) -> str:
        self.tail = (self.tail + text)[-SCREEN_CHARACTERS:]
        if self.size < TRANSCRIPT_BYTES:
            self._write(text)
        else:
            self._left_out += len(text.encode("utf-8"))
        return text

    def _write(self, text: str) -> None:
        data = text.encode("utf-8")
        # A full disk must not end the program that is supervised.
        with contextlib.suppress(OSError):
            os.write(self._descriptor, data)
        self.size += len(data)


class Client:
    """One connection: a module that asks, or a person's terminal."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self.connection = connection
        self.is_person = False
        self._received = b""
        self._to_send = b""

    def fileno(self) -> int:
        return self.connection.fileno()

    def say(self, message: Mapping[str, Any]) -> bool:
        """False where it is gone, or reads so slowly that it would be waited for."""
        self._to_send += json.dumps(message).encode("utf-8") + b"\n"
        try:
            self._to_send = self._to_send[self.connection.send(self._to_send) :]
        except BlockingIOError:
            return len(self._to_send) < TRANSCRIPT_BYTES
        except OSError:
            return False
        return True

    def heard(self) -> list[dict[str, Any]] | None:
        """Whole messages; None where the connection has ended."""
        try:
            data = self.connection.recv(65536)
        except BlockingIOError:
            return []
        except OSError:
            return None
        if not data:
            return None
        *lines, self._received = (self._received + data).split(b"\n")
        try:
            return [json.loads(line) for line in lines]
        except ValueError:
            return None


@dataclass(frozen=True)
class Conversation:
    """A program under way, and who talks with it."""

    engine: Engine
    terminal: Terminal
    transcript: Transcript


class Supervisor:
    """One run of one job."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.job = read_json(os.path.join(directory, JOB))
        self.script: dict[str, Any] = self.job["script"]
        self.conversation: Conversation | None = None
        self.captures = Captures(self.script["capture"])
        self.masker = Masker(())
        self._secrets: list[str] = []
        self._is_handed_back = False
        self._clients: list[Client] = []
        self._lease: lease.KeptAlive | None = None
        self._started = time.time()
        self._began = time.monotonic()
        self._written = 0.0
        self._last_state: dict[str, Any] = {}
        self._told_to_stop = False
        self._has_terminal = True
        self._lock = _lock(os.path.join(directory, LOCK))
        self._listener = self._listen()

    def _listen(self) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(self.directory, SOCKET))
        with short_path(self.directory, SOCKET) as path:
            listener.bind(path)
        os.chmod(os.path.join(self.directory, SOCKET), 0o600)
        listener.listen(8)
        listener.setblocking(False)
        return listener

    # the whole

    def run(self) -> int:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._on_stop)
        self._write_state()
        while self.conversation is None and not self._told_to_stop:
            if time.monotonic() - self._began > BEGIN_SECONDS:
                return 1
            self._serve(_LONG)
        if self.conversation is not None:
            while self.conversation.engine.state not in ENDS and not self._told_to_stop:
                self._go_on(self.conversation)
            self._finish(self.conversation)
            self._hand_back()
        return 0

    def _on_stop(self, *_: object) -> None:
        self._told_to_stop = True

    def _begin(self, secrets: Mapping[str, str]) -> None:
        self._secrets = list(secrets.values())
        self.masker = Masker(self._secrets)
        argv = [secrets[word[len(SECRET_ARGUMENT) :]] if word.startswith(SECRET_ARGUMENT) else word for word in self.job["argv"]]
        self._began = time.monotonic()
        self.conversation = Conversation(
            Engine(self.script, secrets, self._began),
            Terminal(argv, self.job["environment"], self.job["chdir"]),
            Transcript(os.path.join(self.directory, TRANSCRIPT), Masker(self._secrets)),
        )
        self._write_state()

    def _keep_lease(self, held: Mapping[str, str]) -> None:
        """The run that started the job, or the last one that attached, keeps other runs out while the program works."""
        if self._lease is not None:
            self._lease.__exit__()
            self._lease = None
        if held:
            self._lease = lease.KeptAlive(held["site"], held["data_center"], held["run"]).__enter__()

    def _go_on(self, conversation: Conversation) -> None:
        engine, terminal = conversation.engine, conversation.terminal
        waiting = terminal.is_waiting()
        code = terminal.exit_code()
        # What is read after the program was seen waiting belongs before its next answer.
        was_silent = not self._read(conversation)
        if code is not None:
            self._drain(conversation)
            engine.ended(code, time.monotonic())
            return
        if was_silent:
            for action in self._actions(engine, waiting):
                self._do(action, terminal)
        self._write_state_if_due()
        since = time.monotonic() - engine.last_event
        self._serve(min(_LONG, max(_SHORT, since / 10)) if was_silent else 0)

    @staticmethod
    def _actions(engine: Engine, waiting: bool | None) -> list[Action]:
        try:
            return engine.tick(time.monotonic(), waiting)
        except Exception as error:
            # Whatever is wrong here, the program lives on.
            engine.hand_over(f"cannot be driven any more: {type(error).__name__}: {error}")
            return []

    def _do(self, action: Action, terminal: Terminal) -> None:
        if isinstance(action, Send):
            terminal.type_line(action.text)
        else:
            terminal.end(action.signal)
        self._written = 0.0

    def _read(self, conversation: Conversation) -> bool:
        """Whether the program printed something. Of a flood one piece, so that everyone else is served."""
        data = conversation.terminal.read()
        self._has_terminal = data is not None
        if not data:
            return False
        self._show(conversation.transcript.add(self.captures.feed(conversation.engine.feed(data, time.monotonic()))))
        self._mask_captured()
        return True

    def _mask_captured(self) -> None:
        if self.captures.secrets:
            self.masker = Masker([*self._secrets, *self.captures.secrets])

    def _drain(self, conversation: Conversation) -> None:
        until = time.monotonic() + _DRAIN_SECONDS
        while time.monotonic() < until:
            if not self._read(conversation):
                if not self._has_terminal:
                    return
                time.sleep(_SHORT)

    def _show(self, text: str) -> None:
        if text:
            self._clients = [client for client in self._clients if not client.is_person or client.say({"text": text})]

    def _finish(self, conversation: Conversation) -> None:
        self._show(conversation.transcript.add(self.captures.end()) + conversation.transcript.end())
        self._mask_captured()
        if conversation.engine.state not in ENDS:
            conversation.engine.state = INTERRUPTED
            conversation.engine.reason = "was interrupted: its host went down, or its unit was stopped"
        self._keep_lease({})
        self._write_state()

    def _hand_back(self) -> None:
        self._has_terminal = False
        until = time.monotonic() + _HAND_BACK_SECONDS
        while self.captures.values and not self._is_handed_back and not self._told_to_stop and time.monotonic() < until:
            self._serve(_LONG)

    # connections

    def _serve(self, seconds: float) -> None:
        watched: list[Any] = [self._listener, *self._clients]
        if self.conversation is not None and self._has_terminal:
            watched.append(self.conversation.terminal.descriptor)
        try:
            ready = select.select(watched, [], [], seconds)[0]
        except OSError:
            return
        for one in ready:
            if one is self._listener:
                self._accept()
            elif isinstance(one, Client):
                self._hear(one)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            connection, _address = self._listener.accept()
            credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
            if struct.unpack("3i", credentials)[1] in (0, os.geteuid()):
                self._clients.append(Client(connection))
            else:
                connection.close()

    def _hear(self, client: Client) -> None:
        messages = client.heard()
        if messages is None:
            self._clients.remove(client)
            client.connection.close()
            return
        for message in messages:
            if not client.say(self._answer(client, message)):
                self._clients.remove(client)
                return

    def _answer(self, client: Client, message: Mapping[str, Any]) -> dict[str, Any]:
        asked = message.get("do")
        if asked == "begin":
            if self.conversation is None:
                self._begin(message["secrets"])
            elif self.script["capture"] and list(message["secrets"].values()) != self._secrets:
                return {"has_other_secrets": True}
            self._keep_lease(message["lease"])
            return {"state": self._state()}
        if self.conversation is None:
            return {}
        if asked == "captured":
            self._is_handed_back = self.conversation.engine.state in ENDS
            return {"captured": self.captures.values}
        if asked == "attach":
            client.is_person = True
            return {"text": self.conversation.transcript.tail}
        if asked == "keys":
            self.conversation.terminal.write(message["keys"].encode("utf-8"))
            if "\r" in message["keys"] or "\n" in message["keys"]:
                self.conversation.engine.typed(time.monotonic())
                self._written = 0.0
        return {}

    # what is kept

    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = {
            "job": self.job["job"],
            "program": self.script["program"],
            "dialogue": self.script["name"],
            "captures": [one["name"] for one in self.script["capture"]],
            "fingerprint": self.job["fingerprint"],
            "boot_id": self.job["boot_id"],
            "supervisor_pid": os.getpid(),
            "started": self._started,
            "seconds": round(time.monotonic() - self._began, 1),
            "state": READY,
            "reason": "",
            "screen": "",
        }
        if self.conversation is not None:
            engine, transcript = self.conversation.engine, self.conversation.transcript
            state.update(
                state=engine.state,
                reason=engine.reason,
                step=engine.step,
                answered=engine.answered,
                seen=engine.seen,
                failures=engine.failures,
                exit_code=engine.exit_code,
                past_no_return=engine.is_past_no_return,
                reached_no_return=engine.reached_no_return,
                overdue=engine.is_overdue,
                leaving=engine.is_leaving,
                pid=self.conversation.terminal.pid,
                lease_lost=bool(self._lease and self._lease.lost),
                screen=transcript.tail,
                transcript_bytes=transcript.size,
            )
        return {key: self._masked(value) if key in _FREE_TEXT else value for key, value in state.items()}

    def _masked(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.masker.whole(value)
        if isinstance(value, list):
            return [self._masked(entry) for entry in value]
        if isinstance(value, dict):
            return {key: self._masked(entry) for key, entry in value.items()}
        return value

    def _write_state_if_due(self) -> None:
        if time.monotonic() - self._written >= _STATE_EVERY:
            self._write_state()

    def _write_state(self) -> None:
        self._written = time.monotonic()
        state = self._state()
        if {**state, "seconds": 0} == {**self._last_state, "seconds": 0}:
            return
        content = json.dumps(state, indent=1, ensure_ascii=False).encode("utf-8") + b"\n"
        # A full disk must not end the program that is supervised; the next change is written again.
        with contextlib.suppress(OSError):
            files.write(os.path.join(self.directory, STATE), content, 0o600)
            self._last_state = state


def _lock(path: str) -> int:
    """Who only looks whether it is held has it for a moment too."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    for _attempt in range(50):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        time.sleep(0.1)
    raise SystemExit(f"{path} is held by another supervisor of this job")


def connect(directory: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with short_path(directory, SOCKET) as path:
        connection.connect(path)
    return connection


def ask(directory: str, message: Mapping[str, Any], seconds: float = 20.0) -> dict[str, Any]:
    """One question to the supervisor of this job, and its answer. Raises OSError where none answers."""
    with connect(directory) as connection:
        connection.settimeout(seconds)
        connection.sendall(json.dumps(message).encode("utf-8") + b"\n")
        with connection.makefile("rb") as stream:
            answer: dict[str, Any] = json.loads(stream.readline() or b"{}")
        return answer


def say(words: str = "") -> None:
    """At once, because what the program prints goes past the buffer."""
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def attach(directory: str) -> int:
    """A person's terminal becomes that of the program, until Ctrl-] or its end."""
    try:
        connection = connect(directory)
    except OSError as error:
        say(f"{directory}: no program runs here ({error.strerror}). What it printed is in {directory}/{TRANSCRIPT}")
        return 1
    connection.sendall(b'{"do": "attach"}\n')
    say("Attached. What you type goes to the program; Ctrl-] leaves it running.\r")
    keyboard = sys.stdin.fileno()
    before = termios.tcgetattr(keyboard) if os.isatty(keyboard) else None
    if before is not None:
        tty.setraw(keyboard)
    try:
        return _pass_on(connection, keyboard)
    finally:
        if before is not None:
            termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
        say()


def _pass_on(connection: socket.socket, keyboard: int) -> int:
    received = b""
    watched: list[Any] = [connection, keyboard]
    while True:
        ready = select.select(watched, [], [])[0]
        if keyboard in ready:
            keys, detach, _rest = os.read(keyboard, 1024).partition(DETACH_KEY)
            if keys:
                message = {"do": "keys", "keys": keys.decode("utf-8", "replace")}
                connection.sendall(json.dumps(message).encode("utf-8") + b"\n")
            if detach or not keys:
                return 0
        if connection in ready:
            data = connection.recv(65536)
            if not data:
                return 0
            *lines, received = (received + data).split(b"\n")
            for line in lines:
                text = json.loads(line).get("text", "")
                os.write(sys.stdout.fileno(), text.replace("\n", "\r\n").encode("utf-8"))


def main(directory: str, arguments: list[str]) -> int:
    if arguments == ["run"]:
        os.umask(0o077)
        return Supervisor(directory).run()
    if arguments == ["attach"]:
        return attach(directory)
    say("usage: supervisor.py attach    (Dialtone itself: supervisor.py run)")
    return 2
