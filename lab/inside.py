"""What happens in the lab's own namespaces: disks, overlays and the hosts' containers. Run by lab.namespaces.inside.
Lab only; nothing in it reaches a site."""
from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

from lab import cgroup, credentials, disk, roster, topology, wan
from lab.artifacts import tomcat
from lab.errors import LabError
from lab.shell import say, wait_until
from lab.standins import lay
from lab.state import Lab
from lab.topology import ADMINISTRATOR, Host

REBOOT_EXIT_STATUS = 133


def write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=mode)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


def set_password_hash(shadow: Path, user: str, password_hash: str) -> None:
    lines = shadow.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if line.startswith(f"{user}:"):
            lines[number] = ":".join([user, password_hash, *line.split(":")[2:]])
    shadow.write_text("\n".join(lines) + "\n", encoding="utf-8")


def give_identity(lab: Lab, host: Host, root: Path) -> None:
    """What makes a host of the image: name, machine-id, address, host key, and its administrator's key and password."""
    write(root / "etc/hostname", f"{host.name}\n")
    write(root / "etc/machine-id", f"{uuid.uuid4().hex}\n", 0o444)
    write(root / "etc/hosts", f"127.0.0.1 localhost\n{host.address} {host.fqdn} {host.name}\n")
    give_address(host, root)
    for name, mode in (("ssh_host_ed25519_key", 0o600), ("ssh_host_ed25519_key.pub", 0o644)):
        write(root / "etc/ssh" / name, (lab.host_directory(host.key) / name).read_text(encoding="utf-8"), mode)
    password_hash = (lab.directory / "sudo-password-hash").read_text(encoding="utf-8").strip()
    set_password_hash(root / "etc/shadow", ADMINISTRATOR, password_hash)
    home = root / "home" / ADMINISTRATOR
    owner = home.stat()
    write(home / ".ssh/authorized_keys", (lab.directory / "id_ed25519.pub").read_text(encoding="utf-8"), 0o600)
    for path in (home / ".ssh", home / ".ssh/authorized_keys"):
        os.chown(path, owner.st_uid, owner.st_gid)
    home.joinpath(".ssh").chmod(0o700)


def give_address(host: Host, root: Path) -> None:
    gateway = host.data_center.gateway
    network = f"[Match]\nName=host0\n\n[Network]\nAddress={host.address}/24\nGateway={gateway}\nLinkLocalAddressing=no\n"
    write(root / "etc/systemd/network/10-lab.network", network)


def give_portal(lab: Lab, host: Host, root: Path) -> None:
    """Experience Portal, which a site has before POM comes."""
    primary = roster.now(lab, topology.primary_portal(host.data_center))
    secrets = credentials.portal(lab)
    lay.lay_ep(root, lay.Portal(
        host.portal, host.name, host.fqdn, host.address, primary.address,
        topology.PORTAL_ADMINISTRATOR, secrets.password, secrets.token,
    ), tomcat.fetch().path)


def container_command(host: Host, root: Path) -> list[str]:
    return [
        "systemd-nspawn", "--quiet", "--boot", f"--directory={root}", f"--machine={host.key}", f"--hostname={host.key}",
        f"--network-bridge={host.data_center.bridge}", "--register=no", "--keep-unit", "--settings=no", "--link-journal=no",
        "--resolv-conf=off", "--timezone=off", "--kill-signal=SIGRTMIN+3", "--console=read-only",
        *(export_options(root) if host.exports else ()),
    ]


def export_options(root: Path) -> list[str]:
    """NFS-Ganesha opens files by their handles, which an overlay does not have and systemd-nspawn forbids."""
    return [f"--bind={root.parent / disk.EXPORTED}:{topology.EXPORTED}", "--system-call-filter=open_by_handle_at"]


