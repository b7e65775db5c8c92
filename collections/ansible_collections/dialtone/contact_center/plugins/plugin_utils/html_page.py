# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the HTML reports have in common: no script, nothing loaded from anywhere, light and dark, printable. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

COMPONENT_NAMES = {
    "epm_primary": "Primary EPM",
    "epm_auxiliary": "Auxiliary EPM",
    "zookeeper": "ZooKeeper",
    "kafka": "Kafka",
    "pom_database": "POM database",
    "nfs_server": "NFS server",
    "app_server": "Application server",
    "cms": "CMS",
}


def document(title: str, style: str, body: Iterable[str]) -> str:
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{text(title)}</title>",
            '<link rel="icon" href="data:,">',
            f"<style>{STYLE}{style}{NARROW_AND_PRINTED}</style>",
            "</head>",
            "<body>",
            *body,
            "</body>",
            "</html>",
            "",
        ]
    )


def text(value: object) -> str:
    return escape(str(value), quote=True)


def footer(words: Iterable[str]) -> str:
    return f"<footer>{text(' · '.join(words))}</footer>"


def header_row(columns: Sequence[str]) -> str:
    return "<thead><tr>" + "".join(f'<th scope="col">{text(column)}</th>' for column in columns) + "</tr></thead>"


def cell(column: str, content: str) -> str:
    """A cell that names its column itself, for windows that are too narrow for the header row."""
    empty = "" if content else ' class="empty"'
    return f'<td data-label="{text(column)}"{empty}>{content}</td>'


def group_row(title: str, columns: int) -> str:
    return f'<tr class="group"><th scope="rowgroup" colspan="{columns}">{text(title)}</th></tr>'


def tile(name: str, value: str, note: str, state: str = "") -> str:
    return f'<div class="tile {state}"><dt>{text(name)}</dt><dd><b>{text(value)}</b><span>{text(note)}</span></dd></div>'


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
header .inner {
  display: grid; grid-template-columns: 1fr auto; gap: 10px 24px; align-items: center; padding-top: 22px;
  padding-bottom: 22px
}
.eyebrow { font-size: 12px; letter-spacing: .09em; text-transform: uppercase; color: var(--soft) }
h1 { font-size: 30px; line-height: 1.2; letter-spacing: -.01em; overflow-wrap: anywhere }
.time, .quiet, .note, .address, footer { color: var(--soft) }
.time, .note { font-size: 13px }
.note { grid-column: 1/-1 }
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
details { margin-top: 6px }
summary { cursor: pointer; color: var(--soft); font-size: 13px }
.tiles { display: grid; grid-template-columns: repeat(auto-fit,minmax(170px,1fr)); gap: 10px; margin-bottom: 12px }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 14px }
.tile dt { font-size: 12px; color: var(--soft) }
.tile b { display: block; font-size: 24px; line-height: 1.3; letter-spacing: -.01em }
.tile span { font-size: 12px; color: var(--soft); overflow-wrap: anywhere }
.cards { display: grid; grid-template-columns: repeat(auto-fill,minmax(250px,1fr)); gap: 12px }
.card {
  background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 16px;
  box-shadow: var(--shadow); display: flex; flex-direction: column; gap: 8px; min-width: 0
}
.name { display: flex; align-items: center; gap: 9px }
.name h3 { font-size: 17px }
.address { font-size: 13px; overflow-wrap: anywhere }
.chips, .badges { display: flex; flex-wrap: wrap; gap: 5px }
.badges:empty { display: none }
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
td small { display: block; color: var(--soft) }
.group th { background: var(--page); font-size: 12px; color: var(--soft) }
footer { padding-top: 26px; padding-bottom: 36px; font-size: 12px }
"""

NARROW_AND_PRINTED = """
@media (max-width:760px) {
  .inner, main, footer { padding-left: 16px; padding-right: 16px }
  header .inner { grid-template-columns: 1fr }
  table, tbody, tr, td, tbody th { display: block }
  thead { display: none }
  tr { border-top: 1px solid var(--line); padding: 9px 12px }
  tr.group { padding: 0 }
  td { border: 0; padding: 1px 0; display: grid; grid-template-columns: 92px 1fr }
  td::before { content: attr(data-label); color: var(--soft); font-weight: 400; font-size: 12px }
  td.empty { display: none }
  td small { grid-column: 2 }
  .tiles { grid-template-columns: 1fr 1fr }
}
@media print {
  :root { --page: #fff; --shadow: none }
  body { font-size: 11px }
  .card, .tile, tr { break-inside: avoid }
  section { margin-top: 16px }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact }
}
"""
