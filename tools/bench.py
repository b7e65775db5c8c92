"""How long it takes, and how much memory: `make bench`.

In a lab of its own, so that a person's is left alone: bare hosts are rolled out once (the cold installation), then the run that
changes nothing is held against `ansible all -m ping`, the least that Ansible can do on these hosts. Both use warm connections.
"""
from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from tools import environment, play, site
from tools.environment import Environment
from tools.machine import ROOT, MachineError
from tools.steps import Plan, Runner, StepFailed, seconds

LAB_NAME = "bench"
RUNS = 3
SLOWEST_SHOWN = 8
AIM = 6
COLD_ROLES = ("kafka_distribution", "trust", "zookeeper", "kafka")
# A row of ansible.posix's profile callbacks: the task or role, dashes, seconds.
PROFILE_ROW = re.compile(r"^(?P<name>\S.*?) -{3,} (?P<seconds>\d+\.\d+)s$", re.MULTILINE)
RECAP_ROW = re.compile(
    r"^(?P<host>\S+) +: ok=\d+ +changed=(?P<changed>\d+) +unreachable=(?P<unreachable>\d+) +failed=(?P<failed>\d+)", re.MULTILINE
)


@dataclass
class Measured:
    """What one bench found."""

    cold: float = 0.0
    cold_roles: dict[str, float] | None = None
    pings: list[float] | None = None
    unchanged: list[float] | None = None
    slowest: list[tuple[str, float]] | None = None
    memory: str = ""


def profile(output: str) -> list[tuple[str, float]]:
    """The rows of a profile callback, slowest first.

    >>> profile("zookeeper : install | Unpack ------ 3.21s\\nGathering Facts ----- 4.00s\\n")
    [('Gathering Facts', 4.0), ('zookeeper : install | Unpack', 3.21)]
    """
    rows = [(match["name"], float(match["seconds"])) for match in PROFILE_ROW.finditer(output)]
    return sorted(rows, key=lambda row: -row[1])


def seconds_by_role(tasks: list[tuple[str, float]]) -> dict[str, float]:
    """Seconds of the tasks of each role; tasks of a playbook itself have no ' : ' in their name and count as 'playbook'."""
    roles: dict[str, float] = {}
    for name, taken in tasks:
        role = name.split(" : ")[0] if " : " in name else "playbook"
        roles[role] = roles.get(role, 0.0) + taken
    return roles


def changed_hosts(output: str) -> list[str]:
    return [f"{match['host']} changed={match['changed']}" for match in RECAP_ROW.finditer(output) if match["changed"] != "0"]


def timed(run: Runner, command: list[str], variables: dict[str, str]) -> tuple[float, str]:
    started = time.monotonic()
    output = run(command, env=variables).stdout
    return time.monotonic() - started, output


