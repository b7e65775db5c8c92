# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import kafka_disk

RATES = st.integers(1, 500_000)
HOURS = st.integers(1, 2000)
BROKERS = st.integers(1, 7)


def per_broker(rate: int, hours: int, copies: int = 3, brokers: int = 3) -> float:
    return kafka_disk.estimate(rate, hours, replication_factor=copies, brokers=brokers)["per_broker_gb"]


def test_both_documented_estimates_are_shown() -> None:
    found = kafka_disk.estimate(119_000, 72, replication_factor=3, brokers=3)
    assert [(estimate["name"], estimate["gb"]) for estimate in found["estimates"]] == [
        ("rule of thumb", 428.4),  # 119000 × 72 / 1 000 000 × 50
        ("measured run", 30.9),  # 428.57 MB × 72
    ]
    assert found["per_broker_gb"] == 514.1  # × 1.2
    assert "3 copies / 3 brokers" in found["arithmetic"]


def test_a_quiet_site_still_needs_the_measured_figure() -> None:
    assert per_broker(100, 105) == 54.0  # 45 GB × 1.2


def test_topics_are_in_the_order_of_their_size() -> None:
    topics = kafka_disk.topic_shares(100)
    assert topics[0] == {"topic": "POM.Default.ATTEMPT", "mb_per_hour": 12.58, "gb": 1.26, "share": 0.313}
    assert sum(topic["share"] for topic in topics) == pytest.approx(1, abs=0.01)


@settings(deadline=None)
@given(RATES, HOURS, BROKERS, BROKERS)
def test_more_of_anything_never_needs_less(rate: int, hours: int, copies: int, brokers: int) -> None:
    now = per_broker(rate, hours, copies, brokers)
    assert per_broker(rate + 1000, hours, copies, brokers) >= now
    assert per_broker(rate, hours + 1, copies, brokers) >= now
    assert per_broker(rate, hours, copies + 1, brokers) >= now
    assert per_broker(rate, hours, copies, brokers + 1) <= now


@settings(deadline=None)
@given(RATES, HOURS, BROKERS, BROKERS)
def test_all_brokers_together_hold_every_copy(rate: int, hours: int, copies: int, brokers: int) -> None:
    together = per_broker(rate, hours, copies, brokers) * brokers
    assert together == pytest.approx(per_broker(rate, hours, 1, 1) * min(copies, brokers), abs=0.05 * brokers + 0.5)


@settings(deadline=None)
@given(RATES, st.integers(1, 5000), BROKERS, BROKERS)
def test_the_longest_retention_fits_and_one_more_hour_does_not(rate: int, volume: int, copies: int, brokers: int) -> None:
    hours = kafka_disk.longest_retention_hours(rate, volume, replication_factor=copies, brokers=brokers)
    assert hours == 0 or per_broker(rate, hours, copies, brokers) <= volume * 1.001 + 0.1
    assert per_broker(rate, hours + 2, copies, brokers) >= volume * 0.999 - 0.1
