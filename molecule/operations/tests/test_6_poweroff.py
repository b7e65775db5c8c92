"""The power of one host goes in the middle of site.yml: the run stops with its name, and a run after power-on converges."""

from __future__ import annotations

import json

import pytest

from lab import seeded
from lab.rehearsal import BROKERS, HOSTS, PROPERTIES, run_until

# From the first written file to the last restart it takes the lab about a minute.
SECONDS = 25.0


def losses() -> list:
    """One broker's host and one without a broker, each at a seeded moment."""
    source = seeded.source("power")
    victims = (source.choice(BROKERS), source.choice([host for host in HOSTS if host not in BROKERS]))
    moments = [(victim, source.uniform(0, SECONDS)) for victim in victims]
    return [pytest.param(victim, moment, id=f"seed{seeded.seed()}-{victim}-{moment:.1f}s") for victim, moment in moments]


@pytest.mark.one_of("a run that meets a fault stops there, says why, and is finished by the next")
@pytest.mark.parametrize(("victim", "moment"), losses())
def test_a_run_after_power_on_converges(victim: str, moment: float, site, play):
    number = 300000 - 1000 * (20 + HOSTS.index(victim))
    words = ("-e", json.dumps({"kafka_log_retention_check_interval_ms": number}))
    wanted = f"log.retention.check.interval.ms={number}"
    with run_until(site, words, site.written("epm1", [wanted]), moment) as run:
        assert run.poll() is None, "the run ended before the power went"
        site.fault("poweroff", victim, "--hard")
        try:
            output, _ = run.communicate(timeout=420)
        finally:
            site.fault("poweron", victim)
    # What needs the host stops with its name; what does not need it any more is completed on the others.
    assert run.returncode == 0 or victim in output, output[-3000:]
    after = play("site.yml", *words)
    assert after.rc == 0, after.output[-3000:]
    assert play("site.yml", *words).changed() == dict.fromkeys(HOSTS, 0)
    assert all(site.exec(host, "grep", "-x", wanted, PROPERTIES) for host in BROKERS)
