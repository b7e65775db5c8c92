# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter pom_services_table."""

from __future__ import annotations

DOCUMENTATION = r"""
name: pom_services_table
short_description: POM's services of every server as a table
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - One line a service and server, with its state and the states that are right; then what cannot be told.
options:
  _input:
    description: Pairs of a host's name and its result of the probe C(pom_service).
    type: list
    elements: list
    required: true
"""

EXAMPLES = r"""
- name: Say what POM answered
  ansible.builtin.debug:
    msg: "{{ [['epm1', probed.probes | first]] | dialtone.contact_center.pom_services_table }}"
"""

RETURN = r"""
_value:
  description: The lines.
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.pom_services_table import table


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"pom_services_table": table}
