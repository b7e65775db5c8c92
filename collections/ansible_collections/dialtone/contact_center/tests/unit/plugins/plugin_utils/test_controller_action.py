# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.controller_action import asked_hosts, model_of

MODEL = {"site": "main", "hosts": {"epm1": {}, "kafka3": {}}}


def test_model_is_handed_on():
    assert model_of({"model": MODEL}) == MODEL


@pytest.mark.parametrize("model", [{}, {"site": "main", "hosts": {}}])
def test_a_model_without_hosts_is_refused_with_who_makes_it(model):
    with pytest.raises(AnsibleActionFail, match=r"site_model, which playbooks/validate\.yml sets"):
        model_of({"model": model})


def test_hosts_of_another_site_are_not_asked():
    assert asked_hosts({"ansible_play_hosts_all": ["kafka3", "localhost", "epm1"]}, MODEL) == ["kafka3", "epm1"]
    assert asked_hosts({}, MODEL) == []
