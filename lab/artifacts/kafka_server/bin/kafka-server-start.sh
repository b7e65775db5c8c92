#!/bin/sh
# Lab only. Stand-in for the script of the same name in the Apache Kafka distribution, with the same arguments and environment;
# Maven Central carries the jars but no scripts. Starts a broker in the foreground.
set -eu

if [ $# -eq 0 ]; then
    echo "usage: $0 server.properties [--override property=value]..." >&2
    exit 1
fi

bin=$(dirname "$0")
export KAFKA_LOG4J_OPTS="${KAFKA_LOG4J_OPTS:--Dlog4j.configuration=file:$bin/../config/log4j.properties}"
export KAFKA_HEAP_OPTS="${KAFKA_HEAP_OPTS:--Xms1G -Xmx1G}"
exec "$bin/kafka-run-class.sh" -name kafkaServer -loggc kafka.Kafka "$@"
