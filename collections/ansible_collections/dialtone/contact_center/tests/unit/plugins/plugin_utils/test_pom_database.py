# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.pom_database import (
    BASELINE_SIZES_MB,
    FLOORS_MB,
    OWNED_ELSEWHERE,
    SizingError,
    memory_sizes,
    parameters,
)

WORDS = {
    "port": 5432,
    "max_connections": 200,
    "password_encryption": "scram-sha-256",
    "tls_certificate_path": "/tls/server.crt",
    "tls_key_path": "/tls/server.key",
    "tls_ca_path": "/tls/ca.crt",
}


def with_overrides(**overrides):
    return {**WORDS, "parameters_override": overrides}


def test_the_documented_server():
    sizing = parameters(32768, WORDS)
    assert sizing.warnings == ()
    assert sizing.parameters == {
        "shared_buffers": "6GB",
        "effective_cache_size": "12GB",
        "maintenance_work_mem": "1GB",
        "work_mem": "8MB",
        "max_parallel_maintenance_workers": 4,
        "checkpoint_completion_target": 0.9,
        "wal_buffers": "16MB",
        "max_worker_processes": 10,
        "max_parallel_workers_per_gather": 4,
        "max_parallel_workers": 10,
        "autovacuum": True,
        "track_counts": True,
        "autovacuum_vacuum_scale_factor": 0.1,
        "listen_addresses": "*",
        "port": 5432,
        "max_connections": 200,
        "password_encryption": "scram-sha-256",
        "ssl": True,
        "ssl_min_protocol_version": "TLSv1.2",
        "ssl_cert_file": "/tls/server.crt",
        "ssl_key_file": "/tls/server.key",
        "ssl_ca_file": "/tls/ca.crt",
    }


@pytest.mark.parametrize(
    ("memory_mb", "shared_buffers", "effective_cache_size", "warned"),
    [
        pytest.param(512, "128MB", "256MB", True, id="lab"),
        pytest.param(16384, "3GB", "6GB", True, id="half"),
        pytest.param(30719, "5759MB", "11519MB", True, id="just too little"),
        pytest.param(30720, "6GB", "12GB", False, id="32 GB as it is measured"),
        pytest.param(32769, "8GB", "16GB", False, id="more"),
        pytest.param(65536, "16GB", "32GB", False, id="double"),
    ],
)
def test_sizes(memory_mb, shared_buffers, effective_cache_size, warned):
    sizing = parameters(memory_mb, WORDS)
    assert sizing.parameters["shared_buffers"] == shared_buffers
    assert sizing.parameters["effective_cache_size"] == effective_cache_size
    assert bool(sizing.warnings) is warned


@given(memory_mb=st.integers(min_value=1, max_value=2**22), more=st.integers(min_value=0, max_value=2**20))
def test_more_memory_never_gives_less(memory_mb, more):
    less, greater = memory_sizes(memory_mb), memory_sizes(memory_mb + more)
    assert all(greater[name] >= less[name] >= FLOORS_MB[name] for name in BASELINE_SIZES_MB)


def test_the_warning_says_whose_rule_it_is():
    [warning] = parameters(2048, with_overrides(work_mem="4MB")).warnings
    assert warning.startswith("POM-DB-21: ")
    assert "2048 MB" in warning
    assert "Dialtone's own rule" in warning
    assert "work_mem," not in warning.replace("maintenance_work_mem", "")


def test_an_override_wins():
    assert parameters(32768, with_overrides(shared_buffers="7GB", log_checkpoints=True)).parameters["shared_buffers"] == "7GB"


@pytest.mark.parametrize("name", sorted(OWNED_ELSEWHERE))
def test_a_parameter_with_a_variable_of_its_own_is_no_override(name):
    advice = OWNED_ELSEWHERE[name] or "remove it"
    with pytest.raises(SizingError, match=rf"pom_database_parameters_override\.{name}: .*{advice}"):
        parameters(32768, with_overrides(**{name: "x"}))


@pytest.mark.parametrize("factor", [-0.1, 1.1, "much", True])
def test_a_scale_factor_outside_its_range(factor):
    with pytest.raises(SizingError, match="from 0 to 1"):
        parameters(32768, with_overrides(autovacuum_vacuum_scale_factor=factor))


@pytest.mark.parametrize("name", ["autovacuum", "track_counts"])
def test_autovacuum_turned_off(name):
    assert f"POM-DB-22: pom_database_parameters_override.{name}" in parameters(32768, with_overrides(**{name: "off"})).warnings[0]


@pytest.mark.parametrize("memory_mb", [0, -1, None, "512", True])
def test_unmeasured_memory(memory_mb):
    with pytest.raises(SizingError, match="set pom_database_memory_mb"):
        parameters(memory_mb, WORDS)


@pytest.mark.parametrize(
    ("shared_buffers", "words"),
    [
        ("900GB", "shared_buffers is 900GB, and the server has 32768 MB of memory: it would not start again"),
        ("32GB", "would not start again"),
        (4194304, "would not start again"),
        ("6 gigs", "the unit gigs is none of"),
    ],
)
def test_more_shared_buffers_than_memory(shared_buffers, words):
    with pytest.raises(SizingError, match=words):
        parameters(32768, with_overrides(shared_buffers=shared_buffers))
