# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What differs between operating systems: this table is the only place where a distribution is named.

`platform_facts` reads the few lines that the preflight's one raw command prints; roles get the answer as inputs and never ask.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MINIMUM_PYTHON = (3, 9)

FAMILIES: Mapping[str, Mapping[str, Any]] = {
    "debian": {
        "ids": ("debian",),
        "supported": ("12",),
        "packages": {
            "jre": "openjdk-17-jre-headless",
            "openssl": "openssl",
            "time": "chrony",
            "firewall": "nftables",
            "postgresql": "postgresql-15",
            "image_reader": "libarchive-tools",
            "nfs_client": "nfs-common",
        },
        "java_home": "/usr/lib/jvm/java-17-openjdk-amd64",
        "time_unit": "chrony",
        "time_config": "/etc/chrony/chrony.conf",
        "nft": "/usr/sbin/nft",
        "nologin": "/usr/sbin/nologin",
        "python_package": "python3",
        "pom_database": {
            "packages": ["postgresql-15"],
            "unit": "postgresql@15-main.service",
            "boot_unit": "postgresql.service",
            "superuser": "postgres",
            "binary_directory": "/usr/lib/postgresql/15/bin",
            "data_directory": "/var/lib/postgresql/15/main",
            "configuration_files": [
                "/etc/postgresql/15/main/postgresql.conf",
                "/etc/postgresql/15/main/pg_hba.conf",
                "/etc/postgresql/15/main/pg_ident.conf",
                "/var/lib/postgresql/15/main/postgresql.auto.conf",
            ],
            "socket_directory": "/var/run/postgresql",
            "create_cluster": ["pg_createcluster", "--encoding=UTF8", "--locale=C.UTF-8", "15", "main"],
        },
        "nfs_server": {
            "packages": ["nfs-ganesha", "nfs-ganesha-vfs"],
            "unit": "nfs-ganesha",
            "config": "/etc/ganesha/ganesha.conf",
            "template": "ganesha.conf.j2",
        },
    },
    "redhat": {
        "ids": ("rhel", "centos", "rocky", "almalinux", "ol"),
        "supported": ("8", "9"),
        "packages": {
            "jre": "java-1.8.0-openjdk-headless",
            "openssl": "openssl",
            "time": "chrony",
            "firewall": "nftables",
            "postgresql": "postgresql-server",
            "image_reader": "bsdtar",
            "nfs_client": "nfs-utils",
        },
        "java_home": "/usr/lib/jvm/jre-1.8.0",
        "time_unit": "chronyd",
        "time_config": "/etc/chrony.conf",
        "nft": "/usr/sbin/nft",
        "nologin": "/sbin/nologin",
        "python_package": "python39",
        "pom_database": {
            "packages": ["postgresql-server", "postgresql-contrib"],
            "unit": "postgresql.service",
            "boot_unit": "postgresql.service",
            "superuser": "postgres",
            "binary_directory": "/usr/bin",
            "data_directory": "/var/lib/pgsql/data",
            "configuration_files": [
                "/var/lib/pgsql/data/postgresql.conf",
                "/var/lib/pgsql/data/pg_hba.conf",
                "/var/lib/pgsql/data/pg_ident.conf",
                "/var/lib/pgsql/data/postgresql.auto.conf",
            ],
            "socket_directory": "/var/run/postgresql",
            "create_cluster": ["postgresql-setup", "--initdb"],
        },
        "nfs_server": {
            "packages": ["nfs-utils"],
            "unit": "nfs-server",
            "config": "/etc/exports.d/dialtone.exports",
            "template": "dialtone.exports.j2",
        },
    },
}


class PlatformError(ValueError):
    """The host cannot be managed as it is; the message says what to do."""


def _family(identifiers: list[str]) -> str:
    for identifier in identifiers:
        for family, words in FAMILIES.items():
            if identifier in words["ids"]:
                return family
    known = ", ".join(identifier for words in FAMILIES.values() for identifier in words["ids"])
    raise PlatformError(f"its operating system is {' '.join(identifiers) or 'unknown'}; Dialtone knows {known}")


def parse_probe(text: str) -> dict[str, list[str]]:
    """The probe's lines `word=value`; a word may stand several times. Anything else (a banner, sudo's lecture) is passed over."""
    words: dict[str, list[str]] = {}
    for line in text.splitlines():
        match = re.fullmatch(r"dialtone_([a-z_]+)=(.*)", line.strip())
        if match:
            words.setdefault(match[1], []).append(match[2].strip().strip('"'))
    return words


def _interpreter(candidates: list[str], package: str) -> str:
    found = []
    for candidate in candidates:
        path, _space, version = candidate.rpartition(" ")
        numbers = re.fullmatch(r"(\d+)\.(\d+)", version)
        if not path or numbers is None:
            continue
        if (int(numbers[1]), int(numbers[2])) >= MINIMUM_PYTHON:
            return path
        found.append(f"{path} is {version}")
    minimum = ".".join(map(str, MINIMUM_PYTHON))
    raise PlatformError(
        f"it has no Python {minimum} or newer ({'; '.join(found) or 'no Python at all'}): "
        f"install the package {package}, then run again"
    )


def platform_facts(text: str) -> dict[str, Any]:
    """The platform's entry with interpreter, memory and version of this host."""
    words = parse_probe(text)
    if "id" not in words:
        raise PlatformError("its /etc/os-release could not be read: the preflight's command printed nothing that Dialtone knows")
    family = _family(words["id"] + words.get("id_like", [""])[0].split())
    entry = FAMILIES[family]
    version = words.get("version_id", [""])[0]
    memory_kb = words.get("memory_kb", ["0"])[0]
    return {
        **{key: value for key, value in entry.items() if key not in ("ids", "supported")},
        "family": family,
        "version": version,
        "supported": version.split(".")[0] in entry["supported"],
        "python": _interpreter(words.get("python", []), entry["python_package"]),
        "memory_mb": int(memory_kb) // 1024 if memory_kb.isdigit() else 0,
        "keytool": f"{entry['java_home']}/bin/keytool",
        "firewalld_active": words.get("firewalld", [""])[0] == "active",
    }


def platform_probes(probes: list[Mapping[str, Any]], platform: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The model's probes with the names that services have on this host.

    The model is computed before any host is asked, so it can only name the product; which unit that is, the platform knows.
    """
    resolved = []
    for probe in probes:
        entry = platform.get(str(probe.get("component")))
        named = probe["kind"] == "unit" and isinstance(entry, Mapping) and "unit" in entry
        resolved.append({**probe, "unit": entry["unit"]} if named and entry is not None else dict(probe))
    return resolved
