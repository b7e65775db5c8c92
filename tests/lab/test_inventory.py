from __future__ import annotations

import subprocess

import pytest
import yaml

from lab import credentials, inventory, roster, topology
from lab.standins.media import Media
from lab.state import Lab


@pytest.fixture
def lab(tmp_path, monkeypatch):
    monkeypatch.setattr("lab.state.REPOSITORY", tmp_path / "check out")
    return Lab("example")


def test_a_host_is_known_under_its_address_and_names():
    line = inventory.known_hosts([(topology.HOSTS["cms2"], "ssh-ed25519 AAAAKEY cms2\n")])
    assert line == "10.88.2.16,cms2,cms2.dc2.lab.test ssh-ed25519 AAAAKEY\n"


@pytest.mark.parametrize("name", ["epm1", "epm1.dc1.lab.test", "10.88.1.11"])
def test_ssh_understands_its_configuration(lab, name):
    inventory.write(lab.ssh_config, inventory.ssh_config(lab))
    answer = subprocess.run(["ssh", "-G", "-F", str(lab.ssh_config), name], capture_output=True, text=True, check=True).stdout
    settings = dict(line.split(" ", 1) for line in answer.splitlines() if " " in line)
    assert settings["hostname"] == "10.88.1.11"
    assert settings["user"] == topology.ADMINISTRATOR
    assert settings["stricthostkeychecking"] == "true"
    assert settings["userknownhostsfile"] == str(lab.directory / "known_hosts")
    assert settings["identityfile"] == str(lab.directory / "id_ed25519")
    assert settings["proxycommand"] == f"'{lab.directory}/proxy' %h %p"


def test_the_inventory_adds_addresses_and_connection_only(lab):
    hosts = yaml.safe_load(inventory.hosts_yaml(roster.default_hosts(lab)))
    assert hosts["all"]["hosts"]["db1"] == {"ansible_host": "10.88.1.14"}
    connection = yaml.safe_load(inventory.connection_yaml(lab))
    assert all(name.startswith("ansible_") for name in connection)
    assert connection["ansible_ssh_common_args"] == f"-F '{lab.ssh_config}'"


def test_the_inventory_adds_where_the_media_lies(lab, tmp_path):
    inventory.write_pom(lab, Media(tmp_path / "pom.iso", "0" * 64))
    words = yaml.safe_load((lab.inventory / "group_vars/all/pom.yml").read_text(encoding="utf-8"))
    assert words == {
        "pom_web_user": topology.PORTAL_ADMINISTRATOR,
        "pom_server_media_iso": str(tmp_path / "pom.iso"),
        "pom_server_media_sha256": "0" * 64,
    }


def test_the_proxy_refuses_a_lab_that_does_not_run(lab):
    inventory.write_all(lab, [])
    result = subprocess.run([lab.directory / "proxy", "10.88.1.11", "22"], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr == "lab 'example' is not running; start it with: python3 -m lab --name example up\n"


def test_the_proxy_does_not_take_another_process_for_the_lab(lab):
    inventory.write_all(lab, [])
    lab.init_pid_file.write_text("1\n")
    assert subprocess.run([lab.directory / "proxy", "10.88.1.11", "22"], capture_output=True, check=False).returncode == 1


def test_secrets_are_the_same_after_reading_them_as_yaml():
    values = {"plain": 'a"b: #c', "pem": "-----BEGIN X-----\nabc\n-----END X-----\n"}
    assert yaml.safe_load(credentials.as_yaml(values)) == values


def test_the_certificate_authority_may_sign_and_nothing_else():
    certificate, key = credentials.certificate_authority("Dialtone lab example CA")
    command = ["openssl", "x509", "-noout", "-text"]
    text = subprocess.run(command, input=certificate, capture_output=True, text=True, check=True).stdout
    assert "CN = Dialtone lab example CA" in text
    assert "CA:TRUE" in text
    assert "Certificate Sign, CRL Sign" in text
    assert "Public-Key: (3072 bit)" in text
    assert key.startswith("-----BEGIN PRIVATE KEY-----")
