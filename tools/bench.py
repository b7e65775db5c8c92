"""How long it takes, and how much memory: `make bench`. Three suites, each alone with `--only`:

contract   the contract and the plan of generated inventories, held against `ansible-inventory --list` (tools/bench_contract.py)
site       the whole site of `make site`, rolled out once: then the run that changes nothing is held against
           `ansible all -m ping`, the least that Ansible can do on these hosts, and its slowest tasks are named
brokers    brokers in a tree of their own: the cold installation, and a rolling restart of three held against three bare restarts,
           each with the wait until the broker is in sync again

The hosts are those of a lab of its own, so that a person's is left alone. What is compared uses warm connections.
"""
from __future__ import annotations

import argparse
import functools
import json
import os
import re
import statistics
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from lab.rehearsal import BROKERS, PROPERTIES, Site
from tools import bench_contract, environment, site
from tools.bench_contract import ContractBench, Measurement
from tools.environment import Environment
from tools.machine import ROOT
from tools.steps import Plan, Runner, StepFailed, relative, seconds, tells_errors

LAB_NAME = "bench"
SUITES = ("contract", "site", "brokers")
NEED_LAB = {"site", "brokers"}
RUNS = 3
SLOWEST_SHOWN = 10
AIM = 6
WHOLE_SITE = "inventories/lab"
RESULTS = ROOT / "build" / "bench.json"
ROLLING_AIM = 1.2
ROLLING_PLAYS = ("Kafka, due brokers one by one", "Kafka, the controller last")
UTILS = ROOT / "collections" / "ansible_collections" / "dialtone" / "contact_center" / "plugins" / "module_utils"
# Runs on a host: a restart as a person at a shell would do it, and the wait until the broker is in sync again.
BARE_RESTART = """\
import subprocess, sys, time
sys.path.insert(0, "/run/bench.zip")
from ansible_collections.dialtone.contact_center.plugins.module_utils import probes
from ansible_collections.dialtone.contact_center.plugins.module_utils.tls_client import Identity
tls = "/etc/dialtone/tls/"
identity = Identity(ca=tls + "ca.crt", key=tls + "node.key", certificate=tls + "node.crt")
probe = {"id": "kafka", "host": sys.argv[1], "port": 9093, "broker_id": int(sys.argv[2]), "expect_brokers": [1, 2, 3]}
run = lambda argv: (0, "", "")
started = time.monotonic()
subprocess.run(["systemctl", "restart", "kafka"], check=True)
while not probes.KINDS["kafka"].observe(probe, probes.Context(identity, run)).ok:
    time.sleep(0.1)
print("%.2f" % (time.monotonic() - started))
"""
COLD_ROLES = ("kafka_distribution", "trust", "zookeeper", "kafka")
# A row of ansible.posix's profile callbacks: the task or role, dashes, seconds.
PROFILE_ROW = re.compile(r"^(?P<name>\S.*?) -{3,} (?P<seconds>\d+\.\d+)s$", re.MULTILINE)
RECAP_ROW = re.compile(
    r"^(?P<host>\S+) +: ok=\d+ +changed=(?P<changed>\d+) +unreachable=(?P<unreachable>\d+) +failed=(?P<failed>\d+)", re.MULTILINE
)


@dataclass
class WholeSite:
    """What was found of the site of `make site`."""

    from_bare_hosts: float = 0.0
    pings: list[float] = field(default_factory=list)
    unchanged: list[float] = field(default_factory=list)
    slowest: list[tuple[str, float]] = field(default_factory=list)
    memory: str = ""

    @property
    def ratio(self) -> float:
        return statistics.median(self.unchanged) / statistics.median(self.pings)


@dataclass
class Brokers:
    """What was found of brokers in a tree of their own."""

    cold: float = 0.0
    cold_roles: dict[str, float] = field(default_factory=dict)
    bare_restarts: list[float] = field(default_factory=list)
    rolling: float = 0.0
    rolling_run: float = 0.0
    one_property: float = 0.0
    downtimes: list[float] = field(default_factory=list)
    most_down: int = 0


