"""The lab on this machine, really booted. Labs of these tests have names of their own, so a person's lab goes on beside them."""
from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from lab import cgroup
from lab.credentials import ansible_vault
from lab.state import REPOSITORY, Lab

pytestmark = [pytest.mark.lab, pytest.mark.slow]

HOSTS = ("epm1", "epm2", "cms2")


class Bench:
    """The command line of one lab."""

    def __init__(self, name: str) -> None:
        self.lab = Lab(name)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "lab", "--name", self.lab.name, *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True)

    def attempt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments)
        output, errors = process.communicate(timeout=120)
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    def __call__(self, *arguments: str) -> str:
        result = self.attempt(*arguments)
        assert result.returncode == 0, f"{' '.join(arguments)}: {result.stderr}"
        return result.stdout.strip()

    def sh(self, host: str, script: str) -> str:
        return self("exec", host, "sh", "-c", script)

    def ssh(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = ["ssh", "-o", "BatchMode=yes", "-F", str(self.lab.ssh_config), *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=30)

    def reaches(self, source: str, address: str) -> bool:
        return self.attempt("exec", source, "ping", "-c1", "-W1", address).returncode == 0

    def states(self) -> dict[str, str]:
        return {row["name"]: row["state"] for row in json.loads(self("status", "--json"))["hosts"]}

    def leaders(self) -> dict[str, int | None]:
        return {host: cgroup.leader(self.lab.cgroup / host) for host in HOSTS}

    def secrets(self) -> dict[str, str]:
        path = self.lab.inventory / "group_vars" / "all" / "secrets.yml"
        command = [ansible_vault(), "view", "--vault-password-file", str(self.lab.directory / "vault-password"), str(path)]
        return yaml.safe_load(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.fixture(scope="module")
def bench():
    bench = Bench(f"test{os.getpid()}")
    try:
        # Two at once: the second waits for the first and finds nothing left to do.
        both = [bench.start("up", "--hosts", ",".join(HOSTS)) for _ in range(2)]
        answers = [process.communicate(timeout=300)[1] for process in both]
        assert [process.returncode for process in both] == [0, 0], answers
        assert sum("starting" in answer for answer in answers) == 1, answers
        yield bench
    finally:
        bench("down")


def test_a_second_up_changes_nothing(bench):
    before, started = bench.leaders(), time.monotonic()
    bench("up", "--hosts", ",".join(HOSTS))
    assert bench.leaders() == before
    assert time.monotonic() - started < 3


def test_hosts_have_identities_of_their_own(bench):
    seen = [bench.sh(host, "cat /etc/machine-id; hostname -f; ip -br -4 address show host0").splitlines() for host in HOSTS]
    assert len({machine_id for machine_id, _, _ in seen}) == len(HOSTS)
    assert [name for _, name, _ in seen] == ["epm1.dc1.lab.test", "epm2.dc1.lab.test", "cms2.dc2.lab.test"]
    assert [address.split()[2] for _, _, address in seen] == ["10.88.1.11/24", "10.88.1.12/24", "10.88.2.16/24"]


def test_the_administrator_logs_in_by_key_and_needs_a_password_for_sudo(bench):
    assert bench("ssh", "epm1", "id", "-un") == "deploy"
    refused = bench.ssh("epm1", "sudo -n true")
    assert (refused.returncode, "a password is required" in refused.stderr) == (1, True)
    password = bench.secrets()["ansible_become_password"]
    assert bench.ssh("epm1", "sudo -S -p '' id -un", stdin=password + "\n").stdout == "root\n"
    assert bench.ssh("epm1", "sudo -S -p '' id -un", stdin="wrong\n").returncode == 1


def test_root_and_passwords_are_refused(bench):
    assert "Permission denied (publickey)" in bench.ssh("-l", "root", "epm1", "true").stderr
    by_password = ["-o", "PubkeyAuthentication=no", "-o", "PreferredAuthentications=password,keyboard-interactive"]
    assert "Permission denied (publickey)" in bench.ssh(*by_password, "epm1").stderr


def test_a_host_with_another_key_is_refused(bench, tmp_path):
    known = (bench.lab.directory / "known_hosts").read_text().splitlines()
    other_key = next(line for line in known if "epm2" in line).split()[2]
    (tmp_path / "known_hosts").write_text(f"10.88.1.11 ssh-ed25519 {other_key}\n")
    answer = bench.ssh("-o", f"UserKnownHostsFile={tmp_path}/known_hosts", "epm1", "true")
    assert answer.returncode == 255
    assert "Host key verification failed" in answer.stderr


def test_ansible_reaches_the_hosts_as_any_server(bench):
    command = [
        str(Path(ansible_vault()).with_name("ansible")), "epm1,cms2", "-i", str(bench.lab.inventory), "--become",
        "--vault-password-file", str(bench.lab.directory / "vault-password"),
        "-e", "ansible_python_interpreter=/usr/bin/python3", "-m", "command", "-a", "id -un",
    ]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert re.findall(r"^(\w+) \| CHANGED \| rc=0 >>\nroot$", answer.stdout, re.MULTILINE), answer.stdout + answer.stderr
    assert answer.stdout.count("root\n") == 2


def test_secrets_lie_encrypted_and_private(bench):
    path = bench.lab.inventory / "group_vars" / "all" / "secrets.yml"
    assert path.read_text().startswith("$ANSIBLE_VAULT;1.1;AES256")
    assert bench.lab.directory.stat().st_mode & 0o077 == 0
    secrets = bench.secrets()
    assert sorted(secrets) == [
        "ansible_become_password",
        "pom_database_password",
        "pom_outcall_password",
        "pom_web_password",
        "trust_ca_certificate",
        "trust_ca_private_key",
        "trust_store_password",
    ]
    # The console's password lies beside the lab, for the robot that plays the person who knows it.
    assert (bench.lab.directory / "portal-password").stat().st_mode & 0o077 == 0
    passwords = [secret for name, secret in secrets.items() if name.endswith("_password") and name != "pom_web_password"]
    plain = [*passwords, secrets["trust_ca_private_key"].splitlines()[1]]
    for file in bench.lab.directory.rglob("*"):
        if file.is_file() and file.name != "disk.img":
            assert not any(secret.encode() in file.read_bytes() for secret in plain), file


def test_no_way_leads_out_of_the_lab(bench):
    routes = subprocess.run(
        ["nsenter", "--target", str(bench.lab.init_pid), "--net", "ip", "route"], capture_output=True, text=True, check=True
    ).stdout
    assert "10.88.1.0/24" in routes
    assert "default" not in routes


def test_exec_hands_over_output_and_exit_status(bench):
    result = bench.attempt("exec", "epm1", "--", "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (result.returncode, result.stdout, result.stderr) == (7, "out\n", "err\n")


def test_a_reboot_is_a_real_one(bench):
    bench.sh("epm1", "echo kept > /var/tmp/file; touch /run/gone")
    before = bench.sh("epm1", "cat /proc/sys/kernel/random/boot_id")
    bench("reboot", "epm1")
    assert bench.sh("epm1", "cat /proc/sys/kernel/random/boot_id") != before
    assert bench.sh("epm1", "cat /var/tmp/file; test ! -e /run/gone && echo fresh") == "kept\nfresh"


@pytest.mark.parametrize("how", [[], ["--hard"]])
def test_a_host_is_off_until_it_is_powered_on(bench, how):
    bench("poweroff", *how, "epm2")
    assert bench.states()["epm2"] == "off"
    assert bench.states()["epm1"] == "running"
    assert "epm2 is off; start it with: python3 -m lab --name" in bench.attempt("exec", "epm2", "true").stderr
    bench("poweron", "epm2")
    assert bench.states()["epm2"] == "running"


def test_a_snapshot_is_the_whole_state_of_all_hosts(bench):
    bench.sh("epm1", "mkdir -p /srv/old; echo one > /srv/old/file; rm /etc/issue; chown 12:34 /srv/old/file")
    bench("snapshot", "before")
    bench.sh("epm1", "rm -r /srv/old; mkdir /srv/old; touch /srv/old/other /etc/issue")
    bench.sh("cms2", "touch /root/later")
    bench("up", "--hosts", "epm3")
    bench("poweroff", "epm2")
    bench("cut", "cms2")
    bench("freeze", "epm1")
    bench("restore", "before")
    assert bench.states() | dict.fromkeys(HOSTS, "running") == bench.states()
    assert bench.sh("epm1", "ls /srv/old; cat /srv/old/file; stat -c %u:%g /srv/old/file; test -e /etc/issue || echo none") == (
        "file\none\n12:34\nnone"
    )
    assert bench.attempt("exec", "cms2", "test", "-e", "/root/later").returncode == 1
    assert not bench.lab.host_directory("epm3").exists()
    assert "has a snapshot 'before'" in bench.attempt("snapshot", "before").stderr
    assert "has no snapshot 'after'; it has: before" in bench.attempt("restore", "after").stderr
    bench("up", "--hosts", "epm1")


def test_a_renamed_host_is_reached_by_its_new_name_and_address_only(bench):
    bench("snapshot", "named")
    bench("cut", "epm2")
    assert "epm2 is cut from the network" in bench.attempt("rename", "epm2", "epm4").stderr
    bench("heal", "epm2")
    for _again in range(2):
        bench("rename", "epm2", "epm4", "--address", "10.88.1.18")
        assert bench.states() | {"epm4": "running"} == bench.states()
        assert bench("ssh", "epm4", "hostname -f") == "epm2.dc1.lab.test", "its own name is left to whoever keeps it"
        assert bench.sh("epm4", "ip -br -4 address show host0").split()[2:] == ["10.88.1.18/24"]
    assert bench.reaches("epm1", "10.88.1.18")
    assert not bench.reaches("epm1", "10.88.1.12")
    assert "the one of that name is epm4 now" in bench.attempt("exec", "epm2", "true").stderr
    hosts = yaml.safe_load((bench.lab.inventory / "hosts.yml").read_text())["all"]["hosts"]
    assert hosts["epm4"] == {"ansible_host": "10.88.1.18"}
    assert "epm2" not in hosts
    bench("poweroff", "epm4")
    bench("poweron", "epm4")
    assert bench.reaches("epm4", "10.88.1.11"), "it keeps the address over a boot"
    bench("restore", "named")
    assert bench.states() | dict.fromkeys(HOSTS, "running") == bench.states()
    assert bench.reaches("epm1", "10.88.1.12")
    assert "epm4" not in bench.states()


def test_a_cut_host_is_alone(bench):
    assert bench.reaches("epm1", "10.88.1.12")
    bench("cut", "epm2")
    assert bench.states()["epm2"] == "cut"
    assert not bench.reaches("epm1", "10.88.1.12")
    assert not bench.reaches("epm2", "10.88.1.1")
    assert bench.reaches("epm1", "10.88.2.16")
    bench("heal", "epm2")
    assert bench.reaches("epm1", "10.88.1.12")


def test_data_centers_are_cut_from_each_other_not_from_the_controller(bench):
    bench("cut", "dc2")
    assert not bench.reaches("epm1", "10.88.2.16")
    assert bench.reaches("epm1", "10.88.1.12")
    assert bench("ssh", "cms2", "hostname") == "cms2"
    bench("heal", "all")
    assert bench.reaches("epm1", "10.88.2.16")


def round_trip(bench: Bench, address: str) -> float:
    output = bench("exec", "epm1", "ping", "-q", "-c5", "-i0.1", address)
    return float(re.search(r"= [\d.]+/([\d.]+)/", output)[1])


def test_the_link_between_data_centers_can_be_slow(bench):
    bench("delay", "20")
    assert 40 <= round_trip(bench, "10.88.2.16") < 60
    assert round_trip(bench, "10.88.1.12") < 5
    bench("delay", "0")
    assert round_trip(bench, "10.88.2.16") < 5


def test_a_frozen_host_does_nothing_until_it_is_thawed(bench):
    count = "cat /tmp/count; (while :; do echo >> /tmp/count; sleep 0.05; done) > /dev/null 2>&1 &"
    bench.sh("epm2", f"echo > /tmp/count; {count}")
    bench("freeze", "epm2")
    assert bench.states()["epm2"] == "frozen"
    assert "epm2 is frozen" in bench.attempt("exec", "epm2", "true").stderr
    counted = Path(f"/proc/{bench.leaders()['epm2']}/root/tmp/count")
    before = counted.stat().st_size
    time.sleep(0.5)
    assert counted.stat().st_size == before
    bench("thaw", "epm2")
    time.sleep(0.5)
    assert counted.stat().st_size > before


def test_a_full_disk_stops_writers_that_were_there_before(bench):
    opened = "mkdir -p /opt/data; exec 3> /opt/data/open; touch /tmp/ready; until [ -e /tmp/go ]; do sleep 0.05; done"
    writer = bench.start("exec", "epm1", "sh", "-c", f"{opened}; head -c 200000 /dev/zero >&3")
    while bench.attempt("exec", "epm1", "test", "-e", "/tmp/ready").returncode:
        time.sleep(0.05)
    bench("fill", "epm1", "/opt/data")
    bench.sh("epm1", "touch /tmp/go")
    assert "No space left on device" in writer.communicate(timeout=20)[1]
    assert "No space left on device" in bench.attempt("exec", "epm1", "sh", "-c", "head -c 200000 /dev/zero > /etc/new").stderr
    assert bench.sh("epm2", "head -c 200000 /dev/zero > /etc/new && echo written") == "written", "another host's disk is its own"
    assert "/tmp on epm1 is on /tmp" in bench.attempt("fill", "epm1", "/tmp").stderr
    bench("unfill", "epm1")
    assert bench.sh("epm1", "head -c 200000 /dev/zero > /opt/data/new && ls /opt/data") == "new\nopen"


def test_a_killed_service_is_restarted_by_systemd(bench):
    main_process = "systemctl show --property=MainPID --value cron"
    before = bench.sh("epm1", main_process)
    bench("kill-service", "epm1", "cron")
    time.sleep(0.5)
    assert bench.sh("epm1", main_process) not in (before, "0")
    assert "not active on epm1" in bench.attempt("kill-service", "epm1", "chrony").stderr


def test_a_lab_whose_machine_went_down_comes_back_with_its_disks(bench):
    bench.sh("epm1", "echo kept > /etc/kept; sync")
    os.kill(bench.lab.init_pid, signal.SIGKILL)
    while bench.lab.running:
        time.sleep(0.05)
    assert set(bench.states().values()) == {"off"}
    bench("up", "--hosts", ",".join(HOSTS))
    assert bench.sh("epm1", "cat /etc/kept") == "kept"


def shared_state() -> tuple[str, list[str]]:
    """Mounts and interfaces of this machine itself."""
    return Path("/proc/self/mounts").read_text(), sorted(os.listdir("/sys/class/net"))


def namespaces(pid: str) -> set[str]:
    return {os.readlink(f"/proc/{pid}/ns/{kind}") for kind in ("mnt", "net", "pid_for_children")}


def processes(lab: Lab, of_lab: set[str]) -> list[str]:
    """Processes in the lab's namespaces, or started for it."""
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            command = directory.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            grouped = lab.cgroup_name in directory.joinpath("cgroup").read_text()
            if grouped or str(lab.directory) in command or namespaces(directory.name) & of_lab:
                found.append(command)
        except OSError:
            continue
    return found


def test_two_labs_are_apart_and_the_end_of_one_leaves_nothing(bench):
    before, leaders = shared_state(), bench.leaders()
    other = Bench(f"other{os.getpid()}")
    group = other.lab.cgroup
    try:
        other("up", "--hosts", "epm1")
        bench.sh("epm1", "touch /root/mine")
        assert other.attempt("exec", "epm1", "test", "-e", "/root/mine").returncode == 1
        assert other.secrets()["ansible_become_password"] != bench.secrets()["ansible_become_password"]
        mixed = bench.ssh("-o", f"ProxyCommand={other.lab.directory}/proxy %h %p", "epm1", "true")
        assert "Host key verification failed" in mixed.stderr
        # What a lab may have going on when it is ended: a connection, a slow link, a frozen host, a full disk.
        login = ["ssh", "-N", "-F", str(other.lab.ssh_config), "epm1"]
        connection = subprocess.Popen(login, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        other("delay", "5")
        other("fill", "epm1", "/")
        other("freeze", "epm1")
        of_lab = namespaces(str(other.lab.init_pid))
        assert len(processes(other.lab, of_lab)) > 10
    finally:
        other("down")
    connection.wait(timeout=10)
    deadline = time.monotonic() + 10
    while processes(other.lab, of_lab) and time.monotonic() < deadline:
        time.sleep(0.1)  # process 1 of this machine has to collect what was killed
    assert processes(other.lab, of_lab) == []
    assert shared_state() == before
    assert not group.exists()
    assert not other.lab.directory.exists()
    assert str(other.lab.directory) not in subprocess.run(["losetup", "--all"], capture_output=True, text=True, check=True).stdout
    assert bench.leaders() == leaders
    assert bench("ssh", "epm1", "hostname") == "epm1"
