# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The status of a site as one HTML page: no script, nothing loaded from anywhere, light and dark, printable. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.html_page import (
    COMPONENT_NAMES,
    cell,
    document,
    footer,
    group_row,
    header_row,
    text,
    tile,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.status import (
    FAIL,
    OK,
    SEVERITY,
    UNKNOWN,
    WARN,
    WORDS,
    Cluster,
    HostStatus,
    Row,
    Status,
    worst,
)

CERTIFICATE_FULL_BAR_DAYS = 1186  # POM-CERT-14: no certificate of a site lives longer

MARKS = {OK: "✓", WARN: "!", FAIL: "✕", UNKNOWN: "?"}
FACT_NAMES = COMPONENT_NAMES | {
    "kafka_distribution": "Kafka",
    "database_client": "reaches database",
    "trust": "Certificate",
    "host": "Host",
}
ROLES_HELD = {"leader": "ZooKeeper leader", "controller": "Kafka controller"}


def render(status: Status) -> str:
    attention = [row for row in status.rows if row.state != OK]
    return document(
        f"{status.site}: {WORDS[status.state].lower()}",
        STYLE,
        [
            header(status),
            "<main>",
            *([attention_section(attention)] if attention else []),
            *[data_center_section(status, cluster) for cluster in status.clusters],
            facts_section(status),
            "</main>",
            footer(("Dialtone", f"site {status.site}", f"observed {status.generated_at}", f"exit code {status.exit_code}")),
        ],
    )


def header(status: Status) -> str:
    counters = "".join(
        f'<li class="{state if status.counts.get(state) else "none"}"><b>{status.counts.get(state, 0)}</b> {words}</li>'
        for state, words in ((FAIL, "wrong"), (UNKNOWN, "unknown"), (WARN, "to watch"), (OK, "as they should be"))
        if status.counts.get(state) or state in (FAIL, OK)
    )
    notes = [f"Not asked: {', '.join(status.not_asked)}"] if status.not_asked else []
    notes += [f"Advice: {advice}" for advice in status.advice]
    return (
        f'<header class="{status.state}"><div class="inner"><div><p class="eyebrow">Site status</p><h1>{text(status.site)}</h1>'
        f'<p class="time">observed {text(status.generated_at)}</p></div>'
        f'<div class="verdict"><span aria-hidden="true">{MARKS[status.state]}</span><strong>{WORDS[status.state]}</strong></div>'
        f'<ul class="counters">{counters}</ul>'
        + "".join(f'<p class="note">{text(note)}</p>' for note in notes)
        + "</div></header>"
    )


def attention_section(rows: Sequence[Row]) -> str:
    ordered = sorted(rows, key=lambda row: SEVERITY.index(row.state))
    told = [row for row in ordered if row.detail or row.next_step or row.log]
    silent = len(ordered) - len(told)
    more = f'<p class="quiet">{silent} more among the facts below.</p>' if silent else ""
    return f'<section class="attention"><h2>Needs attention</h2>{"".join(problem(row) for row in told)}{more}</section>'


def problem(row: Row) -> str:
    log = ""
    if row.log:
        lines = "\n".join(text(line) for line in row.log)
        log = f"<details><summary>Last lines of its log</summary><pre>{lines}</pre></details>"
    next_step = f'<p class="next"><b>Next</b> {text(row.next_step)}</p>' if row.next_step else ""
    return (
        f'<article class="problem {row.state}">{pill(row.state)}<div><h3>{text(row.host or row.data_center)} · {text(row.what)}'
        f' <span class="quiet">{text(row.observed)}</span></h3><p>{text(row.detail)}</p>{next_step}{log}</div></article>'
    )


def data_center_section(status: Status, cluster: Cluster) -> str:
    hosts = [host for host in status.hosts if host.data_center == cluster.data_center]
    rows = [row for row in status.rows if row.data_center == cluster.data_center]
    cards = "".join(host_card(host, [row for row in rows if row.host == host.name]) for host in hosts)
    return (
        f'<section class="data-center"><h2>Data center {text(cluster.data_center)} {pill(worst(row.state for row in rows))}</h2>'
        f'{numbers(cluster, rows)}<div class="cards">{cards}</div></section>'
    )


