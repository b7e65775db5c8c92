"""The program that records what a service is started with, run as it is under the shells of the supported distributions."""
from __future__ import annotations

import os
import shutil
import stat
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jinja2 import Template

from ansible_collections.dialtone.contact_center.plugins.module_utils import restart

TEMPLATE = Path(__file__).parents[2] / "roles" / "host" / "templates" / "record-start.j2"
# /bin/sh is dash on Debian and Ubuntu, bash on Red Hat's distributions.
SHELLS = [name for name in ("dash", "bash") if shutil.which(name)]
START = "0123456789abcdef0123456789abcdef"


class Node:
    """The directories of a host below a temporary one, and the program with their paths in it."""

    def __init__(self, root: Path, shell: str) -> None:
        self.shell = shell
        self.files = root / "files"
        self.reads, self.starts = root / "reads", root / "starts"
        for directory in (self.files, self.reads, self.starts):
            directory.mkdir(parents=True, exist_ok=True)
        text = Template(TEMPLATE.read_text("utf-8"), keep_trailing_newline=True).render()
        for path, own in (("/var/lib/dialtone/starts", self.starts), ("/etc/dialtone/reads", self.reads)):
            assert text.count(path) == 1
            text = text.replace(path, str(own))
        self.program = root / "record-start"
        self.program.write_text(text, "utf-8")

    def start(self, *patterns: str, invocation: str | None = START) -> subprocess.CompletedProcess[str]:
        (self.reads / "kafka").write_text("".join(f"{self.files}/{pattern}\n" for pattern in patterns))
        environment = {"PATH": os.environ["PATH"], **({"INVOCATION_ID": invocation} if invocation else {})}
        return subprocess.run(
            [self.shell, str(self.program), "kafka"], env=environment, capture_output=True, text=True, check=False, timeout=60
        )

    @property
    def text(self) -> str:
        return (self.starts / "kafka").read_text("utf-8", "replace")

    @property
    def record(self) -> restart.Record:
        return restart.parse_record(self.text)

    def present(self) -> dict[str, restart.Content]:
        """What Dialtone sees on disk, described with the salt of the record."""
        salt, files = self.record.salt, (path for path in self.files.iterdir() if path.is_file())
        return {str(path): restart.content_of(str(path), path.read_bytes(), salt) for path in files}


@pytest.fixture(params=SHELLS)
def node(request: pytest.FixtureRequest, tmp_path: Path) -> Node:
    return Node(tmp_path, request.param)


PROPERTIES = """\
# vendor's comment
broker.id=2
 log.dirs : /data/with blank
min.insync.replicas 2
format=%s %d \\\\ back
list=a,\\
   #b,\\

 c
! another
ssl.key.password hunter2-hunter2
no.newline=at the end"""

UNIT = """\
[Service]
; why
Environment="KAFKA_HEAP_OPTS=-Xmx1g -Xms1g"
Environment=LOG_DIR=/var/log/kafka
ExecStart=/opt/k/bin/start \\
    # not a part
    --quick
"""


def test_the_record_is_what_is_on_disk(node: Node) -> None:
    (node.files / "server.properties").write_text(PROPERTIES)
    (node.files / "kafka.service").write_text(UNIT)
    for name in ("a b.jar", "per%cent.jar", "back\\slash.jar", "star*.jar"):
        (node.files / name).write_text(name)
    (node.files / "directory").mkdir()
    done = node.start("*", "not-there")
    assert (done.returncode, done.stderr) == (0, "")
    assert node.record.invocation == START
    assert len(node.record.files) == 6
    assert node.record.files == node.present()


def test_lines_are_named_by_their_keys(node: Node) -> None:
    (node.files / "server.properties").write_text(PROPERTIES)
    (node.files / "kafka.service").write_text(UNIT)
    node.start("*")
    keys = {path.rsplit("/", 1)[1]: [line.key for line in content.lines or ()] for path, content in node.record.files.items()}
    assert keys == {
        "server.properties": [
            "broker.id",
            "log.dirs",
            "min.insync.replicas",
            "format",
            *["list"] * 4,
            "ssl.key.password",
            "no.newline",
        ],
        "kafka.service": ["[Service]", "Environment=KAFKA_HEAP_OPTS", "Environment=LOG_DIR", "ExecStart", "ExecStart"],
    }


def test_a_record_is_closed_and_holds_no_value(node: Node) -> None:
    (node.files / "server.properties").write_text(PROPERTIES)
    old = node.starts / "kafka.new"
    old.write_text("left by a start that was killed")
    old.chmod(0o644)
    node.start("*")
    assert "hunter2" not in node.text
    assert stat.S_IMODE((node.starts / "kafka").stat().st_mode) == 0o600
    assert not old.exists()


def test_equal_lines_have_other_digests_in_the_next_record(node: Node) -> None:
    (node.files / "server.properties").write_text("ssl.key.password=hunter2-hunter2\n")
    node.start("*")
    first = node.record
    node.start("*")
    path = str(node.files / "server.properties")
    assert first.files[path].digest == node.record.files[path].digest
    assert first.files[path].lines != node.record.files[path].lines


@pytest.mark.parametrize(
    ("patterns", "invocation"), [(["nothing-*"], None), (["nothing-*", "neither"], START)], ids=["without systemd", "no file"]
)
def test_a_service_that_reads_nothing(node: Node, patterns: list[str], invocation: str | None) -> None:
    assert node.start(*patterns, invocation=invocation).returncode == 0
    assert node.record.files == {}
    assert node.record.invocation == (invocation or "")


def test_without_its_list_no_earlier_record_is_left(node: Node) -> None:
    node.start("*")
    (node.reads / "kafka").unlink()
    done = subprocess.run([node.shell, str(node.program), "kafka"], capture_output=True, check=False, timeout=60)
    assert done.returncode != 0
    assert list(node.starts.glob("kafka")) == []


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.text(st.sampled_from("ab=: #!;\\\n\r\t\f\0\"'é%$`*[]"), max_size=40).map(str.encode),
            st.text(st.sampled_from("ABC=_ \"'\\\n"), max_size=20).map(lambda text: f"Environment={text}".encode()),
        ),
        min_size=6,
        max_size=6,
    )
)
def test_shell_and_python_describe_any_file_alike(node: Node, contents: list[bytes]) -> None:
    names = ("1.properties", "2.properties", "3.conf", "4.conf", "5.service", "6.jar")
    for name, content in zip(names, contents, strict=True):
        (node.files / name).write_bytes(content)
    assert node.start("*").returncode == 0
    assert node.record.files == node.present()


def test_a_start_is_not_held_up(node: Node) -> None:
    for number in range(3):
        (node.files / f"{number}.properties").write_text("".join(f"some.key.{line}=a value of {line}\n" for line in range(50)))
    began = time.monotonic()
    node.start("*")
    assert sum(len(content.lines or ()) for content in node.record.files.values()) == 150
    assert time.monotonic() - began < 5, "0.3 s where nothing else runs"
