"""One run at a time, and none that is lost: the lease lies on the hosts, so it holds between two controllers; that of a run which
died is taken over, and what it left is finished."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lab import seeded
from lab.rehearsal import BROKERS, HOSTS, PROPERTIES, hold_up, kill_with_workers, run_until

# Of the data center that these runs change: what a run of an earlier test left in the other one is not theirs to give back.
LEASE = "/var/lib/dialtone/leases/lab.dc1.json"
SECONDS = 30.0
REASON = "log.retention.check.interval.ms in server.properties differs from what broker 1 was started with"


def moments() -> list:
    """Between writing and restarting, and two while nodes are restarted."""
    source = seeded.source("moment")
    numbers = [0.0, source.uniform(1, SECONDS), source.uniform(1, SECONDS)]
    return [pytest.param(place, one, id=f"seed{seeded.seed()}-{one:.1f}s") for place, one in enumerate(numbers)]


def leases(site) -> dict[str, dict]:
    """Of each host that has one, the lease as it stands there."""
    found = {host: site.exec(host, "cat", LEASE) for host in HOSTS}
    return {host: json.loads(text) for host, text in found.items() if text}


@contextmanager
def held_by_another_machine(site) -> Iterator[None]:
    """The same leases, as a run of another machine would have written them."""
    found = leases(site)
    for host, lease in found.items():
        holder = {**lease["holder"], "controller": "0" * 32, "host": "elsewhere"}
        other = json.dumps({**lease, "run": "of-another-run", "holder": holder})
        site.exec(host, "sh", "-c", f"cp -p {LEASE} /root/lease && printf %s '{other}' >{LEASE}")
    try:
        yield
    finally:
        for host in found:
            site.exec(host, "mv", "/root/lease", LEASE)


@pytest.mark.one_of("a run that died is finished by the next, whenever it died")
@pytest.mark.parametrize(("place", "moment"), moments())
def test_a_run_keeps_others_out_as_long_as_it_lives_and_the_next_finishes_what_it_left(place: int, moment: float, play, site):
    words = {"kafka_log_retention_check_interval_ms": 270000 - 1000 * place}
    wanted = f"log.retention.check.interval.ms={270000 - 1000 * place}"
    lines = [wanted]
    if moment:
        words["zookeeper_snapshots_kept"] = 4 + place
        lines.append(f"autopurge.snapRetainCount={4 + place}")
    asked = ("-e", json.dumps(words))
    before = site.processes()
    with run_until(site, asked, site.written("epm1", lines), moment) as run:
        assert run.poll() is None, "the run had ended before: nothing was shown"
        hold_up(run)
        held = site.processes()
        second = play("kafka_restart.yml", "-e", '{"kafka_restart_all": true}')
        assert second.rc != 0
        assert "site.yml" in second.words
        assert "dialtone_take_over_lease" in second.words
        # Who only looks needs no lease.
        assert play("status.yml", "-e", "status_fail_on=never").rc == 0
        restarted = [host for host, process in site.processes().items() if process != held[host]]
        assert len(restarted) <= 1, "at most the one that the first run had just begun with"
        kill_with_workers(run)

    with held_by_another_machine(site):
        refused = play("site.yml", *asked)
    assert refused.rc != 0
    assert "elsewhere" in refused.words

    finished = play("site.yml", *asked)
    assert finished.rc == 0, finished.output[-3000:]
    assert "died on this machine" in finished.words
    assert leases(site) == {}, "a run that ends gives back the lease of what it changed"
    assert all(site.exec(host, "grep", "-x", wanted, PROPERTIES) for host in BROKERS)
    if not moment:
        assert held == before, "the run was held up after a restart: this case needs an earlier moment"
        assert REASON in finished.words
    after = site.processes()
    assert all(after[host] != before[host] for host in BROKERS)
    again = play("site.yml", *asked)
    assert again.changed() == dict.fromkeys(HOSTS, 0), again.output[-2000:]
    assert site.processes() == after
