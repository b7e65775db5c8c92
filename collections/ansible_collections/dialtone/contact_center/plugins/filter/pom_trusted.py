# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter pom_trusted."""

from __future__ import annotations

DOCUMENTATION = r"""
name: pom_trusted
short_description: Certificates that POM trusts, with the contents of those that lie on the controller
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - Puts the input of the role C(pom_server) and the results of M(ansible.builtin.slurp) together, for
    M(dialtone.contact_center.pom_server_info).
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
  read:
    description: Results of slurp, each with the certificate as C(item).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what POM has to trust
  ansible.builtin.debug:
    msg: "{{ pom_server_trusted | dialtone.contact_center.pom_trusted('/etc/dialtone/tls/ca.crt', slurped.results) }}"
"""

RETURN = r"""
_value:
  description: The certificates, each with C(alias), and C(path) or C(content).
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.pom_answers import trusted_contents


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"pom_trusted": trusted_contents}