@dataclass
class Measured:
    """What one bench found."""

    contract: list[Measurement] = field(default_factory=list)
    site: WholeSite = field(default_factory=WholeSite)
    brokers: Brokers = field(default_factory=Brokers)


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
        ansible_playbook = where.program("ansible-playbook")
        self.whole_site = Site(LAB_NAME, ansible_playbook, WHOLE_SITE)
        self.own_trees = Site(LAB_NAME, ansible_playbook)

    def lab(self, *words: str) -> list[str]:
        return [str(self.where.python), "-m", "lab", "--name", LAB_NAME, *words]

    @property
    def ping(self) -> list[str]:
        return [self.where.program("ansible"), "all", "-m", "ansible.builtin.ping", *self.whole_site.options]

    def steps(self, suite: str) -> list[tuple[str, Callable[[Runner], str | None]]]:
        if suite == "site":
            return [
                ("The whole site", self.roll_out),
                ("Warm-up", self.warm_up),
                ("Ping and the run that changes nothing, in turn", self.in_turn),
                ("Memory", self.memory),
            ]
        return [
            ("Bare hosts", self.begin),
            ("Cold installation", self.cold),
            ("Bare restarts", self.bare_restarts),
            ("Rolling restart", self.rolling),
            ("One changed property", self.one_property),
        ]

    def roll_out(self, run: Runner) -> str:
        """As a person has it from `make site`: guided steps included."""
        run(self.lab("down"), env=self.variables)
        self.measured.site.from_bare_hosts, _output = timed(run, [sys.executable, "-m", "tools.site"], self.variables)
        return f"make site {seconds(self.measured.site.from_bare_hosts)}"

    def unchanged(self, run: Runner, variables: dict[str, str]) -> tuple[float, str]:
        taken, output = timed(run, self.whole_site.command("site.yml"), variables)
        changed = changed_hosts(output)
        if changed:
            raise StepFailed(f"the run that should change nothing did: {', '.join(changed)}")
        return taken, output

    def warm_up(self, run: Runner) -> None:
        """One of each, not counted: connections open, caches fill, new brokers calm down. Names the slowest tasks."""
        run(self.ping, env=self.variables)
        self.measured.site.slowest = profile(self.unchanged(run, self.profiled)[1])[:SLOWEST_SHOWN]

    def in_turn(self, run: Runner) -> str:
        """Ping and the run that changes nothing, in turn: when the machine's speed drifts, it drifts for both."""
        found = self.measured.site
        for _ in range(self.runs):
            found.pings.append(timed(run, self.ping, self.variables)[0])
            found.unchanged.append(self.unchanged(run, self.variables)[0])
        return f"ping {shown(found.pings)}; site.yml {shown(found.unchanged)}"

    def memory(self, run: Runner) -> str:
        self.measured.site.memory = run(self.lab("memory"), env=self.variables).stdout.strip()
        return self.measured.site.memory

    def begin(self, run: Runner) -> None:
        run(self.lab("down"), env=self.variables)
        run(self.lab("up"), env=self.variables)

    def cold(self, run: Runner) -> str:
        self.measured.brokers.cold, output = timed(run, self.own_trees.command("site.yml"), self.profiled)
        self.measured.brokers.cold_roles = seconds_by_role(profile(output))
        return f"site.yml on bare hosts {seconds(self.measured.brokers.cold)}"

    def bare_restarts(self, run: Runner) -> str:
        """Restarts without Dialtone: the least that three restarts with the wait for sync can take."""
        archive = self.bundle()
        for number, host in enumerate(BROKERS, 1):
            subprocess.run(
                self.lab("exec", host, "--", "sh", "-c", "cat >/run/bench.zip"), cwd=ROOT, env=self.variables, check=True,
                input=archive.read_bytes(),
            )
            address = f"{host}.dc1.lab.test"
            output = run(
                self.lab("exec", host, "--", "python3", "-c", BARE_RESTART, address, str(number)), env=self.variables
            ).stdout
            self.measured.brokers.bare_restarts.append(float(output.split()[-1]))
        return ", ".join(f"{one:.1f} s" for one in self.measured.brokers.bare_restarts)

    @staticmethod
    def bundle() -> Path:
        """What the modules need on a host, as one file that Python imports from."""
        target = ROOT / "build" / "bench.zip"
        target.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(target, "w") as bundle:
            for path in sorted(UTILS.rglob("*.py")):
                bundle.write(path, path.relative_to(ROOT / "collections"))
        return target

    def rolling(self, run: Runner) -> str:
        """Every broker runs on something else than what is on disk: kafka_restart.yml restarts the three, and nothing else."""
        for host in BROKERS:
            run(self.lab("exec", host, "--", "sed", "-i", "s/^socket.request.max.bytes=.*/&0/", PROPERTIES), env=self.variables)
        found = self.measured.brokers
        found.rolling_run, _output = timed(run, self.own_trees.command("kafka_restart.yml"), self.variables)
        found.rolling = seconds_of_plays(latest_events(), ROLLING_PLAYS)
        return f"{found.rolling:.1f} s of the {found.rolling_run:.1f} s of the run"

    def one_property(self, run: Runner) -> str:
        """site.yml puts the property back: what a change of one word in the inventory costs, and how long each broker is away."""
        found = self.measured.brokers
        found.one_property, _output = timed(run, self.own_trees.command("site.yml"), self.variables)
        spans = [self.downtime(run, host) for host in BROKERS]
        found.downtimes = [came - went for went, came in spans]
        found.most_down = max(sum(went <= moment < came for went, came in spans) for moment, _came in spans)
        return f"{found.one_property:.1f} s, at most {found.most_down} broker down"

    def downtime(self, run: Runner, host: str) -> tuple[float, float]:
        """When the broker went and came; all hosts of the lab share one monotonic clock."""
        names = ("ActiveExitTimestampMonotonic", "ActiveEnterTimestampMonotonic")
        output = run(
            self.lab("exec", host, "--", "systemctl", "show", f"--property={','.join(names)}", "kafka"), env=self.variables
        ).stdout
        values = dict(line.split("=") for line in output.split())
        return int(values[names[0]]) / 1e6, int(values[names[1]]) / 1e6

    def end(self) -> None:
        subprocess.run(self.lab("down"), cwd=ROOT, env=self.variables, check=False, stdout=subprocess.DEVNULL)


