# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import sizing
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import SiteHost
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.platforms import parse_probe
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.virtual_machines import (
    EXPAND_ROOT,
    GUIDED,
    LIST,
    NONE,
    REMOVE,
    TAKE,
    VCENTER,
    advice,
    announced,
    machine_of,
    root_disk,
    rows,
    snapshot_refusal,
)

GB = 10**9
UUID = "4218c1a4-7d0e-8b1f-2f44-5a6be2a1c0d7"
IN_VCENTER = {
    "vmware_snapshot_method": VCENTER,
    "vmware_vcenter_host": "vcenter1",
    "vmware_vcenter_datacenter": "Frankfurt",
    "vmware_vcenter_user": "dialtone",
    "vmware_vcenter_password": "NotInTheModel",
    "vmware_vm_uuid": UUID,
}


def host(name: str = "epm1", component: str = "epm_primary", **words: Any) -> SiteHost:
    return SiteHost(name, (component,), {"data_center": "dc1", "vmware_guest": True, **words})


def tables(*hosts: SiteHost, purpose: str = "production") -> dict[str, Any]:
    machines = [sizing.machine_of(one.name, one.components, one.words) for one in hosts]
    described = sizing.describe(sizing.Load(300), machines, {one.name: one.components for one in hosts})
    return {"virtual_machines": rows(hosts), "sizing": [{"data_center": "dc1", "purpose": purpose, **described}]}


def output(root: int = 490, disk: int = 500, source: str = "/dev/sda2", **words: object) -> str:
    """As the preflight's command prints it: one disk with a boot partition of 1 GB and a partition for everything else."""
    lines = {"virtualization": "vmware", "cpu_cores": 24, "cpu_mhz": 2400, "root_disk_bytes": root * GB, "root_source": source}
    blocks = [f"sda disk {disk * GB}", f"sda1 part {GB} sda", f"sda2 part {(root + 5) * GB} sda"]
    told = [f"dialtone_{name}={value}" for name, value in {**lines, **words}.items()]
    return "\n".join([*told, *(f"dialtone_block={block}" for block in blocks), "dialtone_snapshot="]) + "\n"


# --- the table ----------------------------------------------------------------------------------------------------


def test_the_model_knows_how_to_find_a_machine_and_never_the_password() -> None:
    [row] = rows([host(**IN_VCENTER)])
    assert row["vcenter"] == {"hostname": "vcenter1", "datacenter": "Frankfurt", "username": "dialtone", "uuid": UUID}
    assert row["password_word"] == "vmware_vcenter_password"
    assert "NotInTheModel" not in str(row)


def test_only_virtual_machines_of_vmware_are_in_it() -> None:
    found = tables(host(), host("kafka3", "kafka"), host("db1", "pom_database", vmware_guest=False))
    assert {row["host"]: row["experience_portal"] for row in found["virtual_machines"]} == {"epm1": True, "kafka3": False}
    assert machine_of(found, "db1") == {"host": "db1", "method": NONE}


def test_the_announcement_asks_of_epm_servers_that_change_and_have_a_method() -> None:
    guided = {"vmware_snapshot_method": GUIDED}
    others = [host("epm2", "epm_auxiliary", **guided), host("epm3", "epm_auxiliary"), host("kafka3", "kafka", **guided)]
    assert announced(tables(host(**guided), *others), ["epm1", "epm3", "kafka3"]) == ["epm1"]


# --- what a host tells --------------------------------------------------------------------------------------------


def test_a_machine_as_it_should_be_is_not_spoken_of() -> None:
    assert advice(tables(host()), "epm1", output()) == []


@pytest.mark.parametrize(("guest", "seen", "why"), [
    (False, "vmware", "epm1 runs on VMware, while vmware_guest is false"),
    (True, "kvm", r"epm1 does not run on VMware (kvm), while vmware_guest is true"),
    (True, "none", r"epm1 does not run on VMware (none)"),
])  # fmt: skip
def test_what_is_stated_of_the_machine_and_is_not_so_is_told(guest: bool, seen: str, why: str) -> None:
    [told] = advice(tables(host(vmware_guest=guest)), "epm1", output(virtualization=seen))
    assert why in told


def test_a_host_that_does_not_tell_is_not_judged() -> None:
    assert advice(tables(host()), "epm1", output(virtualization="")) == []
    assert advice(tables(host()), "epm1", "") == []


def test_an_enlarged_disk_that_is_not_used_is_told_with_the_program_that_expands_it() -> None:
    [told] = advice(tables(host()), "epm1", output(root=160))
    assert "the root filesystem of epm1 has 160.0 GB on a disk of 500.0 GB" in told
    assert EXPAND_ROOT in told
    assert "no snapshot may exist" in told


@pytest.mark.parametrize("one", [host(vmware_guest=False), host(component="kafka")])
def test_on_a_plain_host_it_is_advice_only(one: SiteHost) -> None:
    told = " ".join(advice(tables(one), "epm1", output(root=160, virtualization="")))
    assert "Grow volume and filesystem on epm1" in told
    assert EXPAND_ROOT not in told


