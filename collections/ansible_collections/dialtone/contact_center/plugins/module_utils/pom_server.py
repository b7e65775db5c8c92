# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A POM server as it was found, and what is left to do until it is what the site says. Pure."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.module_utils import (
    java_keystore,
    pom_identity,
    pom_modes,
    pom_services,
    properties,
    tls_identity,
)
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_connection import Connection, connection_of
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_layout import (
    EP_HOME,
    EP_MANAGEMENT_UNIT,
    IDENTITY_ALIAS,
    PomLayout,
    is_safe_home,
)

LEDGER = "/var/lib/dialtone/pom"
ABSENT, PARTIAL, COMPLETE = "absent", "partial", "complete"
PRESENT, UNKNOWN, UNREACHABLE = "present", "unknown", "unreachable"
KEYSTORE_PART = "config/pomKeyStore"  # as the parts of an installation are called
DRIVER_PROGRAMS = {"oracle": "InstallPOMOracleJDBC.sh", "mssql": "InstallPOMMssqlJDBC.sh"}
ORACLE_ADMINISTRATOR = "system"
FINGERPRINT_ROUNDS = 60_000
ACTIVE = ("active", "activating", "reloading")


class PomServerError(Exception):
    """The server cannot be what the site says. Says what was seen, the rule, and what to do."""


# --- what Dialtone records of dialogues ---------------------------------------------------------------------------------


def fingerprint(words: Mapping[str, Any], secret: str, salt: bytes) -> str:
    """What answers to a dialogue, their secret included, are recorded as."""
    text = json.dumps({"words": words, "secret": secret}, sort_keys=True).encode("utf-8")
    return "{}:{}".format(salt.hex(), hashlib.pbkdf2_hmac("sha256", text, salt, FINGERPRINT_ROUNDS).hex())


def is_recorded(marker: Mapping[str, Any], words: Mapping[str, Any], secret: str = "") -> bool:
    """Whether a marker was written for these words, and for this secret."""
    if not secret:
        return marker.get("words") == words
    recorded = str(marker.get("fingerprint") or "")
    try:
        salt = bytes.fromhex(recorded.partition(":")[0])
    except ValueError:
        return False
    return bool(recorded) and hmac.compare_digest(fingerprint(words, secret, salt), recorded)


def marker_of(words: Mapping[str, Any], secret: str = "") -> dict[str, Any]:
    """What is recorded of words and a secret; the secret only as a salted digest."""
    return {"words": dict(words), **({"fingerprint": fingerprint(words, secret, os.urandom(16))} if secret else {})}


# --- certificates and stores ------------------------------------------------------------------------------------------


def certificate_fingerprint(content: bytes) -> str:
    """SHA-256 of the first certificate of a file, PEM or DER."""
    if b"-----BEGIN CERTIFICATE-----" in content:
        certificates = tls_identity.pem_to_der(content.decode("utf-8", "replace"))
        if not certificates:
            raise PomServerError("a file that should hold a certificate holds none that is whole")
        content = certificates[0]
    elif content[:1] != b"\x30":
        raise PomServerError("a file that should hold a certificate is neither PEM nor DER")
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Store:
    """The certificates of a store by alias: SHA-256 of the certificate itself, of a key the first of its chain."""

    fingerprints: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


def read_store(content: bytes | None, password: str, path: str, variable: str) -> Store:
    """What a JKS store holds, or why nobody can tell."""
    if content is None:
        return Store(problem=f"{path} is missing: POM-TROUBLE-18 tells how it is made anew")
    try:
        store = java_keystore.read(content, password)
    except java_keystore.PasswordError:
        return Store(problem=f"{path} does not open with {variable}: set it to the store's password")
    except java_keystore.KeystoreError as error:
        return Store(problem=f"{path}: {error}")
    found = {alias: chain[0] for alias, chain in store.private_keys.items() if chain}
    found.update(store.certificates)
    return Store({alias: hashlib.sha256(certificate).hexdigest() for alias, certificate in sorted(found.items())})


@dataclass(frozen=True)
class Trusted:
    """A certificate that POM must trust. Without content it is not on the host yet."""

    alias: str
    content: bytes | None


# --- Kafka beside POM -------------------------------------------------------------------------------------------------


