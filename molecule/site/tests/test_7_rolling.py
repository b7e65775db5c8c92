"""A restart of every ZooKeeper node and every broker under load: one by one, and nothing acknowledged is lost or reordered."""

from __future__ import annotations

import time
from datetime import datetime, timezone

from kafka_facts import controller
from kafka_load import Load

from lab.rehearsal import BROKERS, Playbook

LEFT, ENTERED = "ActiveExitTimestampMonotonic", "ActiveEnterTimestampMonotonic"


def downtimes(lab) -> list[tuple[float, float, str]]:
    """When each broker went and came, in the order of going; all hosts of the lab share one monotonic clock."""
    times = []
    for host in BROKERS:
        show = dict(
            line.split("=") for line in lab(host).check_output(f"systemctl show --property={LEFT},{ENTERED} kafka").splitlines()
        )
        times.append((int(show[LEFT]) / 1e6, int(show[ENTERED]) / 1e6, host))
    return sorted(times)


def wall_clock(monotonic: float) -> str:
    """A time of the monotonic clock, as Kafka's logs write it: hosts and tests share both clocks."""
    return datetime.fromtimestamp(time.time() - time.monotonic() + monotonic, timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")


def test_a_restart_of_everything_loses_and_reorders_nothing(lab, play, site, capsys):
    before = {unit: site.processes(unit=unit) for unit in ("zookeeper", "kafka")}
    with Load(lab("epm1")) as load:
        run: Playbook = play("kafka_restart.yml", "-e", '{"kafka_restart_all": true}')
        assert run.rc == 0, run.output[-3000:]
        outcome = load.finish()
    after = {unit: site.processes(unit=unit) for unit in ("zookeeper", "kafka")}
    assert all(after[unit][host] != before[unit][host] for unit in after for host in BROKERS)

    assert outcome.faults == []
    assert outcome.received == outcome.sent > 2000
    assert "ERROR" not in outcome.producer_said, outcome.producer_said[-2000:]
    one_by_one = downtimes(lab)
    assert all(later[0] > earlier[1] for earlier, later in zip(one_by_one, one_by_one[1:])), f"two brokers down: {one_by_one}"
    assert one_by_one[-1][2] == controller(lab, wall_clock(one_by_one[0][0])), "the controller goes last: then it moves once"
    with capsys.disabled():
        print(f"\n    {outcome.sent} messages sent and received in order; the longest pause {outcome.longest_pause:.1f} s")
