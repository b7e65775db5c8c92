# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import platforms

# What the preflight's command prints on Debian 12 (the lab), and on RHEL 8 and 9 by their /etc/os-release.
DEBIAN_12 = (
    "dialtone_id=debian\ndialtone_id_like=\ndialtone_version_id=12\ndialtone_memory_kb=24684544\n"
    "dialtone_firewalld=inactive\ndialtone_python=/usr/bin/python3 3.11\n"
)
RHEL_8 = (
    "sudo: a lecture\r\ndialtone_id=rhel\r\ndialtone_id_like=fedora\r\ndialtone_version_id=8.10\r\n"
    "dialtone_memory_kb=32768000\r\ndialtone_firewalld=active\r\ndialtone_python=/usr/bin/python3 3.6\r\n"
    "dialtone_python=/usr/bin/python3.9 3.9\r\n"
)
VENDOR_BUILD = (
    'dialtone_id=vendorlinux\ndialtone_id_like="rhel fedora"\ndialtone_version_id=8.4\ndialtone_python=/usr/bin/python3.9 3.9\n'
)


def test_debian():
    facts = platforms.platform_facts(DEBIAN_12)
    assert (facts["family"], facts["python"], facts["memory_mb"], facts["supported"]) == (
        "debian",
        "/usr/bin/python3",
        24106,
        True,
    )
    assert facts["keytool"] == facts["java_home"] + "/bin/keytool"


def test_rhel_8_skips_the_platform_python():
    facts = platforms.platform_facts(RHEL_8)
    assert (facts["family"], facts["python"], facts["supported"], facts["firewalld_active"]) == (
        "redhat",
        "/usr/bin/python3.9",
        True,
        True,
    )


def test_a_vendor_build_is_known_by_what_it_is_like():
    assert platforms.platform_facts(VENDOR_BUILD)["family"] == "redhat"


def test_a_host_without_a_usable_python_names_the_package():
    with pytest.raises(
        platforms.PlatformError, match=r"no Python 3.9 or newer \(/usr/bin/python3 is 3.6\): install the package python39"
    ):
        platforms.platform_facts(RHEL_8.replace("dialtone_python=/usr/bin/python3.9 3.9\r\n", ""))


def test_an_unknown_system_is_refused_by_name():
    with pytest.raises(platforms.PlatformError, match="its operating system is plan9; Dialtone knows debian"):
        platforms.platform_facts("dialtone_id=plan9\n")


def test_silence_is_refused():
    with pytest.raises(platforms.PlatformError, match="printed nothing"):
        platforms.platform_facts("")


def test_every_family_has_the_same_words():
    words = {family: {*entry, *entry["packages"], *entry["pom_database"]} for family, entry in platforms.FAMILIES.items()}
    assert words["debian"] == words["redhat"]


def test_no_distribution_is_named_outside_the_table():
    root = Path(__file__).resolve().parents[8]
    names = re.compile(r"\b(debian|ubuntu|rhel|redhat|centos|rocky|almalinux)\b", re.IGNORECASE)
    found = [
        f"{path.relative_to(root)}:{number}"
        for folder in ("roles", "playbooks")
        for path in sorted((root / folder).rglob("*"))
        if path.is_file() and path.suffix in (".yml", ".j2") and "meta" not in path.parts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if names.search(line) and not line.lstrip().startswith("#")
    ]
    assert found == []


def test_probes_get_the_unit_names_of_the_platform_and_nothing_else_changes():
    probes = [
        {"id": "a", "component": "pom_database", "kind": "unit", "unit": "postgresql"},
        {"id": "b", "component": "pom_database", "kind": "postgresql", "host": "192.0.2.1"},
        {"id": "c", "component": "kafka", "kind": "unit", "unit": "kafka"},
    ]
    debian, redhat = (platforms.platform_facts(text) for text in (DEBIAN_12, RHEL_8))
    assert platforms.platform_probes(probes, debian) == [{**probes[0], "unit": "postgresql@15-main.service"}, *probes[1:]]
    assert platforms.platform_probes(probes, redhat) == [{**probes[0], "unit": "postgresql.service"}, *probes[1:]]
