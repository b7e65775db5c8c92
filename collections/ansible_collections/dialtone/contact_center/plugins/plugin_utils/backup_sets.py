# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Backup sets as the controller sees them: what goes into one, which one is restored, and the table at the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

LATEST = "latest"
PURPOSE = "-"  # behind the time of a set that was made for a purpose, such as going back from a restore


class SetError(ValueError):
    """No set can be restored on all hosts that were asked."""


def kept_paths(desired: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What host_backup keeps of a role's desired state: files, blocks and properties, links, and directories without content.

    The marker of a tree says that the tree is there. Restored alone it would lie, so it is kept to be read only.
    """
    markers = {item["marker"] for item in desired.get("tree") or ()}
    found: dict[str, dict[str, Any]] = {}
    for kind in ("directory", "file", "properties", "block", "connector", "link"):
        for item in desired.get(kind) or ():
            path, is_secret = str(item["path"]), bool(item.get("secret") or item.get("secret_keys"))
            kept = found.setdefault(
                path, {"path": path, "follow": bool(item.get("follow")), "secret": is_secret, "restore": path not in markers}
            )
            kept["secret"] = kept["secret"] or is_secret
    return list(found.values())


def chosen_set(wanted: str, sets_by_host: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """The set that is restored: the wanted one, or the newest without a purpose of its own that is complete on every host."""
    complete = {host: {one["name"] for one in sets if one["complete"]} for host, sets in sets_by_host.items()}
    common = sorted(set.intersection(*complete.values())) if complete else []
    if wanted == LATEST:
        plain = [name for name in common if PURPOSE not in name]
        if plain:
            return plain[-1]
        words = "; ".join(f"{host}: {_names(names)}" for host, names in sorted(complete.items()))
        raise SetError(
            f"no backup set is complete on all hosts of this run ({words or 'there are none'}). "
            "Make one with playbooks/backup.yml, or restore the hosts that have one with --limit"
        )
    lacking = sorted(host for host, names in complete.items() if wanted not in names)
    if lacking or not complete:
        raise SetError(
            f"restore_from is {wanted}, and {', '.join(lacking) or 'no host'} has no complete set of this name. "
            f"Complete on all hosts of this run: {_names(common)}. Give one of these, or --limit to the hosts that have {wanted}"
        )
    return wanted


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def announcement(previews: Iterable[tuple[str, Sequence[Mapping[str, Any]]]], name: str, going_back: str) -> list[str]:
    """What restoring a set is about to change, what it does not, and how to go back. A preview is a host's, one result a role."""
    lines = []
    for host, results in sorted(previews, key=lambda row: row[0]):
        for result in results:
            lines += [
                f"{host} {difference['path']}: {', '.join(difference['reasons'])}"
                for difference in result.get("differences") or ()
            ]
    lasting = "Never restored: data of Kafka and ZooKeeper, topics and their settings, the database."
    if not lines:
        return [
            f"Nothing differs from set {name}. What is stopped is started, what runs on something else is restarted.",
            lasting,
        ]
    return [
        f"From set {name}, {len(lines)} differences are restored:",
        *lines,
        "Services that read one of these are restarted, one node at a time.",
        lasting,
        f"Cannot be undone: nothing. What is replaced is kept in set {going_back}, and as a copy beside each file.",
        f"Going back: ansible-playbook -i INVENTORY playbooks/restore.yml -e restore_from={going_back}",
    ]


def table(results: Iterable[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """One line a host: host, set, files, bytes; then what a person should know."""
    rows = [("HOST", "SET", "FILES", "BYTES")]
    remarks = []
    for host, result in sorted(results, key=lambda row: row[0]):
        rows.append((host, str(result["set"]), str(result["files"]), str(result["bytes"])))
        if result["removed"]:
            remarks.append(
                f"{host}: removed, older than the sets that are kept (host_backups_kept): {', '.join(result['removed'])}"
            )
        if result["incomplete"]:
            remarks.append(f"{host}: never completed, and left for a person to remove: {', '.join(result['incomplete'])}")
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        f"{host:<{widths[0]}}  {name:<{widths[1]}}  {count:>{widths[2]}}  {size:>{widths[3]}}" for host, name, count, size in rows
    ]
    return [*lines, *remarks]