def kafka_addresses(server: str, zookeeper: str) -> set[str]:
    """Hosts of the ensemble that Kafka's and ZooKeeper's properties on a POM server name."""
    connect = properties.parse(server).get("zookeeper.connect", "")
    members = [value for key, value in properties.parse(zookeeper).items() if re.fullmatch(r"server\.\d+", key)]
    places = [place.strip().partition("/")[0] for place in connect.split(",")] + members
    return {place.partition(":")[0].lower() for place in places if place}


# --- what was seen, and what has to be done ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Installation:
    """What there is of POM, and by which evidence."""

    state: str = ABSENT
    evidence: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    directory_exists: bool = False
    version: str = ""
    log: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """Rows of a table of POM's database, by their number and a digest, or why nobody can tell."""

    rows: int = 0
    digest: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Observed:
    """A POM server as it is found."""

    ep_home: bool = False
    units: Mapping[str, str] = field(default_factory=dict)  # unit → ActiveState, of those that systemd knows
    job_running: bool = False
    standalone: Mapping[str, str] = field(default_factory=dict)  # unit of another Kafka or ZooKeeper → its states
    installation: Installation = field(default_factory=Installation)
    installer_succeeded: bool = False  # of the last installation that Dialtone led
    addresses: tuple[str, ...] = ()  # IPv4, of all interfaces; read where POM is to make its own certificate
    boot_id: str = ""
    free_mb: int = 0
    markers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    keystore: Store = field(default_factory=Store)
    truststore: Store = field(default_factory=Store)
    identity: str = ""  # SHA-256 of the host's own certificate
    database: Connection | None = None
    database_readable: bool = True
    schema: str = UNKNOWN
    schema_problem: str = ""
    answered: frozenset[str] = frozenset()  # dialogues whose recorded answers are those of the site
    drivers: Mapping[str, str] = field(default_factory=dict)  # engine → SHA-256 of the declared jar in its directory
    kafka_hosts: frozenset[str] = frozenset()
    services: tuple[pom_services.Seen, ...] = ()
    truststore_program: str = ""
    wrapper: str = ""
    state_changes: tuple[Mapping[str, Any], ...] = ()  # what host_state would write
    agent_memory_mb: int = 0  # what the Agent Manager's process was started with; 0 where none is seen
    available_mb: int = 0  # memory of the host
    conversion_log: bool = False  # of the program that converts POM to manual dialling
    conversion_led: bool = False  # by Dialtone, however it ended
    conversion_program: str = ""
    event_settings: Table = field(default_factory=Table)
    events: Mapping[str, str] = field(default_factory=dict)  # code → digest of what the table says of it
    events_problem: str = ""
    fonts: Mapping[str, str] = field(default_factory=dict)  # path → SHA-256
    former_name: str = ""  # a former name or address of the server that POM's own configuration still holds

    @property
    def vpms(self) -> str:
        return self.units.get(EP_MANAGEMENT_UNIT, "")

    @property
    def reboot_due(self) -> bool:
        """Whether the host has not been booted since Dialtone began to install POM on it (POM-INST-08)."""
        booted = self.words("installation").get("boot_id")
        return self.installation.state == COMPLETE and bool(booted) and booted == self.boot_id

    def words(self, marker: str) -> Mapping[str, Any]:
        """What was recorded under this name."""
        found = self.markers.get(marker, {}).get("words")
        return found if isinstance(found, dict) else {}

    @property
    def taken_over(self) -> bool:
        """Whether what the installer left is dealt with; one that somebody else ran leaves nothing to Dialtone."""
        return self.words("installation").get("finished") is not False

    @property
    def installed(self) -> bool:
        """Whether the installer is through: its files are all there while it still works, and where it died behind the last."""
        return self.installation.state == COMPLETE and not self.job_running and self.taken_over

    @property
    def mode(self) -> str:
        """The mode that Dialtone had a program of the vendor's set last."""
        return str(self.words("mode").get("mode") or "")

    @property
    def is_manual(self) -> bool:
        """Whether POM was converted to manual dialling."""
        return "non_telephony" in self.markers


