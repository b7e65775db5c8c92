#!/bin/bash
# Lab only; nothing in it reaches a site. Stand-in for the program that lays Tomcat on a POM server (LAB-InstallAppServer.sh).
# Stand-in assumption: all of it. It unpacks the Tomcat beside it, tells login shells where it is, and refuses where there is one.
here=$(dirname "$(readlink -f "$0")")
target=${STANDIN_ROOT:-}/opt/AppServer/Tomcat/tomcat
if [ -e "$target/conf/server.xml" ]; then
  echo "An application server is installed in $target already." >&2
  exit 1
fi
set -e
mkdir -p "$target"
tar --extract --gzip --file "$here/tomcat.tar.gz" --directory "$target" --strip-components=1 --no-same-owner
mkdir -p "${STANDIN_ROOT:-}/etc/profile.d"
echo "export APPSERVER_HOME=/opt/AppServer/Tomcat/tomcat" >"${STANDIN_ROOT:-}/etc/profile.d/appserver.sh"
echo "The application server was installed successfully."
