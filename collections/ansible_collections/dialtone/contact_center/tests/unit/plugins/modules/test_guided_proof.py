# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import hashlib

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils.lease import LeaseFile
from ansible_collections.dialtone.contact_center.plugins.module_utils.ledger import Ledger
from ansible_collections.dialtone.contact_center.plugins.modules import guided_proof

from ..module_utils.test_java_keystore import store
from ..module_utils.test_ledger import record


def step(name, console, kind, **proof):
    return {"id": name, "console": console, "proof": {"kind": kind, **proof}, "presented_at": {}}


@pytest.fixture
def look(run_module, tmp_path):
    def looked(*steps, **more):
        words = {"steps": list(steps), "host": "epm1", "ledger_directory": str(tmp_path / "ledger")}
        return run_module(guided_proof, {**words, **more})

    return looked


def test_only_proofs_of_this_host_are_looked_at(look, tmp_path):
    absent = {"store": str(tmp_path / "absent"), "host": "127.0.0.1", "port": 1}
    answer = look(
        step("mine", "epm1", "trusted_certificate", **absent),
        step("of another console", "epm3", "trusted_certificate", **absent),
        step("by word", "epm1", "record"),
    )
    assert list(answer["proofs"]) == ["mine"]
    assert answer["changed"] is False


def test_the_ledger_and_the_certificate_of_the_host_are_told(look, tmp_path):
    Ledger(str(tmp_path / "ledger")).write([record()])
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "pomKeyStore").write_bytes(store("changeit", {"pomservercert": [b"own"]}, {}))
    answer = look(pom_home=str(tmp_path), keystore_password="changeit")
    assert answer["records"] == {"outcall_user.epm1": record()}
    assert answer["fingerprint"] == hashlib.sha256(b"own").hexdigest()
    assert look()["fingerprint"] == ""


def test_only_certificates_that_steps_of_this_console_hand_over_are_looked_at(look, monkeypatch):
    monkeypatch.setattr(guided_proof.guided_proof, "presented_fingerprint", lambda place: place["host"])
    presenting = {"presented_at": {"host": "app1", "port": 7443}}
    answer = look(
        step("mine", "epm1", "record") | presenting,
        step("of another console", "epm3", "record") | presenting,
        step("of nothing that presents", "epm1", "record"),
    )
    assert answer["presented"] == {"mine": "app1"}


def test_a_waiting_run_renews_its_lease_and_learns_when_it_is_lost(look, tmp_path, monkeypatch):
    directory = str(tmp_path / "leases")

    def renew(site, data_center, run):
        return LeaseFile(site, data_center, directory).renew(run)["outcome"] == "renewed"

    monkeypatch.setattr(guided_proof.lease, "renew", renew)
    held = LeaseFile("main", "dc1", directory)
    fact = {"site": "main", "data_center": "dc1", "run": "run-a"}
    held.acquire("run-a", {"user": "eva"}, 1800)
    assert look(lease=fact)["lease"] is True
    held.acquire("run-b", {"user": "tom"}, 1800, displace="run-a")
    assert look(lease=fact)["lease"] is False
    assert look()["lease"] is True


def test_a_ledger_that_cannot_be_read_is_named_with_what_helps(look, tmp_path):
    (tmp_path / "ledger").write_text("a file")
    failed = look()
    assert failed["failed"] is True
    assert "become: true" in failed["msg"]
