# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules about what a site's POM is for and what it stands on: mode, scenario, companion systems, telephony, network, VMware."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_modes import UNDOCUMENTED_MODE, changes_from
from ansible_collections.dialtone.contact_center.plugins.plugin_utils import companions, virtual_machines
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import REFUSE, WARN, Finding
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.pom_systems import (
    GEO,
    PomSystem,
    cms_servers,
    each_pom_system,
    pom_systems,
    stating,
    value_of,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.rule import Rule
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.site import HostView, SiteView
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.validate import show
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import load_catalogue

ON_ONE_SWITCH = ("epm_primary", "epm_auxiliary", "pom_database", "app_server")


# --- words that hold for more than a host -------------------------------------------------------------------------


def differs_over_hosts(site: SiteView, rule: Rule) -> Iterator[Finding]:
    words = load_catalogue().words
    places: list[tuple[str, str, list[HostView]]] = [("site", name, hosts) for name, hosts in site.sites().items()]
    places += [("data_center", data_center, hosts) for (_site, data_center), hosts in site.data_centers().items()]
    for scope, place, hosts in places:
        stated = {word for host in hosts for word in host.layer if word in words and words[word].scope == scope}
        for word in sorted(stated):
            yield from _differing(site, rule, word, f"{scope.replace('_', ' ')} {place}", hosts)


def _differing(site: SiteView, rule: Rule, word: str, place: str, hosts: list[HostView]) -> Iterator[Finding]:
    groups = _by_value(hosts, word)
    if len(groups) < 2:
        return
    groups.sort(key=lambda group: (-len(group), show(group[0].values[word])))
    usual, common = len(groups[0]), show(groups[0][0].values[word])
    for host in (host for group in groups[1:] for host in group):
        by_default = "" if host.defines(word) else " (the default)"
        yield site.finding(
            rule,
            host,
            word,
            found=f"{show(host.values[word])}{by_default}, while {_hosts(usual)} of {place} have {common}",
            expected=f"one {word} for the whole {place}",
            fix=f"write {word} once, in the group_vars of all or of the location group, and remove it elsewhere",
            source=load_catalogue().words[word].sources,
        )


def _by_value(hosts: list[HostView], word: str) -> list[list[HostView]]:
    groups: list[list[HostView]] = []
    for host in hosts:
        if word in host:
            value = host.values[word]
            same = next((group for group in groups if group[0].values[word] == value), None)
            if same is None:
                groups.append([host])
            else:
                same.append(host)
    return groups


def _hosts(count: int) -> str:
    return f"{count} host{'' if count == 1 else 's'}"


# --- mode ---------------------------------------------------------------------------------------------------------


def undocumented_mode(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        if system.get("pom_mode") == UNDOCUMENTED_MODE and system.get("pom_mode_undocumented_consent") is False:
            yield site.finding(
                rule,
                system.stating("pom_mode"),
                "pom_mode",
                found=f"{UNDOCUMENTED_MODE}, a mode that is not documented for this release",
                expected="a documented mode: what this one needs is not known, so nothing of it can be checked, and it can "
                "never be changed",
                fix="write the mode that is meant, or consent with pom_mode_undocumented_consent: true",
            )


def forbidden_mode_change(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        installed, wanted = system.get("pom_installed_mode"), system.get("pom_mode")
        if not installed or not wanted or installed == wanted or wanted in changes_from(installed):
            continue
        allowed = ", ".join(changes_from(installed)) or "no other mode"
        yield site.finding(
            rule,
            system.stating("pom_mode"),
            "pom_mode",
            found=f"{wanted}, while the installed system runs in the mode {installed}",
            expected=f"a change that the vendor allows: from {installed} to {allowed}; this one needs the POM database "
            "installed and configured again",
            fix=f"write pom_mode: {installed}; or plan a new installation, and remove pom_installed_mode",
        )


def companion_missing(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        mode = system.get("pom_mode")
        for word in companions.REQUIRED.get(mode, ()):
            if not _is_described(site, system, word):
                yield _missing(site, rule, system, word, REFUSE, f"the mode {mode} needs {companions.TITLES[word]}")
        if mode in companions.MODES_WITH_OPTIONAL_AES and not _is_described(site, system, "companions_aes"):
            if mode == "AACC" and system.get("companions_communication_manager"):
                need = "Aura Contact Center with Communication Manager needs AES for agents' outbound calls"
                yield _missing(site, rule, system, "companions_aes", REFUSE, need)
            else:
                need = f"the mode {mode} needs AES where Communication Manager is used"
                yield _missing(site, rule, system, "companions_aes", WARN, need)
        if (
            mode in companions.MODES_WITH_AGENT_DESKTOP
            and system.get("pom_agent_campaigns") is True
            and not _is_described(site, system, "companions_agent_desktop")
        ):
            need = f"agent-based campaigns in the mode {mode} need {companions.TITLES['companions_agent_desktop']}"
            yield _missing(site, rule, system, "companions_agent_desktop", WARN, need)


def _missing(site: SiteView, rule: Rule, system: PomSystem, word: str, severity: str, need: str) -> Finding:
    return site.finding(
        rule,
        system.stating(word),
        word,
        found="none is described",
        expected=f"{need}; it is installed and configured before POM",
        fix=f"write {word}: [{{name: …, address: …}}] in group_vars/all, or in the group_vars of the location group",
        severity=severity,
    )


def _is_described(site: SiteView, system: PomSystem, word: str) -> bool:
    """A word whose value is not known now (a vault that stays closed) counts as described."""
    if word == "companions_cms" and cms_servers(site):
        return True
    return system.get(word) != []


def cms_outside_call_center_elite(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for systems in pom_systems(site):
        modes = {system.get("pom_mode") for system in systems} - {None}
        servers = cms_servers(site)
        if servers and modes and "CCElite" not in modes:
            host = next((host for host in site.hosts if host.name == servers[0].name), None)
            yield site.finding(
                rule,
                host or systems[0].stating("companions_cms"),
                "cms" if host else "companions_cms",
                found=f"the CMS server {servers[0].name}, while the mode is {sorted(modes)[0]}",
                expected="CMS in the mode CCElite only: in every other mode nothing of POM speaks to it",
                fix="remove the CMS servers, or write pom_mode: CCElite if that is the mode",
                severity=WARN,
            )


# --- scenario -----------------------------------------------------------------------------------------------------


def scenario_contradicted(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for systems in pom_systems(site):
        with_primary = [system for system in systems if system.having("epm_primary")]
        has_geo = any(system.is_geo for system in systems)
        for system in systems:
            scenario, auxiliaries = system.get("pom_scenario"), system.having("epm_auxiliary")
            if scenario == "single" and auxiliaries:
                found, expected = f"single, with the auxiliary server {auxiliaries[0].name}", "one primary EPM server alone"
                fix = "write pom_scenario: multi or multi_zoned, or take the host out of epm_auxiliary"
            elif scenario in ("multi", "multi_zoned") and not auxiliaries:
                found, expected = f"{scenario}, without an auxiliary server", "a primary EPM server and at least one auxiliary"
                fix = "write pom_scenario: single, or add hosts to the group epm_auxiliary"
            elif scenario == GEO and len(with_primary) < 2 and system is systems[0]:
                found, expected = "geo, with a primary EPM server in one data center only", "one in each of two data centers"
                fix = "describe the other data center, or write the scenario of this one"
            elif scenario and scenario != GEO and has_geo:
                found, expected = f"{scenario}, while another data center of the site is geo", "geo in all of them"
                fix = "write pom_scenario: geo in group_vars/all, or give the data center a site of its own"
            else:
                continue
            yield site.finding(
                rule,
                system.stating("pom_scenario"),
                "pom_scenario",
                found=f"{found}, in data center {system.data_center}",
                expected=expected,
                fix=fix,
            )


def zones_contradict_scenario(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        scenario, zones = system.get("pom_scenario"), system.get("pom_zones")
        if scenario == "multi_zoned" and zones == []:
            found, expected, fix = "no zone", "the zones of the scenario multi_zoned", "write pom_zones: [names of the zones]"
        elif scenario in ("single", "multi") and zones:
            found, expected = f"{show(zones)}, in the scenario {scenario}", "no zones in a scenario without them"
            fix = "remove pom_zones, or write pom_scenario: multi_zoned"
        else:
            continue
        yield site.finding(rule, system.stating("pom_zones"), "pom_zones", found=found, expected=expected, fix=fix)


def auxiliary_without_primary(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        if not system.having("epm_primary"):
            for host in system.having("epm_auxiliary"):
                yield site.finding(
                    rule,
                    host,
                    "epm_auxiliary",
                    found=f"an auxiliary EPM server in data center {system.data_center}, where no host is in epm_primary",
                    expected="a primary in the data center: an auxiliary takes its certificate from it, and a standby data "
                    "center is a system of its own",
                    fix=f"make {host.name} the primary (group epm_primary), or move it to the data center of its primary",
                )


# --- manual dialling ----------------------------------------------------------------------------------------------


def nontelephony_without_consent(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        if system.get("pom_nontelephony") is True and not system.defines("pom_nontelephony_confirm"):
            yield site.finding(
                rule,
                system.stating("pom_nontelephony"),
                "pom_nontelephony",
                found="true, without pom_nontelephony_confirm",
                expected="a second word by which a person says that it is meant: the conversion to manual dialling can never "
                "be reverted",
                fix="add pom_nontelephony_confirm: irreversible, or write pom_nontelephony: false",
            )


def telephony_in_nontelephony(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        if system.get("pom_nontelephony") is not True:
            continue
        channels = [channel for channel in system.get("pom_campaign_channels", ()) if channel in ("voice", "sms")]
        declared = [
            ("pom_campaign_channels", channels, "campaigns by " + " and ".join(channels)),
            ("sizing_mpp_servers", system.get("sizing_mpp_servers"), "media processing platforms with ports"),
            ("sizing_local_mpp_ports", system.get("sizing_local_mpp_ports"), "ports of a media processing platform"),
        ]
        for word, value, what in declared:
            if value:
                yield site.finding(
                    rule,
                    system.stating(word),
                    word,
                    found=f"{what}, while pom_nontelephony is true",
                    expected="email campaigns and dialling by hand: the converted system places no calls and sends no SMS",
                    fix=f"remove it from {word}, or write pom_nontelephony: false while the system is not converted",
                    severity=WARN,
                )


# --- telephony ----------------------------------------------------------------------------------------------------


def agents_without_sip(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        if system.get("pom_agent_campaigns") is not True or system.get("pom_nontelephony") is True:
            continue
        if "sip" not in system.get("telephony_voip", ("sip",)):
            found, word, fix = "h323 only", "telephony_voip", "add sip to telephony_voip"
        elif system.get("telephony_sip_ports_reserved") == 0:
            found, word = "none", "telephony_sip_ports_reserved"
            fix = "write telephony_sip_ports_reserved: the number of SIP ports that are kept for POM"
        else:
            continue
        yield site.finding(
            rule,
            system.stating(word),
            word,
            found=f"{found}, while agent-based campaigns run (pom_agent_campaigns)",
            expected="SIP ports that are reserved for POM: agent-based campaigns need SIP",
            fix=fix,
        )


def call_classification_without_sa8874(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        if system.get("telephony_h323_call_classification") is True and system.get("telephony_sa8874") is False:
            yield site.finding(
                rule,
                system.stating("telephony_h323_call_classification"),
                "telephony_h323_call_classification",
                found="true, while telephony_sa8874 is false",
                expected="the special application SA8874 on Communication Manager: without it H.323 ports report no call "
                "status to classify by",
                fix="have SA8874 activated and write telephony_sa8874: true, or do without classification on H.323",
            )


def voice_without_speech(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        if "voice" not in system.get("pom_campaign_channels", ()) or system.get("pom_nontelephony") is True:
            continue
        servers = system.get("companions_speech_servers")
        if servers is not None and not any("tts" in server.get("services", ()) for server in servers):
            yield site.finding(
                rule,
                system.stating("companions_speech_servers"),
                "companions_speech_servers",
                found=f"no server with text to speech in data center {system.data_center}, while campaigns use voice",
                expected="at least one: the application AvayaPOMNotifier speaks through it",
                fix="write companions_speech_servers: [{name: …, address: …, services: [tts]}]",
            )


# --- network and VMware -------------------------------------------------------------------------------------------


def lan_segments_differ(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for (_site, data_center), hosts in site.data_centers().items():
        joined = [host for host in hosts if host.is_any(*ON_ONE_SWITCH)]
        segments: dict[str, list[HostView]] = {}
        for host in joined:
            if "network_lan_segment" in host:
                segments.setdefault(host.values["network_lan_segment"], []).append(host)
        usual = max(segments, key=lambda name: (len(segments[name]), name), default="")
        for name in sorted(set(segments) - {usual}):
            for host in segments[name]:
                yield site.finding(
                    rule,
                    host,
                    "network_lan_segment",
                    found=f"{name}, while {_hosts(len(segments[usual]))} of data center {data_center} are on {usual}",
                    expected="POM, databases, speech servers and application servers of a data center on the same LAN switch",
                    fix=f"connect {host.name} to {usual}, or correct network_lan_segment",
                    severity=WARN,
                )
        for server in value_of(joined, "companions_speech_servers", ()):
            if usual and server.get("lan_segment", usual) != usual:
                yield site.finding(
                    rule,
                    stating(joined, "companions_speech_servers"),
                    "companions_speech_servers",
                    found=f"{server['name']} on {server['lan_segment']}, while {_hosts(len(segments[usual]))} of data center "
                    f"{data_center} are on {usual}",
                    expected="speech servers on the same LAN switch as POM",
                    fix=f"connect {server['name']} to {usual}, or correct its lan_segment",
                    severity=WARN,
                )


VMWARE_FORBIDDEN: Mapping[str, tuple[Any, str, str, str]] = {
    # word: (value, rule, consequence, source)
    "vmware_fault_tolerance": (
        True,
        "Fault Tolerance off",
        "it cannot be used with several CPUs, and was not tested",
        "POM-VM-06",
    ),
    "vmware_storage_vmotion": (
        True,
        "storage vMotion off",
        "it is not supported: events are processed in real time",
        "POM-VM-03",
    ),
    "vmware_vmotion": (
        "production",
        "vMotion in maintenance mode only",
        "in production it interrupts real-time processing",
        "POM-VM-03",
    ),
}
VMWARE_ADVISED: Mapping[str, tuple[Any, str, str, str]] = {
    "vmware_drs_automation": (True, "DRS without automation", "it moves machines in production", "POM-VM-03"),
    "vmware_lasting_snapshots": (True, "no lasting snapshots", "they slow the disk and keep it from growing", "POM-VM-05"),
}
VMWARE_WORD = {"vmware_vmotion": "maintenance"}


def vmware_forbidden(site: SiteView, rule: Rule) -> Iterator[Finding]:
    yield from _vmware(site, rule, VMWARE_FORBIDDEN, REFUSE)


def vmware_advised(site: SiteView, rule: Rule) -> Iterator[Finding]:
    yield from _vmware(site, rule, VMWARE_ADVISED, WARN)


def _vmware(site: SiteView, rule: Rule, table: Mapping[str, tuple[Any, str, str, str]], severity: str) -> Iterator[Finding]:
    for host in site.hosts:
        if host.get("vmware_guest") is not True:
            continue
        for word, (value, demand, consequence, source) in table.items():
            if host.get(word) == value:
                yield site.finding(
                    rule,
                    host,
                    word,
                    found=show(value),
                    expected=f"{demand}: {consequence}",
                    fix=f"have it switched off in vSphere, and write {word}: {VMWARE_WORD.get(word, 'false')}",
                    source=[source],
                    severity=severity,
                )


def snapshots_without_words(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in site.hosts:
        method = host.get("vmware_snapshot_method")
        if method not in (virtual_machines.GUIDED, virtual_machines.VCENTER):
            continue
        if host.get("vmware_guest") is not True:
            yield site.finding(
                rule,
                host,
                "vmware_snapshot_method",
                found=f"{method}, on a host that is no virtual machine of VMware",
                expected="a method for virtual machines of VMware only",
                fix=f"write vmware_guest: true for {host.name}, or remove vmware_snapshot_method",
            )
        needed = [*virtual_machines.VCENTER_WORDS.values(), virtual_machines.PASSWORD_WORD]
        missing = [word for word in needed if method == virtual_machines.VCENTER and not host.defines(word)]
        if missing:
            yield site.finding(
                rule,
                host,
                "vmware_snapshot_method",
                found=f"{method}, without {', '.join(missing)}",
                expected="what vCenter needs to let Dialtone in and to find the machine",
                fix=f"write {', '.join(missing)}, the password encrypted; or vmware_snapshot_method: guided",
            )


HA_PRACTICE: Mapping[str, Any] = {
    "enabled": True,
    "host_monitoring": True,
    "admission_control": True,
    "tolerated_host_failures": 1,
}
HA_PRACTICE_PRIMARY: Mapping[str, Any] = {
    "restart_priority": "high",
    "isolation_response": "leave_powered_on",
    "monitoring": "vm_and_application",
    "monitoring_sensitivity": "high",
}


def vsphere_ha_practice(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in site.hosts:
        if host.get("vmware_guest") is not True:
            continue
        practice = {**HA_PRACTICE, **(HA_PRACTICE_PRIMARY if host.is_any("epm_primary") else {})}
        for setting, value in host.get("vmware_ha_settings", {}).items():
            if setting in practice and value != practice[setting]:
                yield site.finding(
                    rule,
                    host,
                    "vmware_ha_settings",
                    found=show(value),
                    expected=f"{show(practice[setting])}, the documented practice for vSphere HA",
                    fix=f"have {setting} set to {show(practice[setting])} in vSphere, and write it here",
                    severity=WARN,
                    steps=[setting],
                )


# ------------------------------------------------------------------------------------------------------------------


RULES: Sequence[Rule] = (
    Rule("differs-over-hosts", (), differs_over_hosts, never_waived="roles would be handed different answers to one question"),
    Rule("undocumented-mode", ("POM-MODE-01", "T-001"), undocumented_mode),
    Rule(
        "mode-change",
        ("POM-MODECHG-01",),
        forbidden_mode_change,
        never_waived="the vendor's program refuses the change, and the POM database would have to be made anew",
    ),
    Rule("companion-missing", ("POM-MODE-02", "POM-SYS-01", "T-003"), companion_missing),
    Rule("cms-outside-mode", ("POM-SYS-01",), cms_outside_call_center_elite),
    Rule("scenario", ("POM-MODE-03",), scenario_contradicted),
    Rule("zones", ("POM-MODE-03",), zones_contradict_scenario),
    Rule("auxiliary-without-primary", ("POM-AUX-01", "POM-GEO-02"), auxiliary_without_primary),
    Rule(
        "nontelephony-consent",
        ("POM-NONTEL-01",),
        nontelephony_without_consent,
        never_waived="the conversion cannot be reverted; its own word of consent is the waiver",
    ),
    Rule("nontelephony-telephony", ("POM-NONTEL-01", "POM-NONTEL-04"), telephony_in_nontelephony),
    Rule("agents-need-sip", ("POM-SYS-03",), agents_without_sip),
    Rule("h323-classification", ("POM-SYS-03",), call_classification_without_sa8874),
    Rule("speech-missing", ("POM-SYS-03",), voice_without_speech),
    Rule("lan-segment", ("POM-NET-01",), lan_segments_differ),
    Rule("vmware-forbidden", ("POM-VM-03", "POM-VM-06"), vmware_forbidden),
    Rule("vmware-advised", ("POM-VM-03", "POM-VM-05"), vmware_advised),
    Rule(
        "vmware-snapshots",
        ("POM-VM-05",),
        snapshots_without_words,
        never_waived="without these words nobody could find the virtual machine; vmware_snapshot_method: none is the way out",
    ),
    Rule("vsphere-ha", ("POM-VM-04",), vsphere_ha_practice),
)
