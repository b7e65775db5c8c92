#!/bin/sh
# Lab only. Stand-in for the script of the same name in the Apache Kafka distribution, with the same arguments and environment;
# Maven Central carries the jars but no scripts. Sends many messages and measures.
export KAFKA_HEAP_OPTS="${KAFKA_HEAP_OPTS:--Xmx512M}"
exec "$(dirname "$0")/kafka-run-class.sh" org.apache.kafka.tools.ProducerPerformance "$@"
