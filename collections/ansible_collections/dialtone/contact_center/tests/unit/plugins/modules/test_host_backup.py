# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils import backup
from ansible_collections.dialtone.contact_center.plugins.modules import host_backup

SET = "20260131T235959Z"
LATER = "20260201T000000Z"
SECRET = "hunter2-hunter2"


class Site:
    """A host's files, and the sets beside them."""

    def __init__(self, root):
        self.root = root
        self.sets = root / "state" / "backups"
        (root / "etc").mkdir(parents=True)
        (root / "state" / "starts").mkdir(parents=True)
        self.properties, self.secret = root / "etc" / "a.properties", root / "etc" / "key"
        self.record = root / "state" / "starts" / "a"
        self.properties.write_text("a=1\n")
        self.secret.write_text(SECRET)
        self.secret.chmod(0o600)
        self.record.write_text("started\n")
        (root / "etc" / "zone").symlink_to("a.properties")
        (root / "data").mkdir(mode=0o750)
        (root / "data" / "log").write_text("never backed up")
        self.paths = [
            {"path": str(self.properties)},
            {"path": str(self.secret), "secret": True},
            {"path": str(root / "etc" / "zone")},
            {"path": str(root / "data")},
            {"path": str(root / "gone")},
            {"path": str(root / "state"), "tree": True, "restore": False},
        ]

    def arguments(self, state, name=SET, **words):
        arguments = {"state": state, "directory": str(self.sets), "set": name, **words}
        return {**arguments, "role": "kafka", "paths": self.paths} if state in ("present", "restored") else arguments


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path / "host")


@pytest.fixture
def backed_up(site, run_module):
    """One complete set of one role."""
    assert run_module(host_backup, site.arguments("present"))["changed"]
    assert run_module(host_backup, site.arguments("completed"))["changed"]
    return site


def test_a_set_holds_files_links_and_directories_without_their_content(site, run_module):
    result = run_module(host_backup, site.arguments("present"))
    with tarfile.open(site.sets / SET / "kafka.tar") as archive:
        names = ["/" + name for name in archive.getnames()]
    wanted = [site.properties, site.secret, site.root / "etc" / "zone", site.root / "data", site.root / "state"]
    assert set(map(str, wanted)) < set(names)
    assert str(site.root / "data" / "log") not in names
    assert not any(name.startswith(str(site.sets)) for name in names)
    assert result["missing"] == [str(site.root / "gone")]
    assert result["files"] == 3
    assert result["bytes"] == len("a=1\n") + len(SECRET) + len("started\n")


def test_nobody_but_root_reads_a_set_and_no_content_leaves_it(site, run_module):
    result = run_module(host_backup, site.arguments("present"))
    modes = {path.name: path.stat().st_mode & 0o777 for path in [site.sets, site.sets / SET, *(site.sets / SET).iterdir()]}
    assert modes == {"backups": 0o700, SET: 0o700, "kafka.tar": 0o600, "kafka.json": 0o600}
    assert SECRET not in json.dumps(result)
    assert SECRET not in (site.sets / SET / "kafka.json").read_text()


def test_check_mode_writes_nothing_and_foretells_the_size(site, run_module):
    foretold = run_module(host_backup, site.arguments("present"), check=True)
    assert not site.sets.exists()
    assert run_module(host_backup, site.arguments("completed"), check=True)["changed"]
    done = run_module(host_backup, site.arguments("present"))
    assert (foretold["changed"], foretold["files"], foretold["bytes"]) == (done["changed"], done["files"], done["bytes"])


def test_the_same_set_again_changes_nothing_and_never_another_content(site, run_module):
    site.paths.pop()
    run_module(host_backup, site.arguments("present"))
    assert run_module(host_backup, site.arguments("present"))["changed"] is False
    site.properties.write_text("a=2\n")
    assert "choose another set" in run_module(host_backup, site.arguments("present"))["msg"]


def test_a_set_that_was_not_completed_does_not_count(site, run_module):
    run_module(host_backup, site.arguments("present"))
    assert run_module(host_backup, site.arguments("observed"))["sets"] == [{"name": SET, "complete": False, "roles": ["kafka"]}]
    assert "its backup was interrupted" in run_module(host_backup, site.arguments("restored"))["msg"]
    run_module(host_backup, site.arguments("completed"))
    assert run_module(host_backup, site.arguments("completed"))["changed"] is False
    assert run_module(host_backup, site.arguments("observed"))["sets"][0]["complete"] is True


def test_an_archive_that_cannot_be_read_back_gets_no_name(site, run_module, monkeypatch):
    monkeypatch.setattr(backup, "read_archive", lambda path: {})
    result = run_module(host_backup, site.arguments("present"))
    assert "does not hold what its manifest says" in result["msg"]
    assert list((site.sets / SET).iterdir()) == []


