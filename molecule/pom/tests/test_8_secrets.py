"""After all that the tests before have run: no secret is where it has no business."""

from __future__ import annotations

import base64
import secrets
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from pom_canary import Watch, in_files, on_host
from pom_site import JOBS, PomSite, canaries

from lab.rehearsal import HOSTS
from lab.state import REPOSITORY

KAFKA = "/opt/kafka_server/config"
EXPERIENCE_PORTAL = "/etc/standin/ep.conf"
CONNECTOR = "/opt/AppServer/Tomcat/tomcat/conf/server.xml"
# Where a secret is kept in the clear, and why. All of them are readable by the service's account or root alone.
KEPT = {
    ("kafka3", "trust_store_password", f"{KAFKA}/server.properties"): "Kafka reads the password of its stores from here",
    ("kafka3", "trust_store_password", f"{KAFKA}/zookeeper.properties"): "ZooKeeper does",
    ("kafka3", "trust_store_password", f"{KAFKA}/dialtone-client.properties"): "so do the tools that Dialtone runs",
    ("epm1", "portal_password", EXPERIENCE_PORTAL): "the lab's Experience Portal holds its own administrator's password",
    ("epm1", "portal_token", EXPERIENCE_PORTAL): "and the token of its servers",
    ("epm2", "portal_password", EXPERIENCE_PORTAL): "as on the primary",
    ("epm2", "portal_token", EXPERIENCE_PORTAL): "as on the primary",
    # The administrator's password once more, under the word of the site's inventory.
    ("epm1", "pom_web_password", EXPERIENCE_PORTAL): "the lab's Experience Portal holds its own administrator's password",
    ("epm2", "pom_web_password", EXPERIENCE_PORTAL): "as on the primary",
    ("epm1", "trust_store_password", CONNECTOR): "Tomcat reads the password of its keystore from here (POM-APP-04)",
    ("app1", "trust_store_password", CONNECTOR): "as on the primary",
}
UNREADABLE_FOR_OTHERS = 0o007


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_keeps_a_secret_only_where_a_service_reads_it(host: str, site: PomSite, lab):
    found = {(host, secret, path) for secret, path in on_host(site.lab, host, canaries(site.lab))}
    assert found == {entry for entry in KEPT if entry[0] == host}
    for _host, _secret, path in found:
        assert lab(host).file(path).mode & UNREADABLE_FOR_OTHERS == 0, path


def test_transcripts_and_states_of_jobs_are_for_root_alone(site: PomSite, lab):
    for host in ("epm1", "epm2"):
        listed = lab(host).check_output(f"stat --format='%a %U' {JOBS}/*/transcript {JOBS}/*/*.json")
        assert set(listed.splitlines()) == {"600 root"}


def test_the_controller_keeps_none_in_what_runs_said_and_recorded(site: PomSite, tmp_path_factory: pytest.TempPathFactory):
    places = [REPOSITORY / "build", tmp_path_factory.getbasetemp(), Path.home() / ".ansible"]
    assert any(site.said.iterdir()), "no run has said anything"
    assert in_files(places, canaries(site.lab)) == set()


def packed(canary: str) -> bytes:
    """As Ansible sends what belongs to a module."""
    return base64.b64encode(zlib.compress(f'{{"password": "{canary}", "other": "{"words " * 20}"}}'.encode()))


@pytest.mark.parametrize("hidden", [str.encode, packed])
def test_the_watch_sees_a_secret_in_arguments_and_environment(hidden: Callable[[str], bytes]):
    canary = secrets.token_hex(12)
    with Watch({"canary": canary}) as watching:
        for more, environment in (([hidden(canary)], {}), ([], {"WORD": hidden(canary)})):
            subprocess.run(["/bin/sh", "-c", "/bin/sleep 1; :", *more], env=environment, check=True)
    assert {"canary in the arguments of sh -c", "canary in the environment of sh -c"} <= watching.findings


def test_no_process_was_started_with_one(watch: Watch):
    seen = " ".join(watch.programs)
    assert watch.looked > 100
    assert "ansible-playbook" in seen
    assert "sshd" in seen, "the processes of the hosts are seen too"
    assert watch.findings == set()
