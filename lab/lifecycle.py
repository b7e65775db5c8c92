"""Bringing a lab and its hosts up and down, and running things in them. Lab only; nothing in it reaches a site."""
from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from lab import cgroup, credentials, inventory, namespaces, network, rootfs, roster
from lab.artifacts import tomcat
from lab.errors import LabError
from lab.shell import say, step, wait_until
from lab.standins import media
from lab.state import Lab
from lab.topology import Host

POWER_OFF_SIGNAL = signal.SIGRTMIN + 4
REBOOT_SIGNAL = signal.SIGRTMIN + 5
INOTIFY_INSTANCES = 1024
INTERFACE_IN_HOST = "host0"
# One thread of the kernel takes the networks of all hosts down one by one: seven took just over 30 s on a loaded machine.
CABLES_STAY_SECONDS = 120


def known_hosts(lab: Lab) -> list[Host]:
    """Hosts that belong to this lab: the default ones, and whatever was started by name."""
    return [host for host in roster.hosts(lab).values() if host.by_default or lab.host_directory(host.key).is_dir()]


def running(lab: Lab, host: Host) -> bool:
    return lab.running and cgroup.populated(lab.cgroup / host.key)


def require_host_running(lab: Lab, host: Host) -> int:
    """Process id, on this machine, of the host's process 1."""
    lab.require_running()
    group = lab.cgroup / host.key
    if cgroup.frozen(group):
        raise LabError(f"{host.name} is frozen; let it go on with: python3 -m lab --name {lab.name} thaw {host.name}")
    leader = cgroup.leader(group)
    if leader is None:
        raise LabError(f"{host.name} is off; start it with: python3 -m lab --name {lab.name} poweron {host.name}")
    return leader


def raise_inotify_limit() -> None:
    """A systemd takes several inotify instances; Debian's limit is met at about 20 hosts, and logins then fail."""
    limit = Path("/proc/sys/fs/inotify/max_user_instances")
    if int(limit.read_text(encoding="utf-8")) < INOTIFY_INSTANCES:
        limit.write_text(str(INOTIFY_INSTANCES), encoding="utf-8")
        say(f"lab: fs.inotify.max_user_instances of this machine raised to {INOTIFY_INSTANCES} (until its next boot)")


def up(lab: Lab, hosts: Sequence[Host]) -> None:
    with lab.lock(create=True):
        if not lab.image_file.exists() or not rootfs.directory(lab.image_file.read_text(encoding="utf-8").strip()).is_dir():
            inventory.write(lab.image_file, rootfs.build().name + "\n")
        credentials.make_portal(lab)
        credentials.make(lab)
        for host in hosts:
            credentials.make_host_key(lab, host.key)
        inventory.write_all(lab, known_hosts(lab))
        if any(host.portal for host in hosts):
            with step("stand-in of the POM media"):
                inventory.write_pom(lab, media.build())
            with step("Tomcat, which Experience Portal's stand-in brings"):
                tomcat.fetch()
        if not lab.running:
            raise_inotify_limit()
            with step(f"lab '{lab.name}': namespaces and bridges"):
                namespaces.start(lab)
        power_on(lab, hosts)


def power_on(lab: Lab, hosts: Sequence[Host]) -> None:
    """The caller holds the lock. Hosts that run are only asked whether sshd answers."""
    lab.require_running()
    for host in hosts:
        if not lab.host_directory(host.key).joinpath("ssh_host_ed25519_key.pub").exists():
            command = f"python3 -m lab --name {lab.name} up --hosts {host.name}"
            raise LabError(f"lab '{lab.name}' has no host {host.name} yet; make it with: {command}")
    cut = network.faults(lab).cut
    frozen = [host for host in hosts if cgroup.frozen(lab.cgroup / host.key)]
    absent = [host for host in hosts if not running(lab, host)]
    reachable = [host for host in hosts if host not in frozen and host.name not in cut]
    for host in hosts:
        if host not in reachable:
            say(f"lab: {host.name} is {'frozen' if host in frozen else 'cut from the network'} and left so")
    if absent:
        with step(f"lab '{lab.name}': starting {' '.join(host.name for host in absent)} until sshd answers"):
            namespaces.inside(lab, ["power-on", *(host.name for host in absent)])
            namespaces.inside(lab, ["await-ssh", *(host.name for host in reachable)])
    else:
        namespaces.inside(lab, ["await-ssh", *(host.name for host in reachable)])
        say(f"lab: lab '{lab.name}' is up: {' '.join(host.name for host in hosts)}")


