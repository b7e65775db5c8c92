# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a run is about to change, from what the roles observed: said before anything is changed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.identities import by_name
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.lease import duration
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.plan import paragraph

WIDTH = 110
MOST_LINES_OF_A_ROLE = 8
MOST_HOSTS_NAMED = 6
# Measured on the lab's hosts; a site's own figures are in the records of its runs.
SECONDS_TO_OBSERVE = 15
SECONDS_OF_A_ROLE = {
    "host": 10,
    "kafka_distribution": 10,
    "trust": 10,
    "zookeeper": 10,
    "kafka": 15,
    "pom_database": 20,
    "pom_server": 60,
    "app_server": 60,
    "nfs_server": 10,
    "pom_directories": 10,
}
SECONDS_OF_A_RESTART = {"zookeeper": 8, "kafka": 15, "pom_server": 90}
# Minutes, not seconds: each of these is worked through on one server after the other.
SECONDS_OF_A_STEP = {
    "install": 600,
    "identity": 300,
    "reboot": 120,
    "schema": 180,
    "service": 90,
    "agent_memory": 60,
    "mode": 120,
    "mode_restart": 180,
    "non_telephony": 300,
    "copy_attribute": 300,
}
ASKED_FOR = "a restart of all was asked for"
CHANGING, DUE = "dialtone_changing", "dialtone_due"

# What a person cannot take back by writing the former words: role, beginning of the words, and why.
NO_WAY_BACK = (
    ("kafka", "raise ", "more replicas of topics: nothing in Dialtone takes replicas away again"),
    ("pom_database", "password of role ", "a new password of the database's user: the former one is nowhere kept"),
    ("pom_server", "POM is installed", "the installation of POM: playbooks/pom_uninstall.yml removes it, and nothing else does"),
    ("pom_server", "the POM schema is created", "the POM schema: only the database's administrator removes it"),
    ("pom_server", "POM is told the new name", "what vpUpgrade.sh changes of POM: a backup set keeps its files"),
    ("app_server", "the applications are registered", "the registration of the applications: only the EPM pages change it"),
    ("pom_server", "SIP 403 is classified", "CALL_FORBIDDEN: no way to switch it off is documented"),
    ("pom_server", "the mode of POM is changed", "the mode: the vendor allows no change that leads back to the former one"),
    ("pom_server", "POM is converted to manual", "the conversion to manual dialling: it can never be reverted"),
    ("pom_server", "the settings of POM's events", "settings of events that somebody changed: the former ones are nowhere kept"),
    ("pom_server", "the custom attribute", "the copy into AgentId: later changes of the custom attribute do not follow"),
)

Observed = Mapping[str, Any]


@dataclass(frozen=True)
class Item:
    """One thing that changes on one host."""

    role: str
    host: str
    what: str
    reasons: tuple[str, ...]
    step: str = ""  # of a role that works in steps of very different length


@dataclass(frozen=True)
class Restart:
    """One node that is restarted, and why."""

    component: str
    host: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Work:
    """Everything that a run is about to do."""

    hosts: tuple[str, ...]
    items: tuple[Item, ...]
    restarts: tuple[Restart, ...]

    @property
    def due(self) -> tuple[str, ...]:
        """The hosts on which there is something to do, in the order of the site."""
        busy = {item.host for item in self.items} | {restart.host for restart in self.restarts}
        return tuple(host for host in self.hosts if host in busy)

    @property
    def seconds(self) -> int:
        """A rough duration: roles work on all their hosts at once, restarts follow one another."""
        roles = {item.role for item in self.items}
        return (
            SECONDS_TO_OBSERVE
            + sum(SECONDS_OF_A_ROLE.get(role, 0) for role in roles)
            + sum(SECONDS_OF_A_STEP.get(item.step, 0) for item in self.items)
            + sum(SECONDS_OF_A_RESTART[restart.component] for restart in self.restarts)
        )


def state_items(role: str, host: str, observed: Observed) -> Iterator[Item]:
    """What host_state saw: files and directories, and what the builtin modules will be handed."""
    for change in observed.get("changes", ()):
        yield Item(role, host, change["path"], tuple(change["reasons"]))
    drift = observed.get("drift", {})
    words = {
        "group": "group {} is created",
        "user": "user {} is created",
        "package": "package {}",
        "tree": "program tree {} is unpacked",
    }
    for kind, names in drift.items():
        for name in names:
            if kind in words:
                yield Item(role, host, words[kind].format(name), ())
    for name, unit in observed.get("units", {}).items():
        if unit.get("reasons"):
            yield Item(role, host, f"service {name}", tuple(unit["reasons"]))
        elif role not in COMPONENTS and restart_reasons(unit):
            yield Item(role, host, f"service {name} is restarted", restart_reasons(unit))


def restart_reasons(unit: Mapping[str, Any], taken_over: Iterable[str] = ()) -> tuple[str, ...]:
    """Why the unit is restarted once what is planned is written, and the service has taken over those keys while it runs."""
    keys, online = unit.get("keys_after", {}), set(taken_over)
    return tuple(reason for reason in unit.get("stale_after", ()) if keys.get(reason) not in online)


