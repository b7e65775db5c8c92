"""A roll that meets a broker which does not come back: it stops there, says why, and the next run goes on."""
from __future__ import annotations

from lab.rehearsal import BROKERS, HOSTS


def test_the_first_broker_that_does_not_come_back_stops_the_roll(play, site):
    before = site.processes()
    run = play("site.yml", "-e", '{"kafka_jvm_options": ["-XX:+UseSerialGC", "-XX:NoSuchOption"]}')
    assert run.rc != 0
    assert "NoSuchOption" in run.output, "the last lines of the broker's log belong into the message"
    stopped = site.processes()
    touched = [host for host in BROKERS if stopped[host] != before[host]]
    assert len(touched) == 1, "the others must stay up, with what they were started with"

    healed = play("site.yml")
    assert healed.rc == 0, healed.output[-3000:]
    after = site.processes()
    assert [host for host in BROKERS if after[host] != before[host]] == touched, "who was not touched is not restarted either"
    assert play("site.yml").changed() == dict.fromkeys(HOSTS, 0)
