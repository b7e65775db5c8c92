#!/bin/sh
# Lab only. Stand-in for the script of the same name in the Apache Kafka distribution, with the same arguments and environment;
# Maven Central carries the jars but no scripts. Runs one Java class of the tree in the foreground.
#   JAVA_HOME  KAFKA_HEAP_OPTS  KAFKA_JVM_PERFORMANCE_OPTS  KAFKA_JMX_OPTS  KAFKA_OPTS  KAFKA_LOG4J_OPTS  LOG_DIR  CLASSPATH
set -eu

if [ $# -eq 0 ]; then
    echo "usage: $0 [-name SERVICE] [-loggc] CLASS [ARGUMENT...]" >&2
    exit 1
fi

base=$(cd "$(dirname "$0")/.." && pwd)
name=
gc_log=

while [ $# -gt 0 ]; do
    case $1 in
    -name) name=$2; shift 2 ;;
    -loggc) gc_log=yes; shift ;;
    -daemon)
        echo "$0: the lab's stand-in has no -daemon: it stays in the foreground, so that a supervisor sees it end" >&2
        exit 1
        ;;
    *) break ;;
    esac
done

log_dir=${LOG_DIR:-$base/logs}
[ -d "$log_dir" ] || mkdir -p "$log_dir"

java=java
if [ -n "${JAVA_HOME:-}" ]; then
    java=$JAVA_HOME/bin/java
fi

performance=${KAFKA_JVM_PERFORMANCE_OPTS:--server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:+ExplicitGCInvokesConcurrent -Djava.awt.headless=true}
log4j=${KAFKA_LOG4J_OPTS:--Dlog4j.configuration=file:$base/config/tools-log4j.properties}
gc_options=
if [ -n "$gc_log" ] && [ -n "$name" ]; then
    gc_options="-Xlog:gc*:file=$log_dir/$name-gc.log:time,tags:filecount=10,filesize=100M"
fi

# The variables hold lists of options: they are meant to be split at blanks.
# shellcheck disable=SC2086
exec "$java" ${KAFKA_HEAP_OPTS:--Xmx256M} $performance $gc_options ${KAFKA_JMX_OPTS:-} \
    "-Dkafka.logs.dir=$log_dir" $log4j -cp "${CLASSPATH:+$CLASSPATH:}$base/libs/*" ${KAFKA_OPTS:-} "$@"