def trust_items(role: str, host: str, observed: Observed) -> Iterator[Item]:
    for item, reasons in observed.get("reasons", {}).items():
        yield Item(role, host, item, tuple([reasons] if isinstance(reasons, str) else reasons))


def cluster_items(role: str, host: str, observed: Observed) -> Iterator[Item]:
    for action in observed.get("actions", ()):
        yield Item(role, host, action, ())


def database_items(role: str, host: str, observed: Observed) -> Iterator[Item]:
    for missing in observed.get("missing", ()):
        yield Item(role, host, f"PostgreSQL: the {missing} is missing", ())
    if observed.get("state") == "stopped":
        yield Item(role, host, "PostgreSQL is stopped", ())
    for change in observed.get("changes", ()):
        yield Item(role, host, change["item"], (f"needs {change['needs']}",) if change.get("needs") else ())
    for parameter in observed.get("restart_needed", ()):
        yield Item(role, host, f"PostgreSQL is restarted for {parameter['parameter']}", ())


def guided_items(role: str, host: str, observed: Observed) -> Iterator[Item]:
    """What a person will be asked for on the way."""
    for step in observed.get("open", ()):
        yield Item(role, host, f"by hand in the console: {step['title']}", ())


def identity_items(role: str, host: str, observed: Observed) -> Iterator[Item]:
    """Former names and addresses, and the files in which they stand."""
    for name, paths in by_name(observed.get("hits", ())).items():
        yield Item(role, host, f"{name} stands in {count(len(paths), 'file')}", tuple(paths))


def action_items(role: str, host: str, observed: Observed) -> Iterator[Item]:
    """What is left to do on a host, in the order in which it is done."""
    for action in observed.get("actions", ()):
        yield Item(role, host, action["what"], tuple(action["reasons"]))


def pom_items(role: str, host: str, observed: Observed) -> Iterator[Item]:
    """The same on a POM server, where each action has a time of its own."""
    for action in observed.get("actions", ()):
        yield Item(role, host, action["what"], tuple(action["reasons"]), action["name"])


def account_items(role: str, host: str, observed: Observed) -> Iterator[Item]:
    """The account that owns what an NFS server exports, or that it has to be waited for."""
    for item in observed.get("missing", ()):
        yield Item(role, host, item, ())


# Which role leaves its observation in which variable of a host, and how it is read. The order is that of the roll-out.
ITEMS: tuple[tuple[str, str, Callable[[str, str, Observed], Iterable[Item]]], ...] = (
    ("identity", "__host_register_identity", identity_items),
    ("host", "__host_register_observed", state_items),
    ("kafka_distribution", "__kafka_distribution_register_observed", state_items),
    ("trust", "__trust_register_observed", trust_items),
    ("zookeeper", "__zookeeper_register_observed", state_items),
    ("kafka", "__kafka_register_observed", state_items),
    ("kafka", "__kafka_register_cluster_state", cluster_items),
    ("pom_database", "__pom_database_fact_found", database_items),
    ("pom_server", "__pom_server_register_observed", pom_items),
    ("app_server", "__app_server_register_observed", action_items),
    ("nfs_server", "__nfs_server_fact_account", account_items),
    ("nfs_server", "__nfs_server_register_observed", state_items),
    ("pom_directories", "__pom_directories_register_observed", action_items),
    ("guided_steps", "guided_steps_found", guided_items),
)


@dataclass(frozen=True)
class Component:
    """What is restarted node by node: where the role's observation and the probe started_with left their answers."""

    title: str
    observed: str
    probed: str
    online: str = ""


COMPONENTS = {
    "zookeeper": Component("ZooKeeper", "__zookeeper_register_observed", "__zookeeper_register_due"),
    "kafka": Component("Kafka", "__kafka_register_observed", "__kafka_register_due", "__kafka_register_cluster_state"),
    "pom_server": Component("POM", "__pom_server_register_observed", "__pom_server_register_due"),
}


def work_of(
    hosts: Sequence[str],
    variables: Callable[[str], Mapping[str, Any]],
    restart_all: bool = False,
    restart_all_pom: bool = False,
) -> Work:
    """What the observations of these hosts amount to. `variables` gives the variables of a host."""
    items = [item for role, name, read in ITEMS for host in hosts for item in read(role, host, variables(host).get(name) or {})]
    written = {(item.host, item.what) for item in items if item.role == "trust"}
    restarts = []
    for name, component in COMPONENTS.items():
        for host in hosts:
            stores = [path for owner, path in sorted(written) if owner == host]
            reasons = restarts_of(component, variables(host), stores, restart_all_pom if name == "pom_server" else restart_all)
            restarts += [Restart(name, host, reasons)] if reasons else []
    return Work(tuple(hosts), tuple(items), tuple(restarts))


