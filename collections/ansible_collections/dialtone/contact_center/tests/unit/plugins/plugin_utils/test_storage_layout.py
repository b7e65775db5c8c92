# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The figures themselves are held by tests/sizing/test_figures.py."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import storage_layout

KINDS = st.sampled_from(sorted(storage_layout.LAYOUTS))


def sizes(engine: str, platform: str, size: int, **options: object) -> dict[str, float]:
    return {row["volume"]: row["size_gb"] for row in storage_layout.layout(engine, platform, size, **options)}  # type: ignore[arg-type]


@pytest.mark.parametrize(("size", "log"), [(999, 499.5), (1000, 750), (1001, 750), (1500, 750), (1501, 750.5), (3000, 1500)])
def test_log_and_tempdb_around_1000_gb(size: int, log: float) -> None:
    """The guide says nothing of exactly 1000 GB, and its 750 GB are less than half of a database above 1500 GB (T-017)."""
    found = sizes("mssql", "linux", size)
    assert found["/sql/logs"] == found["/sql/tempdb"] == log


@settings(deadline=None)
@given(KINDS, st.integers(1, 20_000), st.integers(1, 5000))
def test_a_larger_database_never_needs_a_smaller_volume(kind: tuple[str, str], size: int, more: int) -> None:
    now, later = sizes(*kind, size), sizes(*kind, size + more)
    assert all(later[volume] >= now[volume] for volume in now)


@settings(deadline=None)
@given(KINDS, st.integers(1, 20_000))
def test_a_layout_is_large_enough_for_itself(kind: tuple[str, str], size: int) -> None:
    rows = storage_layout.layout(*kind, size)
    declared = {row["volume"]: row["size_gb"] for row in rows}
    assert storage_layout.too_small(rows, declared) == []
    assert storage_layout.unknown_volumes(rows, declared) == []


def test_volumes_that_are_too_small_or_unknown_are_named() -> None:
    rows = storage_layout.layout("postgres", "linux", 500)
    declared = {"/u01/app/PostgreSQL_15": 60, "/u02/pgpomdata/": 500, "/u02/pgpombackups": 750}
    assert [(row["declared_volume"], row["declared_gb"], row["size_gb"]) for row in storage_layout.too_small(rows, declared)] == [
        ("/u01/app/PostgreSQL_15", 60, 100)
    ]
    assert storage_layout.unknown_volumes(rows, declared) == ["/u02/pgpombackups"]


def test_a_recovery_area_that_holds_not_all_has_no_minimum() -> None:
    assert sizes("oracle", "linux", 500, recovery_area=False)["/u99/flash_recovery_area/pomdb"] == 0


def test_advice_for_tempdb() -> None:
    assert storage_layout.tempdb_advice(86)["initial_gb"] == 29
    assert storage_layout.tempdb_advice(86)["restart_above_gb"] == 30
    assert storage_layout.tempdb_advice(300)["restart_above_gb"] == 100
