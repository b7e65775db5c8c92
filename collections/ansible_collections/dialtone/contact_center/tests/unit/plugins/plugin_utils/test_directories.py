# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import posixpath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import directories
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import DataCenter, SiteHost, build_model
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import load_catalogue

DEFAULTS = load_catalogue().defaults()
HOME = "/opt/Avaya/avpom/POManager"
ARCHIVE = {"path": f"{HOME}/archive/", "export": "db1.example.com:/srv/pom/archive/"}
ORGANIZATIONS = st.lists(st.integers(1, 9999).map(str), unique=True, max_size=4).map(lambda ids: ["default", *ids])


def host(name: str, number: int, *components: str, **words: Any) -> SiteHost:
    known = {
        **DEFAULTS,
        "site": "main",
        "data_center": "dc1",
        "host_address": f"192.0.2.{number}",
        "host_fqdn": f"{name}.example.com",
        "zookeeper_myid": number,
        "kafka_broker_id": number,
    }
    return SiteHost(name, components, {**known, **words})


def site(**words: Any) -> list[SiteHost]:
    words = {"directories_nfs_mounts": [ARCHIVE], **words}
    return [
        host("epm1", 1, "epm_primary", **words),
        host("epm2", 2, "epm_auxiliary", **words),
        host("db1", 4, "nfs_server", **words),
    ]


def inputs(name: str, **words: Any) -> dict[str, Any]:
    return build_model("main", site(**words))["hosts"][name]["inputs"]


@given(ORGANIZATIONS)
def test_a_skeleton_is_what_pom_makes_below_the_mount(organizations: list[str]) -> None:
    tree = {posixpath.join(HOME, path) for path in directories.tree(organizations)}
    for top in directories.SHARED_TREES:
        mount = f"{HOME}/{top}"
        made = [posixpath.join(mount, path) for path in directories.skeleton(mount, HOME, organizations)]
        assert tree & set(made) == {path for path in tree if path.startswith(f"{mount}/")}
        for at, path in enumerate(made):
            assert posixpath.dirname(path) in {mount, *made[:at]}, "a parent is made before what lies in it"


@given(ORGANIZATIONS)
def test_a_single_directory_needs_nothing_below(organizations: list[str]) -> None:
    for path in directories.tree(organizations):
        assert directories.skeleton(f"{HOME}/{path}", HOME, organizations) == []


def test_a_mount_elsewhere_has_no_skeleton() -> None:
    assert directories.skeleton("/data/lists", HOME, ["default"]) == []
    assert directories.skeleton(f"{HOME}/archive-old", HOME, ["default"]) == []


def test_pom_servers_are_handed_the_mounts_of_their_data_center() -> None:
    handed = inputs("epm2", organizations_list=[{"name": "CC", "id": 7}, {"name": "unknown"}])
    (mount,) = handed["pom_directories_mounts"]
    assert mount["path"] == f"{HOME}/archive"
    assert mount["export"] == "db1.example.com:/srv/pom/archive"
    assert mount["options"] == "defaults,_netdev"
    assert {"default", "7", "7/splitter"} <= set(mount["directories"])
    assert f"{HOME}/public/7/export" in handed["pom_directories_tree"]
    assert len(handed["pom_directories_tree"]) == 12, "an organization without id has no directories yet"
    assert handed["pom_directories_servers"] == ["epm1", "epm2"]


def test_an_nfs_server_exports_its_own_to_the_pom_servers() -> None:
    mounts = [ARCHIVE, {"path": f"{HOME}/public", "export": "nfs9:/public"}]
    handed = inputs("db1", directories_nfs_mounts=mounts)
    assert handed["nfs_server_exports"] == [{"path": "/srv/pom/archive", "clients": ["192.0.2.1", "192.0.2.2"]}]
    assert handed["nfs_server_directories"][:2] == ["/srv/pom/archive", "/srv/pom/archive/default"]


@pytest.mark.parametrize("name", ["db1", "DB1.example.com", "192.0.2.4", "files"])
def test_an_export_is_a_host_s_under_each_of_its_names(name: str) -> None:
    assert directories.serves(host("db1", 4, "nfs_server", host_aliases=["files"]), f"{name}:/srv")
    assert not directories.serves(host("db2", 5, "nfs_server"), f"{name}:/srv")


def test_the_firewall_opens_for_those_who_mount() -> None:
    model = build_model("main", site())
    found = [one for one in model["connections"] if one["port"] == directories.NFS_PORT]
    assert [(one["from"], one["to"]) for one in found] == [("epm1", "db1"), ("epm2", "db1")]
    others = build_model("main", site(directories_nfs_mounts=[{**ARCHIVE, "export": "nfs9:/a"}]))
    assert not [one for one in others["connections"] if one["port"] == directories.NFS_PORT]


def test_a_client_is_installed_only_where_dialtone_mounts() -> None:
    assert "nfs_client" in inputs("epm1")["host_packages"]
    assert "nfs_client" not in inputs("epm1", directories_mount=False)["host_packages"]
    assert "nfs_client" not in inputs("epm1", directories_nfs_mounts=[])["host_packages"]
    assert "nfs_client" not in inputs("db1")["host_packages"]


def test_each_mount_is_asked_for_by_the_status() -> None:
    members = site(directories_mount=False)
    probes = directories.probes(members[0], DataCenter("dc1", tuple(members)))
    assert [probe["kind"] for probe in probes] == ["pom_directories", "nfs_mount"]
    assert probes[1]["mounted"] is False
    assert len({probe["id"] for probe in probes}) == len(probes)
