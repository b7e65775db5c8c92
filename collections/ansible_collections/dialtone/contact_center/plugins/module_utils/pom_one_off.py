# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Changes of a POM that a roll-out never makes: each is made by a playbook of its own, once, because a person asked for it. Pure.

Sources: POM-MODECHG-01, POM-MODECHG-02, POM-NONTEL-01 to POM-NONTEL-03, POM-EVENT-01, POM-UTIL-01, POM-UTIL-02.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass

from ansible_collections.dialtone.contact_center.plugins.module_utils import pom_modes
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_layout import CONVERSION_PROGRAM, PomLayout
from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_server import (
    COMPLETE,
    Action,
    Desired,
    Observed,
    OneOff,
    Plan,
    bound_otherwise,
    irreversible_conversion,
    is_mode_pending,
    services,
)

ALL_LISTS = "*"
AFTER_VPMS = ("ep_alarm_severity", "alarm")  # POM-EVENT-01
HOME_PAGE_TEXT = "The system is converted to manual mode."


def marker_name(kind: str, key: str) -> str:
    """The record of one object of a kind, of which there may be several."""
    return f"{kind}_{hashlib.sha256(key.encode('utf-8')).hexdigest()[:12]}"


@dataclass(frozen=True)
class Change:
    """What forbids a change and what it does, both on the server that leads, and whether POM is stopped for it."""

    refuse: Callable[[Observed, Desired, OneOff], list[str]]
    act: Callable[[Observed, Desired, OneOff], list[Action]]
    stops: bool = False


def plan(observed: Observed, desired: Desired, one_off: OneOff) -> Plan:
    """What this playbook does on the server, and nothing of what a roll-out would do."""
    refusals = not_ready(observed)
    if refusals:
        return Plan(refusals=tuple(refusals))
    change = CHANGES[one_off.name]
    refusals = [*bound_otherwise(observed, desired), *(change.refuse(observed, desired, one_off) if desired.leads else ())]
    actions = change.act(observed, desired, one_off) if desired.leads else []
    # What a run that ended too early has left stopped.
    actions += services(observed) if change.stops else []
    return Plan(tuple(actions), tuple(refusals))


def not_ready(observed: Observed) -> list[str]:
    """These are changes of an installed POM."""
    if observed.job_running:
        return ["an installation of POM runs on this host: wait until it has ended (playbooks/site.yml attaches to it)"]
    if observed.installation.state != COMPLETE:
        return [f"POM is {observed.installation.state} on this host: playbooks/site.yml installs it, only then it can be changed"]
    return []


# --- the mode -----------------------------------------------------------------------------------------------------


def present_mode(observed: Observed, desired: Desired) -> str:
    """The recorded mode, else what a person says of a system that somebody else installed; empty where nobody knows."""
    return observed.mode or desired.installed_mode


def refuse_mode(observed: Observed, desired: Desired, _one_off: OneOff) -> list[str]:
    forbidden = pom_modes.forbidden_change(present_mode(observed, desired), desired.mode)
    return [forbidden] if forbidden else []


def change_mode(observed: Observed, desired: Desired, _one_off: OneOff) -> list[Action]:
    present = present_mode(observed, desired)
    restart = f"vpms and POM are restarted on {', '.join(desired.servers)}"
    if present == desired.mode:
        reason = f"the mode was changed to {desired.mode}, and the run ended before all of them were restarted"
        return [Action("mode_restart", restart, (reason,))] if is_mode_pending(observed) else []
    if present:
        return [Action("mode", f"the mode of POM is changed from {present} to {desired.mode}"), Action("mode_restart", restart)]
    unknown = "the present mode is not recorded, and pom_installed_mode does not say it; the vendor's program decides"
    return [Action("mode", f"the mode of POM is changed to {desired.mode}", (unknown,)), Action("mode_restart", restart)]


# --- manual dialling ----------------------------------------------------------------------------------------------


def refuse_conversion(observed: Observed, desired: Desired, one_off: OneOff) -> list[str]:
    if observed.is_manual:
        return [] if desired.non_telephony else [irreversible_conversion()]
    if not desired.non_telephony:
        return [
            "pom_nontelephony is false, so POM is not converted to manual dialling: write pom_nontelephony: true and "
            "pom_nontelephony_confirm: irreversible where that is meant (POM-NONTEL-01)"
        ]
    if one_off.conversion_seen:
        return []
    layout = PomLayout(desired.home)
    if observed.conversion_log and not observed.conversion_led:
        return [
            f"{layout.conversion_log} is there, and no run of Dialtone's made it: somebody ran the program, and what a second "
            f"run does is not documented. Look at POM's home page: where it says '{HOME_PAGE_TEXT}', run this playbook with "
            "-e '{\"pom_non_telephony_seen\": true}', which records it; where it does not, move the log away (POM-NONTEL-03)"
        ]
    if not observed.conversion_program:
        return [
            f"no {CONVERSION_PROGRAM}, in any spelling, is in {layout.bin}: POM cannot be converted. Compare the directory with "
            "the media (T-120)"
        ]
    return []


def convert(observed: Observed, _desired: Desired, one_off: OneOff) -> list[Action]:
    if observed.is_manual:
        return []
    if one_off.conversion_seen:
        return [Action("non_telephony_record", "that POM is converted to manual dialling is recorded", ("a person has seen it",))]
    stopped = "the Agent Manager and the Campaign Manager of every POM server of the site are stopped meanwhile"
    return [Action("non_telephony", "POM is converted to manual dialling", (stopped,))]


