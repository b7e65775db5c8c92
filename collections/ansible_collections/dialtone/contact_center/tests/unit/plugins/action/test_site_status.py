# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.dialtone.contact_center.plugins.action.site_status import ActionModule
from ansible_collections.dialtone.contact_center.tests.unit.plugins.plugin_utils.example_site import (
    ADDRESSES,
    broken,
    healthy,
    model,
)


def variables(answers, variable="site_observed"):
    return {
        "ansible_play_hosts_all": [*ADDRESSES, "localhost"],
        "hostvars": {host: {variable: answer} for host, answer in answers.items() if answer is not None},
    }


@pytest.fixture
def asked(run_action, tmp_path):
    def ask(answers, **options):
        return run_action(
            "site_status",
            {"model": model(), "build_directory": str(tmp_path), **options},
            variables(answers, options.get("results_variable", "site_observed")),
        )

    return ask


def test_documented_options_are_those_it_takes(documented):
    assert documented("site_status") == ActionModule.ARGUMENTS


def test_a_site_as_described_is_no_failure_and_stays_readable(asked, tmp_path):
    result, said = asked(healthy())
    assert (result["failed"], result["changed"], result["exit_code"], result["state"]) == (False, False, 0, "ok")
    stored = json.loads((tmp_path / "main" / "status.json").read_text(encoding="utf-8"))
    assert {row["host"] for row in stored["rows"]} >= set(ADDRESSES) - {"app1", "cms2"}
    assert (tmp_path / "main" / "status.html").is_file()
    assert f"Written: {tmp_path / 'main' / 'status.json'}" in said.text


@pytest.mark.parametrize(("fail_on", "failed"), [("never", False), ("fail", False), ("warn", True)])
def test_a_host_that_did_not_answer_is_named_and_fails_who_asks_for_that(asked, fail_on, failed):
    result, said = asked({**healthy(), "kafka3": None}, fail_on=fail_on)
    assert result["failed"] is failed
    assert result["exit_code"] != 0
    assert "kafka3" in said.text


@pytest.mark.parametrize(("fail_on", "failed"), [("never", False), ("fail", True), ("warn", True)])
def test_what_is_broken_fails_unless_nothing_is_to_fail(asked, fail_on, failed):
    assert asked(broken(), fail_on=fail_on)[0]["failed"] is failed


def test_answers_are_read_from_the_variable_that_is_named(asked):
    assert asked(healthy(), results_variable="mine")[0]["failed"] is False


def test_a_word_that_is_no_state_is_refused_with_those_that_are(asked):
    with pytest.raises(AnsibleActionFail, match="value of fail_on must be one of"):
        asked(healthy(), fail_on="always")