@dataclass(frozen=True)
class OneOff:
    """A change that a playbook of its own makes, once, because a person asked for it."""

    name: str
    conversion_seen: bool = False  # a person saw on the home page that POM is converted
    attribute: str = ""
    lists: tuple[str, ...] = ()
    fonts: tuple[str, ...] = ()
    events: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # code → settings


@dataclass(frozen=True)
class Desired:
    """What the site says of a POM server."""

    kind: str
    home: str
    overwrite: bool = False
    stop_standalone: bool = False
    minimum_disk_mb: int = 0
    certificate_imported: bool = True
    certificate_generated: bool = False
    trusted: tuple[Trusted, ...] = ()
    drivers: Mapping[str, str] = field(default_factory=dict)  # engine → SHA-256 of the jar
    database: Connection | None = None
    creates_schema: bool = True
    schema_exists: bool | None = None  # as a person says it; None where nobody does
    reports: Connection | None = None
    external_kafka: tuple[tuple[str, ...], ...] = ()  # of each broker, the names and addresses that it may go by
    call_forbidden: bool = False
    mode: str = ""
    installed_mode: str = ""  # that a person says of a system without a record
    non_telephony: bool = False
    agent_memory_gb: int = 0  # 0: as the installer leaves it
    servers: tuple[str, ...] = ()  # all POM servers of the data center
    server: pom_identity.Identity | None = None

    @property
    def is_primary(self) -> bool:
        return self.kind == "primary"

    @property
    def leads(self) -> bool:
        """Whether programs that are for the whole system run on this server: the primary of the active data center."""
        return self.is_primary and self.creates_schema


@dataclass(frozen=True)
class Action:
    """One thing that has to be done, as the role's files are called, and why."""

    name: str
    what: str
    reasons: tuple[str, ...] = ()
    key: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {"name": self.name, "what": self.what, "reasons": list(self.reasons), "key": self.key}


@dataclass(frozen=True)
class Plan:
    """Actions in their order, what forbids them, and what a person should know."""

    actions: tuple[Action, ...] = ()
    refusals: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    create_schema: bool = False
    database_moved: bool = False


def plan(observed: Observed, desired: Desired) -> Plan:
    """What has to be done, in the order of POM-INST-08, POM-DB-12, POM-KAFKA-04 and POM-SVC-04."""
    refusals = refuse(observed, desired)
    is_new = not observed.installed
    creates = creates_schema(observed, desired)
    actions = [
        *_standalone(observed),
        *_install(observed, desired),
        *_identity(observed, desired),
        *_drivers(observed, desired),
        *_trust(observed, desired, is_new),
        *_database(observed, desired, is_new, creates),
        *_reports(observed, desired),
        *_kafka(observed, desired, is_new),
        *_call_forbidden(observed, desired),
        *(Action("configure", str(change["path"]), tuple(change["reasons"])) for change in observed.state_changes),
        *services(observed, is_new),
        *(memory := _agent_memory(observed, desired, is_new)),
    ]
    if memory and not observed.job_running:
        refusals += refuse_memory(observed, desired)
    moved = not is_new and is_moved(observed, desired)
    return Plan(tuple(actions), tuple(refusals), tuple(_advice(observed, desired)), creates, moved)


