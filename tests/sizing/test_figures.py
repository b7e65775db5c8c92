"""The sizing schemas and the storage layouts hold exactly the documented figures: two independent readings say so."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import kafka_disk, sizing, storage_layout

HERE = Path(__file__).resolve().parent
READINGS = {
    name: yaml.safe_load((HERE / f"figures_{name}.yml").read_text(encoding="utf-8")) for name in ("catalogue", "seeds")
}
TABLES = sorted((HERE.parents[1] / "schemas" / "sizing").glob("*.schema.json"))
AMOUNTS = ("cpu_cores", "cpu_mhz", "memory_gb", "disk_gb", "reserved_cpu_mhz", "reserved_memory_gb", "ports")
# One load in the middle of each profile.
LOADS = {
    "1-100-single-server": sizing.Load(50, jobs=5, local_mpp_ports=300),
    "1-100-external-mpp": sizing.Load(50, jobs=5),
    "101-500": sizing.Load(300, jobs=50),
    "501-1000": sizing.Load(700, jobs=50),
    "1001-2000": sizing.Load(1500, jobs=50),
}
BORDERS = {1: 0, 100: 0, 101: 2, 500: 2, 501: 3, 1000: 3, 1001: 4, 2000: 4}


@pytest.fixture(params=READINGS)
def reading(request: pytest.FixtureRequest) -> dict[str, Any]:
    return copy.deepcopy(READINGS[request.param])


def test_both_readings_agree() -> None:
    catalogue, seeds = (json.loads(json.dumps(READINGS[name])) for name in ("catalogue", "seeds"))
    for part in (*catalogue["profiles"].values(), catalogue["mpp_ports"], catalogue["kafka_events"], catalogue["root_disk"]):
        part.pop("source")
    assert catalogue == seeds


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_table_is_a_draft_2020_12_schema(path: Path) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"]
    assert schema["description"]


def test_profiles_hold_every_row(reading: dict[str, Any]) -> None:
    profiles = sizing.table("profiles")["$defs"]
    assert set(profiles) == set(reading["profiles"])
    for name, read in reading["profiles"].items():
        properties = profiles[name]["properties"]
        assert properties["jobs"] == {"maximum": read["jobs"]}
        kinds = {kind for kind in sizing.KIND_NAMES if "items" in properties.get(kind, {})}
        assert kinds == set(read["servers"])
        for kind, row in read["servers"].items():
            assert properties[kind]["minItems"] == row["count"]
            minima = {quantity: limit["minimum"] for quantity, limit in properties[kind]["items"]["properties"].items()}
            assert minima == {quantity: row[quantity] for quantity in AMOUNTS if quantity in row}
        if "local_mpp_ports" in read:
            assert properties["local_mpp_ports"] == {"minimum": read["local_mpp_ports"]}
            assert properties["mpp"] == {"maxItems": 0}
        if "source" in read:
            assert profiles[name]["x-source"] == [read["source"]]


@pytest.mark.parametrize("kind", ["pom_database", "app_server"])
def test_hardware_tables_hold_every_row(kind: str, reading: dict[str, Any]) -> None:
    schema = sizing.table(kind)
    assert len(schema["allOf"]) == len(schema["$defs"]) == len(reading[kind])
    for number, (entry, row) in enumerate(zip(schema["allOf"], reading[kind], strict=True)):
        condition = {name: [limit["minimum"], limit["maximum"]] for name, limit in entry["if"]["properties"].items()}
        agents = list(row["agents"])
        if 0 < number < 3:
            agents[0] += 1  # 500 and 1000 stand in two rows of the guide, and belong to the lower one (T-005)
        assert condition == {"agents": agents, "notification_ports": row["notification_ports"]}
        body = schema["$defs"][entry["then"]["$ref"].rsplit("/", 1)[1]]["properties"]
        assert body["jobs"] == {"maximum": row["jobs"]}
        assert sizing.figures(body["server"]) == row["alternatives"]


def test_ports_of_a_platform(reading: dict[str, Any]) -> None:
    schema, read = sizing.table("mpp_ports"), reading["mpp_ports"]
    assert schema["x-ports-per-agent"] == read["ports_per_agent"]
    assert schema["properties"]["ports"] == {"maximum": read["usable_at_most"]}
    assert {name: limit["minimum"] for name, limit in schema["if"]["properties"].items()} | {
        "ports": schema["then"]["properties"]["ports"]["maximum"]
    } == read["large"]
    assert schema["else"]["properties"]["ports"]["maximum"] == reading["profiles"]["101-500"]["servers"]["mpp"]["ports"]


def test_kafka_figures(reading: dict[str, Any]) -> None:
    read = reading["kafka_events"]
    read.pop("source", None)
    assert kafka_disk.sample_figures() == read


def test_root_disk(reading: dict[str, Any]) -> None:
    limit = sizing.table("root_disk")["properties"]["root_disk_gb"]
    assert limit == {"minimum": reading["root_disk"]["needed"], "x-fresh-image": reading["root_disk"]["fresh_image"]}


def test_storage_layouts_are_those_of_the_example(reading: dict[str, Any]) -> None:
    """The guide's example is a database of 500 GB; the rules are tried with another size, above 1000 GB, and remote backups."""
    assert {" ".join(key) for key in storage_layout.LAYOUTS} == set(reading["storage"])
    for name, rows in reading["storage"].items():
        engine, platform = name.split()
        example = storage_layout.layout(engine, platform, 500, database="<DB>")
        volumes = [row["volume"].replace(storage_layout.ANY_VERSION, "<version>") for row in example]
        assert [(row["disk"], row["size_gb"]) for row in example] == [(row["disk"], row["gb"]) for row in rows]
        assert volumes == [row["volume"] for row in rows]
        for read, small, large, remote in zip(
            rows,
            storage_layout.layout(engine, platform, 800),
            storage_layout.layout(engine, platform, 1200),
            storage_layout.layout(engine, platform, 800, backup="remote"),
            strict=True,
        ):
            share = read.get("percent", 100) / 100
            expected = read["gb"] if read["fixed"] else share * 800
            assert small["size_gb"] == pytest.approx(expected)
            assert large["size_gb"] == pytest.approx(read.get("above_1000_gb", read["gb"] if read["fixed"] else share * 1200))
            assert remote["size_gb"] == pytest.approx(read.get("remote_backup_gb", expected))