def test_a_volume_that_was_grown_without_its_filesystem_is_told() -> None:
    [told] = advice(tables(host()), "epm1", output().replace(f"root_disk_bytes={490 * GB}", f"root_disk_bytes={160 * GB}"))
    assert "160.0 GB" in told


def test_space_of_other_volumes_is_not_unused() -> None:
    blocks = (f"sda disk {500 * GB}", f"sda1 part {500 * GB} sda", f"vg-root lvm {160 * GB} sda1", f"vg-data lvm {330 * GB} sda1")
    words = {"root_source": ["/dev/mapper/vg-root"], "root_disk_bytes": [str(155 * GB)], "block": list(blocks)}
    assert not root_disk(words).has_room  # type: ignore[union-attr]
    disk = root_disk({**words, "block": list(blocks[:3])})
    assert disk is not None
    assert disk.has_room
    assert disk.unused == 340 * GB


@pytest.mark.parametrize("source", ["/dev/mapper/rootvg-epm1", "overlay", ""])
def test_a_root_filesystem_on_nothing_that_is_shown_is_not_judged(source: str) -> None:
    assert advice(tables(host()), "epm1", output(root=160, source=source)) == []


def test_a_subvolume_lies_on_its_device() -> None:
    assert root_disk(parse_probe(output(source="/dev/sda2[/@]"))) == root_disk(parse_probe(output()))


SIZES = st.integers(min_value=0, max_value=2000)


@given(root=SIZES, others=st.lists(SIZES, max_size=4), free=SIZES)
def test_what_is_unused_is_what_no_volume_has(root: int, others: list[int], free: int) -> None:
    parts = [f"sda{number} part {size * GB} sda" for number, size in enumerate([root, *others], 1)]
    disk = f"sda disk {(root + sum(others) + free) * GB}"
    found = root_disk({"root_source": ["/dev/sda1"], "root_disk_bytes": [str(root * GB)], "block": [disk, *parts]})
    assert found is not None
    assert found.unused == free * GB
    assert found.is_grown


def test_processors_that_cannot_carry_the_reservation_are_told() -> None:
    [told] = advice(tables(host()), "epm1", output(cpu_mhz=2000))
    assert "24 × 2000 MHz = 48000 MHz, measured on epm1, while 57600 MHz are to be reserved" in told
    assert advice(tables(host(), purpose="lab"), "epm1", output(cpu_mhz=2000)) == []
    assert advice(tables(host(vmware_guest=False)), "epm1", output(cpu_mhz=2000, virtualization="kvm")) == []


def test_a_snapshot_that_was_left_is_told_until_it_is_removed() -> None:
    left = output().replace("dialtone_snapshot=", "dialtone_snapshot=before-change of 2026-11-22 01:00 UTC, taken by vCenter")
    [told] = advice(tables(host()), "epm1", left)
    assert "epm1 has a snapshot (before-change of 2026-11-22 01:00 UTC, taken by vCenter)" in told
    assert "playbooks/snapshot.yml -e vmware_snapshot_action=remove --limit epm1" in told


# --- snapshots ----------------------------------------------------------------------------------------------------


def machine(method: str = VCENTER, portal: bool = True) -> dict[str, Any]:
    return {"host": "epm1", "method": method, "experience_portal": portal}


def running(*units: str) -> dict[str, dict[str, str]]:
    everyone = ("vpms", "httpd", "cmpmgr", "pomkafka", "sshd")
    return {f"{unit}.service": {"state": "running" if unit in units else "stopped"} for unit in everyone}


def test_a_snapshot_is_refused_while_pom_runs() -> None:
    told = snapshot_refusal(machine(), TAKE, running("vpms", "cmpmgr", "pomkafka", "sshd"), "")
    assert told.startswith("epm1: vpms, pomkafka, cmpmgr run, and a snapshot")
    assert "playbooks/pom_stop.yml, then on epm1 as root: systemctl stop vpms pomkafka." in told


def test_who_runs_alone_is_named_so_and_a_persons_word_does_not_help() -> None:
    assert snapshot_refusal(machine(GUIDED), TAKE, running("cmpmgr"), "Jo Miller").startswith("epm1: cmpmgr runs, and a snapshot")


def test_with_everything_stopped_it_may_be_taken() -> None:
    assert snapshot_refusal(machine(), TAKE, running("sshd"), "") == ""
    assert snapshot_refusal(machine(portal=False), TAKE, running("vpms"), "") == ""


@pytest.mark.parametrize(("action", "words"), [(TAKE, "take a snapshot of the virtual machine epm1"), (REMOVE, "delete all")])
def test_a_person_is_told_what_to_do_until_it_is_said_who_did_it(action: str, words: str) -> None:
    told = snapshot_refusal(machine(GUIDED), action, {}, "")
    assert words in told
    assert "-e vmware_snapshot_by=NAME" in told
    assert snapshot_refusal(machine(GUIDED), action, {}, "Jo Miller") == ""


def test_removing_and_listing_ask_nothing_of_pom() -> None:
    assert snapshot_refusal(machine(), REMOVE, running("vpms"), "") == ""
    assert snapshot_refusal(machine(GUIDED), LIST, running("vpms"), "") == ""