def refuse(observed: Observed, desired: Desired) -> list[str]:
    """Why nothing may be done on the host. A running installation is waited for, and refused for nothing."""
    installation = observed.installation
    if observed.job_running:
        return []
    if observed.standalone and not desired.stop_standalone:
        return [standalone_services(observed.standalone)]
    if installation.state == PARTIAL:
        is_only_keystore = installation.missing == (KEYSTORE_PART,)
        return [lost_keystore(desired.home) if is_only_keystore else partial_installation(installation, desired.home)]
    if installation.state == COMPLETE and not observed.taken_over and not observed.installer_succeeded:
        return [unfinished_installation(desired.home)]
    if installation.state == COMPLETE:
        return [
            *bound_otherwise(observed, desired),
            *made_otherwise(observed, desired),
            *named_otherwise(observed, desired),
            *changed_oracle_user(observed, desired),
            *unseen_schema(observed, desired),
        ]
    problems = []
    if not observed.ep_home or EP_MANAGEMENT_UNIT not in observed.units:
        seen = f"{EP_HOME} is missing" if not observed.ep_home else f"systemd knows no unit {EP_MANAGEMENT_UNIT}"
        problems.append(
            f"no EPM is on this host ({seen}), and POM is installed on a primary or auxiliary EPM only: install Experience "
            "Portal first, or take the host out of its group (POM-TROUBLE-01, POM-SYS-05)"
        )
    elif observed.vpms not in ("active", "reloading"):
        problems.append(
            f"{EP_MANAGEMENT_UNIT} is {observed.vpms}, and the installer refuses an EPM that does not run: "
            f"systemctl start {EP_MANAGEMENT_UNIT}, wait until the EPM's page answers, then run again (POM-INST-01)"
        )
    if installation.directory_exists and not desired.overwrite:
        path = PomLayout(desired.home).install_path
        problems.append(
            f"{path} exists and holds no POM; the installer may overwrite what is in it: move it away, set "
            "pom_server_install_path to another one, or consent with pom_server_overwrite: true (POM-INST-04)"
        )
    if desired.minimum_disk_mb and observed.free_mb < desired.minimum_disk_mb:
        problems.append(
            f"{observed.free_mb} MB are free where POM is installed, and pom_server_minimum_disk_mb is "
            f"{desired.minimum_disk_mb}: enlarge the file system (POM-SIZE-10), or correct the word"
        )
    return [*problems, *several_addresses(observed, desired), *unseen_schema(observed, desired)]


def several_addresses(observed: Observed, desired: Desired) -> list[str]:
    """A certificate that the vendor's generator makes is of one address alone."""
    if not desired.certificate_generated or len(observed.addresses) < 2:
        return []
    return [
        f"the host has the addresses {', '.join(observed.addresses)}, and POM's own generator puts one of them into the "
        "certificate and no name: write certificates_source: site_ca, or delivered with a certificate that carries the FQDN "
        "(POM-CERT-03, T-155)"
    ]


def standalone_services(units: Mapping[str, str]) -> str:
    seen = " and ".join(f"{unit} ({states})" for unit, states in sorted(units.items()))
    return (
        f"{seen} on this host is no service of POM, and POM brings its own pomkafka and pomzookeeper, which need the same ports: "
        "bring what its topics hold to the new cluster first, then consent with pom_server_stop_standalone: true. It is stopped "
        "and disabled then; its files and data stay where they are (POM-KAFKA-04)"
    )


def lost_keystore(home: str) -> str:
    """All of POM is there but its identity: nothing that an uninstallation would mend."""
    layout = PomLayout(home)
    return (
        f"{layout.keystore}, POM's own key and certificate, is missing, while all programs and units of POM are there: there is "
        "no need to uninstall it. Bring the store back from a backup set of before the loss (playbooks/restore.yml with "
        "-e restore_from=SET and --limit HOST), and POM keeps its certificate. Without a set, have "
        f"{layout.bin}/pomCertKeystore.sh make it anew, as root and in that directory, and see with keytool -list that it holds "
        f"{IDENTITY_ALIAS} and opens with certificates_keystore_password. Then run again (POM-CERT-01, POM-TROUBLE-18)"
    )


def unfinished_installation(home: str) -> str:
    return (
        "all programs and units of POM are there, and the installer did not end well behind the last of them: what it had still "
        f"to do is not known. {PomLayout(home).home}/logs and the job installPOM on the host tell how it ended. Uninstall POM: "
        "playbooks/pom_uninstall.yml; then run again (POM-INST-07)"
    )


def partial_installation(installation: Installation, home: str) -> str:
    """What is there, what is not, and the documented way out."""
    layout = PomLayout(home)
    if "bin/uninstallPOM.sh" in installation.missing:
        way_out = (
            f"there is no {layout.bin}/uninstallPOM.sh, so the documented way out is to remove {home} "
            "(playbooks/pom_uninstall.yml does it, with the host's name typed as consent)"
        )
    else:
        way_out = f"uninstall it: playbooks/pom_uninstall.yml, or {layout.bin}/uninstallPOM.sh; reboot; then run again"
    return (
        f"POM is installed in part: found {', '.join(installation.evidence)}; missing {', '.join(installation.missing)}. "
        "An installation was interrupted, or something was removed; the installer refuses such a host, and Dialtone never "
        f"installs over it: {way_out} (POM-TROUBLE-03, POM-TROUBLE-04)"
    )


