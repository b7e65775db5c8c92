#!/bin/sh
# Lab only. Stand-in for one of POM's services: it runs, and does nothing. pomprobe lets it start, and ends it with SIGUSR1 when what the
# service needs is no longer there; the reason is in the service's log.
# Its words are those of a JVM where somebody looks at them: the Agent Manager's heap, 1 GB until updateAgentManagerMemory.sh set another one
# (stand-in assumption).
if [ "$1" = agtmgr ]; then
  memory=$(sed -n 's/^memory\.gb=//p' "$(dirname "$0")/../config/agtmgr.properties" 2>/dev/null)
  exec /bin/sh "$0" "-Xmx${memory:-1}g"
fi
# systemd would end what it waits for with it; nobody else does.
trap 'kill $! 2>/dev/null; exit 1' USR1
trap 'kill $! 2>/dev/null; exit 0' TERM
sleep infinity &
wait
