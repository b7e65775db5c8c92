# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What others have to do before POM can be installed, team by team, with the values that they need. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import (
    applications,
    companions,
    database_grants,
    licences,
    rt_sockets,
    storage_layout,
)

if TYPE_CHECKING:
    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import SiteHost

WORDS_READ = (
    companions.WORDS_READ
    | licences.WORDS_READ
    | rt_sockets.WORDS_READ
    | frozenset(companions.TITLES)
    | {
        "app_server_port",
        "app_server_url_host",
        "certificates_trusted",
        "fips_enabled",
        "fips_experience_portal_enabled",
        "geo_active_data_center",
        "geo_database_nodes",
        "geo_distributed_group",
        "geo_listener",
        "geo_topology",
        "network_lan_segment",
        "pom_database_contact_sources",
        "pom_database_encryption_at_rest",
        "pom_database_engine",
        "pom_database_host",
        "pom_database_name",
        "pom_database_port",
        "pom_database_server_managed",
        "pom_database_size_gb",
        "pom_database_user",
        "pom_experience_portal_version",
        "pom_nontelephony",
        "pom_skill_based_campaigns",
        "pom_zones",
        "rt_sockets_hacms",
        "rt_sockets_sessions",
        "sizing_mpp_servers",
        "telephony_h323_call_classification",
        "telephony_sa8874",
        "telephony_sip_ports_reserved",
        "telephony_voip",
        "vmware_cpu_reservation_mhz",
        "vmware_guest",
        "vmware_memory_reservation_mb",
    }
)


@dataclass(frozen=True)
class Place:
    """A data center with POM servers, and the site that it is part of."""

    name: str
    hosts: Sequence[SiteHost]
    servers: Sequence[SiteHost]
    everyone: Sequence[SiteHost]

    def get(self, word: str, default: Any = None) -> Any:
        return companions.first_value(self.servers, word, default)

    def is_described(self, word: str) -> bool:
        return bool(self.get(word))

    def having(self, component: str) -> list[SiteHost]:
        return [host for host in self.hosts if host.is_any(component)]

    @property
    def database_servers(self) -> Sequence[SiteHost]:
        """The hosts that the database is described on: where it is no host of the site, the POM servers."""
        return self.having("pom_database") or self.servers

    @property
    def engine(self) -> str:
        return str(companions.first_value(self.database_servers, "pom_database_engine", "postgres"))

    @property
    def is_geo(self) -> bool:
        return self.get("pom_scenario") == "geo"


def rows(hosts: Iterable[SiteHost]) -> list[dict[str, Any]]:
    """One row a demand: team, data center, subject, values, source. By data center, then by team in the order of need."""
    everyone = sorted(hosts, key=lambda host: host.name)
    places = [
        Place(name, [host for host in everyone if host.data_center == name], servers, everyone)
        for name, servers in rt_sockets.pom_servers(everyone).items()
    ]
    return [
        {
            "team": team,
            "data_center": place.name,
            "subject": subject,
            "values": {label: value for label, value in values.items() if value not in ("", None, [])},
            "source": list(source),
        }
        for place in places
        for team, demands in TEAMS
        for subject, values, source in demands(place)
    ]


Demand = tuple[str, Mapping[str, Any], Sequence[str]]


# --- one function a team ------------------------------------------------------------------------------------------


def network(place: Place) -> Iterator[Demand]:
    segments = sorted({host.words["network_lan_segment"] for host in place.hosts if "network_lan_segment" in host.words})
    yield (
        "POM, media processing platforms, databases, speech servers and application servers on the same LAN switch",
        {
            "hosts": _named(host for host in place.hosts if not host.is_any("cms")),
            "media processing platforms": [mpp["name"] for mpp in place.get("sizing_mpp_servers", ())],
            "speech servers": [server["name"] for server in place.get("companions_speech_servers", ())],
            "LAN segment": ", ".join(segments),
        },
        ["POM-NET-01"],
    )