def _standalone(observed: Observed) -> list[Action]:
    reason = "POM brings its own, which needs the same ports"
    return [Action("standalone", f"{unit} is stopped and disabled", (reason,), unit) for unit in sorted(observed.standalone)]


def _install(observed: Observed, desired: Desired) -> list[Action]:
    if observed.installed:
        return (
            [Action("reboot", "the host is rebooted", ("POM was installed since it was booted",))] if observed.reboot_due else []
        )
    if observed.job_running:
        words = "the installation that runs is waited for"
    elif observed.installation.state == COMPLETE:
        words = "what the installer left is taken over, whose end no run has seen"
    else:
        words = f"POM is installed ({desired.kind})"
    return [Action("install", words), Action("reboot", "the host is rebooted", ("the installer asks for it",))]


def _drivers(observed: Observed, desired: Desired) -> list[Action]:
    actions = []
    for engine, digest in sorted(desired.drivers.items()):
        reasons = []
        if observed.drivers.get(engine) != digest:
            reasons.append("the jar is missing" if engine not in observed.drivers else "another jar is there")
        if observed.words(f"driver_{engine}").get("sha256") != digest:
            reasons.append(f"{DRIVER_PROGRAMS[engine]} has not run with this jar")
        if reasons:
            actions.append(Action("driver", f"JDBC driver of {engine}", tuple(reasons), engine))
    return actions


def _trust(observed: Observed, desired: Desired, is_new: bool) -> list[Action]:
    held = set(observed.truststore.fingerprints.values())
    actions = []
    for trusted in desired.trusted:
        wanted = certificate_fingerprint(trusted.content) if trusted.content is not None else ""
        if is_new or not wanted or wanted not in held:
            actions.append(Action("trust", f"POM trusts {trusted.alias}", (), trusted.alias))
    return actions


def bound_otherwise(observed: Observed, desired: Desired) -> list[str]:
    """Aliases that the truststore holds with another certificate: the vendor's program is not known to replace one."""
    problems = []
    held = observed.truststore.fingerprints
    for trusted in desired.trusted:
        wanted = certificate_fingerprint(trusted.content) if trusted.content is not None else ""
        # JKS keeps aliases in lower case.
        found = held.get(trusted.alias) or held.get(trusted.alias.lower())
        if wanted and found and found != wanted and wanted not in held.values():
            problems.append(
                f"the alias {trusted.alias} of {PomLayout(desired.home).truststore} holds another certificate "
                f"(SHA-256 {found[:16]}…, wanted {wanted[:16]}…): delete it on POM's page Configurations > Trusted "
                "Certificates, or give the new one another alias (POM-CERT-12)"
            )
    return problems


def made_otherwise(observed: Observed, desired: Desired) -> list[str]:
    """What POM was made for, where a roll-out cannot make it for something else."""
    problems = []
    # The record is where the mode was set; what a person says is of the whole system, and would outlive a change elsewhere.
    present = observed.mode or (desired.installed_mode if desired.leads else "")
    if present and desired.mode and present != desired.mode:
        problems.append(
            pom_modes.forbidden_change(present, desired.mode)
            or f"POM runs in the mode {present}, and pom_mode is {desired.mode}: a roll-out never changes the mode. "
            "playbooks/pom_mode.yml does, with vpms and POM restarted; run it first, or write pom_mode: "
            f"{present} (POM-MODECHG-01)"
        )
    elif is_mode_pending(observed):
        problems.append(
            f"the mode was changed to {observed.mode}, and the run ended before all POM servers were restarted: run "
            "playbooks/pom_mode.yml again, it goes on from there (POM-MODECHG-02)"
        )
    if observed.is_manual and not desired.non_telephony:
        problems.append(irreversible_conversion())
    return problems


def is_mode_pending(observed: Observed) -> bool:
    """Whether POM servers still have to be restarted after a change of the mode."""
    return bool(observed.words("mode").get("restart_pending"))


