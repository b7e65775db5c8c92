# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Virtual machines of VMware: what the hosts tell of themselves, held against what is stated of them, and their snapshots. Pure.

What only vCenter knows (reservations, vMotion, vSphere HA, Fault Tolerance) stays a statement of its administrator.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_layout import EP_UNITS
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_services import OWN_UNITS, UNITS
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.platforms import parse_probe
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import POM_SERVERS
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.sizing import BYTES_IN_GB

if TYPE_CHECKING:
    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import SiteHost

VMWARE = "vmware"  # as systemd-detect-virt names it
EXPAND_ROOT = "/opt/Avaya/LinuxInstaller/bin/expand_root.sh"
NONE, GUIDED, VCENTER = "none", "guided", "vcenter"
TAKE, REMOVE, LIST = "take", "remove", "list"
VCENTER_WORDS: Mapping[str, str] = {
    "hostname": "vmware_vcenter_host",
    "datacenter": "vmware_vcenter_datacenter",
    "username": "vmware_vcenter_user",
    "uuid": "vmware_vm_uuid",
}
PASSWORD_WORD = "vmware_vcenter_password"
WORDS_READ = frozenset({"vmware_guest", "vmware_snapshot_method", *VCENTER_WORDS.values()})

# Partition tables, alignment and metadata of volumes take some of a disk, and a filesystem's own tables some of its volume.
UNUSED_DISK_SHARE = 0.05
GROWN_FILESYSTEM_SHARE = 0.9
LEAST_UNUSED_BYTES = 5 * BYTES_IN_GB
# The clock that a guest is told is rounded.
CLOCK_SHARE = 0.98


def rows(hosts: Iterable[SiteHost]) -> list[dict[str, Any]]:
    """One row a virtual machine of VMware: whether it carries Experience Portal, and how its snapshots are taken."""
    found = []
    for host in hosts:
        if host.words.get("vmware_guest"):
            method = host.words.get("vmware_snapshot_method", NONE)
            row = {
                "host": host.name,
                "data_center": host.data_center,
                "experience_portal": host.is_any(*POM_SERVERS),
                "method": method,
                "source": ["POM-VM-05"],
            }
            if method == VCENTER:
                row["vcenter"] = {option: host.words[word] for option, word in VCENTER_WORDS.items()}
                row["password_word"] = PASSWORD_WORD
            found.append(row)
    return found


def machine_of(tables: Mapping[str, Any], host: str) -> dict[str, Any]:
    """The row of a host; one whose method is none where the host is no virtual machine of VMware."""
    return next((row for row in tables["virtual_machines"] if row["host"] == host), {"host": host, "method": NONE})


# --- what a host tells of itself ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Block:
    """A line of lsblk. A volume over two disks has a line below each."""

    name: str
    kind: str
    size: int
    parent: str = ""


@dataclass(frozen=True)
class RootDisk:
    """The disk, or disks, below the root filesystem, in bytes."""

    filesystem: int
    volume: int
    disk: int
    in_volumes: int

    @property
    def unused(self) -> int:
        return max(self.disk - self.in_volumes, 0)

    @property
    def has_room(self) -> bool:
        return self.unused >= max(LEAST_UNUSED_BYTES, UNUSED_DISK_SHARE * self.disk)

    @property
    def is_grown(self) -> bool:
        return self.filesystem >= GROWN_FILESYSTEM_SHARE * self.volume


def advice(tables: Mapping[str, Any], host: str, output: str) -> list[str]:
    """What the preflight's command printed of a host and a person should know, as sentences; nothing of it stops a run."""
    words, machine = parse_probe(output), machine_of(tables, host)
    is_guest = "experience_portal" in machine
    found = [*_of_guest(host, is_guest, words), *_of_root_disk(machine, is_guest, words)]
    return [*found, *_of_processors(tables, host, words), *_of_snapshot(host, words)]


def _of_guest(host: str, is_guest: bool, words: Mapping[str, Sequence[str]]) -> Iterator[str]:
    seen = words.get("virtualization", [""])[0]
    if seen == VMWARE and not is_guest:
        yield (
            f"{host} runs on VMware, while vmware_guest is false: what holds for its virtual machines is not judged. "
            f"Write vmware_guest: true for {host} (POM-VM-02)"
        )
    elif is_guest and seen and seen != VMWARE:
        yield (
            f"{host} does not run on VMware ({seen}), while vmware_guest is true: it is judged by rules that do not concern it. "
            f"Remove vmware_guest of {host} (POM-VM-02)"
        )


def _of_root_disk(machine: Mapping[str, Any], is_guest: bool, words: Mapping[str, Sequence[str]]) -> Iterator[str]:
    disk = root_disk(words)
    if disk is None or not (disk.has_room or not disk.is_grown):
        return
    host, gigabytes = machine["host"], [f"{size / BYTES_IN_GB:.1f} GB" for size in (disk.filesystem, disk.disk)]
    if machine.get("experience_portal") and is_guest:
        remedy = f"As root on {host}: {EXPAND_ROOT}, then reboot it; no snapshot may exist meanwhile"
    else:
        remedy = f"Grow volume and filesystem on {host} where the space is meant for them"
    yield f"the root filesystem of {host} has {gigabytes[0]} on a disk of {gigabytes[1]}. {remedy} (POM-VM-01)"


