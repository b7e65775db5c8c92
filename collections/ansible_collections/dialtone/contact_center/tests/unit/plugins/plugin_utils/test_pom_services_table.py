# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.pom_services_table import table


def service(name, unit, state, expected, well=True, role_observed=True):
    return {"service": name, "unit": unit, "state": state, "expected": expected, "well": well, "role_observed": role_observed}


def test_one_line_a_service_and_server():
    answers = [
        (
            "epm2",
            {"facts": {"services": [service("Campaign Director", "cmpdir", "RUNNING", ["MASTER", "DORMANT"], True, False)]}},
        ),
        ("epm1", {"facts": {"services": [service("Agent Manager", "agtmgr", "STOPPED", ["MASTER"], well=False)]}}),
        ("epm3", {"reason": "systemd knows none of POM's services"}),
    ]
    assert table(answers) == [
        "HOST  SERVICE            UNIT    STATE    SHOULD BE",
        "epm1  Agent Manager      agtmgr  STOPPED  MASTER             WRONG",
        "epm2  Campaign Director  cmpdir  RUNNING  MASTER or DORMANT",
        "epm2: whether it is master of Campaign Director is not observable; running is taken for right",
        "epm3: systemd knows none of POM's services",
    ]


def test_nothing_to_show():
    assert table([]) == []
