# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The topology of a site as a picture. Pure; its colours come from the page that holds it.

A row for each host, a column for each service, like the stations and lines of an underground map: a filled mark is a host that
listens at the port, a ring is a host that connects there. So no line crosses a host, and thirty hosts are as clear as seven.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.html_page import COMPONENT_NAMES, text
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import COMPONENTS

WIDTH = 1132
BOX_WIDTH, BOX_HEIGHT = 292, 38
MARGIN, ROW, PANEL_HEADER, PANEL_GAP = 14, 46, 34, 16
FIRST_COLUMN = MARGIN + BOX_WIDTH + 52
SLANTED_BELOW = 70  # columns closer than this have slanted labels
LABEL_LINE = 14
LETTER, BOLD_LETTER = 6.6, 7.7
COLOURS = 8
FAMILIES = ("Database", "Kafka", "Real-time", "Time", "ZooKeeper")  # these look the same on every page
OUTSIDE = ""


@dataclass(frozen=True)
class Station:
    """A host of the site, or a system outside it that connects or is connected to."""

    name: str
    address: str
    data_center: str
    components: tuple[str, ...] = ()


@dataclass
class Line:
    """A service: one port for one purpose, whoever listens there."""

    port: int
    protocol: str
    purposes: list[str] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        names = list(dict.fromkeys(service_name(purpose) for purpose in self.purposes))
        return min(names, key=len)

    @property
    def family(self) -> str:
        return self.name.split()[0]

    def sources_of(self, target: str) -> list[str]:
        return [source for source, other in self.links if other == target]


def service_name(purpose: str) -> str:
    """What a connection leads to, from the words that say what it is for.

    >>> [service_name(words) for words in ("POM server to its database", "Kafka between brokers", "real-time data (RT socket)")]
    ['Database', 'Kafka', 'Real-time data']
    """
    words = re.sub(r" \(.*\)$", "", purpose)
    words = re.sub(r"^.* to (?:its )?", "", words)
    words = re.sub(r" between .*$", "", words)
    return words[:1].upper() + words[1:]


def stations_of(hosts: Iterable[Any], ports: Sequence[Mapping[str, Any]]) -> list[Station]:
    """Data center by data center, in each by what a host is; then whoever is no host of the site."""
    known = [Station(host.name, host.address, host.data_center, tuple(host.components)) for host in hosts]
    names = {station.name for station in known}
    ends = [(row[end], row[f"{end}_address"]) for row in ports for end in ("from", "to")]
    outside = [Station(name, address, OUTSIDE) for name, address in sorted(set(ends)) if name not in names]
    return sorted(known, key=_place) + outside


def _place(station: Station) -> tuple[str, int, str]:
    first = min((COMPONENTS.index(component) for component in station.components), default=len(COMPONENTS))
    return station.data_center, first, station.name


def lines_of(ports: Iterable[Mapping[str, Any]]) -> list[Line]:
    """One line for each port of a data center's kind of service; families side by side."""
    found: dict[tuple[int, str], Line] = {}
    for row in ports:
        line = found.setdefault((row["port"], row["protocol"]), Line(row["port"], row["protocol"]))
        if row["purpose"] not in line.purposes:
            line.purposes.append(row["purpose"])
        if (row["from"], row["to"]) not in line.links:
            line.links.append((row["from"], row["to"]))
    return sorted(found.values(), key=lambda line: (line.family, line.port))


def topology(hosts: Iterable[Any], ports: Sequence[Mapping[str, Any]]) -> str:
    """The picture as an `svg` element."""
    stations, lines = stations_of(hosts, ports), lines_of(ports)
    return _Picture(stations, lines).draw()


