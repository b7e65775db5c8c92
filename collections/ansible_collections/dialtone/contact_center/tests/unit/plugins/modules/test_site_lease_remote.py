# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest

from ansible_collections.dialtone.contact_center.plugins.modules import site_lease_remote


@pytest.fixture
def ask(run_module, tmp_path):
    def asked(request, run="run-a", **more):
        words = {"request": request, "site": "main", "data_center": "dc1", "run": run, "seconds": 1800}
        words |= {"holder": {"user": run}, "directory": str(tmp_path / "lib" / "leases")}
        return run_module(site_lease_remote, {**words, **more})

    return asked


def test_the_requests_of_two_runs(ask):
    assert ask("acquire")["outcome"] == "acquired"
    refused = ask("acquire", "run-b")
    assert (refused["outcome"], refused["other"]["holder"]) == ("held_by_another", {"user": "run-a"})
    assert refused.get("failed") is None, "an answer, not a failure"
    assert ask("renew")["outcome"] == "renewed"
    assert ask("acquire", "run-b", displace="run-a")["outcome"] == "taken_over"
    assert ask("renew")["outcome"] == "lost"
    assert ask("release")["outcome"] == "not_held"
    assert ask("release", "run-b")["outcome"] == "released"


def test_bookkeeping_is_no_change(ask):
    assert [ask(request)["changed"] for request in ("acquire", "renew", "release")] == [False, False, False]


def test_a_directory_that_cannot_be_made_is_named_with_what_helps(ask, tmp_path):
    (tmp_path / "lib").write_text("a file")
    failed = ask("acquire")
    assert failed["failed"] is True
    assert f"the lease of data center dc1 cannot be kept in {tmp_path}/lib/leases" in failed["msg"]
    assert "become: true" in failed["msg"]