def virtualization(place: Place) -> Iterator[Demand]:
    guests = [host for host in place.hosts if host.words.get("vmware_guest")]
    if not guests:
        return
    yield (
        "virtual machines without Fault Tolerance and storage vMotion; vMotion in maintenance mode only; no lasting snapshots",
        {"virtual machines": _named(guests)},
        ["POM-VM-03", "POM-VM-05", "POM-VM-06"],
    )
    for host in guests:
        cpu, memory = host.words.get("vmware_cpu_reservation_mhz"), host.words.get("vmware_memory_reservation_mb")
        if cpu or memory:
            values = {"CPU": f"{cpu} MHz" if cpu else "", "memory": f"{memory} MB" if memory else ""}
            yield f"reservations of {host.name}", values, ["POM-VM-02"]
    yield (
        "vSphere HA with host monitoring and admission control for the failure of one ESXi host; the primary EPM restarts first "
        "and stays powered on when its host is isolated",
        {
            "first": _named(place.having("epm_primary")),
            "then": _named(place.having("epm_auxiliary")),
            "VM Restart Priority of the first": "High",
            "Host Isolation Response": "Leave powered on",
            "Virtual Monitoring": "VM and Application Monitoring; VM Monitoring Sensitivity High; Application Monitoring Include",
            "Datastore Heartbeating": "any of the cluster datastores taking into account my preferences: that of the primary EPM",
        },
        ["POM-VM-04"],
    )
    yield "host monitoring off while the network is maintained", {}, ["POM-NET-03", "POM-VM-04"]


def operating_system(place: Place) -> Iterator[Demand]:
    if place.get("fips_enabled"):
        yield "operating system in FIPS mode", {"hosts": _named(place.servers)}, ["POM-FIPS-01"]


def database(place: Place) -> Iterator[Demand]:
    described, engine = place.database_servers, place.engine
    managed = [host for host in place.having("pom_database") if host.words.get("pom_database_server_managed")]
    if encryption := ENCRYPTION_AT_REST.get(companions.first_value(described, "pom_database_encryption_at_rest", "none")):
        yield encryption
    if engine == "postgres" and managed:
        return
    if not place.is_geo or place.name == place.get("geo_active_data_center"):
        name = companions.first_value(described, "pom_database_name", "DATABASE")
        user = companions.first_value(described, "pom_database_user", "USER")
        yield (
            "an empty database and its user",
            {
                "engine": engine,
                "server": place.get("geo_listener" if place.is_geo else "pom_database_host")
                or _named(place.having("pom_database")),
                "port": companions.first_value(described, "pom_database_port"),
                "database": name,
                "user": user,
            },
            ["POM-DB-02", "POM-DB-03"],
        )
        for row in database_grants.statements(engine, user=user, database=name):
            values = {"statement": row["statement"], "run in": row["where"], "what for": row["purpose"]}
            yield "a right or a setting for POM", values, [source for source in row["source"] if source.startswith("POM-")]
    yield "connections from the POM servers admitted", {"from": _addresses(place.servers)}, ["POM-DB-10", "POM-NET-02"]
    if engine == "mssql" and (size_gb := companions.first_value(described, "pom_database_size_gb")):
        yield tempdb(size_gb)
    if place.is_geo:
        yield from geo_database(place)


def tempdb(size_gb: int) -> Demand:
    advice = storage_layout.tempdb_advice(size_gb)
    values = {
        "initial size": f"{advice['initial_gb']} GB",
        "growth": advice["grows"],
        "restart MSSQL and POM above": f"{advice['restart_above_gb']} GB",
    }
    return "TempDB on a drive of its own", values, ["POM-DB-20"]


ENCRYPTION_AT_REST: Mapping[str, Demand] = {
    "tde": (
        "transparent data encryption: POM services and vpms stop, it is enabled, the database server restarts, they start again",
        {},
        ["POM-DB-27"],
    ),
    "filesystem": ("an encrypted filesystem for the data directory, before POM is installed", {}, ["POM-DB-28"]),
}


