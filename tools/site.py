"""From a bare machine to a running site, with one command: `make site`.

Without an inventory: this machine gets its tools, the lab boots, `inventories/lab` is rolled out and its status printed.
With one: only the Python environment is made here, and the person's own servers are rolled out.
"""
from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

from lab import browser
from lab.artifacts import kafka
from lab.errors import LabError
from lab.machine import PROGRAMS as LAB_PROGRAMS
from lab.machine import require_suitable
from lab.standins import media
from tools import environment, machine, play
from tools.environment import Environment
from tools.machine import ROOT, MachineError
from tools.steps import Plan, Runner, StepFailed, seconds, tells_errors

PROGRAMS = {**LAB_PROGRAMS, **kafka.PROGRAMS, **media.PROGRAMS, **browser.PROGRAMS}
# The lab's site is called so in inventories/lab.
# In the lab a robot does what a person does in the console, while the roll-out waits for it.
WITH_ROBOT = ["-e", "guided_steps_mode=wait"]


def check_machine() -> None:
    """Say in one line, before anything is done, that this machine cannot carry the lab."""
    reason = "the lab needs root, for namespaces and mounts" if os.geteuid() != 0 else ""
    try:
        if not reason:
            require_suitable()
    except LabError as error:
        reason = str(error)
    if reason:
        raise MachineError(f"{reason}. Your own servers need none of this: make site INVENTORY=path")


def add_lab_needs(plan: Plan, environments: list[Environment]) -> None:
    """The steps that a bare machine needs before a lab can boot on it."""
    packages = machine.missing_packages(PROGRAMS)
    if packages:
        plan.add("Machine tools", lambda run: machine.install_packages(packages, run), f"apt-get install {' '.join(packages)}")
    environment.add_steps(plan, environments)
    plan.add("Artifacts", fetch_artifacts, "Apache Kafka 3.2.0 with ZooKeeper 3.6.3, JDBC driver, every file pinned", beside=True)
    plan.add("Host image", build_image, "Debian 12 with Java and PostgreSQL", beside=True)


def fetch_artifacts(run: Runner) -> None:
    run([sys.executable, "-m", "lab.artifacts"])


def build_image(run: Runner) -> None:
    run([sys.executable, "-m", "lab", "image"])


def add_lab(plan: Plan, where: Environment, lab_name: str = play.LAB_NAME) -> None:
    """Boot what of the lab does not run. Its secrets are encrypted by the environment's ansible-vault."""

    def up(run: Runner) -> None:
        run([str(where.python), "-m", "lab", "--name", lab_name, "up"], env=where.variables())

    plan.add("Lab", up, "hosts of two data centers, reached over SSH like any server")


def add_contract(plan: Plan, where: Environment, inventory: str | None, extra: list[str]) -> None:
    """Judge the inventory before Ansible reads it: what does not parse or open is then told with every other finding."""

    def perform(run: Runner) -> None:
        if run(play.contract_command(where, inventory, extra), check=False, env=where.variables()).returncode:
            raise StepFailed(
                "the contract refuses this inventory: correct what stands above, then run again. No host was contacted"
            )

    plan.add("Contract", perform, "every variable and rule of the inventory, before a host is touched", streams=True)


def add_playbook(
    plan: Plan, title: str, detail: str, where: Environment, playbook: str, inventory: str | None, extra: list[str]
) -> None:
    def perform(run: Runner) -> None:
        run(play.command(where, playbook, inventory, extra), env=where.variables())

    plan.add(title, perform, detail, streams=True)


def add_lab_roll_out(plan: Plan, where: Environment, extra: list[str]) -> None:
    def perform(run: Runner) -> None:
        with operator_robot(where):
            run(play.command(where, "site", None, [*WITH_ROBOT, *extra]), env=where.variables())

    plan.add("Roll-out", perform, "playbooks/site.yml, with the lab's robot at the console", streams=True)


@contextlib.contextmanager
def operator_robot(where: Environment, lab_name: str = play.LAB_NAME, site: str = "lab") -> Iterator[None]:
    """Watches the list of open steps of a site while a roll-out runs. What it says stands in a log beside the list."""
    open_steps = ROOT / "build" / site / "open-steps.json"
    open_steps.parent.mkdir(parents=True, exist_ok=True)
    open_steps.unlink(missing_ok=True)  # of another lab, perhaps
    command = [str(where.python), "-m", "lab", "--name", lab_name, "robot", "--watch", "--open-steps", str(open_steps)]
    with open_steps.with_name("robot.log").open("w", encoding="utf-8") as log:
        robot = subprocess.Popen(command, cwd=ROOT, env=where.variables(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            yield
        finally:
            robot.terminate()
            robot.wait()


@tells_errors
def main(argv: list[str] | None = None) -> int:
    own, extra = play.split(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="python3 -m tools.site", description=__doc__)
    parser.add_argument("--inventory", help="your own servers, in place of the lab")
    parser.add_argument("--only-lab", action="store_true", help="stop when the hosts of the lab answer")
    arguments = parser.parse_args(own)
    plan = Plan()
    if arguments.inventory is None:
        check_machine()
    else:
        play.inventory_arguments(arguments.inventory)
    where = environment.newest()
    if arguments.inventory is None:
        add_lab_needs(plan, [where])
        add_lab(plan, where)
    else:
        environment.add_steps(plan, [where])
    if not arguments.only_lab:
        add_contract(plan, where, arguments.inventory, extra)
        if arguments.inventory is None:
            add_lab_roll_out(plan, where, extra)
        else:
            add_playbook(plan, "Roll-out", "playbooks/site.yml", where, "site", arguments.inventory, extra)
        add_playbook(plan, "Status", "playbooks/status.yml", where, "status", arguments.inventory, extra)
    print(f"Done in {seconds(plan.run())}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
