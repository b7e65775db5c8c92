"""What the bench reads out of Ansible's own output, and what it makes of its measurements."""
from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tools import bench
from tools.bench_contract import ContractBench, Measurement, Usage

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


def test_one_suite_keeps_the_figures_of_the_other(tmp_path: Path) -> None:
    target = tmp_path / "build" / "bench.json"
    bench.write_json(bench.Measured(cold=90.0), ["lab"], target)
    assert "contract" not in json.loads(target.read_text(encoding="utf-8"))
    usage = Usage(cpu=2.0, wall=3.0, peak_mb=80.0)
    bench.write_json(bench.Measured(contract=[Measurement(10, usage, 0.1, usage)]), ["contract"], target)
    figures = json.loads(target.read_text(encoding="utf-8"))
    assert figures["cold"] == 90.0
    assert figures["contract"][0]["cpu_ratio"] == 1.0
    assert figures["contract_growth"] is None


def test_sizes_of_inventories_are_told_apart_by_commas(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.parse(["--only", "contract", "--hosts", "100,10"]).hosts == [10, 100]
    assert bench.parse([]).hosts == [10, 100, 1_000, 10_000]
    for wrong in ("0", "ten", "10,"):
        with pytest.raises(SystemExit):
            bench.parse(["--hosts", wrong])
        assert f"invalid sizes value: '{wrong}'" in capsys.readouterr().err


def test_contract_alone_asks_for_no_lab(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(*_arguments: Any) -> None:
        raise AssertionError("the contract bench needs no lab")

    monkeypatch.setattr(bench.site, "check_machine", refuse)
    monkeypatch.setattr(bench.Bench, "end", refuse)
    monkeypatch.setattr(bench.environment, "newest", lambda: SimpleNamespace(variables=dict, is_current=lambda: True))
    measured: list[int] = []
    monkeypatch.setattr(ContractBench, "measure", lambda self, hosts, run: measured.append(hosts))
    monkeypatch.setattr(bench, "write_json", lambda *_arguments: "bench.json")
    assert bench.main(["--only", "contract", "--hosts", "10,20"]) == 0
    assert measured == [10, 20]
    assert "| what | measured |" in capsys.readouterr().out
