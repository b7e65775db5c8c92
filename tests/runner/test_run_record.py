"""What a run leaves in build/<site>/runs, and what it says at its end."""
from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from pathlib import Path

from .conftest import ROLL, ROOT, SECRET, Finished, Site, events, left_behind, read


def last_words(output: str, begin: str) -> dict[str, str]:
    """The lines of the block at the end, by their first word."""
    block = output[output.rindex(f"\n{begin}") :].strip().splitlines()
    return {line[2:15].strip(): line[15:] for line in block if line[2:3].strip()}


def test_run_that_succeeds_ends_with_one_line_and_leaves_all_files(succeeded: Finished) -> None:
    assert succeeded.rc == 0, succeeded.stdout + succeeded.stderr
    site, record = succeeded.site, succeeded.site.record()
    assert succeeded.stdout.splitlines()[-1].startswith(f"Record: {record}/ (")
    assert succeeded.stdout.splitlines()[-1].endswith("9 changes on 3 hosts)")
    kept = read(record, "run.json")
    assert (kept["site"], kept["result"], kept["changes"], kept["failed"]) == ("main", "succeeded", 9, [])
    assert kept["playbook"] == "tests/runner/plays/roll.yml"
    assert kept["extra_variables"] == [
        {"name": "dialtone_build_directory", "value": str(site.build)},
        {"name": "trust_store_password"},
    ]
    assert kept["plays"][0] == "Contract of the site"
    assert read(record, "findings.json") == read(site.build / "main", "contract.json")["findings"]
    assert (record / "summary.md").read_text().startswith("# roll: main, succeeded")
    assert "+heap=2" in (record / "diffs/epm1.diff").read_text()
    assert read(record, "hosts.json")["epm1"]["changes"][0] == {
        "task": "configure | Write the files",
        "changes": [{"kind": "file", "path": str(site.target / "epm1"), "reasons": ["is created"]}],
    }
    assert SECRET not in left_behind(site.build) + succeeded.stdout + succeeded.stderr


def test_events_are_of_every_task_and_host_with_what_may_be_said(succeeded: Finished) -> None:
    site = succeeded.site
    seen = {(event["task"], event["host"]): event for event in events(site.record())}
    rescued = seen[("configure | Fail", "epm1")]
    assert (rescued["status"], rescued["message"]) == ("rescued", "this host cannot")
    written = seen[("configure | Write the files", "kafka3")]
    assert (written["play"], written["plays"], written["status"]) == (2, 5, "changed")
    assert written["changes"][0]["path"] == str(site.target / "kafka3")
    hidden = seen[("configure | Write the password", "kafka3")]
    assert set(hidden) == {"time", "play", "plays", "play_name", "task", "action", "host", "status", "seconds"}
    assert seen[("restart | Wait", "epm1")]["status"] == "skipped"


def test_a_roll_that_stops_says_who_is_done_who_failed_and_who_was_not_touched(failed: Finished) -> None:
    assert failed.rc == 2
    site = failed.site
    words = last_words(failed.stdout, "FAILED in play 4 of 5 (Brokers one by one)")
    assert words["Done"] == "epm1"
    assert words["Failed"].startswith("epm2, at restart | Restart: ")
    assert words["Not touched"].startswith("kafka3: ")
    assert words["Not begun"] == "5 Database"
    assert words["Record"] == f"{site.record()}/"
    assert "last lines of its log:\n                 OutOfMemoryError" in failed.stdout
    assert "OutOfMemoryError" in (site.record() / "failures/epm2.txt").read_text()
    assert "Not begun: 5 Database." in (site.record() / "summary.md").read_text()
    states = {name: host["state"] for name, host in read(site.record(), "hosts.json").items()}
    assert (states["epm1"], states["epm2"], states["kafka3"]) == ("changed", "failed", "not reached")


def test_the_command_that_resumes_is_the_same_command(failed: Finished) -> None:
    told = shlex.split(last_words(failed.stdout, "FAILED")["Resume"])
    given = failed.site.command(ROLL, *failed.arguments)
    assert (ROOT / told[0]).samefile(given[0])
    assert told[1:5] == [*given[1:3], *given[3:5]]
    assert told[6:] == given[6:], "limit and options are those of the failed run"
    assert SECRET not in failed.stdout


