# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The figures themselves are held by tests/sizing/test_figures.py."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import sizing
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.sizing import Load, Machine, Verdict

MIDDLE = Load(300, jobs=50)
AMPLE = {"cpu_cores": 64, "cpu_mhz": 4000, "memory_gb": 512, "disk_gb": 4000, "root_disk_gb": 2000}


def machines(load: Load, **amounts: float) -> list[Machine]:
    """As many machines of each kind as the load needs, all large enough."""
    return [
        Machine(f"{kind}{number}", (kind,), AMPLE | ({"ports": 500} if kind == sizing.MPP else {}) | amounts)
        for kind in sizing.KIND_NAMES
        for number in range(sizing.count_of(kind, load))
    ]


def judged(load: Load, there: list[Machine]) -> list[tuple[str, str, str]]:
    return [(verdict.rule, verdict.severity, verdict.machine) for verdict in sizing.judge_described(load, there)]


# --- the load -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("load", "expected"),
    [
        (Load(0), [("no-profile", "refuse", "")]),
        (Load(2001), [("no-profile", "refuse", "")]),
        (Load(0, 2001), [("no-profile", "refuse", "")]),
        (Load(0, 2201, ports_override=True), [("no-profile", "refuse", "")]),
        (Load(0, 2200, ports_override=True), []),
        (Load(1900, 200, ports_override=True), [("no-profile", "refuse", "")]),
        (Load(200, 200), [("mixed-load", "warn", "")]),
        (Load(2000), []),
    ],
)
def test_loads(load: Load, expected: list[Any]) -> None:
    assert judged(load, machines(load)) == expected


def test_consent_is_offered_only_where_it_helps() -> None:
    fixes = {ports: sizing.judge_described(Load(0, ports), [])[0].fix for ports in (2200, 2201)}
    assert "sizing_ports_override: true" in fixes[2200]
    assert "sizing_ports_override" not in fixes[2201]


@pytest.mark.parametrize(
    ("load", "severity"),
    [
        (Load(300, jobs=85), None),
        (Load(300, jobs=86), "warn"),
        (Load(300, jobs=100), "warn"),
        (Load(300, jobs=101), "refuse"),
        (Load(0, 300, jobs=50), None),
        (Load(0, 300, jobs=51), "warn"),
        (Load(0, 300, jobs=86), "refuse"),
        (Load(1500, jobs=200), None),
        (Load(1500, jobs=201), "refuse"),
    ],
)
def test_two_tables_limit_the_jobs(load: Load, severity: str | None) -> None:
    """Below both: well; between: a warning; above both: refused (T-006)."""
    expected = [("too-many-jobs", severity, "")] if severity else []
    assert judged(load, machines(load)) == expected


# --- servers and hardware -----------------------------------------------------------------------------------------


def test_one_server_for_everything_has_no_others() -> None:
    load = Load(80, local_mpp_ports=300)
    everything = Machine("epm", ("epm", "pom_database", "app_server"), AMPLE)
    assert judged(load, [everything]) == []
    assert judged(load, [everything, Machine("aux", ("epm",), AMPLE)]) == [("beyond-profile", "refuse", "")]


def test_fewer_platforms_may_have_as_many_ports() -> None:
    others = [machine for machine in machines(MIDDLE) if "mpp" not in machine.kinds]
    large = [Machine(f"mpp{number}", ("mpp",), AMPLE | {"ports": 750}) for number in range(2)]
    assert judged(MIDDLE, [*others, *large]) == [("too-few-servers", "warn", "")]
    assert judged(MIDDLE, [*others, large[0]]) == [("too-few-servers", "refuse", "")]


@pytest.mark.parametrize(
    ("ports", "hardware", "usable"),
    [
        (500, {}, 500),
        (750, {}, 500),
        (750, {"cpu_cores": 24, "cpu_mhz": 2900, "memory_gb": 32}, 750),
        (750, {"cpu_cores": 24, "cpu_mhz": 2800, "memory_gb": 32}, 500),
        (1500, {"cpu_cores": 24, "cpu_mhz": 2900, "memory_gb": 32}, 750),
        (300, {}, 300),
    ],
)
def test_usable_ports(ports: int, hardware: dict[str, float], usable: int) -> None:
    assert sizing.usable_ports({"ports": ports, **hardware}) == usable


def test_ports_must_be_two_and_a_half_times_the_agents() -> None:
    load = Load(500)
    there = [machine for machine in machines(load) if "mpp" not in machine.kinds]
    platforms = [Machine(f"mpp{number}", ("mpp",), AMPLE | {"ports": ports}) for number, ports in enumerate((500, 500, 249))]
    verdict = sizing.judge_described(load, [*there, *platforms])[-1]
    assert (verdict.rule, verdict.severity) == ("too-few-ports", "refuse")
    assert verdict.found == "500 + 500 + 249 = 1249 usable ports"
    assert verdict.expected == "at least 2.5 × 500 agents + 0 notification ports = 1250"


