# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The algebra of mounts; each fault by itself is held by tests/contract/cases."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract import rules_directories
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import Location
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.site import HostView, SiteView
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.directories import ARCHIVE_DIRECTORIES
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.pom_servers import home_of
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import load_catalogue

DEFAULTS = load_catalogue().defaults()
HOME = home_of(DEFAULTS["pom_server_install_path"])
IDS = st.lists(st.integers(1, 9), unique=True, max_size=3)
KINDS = st.lists(st.sampled_from(["direct", "splitter", "automatic"]), unique=True, min_size=1)


def site(kinds: list[str], ids: list[int], paths: list[str], servers: int = 2) -> SiteView:
    words: dict[str, Any] = {
        **DEFAULTS,
        "site": "main",
        "data_center": "dc1",
        "directories_imports": kinds,
        "organizations_list": [{"name": f"tenant {number}", "id": number} for number in ids],
        "directories_nfs_mounts": [{"path": path, "export": f"nfs1:/{index}"} for index, path in enumerate(paths)],
    }
    hosts = [
        HostView(f"epm{number}", ("epm_auxiliary" if number else "epm_primary",), {}, values=dict(words))
        for number in range(servers)
    ]
    return SiteView(hosts, lambda definition, steps: Location())


def found(view: SiteView) -> set[str]:
    return {finding.rule for rule in rules_directories.RULES for finding in rule.check(view, rule)}


@settings(deadline=None)
@given(KINDS, IDS)
def test_the_two_trees_are_always_enough(kinds: list[str], ids: list[int]) -> None:
    assert found(site(kinds, ids, [f"{HOME}/archive", f"{HOME}/public"])) == set()


@settings(deadline=None)
@given(KINDS, IDS, st.data())
def test_each_directory_of_each_organization_is_needed(kinds: list[str], ids: list[int], data: st.DataObject) -> None:
    organizations = ["default", *map(str, ids)]
    paths = [f"{HOME}/archive/{one}/{name}" for one in organizations for name in ARCHIVE_DIRECTORIES]
    paths += [f"{HOME}/public/{one}/contactlistimport" for one in organizations]
    assert found(site(kinds, ids, paths)) == set()
    left_out = data.draw(st.sampled_from(paths))
    expected = {"mount-missing"} if "/archive/" in left_out or "automatic" in kinds else set()
    recommended = {"mount-recommended"} if not expected and "direct" in kinds else set()
    assert found(site(kinds, ids, [path for path in paths if path != left_out])) == expected | recommended


@settings(deadline=None)
@given(KINDS, IDS)
def test_one_server_needs_none(kinds: list[str], ids: list[int]) -> None:
    assert found(site(kinds, ids, [], servers=1)) == set()


@settings(deadline=None)
@given(st.sampled_from(["/", "/opt", "/opt/Avaya", "/opt/Avaya/avpom", HOME]), st.sampled_from(["", "/", "/."]))
def test_nothing_above_pom_home_may_be_mounted_over(path: str, suffix: str) -> None:
    assert "mount-hides-files" in found(site([], [], [path + suffix]))
