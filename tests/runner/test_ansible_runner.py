"""The playbooks as AWX and its execution nodes run them: by ansible-runner, without a terminal that anybody sees."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import ansible_runner
import pytest

from lab import runner

from .conftest import SECRET, Site, left_behind, read


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the project says where collections and roles are: not the directory of the test, and not its settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANSIBLE_COLLECTIONS_PATH", str(tmp_path))


def run(site: Site, **words: Any) -> tuple[ansible_runner.Runner, str]:
    words["extra_variables"] = {"dialtone_build_directory": str(site.build), "trust_store_password": SECRET}
    done = runner.run("playbooks/validate.yml", [site.inventory], site.directory / "private", "--limit", "kafka3", **words)
    return done, done.stdout.read()


def test_playbook_runs_as_it_is_and_leaves_its_record(site: Site) -> None:
    done, output = run(site)
    assert (done.status, done.rc) == ("successful", 0), output
    told = list(done.events)
    assert "dialtone.contact_center.site_contract" in {event["event_data"].get("task_action") for event in told}
    assert "playbook_on_stats" in {event["event"] for event in told}
    assert told[-1]["stdout"].startswith("Record: "), "AWX shows what comes as an event"
    record = site.record()
    kept = read(record, "run.json")
    assert (kept["result"], kept["site"], kept["limit"]) == ("succeeded", "main", "kafka3")
    assert SECRET not in left_behind(record)


def test_contract_that_refuses_ends_the_run(site: Site) -> None:
    (site.inventory / "host_vars/epm1.yml").write_text("kafka_heep_mb: 1\n", encoding="utf-8")
    done, output = run(site)
    assert (done.status, done.rc) == ("failed", 2), output
    assert "kafka_heep_mb" in output
    assert read(site.record(), "run.json")["result"] == "refused"


def test_progress_draws_no_line_into_what_the_runner_reads(site: Site) -> None:
    """The runner gives its playbooks a terminal; only their events and lines are read."""
    done, output = run(site, environment={"ANSIBLE_STDOUT_CALLBACK": "dialtone.contact_center.progress", "TERM": "xterm"})
    assert done.rc == 0, output
    assert "[1/1] Contract of the site" in output
    assert "task 1/" not in output
