# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""POM's services: their units and the names that the vendor's texts give them, the states that are right, and what
`POM status` says. Pure.

Sources: POM-SVC-01 (names), POM-SVC-05 (states), POM-SVC-06 (which state where), T-112 (Rule Engine), T-114 (Load Monitor).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

MASTER, DORMANT, RUNNING, STOPPED, STOPPING = STATES = ("MASTER", "DORMANT", "RUNNING", "STOPPED", "STOPPING")
ROLES = (MASTER, DORMANT)
UNKNOWN = "unknown"
# States in which a service is at work, by which it is told from one that is stopped.
UP = (MASTER, DORMANT, RUNNING)


@dataclass(frozen=True)
class Service:
    """A service of POM. `elected`: one server of the data center is its master, the others are dormant."""

    name: str
    unit: str
    aliases: tuple[str, ...] = ()
    elected: bool = False
    runs_on_standby: bool = False


# In the order in which they are started: what others connect to first. POM's own order is the wrapper's and not documented.
SERVICES = (
    Service("ZooKeeper", "pomzookeeper", ("POM zookeeper",), runs_on_standby=True),
    Service("Kafka Server", "pomkafka", ("Kafka", "POM Kafka"), runs_on_standby=True),
    Service("Campaign Manager", "cmpmgr"),
    Service("Campaign Director", "cmpdir", elected=True),
    Service("Agent Manager", "agtmgr", elected=True),
    Service("ActiveMQ", "pomactmq", ("Active MQ",), elected=True),
    Service("Rule Engine", "ruleeng", ("Rule Server", "RuleServer"), elected=True),
    Service("Advance List Management", "advlistmgmt"),
    Service("POM Agent SDK", "pomagentsdk", ("Agent SDK", "Agent SDK Service")),
    Service("POM dashboard", "pomdashboard", ("Dashboard", "Dashboard service")),
)
BY_UNIT: Mapping[str, Service] = {service.unit: service for service in SERVICES}
UNITS = tuple(BY_UNIT)
# ZooKeeper and Kafka have roles of their own, which start and restart them.
KAFKA_UNITS = ("pomzookeeper", "pomkafka")
OWN_UNITS = tuple(unit for unit in UNITS if unit not in KAFKA_UNITS)


class UnknownService(ValueError):
    """A name that none of POM's services has."""


def service_of(name: str) -> Service:
    """The service of a unit or of any of its names, whatever their case."""
    wanted = _plain(name)
    for service in SERVICES:
        if wanted in (_plain(alias) for alias in (service.unit, service.name, *service.aliases)):
            return service
    raise UnknownService(f"{name} is none of POM's services: {', '.join(service.unit for service in SERVICES)}")


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).lower()


def expected_services(servers: int = 1, active: bool = True) -> list[dict[str, Any]]:
    """Which states are right for each service of one POM server, in a data center with so many of them.

    In a data center with several, any of them may be master of a service that is elected. Of a standby, Kafka may run or be
    stopped, because the sources contradict each other (T-117).
    """
    return [
        {"service": service.name, "unit": service.unit, "states": list(_right_states(service, servers, active))}
        for service in SERVICES
    ]


def _right_states(service: Service, servers: int, active: bool) -> tuple[str, ...]:
    if not active:
        return (RUNNING, STOPPED) if service.runs_on_standby else (STOPPED,)
    if service.elected:
        return (MASTER, DORMANT) if servers > 1 else (MASTER,)
    return (RUNNING,)


# --- what `POM status` says -------------------------------------------------------------------------------------------

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_STATE = re.compile(r"(?<![A-Za-z])(?:%s)(?![A-Za-z])" % "|".join(STATES))
_NOT_RUNNING = re.compile(r"(?i)\bnot\s+running\b|\bstopped\b")
_IS_RUNNING = re.compile(r"(?i)\brunning\b")
_WORD = re.compile(r"[A-Za-z]+")
_SAYS_NOTHING = frozenset({"is", "pid", "process", "server", "service", "state", "status", "the"})