def test_what_was_broken_is_restored_with_a_copy_of_what_was_there(backed_up, run_module):
    site = backed_up
    site.properties.write_text("a=broken\n")
    site.secret.unlink()
    (site.root / "data").chmod(0o777)
    (site.root / "etc" / "zone").unlink()
    foretold = run_module(host_backup, site.arguments("restored"), check=True)
    assert site.properties.read_text() == "a=broken\n"
    done = run_module(host_backup, site.arguments("restored"))
    assert foretold["differences"] == done["differences"]
    assert {one["path"] for one in done["differences"]} == {
        str(site.properties), str(site.secret), str(site.root / "data"), str(site.root / "etc" / "zone"),
    }  # fmt: skip
    assert site.properties.read_text() == "a=1\n"
    assert (site.secret.read_text(), site.secret.stat().st_mode & 0o777) == (SECRET, 0o600)
    assert (site.root / "data").stat().st_mode & 0o777 == 0o750
    assert os.readlink(site.root / "etc" / "zone") == "a.properties"
    assert [Path(path).read_text() for path in done["backups"]] == ["a=broken\n"]
    assert SECRET not in json.dumps([foretold, done])
    again = run_module(host_backup, site.arguments("restored"))
    assert (again["changed"], again["differences"]) == (False, [])


def test_a_file_where_a_link_was_is_kept_beside_it(backed_up, run_module):
    zone = backed_up.root / "etc" / "zone"
    zone.unlink()
    zone.write_text("by hand")
    done = run_module(host_backup, backed_up.arguments("restored"))
    assert zone.is_symlink()
    assert [Path(path).read_text() for path in done["backups"]] == ["by hand"]


def test_records_are_kept_to_be_read_and_not_made_true_again(backed_up, run_module):
    backed_up.record.write_text("started again\n")
    assert run_module(host_backup, backed_up.arguments("restored"))["changed"] is False
    assert backed_up.record.read_text() == "started again\n"


def test_a_file_that_the_set_does_not_have_is_left_and_named(backed_up, run_module):
    new = backed_up.root / "etc" / "new"
    new.write_text("new")
    backed_up.paths.append({"path": str(new)})
    result = run_module(host_backup, backed_up.arguments("restored"))
    assert (result["changed"], result["left"]) == (False, [str(new)])
    assert new.exists()


def test_a_role_that_the_set_does_not_have_restores_nothing(backed_up, run_module):
    result = run_module(host_backup, {**backed_up.arguments("restored"), "role": "zookeeper"})
    assert (result["changed"], result["in_set"]) == (False, False)


@pytest.mark.parametrize("damaged", ["kafka.tar", "kafka.json", "complete.json"])
def test_a_damaged_set_is_refused_before_anything_is_written(backed_up, run_module, damaged):
    backed_up.properties.write_text("a=broken\n")
    path = backed_up.sets / SET / damaged
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x01
    path.write_bytes(bytes(content))
    assert run_module(host_backup, backed_up.arguments("restored"))["failed"]
    assert backed_up.properties.read_text() == "a=broken\n"


def test_an_archive_and_a_manifest_of_other_sets_are_refused(backed_up, run_module):
    site = backed_up
    site.properties.write_text("a=2\n")
    run_module(host_backup, site.arguments("present", LATER))
    run_module(host_backup, site.arguments("completed", LATER))
    (site.sets / LATER / "kafka.tar").write_bytes((site.sets / SET / "kafka.tar").read_bytes())
    assert "is not the archive that was backed up" in run_module(host_backup, site.arguments("restored", LATER))["msg"]


def test_only_the_newest_complete_sets_are_kept(site, run_module):
    names = [f"2026010{day}T000000Z" for day in range(1, 6)]
    for name in names:
        run_module(host_backup, site.arguments("present", name))
        if name != names[1]:
            result = run_module(host_backup, site.arguments("completed", name, keep=2, protect=[names[0]]))
    assert result["removed"] == [names[2]]
    assert result["incomplete"] == [names[1]]
    assert [one["name"] for one in result["sets"]] == [names[0], names[1], names[3], names[4]]
    assert sorted(path.name for path in site.sets.iterdir()) == [names[0], names[1], names[3], names[4]]


def test_a_full_disk_is_said_in_words(site, run_module, monkeypatch):
    def full(*_arguments, **_words):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "write_archive", full)
    assert "Free space there, then run again" in run_module(host_backup, site.arguments("present"))["msg"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"state": "completed", "set": "../etc"}, "is no name of a set"),
        ({"state": "completed", "set": SET}, "nothing was backed up"),
        ({"state": "restored", "set": SET, "role": "kafka"}, "there is no set"),
        ({"state": "present", "set": SET, "role": "../kafka"}, "is no name of a role"),
        ({"state": "present", "set": SET, "role": "kafka", "paths": [{"path": "etc"}]}, "must be absolute"),
        ({"state": "completed", "set": SET, "keep": 0}, "at least one set stays"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(site, run_module, arguments, words):
    assert words in run_module(host_backup, {"directory": str(site.sets), **arguments})["msg"]
