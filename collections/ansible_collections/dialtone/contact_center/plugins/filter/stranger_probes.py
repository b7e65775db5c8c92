# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter stranger_probes."""

from __future__ import annotations

DOCUMENTATION = r"""
name: stranger_probes
short_description: Probes for what the services of a host must refuse
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - Takes the probes of a host from the site model, and gives those that prove the opposite.
  - For each ZooKeeper server and each broker, a client without a certificate is refused, and no listener without TLS is open.
options:
  _input:
    description: Probes of one host, as in C(site_model.hosts.<host>.probes).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Verify that strangers are refused
  dialtone.contact_center.node_probe:
    probes: "{{ site_model.hosts[inventory_hostname].probes | dialtone.contact_center.stranger_probes }}"
    identity:
      ca: /etc/dialtone/tls/ca.crt
    fail: true
"""

RETURN = r"""
_value:
  description: Probes for M(dialtone.contact_center.node_probe), an empty list where the host carries neither service.
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.stranger_probes import stranger_probes


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"stranger_probes": stranger_probes}
