"""Everything that must hold: `make test`. One suite: `python3 -m tools.test lint|unit|sanity|molecule|integration`.

A failing check does not stop the others; the table at the end has them all, and the last line counts them as pytest does.
"""
from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from lab import seeded
from tools import collection, environment, machine, site
from tools.environment import Environment
from tools.machine import ROOT, MachineError
from tools.play import split
from tools.steps import Plan, Runner, StepFailed, seconds, tells_errors

SUITES = ("lint", "sanity", "unit", "molecule", "integration")
NEED_LAB = {"molecule", "integration"}
UNIT_PROGRAMS = {
    "chromedriver": "chromium-driver",
    "chromium": "chromium",
    "git": "git",
    "initdb": "postgresql",
    "javac": "default-jdk-headless",
    "keytool": "default-jre-headless",
    "make": "make",
    "openssl": "openssl",
    "ssh": "openssh-client",
    "xorriso": "xorriso",
}
ANSIBLE_LINT = "ansible-lint"
# A scenario, and the one that it runs beside. They roll out different sites: those of one name share a directory below build/.
BESIDE = {"small": "pom"}
ANSIBLE_TEST_PYTHONS = (3, 9), (3, 13)
PLUGINS = "collections/ansible_collections/dialtone/contact_center/plugins"
CLOSING_LINE = re.compile(r"^=+ (?P<counts>.*?\d+ [a-z]+.*?) in [\d.]+s.*=+$", re.MULTILINE)
KINDS = ("failed", "error", "passed", "skipped", "xfailed", "xpassed", "deselected", "warning")
FAILING = ("failed", "error")

# ansible-test fetches this from a host that is no package registry; ensurepip brings the same from the interpreter itself.
PIP_STAND_IN = '''\
"""Written by Dialtone's `make sanity` in place of the script that ansible-test downloads: pip comes with the interpreter."""
import subprocess
import sys

subprocess.run([sys.executable, "-m", "ensurepip", "--default-pip"], check=True, stdout=subprocess.DEVNULL)
arguments = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.run([sys.executable, "-m", "pip", "install", *arguments]).returncode)
'''


def counts_of(output: str) -> Counter[str]:
    """
    >>> sorted(counts_of("==== 2 failed, 810 passed, 3 skipped in 12.34s ====").items())
    [('failed', 2), ('passed', 810), ('skipped', 3)]
    """
    counts: Counter[str] = Counter()
    for match in CLOSING_LINE.finditer(output):
        for number, kind in re.findall(r"(\d+) ([a-z]+)", match["counts"]):
            counts[kind.rstrip("s") if kind in ("errors", "warnings") else kind] += int(number)
    return counts


def closing_line(counts: Counter[str], elapsed: float) -> str:
    words = ", ".join(f"{counts[kind]} {kind}" for kind in KINDS if counts[kind] and kind != "deselected") or "no tests ran"
    return f" {words} in {elapsed:.2f}s ".center(100, "=")


