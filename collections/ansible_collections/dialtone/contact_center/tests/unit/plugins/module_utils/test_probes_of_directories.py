# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
from contextlib import contextmanager

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils import libnfs, nfs_mounts, pom_directories, probes
from ansible_collections.dialtone.contact_center.plugins.module_utils.probes import Context, check_probes, observe
from ansible_collections.dialtone.contact_center.plugins.module_utils.tls_client import Identity

PATH, EXPORT = "/opt/Avaya/avpom/POManager/archive", "db1:/srv/pom/archive"
MOUNT = {"id": "m", "kind": "nfs_mount", "path": PATH, "export": EXPORT, "mounted": True}


@pytest.fixture
def see(monkeypatch):
    """The probe's observation on a host with this mount (source and type), and a kernel with or without a client."""
    monkeypatch.setattr(nfs_mounts, "addresses_of", lambda server: [])

    def observed(mount=None, client=True, answers=True, **probe):
        def run(argv):
            if argv[0] == "findmnt":
                source, fstype = mount or ("/dev/sda", "ext4")
                rows = [{"target": PATH if mount else "/", "source": source, "fstype": fstype, "options": "rw"}]
                return 0, json.dumps({"filesystems": rows}), ""
            assert argv[:2] == ["timeout", "10"]
            return (0 if answers else 124), "", ""

        monkeypatch.setattr(nfs_mounts, "has_nfs_client", lambda run: client)
        return observe({**MOUNT, **probe}, Context(Identity(ca="ca.crt"), run))

    return observed


def test_a_mount_of_the_export_is_right(see):
    seen = see((EXPORT, "nfs4"))
    assert (seen.ok, seen.state) == (True, "mounted")


@pytest.mark.parametrize("mount", [("db1:/srv/pom/public", "nfs4"), ("/dev/sda1[/archive]", "ext4")])
@pytest.mark.parametrize("mounted", [True, False])
def test_another_source_is_wrong_whoever_mounts(see, mount, mounted):
    seen = see(mount, mounted=mounted)
    assert (seen.ok, seen.state) == (False, "other_source")
    assert mount[0] in seen.reason


def test_a_server_that_is_away_is_told_and_not_waited_for(see):
    seen = see((EXPORT, "nfs4"), answers=False)
    assert (seen.ok, seen.state) == (False, "no_answer")


@pytest.mark.parametrize(("client", "mounted"), [(True, True), (True, False), (False, True)])
def test_nothing_mounted_is_wrong_where_it_could_or_should_be(see, client, mounted):
    assert see(client=client, mounted=mounted).state == "not_mounted"


@pytest.fixture
def library(monkeypatch):
    def answer(failure=None):
        class Export:
            def writable(self):
                if failure:
                    raise libnfs.NfsError(failure)

        @contextmanager
        def opened(library, export, uid, gid):
            assert (export, uid, gid) == (EXPORT, 996, 995)
            yield Export()

        monkeypatch.setattr(libnfs, "opened", opened)
        monkeypatch.setattr(pom_directories, "account_of", lambda: pom_directories.Account(996, 995))
        return probes.ask_export(EXPORT, load=object)

    return answer


def test_past_a_kernel_without_a_client_the_export_is_asked(see, library, monkeypatch):
    assert (library().ok, library().state) == (True, "served")
    monkeypatch.setattr(probes, "ask_export", lambda export: probes.Observation(ok=True, state="served"))
    assert see(client=False, mounted=False).state == "served"


def test_an_export_that_does_not_let_pom_write_is_wrong(library):
    seen = library(f"{EXPORT} cannot be written by POM's account: NFS4ERR_ACCESS")
    assert (seen.ok, seen.state) == (False, "not_served")
    assert "NFS4ERR_ACCESS" in seen.reason


def test_what_cannot_be_asked_is_a_warning(monkeypatch):
    seen = probes.ask_export(EXPORT, load=lambda: None)
    assert seen.ok
    assert "no NFS client and no library libnfs" in seen.warning
    monkeypatch.setattr(pom_directories, "account_of", lambda: None)
    assert "no account avayavp" in probes.ask_export(EXPORT, load=object).warning


def test_the_tree_is_a_warning_and_never_a_failure(tmp_path):
    home = "/opt/Avaya/avpom/POManager"
    probe = {"id": "t", "kind": "pom_directories", "home": home, "directories": [f"{home}/public", f"{home}/archive"]}
    context = Context(Identity(ca="ca.crt"), lambda argv: (0, "", ""), root=str(tmp_path))
    assert observe(probe, context).state == "not_installed"
    (tmp_path / home.lstrip("/") / "bin").mkdir(parents=True)
    seen = observe(probe, context)
    assert (seen.ok, seen.state) == (True, "incomplete")
    assert f"missing: {home}/public, {home}/archive" in seen.warning
    assert seen.facts["missing"] == probe["directories"]


def test_both_kinds_can_be_asked():
    check_probes([MOUNT, {"id": "t", "kind": "pom_directories", "home": "/h", "directories": ["/h/a"]}], Identity(ca="ca.crt"))
