# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.module_utils import properties, restart
from ansible_collections.dialtone.contact_center.plugins.module_utils.restart import Content, Record, Unit, content_of

SALT = "5a" * 16
SERVER, STORE, JAR = "/opt/kafka/config/server.properties", "/opt/kafka/config/pomKeyStore", "/opt/kafka/libs/kafka.jar"


def contents(files: dict[str, bytes], salt: str = SALT) -> dict[str, Content]:
    return {path: content_of(path, data, salt) for path, data in files.items()}


def record(files: dict[str, bytes], salt: str = SALT) -> Record:
    return Record(contents(files, salt), "c0ffee", salt)


def reasons(before: dict[str, bytes], after: dict[str, bytes], salt: str = SALT, **words) -> list[str]:
    """Of broker 2, started with the files `before`, while `after` is on disk."""
    unit = {"active": "active", "invocation": "c0ffee", "record": record(before, salt), "present": contents(after, salt), **words}
    return restart.reasons(Unit("kafka", **unit), "broker 2")


UNIT = "/etc/systemd/system/kafka.service"
HEAP = b'[Service]\nEnvironment="KAFKA_HEAP_OPTS=-Xmx1g"\nEnvironment="LOG_DIR=/var/log/kafka"\nUser=kafka\n'


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param({SERVER: b"a=1\n", STORE: b"x"}, {SERVER: b"a=1\n", STORE: b"x"}, [], id="same"),
        pytest.param(
            {SERVER: b"broker.id=2\nmin.insync.replicas=1\n"},
            {SERVER: b"broker.id=2\nmin.insync.replicas=2\n"},
            ["min.insync.replicas in server.properties differs from what broker 2 was started with"],
            id="a key",
        ),
        pytest.param(
            {SERVER: b"a=1\nb : 2\n"},
            {SERVER: b"b : 2\nnum.io.threads 8\n"},
            [
                "a in server.properties is gone since broker 2 was started",
                "num.io.threads in server.properties is new since broker 2 was started",
            ],
            id="keys that come and go",
        ),
        pytest.param({SERVER: b"# a\na=1\n\nb=2\n"}, {SERVER: b"! c\n  b=2\r\n\r\na=1"}, [], id="layout, comments and order"),
        pytest.param(
            {SERVER: b"a=1\na=2\n"},
            {SERVER: b"a=2\na=1\n"},
            ["a in server.properties differs from what broker 2 was started with"],
            id="the last of two decides",
        ),
        pytest.param(
            {SERVER: b"a=1,\\\n  2\n"},
            {SERVER: b"a=1,\\\n  3\n"},
            ["a in server.properties differs from what broker 2 was started with"],
            id="a continued line",
        ),
        pytest.param(
            {SERVER: b"a=1,\\\n#2\n"},
            {SERVER: b"a=1,\\\n#3\n"},
            ["a in server.properties differs from what broker 2 was started with"],
            id="what looks like a comment continues a value",
        ),
        pytest.param(
            {SERVER: b"a=1\\\n\nb=2\n"},
            {SERVER: b"a=1\\\nb=2\n"},
            ["a in server.properties differs from what broker 2 was started with"],
            id="an empty line that ended a value",
        ),
        pytest.param({STORE: b"x"}, {STORE: b"y"}, ["pomKeyStore differs from what broker 2 was started with"], id="a store"),
        pytest.param({}, {JAR: b"x"}, ["kafka.jar is new since broker 2 was started"], id="a file that came"),
        pytest.param({JAR: b"x"}, {}, ["kafka.jar is gone since broker 2 was started"], id="a file that went"),
        pytest.param(
            {"/etc/k/a.jar": b"x", "/usr/k/a.jar": b"x"},
            {"/etc/k/a.jar": b"x", "/usr/k/a.jar": b"y"},
            ["/usr/k/a.jar differs from what broker 2 was started with"],
            id="two files of one name",
        ),
        pytest.param(
            {UNIT: HEAP},
            {UNIT: HEAP.replace(b"1g", b"2g")},
            ["Environment=KAFKA_HEAP_OPTS in kafka.service differs from what broker 2 was started with"],
            id="a variable of a unit file",
        ),
        pytest.param(
            {UNIT: b"[Unit]\nA=1\n[Service]\n"},
            {UNIT: b"[Unit]\n[Service]\nA=1\n"},
            ["the order of the lines in kafka.service differs from what broker 2 was started with"],
            id="a line of a unit file in another section",
        ),
        pytest.param(
            {UNIT: b"[Service]\nExecStart=/x \\\n  # why\n  --fast\n"},
            {UNIT: b"[Service]\nExecStart=/x \\\n  --fast\n"},
            [],
            id="a comment within a continued line of a unit file",
        ),
        pytest.param(
            {f"/opt/libs/{n}.jar": b"" for n in range(7)},
            {f"/opt/libs/{n}.jar": b"x" for n in range(7)},
            ["7 files of /opt/libs (0.jar, 1.jar, 2.jar and 4 more) differ from what broker 2 was started with"],
            id="many files",
        ),
    ],
)
def test_reasons(before, after, expected):
    assert reasons(before, after) == expected


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        pytest.param(
            {"record": None, "present": contents({SERVER: b""})},
            ["there is no record of what broker 2 was started with"],
            id="no record",
        ),
        pytest.param({"record": None, "present": {}}, [], id="a service of which nothing is watched"),
        pytest.param(
            {"record": record({SERVER: b"a=1"}), "present": contents({SERVER: b"a=2"}), "invocation": "decaf"},
            ["broker 2 was started without a record of what it read (invocation differs)"],
            id="another start",
        ),
        pytest.param({"record": record({SERVER: b""}), "present": contents({SERVER: b""})}, [], id="systemd tells no invocation"),
        pytest.param({"active": "failed", "record": None, "present": contents({SERVER: b""})}, [], id="not running"),
        pytest.param(
            {"needs_reload": True, "record": record({SERVER: b""}), "present": contents({SERVER: b""})},
            [],
            id="a unit file that was changed and changed back",
        ),
    ],
)
def test_reasons_without_a_file_that_differs(unit, expected):
    assert restart.reasons(Unit("kafka", **{"active": "active", **unit}), "broker 2") == expected


