# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import grp
import json
import os
import pwd
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.module_utils import pom_directories
from ansible_collections.dialtone.contact_center.plugins.module_utils.nfs_mounts import Mount
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_directories import (
    Account,
    Desired,
    Looker,
    Observed,
    Plan,
    SeenDirectory,
    SeenMount,
    SeenOrganization,
    SeenSource,
    organization_id,
    plan,
)

HOME = "/opt/Avaya/avpom/POManager"
ARCHIVE = f"{HOME}/archive"
EXPORT = "db1:/srv/pom/archive"
NFS = Mount(ARCHIVE, EXPORT, "nfs4", "rw")
ACCOUNT = Account(996, 995)
NEW = SeenMount(ARCHIVE, EXPORT, entry_reasons=("has no entry in /etc/fstab",))


def planned(mount: bool = True, **seen: Any) -> Plan:
    return plan(Observed(**{"installed": True, "account": ACCOUNT, **seen}), Desired(HOME, mount))


def names(found: Plan) -> list[str]:
    return [action.name for action in found.actions]


# --- mounts -----------------------------------------------------------------------------------------------------------


def test_an_export_is_mounted_where_nothing_is_hidden() -> None:
    found = planned(mounts=(NEW,))
    (action,) = found.actions
    assert (action.name, action.path) == ("mount", ARCHIVE)
    assert action.reasons == ("not mounted", "has no entry in /etc/fstab")
    assert found.refusals == []


def test_files_are_never_hidden() -> None:
    found = planned(mounts=(SeenMount(ARCHIVE, EXPORT, hidden=3),))
    (said,) = found.refusals
    assert f"mounting {EXPORT} at {ARCHIVE} would hide 3 entries: move them first" in said
    assert "pom_stop.yml" in said
    assert found.actions == []


@pytest.mark.parametrize(("source", "fstype"), [("db1:/srv/pom/public", "nfs4"), ("/dev/sda1[/archive]", "ext4")])
def test_what_is_mounted_from_elsewhere_is_no_proof(source: str, fstype: str) -> None:
    for mount in (True, False):
        found = planned(mount, mounts=(SeenMount(ARCHIVE, EXPORT, Mount(ARCHIVE, source, fstype)),))
        (said,) = found.refusals
        assert source in said
        assert EXPORT in said
        assert f"umount {ARCHIVE}" in said
        assert found.actions == []


def test_a_kernel_without_a_client_is_refused_unless_the_administrator_mounts() -> None:
    (said,) = planned(mounts=(NEW,), nfs_client=False).refusals
    assert "/proc/filesystems" in said
    assert "directories_mount" in said
    found = planned(mount=False, mounts=(NEW,), nfs_client=False)
    assert (found.refusals, found.advice, names(found)) == ([], [], ["mount"])


def test_the_administrator_is_told_what_is_not_mounted() -> None:
    found = planned(mount=False, mounts=(SeenMount(ARCHIVE, EXPORT, hidden=3),))
    assert found.refusals == []
    assert "its administrator has to mount it" in found.advice[0]


def test_a_mount_that_is_right_needs_nothing() -> None:
    assert planned(mounts=(SeenMount(ARCHIVE, EXPORT, NFS, True),)) == Plan()


def test_what_pom_expects_in_an_export_is_made_there_and_not_reported() -> None:
    missing = SeenDirectory(f"{ARCHIVE}/default/splitter")
    found = planned(mounts=(SeenMount(ARCHIVE, EXPORT, NFS, True, missing=("default/splitter",)),), tree=(missing,))
    assert [(action.name, action.path) for action in found.actions] == [("skeleton", f"{ARCHIVE}/default/splitter")]
    assert found.advice == []


def test_a_host_without_pom_s_account_shares_nothing_once_pom_is_installed() -> None:
    assert "no account avayavp" in planned(account=None, mounts=(NEW,)).refusals[0]
    assert planned(account=None, installed=False, mounts=(NEW,)).refusals == []
    assert planned(account=None).refusals == []


# --- splitter ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("real", ["/", "/opt", "/opt/Avaya/avpom", HOME, f"{HOME}/Upload"])
def test_neither_pom_home_nor_what_holds_it_changes_owner(real: str) -> None:
    found = planned(sources=(SeenSource("/data/lists", "directory", real, 9),))
    assert len(found.refusals) == 1
    assert found.actions == []
    assert real in found.refusals[0]


@pytest.mark.parametrize(
    ("source", "due"),
    [
        (SeenSource("/data/lists", "missing", "/data/lists"), ["splitter"]),
        (SeenSource("/data/lists", "directory", "/data/lists", 2, "a.csv"), ["splitter"]),
        (SeenSource("/data/lists", "directory", "/data/lists"), []),
        (SeenSource("/data/POManager2", "directory", "/opt/Avaya/avpom/POManager2"), []),
    ],
)
def test_the_splitter_s_directories_are_made_or_handed_over(source: SeenSource, due: list[str]) -> None:
    found = planned(sources=(source,))
    assert (names(found), found.refusals) == (due, [])


def test_a_file_is_no_directory_of_the_splitter() -> None:
    assert "is no directory" in planned(sources=(SeenSource("/data/a.csv", "other", "/data/a.csv"),)).refusals[0]


# --- tree and organizations -------------------------------------------------------------------------------------------


def test_the_tree_is_only_reported() -> None:
    found = planned(
        tree=(SeenDirectory("/p/a"), SeenDirectory("/p/b", "root:root"), SeenDirectory("/p/c", "avayavp:avayavpgroup"))
    )
    assert found.actions == []
    assert found.refusals == []
    assert "missing: /p/a." in found.advice[0]
    assert "/p/b (root:root)" in found.advice[1]