def geo_database(place: Place) -> Iterator[Demand]:
    yield (
        "AlwaysOn availability group with manual failover and asynchronous commit; its primary replica in the active data center",
        {
            "topology": place.get("geo_topology"),
            "nodes here": place.get("geo_database_nodes"),
            "listener": place.get("geo_listener"),
            "distributed group": place.get("geo_distributed_group"),
            "active data center": place.get("geo_active_data_center"),
        },
        ["POM-GEO-01", "POM-GEO-02", "POM-GEO-03"],
    )


def licence_server(place: Place) -> Iterator[Demand]:
    counts = {title: place.get(word, 0) for word, title in licences.TITLES.items() if place.get(word, 0)}
    source = ["POM-SYS-01", "POM-SYS-02", "POM-APP-10", *(["POM-GEO-13"] if place.is_geo else [])]
    yield "licences installed on the licence server", {"server": _entries(place, "companions_license_server"), **counts}, source
    if any(host.words.get("vmware_guest") for host in place.hosts):
        yield "a licence for every instance on a virtual machine", {}, ["POM-SYS-02"]


def experience_portal(place: Place) -> Iterator[Demand]:
    yield (
        "Experience Portal installed and running on every POM server",
        {"primary": _named(place.having("epm_primary")), "auxiliary": _named(place.having("epm_auxiliary"))}
        | {"version": place.get("pom_experience_portal_version")},
        ["POM-SYS-05", "POM-SYS-09"],
    )
    if "oracle" in (place.engine, *place.get("pom_database_contact_sources", ())):
        yield (
            "Experience Portal's own Oracle driver on every POM server, after its guides, before POM is given one",
            {"program": "InstallOracleJDBC.sh, with vpms stopped and started again", "servers": _named(place.servers)},
            ["POM-DB-16", "POM-UPG-02"],
        )
    if place.get("fips_enabled"):
        yield "Experience Portal in FIPS mode before POM is", _stated(place, "fips_experience_portal_enabled"), ["POM-FIPS-01"]
    if zones := place.get("pom_zones"):
        geo = ["POM-GEO-12"] if place.is_geo else []
        yield "zones, the same in every data center" if place.is_geo else "zones", {"zones": zones}, ["POM-MODE-03", *geo]
    if not place.get("pom_nontelephony"):
        yield (
            "voice ports in service",
            {
                "protocols": place.get("telephony_voip"),
                "telephony ports": place.get("licences_telephony_ports"),
                "SIP ports for POM": place.get("telephony_sip_ports_reserved") or None,
                "media processing platforms": [
                    f"{mpp['name']} ({mpp['ports']} ports)" for mpp in place.get("sizing_mpp_servers", ())
                ],
            },
            ["POM-SYS-02", "POM-SYS-03"],
        )
    tts = [server for server in place.get("companions_speech_servers", ()) if "tts" in server.get("services", ())]
    if tts:
        yield "a text-to-speech server for AvayaPOMNotifier", {"servers": _listed(tts)}, ["POM-SYS-03"]
    if place.having("app_server"):
        urls = [applications.base_url(host) for host in place.having("app_server")]
        yield (
            "applications by the URLs of the application servers, without a load balancer",
            {"URLs": urls},
            ["POM-APP-07", "POM-APP-09"],
        )
    if place.is_geo:
        yield "organizations and users the same in every data center", {}, ["POM-GEO-12"]


def communication_manager(place: Place) -> Iterator[Demand]:
    if not place.is_described("companions_communication_manager"):
        return
    yield (
        "Communication Manager installed and configured",
        {"servers": _entries(place, "companions_communication_manager")},
        ["POM-MODE-02", "POM-SYS-01", *(["POM-GEO-02"] if place.is_geo else [])],
    )
    if place.get("telephony_h323_call_classification"):
        subject = "special application SA8874 activated, for call classification on H.323"
        yield subject, _stated(place, "telephony_sa8874"), ["POM-SYS-03"]


def aes(place: Place) -> Iterator[Demand]:
    if place.is_described("companions_aes"):
        yield (
            "AES installed and configured, for agents' outbound calls",
            {"servers": _entries(place, "companions_aes"), "POM servers": _addresses(place.servers)},
            ["POM-MODE-02", "POM-SYS-01", *(["POM-GEO-02"] if place.is_geo else [])],
        )
        yield from _fips_certificate(place, "aes", "AES")


