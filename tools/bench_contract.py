"""How long the contract and the plan take, against `ansible-inventory --list` of the same inventory: `make bench`.

    python -m tools.bench_contract -i SOURCE… --vault-password-file FILE

is the part that is measured: tools/validate.py on every site of the inventory, and the plans of their models, in one process.
It needs the Python of the project's environment; the rest of this file runs with any.
"""
from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tools.environment import Environment
from tools.machine import ROOT
from tools.steps import LINES_SHOWN, Runner, StepFailed

SIZES = (10, 100, 1_000, 10_000)
AIM = 0.8
AIM_HOLDS_FROM = 10_000


@dataclass(frozen=True)
class Usage:
    """What one process took. Its peak is what the kernel counted as resident at most."""

    cpu: float
    wall: float
    peak_mb: float


@dataclass(frozen=True)
class Measurement:
    """An inventory of one size: the contract with the plan, and the listing that it is held against."""

    hosts: int
    contract: Usage
    plan_cpu: float
    listing: Usage

    @property
    def cpu_ratio(self) -> float:
        return self.contract.cpu / self.listing.cpu

    @property
    def wall_ratio(self) -> float:
        return self.contract.wall / self.listing.wall

    @property
    def cpu_per_host(self) -> float:
        return self.contract.cpu / self.hosts

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "cpu_ratio": self.cpu_ratio, "wall_ratio": self.wall_ratio}


def growth(measurements: Sequence[Measurement]) -> float | None:
    """CPU seconds per host of the second largest inventory ÷ of the largest: below 1, time grows faster than the hosts."""
    if len(measurements) < 2:
        return None
    smaller, larger = sorted(measurements, key=lambda measurement: measurement.hosts)[-2:]
    return smaller.cpu_per_host / larger.cpu_per_host


def rows(measurements: Sequence[Measurement]) -> list[str]:
    """The rows of the report: one for each size, and one for the growth."""
    lines = []
    for one in measurements:
        aim = f" (aim: {AIM} or less)" if one.hosts >= AIM_HOLDS_FROM else ""
        lines += [
            f"| contract and plan of {one.hosts:,} hosts ÷ ansible-inventory --list"
            f" | CPU {one.contract.cpu:.2f} s ÷ {one.listing.cpu:.2f} s = {one.cpu_ratio:.2f}{aim};"
            f" wall {one.contract.wall:.2f} s ÷ {one.listing.wall:.2f} s = {one.wall_ratio:.2f};"
            f" peak {one.contract.peak_mb:.0f} MB ÷ {one.listing.peak_mb:.0f} MB; the plan {one.plan_cpu:.2f} s of CPU |"
        ]
    factor = growth(measurements)
    if factor is not None:
        smaller, larger = sorted(one.hosts for one in measurements)[-2:]
        reading = "below 1, time grows faster than the hosts"
        lines.append(f"| contract and plan, CPU per host at {smaller:,} ÷ at {larger:,} hosts | {factor:.2f} ({reading}) |")
    return lines


class ContractBench:
    """Measures one size after the other; the measurements go to the list that it is given."""

    def __init__(self, where: Environment, runs: int, measurements: list[Measurement]) -> None:
        self.where = where
        self.runs = runs
        self.measurements = measurements

    def measure(self, hosts: int, run: Runner) -> str:
        """Contract and listing in turn: when the machine's speed drifts, it drifts for both."""
        with tempfile.TemporaryDirectory(prefix="dialtone-bench-") as directory:
            inventory = Path(directory) / "inventory"
            words = [*self.generate(inventory, hosts, run), "--vault-password-file", str(inventory / "vault-password")]
            contracts, plans, listings = [], [], []
            for _ in range(self.runs):
                usage, output = self.measured([str(self.where.python), "-m", "tools.bench_contract", *words], Path(directory))
                contracts.append(usage)
                plans.append(plan_cpu(output, hosts))
                listings.append(self.measured([self.where.program("ansible-inventory"), *words, "--list"], Path(directory))[0])
        at = median_at([usage.cpu for usage in contracts])
        listing = listings[median_at([usage.cpu for usage in listings])]
        measurement = Measurement(hosts, contracts[at], plans[at], listing)
        self.measurements.append(measurement)
        return f"CPU {measurement.contract.cpu:.2f} s, {measurement.cpu_ratio:.2f} of ansible-inventory --list"

    def generate(self, inventory: Path, hosts: int, run: Runner) -> list[str]:
        """Write the inventory in a process of its own: what this one holds counts in the peak of every process that it starts."""
        command = [str(self.where.python), "-m", "tests.contract.generate_inventory", str(inventory), str(hosts)]
        return run(command, env=self.where.variables()).stdout.splitlines()[-1].split()

    def measured(self, command: list[str], directory: Path) -> tuple[Usage, str]:
        output, errors = directory / "output", directory / "errors"
        usage, code = measure_process(command, output, errors, self.where.variables())
        if code:
            told = [*errors.read_text(encoding="utf-8").splitlines(), *output.read_text(encoding="utf-8").splitlines()]
            shown = "\n".join("    " + line for line in told[-LINES_SHOWN:])
            raise StepFailed(f"{' '.join(command[:3])} … ended with {code} and was not measured\n{shown}")
        return usage, output.read_text(encoding="utf-8")


def measure_process(command: list[str], output: Path, errors: Path, variables: dict[str, str]) -> tuple[Usage, int]:
    """Run a command to its end; what it took, and its exit status."""
    with output.open("wb") as standard_output, errors.open("wb") as standard_error:
        started = time.monotonic()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=standard_output, stderr=standard_error, cwd=ROOT, env=variables
        )
        try:
            _pid, status, used = os.wait4(process.pid, 0)
        except BaseException:
            process.terminate()
            raise
        wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    return Usage(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024), process.returncode


def plan_cpu(output: str, hosts: int) -> float:
    """What the measured process says at its end; only a whole inventory counts."""
    figures = json.loads(output.splitlines()[-1])
    if figures["hosts"] != hosts:
        raise StepFailed(f"the plans hold {figures['hosts']} of the {hosts} hosts of the inventory, which is no measure of them")
    return float(figures["plan_cpu"])


def median_at(values: Sequence[float]) -> int:
    """Where the median is; of an even number of values the lower one, so that all figures are of one run.

    >>> median_at([3.0, 1.0, 2.0, 9.0])
    2
    """
    return sorted(range(len(values)), key=values.__getitem__)[(len(values) - 1) // 2]


def main(argv: list[str] | None = None) -> int:
    from tools import validate

    options = validate.parse([*(sys.argv[1:] if argv is None else argv), "--every-site", "--json"])
    validate.find_collections()
    contract = validate.judge(options)
    validate.tell(contract, options)
    if contract.refused:
        return contract.exit_code
    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.plan import build_plan

    started = time.process_time()
    plans = [build_plan(model) for model in contract.models.values()]
    print(json.dumps({"hosts": sum(len(plan.hosts) for plan in plans), "plan_cpu": time.process_time() - started}))
    return contract.exit_code


if __name__ == "__main__":
    sys.exit(main())
