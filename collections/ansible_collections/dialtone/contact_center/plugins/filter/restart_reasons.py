# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter restart_reasons."""

from __future__ import annotations

DOCUMENTATION = r"""
name: restart_reasons
short_description: Why a node is restarted
version_added: 0.1.0
author: Dialtone maintainers (@dialtone)
description:
  - The decision that a run announces, and then acts on, from what the probe C(started_with) saw of the node.
  - What is stopped is not restarted, also where a restart of everything is asked for.
options:
  _input:
    description: The C(probes) of a result of M(dialtone.contact_center.node_probe).
    type: list
    elements: dict
    required: true
  restart_all:
    description: Whether a node is restarted that runs on what is on disk.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Restart | Know why the broker is restarted
  ansible.builtin.set_fact:
    reasons: "{{ probed.probes | dialtone.contact_center.restart_reasons(kafka_restart_all) }}"
"""

RETURN = r"""
_value:
  description: The reasons in words; empty where the node is not restarted.
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.announce import probed_reasons


def restart_reasons(probes: list[dict[str, Any]], restart_all: bool = False) -> list[str]:
    """probed_reasons, as a filter."""
    return probed_reasons(probes, bool(restart_all))


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"restart_reasons": restart_reasons}
