# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter gives what the function tells."""

from __future__ import annotations

from ansible_collections.dialtone.contact_center.plugins.filter.troubleshooting import FilterModule


def test_a_text_is_explained() -> None:
    troubleshooting = FilterModule().filters()["troubleshooting"]

    assert [told["id"] for told in troubleshooting("Invalid port number")] == ["POM-TROUBLE-09"]
    assert troubleshooting("SUCCESS") == []
