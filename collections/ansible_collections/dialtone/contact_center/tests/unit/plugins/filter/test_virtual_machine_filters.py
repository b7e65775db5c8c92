# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.filter import machine_advice, snapshot_machine, snapshot_refusal

MACHINE = {"host": "epm1", "data_center": "dc1", "experience_portal": True, "method": "guided", "source": ["POM-VM-05"]}
TABLES: dict[str, Any] = {"virtual_machines": [MACHINE], "sizing": []}


def test_the_machine_of_a_host() -> None:
    machine = snapshot_machine.FilterModule().filters()["snapshot_machine"]
    assert machine(TABLES, "epm1") == MACHINE
    assert machine(TABLES, "kafka3") == {"host": "kafka3", "method": "none"}


def test_why_no_snapshot_is_taken() -> None:
    refusal = snapshot_refusal.FilterModule().filters()["snapshot_refusal"]
    assert "epm1: vpms runs" in refusal(MACHINE, "take", {"vpms.service": {"state": "running"}})
    assert "the name of who did it" in refusal(MACHINE, "take", {})
    assert refusal(MACHINE, "take", {}, "Jo Miller") == ""


def test_what_a_person_should_know() -> None:
    advice = machine_advice.FilterModule().filters()["machine_advice"]
    assert advice("dialtone_virtualization=vmware\n", TABLES, "epm1") == []
    [told] = advice("dialtone_virtualization=vmware\n", TABLES, "kafka3")
    assert told.startswith("kafka3 runs on VMware, while vmware_guest is false")