def restarts_of(component: Component, variables: Mapping[str, Any], stores: Iterable[str], restart_all: bool) -> tuple[str, ...]:
    """Why a node is restarted; what is not running as it has to be is started, and not restarted."""
    observed = variables.get(component.observed) or {}
    probed = variables.get(component.probed) or {}
    online = (variables.get(component.online) or {}).get("without_restart", ())
    running = [unit for unit in observed.get("units", {}).values() if not unit.get("reasons")]
    reasons = [reason for unit in running for reason in restart_reasons(unit, online)]
    reasons += [f"{path} is written anew" for unit in running for path in stores if path in unit.get("reads", ())]
    reasons = reasons or ([ASKED_FOR] if restart_all and running else [])
    return tuple(dict.fromkeys([*reasons, *probed_reasons(probed.get("probes", ()), restart_all)]))


def probed_reasons(probes: Iterable[Mapping[str, Any]], restart_all: bool) -> list[str]:
    """Why a node is restarted that the probe started_with was asked of. What is stopped is not restarted, whoever asks for it."""
    running = [probe for probe in probes if probe["kind"] == "started_with" and probe["state"] != "stopped"]
    reasons = [reason for probe in running for reason in probe["facts"]["reasons"]]
    return reasons or ([ASKED_FOR] if restart_all and running else [])


def memberships(work: Work, data_centers: Mapping[str, str]) -> list[dict[str, Any]]:
    """The groups that later plays address: who has something to do, and all of a data center in which somebody has."""
    changing = {data_centers[host] for host in work.due}
    return [
        {"name": host, "groups": [CHANGING, DUE] if host in work.due else [CHANGING]}
        for host in work.hosts
        if data_centers[host] in changing
    ]


# --- text ---------------------------------------------------------------------------------------------------------


def render(
    work: Work,
    site: str,
    playbook: str,
    going_back: str,
    irreversible: Sequence[str] = (),
    check: bool = False,
    snapshots: Sequence[str] = (),
) -> str:
    """What a person reads before the first change. snapshots: the hosts of which one is asked for before it."""
    if not work.due:
        return f"Nothing to change: {count(len(work.hosts), 'host')} of site {site} as the inventory says."
    verb = "would change" if check else "changes"
    lines = [f"{playbook} {verb} {len(work.due)} of {count(len(work.hosts), 'host')} of site {site}:"]
    for role in dict.fromkeys(item.role for item in work.items):
        rows = grouped([item for item in work.items if item.role == role])
        lines += ["", *paragraph(role, rows[0], WIDTH)]
        lines += [line for row in rows[1:MOST_LINES_OF_A_ROLE] for line in paragraph("", row, WIDTH)]
        if len(rows) > MOST_LINES_OF_A_ROLE:
            lines += paragraph("", f"and {len(rows) - MOST_LINES_OF_A_ROLE} more; --check --diff shows each", WIDTH)
    for component in dict.fromkeys(restart.component for restart in work.restarts):
        nodes = [restart for restart in work.restarts if restart.component == component]
        lines += [
            "",
            f"  {COMPONENTS[component].title} is restarted node by node, where the others can do without it:",
        ]
        lines += [line for node in nodes for line in paragraph(f"  {node.host}", "; ".join(shortened(node.reasons)), WIDTH)]
    lines += [""]
    lines += paragraph("Lasts", f"about {duration(work.seconds)}", WIDTH)
    if snapshots:
        asked = f"of {named(snapshots)} first, while POM is stopped: playbooks/snapshot.yml -e vmware_snapshot_action=take"
        lines += paragraph("Snapshot", asked, WIDTH)
    steps = [*irreversible, *no_way_back(work.items)]
    lines += [line for step in steps or ["nothing in it"] for line in paragraph("No way back", step, WIDTH)]
    lines += paragraph("Going back", going_back, WIDTH)
    return "\n".join(lines)


def no_way_back(items: Iterable[Item]) -> list[str]:
    """Why some of the changes cannot be taken back, once each."""
    found = [why for item in items for role, words, why in NO_WAY_BACK if item.role == role and item.what.startswith(words)]
    return list(dict.fromkeys(found))


def summary(work: Work) -> str:
    """One line for whoever reads the result of the task."""
    return f"{count(len(work.items), 'change')} and {count(len(work.restarts), 'restart')} on {count(len(work.due), 'host')}"


def grouped(items: Sequence[Item]) -> list[str]:
    """One row for each thing that changes, with the hosts on which it does so in the same way."""
    hosts: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for item in items:
        hosts.setdefault((item.what, item.reasons), []).append(item.host)
    return [
        f"{what}{': ' + '; '.join(shortened(reasons)) if reasons else ''}  ({named(names)})"
        for (what, reasons), names in hosts.items()
    ]


def shortened(reasons: Sequence[str], most: int = 4) -> list[str]:
    return [*reasons[:most], *([f"and {len(reasons) - most} more reasons"] if len(reasons) > most else [])]


def named(hosts: Sequence[str]) -> str:
    rest = len(hosts) - MOST_HOSTS_NAMED
    return ", ".join(hosts[:MOST_HOSTS_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
