"""What is the vendor's stays the vendor's."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(REPOSITORY))

from lab import testing  # noqa: E402

HOME = "/opt/Avaya/avpom/POManager"


@pytest.fixture(scope="module")
def epm1():
    return testing.host("epm1")


def test_every_other_line_of_the_vendor_stays_to_the_letter(epm1):
    text = epm1.file(f"{HOME}/kafka_server/config/server.properties").content_string
    assert "# The vendor's file, as its installer might leave it: stand-in of the lab.\nbroker.id=1\n" in text
    assert "\n# a key that only the vendor knows\nvendor.tuning = kept\\\n    to the letter\n" in text
    assert "log.cleaner.dedupe.buffer.size=8388608\n" in text


def test_our_keys_are_set_once_and_the_broken_one_of_the_printed_list_is_gone(epm1):
    lines = epm1.file(f"{HOME}/kafka_server/config/server.properties").content_string.splitlines()
    assert lines.count("security.inter.broker.protocol=SSL") == 1
    assert not any(line.startswith("vsecurity") or "PLAINTEXT" in line for line in lines)
    assert "clientPort=2181" not in epm1.file(f"{HOME}/kafka_server/config/zookeeper.properties").content_string
    assert "maxClientCnxns=60" in epm1.file(f"{HOME}/kafka_server/config/zookeeper.properties").content_string


def test_a_replaced_vendor_file_has_a_copy_beside_it(epm1):
    copies = epm1.check_output("ls %s", f"{HOME}/kafka_server/config").split()
    assert any(name.startswith("server.properties.") and name.endswith("~") for name in copies)
    original = next(name for name in sorted(copies) if name.startswith("server.properties."))
    assert "broker.id=0" in epm1.file(f"{HOME}/kafka_server/config/{original}").content_string


def test_the_vendors_units_are_not_replaced_and_record_what_they_read(epm1):
    for unit in ("pomzookeeper", "pomkafka"):
        assert not epm1.file(f"/etc/systemd/system/{unit}.service").exists
        assert epm1.service(unit).is_running
        assert epm1.service(unit).is_enabled
        assert "config/" in epm1.file(f"/var/lib/dialtone/starts/{unit}").content_string


def test_files_belong_to_the_vendors_account(epm1):
    for path in (
        "kafka_server/config/server.properties",
        "config/pomKeyStore",
        "config/pomTrustStore",
        "kafka_server/kafka-store/kafka",
    ):
        file = epm1.file(f"{HOME}/{path}")
        assert (file.user, file.group) == ("avayavp", "avayavpgroup"), path


def test_a_single_server_serves_over_tls_and_nothing_else_is_open(epm1):
    ports = {int(line.split()[3].rsplit(":", 1)[1]) for line in epm1.check_output("ss -Hltnp").splitlines() if '"java"' in line}
    assert {2182, 9093} <= ports
    assert not ports & {2181, 8080, 9092}
