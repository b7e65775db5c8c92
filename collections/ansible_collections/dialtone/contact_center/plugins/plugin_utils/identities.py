# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a person is told of former names and addresses that are left on the hosts of a site. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

MOST_PLACES_OF_A_HOST = 25
WAY_OUT = (
    "Correct each by the program or the page that wrote it. A place that may go on telling of the past is named in "
    "host_identity_exempt, with its reason; a name that was not this host's is taken out of host_former_names. Then run the same "
    "playbook again."
)

Found = Sequence[Mapping[str, Any]]


def former_names_left(found: Iterable[tuple[str, Found]]) -> str:
    """The places by host, and what to do with them; empty where there is none."""
    lines = []
    for host, hits in found:
        places = [f"{host} {hit['where']}: {hit['name']}" for hit in hits]
        lines += places[:MOST_PLACES_OF_A_HOST]
        if len(places) > MOST_PLACES_OF_A_HOST:
            lines.append(f"{host}: and {len(places) - MOST_PLACES_OF_A_HOST} more places")
    if not lines:
        return ""
    return "\n".join(["A name or an address that no host of the site has any more is left (POM-ID-01, T-111):", *lines, WAY_OUT])


def by_name(hits: Found) -> dict[str, list[str]]:
    """The files in which each former name stands, once each."""
    places: dict[str, dict[str, None]] = {}
    for hit in hits:
        places.setdefault(hit["name"], {})[hit["path"]] = None
    return {name: list(paths) for name, paths in sorted(places.items())}
