"""What every playbook must be, so that a run stops where it has to.

Measured with ansible-core 2.19 and 2.21: in a play with `serial`, `any_errors_fatal` lets a roll go on behind a host out of
reach (it counts twice, and the two never equal the batch); without it, the batch that failed as a whole ends the run. In a play
without `serial`, `any_errors_fatal` alone lets the other hosts go on with the plays that follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

PLAYBOOKS = Path(__file__).resolve().parents[2] / "playbooks"
# Those that only look, and tell of every host that they can reach.
LENIENT = {"status.yml", "plan.yml"}
# Groups that the contract and the announcement make, host by host.
IN_THE_ORDER_OF_THE_SITE = {
    *("dialtone_site", "dialtone_due", "dialtone_kafka", "dialtone_zookeeper"),
    *("dialtone_pom_primary", "dialtone_pom_auxiliary", "dialtone_app_server"),
}


def plays() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(PLAYBOOKS.glob("*.yml")):
        for play in yaml.safe_load(path.read_text(encoding="utf-8")):
            if "hosts" in play:
                yield path.name, play


ALL = [pytest.param(name, play, id=f"{name}: {play['name']}") for name, play in plays()]


@pytest.mark.parametrize(("name", "play"), ALL)
def test_the_first_failure_and_the_first_host_out_of_reach_stop_the_run(name: str, play: dict[str, Any]) -> None:
    if "serial" in play:
        assert play["serial"] == 1
        assert "any_errors_fatal" not in play
    elif name not in LENIENT:
        assert play.get("any_errors_fatal") is not None
        assert play.get("max_fail_percentage") is not None


def test_every_playbook_tells_who_runs_it_and_what_it_will_not_do() -> None:
    imported = {
        play["ansible.builtin.import_playbook"]
        for path in PLAYBOOKS.glob("*.yml")
        for play in yaml.safe_load(path.read_text(encoding="utf-8"))
        if "ansible.builtin.import_playbook" in play
    }
    for path in sorted(PLAYBOOKS.glob("*.yml")):
        header = path.read_text(encoding="utf-8").split("\n- name:")[0].lower()
        if path.name in imported and "who and when" not in header:
            assert "import" in header or "who runs it" in header, path.name
        else:
            assert all(word in header for word in ("who and when", "run:", "will not do")), path.name


def test_a_path_below_the_build_directory_is_counted_from_where_the_run_was_called() -> None:
    """`fetch` counts a relative one from the playbook."""
    built = [
        f"{path.relative_to(PLAYBOOKS)}: {line.strip()}"
        for path in sorted(PLAYBOOKS.rglob("*.yml"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if "dialtone_build_directory | default('build')" in line
    ]
    assert built
    assert [line for line in built if "| ansible.builtin.realpath" not in line] == []


@pytest.mark.parametrize(("name", "play"), [one for one in ALL if "serial" in one.values[1]])
def test_one_by_one_is_in_the_order_of_the_site(name: str, play: dict[str, Any]) -> None:
    """What group_by makes has the order in which the hosts answered, and a roll has the order of its first group."""
    first, *narrowed = play["hosts"].split(":")
    assert first in IN_THE_ORDER_OF_THE_SITE
    assert all(part.startswith("&") for part in narrowed), "another group would be added behind"