def test_a_tree_is_not_judged_before_pom_is_installed_or_its_mount_is_there() -> None:
    lacking = (SeenDirectory(f"{ARCHIVE}/default/splitter"),)
    assert planned(installed=False, tree=lacking).advice == []
    assert planned(mounts=(NEW,), tree=lacking).advice == []


@pytest.mark.parametrize(
    ("one", "advice", "refusals"),
    [
        (SeenOrganization("CC", 7, 7), 0, 0),
        (SeenOrganization("CC", 7, 8), 0, 1),
        (SeenOrganization("CC", None, 8), 1, 0),
        (SeenOrganization("CC", 7, None), 1, 0),
        (SeenOrganization("CC", 7, None, asked=False), 0, 0),
    ],
)
def test_ids_are_held_against_those_that_are_described(one: SeenOrganization, advice: int, refusals: int) -> None:
    found = planned(organizations=(one,))
    assert (len(found.advice), len(found.refusals)) == (advice, refusals)


@pytest.mark.parametrize(
    ("output", "name", "expected"),
    [
        ("1001\n", "CC", 1001),
        ("Organization ID for CC1 is : 1001\n", "CC1", 1001),
        ("POM.04.00 release 4\norganization 12 has id 1001.\n", "12", 1001),
        ("Organization 2020 not found\n", "2020", None),
        ("no such organization", "CC", None),
        ("", "CC", None),
    ],
)
def test_the_last_integer_is_the_id(output: str, name: str, expected: int | None) -> None:
    assert organization_id(output, name) == expected


@given(st.integers(1, 10**9), st.text(st.characters(categories=["L", "P", "Z"]), max_size=20))
def test_whatever_is_printed_before_the_id(number: int, words: str) -> None:
    assert organization_id(f"{words} {number}\n") == number


# --- looking ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def host(tmp_path: Path) -> Looker:
    return Looker(
        lambda argv: (0, json.dumps({"filesystems": [{"target": "/", "source": "/dev/sda", "fstype": "ext4"}]}), ""),
        str(tmp_path),
    )


@pytest.fixture
def account() -> Account:
    return Account(os.getuid(), os.getgid())


def below(host: Looker, path: str) -> Path:
    found = Path(host.real(path))
    found.mkdir(parents=True, exist_ok=True)
    return found


def test_directories_alone_hide_nothing(host: Looker) -> None:
    below(host, f"{ARCHIVE}/default/splitter")
    assert host.files_below(ARCHIVE) == 0
    below(host, ARCHIVE).joinpath("default/a.csv").touch()
    below(host, ARCHIVE).joinpath("link").symlink_to("/tmp")
    assert host.files_below(ARCHIVE) == 2
    assert host.files_below("/nowhere") == 0


@pytest.mark.parametrize(("is_mounting", "options"), [(True, "defaults,_netdev"), (False, "defaults,_netdev,noauto")])
def test_an_entry_of_a_mount_that_the_administrator_makes_has_noauto(host: Looker, is_mounting: bool, options: str) -> None:
    below(host, "/etc").joinpath("fstab").write_text(f"{EXPORT} {ARCHIVE} nfs {options} 0 0\n")
    wanted = [{"path": ARCHIVE, "export": EXPORT, "options": "defaults,_netdev", "directories": ["default"]}]
    (seen,) = host.mounts(wanted, is_mounting)
    assert (seen.entry_reasons, seen.mount, seen.missing) == ((), None, ())
    (other,) = host.mounts(wanted, not is_mounting)
    assert len(other.entry_reasons) == 1


def test_all_below_a_source_is_looked_at_and_links_are_not_followed(host: Looker, account: Account) -> None:
    lists = below(host, "/data/lists")
    lists.joinpath("a.csv").touch(mode=0o600)
    lists.joinpath("out").symlink_to("/etc")
    os.chmod(lists, 0o770)
    seen = host.source("/data/lists", account, 0o770)
    assert (seen.kind, seen.real, seen.differing, seen.example) == ("directory", "/data/lists", 1, "a.csv")
    os.chmod(lists / "a.csv", 0o770)
    assert host.source("/data/lists", account, 0o770).differing == 0
    assert host.source("/data/lists", Account(account.uid + 1, account.gid), 0o770).differing == 2


def test_a_source_is_judged_by_where_it_leads(host: Looker, account: Account) -> None:
    below(host, f"{HOME}/Upload")
    below(host, "/data")
    Path(host.real("/data/lists")).symlink_to(host.real(f"{HOME}/Upload"))
    assert host.source("/data/lists", account, 0o770).real == f"{HOME}/Upload"
    assert host.source("/data/none", account, 0o770).kind == "missing"


def test_owners_are_told_by_name(host: Looker) -> None:
    below(host, "/a")
    me = f"{pwd.getpwuid(os.getuid())[0]}:{grp.getgrgid(os.getgid())[0]}"
    assert host.directory("/a").owner == me
    assert host.directory("/b") == SeenDirectory("/b")
    below(host, "/c").joinpath("file").touch()
    assert host.directory("/c/file").problem == "is no directory"


def test_an_organization_is_asked_for_only_where_the_program_is(host: Looker) -> None:
    assert not host.organization(HOME, "CC", None).asked
    program = below(host, f"{HOME}/bin") / "getOrgID"
    program.touch(mode=0o755)
    asked = []

    def run(argv):
        asked.append(list(argv))
        return 0, "The id of CC is 1001", ""

    seen = Looker(run, host.root).organization(HOME, "CC", 7)
    assert (seen.found, seen.described, seen.asked) == (1001, 7, True)
    assert asked == [[str(program), "CC"]]


def test_an_account_that_is_not_there_is_none() -> None:
    assert pom_directories.account_of("no-such-user", "no-such-group") is None