class Tests:
    """The checks of the chosen suites as steps of one plan, and what they counted."""

    def __init__(self, environments: list[Environment], pytest_arguments: list[str], scenarios: Sequence[str]) -> None:
        self.environments = environments
        self.newest = environments[0]
        self.pytest_arguments = pytest_arguments
        self.scenarios = scenarios
        self.plan = Plan()
        self.counts: Counter[str] = Counter()
        self.counting = threading.Lock()

    def add(
        self,
        title: str,
        command: list[str],
        where: Environment | None = None,
        *,
        counted: bool = False,
        beside: bool = False,
        **variables: str,
    ) -> None:
        """A command that passes or fails as a whole, or one of pytest (`counted`) whose closing line says how many did."""
        environment_variables = {**(where or self.newest).variables(), **variables}

        def perform(run: Runner) -> str | None:
            result = run(command, check=False, env=environment_variables)
            return self.judge(title, result, counted)

        self.plan.add(title, perform, beside=beside, may_fail=True)

    def judge(self, title: str, result: subprocess.CompletedProcess[str], counted: bool) -> str | None:
        counts = counts_of(result.stdout) if counted else Counter({"failed" if result.returncode else "passed": 1})
        if result.returncode and not any(counts[kind] for kind in FAILING):
            counts["error"] += 1
        with self.counting:
            self.counts += counts
        if result.returncode:
            shown = "\n".join(result.stdout.splitlines()[-200:])
            raise StepFailed(f"{title} FAILED (ended with {result.returncode})\n{shown}")
        lines = CLOSING_LINE.findall(result.stdout)
        return ", ".join(lines) or None

    def lint(self) -> None:
        program = self.newest.program
        self.add("ruff", [program("ruff"), "check", "--no-cache", "."])
        self.add("yamllint", [program("yamllint"), "--strict", "."])
        self.add("mypy", [program("mypy"), "lab", "tools", f"{PLUGINS}/plugin_utils", f"{PLUGINS}/callback"])
        self.add(ANSIBLE_LINT, [program("ansible-lint"), "-q", "--nocolor"])

    def unit(self) -> None:
        self.add_unit_programs()
        # A file stays with one worker: its database, its browser and its certificates are made once.
        options = ["-p", "no:cacheprovider", "-n", "auto", "--dist", "loadfile", *self.pytest_arguments]
        for where in self.environments:
            chosen = "not lab" if where == self.newest else "not lab and not slow"
            command = [str(where.python), "-m", "pytest", "-m", chosen, *options]
            self.add(f"unit tests {where.interpreter.name}", command, where, counted=True)

    def add_unit_programs(self) -> None:
        """Where nothing can be installed, the tests that need what is missing are skipped, and say so."""
        packages = machine.missing_packages(UNIT_PROGRAMS)
        if packages and not machine.can_install():
            words = f"missing on this machine: {', '.join(packages)}; the unit tests that need them will be skipped"
            print(words, file=sys.stderr)
        elif packages:
            self.plan.add(
                "Programs of the unit tests",
                lambda run: install_unit_programs(packages, run),
                f"apt-get install {' '.join(packages)}",
            )

    def sanity(self) -> None:
        # Each of the two keeps one core busy.
        beside = any(step.title == ANSIBLE_LINT for step in self.plan.steps)
        self.plan.add("ansible-test sanity", self.run_sanity, "on the assembled collection", beside=beside, may_fail=True)

    def run_sanity(self, run: Runner) -> str | None:
        provide_pip(self.newest)
        variables = self.newest.variables()
        # The Pythons of controllers and targets that are here: ansible-test compiles and imports with each that it finds.
        oldest, latest = ANSIBLE_TEST_PYTHONS
        others = [item.executable.parent for item in machine.interpreters() if oldest <= item.version[:2] <= latest]
        variables["PATH"] = os.pathsep.join([variables["PATH"], *map(str, others)])
        variables.pop("ANSIBLE_CONFIG", None)
        # Outside the checkout: ansible-test asks git for the files of a collection, and git ignores build/.
        with tempfile.TemporaryDirectory(prefix="dialtone-sanity-") as scratch:
            directory = collection.assemble(Path(scratch))
            command = [self.newest.program("ansible-test"), "sanity", "--local", "--requirements", "--color", "no"]
            result = run(command, check=False, env=variables, cwd=directory)
        findings = [line for line in result.stdout.splitlines() if line.startswith(("ERROR", "FATAL"))]
        if findings:
            result.stdout = "\n".join(findings)
        return self.judge("ansible-test sanity", result, counted=False)

    def molecule(self) -> None:
        scenarios = sorted(path.parent.name for path in ROOT.glob("molecule/*/molecule.yml"))
        unknown = [name for name in self.scenarios if name not in scenarios]
        if unknown:
            raise MachineError(f"there is no scenario {', '.join(unknown)}; there are: {', '.join(scenarios) or 'none'}")
        # A scenario that passes shows no header of its own.
        print(seeded.header())
        for name, beside in in_pairs(self.scenarios or scenarios):
            self.add(
                f"molecule {name}",
                [self.newest.program("molecule"), "test", "--scenario-name", name],
                beside=beside,
                DIALTONE_LAB=lab_of(name),
                # The lab's inventory does not exist yet while the lab is made.
                MOLECULE_ANSIBLE_ARGS_STRICT_MODE="1",
                ANSIBLE_FORCE_COLOR="false",
                NO_COLOR="1",
            )

    def integration(self) -> None:
        command = [
            str(self.newest.python),
            "-m",
            "pytest",
            "tests",
            "-m",
            "lab",
            "-p",
            "no:cacheprovider",
            *self.pytest_arguments,
        ]
        self.add("integration tests", command, counted=True)

    def run(self) -> int:
        started = time.monotonic()
        try:
            self.plan.run()
        finally:
            self.print_table(time.monotonic() - started)
        return 1 if self.plan.failures else 0

    def print_table(self, elapsed: float) -> None:
        width = max(len(step.title) for step in self.plan.steps)
        print()
        for step in self.plan.steps:
            ran = step.failed or step.elapsed
            verdict = ("FAILED" if step.failed else "ok" if ran else "not run") + (f"  {step.outcome}" if step.outcome else "")
            print(f"{step.title:{width}}  {seconds(step.elapsed):>12}  {verdict}")
        print(closing_line(self.counts, elapsed))


