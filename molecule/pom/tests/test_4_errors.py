"""Each documented error, provoked: the person reads what was seen, its cause, and what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml
from pom_canary import in_files
from pom_site import POM_HOME, PRINTED_PASSWORD, STOP, PomSite, kept_aside

from lab.state import REPOSITORY

PROGRAM = "../molecule/pom/vendor_program.yml"
MEDIA = "/root/media"
WRONG_PASSWORD = "NobodyHasThisPassword7"
ANSWERS = {
    "mode": "CCElite",
    "database_type": "Postgres",
    "geo": False,
    "database_host": "db1.dc1.lab.test",
    "database_port": "5432",
    "mssql_authentication": "SQLServer",
    "oracle_connect": "Service Name",
    "database_name": "pomdb",
    "database_user": "pom",
    "secured": True,
    "create_schema": False,
    "save": False,
}
INSTALLER = {
    "install_path": "/opt/Avaya/avpom",
    "overwrite": False,
    "applications": True,
    "certificate": "create",
    "certificate_path": "",
}
TOLD = "each documented error is told with its cause and what to do"
PG_HBA = "/etc/postgresql/15/main/pg_hba.conf"


@dataclass(frozen=True)
class Trouble:
    """What a vendor program meets on epm1, and the entry of the troubleshooting table that a person has to be told."""

    id: str
    name: str
    answers: Mapping[str, Any] = field(default_factory=dict)
    password: str = ""
    standin: str = ""
    # On which host, and what makes the trouble and takes it away again.
    host: str = "epm1"
    make: str = "true"
    heal: str = "true"

    @contextmanager
    def made(self, site: PomSite) -> Iterator[None]:
        site.standin("epm1", self.standin)
        site.shell(self.host, self.make)
        try:
            yield
        finally:
            site.shell(self.host, self.heal)
            site.standin("epm1", "")

    @property
    def words(self) -> dict[str, Any]:
        if self.is_of_the_installer:
            dialogue, program, directory, answers = "installPOM_primary", "installPOM", MEDIA, INSTALLER
        else:
            dialogue, program, directory, answers = "installDB", "installDB.sh", f"{POM_HOME}/bin", {**ANSWERS, **self.answers}
        found = {
            "vendor_dialogue": dialogue,
            "vendor_program": program,
            "vendor_directory": directory,
            "vendor_answers": answers,
        }
        return {**found, **({"vendor_password": self.password} if self.password else {})}

    @property
    def is_of_the_installer(self) -> bool:
        return not self.answers and not self.password


def portal(line: str) -> dict[str, str]:
    """Another Experience Portal than the one that is there."""
    conf = "/etc/standin/ep.conf"
    return {"make": f"cp -p {conf} /root/ep.conf && sed -i 's/^{line}/' {conf}", "heal": f"mv /root/ep.conf {conf}"}


def oracle(outcome: str) -> dict[str, Any]:
    """An engine that the lab does not have: its driver is there, and it answers so."""
    jar = f"{POM_HOME}/lib/jdbc/ojdbc8.jar"
    return {
        "answers": {"database_type": "Oracle", "database_port": "1521"},
        "standin": f"[database]\noutcome = {outcome}\n",
        "make": f"touch {jar}",
        "heal": f"rm {jar}",
    }


ELSEWHERE = "hostssl elsewhere pom 10.88.1.11/32 scram-sha-256"
TROUBLES = (
    Trouble("POM-TROUBLE-01", "no EPM", **portal("kind *=.*/kind = none")),
    Trouble("POM-TROUBLE-04", "POM is there already"),
    Trouble("POM-TROUBLE-05", "no database of that name", {"database_name": "elsewhere"}, host="db1",
            make=f"echo '{ELSEWHERE}' >>{PG_HBA} && systemctl reload postgresql@15-main",
            heal=f"sed -i '/^{ELSEWHERE.replace('/', '.')}$/d' {PG_HBA} && systemctl reload postgresql@15-main"),
    Trouble("POM-TROUBLE-06", "no server at that port", {"database_port": "5433"}),
    Trouble("POM-TROUBLE-07", "pg_hba.conf does not let it in", {"database_name": "postgres"}),
    Trouble("POM-TROUBLE-08", "wrong password", password=WRONG_PASSWORD),
    Trouble("POM-TROUBLE-09", "no port", {"database_port": "70000"}),
    Trouble("POM-TROUBLE-10", "unknown type", {"database_type": "PostgreSQL"}),
    Trouble("POM-TROUBLE-11", "no such user", **oracle("user")),
    Trouble("POM-TROUBLE-12", "no privileges", **oracle("privileges")),
    Trouble("POM-TROUBLE-13", "unsupported Experience Portal", **portal("version *=.*/version = 7.2.3.0.0417")),
    Trouble("POM-DB-16", "no driver", {"database_type": "Oracle", "database_port": "1521"}),
)  # fmt: skip


def told_of(trouble: str) -> list[str]:
    """Cause and remedy as the table has them, in pieces: between them stands what the host said."""
    entries = yaml.safe_load((REPOSITORY / "dialogues" / "troubleshooting.yml").read_text(encoding="utf-8"))
    [entry] = [entry for entry in entries if entry["id"] == trouble]
    pieces = [piece for words in (entry["cause"], entry["remedy"]) for piece in re.split(r"\{\w+\}", words)]
    return [" ".join(piece.split()) for piece in pieces]


@pytest.mark.one_of(TOLD)
@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: f"{trouble.id}, {trouble.name}")
def test_what_the_vendor_refuses_is_told_with_cause_and_remedy(trouble: Trouble, site: PomSite):
    with trouble.made(site):
        run = site.play(PROGRAM, "-e", json.dumps(trouble.words))
    assert run.rc != 0
    assert [piece for piece in told_of(trouble.id) if piece not in run.words] == [], run.output[-3000:]
    assert WRONG_PASSWORD not in run.output
    if trouble.is_of_the_installer:
        assert site.installations("epm1") == 1


@pytest.mark.one_of("site.yml sees a documented error before the vendor's program does")
def test_a_partial_installation_is_refused_with_the_way_out(site: PomSite):
    with kept_aside(site, "epm2", f"{POM_HOME}/bin"):
        run = site.play("site.yml", "--limit", "epm2")
    assert run.rc != 0
    assert "POM is installed in part" in run.words
    assert "bin/uninstallPOM.sh" in run.words
    assert "playbooks/pom_uninstall.yml" in run.words
    assert site.installations("epm2") == 1


@pytest.mark.one_of("site.yml sees a documented error before the vendor's program does")
def test_a_password_that_the_database_refuses_stops_the_run_before_anything_is_saved(site: PomSite, lab):
    connection = f"{POM_HOME}/config/PIMHibernate.cfg.xml"
    before = lab("epm1").check_output("sha256sum %s", connection)
    run = site.play("site.yml", "--limit", "epm1", "-e", json.dumps({"pom_database_password": WRONG_PASSWORD}))
    assert run.rc != 0
    assert "password authentication failed" in run.words, run.output[-3000:]
    assert "compare pom_database_host, _port, _name, _user and _password" in run.words
    assert lab("epm1").check_output("sha256sum %s", connection) == before
    assert in_files([site.said, site.built], {"pom_database_password": WRONG_PASSWORD}) == set()
    assert site.play("site.yml", "--limit", "epm1").changed() == {"epm1": 0}


@pytest.mark.one_of("site.yml sees a documented error before the vendor's program does")
def test_vpms_that_does_not_run_is_named_and_started_with_pom(site: PomSite):
    site.shell("epm2", "systemctl stop vpms")
    status = site.play("status.yml")
    assert status.rc == 2
    assert "vpms" in status.words
    run = site.play("site.yml")
    assert run.rc == 0, run.output[-3000:]
    assert "vpms is inactive" in run.words
    assert site.shell("epm2", "systemctl is-active vpms").strip() == "active"


@pytest.mark.one_of(TOLD)
def test_a_pom_that_does_not_trust_its_epm_says_so_when_it_is_started(site: PomSite):
    """POM-TROUBLE-15: POM's own log has the words, and the person reads cause and remedy beside the services that do not run."""
    store = f"{POM_HOME}/config/pomTrustStore"
    listed = site.shell("epm2", f"keytool -list -keystore {store} -storepass {PRINTED_PASSWORD}")
    aliases = [line.partition(",")[0] for line in listed.splitlines() if re.match(r"epm\d,", line)]
    assert aliases
    site.shell("epm2", f"cp -p {store} {store}.whole")
    for alias in aliases:
        site.shell("epm2", f"keytool -delete -alias {alias} -keystore {store} -storepass {PRINTED_PASSWORD}")
    words = ("-e", json.dumps({"pom_restart_all": True, "pom_server_start_wait_seconds": 60}))
    run = site.play("pom_restart.yml", *words, "--limit", "epm2")
    site.shell("epm2", f"mv {store}.whole {store}")
    assert run.rc != 0
    assert "The certificate of the EPM is not in POM's trust store" in run.words, run.output[-3000:]
    assert "Configurations > Trusted Certificates > Fetch" in run.words
    # Its Kafka and ZooKeeper were restarted with the damaged store, and are due once more.
    healed = site.play("site.yml", *STOP)
    assert healed.rc == 0, healed.output[-3000:]
    assert site.play("status.yml").rc == 0
