# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lease of a data center on one of its hosts: which run may change it, and for how long without a sign of life.

`plan_*` functions are pure: they get the lease that was found and the host's moment, and say what it becomes. Only the class
`LeaseFile` touches the machine. No wall clock decides: a lease ends by the host's clock since its start, or with that start.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Callable

from ansible_collections.dialtone.contact_center.plugins.module_utils import files

DIRECTORY = "/var/lib/dialtone/leases"
BOOT_ID_PATH = "/proc/sys/kernel/random/boot_id"
LOCK_SECONDS = 20.0
# A job of hours renews often enough for the shortest lease that may be asked for.
RENEW_EVERY_SECONDS = 60.0

ACQUIRED, RENEWED, TAKEN_OVER, HELD_BY_ANOTHER = "acquired", "renewed", "taken_over", "held_by_another"
LOST, RELEASED, NOT_HELD = "lost", "released", "not_held"


class LeaseError(Exception):
    """Something on the host stands in the way. Says what, where, and what to do."""


@dataclass(frozen=True)
class Moment:
    """Now on a host: which start of it, and the seconds since, those asleep included."""

    boot_id: str
    seconds: float


@dataclass(frozen=True)
class Lease:
    """`run` is the token of the run that holds it; `holder` tells a person who that is, `displaced` from whom it was taken."""

    site: str
    data_center: str
    run: str
    holder: Mapping[str, Any]
    boot_id: str
    acquired: float
    renewed: float
    ttl: float
    displaced: Mapping[str, Any] = field(default_factory=dict)

    def seconds_left(self, now: Moment) -> float:
        """What is left of it without renewal. A lease of a former start of the host has ended, and so has one from the future."""
        if self.boot_id != now.boot_id or self.renewed > now.seconds:
            return 0.0
        return max(0.0, self.renewed + self.ttl - now.seconds)

    def extended(self, now: Moment, ttl: float) -> Lease:
        same_start = self.boot_id == now.boot_id
        return replace(
            self, boot_id=now.boot_id, acquired=self.acquired if same_start else now.seconds, renewed=now.seconds, ttl=ttl
        )


@dataclass(frozen=True)
class Step:
    """What becomes of a request: the outcome, the lease on the host afterwards, and the lease of another run that it met."""

    outcome: str
    after: Lease | None
    other: Lease | None = None


def plan_acquire(found: Lease | None, wanted: Lease, now: Moment, displace: str = "") -> Step:
    """`displace` names the run from which the lease is taken though it has not ended; from any other it is not."""
    if found is not None and found.run == wanted.run:
        return Step(RENEWED, found.extended(now, wanted.ttl))
    if found is None or found.seconds_left(now) <= 0:
        return Step(ACQUIRED, wanted, found)
    if found.run == displace:
        return Step(TAKEN_OVER, replace(wanted, displaced=dict(found.holder)), found)
    return Step(HELD_BY_ANOTHER, found, found)


def plan_renew(found: Lease | None, run: str, now: Moment, ttl: float | None = None) -> Step:
    """A lease that ended is renewed as long as no other run has had it since."""
    if found is None or found.run != run:
        return Step(LOST, found, found)
    return Step(RENEWED, found.extended(now, found.ttl if ttl is None else ttl))


def plan_release(found: Lease | None, run: str) -> Step:
    if found is None or found.run != run:
        return Step(NOT_HELD, found, found)
    return Step(RELEASED, None)


def parse(content: bytes) -> Lease | None:
    """None for what is no lease: a torn or emptied file is held by nobody."""
    try:
        lease = Lease(**json.loads(content.decode("utf-8")))
    except (ValueError, TypeError):
        return None
    texts = (lease.site, lease.data_center, lease.run, lease.boot_id)
    numbers = (lease.acquired, lease.renewed, lease.ttl)
    mappings = (lease.holder, lease.displaced)
    if (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(number, (int, float)) and not isinstance(number, bool) for number in numbers)
        and all(isinstance(mapping, dict) for mapping in mappings)
    ):
        return lease
    return None


def serialize(lease: Lease) -> bytes:
    return (json.dumps(asdict(lease), indent=1, sort_keys=True) + "\n").encode("utf-8")