def root_disk(words: Mapping[str, Sequence[str]]) -> RootDisk | None:
    """None where the root filesystem lies on nothing that lsblk shows."""
    blocks = [block for line in words.get("block", ()) if (block := _block(line))]
    # A subvolume stands behind the device, in brackets.
    source = words.get("root_source", [""])[0].partition("[")[0].rpartition("/")[2]
    size = words.get("root_disk_bytes", [""])[0]
    volume = next((block for block in blocks if block.name == source), None)
    if volume is None or not size.isdigit():
        return None
    disks = {block.name: block.size for block in _above(blocks, source) if block.kind == "disk"}
    below = {block.name: block for disk in disks for block in _below(blocks, disk)}
    parents = {block.parent for block in blocks}
    leaves = [block for name, block in below.items() if name not in parents]
    return RootDisk(int(size), volume.size, sum(disks.values()), sum(block.size for block in leaves))


def _block(line: str) -> Block | None:
    name, kind, size, parent = (*line.split(), "", "", "", "")[:4]
    return Block(name, kind, int(size), parent) if size.isdigit() else None


def _above(blocks: Sequence[Block], name: str) -> Iterator[Block]:
    for block in (block for block in blocks if block.name == name):
        yield block
        yield from _above(blocks, block.parent) if block.parent else ()


def _below(blocks: Sequence[Block], name: str) -> Iterator[Block]:
    for block in blocks:
        if name in (block.name, block.parent):
            yield block
        if block.parent == name:
            yield from _below(blocks, block.name)


def _of_processors(tables: Mapping[str, Any], host: str, words: Mapping[str, Sequence[str]]) -> Iterator[str]:
    cores, clock = (words.get(name, [""])[0] for name in ("cpu_cores", "cpu_mhz"))
    needed = max(
        (
            row["required"].get("reserved_cpu_mhz", 0)
            for table in tables["sizing"]
            if table["purpose"] == "production"
            for row in table["hosts"]
            if row["host"] == host
        ),
        default=0,
    )
    if "experience_portal" in machine_of(tables, host) and cores.isdigit() and clock.isdigit():
        given = int(cores) * int(clock)
        if given < CLOCK_SHARE * needed:
            yield (
                f"{cores} × {clock} MHz = {given} MHz, measured on {host}, while {needed:g} MHz are to be reserved for it: "
                f"vCenter cannot reserve what is not there. Give {host} more processors, or a faster ESXi host (POM-VM-02)"
            )


def _of_snapshot(host: str, words: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for snapshot in words.get("snapshot", [])[:1]:
        if snapshot:
            yield (
                f"{host} has a snapshot ({snapshot}): it slows the disk and keeps it from growing. Once the change is judged "
                f"good: playbooks/snapshot.yml -e vmware_snapshot_action=remove --limit {host} (POM-VM-05)"
            )


# --- snapshots ----------------------------------------------------------------------------------------------------


def snapshot_refusal(machine: Mapping[str, Any], action: str, services: Mapping[str, Mapping[str, Any]], by: str) -> str:
    """Why an action cannot be done on a host now, with what to do; empty where it can.

    services: as ansible.builtin.service_facts leaves them.
    """
    host = machine["host"]
    running = [unit for unit in (*EP_UNITS, *UNITS) if services.get(f"{unit}.service", {}).get("state") == "running"]
    if action == TAKE and machine.get("experience_portal") and running:
        others = " ".join(unit for unit in running if unit not in OWN_UNITS)
        return (
            f"{host}: {', '.join(running)} run{'s' if len(running) == 1 else ''}, and a snapshot of a running Experience Portal "
            "or POM drops calls and web sessions and leaves servers out of step. Stop campaigns, then run playbooks/pom_stop.yml"
            f"{f', then on {host} as root: systemctl stop {others}' if others else ''}. Afterwards playbooks/site.yml starts "
            "everything again (POM-VM-05)"
        )
    if machine["method"] == GUIDED and action in CHECKLIST and not by:
        words = CHECKLIST[action].format(host=host)
        return f"{host}: {words}. Then run this again with -e vmware_snapshot_by=NAME, the name of who did it (POM-VM-05)"
    return ""


CHECKLIST: Mapping[str, str] = {
    TAKE: "in the vSphere client take a snapshot of the virtual machine {host}, without its memory and without quiescing",
    REMOVE: "in the vSphere client delete all snapshots of the virtual machine {host}, and see that the list is empty",
}


def announced(tables: Mapping[str, Any], due: Iterable[str]) -> list[str]:
    """Of the hosts that a run changes, the EPM servers whose snapshot is asked for before."""
    changing = set(due)
    return [
        row["host"]
        for row in tables["virtual_machines"]
        if row["host"] in changing and row["experience_portal"] and row["method"] != NONE
    ]
