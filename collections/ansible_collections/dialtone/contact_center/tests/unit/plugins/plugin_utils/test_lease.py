# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who a run is, whether another one still lives, and what a person is told."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import lease

EVA = {
    "user": "eva",
    "host": "laptop7",
    "controller": "of-eva",
    "pid": 4711,
    "started": 99,
    "playbook": "site.yml",
    "since": "2026-11-21 16:40 UTC",
}
OTHER = {
    "run": "run-eva",
    "holder": EVA,
    "boot_is_present": True,
    "held_seconds": 4000,
    "renewed_seconds_ago": 720,
    "expires_in_seconds": 1080,
}
MODEL = {
    "site": "main",
    "data_centers": {"dc1": {"hosts": ["kafka1", "kafka2", "zk1"]}, "dc2": {"hosts": ["kafka4", "zk4"]}},
}
HELD_BY_EVA = {"outcome": "held_by_another", "failed": False, "other": OTHER, "words": []}
ACQUIRED = {"outcome": "acquired", "other": {}, "words": []}
SILENT = {"unreachable": True, "msg": "timed out"}
DC2 = {"kafka4": ACQUIRED, "zk4": ACQUIRED}


# --- who this run is ----------------------------------------------------------------------------------------------


def tell(queue):
    queue.put(lease.this_run("site.yml"))


def test_a_forked_worker_is_the_same_run():
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    worker = context.Process(target=tell, args=(queue,))
    worker.start()
    told = queue.get(timeout=30)
    worker.join(30)
    own = lease.this_run("site.yml")
    assert told.token == own.token
    assert told.holder["pid"] == own.holder["pid"] == os.getpid()


def test_another_process_is_another_run():
    program = f"from {lease.__name__} import this_run; print(this_run('site.yml').token)"
    environment = os.environ | {"PYTHONPATH": str(Path(lease.__file__).parents[5])}
    tokens = {
        subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True).stdout
        for _run in range(2)
    }
    assert len(tokens) == 2


@pytest.fixture
def process():
    started = subprocess.Popen(["sleep", "60"])
    yield started
    started.kill()
    started.wait()


def holder_of(pid: int) -> dict:
    return {**EVA, "controller": lease.controller_id(), "pid": pid, "started": lease.process_started(pid)}


def test_a_run_that_lives_is_not_taken_for_dead(process):
    assert not lease.has_died_here(holder_of(process.pid), lease.controller_id())


def test_a_run_that_ended_on_this_machine_is_dead(process):
    holder = holder_of(process.pid)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert lease.has_died_here(holder, lease.controller_id()), "its parent has not noticed yet"
    process.wait()
    assert lease.has_died_here(holder, lease.controller_id())


def test_a_process_id_that_was_given_out_again_is_another_run(process):
    holder = holder_of(process.pid)
    assert lease.has_died_here({**holder, "started": holder["started"] - 1}, lease.controller_id())


@pytest.mark.parametrize("change", [{"controller": "another"}, {"pid": None}, {"pid": "1"}, {"started": None}, {"pid": -1}])
def test_in_doubt_a_run_lives(process, change):
    holder = holder_of(process.pid)
    process.kill()
    process.wait()
    assert not lease.has_died_here(holder | change, lease.controller_id())


def test_a_process_that_may_not_be_seen_lives(process, tmp_path):
    assert not lease.has_died_here(holder_of(process.pid), lease.controller_id(), proc=tmp_path)


def test_a_process_may_have_any_name(tmp_path):
    (tmp_path / "7").mkdir()
    fields = " ".join(str(number) for number in range(4, 53))
    (tmp_path / "7" / "stat").write_text(f"7 (a) b (c S) S {fields}\n")
    assert lease.process_started(7, tmp_path) == 22
    (tmp_path / "7" / "stat").write_text(f"7 (a) Z {fields}\n")
    assert lease.process_started(7, tmp_path) is None


def test_each_start_of_each_machine_and_each_container_is_a_controller_of_its_own(tmp_path):
    def controller(machine: str, boot: str, namespace: str) -> str:
        root = tmp_path / f"{machine}-{boot}-{namespace}"
        (root / "sys/kernel/random").mkdir(parents=True)
        (root / "self/ns").mkdir(parents=True)
        (root / "sys/kernel/random/boot_id").write_text(boot + "\n")
        (root / "self/ns/pid").symlink_to(f"pid:[{namespace}]")
        (root / "machine-id").write_text(machine)
        return lease.controller_id(root, root / "machine-id")

    places = [("m1", "b1", "1"), ("m2", "b1", "1"), ("m1", "b2", "1"), ("m1", "b1", "2")]
    assert len({controller(*place) for place in places}) == len(places)


def test_sudo_does_not_hide_the_person(monkeypatch):
    monkeypatch.setenv("SUDO_USER", "eva")
    monkeypatch.setattr(lease.getpass, "getuser", lambda: "root")
    assert lease.user_name() == "root (sudo by eva)"


def test_an_account_without_a_name_is_its_number(monkeypatch):
    def nameless():
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.delenv("SUDO_USER", raising=False)
    monkeypatch.setattr(lease.getpass, "getuser", nameless)
    assert lease.user_name() == f"uid {os.getuid()}"


@given(st.floats(0, 1e9), st.floats(0, 1e6), st.floats(300, 86400))
def test_a_renewal_is_due_long_before_the_end(asked, passed, ttl):
    assert lease.is_due(asked, asked + passed, ttl) or passed < ttl / 2


