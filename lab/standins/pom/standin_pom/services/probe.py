"""Lab only. pomprobe: looks every few seconds at what POM was given, lets a service start or not, ends one that lost what it
needs, and says which server is master. One JVM does the looking (`services/java/PomProbe.java`), as POM's own services would."""

from __future__ import annotations

import configparser
import contextlib
import itertools
import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from .. import database, epm, host, identity, properties, stores
from . import channel, needs, states

DEFAULTS = """
[services]
# Which server is master: `database` = the servers settle it by rows in the POM database; `primary` = always the primary
election = database
poll_seconds = 3
# Database and roles are looked at every poll_seconds, EPM and Kafka so often
far_poll_seconds = 12
failover_seconds = 9
# How long a running service bears that what it needs is not there
grace_seconds = 30
# How long a starting service waits for what may still come
start_wait_seconds = 20
heap_mb = 48
# Whether a server that is called otherwise than where it was made known starts nothing
identity = yes
"""
ANSWER_SECONDS = 60.0


def configuration() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(DEFAULTS)
    parser.read(host.real("/etc/standin/pom.conf"), encoding="utf-8")
    return parser["services"]


def encode(values: dict[str, str]) -> str:
    return "\t".join(f"{name}={urllib.parse.quote_plus(value)}" for name, value in values.items())


def decode(line: str) -> dict[str, str]:
    """
    >>> decode(encode({"database": "", "kafka": "no such host: a=b"}))
    {'database': '', 'kafka': 'no such host: a=b'}
    """
    pairs = (pair.partition("=") for pair in line.rstrip("\n").split("\t"))
    return {name: urllib.parse.unquote_plus(value) for name, _, value in pairs}


def kafka_access(home: Path) -> dict[str, str]:
    """Protocol and brokers as this server's own Kafka is configured: its listener, and the ensemble's hosts at the same port.

    No listener written: Kafka's own default, the port 9092 without TLS."""
    values = properties.read(home / "kafka_server/config/server.properties")
    listener = urllib.parse.urlsplit((values.get("listeners") or "PLAINTEXT://:9092").split(",")[0].strip())
    port = listener.port or 9092
    ensemble = [entry.strip().rsplit(":", 1)[0] for entry in values.get("zookeeper.connect", "").split("/")[0].split(",")]
    named = [name for name in [listener.hostname or "", *ensemble] if name and name != "0.0.0.0"]
    brokers = list(dict.fromkeys(named)) or ["localhost"]
    return {"kafka_protocol": listener.scheme.upper(), "brokers": ",".join(f"{broker}:{port}" for broker in brokers)}


def identities(portal: configparser.SectionProxy) -> str:
    words = (portal.get("host", ""), portal.get("fqdn", ""), portal.get("address", ""), socket.gethostname())
    return ",".join(dict.fromkeys(word.lower() for word in words if word))


def epms(portal: configparser.SectionProxy) -> str:
    """The primary's EPM, and the server's own for when that is away. Stand-in assumption: either does."""
    places = dict.fromkeys((portal.get("primary") or portal["address"], portal["address"]))
    return ",".join(f"{place}:{channel.https_port()}" for place in places)


def reason_of(settings: database.Settings, words: str) -> database.Failure:
    """What the JDBC driver says, in the words of the documents."""
    if re.search(r"Connection to \S+ refused|connection attempt failed|I/O error", words):
        return settings.failure("certificate" if "PKIX" in words else "no_connection")
    return database.reason_of(settings, words)


