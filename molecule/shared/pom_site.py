"""A site with POM in a lab: its playbooks, from this checkout or another, and what its hosts tell of the vendor's programs."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lab import credentials
from lab.rehearsal import Playbook, Site
from lab.state import REPOSITORY, Lab

SERVERS = ("epm1", "epm2")
POM_HOME = "/opt/Avaya/avpom/POManager"
JOBS = "/var/lib/dialtone/jobs"
STANDIN = "/etc/standin/pom.conf"
PRINTED_PASSWORD = "changeit"  # of the stores that the vendor's installer makes, in a lab
STOP = ("-e", "guided_steps_mode=stop")
WAIT = ("-e", "guided_steps_mode=wait")
# The services of POM, and what they stand on, on a POM server.
UNITS = (
    *("vpms", "pomzookeeper", "pomkafka", "cmpmgr", "cmpdir", "agtmgr"),
    *("pomactmq", "ruleeng", "advlistmgmt", "pomagentsdk", "pomdashboard"),
)
RUN_SECONDS = 900
# What a run needs of a checkout.
CHECKED_OUT = ("ansible.cfg", "collections", "dialogues", "inventories", "playbooks", "roles", "schemas")


@dataclass(frozen=True)
class Started:
    """A run in the background, and the file with what it says."""

    process: subprocess.Popen[str]
    log: Path

    def text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def finish(self) -> Playbook:
        self.process.wait(timeout=RUN_SECONDS)
        return Playbook(self.process.returncode, self.text())


@dataclass(frozen=True)
class PomSite(Site):
    """The full site of the lab, or another one. All that its runs say is kept in the directory `said`."""

    inventory: str = "inventories/lab"
    name: str = "lab"
    # Inventories beside it: what the engineer has written since.
    additions: tuple[str, ...] = ()
    top: Path = REPOSITORY
    said: Path = field(default=Path("build"), kw_only=True)

    def begin(self, playbook: str, *arguments: str) -> Started:
        log = self.said / f"{len(list(self.said.iterdir())):03}-{Path(playbook).stem}.txt"
        with log.open("w", encoding="utf-8") as stream:
            process = subprocess.Popen(
                self.command(playbook, *arguments),
                cwd=self.top,
                env={**self.environment(), "ANSIBLE_CONFIG": str(self.top / "ansible.cfg")},
                text=True,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return Started(process, log)

    def play(self, playbook: str, *arguments: str) -> Playbook:
        return self.begin(playbook, *arguments).finish()

    def keep(self, path: Path, secrets: dict[str, str]) -> None:
        """These words, encrypted with the vault password of the lab."""
        path.parent.mkdir(parents=True, exist_ok=True)
        credentials.encrypt(credentials.as_yaml(secrets), self.directory / "vault-password", path)

    def in_another_checkout(self, directory: Path) -> PomSite:
        """The same site, from a checkout that has never run anything: what counts must lie on the hosts."""
        for name in CHECKED_OUT:
            source = REPOSITORY / name
            if source.is_dir():
                shutil.copytree(source, directory / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, directory / name)
        (directory / ".cache").symlink_to(REPOSITORY / ".cache")
        return replace(self, top=directory)

    @property
    def inventories(self) -> list[str]:
        return [self.inventory, *self.additions, str(self.directory / "inventory")]

    @property
    def built(self) -> Path:
        """Where its runs leave their reports."""
        return self.top / "build" / self.name

    def open_steps(self) -> list[dict[str, Any]]:
        steps: list[dict[str, Any]] = json.loads((self.built / "open-steps.json").read_text(encoding="utf-8"))["steps"]
        return steps

    def status(self) -> dict[str, Any]:
        """What status.yml wrote last."""
        found: dict[str, Any] = json.loads((self.built / "status.json").read_text(encoding="utf-8"))
        return found

    def snapshots(self) -> list[str]:
        asked = [sys.executable, "-m", "lab", "--name", self.lab, "snapshots"]
        shown = subprocess.run(asked, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
        return [line.split()[0] for line in shown.splitlines()]

    # --- the hosts ----------------------------------------------------------------------------------------------------

    def shell(self, host: str, words: str) -> str:
        return self.exec(host, "sh", "-c", words)

    def rows(self, query: str, database: str = "db1") -> list[str]:
        """What the POM database answers to a query, asked on its server."""
        return self.exec(database, "runuser", "-u", "postgres", "--", "psql", "-Atd", "pomdb", "-c", query).splitlines()

    def standin(self, host: str, text: str) -> None:
        """How the stand-ins of the vendor's programs behave on this host from now on."""
        self.shell(host, f"printf %s {shlex.quote(text)} >{STANDIN}")

    def stages(self, host: str, log: str) -> list[str]:
        """What a vendor program is at, by its own log."""
        return re.findall(r"stage (\S+)", self.shell(host, f"cat {log} 2>/dev/null; true"))

    def installations(self, host: str) -> int:
        """How often the installer began to lay POM down, by its logs: it moves that of a finished installation."""
        logs = f"/tmp/pom_install_*.log {POM_HOME}/logs/pom_install.log"
        return int(self.shell(host, f"cat {logs} 2>/dev/null | grep -c ' installing '; true"))

    def starts(self, host: str, job: str) -> int:
        """How often Dialtone has started this vendor program: the attempts that were put away, and the last one."""
        return len(self.shell(host, f"ls -d {JOBS}/{job}/state.json {JOBS}/{job}/attempts/* 2>/dev/null; true").split())

    def jobs(self, host: str) -> dict[str, str]:
        """How each job of a vendor program stands on the host."""
        found = {}
        for path in self.shell(host, f"ls {JOBS}/*/state.json").split():
            found[Path(path).parent.name] = json.loads(self.exec(host, "cat", path))["state"]
        return found

    def modes(self, host: str) -> dict[str, str]:
        """The services of POM, as its own command tells them."""
        return dict(re.findall(r"^(.+) is ([A-Z]+)$", self.shell(host, "POM status; true"), re.MULTILINE))

    def started(self, host: str) -> int:
        """When POM was started on a server, by the one clock that all hosts of the lab have."""
        asked = ("systemctl", "show", "--property=ActiveEnterTimestampMonotonic", "--value", "cmpmgr")
        return int(self.exec(host, *asked))

    def running(self) -> dict[tuple[str, str], str]:
        """The process of every service that a roll-out may restart."""
        found = {}
        for host in SERVERS:
            shown = self.exec(host, "systemctl", "show", "--property=Id,MainPID", *UNITS)
            found.update({(host, unit): process for process, unit in re.findall(r"MainPID=(\d+)\nId=(\S+)\.service", shown)})
        for unit in ("kafka", "zookeeper"):
            found["kafka3", unit] = self.processes(["kafka3"], unit)["kafka3"]
        return found


@contextmanager
def kept_aside(site: PomSite, host: str, path: str) -> Iterator[None]:
    """The path is gone for a while."""
    site.shell(host, f"mv {path} {path}.aside")
    try:
        yield
    finally:
        site.shell(host, f"rm -rf {path} && mv {path}.aside {path}")


def canaries(lab: str) -> dict[str, str]:
    """By name, a line of every secret of the lab that no text holds by chance."""
    portal = credentials.portal(Lab(lab))
    held = {name: value for name, value in credentials.opened(Lab(lab)).items() if name != "trust_ca_certificate"}
    held |= {"portal_password": portal.password, "portal_token": portal.token}
    held["vault_password"] = (Lab(lab).directory / "vault-password").read_text(encoding="utf-8")
    lines = {name: value.strip().splitlines() for name, value in held.items()}
    return {name: found[len(found) // 2] for name, found in lines.items()}
