# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The contract: read an inventory, say everything that is wrong with it, and only if nothing is, build the site model."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ansible.errors import AnsibleError
from ansible.inventory.host import Host
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager

from ansible_collections.dialtone.contact_center.plugins.plugin_utils import vendors_tree
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract import templates
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.ansible_words import (
    is_ansible_word,
    nearest_ansible_word,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.findings import (
    COMMAND_LINE,
    PREFLIGHT,
    REFUSE,
    WAIVED,
    WARN,
    Finding,
    Location,
    merge_over_hosts,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.inventory_checks import (
    files_of_nobody,
    misnamed_groups,
    no_hosts,
    outsider,
    unreadable_inventory,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.layering import (
    Definition,
    Layering,
    VarsFile,
    VarsFiles,
    inventory_files,
    source_directory,
    syntax_finding,
    unsupported_settings,
    vault_finding,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.parsing import ParseOnceLoader
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.positions import (
    Documents,
    YamlSyntaxError,
    locate,
    shown,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.rules import RULES, apply_rules
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.site import HostView, SiteView, by_site
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.spelling import nearest, slips_between
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.unknown_values import (
    LOCATION_WORDS,
    unknown_value,
    where_to_write,
)
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.validate import Validator
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.model import SiteHost, build_model
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.plan_tables import site_tables
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.schemas import COMPONENTS, Catalogue, Word, load_catalogue
from ansible_collections.dialtone.contact_center.plugins.plugin_utils.waivers import (
    JUDGED_IN_PREFLIGHT,
    NEVER_WAIVED,
    apply_waivers,
    collect,
    judge_waivers,
)

ACCEPTED, REFUSED = 0, 1
SSH_PORT = 22
REFERENCE = "docs/reference"


@dataclass
class ContractResult:
    """What the contract says about a site of an inventory, or about all of them; the model of each that is not refused."""

    site: str | None = None
    sites: tuple[str, ...] = ()
    findings: list[Finding] = field(default_factory=list)
    models: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def model(self) -> dict[str, Any] | None:
        return self.models.get(self.site) if self.site else None

    @property
    def refused(self) -> bool:
        return any(finding.refused for finding in self.findings)

    @property
    def exit_code(self) -> int:
        return REFUSED if self.refused else ACCEPTED

    def as_dict(self) -> dict[str, Any]:
        return {"site": self.site, "refused": self.refused, "findings": [finding.as_dict() for finding in self.findings]}


def run_contract(
    sources: Iterable[str],
    *,
    loader: DataLoader,
    site: str | None = None,
    extra_vars: Mapping[str, Any] | None = None,
    inventory: InventoryManager | None = None,
    catalogue: Catalogue | None = None,
    every_site: bool = False,
    without_vault: bool = False,
    today: date | None = None,
) -> ContractResult:
    """Judge an inventory. No host is contacted and no file is written.

    The loader carries the vault secrets and the directory of the playbook. An inventory that Ansible has parsed already may
    be handed over; without it the sources are parsed here, and a source that does not parse becomes a finding.

    every_site: judge all sites of the inventory, and ask for no choice. without_vault: what is encrypted counts as present
    and is not judged; no model is computed then.
    """
    contract = _Contract(
        list(sources),
        loader,
        extra_vars or {},
        catalogue or load_catalogue(),
        every_site=every_site,
        without_vault=without_vault,
        today=today or date.today(),
    )
    return contract.judge(site, inventory)


class _Contract:
    def __init__(
        self,
        sources: list[str],
        loader: DataLoader,
        extra_vars: Mapping[str, Any],
        catalogue: Catalogue,
        *,
        every_site: bool,
        without_vault: bool,
        today: date,
    ) -> None:
        self.every_site = every_site
        self.without_vault = without_vault
        self.today = today
        self.sources = sources
        self.loader = loader
        self.extra_vars = {name: value for name, value in extra_vars.items() if name != "site"}
        self.chosen_site = extra_vars.get("site")
        # ansible-core 2.19 remembers for the whole process which directory a relative one was when it first read from it
        loader.set_basedir(os.path.abspath(loader.get_basedir()))
        self.catalogue = catalogue
        self.documents = Documents(loader)
        self.validator = Validator()
        self.engine = templates.Engine(loader)
        self.findings: list[Finding] = []

    def judge(self, site: str | None, inventory: InventoryManager | None) -> ContractResult:
        self.findings += unsupported_settings()
        self.findings += list(self._broken_sources())
        sources_are_sound = not self.findings
        bases = list(dict.fromkeys(base for source in self.sources if (base := source_directory(source))))
        files = VarsFiles(self.loader, self.documents, bases, [self.loader.get_basedir()])
        self.findings += self._left_closed(files.findings)
        if inventory is None and sources_are_sound:
            inventory = self._parse()
        if inventory is None:
            self.findings += self._unknown_names(definition for file in files for definition in file.layer.values())
            return ContractResult(findings=merge_over_hosts(self.findings))
        return self._judge_hosts(site or self.chosen_site, inventory, files)

    # --- files and sources ----------------------------------------------------------------------------------------

    def _broken_sources(self) -> Iterator[Finding]:
        for source in self.sources:
            if "," not in source and not os.path.exists(source):
                yield Finding(
                    rule="inventory-missing",
                    severity=REFUSE,
                    path="inventory",
                    found=f"{source} does not exist",
                    expected="a file or a directory",
                    fix="correct the path behind -i (with make: INVENTORY=path)",
                    location=Location(source),
                )
        for path in inventory_files(self.sources):
            try:
                self.documents.check(path)
            except YamlSyntaxError as problem:
                yield syntax_finding(path, problem)
            except AnsibleError as error:
                yield vault_finding(path) if templates.is_vault_error(error) else unreadable_inventory(path, error)

    def _parse(self) -> InventoryManager | None:
        try:
            return InventoryManager(loader=ParseOnceLoader(self.loader), sources=self.sources)
        except AnsibleError as error:
            self.findings.append(unreadable_inventory(", ".join(self.sources), error))
            return None

    # --- names ----------------------------------------------------------------------------------------------------

    def _unknown_names(self, written: Iterable[Definition], layering: Layering | None = None) -> Iterator[Finding]:
        definitions = list(written)
        foreign = tuple(_foreign_prefixes(definitions))
        yield from self._greedy_prefixes(definitions, layering)
        for definition in definitions:
            name = definition.name
            word = self.catalogue.words.get(name)
            if word is not None and word.is_computed:
                yield self._name_finding(
                    definition,
                    layering,
                    rule="computed-variable",
                    found="a variable that Dialtone computes",
                    expected=f"nothing: it follows from {word.schema['x-computed-from']}",
                    fix=f"remove {name}, and set {word.schema['x-computed-from']}",
                    source=word.sources,
                )
            elif word is None and not is_ansible_word(name) and not name.startswith(foreign):
                near = nearest_ansible_word(name) if name.startswith("ansible_") else self._nearest_word(name)
                prefix = name.split("_", 1)[0] + "_"
                elsewhere = f'remove it, or add "{prefix}" to site_foreign_prefixes if it belongs to others'
                yield self._name_finding(
                    definition,
                    layering,
                    rule="unknown-variable",
                    found="a variable that nothing reads",
                    expected=f"a variable of {REFERENCE}, one of Ansible's own, or one under a prefix of site_foreign_prefixes",
                    fix=f"write {near} instead" if near else elsewhere,
                )

    def _name_finding(
        self,
        definition: Definition,
        layering: Layering | None,
        *,
        rule: str,
        found: str,
        expected: str,
        fix: str,
        source: tuple[str, ...] = (),
    ) -> Finding:
        place = definition.place
        location = layering.location(definition) if layering else shown(_in_file(self.documents, definition))
        hosts = (place.name,) if place.kind == "host" else ()
        return Finding(rule, REFUSE, definition.name, found, expected, fix, location, hosts, source)

    def _greedy_prefixes(self, definitions: list[Definition], layering: Layering | None) -> Iterator[Finding]:
        for definition in definitions:
            if definition.name != "site_foreign_prefixes" or not isinstance(definition.value, (list, tuple)):
                continue
            for prefix in definition.value:
                own = next((name for name in self.catalogue.words if isinstance(prefix, str) and name.startswith(prefix)), None)
                if own:
                    yield self._name_finding(
                        definition,
                        layering,
                        rule="foreign-prefix",
                        found=f"{prefix}, under which Dialtone's own {own} stands",
                        expected="prefixes of others only: below this one a misspelt variable of Dialtone would never be found",
                        fix=f"remove {prefix}, or write a longer prefix",
                    )

    def _nearest_word(self, name: str) -> str | None:
        known = self.catalogue.names_for_a_person()
        return nearest(name, known) or _after_mending_the_prefix(name, known)

    # --- hosts ----------------------------------------------------------------------------------------------------

    def _judge_hosts(self, site: str | None, inventory: InventoryManager, files: VarsFiles) -> ContractResult:
        layering = Layering(inventory, files, self.documents, self.sources, self.extra_vars)
        written = list(layering.written())
        self.findings += self._unknown_names(written, layering)
        self.findings += self._left_closed(self._closed_vault_values(written, layering))
        self.findings += misnamed_groups(inventory, layering)
        self.findings += files_of_nobody(inventory, files)
        if not inventory.hosts:
            self.findings.append(no_hosts(self.sources))
        runs_something = any(templates.forbidden_lookup(definition.value) for definition in written)
        magic = _magic_variables(inventory, self.loader, None if runs_something else self._hostvars(inventory))

        views = [self._view(host, layering) for host in sorted(inventory.hosts.values(), key=lambda host: host.name)]
        ours = [view for view in views if is_ours(view)]
        self.findings += [outsider(view) for view in views if not is_ours(view)]
        renderers = {
            view.name: templates.Renderer(
                self.engine,
                {name: definition.value for name, definition in view.layer.items()},
                magic | _of_host(inventory.hosts[view.name]),
            )
            for view in ours
        }
        site = self._choose_site(site, ours, renderers, layering)
        chosen = [view for view in ours if view.get("site", site) == site or site is None]
        closed_files = {view.name: layering.unreadable_files(inventory.hosts[view.name]) for view in chosen}
        missing: dict[str, list[HostView]] = {}
        for view in chosen:
            self._evaluate(view, renderers[view.name], layering, missing, has_closed_files=bool(closed_files[view.name]))
        self.findings += self._missing(missing, chosen, layering, closed_files)
        for members in [*by_site(chosen).values(), [view for view in chosen if "site" not in view]]:
            self.findings += apply_rules(SiteView(members, layering.location))
        self._waive(chosen, inventory, layering)
        return self._conclude(site, chosen)

    def _hostvars(self, inventory: InventoryManager) -> Mapping[str, Any]:
        return HostVars(inventory, VariableManager(loader=self.loader, inventory=inventory), self.loader)

    def _view(self, host: Host, layering: Layering) -> HostView:
        groups = {group.name for group in host.get_groups()}
        return HostView(
            name=host.name,
            components=tuple(component for component in COMPONENTS if component in groups),
            layer=layering.of(host),
            declaration=layering.declaration(host.name),
        )

    def _choose_site(
        self, wanted: str | None, views: list[HostView], renderers: Mapping[str, templates.Renderer], layering: Layering
    ) -> str | None:
        for view in views:
            if definition := view.layer.get("site"):
                with contextlib.suppress(templates.ValueUnknown):
                    value = renderers[view.name].render(definition.value)
                    if not self.validator.faults(self.catalogue.words["site"], value):
                        view.values["site"] = str(value)
        sites = sorted({view.values["site"] for view in views if "site" in view})
        if wanted is not None and wanted not in sites:
            near = nearest(str(wanted), sites)
            self.findings.append(
                Finding(
                    rule="unknown-site",
                    severity=REFUSE,
                    path="site",
                    found=f"-e site={wanted}",
                    expected="one of the sites of the inventory: " + (", ".join(sites) or "there is none"),
                    fix=f"write -e site={near or next(iter(sites), 'NAME')}; it selects a site, it does not name one",
                    location=COMMAND_LINE,
                )
            )
            return None
        if wanted is None and len(sites) > 1 and not self.every_site:
            self.findings.append(
                Finding(
                    rule="site-not-chosen",
                    severity=REFUSE,
                    path="site",
                    found="an inventory with several sites: " + ", ".join(sites),
                    expected="one site for one run",
                    fix=f"add -e site={sites[0]} (or another one) to the command",
                    location=COMMAND_LINE,
                )
            )
        return str(wanted) if wanted is not None else (sites[0] if len(sites) == 1 else None)

    # --- values ---------------------------------------------------------------------------------------------------

    def _evaluate(
        self,
        view: HostView,
        renderer: templates.Renderer,
        layering: Layering,
        missing: dict[str, list[HostView]],
        *,
        has_closed_files: bool,
    ) -> None:
        words = self.catalogue.words
        # What is not set may stand in the file that could not be read; but one that is left closed holds secrets, by convention.
        if not has_closed_files or self.without_vault:
            view.values.update(self.catalogue.defaults())
            for name in self.catalogue.required_on(view.components):
                if name not in view.layer and not (has_closed_files and words[name].is_secret):
                    missing.setdefault(name, []).append(view)
        view.values["ansible_port"] = _ssh_port(view, renderer)
        for name, definition in view.layer.items():
            if name in words and not words[name].is_computed:
                self._evaluate_word(view, words[name], definition, renderer, layering)
        for name, value in vendors_tree.defaults_on(view.components, view.values).items():
            if name in view.values and name not in view.layer:
                view.values[name] = value

    def _evaluate_word(
        self, view: HostView, word: Word, definition: Definition, renderer: templates.Renderer, layering: Layering
    ) -> None:
        try:
            value = renderer.render(definition.value)
        except templates.ValueUnknown as reason:
            view.values.pop(word.name, None)
            unknown = unknown_value(word, view, reason, layering.location(definition), self.catalogue)
            self.findings += self._left_closed([unknown])
            return
        faults = self.validator.faults(word, value)
        if not faults:
            view.values[word.name] = value
            return
        view.values.pop(word.name, None)
        for fault in faults:
            self.findings.append(
                Finding(
                    rule=fault.rule,
                    severity=REFUSE,
                    path=".".join([word.name, *(str(step) for step in fault.steps)]),
                    found=fault.found,
                    expected=fault.expected,
                    fix=fault.fix,
                    location=layering.location(definition, fault.steps),
                    hosts=(view.name,),
                    source=word.sources,
                )
            )

    def _closed_vault_values(self, written: list[Definition], layering: Layering) -> Iterator[Finding]:
        renderer = templates.Renderer(self.engine, {})
        for definition in written:
            if templates.holds_secret_text(definition.value):
                try:
                    renderer.render(definition.value)
                except templates.VaultClosed:
                    yield vault_finding(definition.place.file or "", definition.name, layering.location(definition))
                except templates.ValueUnknown:
                    pass

    def _left_closed(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        for finding in findings:
            if self.without_vault and finding.rule == "vault-closed":
                yield dataclasses.replace(
                    finding,
                    severity=PREFLIGHT,
                    found="encrypted by ansible-vault, and left closed (--without-vault)",
                    expected="what it should be is checked where the vault is opened; here it counts as present",
                    fix="nothing",
                )
            else:
                yield finding

    def _missing(
        self,
        missing: dict[str, list[HostView]],
        views: list[HostView],
        layering: Layering,
        closed_files: Mapping[str, list[VarsFile]],
    ) -> Iterator[Finding]:
        for name, lacking in missing.items():
            word = self.catalogue.words[name]
            needing = [view for view in views if word.is_required_on(view.components)]
            shared = len(lacking) == len(needing) > 1 and not word.is_identity and name not in LOCATION_WORDS
            for view in lacking:
                own_file = layering.own_file(view.name) if word.is_identity else None
                closed = ", ".join(os.path.relpath(file.path) for file in closed_files[view.name])
                yield Finding(
                    rule="required-missing",
                    severity=PREFLIGHT if closed else REFUSE,
                    path=name,
                    found=f"not set, unless in {closed}, which is left closed" if closed else "not set",
                    expected=word.schema["description"],
                    fix=where_to_write(word, view, shared),
                    location=own_file or view.declaration,
                    hosts=(view.name,),
                    source=word.sources,
                    at_declaration=own_file is None,
                )

    # --- outcome --------------------------------------------------------------------------------------------------

    def _conclude(self, site: str | None, views: list[HostView]) -> ContractResult:
        findings = merge_over_hosts(self.findings)
        sites = by_site(views)
        result = ContractResult(site, tuple(sites), findings)
        if not result.refused and not self.without_vault:
            for name, members in sites.items():
                names = {view.name for view in members}
                hosts = [SiteHost(view.name, view.components, view.values, view.values["ansible_port"]) for view in members]
                told = [finding for finding in findings if not finding.hosts or names.intersection(finding.hosts)]
                result.models[name] = build_model(
                    name, hosts, [finding.as_dict() for finding in told if finding.severity in (WAIVED, WARN)]
                ) | {
                    "checked_in_preflight": [finding.as_dict() for finding in told if finding.severity == PREFLIGHT],
                    "tables": site_tables(hosts),
                }
        return result

    def _waive(self, views: list[HostView], inventory: InventoryManager, layering: Layering) -> None:
        """Set aside what the hosts' site_waivers cover, and say what is wrong with the waivers themselves."""
        names = {view.name for view in views}
        waivers = [
            waiver
            for waiver in collect(self._written_waivers(views, layering))
            if not waiver.host or waiver.host in names or waiver.host not in inventory.hosts  # else: of another site
        ]
        known = dict(NEVER_WAIVED) | dict.fromkeys(JUDGED_IN_PREFLIGHT, "") | {rule.name: rule.never_waived for rule in RULES}
        never_waived = {name for name, why in known.items() if why}
        self.findings = apply_waivers(self.findings, waivers, self.today, never_waived)
        self.findings += judge_waivers(
            self.findings, waivers, self.today, known=known, judged_later=JUDGED_IN_PREFLIGHT
        )

    @staticmethod
    def _written_waivers(
        views: list[HostView], layering: Layering
    ) -> Iterator[tuple[str, list[Mapping[str, Any]], Callable[[int], Location]]]:
        for view in views:
            if items := view.get("site_waivers"):
                yield view.name, items, functools.partial(_item_location, layering, view.layer["site_waivers"])


def is_ours(view: HostView) -> bool:
    return bool(view.components) or any(view.defines(word) for word in LOCATION_WORDS)


def _item_location(layering: Layering, definition: Definition, index: int) -> Location:
    return layering.location(definition, [index])


def _foreign_prefixes(definitions: list[Definition]) -> Iterator[str]:
    for definition in definitions:
        if definition.name == "site_foreign_prefixes" and isinstance(definition.value, (list, tuple)):
            yield from (prefix for prefix in definition.value if isinstance(prefix, str) and prefix)


def _after_mending_the_prefix(name: str, known: list[str]) -> str | None:
    """kafak_heap: one slip in the area's name, and the rest is the beginning of a known name."""
    first, separator, rest = name.partition("_")
    for area in sorted({word.split("_", 1)[0] for word in known}):
        if separator and slips_between(first, area) <= 1:
            candidates = [
                word for word in known if word.startswith(f"{area}_") and (f"_{rest}_" in word or word.endswith(f"_{rest}"))
            ]
            if len(candidates) == 1:
                return candidates[0]
            if mended := nearest(f"{area}_{rest}", known):
                return mended
    return None


def _in_file(documents: Documents, definition: Definition) -> Location:
    return locate(documents, definition.place.file or "", [definition.name])


def _ssh_port(view: HostView, renderer: templates.Renderer) -> int:
    definition = view.layer.get("ansible_port") or view.layer.get("ansible_ssh_port")
    if definition is not None:
        with contextlib.suppress(templates.ValueUnknown, TypeError, ValueError):
            return int(renderer.render(definition.value))
    return SSH_PORT


def _magic_variables(inventory: InventoryManager, loader: DataLoader, hostvars: Mapping[str, Any] | None) -> dict[str, Any]:
    groups = {name: [host.name for host in group.get_hosts()] for name, group in inventory.groups.items()}
    magic = {"groups": groups, "playbook_dir": loader.get_basedir()}
    return magic | ({"hostvars": hostvars} if hostvars is not None else {})


def _of_host(host: Host) -> dict[str, Any]:
    return {
        "inventory_hostname": host.name,
        "inventory_hostname_short": host.name.split(".", 1)[0],
        "group_names": sorted(group.name for group in host.get_groups() if group.name != "all"),
        **{name: host.vars[name] for name in ("inventory_file", "inventory_dir") if name in host.vars},
    }
