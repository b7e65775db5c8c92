"""The roll-out itself: what --check foretold, and what a further run does."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path

import pytest

from lab.rehearsal import BROKERS, HOSTS, PROPERTIES

SERVICES = {
    **dict.fromkeys(BROKERS, ("zookeeper", "kafka", "chrony", "dialtone-firewall")),
    "db1": ("postgresql@15-main", "chrony"),
}
# What the builtin modules report under the name that host_state gives the same thing.
BUILTIN_KINDS = {
    "ansible.builtin.group": "group",
    "ansible.builtin.user": "user",
    "ansible.builtin.unarchive": "tree",
    "ansible.builtin.systemd_service": "unit",
    "ansible.builtin.package": "package",
}


def changes() -> list[dict]:
    path = Path(os.environ.get("MOLECULE_EPHEMERAL_DIRECTORY", ".")) / "changes.jsonl"
    if not path.exists():
        pytest.fail("molecule's check and converge left no changes.jsonl: run the whole sequence with `molecule test -s site`")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def item_paths(lines: list[dict]) -> dict[str, set[tuple[str, str]]]:
    """(kind, path) of everything that changed, by host."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for line in lines:
        kind = BUILTIN_KINDS.get(line["action"])
        if line["action"] == "dialtone.contact_center.host_state":
            found[line["host"]] |= {(change["kind"], change["path"]) for change in line["changes"]}
        elif isinstance(line["reasons"], dict):
            found[line["host"]] |= {("identity", path) for path in line["reasons"]}
        elif kind in ("group", "user", "unit"):
            names = [name for name in [line["name"], *line["results"]] if name]
            found[line["host"]] |= {(kind, name) for name in names}
        elif kind is not None:
            found[line["host"]].add((kind, "some"))
    return found


# A run that changes something takes the lease first, and that needs the directory.
MADE_BY_THE_LEASE = {("directory", "/var/lib/dialtone")}


def test_check_on_bare_hosts_foretells_what_the_run_does():
    lines = changes()
    foretold = item_paths([line for line in lines if line["check"]])
    done = item_paths([line for line in lines if not line["check"]])
    assert set(foretold) == set(HOSTS)
    for host in HOSTS:
        written = {item for item in done[host] if item[0] not in BUILTIN_KINDS.values()}
        announced = {item for item in foretold[host] if item[0] not in BUILTIN_KINDS.values()}
        assert written == announced - MADE_BY_THE_LEASE, host
        # systemd units are named with or without suffix; packages and trees are one task for many.
        for kind in ("group", "user"):
            assert {name for one, name in done[host] if one == kind} == {name for one, name in foretold[host] if one == kind}, (
                host
            )
        for kind in ("tree", "unit", "package"):
            assert any(one == kind for one, _ in done[host]) == any(one == kind for one, _ in foretold[host]), (host, kind)


def test_a_run_that_ended_gave_every_lease_back(site):
    left = {host: site.exec(host, "sh", "-c", "cat /var/lib/dialtone/leases/*.json") for host in HOSTS}
    assert {host: text for host, text in left.items() if text} == {}


def start_times(lab) -> dict[tuple[str, str], str]:
    return {
        (host, unit): lab(host).check_output("systemctl show --property=ActiveEnterTimestampMonotonic,MainPID --value %s", unit)
        for host, units in SERVICES.items()
        for unit in units
    }


def test_a_further_run_changes_nothing_and_restarts_nothing_though_files_were_touched(lab, play):
    before = start_times(lab)
    lab("epm2").check_output("touch /opt/config/pomTrustStore %s", PROPERTIES)
    run = play("site.yml")
    assert run.rc == 0, run.output[-3000:]
    assert run.changed() == dict.fromkeys(HOSTS, 0), run.output[-3000:]
    assert start_times(lab) == before


def test_check_on_a_converged_site_foretells_nothing(play):
    run = play("site.yml", "--check", "--diff")
    assert run.rc == 0, run.output[-3000:]
    assert run.changed() == dict.fromkeys(HOSTS, 0), run.output[-3000:]


def test_a_limited_run_still_obeys_the_contract(play):
    run = play("site.yml", "--limit", "kafka3", "-e", "kafak_heap_mb=300")
    assert run.rc != 0
    assert "write kafka_heap_mb instead" in run.output
    run = play("site.yml", "--limit", "kafka3")
    assert run.rc == 0, run.output[-3000:]
    assert run.changed() == {"kafka3": 0}
