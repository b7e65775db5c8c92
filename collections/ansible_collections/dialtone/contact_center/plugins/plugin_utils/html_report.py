# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The status of a site as one HTML page: no script, nothing loaded from anywhere, light and dark, printable. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

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
COMPONENT_NAMES = {
    "epm_primary": "Primary EPM",
    "epm_auxiliary": "Auxiliary EPM",
    "zookeeper": "ZooKeeper",
    "kafka": "Kafka",
    "kafka_distribution": "Kafka",
    "pom_database": "POM database",
    "database_client": "reaches database",
    "app_server": "Application server",
    "cms": "CMS",
    "trust": "Certificate",
    "host": "Host",
}
ROLES_HELD = {"leader": "ZooKeeper leader", "controller": "Kafka controller"}


def render(status: Status) -> str:
    attention = [row for row in status.rows if row.state != OK]
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{text(status.site)}: {WORDS[status.state].lower()}</title>",
            '<link rel="icon" href="data:,">',
            f"<style>{STYLE}</style>",
            "</head>",
            "<body>",
            header(status),
            "<main>",
            *([attention_section(attention)] if attention else []),
            *[data_center_section(status, cluster) for cluster in status.clusters],
            facts_section(status),
            "</main>",
            footer(status),
            "</body>",
            "</html>",
            "",
        ]
    )


def footer(status: Status) -> str:
    words = ("Dialtone", f"site {status.site}", f"observed {status.generated_at}", f"exit code {status.exit_code}")
    return f"<footer>{text(' · '.join(words))}</footer>"


def text(value: object) -> str:
    return escape(str(value), quote=True)


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


def tile(name: str, value: str, note: str, state: str) -> str:
    return f'<div class="tile {state}"><dt>{text(name)}</dt><dd><b>{text(value)}</b><span>{text(note)}</span></dd></div>'


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
    name = COMPONENT_NAMES.get(component, component)
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
    head = "".join(f'<th scope="col">{column}</th>' for column in columns)
    bodies = []
    for cluster in status.clusters:
        rows = [row for row in status.rows if row.data_center == cluster.data_center]
        bodies.append(
            f'<tbody><tr class="group"><th scope="rowgroup" colspan="{len(columns)}">'
            f"Data center {text(cluster.data_center)}</th></tr>" + "".join(fact(row, columns) for row in rows) + "</tbody>"
        )
    return f'<section class="facts"><h2>All facts</h2><table><thead><tr>{head}</tr></thead>{"".join(bodies)}</table></section>'


def fact(row: Row, columns: Iterable[str]) -> str:
    detail = f"<small>{text(row.detail)}</small>" if row.detail else ""
    values = (
        pill(row.state),
        text(row.host or "—"),
        text(COMPONENT_NAMES.get(row.component, row.component)),
        text(row.what),
        text(row.observed) + detail,
        text(row.desired),
        text(row.since),
    )
    cells = "".join(
        f'<td data-label="{column}">{value}</td>' if value else f'<td data-label="{column}" class="empty"></td>'
        for column, value in zip(columns, values)
    )
    return f'<tr class="{row.state}">{cells}</tr>'


def pill(state: str) -> str:
    return f'<span class="pill {state}"><span aria-hidden="true">{MARKS[state]}</span> {WORDS[state].lower()}</span>'