def test_a_renewal_is_not_due_at_once():
    assert not lease.is_due(1000.0, 1599.0, 1800)
    assert lease.is_due(1000.0, 1600.0, 1800)
    assert lease.is_due(1000.0, 999.0, 1800), "a clock that went back proves nothing"


# --- the decision -------------------------------------------------------------------------------------------------


def decide(dc1: dict, dc2: dict | None = None, limited: bool = False) -> lease.Decision:
    return lease.decide(MODEL, {**dc1, **(DC2 if dc2 is None else dc2)}, limited)


def test_nothing_is_said_where_all_hosts_hold():
    assert decide(dict.fromkeys(["kafka1", "kafka2", "zk1"], ACQUIRED)) == lease.Decision(False, "", [])


def test_a_refusal_has_all_that_a_person_needs():
    decision = decide({"kafka1": HELD_BY_EVA, "kafka2": HELD_BY_EVA, "zk1": SILENT})
    assert decision.refused
    for words in (
        "Data center dc1 is being changed by another run: eva on laptop7 (site.yml, since 2026-11-21 16:40 UTC, process 4711).",
        "Its lease on kafka1, kafka2 was last renewed 12 min ago, and without renewal it ends in 18 min.",
        "gives back what it had locked",
        """-e '{"dialtone_take_over_lease": true}'""",
    ):
        assert words in decision.msg
    assert decision.msg.count("eva") == 1, "one run is told of once, not once a host"
    assert "same minute" not in decision.msg


def test_all_refusals_of_all_data_centers_at_once():
    bob = {**OTHER, "run": "run-bob", "holder": {**EVA, "user": "bob"}}
    decision = decide({"kafka1": HELD_BY_EVA}, {"kafka4": {**HELD_BY_EVA, "other": bob}})
    assert "Data center dc1 is being changed by another run: eva" in decision.msg
    assert "Data center dc2 is being changed by another run: bob" in decision.msg


def test_two_runs_that_gave_way_to_each_other_are_told_so():
    fresh = {**OTHER, "held_seconds": 1}
    decision = decide({"kafka1": ACQUIRED, "kafka2": {**HELD_BY_EVA, "other": fresh}})
    assert "if the other one was refused as well, start one of them again" in decision.msg


def test_a_lease_that_was_lost_stops_the_run():
    decision = decide({"kafka1": {"outcome": "lost", "other": OTHER}, "kafka2": {"outcome": "lost", "other": {}}})
    assert decision.refused
    assert "lost the lease of data center dc1 on kafka1: it is now held by eva on laptop7" in decision.msg
    assert "on kafka2: it is no longer there" in decision.msg
    assert "playbooks/status.yml" in decision.msg
    assert "dialtone_take_over_lease" not in decision.msg


def test_a_host_that_could_not_keep_the_lease_refuses():
    full = {"failed": False, "msg": "the lease cannot be kept: No space left on device"}
    decision = decide({"kafka1": ACQUIRED, "kafka2": full})
    assert decision.refused
    assert "kafka2: the lease cannot be kept: No space left on device" in decision.msg


@pytest.mark.parametrize("silent", [SILENT, None], ids=["out of reach now", "out of reach before"])
def test_a_dead_data_center_does_not_block_the_other(silent):
    decision = decide(dict.fromkeys(["kafka1", "kafka2", "zk1"], ACQUIRED), {"kafka4": silent, "zk4": silent})
    assert decision == lease.Decision(False, "", ["dc2 could not be locked: none of its hosts answers (kafka4, zk4)."])


def test_single_hosts_that_do_not_answer_are_named():
    assert decide({"kafka1": ACQUIRED, "kafka2": ACQUIRED, "zk1": SILENT}).words == [
        "dc1 is locked on kafka1, kafka2; zk1 could not be locked: no answer."
    ]


def test_what_limit_leaves_out_is_named():
    decision = decide({"kafka1": ACQUIRED}, {}, limited=True)
    assert decision.words == ["dc1 is locked on the hosts of --limit only: a run on kafka2, zk1 alone would not be kept out."]
    assert decide({"kafka1": {"outcome": "kept", "other": {}}}, {}, limited=True).words == [], "said once, not in every play"


def test_check_mode_locks_nothing_and_says_nothing():
    skipped = {"skipped": True, "msg": "check mode"}
    assert decide({"kafka1": skipped}, {"kafka4": skipped}, limited=True) == lease.Decision(False, "", [])


def test_words_of_several_hosts_are_said_once():
    taken = {"outcome": "taken_over", "other": OTHER, "words": [lease.displaced_words("dc1", OTHER, died=True)]}
    decision = decide({"kafka1": taken, "kafka2": taken, "zk1": taken})
    assert decision.words == [
        "Took over the lease of dc1: the run that held it, eva on laptop7 (site.yml, since 2026-11-21 16:40 UTC, process 4711), "
        "died on this machine."
    ]


ANSWERS = st.none() | st.sampled_from(
    [ACQUIRED, HELD_BY_EVA, SILENT, {"outcome": "renewed", "other": {}}, {"outcome": "lost", "other": {}}, {"msg": "broken"}]
)


@given(st.dictionaries(st.sampled_from(["kafka1", "kafka2", "zk1", "kafka4", "zk4"]), ANSWERS), st.booleans())
def test_a_run_goes_on_only_where_every_host_that_answers_holds(answers, limited):
    decision = lease.decide(MODEL, answers, limited)
    answered = [answer for answer in answers.values() if answer is not None and answer is not SILENT]
    assert decision.refused == (not all(answer.get("outcome") in lease.HOLDS for answer in answered))
    assert decision.refused == bool(decision.msg)
