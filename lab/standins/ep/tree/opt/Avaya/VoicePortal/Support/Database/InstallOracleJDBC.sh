#!/bin/bash
# Lab only; nothing in it reaches a site. Stand-in for Experience Portal's own installer of the Oracle driver (LAB-InstallOracleJDBC.sh).
# Stand-in assumption: it reads ~/OracleJDBC, copies to lib/oracle, and refuses where there is no jar.
if systemctl is-active --quiet vpms; then
  echo "vpms is running. Stop it, then run this script again." >&2
  exit 1
fi
shopt -s nullglob
jars=(~/OracleJDBC/*.jar)
if [ ${#jars[@]} -eq 0 ]; then
  echo "No Oracle JDBC driver found in ~/OracleJDBC." >&2
  exit 1
fi
target=${STANDIN_ROOT:-}/opt/Avaya/VoicePortal/lib/oracle
mkdir -p "$target" && cp "${jars[@]}" "$target" && echo "Oracle JDBC driver installed successfully."
