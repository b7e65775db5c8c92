# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules about POM servers that Dialtone installs: what a person must give and agree to, and what is the vendor's on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ansible_collections.dialtone.contact_center.plugins.module_utils.pom_layout import INSTALL_PATH
from ansible_collections.dialtone.contact_center.plugins.plugin_utils import dialogues, vendors_tree
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import PREFLIGHT, WARN, Finding
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.pom_systems import (
    each_pom_system,
    stating,
    value_of,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.rule import Rule
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.rules_database import could_be_read, databases
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.site import HostView, SiteView
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.spelling import nearest
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.validate import show
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.pom_servers import (
    AGENTS_OF_THE_DEFAULT,
    EPM_HTTP_PORT,
    MEMORY_GB_ABOVE,
    SITE_CA,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import POM_SERVERS

STORES_OF_POM = KEYSTORE_PASSWORD, TRUSTSTORE_PASSWORD = "certificates_keystore_password", "certificates_truststore_password"
OUTCALL_PASSWORD = "pom_outcall_password"
OUTCALL_USER = ("pom_outcall_user", OUTCALL_PASSWORD)
ORGANIZATION_ROLE = "Org "
AGENTS_WITH_A_FIGURE = 1000
GEO_DIALOGUE = "installDB_geo"
MEDIA = {
    "pom_server_media_iso": "the image of the POM media, from which the installer runs",
    "pom_server_media_sha256": "the SHA-256 of the image, by which another content is refused before it runs as root",
}
NOT_WITHOUT_MEDIA = "there would be nothing to install"
NOT_WITHOUT_A_PERSON = "only a person can accept a licence agreement; its own word is the consent"
STORES_STAY_CLOSED = "the stores would not open, and no service of POM would start"
NOT_WITHOUT_THE_DIALOGUE = "the run would stop where the vendor's program is to be answered"
VENDORS_TREE = "two would write the same files, and the services would look for their stores where there are none"


def managed_servers(site: SiteView) -> Iterator[HostView]:
    yield from (host for host in site.hosts if host.is_any(*POM_SERVERS) and host.get("pom_server_managed") is True)


def path_of_the_vendors_linux(site: SiteView, rule: Rule) -> Iterator[Finding]:
    """Which of the two a server runs is not written anywhere before it is asked, and nothing documented tells them apart then."""
    for host in managed_servers(site):
        if host.get("pom_server_install_path", INSTALL_PATH) != INSTALL_PATH:
            yield site.finding(
                rule,
                host,
                "pom_server_install_path",
                found=host.values["pom_server_install_path"],
                expected=f"{INSTALL_PATH} on Avaya Enterprise Linux, which allows no other; any path on Red Hat Enterprise Linux",
                fix="leave the word out, unless the servers run Red Hat Enterprise Linux",
                severity=WARN,
            )


# --- what a person gives and agrees to ----------------------------------------------------------------------------


def licence_agreement(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in managed_servers(site):
        if host.get("pom_server_accept_eula") is False:
            yield site.finding(
                rule,
                host,
                "pom_server_accept_eula",
                found=f"false{'' if host.defines('pom_server_accept_eula') else ' (the default)'}",
                expected="true: the licence must be accepted explicitly, by whoever may do so for the site",
                fix="read the vendor's licence agreement and write pom_server_accept_eula: true, or pom_server_managed: false "
                "where somebody else installs POM",
            )


def outcall_user_missing(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in managed_servers(site):
        for word in OUTCALL_USER if host.is_any("epm_primary") else ():
            if not host.defines(word):
                yield site.finding(
                    rule,
                    host,
                    word,
                    found="not set, while Dialtone leads through the pages of POM here",
                    expected="user and password with Outcall privileges, for the page Outbound Settings of POM",
                    fix=f"write {word} in {'the vault (ansible-vault edit)' if word == OUTCALL_PASSWORD else 'group_vars/all'}",
                    severity=WARN,
                )


def media_missing(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in managed_servers(site):
        for word, what in MEDIA.items():
            if not host.defines(word):
                yield site.finding(
                    rule,
                    host,
                    word,
                    found="not set, while Dialtone installs POM here",
                    expected=what,
                    fix=f"write {word} in group_vars/all, or pom_server_managed: false where somebody else installs POM",
                )


def media_path_on_host(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in managed_servers(site):
        path = host.get("pom_server_media_iso", "/")
        if host.get("pom_server_media_location") == "host" and not path.startswith("/"):
            yield site.finding(
                rule,
                host,
                "pom_server_media_iso",
                found=f"{path}, with pom_server_media_location: host",
                expected="an absolute path: the host has no directory that a relative one would begin at",
                fix=f"write the whole path, or pom_server_media_location: controller if {path} lies here",
            )


def packages_of_silent_mode(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in managed_servers(site):
        extra = host.get("pom_server_extra_packages", ())
        if extra and host.get("pom_server_install_mode") == "interactive":
            yield site.finding(
                rule,
                host,
                "pom_server_extra_packages",
                found=f"{show(extra)}, with pom_server_install_mode: interactive",
                expected="packages that the installer's menu offers: these stand in the printed commands of the silent mode only",
                fix="remove pom_server_extra_packages, or write pom_server_install_mode: silent",
            )


def managed_in_part(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        ours = [host for host in system.servers if host.get("pom_server_managed") is True]
        others = [host for host in system.servers if host.get("pom_server_managed") is False]
        if ours and others:
            yield site.finding(
                rule,
                others[0],
                "pom_server_managed",
                found=f"false on {', '.join(host.name for host in others)}, true on {', '.join(host.name for host in ours)}",
                expected=f"one answer for data center {system.data_center}: primary and auxiliaries are installed, started and "
                "restarted in one order",
                fix="write pom_server_managed once, for all POM servers of the data center",
            )


def port_of_primary(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in managed_servers(site):
        port = host.get("pom_server_primary_port", EPM_HTTP_PORT)
        if host.is_any("epm_auxiliary") and port != EPM_HTTP_PORT:
            yield site.finding(
                rule,
                host,
                "pom_server_primary_port",
                found=str(port),
                expected=f"{EPM_HTTP_PORT}, the documented port at which an auxiliary's installer fetches the certificate of the "
                "primary",
                fix="remove the line, unless the primary was moved to that port",
                severity=WARN,
            )


def database_dialogue(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for database in databases(site):
        host = stating(database.servers, "pom_server_database_dialogue") if database.servers else None
        if host is None or host.get("pom_server_database_dialogue") != GEO_DIALOGUE:
            continue
        mode = value_of(database.servers, "pom_mode", "CCElite")
        if database.engine not in ("", "mssql") or mode != "CCElite":
            yield site.finding(
                rule,
                host,
                "pom_server_database_dialogue",
                found=f"{GEO_DIALOGUE}, with a database of {database.product} and the mode {mode}",
                expected="MSSQL and CCElite: those of the chapter on geo-redundancy, which prints this wording",
                fix="remove the line: installDB is the wording for every database and every mode",
            )


def dialogue_overlay(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        host = system.stating("site_dialogues")
        for name, overlay in system.get("site_dialogues", {}).items():
            if name not in dialogues.names():
                meant = nearest(name, dialogues.names())
                yield site.finding(
                    rule,
                    host,
                    "site_dialogues",
                    found=f"{name}, which no dialogue is called",
                    expected=f"one of {', '.join(dialogues.names())}",
                    fix=f"rename it to {meant}" if meant else "remove it",
                    steps=[name],
                )
                continue
            try:
                dialogues.load(name, overlay)
            except dialogues.DialogueError as error:
                yield site.finding(
                    rule,
                    host,
                    "site_dialogues",
                    found=str(error),
                    expected=f"an overlay that fits dialogues/{name}.yml: steps by their ids, and the keys of a dialogue",
                    fix="change what is named here, or remove it: the documented dialogue holds for what is left out",
                    steps=[name, *error.path],
                )


# --- what is the vendor's -----------------------------------------------------------------------------------------


def store_passwords(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in managed_servers(site):
        for word in STORES_OF_POM:
            if not host.defines(word) and could_be_read(host, word):
                yield site.finding(
                    rule,
                    host,
                    word,
                    found="not set, while Dialtone installs POM here",
                    expected="the password of the store that POM's installer makes: the printed one, until it is changed with "
                    "the vendor's program",
                    fix=f"write {word} in the vault",
                )
        shares_stores = host.is_any("kafka", "zookeeper") and KEYSTORE_PASSWORD in host and TRUSTSTORE_PASSWORD in host
        if shares_stores and host.values[KEYSTORE_PASSWORD] != host.values[TRUSTSTORE_PASSWORD]:
            yield site.finding(
                rule,
                host,
                TRUSTSTORE_PASSWORD,
                found=f"another than {KEYSTORE_PASSWORD} (neither is shown), on a host with Kafka or ZooKeeper",
                expected="one password for both stores: Kafka and ZooKeeper open them with a single one",
                fix=f"change one of the two with the vendor's program, then write {TRUSTSTORE_PASSWORD} like the other",
            )


def kafka_in_vendors_tree(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in managed_servers(site):
        for word, value in vendors_tree.defaults_on(host.components, host.values).items():
            if host.get(word, value) != value:
                yield site.finding(
                    rule,
                    host,
                    word,
                    found=f"{show(host.values[word])}, on a POM server",
                    expected=f"{show(value)}: Kafka and ZooKeeper of a POM server are the ones that POM's installer lays down",
                    fix=f"remove {word} where it holds for the POM servers: it is {show(value)} there by itself",
                )


def identity_of_kafka(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for host in managed_servers(site):
        source = host.get("certificates_source", SITE_CA)
        if host.is_any("kafka", "zookeeper") and source != SITE_CA:
            yield site.finding(
                rule,
                host,
                "certificates_source",
                found=f"{source}, on a POM server with Kafka or ZooKeeper",
                expected=f"{SITE_CA}: Kafka and ZooKeeper show POM's certificate, and the nodes beside them trust the site's "
                "authority only",
                fix=f"write certificates_source: {SITE_CA}, or take {host.name} out of the groups kafka and zookeeper",
            )


# --- what is set on the pages -------------------------------------------------------------------------------------


def roles_of_users(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        for index, user in enumerate(system.get("pom_users", ())):
            for position, role in enumerate(user["roles"]):
                if role.startswith(ORGANIZATION_ROLE) and system.get("organizations_list") == []:
                    yield site.finding(
                        rule,
                        system.stating("pom_users"),
                        "pom_users",
                        found=f"{role} for {user['name']}, with no organization described",
                        expected="a role that the page offers: those of organizations exist only where they are enabled",
                        fix=f"write {role.removeprefix(ORGANIZATION_ROLE)}, or describe the organizations in organizations_list",
                        steps=[index, "roles", position],
                    )


def user_named_twice(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        users = system.get("pom_users", ())
        for name, count in Counter(user["name"] for user in users).items():
            if count > 1:
                yield site.finding(
                    rule,
                    system.stating("pom_users"),
                    "pom_users",
                    found=f"{name}, {count} times",
                    expected="one entry a user, with all of its roles",
                    fix=f"write the roles of {name} into one entry",
                )


def home_country(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        if country := system.get("pom_home_country"):
            yield site.finding(
                rule,
                system.stating("pom_home_country"),
                "pom_home_country",
                found=f"{country}; whether it is the one that was set at the first roll-out stands in the ledger on the hosts",
                expected="the home country of the initial installation: it must not be changed afterwards",
                fix="nothing",
                severity=PREFLIGHT,
            )


# --- memory -------------------------------------------------------------------------------------------------------


def agent_memory(site: SiteView, rule: Rule) -> Iterator[Finding]:
    for system in each_pom_system(site):
        agents, stated = system.get("sizing_agents", 0), system.get("pom_agent_manager_memory_gb")
        if stated is None and agents > AGENTS_WITH_A_FIGURE and system.get("sizing_purpose") != "lab":
            word, found = "sizing_agents", f"{agents}, with no pom_agent_manager_memory_gb"
            expected = f"memory of the Agent Manager for so many: the documents recommend {MEMORY_GB_ABOVE} GB for "
            expected += f"{AGENTS_WITH_A_FIGURE} agents, and nothing above"
            fix = f"ask the vendor's support and write pom_agent_manager_memory_gb; until then it is given {MEMORY_GB_ABOVE} GB"
        elif stated is not None and stated < MEMORY_GB_ABOVE and agents > AGENTS_OF_THE_DEFAULT:
            word, found = "pom_agent_manager_memory_gb", f"{stated} GB, with {agents} agents"
            expected = f"{MEMORY_GB_ABOVE} GB for more than {AGENTS_OF_THE_DEFAULT} agents"
            fix = "remove the line: what is recommended follows from sizing_agents"
        else:
            continue
        yield site.finding(rule, system.stating(word), word, found=found, expected=expected, fix=fix, severity=WARN)


RULES: Sequence[Rule] = (
    Rule("licence-agreement", ("POM-INST-03",), licence_agreement, NOT_WITHOUT_A_PERSON),
    Rule("outcall-user", ("POM-CFG-04",), outcall_user_missing),
    Rule("media-missing", ("POM-INST-01",), media_missing, NOT_WITHOUT_MEDIA),
    Rule("media-path", ("POM-INST-01",), media_path_on_host, NOT_WITHOUT_MEDIA),
    Rule("vendors-linux", ("POM-INST-04", "T-062"), path_of_the_vendors_linux),
    Rule("silent-packages", ("POM-INST-05", "POM-INST-11", "POM-AUX-03", "T-053"), packages_of_silent_mode),
    Rule("managed-in-part", ("POM-AUX-01", "POM-SVC-04"), managed_in_part),
    Rule("primary-port", ("POM-AUX-02",), port_of_primary),
    Rule("database-dialogue", ("POM-GEO-04", "T-025"), database_dialogue),
    Rule("dialogue-overlay", ("T-025",), dialogue_overlay, NOT_WITHOUT_THE_DIALOGUE),
    Rule("store-password", ("POM-CERT-01", "POM-CERT-15"), store_passwords, STORES_STAY_CLOSED),
    Rule("vendors-kafka", ("POM-KAFKA-04", "POM-ZK-02", "POM-SVC-01"), kafka_in_vendors_tree, VENDORS_TREE),
    Rule("kafka-identity", ("POM-KAFKA-05", "POM-KAFKA-06", "POM-CERT-02"), identity_of_kafka),
    Rule("organization-role", ("POM-CFG-06",), roles_of_users),
    Rule("user-twice", ("POM-CFG-06",), user_named_twice),
    Rule("agent-memory", ("POM-MEM-01",), agent_memory),
    Rule("home-country", ("POM-CFG-07", "T-122"), home_country),
)
