# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A run as data, as files and in words."""

from __future__ import annotations

import datetime
import doctest
import json

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import run_record, run_summary
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.run_record import (
    RUNS_KEPT,
    Event,
    Failure,
    Outcome,
    Request,
    Run,
    RunFolder,
    forget_old_runs,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.run_summary import last_words, summary_markdown

STARTED = datetime.datetime(2026, 11, 21, 17, 2, 1, tzinfo=datetime.timezone.utc)
COMMAND = "ansible-playbook -i inventories/main playbooks/site.yml"
OK = {"ok": 5, "changed": 0, "failures": 0, "unreachable": 0}
FAILED = OK | {"failures": 1}
UNREACHABLE = OK | {"unreachable": 1}
BROKERS = ["epm1", "epm2", "kafka3"]


def request(**words) -> Request:
    given = {
        "playbook": "playbooks/site.yml",
        "inventories": ["inventories/main"],
        "command": COMMAND,
        "user": "alice",
        "controller": "laptop",
        "versions": {"Dialtone": "0.1.0"},
    }
    return Request(**(given | words))


def run(**words) -> Run:
    return Run(request(**words), STARTED, ["Contract", "Kafka", "Brokers one by one", "Database"], site="main")


def event(host="epm1", status="changed", **words) -> Event:
    given = {"time": STARTED, "play": 2, "play_name": "Kafka", "task": "configure | Write", "action": "copy", "host": host}
    return Event(status=status, **(given | words))


def failure(host="epm2", **words) -> Failure:
    given = {"host": host, "play": 3, "play_name": "Brokers one by one", "task": "restart | Wait", "message": "not in sync"}
    return Failure(**(given | words))


def ended(one: Run, **counts) -> Run:
    one.ends(STARTED + datetime.timedelta(seconds=192), counts)
    return one


def rolled() -> Run:
    """The second of three brokers does not come back."""
    one = run()
    one.play_begins(1, "Contract", [*BROKERS, "db1", "localhost"], [*BROKERS, "db1", "localhost"], True)
    one.play_begins(2, "Kafka", BROKERS, BROKERS, True)
    one.happened(event(changes=({"kind": "file", "path": "/opt/server.properties", "reasons": ["heap: 1 becomes 2"]}, "b")))
    one.play_begins(3, "Brokers one by one", BROKERS, ["epm1"], True)
    one.happened(event(task="restart | Restart", restarted=("kafka",)))
    one.play_begins(3, "Brokers one by one", BROKERS, ["epm2"], True)
    one.failed(failure(log=("OutOfMemoryError",)))
    return ended(one, epm1=OK | {"changed": 2}, epm2=FAILED, kafka3=OK, db1=OK)


@pytest.mark.parametrize("module", [run_record, run_summary])
def test_examples_hold(module):
    assert doctest.testmod(module).failed == 0


def test_a_roll_that_stops_says_who_is_done_and_who_was_not_touched():
    assert rolled().outcome() == Outcome(("epm2",), ("epm1",), (), ("kafka3",), ("4 Database",))
    states = {name: host["state"] for name, host in rolled().hosts().items()}
    assert states == {"epm1": "changed", "epm2": "failed", "kafka3": "not reached", "db1": "ok"}


def test_hosts_that_stop_together_with_a_failed_one_are_not_done():
    one = run()
    one.play_begins(2, "Kafka", BROKERS, BROKERS, True)
    one.failed(failure("epm2", play=2))
    ended(one, epm1=OK, epm2=FAILED, kafka3=OK)
    assert one.outcome() == Outcome(("epm2",), (), ("epm1", "kafka3"), (), ("3 Brokers one by one", "4 Database"))


def test_where_a_failure_stops_nobody_the_others_are_done():
    one = run()
    one.play_begins(1, "Contract", BROKERS, BROKERS, False)
    one.failed(failure("epm2", is_unreachable=True))
    one.play_begins(4, "Database", ["epm1", "kafka3"], ["epm1", "kafka3"], False)
    ended(one, epm1=OK, epm2=UNREACHABLE, kafka3=OK)
    assert one.outcome() == Outcome(("epm2",), ("epm1", "kafka3"), (), (), ())
    assert one.hosts()["epm2"]["state"] == "unreachable"
    assert last_words(one, "runs/x/").startswith("FAILED on 1 host after 3 min 12 s, nothing changed\n")


def test_last_play_that_stops_nobody_leaves_the_others_done():
    one = run()
    one.play_begins(4, "Database", ["db1", "db2"], ["db1", "db2"], False)
    one.failed(failure("db2", play=4))
    ended(one, db1=OK, db2=FAILED)
    assert one.outcome() == Outcome(("db2",), ("db1",))


def test_roll_whose_play_has_no_word_for_it_stops_all_the_same():
    """A batch that failed as a whole ends the run."""
    one = run()
    one.play_begins(1, "Contract", [*BROKERS, "db1"], [*BROKERS, "db1"], True)
    one.play_begins(4, "Database", ["db1", "db2", "db3"], ["db1"], False)
    one.play_begins(4, "Database", ["db1", "db2", "db3"], ["db2"], False)
    one.failed(failure("db2", play=4))
    ended(one, db1=OK, db2=FAILED, epm1=OK)
    assert one.outcome() == Outcome(("db2",), ("db1",), (), ("db3",))


def test_failure_that_was_rescued_is_none():
    one = run()
    one.play_begins(1, "Contract", BROKERS, BROKERS, True)
    one.failed(failure("epm1"))
    ended(one, epm1=OK | {"rescued": 1})
    assert (one.result, one.failures, one.failed_hosts) == ("succeeded", {}, [])


def test_last_words_of_a_roll_that_stopped():
    assert last_words(rolled(), "build/main/runs/x/").splitlines() == [
        "FAILED in play 3 of 4 (Brokers one by one) after 3 min 12 s, 3 changes on 1 host",
        "  Done         epm1",
        "  Failed       epm2, at restart | Wait: not in sync",
        "               last lines of its log:",
        "                 OutOfMemoryError",
        "  Not touched  kafka3: their turn in this play had not come",
        "  Not begun    4 Database",
        "  Restarted    epm1 kafka",
        "  Next         Remedy what the message says, then run the command again: it does only what is left.",
        f"  Resume       {COMMAND}",
        "  Record       build/main/runs/x/",
    ]


def test_long_message_is_cut_and_says_where_all_of_it_is():
    one = run()
    one.play_begins(1, "Contract", ["epm1"], ["epm1"], True)
    one.failed(failure("epm1", message="\n".join(f"line {number}" for number in range(50))))
    words = last_words(ended(one, epm1=FAILED), "runs/x/")
    assert "line 11" in words
    assert "line 12" not in words
    assert "runs/x/failures/epm1.txt" in words


def test_host_out_of_reach_is_told_as_such_and_what_to_do():
    one = run()
    one.play_begins(1, "Contract", ["epm1"], ["epm1"], True)
    one.failed(failure("epm1", message="Connection timed out", is_unreachable=True))
    words = last_words(ended(one, epm1=UNREACHABLE), "runs/x/")
    assert "epm1, at restart | Wait: does not answer over SSH: Connection timed out" in words
    assert "Bring epm1 back" in words


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (run(), "Record: runs/x/ (3 min 12 s, nothing changed)"),
        (run(check=True), "Record: runs/x/ (3 min 12 s, nothing would change)"),
    ],
)
def test_last_words_of_a_run_that_changed_nothing(one, words):
    assert last_words(ended(one, epm1=OK), "runs/x/") == words


