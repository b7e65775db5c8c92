"""Names, time, firewall, files and secrets on the hosts."""

from __future__ import annotations

import re

import pytest

from lab.rehearsal import BROKERS, HOSTS
from lab.state import REPOSITORY

STORES = ("/opt/config/pomKeyStore", "/opt/config/pomTrustStore")


def test_pom_servers_know_each_other_by_address_name_and_short_name(lab):
    hosts = lab("epm1").file("/etc/hosts").content_string.splitlines()
    assert "10.88.1.12 epm2.dc1.lab.test epm2" in hosts
    assert "10.88.1.13 kafka3.dc1.lab.test kafka3" in hosts
    assert "127.0.0.1 localhost" in hosts


@pytest.mark.parametrize("host", BROKERS)
def test_a_name_resolves_to_the_address_of_the_inventory(lab, host):
    answer = lab(host).check_output("getent ahostsv4 %s", f"{host}.dc1.lab.test")
    assert answer.split()[0].startswith("10.88.1.")


@pytest.mark.parametrize("host", HOSTS)
def test_one_time_zone_and_one_time_source(lab, host):
    assert lab(host).file("/etc/localtime").linked_to == "/usr/share/zoneinfo/Etc/UTC"
    if host != "epm1":
        assert re.search(r"^\^.*10\.88\.1\.11", lab(host).check_output("chronyc -n sources"), re.MULTILINE)


def connects(source, address: str, port: int) -> bool:
    return source.run("timeout 3 bash -c '</dev/tcp/%s/%s'", address, str(port)).rc == 0


def test_the_firewall_lets_in_who_belongs_and_nobody_else(lab):
    for port in (2182, 9093, 2888):
        assert not connects(lab("cms1"), "10.88.1.11", port), port
    for port in (2182, 9093):
        assert connects(lab("epm2"), "10.88.1.11", port), port
    assert connects(lab("epm1"), "10.88.1.14", 5432)
    assert not connects(lab("kafka3"), "10.88.1.14", 5432)
    assert not connects(lab("cms1"), "10.88.1.11", 22)


@pytest.mark.parametrize("host", BROKERS)
def test_exactly_the_documented_ports_are_open(lab, host):
    listening = {int(line.split()[3].rsplit(":", 1)[1]) for line in lab(host).check_output("ss -Hltn").splitlines()}
    java = {
        int(line.split()[3].rsplit(":", 1)[1]) for line in lab(host).check_output("ss -Hltnp").splitlines() if '"java"' in line
    }
    assert java - {2888} == {2182, 3888, 9093}, "2888 is the leader's alone"
    assert not listening & {2181, 8080, 9092}


@pytest.mark.parametrize("host", BROKERS)
def test_stores_and_files_belong_to_the_service_and_nobody_else_reads_them(lab, host):
    for path in (*STORES, "/opt/kafka_server/config/server.properties", "/opt/kafka_server/config/zookeeper.properties"):
        file = lab(host).file(path)
        assert (file.user, file.group, file.mode) == ("kafka", "kafka", 0o640), path
    key = lab(host).file("/etc/dialtone/tls/node.key")
    assert (key.user, key.mode) == ("root", 0o600)


def test_every_node_has_a_key_of_its_own(lab):
    keys = {lab(host).check_output("openssl pkey -in /etc/dialtone/tls/node.key -pubout | sha256sum") for host in BROKERS}
    assert len(keys) == len(BROKERS)


@pytest.mark.parametrize("host", [*BROKERS, "db1"])
def test_no_secret_in_arguments_environments_or_journals(lab, secrets, host):
    words = [secrets[name] for name in ("trust_store_password", "pom_database_password", "ansible_become_password")]
    haystack = (
        lab(host)
        .run(
            "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'; journalctl --no-pager -o cat; "
            "cat /var/log/*.log /var/log/kafka/* /var/log/zookeeper/* /var/log/postgresql/* 2>/dev/null; true"
        )
        .stdout
    )
    assert len(haystack) > 2000
    for word in words:
        assert word not in haystack


@pytest.mark.parametrize("host", [*BROKERS, "db1"])
def test_the_key_of_the_ca_is_on_no_host(lab, secrets, host):
    needle = secrets["trust_ca_private_key"].strip().splitlines()[2]
    found = lab(host).run("grep -rlsF -- %s /etc /opt /var /home /root /tmp /usr/local /run", needle)
    assert found.stdout == ""


def test_no_secret_in_what_a_run_says_or_leaves_on_the_controller(play, secrets):
    words = '{"kafka_retention_hours": 98, "pom_database_max_connections": 150}'
    run = play("site.yml", "--check", "--diff", "-vvv", "-e", words)
    assert run.rc == 0, run.output[-3000:]
    files = [path for path in (REPOSITORY / "build").rglob("*") if path.is_file()]
    left = "".join(path.read_text(encoding="utf-8", errors="replace") for path in files)
    for name, secret in secrets.items():
        if name == "trust_ca_certificate":
            continue
        telling = secret.strip().splitlines()[2] if "PRIVATE KEY" in secret else secret
        assert telling not in run.output, name
        assert telling not in left, name
