#!/bin/bash
# Lab only; nothing in it reaches a site. Stand-in for `bash SetDbPassword.sh update -u <user>` (LAB-SetDbPassword.sh, POM-DB-11).
# Stand-in assumption: the prompt and all words, other sub-commands are refused, the password is kept as a hash beside this script.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ "$1" != update ] || [ "$2" != -u ] || [ -z "$3" ] || [ $# -ne 3 ]; then
  echo "Usage: bash SetDbPassword.sh update -u <username>" >&2
  exit 1
fi
read -r -s -p "Enter the password for $3: " password || exit 1
echo
if [ -z "$password" ]; then
  echo "The password is empty. Nothing was changed." >&2
  exit 1
fi
umask 077
if ! printf '%s' "$password" | openssl passwd -6 -stdin > "$here/$3.hash"; then
  echo "The password was not changed." >&2
  exit 1
fi
if [ "$3" = postgres ]; then
  systemctl stop vpms && echo "VPMS Shutdown Status: [OK]"
  systemctl start vpms && echo "VPMS Start Status: [OK]"
fi
echo "The password of $3 was changed."
