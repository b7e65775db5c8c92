# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter pom_install_answers."""

from __future__ import annotations

DOCUMENTATION = r"""
name: pom_install_answers
short_description: What installPOM is answered
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - Answers to the dialogues C(installPOM_primary) and C(installPOM_auxiliary), without the password of the certificate
    (POM-INST-02 to POM-INST-06, POM-AUX-02).
options:
  _input:
    description: Kind of the server, V(primary) or V(auxiliary).
    type: str
    required: true
  install_path:
    description: Installation path.
    type: str
    required: true
  packages:
    description: Packages that are installed.
    type: list
    elements: str
    required: true
  primary:
    description: Address and port of the primary, with a colon between them.
    type: str
    required: true
  certificate_path:
    description: PKCS#12 file that is imported. Empty - the installer makes a certificate.
    type: str
    required: true
  overwrite:
    description: Consent to an existing directory.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show what the installer is answered
  ansible.builtin.debug:
    msg: "{{ 'primary' | dialtone.contact_center.pom_install_answers(path, ['vpmsplugin', 'pomserver'], '192.0.2.11:80', '') }}"
"""

RETURN = r"""
_value:
  description: The answers by name.
  type: dict
"""

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.pom_answers import install_answers


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"pom_install_answers": install_answers}
