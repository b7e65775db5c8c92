"""What a cluster says of itself, asked with the distribution's own tools: a second opinion beside Dialtone's."""

from __future__ import annotations

import re

from lab.rehearsal import BOOTSTRAP, BROKERS, CLIENT_PROPERTIES, JAVA_OPTIONS, KAFKA


def tool(lab, name: str, *words: str) -> str:
    """The output of a command-line tool of the distribution."""
    return lab("kafka3").check_output(
        f"{JAVA_OPTIONS} {KAFKA}/bin/{name} --bootstrap-server {BOOTSTRAP} --command-config {CLIENT_PROPERTIES} {' '.join(words)}"
    )


def controller(lab, before: str = "9999") -> str:
    """The host whose broker was elected last before a time (YYYY-MM-DD HH:MM:SS.mmm, UTC), by the brokers' own logs."""
    elections = []
    for host in BROKERS:
        lines = lab(host).run("grep -h 'successfully elected as the controller' /var/log/kafka/server.log").stdout.splitlines()
        elections += [(line[1:24].replace(",", "."), host) for line in lines]
    return max(election for election in elections if election[0] < before)[1]


def replicas(lab, topic: str) -> list[list[int]]:
    """The broker ids of each partition's replicas."""
    described = tool(lab, "kafka-topics.sh", "--describe", "--topic", topic)
    return [[int(one) for one in found.split(",")] for found in re.findall(r"Replicas: ([\d,]+)", described)]


def leaders(lab, topic: str) -> list[int]:
    """The broker id of each partition's leader."""
    return [int(one) for one in re.findall(r"Leader: (\d+)", tool(lab, "kafka-topics.sh", "--describe", "--topic", topic))]
