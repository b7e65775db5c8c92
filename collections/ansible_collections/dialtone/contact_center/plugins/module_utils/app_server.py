# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An application server as it was found, and what is left to do until it is what the site says. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.module_utils import tomcat

UNIT = "appserver"
WEBAPPS, LIBRARIES = "webapps", "lib"
# Must not be there, whatever POM supplies (T-066).
FORBIDDEN = f"{LIBRARIES}/log4j-1.2.15.jar"
HOME_WORDS = ("APPSERVER_HOME", "CATALINA_HOME")
MARKER = "applications"
NAMED = 5


class AppServerError(Exception):
    """The host cannot be what the site says. Says what was seen, the rule, and what to do."""


@dataclass(frozen=True)
class Documented:
    """The versions that a product was documented with (POM-SYS-06, T-070)."""

    product: str
    line: tuple[int, ...]
    lowest: tuple[int, ...]
    words: str

    def is_too_old(self, version: str) -> bool:
        return numbers(version) < self.lowest

    def is_other_line(self, version: str) -> bool:
        return numbers(version)[: len(self.line)] != self.line

    def accepts(self, version: str, consent: bool) -> bool:
        return not self.is_too_old(version) and (consent or not self.is_other_line(version))


JAVA = Documented("Java", (1, 8), (1, 8, 0, 121), "1.8.0_121 or later of Java 8")
TOMCAT = Documented("Tomcat", (8, 5), (8, 5, 11), "8.5.11 or later of 8.5")


def numbers(version: str) -> tuple[int, ...]:
    """
    >>> numbers("1.8.0_392"), numbers("17.0.12")
    ((1, 8, 0, 392), (17, 0, 12))
    """
    return tuple(int(part) for part in re.findall(r"\d+", version))


def java_version(said: str) -> str:
    """The version out of what `java -version` says.

    >>> java_version('openjdk version "1.8.0_392"\\nOpenJDK Runtime Environment')
    '1.8.0_392'
    """
    found = re.search(r'version "([^"]+)"', said)
    return found.group(1) if found else ""


def tomcat_version(server_info: str) -> str:
    """The version out of ServerInfo.properties of catalina.jar.

    >>> tomcat_version("server.info=Apache Tomcat/8.5.100\\nserver.number=8.5.100.0\\n")
    '8.5.100'
    """
    found = re.search(r"^server\.info=.*/(\S+)\s*$", server_info, re.MULTILINE)
    return found.group(1) if found else ""


# --- what was seen, and what has to be done ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Observed:
    """An application server as it is found."""

    tomcat: str = ""  # version; empty where there is none
    is_home_empty: bool = True
    java: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)  # of a login shell: APPSERVER_HOME, CATALINA_HOME
    unit_exists: bool = False
    unit_problem: str = ""  # why the vendor's template cannot become the unit
    files: Mapping[str, str] = field(default_factory=dict)  # SHA-256 by path below the home, of webapps/*.war and lib/*
    unpacked: frozenset[str] = frozenset()  # directories below webapps
    keystore_reasons: tuple[str, ...] = ()
    keystore_problem: str = ""
    registered: Mapping[str, Any] = field(default_factory=dict)
    missing_accounts: tuple[str, ...] = ()
    state_changes: tuple[Mapping[str, Any], ...] = ()
    service_reasons: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()


@dataclass(frozen=True)
class Desired:
    """What the site says of it."""

    home: str
    unit: str
    is_local: bool = False
    has_archive: bool = False
    install_program: str = ""
    other_versions_consent: bool = False
    source: str = ""  # of the applications: directory and host, in words
    supplied: Mapping[str, str] | None = field(default_factory=dict)  # as Observed.files; None: nobody can tell yet
    registered_as: Mapping[str, Any] = field(default_factory=dict)  # empty: applications are not registered from here


@dataclass(frozen=True)
class Action:
    """One thing that has to be done, as the role's files are called, and why."""

    name: str
    what: str
    reasons: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {"name": self.name, "what": self.what, "reasons": list(self.reasons)}


