#!/bin/sh
# Lab only. Stand-in for the script of the same name in the Apache Kafka distribution, with the same arguments and environment;
# Maven Central carries the jars but no scripts. Asks every zookeeper server of this machine to end.
set -eu

pids=$(pgrep -f '[j]ava.* org[.]apache[.]zookeeper[.]server[.]quorum[.]QuorumPeerMain ' || true)
if [ -z "$pids" ]; then
    echo "No zookeeper server to stop"
    exit 1
fi
# shellcheck disable=SC2086
kill -s "${SIGNAL:-TERM}" $pids
