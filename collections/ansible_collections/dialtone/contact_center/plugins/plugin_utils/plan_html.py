# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan of a site as one HTML page: no script, nothing loaded from anywhere, light and dark, printable. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import topology_svg
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
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.licences import NOT_OBSERVABLE
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.plan import (
    HandStep,
    HostPlan,
    Plan,
    Step,
    below_minimum,
    note_place,
    note_words,
    session_words,
    value_words,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.sizing import QUANTITIES

MOST_CHIPS = 12
KEY = (
    ('<rect x="8" y="2" width="28" height="14" rx="7" class="on"/>', "listens at this port"),
    ('<circle cx="22" cy="9" r="5.5" class="ring"/>', "connects to it"),
    (
        '<rect x="4" y=".75" width="36" height="16.5" rx="8.25" class="ring thin"/>'
        '<rect x="8" y="3.5" width="28" height="11" rx="5.5" class="on"/>',
        "both: nodes of a cluster reach each other",
    ),
)


def render(plan: Plan) -> str:
    sections = [
        ("topology", "Topology", topology(plan)),
        ("order", "Order of the roll-out", order(plan.steps)),
        ("by-hand", "By hand and by others", by_hand(plan.by_hand)),
        ("hosts", "Hosts", hosts(plan.hosts)),
        ("sizing", "Sizing", sizing(plan.sizing)),
        ("storage", "Storage", storage(plan)),
        ("ports", "Ports", ports(plan.ports)),
        ("rt-sockets", "RT sockets", rt_sockets(plan.rt_sockets)),
        ("licences", "Licences", licences(plan)),
        ("certificates", "Certificates", certificates(plan)),
        ("advice", "Advice and waivers", notes(plan.warnings)),
        ("preflight", "Checked in preflight", notes(plan.checked_in_preflight)),
    ]
    present = [(name, title, body) for name, title, body in sections if body]
    return document(
        f"{plan.site}: plan",
        topology_svg.STYLE + STYLE,
        [
            header(plan, [(name, title) for name, title, _body in present]),
            "<main>",
            *(f'<section id="{name}"><h2>{text(title)}</h2>{body}</section>' for name, title, body in present),
            "</main>",
            footer(("Dialtone", f"plan of site {plan.site}", "computed from its inventory; no host was asked")),
        ],
    )


def header(plan: Plan, contents: Iterable[tuple[str, str]]) -> str:
    short = below_minimum(plan)
    tiles = [
        tile("Hosts", str(len(plan.hosts)), f"in {counted(len(plan.data_centers), 'data center')}"),
        tile("Steps", str(len(plan.steps)), "in this order"),
        tile("By hand", str(len(plan.by_hand)), "done by others"),
        tile("Connections", str(len(plan.ports)), "for the firewall request"),
        tile("Certificates", str(len(plan.certificates)), "to be issued"),
    ]
    if plan.sizing:
        tiles.append(tile("Below the minimum", str(short), "figures as stated", "warn" if short else ""))
    if plan.warnings:
        tiles.append(tile("Advised or waived", str(len(plan.warnings)), "read before the window", "warn"))
    links = "".join(f'<a href="#{name}">{text(title)}</a>' for name, title in contents)
    return (
        f'<header><div class="inner"><div><p class="eyebrow">Plan of a roll-out</p><h1>{text(plan.site)}</h1>'
        '<p class="time">computed from the inventory; no host was asked</p></div>'
        f'<dl class="tiles">{"".join(tiles)}</dl><nav>{links}</nav></div></header>'
    )


def topology(plan: Plan) -> str:
    key = "".join(f'<span><svg aria-hidden="true" viewBox="0 0 44 18">{shape}</svg>{words}</span>' for shape, words in KEY)
    return f'<div class="picture">{topology_svg.topology(plan.hosts, plan.ports)}</div><p class="key">{key}</p>'


def order(steps: Sequence[Step]) -> str:
    return '<ol class="steps">' + "".join(order_step(step) for step in steps) + "</ol>"


def order_step(step: Step) -> str:
    return (
        f'<li><b class="number">{step.number}</b><div><h3>{text(step.role)}</h3><p>{text(sentence(step.why))}</p>'
        f'<p class="quiet"><b>Restarts</b> {text(step.restarts)}</p></div><div class="chips">{chips(step.hosts)}</div></li>'
    )


def chips(names: Sequence[str]) -> str:
    if len(names) > MOST_CHIPS:
        return f'<details><summary>{counted(len(names), "host")}</summary>{text(", ".join(names))}</details>'
    return "".join(f'<span class="chip plain">{text(name)}</span>' for name in names)


def by_hand(steps: Sequence[HandStep]) -> str:
    teams: dict[str, list[HandStep]] = {}
    for step in steps:
        teams.setdefault(step.team, []).append(step)
    if not teams:
        return ""
    cards = "".join(
        f'<article class="card"><h3>{text(team[:1].upper() + team[1:])}</h3><ul class="checklist">'
        f"{''.join(map(hand_step, tasks))}</ul></article>"
        for team, tasks in teams.items()
    )
    return f'<div class="teams">{cards}</div>'


def hand_step(step: HandStep) -> str:
    values = "".join(f"<dt>{text(name)}</dt><dd>{text(value_words(value))}</dd>" for name, value in step.values.items())
    return (
        f'<li><span class="box" aria-hidden="true"></span><div><p>{text(sentence(step.what))}</p>'
        f"{f'<dl>{values}</dl>' if values else ''}"
        f'<p class="source">data center {text(step.data_center)} · {text(", ".join(step.source))}</p></div></li>'
    )


def hosts(planned: Sequence[HostPlan]) -> str:
    return f'<div class="cards">{"".join(host_card(host) for host in planned)}</div>'


def host_card(host: HostPlan) -> str:
    components = "".join(f'<span class="badge">{text(COMPONENT_NAMES[component])}</span>' for component in host.components)
    listens = [text(listening) for listening in host.listens]
    files = [f"<code>{text(file.path)}</code> {text(file.purpose)}" for file in host.files]
    return (
        f'<article class="card" id="host-{text(host.name)}"><div class="name"><h3>{text(host.name)}</h3>'
        f'<span class="quiet">{text(host.data_center)}</span></div>'
        f'<p class="address">{text(host.fqdn)}<br>{text(host.address)}</p><div class="badges">{components}</div>'
        + (f"<p>{text('Services: ' + ', '.join(host.services))}</p>" if host.services else "")
        + f'<p class="quiet">Roles: {text(", ".join(host.roles) or "none")}</p>'
        + folded(f"Listens at {counted(len(listens), 'port')}", listens)
        + folded(f"Keeps {counted(len(files), 'file')}", files)
        + "</article>"
    )


def folded(summary: str, items: Sequence[str]) -> str:
    return f"<details><summary>{text(summary)}</summary><ul><li>{'</li><li>'.join(items)}</li></ul></details>" if items else ""


# --- tables -------------------------------------------------------------------------------------------------------


def table(columns: Sequence[str], groups: Iterable[tuple[str, Iterable[Sequence[str]]]]) -> str:
    """Rows of cells that are HTML already; a group without a title has no row of its own."""
    bodies = []
    for title, rows in groups:
        written = "".join("<tr>" + "".join(cell(*pair) for pair in zip(columns, row)) + "</tr>" for row in rows)
        bodies.append(f"<tbody>{group_row(title, len(columns)) if title else ''}{written}</tbody>")
    return f"<table>{header_row(columns)}{''.join(bodies)}</table>"


def ports(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return ""
    services: dict[tuple[int, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        services.setdefault((row["port"], row["protocol"]), []).append(row)
    groups = [(f"{port}/{protocol}", port_rows(found)) for (port, protocol), found in sorted(services.items())]
    return (
        '<p class="lead">Each row of <code>ports.csv</code> beside this page is one source, one target and one port, '
        f"ready to paste into a firewall request.</p>{table(('To', 'From', 'Purpose', 'Source'), groups)}"
    )


def port_rows(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """The targets of a port; those that the same hosts connect to, or that connect to each other, in one row."""
    address = {row[end]: row[f"{end}_address"] for row in rows for end in ("from", "to")}
    sources: dict[str, set[str]] = {}
    for row in rows:
        sources.setdefault(row["to"], set()).add(row["from"])
    groups: dict[tuple[frozenset[str], frozenset[str]], list[str]] = {}
    for target, names in sorted(sources.items()):
        cluster = frozenset(names & set(sources)) | {target} if names & set(sources) else frozenset()
        groups.setdefault((cluster, frozenset(names - set(sources))), []).append(target)
    found: list[tuple[str, ...]] = []
    for (cluster, others), targets in groups.items():
        partners = others if cluster == set(targets) else others | cluster - set(targets)
        within = ["each other"] if cluster == set(targets) else []
        mine = [row for row in rows if row["to"] in targets]
        found.append(
            (
                ", ".join(f"<b>{system(name, address[name])}</b>" for name in targets),
                ", ".join([*within, *(system(name, address[name]) for name in sorted(partners))]),
                "<br>".join(map(text, dict.fromkeys(row["purpose"] for row in mine))),
                ids(dict.fromkeys(source for row in mine for source in row["source"])),
            )
        )
    return found


def system(name: str, address: str) -> str:
    return f'<span class="system">{text(name)}{f" {quiet(address)}" if address != name else ""}</span>'


def rt_sockets(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return ""
    systems = list(dict.fromkeys(row["cms"] for row in rows))
    roles = {row["cms"]: f"{row['cms']} ({row['cms_role']})" if row["cms_role"] else row["cms"] for row in rows}
    sessions = {(row["cms"], row["pom_server"]): session_words(row) for row in rows}
    servers = {row["pom_server"]: row["pom_server_address"] for row in rows}
    columns = ("POM server", *(roles[name] for name in systems))
    body = [
        (f"<b>{text(server)}</b> {quiet(address)}", *(text(sessions.get((name, server), "missing")) for name in systems))
        for server, address in servers.items()
    ]
    return (
        f'<p class="lead">Each CMS opens a session to each POM server of all data centers: {len(rows)} in all. '
        f"The port is the POM server's.</p>{table(columns, [('', body)])}"
    )


def licences(plan: Plan) -> str:
    if not plan.licences:
        return ""
    places = list(dict.fromkeys(name for row in plan.licences for name in row["data_centers"]))
    columns = ("Licence", *places, "Total", "How", "Source")
    rows = [
        (
            text(row["licence"]),
            *(text(row["data_centers"].get(name, 0)) for name in places),
            f"<b>{row['total']}</b>",
            quiet(row["arithmetic"]),
            ids(row["source"]),
        )
        for row in plan.licences
    ]
    lead = f"{NOT_OBSERVABLE[0].upper()}{NOT_OBSERVABLE[1:]}."
    return f'<p class="lead">{text(lead)}</p>{table(columns, [("", rows)])}'


def sizing(tables: Sequence[Mapping[str, Any]]) -> str:
    parts = []
    for found in tables:
        quantities = [name for name in QUANTITIES if any(name in row["required"] for row in found["hosts"])]
        columns = ("Server", *(heading(name) for name in quantities))
        rows = [(servers(rows), *(figure(rows[0], name) for name in quantities)) for rows in alike(found["hosts"])]
        profile = f"profile {found['profile']}" if found["profile"] else "no profile"
        jobs = f", {counted(found['jobs_at_most'], 'job')} at most" if found["jobs_at_most"] else ""
        purpose = " The site is a lab: nothing is refused." if found["purpose"] == "lab" else ""
        parts.append(
            f'<p class="lead">Data center {text(found["data_center"])}: {text(found["load"])}, {text(profile + jobs)}.{purpose}'
            f"{port_words(found['ports'])} Below: what is stated of the minimum, and the headroom between them.</p>"
            f"{table(columns, [('', rows)])}"
        )
    return "".join(parts)


def heading(name: str) -> str:
    unit = QUANTITIES[name].unit.split()[0]
    return sentence(QUANTITIES[name].noun) + (f", {unit}" if unit in ("GB", "MHz") else "")


def alike(rows: Iterable[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Servers of which the same is asked and stated stand in one row."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(repr((row["kinds"], row["required"], row["stated"])), []).append(row)
    return list(groups.values())


def servers(rows: Sequence[Mapping[str, Any]]) -> str:
    kinds = ", ".join(rows[0]["kinds"]) + ("" if rows[0]["headroom"] else "; nothing stated")
    return f"<b>{text(', '.join(row['host'] for row in rows))}</b><small>{text(kinds)}</small>"


def port_words(arithmetic: Mapping[str, Any] | None) -> str:
    if arithmetic is None:
        return " No telephony ports are needed."
    return text(
        f" Ports needed: {arithmetic['needed_arithmetic']}; usable: {arithmetic['usable_arithmetic']}; "
        f"headroom {arithmetic['headroom']}."
    )


def figure(row: Mapping[str, Any], name: str) -> str:
    """The stated amount over the minimum, with a bar that is full where both are the same."""
    if name not in row["required"]:
        return ""
    least = row["required"][name]
    if name not in row["stated"]:
        return f'<span class="quiet figure">at least {least:g}</span>'
    stated, headroom = row["stated"][name], f"{row['headroom'][name]:+g}"
    state = "ok" if stated >= least else "fail"
    share = min(100, round(100 * stated / least)) if least else 100
    return (
        f'<span class="figure"><b class="{state}">{stated:g}</b> <span class="quiet">of {least:g}</span></span>'
        f'<div class="bar" role="img" aria-label="headroom {headroom}"><i class="{state}" style="width:{share}%"></i></div>'
        f"<small>{headroom}</small>"
    )


def storage(plan: Plan) -> str:
    return "".join([*map(database_storage, plan.storage), *map(kafka_storage, plan.kafka_disk)])


def database_storage(found: Mapping[str, Any]) -> str:
    largest = max(volume["size_gb"] for volume in found["volumes"]) or 1
    rows = [
        (
            f"<code>{text(volume['volume'])}</code>",
            f"{gigabytes(volume['size_gb'])}{size_bar(volume['size_gb'] / largest)}",
            text(volume["purpose"]),
            text(volume["rule"]),
            ids(volume["source"]),
        )
        for volume in found["volumes"]
    ]
    about = f"{found['engine']} on {found['platform']}, {found['size_gb']} GB"
    where = found["host"] or f"data center {found['data_center']}"
    columns = ("Volume", "At least", "Purpose", "Why", "Source")
    return f'<p class="lead">Database of {text(where)}: {text(about)}.</p>{table(columns, [("", rows)])}'


def kafka_storage(found: Mapping[str, Any]) -> str:
    largest = max(estimate["gb"] for estimate in found["estimates"]) or 1
    rows = [
        (
            text(sentence(estimate["name"])),
            f"{gigabytes(estimate['gb'])}{size_bar(estimate['gb'] / largest)}",
            text(estimate["arithmetic"]),
            ids(estimate["source"]),
        )
        for estimate in found["estimates"]
    ]
    stated = "; ".join(f"{host} has {size} GB" for host, size in found["stated_gb"].items())
    return (
        f'<p class="lead">Kafka in data center {text(found["data_center"])}: <b>{found["per_broker_gb"]:g} GB a broker</b>. '
        f"{text(sentence(found['arithmetic']))}.{text(f' Stated: {stated}.') if stated else ''}</p>"
        f"{table(('Estimate', 'Disk', 'How', 'Source'), [('', rows)])}"
    )


def gigabytes(size: float) -> str:
    return f'<span class="figure">{size:g} GB</span>'


def size_bar(share: float) -> str:
    return f'<div class="bar" aria-hidden="true"><i class="plain" style="width:{max(2, round(100 * share))}%"></i></div>'


def certificates(plan: Plan) -> str:
    rows = [
        (
            f"<b>{text(certificate.host)}</b>",
            text(certificate.subject),
            ", ".join(system(name, name) for name in (*certificate.dns_names, *certificate.ip_addresses)),
            "<br>".join(f"<code>{text(store)}</code>" for store in certificate.stores),
        )
        for certificate in plan.certificates
    ]
    return table(("Host", "Subject", "Names it must cover", "Handed to"), [("", rows)]) if rows else ""


def notes(found: Sequence[Any]) -> str:
    items = "".join(f"<li><b>{text(note_place(note))}</b> {text(note_words(note))}</li>" for note in found)
    return f'<ul class="notes">{items}</ul>' if items else ""


def quiet(words: str) -> str:
    return f'<span class="quiet">{text(words)}</span>' if words else ""


def ids(requirements: Iterable[str]) -> str:
    return ", ".join(f'<span class="quiet figure">{text(requirement)}</span>' for requirement in requirements)


def sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


STYLE = """
header { border-top-color: var(--badge) }
header .tiles { grid-column: 1/-1; margin: 4px 0 0; grid-template-columns: repeat(auto-fit,minmax(136px,1fr)) }
header .tile { background: var(--page) }
.tile.warn { background: var(--warn-bg); border-color: transparent }
.tile.warn b { color: var(--warn) }
nav { grid-column: 1/-1; display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 13px }
a { color: var(--badge); text-decoration: none }
a:hover { text-decoration: underline }
section { scroll-margin-top: 12px }
.lead { color: var(--soft); margin: 0 0 10px; font-size: 14px }
.lead b { color: var(--ink) }
table + .lead { margin-top: 18px }
code { font: 12px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace; overflow-wrap: anywhere }
.key .on { fill: var(--soft) }
.key .ring { fill: none; stroke: var(--soft); stroke-width: 2.5 }
.key .ring.thin { stroke-width: 1.5 }
.steps { list-style: none; margin: 0; padding: 0; background: var(--card); border: 1px solid var(--line); border-radius: 12px }
.steps li { display: grid; grid-template-columns: 34px minmax(0,1fr) minmax(0,300px); gap: 4px 14px; padding: 13px 16px }
.steps li + li { border-top: 1px solid var(--line) }
.steps .chips { align-content: start; justify-content: flex-end }
.steps p { font-size: 14px }
.steps .quiet { font-size: 13px }
.number {
  width: 28px; height: 28px; border-radius: 50%; background: var(--badge-bg); color: var(--badge); text-align: center;
  line-height: 28px; font-size: 13px
}
.teams { columns: 2; column-gap: 12px }
.teams .card { break-inside: avoid; margin-bottom: 12px }
.checklist, .card ul, .notes { list-style: none; margin: 0; padding: 0 }
.checklist li { display: grid; grid-template-columns: 15px minmax(0,1fr); gap: 10px; padding: 7px 0 }
.checklist li + li { border-top: 1px solid var(--line) }
.checklist p { font-size: 14px }
.checklist .source { font-size: 12px; color: var(--soft) }
.box { width: 15px; height: 15px; border: 1.5px solid var(--soft); border-radius: 3px; margin-top: 3px }
.checklist dl {
  display: grid; grid-template-columns: fit-content(45%) minmax(0,1fr); gap: 1px 12px; margin: 4px 0; font-size: 13px
}
.checklist dt { color: var(--soft) }
.checklist dd { overflow-wrap: anywhere }
.card p { font-size: 13px }
.card .name .quiet { margin-left: auto; font-size: 12px }
.card details { font-size: 12.5px }
.card details li { padding: 2px 0; overflow-wrap: anywhere }
.bar .ok, .bar .plain { background: var(--ok) }
.bar .plain { background: var(--badge) }
.bar .fail { background: var(--fail) }
td b.fail { color: var(--fail) }
td code { overflow-wrap: break-word }
.figure { white-space: nowrap }
.system { display: inline-block; font-weight: inherit }
td b .quiet { font-weight: 400 }
td[data-label=To] { width: 30% }
td[data-label=Purpose] { width: 19% }
.notes li { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 9px 14px; margin-bottom: 6px }
@media (max-width:760px) {
  .teams { columns: 1 }
  .steps li { grid-template-columns: 34px minmax(0,1fr) }
  .steps .chips { grid-column: 2; justify-content: flex-start }
}
@media print {
  nav { display: none }
  .steps li, .checklist li, .notes li { break-inside: avoid }
  .picture { border: 0; padding: 0 }
  .topology { min-width: 0 }
}
"""
