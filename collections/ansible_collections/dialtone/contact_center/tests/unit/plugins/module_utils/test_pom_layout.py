# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_layout import PomLayout, is_safe_home


def test_documented_paths():
    layout = PomLayout()
    assert layout.home == "/opt/Avaya/avpom/POManager"
    assert layout.install_path == "/opt/Avaya/avpom"
    assert layout.keystore == "/opt/Avaya/avpom/POManager/config/pomKeyStore"
    assert layout.database_log == "/opt/Avaya/avpom/POManager/logs/installDB.log"


@pytest.mark.parametrize("path", ["/opt/Avaya/avpom/POManager", "/pom/POManager"])
def test_a_pom_home_may_be_removed(path):
    assert is_safe_home(path)


NOT_REMOVABLE = [
    "",
    "/",
    "POManager",
    "opt/POManager",
    "/POManager",
    "/opt/Avaya/avpom",
    "/opt/../POManager",
    "/opt/POManager/",
    "//opt/POManager",
    "/opt/./POManager",
    "/opt/pomanager",
    "/opt/Avaya/avpom/POManager/..",
    "/opt/Avaya/POManagerX",
]


@pytest.mark.parametrize("path", NOT_REMOVABLE)
def test_nothing_else_may_be_removed(path):
    assert not is_safe_home(path)


@given(st.text(alphabet="/.aP", max_size=12))
def test_nothing_short_of_the_name_is_safe(path):
    assert not is_safe_home(path)