# --- the schema by itself, as another program would use it -------------------------------------------------------------


def document(profile: str) -> dict[str, Any]:
    """A data center that meets the row exactly."""
    load, servers = LOADS[profile], READINGS["seeds"]["profiles"][profile]["servers"]
    machines = {
        kind: [{name: row[name] for name in AMOUNTS if name in row} for _number in range(row["count"])]
        for kind, row in servers.items()
    }
    return {
        "capacity": load.capacity,
        "jobs": load.jobs,
        "telephony": True,
        "mpp_location": sizing.mpp_location(load),
        "local_mpp_ports": load.local_mpp_ports,
        **({"mpp": []} if "mpp" not in machines else {}),
        **machines,
    }


def is_valid(instance: dict[str, Any]) -> bool:
    return Draft202012Validator(dict(sizing.table("profiles"))).is_valid(instance)


@pytest.mark.parametrize("profile", LOADS)
def test_the_row_itself_is_enough(profile: str) -> None:
    assert is_valid(document(profile))


def shortcomings() -> Iterator[tuple[str, str, str]]:
    for profile, read in READINGS["seeds"]["profiles"].items():
        for kind, row in read["servers"].items():
            yield profile, kind, "count"
            yield from ((profile, kind, amount) for amount in AMOUNTS if amount in row)


@pytest.mark.parametrize(("profile", "kind", "amount"), list(shortcomings()))
def test_one_less_is_refused_by_the_schema(profile: str, kind: str, amount: str) -> None:
    instance = document(profile)
    if amount == "count":
        instance[kind].pop()
    else:
        instance[kind][0][amount] -= 1
    assert not is_valid(instance)


@pytest.mark.parametrize(("profile", "kind", "amount"), list(shortcomings()))
def test_one_less_is_found_by_the_code(profile: str, kind: str, amount: str) -> None:
    """What Dialtone judges is what the schema says; an application server may meet the other alternative, and is tried below."""
    instance, load = document(profile), LOADS[profile]
    local = "local_database" in READINGS["seeds"]["profiles"][profile]
    machines = [
        sizing.Machine(f"{name}{number}", (name,), dict(amounts))
        for name in sizing.KIND_NAMES
        for number, amounts in enumerate(instance.get(name, []))
    ]
    assert sizing.judge_described(load, machines) == []
    assert local is (load.capacity <= sizing.LARGEST_LOCAL)
    at = next(number for number, machine in enumerate(machines) if kind in machine.kinds)
    broken = machines.pop(at)
    if amount != "count":
        assert isinstance(broken.amounts, dict)
        broken.amounts[amount] -= 1
        machines.append(broken)
    verdicts = sizing.judge_described(load, machines)
    if amount == "count":
        assert [verdict.rule for verdict in verdicts if verdict.rule != "too-few-ports"] == ["too-few-servers"]
    else:
        assert [(verdict.rule, verdict.machine) for verdict in verdicts] == [("host-too-small", broken.name)]


@pytest.mark.parametrize(("capacity", "number"), BORDERS.items())
def test_borders_of_the_profiles(capacity: int, number: int) -> None:
    found = sizing.profile_of(sizing.Load(capacity, local_mpp_ports=300 if capacity <= 100 else 0))
    assert found is not None
    assert found[0] == list(LOADS)[number]
