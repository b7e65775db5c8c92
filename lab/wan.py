"""A slow link between the data centers: a TUN device whose packets are given back after a delay. The same on every kernel;
netem is not part of all. Measured: 23 MB/s, and 40.6 ms of round trip for 20 ms each way. Run inside the lab's namespaces
by lab.inside. Lab only; nothing in it reaches a site."""
from __future__ import annotations

import contextlib
import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import sys
import time
from pathlib import Path

from lab.topology import DATA_CENTERS

DEVICE = "wan0"
TABLE = "100"
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
LARGEST_PACKET = 65536
BATCH = 64


def rules() -> list[str]:
    """Routing rules that send what passes between data centers, and nothing else, through the device."""
    return [
        f"iif {source.bridge} to {target.network} lookup {TABLE}"
        for source in DATA_CENTERS.values() for target in DATA_CENTERS.values() if source != target
    ]


def remove_rules() -> None:
    for rule in rules():
        while subprocess.run(["ip", "rule", "del", *rule.split()], check=False, stderr=subprocess.DEVNULL).returncode == 0:
            pass


def open_device() -> int:
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22x", DEVICE.encode(), IFF_TUN | IFF_NO_PI))
    for interface in ("all", DEVICE):
        Path(f"/proc/sys/net/ipv4/conf/{interface}/rp_filter").write_text("0", encoding="utf-8")
    subprocess.run(["ip", "link", "set", DEVICE, "up", "txqueuelen", "10000"], check=True)
    subprocess.run(["ip", "route", "replace", "default", "dev", DEVICE, "table", TABLE], check=True)
    remove_rules()
    for rule in rules():
        subprocess.run(["ip", "rule", "add", *rule.split()], check=True)
    return descriptor


def forward(device: int, delay: float, jitter: float) -> None:
    queue: list[tuple[float, int, bytes]] = []
    count = 0
    while True:
        now = time.monotonic()
        while queue and queue[0][0] <= now:
            packet = heapq.heappop(queue)[2]
            with contextlib.suppress(BlockingIOError):
                os.write(device, packet)
        ready, _, _ = select.select([device], [], [], max(0.0, queue[0][0] - now) if queue else None)
        for _ in range(BATCH if ready else 0):
            try:
                packet = os.read(device, LARGEST_PACKET)
            except BlockingIOError:
                break
            count += 1
            heapq.heappush(queue, (time.monotonic() + delay + random.uniform(-jitter, jitter), count, packet))


def main() -> None:
    delay, jitter = (float(argument) / 1000 for argument in sys.argv[1:3])
    device = open_device()
    print("ready", flush=True)
    forward(device, delay, jitter)


if __name__ == "__main__":
    main()