def lab_of(scenario: str) -> str:
    """The name of its lab.

    >>> lab_of("vendor_tree")
    'testvendortree'
    """
    return "test" + scenario.replace("_", "")


def in_pairs(scenarios: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """In their order, and whether each runs beside the one before: much of a long one is waiting for its hosts.

    >>> list(in_pairs(["operations", "pom", "site", "small"]))
    [('operations', False), ('pom', False), ('small', True), ('site', False)]
    >>> list(in_pairs(["small"]))
    [('small', False)]
    """
    second = {name for name, first in BESIDE.items() if first in scenarios}
    for first in scenarios:
        if first in second:
            continue
        yield first, False
        for other in scenarios:
            if other in second and BESIDE[other] == first:
                yield other, True


def install_unit_programs(packages: list[str], run: Runner) -> None:
    with machine.no_database_cluster():
        machine.install_packages(packages, run)


def provide_pip(where: Environment) -> None:
    """Put the stand-in where this ansible-test looks for the script of the pip version that it wants."""
    source = next(where.directory.glob("lib/python*/site-packages/ansible_test/_internal/python_requirements.py")).read_text(
        encoding="utf-8"
    )
    cache = Path.home() / ".ansible/test/cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in set(re.findall(r"\bpip='([\d.]+)'", source)):
        script = cache / f"get_pip_{version.replace('.', '_')}.py"
        if not script.exists():
            script.write_text(PIP_STAND_IN, encoding="utf-8")


@tells_errors
def main(argv: list[str] | None = None) -> int:
    own, pytest_arguments = split(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="python3 -m tools.test", description=__doc__.splitlines()[0])
    parser.add_argument(
        "suites", nargs="*", metavar="SUITE", help=f"{', '.join(SUITES)} (default: all); after -- arguments of pytest"
    )
    parser.add_argument("--scenario", action="append", default=[], help="of molecule, this one only; may be repeated")
    arguments = parser.parse_args(own)
    suites = arguments.suites or list(SUITES)
    unknown = sorted(set(suites) - set(SUITES))
    if unknown:
        parser.error(f"no suite {', '.join(unknown)}; there are {', '.join(SUITES)}")
    needs_lab = bool(NEED_LAB & set(suites))
    if needs_lab:
        site.check_machine()
    environments = environment.available()[: None if "unit" in suites else 1]
    tests = Tests(environments, pytest_arguments, arguments.scenario)
    if needs_lab:
        site.add_lab_needs(tests.plan, environments)
    else:
        environment.add_steps(tests.plan, [item for item in environments if not item.is_current()])
    for suite in SUITES:
        if suite in suites:
            getattr(tests, suite)()
    return tests.run()


if __name__ == "__main__":
    sys.exit(main())
