# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The PostgreSQL parameters of a POM database, from the memory of its server (POM-DB-21, POM-DB-22)."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.module_utils import postgresql

MB_IN_GB = 1024
BASELINE_MB = 32 * MB_IN_GB

# A server sold with 32 GB measures less: firmware and kernel keep some of it.
SMALLEST_BASELINE_MB = 30 * MB_IN_GB

# Documented for 32 GB of memory (T-019: the guide's own 25% would be 8 GB; it holds above 32 GB only).
BASELINE_SIZES_MB = {
    "shared_buffers": 6 * MB_IN_GB,
    "effective_cache_size": 12 * MB_IN_GB,
    "maintenance_work_mem": 1 * MB_IN_GB,
    "work_mem": 8,
    "wal_buffers": 16,
}

# Dialtone's own, for less memory than the documents know: the baseline in proportion, and not below PostgreSQL's own defaults.
FLOORS_MB = {
    "shared_buffers": 128,
    "effective_cache_size": 256,
    "maintenance_work_mem": 64,
    "work_mem": 4,
    "wal_buffers": 4,
}

DOCUMENTED: Mapping[str, Any] = {
    "checkpoint_completion_target": 0.9,
    "max_parallel_maintenance_workers": 4,
    "max_parallel_workers": 10,
    "max_parallel_workers_per_gather": 4,
    "max_worker_processes": 10,
    "autovacuum": True,
    "autovacuum_vacuum_scale_factor": 0.1,
    "track_counts": True,
}

# Parameters that another variable sets, and that variable.
OWNED_ELSEWHERE = {
    "max_connections": "pom_database_max_connections",
    "password_encryption": "pom_database_password_encryption",
    "port": "pom_database_port",
    "ssl": "",
    "ssl_ca_file": "",
    "ssl_cert_file": "",
    "ssl_key_file": "",
}

MISPRINTS = {"shared_buffer": "shared_buffers"}


class SizingError(ValueError):
    """The parameters cannot be told from what was given. Says which variable to change."""


@dataclass(frozen=True)
class Sizing:
    parameters: Mapping[str, Any]
    warnings: tuple[str, ...] = ()


def external_host(words: Mapping[str, Any]) -> str:
    """The database server that POM connects to where it is no host of the inventory; empty where there is none."""
    return words.get("geo_listener" if words.get("pom_scenario") == "geo" else "pom_database_host", "")


def size_of(megabytes: int) -> str:
    """An amount of memory in the notation of postgresql.conf."""
    return f"{megabytes // MB_IN_GB}GB" if megabytes % MB_IN_GB == 0 else f"{megabytes}MB"


def memory_sizes(memory_mb: int) -> dict[str, int]:
    """The memory parameters, in MB, of a server with so much memory."""
    if memory_mb > BASELINE_MB:
        return {**BASELINE_SIZES_MB, "shared_buffers": memory_mb // 4, "effective_cache_size": memory_mb // 2}
    if memory_mb >= SMALLEST_BASELINE_MB:
        return dict(BASELINE_SIZES_MB)
    return {name: max(size * memory_mb // BASELINE_MB, FLOORS_MB[name]) for name, size in BASELINE_SIZES_MB.items()}


def parameters(memory_mb: int, words: Mapping[str, Any]) -> Sizing:
    """All parameters that Dialtone writes.

    `words` has the role's inputs without their prefix: port, max_connections, password_encryption, tls_certificate_path,
    tls_key_path, tls_ca_path, parameters_override.
    """
    if isinstance(memory_mb, bool) or not isinstance(memory_mb, int) or memory_mb < 1:
        raise SizingError(
            f"the memory of the database server is {memory_mb!r}, and has to be a number of MB: it was not measured; "
            "set pom_database_memory_mb"
        )
    overrides = words.get("parameters_override", {})
    check_overrides(overrides)
    _check_shared_buffers(memory_mb, overrides)
    found = {
        **{name: size_of(size) for name, size in memory_sizes(memory_mb).items()},
        **DOCUMENTED,
        # Who may come in is decided by pg_hba.conf and the firewall, not by the interface.
        "listen_addresses": "*",
        "port": words["port"],
        "max_connections": words["max_connections"],
        "password_encryption": words["password_encryption"],
        "ssl": True,
        "ssl_min_protocol_version": "TLSv1.2",
        "ssl_cert_file": words["tls_certificate_path"],
        "ssl_key_file": words["tls_key_path"],
        "ssl_ca_file": words["tls_ca_path"],
        **overrides,
    }
    return Sizing(found, tuple(_warnings(memory_mb, overrides)))


def check_overrides(overrides: Mapping[str, Any]) -> None:
    """What can be told of pom_database_parameters_override without knowing the server."""
    for name in overrides:
        if name in OWNED_ELSEWHERE:
            variable = OWNED_ELSEWHERE[name]
            advice = f"set {variable} instead" if variable else "POM servers are let in over TLS only: remove it"
            raise SizingError(f"pom_database_parameters_override.{name}: Dialtone sets this parameter itself; {advice}")
        if name in MISPRINTS:
            raise SizingError(
                f"pom_database_parameters_override.{name}: PostgreSQL has no such parameter and would not start; "
                f"the documents misprint {MISPRINTS[name]}, write that (T-019)"
            )
    factor = overrides.get("autovacuum_vacuum_scale_factor", 0.1)
    if isinstance(factor, bool) or not isinstance(factor, (int, float)) or not 0 <= factor <= 1:
        raise SizingError(
            f"pom_database_parameters_override.autovacuum_vacuum_scale_factor is {factor!r}, "
            "and has to be a number from 0 to 1 (POM-DB-22)"
        )


def _check_shared_buffers(memory_mb: int, overrides: Mapping[str, Any]) -> None:
    """A server that asks for more than there is does not start again, and then cannot be told otherwise."""
    wanted = overrides.get("shared_buffers")
    if wanted is None:
        return
    try:
        pages = postgresql.normal(wanted, "integer", "8kB")
    except postgresql.PostgresqlError as error:
        raise SizingError(f"pom_database_parameters_override.shared_buffers: {error}") from error
    if isinstance(pages, int) and pages * 8 // 1024 >= memory_mb:
        raise SizingError(
            f"pom_database_parameters_override.shared_buffers is {wanted}, and the server has {memory_mb} MB of memory: "
            "it would not start again. Documented are 6GB of 32 GB (POM-DB-21)"
        )


def _warnings(memory_mb: int, overrides: Mapping[str, Any]) -> list[str]:
    warnings = []
    scaled = sorted(set(BASELINE_SIZES_MB) - set(overrides))
    if memory_mb < SMALLEST_BASELINE_MB and scaled:
        warnings.append(
            f"POM-DB-21: the documented memory parameters are for 32 GB, and this server has {memory_mb} MB. "
            f"Scaled by Dialtone's own rule, in proportion and not below PostgreSQL's defaults: {', '.join(scaled)}. "
            "For a production site give the server 32 GB"
        )
    warnings += [
        f"POM-DB-22: pom_database_parameters_override.{name} turns off what POM's documents want on"
        for name in ("autovacuum", "track_counts")
        if overrides.get(name, True) in (False, "off", "no", "false")
    ]
    return warnings
