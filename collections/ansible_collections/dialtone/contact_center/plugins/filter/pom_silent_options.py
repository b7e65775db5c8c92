# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter pom_silent_options."""

from __future__ import annotations

DOCUMENTATION = r"""
name: pom_silent_options
short_description: The file of options of a silent installation of POM
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - What C(installPOM -s -f) reads (POM-INST-09 to POM-INST-11, POM-AUX-03). It holds the password of the certificate.
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
  certificate_password:
    description: Password of the file.
    type: str
    default: ''
"""

EXAMPLES = r"""
- name: Write the options
  ansible.builtin.copy:
    dest: /var/lib/dialtone/pom/install.conf
    content: "{{ 'auxiliary' | dialtone.contact_center.pom_silent_options(path, ['pomserver'], '192.0.2.11:80', '') }}"
    mode: '0600'
"""

RETURN = r"""
_value:
  description: The content of the file.
  type: str
"""

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.pom_answers import silent_options


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"pom_silent_options": silent_options}
