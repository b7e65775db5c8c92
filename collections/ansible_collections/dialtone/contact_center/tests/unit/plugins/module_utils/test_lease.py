# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lease of a data center: its rules with a clock that the test turns, and its file with processes that race for it."""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import os
import stat
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ansible_collections.dialtone.contact_center.plugins.module_utils import lease
from ansible_collections.dialtone.contact_center.plugins.module_utils.lease import Lease, LeaseError, LeaseFile, Moment

TTL = 1800.0
EVA = {"user": "eva", "host": "laptop7", "playbook": "site.yml"}
BOB = {"user": "bob", "host": "jump1", "playbook": "kafka_restart.yml"}


class Clock:
    """A host's clock since its start, and which start that is."""

    def __init__(self) -> None:
        self.boot = 1
        self.seconds = 1000.0

    def __call__(self) -> Moment:
        return Moment(f"boot-{self.boot}", self.seconds)

    def restart(self, seconds: float = 5.0) -> None:
        self.boot += 1
        self.seconds = seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def kept(tmp_path, clock):
    return LeaseFile("main", "dc1", str(tmp_path / "leases"), clock)


def test_a_bare_host_gets_directory_and_file_closed_to_others(kept):
    assert kept.acquire("run-a", EVA, TTL)["outcome"] == "acquired"
    assert stat.S_IMODE(os.stat(kept.path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(kept.directory).st_mode) == 0o700
    written = json.loads(Path(kept.path).read_text())
    assert (written["run"], written["holder"], written["ttl"]) == ("run-a", EVA, TTL)
    assert os.listdir(kept.directory) == ["main.dc1.json"]


def test_the_second_run_is_told_by_whom_and_nothing_is_written(kept, clock):
    kept.acquire("run-a", EVA, TTL)
    before = Path(kept.path).read_bytes()
    clock.seconds += 600
    answer = kept.acquire("run-b", BOB, TTL)
    assert answer["outcome"] == "held_by_another"
    assert answer["other"]["holder"] == EVA
    assert (answer["other"]["renewed_seconds_ago"], answer["other"]["expires_in_seconds"]) == (600, 1200)
    assert Path(kept.path).read_bytes() == before


def test_the_same_run_renews_and_keeps_since_when_it_holds(kept, clock):
    kept.acquire("run-a", EVA, TTL)
    clock.seconds += 1000
    assert kept.acquire("run-a", EVA, TTL)["outcome"] == "renewed"
    found = lease.parse(Path(kept.path).read_bytes())
    assert (found.acquired, found.renewed) == (1000.0, 2000.0)


@pytest.mark.parametrize(
    ("passed", "outcome"), [pytest.param(TTL - 1, "held_by_another", id="before"), pytest.param(TTL, "acquired", id="at its end")]
)
def test_a_lease_ends_with_its_time(kept, clock, passed, outcome):
    kept.acquire("run-a", EVA, TTL)
    clock.seconds += passed
    assert kept.acquire("run-b", BOB, TTL)["outcome"] == outcome


@pytest.mark.parametrize("seconds", [5.0, 1100.0], ids=["just now", "and it is up longer than it was when the lease was taken"])
def test_a_lease_ends_with_a_restart_of_the_host(kept, clock, seconds):
    kept.acquire("run-a", EVA, TTL)
    clock.restart(seconds)
    answer = kept.acquire("run-b", BOB, TTL)
    assert answer["outcome"] == "acquired"
    assert (answer["other"]["holder"], answer["other"]["boot_is_present"]) == (EVA, False)


def test_a_run_that_restarts_the_host_itself_goes_on(kept, clock):
    kept.acquire("run-a", EVA, TTL)
    clock.restart()
    assert kept.renew("run-a")["outcome"] == "renewed"
    assert kept.acquire("run-b", BOB, TTL)["outcome"] == "held_by_another"


def test_a_lease_that_ended_is_renewed_unless_another_had_it_since(kept, clock):
    kept.acquire("run-a", EVA, TTL)
    clock.seconds += 2 * TTL
    assert kept.renew("run-a")["outcome"] == "renewed"
    clock.seconds += 2 * TTL
    kept.acquire("run-b", BOB, TTL)
    answer = kept.renew("run-a")
    assert (answer["outcome"], answer["other"]["holder"]) == ("lost", BOB)
    kept.release("run-b")
    assert kept.renew("run-a") == {"outcome": "lost", "path": kept.path, "torn": False, "other": {}}


def test_a_take_over_displaces_exactly_the_run_that_was_seen(kept):
    kept.acquire("run-a", EVA, TTL)
    assert kept.acquire("run-c", BOB, TTL, displace="run-b")["outcome"] == "held_by_another"
    assert kept.acquire("run-c", BOB, TTL, displace="run-a")["outcome"] == "taken_over"
    assert lease.parse(Path(kept.path).read_bytes()).displaced == EVA
    assert kept.renew("run-a")["outcome"] == "lost"
    assert kept.release("run-a")["outcome"] == "not_held"
    assert kept.renew("run-c")["outcome"] == "renewed"


def test_a_long_job_renews_the_lease_and_learns_that_it_was_taken_away(tmp_path):
    held = LeaseFile("main", "dc1", str(tmp_path))
    held.acquire("run-a", EVA, TTL)
    renewed = lease.parse(Path(held.path).read_bytes()).renewed
    with lease.KeptAlive("main", "dc1", "run-a", str(tmp_path), every=0.01) as kept:
        deadline = time.monotonic() + 10
        while lease.parse(Path(held.path).read_bytes()).renewed == renewed:
            assert time.monotonic() < deadline
        assert not kept.lost
        held.acquire("run-b", BOB, TTL, displace="run-a")
        while not kept.lost:
            assert time.monotonic() < deadline
    assert lease.parse(Path(held.path).read_bytes()).run == "run-b"


def test_release_is_for_the_holder(kept):
    kept.acquire("run-a", EVA, TTL)
    assert kept.release("run-b")["outcome"] == "not_held"
    assert kept.release("run-a")["outcome"] == "released"
    assert os.listdir(kept.directory) == []
    assert kept.release("run-a")["outcome"] == "not_held"


def test_data_centers_are_held_apart(kept, clock):
    kept.acquire("run-a", EVA, TTL)
    other = LeaseFile("main", "dc2", kept.directory, clock)
    assert other.acquire("run-b", BOB, TTL)["outcome"] == "acquired"


@pytest.mark.parametrize(
    "content",
    [b"", b'{"run": "run-a", "ren', b"\xff\xfe", b"[]", b"null", b'{"run": "run-a"}', b'{"site": 1}'],
)
def test_a_torn_file_is_held_by_nobody_and_says_so(kept, content):
    kept.acquire("run-a", EVA, TTL)
    Path(kept.path).write_bytes(content)
    assert kept.release("run-a")["outcome"] == "not_held"
    assert Path(kept.path).read_bytes() == content
    answer = kept.acquire("run-b", BOB, TTL)
    assert (answer["outcome"], answer["torn"]) == ("acquired", True)
    assert kept.renew("run-b")["torn"] is False


@pytest.mark.parametrize("key", ["boot_id", "renewed", "holder", "ttl"])
def test_a_file_with_a_value_of_the_wrong_kind_is_torn_too(kept, key):
    kept.acquire("run-a", EVA, TTL)
    content = json.loads(Path(kept.path).read_text())
    assert lease.parse(json.dumps(content).encode()) is not None
    assert lease.parse(json.dumps({**content, key: [True]}).encode()) is None


@pytest.mark.parametrize("name", ["", "../dc1", ".hidden", "a/b"])
def test_a_name_never_leaves_the_directory(tmp_path, name):
    with pytest.raises(LeaseError, match="no name of a site"):
        LeaseFile("main", name, str(tmp_path))


def test_a_directory_that_stays_locked_is_named(kept, monkeypatch):
    monkeypatch.setattr(lease, "LOCK_SECONDS", 0.05)
    kept.acquire("run-a", EVA, TTL)
    descriptor = os.open(kept.directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(LeaseError, match=f"{kept.directory} has been locked by another process"):
            kept.renew("run-a")
    finally:
        os.close(descriptor)
    assert kept.renew("run-a")["outcome"] == "renewed"


def test_a_job_renews_for_its_run_by_the_real_clock(tmp_path):
    LeaseFile("main", "dc1", str(tmp_path)).acquire("run-a", EVA, TTL)
    assert lease.renew("main", "dc1", "run-a", str(tmp_path)) is True
    assert lease.renew("main", "dc1", "run-b", str(tmp_path)) is False


NUMBERS = st.floats(min_value=0, max_value=1e9, allow_nan=False)
LEASES = st.builds(
    Lease,
    *[st.text(max_size=5)] * 3,
    st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
    st.text(max_size=5),
    *[NUMBERS] * 3,
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)


@given(LEASES)
def test_what_is_written_is_what_is_read(written):
    assert lease.parse(lease.serialize(written)) == written


@given(LEASES, st.integers(0, 400))
def test_half_a_lease_is_none(written, length):
    content = lease.serialize(written)
    assert lease.parse(content[: min(length, len(content) - 3)]) is None


# --- real processes -----------------------------------------------------------------------------------------------


def race(directory, start, results, name, rounds):
    for number in range(rounds):
        start.wait()
        answer = LeaseFile("main", f"dc{number}", directory).acquire(name, {"user": name}, TTL)
        results.put((number, name, answer["outcome"]))


def test_of_twenty_processes_exactly_one_wins(tmp_path):
    racers, rounds = 20, 5
    context = multiprocessing.get_context("fork")
    start, results = context.Barrier(racers), context.Queue()
    processes = [
        context.Process(target=race, args=(str(tmp_path / "leases"), start, results, f"run-{number}", rounds))
        for number in range(racers)
    ]
    for process in processes:
        process.start()
    outcomes = [results.get(timeout=60) for _outcome in range(racers * rounds)]
    for process in processes:
        process.join(30)
    for number in range(rounds):
        won = [name for asked, name, outcome in outcomes if asked == number and outcome == "acquired"]
        lost = [name for asked, name, outcome in outcomes if asked == number and outcome == "held_by_another"]
        assert (len(won), len(lost)) == (1, racers - 1)
        assert lease.parse((tmp_path / "leases" / f"main.dc{number}.json").read_bytes()).run == won[0]


# --- several runs, several hosts, any order of events -------------------------------------------------------------

HOSTS = ("h1", "h2", "h3")
RUNS = ("run-a", "run-b", "run-c")


class Site(RuleBasedStateMachine):
    """Runs ask the hosts one by one and interleaved, as lease.yml does; hosts restart, time passes, hosts are out of reach."""

    @initialize()
    def begin(self) -> None:
        self.clocks = {host: Clock() for host in HOSTS}
        self.found: dict[str, Lease | None] = dict.fromkeys(HOSTS)
        self.reached: dict[str, list[str]] = {}
        self.answers: dict[str, dict[str, str]] = {}
        self.working: set[str] = set()
        # What each run may rely on, apart from what the code under test remembers: (run, host) -> in which start, until when.
        self.rights: dict[tuple[str, str], tuple[str, float]] = {}

    def has_right(self, run: str, host: str) -> bool:
        boot, until = self.rights.get((run, host), ("", 0.0))
        now = self.clocks[host]()
        return boot == now.boot_id and now.seconds < until

    def grant(self, run: str, host: str) -> None:
        now = self.clocks[host]()
        self.rights[run, host] = (now.boot_id, now.seconds + TTL)

    def ask(self, run: str, host: str, displace: str = "") -> str:
        now = self.clocks[host]()
        wanted = Lease("main", "dc1", run, {"user": run}, now.boot_id, now.seconds, now.seconds, TTL)
        others = [other for other in RUNS if other != run and self.has_right(other, host)]
        step = lease.plan_acquire(self.found[host], wanted, now, displace)
        self.found[host] = step.after
        if step.outcome == "held_by_another":
            assert others, "a released or ended lease is free"
        else:
            assert [other for other in others if other != displace] == [], "what has not ended is taken from nobody unseen"
            for other in others:
                self.rights.pop((other, host))
            self.grant(run, host)
        return step.outcome

    @rule(run=st.sampled_from(RUNS), reached=st.sets(st.sampled_from(HOSTS), min_size=1))
    def start(self, run, reached):
        if run not in self.reached:
            self.reached[run], self.answers[run] = sorted(reached), {}

    @rule(run=st.sampled_from(RUNS))
    def ask_the_next_host(self, run):
        left = [host for host in self.reached.get(run, []) if host not in self.answers[run]]
        if left:
            self.answers[run][left[0]] = self.ask(run, left[0])

    @rule(run=st.sampled_from(RUNS))
    def decide(self, run):
        answers = self.answers.get(run, {})
        if run in self.reached and len(answers) == len(self.reached[run]) and run not in self.working:
            if "held_by_another" in answers.values():
                self.give_back(run)
            else:
                self.working.add(run)

    def give_back(self, run: str) -> None:
        for host in self.reached.pop(run, []):
            step = lease.plan_release(self.found[host], run)
            self.found[host] = step.after
            self.rights.pop((run, host), None)
        self.answers.pop(run, None)
        self.working.discard(run)

    @rule(run=st.sampled_from(RUNS))
    def end(self, run):
        if run in self.working:
            self.give_back(run)

    @rule(run=st.sampled_from(RUNS))
    def die(self, run):
        """Nothing is given back; another process with the same name would be another run, so what it held only ends by time."""
        self.reached.pop(run, None)
        self.answers.pop(run, None)
        self.working.discard(run)

    @rule(run=st.sampled_from(RUNS))
    def renew(self, run):
        if run not in self.working:
            return
        for host in self.reached[run]:
            step = lease.plan_renew(self.found[host], run, self.clocks[host](), TTL)
            self.found[host] = step.after
            if step.outcome == "lost":
                assert not self.has_right(run, host)
                self.give_back(run)
                return
            assert not [other for other in RUNS if other != run and self.has_right(other, host)]
            self.grant(run, host)

    @rule(run=st.sampled_from(RUNS), host=st.sampled_from(HOSTS), other=st.sampled_from(RUNS))
    def take_over(self, run, host, other):
        if run != other and host in self.reached.get(run, []) and self.answers[run].get(host) == "held_by_another":
            self.answers[run][host] = self.ask(run, host, displace=other)

    @rule(seconds=st.sampled_from([1.0, TTL / 3, TTL + 1]))
    def time_passes(self, seconds):
        for clock in self.clocks.values():
            clock.seconds += seconds

    @rule(host=st.sampled_from(HOSTS), seconds=st.sampled_from([5.0, 1500.0]))
    def restart(self, host, seconds):
        self.clocks[host].restart(seconds)

    @precondition(lambda self: hasattr(self, "clocks"))
    @invariant()
    def a_host_is_never_held_twice(self) -> None:
        for host in HOSTS:
            assert len([run for run in RUNS if self.has_right(run, host)]) <= 1

    @precondition(lambda self: hasattr(self, "clocks"))
    @invariant()
    def two_runs_never_both_hold_a_data_center_that_both_reach(self) -> None:
        whole = [run for run in self.working if all(self.has_right(run, host) for host in self.reached[run])]
        for run in whole:
            for other in whole:
                assert run == other or not set(self.reached[run]) & set(self.reached[other])


TestSite = Site.TestCase
TestSite.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
