"""Experience Portal as the lab lays it into a host, and its own small programs."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from lab import topology
from lab.standins import lay
from tests.standins.conftest import Host

PORTAL = lay.Portal(
    "auxiliary", "epm2", "epm2.dc1.lab.test", "192.0.2.12", "192.0.2.11", "epadmin", "the password%s", "the token"
)
SUPPORT = "opt/Avaya/VoicePortal/Support"


@pytest.fixture
def laid(host: Host) -> Host:
    lay.lay_ep(host.root, PORTAL)
    return host


def run(
    host: Host, script: str, *arguments: str, answers: str = "", home: Path | None = None
) -> subprocess.CompletedProcess[str]:
    environment = {**host.environment, "HOME": str(home or host.root)}
    command = ["bash", str(host.root / SUPPORT / script), *arguments]
    return subprocess.run(command, input=answers, env=environment, capture_output=True, text=True, check=False)


def test_the_configuration_is_closed_to_others_and_holds_what_the_host_is(laid):
    conf = laid.root / "etc/standin/ep.conf"
    assert stat.S_IMODE(conf.stat().st_mode) == 0o600
    text = conf.read_text()
    assert "kind = auxiliary" in text
    assert "primary = 192.0.2.11" in text
    assert "password = the password%s" in text


def test_directories_that_are_there_keep_their_mode(host):
    (host.root / "etc").chmod(0o751)
    lay.lay_ep(host.root, PORTAL)
    assert stat.S_IMODE((host.root / "etc").stat().st_mode) == 0o751
    console = host.root / "opt/Avaya/VoicePortal/web/console.py"
    assert stat.S_IMODE(console.stat().st_mode) == 0o644
    assert os.access(host.root / SUPPORT / "Security-Tools/SetDbPassword/SetDbPassword.sh", os.X_OK)


def test_the_units_start_with_the_host(laid):
    wants = laid.root / "etc/systemd/system/multi-user.target.wants"
    for unit in ("vpms", "httpd"):
        target = Path(os.readlink(wants / f"{unit}.service"))
        assert (laid.root / target.relative_to("/")).is_file()
    lay.lay_ep(laid.root, PORTAL)


def test_every_epm_host_of_the_lab_has_a_primary():
    for host in topology.HOSTS.values():
        assert bool(host.portal) == host.name.startswith("epm")
        if host.portal:
            assert topology.primary_portal(host.data_center).portal == "primary"


SET_PASSWORD = "Security-Tools/SetDbPassword/SetDbPassword.sh"


def test_the_password_of_the_account_postgres_restarts_vpms(laid):
    done = run(laid, SET_PASSWORD, "update", "-u", "postgres", answers="s3cret\n")
    assert done.returncode == 0
    assert "VPMS Shutdown Status: [OK]\nVPMS Start Status: [OK]\n" in done.stdout
    assert [call for call in laid.calls if "vpms" in call] == ["stop vpms", "start vpms"]
    kept = laid.root / SUPPORT / "Security-Tools/SetDbPassword/postgres.hash"
    assert "s3cret" not in kept.read_text()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_another_account_leaves_vpms_alone(laid):
    assert run(laid, SET_PASSWORD, "update", "-u", "report", answers="s3cret\n").returncode == 0
    assert not (laid.programs / "units.calls").exists()


@pytest.mark.parametrize(("arguments", "answers"), [(("delete", "-u", "postgres"), "x\n"), (("update", "-u", "postgres"), "\n")])
def test_other_calls_and_an_empty_password_change_nothing(laid, arguments, answers):
    assert run(laid, SET_PASSWORD, *arguments, answers=answers).returncode == 1
    assert not (laid.root / SUPPORT / "Security-Tools/SetDbPassword/postgres.hash").exists()


def test_the_oracle_driver_wants_vpms_stopped_and_a_jar(laid, tmp_path):
    script = "Database/InstallOracleJDBC.sh"
    assert "vpms is running" in run(laid, script, home=tmp_path).stderr
    (laid.units / "vpms").unlink()
    assert "No Oracle JDBC driver found" in run(laid, script, home=tmp_path).stderr
    (tmp_path / "OracleJDBC").mkdir()
    (tmp_path / "OracleJDBC/ojdbc8.jar").write_bytes(b"jar")
    assert run(laid, script, home=tmp_path).returncode == 0
    assert (laid.root / "opt/Avaya/VoicePortal/lib/oracle/ojdbc8.jar").exists()


@pytest.mark.parametrize(("answer", "calls"), [("y", ["restart vpms httpd"]), ("n", [])])
def test_a_new_host_name_gets_a_new_certificate_and_a_restart_if_wished(laid, answer, calls):
    identity = laid.root / "opt/Avaya/VoicePortal/web/tls/epm.crt"
    identity.parent.mkdir(parents=True)
    identity.write_text("old")
    (laid.units / "vpms").unlink()
    done = run(laid, "UpdateHostAddress/do_UpdateHost", answers=f"{answer}\n")
    assert done.returncode == 0
    assert ("VPMS Start Status: [OK]" in done.stdout) == bool(calls)
    assert [call for call in laid.calls if call != "is-active vpms"] == calls
    assert not identity.exists()
    assert f"host = {os.uname().nodename}" in (laid.root / "etc/standin/ep.conf").read_text()


def test_a_new_host_name_wants_vpms_stopped(laid):
    before = (laid.root / "etc/standin/ep.conf").read_text()
    done = run(laid, "UpdateHostAddress/do_UpdateHost", answers="y\n")
    assert done.returncode == 1
    assert "vpms is running" in done.stdout
    assert laid.calls == ["is-active vpms"]
    assert (laid.root / "etc/standin/ep.conf").read_text() == before
