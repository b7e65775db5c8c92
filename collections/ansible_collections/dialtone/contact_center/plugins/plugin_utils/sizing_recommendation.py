# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From agents, ports and jobs to the hosts of each data center, and to the inventory that describes them. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import yaml

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import companions, sizing
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import REFUSE
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import COMPONENTS, POM_SERVERS
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.sizing import (
    APPLICATION,
    DATABASE,
    EPM,
    LARGEST_LOCAL,
    MB_IN_GB,
    MPP,
    Load,
)

BROKERS_FOR_HIGH_AVAILABILITY = 3
NETWORKS = ("192.0.2", "198.51.100")  # reserved for documentation: every address of a starter inventory has to be replaced
FIRST_HOST, FIRST_COMPANION = 11, 101
DOMAIN = "example.com"
SHA256 = "0" * 64
WEB_USER = "epadmin"
EULA_REMARKS = {
    False: "The vendor's licence agreement: write true once you have read it and may accept it for the site.",
    True: "Accepts the vendor's licence agreement for the site.",
}
STORE_PASSWORDS_REMARK = (
    "Of the stores that POM's installer makes: the printed one, until you change it with updatePOMCertificateStorePassword.sh."
)
WEB_USER_REMARK = "The administrator of your Experience Portal: a placeholder."
WEB_PASSWORD_REMARK = "Of pom_web_user on your Experience Portal: a placeholder."
OUTCALL_USER = "outcall"
OUTCALL_USER_REMARK = "The user with Outcall privileges on your Experience Portal: a placeholder."
OUTCALL_PASSWORD_REMARK = "Of pom_outcall_user on your Experience Portal: a placeholder."
MODES_WITH_CMS = ("CCElite",)
SINGLE_BROKER_WORDS = (
    "kafka_default_replication_factor",
    "kafka_min_insync_replicas",
    "kafka_offsets_topic_replication_factor",
    "kafka_transaction_state_log_replication_factor",
    "kafka_transaction_state_log_min_isr",
)
GEO_COMPANIONS = ("companions_session_manager", "companions_system_manager")
SHORT_NAMES = {
    "companions_license_server": "weblm",
    "companions_communication_manager": "cm",
    "companions_aes": "aes",
    "companions_aacc": "aacc",
    "companions_oceana": "oceana",
    "companions_agent_desktop": "desktop",
    "companions_speech_servers": "speech",
    "companions_session_manager": "sm",
    "companions_system_manager": "smgr",
}


class RecommendationError(ValueError):
    """No site can be recommended for what was asked. Says why, and what to ask for instead."""


# --- which hosts --------------------------------------------------------------------------------------------------


def recommend(load: Load, *, mode: str = "None", geo: bool = False) -> dict[str, Any]:
    """The hosts of each data center with their minimum amounts, the platforms, and what was said about the load on the way.

    load: what one data center carries. In a geo-redundant site each of the two carries all of it.
    """
    if geo and mode != "CCElite":
        raise RecommendationError(f"the mode {mode} cannot be geo-redundant: it needs CCElite and MSSQL (POM-GEO-01)")
    said = sizing.judge_load(load)
    for verdict in said:
        if verdict.severity == REFUSE:
            raise RecommendationError(f"{verdict.found}: {verdict.expected}; {verdict.fix} ({', '.join(verdict.source)})")
    found = sizing.profile_of(load)
    if found is None:
        raise RecommendationError(f"no profile is documented for {load.words()}")
    names = ("dc1", "dc2") if geo else ("dc1",)
    return {
        "load": load,
        "mode": mode,
        "geo": geo,
        "profile": found[0],
        "source": list(found[1]["x-source"]),
        "notes": [f"{verdict.found}: {verdict.expected} ({', '.join(verdict.source)})" for verdict in said],
        "ports_needed": sizing.ports_needed(load) if load.telephony else 0,
        "data_centers": {name: _data_center(number, load, mode, geo=geo) for number, name in enumerate(names)},
    }


def _data_center(number: int, load: Load, mode: str, *, geo: bool) -> dict[str, Any]:
    components = _components(load, mode, geo=geo)
    hosts = {f"{name}{chr(ord('a') + number) if geo else ''}": carried for name, carried in components.items()}
    needed = sizing.required(load, hosts)
    count = sizing.count_of(MPP, load)
    amounts = sizing.alternatives_for(MPP, load)[-1] if count else {}
    if count:
        count = max(count, math.ceil((sizing.ports_needed(load) - load.local_mpp_ports) / amounts["ports"]))
    first = number * count
    return {
        "hosts": [
            {"name": name, "components": list(carried), "amounts": needed[name]["alternatives"][-1] if name in needed else {}}
            for name, carried in hosts.items()
        ],
        "mpps": [{"name": f"mpp{first + index + 1}", "amounts": amounts} for index in range(count)],
        "external_database": geo,
    }