def test_last_words_of_a_run_that_changed_something():
    one, check = run(), run(check=True)
    for each in (one, check):
        each.happened(event("epm1", items=("a", "b")))
        each.happened(event("epm2"))
        each.happened(event("epm2", status="ok"))
    one.happened(event("epm1", status="ok", restarted=("zookeeper",)))
    assert last_words(ended(one), "runs/x/") == "Record: runs/x/ (3 min 12 s, 3 changes on 2 hosts, restarted: epm1 zookeeper)"
    assert last_words(ended(check), "runs/x/") == "Record: runs/x/ (3 min 12 s, 3 changes on 2 hosts would be made)"


def test_check_mode_tells_what_was_announced_and_no_task_could_try():
    announced = [{"host": "epm1", "role": "pom_server", "what": "the mode of POM is changed", "reasons": ["None to AACC"]}]
    foretelling = run(check=True)
    foretelling.announced = announced
    assert last_words(ended(foretelling), "runs/x/") == "Record: runs/x/ (3 min 12 s, 1 change on 1 host would be made)"
    told = "## What would change\n\n- epm1, pom_server: the mode of POM is changed: None to AACC\n"
    assert told in summary_markdown(foretelling)
    done = run()
    done.announced = announced
    assert last_words(ended(done), "runs/x/").endswith("nothing changed)")


