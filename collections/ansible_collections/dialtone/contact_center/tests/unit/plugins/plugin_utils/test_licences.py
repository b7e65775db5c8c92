# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import licences

from .described_site import CATALOGUE, IDENTITY, call_center_elite, geo_site, recorded, site_host


def test_geo_doubles_the_count_and_says_so() -> None:
    (row,) = licences.rows(geo_site(licences_outbound_ports=1000))
    assert row == {
        "licence": "POM outbound ports",
        "word": "licences_outbound_ports",
        "data_centers": {"dc1": 1000, "dc2": 1000},
        "total": 2000,
        "arithmetic": "1000 in full for each of 2 data centers = 2000",
        "source": ["POM-SYS-02", "POM-GEO-13"],
    }


def test_data_centers_of_their_own_are_added_up() -> None:
    hosts = [
        site_host("epm1", 1, "epm_primary", licences_tts=10),
        site_host("epm2", 2, "epm_primary", data_center="dc2", licences_tts=5),
    ]
    (row,) = licences.rows(hosts)
    assert (row["total"], row["arithmetic"]) == (15, "10 (dc1) + 5 (dc2) = 15")
    assert row["source"] == ["POM-SYS-02"]


def test_what_nobody_orders_is_no_row() -> None:
    assert licences.rows(call_center_elite()) == []


def test_every_licence_of_the_schema_has_a_title() -> None:
    assert set(licences.TITLES) == {name for name, word in CATALOGUE.words.items() if word.area == "licences"}


def test_every_word_that_is_read_must_be_known_early() -> None:
    read: set[str] = set()
    licences.rows(recorded(geo_site(), read))
    assert read - IDENTITY == licences.WORDS_READ


@given(counts=st.dictionaries(st.sampled_from(["dc1", "dc2", "dc3"]), st.integers(0, 5000), min_size=1), is_geo=st.booleans())
def test_the_arithmetic_adds_up(counts: dict[str, int], is_geo: bool) -> None:
    shown, total = licences.arithmetic(counts, is_geo=is_geo).split(" = ")
    assert int(total) == sum(counts.values())
    if " in full for each of " in shown:
        each, data_centers = shown.split(" in full for each of ")
        assert int(each) * int(data_centers.split()[0]) == int(total)
    else:
        assert sum(int(part.split()[0]) for part in shown.split(" + ")) == int(total)