class Bench:
    def __init__(self, where: Environment, runs: int) -> None:
        self.where = where
        self.runs = runs
        self.measured = Measured()
        self.variables = {**where.variables(), "DIALTONE_LAB": LAB_NAME, "ANSIBLE_NOCOLOR": "1"}
        self.profiled = {
            **self.variables,
            "ANSIBLE_CALLBACKS_ENABLED": "ansible.posix.profile_tasks",
            "PROFILE_TASKS_TASK_OUTPUT_LIMIT": "all",
        }

    def lab(self, *words: str) -> list[str]:
        return [str(self.where.python), "-m", "lab", "--name", LAB_NAME, *words]

    def playbook(self) -> list[str]:
        return play.command(self.where, "site", None, [], LAB_NAME)

    @property
    def ping(self) -> list[str]:
        return [self.where.program("ansible"), "all", "-m", "ansible.builtin.ping", *play.inventory_arguments(None, LAB_NAME)]

    def begin(self, run: Runner) -> None:
        run(self.lab("down"), env=self.variables)
        run(self.lab("up"), env=self.variables)

    def cold(self, run: Runner) -> str:
        self.measured.cold, output = timed(run, self.playbook(), self.profiled)
        self.measured.cold_roles = seconds_by_role(profile(output))
        return f"site.yml on bare hosts {seconds(self.measured.cold)}"

    def unchanged(self, run: Runner, variables: dict[str, str]) -> tuple[float, str]:
        taken, output = timed(run, self.playbook(), variables)
        changed = changed_hosts(output)
        if changed:
            raise StepFailed(f"the run that should change nothing did: {', '.join(changed)}")
        return taken, output

    def warm_up(self, run: Runner) -> None:
        """One of each, not counted: connections open, caches fill, new brokers calm down. Names the slowest tasks."""
        run(self.ping, env=self.variables)
        self.measured.slowest = profile(self.unchanged(run, self.profiled)[1])[:SLOWEST_SHOWN]

    def in_turn(self, run: Runner) -> str:
        """Ping and the run that changes nothing, in turn: when the machine's speed drifts, it drifts for both."""
        self.measured.pings, self.measured.unchanged = [], []
        for _ in range(self.runs):
            self.measured.pings.append(timed(run, self.ping, self.variables)[0])
            self.measured.unchanged.append(self.unchanged(run, self.variables)[0])
        return f"ping {shown(self.measured.pings)}; site.yml {shown(self.measured.unchanged)}"

    def memory(self, run: Runner) -> str:
        self.measured.memory = run(self.lab("memory"), env=self.variables).stdout.strip()
        return self.measured.memory.splitlines()[-1] if self.measured.memory else ""

    def end(self) -> None:
        subprocess.run(self.lab("down"), cwd=ROOT, env=self.variables, check=False, stdout=subprocess.DEVNULL)


def shown(runs: list[float]) -> str:
    return f"median {statistics.median(runs):.2f} s of {len(runs)} runs ({min(runs):.2f} to {max(runs):.2f})"


def report(measured: Measured) -> str:
    """The table that the bench ends with."""
    lines = ["", "| what | measured |", "|---|---|"]
    if measured.pings and measured.unchanged:
        ratio = statistics.median(measured.unchanged) / statistics.median(measured.pings)
        lines += [
            f"| ansible all -m ping | {shown(measured.pings)} |",
            f"| site.yml that changes nothing | {shown(measured.unchanged)} |",
            f"| site.yml ÷ ping | {ratio:.1f} (aim: {AIM} or less) |",
        ]
    if measured.cold_roles:
        roles = {name: measured.cold_roles.get(name, 0.0) for name in COLD_ROLES}
        parts = ", ".join(f"{name} {taken:.1f}" for name, taken in roles.items())
        lines.append(f"| cold installation of Kafka and ZooKeeper | {sum(roles.values()):.1f} s ({parts}) |")
        lines.append(f"| cold site.yml, everything | {measured.cold:.1f} s |")
    if measured.memory:
        lines.append(f"| memory of the lab | {measured.memory.splitlines()[-1]} |")
    if measured.slowest:
        lines += ["", "Where the time of a run that changes nothing goes:"]
        lines += [f"  {taken:6.2f} s  {name}" for name, taken in measured.slowest]
    return "\n".join(lines)


def write_json(measured: Measured) -> str:
    target = ROOT / "build" / "bench.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps({**vars(measured), "cores": os.cpu_count()}, indent=2) + "\n", encoding="utf-8")
    return str(target.relative_to(ROOT))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tools.bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--runs", type=int, default=RUNS, help="of ping and of the run that changes nothing (default: %(default)s)"
    )
    parser.add_argument("--keep", action="store_true", help="leave the lab of the bench running")
    arguments = parser.parse_args(argv)
    try:
        site.check_machine()
        where = environment.newest()
        bench = Bench(where, arguments.runs)
        plan = Plan()
        site.add_lab_needs(plan, [where])
        steps: list[tuple[str, Callable[[Runner], str | None]]] = [
            ("Bare hosts", bench.begin),
            ("Cold installation", bench.cold),
            ("Warm-up", bench.warm_up),
            ("Ping and the run that changes nothing, in turn", bench.in_turn),
            ("Memory", bench.memory),
        ]
        for title, action in steps:
            plan.add(title, action)
        try:
            plan.run()
        finally:
            if not arguments.keep:
                bench.end()
        print(report(bench.measured))
        print(f"\nAlso as JSON: {write_json(bench.measured)}")
    except (MachineError, StepFailed) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nerror: interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
