"""A controller that dies (SIGKILL) at a random moment after the first file was written: the next run finishes the work."""

from __future__ import annotations

import random

import pytest

from lab.rehearsal import BROKERS, PROPERTIES, kill_a_run

SEED = 20261121
KILLS = 3
# From the first written file to the last restart it takes the lab about a minute.
SECONDS = 30.0


def moments() -> list[tuple[int, float]]:
    source = random.Random(SEED)
    return [(number, source.uniform(0, SECONDS)) for number in range(KILLS)]


@pytest.mark.parametrize(("number", "seconds"), moments())
def test_the_next_run_finishes_and_the_one_after_changes_nothing(number: int, seconds: float, site):
    words = {"kafka_log_retention_check_interval_ms": 300000 - 1000 * (number + 1), "zookeeper_sync_limit": 3 + number % 2}
    wanted = f"log.retention.check.interval.ms={words['kafka_log_retention_check_interval_ms']}"
    zookeeper = f"syncLimit={words['zookeeper_sync_limit']}"

    def written() -> bool:
        return bool(site.exec(BROKERS[0], "grep", "-rhx", "-e", wanted, "-e", zookeeper, PROPERTIES.rpartition("/")[0]))

    killed = kill_a_run(site, words, written, seconds)
    assert killed.killed, "the run had ended before: nothing was shown"
    assert killed.faults == [], killed.finished.output[-3000:] + killed.again.output[-2000:]
    assert all(site.exec(host, "grep", "-x", wanted, PROPERTIES) for host in BROKERS)
