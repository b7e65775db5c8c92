# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter pom_certificate_files."""

from __future__ import annotations

DOCUMENTATION = r"""
name: pom_certificate_files
short_description: Certificates that POM trusts, as files of the host
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - Names the file of each certificate on the host, for the vendor's program that imports it (POM-CERT-12).
options:
  _input:
    description: Certificates that lie on the controller, with C(alias) and C(path).
    type: list
    elements: dict
    required: true
  ca_path:
    description: The certificate of the site's authority on the host.
    type: str
    required: true
  directory:
    description: Directory on the host that the others are copied to.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show the files
  ansible.builtin.debug:
    msg: "{{ pom_server_trusted | dialtone.contact_center.pom_certificate_files(pom_server_ca_path, '/var/lib/dialtone/pom') }}"
"""

RETURN = r"""
_value:
  description: The certificates, each with C(alias) and C(file).
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.pom_answers import certificate_files


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"pom_certificate_files": certificate_files}
