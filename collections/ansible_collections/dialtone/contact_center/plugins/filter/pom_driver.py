# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter pom_driver."""

from __future__ import annotations

DOCUMENTATION = r"""
name: pom_driver
short_description: A JDBC driver with its name on the host
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - A browser may have called the jar C(.zip), and the vendor's program wants C(.jar) (POM-DB-16, POM-DB-17).
options:
  _input:
    description: The driver, with C(engine), C(path) and C(sha256).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the drivers
  ansible.builtin.debug:
    msg: "{{ pom_server_drivers | map('dialtone.contact_center.pom_driver') | list }}"
"""

RETURN = r"""
_value:
  description: The driver, with C(name) too.
  type: dict
"""

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.pom_answers import driver


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"pom_driver": driver}
