# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest

from ansible_collections.dialtone.contact_center.plugins.module_utils.host_state import APPLIED_KINDS, OBSERVED_KINDS
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.desired_state import KINDS, DesiredStateError, checked


@pytest.mark.parametrize(
    ("desired", "message"),
    [
        pytest.param({"files": []}, r"unknown kind files \(did you mean file\?\)", id="kind"),
        pytest.param({"file": {}}, "file is a dict, must be a list", id="not a list"),
        pytest.param(
            {"file": [{"path": "/a", "content": "", "onwer": "x"}]}, r"unknown word onwer \(did you mean owner\?\)", id="word"
        ),
        pytest.param({"file": [{"path": "/a"}]}, "exactly one of content and template", id="no content"),
        pytest.param(
            {"file": [{"path": "/a", "content": "", "template": "b"}]}, "exactly one of content and template", id="both"
        ),
        pytest.param({"directory": [{"path": "a"}]}, "path a must be absolute", id="relative"),
        pytest.param({"link": [{"path": "/a"}]}, "target is missing", id="missing"),
        pytest.param({"properties": [{"path": "/a", "values": {"b": 1}, "owned": "all"}]}, "owned is 'all'", id="choice"),
        pytest.param(
            {"file": [{"path": "/a", "content": ""}], "link": [{"path": "/a", "target": "b"}]}, "kept twice", id="twice"
        ),
    ],
)
def test_a_slip_of_a_role_is_refused_before_a_host_is_touched(desired, message):
    with pytest.raises(DesiredStateError, match=message):
        checked(desired)


def test_the_two_sides_know_the_same_kinds():
    assert set(KINDS) == {*APPLIED_KINDS, *OBSERVED_KINDS}


def test_two_blocks_of_one_file_are_two_items():
    blocks = [{"path": "/etc/hosts", "name": name, "content": "x"} for name in ("A", "B")]
    assert len(checked({"block": blocks})["block"]) == 2
