"""One run at a time: the lease lies on the hosts, so it holds between two controllers; a dead run does not hold it for ever."""

from __future__ import annotations

import json

import pytest

from lab.rehearsal import HOSTS, PROPERTIES, kill_with_workers, wait_for

LEASES = "/var/lib/dialtone/leases"
WORDS = ("-e", '{"kafka_log_retention_check_interval_ms": %d}')


def held(site, host: str) -> bool:
    return bool(site.exec(host, "sh", "-c", f"ls {LEASES}/*.json"))


@pytest.fixture
def number(request) -> int:
    """Another value for each test: one that stands there already would change nothing, and take no lease."""
    return 270000 - len(request.node.name)


@pytest.fixture
def running(site, number):
    """A run in the middle of its work."""
    run = site.start("site.yml", WORDS[0], WORDS[1] % number)
    wait_for(
        lambda: (
            bool(site.exec("epm1", "grep", "-x", f"log.retention.check.interval.ms={number}", PROPERTIES))
            or run.poll() is not None
        ),
        "nothing was written",
    )
    assert run.poll() is None
    yield run
    if run.poll() is None:
        kill_with_workers(run)


def test_a_second_run_is_refused_with_the_words_who_holds_the_lease(running, number, play, site):
    before = site.processes()
    second = play("kafka_restart.yml", "-e", '{"kafka_restart_all": true}')
    assert second.rc != 0
    assert "site.yml" in second.words
    assert "dialtone_take_over_lease" in second.words
    assert sum(before[host] != now for host, now in site.processes().items()) <= 1, "only the first run may restart a broker"
    # Who only looks needs no lease.
    assert play("status.yml", "-e", "status_fail_on=never").rc == 0
    assert play("site.yml", "--check", WORDS[0], WORDS[1] % number).rc == 0
    output, _ = running.communicate(timeout=300)
    assert running.returncode == 0, output[-3000:]
    assert not any(held(site, host) for host in HOSTS), "a run that ends gives the lease back"


def test_the_lease_of_a_run_that_died_on_this_machine_is_taken_over_and_one_of_another_machine_only_on_demand(
    running, number, play, site
):
    kill_with_workers(running)
    path = site.exec("epm1", "sh", "-c", f"ls {LEASES}/*.json").strip()
    mine = site.exec("epm1", "cat", path)
    assert mine
    # The same lease, as a run of another machine would have written it.
    lease = json.loads(mine)
    holder = {**lease["holder"], "controller": "0" * 32, "host": "elsewhere"}
    other = json.dumps({**lease, "run": "of-another-run", "holder": holder})
    for host in HOSTS:
        name = site.exec(host, "sh", "-c", f"ls {LEASES}/*.json").strip()
        if name:
            site.exec(host, "sh", "-c", f"cp -p {name} /root/lease && printf %s '{other}' >{name}")
    refused = play("site.yml", WORDS[0], WORDS[1] % number)
    assert refused.rc != 0
    assert "elsewhere" in refused.words
    for host in HOSTS:
        name = site.exec(host, "sh", "-c", f"ls {LEASES}/*.json").strip()
        if name:
            site.exec(host, "mv", "/root/lease", name)
    taken = play("site.yml", WORDS[0], WORDS[1] % number)
    assert taken.rc == 0, taken.output[-3000:]
    assert "died on this machine" in taken.words
    assert not any(held(site, host) for host in HOSTS)
    assert play("site.yml").rc == 0
