# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Looking at a POM server. Nothing here changes it, and nothing here judges what was seen."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Callable, NamedTuple

from ansible_collections.dialtone.contact_center.plugins.module_utils import host_state, pom_services
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_connection import Connection
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_layout import (
    CONVERSION_PROGRAM,
    DRIVER_DIRECTORIES,
    EP_HOME,
    EP_UNITS,
    INSTALLER,
    PARTS,
    PROGRAMS,
    TRUSTSTORE_PROGRAM,
    WRAPPER,
    WRAPPER_DIRECTORIES,
    PomLayout,
)
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_server import (
    ABSENT,
    COMPLETE,
    KEYSTORE_PART,
    LEDGER,
    PARTIAL,
    PRESENT,
    UNKNOWN,
    UNREACHABLE,
    Installation,
    PomServerError,
    Table,
    Trusted,
)

# The unit of the installation's job, which vendor_dialogue leads.
JOB_UNIT = f"dialtone-job-{INSTALLER}"
JOBS = "/var/lib/dialtone/jobs"
CONVERSION_JOB = f"{JOBS}/enablenonTeleMode"
INSTALLER_STATE = f"{JOBS}/{INSTALLER}/state.json"
AGENT_MANAGER_UNIT = "agtmgr.service"
HEAP = re.compile(r"-Xmx([0-9]+)([kKmMgG]?)")
MB_OF = {"": 1 / 1024**2, "k": 1 / 1024, "m": 1, "g": 1024}
# The names that a Kafka and a ZooKeeper of their own have, of a distribution's package and of Dialtone's roles.
STANDALONE_UNITS = ("kafka", "zookeeper")
AT_WORK = ("active", "activating", "reloading", "deactivating")
LOG_LINES = 15
SUCCESS = "Installation was successful."
BANNER = re.compile(r"Avaya POM (POM(?:\.\d+){3,})")
NO_CLIENT = "psql is not on this host"
# The one table of the schema that the documents name.
SCHEMA_QUERY = "SELECT count(*) FROM information_schema.tables WHERE lower(table_name) = 'pim_server'"
EVENT_SETTINGS_QUERY = (
    "SELECT count(*), coalesce(md5(string_agg(one::text, E'\\n' ORDER BY one::text)), '') FROM pim_event_setting AS one"
)
# Every field of a row is asked, because no document tells which one is the code.
EVENTS_QUERY = (
    "SELECT field.value, md5(string_agg(one::text, E'\\n' ORDER BY one::text)) "
    "FROM pim_event_setting AS one, jsonb_each_text(to_jsonb(one)) AS field WHERE field.value IN ({}) GROUP BY field.value"
)

Run = Callable[[Sequence[str]], "tuple[int, str, str]"]


class Units(NamedTuple):
    """ActiveState by unit; whether the installer's job runs; unit and states of a Kafka or ZooKeeper that POM does not run."""

    states: Mapping[str, str]
    job_running: bool
    standalone: Mapping[str, str]