def test_a_record_of_digests_alone_names_files():
    old = restart.parse_record("{}  {}\n".format(content_of(SERVER, b"a=1", "").digest, SERVER))
    unit = Unit("kafka", active="active", invocation="c0ffee", record=old, present=contents({SERVER: b"a=2"}, old.salt))
    assert restart.reasons(unit, "broker 2") == ["server.properties differs from what broker 2 was started with"]


KEYS, VALUES = st.sampled_from(["a", "b.c", "d"]), st.sampled_from(["1", "2", ""])
EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), KEYS, VALUES),
        st.tuples(st.just("remove"), KEYS, st.just("")),
        st.tuples(st.just("comment"), KEYS, VALUES),
        st.tuples(st.just("blank"), st.just(""), st.just("")),
        st.tuples(st.just("store"), st.just(""), VALUES),
        st.tuples(st.just("unlink"), st.just(""), st.just("")),
    ),
    max_size=8,
)


def edited(text: str, store: str | None, edits) -> tuple[str, str | None]:
    for edit, key, value in edits:
        if edit == "set":
            text = properties.merge(text, {key: value})
        elif edit == "remove":
            text = properties.merge(text, {}, [key])
        elif edit == "comment":
            text = f"# {key}={value}\n{text}"
        elif edit == "blank":
            text = f"\n{text}"
        elif edit == "store":
            store = value
        else:
            store = None
    return text, store


def on_disk(text: str, store: str | None) -> dict[str, bytes]:
    return {SERVER: text.encode(), **({} if store is None else {STORE: store.encode()})}


@given(EDITS, EDITS)
def test_whatever_is_edited_there_are_reasons_exactly_when_a_value_or_a_store_differs(first, then):
    started = edited("a=1\nb.c=2\n", "1", first)
    text, store = edited(*started, then)
    found = reasons(on_disk(*started), on_disk(text, store))
    was, now = properties.parse(started[0]), properties.parse(text)
    differing = {key for key in {*was, *now} if was.get(key) != now.get(key)}
    assert {reason.split(" in ")[0] for reason in found if " in server.properties " in reason} == differing
    assert any("pomKeyStore" in reason for reason in found) == (started[1] != store)
    assert len(found) == len(differing) + (started[1] != store)


# A piece of a properties file, chosen so that lines continue, comment and end in every way.
PIECES = st.text(st.sampled_from("ab=: #!\\\n\r\t"), max_size=20)


@st.composite
def neighbours(draw) -> tuple[str, str]:
    """Two files that differ in one place."""
    text = draw(PIECES)
    start, length = draw(st.integers(0, len(text))), draw(st.integers(0, 2))
    return text, text[:start] + draw(st.text(st.sampled_from("ab=#\\\n"), max_size=2)) + text[start + length :]


@given(neighbours())
def test_two_files_that_java_reads_differently_are_never_held_for_the_same(files):
    one, other = files
    if properties.parse(one) != properties.parse(other):
        assert reasons({SERVER: one.encode()}, {SERVER: other.encode()})


@given(st.binary(max_size=60))
def test_keys_show_nothing_behind_a_separator(data):
    for line in restart.lines_of(SERVER, data, SALT):
        assert not set(line.key[len("Environment=") if line.key.startswith("Environment=") else 0 :]) & set("=: \t\r\n")


def written(found: Record) -> str:
    """As record-start writes it."""
    lines = [f"start {found.invocation or '-'} {found.salt}"]
    for path, content in found.files.items():
        escaped = path.replace("\\", "\\\\").replace("\n", "\\n")
        lines.append(f"{'' if escaped == path else chr(92)}{content.digest}  {escaped}")
    for path, content in found.files.items():
        if content.lines is not None:
            lines += [f"lines {path}", *(f"{line.digest} {line.key}" for line in content.lines)]
    return "\n".join(lines) + "\n"


PATHS = st.builds("/{}{}".format, st.text("/ab c\\%\x85", min_size=1, max_size=8), st.sampled_from(["", ".conf"]))


@given(st.dictionaries(PATHS, st.binary(max_size=20), max_size=4), st.sampled_from(["", "c0ffee"]))
def test_a_record_is_read_as_it_is_written(files, invocation):
    found = Record(contents(files), invocation, SALT)
    assert restart.parse_record(written(found)) == found
    assert restart.parse_record(written(found) + "no line of a record\n") == found


def test_what_runs_already_is_no_cause_any_more():
    unit = Unit(
        "kafka",
        active="active",
        record=record({SERVER: b"a=1\nb=1\n", STORE: b"x"}),
        present=contents({SERVER: b"a=2\nb=2\n", STORE: b"y"}),
    )
    left = restart.without_online(restart.causes(unit), SERVER, {"a"})
    assert restart.in_words(left, unit, "broker 2") == [
        "pomKeyStore differs from what broker 2 was started with",
        "b in server.properties differs from what broker 2 was started with",
    ]
