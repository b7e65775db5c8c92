"""How the contract and the plan are measured against `ansible-inventory --list`."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tools import bench_contract
from tools.bench_contract import ContractBench, Measurement, Usage
from tools.machine import ROOT
from tools.steps import StepFailed, run_plainly


def measurement(hosts: int, cpu: float, listing_cpu: float) -> Measurement:
    return Measurement(hosts, Usage(cpu, cpu * 2, 90.0), 0.25, Usage(listing_cpu, listing_cpu, 120.0))


def this_python() -> Any:
    """The environment whose Python runs the tests."""
    directory = Path(sys.executable).parent
    return SimpleNamespace(
        python=Path(sys.executable),
        program=lambda name: str(directory / name),
        variables=lambda: dict(os.environ),
        is_current=lambda: True,
    )


def run_captured(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
    return run_plainly(command, stdout=subprocess.PIPE, **options)


def test_each_size_has_a_row_and_the_largest_an_aim() -> None:
    rows = bench_contract.rows([measurement(1_000, 2.0, 2.5), measurement(10_000, 16.0, 32.0)])
    assert rows[0].startswith("| contract and plan of 1,000 hosts ÷ ansible-inventory --list | CPU 2.00 s ÷ 2.50 s = 0.80; wall ")
    assert "CPU 16.00 s ÷ 32.00 s = 0.50 (aim: 0.8 or less); wall 32.00 s ÷ 32.00 s = 1.00; peak 90 MB ÷ 120 MB" in rows[1]
    assert rows[2].startswith("| contract and plan, CPU per host at 1,000 ÷ at 10,000 hosts | 1.25 (")
    assert len(rows) == 3


def test_growth_compares_the_two_largest_whatever_their_order() -> None:
    linear = [measurement(1_000, 10.0, 1.0), measurement(10, 5.0, 1.0), measurement(100, 1.0, 1.0)]
    assert bench_contract.growth(linear) == pytest.approx(1.0)
    quadratic = [measurement(100, 1.0, 1.0), measurement(1_000, 100.0, 1.0)]
    assert bench_contract.growth(quadratic) == pytest.approx(0.1)
    assert bench_contract.growth(linear[:1]) is None


def test_a_process_is_measured_with_its_time_and_its_peak(tmp_path: Path) -> None:
    busy = "import time\nheld = b'x' * 80_000_000\nwhile time.process_time() < 0.3: pass\ntime.sleep(0.3)\nprint(len(held))"
    command = [sys.executable, "-c", busy]
    usage, code = bench_contract.measure_process(command, tmp_path / "output", tmp_path / "errors", dict(os.environ))
    assert code == 0
    assert (tmp_path / "output").read_text(encoding="utf-8") == "80000000\n"
    assert usage.cpu >= 0.3
    assert usage.wall >= usage.cpu + 0.2
    assert usage.peak_mb > 76


def test_what_fails_is_shown_and_not_measured(tmp_path: Path) -> None:
    contract = ContractBench(this_python(), 1, [])
    with pytest.raises(StepFailed, match=r"ended with 3 and was not measured\n    the reason"):
        contract.measured([sys.executable, "-c", "import sys; print('the reason', file=sys.stderr); sys.exit(3)"], tmp_path)


def test_a_part_of_the_inventory_is_no_measure_of_it() -> None:
    assert bench_contract.plan_cpu('{}\n{"hosts": 20, "plan_cpu": 0.5}\n', 20) == 0.5
    with pytest.raises(StepFailed, match="hold 10 of the 20 hosts"):
        bench_contract.plan_cpu('{"hosts": 10, "plan_cpu": 0.5}', 20)


def test_an_inventory_is_generated_judged_planned_and_listed() -> None:
    measurements: list[Measurement] = []
    told = ContractBench(this_python(), 1, measurements).measure(10, run_captured)
    assert [one.hosts for one in measurements] == [10]
    assert 0 < measurements[0].plan_cpu < measurements[0].contract.cpu
    assert measurements[0].listing.cpu > 0
    assert told.endswith("of ansible-inventory --list")


def test_what_the_contract_refuses_has_no_plan(tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text("all: {hosts: {epm1: {kafak_heap_mb: 1}}}\n", encoding="utf-8")
    command = [sys.executable, "-m", "tools.bench_contract", "-i", str(tmp_path / "hosts.yml")]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 1, ended.stderr
    assert '"refused": true' in ended.stdout
    assert "plan_cpu" not in ended.stdout
