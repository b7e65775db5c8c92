#!/bin/sh
# Lab only. Stand-in for one of POM's services: it runs, and does nothing. pomprobe lets it start, and ends it with SIGUSR1 when what the
# service needs is no longer there; the reason is in the service's log.
trap 'exit 1' USR1
trap 'exit 0' TERM
sleep infinity &
wait
