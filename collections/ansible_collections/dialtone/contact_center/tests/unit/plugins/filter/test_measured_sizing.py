# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dialtone.contact_center.plugins.filter.measured_sizing import FilterModule
from ansible_collections.dialtone.contact_center.plugins.plugin_utils import sizing

APPLY = FilterModule().filters()["measured_sizing"]
NOTHING: dict[str, list[str]] = {"refused": [], "waived": []}
ENOUGH = (
    "dialtone_id=rhel\ndialtone_cpu_cores=24\ndialtone_memory_kb=32700000\n"
    "dialtone_disk_bytes=510000000000\ndialtone_root_disk_bytes=480000000000\ndialtone_python=/usr/bin/python3.9 3.9\n"
)


def tables(purpose: str = "production") -> list[dict[str, Any]]:
    machine = sizing.machine_of("epm1", ["epm_primary"], {})
    return [{"data_center": "dc1", "purpose": purpose, **sizing.describe(sizing.Load(300), [machine], {"epm1": ["epm_primary"]})}]


def test_a_large_enough_host() -> None:
    assert APPLY(ENOUGH, tables(), "epm1") == NOTHING


def test_a_fresh_image() -> None:
    said = APPLY(ENOUGH.replace("root_disk_bytes=480", "root_disk_bytes=160"), tables(), "epm1")
    assert said["refused"] == [
        "160.0 GB of root filesystem, measured on epm1; at least 500 GB of root filesystem (as measured: 450.0). "
        "Give epm1 500 GB of root filesystem; for a laboratory write sizing_purpose: lab (POM-SIZE-05, POM-SIZE-10)"
    ]


@pytest.mark.parametrize(("purpose", "host"), [("lab", "epm1"), ("production", "kafka3")])
def test_who_is_not_judged(purpose: str, host: str) -> None:
    assert APPLY("dialtone_cpu_cores=1", tables(purpose), host) == NOTHING


def test_what_was_not_measured_is_not_judged() -> None:
    assert APPLY("dialtone_memory_kb=\ndialtone_cpu_cores", tables(), "epm1") == NOTHING


def test_what_is_waived_is_told_as_waived() -> None:
    waiver = {"finding": "measured-too-small", "reason": "a rehearsal", "until": "9999-12-31"}
    said = APPLY(ENOUGH.replace("root_disk_bytes=480", "root_disk_bytes=160"), tables(), "epm1", [waiver])
    assert said["refused"] == []
    assert len(said["waived"]) == 1