def latest_events() -> list[dict[str, Any]]:
    """The events of the latest run, as its record has them."""
    newest = max((ROOT / "build" / "lab" / "runs").glob("*/events.jsonl"), key=lambda path: path.parent.name)
    return [json.loads(line) for line in newest.read_text(encoding="utf-8").splitlines()]


def seconds_of_plays(events: list[dict[str, Any]], names: Sequence[str]) -> float:
    """From the first task of these plays to the last.

    >>> one = {"play_name": "a", "time": "2026-11-21T10:00:07.500Z", "seconds": 2.5}
    >>> seconds_of_plays([one, {**one, "time": "2026-11-21T10:00:09.000Z"}, {**one, "play_name": "b"}], ["a"])
    4.0
    """
    ends = [
        (datetime.fromisoformat(event["time"].replace("Z", "+00:00")), event.get("seconds") or 0.0)
        for event in events
        if event.get("play_name") in names
    ]
    if not ends:
        raise StepFailed(f"the record of the run has none of the plays {', '.join(names)}")
    began = min(end.timestamp() - taken for end, taken in ends)
    return max(end.timestamp() for end, _taken in ends) - began


def shown(runs: list[float]) -> str:
    return f"median {statistics.median(runs):.2f} s of {len(runs)} runs ({min(runs):.2f} to {max(runs):.2f})"


def report(measured: Measured) -> str:
    """The table that the bench ends with."""
    rows = [*bench_contract.rows(measured.contract), *site_rows(measured.site), *brokers_rows(measured.brokers)]
    lines = ["", "| what | measured |", "|---|---|", *rows]
    if measured.site.slowest:
        lines += ["", "Where the time of a run that changes nothing goes:"]
        lines += [f"  {taken:6.2f} s  {name}" for name, taken in measured.site.slowest]
    return "\n".join(lines)


def site_rows(found: WholeSite) -> list[str]:
    rows = []
    if found.from_bare_hosts:
        rows.append(f"| make site, from bare hosts | {found.from_bare_hosts:.1f} s |")
    if found.pings and found.unchanged:
        rows += [
            f"| ansible all -m ping | {shown(found.pings)} |",
            f"| site.yml of the whole site that changes nothing | {shown(found.unchanged)} |",
            f"| site.yml ÷ ping | {found.ratio:.1f} (aim: {AIM} or less) |",
        ]
    if found.memory:
        rows.append(f"| memory of its lab | {found.memory.splitlines()[-1]} |")
    return rows


