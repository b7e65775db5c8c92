# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter pom_database_answers."""

from __future__ import annotations

DOCUMENTATION = r"""
name: pom_database_answers
short_description: What installDB.sh is answered
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - Answers to the dialogues C(installDB) and C(installDB_geo), without the password (POM-DB-12, T-024).
options:
  _input:
    description:
      - The database - C(engine), C(type), C(geo), C(host), C(port), C(name), C(user), C(secured), C(mssql_authentication),
        C(oracle_connect).
    type: dict
    required: true
  mode:
    description: Contact-centre mode.
    type: str
    required: true
  create_schema:
    description: Whether the schema is created. Never where one exists.
    type: bool
    required: true
"""

EXAMPLES = r"""
- name: Show what installDB.sh is answered
  ansible.builtin.debug:
    msg: "{{ pom_server_database | dialtone.contact_center.pom_database_answers('CCElite', true) }}"
"""

RETURN = r"""
_value:
  description: The answers by name.
  type: dict
"""

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.pom_answers import database_answers


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"pom_database_answers": database_answers}
