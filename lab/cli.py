"""Commands of the lab. Lab only; nothing in it reaches a site."""
from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from lab import faults, lifecycle, machine, network, repository, robot, rootfs, roster, snapshots, status, topology
from lab.errors import LabError
from lab.shell import say, step
from lab.state import Lab

Command = Callable[[Lab, argparse.Namespace], None]


def up(lab: Lab, options: argparse.Namespace) -> None:
    lifecycle.up(lab, roster.select(lab, options.hosts.split(",")) if options.hosts else roster.default_hosts(lab))


def down(lab: Lab, options: argparse.Namespace) -> None:
    lifecycle.down(lab)


def show_status(lab: Lab, options: argparse.Namespace) -> None:
    rows = status.hosts(lab)
    if options.json:
        answer = {
            "lab": lab.name,
            "running": lab.running,
            "hosts": [asdict(row) for row in rows],
            "network": asdict(network.faults(lab)),
            "memory_bytes": status.memory(lab),
        }
        print(json.dumps(answer, indent=2))
    else:
        print(status.table(lab, rows))


def show_memory(lab: Lab, options: argparse.Namespace) -> None:
    lab.require_running()
    print(f"{status.memory(lab) // 1024**2} MB")


def inventory(lab: Lab, options: argparse.Namespace) -> None:
    print(lab.inventory)


def without_separator(command: Sequence[str]) -> list[str]:
    return list(command[1:] if command[:1] == ["--"] else command)


def ssh(lab: Lab, options: argparse.Namespace) -> None:
    host, command = roster.host(lab, options.host), without_separator(options.command)
    if options.root:
        lifecycle.execute(lab, host, command or ["/bin/bash", "--login"])
    lifecycle.ssh(lab, host, command)


def execute(lab: Lab, options: argparse.Namespace) -> None:
    command = without_separator(options.command)
    if not command:
        raise LabError("exec needs a command; for a shell: python3 -m lab ssh --root HOST")
    lifecycle.execute(lab, roster.host(lab, options.host), command)


def proxy(lab: Lab, options: argparse.Namespace) -> None:
    lab.require_running()
    os.execv(lab.directory / "proxy", ["proxy", options.address, options.port])


def reboot(lab: Lab, options: argparse.Namespace) -> None:
    host = roster.host(lab, options.host)
    with lab.lock(), step(f"reboot {host.name}"):
        lifecycle.reboot(lab, host)


def poweroff(lab: Lab, options: argparse.Namespace) -> None:
    host = roster.host(lab, options.host)
    with lab.lock(), step(f"power off {host.name}"):
        lifecycle.power_off(lab, [host], options.hard)


def poweron(lab: Lab, options: argparse.Namespace) -> None:
    host = roster.host(lab, options.host)
    with lab.lock():
        lifecycle.power_on(lab, [host])


def rename(lab: Lab, options: argparse.Namespace) -> None:
    with lab.lock():
        lifecycle.rename(lab, options.host, options.new, options.address)


def snapshot(lab: Lab, options: argparse.Namespace) -> None:
    with lab.lock():
        snapshots.take(lab, options.snapshot, options.replace)


def restore(lab: Lab, options: argparse.Namespace) -> None:
    with lab.lock():
        snapshots.restore(lab, options.snapshot)


def show_snapshots(lab: Lab, options: argparse.Namespace) -> None:
    print(snapshots.describe(lab))


def cut(lab: Lab, options: argparse.Namespace) -> None:
    with lab.lock():
        network.cut(lab, options.place)


def heal(lab: Lab, options: argparse.Namespace) -> None:
    with lab.lock():
        network.heal(lab, options.place)


def delay(lab: Lab, options: argparse.Namespace) -> None:
    with lab.lock():
        network.delay(lab, options.milliseconds, options.jitter)


def freeze(lab: Lab, options: argparse.Namespace) -> None:
    faults.freeze(lab, roster.host(lab, options.host))


def thaw(lab: Lab, options: argparse.Namespace) -> None:
    faults.thaw(lab, roster.host(lab, options.host))


def fill(lab: Lab, options: argparse.Namespace) -> None:
    with lab.lock():
        faults.fill(lab, roster.host(lab, options.host), options.path)


def unfill(lab: Lab, options: argparse.Namespace) -> None:
    with lab.lock():
        faults.unfill(lab, roster.host(lab, options.host))


def kill_service(lab: Lab, options: argparse.Namespace) -> None:
    faults.kill_service(lab, roster.host(lab, options.host), options.unit)


def image(lab: Lab, options: argparse.Namespace) -> None:
    print(rootfs.build())


def repo(lab: Lab, options: argparse.Namespace) -> None:
    with lab.lock():
        repository.serve(lab, options.packages or ["tree"])


def do_open_steps(lab: Lab, options: argparse.Namespace) -> None:
    robot.run(lab, options.open_steps, options.watch)


def check(lab: Lab, options: argparse.Namespace) -> None:
    machine.check()


