"""A restart of every ZooKeeper node and every broker under load: nothing that was acknowledged is lost or reordered."""
from __future__ import annotations

import time

from lab_site import BROKERS, JAVA_OPTIONS

KAFKA = "/opt/kafka_server"
CLIENT = f"{KAFKA}/config/dialtone-client.properties"
BOOTSTRAP = "epm1.dc1.lab.test:9093,epm2.dc1.lab.test:9093,kafka3.dc1.lab.test:9093"
# 200 numbers a second into the distribution's own producer, until the file is there. The last line says how many there were.
PRODUCER = """\
import os, time
number, due = 0, time.monotonic()
while not os.path.exists("/run/rolling/stop"):
    number += 1
    print(number, flush=True)
    due += 0.005
    time.sleep(max(0, due - time.monotonic()))
with open("/run/rolling/count", "w") as count:
    count.write(str(number))
"""
PIPE = f"""\
#!/bin/bash
python3 /run/rolling/numbers.py | {JAVA_OPTIONS} {KAFKA}/bin/kafka-console-producer.sh --bootstrap-server {BOOTSTRAP} \
--producer.config {CLIENT} --producer-property acks=all --producer-property linger.ms=5 --topic rolling
"""


def write(host, path: str, text: str) -> None:
    host.check_output("mkdir -p /run/rolling && printf '%%s' %s >%s && chmod 0755 %s", text, path, path)


def test_a_restart_of_everything_loses_and_reorders_nothing(lab, play):
    client = lab("epm1")
    client.run("rm -rf /run/rolling")
    client.check_output(
        f"{JAVA_OPTIONS} {KAFKA}/bin/kafka-topics.sh --bootstrap-server {BOOTSTRAP} --command-config {CLIENT} "
        "--create --if-not-exists --topic rolling --partitions 1")
    write(client, "/run/rolling/numbers.py", PRODUCER)
    write(client, "/run/rolling/pipe", PIPE)
    pids = {host: lab(host).check_output("systemctl show --property=MainPID --value kafka zookeeper") for host in BROKERS}
    client.check_output(
        "systemd-run --quiet --unit=rolling --collect --property=StandardOutput=file:/run/rolling/out "
        "--property=StandardError=inherit /run/rolling/pipe")

    run = play("kafka_restart.yml", "-e", '{"kafka_restart_all": true}')
    assert run.rc == 0, run.output[-3000:]
    after = {host: lab(host).check_output("systemctl show --property=MainPID --value kafka zookeeper") for host in BROKERS}
    assert all(set(after[host].split()).isdisjoint(pids[host].split()) for host in BROKERS)

    client.check_output("touch /run/rolling/stop")
    deadline = time.monotonic() + 120
    while client.run("systemctl is-active rolling").stdout.strip() == "active":
        assert time.monotonic() < deadline, "the producer does not get rid of its last messages"
        time.sleep(1)
    said = client.check_output("cat /run/rolling/out")
    assert "ERROR" not in said, said[-2000:]
    count = int(client.check_output("cat /run/rolling/count"))
    assert count > 2000
    consumed = client.run(
        f"{JAVA_OPTIONS} {KAFKA}/bin/kafka-console-consumer.sh --bootstrap-server {BOOTSTRAP} --consumer.config {CLIENT} "
        f"--topic rolling --from-beginning --max-messages {count} --timeout-ms 60000")
    assert [int(line) for line in consumed.stdout.split()] == list(range(1, count + 1))
