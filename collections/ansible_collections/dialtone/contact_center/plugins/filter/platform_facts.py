# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter platform_facts."""

from __future__ import annotations

DOCUMENTATION = r"""
name: platform_facts
short_description: What the preflight's raw command tells of a host
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - Turns the lines that the preflight prints into the table entry of the host's operating system, with the Python interpreter to
    use.
  - Refuses a host without a Python that Ansible can use, and names the package that brings one.
options:
  _input:
    description: Standard output of the preflight's command.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Preflight | Know the platform
  ansible.builtin.set_fact:
    site_platform: "{{ probe.stdout | dialtone.contact_center.platform_facts }}"
"""

RETURN = r"""
_value:
  description: Package names, paths, unit names, interpreter, memory.
  type: dict
"""

from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.platforms import PlatformError, platform_facts


def wrapped(text: str) -> dict[str, Any]:
    """platform_facts with the filter's own error."""
    try:
        return platform_facts(str(text))
    except PlatformError as error:
        raise AnsibleFilterError(f"this host cannot be managed: {error}") from error


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"platform_facts": wrapped}
