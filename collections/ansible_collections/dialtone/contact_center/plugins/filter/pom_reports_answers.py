# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter pom_reports_answers."""

from __future__ import annotations

DOCUMENTATION = r"""
name: pom_reports_answers
short_description: What installDB.sh is answered for the database of the reports
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - Answers to the dialogue C(installDB_reports), without the password (POM-DB-15).
options:
  _input:
    description: The database, as of P(dialtone.contact_center.pom_database_answers#filter).
    type: dict
    required: true
  mode:
    description: Contact-centre mode.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show what installDB.sh is answered
  ansible.builtin.debug:
    msg: "{{ pom_server_reports | dialtone.contact_center.pom_reports_answers('CCElite') }}"
"""

RETURN = r"""
_value:
  description: The answers by name.
  type: dict
"""

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.pom_answers import reports_answers


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"pom_reports_answers": reports_answers}
