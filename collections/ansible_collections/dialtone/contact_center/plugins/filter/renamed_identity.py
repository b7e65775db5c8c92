# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter renamed_identity."""

from __future__ import annotations

DOCUMENTATION = r"""
name: renamed_identity
short_description: A text with present names in place of former ones
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - Puts the present name or address of a host in the place of each former one that stands as a whole word, in its form - an
    address for an address, a short name for a short name, an FQDN for an FQDN (POM-ID-01).
options:
  _input:
    description: The text.
    type: str
    required: true
  renamed:
    description: Hosts with C(former) names and addresses, C(fqdn) and C(address).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what becomes of a line
  ansible.builtin.debug:
    msg: "{{ '192.0.2.12 epm2' | dialtone.contact_center.renamed_identity(site_model.identities.renamed) }}"
"""

RETURN = r"""
_value:
  description: The text with present names.
  type: str
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.module_utils.identity_search import Renaming


def renamed_identity(text: str, renamed: Iterable[Mapping[str, Any]]) -> str:
    for host in renamed:
        text = Renaming.of(host["former"], host["fqdn"], host["address"]).renamed(text)
    return text


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"renamed_identity": renamed_identity}
