"""What the bench reads out of Ansible's own output."""
from __future__ import annotations

from tools import bench

PROFILED = """
PLAY RECAP *********************************************************************
db1                        : ok=12   changed=0    unreachable=0    failed=0    skipped=3    rescued=0    ignored=0
epm1                       : ok=21   changed=2    unreachable=0    failed=0    skipped=7    rescued=0    ignored=0

TASKS RECAP ********************************************************************
zookeeper : verify | Ask the ensemble ----------------------------------- 6.12s
kafka : service | Start the broker -------------------------------------- 4.50s
Refuse a wrong inventory ------------------------------------------------ 1.20s
kafka : preflight | Observe --------------------------------------------- 0.50s
"""


def test_seconds_are_summed_by_role() -> None:
    assert bench.seconds_by_role(bench.profile(PROFILED)) == {"zookeeper": 6.12, "kafka": 5.0, "playbook": 1.2}


def test_hosts_that_changed_are_named() -> None:
    assert bench.changed_hosts(PROFILED) == ["epm1 changed=2"]


def test_the_report_holds_ratio_cold_seconds_and_slowest_tasks() -> None:
    measured = bench.Measured(
        cold=90.0,
        cold_roles={"zookeeper": 10.0, "kafka": 20.5},
        pings=[2.0, 2.2, 1.9],
        unchanged=[9.0, 10.0, 11.0],
        slowest=[("kafka : verify | Ask", 3.0)],
        memory="epm1 300 MB\nall 1900 MB",
    )
    report = bench.report(measured)
    assert "| site.yml ÷ ping | 5.0 (aim: 6 or less) |" in report
    assert "| cold installation of Kafka and ZooKeeper | 30.5 s (" in report
    assert "| memory of the lab | all 1900 MB |" in report
    assert "3.00 s  kafka : verify | Ask" in report