class _Picture:
    def __init__(self, stations: list[Station], lines: list[Line]) -> None:
        self.stations, self.lines = stations, lines
        self.pitch = min(132.0, (WIDTH - FIRST_COLUMN - MARGIN) / max(1, len(lines)))
        self.is_slanted = self.pitch < SLANTED_BELOW
        self.label_height = 118 if self.is_slanted else 4 * LABEL_LINE + 10
        self.column = {id(line): FIRST_COLUMN + self.pitch * (number + 0.5) - 20 for number, line in enumerate(lines)}
        families = list(dict.fromkeys([*FAMILIES, *(line.family for line in lines)]))
        self.colour = {id(line): f"s{families.index(line.family) % COLOURS}" for line in lines}
        self.panels: list[tuple[str, float, float, int]] = []
        self.row: dict[str, float] = {}
        self.height = self._lay_out()

    def _lay_out(self) -> float:
        """Give each station its row, and return the height of the picture."""
        y = float(self.label_height)
        data_centers = list(dict.fromkeys(station.data_center for station in self.stations))
        for data_center in data_centers:
            members = [station for station in self.stations if station.data_center == data_center]
            top = y
            y += PANEL_HEADER
            for station in members:
                self.row[station.name] = y + BOX_HEIGHT / 2
                y += ROW
            y += MARGIN - (ROW - BOX_HEIGHT)
            self.panels.append((data_center, top, y - top, len(members)))
            y += PANEL_GAP
        return y - PANEL_GAP + 1

    def draw(self) -> str:
        hosts = sum(1 for station in self.stations if station.data_center != OUTSIDE)
        label = f"{hosts} hosts, and the {len(self.lines)} ports at which they reach each other"
        parts = [
            *(self._panel(*panel) for panel in self.panels),
            *(self._guide(station) for station in self.stations),
            *(self._line(line) for line in self.lines),
            *(self._station(station) for station in self.stations),
            *(self._marks(line) for line in self.lines),
            *(self._label(line) for line in self.lines),
        ]
        return (
            f'<svg class="topology" viewBox="0 0 {WIDTH} {self.height:g}" role="img" aria-label="{text(label)}">'
            f"{''.join(parts)}</svg>"
        )

    def _panel(self, data_center: str, top: float, height: float, members: int) -> str:
        outside = data_center == OUTSIDE
        title = "Outside this inventory" if outside else f"Data center {data_center}"
        counted = f"{members} {'system' if outside else 'host'}{'' if members == 1 else 's'}"
        style = "panel outside" if outside else "panel"
        return (
            f'<rect class="{style}" x=".5" y="{top:g}" width="{WIDTH - 1}" height="{height:g}" rx="12"/>'
            f'<text class="title" x="{MARGIN}" y="{top + 22:g}">{text(title)}<tspan class="soft" dx="8">{counted}</tspan></text>'
        )

    def _guide(self, station: Station) -> str:
        touched = [self.column[id(line)] for line in self.lines if any(station.name in link for link in line.links)]
        if not touched:
            return ""
        y = self.row[station.name]
        return f'<line class="guide" x1="{MARGIN + BOX_WIDTH}" y1="{y:g}" x2="{max(touched):g}" y2="{y:g}"/>'

    def _line(self, line: Line) -> str:
        """A line for each data center that is listened in; services of data centers that do not meet share the column."""
        data_center = {station.name: station.data_center for station in self.stations}
        ends: dict[str, list[float]] = {}
        for source, target in line.links:
            ends.setdefault(data_center[target], []).extend((self.row[source], self.row[target]))
        x = self.column[id(line)]
        return "".join(
            f'<line class="link {self.colour[id(line)]}" x1="{x:g}" y1="{min(rows):g}" x2="{x:g}" y2="{max(rows):g}"/>'
            for rows in ends.values()
        )

    def _station(self, station: Station) -> str:
        top = self.row[station.name] - BOX_HEIGHT / 2
        kinds = " · ".join(COMPONENT_NAMES[component] for component in station.components) or (
            "other system" if station.data_center == OUTSIDE else "no component"
        )
        address = station.address if station.address != station.name else ""
        room = int((BOX_WIDTH - 26) / (LETTER + 0.6)) - len(address)
        return (
            f'<g class="station"><title>{text(f"{station.name}, {station.address}: {kinds}")}</title>'
            f'<rect x="{MARGIN}" y="{top:g}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="8"/>'
            f'<text class="host" x="{MARGIN + 11}" y="{top + 16:g}">{text(shortened(station.name, room))}</text>'
            f'<text class="address" x="{MARGIN + BOX_WIDTH - 11}" y="{top + 16:g}">{text(address)}</text>'
            f'<text class="kinds" x="{MARGIN + 11}" y="{top + 30:g}">{text(shortened(kinds, 48))}</text></g>'
        )

    def _marks(self, line: Line) -> str:
        x, colour = self.column[id(line)], self.colour[id(line)]
        sources = {source for source, _target in line.links}
        targets = {target for _source, target in line.links}
        rings = "".join(
            f'<circle class="source {colour}" cx="{x:g}" cy="{self.row[name]:g}" r="5.5">'
            f"<title>{text(f'{name} connects to {line.name}, port {line.port}')}</title></circle>"
            for name in sorted(sources - targets)
        )
        pills = "".join(self._pill(line, x, colour, name, also_connects=name in sources) for name in sorted(targets))
        return rings + pills

    def _pill(self, line: Line, x: float, colour: str, name: str, *, also_connects: bool) -> str:
        y, width = self.row[name], 14 + LETTER * len(str(line.port))
        told = f"{name}:{line.port}/{line.protocol} from {', '.join(line.sources_of(name))} ({'; '.join(line.purposes)})"
        halo = (
            f'<rect class="halo {colour}" x="{x - width / 2 - 3:g}" y="{y - 12:g}" width="{width + 6:g}" height="24" rx="12"/>'
            if also_connects
            else ""
        )
        return (
            f'<g class="target {colour}"><title>{text(told)}</title>{halo}'
            f'<rect x="{x - width / 2:g}" y="{y - 9:g}" width="{width:g}" height="18" rx="9"/>'
            f'<text x="{x:g}" y="{y + 4:g}">{line.port}</text></g>'
        )

    def _label(self, line: Line) -> str:
        x, bottom = self.column[id(line)], self.label_height - 12
        port = f"{line.port}/{line.protocol}"
        if self.is_slanted:
            return (
                f'<text class="label slanted {self.colour[id(line)]}" transform="translate({x:g} {bottom:g}) rotate(-48)">'
                f'{text(shortened(line.name, 22))}<tspan class="soft" dx="6">{port}</tspan></text>'
            )
        words = textwrap.wrap(line.name, max(9, int((self.pitch - 6) / BOLD_LETTER)))[:3]
        rows = [*((word, "") for word in words), (port, "soft")]
        first = bottom - LABEL_LINE * (len(rows) - 1)
        return f'<text class="label {self.colour[id(line)]}">' + "".join(
            f'<tspan class="{style}" x="{x:g}" y="{first + LABEL_LINE * number:g}">{text(word)}</tspan>'
            for number, (word, style) in enumerate(rows)
        ) + "</text>"


