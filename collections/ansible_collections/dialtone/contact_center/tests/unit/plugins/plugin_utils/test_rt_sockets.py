# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import rt_sockets

from .described_site import CATALOGUE, IDENTITY, call_center_elite, entry, geo_site, recorded, site_host


def pairs(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(row["cms"], row["pom_server"]) for row in rows]


def test_a_cms_pair_and_one_data_center() -> None:
    rows = rt_sockets.rows(call_center_elite())
    assert pairs(rows) == [("cms1", "epm1"), ("cms1", "epm2"), ("cms2", "epm1"), ("cms2", "epm2")]
    assert rows[0] == {
        "data_center": "dc1",
        "cms": "cms1",
        "cms_role": "primary",
        "cms_address": "192.0.2.16",
        "pom_server": "epm1",
        "pom_server_address": "192.0.2.11",
        "port": 7000,
        "format": "tv1",
        "purpose": "real-time data (RT socket)",
        "source": ["POM-RTS-01", "POM-RTS-03"],
    }


def test_one_cms_and_two_data_centers() -> None:
    rows = rt_sockets.rows(geo_site())
    assert pairs(rows) == [("cms9", "epm1"), ("cms9", "epm2"), ("cms9", "epm3"), ("cms9", "epm4")]
    assert [row["data_center"] for row in rows] == ["dc1", "dc1", "dc2", "dc2"]
    assert {row["port"] for row in rows} == {None}, "a port that nobody agreed on is not made up"


def test_a_cms_pair_and_two_data_centers_in_the_order_of_the_vendors_matrix() -> None:
    pair = [entry("cmsb", 91, role="secondary"), entry("cmsa", 92, role="primary")]
    rows = rt_sockets.rows(geo_site(companions_cms=pair))
    assert pairs(rows) == [
        *(("cmsa", "epm1"), ("cmsa", "epm2"), ("cmsb", "epm1"), ("cmsb", "epm2")),
        *(("cmsa", "epm3"), ("cmsa", "epm4"), ("cmsb", "epm3"), ("cmsb", "epm4")),
    ]


@pytest.mark.parametrize("mode", ["None", "AACC", "Oceana"])
def test_no_other_mode_has_rt_sockets(mode: str) -> None:
    assert rt_sockets.rows(call_center_elite(pom_mode=mode)) == []


def test_every_word_that_is_read_must_be_known_early() -> None:
    read: set[str] = set()
    rt_sockets.rows(recorded(call_center_elite(), read))
    assert read - IDENTITY == rt_sockets.WORDS_READ
    assert set(CATALOGUE.words) >= rt_sockets.WORDS_READ


@given(cms=st.integers(0, 3), servers=st.lists(st.sampled_from(["dc1", "dc2"]), max_size=6), order=st.randoms())
def test_the_matrix_is_complete(cms: int, servers: list[str], order: Any) -> None:
    site = {"pom_mode": "CCElite", "companions_cms": [entry(f"cms{number}", number + 1) for number in range(cms)]}
    hosts = [site_host(f"epm{number}", number + 10, "epm_auxiliary", data_center=dc, **site) for number, dc in enumerate(servers)]
    rows = rt_sockets.rows(hosts)
    assert len(set(pairs(rows))) == len(rows) == cms * len(servers)
    assert rt_sockets.sessions_needed(hosts) == len(servers)
    shuffled = list(hosts)
    order.shuffle(shuffled)
    assert rt_sockets.rows(shuffled) == rows == json.loads(json.dumps(rows))