class Jvm:
    """The probing JVM, started when first asked and again when it died. A thread hands each answer to who asked for it."""

    def __init__(self, home: Path, heap_mb: str) -> None:
        path = (home / "services/classes", *sorted((home / "lib/jdbc").glob("*.jar")), home / "kafka_server/libs/*")
        self.command = [
            "java",
            f"-Xmx{heap_mb}m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xshare:auto",
            "-Djava.awt.headless=true",
            "-cp",
            ":".join(map(str, path)),
            "PomProbe",
        ]
        self.process: subprocess.Popen[str] | None = None
        self.waiting: dict[str, queue.Queue[dict[str, str]]] = {}
        self.numbers = itertools.count(1)
        self.lock = threading.Lock()

    def running(self) -> subprocess.Popen[str]:
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, universal_newlines=True, encoding="utf-8", bufsize=1
            )
            threading.Thread(target=self.listen, args=(self.process,), daemon=True).start()
        return self.process

    def listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            answer = decode(line)
            waiting = self.waiting.pop(answer.pop("id"), None)
            if waiting is not None:
                waiting.put(answer)

    def ask(self, look: str, request: dict[str, str]) -> dict[str, str]:
        answers: queue.Queue[dict[str, str]] = queue.Queue()
        with self.lock:
            number = str(next(self.numbers))
            self.waiting[number] = answers
            process = self.running()
            assert process.stdin is not None
            with contextlib.suppress(OSError):
                process.stdin.write(encode({"id": number, "look": look, **request}) + "\n")
                process.stdin.flush()
        deadline = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < deadline and (process.poll() is None or not answers.empty()):
            with contextlib.suppress(queue.Empty):
                return answers.get(timeout=1)
        self.waiting.pop(number, None)
        return {"stores": "the probing JVM ended or does not answer: see the journal of pomprobe"}

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