def test_refusal_repeats_no_finding():
    one = run()
    one.is_refused = True
    one.findings = [{"severity": "refuse", "path": "kafak_heap_mb", "file": "a.yml", "line": 1, "found": "x", "fix": "y"}]
    one.failed(failure("localhost"))
    ended(one, localhost=FAILED)
    words = last_words(one, "runs/x/")
    assert words.startswith("Refused by the contract: no host was contacted.")
    assert COMMAND in words
    assert "kafak" not in words
    assert "- refuse: kafak_heap_mb (a.yml:1): x; y" in summary_markdown(one)
    assert one.as_dict()["result"] == "refused"


def test_summary_can_be_pasted_into_a_ticket():
    text = summary_markdown(rolled())
    for words in (
        "# site: main, failed",
        "- By: alice on laptop",
        "took 3 min 12 s",
        "| epm2 | failed | 5 | 0 | 1 | 0 |",
        "| kafka3 | not reached | 5 | 0 | 0 | 0 |",
        "- epm1, configure | Write\n  - /opt/server.properties: heap: 1 becomes 2\n  - b",
        "1. epm1 kafka",
        "epm2, play 3 (Brokers one by one), at restart | Wait:\n\n```\nnot in sync\n```",
        "```\nOutOfMemoryError\n```",
        f"```\n{COMMAND}\n```",
    ):
        assert words in text


def test_markdown_of_a_message_does_not_break_out_of_its_fence():
    one = run()
    one.play_begins(1, "Contract", ["epm1"], ["epm1"], True)
    one.failed(failure("epm1", message="before\n```\n# not a heading"))
    assert "````\nbefore\n```\n# not a heading\n````" in summary_markdown(ended(one, epm1=FAILED))


def test_folder_keeps_what_came_before_it_was_open_and_every_event_at_once(tmp_path):
    one, folder = run(), RunFolder()
    folder.event(event("epm1"), 4)
    folder.diff("epm1", "configure | Write", "+heap\n")
    folder.open(tmp_path / "main/runs", one)
    assert folder.path == tmp_path / "main/runs/20261121T170201Z-site"
    folder.event(event("epm2", status="failed", message="no space", seconds=1.23456), 4)
    # Nobody closed or finished anything: this is what a run that is killed leaves.
    lines = [json.loads(line) for line in (folder.path / "events.jsonl").read_text().splitlines()]
    assert [line["host"] for line in lines] == ["epm1", "epm2"]
    assert lines[1] == {
        "time": "2026-11-21T17:02:01.000Z", "play": 2, "plays": 4, "play_name": "Kafka", "task": "configure | Write",
        "action": "copy", "host": "epm2", "status": "failed", "seconds": 1.235, "message": "no space",
    }  # fmt: skip
    assert (folder.path / "diffs/epm1.diff").read_text() == "# configure | Write\n+heap\n"
    assert "ended" not in json.loads((folder.path / "run.json").read_text())


def test_finished_folder_holds_all_of_its_files(tmp_path):
    folder, one = RunFolder(), rolled()
    folder.open(tmp_path, one)
    folder.event(event(), 4)
    folder.finish(one, "# summary\n")
    files = sorted(path.relative_to(folder.path).as_posix() for path in folder.path.rglob("*") if path.is_file())
    assert files == ["events.jsonl", "failures/epm2.txt", "findings.json", "hosts.json", "run.json", "summary.md"]
    kept = json.loads((folder.path / "run.json").read_text())
    assert (kept["result"], kept["failed"], kept["restarted"], kept["seconds"]) == ("failed", ["epm2"], ["epm1 kafka"], 192.0)
    text = (folder.path / "failures/epm2.txt").read_text()
    assert "not in sync" in text
    assert "OutOfMemoryError" in text
    assert COMMAND in text


def test_two_runs_of_one_second_have_two_folders(tmp_path):
    first, second = RunFolder(), RunFolder()
    first.open(tmp_path, run())
    second.open(tmp_path, run())
    assert (first.path.name, second.path.name) == ("20261121T170201Z-site", "20261121T170201Z-site-2")


def test_name_of_a_host_never_leaves_the_folder(tmp_path):
    folder = RunFolder()
    folder.open(tmp_path / "runs", run())
    folder.diff("../../escaped", "task", "+x\n")
    assert [path.name for path in (folder.path / "diffs").iterdir()] == ["_.._.._escaped.diff"]


def test_only_the_oldest_runs_go(tmp_path):
    names = [f"2026112{day}T17{minute:02d}00Z-site" for day in range(2) for minute in range(30)]
    for name in [*names, "notes"]:
        (tmp_path / name).mkdir()
    # The clock went back: what is newest by its name is older than this run.
    own = tmp_path / "20200101T000000Z-site"
    own.mkdir()
    forget_old_runs(tmp_path, own)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == sorted([own.name, "notes", *names[-(RUNS_KEPT - 1):]])