def irreversible_conversion() -> str:
    return (
        "POM was converted to manual dialling, and pom_nontelephony is false: it cannot be reverted. Write pom_nontelephony: "
        "true and pom_nontelephony_confirm: irreversible, or plan a new installation (POM-NONTEL-01)"
    )


def identity_reasons(observed: Observed, desired: Desired) -> list[str]:
    """Why POM has to be told the server's name or address anew."""
    if not observed.installed:
        return []
    return pom_identity.reasons(observed.words(pom_identity.MARKER), observed.former_name, desired.server)


def _identity(observed: Observed, desired: Desired) -> list[Action]:
    why = identity_reasons(observed, desired)
    return [Action("identity", "POM is told the new name or address of the server", tuple(why))] if why else []


def named_otherwise(observed: Observed, desired: Desired) -> list[str]:
    """New names of the server and of its database that a roll-out does not carry through by itself."""
    problems: list[str] = []
    if desired.server is None:
        return problems
    why = identity_reasons(observed, desired)
    if why and not desired.server.may_change:
        problems.append(pom_identity.refusal(why, desired.server))
    configured = configured_database(observed)
    if configured and desired.database and is_moved(observed, desired) and not desired.server.may_move_database:
        problems.append(pom_identity.refused_move(configured, desired.database, desired.server))
    elif configured and desired.database and is_moved(observed, desired) and observed.schema == ABSENT:
        problems.append(pom_identity.another_database(configured, desired.database))
    return problems


def configured_database(observed: Observed) -> Connection | None:
    return observed.database or recorded_database(observed)


def is_moved(observed: Observed, desired: Desired) -> bool:
    """Whether POM is configured for its database by a former name of the database's server."""
    return pom_identity.is_moved(configured_database(observed), desired.database, desired.server)


def same_database(observed: Observed, desired: Desired) -> bool:
    """Whether POM was configured for this very database before, whoever its user is, and however its server was called."""
    if desired.database is None:
        return False
    known = [observed.database, recorded_database(observed)]
    return any(
        one is not None
        and (one.place == desired.database.place or pom_identity.is_moved(one, desired.database, desired.server))
        for one in known
    )


def recorded_database(observed: Observed) -> Connection | None:
    """The database of the last dialogue that Dialtone led."""
    try:
        return connection_of(observed.words("database"))
    except (KeyError, TypeError, ValueError):
        return None


def creates_schema(observed: Observed, desired: Desired) -> bool:
    """Whether installDB is asked to create the schema: never where one is, was created, or may be (POM-DB-12)."""
    if desired.database is None or not desired.creates_schema or observed.schema == PRESENT or is_moved(observed, desired):
        return False
    if observed.schema == ABSENT:
        return True
    if desired.schema_exists or same_database(observed, desired):
        return False
    return observed.schema == UNREACHABLE or desired.schema_exists is False


def changed_oracle_user(observed: Observed, desired: Desired) -> list[str]:
    """An Oracle installation with the user system stays with it, whoever configured it (POM-DB-05)."""
    wanted = desired.database
    known = [one for one in (observed.database, recorded_database(observed)) if one is not None and one.user]
    if wanted is None or wanted.engine != "oracle" or not known or known[0].engine != "oracle":
        return []
    used = known[0].user
    if used.lower() != ORACLE_ADMINISTRATOR or wanted.user.lower() == ORACLE_ADMINISTRATOR:
        return []
    return [
        f"POM was installed with the Oracle user {used}, and pom_database_user is {wanted.user}: changing the Oracle user is not "
        f"supported, neither now nor with an upgrade. Write pom_database_user: {used}, or plan a new installation with the "
        "restricted user and a schema of its own (POM-DB-05)"
    ]


def unseen_schema(observed: Observed, desired: Desired) -> list[str]:
    """Why POM is not connected with a database of which nobody knows whether the schema is there."""
    database = desired.database
    if not desired.leads or database is None or observed.schema != UNKNOWN or desired.schema_exists is not None:
        return []
    if same_database(observed, desired) or is_moved(observed, desired):
        return []
    why = observed.schema_problem or f"no client of {database.engine} is on a POM server"
    return [
        f"whether the POM schema is in the database {database.name} of {database.host} cannot be seen ({why}), and it was not "
        "configured here before; what installDB.sh does to a schema that is there already is not documented. Write "
        "pom_database_schema_exists: false for a first installation, and the schema is created; write "
        "pom_database_schema_exists: true where the schema is there, from an installation before this one or made by the "
        "database's administrator, and POM is only connected to it (POM-DB-12)"
    ]


