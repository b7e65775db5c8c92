# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The disk that a broker needs for the events it keeps (POM-SIZE-09, POM-KAFKA-01, POM-KAFKA-02).

The vendor gives two figures that differ by a factor of 14, and no formula (T-098, T-099, T-102). The formula is Dialtone's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.sizing import table

MB_IN_GB = 1000  # as the sample counts: 45 GB in 105 hours are 428.57 MB an hour
RESERVE = 1.2  # Kafka deletes whole segments only, and a full volume stops the broker


def sample_figures() -> dict[str, Any]:
    """The vendor's figures, by name."""
    return _constants(table("kafka_events"))


def _constants(schema: Mapping[str, Any]) -> Any:
    if "const" in schema:
        return schema["const"]
    return {name: _constants(part) for name, part in schema["properties"].items()}


def estimate(attempts_per_hour: int, retention_hours: int, *, replication_factor: int, brokers: int) -> dict[str, Any]:
    """Disk for one broker, in GB, with both documented estimates and the arithmetic.

    The figures hold for a cluster in which every broker has a copy of everything, as with three copies on three brokers.
    """
    figures = sample_figures()
    sample = figures["sample"]
    attempts = attempts_per_hour * retention_hours
    per_million = figures["gb_per_million_attempts"]
    by_attempts = per_million * attempts / 1_000_000
    by_hours = sample["mb_per_hour"] * retention_hours / MB_IN_GB
    held = min(replication_factor, brokers) / brokers
    per_broker = RESERVE * held * max(by_attempts, by_hours)
    return {
        "attempts_in_retention": attempts,
        "estimates": [
            {
                "name": "rule of thumb",
                "gb": round(by_attempts, 1),
                "arithmetic": f"{attempts_per_hour} attempts/h × {retention_hours} h × {per_million} GB per million"
                f" = {by_attempts:.1f} GB",
                "source": ["POM-KAFKA-01", "T-098"],
            },
            {
                "name": "measured run",
                "gb": round(by_hours, 1),
                "arithmetic": f"{sample['mb_per_hour']} MB/h × {retention_hours} h = {by_hours:.1f} GB, as a lower bound",
                "source": ["POM-SIZE-09", "T-099"],
            },
        ],
        "share_of_a_broker": held,
        "per_broker_gb": round(per_broker, 1),
        "arithmetic": f"the larger one × {min(replication_factor, brokers)} copies / {brokers} brokers × {RESERVE} reserve "
        f"= {per_broker:.1f} GB",
        "topics": topic_shares(retention_hours),
        "source": ["POM-SIZE-09", "POM-KAFKA-01", "POM-KAFKA-02", "T-102"],
    }


def topic_shares(retention_hours: int) -> list[dict[str, Any]]:
    """What each topic had in the sample, the largest first: for the proportions, their sum is no basis for a disk (T-099)."""
    figures = sample_figures()
    total = figures["total_mb_per_hour"]
    topics = {**figures["topics_mb_per_hour"], "ZooKeeper": figures["zookeeper_mb_per_hour"]}
    return [
        {"topic": topic, "mb_per_hour": rate, "gb": round(rate * retention_hours / MB_IN_GB, 2), "share": round(rate / total, 3)}
        for topic, rate in sorted(topics.items(), key=lambda item: -item[1])
    ]


def longest_retention_hours(attempts_per_hour: int, volume_gb: float, *, replication_factor: int, brokers: int) -> int:
    """The longest retention that a volume holds, in whole hours; 0 where it does not hold one."""
    hour = estimate(attempts_per_hour, 1000, replication_factor=replication_factor, brokers=brokers)["per_broker_gb"] / 1000
    return int(volume_gb / hour)