def _name_pattern(service: Service) -> str:
    names = sorted({service.name, *service.aliases, service.unit}, key=len, reverse=True)
    return "|".join(r"\s*".join(re.escape(part) for part in name.split()) for name in names)


_NAMES = [(service, re.compile(rf"(?i)(?<![A-Za-z])(?:{_name_pattern(service)})(?![A-Za-z])")) for service in SERVICES]


@dataclass(frozen=True)
class Status:
    """What `POM status` says: a state by unit, and whether it tells who is master."""

    states: Mapping[str, str]

    @property
    def shows_roles(self) -> bool:
        return any(state in ROLES for state in self.states.values())


def parse_status(text: str) -> Status:
    """Read the output of `POM status`, whose layout no document gives: a line that names a service and says a state.

    A line with a service and another word leaves its state unknown: it is never guessed. One without any word says nothing.
    """
    states: dict[str, str] = {}
    for line in _ESCAPES.sub("", text).splitlines():
        found = [(match.start(), match.end(), service) for service, names in _NAMES for match in names.finditer(line)]
        if not found:
            continue
        # "Agent SDK Service" holds no other name, but where two names overlap the longer one is meant.
        _start, end, service = min(found, key=lambda row: (row[0], row[0] - row[1]))
        said = _state_said(line[end:])
        if said and (said != UNKNOWN or service.unit not in states):
            states[service.unit] = said
    return Status(states)


def _state_said(words: str) -> str:
    documented = _STATE.findall(words)
    if documented and not re.search(r"(?i)\bnot\s+running\b", words):
        # RUNNING (MASTER): the word that says more.
        return next((state for state in documented if state in ROLES), documented[0])
    if _NOT_RUNNING.search(words):
        return STOPPED
    if _IS_RUNNING.search(words):
        return RUNNING
    return UNKNOWN if any(word.lower() not in _SAYS_NOTHING for word in _WORD.findall(words)) else ""


@dataclass(frozen=True)
class Seen:
    """One service as it was seen, held against what is right."""

    service: str
    unit: str
    state: str
    expected: tuple[str, ...]
    well: bool
    # Whether MASTER and DORMANT could be told apart. Where not, a running service is taken for right.
    role_observed: bool

    def as_dict(self) -> dict[str, Any]:
        return {
            "service": self.service,
            "unit": self.unit,
            "state": self.state,
            "expected": list(self.expected),
            "well": self.well,
            "role_observed": self.role_observed,
        }


BY_SYSTEMD = {"active": RUNNING, "deactivating": STOPPING, "inactive": STOPPED, "failed": STOPPED}


def judge(expected: Iterable[Mapping[str, Any]], status: Status, active_units: Mapping[str, str]) -> list[Seen]:
    """Each expected service with its state. A unit that is down by systemd (`active_units`: unit → ActiveState) is down.

    Of the others the word of `POM status` counts, which says who is master and what systemd does not know.
    """
    return [_judged(item, status, active_units.get(str(item["unit"]), "")) for item in expected]


def _judged(item: Mapping[str, Any], status: Status, systemd: str) -> Seen:
    unit, wanted = str(item["unit"]), tuple(str(state) for state in item["states"])
    by_systemd = BY_SYSTEMD.get(systemd, UNKNOWN)
    state = by_systemd if by_systemd == STOPPED else status.states.get(unit) or by_systemd
    has_role = any(word in ROLES for word in wanted)
    # The text may leave a service out, and of those that it names it may tell no role.
    hides_role = has_role and state == RUNNING and not (status.shows_roles and unit in status.states)
    return Seen(str(item["service"]), unit, state, wanted, state in wanted or hides_role, not hides_role)


def in_words(seen: Iterable[Seen]) -> list[str]:
    """What is wrong, one line a service; [] where all is well."""
    return [f"{one.service} ({one.unit}) is {one.state}, must be {' or '.join(one.expected)}" for one in seen if not one.well]
