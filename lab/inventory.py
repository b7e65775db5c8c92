"""What a controller needs to reach a lab's hosts: SSH configuration, known host keys, and an inventory that adds connection
and secrets to the site's own. Lab only; nothing in it reaches a site."""
from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

from lab import roster
from lab.standins.media import Media
from lab.state import Lab
from lab.topology import ADMINISTRATOR, PORTAL_ADMINISTRATOR, Host

HEADER = "# Lab only; nothing in it reaches a site. Written by 'python3 -m lab'.\n"

PROXY = """#!/bin/sh
# Lab only; nothing in it reaches a site. ProxyCommand of ssh: connects to $1:$2 from within the lab's network.
directory={directory}
read -r pid 2>/dev/null < "$directory/init.pid" && read -r comm 2>/dev/null < "/proc/$pid/comm" &&
  [ "$comm" = lab-init ] && [ "/proc/$pid/cwd" -ef "$directory" ] || {{
    echo "lab '{name}' is not running; start it with: python3 -m lab --name {name} up" >&2
    exit 1
  }}
exec nsenter --target "$pid" --net --pid -- socat - "TCP:$1:$2"
"""


def write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    partial.chmod(mode)
    partial.rename(path)


def known_hosts(keys: Sequence[tuple[Host, str]]) -> str:
    """known_hosts lines: each host's public key under its address and names."""
    lines = []
    for host, key in keys:
        kind, value = key.split()[:2]
        lines.append(f"{host.address},{host.name},{host.fqdn} {kind} {value}\n")
    return "".join(lines)


def quoted(path: Path) -> str:
    return f'"{path}"'


def ssh_config(lab: Lab) -> str:
    hosts = roster.hosts(lab).values()
    sections = [f"Host {host.name} {host.fqdn}\n  HostName {host.address}\n" for host in hosts]
    addresses = " ".join(host.address for host in hosts)
    names = " ".join(f"{host.name} {host.fqdn}" for host in hosts)
    common = {
        "User": ADMINISTRATOR,
        "IdentityFile": quoted(lab.directory / "id_ed25519"),
        "IdentitiesOnly": "yes",
        "PreferredAuthentications": "publickey",
        "UserKnownHostsFile": quoted(lab.directory / "known_hosts"),
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "UpdateHostKeys": "no",
        "ConnectTimeout": "10",
        "ServerAliveInterval": "15",
        "LogLevel": "ERROR",
        "ProxyCommand": f"{shlex.quote(str(lab.directory / 'proxy'))} %h %p",
    }
    sections.append(f"Host {addresses} {names}\n" + "".join(f"  {key} {value}\n" for key, value in common.items()))
    return HEADER + "".join(sections)


def hosts_yaml(hosts: Sequence[Host]) -> str:
    lines = "".join(f"    {host.name}:\n      ansible_host: {host.address}\n" for host in hosts)
    return f"{HEADER}---\nall:\n  hosts:\n{lines}"


def connection_yaml(lab: Lab) -> str:
    return (
        f"{HEADER}---\n"
        f"ansible_user: {ADMINISTRATOR}\n"
        f"ansible_ssh_private_key_file: {lab.directory / 'id_ed25519'}\n"
        f"ansible_ssh_common_args: -F {shlex.quote(str(lab.ssh_config))}\n"
        # Ansible names its control sockets by address and user only, which are the same in every lab.
        f"ansible_control_path_dir: {lab.directory / 'cp'}\n"
    )


def pom_yaml(image: Media) -> str:
    return (
        f"{HEADER}---\n"
        f"pom_web_user: {PORTAL_ADMINISTRATOR}\n"
        f"pom_server_media_iso: {json.dumps(str(image.path))}\n"
        f"pom_server_media_sha256: {json.dumps(image.sha256)}\n"
    )


def write_pom(lab: Lab, image: Media) -> None:
    write(lab.inventory / "group_vars" / "all" / "pom.yml", pom_yaml(image))


def write_all(lab: Lab, hosts: Sequence[Host]) -> None:
    files = [(host, lab.host_directory(host.key) / "ssh_host_ed25519_key.pub") for host in hosts]
    keys = [(host, file.read_text(encoding="utf-8")) for host, file in files if file.exists()]
    write(lab.directory / "known_hosts", known_hosts(keys))
    write(lab.directory / "proxy", PROXY.format(directory=shlex.quote(str(lab.directory)), name=lab.name), 0o755)
    write(lab.ssh_config, ssh_config(lab))
    write(lab.inventory / "hosts.yml", hosts_yaml(hosts))
    write(lab.inventory / "group_vars" / "all" / "connection.yml", connection_yaml(lab))