def _components(load: Load, mode: str, *, geo: bool) -> dict[str, list[str]]:
    epms = [f"epm{number + 1}" for number in range(sizing.count_of(EPM, load))]
    hosts: dict[str, list[str]] = {name: ["epm_primary" if name == epms[0] else "epm_auxiliary"] for name in epms}
    for name in _brokers(epms):
        hosts.setdefault(name, []).extend(["zookeeper", "kafka"])
    is_local = load.capacity <= LARGEST_LOCAL
    if not geo:
        hosts.setdefault(epms[0] if is_local else "db1", []).append(DATABASE)
    if sizing.needs_app_servers(load):
        for number in range(1 if is_local else sizing.count_of(APPLICATION, load)):
            hosts.setdefault(epms[0] if is_local else f"app{number + 1}", []).append(APPLICATION)
    if mode in MODES_WITH_CMS:
        hosts["cms1"] = ["cms"]
        if not geo:
            hosts["cms2"] = ["cms"]
    return hosts


def _brokers(epms: list[str]) -> list[str]:
    """One on a single server; else three: EPM servers, and where there are two, one host more (T-109)."""
    if len(epms) == 1:
        return epms
    more = [f"kafka{number + 1}" for number in range(len(epms), BROKERS_FOR_HIGH_AVAILABILITY)]
    return [*epms, *more][:BROKERS_FOR_HIGH_AVAILABILITY]


# --- as text ------------------------------------------------------------------------------------------------------


def describe(recommendation: Mapping[str, Any]) -> str:
    load: Load = recommendation["load"]
    lines = [f"{load.words()}: profile {recommendation['profile']} ({', '.join(recommendation['source'])})"]
    lines += [f"  note: {note}" for note in recommendation["notes"]]
    for name, data_center in recommendation["data_centers"].items():
        lines += ["", f"data center {name}"]
        lines += [_host_line(host["name"], ", ".join(host["components"]), host["amounts"]) for host in data_center["hosts"]]
        lines += [_host_line(mpp["name"], "media processing platform", mpp["amounts"]) for mpp in data_center["mpps"]]
        if data_center["external_database"]:
            lines.append("  MSSQL behind an availability group listener, its administrator's (POM-GEO-01)")
    if recommendation["ports_needed"]:
        lines += ["", f"telephony ports in each data center: at least {recommendation['ports_needed']} (POM-SIZE-08)"]
    return "\n".join(lines) + "\n"


def _host_line(name: str, what: str, amounts: Mapping[str, float]) -> str:
    shown = ("cpu_cores", "cpu_mhz", "memory_gb", "disk_gb", "ports")
    figures = ", ".join(sizing.QUANTITIES[quantity].words(amounts[quantity]) for quantity in shown if quantity in amounts)
    return f"  {name:<9} {what}: {figures or 'no figure is documented'}"


# --- as an inventory ----------------------------------------------------------------------------------------------


def starter_inventory(
    recommendation: Mapping[str, Any],
    *,
    site: str = "main",
    time_zone: str = "Etc/UTC",
    secrets: Mapping[str, str],
    accept_eula: bool = False,
) -> dict[str, str]:
    """The files of an inventory, by their path, that the contract accepts once POM's licence agreement is accepted.

    Names, addresses and media are placeholders.
    secrets: trust_ca_certificate, trust_ca_private_key, trust_store_password, pom_database_password,
    certificates_keystore_password, certificates_truststore_password, pom_web_password, pom_outcall_password and
    app_server_runtimeconfig_password.
    """
    files = {
        "hosts.yml": _hosts_file(recommendation, site),
        "group_vars/all/site.yml": _text(
            {"ansible_user": "deploy", "host_timezone": time_zone, "host_time_sources": [f"ntp1.{DOMAIN}"]}
        ),
        "group_vars/all/pom.yml": _text(
            _pom_words(recommendation), remarks={"pom_web_user": WEB_USER_REMARK, "pom_outcall_user": OUTCALL_USER_REMARK}
        ),
        "group_vars/all/secrets.yml": _text(
            dict(secrets),
            "Encrypt this file before it goes anywhere: ansible-vault encrypt.",
            {
                "certificates_keystore_password": STORE_PASSWORDS_REMARK,
                "pom_web_password": WEB_PASSWORD_REMARK,
                "pom_outcall_password": OUTCALL_PASSWORD_REMARK,
            },
        ),
        "group_vars/pom_servers.yml": _text(
            {
                "pom_server_accept_eula": accept_eula,
                "pom_server_media_iso": "media/pom.iso",
                "pom_server_media_sha256": SHA256,
            },
            remarks={
                "pom_server_accept_eula": EULA_REMARKS[accept_eula],
                "pom_server_media_iso": "The vendor's media: both are placeholders.",
            },
        ),
    }
    if words := _kafka_words(recommendation):
        files["group_vars/kafka.yml"] = _text(words)
    if not recommendation["geo"]:
        files["group_vars/pom_database.yml"] = _text({"pom_database_user": "pom"})
    for number, (name, data_center) in enumerate(recommendation["data_centers"].items()):
        words = _data_center_words(recommendation, number, name)
        if words:
            files[f"group_vars/{site}_{name}.yml"] = _text(words)
        for index, host in enumerate(data_center["hosts"]):
            files[f"host_vars/{host['name']}.yml"] = _text(_host_words(recommendation, number, index, host))
    return dict(sorted(files.items()))


