# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which contact-centre modes POM has, and from which one it can be brought to which other. Pure.

Sources: POM-MODE-01, POM-MODECHG-01, T-001.
"""

from __future__ import annotations

from collections.abc import Mapping

# Offered by the installer, described nowhere: nothing leads to it or away from it.
UNDOCUMENTED_MODE = "CCaaS-Outbound"
MODE_CHANGES: Mapping[str, tuple[str, ...]] = {
    "AACC-SBP": ("AACC",),
    "None": ("CCElite", "AACC", "AACC-SBP", "Oceana"),
}


def changes_from(mode: str) -> tuple[str, ...]:
    """The modes that a system in this one can be brought to."""
    return MODE_CHANGES.get(mode, ())


def can_change(present: str, wanted: str) -> bool:
    """Whether the vendor allows the change. Of a present mode that nobody knows: whether any change leads to the wanted one."""
    return wanted in changes_from(present) if present else any(wanted in changes for changes in MODE_CHANGES.values())


def forbidden_change(present: str, wanted: str) -> str:
    """Why the mode cannot be changed, and what to write instead; empty where it can, or where it is the same."""
    if present == wanted or can_change(present, wanted):
        return ""
    allowed = ", ".join(changes_from(present))
    instead = f"from {present} there is a change to {allowed} only" if allowed else f"no change leads away from {present}"
    stays = present
    if not present:
        instead, stays = f"no change leads to {wanted}", "the one that POM runs in"
    return (
        f"POM runs in the mode {present or 'of its installation'}, and pom_mode is {wanted}: this mode change requires "
        f"re-installing and re-configuring the POM database; {instead}. Write pom_mode: {stays}, or plan a new installation "
        "(POM-MODECHG-01)"
    )
