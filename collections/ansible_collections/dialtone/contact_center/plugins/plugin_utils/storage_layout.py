# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Volumes of a database server, by engine and platform, from the size of the database (POM-DB-20, POM-DB-23 to POM-DB-25)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REMOTE_BACKUP_GB = 200  # room for urgent copies of tables
BACKUP_SHARE = 1.5
REDO_SHARE = 0.1
LOG_SHARE = 0.5
LARGE_DATABASE_GB = 1000
LARGE_LOG_GB = 750
TEMPDB_SHARE = 1 / 3
TEMPDB_RESTART_GB = 30

ANY_VERSION = "VERSION"
FIXED, DATA, LOG, REDO, BACKUP, RECOVERY = "fixed", "data", "log", "redo", "backup", "recovery"


@dataclass(frozen=True)
class Volume:
    """A row of the vendor's tables: how its size follows from the size of the database."""

    path: str
    purpose: str
    size: str
    fixed_gb: int = 0


OPERATING_SYSTEM = Volume("C:\\", "operating system", FIXED, 60)
MSSQL_DATA = "data files (MDF) of the POM database and of master, model and msdb"
MSSQL_LOG = "log files (LDF) of the same databases"
BACKUP_OF_ALL = "backups of data and logs, compressed"
TEMPDB = "TempDB"
ORACLE_DATA = "data files and control files, set 1"
ORACLE_REDO = "redo logs and control files, set "
ORACLE_RECOVERY = "recovery area: archive logs, backups, flashback logs"
POSTGRES_SOFTWARE = "PostgreSQL software and logs"
POSTGRES_DATA = "data directory"

LAYOUTS: Mapping[tuple[str, str], tuple[Volume, ...]] = {
    ("mssql", "windows"): (
        OPERATING_SYSTEM,
        Volume("D:\\", "instance home, management studio, files of users", FIXED, 100),
        Volume("E:\\", MSSQL_DATA, DATA),
        Volume("F:\\", MSSQL_LOG, LOG),
        Volume("G:\\", BACKUP_OF_ALL, BACKUP),
        Volume("P:\\", "page file", FIXED, 60),
        Volume("T:\\", TEMPDB, LOG),
    ),
    ("mssql", "linux"): (
        Volume("/sql/data", MSSQL_DATA, DATA),
        Volume("/sql/logs", MSSQL_LOG, LOG),
        Volume("/sql/backup", BACKUP_OF_ALL, BACKUP),
        Volume("/sql/tempdb", TEMPDB, LOG),
    ),
    ("oracle", "windows"): (
        OPERATING_SYSTEM,
        Volume("D:\\", "ORACLE_BASE, ORACLE_HOME, software, trace logs, patches", FIXED, 100),
        Volume("E:\\", ORACLE_DATA, DATA),
        Volume("F:\\", ORACLE_REDO + "2", REDO),
        Volume("G:\\", ORACLE_REDO + "3", REDO),
        Volume("H:\\", ORACLE_RECOVERY, RECOVERY),
    ),
    ("oracle", "linux"): (
        Volume("/u01/app/oracle", "ORACLE_BASE, software, trace logs, patches", FIXED, 60),
        Volume("/u02/oradata/{database}", ORACLE_DATA, DATA),
        Volume("/u03/oraredo/redolog1/{database}", ORACLE_REDO + "2", REDO),
        Volume("/u04/oraredo/redolog2/{database}", ORACLE_REDO + "3", REDO),
        Volume("/u99/flash_recovery_area/{database}", ORACLE_RECOVERY, RECOVERY),
    ),
    ("postgres", "windows"): (
        OPERATING_SYSTEM,
        Volume("D:\\", POSTGRES_SOFTWARE, FIXED, 100),
        Volume("E:\\", POSTGRES_DATA, DATA),
        Volume("F:\\", "backups", BACKUP),
    ),
    ("postgres", "linux"): (
        Volume("/u01/app/PostgreSQL_{version}", POSTGRES_SOFTWARE, FIXED, 100),
        Volume("/u02/pgpomdata", POSTGRES_DATA, DATA),
        Volume("/u02/pgpombackup", "backups", BACKUP),
    ),
}
SOURCES = {"mssql": "POM-DB-23", "oracle": "POM-DB-24", "postgres": "POM-DB-25"}


