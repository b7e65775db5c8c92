"""Lab only. What each of POM's services needs to run, and what it says where a need does not hold. Pure.

Stand-in assumption: which service needs what; how long a running service bears it. Documented: the words about a certificate
that is not trusted (POM-TROUBLE-15), and that advlistmgmt is started only while vpms runs (POM-DIR-02).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from . import states
from .channel import NO_TRUSTED_CERTIFICATE

COMMON = ("configuration", "identity", "stores", "database", "schema", "server", "epm")
OF_KAFKA = ("kafka", "peers")
ALL = (*COMMON, *OF_KAFKA)
WITHOUT_KAFKA = ("pomactmq", "ruleeng")
# These may come by themselves while a site starts; the others need somebody who changes something.
PASSING = ("epm", "kafka", "peers")
NOT_LOOKED_AT = "was not looked at, because of what stands before"


def needs_of(service: str) -> tuple[str, ...]:
    """
    >>> needs_of("ruleeng")
    ('configuration', 'identity', 'stores', 'database', 'schema', 'server', 'epm')
    >>> needs_of("cmpmgr")[-2:]
    ('kafka', 'peers')
    """
    return COMMON if service in WITHOUT_KAFKA else ALL


def looks_for(needs: Iterable[str]) -> tuple[str, ...]:
    """What has to be looked at to know of the needs.

    >>> looks_for(needs_of("ruleeng"))
    ('database', 'epm')
    """
    return ("database", "epm", "kafka") if "kafka" in needs else ("database", "epm")


@dataclass
class Verdicts:
    """The last answer for each need, and since when it does not hold. Empty words: it holds."""

    words: dict[str, str] = field(default_factory=dict)
    broken_since: dict[str, float] = field(default_factory=dict)

    def take(self, answer: Mapping[str, str], now: float) -> None:
        for need, words in answer.items():
            self.words[need] = words
            if not words:
                self.broken_since.pop(need, None)
            else:
                self.broken_since.setdefault(need, now)

    def broken(self, needs: Iterable[str]) -> str | None:
        """The first of the needs that does not hold."""
        return next((need for need in needs if self.words.get(need, NOT_LOOKED_AT)), None)

    def broken_too_long(self, needs: Iterable[str], now: float, seconds: float) -> str | None:
        return next((need for need in needs if now - self.broken_since.get(need, now) > seconds and not self.borne(need)), None)

    def borne(self, need: str) -> bool:
        """A service that runs goes on without an EPM that is away: vpms may be restarted under it."""
        return need == "epm" and NO_TRUSTED_CERTIFICATE not in self.words.get(need, "")

    def may_pass(self, needs: Iterable[str]) -> bool:
        """Nothing is broken that would stay so whatever is waited for."""
        wrong = [need for need in needs if self.words.get(need)]
        waits = any(passes(need, self.words[need]) for need in wrong)
        return all(passes(need, self.words[need]) for need in wrong) and waits


def passes(need: str, words: str) -> bool:
    """
    >>> passes("epm", "the EPM at 192.0.2.1:443 answers 503"), passes("epm", NO_TRUSTED_CERTIFICATE)
    (True, False)
    >>> passes("database", 'FATAL: password authentication failed for user "pom"')
    False
    """
    if need == "database":
        return "connection attempt failed" in words
    return need in PASSING and NO_TRUSTED_CERTIFICATE not in words and "SSL handshake failed" not in words


def log_line(service: str, need: str, words: str, host_name: str) -> str:
    """One line of a service's log.

    >>> print(log_line("cmpmgr", "epm", "javax.net.ssl.SSLHandshakeException: " + NO_TRUSTED_CERTIFICATE, "server"))
    ... # doctest: +ELLIPSIS
    |P_POMCM002|INFO|POMCM|||Out Call Web Service returned fault: ... No trusted certificate found|server####
    """
    if NO_TRUSTED_CERTIFICATE in words:
        fault = words if need == "epm" else f"{need}: {words}"
        words = f"Out Call Web Service returned fault: Connection has been shut down: {fault}"
        return f"|P_POMCM002|INFO|POMCM|||{words}|{host_name}####"
    return f"|{service}|ERROR|{need}|||{words}|{host_name}####"


def roles(answer: Mapping[str, str], running: Iterable[str], election: str, kind: str) -> dict[str, str]:
    """Which of the running services is master on this server, as the servers have settled it or the configuration says.

    >>> roles({}, ["cmpmgr", "cmpdir"], "primary", "auxiliary")
    {'cmpdir': 'DORMANT'}
    >>> roles({"role.cmpdir": "MASTER"}, ["cmpmgr", "cmpdir", "ruleeng"], "database", "auxiliary")
    {'cmpdir': 'MASTER'}
    """
    contested = [service for service in running if service in states.WITH_MASTER]
    if election == "primary":
        return dict.fromkeys(contested, states.MASTER if kind == "primary" else states.DORMANT)
    return {service: answer[f"role.{service}"] for service in contested if f"role.{service}" in answer}