def database_reasons(observed: Observed, desired: Desired, creates: bool) -> list[str]:
    """Why installDB has to run."""
    if desired.database is None:
        return []
    reasons = ["the schema is absent"] if creates and observed.schema == ABSENT else []
    is_answered = "database" in observed.answered
    if observed.database is not None:
        reasons += observed.database.differences(desired.database)
        if not reasons and "database" in observed.markers and not is_answered:
            reasons.append("the words of the connection, or its password, are others than those that were saved")
    elif not is_answered:
        reasons.append("no database is configured" if observed.database_readable else "what is configured cannot be read")
    return reasons


def _database(observed: Observed, desired: Desired, is_new: bool, creates: bool) -> list[Action]:
    if desired.database is None:
        return []
    if not is_new and is_moved(observed, desired):
        configured = configured_database(observed)
        why = f"{configured.host} becomes {desired.database.host}" if configured else ""
        return [Action("schema", "the connection to the POM database is moved to its server's new name", (why,))]
    if not desired.is_primary:
        return []
    reasons = () if is_new else tuple(database_reasons(observed, desired, creates))
    if not is_new and not reasons:
        return []
    what = "the POM schema is created, and its connection saved" if creates else "the connection to the POM database is saved"
    return [Action("schema", what, reasons)]


def _reports(observed: Observed, desired: Desired) -> list[Action]:
    if not desired.is_primary or desired.reports is None or "reports" in observed.answered:
        return []
    return [Action("reports", "the database of the reports is saved")]


def _kafka(observed: Observed, desired: Desired, is_new: bool) -> list[Action]:
    if not desired.is_primary:
        return []
    missing = [
        names[0] for names in desired.external_kafka if is_new or not {name.lower() for name in names} & observed.kafka_hosts
    ]
    return [Action("kafka_ha", f"Kafka is extended by {', '.join(missing)} (enabledKafkaHA.sh)")] if missing else []


def _call_forbidden(observed: Observed, desired: Desired) -> list[Action]:
    if not desired.is_primary or not desired.call_forbidden or "call_forbidden" in observed.markers:
        return []
    return [Action("call_forbidden", "SIP 403 is classified as CALL_FORBIDDEN")]


def services(observed: Observed, is_new: bool = False) -> list[Action]:
    """What has to be started."""
    if is_new:
        return [Action("service", "POM is started")]
    reasons = [] if observed.vpms in ("active", "reloading") else [f"{EP_MANAGEMENT_UNIT} is {observed.vpms or 'missing'}"]
    reasons += pom_services.in_words(one for one in observed.services if one.unit not in pom_services.KAFKA_UNITS)
    return [Action("service", "POM is started", tuple(reasons))] if reasons else []


def _agent_memory(observed: Observed, desired: Desired, is_new: bool) -> list[Action]:
    """The Agent Manager is given more memory, and never less."""
    wanted = desired.agent_memory_gb
    recorded = observed.words("agent_memory").get("gb")
    if not wanted or (observed.agent_memory_mb or (recorded or 0) * 1024) >= wanted * 1024:
        return []
    reasons: tuple[str, ...] = (f"its process has {observed.agent_memory_mb} MB",) if observed.agent_memory_mb else ()
    if not is_new and not reasons:
        reasons = ("its process does not tell how much it has, and nothing is recorded",)
    return [Action("agent_memory", f"the Agent Manager gets {wanted} GB, and is restarted", reasons)]


def refuse_memory(observed: Observed, desired: Desired) -> list[str]:
    """The rule of the vendor's program for the number that it is given."""
    wanted = desired.agent_memory_gb
    if not observed.available_mb or wanted * 1024 < observed.available_mb:
        return []
    return [
        f"the Agent Manager is to get {wanted} GB, and {observed.available_mb} MB of this host's memory are available: the "
        "number must be greater than 1 and less than the available RAM. Give the host more memory, or lower "
        "pom_agent_manager_memory_gb or sizing_agents (POM-MEM-01)"
    ]


