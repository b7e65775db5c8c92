"""What happens when things go wrong in the middle, and after it."""

from __future__ import annotations

import json

from lab.rehearsal import BROKERS, HOSTS, PROPERTIES, kill_with_workers, wait_for
from lab.state import REPOSITORY


def test_a_run_killed_between_writing_and_restarting_is_finished_by_the_next(lab, play, site):
    before = site.processes()
    words = ("-e", '{"kafka_log_retention_check_interval_ms": 290000}')
    run = site.start("site.yml", *words)
    wait_for(
        lambda: all(lab(host).run("grep -qx log.retention.check.interval.ms=290000 %s", PROPERTIES).rc == 0 for host in BROKERS),
        "the properties were not written",
    )
    assert run.poll() is None
    kill_with_workers(run)
    interrupted = site.processes()
    assert interrupted == before, "the kill came after a restart: the test needs an earlier moment"

    finished = play("site.yml", *words)
    assert finished.rc == 0, finished.output[-3000:]
    assert "log.retention.check.interval.ms in server.properties differs from what broker 1 was started with" in finished.words
    after = site.processes()
    assert all(after[host] != before[host] for host in BROKERS)
    again = play("site.yml", *words)
    assert again.changed() == dict.fromkeys(HOSTS, 0)
    assert site.processes() == after


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


def test_no_broker_goes_while_a_partition_is_at_its_minimum(lab, play, site):
    lab("kafka3").check_output("systemctl stop kafka")
    before = site.processes()
    run = play("site.yml", "--limit", "epm1", "-e", '{"kafka_log_retention_check_interval_ms": 280000}')
    assert run.rc != 0
    assert "would have fewer in-sync" in run.words
    assert site.processes() == before
    run = play("site.yml")
    assert run.rc == 0, run.output[-3000:]


def test_a_store_replaced_with_an_old_time_restarts_and_a_touched_file_does_not(lab, play, site):
    before = site.processes()
    lab("epm2").check_output("touch /opt/config/pomTrustStore %s", PROPERTIES)
    assert play("site.yml").changed() == dict.fromkeys(HOSTS, 0)
    assert site.processes() == before
    lab("epm2").check_output(
        "cp -p %s /tmp/old && echo '# a comment' >>%s && touch -d 2020-01-01 %s", PROPERTIES, PROPERTIES, PROPERTIES
    )
    run = play("site.yml")
    assert run.rc == 0, run.output[-3000:]
    assert {host for host, count in run.changed().items() if count} == {"epm2"}


def test_a_host_that_is_down_stops_the_run_with_its_name_and_the_next_one_converges(play, site):
    site.fault("poweroff", "kafka3")
    run = play("site.yml")
    assert run.rc != 0
    assert "kafka3" in run.output
    assert "UNREACHABLE" in run.output
    site.fault("poweron", "kafka3")
    run = play("site.yml")
    assert run.rc == 0, run.output[-3000:]
    assert play("site.yml").changed() == dict.fromkeys(HOSTS, 0)
