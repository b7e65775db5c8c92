"""What happens when things go wrong in the middle, and after it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time

from lab_site import BROKERS, HOSTS, REPOSITORY, command, environment

PROPERTIES = "/opt/kafka_server/config/server.properties"


def pids(lab) -> dict[str, str]:
    return {host: lab(host).check_output("systemctl show --property=MainPID --value kafka") for host in BROKERS}


def kill_with_workers(run: subprocess.Popen) -> None:
    """SIGKILL for the controller, as when its machine loses power: no worker may go on, each has a session of its own."""
    subprocess.run(["pkill", "-KILL", "--parent", str(run.pid)], check=False)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()


def test_a_run_killed_between_writing_and_restarting_is_finished_by_the_next(lab, play):
    before = pids(lab)
    words = ("-e", '{"kafka_retention_hours": 96}')
    run = subprocess.Popen(
        command("site.yml", *words),
        cwd=REPOSITORY,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while not all(lab(host).run("grep -qx log.retention.hours=96 %s", PROPERTIES).rc == 0 for host in BROKERS):
        assert time.monotonic() < deadline
        assert run.poll() is None
        time.sleep(0.1)
    kill_with_workers(run)
    interrupted = pids(lab)
    assert interrupted == before, "the kill came after a restart: the test needs an earlier moment"

    finished = play("site.yml", *words)
    assert finished.rc == 0, finished.output[-3000:]
    assert "server.properties changed since kafka was started" in finished.output
    after = pids(lab)
    assert all(after[host] != before[host] for host in BROKERS)
    again = play("site.yml", *words)
    assert again.changed() == dict.fromkeys(HOSTS, 0)
    assert pids(lab) == after


def controller(play) -> str:
    assert play("status.yml").rc == 0
    rows = json.loads((REPOSITORY / "build" / "lab" / "status.json").read_text(encoding="utf-8"))["rows"]
    return next(row["observed"] for row in rows if row["what"] == "controller")


def test_going_back_restarts_the_brokers_one_by_one_and_the_controller_last(lab, play):
    last = controller(play)
    run = play("site.yml")
    assert run.rc == 0, run.output[-3000:]
    show = "systemctl show --property=ActiveEnterTimestampMonotonic --value kafka"
    started = sorted((float(lab(host).check_output(show)), host) for host in BROKERS)
    # A start is over when the broker is in sync again, which takes it seconds; together they would start within one.
    assert all(later[0] - earlier[0] > 1_500_000 for earlier, later in zip(started, started[1:]))
    assert started[-1][1] == last


def test_no_broker_goes_while_a_partition_is_at_its_minimum(lab, play):
    lab("kafka3").check_output("systemctl stop kafka")
    before = pids(lab)
    run = play("site.yml", "--limit", "epm1", "-e", '{"kafka_retention_hours": 97}')
    assert run.rc != 0
    assert "would have fewer in-sync" in " ".join(run.output.split())
    assert pids(lab) == before
    run = play("site.yml")
    assert run.rc == 0, run.output[-3000:]


def test_a_store_replaced_with_an_old_time_restarts_and_a_touched_file_does_not(lab, play):
    before = pids(lab)
    lab("epm2").check_output("touch /opt/config/pomTrustStore %s", PROPERTIES)
    assert play("site.yml").changed() == dict.fromkeys(HOSTS, 0)
    assert pids(lab) == before
    lab("epm2").check_output(
        "cp -p %s /tmp/old && echo '# a comment' >>%s && touch -d 2020-01-01 %s", PROPERTIES, PROPERTIES, PROPERTIES
    )
    run = play("site.yml")
    assert run.rc == 0, run.output[-3000:]
    assert {host for host, count in run.changed().items() if count} == {"epm2"}


def test_a_host_that_is_down_stops_the_run_with_its_name_and_the_next_one_converges(lab, play):
    python = [os.environ.get("PYTHON", "python3"), "-m", "lab", "--name", os.environ.get("DIALTONE_LAB", "molecule")]
    subprocess.run([*python, "poweroff", "kafka3"], cwd=REPOSITORY, check=True)
    run = play("site.yml")
    assert run.rc != 0
    assert "kafka3" in run.output
    assert "UNREACHABLE" in run.output
    subprocess.run([*python, "poweron", "kafka3"], cwd=REPOSITORY, check=True)
    run = play("site.yml")
    assert run.rc == 0, run.output[-3000:]
    assert play("site.yml").changed() == dict.fromkeys(HOSTS, 0)