def numbers(cluster: Cluster, rows: Sequence[Row]) -> str:
    whole = {(row.component, row.what): row.state for row in rows if not row.host}

    def state(component: str, what: str) -> str:
        return whole.get((component, what), OK)

    tiles = []
    if cluster.ensemble_members:
        tiles.append(
            tile(
                "ZooKeeper serving",
                f"{known(cluster.ensemble_serving)} / {cluster.ensemble_members}",
                f"leader {cluster.leader or 'not seen'}",
                worst((state("zookeeper", "ensemble"), state("zookeeper", "leader"))),
            )
        )
    if cluster.brokers:
        tiles.append(
            tile(
                "Kafka brokers",
                f"{known(cluster.brokers_registered)} / {cluster.brokers}",
                f"controller {cluster.controller or 'not seen'}",
                worst((state("kafka", "brokers"), state("kafka", "controller"), state("kafka", "cluster"))),
            )
        )
        tiles.append(
            tile(
                "Under-replicated",
                known(cluster.under_replicated),
                f"of {known(cluster.partitions)} partitions, {known(cluster.topics)} topics",
                worst((state("kafka", "under-replicated partitions"), state("kafka", "cluster"))),
            )
        )
        tiles.append(
            tile(
                "Refusing acks=all",
                known(cluster.under_min_in_sync),
                "partitions under min.insync.replicas",
                worst((state("kafka", "under min.insync.replicas"), state("kafka", "cluster"))),
            )
        )
    if cluster.database_clients:
        tiles.append(
            tile(
                "Database reachable",
                f"{len(cluster.database_reachable_from)} / {cluster.database_clients}",
                "from the POM servers",
                state("pom_database", "reachable from POM servers"),
            )
        )
    if cluster.certificate_days_left is not None:
        tiles.append(
            tile(
                "First certificate ends",
                f"{cluster.certificate_days_left} d",
                "from now",
                state("trust", "first certificate to end"),
            )
        )
    return f'<dl class="tiles">{"".join(tiles)}</dl>' if tiles else ""


def known(number: int | None) -> str:
    return "?" if number is None else str(number)


def host_card(host: HostStatus, rows: Sequence[Row]) -> str:
    states = {
        service: worst(row.state for row in rows if service_of(row, host) == service) for service in services_of(rows, host)
    }
    chips = "".join(chip(service, states.get(service, "")) for service in dict.fromkeys((*host.components, *states)))
    badges = "".join(f'<span class="badge">{text(ROLES_HELD[role])}</span>' for role in host.roles_held)
    lost = "" if host.reachable else '<span class="badge lost">UNREACHABLE</span>'
    return (
        f'<article class="card {host.state}" id="host-{text(host.name)}"><div class="name">'
        f'<span class="dot {host.state}" title="{WORDS[host.state]}"></span>'
        f'<h3>{text(host.name)}</h3>{lost}</div><p class="address">{text(host.fqdn)}<br>{text(host.address)}</p>'
        f'<div class="chips">{chips}</div><div class="badges">{badges}</div>{certificate_bar(host, rows)}</article>'
    )


def services_of(rows: Sequence[Row], host: HostStatus) -> list[str]:
    return [service for service in dict.fromkeys(service_of(row, host) for row in rows) if service]


def service_of(row: Row, host: HostStatus) -> str:
    """What a fact of a host counts for on its card; '' where it has a place of its own there."""
    if row.component in ("host", "trust"):
        return ""
    if row.component == "kafka_distribution":
        return "kafka" if "kafka" in host.components else "zookeeper"
    if row.component == "pom_database" and "pom_database" not in host.components:
        return "database_client"
    return row.component


def chip(component: str, state: str) -> str:
    mark = f'<span aria-hidden="true">{MARKS[state]}</span> ' if state else ""
    title = WORDS[state].lower() if state else "no facts yet"
    name = FACT_NAMES.get(component, component)
    return f'<span class="chip {state or "plain"}" title="{text(title)}">{mark}{text(name)}</span>'


def certificate_bar(host: HostStatus, rows: Sequence[Row]) -> str:
    if host.certificate_days_left is None:
        return ""
    share = max(2, min(100, round(100 * host.certificate_days_left / CERTIFICATE_FULL_BAR_DAYS)))
    state = worst(row.state for row in rows if row.component == "trust")
    words = (
        f"{host.certificate_days_left} days left"
        if host.certificate_days_left >= 0
        else f"expired {-host.certificate_days_left} days ago"
    )
    return (
        f'<div class="certificate"><span>Certificate</span><span>{text(words)}</span>'
        f'<div class="bar" role="img" aria-label="{text(words)}"><i class="{state}" style="width:{share}%"></i></div></div>'
    )