def power_on(lab: Lab, host: Host) -> None:
    group, directory = lab.cgroup / host.key, lab.host_directory(host.key)
    if cgroup.populated(group):
        return
    cgroup.remove(group)
    root = disk.attach(lab, host.key)
    if not disk.identified(directory):
        give_identity(lab, host, root)
        if host.portal:
            give_portal(lab, host, root)
        disk.mark_identified(directory)
    group.mkdir()
    # With --keep-unit, systemd-nspawn leaves a reboot to whoever started it, and says so by its exit status.
    command = shlex.join(container_command(host, root))
    loop = f"while :; do {command}; [ $? = {REBOOT_EXIT_STATUS} ] || break; done"
    with directory.joinpath("console.log").open("a", encoding="utf-8") as console:
        subprocess.Popen(
            ["sh", "-c", loop], cwd="/", stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True,
            preexec_fn=lambda: cgroup.join(group),
        )


def accepts(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=1).close()
    except OSError:
        return False
    return True


def ssh_answers(address: str) -> bool:
    try:
        with socket.create_connection((address, 22), timeout=1) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def await_ssh(lab: Lab, hosts: Sequence[Host], seconds: float = 60) -> None:
    waiting = {host.name: host for host in hosts}

    def all_answer() -> bool:
        for host in list(waiting.values()):
            if not cgroup.populated(lab.cgroup / host.key):
                console = (lab.host_directory(host.key) / "console.log").read_text(encoding="utf-8", errors="replace")
                raise LabError(f"{host.name} ended while starting; its console's last words: {console.strip()[-400:]}")
            if ssh_answers(host.address):
                del waiting[host.name]
        return not waiting

    wait_until(all_answer, seconds, lambda: f"no answer from sshd within {seconds:.0f} s on: {', '.join(waiting)}")


def set_delay(lab: Lab, milliseconds: float, jitter: float) -> None:
    group = lab.cgroup / "wan"
    cgroup.remove(group)
    wan.remove_rules()
    if not milliseconds:
        return
    group.mkdir()
    log = lab.directory / "wan.log"
    command = [sys.executable, "-m", "lab.wan", f"{milliseconds:g}", f"{jitter:g}"]
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            command, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, start_new_session=True,
            preexec_fn=lambda: cgroup.join(group),
        )
    if process.stdout is None or process.stdout.readline() != b"ready\n":
        reason = log.read_text(encoding="utf-8").strip()[-300:]
        raise LabError(f"the slow link between the data centers could not be made: {reason}")


def serve(lab: Lab, directory: str, address: str, port: int) -> None:
    group = lab.cgroup / "repository"
    cgroup.remove(group)
    group.mkdir()
    command = [sys.executable, "-m", "http.server", "--bind", address, "--directory", directory, str(port)]
    with lab.directory.joinpath("repository.log").open("w", encoding="utf-8") as log:
        subprocess.Popen(
            command, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            preexec_fn=lambda: cgroup.join(group),
        )
    wait_until(lambda: accepts(address, port), 10, lambda: f"no answer from {address}:{port}; see {lab.directory}/repository.log")


def main(arguments: Sequence[str]) -> None:
    lab, command, rest = Lab(arguments[0]), arguments[1], arguments[2:]
    if command == "power-on":
        for host in roster.select(lab, rest):
            power_on(lab, host)
    elif command == "await-ssh":
        await_ssh(lab, roster.select(lab, rest))
    elif command == "give-address":
        for host in roster.select(lab, rest):
            give_address(host, disk.attach(lab, host.key))
    elif command == "delay":
        set_delay(lab, float(rest[0]), float(rest[1]))
    elif command == "serve":
        serve(lab, rest[0], rest[1], int(rest[2]))
    elif command == "add-layer":
        for name in rest[1:]:
            disk.add_layer(lab, name, rest[0])
    elif command == "keep-layers":
        for argument in rest:
            name, _, layers = argument.partition("=")
            disk.keep_layers(lab, name, layers.split(","))
    else:
        actions = {"reset": disk.reset, "detach": disk.detach, "fill": disk.fill, "unfill": disk.unfill}
        for name in rest:
            actions[command](lab, name)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except LabError as error:
        say(f"lab: {error}")
        sys.exit(1)