def present() -> Moment:
    """This host's moment."""
    with open(BOOT_ID_PATH, encoding="ascii") as stream:
        return Moment(stream.read().strip(), time.clock_gettime(time.CLOCK_BOOTTIME))


class LeaseFile:
    """The lease of one data center on this host. Every request reads, plans and writes under one lock of the directory."""

    def __init__(self, site: str, data_center: str, directory: str = DIRECTORY, moment: Callable[[], Moment] = present) -> None:
        for name in (site, data_center):
            if not name or "/" in name or name.startswith("."):
                raise LeaseError(f"{name!r} is no name of a site or a data center: a lease is a file of that name")
        self.site = site
        self.data_center = data_center
        self.directory = directory
        self.path = os.path.join(directory, f"{site}.{data_center}.json")
        self.moment = moment

    def acquire(self, run: str, holder: Mapping[str, Any], ttl: float, displace: str = "") -> dict[str, Any]:
        def plan(found: Lease | None, now: Moment) -> Step:
            wanted = Lease(self.site, self.data_center, run, holder, now.boot_id, now.seconds, now.seconds, ttl)
            return plan_acquire(found, wanted, now, displace)

        return self._request(plan)

    def renew(self, run: str, ttl: float | None = None) -> dict[str, Any]:
        return self._request(lambda found, now: plan_renew(found, run, now, ttl))

    def release(self, run: str) -> dict[str, Any]:
        return self._request(lambda found, now: plan_release(found, run))

    def _request(self, plan: Callable[[Lease | None, Moment], Step]) -> dict[str, Any]:
        os.makedirs(self.directory, mode=0o700, exist_ok=True)
        with self._locked():
            content = self._read()
            found = None if content is None else parse(content)
            now = self.moment()
            step = plan(found, now)
            if step.after is None and found is not None:
                os.unlink(self.path)
            elif step.after is not None and step.after != found:
                files.write(self.path, serialize(step.after), 0o600)
        return self._answer(step, now, torn=content is not None and found is None)

    def _read(self) -> bytes | None:
        try:
            with open(self.path, "rb") as stream:
                return stream.read()
        except FileNotFoundError:
            return None

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """The kernel gives the lock back with the process, whatever ends it: a killed request blocks nobody."""
        descriptor = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            deadline = time.monotonic() + LOCK_SECONDS
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise LeaseError(
                            f"{self.directory} has been locked by another process for {LOCK_SECONDS:.0f} s, so the lease of "
                            f"{self.data_center} can neither be read nor written. `fuser -v {self.directory}` names the process"
                        ) from None
                    time.sleep(0.01)
            yield
        finally:
            os.close(descriptor)

    def _answer(self, step: Step, now: Moment, torn: bool) -> dict[str, Any]:
        answer: dict[str, Any] = {"outcome": step.outcome, "path": self.path, "torn": torn, "other": {}}
        if step.other is not None:
            answer["other"] = {
                "run": step.other.run,
                "holder": dict(step.other.holder),
                "displaced": dict(step.other.displaced),
                "boot_is_present": step.other.boot_id == now.boot_id,
                "held_seconds": round(max(0.0, now.seconds - step.other.acquired)),
                "renewed_seconds_ago": round(max(0.0, now.seconds - step.other.renewed)),
                "expires_in_seconds": round(step.other.seconds_left(now)),
            }
        return answer


def renew(site: str, data_center: str, run: str, directory: str = DIRECTORY) -> bool:
    """The sign of life of a job that goes on without its controller: whether its run still holds the lease."""
    return LeaseFile(site, data_center, directory).renew(run)["outcome"] == RENEWED


class KeptAlive:
    """Renews a run's lease from a thread while a long job of the host goes on, also when its controller is gone.

    `lost` tells that another run holds it by now: the job must not do its last, visible step then.
    """

    def __init__(
        self, site: str, data_center: str, run: str, directory: str = DIRECTORY, every: float = RENEW_EVERY_SECONDS
    ) -> None:
        self._renew = lambda: renew(site, data_center, run, directory)
        self._every = every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self.lost = False

    def __enter__(self) -> KeptAlive:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._over.wait(self._every):
            try:
                self.lost = not self._renew()
            except OSError:
                # A disk that is full for a moment is no other run; the lease has a third of its time left twice over.
                continue
            if self.lost:
                return
