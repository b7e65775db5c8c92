#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only: the action plugin of the same name does the work on the controller.
from __future__ import annotations

DOCUMENTATION = r"""
module: controller_files
short_description: Refuse a run whose files on the controller are missing or are not the declared ones
version_added: 0.1.0
author: [Dialtone maintainers (@dialtone)]
description:
  - Looks at the files that a role is about to bring to a host, before anything is changed there, and tells everything that is
    wrong with all of them at once.
  - A file is found as M(ansible.builtin.copy) finds its source, and decrypted like there where ansible-vault encrypted it.
  - A delivered PKCS#12 file is opened. Its key, its certificate's validity, names, purposes and chain are judged
    (POM-CERT-02, POM-CERT-03, POM-CERT-06).
  - Runs on the controller and contacts no host.
options:
  files:
    description: What the host is about to need.
    type: list
    elements: dict
    required: true
    suboptions:
      word:
        description: The variable that names the file. Its checksum is the variable of the same name with C(_sha256) behind it.
        type: str
        required: true
      path:
        description: The file, absolute, or as it stands in C(files) beside the playbooks.
        type: str
        required: true
      sha256:
        description: Its declared SHA-256. Empty where none is declared.
        type: str
        default: ''
      needed:
        description: Whether the host needs it. Where it does not, the file is not looked at.
        type: bool
        default: true
      identity:
        description: Given for a PKCS#12 file that a server is to work with.
        type: dict
        suboptions:
          password:
            description: Its password.
            type: str
            required: true
          names:
            description: Names and addresses that its certificate has to carry.
            type: list
            elements: str
            default: []
extends_documentation_fragment: dialtone.contact_center.controller
"""

EXAMPLES = r"""
- name: Preflight | Look at the files that the installation needs
  dialtone.contact_center.controller_files:
    files:
      - word: pom_server_media_iso
        path: /srv/media/pom.iso
        sha256: 3b1f6e8b0a1d6ad3a1f0b8f64a1a5e1c7f8d9b0e2c4a6f8091b3d5f7a9c1e3f5
      - word: certificates_pkcs12
        path: files/epm1.p12
        identity:
          password: "{{ certificates_pkcs12_password }}"
          names: [epm1.dc1.example.com]
"""

RETURN = ""