def facts_section(status: Status) -> str:
    columns = ("State", "Host", "Component", "What", "Observed", "Desired", "Since")
    bodies = []
    for cluster in status.clusters:
        rows = [row for row in status.rows if row.data_center == cluster.data_center]
        bodies.append(
            f"<tbody>{group_row(f'Data center {cluster.data_center}', len(columns))}"
            + "".join(fact(row, columns) for row in rows)
            + "</tbody>"
        )
    return f'<section class="facts"><h2>All facts</h2><table>{header_row(columns)}{"".join(bodies)}</table></section>'


def fact(row: Row, columns: Iterable[str]) -> str:
    detail = f"<small>{text(row.detail)}</small>" if row.detail else ""
    values = (
        pill(row.state),
        text(row.host or "—"),
        text(FACT_NAMES.get(row.component, row.component)),
        text(row.what),
        text(row.observed) + detail,
        text(row.desired),
        text(row.since),
    )
    cells = "".join(cell(column, value) for column, value in zip(columns, values))
    return f'<tr class="{row.state}">{cells}</tr>'


def pill(state: str) -> str:
    return f'<span class="pill {state}"><span aria-hidden="true">{MARKS[state]}</span> {WORDS[state].lower()}</span>'


STYLE = """
header.ok { border-top-color: var(--ok) }
header.warn { border-top-color: var(--warn) }
header.fail { border-top-color: var(--fail) }
header.unknown { border-top-color: var(--unknown) }
.verdict {
  display: flex; align-items: center; gap: 10px; padding: 10px 18px; border-radius: 999px; font-size: 17px;
  letter-spacing: .03em
}
.ok>.inner .verdict { background: var(--ok-bg); color: var(--ok) }
.warn>.inner .verdict { background: var(--warn-bg); color: var(--warn) }
.fail>.inner .verdict { background: var(--fail-bg); color: var(--fail) }
.unknown>.inner .verdict { background: var(--unknown-bg); color: var(--unknown) }
.badge.lost { background: var(--fail-bg); color: var(--fail); margin-left: auto }
.problem {
  display: grid; grid-template-columns: 96px 1fr; gap: 4px 12px; background: var(--card);
  border: 1px solid var(--line); border-left: 4px solid var(--fail); border-radius: 8px; padding: 12px 16px;
  margin-bottom: 8px
}
.problem.warn { border-left-color: var(--warn) }
.problem.unknown { border-left-color: var(--unknown) }
.problem>div { min-width: 0 }
.problem>.pill { justify-self: start; align-self: start }
.problem p { overflow-wrap: anywhere }
.problem h3 .quiet { font-weight: 400 }
.next b { font-size: 12px; text-transform: uppercase; letter-spacing: .06em; color: var(--soft); margin-right: 4px }
pre {
  margin: 6px 0 0; padding: 10px 12px; background: var(--page); border: 1px solid var(--line); border-radius: 6px;
  font: 12px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace; white-space: pre-wrap;
  overflow-wrap: anywhere
}
.tile.fail { background: var(--fail-bg); border-color: transparent }
.tile.fail b { color: var(--fail) }
.tile.warn { background: var(--warn-bg); border-color: transparent }
.tile.warn b { color: var(--warn) }
.tile.unknown { background: var(--unknown-bg); border-color: transparent }
.tile.unknown b { color: var(--unknown) }
.card.fail { border-color: var(--fail) }
.card.unknown { border-color: var(--unknown); border-style: dashed }
.card.warn { border-color: var(--warn) }
.dot { width: 11px; height: 11px; border-radius: 50%; flex: none; background: var(--ok) }
.dot.warn { background: var(--warn) }
.dot.fail { background: var(--fail) }
.dot.unknown { background: var(--unknown) }
.certificate {
  margin-top: auto; padding-top: 4px; display: flex; flex-wrap: wrap; justify-content: space-between; font-size: 12px;
  color: var(--soft)
}
td[data-label=State] { white-space: nowrap }
td[data-label=Host] { font-weight: 600; white-space: nowrap }
td[data-label=Since] { white-space: nowrap; color: var(--soft) }
td[data-label=Desired] { color: var(--soft) }
@media (max-width:760px) {
  .verdict { justify-self: start }
  .problem { grid-template-columns: 1fr }
  td[data-label=Since] { white-space: normal }
}
@media print {
  .problem { break-inside: avoid }
}
"""