def test_without_telephony_neither_platforms_nor_application_servers_are_needed() -> None:
    load = Load(300, telephony=False)
    assert (sizing.count_of(sizing.MPP, load), sizing.count_of(sizing.APPLICATION, load)) == (0, 0)
    assert judged(load, machines(load)) == []
    with_email = Load(300, telephony=False, email_campaigns=True)
    assert sizing.count_of(sizing.APPLICATION, with_email) == 1
    assert judged(with_email, machines(load)) == [("too-few-servers", "refuse", "")]


@pytest.mark.parametrize(
    ("cores", "memory", "fits"), [(16, 12, True), (12, 16, True), (12, 12, False), (11, 64, False), (64, 11, False)]
)
def test_an_application_server_meets_one_alternative_as_a_whole(cores: int, memory: int, fits: bool) -> None:
    there = [machine for machine in machines(MIDDLE) if "app_server" not in machine.kinds]
    app = Machine("app", ("app_server",), {"cpu_cores": cores, "memory_gb": memory})
    assert (judged(MIDDLE, [*there, app]) == []) is fits


@pytest.mark.parametrize(("memory", "severity"), [(40, None), (39, "warn"), (32, "warn"), (31, "refuse")])
def test_two_tables_give_the_memory_of_the_database(memory: int, severity: str | None) -> None:
    there = [machine for machine in machines(MIDDLE) if "pom_database" not in machine.kinds]
    database = Machine("db", ("pom_database",), {"memory_gb": memory})
    assert judged(MIDDLE, [*there, database]) == ([("host-too-small", severity, "db")] if severity else [])


def test_a_slow_clock_is_advice() -> None:
    there = [machine for machine in machines(MIDDLE) if machine.name != "epm0"]
    slow = Machine("slow", ("epm",), AMPLE | {"cpu_mhz": 2399})
    assert judged(MIDDLE, [*there, slow]) == [("host-too-small", "warn", "slow")]


def test_only_small_systems_have_a_local_database() -> None:
    there = [machine for machine in machines(MIDDLE) if machine.name not in ("epm0", "pom_database0")]
    both = Machine("both", ("epm", "pom_database"), AMPLE)
    assert judged(MIDDLE, [*there, both]) == [("local-database", "refuse", "both")]


def test_a_reservation_below_the_table_is_refused() -> None:
    there = [machine for machine in machines(MIDDLE) if machine.name != "epm0"]
    epm = Machine("epm", ("epm",), AMPLE | {"reserved_cpu_mhz": 57599, "reserved_memory_gb": 32})
    assert judged(MIDDLE, [*there, epm]) == [("host-too-small", "refuse", "epm")]


LOADS = st.builds(
    Load,
    agents=st.integers(0, 2300),
    notification_ports=st.integers(0, 2300),
    jobs=st.one_of(st.none(), st.integers(1, 300)),
    telephony=st.booleans(),
    email_campaigns=st.booleans(),
    local_mpp_ports=st.sampled_from([0, 300]),
    ports_override=st.booleans(),
)
AMOUNTS = st.dictionaries(st.sampled_from(sorted(AMPLE)), st.integers(1, 600))
MACHINES = st.lists(st.tuples(st.sampled_from(sorted(sizing.KIND_NAMES)), AMOUNTS, st.integers(1, 1500)), max_size=8)


@settings(deadline=None)
@given(LOADS, MACHINES)
def test_any_description_is_judged_and_described(load: Load, drawn: list[tuple[str, dict[str, float], int]]) -> None:
    there = [
        Machine(f"{kind}{number}", (kind,), amounts | ({"ports": ports} if kind == sizing.MPP else {}))
        for number, (kind, amounts, ports) in enumerate(drawn)
    ]
    verdicts = sizing.judge_described(load, there)
    assert all(verdict.source and verdict.fix and verdict.severity in ("refuse", "warn") for verdict in verdicts)
    sizing.describe(load, there, {machine.name: [] for machine in there})


@settings(deadline=None)
@given(LOADS)
def test_as_many_large_machines_as_needed_are_never_refused_for_their_hardware(load: Load) -> None:
    assert not [verdict for verdict in sizing.judge_described(load, machines(load)) if verdict.rule == "host-too-small"]


@settings(deadline=None)
@given(LOADS, st.sampled_from(["cpu_cores", "memory_gb", "disk_gb"]), st.integers(1, 600))
def test_more_of_an_amount_is_never_judged_worse(load: Load, amount: str, value: int) -> None:
    def refused(stated: int) -> set[Verdict]:
        there = [Machine("epm", ("epm",), AMPLE | {amount: stated})]
        return {verdict for verdict in sizing.judge_described(load, there) if verdict.machine == "epm"}

    assert len(refused(value + 1)) <= len(refused(value))


# --- what is required, and what is measured -----------------------------------------------------------------------


