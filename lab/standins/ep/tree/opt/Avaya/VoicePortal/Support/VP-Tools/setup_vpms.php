#!/bin/sh
# Lab only; nothing in it reaches a site. Stand-in for the program by which an auxiliary re-authorises its primary (LAB-setup_vpms.php).
# Stand-in assumption: all of it, the address of the primary as its argument too, which it keeps where this EPM keeps its primary.
conf=${STANDIN_ROOT:-}/etc/standin/ep.conf
if ! grep -q '^kind = auxiliary' "$conf"; then
  echo "This is not an auxiliary EPM."
  exit 1
fi
if [ $# -ne 1 ]; then
  echo "Usage: setup_vpms.php <address of the primary EPM>"
  exit 1
fi
sed -i "s/^primary = .*/primary = $1/" "$conf" || exit 1
echo "The primary EPM is authorized for this server."
