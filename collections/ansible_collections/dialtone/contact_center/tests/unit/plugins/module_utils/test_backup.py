# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.module_utils import backup
from ansible_collections.dialtone.contact_center.plugins.module_utils.backup import Set, Wanted
from ansible_collections.dialtone.contact_center.plugins.module_utils.host_state import Host
from ansible_collections.dialtone.contact_center.plugins.module_utils.state_writer import Writer

NAME = "20260131T235959Z"
FILES = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d/e", "d/f"]),
    st.tuples(st.binary(max_size=40), st.sampled_from([0o600, 0o640, 0o644])),
)


class WithoutSelinux:
    """What the writer needs of a module."""

    @staticmethod
    def selinux_enabled():
        return False


def plant(root, tree):
    for name, (content, mode) in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(mode)


def content_of(root):
    return {
        str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mode & 0o777)
        for path in root.rglob("*")
        if path.is_file() and not path.name.endswith("~")
    }


@settings(max_examples=60, deadline=None)
@given(FILES, FILES, st.sets(st.sampled_from(["a", "b", "c", "d/e", "d/f"])))
def test_whatever_was_broken_everything_of_the_set_is_back_and_nothing_else_changed(tree, written, removed):
    scratch = Path(tempfile.mkdtemp())
    try:
        root, host = scratch / "root", Host(run=lambda _argv: (0, "", ""))
        (root / "d").mkdir(parents=True)
        plant(root, tree)
        wanted = [Wanted(str(root), tree=True)]
        store = backup.Store(str(scratch / "sets"))
        store.add(NAME, "kafka", backup.collect(host, wanted, store.directory)[0])
        before = content_of(root)
        plant(root, written)
        for name in removed:
            (root / name).unlink(missing_ok=True)
        strangers = {name: value for name, value in content_of(root).items() if name not in before}

        manifest, contents = store.verified(NAME, "kafka")
        left = backup.left_alone(host, wanted, manifest["entries"], store.directory)
        changes = backup.plan_restore(host, manifest["entries"], contents)
        writer = Writer(WithoutSelinux())
        for change in changes:
            writer.write(change)

        assert content_of(root) == {**strangers, **before}
        assert {str(Path(path).relative_to(root)) for path in left} == set(strangers)
        assert backup.plan_restore(host, manifest["entries"], contents) == []
    finally:
        shutil.rmtree(scratch)


@given(
    st.lists(st.tuples(st.integers(1, 30), st.booleans()), unique_by=lambda one: one[0]), st.integers(1, 5), st.integers(1, 30)
)
def test_what_expires_is_complete_old_and_not_protected(days, keep, protected):
    sets = [Set(f"202601{day:02d}T000000Z", complete, ()) for day, complete in days]
    removed = backup.expired(sets, keep, [f"202601{protected:02d}T000000Z"])
    whole = sorted(one.name for one in sets if one.complete)
    assert set(removed) <= set(whole[: max(len(whole) - keep, 0)])
    assert not set(removed) & set(whole[-keep:])
    assert f"202601{protected:02d}T000000Z" not in removed
    assert len(whole) - len(removed) <= keep + 1


def test_sets_are_never_taken_into_a_set(tmp_path):
    (tmp_path / "backups" / "old").mkdir(parents=True)
    (tmp_path / "kept").write_text("x")
    entries, _missing = backup.collect(
        Host(run=lambda _argv: (0, "", "")), [Wanted(str(tmp_path), tree=True)], str(tmp_path / "backups")
    )
    assert [entry.path for entry in entries] == [str(tmp_path), str(tmp_path / "kept")]


def test_a_link_that_stands_for_its_file_is_kept_as_the_file(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to("file")
    host = Host(run=lambda _argv: (0, "", ""))
    (followed,), _missing = backup.collect(host, [Wanted(str(tmp_path / "link"), follow=True)], "/none")
    (link,), _missing = backup.collect(host, [Wanted(str(tmp_path / "link"))], "/none")
    assert (followed.kind, followed.content, link.kind, link.target) == ("file", b"x", "link", "file")