def certificate_differs(observed: Observed) -> bool:
    """Whether POM's identity is another certificate than the one that the role trust made for the host."""
    own = observed.keystore.fingerprints.get(IDENTITY_ALIAS)
    return bool(own and observed.identity and own != observed.identity)


def _advice(observed: Observed, desired: Desired) -> list[str]:
    if observed.installation.state != COMPLETE:
        return []
    advice = [store.problem for store in (observed.keystore, observed.truststore) if store.problem]
    own = observed.keystore.fingerprints.get(IDENTITY_ALIAS, "")
    if desired.certificate_imported and certificate_differs(observed):
        advice.append(
            f"{IDENTITY_ALIAS} of {PomLayout(desired.home).keystore} is not the certificate that the role trust made for this "
            f"host (SHA-256 {own[:16]}… and {observed.identity[:16]}…): a renewed one is imported with pomCertificateImport.sh "
            "(POM-CERT-06)"
        )
    if observed.database is None and not observed.database_readable:
        advice.append(
            f"{PomLayout(desired.home).database} holds no connection that can be read: whether POM uses the site's "
            "database is judged by Dialtone's own record of the last dialogue"
        )
    if observed.schema_problem:
        advice.append(f"whether the POM schema exists could not be seen: {observed.schema_problem}")
    advice += _advice_on_conversion(observed, desired)
    elected = [one.state for one in observed.services if pom_services.BY_UNIT[one.unit].elected]
    if pom_services.RUNNING in elected and not set(elected) & set(pom_services.ROLES):
        advice.append("POM status does not tell MASTER from DORMANT here: which server is master is not observable from the host")
    return advice


def _advice_on_conversion(observed: Observed, desired: Desired) -> list[str]:
    if not desired.leads or observed.is_manual:
        return []
    if desired.non_telephony:
        return [
            "pom_nontelephony is true, and no conversion to manual dialling is recorded here: playbooks/pom_non_telephony.yml "
            "makes it, for good (POM-NONTEL-01)"
        ]
    if observed.conversion_log and not observed.conversion_led:
        return [
            f"{PomLayout(desired.home).conversion_log} is there, so somebody may have converted POM to manual dialling: where "
            "its home page says so, write pom_nontelephony: true (POM-NONTEL-01)"
        ]
    return []


# --- what the module hands out ----------------------------------------------------------------------------------------


def answer(
    observed: Observed, to_do: Plan, home: str, units: Mapping[str, Any], changes: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Observation and plan as the module hands them out; digests of secrets stay on the host."""
    installation, database = observed.installation, observed.database
    return {
        "actions": [action.as_dict() for action in to_do.actions],
        "due": list(dict.fromkeys(action.name for action in to_do.actions)),
        "refusals": list(to_do.refusals),
        "advice": list(to_do.advice),
        "create_schema": to_do.create_schema,
        "database_moved": to_do.database_moved,
        "certificate_differs": certificate_differs(observed),
        "installation": {
            "state": installation.state,
            "evidence": list(installation.evidence),
            "missing": list(installation.missing),
            "directory_exists": installation.directory_exists,
            "version": installation.version,
            "log": list(installation.log),
        },
        "job_running": observed.job_running,
        "boot_id": observed.boot_id,
        "markers": {name: dict(observed.words(name)) for name in observed.markers},
        "stores": {
            name: {"fingerprints": dict(store.fingerprints), "problem": store.problem}
            for name, store in (("keystore", observed.keystore), ("truststore", observed.truststore))
        },
        "database": {} if database is None else asdict(database),
        "schema": observed.schema,
        "schema_problem": observed.schema_problem,
        "running": [unit for unit in pom_services.OWN_UNITS if observed.units.get(unit) in ACTIVE],
        "wrapper": observed.wrapper,
        "removable": is_safe_home(home),
        "services": [one.as_dict() for one in observed.services],
        "truststore_program": observed.truststore_program,
        "conversion_program": observed.conversion_program,
        "event_settings": asdict(observed.event_settings),
        "events": dict(observed.events),
        "units": dict(units),
        "changes": list(changes),
    }