def layout(
    engine: str, platform: str, size_gb: int, *, backup: str = "local", recovery_area: bool = True, database: str = "pomdb"
) -> list[dict[str, Any]]:
    """The volumes of a database of so many GB, with the rule that each size follows from.

    backup: local or remote. recovery_area: whether Oracle's recovery area holds all recovery files; without it its size is the
    administrator's to say, and no minimum is given.
    """
    rows = []
    for number, volume in enumerate(LAYOUTS[engine, platform]):
        size, rule = _size(volume, size_gb, backup=backup, recovery_area=recovery_area)
        rows.append(
            {
                "disk": number,
                "volume": volume.path.format(database=database, version=ANY_VERSION),
                "size_gb": size,
                "purpose": volume.purpose,
                "rule": rule,
                "source": [SOURCES[engine]],
            }
        )
    return rows


def _size(volume: Volume, size_gb: int, *, backup: str, recovery_area: bool) -> tuple[float, str]:
    if volume.size == FIXED:
        return volume.fixed_gb, "the same for every size of database"
    if volume.size == DATA:
        return size_gb, "the size of the database; its indexes may grow to twice their size"
    if volume.size == REDO:
        return REDO_SHARE * size_gb, f"{REDO_SHARE:.0%} of the database"
    if volume.size == LOG:
        if size_gb < LARGE_DATABASE_GB:
            return LOG_SHARE * size_gb, f"{LOG_SHARE:.0%} of the data files below {LARGE_DATABASE_GB} GB"
        rule = f"{LARGE_LOG_GB} GB from {LARGE_DATABASE_GB} GB on, or {LOG_SHARE:.0%} where that is more (T-017)"
        return max(LOG_SHARE * size_gb, LARGE_LOG_GB), rule
    if volume.size == BACKUP and backup == "remote":
        return REMOTE_BACKUP_GB, "backups go to another server; room for urgent copies of tables"
    if volume.size == RECOVERY and not recovery_area:
        return 0, "the recovery area does not hold all recovery files: its administrator says how large it is"
    return BACKUP_SHARE * size_gb, f"{BACKUP_SHARE:.0%} of the database; more with more frequent or longer kept backups"


def too_small(rows: list[dict[str, Any]], declared: Mapping[str, float]) -> list[dict[str, Any]]:
    """The volumes that were declared smaller than computed, each with what was declared."""
    return [
        row | {"declared_volume": volume, "declared_gb": size}
        for row in rows
        for volume, size in declared.items()
        if _is_same(row["volume"], volume) and size < row["size_gb"]
    ]


def unknown_volumes(rows: list[dict[str, Any]], declared: Mapping[str, float]) -> list[str]:
    return sorted(volume for volume in declared if not any(_is_same(row["volume"], volume) for row in rows))


def _is_same(volume: str, declared: str) -> bool:
    """The layout of PostgreSQL leaves the version open."""
    stem, version, _rest = volume.partition(ANY_VERSION)
    return declared.startswith(stem) if version else declared.rstrip("/\\") == volume.rstrip("/\\")


def tempdb_advice(size_gb: int) -> dict[str, Any]:
    """Values for the administrator of MSSQL: passed on, never set by Dialtone (T-018)."""
    third = round(TEMPDB_SHARE * size_gb)
    return {
        "initial_gb": third,
        "restart_above_gb": max(TEMPDB_RESTART_GB, third),
        "grows": "automatically, with enough free disk",
        "source": ["POM-DB-20", "T-018"],
    }
