"""The actions site_status and site_plan inside a real ansible-playbook run, on hosts that are this machine or nobody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.dialtone.contact_center.tests.unit.plugins.plugin_utils.example_site import model

ROOT = Path(__file__).resolve().parents[2]

PLAYBOOK = """
- name: Observe
  hosts: all
  gather_facts: false
  ignore_unreachable: true
  tasks:
    - name: Know the site
      ansible.builtin.set_fact:
        site_model: "{{ lookup('ansible.builtin.file', playbook_dir ~ '/model.json') | from_json }}"

    - name: Ask
      dialtone.contact_center.node_probe:
        probes: "{{ site_model.hosts[inventory_hostname].probes }}"
        identity: {key: /nowhere/node.key, certificate: /nowhere/node.crt, ca: /nowhere/ca.crt}
      register: site_observed
      failed_when: false

- name: Report
  hosts: all
  gather_facts: false
  tasks:
    - name: Plan
      dialtone.contact_center.site_plan:
        model: "{{ site_model }}"
      run_once: true

    - name: Report
      dialtone.contact_center.site_status:
        model: "{{ site_model }}"
        fail_on: "{{ fail_on }}"
      run_once: true
"""


@pytest.fixture
def site(tmp_path):
    """app1 and cms2 are this machine and carry nothing; kafka3 is out of reach."""
    described = model()
    hosts = {"app1": {"ansible_connection": "local"}, "cms2": {"ansible_connection": "local"}}
    hosts["kafka3"] = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
    described["hosts"] = {name: host for name, host in described["hosts"].items() if name in hosts}
    described["connections"] = []
    described["data_centers"]["dc1"] = {"hosts": ["app1", "kafka3"], "components": {"kafka": ["kafka3"], "zookeeper": ["kafka3"]}}
    (tmp_path / "model.json").write_text(json.dumps(described))
    (tmp_path / "hosts.json").write_text(
        json.dumps({"all": {"vars": {"ansible_python_interpreter": sys.executable}, "hosts": hosts}})
    )
    (tmp_path / "report.yml").write_text(PLAYBOOK)
    return tmp_path


def play(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "hosts.json", "report.yml", *arguments],
        cwd=site,
        env=os.environ | {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"), "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_host_out_of_reach_is_reported_and_ends_non_zero(site):
    ended = play(site, "-e", "fail_on=warn")
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert "UNREACHABLE" in ended.stdout
    assert "unreachable: kafka3" in ended.stdout
    status = json.loads((site / "build/main/status.json").read_text())
    assert (status["state"], status["exit_code"]) == ("unknown", 3)
    assert [host["name"] for host in status["hosts"] if not host["reachable"]] == ["kafka3"]
    assert 'id="host-kafka3"' in (site / "build/main/status.html").read_text()


def test_run_goes_on_below_the_grade_that_fails_it(site):
    ended = play(site, "-e", "fail_on=fail", "--check")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "changed=0" in ended.stdout
    assert "Plan for site main" in ended.stdout
    assert (site / "build/main/plan.txt").read_text().startswith("Plan for site main: 3 hosts")
    assert json.loads((site / "build/main/plan.json").read_text())["steps"][0]["role"] == "host"


def test_limit_asks_fewer_hosts(site):
    ended = play(site, "-e", "fail_on=warn", "--limit", "app1")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Not asked (--limit): kafka3, cms2" in ended.stdout


def test_grade_that_does_not_exist(site):
    ended = play(site, "-e", "fail_on=sometimes")
    assert ended.returncode == 2
    assert "fail_on" in ended.stdout + ended.stderr
