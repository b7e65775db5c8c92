# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter renamed_properties."""

from __future__ import annotations

DOCUMENTATION = r"""
name: renamed_properties
short_description: Files of properties that name a host by a former name, as host_state writes them
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - For each file that holds a key with a former name or address of the host, an item of the kind C(properties) of
    M(dialtone.contact_center.host_state) that owns these keys alone (POM-ID-01, T-111).
options:
  _input:
    description: Results of M(ansible.builtin.slurp). A file that is not there has no content, and is passed over.
    type: list
    elements: dict
    required: true
  server:
    description: The host, with its C(former) names and addresses, C(fqdn) and C(address).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show which keys get another value
  ansible.builtin.debug:
    msg: "{{ files.results | dialtone.contact_center.renamed_properties(pom_server_identity) }}"
"""

RETURN = r"""
_value:
  description: One item a file.
  type: list
  elements: dict
"""

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.module_utils import properties
from ansible_collections.dialtone.contact_center.plugins.module_utils.identity_search import Renaming, renamed_properties

SECRET = re.compile(r"(?i)password|secret|credential")


def properties_items(read: Iterable[Mapping[str, Any]], server: Mapping[str, Any]) -> list[dict[str, Any]]:
    renaming = Renaming.of(server["former"], server["fqdn"], server["address"])
    items = []
    for result in read:
        text = base64.b64decode(result.get("content", "")).decode("utf-8", "replace")
        if values := renamed_properties(text, renaming):
            secrets = [key for key in properties.parse(text) if SECRET.search(key)]
            items.append({"path": result["item"], "owned": "keys", "values": values, "secret_keys": secrets})
    return items


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"renamed_properties": properties_items}
