"""A continuous load on the lab's cluster: numbered messages with acks=all, and a consumer that checks every one of them.

The messages of one key stay in one partition, so their order is Kafka's promise; the keys spread over all partitions.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from lab.rehearsal import BOOTSTRAP, CLIENT_PROPERTIES, JAVA_OPTIONS, KAFKA

TOPIC = "rolling"
DIRECTORY = "/run/rolling"
KEYS = 6
# 200 messages a second into the distribution's own producer, until the file `stop` is there. `count` says how many there were.
PRODUCER = f"""\
import os, time
number, due = 0, time.monotonic()
while not os.path.exists("{DIRECTORY}/stop"):
    number += 1
    print("key%d %d" % (number % {KEYS}, number), flush=True)
    due += 0.005
    time.sleep(max(0, due - time.monotonic()))
with open("{DIRECTORY}/count", "w") as count:
    count.write(str(number))
"""
# Reads what the consumer prints: what comes twice or in the wrong order within its key, and the longest pause.
CONSUMER = f"""\
import json, os, sys, threading, time
last, faults, outcome = {{}}, [], {{"seen": 0, "longest": 0.0}}

def report():
    while True:
        time.sleep(0.5)
        with open("{DIRECTORY}/seen.new", "w") as stream:
            json.dump({{**outcome, "faults": faults[:20]}}, stream)
        os.replace("{DIRECTORY}/seen.new", "{DIRECTORY}/seen")

threading.Thread(target=report, daemon=True).start()
before = None
for line in sys.stdin:
    key, number = line.split()
    number, now = int(number), time.monotonic()
    expected = last.get(key, int(key[3:]) or {KEYS}) + ({KEYS} if key in last else 0)
    if number != expected:
        faults.append("%s: %d came where %d belongs" % (key, number, expected))
    last[key] = number
    outcome["seen"] += 1
    outcome["longest"] = max(outcome["longest"], now - (before or now))
    before = now
"""
PRODUCE = f"""\
#!/bin/bash
python3 {DIRECTORY}/numbers.py | {JAVA_OPTIONS} {KAFKA}/bin/kafka-console-producer.sh --bootstrap-server {BOOTSTRAP} \
--producer.config {CLIENT_PROPERTIES} --producer-property acks=all --producer-property linger.ms=5 \
--property parse.key=true --property key.separator=' ' --topic {TOPIC}
"""
CONSUME = f"""\
#!/bin/bash
{JAVA_OPTIONS} {KAFKA}/bin/kafka-console-consumer.sh --bootstrap-server {BOOTSTRAP} --consumer.config {CLIENT_PROPERTIES} \
--property print.key=true --property key.separator=' ' --topic {TOPIC} --from-beginning 2>>{DIRECTORY}/consumer.err \
| python3 -u {DIRECTORY}/check.py
"""


@dataclass(frozen=True)
class Outcome:
    """What became of the messages."""

    sent: int
    received: int
    faults: list[str]
    longest_pause: float
    producer_said: str


class Load:
    """Begins on entering; `finish` ends it and tells what became of every message."""

    def __init__(self, host: Any) -> None:
        self.host = host

    def __enter__(self) -> Load:
        self.clean()
        self.host.check_output(
            f"{JAVA_OPTIONS} {KAFKA}/bin/kafka-topics.sh --bootstrap-server {BOOTSTRAP} --command-config {CLIENT_PROPERTIES} "
            f"--create --topic {TOPIC} --partitions {KEYS}"
        )
        for name, text in (("numbers.py", PRODUCER), ("check.py", CONSUMER), ("produce", PRODUCE), ("consume", CONSUME)):
            self.host.check_output(
                "mkdir -p /run/rolling && printf '%%s' %s >%s && chmod 0755 %s", text, *[f"{DIRECTORY}/{name}"] * 2
            )
        for unit in ("consume", "produce"):
            self.host.check_output(
                f"systemd-run --quiet --unit=load-{unit} --collect --property=StandardOutput=file:{DIRECTORY}/{unit}.out "
                f"--property=StandardError=inherit {DIRECTORY}/{unit}"
            )
        self.wait(lambda: self.seen().get("seen", 0) > 0, "the first message does not come through")
        return self

    def __exit__(self, *_: object) -> None:
        self.host.run(f"touch {DIRECTORY}/stop; systemctl stop load-produce load-consume")
        self.clean()

    def finish(self) -> Outcome:
        self.host.check_output(f"touch {DIRECTORY}/stop")
        self.wait(
            lambda: self.host.run("systemctl is-active load-produce").stdout.strip() != "active",
            "the producer does not get rid of its last messages",
        )
        sent = int(self.host.check_output(f"cat {DIRECTORY}/count"))
        self.wait(lambda: self.seen()["seen"] >= sent, f"not all of the {sent} messages come through")
        seen = self.seen()
        return Outcome(
            sent, seen["seen"], seen["faults"], seen["longest"], self.host.check_output(f"cat {DIRECTORY}/produce.out")
        )

    def seen(self) -> dict[str, Any]:
        text = self.host.run(f"cat {DIRECTORY}/seen").stdout
        return json.loads(text) if text else {}

    def clean(self) -> None:
        self.host.run(f"rm -rf {DIRECTORY}")
        self.host.run(
            f"{JAVA_OPTIONS} {KAFKA}/bin/kafka-topics.sh --bootstrap-server {BOOTSTRAP} --command-config {CLIENT_PROPERTIES} "
            f"--delete --if-exists --topic {TOPIC}"
        )

    def wait(self, condition: Any, what: str) -> None:
        deadline = time.monotonic() + 120
        while not condition():
            assert time.monotonic() < deadline, (
                f"{what}; seen: {self.seen()}; the consumer: {self.host.run(f'tail -5 {DIRECTORY}/consumer.err').stdout}"
            )
            time.sleep(1)