def power_off(lab: Lab, hosts: Sequence[Host], hard: bool = False) -> None:
    """Shut hosts down, all at once; hard: as if the power failed."""
    lab.require_running()
    groups = {host.name: lab.cgroup / host.key for host in hosts if running(lab, host)}
    for group in groups.values():
        leader = cgroup.leader(group)
        if hard or leader is None:
            cgroup.kill(group)
            continue
        if cgroup.frozen(group):
            cgroup.freeze(group, False)
        os.kill(leader, POWER_OFF_SIGNAL)

    def still_on() -> list[str]:
        return [name for name, group in groups.items() if cgroup.populated(group)]

    try:
        wait_until(lambda: not still_on(), 90, lambda: "")
    except LabError:
        for name in still_on():
            say(f"lab: {name} did not shut down within 90 s; its power is cut")
            cgroup.kill(groups[name])
    cables = {host.interface for host in hosts if host.name in groups}
    # The kernel takes a cable away a moment after its host, and a host that starts meanwhile could not plug in its own.
    failure = f"cables stayed for {CABLES_STAY_SECONDS} s: {', '.join(sorted(cables))}"
    wait_until(lambda: not cables & network.interfaces(lab), CABLES_STAY_SECONDS, lambda: failure)


def reboot(lab: Lab, host: Host) -> None:
    leader = require_host_running(lab, host)
    group = lab.cgroup / host.key
    os.kill(leader, REBOOT_SIGNAL)
    wait_until(lambda: cgroup.leader(group) not in (leader, None), 120, lambda: f"{host.name} did not come back within 120 s")
    namespaces.inside(lab, ["await-ssh", host.name])


def rename(lab: Lab, old: str, new: str, address: str = "") -> None:
    """Give a running host another name and address from outside, as who runs the hypervisor and the network does.

    Of the host itself only the interface changes: its own name, /etc/hosts and certificates are left to whoever keeps them. The
    caller holds the lock."""
    lab.require_running()
    changes = roster.change(roster.renamed(lab), old, new, address)
    host = roster.named(changes)[new]
    require_host_running(lab, host)
    if {old, new} & set(network.faults(lab).cut):
        raise LabError(f"{old} is cut from the network; undo that first with: python3 -m lab --name {lab.name} heal {old}")
    with step(f"{old} is {new} with {host.address}"):
        roster.save(lab, changes)
        inventory.write_all(lab, known_hosts(lab))
        if host.address not in addresses(lab, host):
            namespaces.inside(lab, ["give-address", host.name])
            run_in_host(lab, host, ["networkctl", "reload"])
            run_in_host(lab, host, ["networkctl", "reconfigure", INTERFACE_IN_HOST])
            failure = f"{new} does not take {host.address} within 30 s"
            wait_until(lambda: addresses(lab, host) == [host.address], 30, lambda: failure)
        namespaces.inside(lab, ["await-ssh", host.name])


def addresses(lab: Lab, host: Host) -> list[str]:
    """The IPv4 addresses of the host's interface."""
    shown = run_in_host(lab, host, ["ip", "-4", "-oneline", "address", "show", "dev", INTERFACE_IN_HOST])
    return re.findall(r"inet ([0-9.]+)/", shown)


def join_host(lab: Lab, host: Host) -> None:
    """Let the calling process freeze and die with the host."""
    group = lab.cgroup / host.key / "exec"
    group.mkdir(exist_ok=True)
    cgroup.join(group)


def command_in_host(lab: Lab, host: Host, command: Sequence[str]) -> list[str]:
    return [
        "nsenter", "--target", str(require_host_running(lab, host)),
        "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd", "--", *command,
    ]


def environment_in_host() -> dict[str, str]:
    return {"PATH": namespaces.SYSTEM_PATH, "HOME": "/root", "LANG": "C.UTF-8", "TERM": os.environ.get("TERM", "dumb")}


def run_in_host(lab: Lab, host: Host, command: Sequence[str], stdin: str = "") -> str:
    """Run a command as root in the host, past its network and sshd, and return what it wrote."""
    result = subprocess.run(
        command_in_host(lab, host, command), input=stdin, env=environment_in_host(), capture_output=True, text=True, check=False,
        preexec_fn=lambda: join_host(lab, host),
    )
    if result.returncode != 0:
        raise LabError(f"'{' '.join(command)}' ended with {result.returncode} on {host.name}: {result.stderr.strip()[-500:]}")
    return result.stdout


def execute(lab: Lab, host: Host, command: Sequence[str]) -> None:
    """Become a command that runs as root in the host, past its network and sshd."""
    program = command_in_host(lab, host, command)
    join_host(lab, host)
    os.execvpe(program[0], program, environment_in_host())


def ssh(lab: Lab, host: Host, command: Sequence[str]) -> None:
    lab.require_running()
    os.execvp("ssh", ["ssh", "-F", str(lab.ssh_config), host.name, *command])


def down(lab: Lab) -> None:
    if not lab.directory.exists():
        say(f"lab: there is no lab '{lab.name}'")
        return
    with lab.lock(), step(f"lab '{lab.name}': down"):
        namespaces.stop(lab)
