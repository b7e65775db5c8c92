# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A program on a terminal of its own: started, read, typed to, and watched for whether it waits for what is typed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import platform
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence

ROWS, COLUMNS = 50, 200
_CHUNK = 65536
_WRITE_SECONDS = 5.0
# The numbers of read and readv, and of what waits for one of several things: with those nobody can tell for which.
_SYSTEM_CALLS = {
    "x86_64": ((0, 19), (7, 23, 232, 270, 271, 281)),
    "aarch64": ((63, 65), (22, 72, 73)),
}


class Terminal:
    """The program has a session and a terminal of its own: nothing that happens to its starter's reaches it."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str], directory: str) -> None:
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            _become(argv, environment, directory)
        os.set_blocking(self.descriptor, False)

    def read(self) -> bytes | None:
        """What it printed since: empty where nothing did, None where nobody has the terminal open any more."""
        try:
            return os.read(self.descriptor, _CHUNK)
        except BlockingIOError:
            return b""
        except OSError:
            return None

    def write(self, data: bytes) -> None:
        """What a program does not take within some seconds is dropped, as a terminal does."""
        until = time.monotonic() + _WRITE_SECONDS
        while data and time.monotonic() < until:
            try:
                data = data[os.write(self.descriptor, data) :]
            except BlockingIOError:
                select.select([], [self.descriptor], [], 0.2)
            except OSError:
                return

    def type_line(self, text: str) -> None:
        """A terminal's Enter, which the terminal itself makes a line end of."""
        self.write(text.encode("utf-8") + b"\r")

    @property
    def echoes(self) -> bool:
        try:
            return bool(termios.tcgetattr(self.descriptor)[3] & termios.ECHO)
        except termios.error:
            return False

    def end(self, signal_name: str) -> None:
        """End its whole session: the program, and what it has in the foreground."""
        number = getattr(signal, "SIG" + signal_name)
        for group in {self.pid, *self._foreground()}:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, number)

    def exit_code(self) -> int | None:
        """None while it runs; negative for the signal that ended it."""
        done, status = os.waitpid(self.pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if done else None

    def close(self) -> None:
        os.close(self.descriptor)

    def is_waiting(self) -> bool | None:
        """Whether a process in the foreground reads the terminal now; None where that cannot be seen."""
        groups = self._foreground()
        calls = _SYSTEM_CALLS.get(platform.machine())
        if calls is None or not groups:
            return None
        reads, waits = calls
        answer: bool | None = False
        for pid in [pid for pid in _family(str(self.pid)) if _group_of(pid) in groups]:
            for thread in _listed(f"/proc/{pid}/task"):
                call = _system_call(pid, thread)
                if call is None:
                    answer = None
                elif call[0] in reads and _is_terminal(pid, call[1]):
                    return True
                elif call[0] in waits and _has_terminal_as_input(pid):
                    answer = None
        return answer

    def _foreground(self) -> set[int]:
        try:
            group = os.tcgetpgrp(self.descriptor)
        except OSError:
            return set()
        return {group} if group > 0 else set()


def _become(argv: Sequence[str], environment: Mapping[str, str], directory: str) -> None:
    """The child: never comes back."""
    try:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        # An ignored signal stays ignored in the program.
        for number in (signal.SIGPIPE, signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        os.umask(0o022)
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as stream:
            stream.write("0")
        os.chdir(directory)
        os.execvpe(argv[0], list(argv), dict(environment))
    except BaseException as error:
        os.write(2, f"{argv[0]}: {error}\n".encode("utf-8", "replace"))
    finally:
        os._exit(127)


def _listed(path: str) -> list[str]:
    try:
        return os.listdir(path)
    except OSError:
        return []


def _family(pid: str) -> list[str]:
    """The process and all that come from it: asked twenty times a second, so not by looking at every process of the host."""
    found, unseen = [], [pid]
    while unseen:
        one = unseen.pop()
        found.append(one)
        for thread in _listed(f"/proc/{one}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{one}/task/{thread}/children", encoding="ascii") as stream:
                unseen += stream.read().split()
    return found


def _group_of(pid: str) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            # After the name in brackets: state, parent, process group.
            return int(stream.read().rpartition(b")")[2].split()[2])
    except (OSError, IndexError, ValueError):
        return 0


def _system_call(pid: str, thread: str) -> tuple[int, int] | None:
    """The number and the first argument of the system call that it sleeps in; (-1, -1) for one that works."""
    try:
        with open(f"/proc/{pid}/task/{thread}/syscall", encoding="ascii") as stream:
            words = stream.read().split()
        return (int(words[0]), int(words[1], 16)) if len(words) > 1 else (-1, -1)
    except (FileNotFoundError, ProcessLookupError):
        return -1, -1
    except (OSError, ValueError):
        return None


def _is_terminal(pid: str, descriptor: int) -> bool:
    try:
        target = os.readlink(f"/proc/{pid}/fd/{descriptor}")
    except OSError:
        return False
    return target == "/dev/tty" or target.startswith("/dev/pts/")


def _has_terminal_as_input(pid: str) -> bool:
    return _is_terminal(pid, 0)