def test_host_out_of_reach_counts_as_failed(site: Site) -> None:
    failed = site.play(ROLL, OUT_OF_REACH="epm2")
    assert failed.returncode == 4
    words = last_words(failed.stdout, "FAILED in play 4 of 5")
    assert words["Failed"].startswith("epm2, at restart | Restart: does not answer over SSH: ")
    assert words["Next"].startswith("Bring epm2 back")
    assert words["Not touched"].startswith("kafka3: ")
    assert read(site.record(), "hosts.json")["epm2"]["state"] == "unreachable"


def test_check_mode_says_what_would_change(site: Site) -> None:
    done = site.play(ROLL, "--check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 changes on 3 hosts would be made)" in done.stdout.splitlines()[-1]
    assert read(site.record(), "run.json")["check"] is True
    assert "## What would change" in (site.record() / "summary.md").read_text()


def test_refused_contract_is_recorded_and_its_findings_are_said_once(site: Site) -> None:
    (site.inventory / "host_vars/epm1.yml").write_text("kafka_heep_mb: 1\n", encoding="utf-8")
    refused = site.play(ROLL)
    assert refused.returncode == 2
    assert refused.stdout.count("kafka_heep_mb") == 1
    assert "\nRefused by the contract: no host was contacted." in refused.stdout
    assert read(site.record(), "run.json")["result"] == "refused"
    assert any(finding["path"] == "kafka_heep_mb" for finding in read(site.record(), "findings.json"))


def test_run_that_is_killed_leaves_what_happened_and_no_end(site: Site, tmp_path: Path) -> None:
    hold = tmp_path / "hold"
    hold.touch()
    process = subprocess.Popen(
        site.command(ROLL),
        cwd=ROOT,
        env=site.environment(HOLD=str(hold)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 120
        while sum(path.read_text().count("\n") for path in site.build.glob("main/runs/*/events.jsonl")) < 14:
            assert process.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < deadline, "the roll did not begin"
            time.sleep(0.1)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        # A worker is in a session of its own and may live on.
        hold.unlink()
    assert "ended" not in read(site.record(), "run.json")
    assert events(site.record())[-1]["task"] == "configure | Say so"
    assert not (site.record() / "summary.md").exists()


def test_playbook_without_a_contract_is_recorded_under_the_name_of_its_inventory(site: Site) -> None:
    playbook = site.directory / "any.yml"
    playbook.write_text("- {name: Any, hosts: epm1, gather_facts: false, tasks: [{ansible.builtin.debug: {msg: hello}}]}\n")
    done = site.play(playbook)
    assert done.returncode == 0, done.stdout + done.stderr
    (record,) = site.runs("inventory")
    assert read(record, "run.json")["site"] is None


def test_record_that_cannot_be_written_is_one_warning_and_changes_no_run(site: Site) -> None:
    (site.build / "main").mkdir(parents=True)
    (site.build / "main/runs").write_text("a file, where a directory has to be\n")
    done = site.play(ROLL, FAILING_HOST="epm2")
    assert (done.stdout + done.stderr).count("the record of this run is not complete") == 1
    words = last_words(done.stdout, "FAILED in play 4 of 5 (Brokers one by one)")
    assert (words["Done"], words["Record"]) == ("epm1", "none: it could not be written")


def test_inventory_that_git_knows_is_recorded_with_its_commit(site: Site) -> None:
    git = ["git", "-C", str(site.inventory), "-c", "user.name=x", "-c", "user.email=x@example.com"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "site"]):
        subprocess.run([*git, *arguments], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    site.play(ROOT / "playbooks/validate.yml")
    (site.inventory / "host_vars/epm1.yml").open("a").write("# changed\n")
    site.play(ROOT / "playbooks/validate.yml")
    revisions = [list(read(run, "run.json")["inventory_revisions"].values()) for run in site.runs()]
    assert revisions == [[commit], [f"{commit}, with changes that are not committed"]]
