# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The hosts of a site as the rules see them: effective values, and where each was written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import NOWHERE, REFUSE, Finding, Location
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.layering import Definition, Layer

if TYPE_CHECKING:
    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.rule import Rule


@dataclass
class HostView:
    """One host. A word that is not in `values` has no valid value that is known now: rules keep silent about it."""

    name: str
    components: tuple[str, ...]
    layer: Layer
    declaration: Location = NOWHERE
    values: dict[str, Any] = field(default_factory=dict)

    def get(self, word: str, default: Any = None) -> Any:
        return self.values.get(word, default)

    def __contains__(self, word: str) -> bool:
        return word in self.values

    def is_any(self, *components: str) -> bool:
        return any(component in self.components for component in components)

    def defines(self, word: str) -> bool:
        return word in self.layer

    def known_as(self) -> set[str]:
        """Everything by which others may name it, in lower case: its names and its address, as far as they are known."""
        stated = (self.get("host_fqdn"), self.get("host_address"), *self.get("host_aliases", ()))
        return {name.lower() for name in (self.name, *stated) if name}


def by_site(hosts: Iterable[HostView]) -> dict[str, list[HostView]]:
    found: dict[str, list[HostView]] = {}
    for host in hosts:
        if "site" in host:
            found.setdefault(host.values["site"], []).append(host)
    return found


Locate = Callable[[Definition, Iterable[str | int]], Location]
Computed = TypeVar("Computed")


@dataclass
class SiteView:
    """The hosts that the rules judge together."""

    hosts: list[HostView]
    locate: Locate
    _computed: dict[Callable[[SiteView], Any], Any] = field(default_factory=dict, repr=False, compare=False)

    def once(self, compute: Callable[[SiteView], Computed]) -> Computed:
        """What many rules ask for. The values of the hosts are final when rules run."""
        if compute not in self._computed:
            self._computed[compute] = compute(self)
        return self._computed[compute]

    def data_centers(self) -> dict[tuple[str, str], list[HostView]]:
        return self.once(SiteView._by_data_center)

    def _by_data_center(self) -> dict[tuple[str, str], list[HostView]]:
        found: dict[tuple[str, str], list[HostView]] = {}
        for host in self.hosts:
            if "site" in host and "data_center" in host:
                found.setdefault((host.values["site"], host.values["data_center"]), []).append(host)
        return found

    def sites(self) -> dict[str, list[HostView]]:
        return by_site(self.hosts)

    def having(self, component: str) -> Iterator[tuple[tuple[str, str], list[HostView]]]:
        """The hosts of a component, data center by data center."""
        for place, hosts in self.data_centers().items():
            chosen = [host for host in hosts if host.is_any(component)]
            if chosen:
                yield place, chosen

    def finding(
        self,
        rule: Rule,
        host: HostView,
        word: str,
        *,
        found: str,
        expected: str,
        fix: str,
        source: Iterable[str] | None = None,
        severity: str = REFUSE,
        steps: Iterable[str | int] = (),
    ) -> Finding:
        """Without another `source`, what the rule names as its own."""
        steps = tuple(steps)
        definition = host.layer.get(word)
        location = self.locate(definition, steps) if definition else host.declaration
        return Finding(
            rule=rule.name,
            severity=severity,
            path=".".join([word, *(str(step) for step in steps)]),
            found=found,
            expected=expected,
            fix=fix,
            location=location,
            hosts=(host.name,),
            source=rule.source if source is None else tuple(source),
            at_declaration=definition is None,
        )