@dataclass
class Observer:
    """Looks at the host. The files of a host are below another root only in tests."""

    run: Run
    layout: PomLayout
    root: str = "/"

    def real(self, path: str) -> str:
        return path if self.root == "/" else os.path.join(self.root, path.lstrip("/"))

    def exists(self, path: str) -> bool:
        return os.path.exists(self.real(path))

    def read(self, path: str) -> bytes | None:
        try:
            with open(self.real(path), "rb") as stream:
                return stream.read()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def text(self, path: str) -> str:
        return (self.read(path) or b"").decode("utf-8", "replace")

    def has_experience_portal(self) -> bool:
        return os.path.isdir(self.real(EP_HOME))

    def boot_id(self) -> str:
        return self.text("/proc/sys/kernel/random/boot_id").strip()

    def addresses(self) -> tuple[str, ...]:
        """The host's IPv4 addresses, without those that reach no other host."""
        rc, out, err = self.run(["ip", "-4", "-oneline", "address", "show", "scope", "global"])
        if rc != 0:
            raise PomServerError(f"ip address show ended with {rc}: {err.strip()}")
        return tuple(dict.fromkeys(re.findall(r"\binet ([0-9.]+)", out)))

    def units(self) -> Units:
        """What systemd knows of POM's units, of the installer's job, and of a Kafka and ZooKeeper beside POM's: one call."""
        names = [f"{unit}.service" for unit in (*EP_UNITS, *pom_services.UNITS, *STANDALONE_UNITS, JOB_UNIT)]
        wanted = "--property=Id,LoadState,ActiveState,UnitFileState"
        rc, out, err = self.run(["systemctl", "show", "--no-pager", wanted, "--", *names])
        if rc != 0:
            raise PomServerError(f"systemctl show ended with {rc}: {err.strip()}")
        known = {
            name[: -len(".service")]: values
            for name, values in host_state.parse_show(out).items()
            if values.get("LoadState") not in ("not-found", "")
        }
        states = {name: values.get("ActiveState", "") for name, values in known.items()}
        standalone = {}
        for name in STANDALONE_UNITS:
            state, enabled = states.pop(name, ""), known.get(name, {}).get("UnitFileState", "")
            # One that is stopped and enabled would run again after the reboot that the installer asks for.
            if state in AT_WORK or enabled.startswith("enabled"):
                standalone[name] = ", ".join(word for word in (state, enabled) if word)
        return Units(states, states.pop(JOB_UNIT, "") in AT_WORK, standalone)

    def installation(self, units: Mapping[str, str]) -> Installation:
        """Absent, in part, or complete: the programs of bin, the keystore, and the units that systemd knows (POM-INST-01)."""
        needed = {f"bin/{program}": f"{self.layout.bin}/{program}" for program in PROGRAMS}
        needed[KEYSTORE_PART] = self.layout.keystore
        there = {name: self.exists(path) for name, path in needed.items()}
        known = [unit for unit in pom_services.OWN_UNITS if unit in units]
        there["units"] = len(known) == len(pom_services.OWN_UNITS)
        parts = [f"{self.layout.home}/{part}" for part in PARTS if self.exists(f"{self.layout.home}/{part}")]
        parts += [f"unit {unit}" for unit in known]
        if not parts:
            return Installation(ABSENT, directory_exists=self._is_filled(self.layout.install_path))
        missing = tuple(name for name, is_there in there.items() if not is_there)
        version, lines = self.installer_log()
        return Installation(PARTIAL if missing else COMPLETE, tuple(parts), missing, True, version, lines)

    def _is_filled(self, path: str) -> bool:
        try:
            return bool(os.listdir(self.real(path)))
        except (FileNotFoundError, NotADirectoryError):
            return False

    def installer_succeeded(self) -> bool:
        """Whether the last installation that Dialtone led has ended well, also where no run has seen its end."""
        try:
            return bool(json.loads(self.text(INSTALLER_STATE)).get("state") == "succeeded")
        except (ValueError, AttributeError):
            return False

    def installer_log(self) -> tuple[str, tuple[str, ...]]:
        """The version in the installer's banner, and the last lines of the newest log that has one or tells of a success."""
        directory = self.real(self.layout.logs)
        try:
            names = sorted(os.listdir(directory), key=lambda name: -os.path.getmtime(os.path.join(directory, name)))
        except OSError:
            return "", ()
        version = ""
        for name in names:
            if not os.path.isfile(os.path.join(directory, name)) or not re.search(r"(?i)install", name):
                continue
            text = self.text(f"{self.layout.logs}/{name}")
            banner = BANNER.search(text)
            version = version or (banner.group(1) if banner else "")
            if banner or SUCCESS in text:
                return version, tuple(text.splitlines()[-LOG_LINES:])
        return version, ()

    def markers(self) -> dict[str, dict[str, Any]]:
        """What Dialtone recorded of what no program of the vendor tells."""
        found = {}
        directory = self.real(LEDGER)
        for name in sorted(os.listdir(directory)) if os.path.isdir(directory) else ():
            if name.endswith(".json"):
                try:
                    content = json.loads(self.text(f"{LEDGER}/{name}"))
                except ValueError:
                    continue
                if isinstance(content, dict):
                    found[name[: -len(".json")]] = content
        return found

    def available_mb(self) -> int:
        """Memory that the kernel could give to a new process; 0 where it does not tell."""
        found = re.search(r"^MemAvailable:\s+(\d+) kB", self.text("/proc/meminfo"), re.MULTILINE)
        return int(found.group(1)) // 1024 if found else 0

    def agent_memory_mb(self) -> int:
        """The largest -Xmx among the processes of the Agent Manager's unit; 0 where none has one."""
        heaps = [0]
        processes = self.real("/proc")
        for pid in filter(str.isdigit, os.listdir(processes) if os.path.isdir(processes) else ()):
            try:
                is_agent_manager = f"/{AGENT_MANAGER_UNIT}" in self.text(f"/proc/{pid}/cgroup")
                words = self.text(f"/proc/{pid}/cmdline").split("\0") if is_agent_manager else []
            except OSError:  # the process has ended meanwhile
                continue
            heaps += [int(int(heap.group(1)) * MB_OF[heap.group(2).lower()]) for heap in map(HEAP.fullmatch, words) if heap]
        return max(heaps)

    def has_conversion_log(self) -> bool:
        return self.exists(self.layout.conversion_log)

    def has_led_conversion(self) -> bool:
        return self.exists(CONVERSION_JOB)

    def fonts(self, paths: Iterable[str]) -> dict[str, str]:
        """SHA-256 of those that are there."""
        contents = {path: self.read(path) for path in paths}
        return {path: hashlib.sha256(content).hexdigest() for path, content in contents.items() if content is not None}

    def free_mb(self) -> int:
        path = self.real(self.layout.install_path)
        while not os.path.isdir(path) and path != os.path.dirname(path):
            path = os.path.dirname(path)
        return int(shutil.disk_usage(path).free // 1024**2)

    def drivers(self, home_directory: str, names: Mapping[str, str]) -> dict[str, str]:
        """SHA-256 of the jar of each engine, where it is in the directory that the vendor's program reads."""
        jars = {engine: self.read(f"{home_directory}/{DRIVER_DIRECTORIES[engine]}/{name}") for engine, name in names.items()}
        return {engine: hashlib.sha256(jar).hexdigest() for engine, jar in jars.items() if jar is not None}

    def truststore_program(self) -> str:
        """The program that imports into the truststore (T-086)."""
        return self._program(TRUSTSTORE_PROGRAM, "T-086")

    def conversion_program(self) -> str:
        """The program that converts POM to manual dialling (T-120)."""
        return self._program(CONVERSION_PROGRAM, "T-120")

    def _program(self, program: str, source: str) -> str:
        """Path of a program of POM's under whichever spelling it has; empty where it has none."""
        try:
            names = [name for name in os.listdir(self.real(self.layout.bin)) if name.lower() == program.lower()]
        except OSError:
            return ""
        if len(names) > 1:
            raise PomServerError(
                f"{self.layout.bin} holds {' and '.join(sorted(names))}, two spellings of one program: "
                f"which one is meant cannot be told; compare them with the media, and move the wrong one away ({source})"
            )
        return f"{self.layout.bin}/{names[0]}" if names else ""

    def wrapper(self) -> str:
        """The command POM, which the documents call by its name alone."""
        places = [f"{directory}/{WRAPPER}" for directory in (*WRAPPER_DIRECTORIES, self.layout.bin)]
        return next((path for path in places if os.access(self.real(path), os.X_OK)), "")

    def status(self) -> pom_services.Status:
        """What `POM status` says; nothing where the command is not found."""
        wrapper = self.wrapper()
        if not wrapper:
            return pom_services.Status({})
        _rc, out, err = self.run([self.real(wrapper), "status"])
        return pom_services.parse_status(out + "\n" + err)

    def schema(self, wanted: Connection, password: str, ca_path: str) -> tuple[str, str]:
        """(state, problem) of the POM schema, asked with psql. Other engines have no client on a POM server."""
        if wanted.engine != "postgres":
            return UNKNOWN, ""
        psql = shutil.which("psql")
        if psql is None:
            return UNKNOWN, NO_CLIENT
        out, problem = self._select(psql, wanted, password, ca_path, SCHEMA_QUERY)
        if problem:
            return UNREACHABLE, problem
        return (PRESENT if out not in ("", "0") else ABSENT), ""

    def event_settings(self, wanted: Connection, password: str, ca_path: str) -> Table:
        """The settings of POM's events: no document tells the table's columns, so of its rows a digest."""
        out, problem = self._answer(wanted, password, ca_path, EVENT_SETTINGS_QUERY)
        if problem:
            return Table(problem=problem)
        rows, _bar, digest = out.partition("|")
        return Table(int(rows), digest)

    def events(self, wanted: Connection, password: str, ca_path: str, codes: Iterable[str]) -> tuple[dict[str, str], str]:
        """(digest of what the table says of each of these codes, problem)."""
        literals = ", ".join("'{}'".format(code.replace("'", "''")) for code in codes)
        out, problem = self._answer(wanted, password, ca_path, EVENTS_QUERY.format(literals))
        rows = (line.rpartition("|") for line in out.splitlines())
        return {code: digest for code, _bar, digest in rows}, problem

    def _answer(self, wanted: Connection, password: str, ca_path: str, query: str) -> tuple[str, str]:
        """(answer, problem) of a query of POM's database, from a host that may have no client of it."""
        psql = shutil.which("psql")
        if wanted.engine != "postgres" or psql is None:
            return "", NO_CLIENT if wanted.engine == "postgres" else f"no client of {wanted.engine} is on this host"
        return self._select(psql, wanted, password, ca_path, query)

    def _select(self, psql: str, wanted: Connection, password: str, ca_path: str, query: str) -> tuple[str, str]:
        """(answer, problem) of a query of POM's database."""
        words = {
            "host": wanted.host,
            "port": str(wanted.port),
            "dbname": wanted.name,
            "user": wanted.user,
            "connect_timeout": "10",
            "sslmode": "verify-full" if wanted.secured else "prefer",
        }
        if wanted.secured:
            words["sslrootcert"] = ca_path
        with tempfile.NamedTemporaryFile("w", prefix="dialtone-", encoding="utf-8") as passwords:
            passwords.write("*:*:*:*:{}\n".format(password.replace("\\", "\\\\").replace(":", "\\:")))
            passwords.flush()
            words["passfile"] = passwords.name
            conninfo = " ".join(
                "{}='{}'".format(key, value.replace("\\", "\\\\").replace("'", "\\'")) for key, value in words.items()
            )
            rc, out, err = self.run([psql, "-X", "-q", "-A", "-t", "-w", "-d", conninfo, "-c", query])
        return (out.strip(), "") if rc == 0 else ("", " ".join(err.split()) or f"psql ended with {rc}")


def decode_trusted(entries: Iterable[Mapping[str, Any]], read: Callable[[str], bytes | None]) -> tuple[Trusted, ...]:
    """The certificates that were handed over, by content or as a file of the host."""
    found = []
    for entry in entries:
        content: bytes | None
        if entry.get("content"):
            try:
                content = base64.b64decode(str(entry["content"]), validate=True)
            except ValueError as error:
                raise PomServerError("the certificate {} is no Base64: {}".format(entry["alias"], error)) from error
        else:
            content = read(str(entry["path"])) if entry.get("path") else None
        found.append(Trusted(str(entry["alias"]), content))
    return tuple(found)
