"""The power of one host goes in the middle of site.yml: the run stops with its name, and a run after power-on converges."""

from __future__ import annotations

import random

import pytest

from lab.rehearsal import BROKERS, HOSTS, PROPERTIES, wait_for

SEED = 4711


def victims() -> list[tuple[str, float]]:
    """One broker's host and one without a broker, each at a seeded moment."""
    source = random.Random(SEED)
    return [
        (source.choice(BROKERS), source.uniform(0, 25)),
        (source.choice(sorted(set(HOSTS) - set(BROKERS))), source.uniform(0, 25)),
    ]


@pytest.mark.parametrize(("victim", "seconds"), victims())
def test_a_run_after_power_on_converges(victim: str, seconds: float, site, play):
    number = 300000 - 1000 * (20 + HOSTS.index(victim))
    words = ("-e", f'{{"kafka_log_retention_check_interval_ms": {number}}}')
    wanted = f"log.retention.check.interval.ms={number}"
    run = site.start("site.yml", *words)
    wait_for(lambda: run.poll() is not None or bool(site.exec("epm1", "grep", "-x", wanted, PROPERTIES)), "nothing was written")
    try:
        run.wait(timeout=seconds)
    except Exception:
        site.fault("poweroff", victim, "--hard")
    else:
        pytest.fail("the run ended before the power went")
    output, _ = run.communicate(timeout=420)
    try:
        # What needs the host stops with its name; what does not need it any more is completed on the others.
        assert run.returncode == 0 or victim in output, output[-3000:]
    finally:
        site.fault("poweron", victim)
    after = play("site.yml", *words)
    assert after.rc == 0, after.output[-3000:]
    assert play("site.yml", *words).changed() == dict.fromkeys(HOSTS, 0)
    assert all(site.exec(host, "grep", "-x", wanted, PROPERTIES) for host in BROKERS)
