# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter pom_database_parameters."""
from __future__ import annotations

DOCUMENTATION = r"""
name: pom_database_parameters
short_description: The PostgreSQL parameters of a POM database
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - Tells the server's parameters from its memory (POM-DB-21, POM-DB-22, T-019).
  - With 32 GB they are the documented ones. Above, C(shared_buffers) is 25% and C(effective_cache_size) 50% of the memory.
  - Below 32 GB the documents say nothing. The sizes are then in proportion, not below PostgreSQL's own defaults,
    and a warning says so.
positional: _input
options:
  _input:
    description: Memory of the server, in MB.
    type: int
    required: true
  port:
    description: Port that the server listens on.
    type: int
    required: true
  max_connections:
    description: Number of connections that the server accepts.
    type: int
    required: true
  password_encryption:
    description: Scheme for new passwords (T-023).
    type: str
    choices: [scram-sha-256, md5]
    required: true
  tls_certificate_path:
    description: Certificate of the server.
    type: str
    required: true
  tls_key_path:
    description: Key of the certificate.
    type: str
    required: true
  tls_ca_path:
    description: Certificate of the authority.
    type: str
    required: true
  parameters_override:
    description: Parameters that win over the ones told here. One that has a variable of its own is refused.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Show the memory that PostgreSQL gets on a server with 64 GB
  ansible.builtin.debug:
    msg: "{{ sizing.parameters.shared_buffers }}"  # 16GB; 6GB with 32768, 3GB with 16384, 128MB with 512
  vars:
    sizing: >-
      {{ 65536 | dialtone.contact_center.pom_database_parameters(port=5432, max_connections=200,
         password_encryption='scram-sha-256', tls_certificate_path='server.crt', tls_key_path='server.key',
         tls_ca_path='ca.crt') }}
"""

RETURN = r"""
_value:
  description: The parameters in the notation of C(postgresql.conf), and what a person should know about them.
  type: dict
  sample: {parameters: {shared_buffers: 6GB, work_mem: 8MB}, warnings: []}
"""

from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.pom_database import SizingError, parameters

REQUIRED = ("port", "max_connections", "password_encryption", "tls_certificate_path", "tls_key_path", "tls_ca_path")
KNOWN = (*REQUIRED, "parameters_override")


def pom_database_parameters(memory_mb: int, **words: Any) -> dict[str, Any]:
    unknown = sorted(set(words) - set(KNOWN))
    missing = [word for word in REQUIRED if word not in words]
    if unknown or missing:
        raise AnsibleFilterError(
            "dialtone.contact_center.pom_database_parameters: "
            f"unknown words: {', '.join(unknown) or 'none'}; missing words: {', '.join(missing) or 'none'}; "
            f"known: {', '.join(KNOWN)}"
        )
    try:
        sizing = parameters(memory_mb, words)
    except SizingError as error:
        raise AnsibleFilterError(f"dialtone.contact_center.pom_database_parameters: {error}") from error
    return {"parameters": dict(sizing.parameters), "warnings": list(sizing.warnings)}


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Any]:
        return {"pom_database_parameters": pom_database_parameters}
