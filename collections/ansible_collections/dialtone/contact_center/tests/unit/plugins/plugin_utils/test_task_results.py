# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What of a task's result is kept."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import task_results as results

CANARY = "c4n4ry"
CENSORED = {"censored": "hidden", "msg": CANARY, "stderr": CANARY, "log_lines": [CANARY], "next_step": CANARY, "changed": True}


def everything_kept(result: dict) -> str:
    kept = [
        results.message_of(result),
        results.log_of(result),
        results.next_step_of(result),
        results.changes_of(result),
        results.items_of(result),
    ]
    return json.dumps(kept)


@pytest.mark.parametrize("mark", [{"censored": "hidden"}, {"_ansible_no_log": True}])
def test_nothing_of_a_task_with_no_log_is_kept(mark):
    result = {
        **mark,
        "failed": True,
        "msg": CANARY,
        "stderr_lines": [CANARY],
        "log": CANARY,
        "next_step": CANARY,
        "changes": [{"path": CANARY, "reasons": [CANARY]}],
    }
    assert CANARY not in everything_kept(result)
    assert results.message_of(result) == "its result is hidden (no_log)"


def test_nothing_of_a_censored_item_is_kept():
    items = [
        {**CENSORED, "failed": True, "item": CANARY},
        {"failed": True, "msg": "no space", "item": "pkg", "stderr_lines": ["full"]},
    ]
    result = {"results": items, "msg": "One or more items failed"}
    assert CANARY not in everything_kept(result)
    assert results.message_of(result) == "its result is hidden (no_log)\nno space"
    assert results.log_of(result) == ("full",)
    assert results.items_of(result) == ("pkg",)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["msg", "results", "changes", "log", "stderr_lines", "item", "failed", "changed", "next_step"]), inner
), max_leaves=20))  # fmt: skip
def test_no_shape_of_a_result_breaks_the_record(value):
    result = value if isinstance(value, dict) else {"msg": value, "results": value, "changes": value, "log_lines": value}
    everything_kept(result)
    assert results.message_of(result)


def test_items_that_failed_say_why_and_say_the_same_once():
    items = [{"failed": True, "msg": "no space"}, {"msg": "written"}, {"failed": True, "msg": "no space"}]
    assert results.message_of({"results": items, "msg": "One or more items failed"}) == "no space"


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ({"msg": "  broker 3 is not in sync \n"}, "broker 3 is not in sync"),
        ({"msg": ["one", "two"]}, '["one", "two"]'),
        ({"rc": 1}, "no reason was given"),
    ],
)
def test_message(result, message):
    assert results.message_of(result) == message


def test_log_is_what_the_module_read_before_what_the_program_wrote():
    result = {"log_lines": ["a", "", "b "], "stderr_lines": ["c"], "stdout_lines": ["d"]}
    assert results.log_of(result) == ("a", "b")
    del result["log_lines"]
    assert results.log_of(result) == ("c",)
    assert results.log_of({"module_stderr": "\n".join(map(str, range(100)))}) == tuple(map(str, range(80, 100)))


def test_changes_are_kept_in_the_words_that_a_module_made_public():
    changes = [{"kind": "file", "path": "/etc/a", "reasons": ["mode"], "content": CANARY}, "user kafka", 7]
    assert results.changes_of({"changes": changes}) == ({"kind": "file", "path": "/etc/a", "reasons": ["mode"]}, "user kafka")


def test_labels_are_of_items_that_changed_and_are_text():
    items = [
        {"changed": True, "item": "openjdk"},
        {"changed": True, "item": {"password": CANARY}},
        {"changed": True, "item": {"password": CANARY}, "_ansible_item_label": "user kafka"},
        {"item": "there already"},
    ]
    assert results.items_of({"results": items}) == ("openjdk", "user kafka")


@pytest.mark.parametrize(
    ("action", "result", "arguments", "units"),
    [
        ("ansible.builtin.systemd_service", {"name": "kafka.service", "changed": True}, {"state": "restarted"}, ("kafka",)),
        ("systemd", {"changed": True, "invocation": {"module_args": {"state": "restarted", "name": "kafka"}}}, {}, ("kafka",)),
        ("ansible.builtin.systemd_service", {"name": "kafka", "changed": True}, {"state": "started"}, ()),
        ("ansible.builtin.systemd_service", {"name": "kafka", "changed": False}, {"state": "restarted"}, ()),
        ("ansible.builtin.copy", {"name": "kafka", "changed": True}, {"state": "restarted"}, ()),
        ("dialtone.contact_center.anything", {"changed": True, "restarted": ["a", "b"]}, {}, ("a", "b")),
    ],
)
def test_restarted_units(action, result, arguments, units):
    assert results.restarted_by(action, result, arguments) == units