def brokers_rows(found: Brokers) -> list[str]:
    rows = []
    if found.cold_roles:
        roles = {name: found.cold_roles.get(name, 0.0) for name in COLD_ROLES}
        parts = ", ".join(f"{name} {taken:.1f}" for name, taken in roles.items())
        rows.append(f"| cold installation of Kafka and ZooKeeper | {sum(roles.values()):.1f} s ({parts}) |")
        rows.append(f"| cold site.yml of brokers in their own trees | {found.cold:.1f} s |")
    if found.bare_restarts and found.rolling:
        bare = sum(found.bare_restarts)
        rows += [
            f"| three bare restarts with the wait for sync | {bare:.1f} s |",
            f"| rolling restart of three brokers | {found.rolling:.1f} s; the whole run {found.rolling_run:.1f} s |",
            f"| rolling ÷ bare | {found.rolling / bare:.2f} (aim: {ROLLING_AIM} or less) |",
        ]
    if found.downtimes:
        each = ", ".join(f"{one:.1f} s" for one in found.downtimes)
        down = f"{found.most_down} broker down at a time, for {each}"
        rows.append(f"| site.yml for one changed property | {found.one_property:.1f} s, {down} |")
    return rows


def write_json(measured: Measured, suites: Sequence[str], target: Path = RESULTS) -> str:
    """What was measured replaces what was known of the same suite; the figures of other suites stay."""
    known = json.loads(target.read_text(encoding="utf-8")) if target.exists() else {}
    figures = {suite: known[suite] for suite in SUITES if isinstance(known.get(suite), dict)}
    if "contract" in suites:
        figures["contract"] = {
            "sizes": [one.as_dict() for one in measured.contract],
            "growth": bench_contract.growth(measured.contract),
        }
    figures.update((suite, asdict(getattr(measured, suite))) for suite in suites if suite in NEED_LAB)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps({**figures, "cores": os.cpu_count()}, indent=2) + "\n", encoding="utf-8")
    return relative(target)


def sizes(words: str) -> list[int]:
    """
    >>> sizes("1000,10")
    [10, 1000]
    """
    found = sorted({int(word) for word in words.split(",")})
    if found[0] < 1:
        raise ValueError("an inventory has at least one host")
    return found


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m tools.bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=RUNS, help="of everything that is measured in turn (default: %(default)s)")
    parser.add_argument("--only", choices=SUITES, help="one of them; the contract needs no lab and no root (default: all)")
    parser.add_argument(
        "--hosts",
        type=sizes,
        default=list(bench_contract.SIZES),
        metavar="N,N",
        help=f"sizes of the generated inventories (default: {','.join(map(str, bench_contract.SIZES))})",
    )
    parser.add_argument("--keep", action="store_true", help="leave the lab of the bench running")
    return parser.parse_args(argv)


@tells_errors
def main(argv: list[str] | None = None) -> int:
    arguments = parse(argv)
    suites = [arguments.only] if arguments.only else list(SUITES)
    needs_lab = bool(NEED_LAB & set(suites))
    if needs_lab:
        site.check_machine()
    where = environment.newest()
    bench = Bench(where, arguments.runs)
    plan = Plan()
    if needs_lab:
        site.add_lab_needs(plan, [where])
    elif not where.is_current():
        environment.add_steps(plan, [where])
    if "contract" in suites:  # before the lab: its hosts take time of the same cores
        contract = ContractBench(where, arguments.runs, bench.measured.contract)
        for hosts in arguments.hosts:
            plan.add(f"Contract and plan of {hosts:,} hosts", functools.partial(contract.measure, hosts))
    for suite in suites:
        if suite in NEED_LAB:
            for title, action in bench.steps(suite):
                plan.add(title, action)
    try:
        plan.run()
    finally:
        if needs_lab and not arguments.keep:
            bench.end()
    print(report(bench.measured))
    print(f"\nAlso as JSON: {write_json(bench.measured, suites)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
