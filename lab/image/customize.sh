#!/bin/sh
# Lab only; nothing in it reaches a site. Last step of the host image: runs outside of it, on the tree given as $1.
set -eu
root=$1

chroot "$root" useradd --create-home --shell /bin/bash --groups sudo --comment "Lab administrator" deploy
chroot "$root" systemctl enable --quiet systemd-networkd ssh
# Services that a role starts, or that make no sense in a container:
chroot "$root" systemctl disable --quiet postgresql chrony nfs-ganesha nfs-client.target rpcbind.service rpcbind.socket
chroot "$root" systemctl mask --quiet \
  apt-daily.service apt-daily.timer apt-daily-upgrade.service apt-daily-upgrade.timer \
  console-getty.service getty.target dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
  systemd-networkd-wait-online.service systemd-timesyncd.service

# What must differ from host to host is made when a host is made:
rm -f "$root"/etc/ssh/ssh_host_* "$root"/etc/hostname "$root"/etc/resolv.conf "$root"/var/lib/dbus/machine-id
: > "$root/etc/machine-id"
: > "$root/etc/resolv.conf"
# A lab host knows no package source but the lab's own:
rm -rf "$root"/etc/apt/sources.list.d/* "$root"/var/lib/apt/lists/*
echo "# Lab host: packages come from the image, or from 'python3 -m lab repo'." > "$root/etc/apt/sources.list"
