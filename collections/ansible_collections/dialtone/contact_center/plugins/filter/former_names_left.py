# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter former_names_left."""

from __future__ import annotations

DOCUMENTATION = r"""
name: former_names_left
short_description: Where former names are left on the hosts of a site, in words
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - What a person reads who has to bring the last places in order (POM-ID-01). Empty where none is left.
options:
  _input:
    description: Of each host its name, and the C(hits) of M(dialtone.contact_center.identity_search).
    type: list
    elements: list
    required: true
"""

EXAMPLES = r"""
- name: Show what is left
  ansible.builtin.debug:
    msg: "{{ [['epm1', found.hits]] | dialtone.contact_center.former_names_left }}"
"""

RETURN = r"""
_value:
  description: The message.
  type: str
"""

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.identities import former_names_left


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"former_names_left": former_names_left}