class Probe:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.conf = configuration()
        self.jvm = Jvm(home, self.conf["heap_mb"])
        self.verdicts = needs.Verdicts()
        self.brokers = ""
        self.lock = threading.Lock()
        self.stores = stores.Stores(home)

    # What is asked

    def request(self, settings: database.Settings, portal: configparser.SectionProxy, running: list[str]) -> dict[str, str]:
        return {
            "url": settings.url,
            "user": settings.user,
            "password": settings.password,
            "secured": str(settings.secured).lower(),
            "keystore": str(self.stores.key_store),
            "keystore_password": self.stores.password("keystore"),
            "truststore": str(self.stores.trust_store),
            "truststore_password": self.stores.password("truststore"),
            "epm": epms(portal),
            "identities": identities(portal),
            "self": portal.get("host", socket.gethostname()),
            "election": self.conf["election"],
            "failover_seconds": self.conf["failover_seconds"],
            "held": ",".join(service for service in states.WITH_MASTER if service in running),
            "released": ",".join(service for service in states.WITH_MASTER if service not in running),
            **kafka_access(self.home),
        }

    def answer(self, look: str, running: list[str]) -> dict[str, str]:
        """The words for each need; what could not be looked at is left out."""
        portal = host.experience_portal()
        if portal is None:
            return {"configuration": "no EPM is installed on this server"}
        if not database.settings_file().exists():
            return {"configuration": "config/PIMHibernate.cfg.xml does not exist: the POM database is not configured"}
        try:
            settings = database.load(database.settings_file())
        except (host.Refused, ElementTree.ParseError, ValueError, KeyError) as error:
            return {"configuration": f"config/PIMHibernate.cfg.xml cannot be read: {error}"}
        if settings.type != "Postgres":
            try:
                database.test(settings)
            except database.Failure as failure:
                return {"configuration": "", "database": str(failure)}
        known_as = identity.fault(self.home, portal) if self.conf.getboolean("identity") else ""
        found = {"configuration": "", "identity": known_as, **self.jvm.ask(look, self.request(settings, portal, running))}
        if found.get("database"):
            found["database"] = str(reason_of(settings, found["database"]))
        return found

    def look(self, look: str) -> None:
        """Look at one part of what POM was given, and remember it."""
        running = self.running()
        answer = self.answer(look, running)
        with self.lock:
            self.verdicts.take({need: answer[need] for need in answer if need in needs.ALL}, time.monotonic())
            self.brokers = answer.get("brokers", self.brokers)
            if look == "database":
                portal = host.experience_portal()
                self.write(needs.roles(answer, running, self.conf["election"], portal["kind"] if portal else ""))
            self.end_what_lost(running)

    # What follows of it

    def running(self) -> list[str]:
        return [unit for unit, word in states.systemd_words(states.OF_PROBE).items() if word == "active"]

    def end_what_lost(self, running: list[str]) -> None:
        for service in running:
            wanted = needs.needs_of(service)
            lost = self.verdicts.broken_too_long(wanted, time.monotonic(), float(self.conf["grace_seconds"]))
            if lost is not None:
                self.log(service, lost, self.verdicts.words.get(lost, needs.NOT_LOOKED_AT))
                host.systemctl("kill", "--signal=USR1", service)

    def write(self, roles: dict[str, str]) -> None:
        words = states.shown(states.systemd_words(states.UNITS), roles)
        verdicts = {need: {"holds": not words, "words": words} for need, words in self.verdicts.words.items()}
        for name, content in (("states.json", words), ("verdicts.json", {"needs": verdicts, "brokers": self.brokers})):
            partial = states.run_directory() / f".{name}.partial"
            partial.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
            partial.rename(states.run_directory() / name)

    def log(self, service: str, need: str, words: str) -> str:
        log = host.Log(self.home / f"logs/{service}.log")
        log.write(needs.log_line(service, need, words, socket.gethostname()))
        host.own(log.path)
        return f"{service}: {need}: {words}"

    def may_start(self, service: str) -> str:
        """Empty where all that the service needs is there; what may still come is waited for."""
        if service not in states.OF_PROBE:
            return f"{service} is no service of POM"
        if service == "advlistmgmt" and not host.active("vpms"):
            return self.log(service, "vpms", "vpms is stopped; it must run whenever advlistmgmt is started")
        wanted = needs.needs_of(service)
        deadline = time.monotonic() + float(self.conf["start_wait_seconds"])
        while True:
            for look in needs.looks_for(wanted):
                self.look(look)
            with self.lock:
                lost = self.verdicts.broken(wanted)
                if lost is None:
                    break
                if not self.verdicts.may_pass(wanted) or time.monotonic() > deadline:
                    return self.log(service, lost, self.verdicts.words.get(lost, needs.NOT_LOOKED_AT))
            time.sleep(1)
        if service == "cmpmgr":
            self.copy_organizations()
        return ""

    def copy_organizations(self) -> None:
        portal = host.experience_portal()
        if portal is None or portal["kind"] != "primary":
            return
        try:
            epm.copy_organizations(database.load(database.settings_file()))
            epm.make_directories(host.pom_home(), epm.organizations().values())
        except (database.Failure, host.Refused, OSError, ImportError) as error:
            self.log("cmpmgr", "organizations", str(error))

    # The threads

    def listen(self, server: socket.socket) -> None:
        while True:
            connection, _ = server.accept()
            threading.Thread(target=self.reply, args=(connection,), daemon=True).start()

    def reply(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError), connection.makefile("rw", encoding="utf-8") as stream:
            stream.write(self.may_start(stream.readline().strip()))

    def keep_looking(self, look: str, seconds: float) -> None:
        while True:
            self.look(look)
            time.sleep(seconds)

    def run(self) -> None:
        for look in ("epm", "kafka"):
            seconds = float(self.conf["far_poll_seconds"])
            threading.Thread(target=self.keep_looking, args=(look, seconds), daemon=True).start()
        self.keep_looking("database", float(self.conf["poll_seconds"]))

    def leave(self) -> None:
        """What this server no longer runs, another may have at once."""
        self.look("database")
        self.jvm.stop()
        for name in ("probe.sock", "states.json"):
            (states.run_directory() / name).unlink(missing_ok=True)


def listening(path: Path) -> socket.socket:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(str(path))
    path.chmod(0o600)
    server.listen(16)
    return server


def say_ready() -> None:
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.sendto(b"READY=1", address.replace("@", "\0", 1) if address.startswith("@") else address)


def main() -> int:
    probe = Probe(host.pom_home())
    server = listening(states.run_directory() / "probe.sock")
    threading.Thread(target=probe.listen, args=(server,), daemon=True).start()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    say_ready()
    try:
        probe.run()
    finally:
        probe.leave()
    return 0


if __name__ == "__main__":
    sys.exit(main())
