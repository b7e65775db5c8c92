# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.action.host_state import pack
from ansible_collections.dialtone.contact_center.plugins.modules.host_state_remote import unpack

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["file", "properties", "unit"]), st.lists(VALUES, max_size=3)))
def test_what_the_controller_packs_is_what_the_host_unpacks(desired):
    assert unpack(pack(desired)) == desired


def test_the_payload_shows_nothing_of_what_it_carries():
    payload = pack({"properties": [{"path": "/etc/x", "values": {"ssl.key.password": "hunter2-hunter2"}}]})
    assert "hunter2" not in payload
    assert "/etc/x" not in payload
