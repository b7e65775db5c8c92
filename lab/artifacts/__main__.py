"""`python3 -m lab.artifacts [fetch|lock]`: fetch what the lock file pins, or write the lock file anew.

Lab only: nothing in it reaches a site.
"""
from __future__ import annotations

import argparse
import sys

from lab.artifacts import kafka, postgresql, tomcat


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m lab.artifacts", description=__doc__)
    parser.add_argument("command", nargs="?", choices=("fetch", "lock"), default="fetch")
    arguments = parser.parse_args()
    try:
        locking = arguments.command == "lock"
        archive = kafka.lock() if locking else kafka.fetch()
        driver = postgresql.lock() if locking else postgresql.fetch()
        server = tomcat.lock() if locking else tomcat.fetch()
    except kafka.ArtifactError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{archive.path}  sha256 {archive.sha256}")
    print(f"{driver}  sha256 {kafka.sha256_of(driver)}")
    print(f"{server.path}  sha256 {server.sha256}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
