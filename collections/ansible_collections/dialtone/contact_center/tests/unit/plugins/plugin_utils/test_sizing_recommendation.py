# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""That the contract accepts every starter inventory is held by tests/sizing/test_starter_inventory.py."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import sizing
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.sizing import Load
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.sizing_recommendation import (
    RecommendationError,
    describe,
    recommend,
)


def names(load: Load, **options: object) -> list[str]:
    found = recommend(load, **options)  # type: ignore[arg-type]
    return [host["name"] for data_center in found["data_centers"].values() for host in data_center["hosts"]]


def test_hosts_of_the_profiles() -> None:
    assert names(Load(80, local_mpp_ports=300)) == ["epm1"]
    assert names(Load(300)) == ["epm1", "db1", "app1"]
    assert names(Load(700)) == ["epm1", "epm2", "kafka3", "db1", "app1", "app2"]
    assert names(Load(1500)) == ["epm1", "epm2", "epm3", "epm4", "db1", "app1", "app2", "app3", "app4"]


def test_a_geo_redundant_site_has_everything_twice_and_no_database_of_dialtones() -> None:
    found = names(Load(300), mode="CCElite", geo=True)
    assert found == ["epm1a", "app1a", "cms1a", "epm1b", "app1b", "cms1b"]


def test_platforms_carry_the_ports() -> None:
    """1500 agents need 3750 ports; the row's twelve platforms have 6000."""
    found = recommend(Load(1500))["data_centers"]["dc1"]["mpps"]
    assert len(found) == 12
    assert len(recommend(Load(300, telephony=False))["data_centers"]["dc1"]["mpps"]) == 0


@pytest.mark.parametrize(
    ("load", "options", "said"),
    [
        (Load(2001), {}, "at most 2000"),
        (Load(0), {}, "sizing_notification_ports"),
        (Load(300, jobs=101), {}, "at most 85 jobs"),
        (Load(300), {"mode": "AACC", "geo": True}, "CCElite and MSSQL"),
    ],
)
def test_what_cannot_be_recommended_is_explained(load: Load, options: dict[str, object], said: str) -> None:
    with pytest.raises(RecommendationError, match=said):
        recommend(load, **options)  # type: ignore[arg-type]


def test_text() -> None:
    text = describe(recommend(Load(300, jobs=90)))
    assert text.splitlines()[0] == "300 agents: profile 101-500 (POM-SIZE-05)"
    assert "note: 90: at most 85 jobs" in text
    assert "epm1      epm_primary, zookeeper, kafka: 24 logical CPUs, 2400 MHz, 32 GB of memory, 500 GB of disk" in text
    assert "telephony ports in each data center: at least 750 (POM-SIZE-08)" in text


@settings(deadline=None)
@given(st.integers(1, 2000), st.booleans(), st.booleans())
def test_what_is_recommended_is_enough(agents: int, telephony: bool, email: bool) -> None:
    load = Load(agents, telephony=telephony, email_campaigns=email)
    data_center = recommend(load)["data_centers"]["dc1"]
    hosts = [
        sizing.Machine(host["name"], sizing.kinds_of(host["components"]), host["amounts"]) for host in data_center["hosts"]
    ]
    mpps = [sizing.Machine(mpp["name"], (sizing.MPP,), mpp["amounts"]) for mpp in data_center["mpps"]]
    assert sizing.judge_described(load, [*hosts, *mpps]) == []
