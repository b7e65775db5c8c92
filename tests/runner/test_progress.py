"""What a person, or a log, sees of a run."""
from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios

import pytest

from .conftest import ROLL, ROOT, Finished, Site

ERASE_LINE = "\r\x1b[K"


def in_terminal(site: Site, columns: int, *arguments: str, **variables: str) -> str:
    """The same run, in a terminal of that width."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {name: value for name, value in site.environment(TERM="xterm", **variables).items() if name != "COLUMNS"}
    process = subprocess.Popen(
        site.command(ROLL, *arguments), cwd=ROOT, env=environment, stdin=slave, stdout=slave, stderr=slave, close_fds=True
    )
    os.close(slave)
    output = b""
    while True:
        try:
            chunk = os.read(master, 65536)
        except OSError:  # the last one that held the terminal is gone
            break
        if not chunk:
            break
        output += chunk
    os.close(master)
    process.wait(60)
    return output.decode().replace("\r\n", "\n")


def seen(output: str) -> list[str]:
    """What stays on the screen, without colours."""
    return [re.sub(r"\x1b\[[\d;]*m", "", line.rpartition(ERASE_LINE)[2]) for line in output.split("\n")]


def test_log_has_one_line_a_play_and_a_change_and_no_control(succeeded: Finished) -> None:
    assert "\x1b" not in succeeded.stdout
    assert "\r" not in succeeded.stdout
    lines = succeeded.stdout.splitlines()
    headings = [re.sub(r"\d+ s$", "N s", line) for line in lines if re.match(r"\[\d", line)]
    assert headings == [
        "[1/5] Contract of the site · N s",
        "[2/5] Configure · N s",
        "[4/5] Brokers one by one · epm1 (1 of 3) · N s",
        "[4/5] Brokers one by one · epm2 (2 of 3) · N s",
        "[4/5] Brokers one by one · kafka3 (3 of 3) · N s",
        "[5/5] Database · N s",
    ]
    assert sum(line.startswith("changed: [epm1] configure | Write the files · ") for line in lines) == 1
    assert "ok: [epm1] => epm1 does without" in lines
    assert re.search(r"^epm1 +: ok=\d+ +changed=3 +unreachable=0 +failed=0 ", succeeded.stdout, re.MULTILINE)
    assert "TASK [Group the hosts of the site]" not in succeeded.stdout, "what changes nothing leaves no line"


def test_failure_keeps_its_task_and_all_of_its_message(failed: Finished) -> None:
    after = failed.stdout.partition("TASK [restart | Restart] · ")[2]
    assert "fatal: [epm2]: FAILED! =>" in after
    assert "stderr: OutOfMemoryError" in after


def test_diff_is_that_of_ansible(succeeded: Finished) -> None:
    assert "+++ after: " in succeeded.stdout
    assert "\n+heap=2\n" in succeeded.stdout


@pytest.mark.parametrize("arguments", [("-v",), ()])
def test_output_of_ansible_where_it_is_asked_for(site: Site, arguments: tuple[str, ...]) -> None:
    variables = {} if arguments else {"ANSIBLE_STDOUT_CALLBACK": "default"}
    done = site.play(ROOT / "playbooks/validate.yml", *arguments, **variables)
    assert "PLAY [Contract of the site] ***" in done.stdout
    assert "TASK [Judge the inventory] ***" in done.stdout
    assert "[1/1]" not in done.stdout
    assert "Record: " in done.stdout


def test_warning_is_not_lost(site: Site) -> None:
    playbook = site.directory / "warns.yml"
    playbook.write_text(
        "- name: Warns\n  hosts: epm1\n  connection: local\n  gather_facts: false\n  tasks:\n"
        "    - name: Read a file\n      ansible.builtin.stat: {path: /nowhere}\n"
        "      vars: {ansible_python_interpreter: '{{ ansible_playbook_python }}', ansible_remote_tmp: /nowhere/else}\n"
        "    - name: Warn\n      ansible.builtin.add_host: {name: 'a-b', groups: 'not-valid'}\n      changed_when: false\n"
    )
    done = site.play(playbook, ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS="ignore")
    assert done.returncode == 0, done.stdout + done.stderr
    told = site.play(playbook, ANSIBLE_STDOUT_CALLBACK="default", ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS="ignore")
    assert (done.stdout + done.stderr).count("[WARNING]") == (told.stdout + told.stderr).count("[WARNING]")


def test_terminal_shows_one_line_that_is_written_over(site: Site) -> None:
    columns = 80
    output = in_terminal(site, columns)
    transient = [part for line in output.split("\n") for part in line.split(ERASE_LINE)[1:-1]]
    assert any("task 1/" in part for part in transient), output
    assert max(map(len, transient)) < columns
    lines = seen(output)
    assert any(line.startswith("changed: [epm1] configure | Write the files · ") for line in lines)
    assert not [line for line in lines if "task 1/" in line], "nothing of it stays"
    assert lines[-2].startswith("Record: ")


def test_narrow_terminal_keeps_the_last_words_of_a_failure(site: Site) -> None:
    lines = seen(in_terminal(site, 30, FAILING_HOST="epm2"))
    assert any(line.startswith("FAILED in play 4 of 5") for line in lines)
    assert "  Done         epm1" in lines
