# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The console in which a data center's guided steps are done, and what a step is. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.companions import first_value
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.guided_actions import Action

if TYPE_CHECKING:
    from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import SiteHost

BEFORE_START, AFTER_START, AFTER_CONVERSION = "before_start", "after_start", "after_conversion"
PHASES = (BEFORE_START, AFTER_START, AFTER_CONVERSION)
ROLL_OUT = (BEFORE_START, AFTER_START)
RECORD = "record"


@dataclass(frozen=True)
class GuidedStep:
    """`actions` is what a person does on the page, in order (guided_actions.py).

    place: whose page it is, in words.
    proof: what is observed; its kind `record` where nothing can be, so that a person's word is kept instead.
    after: the steps that come before it. once: a changed value is refused, and never asked for again.
    fingerprint_of: the POM server whose certificate is handed over, so that a new certificate opens the step again.
    presented_at: host and port of the server whose certificate is handed over as it presents it, with the same effect.
    formerly: the ids under which it may be recorded, because its host had other names then.
    """

    id: str
    data_center: str
    title: str
    console: str
    place: str
    url: str
    actions: tuple[Action, ...]
    why: str
    source: tuple[str, ...]
    proof: Mapping[str, Any] = field(default_factory=lambda: {"kind": RECORD})
    after: tuple[str, ...] = ()
    phase: str = BEFORE_START
    once: bool = False
    fingerprint_of: str = ""
    presented_at: Mapping[str, Any] = field(default_factory=dict)
    formerly: tuple[str, ...] = ()
    keepers: tuple[str, ...] = ()
    user: str = ""


@dataclass(frozen=True)
class Console:
    """The POM servers of a data center, and the EPM whose pages configure them."""

    data_center: str
    primary: SiteHost
    auxiliaries: Sequence[SiteHost]
    hosts: Sequence[SiteHost]

    @property
    def servers(self) -> Sequence[SiteHost]:
        return (self.primary, *self.auxiliaries)

    def get(self, word: str, default: Any = None) -> Any:
        return first_value(self.servers, word, default)

    def step(self, kind: str, *names: str) -> str:
        """The id of a step that the data center has once, or once for each of what `names` tells."""
        return ".".join([kind, self.primary.name, *map(id_part, names)])

    @property
    def added(self) -> str:
        """The step by which the primary becomes a POM server: whatever else is done in the console comes after it."""
        return f"add_pom_server.{self.primary.name}"


def former_names(server: SiteHost) -> tuple[str, ...]:
    return tuple(server.words.get("host_former_names", ()))


def id_part(name: str) -> str:
    """A name as part of the id of a step: letters, digits and `. _ -`; one that has others keeps apart from its like.

    >>> id_part("supervisor1"), id_part("Eva Example")
    ('supervisor1', 'Eva_Example-b76ab6')
    """
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    return name if plain == name else f"{plain}-{hashlib.sha256(name.encode('utf-8')).hexdigest()[:6]}"
