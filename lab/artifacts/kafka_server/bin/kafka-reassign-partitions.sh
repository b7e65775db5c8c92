#!/bin/sh
# Lab only. Stand-in for the script of the same name in the Apache Kafka distribution, with the same arguments and environment;
# Maven Central carries the jars but no scripts. Moves partitions between brokers.
exec "$(dirname "$0")/kafka-run-class.sh" kafka.admin.ReassignPartitionsCommand "$@"