def shortened(words: str, room: int) -> str:
    return words if len(words) <= room else words[: max(1, room - 1)] + "…"


STYLE = """
:root {
  --s0: #0b7285; --s1: #2457c5; --s2: #7038b8; --s3: #a15c07; --s4: #b3246b; --s5: #2b7a2b; --s6: #5a6878; --s7: #c02626
}
@media (prefers-color-scheme:dark) {
  :root {
    --s0: #4fd1e0; --s1: #8fb0ff; --s2: #c3a2fb; --s3: #fbbf4a; --s4: #ff92c2; --s5: #7ddc7d; --s6: #a9b6c4; --s7: #ff8a8a
  }
}
.picture { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 16px; overflow-x: auto }
.topology { display: block; width: 100%; min-width: 760px; height: auto; font-family: inherit }
.topology .s0 { --s: var(--s0) }
.topology .s1 { --s: var(--s1) }
.topology .s2 { --s: var(--s2) }
.topology .s3 { --s: var(--s3) }
.topology .s4 { --s: var(--s4) }
.topology .s5 { --s: var(--s5) }
.topology .s6 { --s: var(--s6) }
.topology .s7 { --s: var(--s7) }
.topology text { fill: var(--ink); font-size: 12px }
.topology .soft, .topology .address, .topology .kinds { fill: var(--soft); font-weight: 400; font-size: 11px }
.topology .panel { fill: var(--page); stroke: var(--line) }
.topology .panel.outside { fill: none; stroke-dasharray: 5 4 }
.topology .title, .topology .host { font-weight: 650; font-size: 13px }
.topology .station rect { fill: var(--card); stroke: var(--line) }
.topology .address { text-anchor: end }
.topology .guide { stroke: var(--line); stroke-width: 1.5 }
.topology .link { stroke: var(--s); stroke-width: 3; opacity: .5 }
.topology .source { fill: var(--card); stroke: var(--s); stroke-width: 2.5 }
.topology .target rect { fill: var(--s) }
.topology .target .halo { fill: var(--page); stroke: var(--s); stroke-width: 1.5 }
.topology .target text { fill: var(--card); font-size: 11px; font-weight: 700; text-anchor: middle }
.topology .label { fill: var(--s); font-weight: 650; text-anchor: middle }
.topology .label.slanted { text-anchor: start }
.key { display: flex; flex-wrap: wrap; gap: 4px 22px; margin-top: 10px; font-size: 12px; color: var(--soft) }
.key svg { width: 44px; height: 18px; vertical-align: -5px; margin-right: 6px }
"""
