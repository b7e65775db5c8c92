# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A word whose value is missing, or cannot be known before a host is contacted: why, and what to write instead."""

from __future__ import annotations

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import model, plan_tables
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract import templates
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import (
    PREFLIGHT,
    REFUSE,
    Finding,
    Location,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.layering import vault_finding
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.site import HostView
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import Catalogue, Word

LOCATION_WORDS = ("site", "data_center")


def unknown_value(
    word: Word, view: HostView, reason: templates.ValueUnknown, location: Location, catalogue: Catalogue
) -> Finding:
    if isinstance(reason, templates.VaultClosed):
        return vault_finding("", word.name, location)
    rule, severity, found, expected, fix = _why_unknown(word, reason, catalogue)
    return Finding(rule, severity, word.name, found, expected, fix, location, (view.name,), word.sources)


def _why_unknown(word: Word, reason: templates.ValueUnknown, catalogue: Catalogue) -> tuple[str, str, str, str, str]:
    meaning = word.schema["description"]
    if isinstance(reason, templates.NeedsFacts):
        found = "a value that depends on facts of the host"
        if word.name in model.WORDS_READ | plan_tables.WORDS_READ:
            expected = "a value that is known before any host is contacted: the site model is computed from it"
            return "needs-facts", REFUSE, found, expected, f"write the value of {word.name} itself"
        return "checked-in-preflight", PREFLIGHT, found, meaning, "nothing: it is checked as soon as the host can be asked"
    if isinstance(reason, templates.ForbiddenLookup):
        if word.is_secret:
            fix = "nothing: the contract does not run this lookup, the secret is checked where it is used"
            return "checked-in-preflight", PREFLIGHT, f"a secret that the lookup {reason.lookup} fetches", meaning, fix
        harmless = ", ".join(sorted(templates.HARMLESS_LOOKUPS))
        fix = f"write the value of {word.name} itself, or read it with env or file"
        return "lookup", REFUSE, f"the lookup {reason.lookup}", f"a lookup that only reads: {harmless}", fix
    undefined, detail = None, str(reason)
    if isinstance(reason, templates.NotRenderable):
        undefined, detail = reason.undefined, reason.reason
    found = "an expression that cannot be rendered" + ("" if word.is_secret else f": {detail}")
    expected = "variables that the inventory defines"
    if undefined and undefined in catalogue.words and catalogue.words[undefined].has_default:
        expected += f"; the default of {undefined} is known inside its role only"
    fix = f"define {undefined} in the inventory, or correct the name" if undefined else "correct the expression"
    return "template", REFUSE, found, expected, fix


def where_to_write(word: Word, view: HostView, shared: bool) -> str:
    if word.name in LOCATION_WORDS:
        return f"put the host into a location group: a group with `vars: {{site: …, data_center: …}}` ({word.name} is missing)"
    example = word.schema.get("examples", ["…"])[0]
    if word.is_secret:
        return f"add {word.name} to the vault, below group_vars/all"
    if word.is_identity:
        return f"write {word.name}: {example} in host_vars/{view.name}.yml"
    shown_example = str(example).splitlines()[0]
    return f"write {word.name}: {shown_example} in group_vars/all" + ("" if shared else f", or in host_vars/{view.name}.yml")
