"""Lab only. What a service's unit asks pomprobe before it starts: `python3 -m standin_pom.services.client may <service>`."""

from __future__ import annotations

import json
import socket
import sys

from . import states

SECONDS = 80.0


def may_start(service: str) -> str:
    """Empty where the service may start, else why not."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(SECONDS)
            probe.connect(str(states.run_directory() / "probe.sock"))
            probe.sendall(f"{service}\n".encode())
            with probe.makefile(encoding="utf-8") as answer:
                return answer.read().strip()
    except OSError as error:
        return f"pomprobe does not answer: {error}"


def main(arguments: list[str]) -> int:
    if arguments == ["states"]:
        print(json.dumps(states.current()))
        return 0
    if len(arguments) != 2 or arguments[0] != "may":
        print("usage: client.py may <service> | states", file=sys.stderr)
        return 2
    refusal = may_start(arguments[1])
    if refusal:
        print(refusal, file=sys.stderr)
    return 1 if refusal else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