# --- settings of events -------------------------------------------------------------------------------------------


def refuse_nothing(_observed: Observed, _desired: Desired, _one_off: OneOff) -> list[str]:
    return []


def reset_events(observed: Observed, _desired: Desired, _one_off: OneOff) -> list[Action]:
    recorded, found = observed.words("event_settings").get("digest"), observed.event_settings
    if found.digest and recorded == found.digest:
        return []
    if found.problem:
        reason = f"what they are cannot be seen: {found.problem}"
    else:
        reason = "they are others than the program left" if recorded else "no run of Dialtone's has set them"
    return [Action("event_settings", "the settings of POM's events become the defaults of this release", (reason,))]


def refuse_events(observed: Observed, _desired: Desired, one_off: OneOff) -> list[str]:
    unknown = sorted(set(one_off.events) - set(observed.events))
    if not unknown or observed.events_problem:
        return []
    return [
        f"no row of pim_event_setting in the POM database names {', '.join(unknown)}: correct the codes in pom_server_events; "
        "where the table is empty, POM has not written it yet, and playbooks/pom_event_settings.yml waits for it (POM-EVENT-01)"
    ]


def set_events(observed: Observed, _desired: Desired, one_off: OneOff) -> list[Action]:
    found = []
    for code, settings in sorted(one_off.events.items()):
        recorded = observed.words(marker_name("event", code))
        is_set = recorded.get("settings") == settings
        if is_set and recorded.get("row") == observed.events.get(code, ""):
            continue
        stated = ", ".join(f"{setting} {answer(value)}" for setting, value in settings.items())
        reasons = ["the table says something else of it than the program left"] if is_set else []
        reasons += [f"what it has now cannot be seen: {observed.events_problem}"] if observed.events_problem else []
        if late := [setting for setting in AFTER_VPMS if setting in settings]:
            reasons.append(f"vpms has to be restarted for {' and '.join(late)}")
        found.append(Action("single_events", f"the event {code} gets {stated}", tuple(reasons), code))
    return found


def answer(value: str | int | bool) -> str:
    """
    >>> answer("ERROR"), answer(60), answer(True), answer(False)
    ('ERROR', '60', 'ON', 'OFF')
    """
    return ("OFF", "ON")[value] if isinstance(value, bool) else str(value)


# --- utilities ----------------------------------------------------------------------------------------------------


def lists_left(recorded: Collection[str], wanted: Collection[str]) -> list[str]:
    """Contact lists that the attribute was not copied for yet.

    >>> lists_left(["A"], ["A", "B"])
    ['B']
    >>> lists_left(["*"], ["A"])
    []
    """
    return [] if ALL_LISTS in recorded else sorted(set(wanted) - set(recorded))


def refuse_copy(_observed: Observed, _desired: Desired, one_off: OneOff) -> list[str]:
    if not one_off.attribute:
        return ["pom_copy_attribute_name is not set: give the name of the custom attribute (POM-UTIL-01)"]
    if not one_off.lists:
        return [
            f"for which contact lists {one_off.attribute} is copied is not said: give pom_copy_attribute_lists with their names, "
            "or pom_copy_attribute_all_lists: true (POM-UTIL-01)"
        ]
    return []


def copy_attribute(observed: Observed, _desired: Desired, one_off: OneOff) -> list[Action]:
    recorded = observed.words(marker_name("attribute", one_off.attribute)).get("lists") or ()
    left = lists_left(recorded, one_off.lists)
    where = "all contact lists that use it" if left == [ALL_LISTS] else f"the contact lists {', '.join(left)}"
    what = f"the custom attribute {one_off.attribute} is copied into AgentId, for {where}"
    return [Action("copy_attribute", what, ("POM is stopped meanwhile",), ",".join(left))] if left else []


def refuse_fonts(observed: Observed, _desired: Desired, one_off: OneOff) -> list[str]:
    missing = [path for path in one_off.fonts if path not in observed.fonts]
    refusals = []
    if missing:
        refusals.append(
            f"{', '.join(missing)} is not on this host: install the font, which Experience Portal needs before POM, or correct "
            "pom_server_report_fonts (POM-UTIL-02)"
        )
    if reasons := [reason for action in services(observed) for reason in action.reasons]:
        down = "; ".join(reasons)
        refusals.append(f"POM must run while fonts are set: {down}. playbooks/pom_start.yml starts it (POM-UTIL-02)")
    return refusals


def set_fonts(observed: Observed, _desired: Desired, one_off: OneOff) -> list[Action]:
    found = []
    for path in one_off.fonts:
        recorded, digest = observed.words(marker_name("font", path)).get("sha256"), observed.fonts.get(path)
        if recorded != digest:
            reasons = ("the file is another than the one that was set",) if recorded else ()
            found.append(Action("report_fonts", f"POM's reports use the font {path}", reasons, path))
    return found


CHANGES = {
    "mode": Change(refuse_mode, change_mode),
    "non_telephony": Change(refuse_conversion, convert, stops=True),
    "event_settings": Change(refuse_nothing, reset_events),
    "copy_attribute": Change(refuse_copy, copy_attribute, stops=True),
    "report_fonts": Change(refuse_fonts, set_fonts),
    "single_events": Change(refuse_events, set_events),
}