STYLE = """
:root {
  --page: #f4f6f9; --card: #fff; --ink: #17202b; --soft: #5a6878; --line: #dde3ea; --ok: #14753a; --warn: #a15c07;
  --fail: #c02626; --unknown: #6d4fc2; --ok-bg: #e5f5ea; --warn-bg: #fdf1dc; --fail-bg: #fdeaea; --unknown-bg: #f0ebfb;
  --badge: #1d4ed8; --badge-bg: #e6edfd; --shadow: 0 1px 2px rgb(16 32 48/.06),0 4px 14px rgb(16 32 48/.05)
}
@media (prefers-color-scheme:dark) {
  :root {
    --page: #0f151c; --card: #182029; --ink: #e6ebf1; --soft: #98a6b5; --line: #2a3540; --ok: #4ade80; --warn: #fbbf4a;
    --fail: #ff8080; --unknown: #b9a4f5; --ok-bg: #14301f; --warn-bg: #382a10; --fail-bg: #3c1a1c;
    --unknown-bg: #2a2343; --badge: #93b4fd; --badge-bg: #1c2b4d; --shadow: none
  }
}
* { box-sizing: border-box }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
  font-variant-numeric: tabular-nums
}
.inner, main, footer { max-width: 1180px; margin: 0 auto; padding: 0 24px }
h1, h2, h3, p, ul, dl, dd { margin: 0; padding: 0 }
header { background: var(--card); border-bottom: 1px solid var(--line); border-top: 5px solid var(--soft) }
header.ok { border-top-color: var(--ok) }
header.warn { border-top-color: var(--warn) }
header.fail { border-top-color: var(--fail) }
header.unknown { border-top-color: var(--unknown) }
header .inner {
  display: grid; grid-template-columns: 1fr auto; gap: 10px 24px; align-items: center; padding-top: 22px;
  padding-bottom: 22px
}
.eyebrow { font-size: 12px; letter-spacing: .09em; text-transform: uppercase; color: var(--soft) }
h1 { font-size: 30px; line-height: 1.2; letter-spacing: -.01em; overflow-wrap: anywhere }
.time, .quiet, .note, .address, footer { color: var(--soft) }
.time, .note { font-size: 13px }
.note { grid-column: 1/-1 }
.verdict {
  display: flex; align-items: center; gap: 10px; padding: 10px 18px; border-radius: 999px; font-size: 17px;
  letter-spacing: .03em
}
.ok>.inner .verdict { background: var(--ok-bg); color: var(--ok) }
.warn>.inner .verdict { background: var(--warn-bg); color: var(--warn) }
.fail>.inner .verdict { background: var(--fail-bg); color: var(--fail) }
.unknown>.inner .verdict { background: var(--unknown-bg); color: var(--unknown) }
.counters {
  grid-column: 1/-1; list-style: none; display: flex; flex-wrap: wrap; gap: 6px 22px; font-size: 14px;
  color: var(--soft)
}
.counters b { font-size: 17px; color: var(--ink) }
.counters .fail b { color: var(--fail) }
.counters .warn b { color: var(--warn) }
.counters .unknown b { color: var(--unknown) }
section { margin-top: 30px }
h2 { font-size: 18px; margin-bottom: 12px; display: flex; align-items: center; gap: 10px; flex-wrap: wrap }
h3 { font-size: 15px; overflow-wrap: anywhere }
.pill, .chip, .badge {
  display: inline-block; border-radius: 999px; font-size: 12px; line-height: 1.4; padding: 2px 9px;
  white-space: nowrap; font-weight: 600
}
.pill.ok, .chip.ok { background: var(--ok-bg); color: var(--ok) }
.pill.warn, .chip.warn { background: var(--warn-bg); color: var(--warn) }
.pill.fail, .chip.fail { background: var(--fail-bg); color: var(--fail) }
.pill.unknown, .chip.unknown { background: var(--unknown-bg); color: var(--unknown) }
.chip.plain { background: transparent; color: var(--soft); box-shadow: inset 0 0 0 1px var(--line) }
.badge { background: var(--badge-bg); color: var(--badge) }
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
details { margin-top: 6px }
summary { cursor: pointer; color: var(--soft); font-size: 13px }
pre {
  margin: 6px 0 0; padding: 10px 12px; background: var(--page); border: 1px solid var(--line); border-radius: 6px;
  font: 12px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace; white-space: pre-wrap;
  overflow-wrap: anywhere
}
.tiles { display: grid; grid-template-columns: repeat(auto-fit,minmax(170px,1fr)); gap: 10px; margin-bottom: 12px }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 14px }
.tile dt { font-size: 12px; color: var(--soft) }
.tile b { display: block; font-size: 24px; line-height: 1.3; letter-spacing: -.01em }
.tile span { font-size: 12px; color: var(--soft); overflow-wrap: anywhere }
.tile.fail { background: var(--fail-bg); border-color: transparent }
.tile.fail b { color: var(--fail) }
.tile.warn { background: var(--warn-bg); border-color: transparent }
.tile.warn b { color: var(--warn) }
.tile.unknown { background: var(--unknown-bg); border-color: transparent }
.tile.unknown b { color: var(--unknown) }
.cards { display: grid; grid-template-columns: repeat(auto-fill,minmax(250px,1fr)); gap: 12px }
.card {
  background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 16px;
  box-shadow: var(--shadow); display: flex; flex-direction: column; gap: 8px; min-width: 0
}
.card.fail { border-color: var(--fail) }
.card.unknown { border-color: var(--unknown); border-style: dashed }
.card.warn { border-color: var(--warn) }
.name { display: flex; align-items: center; gap: 9px }
.name h3 { font-size: 17px }
.dot { width: 11px; height: 11px; border-radius: 50%; flex: none; background: var(--ok) }
.dot.warn { background: var(--warn) }
.dot.fail { background: var(--fail) }
.dot.unknown { background: var(--unknown) }
.address { font-size: 13px; overflow-wrap: anywhere }
.chips, .badges { display: flex; flex-wrap: wrap; gap: 5px }
.badges:empty { display: none }
.certificate {
  margin-top: auto; padding-top: 4px; display: flex; flex-wrap: wrap; justify-content: space-between; font-size: 12px;
  color: var(--soft)
}
.bar { flex-basis: 100%; height: 5px; border-radius: 3px; background: var(--line); margin-top: 4px; overflow: hidden }
.bar i { display: block; height: 100%; border-radius: 3px; background: var(--ok) }
.bar i.warn { background: var(--warn) }
.bar i.fail { background: var(--fail) }
table {
  width: 100%; border-collapse: collapse; background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  font-size: 13.5px
}
th, td {
  text-align: left; padding: 7px 12px; vertical-align: top; border-top: 1px solid var(--line); overflow-wrap: anywhere
}
thead th { border-top: 0; font-size: 12px; color: var(--soft); font-weight: 600 }
td[data-label=State] { white-space: nowrap }
td[data-label=Host] { font-weight: 600; white-space: nowrap }
td[data-label=Since] { white-space: nowrap; color: var(--soft) }
td[data-label=Desired] { color: var(--soft) }
td small { display: block; color: var(--soft) }
.group th { background: var(--page); font-size: 12px; color: var(--soft) }
footer { padding-top: 26px; padding-bottom: 36px; font-size: 12px }
@media (max-width:760px) {
  .inner, main, footer { padding-left: 16px; padding-right: 16px }
  header .inner { grid-template-columns: 1fr }
  .verdict { justify-self: start }
  .problem { grid-template-columns: 1fr }
  table, tbody, tr, td, tbody th { display: block }
  thead { display: none }
  tr { border-top: 1px solid var(--line); padding: 9px 12px }
  tr.group { padding: 0 }
  td { border: 0; padding: 1px 0; display: grid; grid-template-columns: 92px 1fr }
  td::before { content: attr(data-label); color: var(--soft); font-weight: 400; font-size: 12px }
  td.empty { display: none }
  td small { grid-column: 2 }
  .tiles { grid-template-columns: 1fr 1fr }
  td[data-label=Since] { white-space: normal }
}
@media print {
  :root { --page: #fff; --shadow: none }
  body { font-size: 11px }
  .card, .problem, .tile, tr { break-inside: avoid }
  section { margin-top: 16px }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact }
}
"""
