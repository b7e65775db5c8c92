"""playbooks/tasks/lease.yml inside real runs that meet. A host is this machine with a directory of its own, or nobody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
TASKS = ROOT / "playbooks" / "tasks"
DATA_CENTERS = {"dc1": ["kafka1", "kafka2"], "dc2": ["kafka4"]}
LOCAL = {"ansible_connection": "local"}
NOBODY = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
DIRECTORY = "{{ playbook_dir }}/leases/{{ inventory_hostname }}"
PLAYS: list[dict[str, Any]] = [
    {
        "name": "Lease",
        "tasks": [
            {
                "name": "Know the site",
                "ansible.builtin.set_fact": {
                    "site_model": "{{ lookup('ansible.builtin.file', playbook_dir ~ '/model.json') | from_json }}"
                },
            },
            {"name": "Hold the lease", "ansible.builtin.include_tasks": f"{TASKS}/lease.yml"},
            {
                "name": "Work",
                "ansible.builtin.shell": "touch works; while [ -e wait ]; do sleep 0.2; done",
                "args": {"chdir": "{{ playbook_dir }}"},
                "run_once": True,
                "when": "not ansible_check_mode",
            },
        ],
    },
    {
        "name": "Work goes on one by one",
        "serial": 1,
        "tasks": [{"name": "Renew the lease", "ansible.builtin.include_tasks": f"{TASKS}/lease_renew.yml"}],
    },
    {
        "name": "End",
        "tasks": [
            {
                "name": "Give the lease back",
                "ansible.builtin.include_tasks": f"{TASKS}/lease_release.yml",
                "when": "not (keep | default(false) | bool)",
            }
        ],
    },
]


class Site:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        model = {
            "site": "main",
            "data_centers": {name: {"hosts": hosts} for name, hosts in DATA_CENTERS.items()},
            "hosts": {host: {"data_center": name} for name, hosts in DATA_CENTERS.items() for host in hosts},
        }
        self.write("model.json", model)
        common = {
            "hosts": "all",
            "gather_facts": False,
            "any_errors_fatal": True,
            "module_defaults": {"dialtone.contact_center.site_lease": {"directory": DIRECTORY}},
        }
        self.write("site.yml", [{**common, **play} for play in PLAYS])
        self.inventory()

    def write(self, name: str, content: Any) -> None:
        (self.directory / name).write_text(json.dumps(content))

    def inventory(self, **nobody: dict[str, Any]) -> None:
        hosts = {host: nobody.get(host, LOCAL) for names in DATA_CENTERS.values() for host in names}
        self.write("hosts.json", {"all": {"vars": {"ansible_python_interpreter": sys.executable}, "hosts": hosts}})

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "hosts.json", "site.yml", *arguments],
            cwd=self.directory,
            env=os.environ | {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"), "ANSIBLE_NOCOLOR": "1", "COLUMNS": "1000"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def play(self, *arguments: str) -> tuple[int, str]:
        run = self.start(*arguments)
        said, _nothing = run.communicate(timeout=300)
        return run.returncode, " ".join(said.split())

    def lease(self, host: str) -> Path:
        name = next(name for name, hosts in DATA_CENTERS.items() if host in hosts)
        return self.directory / "leases" / host / f"main.{name}.json"

    def held(self) -> list[str]:
        return sorted(host for hosts in DATA_CENTERS.values() for host in hosts if self.lease(host).exists())

    def change(self, host: str, /, **holder: Any) -> None:
        """Make the lease of a host that of another run."""
        lease = json.loads(self.lease(host).read_text())
        lease["holder"].update(holder)
        lease["run"] = "of another run"
        self.lease(host).write_text(json.dumps(lease))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def working(site: Site) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """A run that holds the leases and works until the file `wait` is gone."""
    runs = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        (site.directory / "wait").touch()
        runs.append(site.start(*arguments))
        for _ in range(1200):
            if (site.directory / "works").exists():
                return runs[0]
            assert runs[0].poll() is None, runs[0].communicate()[0]
            time.sleep(0.1)
        raise AssertionError("the run did not begin to work within two minutes")

    yield start
    (site.directory / "wait").unlink(missing_ok=True)
    for run in runs:
        run.kill()
        run.communicate()


def test_a_run_holds_all_hosts_while_it_works_and_gives_them_back(site, working):
    run = working()
    assert site.held() == ["kafka1", "kafka2", "kafka4"]
    holder = json.loads(site.lease("kafka4").read_text())["holder"]
    assert (holder["playbook"], holder["pid"]) == ("site.yml", run.pid)
    (site.directory / "wait").unlink()
    said = run.communicate(timeout=120)[0]
    assert run.returncode == 0, said
    assert said.count("changed=1") == 1, f"only the work itself is a change:\n{said}"
    assert site.held() == []


def test_the_second_run_is_refused_with_words_and_gives_back_what_it_had(site, working):
    run = working()
    site.lease("kafka4").unlink()
    code, said = site.play()
    assert code != 0
    user = json.loads(site.lease("kafka1").read_text())["holder"]["user"]
    assert f"Data center dc1 is being changed by another run: {user} on" in said
    assert f"(site.yml, since {time.strftime('%Y-', time.gmtime())}" in said
    assert f"process {run.pid})" in said
    assert "on kafka1, kafka2 was last renewed" in said
    assert site.held() == ["kafka1", "kafka2"], "what the second run took on kafka4 is given back, what is not its own stays"


def test_a_run_that_died_on_this_machine_is_followed_at_once(site, working):
    run = working()
    run.kill()
    run.wait()
    (site.directory / "wait").unlink()
    code, said = site.play()
    assert code == 0, said
    assert f"process {run.pid}), died on this machine" in said
    assert said.count("died on this machine") == len(DATA_CENTERS)


def test_a_lease_of_another_machine_is_taken_over_only_when_asked_for(site):
    assert site.play("-e", "keep=true")[0] == 0
    site.change("kafka1", user="eva", host="laptop7", controller="of-eva")
    code, said = site.play()
    assert code != 0
    assert "eva on laptop7 (site.yml" in said
    assert "dialtone_take_over_lease" in said
    code, said = site.play("-e", '{"dialtone_take_over_lease": true, "keep": true}')
    assert code == 0, said
    assert "Took the lease of dc1 away from eva on laptop7" in said
    assert json.loads(site.lease("kafka1").read_text())["displaced"]["user"] == "eva"


def test_a_run_whose_lease_was_taken_stops_at_its_next_renewal(site, working):
    run = working("-e", '{"dialtone_lease_minutes": 0}')
    site.change("kafka2", user="eva", host="laptop7")
    (site.directory / "wait").unlink()
    said = " ".join(run.communicate(timeout=120)[0].split())
    assert run.returncode != 0
    assert "This run has lost the lease of data center dc1 on this host: it is now held by eva on laptop7" in said
    assert json.loads(site.lease("kafka2").read_text())["holder"]["user"] == "eva"


def test_a_data_center_that_is_out_of_reach_is_named_and_blocks_nobody(site):
    site.inventory(kafka4=NOBODY)
    code, said = site.play("-e", "keep=true")
    assert code == 0, said
    assert "dc2 could not be locked: none of its hosts answers (kafka4)." in said
    assert site.held() == ["kafka1", "kafka2"]


def test_a_host_that_does_not_answer_at_the_end_is_told_of_and_fails_nothing(site):
    site.inventory(kafka4=NOBODY)
    code, said = site.play("-e", "dialtone_lease_minutes=7")
    assert code == 0, said
    assert "The lease of dc2 on this host could not be given back: the host does not answer" in said
    assert "at most 7 min after its last renewal" in said
    assert site.held() == []


def test_limit_locks_only_what_it_works_on_and_says_so(site):
    code, said = site.play("--limit", "kafka1", "-e", "keep=true")
    assert code == 0, said
    assert site.held() == ["kafka1"]
    assert "a run on kafka2 alone would not be kept out" in said


def test_check_mode_takes_no_lease(site):
    code, said = site.play("--check")
    assert code == 0, said
    assert site.held() == []


def test_a_host_that_cannot_keep_a_lease_stops_the_run(site):
    site.lease("kafka2").parent.parent.mkdir()
    site.lease("kafka2").parent.write_text("no directory")
    code, said = site.play()
    assert code != 0
    assert "kafka2: the lease of data center dc1 cannot be kept in" in said
    assert site.held() == []
    assert not (site.directory / "works").exists()


def test_two_runs_that_start_at_the_same_moment_never_both_work(site):
    (site.directory / "wait").touch()
    runs = [site.start() for _ in range(2)]
    try:
        deadline = time.monotonic() + 120
        while all(run.poll() is None for run in runs):
            assert time.monotonic() < deadline, "both runs work, or neither goes on"
            time.sleep(0.1)
        refused = next(run for run in runs if run.poll() is not None)
        (site.directory / "wait").unlink()
        said = {run: run.communicate(timeout=120)[0] for run in runs}
        assert refused.returncode != 0, said[refused]
        assert "being changed by another run" in said[refused]
        for run in runs:
            assert run.returncode == 0 or "being changed by another run" in said[run]
    finally:
        for run in runs:
            run.kill()
            run.communicate()
    assert site.held() == []
