# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a rule is. The rules themselves stand in rules.py and rules_<area>.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import Finding
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.site import SiteView


@dataclass(frozen=True)
class Rule:
    """A check over the whole site."""

    name: str
    source: tuple[str, ...]
    check: Callable[[SiteView, Rule], Iterator[Finding]]
    never_waived: str = ""  # why site_waivers cannot set it aside; empty where a person may