def _text(words: Mapping[str, Any], remark: str = "", remarks: Mapping[str, str] = MappingProxyType({})) -> str:
    """remark: of the whole file; remarks: each above its word."""
    head = "---\n" + (f"# {remark}\n" if remark else "")
    return head + "".join(
        (f"# {remarks[word]}\n" if word in remarks else "")
        + yaml.dump(_as_blocks({word: value}), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
        for word, value in words.items()
    )


class _Block(str):
    """Text that YAML shows over several lines."""


class _Dumper(yaml.SafeDumper):
    """Lists indented below their key, as yamllint wants them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(_Block, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="|"))
_Dumper.add_representer(type(None), lambda dumper, _nothing: dumper.represent_scalar("tag:yaml.org,2002:null", ""))


def _as_blocks(words: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _Block(value) if isinstance(value, str) and "\n" in value else value for name, value in words.items()}


def _hosts_file(recommendation: Mapping[str, Any], site: str) -> str:
    groups: dict[str, Any] = {}
    for name, data_center in recommendation["data_centers"].items():
        groups[f"{site}_{name}"] = {
            "vars": {"site": site, "data_center": name},
            "hosts": {host["name"]: None for host in data_center["hosts"]},
        }
    for component in COMPONENTS:
        members = [
            host["name"]
            for data_center in recommendation["data_centers"].values()
            for host in data_center["hosts"]
            if component in host["components"]
        ]
        if members:
            groups[component] = {"hosts": dict.fromkeys(members)}
    groups["pom_servers"] = {"children": dict.fromkeys(kind for kind in POM_SERVERS if kind in groups)}
    load: Load = recommendation["load"]
    return _text({"all": {"children": groups}}, f"Profile {recommendation['profile']}: {load.words()} in each data center.")


def _pom_words(recommendation: Mapping[str, Any]) -> dict[str, Any]:
    load: Load = recommendation["load"]
    mode, geo = recommendation["mode"], recommendation["geo"]
    words: dict[str, Any] = {
        "pom_mode": mode,
        "pom_scenario": _scenario(recommendation),
        "pom_campaign_channels": (["voice"] if load.telephony else []) + (["email"] if load.email_campaigns else []),
        "pom_agent_campaigns": load.agents > 0,
        "pom_web_user": WEB_USER,
        "pom_outcall_user": OUTCALL_USER,
        "sizing_agents": load.agents,
        "sizing_notification_ports": load.notification_ports,
        **({"sizing_jobs": load.jobs} if load.jobs else {}),
        **({"sizing_ports_override": True} if load.ports_override else {}),
    }
    if load.telephony:
        ports = sizing.ports_needed(load)
        words |= {"licences_outbound_ports": ports, "licences_telephony_ports": ports, "licences_tts": 1}
        if load.agents:
            words |= {"telephony_voip": ["sip"], "telephony_sip_ports_reserved": ports, "licences_predictive_agents": load.agents}
    else:
        words |= {"pom_nontelephony": True, "pom_nontelephony_confirm": "irreversible", "licences_manual_agents": load.agents}
    if load.email_campaigns:
        words |= {"licences_email_channels": 1, "licences_experience_portal_email_channels": 1}
    if mode in MODES_WITH_CMS:
        servers = len(_hosts_of(recommendation, *POM_SERVERS))
        words |= {"rt_sockets_port": 7000, "rt_sockets_sessions": servers, "rt_sockets_hacms": True}
    if geo:
        words |= {
            "pom_database_engine": "mssql",
            "pom_database_port": 1433,
            "pom_database_user": "pom",
            "pom_database_certificate_path": "files/sql-ca.pem",
            "pom_database_mssql_driver": "files/mssql-jdbc-10.2.0.jre8.jar",
            "pom_database_mssql_driver_sha256": SHA256,
            "geo_active_data_center": "dc1",
            "geo_topology": "single_ag",
            "geo_database_failover": "manual",
            "geo_database_commit": "asynchronous",
            "geo_rest_url": f"https://{_hosts_of(recommendation, 'epm_primary')[0]}.{DOMAIN}",
        }
    return words


def _scenario(recommendation: Mapping[str, Any]) -> str:
    if recommendation["geo"]:
        return "geo"
    return "multi" if _hosts_of(recommendation, "epm_auxiliary") else "single"


def _hosts_of(recommendation: Mapping[str, Any], *components: str) -> list[str]:
    return [
        host["name"]
        for data_center in recommendation["data_centers"].values()
        for host in data_center["hosts"]
        if any(component in host["components"] for component in components)
    ]


def _data_center_words(recommendation: Mapping[str, Any], number: int, name: str) -> dict[str, Any]:
    load: Load = recommendation["load"]
    words: dict[str, Any] = {}
    if load.local_mpp_ports:
        words["sizing_local_mpp_ports"] = load.local_mpp_ports
    if mpps := recommendation["data_centers"][name]["mpps"]:
        words["sizing_mpp_servers"] = [_mpp_words(mpp) for mpp in mpps]
    if recommendation["geo"]:
        words |= {
            "geo_listener": f"pomlistener{number + 1}.{DOMAIN}",
            "geo_database_nodes": [f"sql{number + 1}.{DOMAIN}"],
            "geo_data_center_group": name.upper(),
            "geo_cti_group": f"CTI-{name.upper()}",
        }
    return words | _companion_words(recommendation, number)


def _mpp_words(mpp: Mapping[str, Any]) -> dict[str, Any]:
    amounts = mpp["amounts"]
    return {
        "name": mpp["name"],
        **{name: amounts[name] for name in ("ports", "cpu_cores", "cpu_mhz", "disk_gb")},
        "memory_mb": amounts["memory_gb"] * MB_IN_GB,
    }


def _companion_words(recommendation: Mapping[str, Any], number: int) -> dict[str, Any]:
    load: Load = recommendation["load"]
    mode = recommendation["mode"]
    wanted = [word for word in companions.REQUIRED[mode] if word != "companions_cms"]
    if mode in companions.MODES_WITH_OPTIONAL_AES:
        wanted.append("companions_aes")
    if load.telephony:
        wanted.append("companions_speech_servers")
    if mode in companions.MODES_WITH_AGENT_DESKTOP and load.agents:
        wanted.append("companions_agent_desktop")
    if recommendation["geo"]:
        wanted += GEO_COMPANIONS
    words: dict[str, Any] = {}
    for index, word in enumerate(wanted):
        entry = _placed(f"{SHORT_NAMES[word]}{number + 1}", number, FIRST_COMPANION + index)
        if word == "companions_communication_manager":
            entry["role"] = "main" if number == 0 else "survivable_core"
        if word == "companions_speech_servers":
            entry["services"] = ["tts"]
        words[word] = [entry]
    return words


def _placed(name: str, number: int, last: int) -> dict[str, Any]:
    return {"name": name, "address": f"{NETWORKS[number]}.{last}", "fqdn": f"{name}.{DOMAIN}"}


def _kafka_words(recommendation: Mapping[str, Any]) -> dict[str, Any]:
    words: dict[str, Any] = {}
    if set(_hosts_of(recommendation, "kafka")) - set(_hosts_of(recommendation, *POM_SERVERS)):
        words |= {"kafka_archive": "files/kafka_server-2.13-3.2.0.tar.gz", "kafka_archive_sha256": SHA256}
    brokers = len(_hosts_of(recommendation, "kafka")) // len(recommendation["data_centers"])
    return words | (dict.fromkeys(SINGLE_BROKER_WORDS, 1) if brokers == 1 else {})


def _host_words(recommendation: Mapping[str, Any], number: int, index: int, host: Mapping[str, Any]) -> dict[str, Any]:
    placed = _placed(host["name"], number, FIRST_HOST + index)
    words: dict[str, Any] = {"host_address": placed["address"], "host_fqdn": placed["fqdn"]}
    if "kafka" in host["components"]:
        data_center = list(recommendation["data_centers"].values())[number]
        brokers = [other["name"] for other in data_center["hosts"] if "kafka" in other["components"]]
        words |= dict.fromkeys(("zookeeper_myid", "kafka_broker_id"), brokers.index(host["name"]) + 1)
    if "cms" in host["components"]:
        primary = host["name"] == _hosts_of(recommendation, "cms")[0]
        words["cms_ha_role"] = "primary" if primary else "secondary"
    if host["components"] == [APPLICATION]:
        words |= {"app_server_java_version": "1.8.0_392", "app_server_tomcat_version": "8.5.100"}
    return words | _amount_words(host["amounts"])


def _amount_words(amounts: Mapping[str, float]) -> dict[str, Any]:
    stated: Iterable[str] = ("cpu_cores", "cpu_mhz", "memory_gb", "disk_gb", "root_disk_gb")
    return {
        sizing.QUANTITIES[quantity].word: round(amounts[quantity] * sizing.QUANTITIES[quantity].units)
        for quantity in stated
        if quantity in amounts
    }
