#!/bin/bash
# Lab only; nothing in it reaches a site. Stand-in for expand_root.sh (LAB-expand_root.sh).
# Stand-in assumption: all of it. The disk is described in /etc/standin/disk.conf: disk_gb, filesystem_gb, snapshots (yes or no); nothing said: as
# large as its file system. No partition is touched.
conf=${STANDIN_ROOT:-}/etc/standin/disk.conf
told() { sed -n "s/^$1 *= *//p" "$conf" 2>/dev/null | tail -n 1; }
disk=$(told disk_gb)
filesystem=$(told filesystem_gb)
if [ "$(told snapshots)" = yes ]; then
  echo "Snapshots exist. Delete them before the disk is expanded."
  exit 1
fi
if [ "${disk:-0}" -le "${filesystem:-0}" ]; then
  echo "There is nothing to expand: the root file system uses the whole disk."
  exit 1
fi
read -r -p "The root file system will be expanded from $filesystem GB to $disk GB. Do you want to continue? (y/n) " answer || exit 1
[ "$answer" = y ] || exit 1
sed -i "s/^filesystem_gb *=.*/filesystem_gb = $disk/" "$conf" || exit 1
echo "The root file system is expanded. Reboot the system."