def tools(lab: Lab, options: argparse.Namespace) -> None:
    machine.install_tools()


def parser() -> argparse.ArgumentParser:
    description = "Real Linux hosts on one machine, for tests and for trying Dialtone."
    root = argparse.ArgumentParser(prog="python3 -m lab", description=description)
    name = os.environ.get("DIALTONE_LAB", "site")
    root.add_argument("--name", default=name, help="which lab; several run side by side (default: %(default)s; or DIALTONE_LAB)")
    commands = root.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, function: Command, summary: str, host: bool = False) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=summary, description=summary)
        added.set_defaults(function=function)
        if host:
            added.add_argument("host", metavar="HOST")
        return added

    def add_remainder(command: argparse.ArgumentParser) -> None:
        command.add_argument("command", metavar="COMMAND", nargs=argparse.REMAINDER)

    add("check", check, "say in one line whether this machine suits the lab")
    add("tools", tools, "install the programs that the lab needs, with apt-get")
    add("image", image, "build the image of the hosts, and print where it is")
    command = add("up", up, "start the lab, or what of it does not run")
    command.add_argument("--hosts", metavar="A,B,…", help=f"only these, of {', '.join(topology.HOSTS)}")
    add("down", down, "end the lab and remove everything of it, snapshots and secrets too")
    add("status", show_status, "show the hosts and their state").add_argument("--json", action="store_true")
    add("memory", show_memory, "print the memory that the whole lab takes")
    add("inventory", inventory, "print the directory of the lab's inventory: connection and secrets")
    command = add("ssh", ssh, "log in as the administrator, or run a command so")
    command.add_argument("--root", action="store_true", help="as root, past network and sshd")
    command.add_argument("host", metavar="HOST")
    add_remainder(command)
    add_remainder(add("exec", execute, "run a command as root in the host, past network and sshd", host=True))
    command = add("proxy", proxy, "connect standard input and output to a port in the lab's network")
    command.add_argument("address")
    command.add_argument("port")
    add("reboot", reboot, "reboot a host and wait until sshd answers", host=True)
    command = add("poweroff", poweroff, "shut a host down", host=True)
    command.add_argument("--hard", action="store_true", help="as if the power failed")
    add("poweron", poweron, "start a host that is off", host=True)
    command = add("rename", rename, "give a host another name in the lab, and address; in the host its name stays", host=True)
    command.add_argument("new", metavar="NEW", help="the present name where only the address changes")
    command.add_argument("--address", metavar="ADDRESS", default="", help="another one in the network of its data center")
    command = add("snapshot", snapshot, "keep the state of all hosts under a name; they are restarted")
    command.add_argument("--replace", action="store_true", help="replace a snapshot of that name")
    command.add_argument("snapshot", metavar="NAME")
    command = add("restore", restore, "put all hosts back to a snapshot and end every fault")
    command.add_argument("snapshot", metavar="NAME")
    add("snapshots", show_snapshots, "list the snapshots")
    command = add("cut", cut, "cut a host from its network, or a data center from the others")
    command.add_argument("place", metavar="HOST|DATA_CENTER")
    command = add("heal", heal, "undo cut")
    command.add_argument("place", metavar="HOST|DATA_CENTER|all")
    command = add("delay", delay, "delay what passes between data centers, each way; 0 ends it")
    command.add_argument("milliseconds", type=float, metavar="MS")
    command.add_argument("jitter", type=float, metavar="JITTER_MS", nargs="?", default=0.0)
    add("freeze", freeze, "stop every process of a host where it is; ping and TCP connect still succeed", host=True)
    add("thaw", thaw, "undo freeze", host=True)
    command = add("fill", fill, "leave no free byte on the host's disk: writes at this path fail with ENOSPC", host=True)
    command.add_argument("path", metavar="PATH")
    add("unfill", unfill, "undo fill", host=True)
    add("kill-service", kill_service, "kill all processes of a unit with SIGKILL", host=True).add_argument("unit", metavar="UNIT")
    command = add("robot", do_open_steps, "do the open guided steps that Dialtone lists, in the console, with a browser")
    command.add_argument("--open-steps", metavar="FILE", type=Path, required=True, help="the list: build/SITE/open-steps.json")
    often = command.add_mutually_exclusive_group()
    often.add_argument("--once", action="store_true", help="go through the list once (default)")
    often.add_argument("--watch", action="store_true", help="go through it whenever it is written anew, until ended")
    command = add("repo", repo, "serve a package repository to the hosts while the lab is up")
    command.add_argument("packages", metavar="PACKAGE", nargs="*", help="what it holds, with dependencies (default: tree)")
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        if os.geteuid() != 0:
            raise LabError("this user does not suit the lab: namespaces and mounts need root; run it with sudo")
        options.function(Lab(options.name), options)
    except LabError as error:
        say(f"lab: {error}")
        return 1
    except KeyboardInterrupt:
        say("lab: interrupted; the same command goes on where it was")
        return 130
    return 0