@dataclass(frozen=True)
class Files:
    """What becomes of the files of POM's package: paths below the home."""

    copied: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unpacked_anew: tuple[str, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        words = [(self.copied, "{} copied"), (self.removed, "{} removed"), (self.unpacked_anew, "{} unpacked anew")]
        return tuple(text.format(_named(paths)) for paths, text in words if paths)


@dataclass(frozen=True)
class Plan:
    actions: tuple[Action, ...] = ()
    refusals: tuple[str, ...] = ()
    files: Files = field(default_factory=Files)


def wanted_files(supplied: Mapping[str, str]) -> dict[str, str]:
    return {path: digest for path, digest in supplied.items() if path != FORBIDDEN}


def plan_files(observed: Observed, supplied: Mapping[str, str]) -> Files:
    """Copies of what is missing or differs; other versions of what POM supplies go (T-064), Tomcat's own never.

    That the unpacked form of a replaced application goes with it is inferred: what Tomcat serves is the unpacked one.
    """
    wanted = wanted_files(supplied)
    copied = sorted(path for path, digest in wanted.items() if observed.files.get(path) != digest)
    others = tomcat.other_versions(_names(observed.files, LIBRARIES), _names(wanted, LIBRARIES))
    removed = {f"{LIBRARIES}/{name}" for name in others} | ({FORBIDDEN} & set(observed.files))
    anew = sorted(
        f"{WEBAPPS}/{name}"
        for path in copied
        if path.startswith(f"{WEBAPPS}/") and (name := path[len(WEBAPPS) + 1 : -4]) in observed.unpacked
    )
    return Files(tuple(copied), tuple(sorted(removed)), tuple(anew))


def plan(observed: Observed, desired: Desired) -> Plan:
    """What has to be done, in the order of POM-APP-01 to POM-APP-08."""
    files = plan_files(observed, desired.supplied) if desired.supplied is not None else Files()
    is_new = not observed.tomcat
    actions = [
        *_install(observed, desired),
        *_unit(observed, desired),
        *_applications(files, desired),
        *_keystore(observed, is_new),
        *_configure(observed, is_new),
        *_service(observed, is_new, files),
        *_register(observed, desired),
    ]
    return Plan(tuple(actions), tuple(refuse(observed, desired)), files)


def _install(observed: Observed, desired: Desired) -> list[Action]:
    if observed.tomcat:
        return [Action("install", f"the account {name} is created") for name in observed.missing_accounts]
    how = desired.install_program if desired.is_local and not desired.has_archive else "the site's archive"
    return [Action("install", f"Tomcat is installed in {desired.home}", (f"by {how}",))]


def _unit(observed: Observed, desired: Desired) -> list[Action]:
    # The unit of an unpacked archive is the role's own, and among the files that it keeps.
    if observed.unit_exists or (desired.has_archive and not desired.is_local):
        return []
    return [Action("unit", f"the unit {desired.unit} is made")]


def _applications(files: Files, desired: Desired) -> list[Action]:
    if desired.supplied is None:
        return [Action("applications", "POM's applications and libraries", (f"copied from {desired.source} once POM is there",))]
    return [Action("applications", "POM's applications and libraries", files.reasons)] if files.reasons else []


def _keystore(observed: Observed, is_new: bool) -> list[Action]:
    reasons = ("is created",) if is_new else observed.keystore_reasons
    return [Action("keystore", "keystore of the HTTPS connector", tuple(reasons))] if reasons else []


def _configure(observed: Observed, is_new: bool) -> list[Action]:
    if is_new:
        return [Action("configure", "HTTPS connector and start options of Tomcat")]
    return [Action("configure", str(change["path"]), tuple(change["reasons"])) for change in observed.state_changes]


def _service(observed: Observed, is_new: bool, files: Files) -> list[Action]:
    if is_new:
        return [Action("service", "Tomcat is started")]
    if observed.service_reasons:
        return [Action("service", "Tomcat is started", observed.service_reasons)]
    changing = [
        *(["the keystore changes"] if observed.keystore_reasons else []),
        *(["applications change"] if files.reasons else []),
    ]
    reasons = tuple(dict.fromkeys([*changing, *observed.stale]))
    return [Action("restart", "Tomcat is restarted", reasons)] if reasons else []


def _register(observed: Observed, desired: Desired) -> list[Action]:
    if not desired.registered_as or observed.registered == desired.registered_as:
        return []
    if observed.registered:
        # What the program does with applications that are registered already is in no document; guided steps change their URLs.
        why = ("insert_POM_Apps.sh ran for another address, and is not run again: the page Applications has the URLs",)
        return [Action("register", "the address of the application server is recorded anew", why)]
    return [Action("register", "the applications are registered on Experience Portal", ("insert_POM_Apps.sh has not run",))]


# --- what forbids it --------------------------------------------------------------------------------------------------


def refuse(observed: Observed, desired: Desired) -> list[str]:
    problems = [*_other_homes(observed, desired), *_no_tomcat(observed, desired), *_versions(observed, desired)]
    if desired.supplied is not None and not desired.supplied:
        problems.append(
            f"nothing to copy: {desired.source} holds no application, so POM's package ddapps is not installed there. Install it "
            "(pom_server_ddapps: true before POM is installed; afterwards the vendor's installer adds no package), or take the "
            "host out of the group app_server (POM-APP-01)"
        )
    if observed.keystore_problem:
        problems.append(observed.keystore_problem)
    if observed.tomcat and desired.is_local and observed.unit_problem:
        problems.append(
            f"the unit {desired.unit} cannot be started: {observed.unit_problem}. Remove the file and run again: then it is made "
            "from the template (POM-APP-02)"
            if observed.unit_exists
            else f"the unit {desired.unit} cannot be made: {observed.unit_problem}"
        )
    return problems


def _other_homes(observed: Observed, desired: Desired) -> list[str]:
    return [
        f"{word} is {value} on this host, and app_server_home is {desired.home}: the guide writes both names for one directory, "
        f"and applications that are copied to one are not served from another. Correct app_server_home, or {word} where login "
        "shells get it (/etc/profile.d, /etc/environment) (T-065)"
        for word in HOME_WORDS
        if (value := observed.environment.get(word, "").rstrip("/")) and value != desired.home
    ]


def _no_tomcat(observed: Observed, desired: Desired) -> list[str]:
    if observed.tomcat:
        return []
    if not observed.is_home_empty:
        return [
            f"{desired.home} is not empty and holds no Tomcat (no conf/server.xml with lib/catalina.jar): nothing is "
            "unpacked over it. Move it away, or correct app_server_home (POM-APP-03)"
        ]
    if desired.has_archive or (desired.is_local and desired.install_program):
        return []
    if desired.is_local:
        return [
            f"no Tomcat is in {desired.home}, and Experience Portal's InstallAppServer.sh lays it on a POM server: "
            "set app_server_install_program to its path (Experience Portal's documents name it), or run it, then run again "
            "(POM-APP-01)"
        ]
    return [
        f"no Tomcat is in {desired.home}: set app_server_archive and app_server_archive_sha256 to have Dialtone unpack "
        "one, or install it and then run again (POM-SYS-06)"
    ]


def _versions(observed: Observed, desired: Desired) -> list[str]:
    """Experience Portal answers for what it laid on its own servers."""
    if desired.is_local or not observed.tomcat:
        return []
    if not observed.java:
        return ["no Java runtime answers on this host, and Tomcat needs one: see what the role host installs (POM-SYS-06)"]
    problems = []
    for documented, version in ((JAVA, observed.java), (TOMCAT, observed.tomcat)):
        if documented.is_too_old(version):
            problems.append(
                f"{documented.product} {version} is on this host, older than the documented {documented.words}: install such a "
                "version (POM-SYS-06)"
            )
        elif not documented.accepts(version, desired.other_versions_consent):
            problems.append(
                f"{documented.product} {version} is on this host, another line than the documented {documented.words}: install "
                "such a version, or consent with app_server_other_versions_consent: true (T-070)"
            )
    return problems


def _names(paths: Mapping[str, str], directory: str) -> list[str]:
    return [path[len(directory) + 1 :] for path in paths if path.startswith(f"{directory}/")]


def _named(paths: Sequence[str]) -> str:
    rest = len(paths) - NAMED
    verb = "is" if len(paths) == 1 else "are"
    return ", ".join(paths[:NAMED]) + (f" and {rest} more" if rest > 0 else "") + f" {verb}"
