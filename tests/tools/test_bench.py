"""What the bench reads out of Ansible's own output, and what it makes of its measurements."""
from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tools import bench
from tools.bench_contract import ContractBench, Measurement, Usage
from tools.steps import StepFailed

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


# What a run of site.yml with profile_tasks ends with on the lab: twelve tasks, the slowest first.
RECORDED = """
PLAY RECAP *********************************************************************
db1                        : ok=12   changed=0    unreachable=0    failed=0    skipped=3    rescued=0    ignored=0
epm1                       : ok=31   changed=0    unreachable=0    failed=0    skipped=7    rescued=0    ignored=0

TASKS RECAP ********************************************************************
Saturday 21 November 2026  19:24:33 +0000 (0:00:01.402)       0:00:11.105 ******
===============================================================================
Ask every service itself ------------------------------------------------ 1.40s
pom_server : preflight | Look at POM ------------------------------------ 1.32s
kafka : observe_cluster | Look at the cluster --------------------------- 1.21s
pom_database : preflight | Look at the database ------------------------- 0.98s
zookeeper : preflight | Look at properties and service ------------------ 0.91s
kafka : preflight | Look at properties and service ---------------------- 0.90s
trust : preflight | Look at key, certificate and stores ----------------- 0.88s
host : preflight | Observe the host ------------------------------------- 0.86s
kafka_distribution : preflight | Look at account and tree --------------- 0.71s
Ask the host what it is ------------------------------------------------- 0.64s
Judge the inventory ----------------------------------------------------- 0.29s
Say what this run changes ----------------------------------------------- 0.11s
"""


class Recorded:
    """Commands that end with recorded outputs, and are kept."""

    def __init__(self, **outputs: str) -> None:
        self.outputs = outputs
        self.asked: list[tuple[list[str], dict[str, str]]] = []

    def __call__(self, command: list[str], **options: Any) -> Any:
        self.asked.append((command, options["env"]))
        return SimpleNamespace(stdout=self.outputs.get(Path(command[0]).name, ""), returncode=0)


def bench_of(runs: int = 2) -> bench.Bench:
    return bench.Bench(SimpleNamespace(python=Path("/env/python"), variables=dict, program=lambda name: f"/env/{name}"), runs)


def test_the_whole_site_is_rolled_out_as_make_site_does_in_a_lab_of_its_own() -> None:
    one, run = bench_of(), Recorded()
    one.roll_out(run)
    (down, _), (roll_out, variables) = run.asked
    assert down[-3:] == ["--name", bench.LAB_NAME, "down"]
    assert roll_out[-2:] == ["-m", "tools.site"]
    assert variables["DIALTONE_LAB"] == bench.LAB_NAME


def test_ping_and_the_run_that_changes_nothing_are_measured_in_turn_on_the_whole_site() -> None:
    one, run = bench_of(), Recorded(**{"ansible-playbook": RECORDED})
    one.warm_up(run)
    one.in_turn(run)
    assert [Path(command[0]).name for command, _ in run.asked] == ["ansible", "ansible-playbook"] * 3
    assert all(command[command.index("-i") + 1] == "inventories/lab" for command, _ in run.asked)
    assert len(one.measured.site.pings) == len(one.measured.site.unchanged) == 2
    profiled = ["ANSIBLE_CALLBACKS_ENABLED" in variables for _, variables in run.asked]
    assert profiled == [False, True, False, False, False, False], "what is compared pays for no profile"


def test_the_ten_slowest_tasks_are_named() -> None:
    one = bench_of()
    one.warm_up(Recorded(**{"ansible-playbook": RECORDED}))
    assert len(one.measured.site.slowest) == 10
    assert one.measured.site.slowest[0] == ("Ask every service itself", 1.4)
    report = bench.report(one.measured)
    assert "    1.32 s  pom_server : preflight | Look at POM" in report
    assert "Judge the inventory" not in report


def test_a_run_that_changes_something_is_no_measure() -> None:
    with pytest.raises(StepFailed, match="should change nothing did: epm1 changed=2"):
        bench_of().warm_up(Recorded(**{"ansible-playbook": PROFILED}))


def test_the_report_holds_ratios_and_cold_seconds() -> None:
    slowest = [("kafka : verify | Ask", 3.0)]
    measured = bench.Measured(
        site=bench.WholeSite(600.0, [2.0, 2.2, 1.9], [9.0, 10.0, 11.0], slowest, "epm1 300 MB\nall 1900 MB"),
        brokers=bench.Brokers(90.0, {"zookeeper": 10.0, "kafka": 20.5}, [5.0, 5.0, 5.0], 16.5, 40.0),
    )
    report = bench.report(measured)
    assert "| site.yml ÷ ping | 5.0 (aim: 6 or less) |" in report
    assert "| make site, from bare hosts | 600.0 s |" in report
    assert "| cold installation of Kafka and ZooKeeper | 30.5 s (" in report
    assert "| rolling ÷ bare | 1.10 (aim: 1.2 or less) |" in report
    assert "| memory of its lab | all 1900 MB |" in report
    assert "3.00 s  kafka : verify | Ask" in report
    assert bench.report(bench.Measured()).splitlines() == ["", "| what | measured |", "|---|---|"]


def test_one_suite_keeps_the_figures_of_the_others(tmp_path: Path) -> None:
    target = tmp_path / "build" / "bench.json"
    bench.write_json(bench.Measured(brokers=bench.Brokers(cold=90.0)), ["brokers"], target)
    assert set(json.loads(target.read_text(encoding="utf-8"))) == {"brokers", "cores"}
    usage = Usage(cpu=2.0, wall=3.0, peak_mb=80.0)
    bench.write_json(bench.Measured(contract=[Measurement(10, usage, 0.1, usage)]), ["contract"], target)
    bench.write_json(bench.Measured(site=bench.WholeSite(slowest=[("kafka : verify | Ask", 3.0)])), ["site"], target)
    figures = json.loads(target.read_text(encoding="utf-8"))
    assert figures["brokers"]["cold"] == 90.0
    assert figures["contract"]["sizes"][0]["cpu_ratio"] == 1.0
    assert figures["contract"]["growth"] is None
    assert figures["site"]["slowest"] == [["kafka : verify | Ask", 3.0]]


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
    environment = SimpleNamespace(variables=dict, is_current=lambda: True, program=lambda name: name)
    monkeypatch.setattr(bench.environment, "newest", lambda: environment)
    measured: list[int] = []
    monkeypatch.setattr(ContractBench, "measure", lambda self, hosts, run: measured.append(hosts))
    monkeypatch.setattr(bench, "write_json", lambda *_arguments: "bench.json")
    assert bench.main(["--only", "contract", "--hosts", "10,20"]) == 0
    assert measured == [10, 20]
    assert "| what | measured |" in capsys.readouterr().out
