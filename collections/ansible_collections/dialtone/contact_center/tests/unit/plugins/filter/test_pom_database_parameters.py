# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.dialtone.contact_center.plugins.filter.pom_database_parameters import FilterModule

WORDS = {
    "port": 5432,
    "max_connections": 200,
    "password_encryption": "md5",
    "tls_certificate_path": "c",
    "tls_key_path": "k",
    "tls_ca_path": "a",
}
APPLY = FilterModule().filters()["pom_database_parameters"]


def test_result():
    result = APPLY(512, **WORDS, parameters_override={"work_mem": "5MB"})
    assert result["parameters"]["work_mem"] == "5MB"
    assert len(result["warnings"]) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param({**WORDS, "prot": 1}, "unknown words: prot", id="misspelt"),
        pytest.param({"port": 5432}, "missing words: max_connections, password_encryption", id="missing"),
        pytest.param({**WORDS, "parameters_override": {"port": 1}}, "set pom_database_port instead", id="refused by the rules"),
    ],
)
def test_errors_begin_with_the_name_of_the_filter(words, message):
    with pytest.raises(AnsibleFilterError, match="^dialtone.contact_center.pom_database_parameters: .*" + message):
        APPLY(512, **words)
