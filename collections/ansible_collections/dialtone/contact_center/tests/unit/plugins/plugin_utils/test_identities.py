# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import base64

from ansible_collections.dialtone.contact_center.plugins.filter import renamed_identity, renamed_properties
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.announce import work_of
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.identities import (
    MOST_PLACES_OF_A_HOST,
    by_name,
    former_names_left,
)

SERVER = {"name": "epm4", "fqdn": "epm4.example.com", "address": "192.0.2.14", "former": ["epm2", "192.0.2.12"]}


def hit(path, line, name="epm2"):
    return {"path": path, "line": line, "name": name, "where": f"{path}:{line}"}


def test_what_is_left_is_told_by_host_file_and_line_with_the_way_out():
    told = former_names_left([("epm1", [hit("/etc/hosts", 3)]), ("db1", []), ("epm4", [hit("/etc/motd", 1, "192.0.2.12")])])
    assert told.splitlines()[1:3] == ["epm1 /etc/hosts:3: epm2", "epm4 /etc/motd:1: 192.0.2.12"]
    assert "host_identity_exempt" in told
    assert former_names_left([("epm1", []), ("db1", [])]) == ""


def test_a_host_with_many_places_does_not_fill_the_screen():
    told = former_names_left([("epm1", [hit("/etc/f", line) for line in range(1, 40)])])
    assert told.count("/etc/f:") == MOST_PLACES_OF_A_HOST
    assert f"and {39 - MOST_PLACES_OF_A_HOST} more places" in told


def test_places_are_announced_once_a_file():
    hits = [hit("/etc/hosts", 1), hit("/etc/hosts", 2), hit("/etc/motd", 1)]
    assert by_name(hits) == {"epm2": ["/etc/hosts", "/etc/motd"]}
    work = work_of(["epm1", "db1"], lambda host: {"__host_register_identity": {"hits": hits if host == "epm1" else []}})
    assert [(item.host, item.what, item.reasons) for item in work.items] == [
        ("epm1", "epm2 stands in 2 files", ("/etc/hosts", "/etc/motd"))
    ]


def test_the_filters_rename_texts_and_keys():
    assert renamed_identity.renamed_identity("192.0.2.12 epm2 # kafka3\n", [SERVER]) == "192.0.2.14 epm4 # kafka3\n"
    text = "listeners=SSL://epm2:9093\nssl.keystore.password=canary\nlog.dirs=/data\n"
    read = [{"item": "/a", "content": base64.b64encode(text.encode()).decode()}, {"item": "/b"}]
    assert renamed_properties.properties_items(read, SERVER) == [
        {"path": "/a", "owned": "keys", "values": {"listeners": "SSL://epm4:9093"}, "secret_keys": ["ssl.keystore.password"]}
    ]
