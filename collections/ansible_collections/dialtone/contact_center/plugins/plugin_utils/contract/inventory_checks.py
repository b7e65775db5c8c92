# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong with the inventory itself: its hosts, its groups, and files that belong to none of them."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import (
    NOWHERE,
    REFUSE,
    WARN,
    Finding,
    Location,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.layering import Layering, VarsFiles
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.positions import shown
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.site import HostView
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.spelling import nearest, slips_between
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import COMPONENTS

OWN_GROUPS = "dialtone_"


def unreadable_inventory(path: str, error: AnsibleError) -> Finding:
    return Finding(
        rule="inventory-unreadable",
        severity=REFUSE,
        path="inventory",
        found=str(error).splitlines()[0],
        expected="an inventory that Ansible can read",
        fix="repair the file, or correct the path behind -i",
        location=shown(Location(os.path.abspath(path))) if os.path.exists(path) else Location(path),
    )


def no_hosts(sources: list[str]) -> Finding:
    return Finding(
        rule="no-hosts",
        severity=REFUSE,
        path="inventory",
        found="an inventory without hosts",
        expected="the hosts of at least one site",
        fix="pass an inventory with -i (with make: INVENTORY=path), or write hosts into this one",
        location=shown(Location(os.path.abspath(sources[0]))) if sources else NOWHERE,
    )


def misnamed_groups(inventory: InventoryManager, layering: Layering) -> Iterator[Finding]:
    for name, group in sorted(inventory.groups.items()):
        if name in COMPONENTS or name.startswith(OWN_GROUPS) or not group.get_hosts():
            continue
        meant = next((component for component in COMPONENTS if slips_between(name, component) == 1), None)
        if meant:
            yield Finding(
                rule="group-name",
                severity=REFUSE,
                path=name,
                found=f"a group {name} that holds hosts",
                expected=f"{meant}, or a name that no one takes for it: its hosts would be left out",
                fix=f"rename the group to {meant}",
                location=layering.group_declaration(name),
            )


def files_of_nobody(inventory: InventoryManager, files: VarsFiles) -> Iterator[Finding]:
    known = {"host": sorted(inventory.hosts), "group": sorted(inventory.groups)}
    for base, kind, name in sorted(files.files):
        if base not in files.inventory_bases or name in known[kind] or (kind == "group" and name in COMPONENTS):
            continue
        near = nearest(name, known[kind])
        unnamed = f"add the {kind} {name} to the inventory, or remove the file"
        for file in files.files[base, kind, name]:
            yield Finding(
                rule=f"unknown-{kind}",
                severity=REFUSE,
                path=name,
                found=f"variables for a {kind} {name} that the inventory does not have",
                expected=f"the name of a {kind} of the inventory: nothing reads this file",
                fix=f"rename it to {near}, or remove it" if near else unnamed,
                location=shown(Location(file.path)),
            )


def outsider(view: HostView) -> Finding:
    return Finding(
        rule="host-outside",
        severity=WARN,
        path=view.name,
        found="a host in no component group and of no site",
        expected="hosts of a site; Dialtone leaves this one alone",
        fix="put it into a location group and a component group, or leave it",
        location=view.declaration,
        hosts=(view.name,),
    )
