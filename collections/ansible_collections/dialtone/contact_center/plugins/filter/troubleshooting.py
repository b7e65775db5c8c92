# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter troubleshooting."""

from __future__ import annotations

DOCUMENTATION = r"""
name: troubleshooting
short_description: Cause and remedy of what a vendor program printed
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - Looks for the known words of failure in a text, such as the output of a program or the end of a log, and tells what each means
    and what to do (POM-TROUBLE-01 to POM-TROUBLE-18, C(dialogues/troubleshooting.yml)).
  - A general entry is told only where nothing more precise was found.
options:
  _input:
    description: The text.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Verify | Explain why the service did not start
  ansible.builtin.fail:
    msg: "{{ (log_lines | join('\n') | dialtone.contact_center.troubleshooting) | map(attribute='remedy') | join(' ') }}"
"""

RETURN = r"""
_value:
  description: What was found, in the order of the file; empty where the text tells nothing that is known.
  type: list
  elements: dict
  sample:
    - id: POM-TROUBLE-09
      about: The port of the database server is not a port
      cause: To the port 99999 no connection can be made.
      remedy: "Set pom_database_port to the port of the server: a whole number up to 65535."
      captured: {port: "99999"}
"""

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.troubleshooting import explain


def troubleshooting(text: str) -> list[dict[str, Any]]:
    """explain, as a filter."""
    return explain(str(text))


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"troubleshooting": troubleshooting}
