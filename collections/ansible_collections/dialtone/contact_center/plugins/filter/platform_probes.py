# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter platform_probes."""
from __future__ import annotations

DOCUMENTATION = r"""
name: platform_probes
short_description: The probes of the site model with the unit names of a host's operating system
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - The model names a product (C(postgresql)); the platform knows the unit (C(postgresql.service), or one unit a cluster).
options:
  _input:
    description: Probes of one host, from the site model.
    type: list
    elements: dict
    required: true
  platform:
    description: What P(dialtone.contact_center.platform_facts#filter) told of the host.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Status | Ask the services
  dialtone.contact_center.node_probe:
    probes: "{{ site_model.hosts[inventory_hostname].probes | dialtone.contact_center.platform_probes(site_platform) }}"
"""

RETURN = r"""
_value:
  description: The probes, those of kind V(unit) with the name that the unit has on the host.
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.platforms import platform_probes


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"platform_probes": platform_probes}