def test_a_host_of_several_kinds_needs_the_larger_amount_of_each() -> None:
    needed = sizing.required(MIDDLE, {"both": ["epm_primary", "pom_database"], "kafka3": ["kafka"]})
    assert set(needed) == {"both"}
    assert needed["both"]["alternatives"][0]["memory_gb"] == 40
    assert needed["both"]["source"] == ["POM-SIZE-01", "POM-SIZE-05", "POM-SIZE-10"]


def test_up_to_100_the_epm_server_carries_all_that_is_local() -> None:
    needed = sizing.required(Load(80, local_mpp_ports=300), {"all": ["epm_primary", "pom_database", "app_server"]})
    assert [amounts["cpu_cores"] for amounts in needed["all"]["alternatives"]] == [24]
    assert needed["all"]["profile"] == "1-100-single-server"


FULL = {"cpu_cores": 24, "memory_kb": 32 * 1024 * 1024, "disk_bytes": 500 * 10**9, "root_disk_bytes": 500 * 10**9}


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (FULL, []),
        (FULL | {"memory_kb": 31.4 * 1024 * 1024, "root_disk_bytes": 470 * 10**9}, []),  # a real server of 32 GB and 500 GB
        (FULL | {"memory_kb": 29 * 1024 * 1024}, ["sizing_memory_mb"]),
        (FULL | {"root_disk_bytes": 160 * 10**9}, ["sizing_root_disk_gb"]),
        (FULL | {"cpu_cores": 23, "disk_bytes": 400 * 10**9}, ["sizing_cpu_cores", "sizing_disk_gb"]),
        ({}, []),
    ],
)
def test_measured_hosts(facts: dict[str, float], words: list[str]) -> None:
    requirement = sizing.required(MIDDLE, {"epm1": ["epm_primary"]})["epm1"]
    verdicts = sizing.judge_measured("epm1", requirement, facts)
    assert [verdict.word for verdict in verdicts] == words
    assert all("measured on epm1" in verdict.found for verdict in verdicts)


def test_an_application_server_is_measured_against_both_alternatives() -> None:
    requirement = sizing.required(MIDDLE, {"app1": ["app_server"]})["app1"]
    seen = {"memory_kb": 11.6 * 1024 * 1024, "disk_bytes": 300 * 10**9}
    assert sizing.judge_measured("app1", requirement, seen | {"cpu_cores": 16}) == []
    smaller = sizing.judge_measured("app1", requirement, seen | {"cpu_cores": 12})
    assert [verdict.word for verdict in smaller] == ["sizing_memory_mb"]


def test_rows_of_the_plan() -> None:
    words = {
        "sizing_agents": 300,
        "sizing_jobs": 50,
        "sizing_mpp_servers": [{"name": "mpp1", "ports": 500, "memory_mb": 16384}],
    }
    load = sizing.load_of(words)
    assert load is not None
    epm = sizing.machine_of("epm1", ["epm_primary", "kafka"], {"sizing_memory_mb": 49152, "vmware_memory_reservation_mb": 32768})
    kafka = sizing.machine_of("kafka3", ["kafka"], {})
    described = sizing.describe(load, [epm, kafka, *sizing.mpps_of(words)], {"epm1": ["epm_primary"], "kafka3": ["kafka"]})
    assert described["profile"] == "101-500"
    assert described["ports"]["headroom"] == -250
    assert [row["host"] for row in described["hosts"]] == ["epm1", "mpp1"]
    assert described["hosts"][0]["headroom"] == {"memory_gb": 16, "reserved_memory_gb": 0}


def test_without_agents_stated_there_is_no_load() -> None:
    assert sizing.load_of({"sizing_jobs": 5}) is None


PRODUCTION = [{"purpose": "production", "hosts": [
    {"host": "epm1", "alternatives": [{"cpu_cores": 12, "memory_gb": 24}], "source": ["POM-SIZE-04"]}
]}]
TOO_FEW_CORES = "dialtone_cpu_cores=2\ndialtone_memory_kb=67108864\n"


def test_a_measured_host_is_refused_or_waived_until_the_day_that_was_written() -> None:
    def faults(*waivers: dict[str, str]) -> dict[str, list[str]]:
        return sizing.measured_faults(PRODUCTION, "epm1", TOO_FEW_CORES, waivers, date(2026, 11, 21))

    (refused,) = faults()["refused"]
    assert "2.0 logical CPUs, measured on epm1" in refused
    assert "POM-SIZE-04" in refused
    waiver = {"finding": "measured-too-small", "reason": "a rehearsal", "until": "2026-11-21"}
    set_aside = faults(waiver)
    assert set_aside["refused"] == []
    assert "waived until 2026-11-21, because a rehearsal" in set_aside["waived"][0]
    assert len(faults({**waiver, "until": "2026-11-20"})["refused"]) == 1
    assert len(faults({**waiver, "host": "epm2"})["refused"]) == 1


def test_a_laboratory_is_not_measured() -> None:
    lab = [{**PRODUCTION[0], "purpose": "lab"}]
    assert sizing.measured_faults(lab, "epm1", TOO_FEW_CORES, [], date(2026, 11, 21)) == {"refused": [], "waived": []}
