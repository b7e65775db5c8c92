"""What a site does when a host is missing, and what counts as a reason to restart."""

from __future__ import annotations

from lab.rehearsal import PROPERTIES


def test_no_broker_goes_while_a_partition_is_at_its_minimum_and_a_host_that_is_down_stops_the_run_with_its_name(lab, play, site):
    lab("kafka3").check_output("systemctl stop kafka")
    before = site.processes()
    run = play("site.yml", "--limit", "epm1", "-e", '{"kafka_log_retention_check_interval_ms": 280000}')
    assert run.rc != 0
    assert "would have fewer in-sync" in run.words
    assert site.processes() == before

    site.fault("poweroff", "kafka3")
    run = play("site.yml")
    assert run.rc != 0
    assert "kafka3" in run.output
    assert "UNREACHABLE" in run.output
    site.fault("poweron", "kafka3")
    run = play("site.yml")
    assert run.rc == 0, run.output[-3000:]
    after = site.processes()
    assert {host: after[host] for host in ("epm1", "epm2")} == {host: before[host] for host in ("epm1", "epm2")}
    assert after["kafka3"] != "0"


def test_a_file_replaced_with_an_old_time_restarts_its_broker_alone(lab, play):
    lab("epm2").check_output(
        "cp -p %s /tmp/old && echo '# a comment' >>%s && touch -d 2020-01-01 %s", PROPERTIES, PROPERTIES, PROPERTIES
    )
    run = play("site.yml")
    assert run.rc == 0, run.output[-3000:]
    assert {host for host, count in run.changed().items() if count} == {"epm2"}
