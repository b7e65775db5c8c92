"""The faults of `make test`, all of them and longer: `make soak`.

In a lab of its own: first every case of the scenario `operations`, of which `make test` runs a seeded one of each promise. Then
site.yml is killed (SIGKILL on the controller) at seeded random moments between the first written file and the last restart. The
run after each has to finish the work, the one after that has to change nothing. `--seed` repeats a soak.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab import seeded
from lab.rehearsal import BROKERS, KilledRun, RehearsalError, Site, kill_a_run
from tools import environment, site
from tools.machine import ROOT
from tools.steps import Plan, Runner, StepFailed, seconds, tells_errors

LAB_NAME = "soak"
KILLS = 20
CASES = "molecule/operations/tests"
# From the first written file to the last restart it takes about so long on the lab.
LONGEST = 60.0
RESULT = ROOT / "docs" / "soak.json"


@dataclass(frozen=True)
class Kill:
    """One run to be killed: with which words, and how long after the first file was written."""

    number: int
    words: dict[str, Any]
    lines: tuple[str, ...]
    seconds: float


def kills(seed: int, count: int) -> Iterator[Kill]:
    """The same seed gives the same kills. Each changes a property that ZooKeeper or Kafka, or both, are restarted for.

    >>> list(kills(7, 3)) == list(kills(7, 3)), [kill.number for kill in kills(7, 2)]
    (True, [1, 2])
    """
    source = random.Random(seed)
    for number in range(1, count + 1):
        which = source.choice((("kafka",), ("zookeeper",), ("zookeeper", "kafka")))
        words: dict[str, Any] = {}
        lines = []
        if "kafka" in which:
            words["kafka_log_retention_check_interval_ms"] = 300000 - 1000 * number
            lines.append(f"log.retention.check.interval.ms={300000 - 1000 * number}")
        if "zookeeper" in which:
            words["zookeeper_snapshots_kept"] = 3 + number
            lines.append(f"autopurge.snapRetainCount={3 + number}")
        yield Kill(number, words, tuple(lines), source.uniform(0, LONGEST / (1 if len(which) == 2 else 2)))


def perform(lab_site: Site, kill: Kill) -> KilledRun:
    return kill_a_run(lab_site, kill.words, lab_site.written(BROKERS[0], kill.lines), kill.seconds)


@dataclass
class Soak:
    seed: int
    count: int
    lab_site: Site
    cases: str = "not run"
    done: list[dict[str, Any]] = field(default_factory=list)

    def run_cases(self, run: Runner, python: Path, variables: Mapping[str, str]) -> None:
        """Every case, as `make test` runs some: the kills behind them find the site as the last one left it."""
        words = {seeded.REHEARSAL: seeded.ALL, seeded.SEED: str(self.seed), "DIALTONE_LAB": self.lab_site.lab}
        self.cases = "failed"
        run([str(python), "-m", "pytest", "-p", "no:cacheprovider", "--durations=0", CASES], env={**variables, **words})
        self.cases = "passed"

    def run(self, _run: Runner) -> str:
        for kill in kills(self.seed, self.count):
            started = time.monotonic()
            try:
                killed = perform(self.lab_site, kill)
                faults = killed.faults
            except RehearsalError as error:
                killed, faults = None, [str(error)]
            self.done.append(
                {
                    "number": kill.number,
                    "words": kill.words,
                    "killed_after_seconds": round(kill.seconds, 1),
                    "had_ended_before": not killed.killed if killed else None,
                    "brokers_restarted_before": killed.brokers_restarted_before if killed else None,
                    "faults": faults,
                }
            )
            verdict = "; ".join(faults) or "finished by the next run, the one after changed nothing"
            restarted = f", {killed.brokers_restarted_before} brokers restarted before" if killed else ""
            print(
                f"      kill {kill.number} of {self.count}, {kill.seconds:.1f} s after the first file{restarted}: {verdict}"
                f"  ({seconds(time.monotonic() - started)})",
                flush=True,
            )
            if faults:
                for run in (killed.finished, killed.again) if killed else ():
                    print(run.output[-3000:])
                raise StepFailed(f"kill {kill.number} of seed {self.seed}: {verdict}")
        return f"{self.count} of {self.count} runs that were killed were finished by the next one"

    def write(self, result: Path) -> None:
        failed = [one["number"] for one in self.done if one["faults"]]
        held = len(self.done) == self.count and not failed and self.cases != "failed"
        report = {
            "seed": self.seed,
            "result": "passed" if held else "failed",
            "cases": self.cases,
            "kills": self.count,
            "runs": self.done,
        }
        result.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


@tells_errors
def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tools.soak", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--seed", type=int, default=None, help="of an earlier soak, to repeat it; without it a new one, which is printed"
    )
    parser.add_argument("--kills", type=int, default=KILLS, help="how many runs are killed (default: %(default)s)")
    parser.add_argument("--no-cases", action="store_true", help=f"kills only, without the cases of {CASES}")
    parser.add_argument("--keep", action="store_true", help="leave the lab of the soak running")
    arguments = parser.parse_args(argv)
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(10**6)
    site.check_machine()
    where = environment.newest()
    os.environ.update(where.variables())
    soak = Soak(seed, arguments.kills, Site(LAB_NAME, where.program("ansible-playbook")))
    plan = Plan()
    site.add_lab_needs(plan, [where])
    site.add_lab(plan, where, LAB_NAME)
    plan.add("Roll-out", lambda run: roll_out(run, where, soak.lab_site), "the site that the faults are made on")
    if not arguments.no_cases:
        variables = where.variables()
        plan.add(
            "Cases",
            lambda run: soak.run_cases(run, where.python, variables),
            f"all of {CASES}",
            streams=True,
            may_fail=True,
        )
    plan.add("Kills", soak.run, f"{arguments.kills} seeded moments, seed {seed}", streams=True)
    try:
        print(f"Soak with seed {seed}: python3 -m tools.soak --seed {seed} --kills {arguments.kills} repeats it.")
        plan.run()
    finally:
        if soak.done:
            soak.write(RESULT)
            print(f"Written: {RESULT.relative_to(ROOT)}")
        if not arguments.keep:
            soak.lab_site.fault("down")
    return 1 if plan.failures else 0


def roll_out(run: Runner, where: environment.Environment, lab_site: Site) -> None:
    run(lab_site.command("site.yml"), env=where.variables())


if __name__ == "__main__":
    sys.exit(main())