def cms(place: Place) -> Iterator[Demand]:
    servers = companions.cms_servers(place.everyone)
    if not servers or place.get("pom_mode") != rt_sockets.MODE_WITH_CMS:
        return
    if place.get("pom_skill_based_campaigns"):
        yield (
            "package RT_socket configured on each CMS, one session for each POM server of the site",
            {
                "CMS": [f"{server.name} {server.address}{f' ({server.role})' if server.role else ''}" for server in servers],
                "sessions on each": max(rt_sockets.sessions_needed(place.everyone), place.get("rt_sockets_sessions", 0)),
                "to": _addresses(place.servers),
                "port": place.get("rt_sockets_port"),
                "format": place.get("rt_sockets_report_format"),
            },
            ["POM-RTS-01", "POM-RTS-03"],
        )
        if len(servers) > 1:
            yield "HACMS parameters true in rta.conf", _stated(place, "rt_sockets_hacms"), ["POM-RTS-02"]
    yield from _fips_certificate(place, "cms", "CMS")


def aura_contact_center(place: Place) -> Iterator[Demand]:
    if place.is_described("companions_aacc"):
        servers = {"servers": _entries(place, "companions_aacc")}
        yield "Aura Contact Center installed and configured", servers, ["POM-MODE-02", "POM-SYS-01"]
        yield from _fips_certificate(place, "aacc", "Aura Contact Center")


def oceana(place: Place) -> Iterator[Demand]:
    if place.is_described("companions_oceana"):
        servers = {"servers": _entries(place, "companions_oceana")}
        yield "Oceana installed and configured", servers, ["POM-MODE-02", "POM-SYS-01"]


def desktop(place: Place) -> Iterator[Demand]:
    if place.is_described("companions_agent_desktop"):
        values = {"desktops": _entries(place, "companions_agent_desktop"), "POM servers": _addresses(place.servers)}
        yield "agent desktop on the agent APIs of POM", values, ["POM-SYS-01"]


def session_and_system_manager(place: Place) -> Iterator[Demand]:
    values = {
        "Session Manager": _entries(place, "companions_session_manager"),
        "System Manager": _entries(place, "companions_system_manager"),
    }
    if place.is_geo and any(values.values()):
        yield "administered identically in every data center", values, ["POM-GEO-02"]


def _fips_certificate(place: Place, product: str, title: str) -> Iterator[Demand]:
    if place.get("fips_enabled"):
        trusted = [entry["path"] for entry in place.get("certificates_trusted", ()) if entry.get("product") == product]
        yield f"certificate of {title} or of its authority, handed over as a file", {"expected at": trusted}, ["POM-FIPS-04"]


TEAMS: Sequence[tuple[str, Callable[[Place], Iterator[Demand]]]] = (
    ("network", network),
    ("VMware", virtualization),
    ("operating system", operating_system),
    ("database", database),
    ("WebLM", licence_server),
    ("Experience Portal", experience_portal),
    ("Communication Manager", communication_manager),
    ("AES", aes),
    ("CMS", cms),
    ("Aura Contact Center", aura_contact_center),
    ("Oceana", oceana),
    ("agent desktop", desktop),
    ("Session Manager", session_and_system_manager),
)


# ------------------------------------------------------------------------------------------------------------------


def _stated(place: Place, word: str) -> dict[str, str]:
    """What a person has written about it already."""
    return {"stated": "done" if place.get(word) else "open"}


def _named(hosts: Iterable[SiteHost]) -> list[str]:
    return sorted(host.name for host in hosts)


def _addresses(hosts: Iterable[SiteHost]) -> list[str]:
    return [f"{host.name} {host.address}" for host in hosts]


def _entries(place: Place, word: str) -> list[str]:
    return _listed(place.get(word, ()))


def _listed(entries: Iterable[Mapping[str, Any]]) -> list[str]:
    return [
        " ".join([entry["name"], entry["address"], *([f"version {entry['version']}"] if "version" in entry else [])])
        + (f" ({entry['role'].replace('_', ' ')})" if "role" in entry else "")
        for entry in entries
    ]
